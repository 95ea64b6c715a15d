"""Scenarios: what has happened in the account before the story begins.

A scenario is a module cordonlab.scenarios.NAME with build(lab, now) -> truth.
lab is a world.World: it makes real calls to this very server, signed, each at
the story's own time, so that the trail holds nothing that was not done. The
truth (JSON) says who did what, for tests to compare with.
"""

from __future__ import annotations

import datetime as dt
import importlib
import re
import threading
from typing import Any, Optional

from . import clock

_TRUTH: dict[str, Any] = {}


def build(name: str, now: Optional[dt.datetime], make_world) -> dict[str, Any]:
    """Run a scenario in a thread of its own; what it says is true.

    The thread keeps the clock and the credentials of the request that asked
    for it out of the story. moto's ids and keys are the same in every new lab:
    what comes of a story does not hang on chance. ValueError if there is no
    such scenario.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ValueError(f"{name!r} is no name of a scenario")
    path = f"{__package__}.scenarios.{name}"
    try:
        module = importlib.import_module(path)
    except ModuleNotFoundError as error:
        if error.name != path:
            raise
        raise ValueError(f"there is no scenario {name!r}") from None
    if not callable(getattr(module, "build", None)):
        raise ValueError(f"{name!r} is no scenario")
    outcome: dict[str, Any] = {}

    def run() -> None:
        from moto.moto_api._internal import mock_random

        try:
            mock_random.seed(name)
            moment = now or clock.real_utcnow().replace(microsecond=0)
            outcome["truth"] = module.build(make_world(), moment)
        except BaseException as error:  # handed to the caller below
            outcome["error"] = error

    thread = threading.Thread(target=run, name=f"scenario {name}")
    thread.start()
    thread.join()
    if "error" in outcome:
        raise outcome["error"]
    _TRUTH.clear()
    _TRUTH.update(outcome["truth"] or {})
    return dict(_TRUTH)


def truth() -> dict[str, Any]:
    """What the last scenario said is true."""
    return dict(_TRUTH)


def reset() -> None:
    """Forget the truth."""
    _TRUTH.clear()
