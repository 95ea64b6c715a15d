"""What the lab knows and moto has no place for.

SETTINGS are changed by /_lab/settings and go back to their defaults on reset;
SEEDED is what scenarios put down (root's facts, contacts, findings), by
account.
"""

from __future__ import annotations

import os
import threading
from typing import Any

#: the account of every call whose credentials belong to no other
DEFAULT_ACCOUNT = os.environ.get("CORDON_LAB_ACCOUNT", "111122223333")

#: one lock for everything here that is not a single assignment
LOCK = threading.RLock()

AUTH_MODES = ("enforce", "keys", "off")


def fresh_settings() -> dict[str, Any]:
    """The settings of a new lab.

    auth: "enforce" checks credentials and policies, "keys" only that the
    credentials are good, "off" nothing. iam_settle_ms is how long a change in
    IAM takes to be enforced; lookup_delay_s how long an event takes to be
    visible to LookupEvents (on AWS: typically some minutes); lookup_rps the
    rate at which LookupEvents is throttled (AWS: 2 per second per account and
    region; 0 here means no limit). snapshot_ms is how long an EBS snapshot is
    "pending". Opt-in regions start disabled, as on a new
    account.
    """
    return {
        "iam_settle_ms": 0,
        "lookup_delay_s": 0,
        "lookup_rps": 0,
        "snapshot_ms": 0,
        "auth": "enforce",
        "disabled_regions": list(OPT_IN_REGIONS),
        "unreachable_regions": [],
    }


#: Regions that an account must enable before use ("Considerations before
#: enabling and disabling Regions", AWS Account Management Reference Guide).
OPT_IN_REGIONS = (
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
)

SETTINGS: dict[str, Any] = fresh_settings()

#: account -> free-form facts put down by a scenario
SEEDED: dict[str, dict[str, Any]] = {}


def seeded(account: str) -> dict[str, Any]:
    """The facts of one account, made on first use."""
    with LOCK:
        return SEEDED.setdefault(account, {})


def setting(name: str) -> Any:
    """The present value of one setting."""
    return SETTINGS[name]


def reset() -> None:
    """Back to a new lab."""
    with LOCK:
        SETTINGS.clear()
        SETTINGS.update(fresh_settings())
        SEEDED.clear()
