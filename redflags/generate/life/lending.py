"""Loans: paid out, paid back by instalments, now and then early or by another lender; firms' loans with collateral."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from redflags.generate.clock import Ints, moments, workdays
from redflags.generate.tape import Side, sides
from redflags.generate.words import HOME_CURRENCY
from redflags.generate.world import Firm, Person, World, utc

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["live"]

_PURPOSES: Final = ("car", "kitchen", "home", "education", "furniture")


def live(world: World) -> None:
    """Write loans and their repayments."""
    rng = world.rng("loans")
    people = world.idle_people()
    borrowers = [people[int(i)] for i in rng.permutation(len(people))[: max(len(people) // 5, 3)]]
    dealer = world.outsider(rng, world.names.firm("Motors"))
    for number, person in enumerate(borrowers):
        _personal(world, rng, person, number, dealer)
    _two_at_once(world, rng, [p for p in people if p not in borrowers][:2])
    for number, firm in enumerate(world.idle_firms()[::7]):
        _business(world, rng, firm, number)


def _file(
    world: World, who: Person | Firm, *, day: int, cents: int, months: int, purpose: str, collateral: str | None
) -> tuple[str, int]:
    """Put a loan on file and pay it out where its day lies in the data; gives its id and its instalment."""
    loan = world.id("loan")
    instalment = int(cents * 1.06 / months) // 10_00 * 10_00
    world.add(
        "loans",
        loan_id=loan,
        party_id=who.party_id,
        account_id=who.main.account_id,
        lender_id=world.bank_id,
        principal=cents // 100,
        currency=HOME_CURRENCY,
        purpose=purpose,
        disbursed_at=utc(day),
        first_payment_at=utc(day + 31),
        maturity_date=utc(day + 31 * months),
        instalment=instalment // 100,
        collateral_type=collateral,
        collateral_country=who.home.country if collateral else None,
        collateral_owner_party_id=who.party_id if collateral else None,
    )
    if day >= world.period.first:
        world.tape.put(
            moments(world.rng("paid out", loan), np.array([day]), 9, 12),
            [cents],
            txn_type="loan_disbursement",
            instrument="wire",
            channel="api",
            initiator="bank",
            purpose_code="LOAN",
            loan_id=loan,
            purpose_text="loan paid out",
            ends=sides(None, who.main),
        )
    return loan, instalment


def _repay(
    world: World,
    rng: np.random.Generator,
    source: Side,
    loan: str,
    days: Ints,
    cents: int | Sequence[int],
    kind: str = "loan_repayment",
) -> None:
    amounts = np.full(len(days), cents) if isinstance(cents, int) else np.asarray(cents)
    world.tape.put(
        moments(rng, workdays(days), 5, 7),
        amounts,
        txn_type=kind,
        instrument="wire",
        channel="api" if kind == "loan_repayment" else "online",
        initiator="system" if kind == "loan_repayment" else "customer",
        purpose_code="LOAN",
        loan_id=loan,
        purpose_text="instalment" if kind == "loan_repayment" else "early repayment",
        ends=sides(source, None),
    )


def _personal(world: World, rng: np.random.Generator, person: Person, number: int, dealer: Side) -> None:
    period = world.period
    new = number % 3 == 0
    day = period.full + int(rng.integers(20, 80)) if new else period.first - int(rng.integers(30, 700))
    purpose = _PURPOSES[number % len(_PURPOSES)]
    cents = int(rng.integers(4, 14)) * 1_000_00
    if new:
        # The bank lent it and knows what for.
        world.parties[person.party_id]["expected_change_until"] = utc(day + 40)
    loan, instalment = _file(
        world,
        person,
        day=day,
        cents=cents,
        months=48,
        purpose=purpose,
        collateral="vehicle" if purpose == "car" else "property" if purpose == "home" else None,
    )
    dues = np.array([m + 14 for m in period.months() if m + 14 > day + 28 and m + 14 <= period.last], dtype=np.int64)
    if number % 8 == 5 and len(dues) > 9:
        # Paid off early from savings, or taken over by another lender: no further instalments.
        dues = dues[:-4]
        rest = max(cents - instalment * len(dues), 900_00)
        _repay(world, rng, person.main, loan, dues[-1:] + 9, [rest], "unscheduled_repayment")
        lender = world.outsider(rng, world.names.firm("Lending"))
        world.tape.put(
            moments(rng, workdays(dues[-1:] + 8), 9, 12),
            [rest],
            txn_type="transfer",
            instrument="wire",
            channel="online",
            purpose_code="LOAN",
            purpose_text="loan of another bank takes this one over",
            ends=sides(lender, person.main),
        )
    _repay(world, rng, person.main, loan, dues, instalment)
    if new:
        world.tape.put(
            moments(rng, workdays(np.array([day + 1])), 9, 17),
            [cents * 97 // 100],
            txn_type="transfer",
            instrument="wire",
            channel="online",
            device_id=person.device,
            ip_country=person.main.country,
            purpose_text=f"{purpose} contract {int(rng.integers(1_000, 9_000))}",
            ends=sides(person.main, dealer),
        )


def _two_at_once(world: World, rng: np.random.Generator, people: list[Person]) -> None:
    """Two loans on one day: the second repays the first."""
    for person in people:
        day = world.period.full + 34
        world.parties[person.party_id]["expected_change_until"] = utc(day + 40)
        first, _ = _file(world, person, day=day - 500, cents=5_000_00, months=60, purpose="furniture", collateral=None)
        dues = np.array([m + 14 for m in world.period.months() if day - 460 < m + 14 < day], dtype=np.int64)
        _repay(world, rng, person.main, first, dues, 80_00)
        _, instalment = _file(world, person, day=day, cents=6_500_00, months=48, purpose="refinancing", collateral=None)
        _repay(world, rng, person.main, first, np.array([day + 1]), [3_700_00], "unscheduled_repayment")
        later = np.array([m + 14 for m in world.period.months() if m + 14 > day + 28], dtype=np.int64)
        _repay(world, rng, person.main, str(world.tables["loans"][-1]["loan_id"]), later, instalment)


def _business(world: World, rng: np.random.Generator, firm: Firm, number: int) -> None:
    """Firms borrow against machines; one of them defaulted after years."""
    period = world.period
    day = period.first - int(rng.integers(300, 900))
    cents = firm.turnover * 2 // 1_000_00 * 1_000_00
    kind = ("machinery", "property", "deposit", "machinery")[number % 4]
    loan, instalment = _file(world, firm, day=day, cents=cents, months=72, purpose="machines", collateral=kind)
    if number == 3:
        world.tables["loans"][-1]["defaulted_at"] = utc(day + 800)
        return
    dues = period.months() + 9
    _repay(world, rng, firm.main, loan, dues, instalment)
