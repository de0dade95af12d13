"""Paper instruments and counters: cheques, drafts for a car, a jeweller's sales, a payment taken back at the till."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from redflags.generate.clock import DAY, HOUR, moments, workdays
from redflags.generate.tape import sides
from redflags.generate.words import HOME_CURRENCY

if TYPE_CHECKING:
    from redflags.generate.world import World

__all__ = ["live"]


def live(world: World) -> None:
    """Write cheques, drafts, travellers' cheques, dealers' sales and cancelled counter payments."""
    _cheques(world)
    _drafts(world)
    _dealer(world)
    _cancelled(world)
    _third_hands(world)


def _cheques(world: World) -> None:
    rng = world.rng("cheques")
    for firm in world.idle_firms()[::6]:
        payer = firm.clients[0]
        serial = int(rng.integers(100_000, 800_000))
        days = workdays(world.period.months() + 13)
        world.tape.put(
            moments(rng, days, 9, 16),
            rng.integers(180_00, 1_400_00, len(days)),
            txn_type="cheque_deposit",
            instrument="cheque",
            instrument_type="personal_cheque",
            instrument_issuer=payer.bank_id,
            instrument_serial=[str(serial + 7 * k) for k in range(len(days))],
            conductor_id=firm.staff[0],
            where=world.point(rng, firm.home, "branch").columns(),
            purpose_text="monthly account settled by cheque",
            ends=sides(payer, firm.main),
        )


def _drafts(world: World) -> None:
    """A banker's draft for a used car; money orders for a deposit; travellers' cheques cashed by their buyer."""
    rng = world.rng("drafts")
    people = world.idle_people()
    order = [people[int(i)] for i in rng.permutation(len(people))[:16]]
    for number, person in enumerate(order):
        kind = ("bank_draft", "cashiers_cheque", "money_order", "travellers_cheque")[number % 4]
        cents = (int(rng.integers(20, 60)) if number % 4 < 2 else int(rng.integers(1, 6))) * 100_00
        day = workdays(np.array([world.period.full + int(rng.integers(10, 100))]))
        payee = world.outsider(rng, world.names.person() if number % 4 else world.names.firm("Motors"))
        serial = str(int(rng.integers(100_000, 900_000)))
        point = world.point(rng, person.home, "branch").columns()
        back = number % 8 == 7
        world.tape.put(
            moments(rng, day, 9, 16),
            [cents],
            txn_type="cheque",
            instrument="bearer" if kind == "travellers_cheque" else "cheque" if number % 4 < 2 else "money_order",
            instrument_type=kind,
            instrument_issuer=world.bank_id,
            instrument_serial=serial,
            conductor_id=person.party_id,
            purpose_text="draft for the car" if number % 4 < 2 else None,
            where=point,
            ends=sides(person.main, None if kind == "travellers_cheque" else payee),
        )
        if back:
            world.tape.put(
                moments(rng, workdays(day + 12), 9, 16),
                [cents],
                txn_type="cheque_deposit",
                instrument="bearer",
                instrument_type=kind,
                instrument_issuer=world.bank_id,
                instrument_serial=serial,
                conductor_id=person.party_id,
                where=point,
                ends=sides(None, person.main),
            )
    spouses = _spouses(world)
    pairs = [person for person in world.idle_people() if person.party_id in spouses][:2]
    for person in pairs:
        # Left over from a journey, and cashed by the other one of the couple.
        other = next(one for one in world.people if one.party_id == spouses[person.party_id])
        serial = str(int(rng.integers(100_000, 900_000)))
        bought = world.period.full + int(rng.integers(10, 60))
        for who, offset, kind in ((person, 0, "cheque"), (other, 20, "cheque_deposit")):
            world.tape.put(
                moments(rng, workdays(np.array([bought + offset])), 9, 16),
                [200_00],
                txn_type=kind,
                instrument="bearer",
                instrument_type="travellers_cheque",
                instrument_issuer=world.bank_id,
                instrument_serial=serial,
                conductor_id=who.party_id,
                where=world.point(rng, who.home, "branch").columns(),
                ends=sides(who.main, None) if kind == "cheque" else sides(None, who.main),
            )


def _spouses(world: World) -> dict[str, str]:
    return {
        str(link["party_id"]): str(link["related_party_id"])
        for link in world.tables["party_links"]
        if link["role"] == "spouse"
    }


def _dealer(world: World) -> None:
    """A jeweller sells to many people, mostly by card, in cash for small things."""
    rng = world.rng("dealer")
    firm = next(iter(world.idle_firms("retail")), None)
    if firm is None:
        return
    world.parties[firm.party_id].update(industry_code="jewellery", party_class="dealer")
    buyers = [world.stranger(rng, world.period.full - 20) for _ in range(12)]
    for number, day in enumerate(range(world.period.full + 3, world.period.last - 3, 4)):
        sale, buyer = world.id("file"), buyers[number % len(buyers)]
        cash = number % 3 == 0
        cents = int(rng.integers(80, 900) if cash else rng.integers(200, 4_000)) * 100
        world.add(
            "sales",
            sale_id=sale,
            sold_at=world.moment(day * DAY + 13 * HOUR),
            seller_party_id=firm.party_id,
            buyer_party_id=buyer,
            goods_category=("ring", "watch", "repair")[number % 3],
            total_amount=cents // 100,
            currency=HOME_CURRENCY,
        )
        if cash:
            world.tape.put(
                moments(rng, np.array([day + 1]), 9, 17),
                [cents],
                txn_type="cash_deposit",
                instrument="cash",
                conductor_id=firm.staff[0],
                sale_id=sale,
                purpose_text="till of the day",
                where=world.point(rng, firm.home, "branch").columns(),
                ends=sides(None, firm.main),
            )
        else:
            payer = world.outsider(rng, str(world.parties[buyer]["name"]), party=buyer)
            world.tape.put(
                moments(rng, np.array([day]), 9, 17),
                [cents],
                txn_type="transfer",
                instrument="wire",
                channel="online",
                sale_id=sale,
                purpose_text=f"bill {sale}",
                ends=sides(payer, firm.main),
            )


def _cancelled(world: World) -> None:
    """Somebody thinks again at the counter, and pays the whole sum in on another day."""
    rng = world.rng("cancelled")
    for number, person in enumerate(world.idle_people()[4:40:9]):
        day = world.period.full + 20 + 17 * number
        cents = 10_800_00 + number * 300_00 if number < 2 else int(rng.integers(3, 20)) * 100_00
        point = world.point(rng, person.home, "branch").columns()
        for offset, status in ((0, "cancelled"), (5, "booked")):
            if status == "booked" and number < 2:
                continue
            world.tape.put(
                moments(rng, workdays(np.array([day + offset])), 9, 16),
                [cents],
                txn_type="cash_deposit",
                instrument="cash",
                status=status,
                conductor_id=person.party_id,
                where=point,
                ends=sides(None, person.main),
            )


def _third_hands(world: World) -> None:
    """A spouse carries the envelope to the bank."""
    rng = world.rng("third hands")
    spouses = _spouses(world)
    for person in [person for person in world.idle_people(None) if person.party_id in spouses][:10]:
        day = world.period.full + int(rng.integers(3, 110))
        world.tape.put(
            moments(rng, workdays(np.array([day])), 9, 16),
            [int(rng.integers(5, 60)) * 10_00],
            txn_type="cash_deposit",
            instrument="cash",
            conductor_id=spouses[person.party_id],
            where=world.point(rng, person.home, "branch").columns(),
            ends=sides(None, person.main),
        )
