"""Non-profits: aid organisations with programmes abroad and clubs at home, and their ordinary year."""

from __future__ import annotations

import numpy as np

from redflags.generate.clock import moments, workdays
from redflags.generate.geography import RISK_REGIONS
from redflags.generate.tape import Side, sides
from redflags.generate.world import Npo, World, utc

__all__ = ["live", "make_npos"]

_WORKS = ("Water Aid", "Health Aid", "School Fund", "Relief Fund", "Seed Fund", "Shelter Aid")
_CODES = ("water", "health", "education", "food", "shelter")


def make_npos(world: World, count: int) -> None:
    """Create aid organisations, each with two programme countries on file.

    Args:
        world: Where they are kept.
        count: How many.
    """
    rng = world.rng("npos")
    for number in range(count):
        regions = world.atlas.home_regions()
        home = regions[int(rng.integers(len(regions)))]
        opened = world.period.first - int(rng.integers(400, 4_000))
        party = world.party(
            "npo",
            world.names.npo(_WORKS[number % len(_WORKS)]),
            region_code=home.code,
            onboarded_at=utc(opened),
            incorporation_country=home.country,
            incorporation_date=utc(opened - 90).date(),
            industry_code="charity",
            segment="npo",
            expected_monthly_turnover=26_000,
        )
        npo = Npo(party, world.account(party, home, "current", opened), "aid", home, world.id("device"))
        fields = [RISK_REGIONS[(number + step) % len(RISK_REGIONS)] for step in (0, 4)]
        for region, _, country, _ in fields:
            npo.partners.append(world.outsider(rng, world.names.firm("Field Office"), country, region))
        countries = sorted({country for _, _, country, _ in fields})
        world.parties[party]["expected_countries"] = countries
        world.add(
            "npo_profiles",
            party_id=party,
            registered=True,
            programme_countries=countries,
            programme_regions=sorted(region for region, *_ in fields),
            programme_codes=[_CODES[number % len(_CODES)]],
            planned_cash_share=0.1,
            valid_from=utc(opened),
        )
        world.npos.append(npo)


def live(world: World, npo: Npo, donors: list[Side]) -> None:
    """Write a year of gifts in and field payments out on the tape."""
    rng = world.rng("npo life", npo.party_id)
    period, tape = world.period, world.tape
    for month in period.months():
        dense = month >= period.full
        turn = int((month - period.first) // 30)
        length = min(28, period.last - int(month))
        givers = donors if dense else donors[turn % 4 :: 4]
        count = len(givers)
        cents = rng.choice([10, 12, 15, 18, 20, 25, 30, 35, 40, 50, 60, 75], count) * 100
        tape.put(
            moments(rng, month + rng.integers(0, length, count), 7, 22),
            cents,
            txn_type="donation",
            instrument="wire",
            channel="online",
            purpose_code="CHAR",
            purpose_text="gift",
            ends=sides(givers, npo.main),
        )
        patron = 9_000_00 + int(rng.integers(0, 400)) * 10_00
        tape.put(
            moments(rng, workdays(np.array([month + 4])), 9, 16),
            [patron],
            txn_type="grant",
            instrument="wire",
            channel="online",
            purpose_text="grant of the month",
            ends=sides(donors[0], npo.main),
        )
        partner = npo.partners[turn % len(npo.partners)]
        tape.put(
            moments(rng, workdays(np.array([month + 11])), 9, 16),
            [int(patron * rng.uniform(0.55, 0.75))],
            txn_type="wire",
            instrument="wire",
            channel="online",
            device_id=npo.device,
            ip_country=npo.main.country,
            purpose_code="CHAR",
            purpose_text=f"field budget {partner.name.split()[0]}",
            ends=sides(npo.main, partner),
        )
        tape.put(
            moments(rng, workdays(np.array([month + 23])), 5, 7),
            [2_150_00],
            txn_type="salary",
            instrument="wire",
            channel="online",
            purpose_code="SALA",
            purpose_text="salary",
            ends=sides(npo.main, donors[1]),
        )
