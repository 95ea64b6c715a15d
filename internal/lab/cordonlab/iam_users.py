"""IAM users as AWS keeps them: ids, conflicts on deletion, key status, boundaries, passwords, MFA.

Each correction quotes what AWS does; moto 5.2.1 does otherwise (the contract tests show it).
"""
import string

from . import authview, registry, sessions, totp
from .refusals import inside
from .registry import AwsError

_ALPHABET = string.ascii_uppercase + "234567"
_KEY_STATES = ("Active", "Inactive", "Expired")


def conflict(message):
    return inside("iam", "DeleteConflict", message)


def missing(kind, name):
    return AwsError(404, "NoSuchEntity", f"The {kind} with name {name} cannot be found.")


def caller_user(call, account):
    """The user that a call without UserName is about.

    AWS: "If you do not specify a user name, IAM determines the user name implicitly based on the AWS access key ID
    signing the request"; root and roles have none. moto makes up a "default_user".
    """
    from . import identity
    from .sts_calls import caller
    who = caller(call)
    if who.session.get("kind") in ("user", sessions.USER):
        return who.user_identity.get("userName")
    if identity.is_root(who):
        return None
    raise AwsError(400, "ValidationError", "Must specify userName when calling with non-User credentials")


def unique_id(prefix):
    """An id as IAM makes them: 21 characters, the first four say what it is (AIDA user, AGPA group, ...)."""
    from moto.moto_api._internal import mock_random
    return prefix + "".join(mock_random.choice(_ALPHABET) for _ in range(17))


def _prefixed(cls, prefix):
    original = cls.__init__

    def __init__(self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.id = unique_id(prefix)

    cls.__init__ = __init__


def _deletable(iam, user):
    """AWS (DeleteUser): "you must delete the items attached to the user manually, or the deletion fails"."""
    if user.access_keys:
        raise conflict("Cannot delete entity, must delete access keys first.")
    if user.password is not None:
        raise conflict("Cannot delete entity, must delete login profile first.")
    if user.mfa_devices:
        raise conflict("Cannot delete entity, must delete MFA device first.")
    if any(member is user for group in iam.groups.values() for member in group.users):
        raise conflict("Cannot delete entity, must remove users from group first.")
    if user.ssh_public_keys:
        raise conflict("Cannot delete entity, must delete SSH public keys first.")
    if user.signing_certificates:
        raise conflict("Cannot delete entity, must delete signing certificates first.")
    if getattr(user, "service_credentials", None):
        raise conflict("Cannot delete entity, must delete service specific credentials first.")


@registry.installer
def install():
    """Patch moto's users and groups."""
    from moto.iam import models
    _prefixed(models.User, "AIDA")
    _prefixed(models.Group, "AGPA")
    _prefixed(models.InstanceProfile, "AIPA")
    _prefixed(models.Policy, "ANPA")
    models.User.permissions_boundary = property(_boundary)
    _patch_users(models.IAMBackend)
    _patch_mfa(models.IAMBackend)


def _boundary(user):
    arn = getattr(user, "permissions_boundary_arn", None)
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn} if arn else None


def _patch_users(backend):
    delete, rename, keys = backend.delete_user, backend.update_user, backend.update_access_key
    profile = backend.update_login_profile

    def delete_user(self, user_name):
        _deletable(self, self.get_user(user_name))
        return delete(self, user_name)

    def update_user(self, user_name, new_path=None, new_user_name=None):
        rename(self, user_name, new_path, new_user_name)
        user = self.users[new_user_name or user_name]
        for key in user.access_keys:
            key.user_name = user.name

    def update_access_key(self, user_name, access_key_id, status=None):
        if status not in _KEY_STATES:
            raise inside("iam", "ValidationError", f"1 validation error detected: Value '{status}' at 'status' failed "
                                                   "to satisfy constraint: Member must satisfy enum value set: "
                                                   "[Active, Inactive, Expired]")
        if status == "Expired":
            raise inside("iam", "InvalidInput", "An access key cannot be set to Expired.")
        return keys(self, user_name, access_key_id, status)

    def update_login_profile(self, user_name, password, password_reset_required):
        """AWS changes only what is given; moto forgets the password when it is not."""
        user = self.get_login_profile(user_name)
        if password is None:
            password = user.password
        else:
            user.password_changed = sessions.now()
        return profile(self, user_name, password, bool(password_reset_required))

    last_used = backend.get_access_key_last_used

    def get_access_key_last_used(self, access_key_id):
        """moto asks this too for the caller of a call without UserName, whose key may be that of a session."""
        session = sessions.get(access_key_id)
        if session and session.kind == sessions.USER:
            return {"user_name": session.subject, "last_used": None}
        return last_used(self, access_key_id)

    backend.get_access_key_last_used = get_access_key_last_used
    backend.delete_user, backend.update_user = delete_user, update_user
    backend.update_access_key, backend.update_login_profile = update_access_key, update_login_profile


