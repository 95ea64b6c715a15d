"""Faults by rule: throttling, errors, delays, dropped connections.

A rule says which calls it takes and what happens to them:

    {"match": {"service": "iam", "op": "Update.*"},   regular expressions,
                                                      matched in full
     "skip": 1, "times": 2, "prob": 0.5,              which of them: those that
                                                      it skips are over before
                                                      the next one is struck
     "delay_ms": 200,                                 wait first
     "throttle": true | "drop": true |                one of these,
     "code": "ServiceFailure", "status": 500,         or none (delay only)
     "message": "...",
     "after": true}                                   carry the call out, then
                                                      spoil the answer

With "after" the caller cannot know whether the call was carried out: the
case that a client must survive on AWS too, where a write can succeed and its
answer be lost.
"""

from __future__ import annotations

import copy
import random
import re
import threading
from dataclasses import dataclass, field
from typing import Any, Optional

from . import wire

#: the parts of a call that a rule can name
MATCHABLE = ("service", "op", "region", "access_key_id", "user_agent")

_LOCK = threading.Lock()
_OVER = threading.Condition(_LOCK)
_RULES: list["Rule"] = []
_RANDOM = random.Random(1)


class DropConnection(Exception):
    """Close the connection without an answer."""


@dataclass
class Rule:
    """One rule, with the count of what it saw and hit."""

    given: dict[str, Any]
    match: dict[str, re.Pattern] = field(default_factory=dict)
    seen: int = 0
    hits: int = 0
    skipped: int = 0  # calls that it let through and that are under way still

    def takes(self, call: wire.Call) -> bool:
        """Whether the rule names this call."""
        return all(
            pattern.fullmatch(str(getattr(call, part) or ""))
            for part, pattern in self.match.items()
        )

    def due(self) -> bool:
        """Count one matching call; whether it is this one's turn."""
        self.seen += 1
        if self.seen <= self.given.get("skip", 0):
            return False
        if "times" in self.given and self.hits >= self.given["times"]:
            return False
        if _RANDOM.random() >= self.given.get("prob", 1.0):
            return False
        self.hits += 1
        return True


_TYPES: dict[str, tuple[type, ...]] = {
    "match": (dict,),
    "skip": (int,),
    "times": (int,),
    "prob": (int, float),
    "delay_ms": (int, float),
    "throttle": (bool,),
    "drop": (bool,),
    "code": (str,),
    "status": (int,),
    "message": (str,),
    "after": (bool,),
}


def add(given: Any) -> int:
    """Add a rule; ValueError says what is wrong with it. How many there are."""
    if not isinstance(given, dict):
        raise ValueError("a fault rule is an object")
    for name, value in given.items():
        if name not in _TYPES:
            raise ValueError(f"a fault rule has no {name!r}")
        if not isinstance(value, _TYPES[name]) or (
            isinstance(value, bool) and bool not in _TYPES[name]
        ):
            raise ValueError(f"{name!r} of a fault rule cannot be {value!r}")
    if not 400 <= given.get("status", 500) <= 599:
        raise ValueError("the status of a fault is 400 to 599")
    patterns = {}
    for part, pattern in given.get("match", {}).items():
        if part not in MATCHABLE:
            raise ValueError(f"a fault cannot match {part!r}, only {', '.join(MATCHABLE)}")
        try:
            patterns[part] = re.compile(pattern)
        except (re.error, TypeError) as error:
            raise ValueError(f"{part!r} is no regular expression: {error}") from None
    with _LOCK:
        _RULES.append(Rule(copy.deepcopy(given), patterns))
        return len(_RULES)


def listing() -> list[dict[str, Any]]:
    """The rules as given, each with how often it matched and struck."""
    with _LOCK:
        return [{**rule.given, "seen": rule.seen, "hits": rule.hits} for rule in _RULES]


def clear() -> None:
    """Remove all rules, and start the chances anew."""
    with _LOCK:
        _RULES.clear()
        _RANDOM.seed(1)


@dataclass
class Outcome:
    """What the rules do to one call."""

    delay: float = 0.0
    before: Optional[dict[str, Any]] = None
    after: Optional[dict[str, Any]] = None
    skipped_by: list[Rule] = field(default_factory=list)
    struck_by: list[Rule] = field(default_factory=list)

    @property
    def any(self) -> bool:
        """Whether any rule struck."""
        return bool(self.delay or self.before or self.after)


def strike(call: wire.Call) -> Outcome:
    """Apply the rules to one call: the first that spoils it decides.

    Once the call is over, tell `over`.
    """
    outcome = Outcome()
    with _LOCK:
        for rule in _RULES:
            if not rule.takes(call):
                continue
            if not rule.due():
                if rule.seen <= rule.given.get("skip", 0):
                    rule.skipped += 1
                    outcome.skipped_by.append(rule)
                continue
            outcome.struck_by.append(rule)
            outcome.delay += rule.given.get("delay_ms", 0) / 1000
            if not any(rule.given.get(k) for k in ("throttle", "drop", "code", "status")):
                continue
            if rule.given.get("after"):
                outcome.after = outcome.after or rule.given
                continue
            outcome.before = rule.given
            break
    return outcome


def settle(outcome: Outcome) -> None:
    """Wait until what the striking rules let through before is over.

    Such calls came earlier, so that no two wait for each other.
    """
    with _OVER:
        _OVER.wait_for(lambda: not any(rule.skipped for rule in outcome.struck_by))


def over(outcome: Outcome) -> None:
    """The call of this outcome is over, carried out or not."""
    with _OVER:
        for rule in outcome.skipped_by:
            rule.skipped -= 1
        _OVER.notify_all()


def forked() -> None:
    """In a copy of the lab nothing is under way.

    The locks are new: calls take the old ones outside the gate, so that a
    thread that is none of the copy's may have held one when it was made.
    """
    global _LOCK, _OVER
    _LOCK = threading.Lock()
    _OVER = threading.Condition(_LOCK)
    for rule in _RULES:
        rule.skipped = 0


def spoiled(call: wire.Call, rule: dict[str, Any]) -> wire.Answer:
    """The answer a rule gives; DropConnection if it gives none."""
    if rule.get("drop"):
        raise DropConnection
    if rule.get("throttle"):
        return throttled(call)
    status = rule.get("status", 500)
    code = rule.get("code") or ("ServiceUnavailable" if status == 503 else "InternalFailure")
    return call.error(status, code, rule.get("message", "a fault put in by the lab"))


def throttled(call: wire.Call) -> wire.Answer:
    """The throttling error of each protocol.

    EC2: "RequestLimitExceeded: The maximum request rate permitted by the
    Amazon EC2 APIs has been exceeded for your account." S3: "SlowDown: Please
    reduce your request rate." The query services: "Throttling: Rate exceeded";
    the JSON ones "ThrottlingException".
    """
    if call.service == "ec2":
        return call.error(503, "RequestLimitExceeded", "Request limit exceeded.")
    if call.service == "s3":
        return call.error(503, "SlowDown", "Please reduce your request rate.")
    if call.service == "lambda":
        return call.error(429, "TooManyRequestsException", "Rate exceeded")
    if call.protocol() in ("query", "rest-xml"):
        return call.error(400, "Throttling", "Rate exceeded")
    return call.error(400, "ThrottlingException", "Rate exceeded")
