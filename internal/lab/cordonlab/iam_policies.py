"""IAM policies, groups and roles: conflicts on deletion, quotas, service-linked roles, idempotent attachment."""
import re

from . import authview, registry, sessions
from .iam_users import conflict, missing
from .refusals import inside

INLINE_QUOTA = {"user": 2048, "role": 10240, "group": 5120}
"""AWS (quotas): "You can add as many inline policies as you want ... the total aggregate policy size per entity can't
exceed" these; "IAM doesn't count white space"."""

ATTACHED_QUOTA = 10
_SERVICE_LINKED = "/aws-service-role/"


def limit(message):
    return inside("iam", "LimitExceeded", message)


def size(document):
    return len(re.sub(r"\s", "", document if isinstance(document, str) else str(document)))


def _fits(kind, holder, name, document):
    others = sum(size(text) for key, text in holder.policies.items() if key != name)
    if others + size(document) > INLINE_QUOTA[kind]:
        raise limit(f"Maximum policy size of {INLINE_QUOTA[kind]} bytes exceeded for {kind} {holder.name}")


def unmodifiable(role):
    """AWS: UnmodifiableEntity "because only the service that depends on the service-linked role can modify or delete
    the role on your behalf"."""
    if role is not None and _SERVICE_LINKED in role.arn:
        raise inside("iam", "UnmodifiableEntity",
                     f"Cannot perform the operation on the protected role '{role.name}' - this role is only "
                     "modifiable by AWS")


_ROLE_WRITES = ("put_role_policy", "delete_role_policy", "update_assume_role_policy", "delete_role", "update_role",
                "update_role_description", "put_role_permissions_boundary", "delete_role_permissions_boundary")


@registry.installer
def install():
    from moto.iam import models
    backend = models.IAMBackend
    _guard_roles(backend)
    _guard_inline(backend)
    _guard_deletions(backend)
    _guard_attachments(models)
    _date_versions(backend)


def _guard_roles(backend):
    """Service-linked roles are the service's. delete_service_linked_role goes around this, as on AWS."""
    def guarded(original):
        def method(self, role_name, *args, **kwargs):
            unmodifiable(self.get_role(role_name))
            return original(self, role_name, *args, **kwargs)
        return method

    plain_delete = backend.delete_role
    for name in _ROLE_WRITES:
        setattr(backend, name, guarded(getattr(backend, name)))
    for name in ("attach_role_policy", "detach_role_policy"):
        setattr(backend, name, _guarded_second(getattr(backend, name)))

    def delete_service_linked_role(self, role_name):
        from moto.moto_api._internal import mock_random
        role = self.get_role(role_name)
        plain_delete(self, role_name)
        service = role.arn.split("/")[-2]
        return f"task/aws-service-role/{service}/{role_name}/{mock_random.uuid4()}"

    backend.delete_service_linked_role = delete_service_linked_role


def _guarded_second(original):
    """attach_role_policy(policy_arn, role_name): the role comes second."""
    def method(self, policy_arn, role_name):
        unmodifiable(self.get_role(role_name))
        return original(self, policy_arn, role_name)
    return method


def _guard_inline(backend):
    """moto knows no size limits, so a containment that stops at LimitExceeded on AWS passes on moto."""
    for kind in INLINE_QUOTA:
        name = f"put_{kind}_policy"
        setattr(backend, name, _sized(kind, getattr(backend, name)))


def _sized(kind, original):
    def method(self, holder_name, policy_name, policy_json):
        holder = getattr(self, f"get_{kind}")(holder_name)
        if isinstance(policy_json, str):
            _fits(kind, holder, policy_name, policy_json)
        return original(self, holder_name, policy_name, policy_json)
    return method


def _guard_deletions(backend):
    delete_group, delete_policy = backend.delete_group, backend.delete_policy

    def checked_group(self, group_name):
        """AWS (DeleteGroup): "The group must not contain any users or have any attached policies"."""
        group = self.groups.get(group_name)
        if group is not None:
            if group.users:
                raise conflict("Cannot delete entity, must remove users from group first.")
            if group.policies:
                raise conflict("Cannot delete entity, must delete policies first.")
            if group.managed_policies:
                raise conflict("Cannot delete entity, must detach all policies first.")
        return delete_group(self, group_name)

    def checked_policy(self, policy_arn):
        """AWS (DeletePolicy): "you must first detach the policy from all users, groups, and roles ... you must delete
        all the policy's versions" but the default."""
        found = self.managed_policies.get(policy_arn)
        if found is not None:
            if ":iam::aws:" in policy_arn:
                raise inside("iam", "AccessDenied", "User is not authorized to perform: iam:DeletePolicy on resource: "
                                                    f"policy {policy_arn}")
            if found.attachment_count > 0 or _bounds(self, policy_arn):
                raise conflict("Cannot delete a policy attached to entities.")
            if len(found.versions) > 1:
                raise conflict("This policy has more than one version. Before you delete a policy, you must delete the "
                               "policy's versions. The default version is deleted with the policy.")
        return delete_policy(self, policy_arn)

    backend.delete_group, backend.delete_policy = checked_group, checked_policy


