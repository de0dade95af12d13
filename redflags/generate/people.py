"""People: who they are, and their ordinary lives, month by month."""

from __future__ import annotations

import numpy as np

from redflags.generate.clock import Ints, moments, workdays
from redflags.generate.geography import NEAR, REMITTANCE
from redflags.generate.tape import Side, sides
from redflags.generate.words import HOME, SMALL_TALK
from redflags.generate.world import Person, World, utc

__all__ = ["live", "make_people"]

# Where the banks between sit; mostly there are none.
_ROUTES = (None, None, ("FR",), ("AT",), ("TR",), ("AE", "TR"))

_JOBS = (
    "clerk",
    "driver",
    "nurse",
    "cook",
    "engineer",
    "teacher",
    "mason",
    "seller",
    "carer",
    "designer",
    "mechanic",
)


def make_people(world: World, count: int) -> None:
    """Create people: four fifths workers, the rest students and pensioners.

    Args:
        world: Where they live; its firms employ a part of them.
        count: How many.
    """
    rng = world.rng("people")
    outside = [world.outsider(rng, world.names.firm()) for _ in range(max(count // 8, 3))]
    landlords = [world.outsider(rng, world.names.firm("Homes")) for _ in range(max(count // 12, 2))]
    for landlord in landlords:
        world.known("landlord", landlord)
    offices = [world.outsider(rng, "Pension office"), world.outsider(rng, "Study office")]
    for office in offices:
        world.known("state", office)
    for number in range(count):
        kind = "student" if number % 12 == 5 else "pensioner" if number % 11 == 7 else "worker"
        firm = world.firms[int(rng.integers(len(world.firms)))] if rng.random() < 0.5 else None
        if kind != "worker":
            employer, firm = offices[kind == "student"], None
        else:
            employer = firm.main if firm else outside[int(rng.integers(len(outside)))]
        person = _person(world, rng, kind, employer, landlords[int(rng.integers(len(landlords)))])
        if firm:
            firm.staff.append(person.party_id)
            since = world.period.first - int(rng.integers(30, 1_500))
            world.link(firm.party_id, person.party_id, "employee", since)
        if kind == "worker":
            person.pay = int(rng.lognormal(7.85, 0.28) // 10) * 10_00
            person.payday = int(rng.choice([15, 25, 27, 28]))
        else:
            person.pay = int(rng.integers(9, 17) if kind == "pensioner" else rng.integers(4, 8)) * 100_00
            person.payday = 1
        person.rent = min(int(rng.integers(38, 120)) * 10_00, person.pay * 2 // 5 // 10_00 * 10_00)
        record = world.parties[person.party_id]
        record["declared_income_annual"] = person.pay * 12 * int(rng.integers(100, 140)) // 10_000
        record["occupation_code"] = kind if kind != "worker" else _JOBS[int(rng.integers(len(_JOBS)))]
        world.people.append(person)
    parents = [person for person in world.people if person.kind == "worker"]
    for student in (person for person in world.people if person.kind == "student"):
        parent = parents[int(rng.integers(len(parents)))]
        student.parent = parent.main
        world.link(student.party_id, parent.party_id, "family", world.period.first - 100)


def _person(world: World, rng: np.random.Generator, kind: str, employer: Side, landlord: Side) -> Person:
    regions = world.atlas.home_regions()
    if rng.random() < (0.5 if kind == "student" else 0.1):
        regions = list(world.atlas.regions)
    home = regions[int(rng.integers(len(regions)))]
    opened = world.period.first - int(rng.integers(40, 3_000))
    party = world.party(
        "person",
        world.names.person(),
        residence_country=home.country,
        region_code=home.code,
        onboarded_at=utc(opened),
        segment="retail",
        expected_countries=[] if home.country == HOME else [HOME],
        is_pep=bool(rng.random() < 0.01),
    )
    person = Person(
        party,
        world.account(party, home, "current", opened),
        kind,
        home,
        world.id("device"),
        employer,
        landlord,
    )
    if kind != "student" and rng.random() < 0.4:
        person.savings = world.account(party, home, "savings", opened + int(rng.integers(0, 40)))
    if kind == "worker" and rng.random() < 0.15:
        country = REMITTANCE[int(rng.integers(len(REMITTANCE)))]
        person.kin = world.outsider(rng, world.names.person(), country)
        person.kin_amount = int(rng.integers(8, 50)) * 10_00
        world.expect(party, country)
    return person


def live(world: World, person: Person, shops: list[Side], friends: list[Side]) -> None:
    """Write a person's ordinary life on the tape."""
    rng = world.rng("life", person.party_id)
    months = world.period.months()
    _regular(world, rng, person, months)
    thin = world.period.months(dense=False)
    if len(thin):
        summary = (person.pay * rng.uniform(0.2, 0.38, len(thin))).astype(np.int64)
        world.tape.put(
            moments(rng, workdays(thin + 3), 5, 6),
            summary,
            txn_type="direct_debit",
            instrument="wire",
            channel="api",
            initiator="system",
            purpose_text="card bill of the month",
            ends=sides(person.main, shops[0]),
        )
    _spend(world, rng, person, shops)
    _give(world, rng, person, friends)
    _small_events(world, rng, person, shops)


def _regular(world: World, rng: np.random.Generator, person: Person, months: Ints) -> None:
    period, tape = world.period, world.tape
    code, text, kind = {
        "worker": ("SALA", "salary", "salary"),
        "pensioner": ("PENS", "pension", "pension"),
        "student": ("SCHO", "study grant", "benefit"),
    }[person.kind]
    paydays = np.minimum(workdays(months + person.payday - 1), period.last)
    raises = 1 + 0.025 * ((months - months[0]) // 366)
    tape.put(
        moments(rng, paydays, 5, 8),
        (person.pay * raises).astype(np.int64) // 100 * 100,
        txn_type=kind,
        instrument="wire",
        channel="api",
        purpose_code=code,
        purpose_text=text,
        ends=sides(person.employer, person.main),
    )
    tape.put(
        moments(rng, workdays(months + 1), 5, 7),
        np.full(len(months), person.rent),
        txn_type="standing_order",
        instrument="wire",
        channel="online",
        purpose_code="RENT",
        purpose_text="rent of the flat",
        ends=sides(person.main, person.landlord),
    )
    if person.kin is not None:
        sent = rng.normal(person.kin_amount, person.kin_amount * 0.03, len(months)).astype(np.int64) // 100 * 100
        tape.put(
            moments(rng, np.minimum(paydays + 1, period.last), 9, 20),
            sent,
            txn_type="remittance",
            instrument="wire",
            channel="mobile" if (handed := rng.random() < 0.6) else "agent",
            provider_id=world.providers[0] if handed else world.providers[1],
            device_id=person.device if handed else None,
            ip_country=person.main.country if handed else None,
            intermediary_countries=_ROUTES[int(rng.integers(len(_ROUTES)))],
            purpose_text="family support",
            ends=sides(person.main, person.kin),
        )
    if person.parent is not None:
        # Away at college, often in a neighbouring country: the parents' allowance crosses the border.
        abroad = person.parent.country != person.main.country
        tape.put(
            moments(rng, workdays(months + 3), 6, 7),
            np.full(len(months), int(person.pay * 0.4) // 10_00 * 10_00),
            txn_type="wire" if abroad else "transfer",
            instrument="wire",
            channel="online",
            purpose_text="allowance",
            ends=sides(person.parent, person.main),
        )
    if person.savings is not None:
        saved = months[months >= period.full]
        tape.put(
            moments(rng, np.minimum(saved + person.payday + 2, period.last), 6, 7),
            rng.integers(5, 40, len(saved)) * 10_00,
            txn_type="internal_transfer",
            instrument="wire",
            channel="online",
            purpose_text="to savings",
            ends=sides(person.main, person.savings),
        )
        quarters = months[2::3]
        tape.put(
            moments(rng, quarters + 27, 2, 3),
            rng.integers(80, 2_400, len(quarters)),
            txn_type="interest",
            instrument="other",
            channel="api",
            initiator="bank",
            purpose_code="INTE",
            purpose_text="interest of the quarter",
            ends=sides(None, person.savings),
        )


def _spend(world: World, rng: np.random.Generator, person: Person, shops: list[Side]) -> None:
    period, tape = world.period, world.tape
    length = period.last - period.full + 1
    count = int(rng.poisson((4.5 if person.kind == "student" else 7.5) * length / 30))
    days = period.full + rng.integers(0, length, count)
    budget = person.pay * 0.36 / 7.5
    # Whoever is on holiday buys nothing at home.
    gone = np.array([any(begin <= day <= end for begin, end in person.away) for day in days], dtype=bool)
    days, count = days[~gone], count - int(gone.sum())
    places = [person.home] * count
    for trip in range(0 if person.away else int(rng.integers(0, 2))):
        other = world.atlas.regions[int(rng.integers(len(world.atlas.regions)))]
        start = int(rng.integers(period.full, max(period.last - 6, period.full + 1)))
        places = [other if start <= day < start + 4 + trip else place for day, place in zip(days, places, strict=True)]
    chosen = [shops[int(i)] for i in rng.integers(1, len(shops), count)]
    online = rng.random(count) < 0.3
    tape.put(
        moments(rng, days, 7, 22),
        np.maximum(rng.lognormal(np.log(budget), 0.7, count).astype(np.int64), 150),
        txn_type="card_payment",
        instrument="card",
        channel=np.where(online, "online", "pos"),
        branch_country=[place.country for place in places],
        region_code=[place.code for place in places],
        purpose_text=[None if far else shop.name for shop, far in zip(chosen, online, strict=True)],
        ends=sides(person.main, chosen),
    )
    if rng.random() < 0.15:
        purse = world.outsider(rng, person.main.name)
        loads = period.full + np.sort(rng.integers(0, length, int(rng.integers(2, 7))))
        tape.put(
            moments(rng, loads, 8, 22),
            rng.integers(2, 12, len(loads)) * 10_00,
            txn_type="wallet_load",
            instrument="e_money",
            channel="mobile",
            provider_id=world.providers[2],
            device_id=person.device,
            ip_country=person.main.country,
            ends=sides(person.main, purse),
        )
    drawn = int(rng.poisson(1.3 * length / 30))
    for day in np.sort(period.full + rng.integers(0, length, drawn)):
        if any(begin <= day <= end for begin, end in person.away):
            continue
        point = world.point(rng, person.home, "atm")
        tape.put(
            moments(rng, np.array([day]), 8, 22),
            [int(rng.choice([20, 40, 50, 70, 100, 150, 200])) * 100],
            txn_type="cash_withdrawal",
            instrument="cash",
            conductor_id=person.party_id,
            where=point.columns(),
            ends=sides(person.main, None),
        )
    bills = period.months(dense=True)
    tape.put(
        moments(rng, workdays(bills + 5), 5, 6),
        rng.integers(45_00, 130_00) + rng.integers(-4_00, 4_00, len(bills)),
        txn_type="direct_debit",
        instrument="wire",
        channel="api",
        initiator="system",
        purpose_code="UBIL",
        purpose_text="power and water",
        ends=sides(person.main, shops[1]),
    )


def _give(world: World, rng: np.random.Generator, person: Person, friends: list[Side]) -> None:
    period = world.period
    length = period.last - period.full + 1
    circle = [friends[int(i)] for i in rng.integers(0, len(friends), 4)]
    circle = [friend for friend in circle if friend.party_id != person.party_id]
    count = int(rng.poisson(0.9 * length / 30)) if circle else 0
    days = period.full + rng.integers(0, length, count)
    world.tape.put(
        moments(rng, days, 8, 23),
        rng.integers(8, 90, count) * 1_00,
        txn_type="p2p",
        instrument="wire",
        channel="mobile",
        device_id=person.device,
        ip_country=person.main.country,
        purpose_text=[SMALL_TALK[int(i)] for i in rng.integers(0, len(SMALL_TALK), count)],
        ends=sides(person.main, [circle[int(i)] for i in rng.integers(0, max(len(circle), 1), count)]),
    )


def _small_events(world: World, rng: np.random.Generator, person: Person, shops: list[Side]) -> None:
    """Refunds, declined and taken-back payments, an odd cash deposit, a trip, the fee of the quarter."""
    period, tape = world.period, world.tape
    length = period.last - period.full - 8
    day = np.array([period.full + int(rng.integers(0, length))])
    shop = shops[int(rng.integers(2, len(shops)))]
    amount = [int(rng.integers(15, 180)) * 100 + 95]
    if rng.random() < 0.35:
        bought = tape.put(
            moments(rng, day, 9, 22),
            amount,
            txn_type="card_payment",
            instrument="card",
            channel="online",
            ends=sides(person.main, shop),
        )
        tape.put(
            moments(rng, day + 5, 9, 18),
            amount,
            txn_type="card_refund",
            instrument="card",
            channel="online",
            purpose_text="goods returned",
            reverses=list(bought),
            ends=sides(shop, person.main),
        )
    if rng.random() < 0.12:
        tape.put(
            moments(rng, day + 1, 9, 22),
            amount,
            txn_type="card_payment",
            instrument="card",
            channel="online",
            status="rejected",
            ends=sides(person.main, shop),
        )
    if rng.random() < 0.06:
        wrong = tape.put(
            moments(rng, day + 2, 9, 16),
            amount,
            txn_type="transfer",
            instrument="wire",
            channel="online",
            device_id=person.device,
            ip_country=person.main.country,
            ends=sides(person.main, shop),
        )
        tape.put(
            moments(rng, day + 3, 9, 16),
            amount,
            txn_type="reversal",
            instrument="wire",
            channel="api",
            initiator="bank",
            purpose_text="taken back",
            reverses=list(wrong),
            ends=sides(shop, person.main),
        )
    if rng.random() < 0.25:
        helper = person.party_id if rng.random() < 0.8 else world.stranger(rng, int(day[0]))
        tape.put(
            moments(rng, day, 9, 16),
            [int(rng.integers(5, 120)) * 10_00],
            txn_type="cash_deposit",
            instrument="cash",
            conductor_id=helper,
            where=world.point(rng, person.home, "branch").columns(),
            ends=sides(None, person.main),
        )
    if rng.random() < 0.3:
        country = NEAR[int(rng.integers(len(NEAR)))]
        host = world.outsider(rng, world.names.firm("Stays"), country)
        tape.put(
            moments(rng, day + 4, 9, 21),
            [int(rng.integers(12, 90)) * 10_00],
            txn_type="wire" if country != HOME else "transfer",
            instrument="wire",
            channel="online",
            device_id=person.device,
            ip_country=person.main.country,
            purpose_text="holiday flat",
            ends=sides(person.main, host),
        )
    ends = period.months(dense=True)[2::3] + 27
    tape.put(
        moments(rng, ends, 2, 3),
        np.full(len(ends), 4_50),
        txn_type="fee",
        instrument="other",
        channel="api",
        initiator="bank",
        purpose_code="BKFE",
        purpose_text="account fee",
        ends=sides(person.main, None),
    )
