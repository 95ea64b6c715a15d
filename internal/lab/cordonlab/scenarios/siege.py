"""A siege: the night, and then two hours of everything else that intruders are known to leave behind.

It goes on where the night ends, with the administrator that the night made, in
twelve regions. Beside each thing stands one of the owner's that looks alike.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from .. import dump
from . import names
from .company import Company, Days
from .estate import Estate
from .night import LENGTH, Night, truth
from .siege_blind import Blinding
from .siege_spend import Spending
from .siege_stay import Staying
from .world import World

#: with the night's, twelve regions carry something of his
REGIONS = ("us-west-2", "ca-central-1", "ap-northeast-1", "eu-west-3", "us-east-2")
MORE = dt.timedelta(hours=2)


def build(lab: Any, now: dt.datetime) -> dict:
    """Fill the account and return the ground truth. Its "before" is the account as it was when the night began."""
    world = World.of(lab)
    start = now - LENGTH - MORE
    before: dict = {}
    world.root_facts(world.account, mfa=True, access_keys=[])
    company = Company(world, now)
    company.plan()
    Estate(company).plan()
    Days(company, start).plan()
    night = Night(company, start)
    world.plan(start - dt.timedelta(seconds=1), lambda: before.update(dump.services([])))
    night.plan()
    Siege(night, start + LENGTH).plan()
    world.run()
    told = truth(company, start)
    return {**told, "scenario": "siege", "before": before,
            "regions": sorted({p["region"] for p in world.book.planted} - {"global"})}


class Siege(Spending, Staying, Blinding):
    """What comes after the night. Each method is one act."""

    def __init__(self, night: Night, start: dt.datetime):
        self.night, self.start = night, start
        self.company, self.world, self.book, self.ids = night.company, night.world, night.book, night.company.ids

    def at(self, service: str, region: str) -> Any:
        """A client of the administrator whom he made."""
        return self.night.admin.at(service, region)

    def plan(self) -> None:
        minute = 0
        acts: list[tuple] = [(self.miners, region) for region in REGIONS]
        acts += [(self.containers, REGIONS[0]), (self.containers, REGIONS[1]), (self.batch, REGIONS[2]), (self.notebooks, REGIONS[3]),
                 (self.network, REGIONS[4]), (self.database, REGIONS[0]), (self.stack, REGIONS[1]), (self.stack, "eu-west-1"),
                 (self.mail, "us-east-1"), (self.site,), (self.builders, REGIONS[2])]
        acts += [(self.function_door, region) for region in (REGIONS[3], "eu-central-1")]
        acts += [(self.clockwork, region) for region in (REGIONS[4], "eu-west-1")]
        acts += [(self.queues, region) for region in ("eu-west-1", "eu-central-1", "ap-southeast-1", REGIONS[0])]
        acts += [(self.documents, "eu-west-1"), (self.anchors, REGIONS[1]), (self.own_bucket,), (self.secrets, "eu-west-1"), (self.role_chain,)]
        acts += [(self.open_queues, region) for region in ("eu-west-1", "eu-central-1")]
        acts += [(self.open_keys, region) for region in ("eu-west-1", "eu-central-1")]
        acts += [(self.buckets,), (self.expose_database,), (self.switch_off,), (self.loosen_account,)]
        for act, *args in acts:
            self.world.plan(self.start + dt.timedelta(minutes=minute), act, *args)
            minute += 2

    def plant(self, kind: str, region: str, name: str, technique: str, what: str, priority: int = 2) -> str:
        return self.book.plant(kind, region, name, technique, what, priority)

    def tamper(self, kind: str, region: str, name: str, technique: str, what: str, priority: int = 2) -> str:
        return self.book.tamper(kind, region, name, technique, what, priority)


__all__ = ["build", "names"]
