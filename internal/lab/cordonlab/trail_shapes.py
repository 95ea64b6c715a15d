"""How CloudTrail writes the parameters and results of a call.

Names start with a small letter. EC2 keeps the names and the nesting of its
XML, with every list as {"items": [...]}. Secrets are left out or replaced, as
AWS does ("HIDDEN_DUE_TO_SECURITY_REASONS", "<sensitiveDataRemoved>").
"""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any, Optional

from . import wire

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
REMOVED = "<sensitiveDataRemoved>"

#: Members never written (None), or written as the text.
SECRETS: dict[str, Any] = {
    "password": None,
    "newPassword": HIDDEN,
    "oldPassword": HIDDEN,
    "masterUserPassword": "****",
    "userData": REMOVED,
    "keyMaterial": REMOVED,
    "privateKey": HIDDEN,
    "secretAccessKey": None,
    "sessionToken": None,
    "secretString": None,
    "secretBinary": None,
    "base32StringSeed": None,
    "qRCodePNG": None,
    "plaintext": None,
    "zipFile": None,
    "webIdentityToken": None,
    "sAMLAssertion": None,
    "authenticationCode1": None,
    "authenticationCode2": None,
    "tokenCode": None,
}

#: EC2's request lists whose name in the record is not the member's own.
EC2_LISTS = {
    "InstanceIds": "instancesSet",
    "Resources": "resourcesSet",
    "Tags": "tagSet",
    "Filters": "filterSet",
    "SecurityGroupIds": "groupSet",
    "Groups": "groupSet",
    "GroupIds": "securityGroupIdSet",
    "GroupNames": "groupSet",
    "TagSpecifications": "tagSpecificationSet",
    "IpPermissions": "ipPermissions",
    "IpRanges": "ipRanges",
    "Ipv6Ranges": "ipv6Ranges",
    "UserIdGroupPairs": "groups",
    "PrefixListIds": "prefixListIds",
    "SnapshotIds": "snapshotSet",
    "ImageIds": "imagesSet",
    "VolumeIds": "volumeSet",
    "VpcIds": "vpcSet",
    "SubnetIds": "subnetSet",
    "Values": "valueSet",
    "Add": "add",
    "Remove": "remove",
}

#: EC2's request lists of bare ids: the name each id gets inside an item.
EC2_ITEMS = {
    "InstanceIds": "instanceId",
    "Resources": "resourceId",
    "SecurityGroupIds": "groupId",
    "GroupIds": "groupId",
    "SnapshotIds": "snapshotId",
    "ImageIds": "imageId",
    "VolumeIds": "volumeId",
    "VpcIds": "vpcId",
    "SubnetIds": "subnetId",
    "Values": "value",
    "GroupNames": "group",
}


def small(name: str) -> str:
    """The name with a small first letter, as CloudTrail writes it."""
    return name[:1].lower() + name[1:]


def request_parameters(call: wire.Call) -> Optional[dict[str, Any]]:
    """requestParameters of a record."""
    if not call.params:
        return None
    if call.service == "ec2":
        return _ec2_request(call)
    written = scrub(plain(call.params, call.service))
    if call.service == "s3":
        _s3_names(written)
    if call.service == "lambda" and "environment" in written:
        written["environment"] = {}  # values of variables are never recorded
    return written


def response_elements(call: wire.Call, answer: wire.Answer, read_only: bool) -> Optional[dict]:
    """responseElements of a record: none for reads, except STS's credentials.

    "If an action does not change state (for example, a request to get or list
    objects), this element is omitted." (CloudTrail record contents)
    """
    if answer.status >= 400 or (read_only and call.service != "sts"):
        return None
    if call.op in ("GetCallerIdentity", "GetAccessKeyInfo", "DecodeAuthorizationMessage"):
        return None
    try:
        if call.service == "ec2":
            return _ec2_response(call, answer) or {"_return": True}
        result = call.decode(answer)
    except Exception:  # an answer that does not fit its own model
        return None
    if call.service == "rds" and len(result) == 1:
        # "responseElements": {"dBInstanceIdentifier": ...}: what it is about is not wrapped
        # (Amazon RDS User Guide, "Understanding Amazon RDS log file entries")
        inner = next(iter(result.values()))
        result = inner if isinstance(inner, dict) else result
    return scrub(plain(result, call.service)) or None


def plain(value: Any, service: str) -> Any:
    """Names with small letters, times as text, no bytes."""
    if isinstance(value, dict):
        return {small(str(k)): plain(v, service) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v, service) for v in value]
    return _scalar(value, service)


