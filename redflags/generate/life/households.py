"""Who lives with whom: couples, shared flats, a student hall; and firms that share an office house."""

from __future__ import annotations

from redflags.generate.finish import network_address
from redflags.generate.world import World, utc

__all__ = ["settle"]


def settle(world: World) -> None:
    """Give everybody an address; some share it, and with it a telephone or a network."""
    _couples(world)
    _flats(world)
    _offices(world)


def _share(world: World, parties: list[str], devices: list[str], *, phone: bool) -> str:
    address, number = world.id("address"), world.id("phone")
    for party in parties:
        world.parties[party]["address_key"] = address
        if phone:
            world.parties[party]["phone_key"] = number
    for device in devices:
        world.networks[device] = network_address(address)
    return address


def _couples(world: World) -> None:
    rng = world.rng("couples")
    people = [person for person in world.idle_people(None) if person.kind != "student"]
    order = [people[int(i)] for i in rng.permutation(len(people))]
    for one, other in zip(order[: len(order) // 3 : 2], order[1 : len(order) // 3 : 2], strict=False):
        since = world.period.first - int(rng.integers(200, 3_000))
        for a, b in ((one, other), (other, one)):
            world.link(a.party_id, b.party_id, "spouse", since)
            world.link(a.party_id, b.party_id, "household", since)
        _share(world, [one.party_id, other.party_id], [one.device, other.device], phone=rng.random() < 0.5)


def _flats(world: World) -> None:
    """Students in one hall and flat mates: one address, one network, and nothing else in common."""
    rng = world.rng("flats")
    students = world.idle_people("student")[:6]
    hall = _share(world, [p.party_id for p in students], [p.device for p in students], phone=False)
    world.add("known_addresses", address_key=hall, address_class="student_hall", valid_from=utc(world.period.first))
    single = [p for p in world.idle_people() if "address_key" not in world.parties[p.party_id]]
    order = [single[int(i)] for i in rng.permutation(len(single))]
    for start in range(0, min(len(order) - 3, 12), 3):
        mates = order[start : start + 3]
        for a in mates:
            for b in mates:
                if a is not b:
                    world.link(a.party_id, b.party_id, "household", world.period.first - 150)
        _share(world, [p.party_id for p in mates], [p.device for p in mates], phone=False)


def _offices(world: World) -> None:
    """Three office houses with a handful of firms each; two of them are on the list of known addresses."""
    rng = world.rng("offices")
    firms = [firm for firm in world.idle_firms() if firm.kind in ("consulting", "software", "cleaning", "property")]
    order = [firms[int(i)] for i in rng.permutation(len(firms))]
    for number, kind in enumerate(("business_park", "coworking_large", None)):
        tenants = order[number * 4 : number * 4 + 4]
        address = world.id("address")
        for tenant in tenants:
            world.parties[tenant.party_id].update(
                address_key=address, address_type="office" if number else "business_park"
            )
        if kind is not None:
            world.add(
                "known_addresses", address_key=address, address_class=kind, valid_from=utc(world.period.first - 900)
            )
    for address_class in ("shelter", "care_home", "barracks", "serviced_office"):
        world.add(
            "known_addresses",
            address_key=world.id("address"),
            address_class=address_class,
            valid_from=utc(world.period.first - 900),
        )
