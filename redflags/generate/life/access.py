"""Log-ins: from the usual device at home, on a journey, from an office network, and by those who may act for a firm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from redflags.generate.clock import moments, workdays
from redflags.generate.finish import network_address
from redflags.generate.geography import REGION_PLACES
from redflags.generate.world import Firm, Npo, Person, World, utc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redflags.generate.clock import Ints
    from redflags.generate.life.travel import Trip

__all__ = ["Network", "live", "log_in"]


@dataclass(frozen=True)
class Network:
    """Where a log-in comes from; ``shared`` by all customers of a carrier, or an ``anonymiser``."""

    address: str
    country: str
    shared: bool = False
    anonymiser: bool = False


def live(world: World, trips: Sequence[Trip]) -> None:
    """Write log-ins of people, firms and non-profits, and what is known of their devices."""
    rng = world.rng("access")
    for person in world.people:
        days = _days(world, rng, 4)
        days = np.array([d for d in days if not any(a - 1 <= d <= b + 1 for a, b in person.away)], dtype=np.int64)
        _enter(world, rng, person, days, user=person.party_id)
        _trust(world, person.party_id, person.device)
    organisations: list[Firm | Npo] = [*world.firms, *world.npos]
    for one in organisations:
        users = _users(world, one)
        days = workdays(_days(world, rng, 5))
        _enter(world, rng, one, days, user=users[0])
        _trust(world, one.party_id, one.device)
    for trip in trips:
        _abroad(world, rng, trip)
    _veiled(world, rng)
    _office(world, rng)


def _days(world: World, rng: np.random.Generator, monthly: int) -> Ints:
    """A few days a month, fewer in the thin past."""
    dense = world.period.months(dense=True)
    thin = world.period.months(dense=False)
    days = [month + rng.integers(0, 28, monthly) for month in dense]
    days += [month + rng.integers(0, 28, 1) for month in thin[::2]]
    gathered: Ints = np.minimum(np.sort(np.concatenate(days)), world.period.last).astype(np.int64)
    return gathered


def _users(world: World, one: Firm | Npo) -> list[str]:
    if isinstance(one, Firm):
        return one.staff
    officers = [
        str(link["related_party_id"])
        for link in world.tables["party_links"]
        if link["party_id"] == one.party_id and link["role"] == "officer"
    ]
    return officers or [one.party_id]


def _enter(world: World, rng: np.random.Generator, who: Person | Firm | Npo, days: Ints, *, user: str) -> None:
    home = network_address(who.device)
    mobile = f"2001:db8:{int(rng.integers(6))}:ffff::1"
    for at in moments(rng, days, 7, 22):
        on_the_move = isinstance(who, Person) and rng.random() < 0.3
        network = Network(
            mobile if on_the_move else world.networks.get(who.device, home), who.main.country, shared=on_the_move
        )
        latitude = round(who.home.latitude + float(rng.uniform(-0.1, 0.1)), 4)
        longitude = round(who.home.longitude + float(rng.uniform(-0.1, 0.1)), 4)
        log_in(world, who, int(at), network, (latitude, longitude), user=user)


def log_in(
    world: World, who: Person | Firm | Npo, at: int, network: Network, place: tuple[float, float] | None = None,
    *, user: str | None = None,
) -> None:  # fmt: skip
    """One log-in from the device that somebody is known by; ``place`` is latitude and longitude."""
    latitude, longitude = place or (None, None)
    world.add(
        "sessions",
        session_id=world.id("paper"),
        at=world.moment(at),
        party_id=who.party_id,
        account_id=who.main.account_id,
        user_party_id=user or who.party_id,
        device_id=who.device,
        ip_address=network.address,
        ip_country=network.country,
        latitude=latitude,
        longitude=longitude,
        is_anonymiser=network.anonymiser,
        is_carrier_nat=network.shared,
        remote_session=False,
    )


def _trust(world: World, party: str, device: str) -> None:
    since = utc(world.period.first - 40)
    world.add(
        "trusted_access",
        party_id=party,
        device_id=device,
        ip_address=world.networks.get(device, network_address(device)),
        since=since,
        valid_from=since,
    )


def _abroad(world: World, rng: np.random.Generator, trip: Trip) -> None:
    """One look at the account in the middle of a journey."""
    person = trip.person
    (at,) = moments(rng, np.array([(trip.first + trip.last) // 2]), 9, 20)
    hotel = Network(network_address(f"hotel {trip.region} {trip.first}"), trip.region[:2])
    log_in(world, person, int(at), hotel, REGION_PLACES[trip.region])


def _veiled(world: World, rng: np.random.Generator) -> None:
    """Some people always come through an anonymising service, with a device that is long known."""
    service = Network("2001:db8:aaaa:1::1", "CH", anonymiser=True)
    for person in world.idle_people()[5:60:11]:
        for at in moments(rng, _days(world, rng, 2), 8, 22):
            log_in(world, person, int(at), service)


def _office(world: World, rng: np.random.Generator) -> None:
    """Staff look at their own accounts from the employer's network."""
    for firm in [firm for firm in world.firms if len(firm.staff) > 3][:4]:
        office = Network(network_address(f"office {firm.party_id}"), firm.main.country)
        for person in [person for person in world.people if person.party_id in firm.staff]:
            for at in moments(rng, workdays(_days(world, rng, 1)), 11, 14):
                log_in(world, person, int(at), office, (firm.home.latitude, firm.home.longitude))
