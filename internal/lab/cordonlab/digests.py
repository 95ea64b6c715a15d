"""CloudTrail's digest files: what was delivered in an hour, hashed, chained and signed.

After "CloudTrail digest file structure" and "Custom implementations of log file integrity validation" (CloudTrail User
Guide): hashes are of what is inflated; the signature is RSA (PKCS #1 v1.5) over SHA-256 and lies in the object's metadata.
A real trail writes one each hour in every region, also when nothing was delivered; here hours without a file are in the
digest that follows them.
"""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Callable, Optional

from . import clock, registry

HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Log:
    """One log file that was delivered."""

    region: str
    at: dt.datetime
    key: str
    hash: str
    oldest: str
    newest: str


#: (trail's ARN, region) -> the digest before: end, object, hash, signature
_LAST: dict[tuple[str, str], tuple[dt.datetime, str, str, str]] = {}

#: region -> private key; made once a process, and shared by its forks
_KEYS: dict[str, Any] = {}


@registry.resetter
def _forget() -> None:
    _LAST.clear()


def write(made: Any, logs: list[Log], put: Callable) -> int:
    """Write the digests of log files that a trail delivered; how many."""
    if not made.log_validation:
        return 0
    regions: dict[str, list[Log]] = defaultdict(list)
    for log in logs:
        regions[log.region].append(log)
    return sum(_region(made, region, found, put) for region, found in sorted(regions.items()))


def _region(made: Any, region: str, logs: list[Log], put: Callable) -> int:
    hours: dict[dt.datetime, list[Log]] = defaultdict(list)
    last = _LAST.get((made.arn, region))
    for log in logs:
        end = log.at.replace(minute=0, second=0, microsecond=0) + HOUR
        if last and end <= last[0]:
            end = last[0] + HOUR  # it was late
        hours[end].append(log)
    for end, found in sorted(hours.items()):
        _one(made, region, end, found, put)
    return len(hours)


def _one(made: Any, region: str, end: dt.datetime, logs: list[Log], put: Callable) -> None:
    from .delivery import prefix

    before: Optional[tuple] = _LAST.get((made.arn, region))
    key = (f"{prefix(made, made.account_id, 'CloudTrail-Digest')}/{region}/{end:%Y/%m/%d}/"
           f"{made.account_id}_CloudTrail-Digest_{region}_{made.trail_name}_{made.region_name}_{end:%Y%m%dT%H%M%SZ}.json.gz")
    bucket = made.bucket_name
    digest = {
        "awsAccountId": made.account_id,
        "digestStartTime": clock.iso(before[0] if before else end - HOUR),
        "digestEndTime": clock.iso(end),
        "digestS3Bucket": bucket,
        "digestS3Object": key,
        "digestPublicKeyFingerprint": public_key(made.region_name)["Fingerprint"],
        "digestSignatureAlgorithm": "SHA256withRSA",
        "newestEventTime": max(log.newest for log in logs),
        "oldestEventTime": min(log.oldest for log in logs),
        "previousDigestS3Bucket": bucket if before else None,
        "previousDigestS3Object": before[1] if before else None,
        "previousDigestHashValue": before[2] if before else None,
        "previousDigestHashAlgorithm": "SHA-256" if before else None,
        "previousDigestSignature": before[3] if before else None,
        "logFiles": [{"s3Bucket": bucket, "s3Object": log.key, "hashValue": log.hash, "hashAlgorithm": "SHA-256",
                      "newestEventTime": log.newest, "oldestEventTime": log.oldest} for log in logs],
    }
    text = json.dumps(digest).encode()
    hashed = hashlib.sha256(text).hexdigest()
    signed = "\n".join((digest["digestEndTime"], f"{bucket}/{key}", hashed, before[3] if before else "null"))
    signature = _sign(made.region_name, signed.encode())
    put(made, key, gzip.compress(text, mtime=0), end, {"signature": signature, "signature-algorithm": "SHA256withRSA"})
    _LAST[made.arn, region] = (end, key, hashed, signature)


def _private(region: str) -> Any:
    from cryptography.hazmat.primitives.asymmetric import rsa

    if region not in _KEYS:
        _KEYS[region] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return _KEYS[region]


def _sign(region: str, text: bytes) -> str:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    return _private(region).sign(text, padding.PKCS1v15(), hashes.SHA256()).hex()


def public_key(region: str) -> dict[str, Any]:
    """A region's key as ListPublicKeys gives it: "The DER encoded public key value in PKCS#1 format"."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    value = _private(region).public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    now = clock.real_utcnow().replace(microsecond=0)
    return {"Value": value, "Fingerprint": hashlib.md5(value).hexdigest(),
            "ValidityStartTime": now - dt.timedelta(days=400), "ValidityEndTime": now + dt.timedelta(days=400)}
