"""cloudtrail:LookupEvents, which moto does not have.

AWS: management events of the last 90 days, of one region, newest first, at
most 50 a page, by a single attribute. "The rate of lookup requests is limited
to two per second, per account, per region."
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import threading
import time
from typing import Any, Optional

from . import clock, state, trail
from .registry import AwsError, answers, resetter

#: Members of requestParameters and responseElements that name a resource.
RESOURCE_TYPES = {
    "userName": "AWS::IAM::User",
    "accessKeyId": "AWS::IAM::AccessKey",
    "roleName": "AWS::IAM::Role",
    "roleArn": "AWS::IAM::Role",
    "roleSessionName": "AWS::STS::AssumedRole",
    "policyArn": "AWS::IAM::Policy",
    "groupName": "AWS::IAM::Group",
    "serialNumber": "AWS::IAM::MfaDevice",
    "instanceProfileName": "AWS::IAM::InstanceProfile",
    "bucketName": "AWS::S3::Bucket",
    "functionName": "AWS::Lambda::Function",
    "groupId": "AWS::EC2::SecurityGroup",
    "snapshotId": "AWS::EC2::Snapshot",
    "imageId": "AWS::EC2::Ami",
    "volumeId": "AWS::EC2::Volume",
    "instanceId": "AWS::EC2::Instance",
    "keyName": "AWS::EC2::KeyPair",
    "vpcId": "AWS::EC2::VPC",
    "subnetId": "AWS::EC2::Subnet",
    "detectorId": "AWS::GuardDuty::Detector",
}

ATTRIBUTES = frozenset(
    "EventId EventName ReadOnly Username ResourceType ResourceName EventSource AccessKeyId".split()
)

_LAST_CALLS: dict[tuple[str, str], list[float]] = {}
_LOCK = threading.Lock()


def resources(event: dict[str, Any]) -> list[tuple[str, str]]:
    """(type, name) of the resources that an event is about."""
    found: list[tuple[str, str]] = []

    def walk(value: Any, depth: int) -> None:
        if depth > 6:
            return
        if isinstance(value, dict):
            for name, inner in value.items():
                kind = RESOURCE_TYPES.get(name)
                if kind and isinstance(inner, str) and (kind, inner) not in found:
                    found.append((kind, inner))
                walk(inner, depth + 1)
        elif isinstance(value, list):
            for inner in value[:50]:
                walk(inner, depth + 1)

    parameters = event.get("requestParameters") or {}
    walk(parameters, 0)
    walk(event.get("responseElements"), 0)
    if event["eventSource"].startswith("cloudtrail") and isinstance(parameters.get("name"), str):
        found.append(("AWS::CloudTrail::Trail", parameters["name"]))
    return found


def user_name(identity: dict[str, Any]) -> str:
    """Username of an event: a role session goes by its session's name."""
    if identity.get("userName"):
        return identity["userName"]
    if identity.get("type") == "Root":
        return "root"
    if identity.get("type") in ("AssumedRole", "FederatedUser"):
        return identity.get("arn", "").rsplit("/", 1)[-1]
    return identity.get("invokedBy", "")


@answers("cloudtrail:LookupEvents")
def lookup_events(call, account: str) -> dict[str, Any]:
    """Answer LookupEvents from the trail."""
    _limit_rate(account, call.region)
    query = _Query(call.params or {})
    hits = _matching(account, call.region, query)
    if query.anchor:
        hits = [r for r in hits if (clock.iso(r.time), r.seq) < query.anchor]
    page = hits[: query.size]
    result: dict[str, Any] = {"Events": [_written(r) for r in page]}
    if len(hits) > len(page):
        result["NextToken"] = query.token(page[-1])
    return result


def _limit_rate(account: str, region: str) -> None:
    limit = state.setting("lookup_rps")
    if not limit:
        return
    with _LOCK:
        now = time.monotonic()
        recent = [t for t in _LAST_CALLS.get((account, region), []) if now - t < 1]
        if len(recent) >= limit:
            _LAST_CALLS[(account, region)] = recent
            raise AwsError(400, "ThrottlingException", "Rate exceeded")
        _LAST_CALLS[(account, region)] = recent + [now]


@resetter
def _forget_rate() -> None:
    with _LOCK:
        _LAST_CALLS.clear()


