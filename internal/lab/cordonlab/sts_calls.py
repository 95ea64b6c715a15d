"""STS: AssumeRole by the trust policy, real GetSessionToken and GetFederationToken.

moto assumes any role, existing or not, whoever asks, and hands out the documentation's example credentials for the
other two: nothing that a containment has to cut could be tried on it.
"""
import re

from . import authview, identity as who, policy, refusals, registry, sessions, state
from .totp import valid_for_user

_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}")
_ROLE_ARN = re.compile(r"arn:aws:iam::(\d{12}):role/(.+)")


def caller(call):
    """The identity of the caller (the server may have kept it on the call)."""
    kept = getattr(call, "identity", None)
    return kept if isinstance(kept, registry.Identity) else who.identify(call)


def _bounded(call, low, high, default):
    seconds = int((call.params or {}).get("DurationSeconds") or default)
    if not low <= seconds <= high:
        limit = f"less than or equal to {high}" if seconds > high else f"greater than or equal to {low}"
        raise refusals.validation("sts", f"1 validation error detected: Value '{seconds}' at 'durationSeconds' failed "
                                         f"to satisfy constraint: Member must have value {limit}")
    return seconds


def _session_policies(params, account):
    """Policy and PolicyArns of the call; None when neither is given."""
    given = [params["Policy"]] if params.get("Policy") else []
    for item in params.get("PolicyArns") or []:
        arn = item.get("arn") or item.get("Arn") or ""
        document = _managed(arn, account)
        if document is None:
            raise refusals.validation("sts", f"Policy {arn} does not exist or is not attachable.")
        given.append(document)
    if params.get("Policy") and not policy.parse(params["Policy"]):
        raise registry.AwsError(400, "MalformedPolicyDocument", "This policy contains invalid Json")
    return given or None


def _managed(arn, account):
    found = authview.backend(account).managed_policies.get(arn)
    if found is None:
        return None
    return next((v.document for v in found.versions if v.version_id == found.default_version_id), None)


def _mfa(call, identity):
    """SerialNumber and TokenCode: AWS refuses a wrong pair with AccessDenied, "MultiFactorAuthentication failed"."""
    serial, code = call.params.get("SerialNumber"), call.params.get("TokenCode")
    if not serial and not code:
        return False
    name = identity.user_identity.get("userName")
    if name and valid_for_user(identity.account, name, serial, code):
        return True
    raise registry.AwsError(403, "AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass "
                                                 "code.")


def _only_long_term(identity, operation):
    if identity.session.get("session"):
        raise registry.AwsError(403, "AccessDenied", f"Cannot call {operation} with session credentials")


def _owner(identity):
    """(subject, subject id, root) of the long-term credentials that ask."""
    if who.is_root(identity):
        return "root", identity.account, True
    return identity.user_identity.get("userName", ""), identity.user_identity.get("principalId", ""), False


@registry.answers("sts:GetSessionToken")
def get_session_token(call, account):
    """AWS: "The credentials are valid for the specified duration, from 900 seconds (15 minutes) up to a maximum of
    129,600 seconds (36 hours), with a default of 43,200 seconds"; for root "a maximum of 3,600 seconds"."""
    identity = caller(call)
    _only_long_term(identity, "GetSessionToken")
    subject, subject_id, root = _owner(identity)
    seconds = _bounded(call, 900, 129600, 43200)
    session = sessions.issue(sessions.USER, identity.account, subject, subject_id,
                             min(seconds, 3600) if root else seconds, mfa=_mfa(call, identity), root=root)
    return {"Credentials": sessions.credentials(session)}


@registry.answers("sts:GetFederationToken")
def get_federation_token(call, account):
    """AWS: "The permissions for the federated user session are the intersection of the policies of the IAM user and
    the session policies that you pass"; with none passed "the federated user session has no permissions"."""
    identity = caller(call)
    _only_long_term(identity, "GetFederationToken")
    name = call.params.get("Name") or ""
    if not re.fullmatch(r"[\w+=,.@-]{2,32}", name):
        raise refusals.validation("sts", f"1 validation error detected: Value '{name}' at 'name' failed to satisfy "
                                         "constraint: Member must have length less than or equal to 32")
    subject, subject_id, root = _owner(identity)
    seconds = _bounded(call, 900, 129600, 43200)
    policies = _session_policies(call.params, identity.account)
    session = sessions.issue(sessions.FEDERATED, identity.account, subject, subject_id,
                             min(seconds, 3600) if root else seconds, name=name, policies=policies or [])
    user = {"FederatedUserId": f"{identity.account}:{name}",
            "Arn": f"arn:aws:sts::{identity.account}:federated-user/{name}"}
    return _packed({"Credentials": sessions.credentials(session), "FederatedUser": user}, policies)