def _patch_mfa(backend):
    enable, delete = backend.enable_mfa_device, backend.delete_virtual_mfa_device

    def enable_mfa_device(self, user_name, serial_number, authentication_code_1, authentication_code_2):
        """AWS: InvalidAuthenticationCode "because the authentication code was not recognized"."""
        self.get_user(user_name)
        device = self.virtual_mfa_devices.get(serial_number)
        if device is None:
            raise inside("iam", "NoSuchEntity", f"VirtualMFADevice with serial number {serial_number} doesn't exist.")
        seed = totp.seed_of(device)
        if not totp.consecutive(seed, authentication_code_1, authentication_code_2, sessions.now()):
            raise inside("iam", "InvalidAuthenticationCode", "Authentication code for device is not valid.")
        return enable(self, user_name, serial_number, authentication_code_1, authentication_code_2)

    def delete_virtual_mfa_device(self, serial_number):
        """AWS: "You must deactivate a user's virtual MFA device before you can delete it"."""
        device = self.virtual_mfa_devices.get(serial_number)
        if device is not None and device.user is not None:
            raise conflict("MFA VirtualDevice in use. Must deactivate first.")
        return delete(self, serial_number)

    backend.enable_mfa_device, backend.delete_virtual_mfa_device = enable_mfa_device, delete_virtual_mfa_device


# ---- users and their own calls --------------------------------------------------------------------------------------

def user_shape(user, detail=True):
    """The User member of an answer. Lists leave out tags and the boundary."""
    shape = {"Path": user.path, "UserName": user.name, "UserId": user.id, "Arn": user.arn,
             "CreateDate": user.create_date}
    if user.password_last_used:
        shape["PasswordLastUsed"] = user.password_last_used
    if detail and user.tags:
        shape["Tags"] = user.tags
    boundary = _boundary(user)
    if detail and boundary:
        shape["PermissionsBoundary"] = boundary
    return shape


@registry.answers("iam:GetUser")
def get_user(call, account):
    """Without a name it is the caller; for root AWS gives the account itself. Nothing is created."""
    name = call.params.get("UserName") or caller_user(call, account)
    iam = authview.backend(account)
    if name is None:
        return {"User": {"Path": "/", "UserName": "root", "UserId": account,
                         "Arn": f"arn:aws:iam::{account}:root", "CreateDate": _root_created(account)}}
    if name not in iam.users:
        raise missing("user", name)
    return {"User": user_shape(iam.users[name])}


def _root_created(account):
    import datetime as dt
    from . import state
    text = (state.seeded(account).get("root") or {}).get("created", "2019-03-01T09:00:00+00:00")
    return dt.datetime.fromisoformat(text.replace("Z", "+00:00"))


@registry.after("iam:ListUsers")
def list_users(call, account, result):
    """AWS: the list "does not return tags" and "PermissionsBoundary" among others."""
    for user in result.get("Users") or []:
        user.pop("Tags", None)
        user.pop("PermissionsBoundary", None)
    return result


@registry.after("iam:CreateUser")
def create_user(call, account, result):
    """moto drops the boundary given at creation."""
    arn = call.params.get("PermissionsBoundary")
    if arn:
        user = authview.backend(account).users[result["User"]["UserName"]]
        user.permissions_boundary_arn = arn
        result["User"]["PermissionsBoundary"] = _boundary(user)
    return result


@registry.answers("iam:PutUserPermissionsBoundary")
def put_user_boundary(call, account):
    iam, params = authview.backend(account), call.params
    user, arn = iam.users.get(params["UserName"]), params["PermissionsBoundary"]
    if user is None:
        raise missing("user", params["UserName"])
    if arn not in iam.managed_policies:
        raise AwsError(404, "NoSuchEntity", f"Policy {arn} does not exist or is not attachable.")
    user.permissions_boundary_arn = arn
    return {}


@registry.answers("iam:DeleteUserPermissionsBoundary")
def delete_user_boundary(call, account):
    """Taking a boundary away that is not there is an error on AWS."""
    user = authview.backend(account).users.get(call.params["UserName"])
    if user is None:
        raise missing("user", call.params["UserName"])
    if not getattr(user, "permissions_boundary_arn", None):
        raise AwsError(404, "NoSuchEntity", f"No permissions boundary found for user {user.name}.")
    user.permissions_boundary_arn = None
    return {}


@registry.after("iam:CreateLoginProfile")
def create_login_profile(call, account, result):
    """moto drops PasswordResetRequired, and dates the profile like the user."""
    user = authview.backend(account).users[call.params["UserName"]]
    user.password_reset_required = bool(call.params.get("PasswordResetRequired"))
    user.password_created = user.password_changed = sessions.now()
    return get_login_profile(call, account, result)


@registry.after("iam:GetLoginProfile")
def get_login_profile(call, account, result):
    name = call.params.get("UserName")
    user = authview.backend(account).users.get(name)
    if user:
        result["LoginProfile"].update(PasswordResetRequired=bool(user.password_reset_required),
                                      CreateDate=getattr(user, "password_created", user.create_date))
    return result


@registry.answers("iam:ChangePassword")
def change_password(call, account):
    """Only a user can change its own password, and must know the old one."""
    name = caller_user(call, account)
    user = authview.backend(account).users.get(name)
    if user is None or user.password is None:
        raise missing("user", name)
    if user.password != call.params.get("OldPassword"):
        raise AwsError(400, "InvalidUserType", "The old password was incorrect.")
    user.password, user.password_changed = call.params.get("NewPassword"), sessions.now()
    user.password_reset_required = False
    return {}
