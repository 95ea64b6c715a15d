"""Who is calling, whether the credentials are good, and whether the policies allow the call.

moto lets inactive keys through and knows sessions only of AssumeRole. AWS refuses an inactive or deleted key, an
expired session and a session whose role or user is gone, before any policy is looked at; and it evaluates the policies
of a user's temporary credentials at each request: "a deny-all on the user" cuts them, deactivating the key does not.
"""
import os

from . import authview, policy, refusals, registry, resources, sessions, signature, state
from .conditions import as_list, glob

_SEEN = {}
"""key id -> (account, userIdentity): CloudTrail names the user of a key even when the key is gone."""

_NO_POLICY_NEEDED = {("sts", "GetCallerIdentity"), ("sts", "GetSessionToken"), ("sts", "AssumeRole")}
"""AWS: "No permissions are required to perform" the first two; AssumeRole asks the trust policy (sts_calls.py)."""

_SESSION_STS = {"AssumeRole", "GetCallerIdentity"}
_FEDERATED_STS = {"GetCallerIdentity"}


def root_keys():
    """key id -> (account, secret, status) of root's keys: one from the environment, others seeded by scenarios."""
    out = {}
    key_id, _, secret = os.environ.get("CORDON_LAB_ROOT_KEY", "").partition(":")
    if key_id:
        out[key_id] = (state.DEFAULT_ACCOUNT, secret or os.environ.get("CORDON_LAB_ROOT_SECRET", ""), "Active")
    for account, facts in list(state.SEEDED.items()):
        for key in (facts.get("root") or {}).get("access_keys") or []:
            key_id = key.get("access_key_id") or key.get("AccessKeyId")
            if key_id:
                active = key.get("active", True) and key.get("status", "Active") == "Active"
                out[key_id] = (account, key.get("secret_access_key", ""), "Active" if active else "Inactive")
    return out


def _attributes(session):
    return {"creationDate": sessions.iso(session.issued), "mfaAuthenticated": str(session.mfa).lower()}


def _root(call, account, secret, status):
    arn = f"arn:aws:iam::{account}:root"
    body = {"type": "Root", "principalId": account, "arn": arn, "accountId": account,
            "accessKeyId": call.access_key_id}
    refusal = "inactive" if status != "Active" else _wrong_signature(call, secret)
    return registry.Identity(body, account, arn, refusal, {"kind": "root"})


def _user_body(principal, key_id):
    return {"type": "IAMUser", "principalId": principal.id, "arn": principal.arn, "accountId": principal.account,
            "accessKeyId": key_id, "userName": principal.name}


def _wrong_signature(call, secret):
    return "bad-signature" if secret and signature.matches(call, secret) is False else None


def _user(call, view, key):
    """A long-term key. With a session token beside it AWS says InvalidClientTokenId."""
    principal = view.user(key.account, key.user)
    if principal is None:
        return _gone(call)
    body = _user_body(principal, key.id)
    _SEEN[key.id] = (key.account, body)
    refusal = None
    if key.status != "Active":
        refusal = "inactive"
    elif call.token:
        refusal = "unknown"
    return registry.Identity(body, key.account, principal.arn, refusal or _wrong_signature(call, key.secret),
                             {"kind": "user", "principal": principal})


def _gone(call):
    """A key that once was somebody's, or never anybody's."""
    if call.access_key_id in _SEEN:
        account, body = _SEEN[call.access_key_id]
        return registry.Identity(dict(body), account, body["arn"], "deleted", {"kind": "gone"})
    account = state.DEFAULT_ACCOUNT
    body = {"type": "Unknown", "accountId": account, "accessKeyId": call.access_key_id}
    return registry.Identity(body, account, "", "unknown", {"kind": "gone"})


def _session_refusal(call, session, principal):
    if session.token != call.token:
        return "unknown"
    if principal is None and not session.root or principal and principal.id != session.subject_id:
        return "deleted"
    if session.expires <= sessions.now():
        return "expired"
    return _wrong_signature(call, session.secret)


