"""Organizations: AWS's answer to an account that is in none, and invitations, which moto does not have."""

from __future__ import annotations

import datetime as dt
from typing import Any

from . import dump, registry, sessions, state
from .dump import _document
from .registry import AwsError

_NOT_IN_USE = "Your account is not a member of an organization."
_ASKS = ("ListAccounts", "ListPolicies", "ListPoliciesForTarget", "ListTargetsForPolicy")


def _backend(account: str):
    from moto.organizations.models import organizations_backends
    return organizations_backends[account]["aws"]


def _in_use(account: str) -> Any:
    from moto.organizations.models import organizations_backends

    backend = _backend(account)
    if backend.org is None and account in organizations_backends.master_accounts:
        raise AwsError(400, "AccessDeniedException", "You don't have permissions to access this resource.")
    if backend.org is None:
        raise AwsError(400, "AWSOrganizationsNotInUseException", _NOT_IN_USE)
    return backend


@registry.after(*(f"organizations:{op}" for op in _ASKS))
def needs_organization(call, account, result):
    """AWS refuses these to an account without an organisation, and to members: "This operation can be called only from
    the organization's management account or by a member account that is a delegated administrator". moto gives empty
    lists."""
    _in_use(account)
    return result


def control(account: str) -> list[list[str]] | None:
    """The service control policies over a member account, level by level from the root down; None for an account in no
    organization and for the management account, which none binds."""
    from moto.organizations.models import organizations_backends

    found = organizations_backends.master_accounts.get(account)
    if found is None or found[0] == account:
        return None
    backend = organizations_backends[found[0]][found[1]]
    levels, at = [], next((a for a in backend.accounts if a.id == account), None)
    while at is not None:
        levels.insert(0, [p.content for p in list(at.attached_policies) if p.type == "SERVICE_CONTROL_POLICY"])
        above = getattr(at, "parent_id", None)
        at = next((ou for ou in backend.ou if ou.id == above), None) if above else None
    return levels


@registry.answers("organizations:AcceptHandshake")
def accept(call, account):
    """An invited account joins: "a member account ... INVITED", below the root, with FullAWSAccess."""
    from moto.organizations.models import FakeAccount, organizations_backends
    from moto.organizations.utils import DEFAULT_RCP_POLICY_ID, DEFAULT_SCP_POLICY_ID

    for management, facts in list(state.SEEDED.items()):
        shape = facts.get("handshakes", {}).get(call.params["HandshakeId"])
        if shape and _invited(shape, account):
            break
    else:
        raise AwsError(400, "HandshakeNotFoundException", "We can't find a handshake with the HandshakeId that you "
                                                          "specified.")
    if shape["State"] != "OPEN" or account in organizations_backends.master_accounts:
        raise AwsError(400, "HandshakeConstraintViolationException", "You can't join this organization.")
    backend = _in_use(management)
    member = FakeAccount(backend.org, AccountName=account, Email=f"aws-{account}@example.com")
    member.id, member.joined_method = account, "INVITED"
    backend.accounts.append(member)
    organizations_backends.master_accounts[account] = (management, backend.partition)
    for policy in (DEFAULT_SCP_POLICY_ID, DEFAULT_RCP_POLICY_ID):
        backend.attach_policy(PolicyId=policy, TargetId=account)
    shape["State"] = "ACCEPTED"
    return {"Handshake": shape}


def _handshakes(account: str) -> dict[str, dict[str, Any]]:
    return state.seeded(account).setdefault("handshakes", {})


def seed_invitation(account: str, sender: str, organization: str) -> str:
    """An invitation of somebody else's organisation to the account, as its owner finds it."""
    return _invite(account, account, sender, organization)["Id"]


def _invite(store: str, invited: str, sender: str, organization: str) -> dict[str, Any]:
    from moto.moto_api._internal import mock_random

    name = "h-" + mock_random.get_random_hex(10)
    now = sessions.now()
    shape = {
        "Id": name, "Arn": f"arn:aws:organizations::{sender}:handshake/{organization}/invite/{name}",
        "Parties": [{"Id": invited, "Type": "ACCOUNT"}, {"Id": organization[2:], "Type": "ORGANIZATION"}],
        "State": "OPEN", "Action": "INVITE", "RequestedTimestamp": now,
        "ExpirationTimestamp": now + dt.timedelta(days=15),
    }
    _handshakes(store)[name] = shape
    return shape


@registry.answers("organizations:InviteAccountToOrganization")
def invite(call, account):
    backend = _in_use(account)
    return {"Handshake": _invite(account, call.params["Target"]["Id"], account, backend.org.id)}


def _invited(shape: dict[str, Any], account: str) -> bool:
    return {"Id": account, "Type": "ACCOUNT"} in shape["Parties"]


@registry.answers("organizations:ListHandshakesForAccount")
def to_account(call, account):
    return {"Handshakes": [h for h in _handshakes(account).values() if _invited(h, account)]}


@registry.answers("organizations:ListHandshakesForOrganization")
def of_organization(call, account):
    _in_use(account)
    return {"Handshakes": [h for h in _handshakes(account).values() if not _invited(h, account)]}


def _handshake(call, account):
    found = _handshakes(account).get(call.params["HandshakeId"])
    if found is None:
        raise AwsError(400, "HandshakeNotFoundException", "We can't find a handshake with the HandshakeId that you "
                                                          "specified.")
    return found


@registry.answers("organizations:DescribeHandshake")
def describe(call, account):
    return {"Handshake": _handshake(call, account)}


def _settled(word: str, mine):
    def settle(call, account):
        """AWS: only the sender cancels and only the recipient declines; a settled one is HandshakeAlreadyInState or
        InvalidHandshakeTransition."""
        found = _handshake(call, account)
        if mine(found, account) is False:
            raise AwsError(400, "AccessDeniedException", "You don't have permissions to access this resource.")
        if found["State"] not in ("OPEN", "REQUESTED"):
            raise AwsError(400, "InvalidHandshakeTransitionException", "You can't perform the operation on the "
                                                                       "handshake in its current state.")
        found["State"] = word
        return {"Handshake": found}
    return settle


registry.answers("organizations:CancelHandshake")(_settled("CANCELED", lambda h, a: not _invited(h, a)))
registry.answers("organizations:DeclineHandshake")(_settled("DECLINED", _invited))


@dump.service("organizations")
def picture(account: str) -> dict[str, Any]:
    from .dump import _backends

    found: dict[str, Any] = {}
    for _, backend in _backends("moto.organizations.models", "organizations_backends", account):
        for policy in backend.policies:
            found[f"policy/{policy.id}"] = {"name": policy.name, "content": _document(policy.content),
                                            "targets": sorted(t.id for t in policy.attachments)}
        for member in backend.accounts:
            found[f"account/{member.id}"] = {"state": member.state,
                                             "policies": sorted(p.id for p in member.attached_policies)}
    for name, shape in state.seeded(account).get("handshakes", {}).items():
        found[f"handshake/{name}"] = {"state": shape["State"]}
    return found
