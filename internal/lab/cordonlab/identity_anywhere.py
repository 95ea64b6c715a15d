"""IAM Roles Anywhere, which moto does not have: trust anchors and profiles, from a store per account and region."""

from __future__ import annotations

from typing import Any

from . import dump, registry, sessions, state
from .registry import AwsError


def _store(account: str, region: str) -> dict[str, dict[str, Any]]:
    regions = state.seeded(account).setdefault("rolesanywhere", {})
    return regions.setdefault(region, {"trustAnchor": {}, "profile": {}})


def _get(call, account: str, sort: str) -> dict[str, Any]:
    """AWS: ResourceNotFoundException, 404, "The resource could not be found."."""
    found = _store(account, call.region)[sort].get(call.params[f"{sort}Id"])
    if found is None:
        raise AwsError(404, "ResourceNotFoundException", "The resource could not be found.")
    return found


def _made(call, account: str, sort: str, path: str, more: dict[str, Any]) -> dict[str, Any]:
    """AWS: what is made is off, unless "enabled" says otherwise."""
    from moto.moto_api._internal import mock_random

    name = str(mock_random.uuid4())
    arn = f"arn:aws:rolesanywhere:{call.region}:{account}:{path}/{name}"
    shape = {f"{sort}Id": name, f"{sort}Arn": arn, "name": call.params["name"],
             "enabled": bool(call.params.get("enabled", False)),
             "createdAt": sessions.now(), "updatedAt": sessions.now(), **more}
    _store(account, call.region)[sort][name] = shape
    return {sort: shape}


@registry.answers("rolesanywhere:CreateTrustAnchor")
def create_anchor(call, account):
    return _made(call, account, "trustAnchor", "trust-anchor", {"source": call.params["source"]})


@registry.answers("rolesanywhere:CreateProfile")
def create_profile(call, account):
    """AWS keeps who made a profile: createdBy is "the Amazon Web Services account that created the profile"."""
    keys = ("roleArns", "managedPolicyArns", "sessionPolicy", "durationSeconds", "requireInstanceProperties")
    given = {key: call.params[key] for key in keys if key in call.params}
    return _made(call, account, "profile", "profile", {"createdBy": account, "durationSeconds": 3600, **given})


def _register(sort: str, noun: str, plural: str) -> None:
    @registry.answers(f"rolesanywhere:Get{noun}")
    def get(call, account):
        return {sort: _get(call, account, sort)}

    @registry.answers(f"rolesanywhere:List{noun}s")
    def every(call, account):
        return {plural: list(_store(account, call.region)[sort].values())}

    def turn(enabled):
        def turned(call, account):
            found = _get(call, account, sort)
            found.update(enabled=enabled, updatedAt=sessions.now())
            return {sort: found}
        return turned

    registry.answers(f"rolesanywhere:Enable{noun}")(turn(True))
    registry.answers(f"rolesanywhere:Disable{noun}")(turn(False))

    @registry.answers(f"rolesanywhere:Delete{noun}")
    def delete(call, account):
        found = _get(call, account, sort)
        return {sort: _store(account, call.region)[sort].pop(found[f"{sort}Id"])}


_register("trustAnchor", "TrustAnchor", "trustAnchors")
_register("profile", "Profile", "profiles")


@dump.service("rolesanywhere")
def picture(account: str) -> dict[str, Any]:
    found = {}
    for region, sorts in state.seeded(account).get("rolesanywhere", {}).items():
        for sort, things in sorts.items():
            for name, shape in things.items():
                found[f"{region}/{sort}/{name}"] = {k: v for k, v in shape.items() if k != "updatedAt"}
    return found