def _session(call, view, session):
    """Temporary credentials of any kind."""
    if session.kind == sessions.ROLE:
        principal = view.role(session.subject)
    else:
        principal = None if session.root else view.user(session.account, session.subject)
    arn, body = _session_body(session, principal)
    body["accessKeyId"] = session.key_id
    facts = {"kind": session.kind, "principal": principal, "session": session, "issued": session.issued}
    return registry.Identity(body, session.account, arn, _session_refusal(call, session, principal), facts)


def _session_body(session, principal):
    """CloudTrail's userIdentity of a session."""
    context = {"attributes": _attributes(session)}
    account = session.account
    if session.root:
        arn = f"arn:aws:iam::{account}:root"
        return arn, {"type": "Root", "principalId": account, "arn": arn, "accountId": account,
                     "sessionContext": context}
    if session.kind == sessions.USER:
        body = _user_body(principal, session.key_id) if principal else {
            "type": "IAMUser", "principalId": session.subject_id, "accountId": account,
            "arn": f"arn:aws:iam::{account}:user/{session.subject}", "userName": session.subject}
        body["sessionContext"] = context
        return body["arn"], body
    issuer_arn = session.subject if session.kind == sessions.ROLE else f"arn:aws:iam::{account}:user/{session.subject}"
    issuer_name = session.subject.split("/")[-1]
    context["sessionIssuer"] = {
        "type": "Role" if session.kind == sessions.ROLE else "IAMUser", "principalId": session.subject_id,
        "arn": principal.arn if principal else issuer_arn, "accountId": account, "userName": issuer_name}
    if session.kind == sessions.ROLE:
        arn = f"arn:aws:sts::{account}:assumed-role/{issuer_name}/{session.name}"
        return arn, {"type": "AssumedRole", "principalId": f"{session.subject_id}:{session.name}", "arn": arn,
                     "accountId": account, "sessionContext": context}
    arn = f"arn:aws:sts::{account}:federated-user/{session.name}"
    return arn, {"type": "FederatedUser", "principalId": f"{account}:{session.name}", "arn": arn,
                 "accountId": account, "sessionContext": context}


