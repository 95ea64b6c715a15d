"""The control interface under /_lab/: JSON in, JSON out, by token only."""

from __future__ import annotations

import json
import os
import threading
import traceback
from typing import Any, Callable
from urllib.parse import parse_qs

from . import VERSION, clock, faults, forking, loading, seeding, server, state, trail
from .wire import Answer, BadRequest, _body

_ROUTES: dict[tuple[str, str], Callable] = {}

#: what needs the lab for itself, or calls it
_UNGATED = ("/fork", "/reset", "/seed", "/stop")


class Refused(Exception):
    """What was asked for cannot be done; the text says why."""


def _route(method: str, path: str) -> Callable:
    def register(function: Callable) -> Callable:
        _ROUTES[(method, path)] = function
        return function

    return register


def handle(lab: "server.Lab", environ: dict[str, Any], path: str) -> Answer:
    """Answer one control request. The token has been checked."""
    name = path[len("/_lab") :].rstrip("/")
    function = _ROUTES.get((environ["REQUEST_METHOD"], name))
    if function is None:
        return _json(404, {"error": f"there is no {environ['REQUEST_METHOD']} /_lab{name}"})
    try:
        raw = _body(environ)
        given = json.loads(raw) if raw.strip() else {}
        query = {k: v[-1] for k, v in parse_qs(environ.get("QUERY_STRING", "")).items()}
        if name in _UNGATED:
            return _json(200, function(lab, given, query))
        with lab.gate.shared():  # a fork must find no lock held
            return _json(200, function(lab, given, query))
    except (BadRequest, Refused, ValueError) as error:
        return _json(400, {"error": str(error)})
    except Exception as error:
        traceback.print_exc()
        return _json(500, {"error": f"{type(error).__name__}: {error}"})


def _json(status: int, value: Any) -> Answer:
    body = json.dumps(value, default=str, sort_keys=True).encode()
    return Answer(status, {"Content-Type": "application/json"}, body)


@_route("GET", "/health")
def health(lab, given, query):
    """That the lab is up, and which one this is."""
    return {
        "ok": True,
        "pid": os.getpid(),
        "port": lab.port,
        "version": VERSION,
        "account": state.DEFAULT_ACCOUNT,
        "events": len(trail.RECORDS),
    }


@_route("POST", "/reset")
def reset(lab, given, query):
    """An empty account."""
    with lab.gate.alone():
        loading.reset()
        server.MISSING.clear()
    return {"ok": True}


@_route("POST", "/fork")
def fork(lab, given, query):
    """A copy of the whole lab on another port."""
    with lab.gate.alone():
        lab.warm()
        port, pid = forking.request()
    return {"port": port, "pid": pid}


@_route("POST", "/stop")
def stop(lab, given, query):
    """End this process, once the answer is out."""
    threading.Timer(0.05, os._exit, (0,)).start()
    return {"ok": True}


@_route("GET", "/events")
def events(lab, given, query):
    """What was called, in order of arrival."""
    last = int(query["n"]) if query.get("n") else None
    return trail.listing(query.get("mutating") in ("1", "true"), last)


@_route("POST", "/events")
def tell(lab, given, query):
    """Write down a record of what the lab itself does not do, such as a session that a service of AWS's begins."""
    trail.tell(given)
    return {"ok": True}


@_route("POST", "/deliver")
def deliver(lab, given, query):
    """Have the trails deliver what they recorded into their buckets."""
    from . import delivery

    return delivery.deliver()


@_route("GET", "/missing")
def missing(lab, given, query):
    """The calls that nobody answered."""
    return dict(server.MISSING)


@_route("GET", "/faults")
def list_faults(lab, given, query):
    """The rules, and how often each struck."""
    return faults.listing()


@_route("POST", "/faults")
def add_fault(lab, given, query):
    """Add a rule."""
    return {"rules": faults.add(given)}


@_route("DELETE", "/faults")
def clear_faults(lab, given, query):
    """Remove all rules."""
    faults.clear()
    return {"rules": 0}


@_route("GET", "/settings")
def settings(lab, given, query):
    """The settings."""
    return dict(state.SETTINGS)


@_route("POST", "/settings")
def change_settings(lab, given, query):
    """Change some settings; the answer has them all."""
    if not isinstance(given, dict):
        raise Refused("settings are an object")
    checked = {name: _checked(name, value) for name, value in given.items()}
    with state.LOCK:
        state.SETTINGS.update(checked)
    return dict(state.SETTINGS)


def _checked(name: str, value: Any) -> Any:
    if name not in state.SETTINGS:
        raise Refused(f"there is no setting {name!r}")
    if name == "auth":
        if value not in state.AUTH_MODES:
            raise Refused(f"auth is one of {', '.join(state.AUTH_MODES)}")
    elif name.endswith("_regions"):
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise Refused(f"{name} is a list of names")
    elif isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise Refused(f"{name} is a number that is not negative")
    return value


@_route("POST", "/seed")
def seed(lab, given, query):
    """Run a scenario; its truth."""
    name = given.get("scenario")
    if not isinstance(name, str):
        raise Refused("seed needs the name of a scenario")
    now = clock.parse(given["now"]) if given.get("now") else None
    return seeding.build(name, now, lambda: _world(lab))


def _world(lab: "server.Lab") -> Any:
    from .scenarios.world import World

    return World(
        f"http://127.0.0.1:{lab.port}",
        lab.token,
        os.environ.get("CORDON_LAB_ROOT_KEY", ""),
        os.environ.get("CORDON_LAB_ROOT_SECRET", ""),
        state.DEFAULT_ACCOUNT,
    )


@_route("GET", "/truth")
def truth(lab, given, query):
    """What the last scenario said is true."""
    return seeding.truth()


@_route("GET", "/dump")
def dump_all(lab, given, query):
    """What the backends hold, resource by resource."""
    from . import dump

    asked = [s for s in query.get("service", "").split(",") if s]
    return dump.services(asked)


