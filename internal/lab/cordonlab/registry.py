"""The seam between the server and the modules that mend moto.

A module that corrects something imports this one, and nothing of the server:

    from . import registry

    @registry.answers("iam:ListUsers")
    def list_users(call, account):          # we answer instead of moto
        return {"Users": [...], "IsTruncated": False}

    @registry.after("iam:GetAccountSummary")
    def summary(call, account, result):     # moto answers, we correct it
        result["SummaryMap"]["Users"] = 3
        return result

    @registry.installer
    def install():                          # runs once at start
        patch_a_moto_backend()

Results have botocore's output shape; the server serialises them in the
protocol of the call. Strings go out as they are: IAM's policy documents must
be URL-encoded by the function, as AWS does. An answer is refused by raising
AwsError.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Optional

#: (service, operation) -> fn(call, account) -> result
ANSWERS: dict[tuple[str, str], Callable] = {}

#: (service, operation) -> list of fn(call, account, result) -> result
AFTER: dict[tuple[str, str], list[Callable]] = {}

#: functions run once at start, in the order of registration
INSTALLERS: list[Callable[[], None]] = []

#: fn(call, account), called after each IAM write that succeeded
MUTATED: list[Callable] = []

#: functions run by a reset, after moto's own backends have been emptied
RESETTERS: list[Callable[[], None]] = []


class AwsError(Exception):
    """An error of AWS: HTTP status, error code and message.

    The server gives it the shape of the protocol of the call. Use the code as
    the service spells it for its own protocol.
    """

    def __init__(self, status: int, code: str, message: str):
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message


@dataclass
class Identity:
    """Who made a call.

    refusal is None, or one of REFUSALS: the credentials exist in a state (or
    do not exist) in which AWS refuses every call. session holds what policy
    conditions need to know of a session (issue time, multi-factor, tags).
    """

    user_identity: dict[str, Any]
    account: str
    arn: str = ""
    refusal: Optional[str] = None
    session: dict[str, Any] = field(default_factory=dict)


REFUSALS = ("inactive", "deleted", "expired", "revoked", "unknown", "bad-signature")

#: fn(call) -> Identity; None until a module sets it
identify: Optional[Callable] = None

#: fn(call, identity) -> None or an AwsError; None until a module sets it
authorize: Optional[Callable] = None


def _split(name: str) -> tuple[str, str]:
    service, _, operation = name.partition(":")
    if not service or not operation:
        raise ValueError(f"not a service:Operation name: {name!r}")
    return service, operation


def answers(*names: str) -> Callable:
    """Register a function that answers the named operations instead of moto.

    Two modules must not answer one operation: the second would silently win.
    """

    def register(function: Callable) -> Callable:
        for name in names:
            key = _split(name)
            if key in ANSWERS and ANSWERS[key] is not function:
                raise ValueError(f"{name} is already answered by {ANSWERS[key].__module__}")
            ANSWERS[key] = function
        return function

    return register


def after(*names: str) -> Callable:
    """Register a function that corrects moto's answer to the named operations."""

    def register(function: Callable) -> Callable:
        for name in names:
            AFTER.setdefault(_split(name), []).append(function)
        return function

    return register


def installer(function: Callable[[], None]) -> Callable[[], None]:
    """Register a function that patches moto once, before the first call."""
    INSTALLERS.append(function)
    return function


def mutated(function: Callable) -> Callable:
    """Register a function called after each successful IAM write."""
    MUTATED.append(function)
    return function


def resetter(function: Callable[[], None]) -> Callable[[], None]:
    """Register a function that empties a module's own state on reset."""
    RESETTERS.append(function)
    return function


def identifies(function: Callable) -> Callable:
    """Set the function that says who is calling."""
    global identify
    identify = function
    return function


def authorizes(function: Callable) -> Callable:
    """Set the function that evaluates policies before an operation."""
    global authorize
    authorize = function
    return function
