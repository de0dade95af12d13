"""Ordinary life at the edge of what a rule looks at: a gardener's dues, cash aid as planned, a namesake, two friends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from redflags.generate.clock import DAY, HOUR, moments, workdays
from redflags.generate.finish import network_address
from redflags.generate.geography import RISK_REGIONS
from redflags.generate.life.access import Network, log_in
from redflags.generate.tape import sides
from redflags.generate.world import World, utc

__all__ = ["live"]


def live(world: World) -> None:
    """Write stories that rules look at closely and leave alone."""
    _gardener(world)
    _cash_aid(world)
    _two_clubs(world)
    _namesake(world)
    _friends(world)
    _collection(world)
    _commuter(world)
    _in_the_news(world)
    _chapter(world)
    _volunteer(world)


def _gardener(world: World) -> None:
    """A gardener who is no trader on file is paid by three firms every month, each its own sum."""
    rng = world.rng("gardener")
    person = world.idle_person(12)
    for number, firm in enumerate(world.idle_firms("property", "restaurant", "software")[:3]):
        days = workdays(world.period.months() + 10 + 3 * number)
        world.tape.put(
            moments(rng, days, 9, 16),
            np.full(len(days), (45 + 35 * number) * 100),
            txn_type="transfer",
            instrument="wire",
            channel="online",
            device_id=firm.device,
            ip_country=firm.main.country,
            purpose_text=f"garden {person.main.name.split()[1]}",
            ends=sides(firm.main, person.main),
        )


def _cash_aid(world: World) -> None:
    """An organisation hands out cash where there are no banks, as its plan on file says."""
    rng = world.rng("cash aid")
    conflict = {region for region, _, _, kind in RISK_REGIONS if kind == "conflict"}
    fitting = [npo for npo in world.idle_npos() if any(side.region in conflict for side in npo.partners)]
    if not fitting:
        return
    npo = fitting[-1]
    profile = next(row for row in world.tables["npo_profiles"] if row["party_id"] == npo.party_id)
    profile["planned_cash_share"] = 0.6
    region = next(partner.region for partner in npo.partners if partner.region in conflict)
    days = workdays(world.period.months() + 18)
    world.tape.put(
        moments(rng, days, 9, 14),
        rng.integers(12, 22, len(days)) * 100_00,
        txn_type="cash_withdrawal",
        instrument="cash",
        channel="branch",
        service_point_id=f"SPX{region[:2]}{region[-2:]}",
        branch_country=region[:2],
        region_code=region,
        conductor_id=npo.party_id,
        purpose_text="cash assistance by list",
        ends=sides(npo.main, None),
    )


def _two_clubs(world: World) -> None:
    """A volunteer sits on the boards of two organisations that share the cost of a hall."""
    rng = world.rng("two clubs")
    if len(world.idle_npos()) < 5:
        return
    one, other = world.idle_npos()[3:5]
    volunteer = world.stranger(rng, world.period.first - 500)
    for npo in (one, other):
        world.link(npo.party_id, volunteer, "officer", world.period.first - 400)
    quarters = world.period.months()[::3] + 16
    world.tape.put(
        moments(rng, workdays(quarters), 9, 16),
        np.full(len(quarters), 85_00),
        txn_type="transfer",
        instrument="wire",
        channel="online",
        device_id=one.device,
        ip_country=one.main.country,
        purpose_text="half of the hall",
        ends=sides(one.main, other.main),
    )


def _namesake(world: World) -> None:
    """A customer's name is nearly that of a listed person, who was born a generation earlier."""
    person = next(iter(world.idle_people("pensioner")), world.idle_person(0))
    record = world.parties[person.party_id]
    record["name"] = "Thiegrum Oxwhel"
    world.names.kinds["Thiegrum Oxwhel"] = ("person", "")
    world.add(
        "party_identifiers",
        identifier_id=world.id("record"),
        party_id=person.party_id,
        id_type="birth_record",
        id_value="1991",
        first_seen=record["onboarded_at"],
    )
    # Another one, of whom nothing else is known, holds a tenth of a firm.
    minor = world.stranger(world.rng("namesake"), world.period.first - 300)
    world.parties[minor]["name"] = "Wrenjik Shudbraf"
    firms = world.idle_firms("software", "consulting")
    if firms:
        world.link(firms[-1].party_id, minor, "owner", world.period.first - 80, 0.1)


def _friends(world: World) -> None:
    """Two friends share a flat, a telephone and a line, and settle small bills; nobody put that on file."""
    rng = world.rng("friends")
    single = [p for p in world.idle_people() if "address_key" not in world.parties[p.party_id]][:2]
    if len(single) < 2:
        return
    phone, mail = world.id("phone"), f"mail-{world.id('record')}"
    one, other = single
    for person in single:
        world.parties[person.party_id].update(phone_key=phone, email_key=mail)
        world.networks[person.device] = network_address(phone)
    days = np.arange(world.period.full + 6, world.period.last, 21)
    world.tape.put(
        moments(rng, days, 9, 22),
        rng.integers(12, 60, len(days)) * 100,
        txn_type="p2p",
        instrument="wire",
        channel="mobile",
        device_id=one.device,
        ip_country=one.main.country,
        purpose_text="groceries",
        ends=sides(one.main, other.main),
    )
    world.add(
        "party_changes",
        change_id=world.id("record"),
        party_id=one.party_id,
        changed_at=utc(world.period.full - 200),
        field="address",
        old_value=None,
        new_value="shared flat",
    )