def _packed(answer, policies):
    size = sessions.packed_size(policies)
    if size is not None:
        answer["PackedPolicySize"] = size
    return answer


@registry.answers("sts:GetCallerIdentity")
def get_caller_identity(call, account):
    """Every kind of session is somebody; moto knows only users and assumed roles."""
    identity = caller(call)
    return {"UserId": identity.user_identity.get("principalId") or identity.account, "Account": identity.account,
            "Arn": identity.arn or f"arn:aws:iam::{identity.account}:root"}


def _not_authorized(identity, role_arn):
    return registry.AwsError(403, "AccessDenied", f"User: {identity.arn} is not authorized to perform: sts:AssumeRole "
                                                  f"on resource: {role_arn}")


def _caller_of(identity):
    """The caller as a trust policy may name it: itself, its unique id, its session, its role."""
    ids = []
    body = identity.user_identity
    if body.get("principalId"):
        ids.append(body["principalId"])
    issuer = body.get("sessionContext", {}).get("sessionIssuer", {})
    if issuer:
        ids += [issuer.get("arn"), issuer.get("principalId")]
    return policy.Caller(identity.account, identity.arn, tuple(i for i in ids if i))


def _check_trust(call, identity, role, mfa):
    """The trust policy must allow the caller, and mostly its own policies too."""
    if state.SETTINGS.get("auth") == "off":
        return
    facts = who.context(call, identity)
    if mfa:
        facts["aws:MultiFactorAuthPresent"] = "true"
    trusted = _caller_of(identity)
    decision, how = policy.trust(role.trust, "sts:AssumeRole", trusted, facts)
    if decision != policy.ALLOW:
        raise _not_authorized(identity, role.arn)
    if state.SETTINGS.get("auth") != "enforce":
        return
    own = policy.decide(who.policies_of(identity), "sts:AssumeRole", role.arn, facts)
    if own == policy.DENY or own == policy.NONE and policy.foreign_needs_identity(how, role.account, trusted):
        raise refusals.denied("sts", identity.arn, "sts:AssumeRole", role.arn, own == policy.DENY)


def _role_seconds(call, identity, role):
    """AWS: "from 900 seconds (15 minutes) up to the maximum session duration set for the role"; with role chaining
    "your session is limited to a maximum of one hour"."""
    seconds = _bounded(call, 900, 43200, 3600)
    session = identity.session.get("session")
    if session and session.kind == sessions.ROLE and seconds > 3600:
        raise refusals.validation("sts", "The requested DurationSeconds exceeds the 1 hour session limit for roles "
                                         "assumed by role chaining.")
    if seconds > role.max_session:
        raise refusals.validation("sts", "The requested DurationSeconds exceeds the MaxSessionDuration set for this "
                                         "role.")
    return seconds


@registry.answers("sts:AssumeRole")
def assume_role(call, account):
    """A role that does not exist is refused in the same words as one that may not be assumed."""
    identity, params = caller(call), call.params
    arn, name = params.get("RoleArn") or "", params.get("RoleSessionName") or ""
    if not _SESSION_NAME.fullmatch(name):
        raise refusals.validation("sts", f"1 validation error detected: Value '{name}' at 'roleSessionName' failed to "
                                         "satisfy constraint: Member must satisfy regular expression pattern: "
                                         "[\\w+=,.@-]*")
    if who.is_root(identity):
        raise registry.AwsError(403, "AccessDenied", "Roles may not be assumed by root accounts.")
    found = _ROLE_ARN.fullmatch(arn)
    role = authview.current().role(arn) if found else None
    if role is None:
        raise _not_authorized(identity, arn)
    mfa = _mfa(call, identity)
    _check_trust(call, identity, role, mfa)
    seconds = _role_seconds(call, identity, role)
    policies = _session_policies(params, role.account)
    chained = bool(identity.session.get("session"))
    session = sessions.issue(sessions.ROLE, role.account, arn, role.id, seconds, name=name, policies=policies,
                             mfa=mfa, chained=chained)
    answer = {"Credentials": sessions.credentials(session),
              "AssumedRoleUser": {"AssumedRoleId": f"{role.id}:{name}",
                                  "Arn": f"arn:aws:sts::{role.account}:assumed-role/{role.name}/{name}"}}
    return _packed(answer, policies)


@registry.after("sts:GetAccessKeyInfo")
def get_access_key_info(call, account, result):
    """The account is encoded in the key: moto answers the caller's own for session keys."""
    key_id = call.params.get("AccessKeyId") or ""
    session = sessions.get(key_id)
    key = authview.Live().key(key_id)
    if session or key:
        result["Account"] = (session or key).account
    return result
