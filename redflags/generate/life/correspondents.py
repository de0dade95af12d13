"""Respondent banks: what was agreed with them, whom they serve, and an even stream of payments both ways."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from redflags.generate.clock import moments, workdays
from redflags.generate.tape import Side, sides
from redflags.generate.words import GOODS
from redflags.generate.world import World, utc

if TYPE_CHECKING:
    from redflags.generate.clock import Ints

__all__ = ["live"]

# Country of the respondent, countries it serves, value a month in whole euros, payable-through approved.
_RESPONDENTS: Final = (
    ("PL", ("PL", "CZ"), 260_000, False),
    ("TR", ("TR", "GE"), 190_000, False),
    ("RS", ("RS", "MD"), 120_000, False),
    ("MA", ("MA", "TN"), 140_000, True),
    ("PE", ("PE",), 90_000, False),
    ("LK", ("LK",), 80_000, False),
)


def live(world: World) -> None:
    """Keep accounts for respondent banks and write their payments on the tape."""
    rng = world.rng("respondents")
    beneficiaries = [world.outsider(rng, world.names.firm()) for _ in range(30)]
    for country, served, value, approved in _RESPONDENTS:
        account, banks = _open(world, rng, country, served, value, approved=approved)
        _unusual_route(world, rng, account, beneficiaries[0], served[0])
        _flows(world, rng, account, banks, beneficiaries, served=served, value=value, approved=approved)


def _open(
    world: World, rng: np.random.Generator, country: str, served: tuple[str, ...], value: int, *, approved: bool
) -> tuple[Side, list[str]]:
    home = world.atlas.home_regions()[0]
    opened = world.period.first - int(rng.integers(500, 2_500))
    party = world.party(
        "financial_institution",
        world.names.firm("Bank"),
        residence_country=country,
        incorporation_country=country,
        incorporation_date=utc(opened - 6_000).date(),
        onboarded_at=utc(opened),
        industry_code="banking",
        segment="correspondent",
        party_class="respondent",
        is_regulated=True,
        employees_count=900,
        paid_in_capital=60_000_000,
        expected_monthly_turnover=value * 2,
        expected_countries=sorted(served),
        edd_completed_at=utc(world.period.first - 100),
        edd_valid_until=utc(world.period.last + 400),
    )
    bank = world.outsider(rng, str(world.parties[party]["name"]), country).bank_id
    side = world.account(
        party,
        home,
        "correspondent",
        opened,
        respondent_bank_id=bank,
        payable_through_approved=approved,
    )
    since = utc(opened)
    world.add(
        "respondents",
        respondent_bank_id=bank,
        account_id=side.account_id,
        party_id=party,
        expected_countries=sorted({*served, "DE"}),
        expected_monthly_value=value * 2,
        peer_group="regional",
        valid_from=since,
    )
    banks = [bank]
    for _ in range(int(rng.integers(0, 3))):
        downstream = world.outsider(rng, world.names.firm("Bank"), served[-1]).bank_id
        if downstream not in banks:
            world.add("bank_relations", respondent_bank_id=bank, downstream_bank_id=downstream, valid_from=since)
            banks.append(downstream)
    return side, banks


def _flows(
    world: World,
    rng: np.random.Generator,
    account: Side,
    banks: list[str],
    beneficiaries: list[Side],
    *,
    served: tuple[str, ...],
    value: int,
    approved: bool,
) -> None:
    customers = [world.names.firm() for _ in range(14)]
    for month in world.period.months():
        count = 16 if month >= world.period.full else 5
        length = min(27, world.period.last - int(month) - 2)
        days = workdays(month + np.sort(rng.integers(0, length, count)))
        which = rng.integers(0, len(customers), count)
        near = [
            replace(
                account,
                name=customers[int(i)],
                bank_id=banks[int(i) % len(banks)],
                country=served[int(i) % len(served)],
                bank_country=served[-1] if int(i) % len(banks) else _seat(world, account),
                region=f"{served[int(i) % len(served)]}-XA1",
            )
            for i in which
        ]
        # What comes in names the respondent; its customer stands in the text.
        own = [replace(side, name=account.name) for side in near]
        far = [beneficiaries[int(i)] for i in rng.integers(0, len(beneficiaries), count)]
        shares = rng.dirichlet(np.full(count, 5.0), 2)
        total = value * 100 * rng.uniform(0.9, 1.1, 2)
        texts = [
            f"{GOODS[int(i)]} {side.name.split()[0]} {customers[int(who)].split()[0]}"
            for i, side, who in zip(rng.integers(0, len(GOODS), count), far, which, strict=True)
        ]
        _wires(
            world,
            rng,
            days,
            (shares[0] * total[0]).astype(np.int64),
            near,
            far,
            texts,
            served=served,
            approved=approved,
        )
        _wires(
            world,
            rng,
            days + 1,
            (shares[1] * total[1]).astype(np.int64),
            far,
            own,
            texts,
            served=served,
            approved=approved,
        )


def _unusual_route(world: World, rng: np.random.Generator, account: Side, payee: Side, country: str) -> None:
    """Once, a bank that nobody declared sends a payment the long way round."""
    stray = world.outsider(rng, world.names.firm("Bank"), country)
    world.tape.put(
        moments(rng, workdays(np.array([world.period.full + int(rng.integers(20, 90))])), 7, 18),
        [int(rng.integers(52, 61)) * 100_00],
        txn_type="wire",
        instrument="wire",
        channel="api",
        purpose_code="SUPP",
        purpose_text=f"order {stray.name.split()[0]}",
        intermediary_countries=("AE", "SG"),
        intermediary_id=stray.bank_id,
        is_banknote_shipment=False,
        ends=sides(replace(account, name=world.names.firm(), bank_id=stray.bank_id, country=country), payee),
    )


def _seat(world: World, account: Side) -> str:
    """Country of the bank behind a correspondent account."""
    return str(world.parties[str(account.party_id)]["residence_country"])


def _wires(
    world: World,
    rng: np.random.Generator,
    days: Ints,
    cents: Ints,
    sources: list[Side],
    targets: list[Side],
    texts: list[str],
    *,
    served: tuple[str, ...],
    approved: bool,
) -> None:
    world.tape.put(
        moments(rng, np.minimum(days, world.period.last), 7, 18),
        np.maximum(cents, 120_00),
        txn_type="wire",
        instrument="wire",
        channel="api",
        purpose_code="SUPP",
        purpose_text=texts,
        is_banknote_shipment=False,
        sub_account_id=[
            f"SUB-{source.name.split()[0]}" if approved and source.party_id else None for source in sources
        ],
        intermediary_countries=None if len(served) > 1 else ("FR",),
        ends=sides(sources, targets),
    )
