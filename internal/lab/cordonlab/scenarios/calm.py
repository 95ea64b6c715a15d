"""A calm account: what the company runs, and nobody else. What a look around costs is measured on it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from . import names
from .company import Company, Days
from .estate import Estate
from .world import World


def build(lab: Any, now: dt.datetime) -> dict:
    """Fill the account and return who may look at it."""
    world = World.of(lab)
    world.root_facts(world.account, mfa=True, access_keys=[])
    company = Company(world, now)
    company.plan()
    Estate(company).plan()
    Days(company, now - dt.timedelta(hours=9)).plan()
    world.run()
    keys = company.admin.keys
    return {"scenario": "calm", "account": world.account, "planted": [], "owner_resources": world.book.owner_resources(),
            "caller": {"name": names.ADMIN, "access_key_id": keys.id, "secret_access_key": keys.secret, "arn": world.arn("user", names.ADMIN)}}
