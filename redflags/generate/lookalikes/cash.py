"""Look-alikes of the rules about cash: takings, dues, couriers, hauliers."""

from __future__ import annotations

from typing import Final

import numpy as np

from redflags.generate.clock import Ints, moments, workdays
from redflags.generate.firms import make_firm
from redflags.generate.lookalikes.note import note
from redflags.generate.plant.case import euros
from redflags.generate.tape import sides
from redflags.generate.world import Firm, World, utc

__all__ = ["CASH"]


def _full_days(world: World) -> Ints:
    return np.arange(world.period.full, world.period.last + 1)


def _bank_cash(
    world: World, rng: np.random.Generator, firm: Firm, *, days: Ints, cents: Ints, point: dict[str, object]
) -> None:
    world.tape.put(
        moments(rng, days, 9, 17),
        cents,
        txn_type="cash_deposit",
        instrument="cash",
        purpose_text="takings",
        conductor_id=firm.staff[0],
        where=point,
        ends=sides(None, firm.main),
    )


def _restaurant(world: World) -> None:
    rng = world.rng("lookalike", "restaurant")
    firm = make_firm(world, "restaurant", trade_name="Table")
    firm.banks_takings = False
    firm.turnover = 230_000_00
    days = np.arange(world.period.first, world.period.last + 1)
    days = days[(days + 3) % 7 != 6]
    # The whole range, and in any 22 days in a row one deposit just under the line.
    cents = euros(rng, 3_100, 7_850, len(days))
    cents[11::22] = euros(rng, 8_900, 9_700, len(cents[11::22]))
    point = world.point(rng, firm.home, "branch").columns()
    _bank_cash(world, rng, firm, days=days, cents=cents, point=point)
    world.parties[firm.party_id]["expected_monthly_turnover"] = 330_000
    note(
        world,
        "cash-just-below-threshold-repeat",
        firm.main,
        "A restaurant banks takings over the whole range every day.",
    )


def _chain(world: World) -> None:
    rng = world.rng("lookalike", "chain")
    firm = make_firm(world, "retail", trade_name="Stores")
    firm.banks_takings = False
    firm.turnover = 480_000_00
    own = [point for point in firm.home.points if point.kind != "atm"][:3]
    days = _full_days(world)
    days = days[(days + 3) % 7 < 6]
    for point in own:
        world.add(
            "party_sites",
            party_id=firm.party_id,
            service_point_id=point.service_point_id,
            valid_from=utc(world.period.first - 200),
        )
        cents = euros(rng, 2_900, 5_900, len(days))
        _bank_cash(world, rng, firm, days=days, cents=cents, point=point.columns())
        # Before, an armoured van came once a week.
        weeks = np.arange(world.period.first + 2, world.period.full, 7)
        cents = euros(rng, 22_000, 28_000, len(weeks))
        _bank_cash(world, rng, firm, days=weeks, cents=cents, point=point.columns())
    world.parties[firm.party_id]["expected_monthly_turnover"] = 740_000
    note(
        world,
        "cash-split-multi-site-24h",
        firm.main,
        "Three shops on file each bank their takings next door.",
    )


def _club(world: World) -> None:
    rng = world.rng("lookalike", "club")
    home = world.atlas.home_regions()[3]
    opened = world.period.first - 2_200
    party = world.party(
        "npo",
        world.names.npo("Sports Club"),
        region_code=home.code,
        onboarded_at=utc(opened),
        incorporation_country=home.country,
        incorporation_date=utc(opened - 50).date(),
        industry_code="sports_club",
        segment="npo",
        expected_monthly_turnover=3_000,
    )
    club = world.account(party, home, "current", opened)
    members = [world.stranger(rng, opened + 900) for _ in range(40)]
    season = world.period.full + 14 + rng.integers(0, 20, len(members))
    where = world.point(rng, home, "branch").columns()
    world.tape.put(
        moments(rng, season, 9, 17),
        rng.choice([20, 30, 40, 45, 60], len(members)) * 100,
        where=where,
        txn_type="cash_deposit",
        instrument="cash",
        conductor_id=members,
        purpose_text="season dues",
        ends=sides(None, club),
    )
    hall = world.outsider(rng, world.names.firm("Hall"))
    months = world.period.months()
    world.tape.put(
        moments(rng, workdays(months + 6), 9, 17),
        np.full(len(months), 140_00),
        txn_type="transfer",
        instrument="wire",
        channel="online",
        purpose_text="hall hire",
        ends=sides(club, hall),
    )
    note(
        world,
        "cash-many-depositors-one-account",
        club,
        "Forty members of a club pay small dues in cash.",
        "account",
    )


def _courier(world: World) -> None:
    rng = world.rng("lookalike", "courier")
    opened = world.period.first - 900
    courier = world.stranger(rng, opened)
    world.parties[courier]["party_class"] = "cash_in_transit"
    shops = [firm for firm in world.firms if firm.kind in ("restaurant", "retail")][:12]
    days = _full_days(world)
    days = days[(days + 3) % 7 == 1]
    for firm in shops:
        world.link(firm.party_id, courier, "cash_courier", opened + 20)
        world.tape.put(
            moments(rng, days, 8, 12),
            euros(rng, 400, 1_900, len(days)),
            txn_type="cash_deposit",
            instrument="cash",
            conductor_id=courier,
            purpose_text="takings by courier",
            where=world.point(rng, firm.home, "branch").columns(),
            ends=sides(None, firm.main),
        )
    note(
        world,
        "one-conductor-many-accounts",
        courier,
        "A cash-in-transit courier on file banks for a dozen merchants.",
    )


def _haulier(world: World) -> None:
    rng = world.rng("lookalike", "haulier")
    firm = make_firm(world, "transport", trade_name="Haulage")
    firm.turnover = max(firm.turnover, 70_000_00)
    far = world.atlas.away_from(firm.home, 170)[:4]
    world.parties[firm.party_id].update(
        registered_regions=[firm.home.code, *(region.code for region in far)], employees_count=30, peer_group="shops"
    )
    driver = world.stranger(rng, world.period.first - 400)
    world.link(firm.party_id, driver, "employee", world.period.first - 390)
    for region in far:
        days = workdays(np.arange(world.period.first + 3, world.period.last - 3, 11))
        freight = euros(rng, 700, 2_600, len(days))
        world.tape.put(
            moments(rng, days, 9, 17),
            freight,
            txn_type="cash_deposit",
            instrument="cash",
            conductor_id=driver,
            purpose_text="freight paid in cash",
            where=world.point(rng, region, "branch").columns(),
            ends=sides(None, firm.main),
        )
        world.tape.put(
            moments(rng, days + 1, 9, 17),
            freight * 74 // 100 // 5_00 * 5_00,
            txn_type="cash_withdrawal",
            instrument="cash",
            conductor_id=firm.staff[0],
            where=world.point(rng, firm.home, "branch").columns(),
            ends=sides(firm.main, None),
        )
    note(
        world,
        "funnel-account-geographic",
        firm.main,
        "A haulier with depots on file banks freight in four regions.",
        "account",
    )


CASH: Final = (_restaurant, _chain, _club, _courier, _haulier)
