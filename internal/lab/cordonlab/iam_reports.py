"""The credential report, the account summary and the account authorisation details.

moto's report has no row for root and says "not_supported" for the last use of keys; its summary knows nothing of root;
its authorisation details are never paged.
"""
import csv
import io
from urllib.parse import quote

from . import authview, registry, sessions, state
from .iam_users import user_shape
from .pages import iam_page
from .registry import AwsError

COLUMNS = (
    "user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed",
    "password_next_rotation", "mfa_active", "access_key_1_active", "access_key_1_last_rotated",
    "access_key_1_last_used_date", "access_key_1_last_used_region", "access_key_1_last_used_service",
    "access_key_2_active", "access_key_2_last_rotated", "access_key_2_last_used_date",
    "access_key_2_last_used_region", "access_key_2_last_used_service", "cert_1_active", "cert_1_last_rotated",
    "cert_2_active", "cert_2_last_rotated")
_NO_KEY = ["false", "N/A", "N/A", "N/A", "N/A"]


def _date(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00") if moment else "N/A"


def _yes(value):
    return "true" if value else "false"


def _root_key(key):
    return [_yes(key.get("active", True)), key.get("rotated", "N/A"), key.get("last_used", "N/A"),
            key.get("region", "N/A"), key.get("service", "N/A")]


def _root_row(account):
    """AWS: for root the password columns are "not_supported"."""
    root = state.seeded(account).get("root") or {}
    keys = [_root_key(key) for key in root.get("access_keys") or []][:2]
    keys += [_NO_KEY] * (2 - len(keys))
    return ["<root_account>", f"arn:aws:iam::{account}:root", root.get("created", "2019-03-01T09:00:00+00:00"),
            "not_supported", root.get("password_last_used", "no_information"), "not_supported", "not_supported",
            _yes(root.get("mfa")), *keys[0], *keys[1], "false", "N/A", "false", "N/A"]


def _key_columns(key):
    used = key.last_used
    return [_yes(key.status == "Active"), _date(key.create_date), _date(used.timestamp) if used else "N/A",
            used.region if used else "N/A", used.service if used else "N/A"]


def _certificate_columns(user):
    columns = []
    for certificate in list(user.signing_certificates.values())[:2]:
        columns += [_yes(certificate.status == "Active"), _date(certificate.upload_date)]
    return columns + ["false", "N/A"] * (2 - len(columns) // 2)


def _user_row(user):
    """AWS: "N/A" where there is no password, "no_information" where a password was never used."""
    last_used = _date(user.password_last_used) if user.password_last_used else "no_information"
    changed = getattr(user, "password_changed", None) or user.create_date
    password = ["true", last_used, _date(changed), "N/A"] if user.password else ["false", "N/A", "N/A", "N/A"]
    keys = [_key_columns(key) for key in list(user.access_keys)][:2]
    keys += [_NO_KEY] * (2 - len(keys))
    return [user.name, user.arn, _date(user.create_date), *password, _yes(user.mfa_devices), *keys[0], *keys[1],
            *_certificate_columns(user)]


def credential_report(account):
    """The report as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerow(_root_row(account))
    for user in list(authview.backend(account).users.values()):
        writer.writerow(_user_row(user))
    return text.getvalue()


@registry.answers("iam:GenerateCredentialReport")
def generate_report(call, account):
    """AWS makes a new report at most every four hours; before the first there is none."""
    iam = authview.backend(account)
    made = getattr(iam, "report_made", None)
    fresh = made is not None and 0 <= (sessions.now() - made[0]).total_seconds() < 4 * 3600
    if not fresh:
        iam.report_made = (sessions.now(), credential_report(account))
        iam.generate_report()
        return {"State": "STARTED", "Description": "No report exists. Starting a new report generation task"}
    return {"State": "COMPLETE"}


@registry.answers("iam:GetCredentialReport")
def get_report(call, account):
    made = getattr(authview.backend(account), "report_made", None)
    if made is None:
        raise AwsError(410, "ReportNotPresent", "Credential report does not exist")
    return {"Content": made[1].encode(), "ReportFormat": "text/csv", "GeneratedTime": made[0]}


@registry.after("iam:GetAccountSummary")
def summary(call, account, result):
    """AccountMFAEnabled, AccountAccessKeysPresent and AccountPasswordPresent are facts of root: seeded."""
    root = state.seeded(account).get("root") or {}
    values = result.setdefault("SummaryMap", {})
    values["AccountMFAEnabled"] = int(bool(root.get("mfa")))
    values["AccountAccessKeysPresent"] = int(any(key.get("active", True) for key in root.get("access_keys") or []))
    values["AccountPasswordPresent"] = int(bool(root.get("password", True)))
    values["AccountSigningCertificatesPresent"] = int(bool(root.get("signing_certificates")))
    return result


# ---- GetAccountAuthorizationDetails ---------------------------------------------------------------------------------

def _encoded(document):
    """AWS: "Policies returned by this operation are URL-encoded compliant with RFC 3986". """
    return quote(authview._text(document), safe="")


def _inline(holder):
    return [{"PolicyName": name, "PolicyDocument": _encoded(text)} for name, text in list(holder.policies.items())]


def _attached(holder):
    return [{"PolicyName": p.name, "PolicyArn": p.arn} for p in list(holder.managed_policies.values())]


def _user_detail(iam, user):
    groups = [g.name for g in list(iam.groups.values()) if any(member is user for member in g.users)]
    detail = user_shape(user)
    detail.pop("PasswordLastUsed", None)
    return {**detail, "UserPolicyList": _inline(user), "GroupList": groups,
            "AttachedManagedPolicies": _attached(user)}


def _group_detail(group):
    return {"Path": group.path, "GroupName": group.name, "GroupId": group.id, "Arn": group.arn,
            "CreateDate": group.create_date, "GroupPolicyList": _inline(group),
            "AttachedManagedPolicies": _attached(group)}


def _role_head(role):
    return {"Path": role.path, "RoleName": role.name, "RoleId": role.id, "Arn": role.arn,
            "CreateDate": role.create_date, "AssumeRolePolicyDocument": _encoded(role.assume_role_policy_document)}


def _profile(profile):
    return {"Path": profile.path, "InstanceProfileName": profile.name, "InstanceProfileId": profile.id,
            "Arn": profile.arn, "CreateDate": profile.create_date, "Roles": [_role_head(r) for r in profile.roles]}


def _role_detail(iam, role):
    profiles = [_profile(p) for p in list(iam.instance_profiles.values()) if role in p.roles]
    used = {"LastUsedDate": role.last_used, "Region": role.last_used_region or "us-east-1"} if role.last_used else {}
    detail = {**_role_head(role), "InstanceProfileList": profiles, "RolePolicyList": _inline(role),
              "AttachedManagedPolicies": _attached(role), "RoleLastUsed": used}
    if role.permissions_boundary_arn:
        detail["PermissionsBoundary"] = {"PermissionsBoundaryType": "Policy",
                                         "PermissionsBoundaryArn": role.permissions_boundary_arn}
    if role.tags:
        detail["Tags"] = role.tags
    return detail


def _policy_detail(iam, found):
    bounded = [*iam.users.values(), *iam.roles.values()]
    count = sum(1 for holder in bounded if getattr(holder, "permissions_boundary_arn", None) == found.arn)
    versions = [{"Document": _encoded(v.document), "VersionId": v.version_id, "IsDefaultVersion": v.is_default,
                 "CreateDate": v.create_date} for v in found.versions]
    return {"PolicyName": found.name, "PolicyId": found.id, "Arn": found.arn, "Path": found.path,
            "DefaultVersionId": found.default_version_id, "AttachmentCount": found.attachment_count,
            "PermissionsBoundaryUsageCount": count, "IsAttachable": True, "CreateDate": found.create_date,
            "UpdateDate": found.update_date, "PolicyVersionList": versions}


def _is_aws(found):
    return ":iam::aws:" in found.arn


_MEMBERS = {"user": "UserDetailList", "group": "GroupDetailList", "role": "RoleDetailList", "policy": "Policies"}


def _entities(iam, wanted):
    """Everything that the filter lets through, in AWS's order of lists. Of AWS's own policies only those in use are
    given without a filter: there are more than a thousand."""
    def asked(name):
        return not wanted or name in wanted
    out = []
    if asked("User"):
        out += [("user", user) for user in list(iam.users.values())]
    if asked("Group"):
        out += [("group", group) for group in list(iam.groups.values())]
    if asked("Role"):
        out += [("role", role) for role in list(iam.roles.values())]
    for found in list(iam.managed_policies.values()):
        kind = "AWSManagedPolicy" if _is_aws(found) else "LocalManagedPolicy"
        if asked(kind) and (not _is_aws(found) or found.attachment_count > 0 or _bounding(iam, found)):
            out.append(("policy", found))
    return out


def _bounding(iam, found):
    holders = [*iam.users.values(), *iam.roles.values()]
    return any(getattr(holder, "permissions_boundary_arn", None) == found.arn for holder in holders)


@registry.answers("iam:GetAccountAuthorizationDetails")
def authorization_details(call, account):
    """One page holds at most MaxItems entities of all kinds together."""
    iam = authview.backend(account)
    page, more = iam_page(_entities(iam, call.params.get("Filter") or []), call.params,
                          "GetAccountAuthorizationDetails")
    result = {member: [] for member in _MEMBERS.values()}
    for kind, item in page:
        shape = {"user": lambda: _user_detail(iam, item), "group": lambda: _group_detail(item),
                 "role": lambda: _role_detail(iam, item), "policy": lambda: _policy_detail(iam, item)}[kind]()
        result[_MEMBERS[kind]].append(shape)
    return {**result, **more}


@registry.after("iam:GetPolicyVersion")
def policy_version(call, account, result):
    """AWS (PolicyVersion.Document): URL-encoded compliant with RFC 3986, as in every other answer; moto sends it plain."""
    version = result.get("PolicyVersion") or {}
    if "Document" in version:
        version["Document"] = _encoded(version["Document"])
    return result
