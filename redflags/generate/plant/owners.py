"""Ownership that leads nowhere: rings of firms, long chains through many countries, owners that nobody names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redflags.generate.plant.case import euros
from redflags.generate.world import utc

if TYPE_CHECKING:
    from redflags.generate.plant.case import Case
    from redflags.generate.tape import Side

__all__ = ["nowhere"]


def _holding(case: Case, country: str) -> Side:
    world = case.world
    party = world.party(
        "company",
        world.names.firm("Holdings"),
        is_customer=False,
        residence_country=country,
        incorporation_country=country,
        incorporation_date=utc(world.period.first - int(case.rng.integers(500, 2_000))).date(),
        onboarded_at=utc(world.period.first - 30),
        industry_code="holding",
        segment="related",
        is_pep=None,
        expected_countries=None,
        group_countries=None,
        registered_regions=None,
    )
    return world.outsider(case.rng, str(world.parties[party]["name"]), country, party=party)


def nowhere(case: Case) -> None:
    """A firm's owners form a ring, or a chain of many countries, or are for the most part unknown; it pays them."""
    firm, world = case.world.cast_firm(), case.world
    since = world.period.first - 20
    known = next(
        row for row in world.tables["party_links"] if row["party_id"] == firm.party_id and row["role"] == "owner"
    )
    above = [_holding(case, country) for country in case.by_strength(("VG", "CY"), ("CY", "PA", "LU", "MT"), ("SC",))]
    chain = [firm.party_id, *(str(side.party_id) for side in above)]
    if case.strength == "blatant":
        known["share_pct"] = 0.1
        shares = [0.9, 1.0, 1.0]
        chain.append(firm.party_id)
    elif case.strength == "plain":
        known["share_pct"] = 0.0
        person = world.stranger(case.rng, world.period.first - 100)
        shares = [1.0] * 5
        chain.append(person)
    else:
        known["share_pct"] = 0.4
        shares = [0.6]
    for owned, owner, share in zip(chain, chain[1:], shares, strict=False):
        world.link(owned, owner, "owner", since, share)
    count, days = case.by_strength((4, 70), (3, 60), (2, 45))
    low = max(firm.turnover // 100 // 12, 2_000)
    case.send(
        "payment",
        case.spread(case.start(days), days, count),
        euros(case.rng, low, low * 12 // 10, count, 50),
        firm.main,
        above[0],
        device=firm.device,
        text=f"dividend {above[0].name.split()[0]}",
    )
    case.tell(
        firm,
        case.by_strength(
            "A firm that owns itself through two holdings pays dividends into the ring.",
            "Four holdings in four countries stand between a firm and the person behind it; it pays dividends up.",
            "Three fifths of a firm belong to a holding without owners on file; it is paid dividends.",
        ),
    )
