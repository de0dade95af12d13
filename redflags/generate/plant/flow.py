"""Flows: money gathered, sprayed, woken up, carried across the country, or beyond all declared means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from redflags.generate.clock import DAY, HOUR
from redflags.generate.plant.case import Case, euros
from redflags.generate.tape import sides
from redflags.generate.words import SMALL_TALK

if TYPE_CHECKING:
    from redflags.generate.places import ServicePoint
    from redflags.generate.world import Firm, Person

__all__ = ["beyond_means", "collector", "distributor", "dormant", "funnel"]


def _talk(case: Case, count: int) -> list[str | None]:
    return [SMALL_TALK[int(i)] for i in case.rng.integers(0, len(SMALL_TALK), count)]


def collector(case: Case) -> None:
    """Many unknown senders, and nearly all of it moves on to one or two beneficiaries."""
    who = case.world.cast_person("student")
    count, days, exits = case.by_strength((18, 7, 1), (14, 9, 2), (11, 10, 2))
    senders = [case.world.outsider(case.rng, case.world.names.person()) for _ in range(count)]
    cents = euros(case.rng, 360, 1_700, count, 10)
    first = case.start(days + 2)
    case.receive("credit", case.spread(first, days, count, 8, 22), cents, senders, who.main, text=_talk(case, count))
    # The holder's own grant of the month may fall into the window: the exits carry that much more.
    total = int(cents.sum()) + who.pay * 3 // 5
    parts = [total] if exits == 1 else [total * 55 // 100, total * 45 // 100]
    targets = [case.world.outsider(case.rng, case.world.names.person()) for _ in parts]
    case.send(
        "exit",
        case.spread(first + days + 1, 1, exits),
        [part // 10_00 * 10_00 for part in parts],
        who.main,
        targets,
        device=who.device,
        text=_talk(case, exits),
    )
    case.tell(
        who,
        f"{count} unknown senders within {days} days, then nearly all of it leaves to {exits} new payee(s).",
        account=who.main,
    )


def distributor(case: Case) -> None:
    """A large credit, sprayed within hours over people never paid before, in similar amounts."""
    who = case.world.cast_person()
    credit, count, hours = case.by_strength((19_800_00, 10, 18), (9_600_00, 7, 44), (6_150_00, 6, 60))
    source = case.world.outsider(case.rng, case.world.names.firm())
    begin = case.start(4) * DAY + 10 * HOUR + int(case.rng.integers(0, HOUR))
    case.receive("credit", np.array([begin]), [credit], [source], who.main, text="settlement of account")
    share = credit * case.by_strength(92, 86, 78) // 100
    parts = (share / count * case.rng.uniform(0.9, 1.1, count)).astype(np.int64) // 5_00 * 5_00
    at = np.sort(begin + HOUR + (np.linspace(0.02, 0.94, count) * hours * HOUR).astype(np.int64))
    targets = [case.world.outsider(case.rng, case.world.names.person()) for _ in range(count)]
    case.send("payout", at, parts, who.main, targets, device=who.device, text=_talk(case, count))
    case.tell(
        who,
        f"{credit / 100:,.0f} comes in and goes to {count} new payees within {hours + 1} hours.",
        account=who.main,
    )


def dormant(case: Case) -> None:
    """An account that slept for months takes in a large sum and passes it on."""
    who = case.world.cast_person()
    world, period = case.world, case.world.period
    opened = period.first - int(case.rng.integers(200, 900))
    account = world.account(who.party_id, who.home, "current", opened)
    quiet, total, kept, days = case.by_strength((520, 24_000, 2, 4), (310, 12_500, 15, 12), (215, 6_900, 28, 20))
    first = case.start(days + 1, quiet=30)
    # A little ordinary use until the silence begins; the bank's own fee goes on through it.
    used = np.arange(period.first + 12, first - quiet, 31)
    world.tape.put(
        used * DAY + 11 * HOUR,
        case.rng.integers(4, 20, len(used)) * 10_00,
        txn_type="internal_transfer",
        instrument="wire",
        channel="online",
        purpose_text="to second account",
        ends=sides(who.main, account),
    )
    fees = period.months()[2::3] + 27
    world.tape.put(
        fees * DAY + 2 * HOUR,
        np.full(len(fees), 4_50),
        txn_type="fee",
        instrument="other",
        channel="api",
        initiator="bank",
        purpose_code="BKFE",
        purpose_text="account fee",
        ends=sides(account, None),
    )
    cents = euros(case.rng, total // 3, total // 3 + 200, 3, 10)
    senders = [world.outsider(case.rng, world.names.person()) for _ in range(3)]
    case.receive("credit", case.spread(first, days // 2, 3), cents, senders, account, text=_talk(case, 3))
    gone = int(cents.sum()) * (100 - kept) // 100
    targets = [world.outsider(case.rng, world.names.person()) for _ in range(2)]
    case.send(
        "exit",
        case.spread(first + days // 2 + 1, days - days // 2, 2),
        [gone * 6 // 10, gone * 4 // 10],
        account,
        targets,
        device=who.device,
        text=_talk(case, 2),
    )
    case.tell(
        who,
        f"An account silent for {quiet} days takes in about {total:,} and passes {100 - kept}% on within "
        f"{days + 1} days.",
        account=account,
    )


def funnel(case: Case) -> None:
    """Cash paid in far from home in several regions, taken out elsewhere soon after."""
    who = case.world.cast_person()
    count, spread, days = case.by_strength((9, 5, 21), (7, 4, 22), (5, 3, 24))
    far = case.world.atlas.away_from(who.home, 170)
    chosen = [far[int(i)] for i in case.rng.permutation(len(far))[:spread]]
    at = case.spread(case.start(days + 1), days, count)
    cents = euros(case.rng, 1_900, 4_800, count)
    points: list[ServicePoint] = [
        case.world.point(case.rng, chosen[k % spread], "deposit_machine" if k % 2 else "branch") for k in range(count)
    ]
    case.deposit(
        "deposit",
        at,
        cents,
        who.main,
        points=[point.columns() for point in points],
        conductors=[None] * count,
    )
    share = case.by_strength(96, 88, 80)
    for moment, amount in zip(at, cents, strict=True):
        # The day after, at the holder's own branch: near home and far from every deposit.
        later = (moment // DAY + 1) * DAY + case.rng.integers(int(9.5 * HOUR), 17 * HOUR, 1)
        case.put(
            "withdrawal",
            later,
            [int(amount) * share // 100 // 5_00 * 5_00],
            ends=sides(who.main, None),
            txn_type="cash_withdrawal",
            instrument="cash",
            conductor_id=who.party_id,
            where=case.world.point(case.rng, who.home, "branch").columns(),
        )
    case.tell(
        who,
        f"{count} cash deposits in {spread} regions far from home, drawn out at home the day after.",
        account=who.main,
    )


def beyond_means(case: Case) -> None:
    """Credits far beyond the declared income or turnover."""
    days = case.by_strength(95, 90, 85)
    first = case.start(days, quiet=2)
    count = case.by_strength(16, 14, 22)
    if case.strength == "plain":
        firm = case.world.cast_firm()
        expected = firm.turnover // 100 * 115 // 100
        who: Firm | Person = firm
        total, source = expected * 18, "invoices"
    else:
        person = case.world.cast_person()
        declared = int(case.rng.integers(19, 24)) * 1_000
        case.world.parties[person.party_id]["declared_income_annual"] = declared
        who = person
        total, source = declared * case.by_strength(5, 0, 2), "people and firms"
    parts = case.rng.dirichlet(np.full(count, 8.0)) * total
    senders = [case.world.outsider(case.rng, case.world.names.firm()) for _ in range(count)]
    case.receive(
        "credit",
        case.spread(first, days, count),
        (parts // 10).astype(np.int64) * 10_00,
        senders,
        who.main,
        text=[f"order {sender.name.split()[0]}" for sender in senders],
    )
    case.tell(who, f"About {total:,} from {source} within {days} days, beyond what the customer declared.")
