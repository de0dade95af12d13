"""Savings, funds and virtual assets: bought bit by bit, redeemed for a home, never in a hurry."""

from __future__ import annotations

import numpy as np

from redflags.generate.clock import moments, workdays
from redflags.generate.tape import Side, sides
from redflags.generate.world import World, utc

__all__ = ["live"]


def live(world: World) -> None:
    """Write fund savings, redemptions for a purpose, account closures, and small purchases of virtual assets."""
    _funds(world)
    _home_buyers(world)
    _virtual_assets(world)
    _closed(world)


def _funds(world: World) -> None:
    rng = world.rng("funds")
    house = world.outsider(rng, world.names.firm("Fund"))
    people = world.idle_people()
    for index in rng.permutation(len(people))[:14]:
        person = people[int(index)]
        depot = world.account(
            person.party_id, person.home, "securities", world.period.first - 300, product="fund_depot"
        )
        months = world.period.months()
        monthly = int(rng.integers(2, 9)) * 25_00
        world.tape.put(
            moments(rng, workdays(months + 8), 6, 7),
            np.full(len(months), monthly),
            txn_type="internal_transfer",
            instrument="wire",
            channel="online",
            purpose_text="fund savings plan",
            ends=sides(person.main, depot),
        )
        world.tape.put(
            moments(rng, workdays(months + 9), 10, 11),
            np.full(len(months), monthly),
            txn_type="subscription",
            instrument="wire",
            channel="api",
            purpose_code="SECU",
            purpose_text="fund units",
            ends=sides(depot, house),
        )
        if rng.random() < 0.4:
            day = np.array([world.period.full + int(rng.integers(25, 100))])
            cents = monthly * int(rng.integers(4, 9))
            world.tape.put(
                moments(rng, workdays(day), 10, 11),
                [cents],
                txn_type="redemption",
                instrument="wire",
                channel="api",
                purpose_code="SECU",
                purpose_text="fund units redeemed",
                ends=sides(house, depot),
            )


def _home_buyers(world: World) -> None:
    """Savings, a fund and a life policy go to a notary for a home, as announced."""
    rng = world.rng("home buyers")
    notary = world.outsider(rng, world.names.firm("Notaries"))
    insurer = world.outsider(rng, world.names.firm("Insurance"))
    world.add("known_payees", account_id=notary.account_id, **{"class": "notary"}, valid_from=utc(world.period.first))
    buyers = [person for person in world.idle_people() if person.savings is not None][:2]
    for person in buyers:
        depot = world.account(
            person.party_id, person.home, "securities", world.period.first - 500, product="fund_depot"
        )
        months = world.period.months()[::2]
        world.tape.put(
            moments(rng, workdays(months + 8), 6, 7),
            np.full(len(months), 150_00),
            txn_type="internal_transfer",
            instrument="wire",
            channel="online",
            purpose_text="fund savings plan",
            ends=sides(person.main, depot),
        )
        day = world.period.full + int(rng.integers(30, 80))
        parts = (
            ("surrender", insurer, 9_400_00, "life policy paid out"),
            ("redemption", insurer, 6_200_00, "fund sold"),
        )
        for offset, (kind, source, cents, text) in enumerate(parts):
            world.tape.put(
                moments(rng, workdays(np.array([day + offset])), 9, 12),
                [cents],
                txn_type=kind,
                instrument="wire",
                channel="api",
                purpose_text=text,
                ends=sides(source, person.main if kind == "surrender" else depot),
            )
        world.tape.put(
            moments(rng, workdays(np.array([day + 4])), 9, 12),
            [6_100_00],
            txn_type="internal_transfer",
            instrument="wire",
            channel="online",
            purpose_text="from fund",
            ends=sides(depot, person.main),
        )
        world.tape.put(
            moments(rng, workdays(np.array([day + 7])), 9, 12),
            [14_900_00],
            txn_type="transfer",
            instrument="wire",
            channel="branch",
            purpose_text="own share of the home",
            ends=sides(person.main, notary),
        )
        world.parties[person.party_id]["expected_change_until"] = utc(day + 40)


def _virtual_assets(world: World) -> None:
    """A part of the wage into virtual assets, kept in a wallet with a provider, on the customer's own name."""
    rng = world.rng("virtual assets")
    vasps = [world.id("file") for _ in range(3)]
    for place, vasp in enumerate(vasps):
        world.add(
            "vasps",
            vasp_id=vasp,
            name=world.names.firm("Exchange"),
            country=("DE", "AT", "LT")[place],
            is_registered=True,
            valid_from=utc(world.period.first),
        )
    exchange = world.outsider(rng, world.names.firm("Exchange"))
    people = world.idle_people()
    for number, index in enumerate(rng.permutation(len(people))[:9]):
        person = people[int(index)]
        wallet, own = f"0x{world.id('paper')}", f"0x{world.id('paper')}"
        months = world.period.months()
        months = months if rng.random() < 0.5 else months[months >= world.period.full]
        cents = int(rng.integers(1, 8)) * 25_00
        _buy(world, rng, person.main, exchange, months, cents, wallet, vasps[0], person.device)
        world.tape.put(
            moments(rng, months[::3] + 27, 10, 20),
            np.full(len(months[::3]), cents * 2),
            txn_type="va_transfer",
            instrument="virtual_asset",
            channel="api",
            asset="COIN-A",
            device_id=person.device,
            ip_country=person.main.country,
            from_wallet=wallet,
            to_wallet=own,
            from_vasp_id=vasps[0],
            to_vasp_id=None if number % 4 == 3 else vasps[1],
            from_hosted=True,
            # A few keep their coins themselves.
            to_hosted=number % 4 != 3,
            exposure_category=None if number % 4 == 3 else "exchange",
            exposure_share=None if number % 4 == 3 else 0.9,
            ends=sides(person.main, world.outsider(rng, person.main.name)),
        )


def _buy(
    world: World,
    rng: np.random.Generator,
    source: Side,
    exchange: Side,
    months: np.ndarray,
    cents: int,
    wallet: str,
    vasp: str,
    device: str,
) -> None:
    world.tape.put(
        moments(rng, workdays(np.minimum(months + 26, world.period.last - 2)), 10, 20),
        np.full(len(months), cents),
        txn_type="va_purchase",
        instrument="wire",
        channel="online",
        asset="COIN-A",
        to_wallet=wallet,
        to_vasp_id=vasp,
        to_hosted=True,
        device_id=device,
        ip_country=source.country,
        purpose_text="savings in coins",
        ends=sides(source, exchange),
    )


def _closed(world: World) -> None:
    """Accounts that were closed when their holders found another bank."""
    rng = world.rng("closed")
    for person in world.idle_people()[20:26]:
        day = world.period.full + int(rng.integers(-200, 90))
        side = world.account(person.party_id, person.home, "savings", world.period.first - 900)
        world.accounts[side.account_id].update(closed_at=utc(day + 1), status="closed")
        world.tape.put(
            moments(rng, np.array([day]), 9, 16),
            [int(rng.integers(2, 9)) * 100_00],
            txn_type="closure",
            instrument="wire",
            channel="branch",
            purpose_text="account closed",
            ends=sides(side, person.main),
        )
