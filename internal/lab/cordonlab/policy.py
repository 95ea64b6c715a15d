"""A pure IAM policy evaluator.

AWS's order (IAM User Guide, "Policy evaluation logic"): "By default, all requests are implicitly denied. ... An
explicit deny in any policy overrides any allows", and an allow must be given by every kind of policy that is present:
identity policies, the permissions boundary, the session policies. moto ignores conditions, session policies and
boundaries, so a containment policy tested on it proves nothing.
"""
import functools
import json
from dataclasses import dataclass, field
from typing import NamedTuple

from . import conditions
from .conditions import Unresolved, as_list, glob, lower_keys

ALLOW, DENY, NONE = "allowed", "explicitDeny", "implicitDeny"
"""The three results, spelt as SimulatePrincipalPolicy spells them."""


class Statement(NamedTuple):
    """One statement of a readable document."""
    effect: str
    body: dict
    variables: bool


@functools.lru_cache(maxsize=4096)
def _parse_text(text):
    try:
        document = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return ()
    return _statements(document)


def _statements(document):
    if not isinstance(document, dict):
        return ()
    variables = document.get("Version") == "2012-10-17"
    out = []
    for body in as_list(document.get("Statement")):
        if isinstance(body, dict) and body.get("Effect") in ("Allow", "Deny"):
            out.append(Statement(body["Effect"], body, variables))
    return tuple(out)


def parse(document):
    """The statements of a document (text or dict). A malformed document grants and denies nothing.

    Policy variables work only with "Version": "2012-10-17"; in older documents "the variables are treated as literal
    strings".
    """
    return _parse_text(document) if isinstance(document, str) else _statements(document)


def _named(body, positive, negative, matches):
    """Action/NotAction and Resource/NotResource share their logic."""
    if positive in body:
        return any(matches(item) for item in as_list(body[positive]) if isinstance(item, str))
    if negative in body:
        return not any(matches(item) for item in as_list(body[negative]) if isinstance(item, str))
    return None


def _action(body, action):
    """Action names are case-insensitive and know no variables."""
    return bool(_named(body, "Action", "NotAction",
                       lambda item: glob(item, action, variables=False, fold=True)))


def _resource(statement, resources, context):
    """Whether the statement's Resource covers any of the request's resources; trust policies have none."""
    found = _named(statement.body, "Resource", "NotResource", lambda item: any(
        glob(item, resource, context, statement.variables) for resource in resources))
    return True if found is None else found


def applies(statement, action, resources, context):
    """Whether a statement speaks about this request."""
    context = lower_keys(context)
    try:
        return (_action(statement.body, action) and _resource(statement, resources, context)
                and conditions.met(statement.body.get("Condition"), context, statement.variables))
    except Unresolved:
        return False


def evaluate(documents, action, resource, context):
    """One kind of policy (a list of documents): explicit deny, allow, or neither."""
    resources = as_list(resource) or ["*"]
    result = NONE
    for document in documents:
        for statement in parse(document):
            if applies(statement, action, resources, context):
                if statement.effect == "Deny":
                    return DENY
                result = ALLOW
    return result


@dataclass
class PolicySet:
    """Every policy that bears on one principal. None means "there is no such policy", [] means "it allows nothing".

    control holds the service control policies, a list for each level from the organization's root down to the account.
    """
    identity: list = field(default_factory=list)
    boundary: list | None = None
    session: list | None = None
    control: list | None = None


def decide(policies, action, resource, context):
    """AWS's whole decision for one principal within its own account.

    "The resulting permissions are the intersection of" the identity policies, the boundary and the session policies;
    "an explicit deny in any of these policies overrides the allow".  Of service control policies "there must be an
    explicit Allow statement at every level from the root through each OU in the direct path to the account"
    (Organizations User Guide, "SCP evaluation").
    """
    results = [evaluate(policies.identity, action, resource, context)]
    for extra in (policies.boundary, policies.session, *(policies.control or ())):
        if extra is not None:
            results.append(evaluate(extra, action, resource, context))
    if DENY in results:
        return DENY
    return ALLOW if all(result == ALLOW for result in results) else NONE


@dataclass
class Caller:
    """Who asks a trust policy: a user, a role (with the session), root, a service or an identity provider."""
    account: str
    arn: str
    ids: tuple = ()
    kind: str = "AWS"

    def names(self):
        """Every spelling under which the caller is named itself (not through its account)."""
        return {self.arn, *self.ids}

    def via_account(self):
        """The spellings that trust the whole account."""
        return {self.account, f"arn:aws:iam::{self.account}:root"}


DIRECT, ACCOUNT = "direct", "account"


def principal_match(element, caller):
    """How a Principal element covers the caller: DIRECT, through its ACCOUNT, or not at all (None).

    AWS: naming the account "delegates authority to the account": the caller then needs an identity policy that allows
    sts:AssumeRole, whereas a principal of the same account that is named itself needs none.
    """
    if element == "*":
        return DIRECT
    if not isinstance(element, dict):
        return None
    names = [name for name in as_list(element.get(caller.kind)) if isinstance(name, str)]
    if "*" in names or caller.names() & set(names):
        return DIRECT
    if caller.kind == "AWS" and caller.via_account() & set(names):
        return ACCOUNT
    return None


def _covers(body, caller):
    if "Principal" in body:
        return principal_match(body["Principal"], caller)
    if "NotPrincipal" in body:
        return None if principal_match(body["NotPrincipal"], caller) else DIRECT
    return None


def trust(document, action, caller, context):
    """What a trust (or resource) policy says about a caller: (ALLOW|DENY|NONE, DIRECT|ACCOUNT|None)."""
    best = None
    for statement in parse(document):
        how = _covers(statement.body, caller)
        if how is None or not applies(statement, action, ["*"], context):
            continue
        if statement.effect == "Deny":
            return DENY, how
        best = DIRECT if DIRECT in (how, best) else ACCOUNT
    return (ALLOW, best) if best else (NONE, None)


def foreign_needs_identity(how, role_account, caller):
    """Whether the caller's own policies must allow the call too (always across accounts)."""
    return how == ACCOUNT or caller.account != role_account