@registry.identifies
def identify(call):
    """The caller of a request, with the reason to refuse it, if there is one."""
    view = authview.current()
    key_id = call.access_key_id
    if not key_id:
        nobody = {"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}
        return registry.Identity(nobody, state.DEFAULT_ACCOUNT, "", None, {"kind": "anonymous"})
    root = root_keys().get(key_id)
    if root:
        return _root(call, *root)
    session = sessions.get(key_id)
    key = None if session else view.key(key_id)
    if session:
        found = _session(call, view, session)
    else:
        found = _user(call, view, key) if key else _gone(call)
    if found.refusal is None:
        _used(call, found)
    return found


def _used(call, found):
    """GetAccessKeyLastUsed and RoleLastUsed: moto notes only the calls that it answers itself."""
    from moto.iam.models import AccessKeyLastUsed
    iam, session = authview.backend(found.account), found.session.get("session")
    if session is None:
        user = iam.users.get(found.user_identity["userName"])
        for key in list(user.access_keys) if user else []:
            if key.access_key_id == call.access_key_id:
                service = getattr(call, "signing_name", "") or call.service
                key.last_used = AccessKeyLastUsed(sessions.now(), service, call.region)
    elif session.kind == sessions.ROLE and session.subject_id in iam.roles:
        role = iam.roles[session.subject_id]
        role.last_used, role.last_used_region = sessions.now(), call.region


@registry.mutated
def remember_keys(call=None, account=None):
    """Keep the owner of every key, for the records of calls made with it after it is gone."""
    if account not in authview.accounts() or call is None or call.op not in ("CreateAccessKey", "UpdateUser"):
        return
    iam = authview.backend(account)
    for user in list(iam.users.values()):
        for key in list(user.access_keys):
            _SEEN.setdefault(key.access_key_id, (account, {
                "type": "IAMUser", "principalId": user.id, "arn": user.arn, "accountId": account,
                "accessKeyId": key.access_key_id, "userName": user.name}))


@registry.resetter
def reset():
    _SEEN.clear()


# ---- what policies may ask about ------------------------------------------------------------------------------------

def context(call, identity):
    """The condition keys of a request. Keys that AWS leaves out for long-term credentials are left out here."""
    facts = identity.session
    now = sessions.now()
    out = {
        "aws:CurrentTime": sessions.iso(now), "aws:EpochTime": str(int(now.timestamp())),
        "aws:SourceIp": getattr(call, "source_ip", None), "aws:SecureTransport": "true",
        "aws:RequestedRegion": call.region, "aws:PrincipalAccount": identity.account,
        "aws:PrincipalArn": _principal_arn(identity), "aws:PrincipalType": _principal_type(identity),
        "aws:userid": identity.user_identity.get("principalId"), "aws:ViaAWSService": "false",
        "aws:PrincipalIsAWSService": "false", "aws:UserAgent": _user_agent(call)}
    if facts.get("kind") in ("user", sessions.USER):
        out["aws:username"] = identity.user_identity.get("userName")
    session = facts.get("session")
    if session:
        out["aws:TokenIssueTime"] = sessions.iso(session.issued)
        out["aws:MultiFactorAuthPresent"] = str(session.mfa).lower()
        if session.mfa:
            out["aws:MultiFactorAuthAge"] = str(int((now - session.issued).total_seconds()))
    principal = facts.get("principal")
    for key, value in principal.tags if principal else ():
        out[f"aws:PrincipalTag/{key}"] = value
    out.update(_request_keys(call))
    return {key: value for key, value in out.items() if value is not None}


def _principal_arn(identity):
    """For a session it is the role's ARN, not the session's."""
    issuer = identity.user_identity.get("sessionContext", {}).get("sessionIssuer", {})
    return issuer["arn"] if issuer.get("type") == "Role" else identity.arn


def _principal_type(identity):
    return {"IAMUser": "User", "Root": "Account"}.get(identity.user_identity["type"], identity.user_identity["type"])


def _user_agent(call):
    for name, value in dict(call.headers or {}).items():
        if name.lower() == "user-agent":
            return value
    return None


def _request_keys(call):
    """Keys of single services that containment policies and guardrails use."""
    params, out = call.params or {}, {}
    if call.service == "iam":
        out["iam:PolicyARN"] = params.get("PolicyArn")
        out["iam:PermissionsBoundary"] = params.get("PermissionsBoundary")
    if call.service == "sts":
        out["sts:ExternalId"] = params.get("ExternalId")
        out["sts:RoleSessionName"] = params.get("RoleSessionName")
    for tag in params.get("Tags") or []:
        if isinstance(tag, dict) and "Key" in tag:
            out[f"aws:RequestTag/{tag['Key']}"] = tag.get("Value")
    return out


# ---- whether the call is allowed ------------------------------------------------------------------------------------

def policies_of(identity):
    """The policies that bear on a caller, those of its session included."""
    principal, session = identity.session.get("principal"), identity.session.get("session")
    if principal is None:
        return policy.PolicySet()
    found = policy.PolicySet(list(principal.documents), control=_control(identity))
    if principal.boundary is not None:
        found.boundary = list(principal.boundary)
    if session and session.policies is not None:
        found.session = list(session.policies)
    return found


def _control(identity):
    """The service control policies over a caller; None where none binds him.

    AWS (Organizations User Guide, "Service control policies"): "SCPs do not affect users or roles in the management
    account", and "do not affect any service-linked role"; "SCPs affect all users and roles in attached accounts,
    including the root user".
    """
    from . import identity_org
    if ":role/aws-service-role/" in _principal_arn(identity):
        return None
    return identity_org.control(identity.account)


def _control_of_root(call, identity):
    """Root needs no policy of the account; those from above bind it all the same."""
    control, facts = _control(identity), context(call, identity)
    for level in control or ():
        for action, resource in _needs(call, identity):
            decision = policy.evaluate(level, action, resource, facts)
            if decision != policy.ALLOW:
                return refusals.denied(call.service, identity.arn, action, resource, decision == policy.DENY,
                                       "service control policy")
    return None


def _session_limit(call, identity):
    """AWS (GetSessionToken): "You cannot call any IAM API operations unless MFA authentication information is included
    in the request. You cannot call any AWS STS API except AssumeRole or GetCallerIdentity." (GetFederationToken): "You
    cannot call any IAM operations using the AWS CLI or the AWS API"; "no AWS STS operations except GetCallerIdentity".
    """
    session = identity.session.get("session")
    if session is None or session.kind == sessions.ROLE:
        return False
    if call.service == "iam":
        return session.kind == sessions.FEDERATED or not session.mfa
    if call.service == "sts":
        return call.op not in (_FEDERATED_STS if session.kind == sessions.FEDERATED else _SESSION_STS)
    return False


def is_root(identity):
    """Root needs no policy; neither do root's own sessions."""
    return identity.user_identity.get("type") == "Root"


@registry.authorizes
def authorize(call, identity):
    """None, or the refusal in the words of the service."""
    if identity.refusal:
        return refusals.refusal(call.service, identity.refusal)
    if _session_limit(call, identity):
        if call.service == "iam":
            return refusals.refusal("iam", "unknown")
        return registry.AwsError(403, "AccessDenied", f"Cannot call {call.op} with session credentials")
    if identity.session.get("kind") == "anonymous":
        return _federated(call)
    if is_root(identity):
        return _control_of_root(call, identity)
    if (call.service, call.op) in _NO_POLICY_NEEDED:
        return None
    for action, resource in _needs(call, identity):
        error = check(call, identity, action, resource)
        if error:
            return error
    return None


def _federated(call):
    """Calls without a signature. AssumeRoleWithSAML and AssumeRoleWithWebIdentity need a trust policy that names an
    identity provider; moto assumes any role. The claims of the token are not looked at."""
    if call.service != "sts" or call.op not in ("AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"):
        return None
    role = authview.current().role((call.params or {}).get("RoleArn") or "")
    provider = (call.params or {}).get("PrincipalArn")
    for statement in policy.parse(role.trust) if role else ():
        principal = statement.body.get("Principal")
        named = as_list(principal.get("Federated")) if isinstance(principal, dict) else []
        actions = [item for item in as_list(statement.body.get("Action")) if isinstance(item, str)]
        fits = any(glob(item, f"sts:{call.op}", variables=False, fold=True) for item in actions)
        if statement.effect == "Allow" and fits and named and provider in (None, *named):
            return None
    return registry.AwsError(403, "AccessDenied", f"Not authorized to perform sts:{call.op}")


def _needs(call, identity):
    """The (action, resource) pairs a call needs: one per resource, and iam:PassRole for a role that is handed on."""
    found = resources.resources(call.service, call.op, call.params, call.region, identity.account, _lookup(identity))
    action = resources.action(call.service, call.op)
    needs = [(action, resource) for resource in found]
    role = (call.params or {}).get("Role")
    if call.service == "lambda" and call.op in ("CreateFunction", "UpdateFunctionConfiguration") and role:
        needs.append(("iam:PassRole", role))
    return needs


def _lookup(identity):
    """Users, roles and groups have a path in their ARN."""
    def find(kind, name):
        if identity.account not in authview.accounts():
            return None
        iam = authview.backend(identity.account)
        holders = {"user": iam.users, "group": iam.groups, "role": iam.roles}.get(kind) or {}
        return next((holder.arn for holder in list(holders.values()) if holder.name == name), None)
    return find


def check(call, identity, action, resource):
    """One action on one resource."""
    found = policies_of(identity)
    facts = context(call, identity)
    decision = policy.decide(found, action, resource, facts)
    if decision == policy.ALLOW:
        return None
    kind = "identity-based policy"
    for extra, name in ((found.session, "session policy"), (found.boundary, "permissions boundary")):
        if extra is not None and policy.evaluate(extra, action, resource, facts) != policy.ALLOW:
            kind = name
    if policy.evaluate(found.identity, action, resource, facts) != policy.ALLOW:
        kind = "identity-based policy"
    if any(policy.evaluate(level, action, resource, facts) != policy.ALLOW for level in found.control or ()):
        kind = "service control policy"
    return refusals.denied(call.service, identity.arn, action, resource, decision == policy.DENY, kind)
