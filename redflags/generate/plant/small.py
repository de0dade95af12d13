"""Small sums with a purpose: gifts gathered by a private person and sent on, prepaid cards filled for others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from redflags.generate.clock import DAY, HOUR
from redflags.generate.plant.case import euros
from redflags.generate.tape import sides
from redflags.generate.world import utc

if TYPE_CHECKING:
    from redflags.generate.plant.case import Case

__all__ = ["donor_bucket", "prepaid_loads"]


def donor_bucket(case: Case) -> None:
    """Many small gifts to a private account, and most of it goes abroad to one person; no payment need reach 500."""
    who, world = case.world.cast_person(), case.world
    # Whoever supports relatives abroad would hide the story among it.
    who.kin = None
    count, low, high, days, share, pieces = case.by_strength(
        (36, 40, 190, 25, 92, 1), (24, 20, 60, 21, 88, 2), (17, 20, 90, 18, 92, 2)
    )
    givers = [world.outsider(case.rng, world.names.person()) for _ in range(count)]
    cents = euros(case.rng, low, high, count)
    first = case.start(days + 4)
    case.receive("gift", case.spread(first, days, count, 8, 22), cents, givers, who.main, text="gift")
    country, region = case.by_strength(("TR", "TR-XT1"), ("SO", "SO-XA2"), ("TR", "TR-XT1"))
    target = world.outsider(case.rng, world.names.person(), country, region)
    gone = int(cents.sum()) * share // 100
    case.put(
        "exit",
        case.spread(first + days + 1, 2, pieces),
        [gone] if pieces == 1 else [gone // 2, gone - gone // 2],
        ends=sides(who.main, target),
        txn_type="remittance",
        instrument="wire",
        channel="mobile",
        provider_id=world.providers[0],
        device_id=who.device,
        ip_country=who.main.country,
        purpose_text="help",
    )
    case.tell(
        who,
        f"{count} gifts of {low} to {high} within {days} days; {share}% goes abroad to one person.",
        account=who.main,
    )


def prepaid_loads(case: Case) -> None:
    """Several prepaid cards, most of them other people's, are filled again and again to just under their limit."""
    who, world = case.world.cast_person(), case.world
    cards, loads, days = case.by_strength((9, 22, 24), (6, 11, 25), (4, 6, 26))
    own: list[str] = []
    for number in range(cards):
        holder = who.party_id if number == 0 else world.stranger(case.rng, world.period.full - 60)
        card = world.id("card")
        own.append(card)
        world.add(
            "cards",
            card_id=card,
            party_id=holder,
            account_id=None,
            product="prepaid",
            load_limit=150,
            valid_from=utc(world.period.full - 50),
        )
    first = case.start(days)
    steps = np.sort(case.rng.integers(0, days + 1, loads))
    steps[0], steps[-1] = 0, days
    case.put(
        "load",
        (first + steps) * DAY + case.rng.integers(9 * HOUR, 20 * HOUR, loads),
        case.rng.integers(137, 150, loads) * 100,
        ends=sides(who.main, world.outsider(case.rng, world.names.person())),
        txn_type="prepaid_load",
        instrument="prepaid",
        channel="mobile",
        card_id=[own[k % cards] for k in range(loads)],
        provider_id=world.providers[3],
        device_id=who.device,
        ip_country=who.main.country,
    )
    case.tell(
        who,
        f"{cards} prepaid cards filled {loads} times within {days} days, each time to just under 150.",
        account=who.main,
    )
