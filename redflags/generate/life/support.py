"""Small money: benefits, remitters and their agents, mobile money, pay-outs that were announced, foreign notes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

import numpy as np

from redflags.generate.clock import moments, workdays
from redflags.generate.geography import REMITTANCE
from redflags.generate.tape import sides
from redflags.generate.world import World, utc

if TYPE_CHECKING:
    from redflags.generate.world import Person

__all__ = ["live"]

_FOREIGN: Final = (("RS", "RS-XA1"), ("MA", "MA-XB1"), ("GH", "GH-XA1"), ("TR", "TR-XT1"))


def live(world: World) -> None:
    """Write benefits, remittances through agents, mobile money, and cash carried over a border."""
    _benefits(world)
    agents = _agents(world)
    _remitters(world, agents)
    _mobile_money(world, agents)
    _declarations(world)
    _foreign_notes(world)


def _benefits(world: World) -> None:
    """Child benefit beside a wage; a few live on benefits and spend them at home."""
    rng = world.rng("benefits")
    office = world.outsider(rng, "Benefit office")
    world.known("state", office)
    people = world.idle_people()
    order = [people[int(i)] for i in rng.permutation(len(people))[:18]]
    months = world.period.months()
    for number, person in enumerate(order):
        alone = number < 4
        world.tape.put(
            moments(rng, workdays(months + 5), 4, 6),
            np.full(len(months), 560_00 if alone else int(rng.integers(1, 4)) * 250_00),
            txn_type="benefit",
            instrument="wire",
            channel="api",
            purpose_code="BENE",
            purpose_text="basic support" if alone else "child benefit",
            ends=sides(office, person.main),
        )
        if alone:
            world.parties[person.party_id]["source_of_wealth_code"] = "benefits"
            world.parties[person.party_id]["occupation_code"] = ("homemaker", "unemployed")[number % 2]


def _agents(world: World) -> list[str]:
    """Outlets of remitters: some in towns, one close to a border."""
    rng = world.rng("agents")
    agents: list[str] = []
    for number in range(10):
        region = world.atlas.regions[number] if number < 7 else None
        country, code = (region.country, region.code) if region else _FOREIGN[number - 7]
        agent = world.id("file")
        agents.append(agent)
        world.add(
            "agents",
            agent_id=agent,
            party_id=world.stranger(rng, world.period.first - 300),
            region_code=code,
            country=country,
            peer_group="town" if number != 3 else "border",
            licence_ref=f"LIC-{world.id('record')}",
            border_km=float(rng.integers(60, 240)) if number != 3 else 9.0,
            valid_from=utc(world.period.first - 300),
        )
    return agents


def _remitters(world: World, agents: list[str]) -> None:
    """Support through a shop: one provider, one relative, every other month."""
    rng = world.rng("remitters")
    people = [person for person in world.idle_people() if person.kin is None]
    for index in rng.permutation(len(people))[:10]:
        person = people[int(index)]
        country = REMITTANCE[int(rng.integers(len(REMITTANCE)))]
        relative = world.outsider(rng, world.names.person(), country)
        months = world.period.months()[int(rng.integers(2)) :: 2]
        sent = int(rng.integers(8, 30)) * 10_00
        world.expect(person.party_id, country)
        days = np.minimum(months + 17, world.period.last)
        for day, cents in zip(days, np.full(len(days), sent), strict=True):
            point = world.point(rng, person.home, "branch")
            world.tape.put(
                moments(rng, np.array([day]), 10, 18),
                [int(cents)],
                txn_type="remittance",
                instrument="cash" if rng.random() < 0.2 else "wire",
                agent_id=agents[int(rng.integers(7))],
                provider_id=world.providers[1],
                from_phone_key=f"TEL-{person.party_id}",
                to_phone_key=f"TEL-{relative.account_id}",
                from_id_document_key=f"doc-{person.party_id}",
                fee_base=Decimal("4.90"),
                purpose_text="family support",
                where={**point.columns(), "channel": "agent"},
                ends=sides(person.main, relative),
            )
            if rng.random() < 0.3:
                world.add(
                    "remittance_advices",
                    advice_id=world.id("record"),
                    party_id=person.party_id,
                    provider_id=world.providers[1],
                    expected_at=utc(int(day)),
                    amount_base=int(cents) // 100,
                )


def _mobile_money(world: World, agents: list[str]) -> None:
    """Wallets that are filled and emptied at an agent near home, days apart."""
    rng = world.rng("mobile money")
    people = [*world.idle_people("student"), *world.idle_people()[3:40:5]][:12]
    for person in people:
        wallet = world.account(person.party_id, person.home, "wallet", world.period.first - 20)
        world.add(
            "wallets",
            wallet_id=wallet.account_id,
            party_id=person.party_id,
            tier="basic",
            tier_limit=1_000,
            phone_key=f"TEL-{person.party_id}",
            id_document_key=f"doc-{person.party_id}",
            valid_from=utc(world.period.first - 20),
        )
        for month in world.period.months():
            if month < world.period.full and rng.random() < 0.6:
                continue
            _fill_and_spend(world, rng, person, wallet.account_id, int(month), agents)


def _fill_and_spend(
    world: World, rng: np.random.Generator, person: Person, wallet: str, month: int, agents: list[str]
) -> None:
    side = next(account for account in world.accounts.values() if account["account_id"] == wallet)
    region = str(side["home_region"])
    cents = int(rng.integers(3, 12)) * 10_00
    agent = agents[int(rng.integers(3))]
    common = {
        "channel": "agent",
        "agent_id": agent,
        "provider_id": world.providers[2],
        "device_id": person.device,
        "region_code": region,
        "branch_country": person.home.country,
    }
    purse = {
        "account_id": wallet,
        "party_id": person.party_id,
        "name": person.main.name,
        "bank_id": person.main.bank_id,
        "country": person.main.country,
        "bank_country": person.main.bank_country,
        "region": person.main.region,
    }
    world.tape.put(
        moments(rng, np.array([month + 2]), 9, 19),
        [cents],
        txn_type="cash_in",
        ends={f"to_{name}": value for name, value in purse.items()},
        instrument="e_money",
        where=common,
    )
    world.tape.put(
        moments(rng, month + np.array([6, 13]), 9, 21),
        [cents // 3, cents // 4],
        txn_type="p2p",
        instrument="e_money",
        channel="mobile",
        provider_id=world.providers[2],
        device_id=person.device,
        ip_country=person.main.country,
        purpose_text=["bike share", "bread"],
        ends={
            **{f"from_{name}": value for name, value in purse.items()},
            **sides(None, world.outsider(rng, world.names.person())),
        },
    )
    world.tape.put(
        moments(rng, np.array([month + 21]), 9, 19),
        [cents // 4],
        txn_type="cash_out",
        ends={f"from_{name}": value for name, value in purse.items()},
        instrument="e_money",
        where=common,
    )


def _declarations(world: World) -> None:
    """Cash declared at a border: a car sold abroad, an inheritance, an armoured courier."""
    rng = world.rng("declarations")
    people = [world.idle_person(number) for number in range(12)]
    courier = world.stranger(rng, world.period.first - 100)
    world.parties[courier].update(party_class="cash_in_transit", licence_types=["cash_transport"])
    rows = [
        (people[2].party_id, 30, 12_500, "in", "CH"),
        (people[7].party_id, 64, 11_000, "in", "TR"),
        (people[11].party_id, 90, 10_500, "out", "CH"),
        *((courier, 12 + 14 * k, 60_000 + 1_000 * k, "in", "CH") for k in range(6)),
        *((courier, -200 + 14 * k, 62_000, "in", "CH") for k in range(10)),
    ]
    for party, offset, amount, direction, country in rows:
        world.add(
            "cash_declarations",
            declaration_id=world.id("record"),
            party_id=party,
            declared_at=utc(world.period.full + offset),
            amount_base=amount,
            direction=direction,
            border_country=country,
            border_post=f"{country}-POST-{int(rng.integers(1, 4))}",
        )
    for person, offset, amount in ((people[2], 31, 12_000), (people[7], 66, 11_000)):
        world.tape.put(
            moments(rng, workdays(np.array([world.period.full + offset])), 9, 15),
            [amount * 100],
            txn_type="cash_deposit",
            instrument="cash",
            conductor_id=person.party_id,
            note_currency="CHF" if amount > 11_500 else "USD",
            purpose_text="car sold, declared at the border",
            where=world.point(rng, person.home, "branch").columns(),
            ends=sides(None, person.main),
        )


def _foreign_notes(world: World) -> None:
    """Notes left over from a journey are paid in or changed."""
    rng = world.rng("foreign notes")
    for person in [person for person in world.idle_people(None) if person.away][:25:2]:
        end = int(min(workdays(np.array([person.away[0][1] + 4]))[0], world.period.last))
        world.tape.put(
            moments(rng, np.array([end]), 9, 16),
            [int(rng.integers(2, 14)) * 10_00],
            txn_type="cash_exchange" if rng.random() < 0.4 else "cash_deposit",
            instrument="cash",
            conductor_id=person.party_id,
            note_currency=("TRY", "DKK", "SEK", "PLN")[int(rng.integers(4))],
            where=world.point(rng, person.home, "branch").columns(),
            ends=sides(None, person.main),
        )