def _scalar(value: Any, service: str) -> Any:
    if isinstance(value, (dt.datetime, dt.date)):
        if service in ("iam", "sts"):
            return value.strftime("%b %-d, %Y, %-I:%M:%S %p")
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, (bytes, bytearray)):
        return None
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def scrub(value: Any) -> Any:
    """Take out what AWS takes out."""
    if isinstance(value, dict):
        return {
            k: SECRETS[k] if k in SECRETS else scrub(v)
            for k, v in value.items()
            if SECRETS.get(k, "") is not None
        }
    if isinstance(value, list):
        return [scrub(v) for v in value]
    return value


def _s3_names(written: dict[str, Any]) -> None:
    if "bucket" in written:
        written["bucketName"] = written.pop("bucket")
    if isinstance(written.get("policy"), str):
        try:
            written["bucketPolicy"] = json.loads(written.pop("policy"))
        except ValueError:
            written["bucketPolicy"] = None


def _ec2_request(call: wire.Call) -> dict[str, Any]:
    shape = wire.model("ec2").operation_model(call.op).input_shape
    written = _ec2_value(call.params, shape)
    if call.op == "RunInstances":
        _run_instances(written)
    elif call.op in ("ModifySnapshotAttribute", "ModifyImageAttribute"):
        _sharing(call, written)
    return scrub(written)


def _sharing(call: wire.Call, written: dict[str, Any]) -> None:
    """The older way of sharing has the record of the newer one.

    "createVolumePermission": {"add": {"items": [{"userId": "..."}]}}
    """
    snapshot = call.op == "ModifySnapshotAttribute"
    name = "createVolumePermission" if snapshot else "launchPermission"
    change = written.pop("operationType", None)
    users = (written.pop("userIdSet", None) or {}).get("items", [])
    groups = (written.pop("groupSet", None) or {}).get("items", [])
    if change and (users or groups):
        written[name] = {change: {"items": users + groups}}
    written.pop("attribute", None)
    if name in written:
        written["attributeType"] = "CREATE_VOLUME_PERMISSION" if snapshot else name


def _run_instances(written: dict[str, Any]) -> None:
    """RunInstances: image and counts are an item of instancesSet."""
    item = {
        name: written.pop(name)
        for name in ("imageId", "minCount", "maxCount", "keyName")
        if name in written
    }
    written["instancesSet"] = {"items": [item]}


def _ec2_value(value: Any, shape: Any = None) -> Any:
    """A request's structure under the names of the wire (Description of
    CreateSecurityGroup goes as GroupDescription)."""
    if not isinstance(value, dict):
        return _scalar(value, "ec2")
    members = getattr(shape, "members", {})
    written = {}
    for name, inner in value.items():
        member = members.get(name)
        if isinstance(inner, (list, tuple)):
            written[EC2_LISTS.get(name, _set_name(name))] = _ec2_list(name, inner, member)
        else:
            wired = member.serialization.get("name", name) if member is not None else name
            written[small(wired)] = _ec2_value(inner, member)
    return written


def _set_name(name: str) -> str:
    return small(name if name.endswith("Set") else re.sub(r"s$", "", name) + "Set")


def _ec2_list(name: str, values: Any, shape: Any) -> dict[str, Any]:
    if not values:
        return {}
    item = EC2_ITEMS.get(name, small(re.sub(r"s$", "", name)))
    inner = getattr(shape, "member", None)
    return {
        "items": [_ec2_value(v, inner) if isinstance(v, dict) else {item: v} for v in values]
    }


def _ec2_response(call: wire.Call, answer: wire.Answer) -> dict[str, Any]:
    """EC2's result under the names of its XML."""
    shape = wire.model("ec2").operation_model(call.op).output_shape
    written = _by_shape(call.decode(answer), shape) if shape is not None else {}
    written["requestId"] = call.request_id
    return scrub(written)


def _by_shape(value: Any, shape: Any) -> Any:
    if shape.type_name == "structure" and isinstance(value, dict):
        written = {}
        for name, inner in value.items():
            member = shape.members.get(name)
            if member is None:
                continue
            written[member.serialization.get("name", small(name))] = _by_shape(inner, member)
        return written
    if shape.type_name == "list" and isinstance(value, list):
        return {"items": [_by_shape(v, shape.member) for v in value]} if value else {}
    return _scalar(value, "ec2")
