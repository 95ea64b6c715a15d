"""The account itself: contacts, and the regions that it has enabled.

moto has alternate contacts only, and calls every region enabled or shows it
as not opted in without hiding it.
"""

from __future__ import annotations

from typing import Any

from . import state
from .registry import AwsError, after, answers

_STATUS_ORDER = ("DISABLED", "ENABLED", "ENABLED_BY_DEFAULT")


def _contact(account: str) -> dict[str, Any]:
    return state.seeded(account).setdefault("contact", {})


@answers("account:GetContactInformation")
def get_contact_information(call, account: str) -> dict[str, Any]:
    """"ResourceNotFoundException: The operation failed because it specified a
    resource that can't be found." when there is none."""
    if not _contact(account):
        raise AwsError(404, "ResourceNotFoundException", "No contact information found.")
    return {"ContactInformation": dict(_contact(account))}


@answers("account:PutContactInformation")
def put_contact_information(call, account: str) -> dict[str, Any]:
    """Replace the contact information as a whole, as AWS does."""
    state.seeded(account)["contact"] = dict(call.params["ContactInformation"])
    return {}


@answers("account:GetAccountInformation")
def get_account_information(call, account: str) -> dict[str, Any]:
    """The account's name and age."""
    facts = state.seeded(account)
    return {
        "AccountId": account,
        "AccountName": facts.get("account_name", "lab"),
        "AccountCreatedDate": facts.get("created", "2019-03-01T09:00:00Z"),
        "AccountState": "ACTIVE",
    }


@answers("account:PutAccountName")
def put_account_name(call, account: str) -> dict[str, Any]:
    """The account's name, 1 to 50 characters."""
    name = call.params["AccountName"]
    if not 1 <= len(name) <= 50:
        raise AwsError(400, "ValidationException", "AccountName must have 1 to 50 characters.")
    state.seeded(account)["account_name"] = name
    return {}


@answers("account:DeleteAlternateContact")
def delete_alternate_contact(call, account: str) -> dict[str, Any]:
    """AWS: ResourceNotFoundException where none is set; moto says nothing."""
    if alternates(account).pop(call.params["AlternateContactType"], None) is None:
        raise AwsError(404, "ResourceNotFoundException", "No contact of the inputted alternate contact type found.")
    return {}


def alternates(account: str) -> dict[str, Any]:
    """The alternate contacts, which moto keeps."""
    from moto.account.models import account_backends

    return account_backends[account]["aws"]._alternate_contacts


def all_regions() -> list[str]:
    """The regions of the standard partition, by name."""
    from boto3 import Session

    return sorted(set(Session().get_available_regions("ec2")) | set(state.OPT_IN_REGIONS))


def status(region: str) -> str:
    """A region's status in the Account API's words."""
    if region in state.setting("disabled_regions"):
        return "DISABLED"
    return "ENABLED" if region in state.OPT_IN_REGIONS else "ENABLED_BY_DEFAULT"


@answers("account:ListRegions")
def list_regions(call, account: str) -> dict[str, Any]:
    """All regions with their opt-in status, a page at a time."""
    params = call.params or {}
    wanted = params.get("RegionOptStatusContains") or _STATUS_ORDER
    found = [
        {"RegionName": name, "RegionOptStatus": status(name)}
        for name in all_regions()
        if status(name) in wanted
    ]
    size = int(params.get("MaxResults") or 50)
    start = _page_start(params.get("NextToken"), len(found))
    result: dict[str, Any] = {"Regions": found[start : start + size]}
    if start + size < len(found):
        result["NextToken"] = str(start + size)
    return result


def _page_start(token: Any, length: int) -> int:
    if not token:
        return 0
    if not str(token).isdigit() or int(token) > length:
        raise AwsError(400, "ValidationException", "Invalid NextToken.")
    return int(token)


@answers("account:GetRegionOptStatus")
def get_region_opt_status(call, account: str) -> dict[str, Any]:
    """The opt-in status of one region."""
    name = (call.params or {}).get("RegionName", "")
    if name not in all_regions():
        raise AwsError(400, "ValidationException", f"{name} is not a valid region.")
    return {"RegionName": name, "RegionOptStatus": status(name)}


@answers("account:EnableRegion", "account:DisableRegion")
def switch_region(call, account: str) -> dict[str, Any]:
    """Enable or disable an opt-in region; at once, where AWS takes minutes."""
    name = (call.params or {}).get("RegionName", "")
    if name not in state.OPT_IN_REGIONS:
        raise AwsError(
            400, "ValidationException", f"The region {name} cannot be enabled or disabled."
        )
    with state.LOCK:
        disabled = [r for r in state.setting("disabled_regions") if r != name]
        if call.op == "DisableRegion":
            disabled.append(name)
        state.SETTINGS["disabled_regions"] = disabled
    return {}


@after("ec2:DescribeRegions")
def describe_regions(call, account: str, result: dict[str, Any]) -> dict[str, Any]:
    """"AllRegions: Indicates whether to display all Regions, including Regions
    that are disabled for your account." moto always displays them, and those of
    other partitions, and is wrong about which need opting in."""
    params = call.params or {}
    everything = bool(params.get("AllRegions"))
    named = params.get("RegionNames") or []
    kept = []
    for region in result.get("Regions", []):
        name = region["RegionName"]
        if name.startswith(("cn-", "us-gov-", "us-iso")):
            continue
        opt_in = {
            "DISABLED": "not-opted-in",
            "ENABLED": "opted-in",
            "ENABLED_BY_DEFAULT": "opt-in-not-required",
        }[status(name)]
        if opt_in == "not-opted-in" and not everything and name not in named:
            continue
        kept.append({**region, "OptInStatus": opt_in})
    result["Regions"] = _filtered(kept, params.get("Filters") or [])
    return result


def _filtered(regions: list[dict], filters: list[dict]) -> list[dict]:
    """moto ignores the filters of DescribeRegions."""
    members = {
        "opt-in-status": "OptInStatus",
        "region-name": "RegionName",
        "endpoint": "Endpoint",
    }
    for given in filters:
        member = members.get(given.get("Name", ""))
        if member is None:
            raise AwsError(
                400, "InvalidParameterValue", f"The filter '{given.get('Name')}' is invalid"
            )
        regions = [r for r in regions if r[member] in (given.get("Values") or [])]
    return regions
