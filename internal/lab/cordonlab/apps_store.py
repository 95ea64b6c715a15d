"""A small store for services that moto lacks: by account, region and service, emptied with the lab."""
from . import clock, state
from .pages import token_page
from .registry import AwsError


def store(account, region, service):
    """What one service holds in one region: name -> entry."""
    with state.LOCK:
        return state.seeded(account).setdefault("apps", {}).setdefault((region, service), {})


def every(account, service):
    """(region, name, entry) of one service in all regions."""
    for (region, name), entries in list(state.seeded(account).get("apps", {}).items()):
        if name == service:
            for key, entry in list(entries.items()):
                yield region, key, entry


def now():
    return clock.utcnow().replace(microsecond=0)


def arn(service, region, account, resource):
    return f"arn:aws:{service}:{region}:{account}:{resource}"


def page(call, items, key, size, token):
    """One page of a list; token is the member that carries the marker both ways."""
    return token_page({key: items}, key, size, call.params.get(token), f"{call.service}:{call.op}",
                      AwsError(400, "ValidationException", "The token is invalid."), token)