def _collection(world: World) -> None:
    """A treasurer collects sponsors' money for a run in the charity's name, and hands it over in the same month."""
    rng = world.rng("collection")
    treasurer = world.idle_person(16)
    charities = world.idle_npos()
    if not charities:
        return
    charity = charities[0]
    day = world.period.full + 40
    cents = rng.integers(2, 8, 6) * 5_00
    givers = [world.outsider(rng, world.names.person()) for _ in cents]
    name = str(world.parties[charity.party_id]["name"])
    world.tape.put(
        moments(rng, day + np.sort(rng.integers(0, 9, len(cents))), 8, 21),
        cents,
        txn_type="p2p",
        instrument="wire",
        channel="mobile",
        purpose_text=f"{name} run",
        ends=sides(givers, treasurer.main),
    )
    world.tape.put(
        moments(rng, np.array([day + 13]), 9, 18),
        [int(cents.sum())],
        txn_type="transfer",
        instrument="wire",
        channel="online",
        device_id=treasurer.device,
        ip_country=treasurer.main.country,
        purpose_text="sponsors of the run",
        ends=sides(treasurer.main, charity.main),
    )


def _commuter(world: World) -> None:
    """Somebody fills a wallet in town and takes a part of it out at a shop near the border, once."""
    rng = world.rng("commuter")
    near = next(row for row in world.tables["agents"] if row["peer_group"] == "border")
    town = next(row for row in world.tables["agents"] if row["peer_group"] == "town")
    wallet = world.tables["wallets"][0]
    person = next(person for person in world.people if person.party_id == wallet["party_id"])
    purse = replace(person.main, account_id=str(wallet["wallet_id"]))
    at = (world.period.full + 71) * DAY + 17 * HOUR
    for moment, cents, kind, agent, ends in (
        (at, 60_00, "cash_in", town, sides(None, purse)),
        (at + 48 * 60, 20_00, "cash_out", near, sides(purse, None)),
    ):
        world.tape.put(
            np.array([moment + int(rng.integers(0, 60))]),
            [cents],
            txn_type=kind,
            instrument="e_money",
            channel="agent",
            agent_id=agent["agent_id"],
            provider_id=world.providers[2],
            device_id=person.device,
            region_code=agent["region_code"],
            branch_country=agent["country"],
            ends=ends,
        )


def _in_the_news(world: World) -> None:
    """Somebody gives 20 to a neighbour's collection and names a place that a campaign on a list names as well."""
    rng = world.rng("in the news")
    giver, neighbour = world.idle_person(18), world.outsider(rng, world.names.person())
    world.tape.put(
        moments(rng, np.array([world.period.full + 58]), 9, 20),
        [20_00],
        txn_type="p2p",
        instrument="wire",
        channel="mobile",
        device_id=giver.device,
        ip_country=giver.main.country,
        purpose_text="wells for Dunmarrow valley",
        ends=sides(giver.main, neighbour),
    )


def _chapter(world: World) -> None:
    """A charity opens a chapter in another town, under nearly its own name; a few people give."""
    rng = world.rng("chapter")
    parent = next(iter(world.idle_npos()), None)
    if parent is None:
        return
    home, opened = world.atlas.home_regions()[6], world.period.full + 5
    name = f"{world.parties[parent.party_id]['name']} e V"
    world.names.kinds[name] = ("npo", "")
    party = world.party(
        "npo",
        name,
        region_code=home.code,
        onboarded_at=utc(opened),
        incorporation_country=home.country,
        incorporation_date=utc(opened - 400).date(),
        industry_code="charity",
        segment="npo",
        expected_monthly_turnover=400,
        registration_number=f"VR {world.id('record')}",
    )
    account = world.account(party, home, "current", opened)
    world.link(party, parent.party_id, "member", opened - 300)
    world.link(party, world.stranger(rng, opened - 30), "officer", opened - 20)
    givers = [world.outsider(rng, world.names.person()) for _ in range(4)]
    world.tape.put(
        moments(rng, opened + np.array([4, 11, 25, 37]), 8, 21),
        rng.integers(2, 8, 4) * 10_00,
        txn_type="donation",
        instrument="wire",
        channel="online",
        purpose_code="CHAR",
        purpose_text="for the new chapter",
        ends=sides(givers, account),
    )


def _volunteer(world: World) -> None:
    """A volunteer helps with the accounts during a holiday, and is not on file for it."""
    rng = world.rng("volunteer")
    for npo in world.idle_npos()[1:3]:
        helper = world.stranger(rng, world.period.full - 90)
        network = Network(network_address(npo.device), npo.main.country)
        for at in moments(rng, world.period.full + np.array([50, 54, 59]), 9, 18):
            log_in(world, npo, int(at), network, user=helper)
