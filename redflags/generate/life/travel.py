"""Journeys: holidays booked and paid by card, visits home, a term abroad, and a travel agent's bookings."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import numpy as np

from redflags.generate.clock import DAY, moments
from redflags.generate.geography import REGION_PLACES
from redflags.generate.tape import Side, sides
from redflags.generate.world import Person, World, utc

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Trip", "go", "plan"]

# Country and invented region of places that people travel to.
_RESORTS: Final = ("ES-XC1", "IT-XB1", "FR-XD1", "AT-XF1", "DK-XA1", "SE-XC1", "PL-XE1", "GR-XA1")
_MERCHANTS: Final = (("Table", 6), ("Foods", 4), ("Outdoor", 1), ("Fuel", 2), ("Stays", 1))


@dataclass(frozen=True)
class Trip:
    """One journey: who, where to, first and last day."""

    person: Person
    region: str
    first: int
    last: int
    one_way: bool = False
    flies: bool = True


def plan(world: World) -> list[Trip]:
    """Choose who travels, before ordinary life is written, so that nobody shops in two places at once."""
    rng = world.rng("trips")
    people = world.idle_people(None)
    order = [people[int(i)] for i in rng.permutation(len(people))]
    trips: list[Trip] = []
    for number, person in enumerate(order[: max(len(order) // 3, 2)]):
        length = int(rng.integers(5, 13))
        first = int(rng.integers(world.period.full + 21, max(world.period.last - length - 6, world.period.full + 22)))
        region = _RESORTS[int(rng.integers(len(_RESORTS)))] if number % 8 else "TR-XT2" if number > 8 else "TR-XT1"
        trip = Trip(person, region, first, min(first + length, world.period.last - 1), flies=number % 3 > 0)
        person.away.append((trip.first, trip.last))
        trips.append(trip)
    students = world.idle_people("student")
    if students:
        first = world.period.last - 45
        trips.append(Trip(students[0], "ES-XC1", first, world.period.last - 1, one_way=True))
        students[0].away.append((first, world.period.last))
    return trips


def go(world: World, trips: Sequence[Trip]) -> None:
    """Write bookings, tickets, card use and cash machines abroad; some people told the bank, most did not."""
    rng = world.rng("travel")
    shops = {
        (region, words): world.outsider(rng, world.names.firm(words), region[:2], region)
        for region in sorted({trip.region for trip in trips})
        for words, _ in _MERCHANTS
    }
    carriers = [world.outsider(rng, world.names.firm("Airways")), world.outsider(rng, world.names.firm("Rail"))]
    for trip in trips:
        _book(world, rng, trip, carriers[not trip.flies])
        _spend_abroad(world, rng, trip, shops)
        if trip.region.startswith("TR"):
            _leave(world, rng, trip)
    _agency(world, rng)


def _book(world: World, rng: np.random.Generator, trip: Trip, carrier: Side) -> None:
    person = trip.person
    day = max(trip.first - int(rng.integers(3, 45)), world.period.first)
    at = moments(rng, np.array([day]), 9, 22)
    world.tape.put(
        at,
        [int(rng.integers(60, 420)) * 100 + 90],
        txn_type="card_payment",
        instrument="card",
        channel="online",
        device_id=person.device,
        ip_country=person.main.country,
        purpose_text="tickets",
        ends=sides(person.main, carrier),
    )
    _booking(world, person.party_id, int(at[0]), trip, f"trav-{person.party_id}")
    if trip.one_way:
        college = world.outsider(rng, world.names.firm("College"), trip.region[:2], trip.region)
        world.tape.put(
            moments(rng, np.array([day + 2]), 9, 18),
            [840_00],
            txn_type="wire",
            instrument="wire",
            channel="online",
            device_id=person.device,
            ip_country=person.main.country,
            purpose_text="tuition summer term",
            ends=sides(person.main, college),
        )
        world.expect(person.party_id, trip.region[:2])


def _booking(world: World, payer: str, at: int, trip: Trip, traveller: str) -> None:
    world.add(
        "travel_bookings",
        booking_id=world.id("record"),
        booked_at=utc(at // DAY),
        payer_party_id=payer,
        traveller_key=traveller,
        destination_region=trip.region,
        destination_country=trip.region[:2],
        one_way=trip.one_way,
        delete_after=utc(trip.last + 180),
    )


def _spend_abroad(world: World, rng: np.random.Generator, trip: Trip, shops: dict[tuple[str, str], Side]) -> None:
    person = trip.person
    latitude, longitude = REGION_PLACES[trip.region]
    days = np.arange(trip.first + 1, trip.last)
    if trip.one_way:
        days = days[::3]
    weights = np.array([weight for _, weight in _MERCHANTS], dtype=float)
    picks = rng.choice(len(_MERCHANTS), len(days), p=weights / weights.sum())
    words = [_MERCHANTS[int(i)][0] for i in picks]
    budget = max(person.pay * 0.012, 9_00)
    where = {
        "channel": "pos",
        "branch_country": trip.region[:2],
        "region_code": trip.region,
        "latitude": np.round(latitude + rng.uniform(-0.1, 0.1, len(days)), 4),
        "longitude": np.round(longitude + rng.uniform(-0.1, 0.1, len(days)), 4),
    }
    world.tape.put(
        moments(rng, days, 9, 22),
        np.maximum(rng.lognormal(np.log(budget), 0.5, len(days)).astype(np.int64), 3_00),
        txn_type="card_payment",
        instrument="card",
        where=where,
        purpose_text=[shops[trip.region, word].name for word in words],
        ends=sides(person.main, [shops[trip.region, word] for word in words]),
    )
    drawn = days[1 :: int(rng.integers(3, 6))]
    world.tape.put(
        moments(rng, drawn, 9, 22),
        rng.integers(2, 11, len(drawn)) * 20_00,
        txn_type="cash_withdrawal",
        instrument="cash",
        channel="atm",
        conductor_id=person.party_id,
        service_point_id=f"SPX{trip.region[:2]}{trip.region[-2:]}",
        branch_country=trip.region[:2],
        region_code=trip.region,
        latitude=latitude,
        longitude=longitude,
        note_currency="EUR" if trip.region[:2] in ("ES", "IT", "FR", "AT", "GR") else None,
        fee_base=Decimal("1.95"),
        ends=sides(person.main, None),
    )


def _leave(world: World, rng: np.random.Generator, trip: Trip) -> None:
    """Cash for the way, from the machine at home on the evening before the first purchase abroad."""
    world.tape.put(
        moments(rng, np.array([trip.first]), 17, 18),
        [100_00],
        txn_type="cash_withdrawal",
        instrument="cash",
        conductor_id=trip.person.party_id,
        where=world.point(rng, trip.person.home, "atm").columns(),
        ends=sides(trip.person.main, None),
    )


def _agency(world: World, rng: np.random.Generator) -> None:
    """A travel agent on file books for its clients."""
    firm = next(iter(world.idle_firms("consulting")), None)
    if firm is None:
        return
    world.parties[firm.party_id].update(
        segment="travel_agent", industry_code="travel_agency", party_class="travel_agent"
    )
    carrier = world.outsider(rng, world.names.firm("Airways"))
    days = world.period.full + 4 + np.arange(0, 90, 6)
    world.tape.put(
        moments(rng, days, 9, 17),
        rng.integers(180, 900, len(days)) * 100,
        txn_type="transfer",
        instrument="wire",
        channel="online",
        device_id=firm.device,
        ip_country=firm.main.country,
        purpose_text=[f"tickets booking {int(n)}" for n in rng.integers(10_000, 99_999, len(days))],
        ends=sides(firm.main, carrier),
    )
    for number, day in enumerate(days):
        region = (*_RESORTS, "TR-XT1")[number % (len(_RESORTS) + 1)]
        trip = Trip(world.people[0], region, int(day) + 14, int(day) + 24)
        _booking(world, firm.party_id, int(day) * DAY, trip, f"client-{number}")
