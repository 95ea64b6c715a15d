"""One clock for moto, the trail and the credentials, which a request may set.

moto asks moto.core.utils.utcnow() for the time, a naive datetime in UTC.
install() puts ours in its place, so that a scenario can make last month's
events by sending X-Lab-Time with each request.
"""

from __future__ import annotations

import contextvars
import datetime as dt
import sys
from contextlib import contextmanager
from typing import Iterator, Optional

_OVERRIDE: contextvars.ContextVar[Optional[dt.datetime]] = contextvars.ContextVar(
    "cordonlab_time", default=None
)


def real_utcnow() -> dt.datetime:
    """The machine's time, naive UTC."""
    return dt.datetime.now(dt.timezone.utc).replace(tzinfo=None)


def utcnow() -> dt.datetime:
    """The time of the present request, naive UTC as in moto."""
    return _OVERRIDE.get() or real_utcnow()


def parse(text: str) -> dt.datetime:
    """An RFC 3339 time as naive UTC; ValueError if it is none."""
    value = dt.datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    if value.tzinfo is None:
        raise ValueError(f"the time {text!r} names no zone")
    return value.astimezone(dt.timezone.utc).replace(tzinfo=None)


def naive(value: dt.datetime) -> dt.datetime:
    """Any datetime as naive UTC (one without a zone is taken as UTC)."""
    if value.tzinfo is None:
        return value
    return value.astimezone(dt.timezone.utc).replace(tzinfo=None)


def iso(value: dt.datetime) -> str:
    """The time as CloudTrail and STS write it: 2026-01-31T12:00:00Z."""
    return naive(value).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def at(value: Optional[dt.datetime]) -> Iterator[None]:
    """Run a block at another time; None leaves the clock alone."""
    if value is None:
        yield
        return
    token = _OVERRIDE.set(naive(value))
    try:
        yield
    finally:
        _OVERRIDE.reset(token)


def install() -> None:
    """Put utcnow in place of moto's, also where it was already imported.

    Modules that moto loads later import it from moto.core.utils and so get
    ours without more ado.
    """
    from moto.core import utils

    old = utils.utcnow
    if old is utcnow:
        return
    utils.utcnow = utcnow
    for module in list(sys.modules.values()):
        name = getattr(module, "__name__", "")
        if name.startswith("moto.") and getattr(module, "utcnow", None) is old:
            module.utcnow = utcnow
