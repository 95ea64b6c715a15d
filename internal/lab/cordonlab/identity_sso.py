"""IAM Identity Center: no instance until one is made, assignments that bind, a directory that clears up."""

from __future__ import annotations

from typing import Any

from . import dump, registry
from .dump import _backends, _document
from .registry import AwsError


def _sso(account: str, region: str):
    from moto.ssoadmin.models import ssoadmin_backends
    return ssoadmin_backends[account][region]


def _instances(account: str):
    for region, backend in _backends("moto.ssoadmin.models", "ssoadmin_backends", account):
        for instance in backend.instances:
            yield region, backend, instance


def _instance(call, account):
    for region, _, instance in _instances(account):
        if region == call.region and instance.instance_arn == call.params["InstanceArn"]:
            return instance
    raise AwsError(400, "ResourceNotFoundException", "Could not find Instance with the given ARN.")


@registry.installer
def install():
    from moto.identitystore.models import IdentityStoreBackend
    from moto.ssoadmin.models import PermissionSet, SSOAdminBackend

    _patch_sso(SSOAdminBackend, PermissionSet)
    _patch_directory(IdentityStoreBackend)


def _patch_sso(backend, permission_set):
    init, assign, delete = backend.__init__, backend.create_account_assignment, backend.delete_permission_set

    def __init__(self, region_name, account_id):
        """An account has no instance until somebody makes one, and then one; moto has one in every region."""
        init(self, region_name, account_id)
        self.instances = []

    def generate_id(instance_arn):
        """AWS: arn:aws:sso:::permissionSet/ssoins-.../ps-..."""
        from moto.moto_api._internal import mock_random
        instance = instance_arn.rsplit("/", 1)[1]
        return f"arn:aws:sso:::permissionSet/{instance}/ps-{mock_random.get_random_hex(16)}"

    def create_account_assignment(self, *args, **kwargs):
        """AWS: what is assigned already stays assigned once."""
        from moto.ssoadmin.exceptions import ResourceNotFoundException
        try:
            found = self._find_account(*args, **kwargs)
            return found.to_json(include_creation_date=True, include_request_id=True)
        except ResourceNotFoundException:
            return assign(self, *args, **kwargs)

    def delete_permission_set(self, instance_arn, permission_set_arn):
        """AWS (DeletePermissionSet): ConflictException while an account is assigned."""
        if any(a.permission_set_arn == permission_set_arn for a in self.account_assignments):
            raise AwsError(400, "ConflictException", "Could not delete because PermissionSet has ApplicationProfile "
                                                     "associated with it")
        return delete(self, instance_arn, permission_set_arn)

    make = permission_set.__init__

    def made(self, name, description, instance_arn, session_duration, relay_state, tags):
        """AWS: a session lasts PT1H unless said otherwise; moto's default is no text."""
        duration = session_duration if isinstance(session_duration, str) else "PT1H"
        make(self, name, description, instance_arn, duration, relay_state, tags)

    permission_set.__init__ = made
    backend.__init__, permission_set.generate_id = __init__, staticmethod(generate_id)
    backend.create_account_assignment = create_account_assignment
    backend.delete_permission_set = delete_permission_set


@registry.answers("sso-admin:DeletePermissionSet")
def delete_set(call, account):
    from moto.core.exceptions import JsonRESTError
    try:
        _sso(account, call.region).delete_permission_set(call.params["InstanceArn"], call.params["PermissionSetArn"])
    except JsonRESTError as error:
        raise AwsError(400, error.error_type, error.message) from None
    return {}


def _patch_directory(backend):
    drop_user, drop_group = backend.delete_user, backend.delete_group

    def without(self, store, found):
        memberships = self.identity_stores[store].group_memberships
        for name in [m for m, shape in memberships.items() if found(shape)]:
            del memberships[name]

    def delete_user(self, identity_store_id, user_id):
        """AWS: ResourceNotFoundException for nobody; memberships go with the user."""
        self.describe_user(identity_store_id, user_id)
        drop_user(self, identity_store_id, user_id)
        without(self, identity_store_id, lambda shape: shape["MemberId"]["UserId"] == user_id)

    def delete_group(self, identity_store_id, group_id):
        self.describe_group(identity_store_id, group_id)
        drop_group(self, identity_store_id, group_id)
        without(self, identity_store_id, lambda shape: shape["GroupId"] == group_id)

    backend.delete_user, backend.delete_group = delete_user, delete_group


@registry.answers("sso-admin:CreateInstance")
def create_instance(call, account):
    """AWS: an account makes one instance of its own; ConflictException for the second."""
    from moto.ssoadmin.models import Instance

    if any(True for _ in _instances(account)):
        raise AwsError(400, "ConflictException", "An instance of IAM Identity Center exists already.")
    made = Instance(account, call.region)
    made.name = call.params.get("Name")
    _sso(account, call.region).instances.append(made)
    return {"InstanceArn": made.instance_arn}


@registry.answers("sso-admin:DescribeInstance")
def describe_instance(call, account):
    return {key: value for key, value in _instance(call, account).to_json().items() if value is not None}


@registry.answers("sso-admin:DeleteInstance")
def delete_instance(call, account):
    gone = _instance(call, account)
    backend = _sso(account, call.region)
    backend.instances.remove(gone)
    backend.permission_sets = [p for p in backend.permission_sets if p.instance_arn != gone.instance_arn]
    return {}


@registry.answers("sso-admin:ListPermissionSetsProvisionedToAccount")
def provisioned(call, account):
    """AWS provisions a permission set to the accounts that it is assigned in; moto asks for ProvisionPermissionSet."""
    _instance(call, account)
    sets = {a.permission_set_arn for a in _sso(account, call.region).account_assignments
            if a.target_id == call.params["AccountId"] and a.instance_arn == call.params["InstanceArn"]}
    return {"PermissionSets": sorted(sets)}


@dump.service("sso")
def picture(account: str) -> dict[str, Any]:
    found = {}
    for region, backend, instance in _instances(account):
        found[f"{region}/instance/{instance.instance_arn}"] = {"name": instance.name}
        for item in backend.permission_sets:
            found[f"{region}/set/{item.permission_set_arn}"] = {
                "name": item.name, "inline": _document(item.inline_policy),
                "managed": sorted(p.arn for p in item.managed_policies),
                "customer": sorted(p.path + p.name for p in item.customer_managed_policies)}
        for item in backend.account_assignments:
            name = f"{item.target_id}/{item.permission_set_arn}/{item.principal_type}/{item.principal_id}"
            found[f"{region}/assignment/{name}"] = {}
    return found


@dump.service("identitystore")
def directory(account: str) -> dict[str, Any]:
    found = {}
    for region, backend in _backends("moto.identitystore.models", "identitystore_backends", account):
        for store, data in backend.identity_stores.items():
            for name, user in data.users.items():
                found[f"{region}/user/{store}/{name}"] = {"name": user.UserName}
            for name, group in data.groups.items():
                members = sorted(m["MemberId"]["UserId"] for m in data.group_memberships.values()
                                 if m["GroupId"] == name)
                found[f"{region}/group/{store}/{name}"] = {"name": group.DisplayName, "members": members}
    return found
