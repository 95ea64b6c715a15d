"""CloudTrail's deliveries: the log files and digest files of trails, in their buckets.

Nothing is delivered until it is asked for (POST /_lab/deliver), so that tests have no races and calls no cost. A trail
gets what was recorded while it was logging, as it was told to select at that time: both are read from the record itself,
so that an intruder who stops a trail makes the same gap as on AWS. What the lab lacks: a trail that was deleted before
anybody asked delivers nothing any more, and selectors of single resources count for all of their kind.
"""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import hashlib
import json
import threading
from collections import defaultdict
from typing import Any, Iterator, Optional

from . import clock, digests, registry, state, trail

#: "CloudTrail publishes log files to your S3 bucket about every 5 minutes"
#: (CloudTrail User Guide, "How CloudTrail works").
SLOT = dt.timedelta(minutes=5)

#: What a data event is about, by its source.
DATA_TYPES = {"s3": "AWS::S3::Object", "lambda": "AWS::Lambda::Function", "dynamodb": "AWS::DynamoDB::Table",
              "sns": "AWS::SNS::Topic", "sqs": "AWS::SQS::Queue", "ebs": "AWS::EC2::Snapshot"}

_LOCK = threading.Lock()

#: trail's ARN -> sequence numbers of the records it has delivered
_DELIVERED: dict[str, set[int]] = defaultdict(set)


@registry.resetter
def _forget() -> None:
    with _LOCK:
        _DELIVERED.clear()


def deliver() -> dict[str, Any]:
    """Deliver what is due to every trail; by ARN, what came of it."""
    from moto.cloudtrail.models import cloudtrail_backends

    done = {}
    with _LOCK:
        for account in list(cloudtrail_backends):
            for backend in list(cloudtrail_backends[account].values()):
                for made in list(backend.trails.values()):
                    done[made.arn] = _deliver(made)
    return {"trails": done}


def _deliver(made: Any) -> dict[str, Any]:
    """One trail's due files. A bucket that cannot be written to costs nothing: the records stay due."""
    events = list(_due(made))
    outcome: dict[str, Any] = {"bucket": made.bucket_name, "files": 0, "events": 0, "digests": 0}
    slots: dict[tuple[str, str, dt.datetime], list[trail.Record]] = defaultdict(list)
    for record in events:
        begin = dt.datetime.min + (record.time - dt.datetime.min) // SLOT * SLOT
        slots[record.event["recipientAccountId"], record.event["awsRegion"], begin + SLOT].append(record)
    written = []
    try:
        for (account, region, at), records in sorted(slots.items(), key=lambda item: (item[0][2], item[0][:2])):
            records.sort(key=lambda r: (r.time, r.seq))
            text = json.dumps({"Records": [r.event for r in records]}, separators=(",", ":")).encode()
            key = _key(made, account, region, at, hashlib.sha256(text).digest())
            put(made, key, gzip.compress(text, mtime=0), at)
            _DELIVERED[made.arn].update(r.seq for r in records)
            written.append(digests.Log(region, at, key, hashlib.sha256(text).hexdigest(),
                                       clock.iso(records[0].time), clock.iso(records[-1].time)))
            outcome["files"] += 1
            outcome["events"] += len(records)
        outcome["digests"] = digests.write(made, written, put)
    except Exception as error:  # moto's, of a bucket that is gone or refuses
        outcome["error"] = f"{type(error).__name__}: {error}"
    return outcome


def put(made: Any, key: str, body: bytes, at: dt.datetime, metadata: Optional[dict[str, str]] = None) -> None:
    """Write one object into a trail's bucket, as AWS does: by no call that anybody sees."""
    from moto.s3.models import s3_backends

    with clock.at(at):
        written = s3_backends[made.account_id][made.partition].put_object(made.bucket_name, key, body)
    written.set_metadata({f"x-amz-meta-{name}": value for name, value in (metadata or {}).items()})


def prefix(made: Any, account: str, kind: str) -> str:
    """Where a trail's files of one kind lie."""
    above = (made.s3_key_prefix or "").strip("/")
    return f"{above}/AWSLogs/{account}/{kind}" if above else f"AWSLogs/{account}/{kind}"


