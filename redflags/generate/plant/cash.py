"""Cash: amounts just under the line, split over places, paid in by many, or by one for many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from redflags.generate.clock import DAY, HOUR
from redflags.generate.plant.case import Case, euros
from redflags.generate.tape import sides

if TYPE_CHECKING:
    from redflags.generate.places import Region, ServicePoint

__all__ = ["just_below", "many_depositors", "one_conductor", "split_sites"]


def just_below(case: Case) -> None:
    """Deposits that each stay just under the cash line, on several days."""
    firm = case.strength != "plain"
    who = case.world.cast_firm(cash=True) if firm else case.world.cast_person()
    low, high = case.by_strength((9_350, 9_950), (8_700, 9_800), (8_150, 8_850))
    count, days = case.by_strength((6, 8), (4, 8), (3, 9))
    at = case.spread(case.start(days), days, count)
    # One counter of the holder's own branch: the amounts tell, not the places.
    point = case.world.point(case.rng, who.home, "branch").columns()
    staff = getattr(who, "staff", [who.party_id])
    case.deposit(
        "deposit",
        at,
        euros(case.rng, low, high, count),
        who.main,
        points=[point] * count,
        conductors=[staff[0]] * count,
    )
    case.tell(
        who,
        f"{count} cash deposits between {low:,} and {high:,} within {days} days, each under the cash line.",
    )


def split_sites(case: Case) -> None:
    """Cash paid in at several service points within a day, each amount small, the sum over the line."""
    who = case.world.cast_person()
    count, low, high, hours = case.by_strength((4, 3_200, 4_600, 6), (3, 3_500, 4_300, 7), (2, 5_150, 5_600, 5))
    opening = (case.start(0) * DAY) + int(9.3 * HOUR)
    steps = np.linspace(0, hours * HOUR, count).astype(np.int64) + case.rng.integers(0, 20 * 60, count)
    points = [point.columns() for point in _places(case, who.home, count)]
    case.deposit(
        "deposit",
        opening + steps,
        euros(case.rng, low, high, count),
        who.main,
        points=points,
        conductors=[who.party_id] * count,
    )
    case.tell(
        who,
        f"{count} cash deposits at {count} service points in {hours + 1} hours, over the cash line together.",
    )


def _places(case: Case, home: Region, count: int) -> list[ServicePoint]:
    near = [point for point in home.points if point.kind != "atm"]
    return [near[int(i)] for i in case.rng.permutation(len(near))[:count]]


def many_depositors(case: Case) -> None:
    """Several people who are nothing to the holder pay cash into one account."""
    who = case.world.cast_person()
    count, low, high, days = case.by_strength((6, 2_300, 3_900, 3), (4, 2_800, 3_600, 5), (3, 3_500, 4_100, 6))
    first = case.start(days)
    at = case.spread(first, days, count)
    runners: list[str] = [case.world.stranger(case.rng, first) for _ in range(count)]
    points = [case.world.point(case.rng, who.home, "branch").columns() for _ in range(count)]
    case.deposit("deposit", at, euros(case.rng, low, high, count), who.main, points=points, conductors=runners)
    away = case.world.outsider(case.rng, case.world.names.person())
    case.send(
        "exit",
        case.spread(first + days, 1, 1),
        [count * low * 100 * 4 // 5],
        who.main,
        away,
        device=who.device,
        text="as agreed",
    )
    case.tell(who, f"{count} unrelated people pay cash into one account within {days} days.", account=who.main)


def one_conductor(case: Case) -> None:
    """One person pays cash into the accounts of several people who are nothing to them or to each other."""
    count, low, high, days = case.by_strength((5, 2_400, 4_700, 1), (4, 2_900, 4_200, 2), (3, 3_600, 4_300, 2))
    first = case.start(days)
    carrier = case.world.stranger(case.rng, first)
    holders = [case.world.cast_person() for _ in range(count)]
    region = holders[0].home
    at = case.spread(first, days, count, 9.5, 16.5)
    # A day of 48 hours and a window of three days: the last visit stays well inside.
    for moment, amount, holder in zip(at, euros(case.rng, low, high, count), holders, strict=True):
        case.put(
            "deposit",
            np.array([moment]),
            [int(amount)],
            ends=sides(None, holder.main),
            txn_type="cash_deposit",
            instrument="cash",
            conductor_id=carrier,
            where=case.world.point(case.rng, region, "branch").columns(),
        )
    case.subject = ("party", carrier, carrier)
    case.story = f"One person pays cash into {count} unrelated accounts within {days + 1} days."
