"""Non-profits misused: money to private accounts, and a stranger's gift that goes through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redflags.generate.plant.case import euros

if TYPE_CHECKING:
    from redflags.generate.plant.case import Case

__all__ = ["private_accounts", "unknown_donor"]


def private_accounts(case: Case) -> None:
    """A large part of what an organisation spends goes to people who neither work for it nor are on its lists."""
    npo, world = case.world.cast_npo(), case.world
    count, low, high, people, days = case.by_strength(
        (6, 5_200, 6_900, 5, 60), (5, 5_600, 7_200, 2, 60), (7, 3_800, 4_700, 1, 75)
    )
    targets = []
    for _ in range(people):
        party = world.stranger(case.rng, world.period.first - int(case.rng.integers(50, 600)))
        targets.append(world.outsider(case.rng, str(world.parties[party]["name"]), party=party))
    case.send(
        "payment",
        case.spread(case.start(days), days, count),
        euros(case.rng, low, high, count, 10),
        npo.main,
        [targets[k % people] for k in range(count)],
        device=npo.device,
        text="project costs",
    )
    case.tell(npo, f"{count} payments to {people} private account(s) within {days} days, without a tie on file.")


def unknown_donor(case: Case) -> None:
    """A gift far beyond all others comes from somebody new, and nearly all of it leaves within days."""
    npo, world = case.world.cast_npo(), case.world
    gift, share, parts, wait = case.by_strength((165_000_00, 100, 1, 1), (74_000_00, 96, 2, 4), (47_000_00, 93, 1, 8))
    giver = world.outsider(case.rng, world.names.firm("Holdings"), case.by_strength("AE", "CY", "DE"))
    target = world.outsider(case.rng, world.names.firm("Services"), case.by_strength("TR", "AE", "TR"))
    first = case.start(wait + 2)
    case.receive("gift", case.spread(first, 0, 1), [gift], [giver], npo.main, text="gift for the work")
    gone = gift * share // 100 // 10_00 * 10_00
    case.send(
        "exit",
        case.spread(first + wait, 1, parts),
        [gone] if parts == 1 else [gone * 6 // 10, gone - gone * 6 // 10],
        npo.main,
        target,
        device=npo.device,
        text="project partner",
    )
    case.tell(npo, f"A new giver's {gift // 100:,} goes out again to {share}% within {wait + 1} days.")