class _Query:
    """The checked parameters of one LookupEvents call."""

    def __init__(self, params: dict[str, Any]):
        self.attribute = _attribute(params.get("LookupAttributes") or [])
        self.size = params.get("MaxResults") or 50
        if not isinstance(self.size, int) or not 1 <= self.size <= 50:
            raise AwsError(
                400,
                "InvalidMaxResultsException",
                f"A max results value of {self.size} is invalid. "
                "Specify max results between 1 and 50.",
            )
        now = clock.utcnow()
        oldest = now - dt.timedelta(days=90)
        self.start = max(_time(params.get("StartTime")) or oldest, oldest)
        self.end = _time(params.get("EndTime")) or now + dt.timedelta(days=1)
        if params.get("StartTime") and params.get("EndTime") and self.start > self.end:
            raise AwsError(
                400, "InvalidTimeRangeException", "The start time must be before the end time."
            )
        if params.get("EventCategory") not in (None, "insight"):
            raise AwsError(
                400,
                "InvalidEventCategoryException",
                "The event category that you specified is invalid.",
            )
        self.insight = params.get("EventCategory") == "insight"
        self._fingerprint = _fingerprint(params)
        self.anchor = self._anchor(params.get("NextToken"))

    def token(self, last: trail.Record) -> str:
        """A token that only the same query may bring back."""
        text = json.dumps([self._fingerprint, clock.iso(last.time), last.seq])
        return base64.urlsafe_b64encode(text.encode()).decode()

    def _anchor(self, token: Optional[str]) -> Optional[tuple[str, int]]:
        """Where the page before ended.

        "The token must be passed in with the same parameters that were
        specified in the original call." (API reference, NextToken)
        """
        if not token:
            return None
        try:
            fingerprint, moment, sequence = json.loads(base64.urlsafe_b64decode(token))
            if fingerprint != self._fingerprint or not isinstance(sequence, int):
                raise ValueError
        except (ValueError, TypeError):
            raise AwsError(
                400, "InvalidNextTokenException", "Invalid or expired next token."
            ) from None
        return str(moment), sequence


def _fingerprint(params: dict[str, Any]) -> str:
    kept = {k: v for k, v in params.items() if k not in ("NextToken", "MaxResults")}
    text = json.dumps(kept, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _time(value: Any) -> Optional[dt.datetime]:
    return clock.naive(value) if isinstance(value, dt.datetime) else None


def _attribute(given: list[dict[str, str]]) -> Optional[tuple[str, str]]:
    if not given:
        return None
    if len(given) > 1:
        raise AwsError(
            400, "InvalidLookupAttributesException", "You can only use one lookup attribute."
        )
    key, value = given[0].get("AttributeKey"), given[0].get("AttributeValue")
    if key not in ATTRIBUTES or not isinstance(value, str):
        raise AwsError(
            400, "InvalidLookupAttributesException", "The lookup attribute is not valid."
        )
    return key, value


def _matching(account: str, region: str, query: _Query) -> list[trail.Record]:
    """The visible records that fit, newest first."""
    if query.insight:
        return []
    delay = dt.timedelta(seconds=float(state.setting("lookup_delay_s")))
    now = clock.real_utcnow()
    with trail.LOCK:
        found = [
            r
            for r in trail.RECORDS
            if r.visible
            and r.event["recipientAccountId"] == account
            and r.event["awsRegion"] == region
            and query.start <= r.time <= query.end
            and now - r.arrived >= delay
            and _has(r, query.attribute)
        ]
    found.sort(key=lambda r: (clock.iso(r.time), r.seq), reverse=True)
    return found


def _has(record: trail.Record, attribute: Optional[tuple[str, str]]) -> bool:
    if attribute is None:
        return True
    key, value = attribute
    event = record.event
    if key == "ResourceType":
        return any(kind == value for kind, _ in record.resources)
    if key == "ResourceName":
        return any(name == value for _, name in record.resources)
    have = {
        "EventId": event["eventID"],
        "EventName": event["eventName"],
        "EventSource": event["eventSource"],
        "ReadOnly": str(event["readOnly"]).lower(),
        "AccessKeyId": event["userIdentity"].get("accessKeyId"),
    }
    if key == "ReadOnly":
        value = value.lower()
    if key == "Username":
        return user_name(event["userIdentity"]) == value
    return have[key] == value


def _written(record: trail.Record) -> dict[str, Any]:
    event = record.event
    written = {
        "EventId": event["eventID"],
        "EventName": event["eventName"],
        "ReadOnly": str(event["readOnly"]).lower(),
        "EventTime": record.time.replace(microsecond=0, tzinfo=dt.timezone.utc),
        "EventSource": event["eventSource"],
        "Username": user_name(event["userIdentity"]),
        "Resources": [{"ResourceType": k, "ResourceName": n} for k, n in record.resources],
        "CloudTrailEvent": json.dumps(event),
    }
    key = event["userIdentity"].get("accessKeyId")
    if key:
        written["AccessKeyId"] = key
    return written
