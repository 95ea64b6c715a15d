"""Pages for the lists that moto gives whole, and for those that it pages wrongly (a marker after the last page).

This module must be loaded after all others: what it cuts is what they have corrected.
"""
import inspect

from . import registry
from .pages import iam_page, token_page

# ---- IAM: MaxItems, Marker, IsTruncated -----------------------------------------------------------------------------

IAM_LISTS = {
    "ListUsers": "Users", "ListAccessKeys": "AccessKeyMetadata", "ListGroups": "Groups",
    "ListGroupsForUser": "Groups", "GetGroup": "Users", "ListRoles": "Roles", "ListPolicies": "Policies",
    "ListAttachedUserPolicies": "AttachedPolicies", "ListAttachedRolePolicies": "AttachedPolicies",
    "ListAttachedGroupPolicies": "AttachedPolicies", "ListUserPolicies": "PolicyNames",
    "ListRolePolicies": "PolicyNames", "ListGroupPolicies": "PolicyNames", "ListPolicyVersions": "Versions",
    "ListMFADevices": "MFADevices", "ListVirtualMFADevices": "VirtualMFADevices",
    "ListSSHPublicKeys": "SSHPublicKeys", "ListSigningCertificates": "Certificates",
    "ListServerCertificates": "ServerCertificateMetadataList", "ListInstanceProfiles": "InstanceProfiles",
    "ListInstanceProfilesForRole": "InstanceProfiles", "ListUserTags": "Tags", "ListRoleTags": "Tags",
    "ListAccountAliases": "AccountAliases"}
_WHOLE = ("list_attached_user_policies", "list_attached_role_policies", "list_attached_group_policies",
          "list_policies", "list_roles", "list_virtual_mfa_devices")
"""moto cuts these itself, and says "truncated" when the last page is full: it is made to give all."""


def _unpaged(original):
    """The backend's method with its marker and limit put out of action."""
    signature = inspect.signature(original)

    def everything(self, *args, **kwargs):
        bound = signature.bind(self, *args, **kwargs)
        if "marker" in bound.arguments:
            bound.arguments["marker"] = None
        if "max_items" in bound.arguments:
            bound.arguments["max_items"] = 1_000_000
        found, _ = original(*bound.args, **bound.kwargs)
        return found, None
    return everything


@registry.installer
def install():
    from moto.iam.models import IAMBackend
    for name in _WHOLE:
        setattr(IAMBackend, name, _unpaged(getattr(IAMBackend, name)))


def _iam_after(op, member):
    def page(call, account, result):
        items, more = iam_page(result.get(member) or [], call.params or {}, op)
        result.pop("Marker", None)
        result[member] = items
        result.update(more)
        return result
    return page


for _op, _member in IAM_LISTS.items():
    registry.after(f"iam:{_op}")(_iam_after(_op, _member))


# ---- EC2: MaxResults, NextToken -------------------------------------------------------------------------------------

EC2_LISTS = {"DescribeSnapshots": "Snapshots", "DescribeImages": "Images", "DescribeVolumes": "Volumes",
             "DescribeSecurityGroups": "SecurityGroups", "DescribeNetworkInterfaces": "NetworkInterfaces",
             "DescribeVpcs": "Vpcs", "DescribeSubnets": "Subnets", "DescribeSecurityGroupRules": "SecurityGroupRules"}


def _ec2_after(op, member):
    def page(call, account, result):
        params = call.params or {}
        given = params.get("MaxResults")
        if given is not None and not 5 <= int(given) <= 1000:
            raise registry.AwsError(400, "InvalidParameterValue",
                                    f"Value ( {given} ) for parameter maxResults is invalid. Expecting a value "
                                    "between 5 and 1000.")
        error = registry.AwsError(400, "InvalidNextToken", "The token is invalid.")
        size = int(given) if given is not None else 1000
        return token_page(result, member, size, params.get("NextToken"), f"ec2:{op}", error)
    return page


for _op, _member in EC2_LISTS.items():
    registry.after(f"ec2:{_op}")(_ec2_after(_op, _member))


# ---- the others -----------------------------------------------------------------------------------------------------

def _lambda_page(op, member, default=50):
    def page(call, account, result):
        params = call.params or {}
        size = max(1, min(int(params.get("MaxItems") or default), 50))
        error = registry.AwsError(400, "InvalidParameterValueException", "The marker is invalid.")
        return token_page(result, member, size, params.get("Marker"), f"lambda:{op}", error, "NextMarker")
    return page


LAMBDA_LISTS = {"ListFunctions": "Functions", "ListVersionsByFunction": "Versions", "ListLayers": "Layers",
                "ListLayerVersions": "LayerVersions", "ListAliases": "Aliases",
                "ListEventSourceMappings": "EventSourceMappings"}
"""AWS: "Lambda returns up to 50 functions per call." """


for _op, _member in LAMBDA_LISTS.items():
    registry.after(f"lambda:{_op}")(_lambda_page(_op, _member))


def _plain_page(service, op, member, default, code):
    def page(call, account, result):
        params = call.params or {}
        size = max(1, min(int(params.get("MaxResults") or default), default))
        error = registry.AwsError(400, code, "The token is invalid.")
        return token_page(result, member, size, params.get("NextToken"), f"{service}:{op}", error)
    return page


registry.after("cloudtrail:ListTrails")(
    _plain_page("cloudtrail", "ListTrails", "Trails", 100, "InvalidNextTokenException"))
registry.after("guardduty:ListDetectors")(
    _plain_page("guardduty", "ListDetectors", "DetectorIds", 50, "BadRequestException"))

