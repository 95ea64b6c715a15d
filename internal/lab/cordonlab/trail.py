"""CloudTrail: a record of each real call, and LookupEvents over them.

moto has trails but no history. Nothing here is invented: a record exists
because a call was answered.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
import threading
import uuid
from dataclasses import dataclass, field
from typing import Any, Optional

from . import clock, state, trail_shapes, wire
from .registry import Identity

#: Event sources that are not the model's name.
EVENT_SOURCES = {
    "stepfunctions": "states",
    "cloudwatch": "monitoring",
    "elbv2": "elasticloadbalancing",
    "elb": "elasticloadbalancing",
    "emr": "elasticmapreduce",
    "resourcegroupstaggingapi": "tagging",
    "service-quotas": "servicequotas",
    "sso-admin": "sso",
    "cloudcontrol": "cloudcontrolapi",
    "sesv2": "ses",
    "accessanalyzer": "access-analyzer",
    "efs": "elasticfilesystem",
    "s3control": "s3",
    "apigatewayv2": "apigateway",
}

#: "For most global services, events are recorded as occurring in US East (N.
#: Virginia)". STS is not among them: its events are where the endpoint is.
GLOBAL = frozenset(
    "iam cloudfront route53 organizations account support health budgets ce".split()
)

#: Operations that CloudTrail records as data events only: not in LookupEvents.
DATA_EVENTS = {
    "lambda": frozenset({"Invoke", "InvokeAsync", "InvokeWithResponseStream"}),
    "sns": frozenset({"Publish", "PublishBatch"}),
    "sqs": frozenset(
        "SendMessage SendMessageBatch ReceiveMessage DeleteMessage DeleteMessageBatch "
        "ChangeMessageVisibility".split()
    ),
    "dynamodb": frozenset(
        "GetItem PutItem UpdateItem DeleteItem Query Scan BatchGetItem BatchWriteItem "
        "TransactGetItems TransactWriteItems".split()
    ),
    "ebs": frozenset(
        "GetSnapshotBlock PutSnapshotBlock ListSnapshotBlocks ListChangedBlocks".split()
    ),
    "s3": frozenset(
        "GetObject PutObject DeleteObject DeleteObjects HeadObject CopyObject ListObjects "
        "ListObjectsV2 ListObjectVersions UploadPart UploadPartCopy CreateMultipartUpload "
        "CompleteMultipartUpload AbortMultipartUpload ListParts GetObjectAcl PutObjectAcl "
        "GetObjectTagging PutObjectTagging DeleteObjectTagging RestoreObject HeadBucket".split()
    ),
}

_READS = re.compile(
    r"^(Get|List|Describe|Head|Lookup|BatchGet|Search|Simulate|Test|Select|Check|Query|Scan|"
    r"Validate|Preview|Estimate|View|AssumeRole|Decode|GenerateCredentialReport|"
    r"GenerateServiceLastAccessed)"
)

#: Lambda operations with a later version of the same name in CloudTrail.
_LAMBDA_V2 = frozenset(
    "GetFunction GetFunctionConfiguration AddPermission RemovePermission UpdateFunctionCode "
    "UpdateFunctionConfiguration GetPolicy".split()
)

LOCK = threading.Lock()


@dataclass
class Record:
    """One event, with what the lab alone knows of it."""

    seq: int
    time: dt.datetime  # the story's time
    arrived: dt.datetime  # the machine's time
    event: dict[str, Any]
    lab: dict[str, Any]
    visible: bool  # to LookupEvents
    resources: list[tuple[str, str]] = field(default_factory=list)


RECORDS: list[Record] = []
_SEQUENCE = 0


def reset() -> None:
    """Forget everything that happened."""
    with LOCK:
        RECORDS.clear()


#: Amazon S3 User Guide, "Amazon S3 account-level and bucket-level operations tracked by CloudTrail"
_S3_NAMES = {
    ("s3", "PutPublicAccessBlock"): "PutBucketPublicAccessBlock",
    ("s3", "DeletePublicAccessBlock"): "DeleteBucketPublicAccessBlock",
    ("s3", "GetPublicAccessBlock"): "GetBucketPublicAccessBlock",
    ("s3control", "PutPublicAccessBlock"): "PutAccountPublicAccessBlock",
    ("s3control", "DeletePublicAccessBlock"): "DeleteAccountPublicAccessBlock",
    ("s3control", "GetPublicAccessBlock"): "GetAccountPublicAccessBlock",
    ("s3", "PutBucketLifecycleConfiguration"): "PutBucketLifecycle",
    ("s3", "PutBucketNotificationConfiguration"): "PutBucketNotification",
}


@functools.lru_cache(None)
def event_name(service: str, op: str) -> str:
    """The name in the record: Lambda's older operations carry their API's date.

    "CreateFunction20150331", "AddPermission20150331v2" (AWS Lambda Developer
    Guide, "Logging Lambda API calls with CloudTrail").
    """
    if service != "lambda":
        return _S3_NAMES.get((service, op), op)
    uri = wire.model("lambda").operation_model(op).http["requestUri"]
    found = re.match(r"^/(\d{4})-(\d\d)-(\d\d)/", uri)
    if not found or found.group(1) >= "2019":
        return op
    return op + "".join(found.groups()) + ("v2" if op in _LAMBDA_V2 else "")


def is_read(op: str) -> bool:
    """readOnly of a record."""
    return bool(_READS.match(op))


def is_data(service: str, op: str) -> bool:
    """Whether the operation is a data event."""
    return op in DATA_EVENTS.get(service, ())


def event_region(call: wire.Call) -> str:
    """awsRegion of a record."""
    return "us-east-1" if call.service in GLOBAL else call.region


@functools.lru_cache(None)
def error_name(service: str, code: str) -> str:
    """errorCode of a record.

    EC2's codes carry "Client." or "Server."; the query services' carry the
    name of the exception (NoSuchEntityException), where the answer said
    NoSuchEntity.
    """
    if service == "ec2":
        side = "Server." if code in ("InternalError", "Unavailable", "InternalFailure") else "Client."
        return side + code
    for shape in wire.model(service).error_shapes:
        if shape.metadata.get("error", {}).get("code") == code:
            return shape.name
    return code


def record(
    call: wire.Call,
    identity: Identity,
    answer: wire.Answer,
    *,
    visible: bool = True,
    faulted: bool = False,
    carried_out: bool = True,
) -> None:
    """Write down one call and its answer."""
    answer.read_error(call)
    read_only = is_read(call.op)
    data = is_data(call.service, call.op)
    now = clock.utcnow()
    event: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": identity.user_identity,
        "eventTime": clock.iso(now),
        "eventSource": EVENT_SOURCES.get(call.service, call.service) + ".amazonaws.com",
        "eventName": event_name(call.service, call.op),
        "awsRegion": event_region(call),
        "sourceIPAddress": call.source_ip,
        "userAgent": call.user_agent,
    }
    if answer.code:
        event["errorCode"] = error_name(call.service, answer.code)
        event["errorMessage"] = answer.message
    event.update(
        requestParameters=trail_shapes.request_parameters(call),
        responseElements=trail_shapes.response_elements(call, answer, read_only),
        requestID=call.request_id,
        eventID=str(uuid.uuid4()),
        readOnly=read_only,
        eventType="AwsApiCall",
        managementEvent=not data,
        recipientAccountId=identity.account,
        eventCategory="Data" if data else "Management",
    )
    if call.host.endswith((".amazonaws.com", ".api.aws")):
        event["tlsDetails"] = {"clientProvidedHostHeader": call.host}
    lab = {
        "service": call.service,
        "op": call.op,
        "access_key_id": call.access_key_id,
        "user_agent": call.headers.get("User-Agent", ""),
        "status": answer.status,
        "host": call.host,
        "faulted": faulted,
        "carried_out": carried_out,
    }
    other = _other_account(call, event) if answer.status < 300 and not answer.code else ""
    if other:
        event["sharedEventID"] = str(uuid.uuid4())
    _append(now, event, lab, visible and not data)
    if other:
        _append(now, _as_seen_by(other, event), {**lab, "copy": True}, visible)


def tell(event: dict[str, Any]) -> None:
    """Write down a record that somebody else wrote; what it leaves out is filled in."""
    event = {
        "eventVersion": "1.11", "eventID": str(uuid.uuid4()), "readOnly": is_read(event["eventName"]), "eventType": "AwsApiCall",
        "managementEvent": True, "eventCategory": "Management", "recipientAccountId": state.DEFAULT_ACCOUNT, **event,
    }
    _append(clock.parse(event["eventTime"]), event, {"told": True}, True)


def _other_account(call: wire.Call, event: dict[str, Any]) -> str:
    """The account of a role that a principal of another account assumed."""
    if call.service != "sts" or not call.op.startswith("AssumeRole"):
        return ""
    parts = str((event["requestParameters"] or {}).get("roleArn", "")).split(":")
    owner = parts[4] if len(parts) > 4 else ""
    return owner if owner != event["recipientAccountId"] else ""


def _as_seen_by(account: str, event: dict[str, Any]) -> dict[str, Any]:
    """The same event as the role's own account receives it.

    AWS records a cross-account AssumeRole in both accounts, with the same
    sharedEventID; "the userIdentity in the trail of the account that owns the
    role contains type AWSAccount, the principal id and the account id of the
    caller" (CloudTrail User Guide, "CloudTrail userIdentity element").
    """
    caller = event["userIdentity"]
    return {
        **event,
        "userIdentity": {
            "type": "AWSAccount",
            "principalId": caller.get("principalId", ""),
            "accountId": caller.get("accountId", event["recipientAccountId"]),
        },
        "eventID": str(uuid.uuid4()),
        "recipientAccountId": account,
    }


def _append(time: dt.datetime, event: dict, lab: dict, visible: bool) -> None:
    from . import lookup

    global _SEQUENCE
    resources = lookup.resources(event)
    with LOCK:
        _SEQUENCE += 1
        lab = {"seq": _SEQUENCE, **lab}
        RECORDS.append(
            Record(_SEQUENCE, time, clock.real_utcnow(), event, lab, visible, resources)
        )


def listing(mutating: bool = False, last: Optional[int] = None) -> list[dict[str, Any]]:
    """The records in order of arrival, each with "_lab"."""
    with LOCK:
        found = [
            r
            for r in RECORDS
            if not r.lab.get("copy") and not (mutating and r.event["readOnly"])
        ]
    if last is not None:
        found = found[-last:] if last else []
    return [{**r.event, "_lab": r.lab} for r in found]