def _bounds(iam, arn):
    holders = [*iam.users.values(), *iam.roles.values()]
    return any(getattr(holder, "permissions_boundary_arn", None) == arn for holder in holders)


def _guard_attachments(models):
    """AWS answers a second attachment with success and changes nothing; at most 10 policies."""
    original = models.ManagedPolicy.attach_to

    def attach_to(self, obj):
        if self.arn in obj.managed_policies:
            return
        if len(obj.managed_policies) >= ATTACHED_QUOTA:
            kind = type(obj).__name__
            raise limit(f"Cannot exceed quota for PoliciesPer{kind}: {ATTACHED_QUOTA}")
        original(self, obj)

    models.ManagedPolicy.attach_to = attach_to


def _date_versions(backend):
    """AWS (UpdateDate): "the date and time when the most recent policy version was created"."""
    original = backend.create_policy_version

    def create_policy_version(self, policy_arn, policy_document, set_as_default):
        if ":iam::aws:" in policy_arn:
            raise inside("iam", "AccessDenied", "User is not authorized to perform: iam:CreatePolicyVersion on "
                                                f"resource: policy {policy_arn}")
        version = original(self, policy_arn, policy_document, set_as_default)
        self.get_policy(policy_arn).update_date = version.create_date
        return version

    backend.create_policy_version = create_policy_version


@registry.after("iam:GetRole")
def get_role(call, account, result):
    """GetRole shows RoleLastUsed (ListRoles does not); an unused role has an empty one."""
    role = _find_role(account, call.params.get("RoleName"))
    if role is None:
        return result
    used = {"LastUsedDate": role.last_used, "Region": role.last_used_region or "us-east-1"} if role.last_used else {}
    result["Role"]["RoleLastUsed"] = used
    return result


@registry.after("iam:ListRoles")
def list_roles(call, account, result):
    """AWS: ListRoles does "not return ... PermissionsBoundary, RoleLastUsed, Tags"."""
    for role in result.get("Roles") or []:
        for key in ("PermissionsBoundary", "RoleLastUsed", "Tags"):
            role.pop(key, None)
    return result


def _find_role(account, name):
    roles = authview.backend(account).roles.values()
    return next((role for role in list(roles) if role.name == name), None)


# ---- policies: simulation -------------------------------------------------------------------------------------------

def _principal(account, arn):
    iam = authview.backend(account)
    live = authview.Live()
    if ":role/" in arn:
        return live.role(arn)
    for user in list(iam.users.values()):
        if user.arn == arn:
            return live.user(account, user.name)
    return None


def _context(entries):
    return {e["ContextKeyName"]: e["ContextKeyValues"] if len(e.get("ContextKeyValues") or []) != 1
            else e["ContextKeyValues"][0] for e in entries or []}


def _simulate(policies, params):
    """One result per action and resource; the decision is spelt allowed, explicitDeny or implicitDeny."""
    from . import policy
    facts = _context(params.get("ContextEntries"))
    facts.setdefault("aws:CurrentTime", sessions.iso(sessions.now()))
    results = []
    for action in params.get("ActionNames") or []:
        for resource in params.get("ResourceArns") or ["*"]:
            decision = policy.decide(policies, action, resource, facts)
            results.append({"EvalActionName": action, "EvalResourceName": resource, "EvalDecision": decision,
                            "MatchedStatements": [], "MissingContextValues": []})
    return results


@registry.answers("iam:SimulatePrincipalPolicy")
def simulate_principal(call, account):
    """moto answers only an imitation that knows no conditions."""
    from . import policy
    from .pages import iam_page
    arn = call.params.get("PolicySourceArn") or ""
    found = _principal(account, arn)
    if found is None:
        raise missing("entity", arn)
    policies = policy.PolicySet(list(found.documents) + list(call.params.get("PolicyInputList") or []),
                                None if found.boundary is None else list(found.boundary))
    page, more = iam_page(_simulate(policies, call.params), call.params, "SimulatePrincipalPolicy")
    return {"EvaluationResults": page, **more}


@registry.answers("iam:SimulateCustomPolicy")
def simulate_custom(call, account):
    from . import policy
    from .pages import iam_page
    policies = policy.PolicySet(list(call.params.get("PolicyInputList") or []),
                                call.params.get("PermissionsBoundaryPolicyInputList"))
    page, more = iam_page(_simulate(policies, call.params), call.params, "SimulateCustomPolicy")
    return {"EvaluationResults": page, **more}