def _key(made: Any, account: str, region: str, at: dt.datetime, unique: bytes) -> str:
    tail = base64.b32encode(unique).decode()[:16]
    return (f"{prefix(made, account, 'CloudTrail')}/{region}/{at:%Y/%m/%d}/"
            f"{account}_CloudTrail_{region}_{at:%Y%m%dT%H%MZ}_{tail}.json.gz")


def _due(made: Any) -> Iterator[trail.Record]:
    """What a trail has recorded and not delivered, and what has had its time to arrive."""
    delay = dt.timedelta(seconds=float(state.setting("lookup_delay_s")))
    now = clock.real_utcnow()
    with trail.LOCK:
        records = [r for r in trail.RECORDS if r.event["recipientAccountId"] == made.account_id]
    records.sort(key=lambda r: (r.time, r.seq))
    told = _Told(made)
    for record in records:
        told.hear(record.event)
        if (told.logging and record.seq not in _DELIVERED[made.arn] and now - record.arrived >= delay
                and (made.is_multi_region or record.event["awsRegion"] == made.region_name) and told.selects(record)):
            yield record


class _Told:
    """What a trail was told to record, as the calls about it go by."""

    def __init__(self, made: Any):
        self.names = (made.trail_name, made.arn)
        self.region = made.region_name
        self.logging = False
        self.basic: list[dict[str, Any]] = []
        self.advanced: list[dict[str, Any]] = []

    def hear(self, event: dict[str, Any]) -> None:
        """Take in one call. StopLogging and StartLogging are recorded themselves: the first is the last that is."""
        if event["eventSource"] != "cloudtrail.amazonaws.com" or event.get("errorCode") or event["awsRegion"] != self.region:
            return
        given = event.get("requestParameters") or {}
        if given.get("name", given.get("trailName")) not in self.names:
            return
        if event["eventName"] == "StartLogging":
            self.logging = True
        elif event["eventName"] in ("StopLogging", "DeleteTrail"):
            self.logging = False
        elif event["eventName"] == "CreateTrail":
            self.basic, self.advanced = [], []
        elif event["eventName"] == "PutEventSelectors":
            self.basic, self.advanced = given.get("eventSelectors") or [], given.get("advancedEventSelectors") or []

    def selects(self, record: trail.Record) -> bool:
        """Whether the selectors take a record. Without any: all management events, no data events."""
        event = record.event
        if self.advanced:
            return any(_advanced(s, record) for s in self.advanced)
        if not self.basic:
            return event["managementEvent"]
        return any(_basic(s, record) for s in self.basic)


def _data_type(record: trail.Record) -> str:
    return DATA_TYPES.get(record.lab.get("service", ""), "")


def _basic(selector: dict[str, Any], record: trail.Record) -> bool:
    event = record.event
    wanted = selector.get("readWriteType", "All")
    if wanted != "All" and (wanted == "ReadOnly") != event["readOnly"]:
        return False
    if event["managementEvent"]:
        return (selector.get("includeManagementEvents", True)
                and event["eventSource"] not in (selector.get("excludeManagementEventSources") or []))
    return any(r.get("type") == _data_type(record) for r in selector.get("dataResources") or [])


def _advanced(selector: dict[str, Any], record: trail.Record) -> bool:
    event = record.event
    values = {"eventCategory": event["eventCategory"], "readOnly": str(event["readOnly"]).lower(), "eventName": event["eventName"],
              "eventSource": event["eventSource"], "eventType": event["eventType"], "resources.type": _data_type(record)}
    return all(_field(f, values) for f in selector.get("fieldSelectors") or [])


def _field(field: dict[str, Any], values: dict[str, str]) -> bool:
    value = values.get(field.get("field", ""))
    if value is None:
        return True  # such as resources.ARN: counts for all
    tests = {"equals": str.__eq__, "startsWith": str.startswith, "endsWith": str.endswith}
    for name, test in tests.items():
        for negative in (False, True):
            given = field.get("not" + name[0].upper() + name[1:] if negative else name)
            if given and any(test(value, g) for g in given) == negative:
                return False
    return True


@registry.answers("cloudtrail:ListPublicKeys")
def list_public_keys(call, account: str) -> dict[str, Any]:
    """The key of the region whose private half signs the digests of its trails."""
    return {"PublicKeyList": [digests.public_key(call.region)]}
