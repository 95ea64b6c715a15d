"""Service-specific credentials: Bedrock, CloudWatch Logs, CodeCommit and Keyspaces keys of a user. moto has none.

They keep working when the user's access keys are inactive, so a containment that forgets them leaves a door open.
"""
import datetime as dt

from . import authview, registry, sessions
from .iam_users import caller_user, missing, unique_id
from .pages import iam_page
from .registry import AwsError

API_KEYS = ("bedrock.amazonaws.com", "logs.amazonaws.com")
SERVICES = ("codecommit.amazonaws.com", "cassandra.amazonaws.com", *API_KEYS)
_SECRETS = ("ServicePassword", "ServiceCredentialSecret")


def _user(call, account):
    name = call.params.get("UserName") or caller_user(call, account)
    user = authview.backend(account).users.get(name)
    if user is None:
        raise missing("user", name)
    if not hasattr(user, "service_credentials"):
        user.service_credentials = {}
    return user


@registry.answers("iam:CreateServiceSpecificCredential")
def create(call, account):
    """AWS: "You can have a maximum of two sets of service-specific credentials for each supported service per user"."""
    user, service = _user(call, account), call.params.get("ServiceName")
    if service not in SERVICES:
        raise AwsError(404, "ServiceNotSupported", f"No such service {service} is supported.")
    if sum(1 for item in user.service_credentials.values() if item["ServiceName"] == service) >= 2:
        raise AwsError(409, "LimitExceeded", "Cannot exceed quota for ServiceSpecificCredentialsPerUser: 2")
    made = {"CreateDate": sessions.now(), "ServiceName": service, "UserName": user.name, "Status": "Active",
            "ServiceSpecificCredentialId": unique_id("ACCA")}
    days = call.params.get("CredentialAgeDays")
    if days:
        made["ExpirationDate"] = made["CreateDate"] + dt.timedelta(days=int(days))
    if service in API_KEYS:
        alias = f"{user.name}-at-{account}"
        made.update(ServiceCredentialAlias=alias, ServiceCredentialSecret=sessions.random_text(40))
    else:
        made.update(ServiceUserName=f"{user.name}-at-{account}", ServicePassword=sessions.random_text(25))
    user.service_credentials[made["ServiceSpecificCredentialId"]] = made
    return {"ServiceSpecificCredential": dict(made)}


def _metadata(item, user):
    shape = {key: value for key, value in item.items() if key not in _SECRETS}
    shape["UserName"] = user.name
    return shape


@registry.answers("iam:ListServiceSpecificCredentials")
def listing(call, account):
    """AllUsers: "when true, the response includes credentials for all users"."""
    if call.params.get("AllUsers"):
        if call.params.get("UserName"):
            raise AwsError(400, "ValidationError", "Cannot specify both UserName and AllUsers.")
        users = list(authview.backend(account).users.values())
    else:
        users = [_user(call, account)]
    found = [_metadata(item, user) for user in users for item in getattr(user, "service_credentials", {}).values()]
    wanted = call.params.get("ServiceName")
    found = [item for item in found if wanted in (None, item["ServiceName"])]
    page, more = iam_page(found, call.params, "ListServiceSpecificCredentials")
    return {"ServiceSpecificCredentials": page, **more}


def _one(call, account):
    user, wanted = _user(call, account), call.params.get("ServiceSpecificCredentialId")
    if wanted not in user.service_credentials:
        raise AwsError(404, "NoSuchEntity", f"No such credential {wanted} exists")
    return user, user.service_credentials[wanted]


@registry.answers("iam:UpdateServiceSpecificCredential")
def update(call, account):
    status = call.params.get("Status")
    if status not in ("Active", "Inactive"):
        raise AwsError(400, "ValidationError", f"1 validation error detected: Value '{status}' at 'status' failed to "
                                               "satisfy constraint: Member must satisfy enum value set: [Active, "
                                               "Inactive]")
    _, item = _one(call, account)
    item["Status"] = status
    return {}


@registry.answers("iam:DeleteServiceSpecificCredential")
def delete(call, account):
    user, item = _one(call, account)
    del user.service_credentials[item["ServiceSpecificCredentialId"]]
    return {}


@registry.answers("iam:ResetServiceSpecificCredential")
def reset(call, account):
    _, item = _one(call, account)
    name = "ServiceCredentialSecret" if item["ServiceName"] in API_KEYS else "ServicePassword"
    item[name] = sessions.random_text(32)
    return {"ServiceSpecificCredential": dict(item)}
