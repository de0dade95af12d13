"""Non-profits from the inside: officers, registers, local spending, a federation, and fund-raising campaigns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import numpy as np

from redflags.generate.clock import moments, workdays
from redflags.generate.tape import sides
from redflags.generate.world import Npo, World, utc

if TYPE_CHECKING:
    from redflags.generate.tape import Side

__all__ = ["live", "settle"]

#: Programme code to the sectors that it buys from, and the last words of such a supplier's name.
_BUYS: Final = {
    "water": (("construction", "manufacturing", "wholesale"), "Drilling"),
    "health": (("health", "wholesale", "vehicles"), "Pharma"),
    "education": (("education", "retail", "wholesale"), "Books"),
    "food": (("agriculture", "food", "wholesale"), "Grain"),
    "shelter": (("construction", "wholesale", "manufacturing"), "Works"),
}
_EVERYWHERE: Final = ("aid", "transport", "property", "energy", "lodging", "law", "state", "banking", "consulting")


def settle(world: World) -> None:
    """Give every non-profit its officers and its place in the register, and map programmes to sectors."""
    rng = world.rng("charities")
    since = utc(world.period.first - 300)
    for code, (sectors, _) in _BUYS.items():
        for sector in (*sectors, *_EVERYWHERE):
            world.add("sector_map", programme_code=code, industry_code=sector, valid_from=since)
    registered: list[str] = []
    for party, record in world.parties.items():
        if record["party_type"] == "npo":
            registered.append(party)
    for party in registered:
        record = world.parties[party]
        number, name = f"VR {world.id('record')}", str(record["name"])
        record["registration_number"] = number
        world.add("npo_register", registration_number=number, name_norm=name.casefold(), valid_from=since)
        _officers(world, rng, party)
    for profile in world.tables["npo_profiles"]:
        party = str(profile["party_id"])
        profile["name_norm"] = str(world.parties[party]["name"]).casefold()
        profile["self_regulation_status"] = ("seal", "member_of_umbrella", None)[int(rng.integers(3))]
        profile["expected_annual_income"] = int(rng.integers(130, 190)) * 1_000
    _federation(world)


def _officers(world: World, rng: np.random.Generator, party: str) -> None:
    """A chair and a treasurer; both sign."""
    accounts = [account for account, row in world.accounts.items() if row["party_id"] == party]
    since = world.period.first - int(rng.integers(60, 700))
    for _ in range(2):
        officer = world.stranger(rng, since)
        world.link(party, officer, "officer", since)
        for account in accounts:
            world.add("account_signatories", account_id=account, party_id=officer, valid_from=utc(since))


def _federation(world: World) -> None:
    """Three organisations under one umbrella that they declare, with one treasurer in common."""
    members = [npo.party_id for npo in world.idle_npos()[:3]]
    if not members:
        return
    treasurer = next(
        str(link["related_party_id"])
        for link in world.tables["party_links"]
        if link["party_id"] == members[0] and link["role"] == "officer"
    )
    for member in members[1:]:
        world.link(member, treasurer, "officer", world.period.first - 200)
        for a, b in ((members[0], member), (member, members[0])):
            world.link(a, b, "group_company", world.period.first - 200)
            world.link(a, b, "member", world.period.first - 200)


def live(world: World) -> None:
    """Write local spending, staff, petty cash and grants of non-profits, and campaigns on platforms."""
    for npo in world.npos:
        _spend(world, npo)
    _campaigns(world)


def _spend(world: World, npo: Npo) -> None:
    rng = world.rng("charity spending", npo.party_id)
    profile = next(row for row in world.tables["npo_profiles"] if row["party_id"] == npo.party_id)
    code = cast("list[str]", profile["programme_codes"])[0]
    programme = world.id("programme")
    words = _BUYS[code][1]
    suppliers = [world.outsider(rng, world.names.firm(words)) for _ in range(3)]
    suppliers.append(world.outsider(rng, world.names.firm("Logistics")))
    for month in world.period.months():
        dense = month >= world.period.full
        count = 3 if dense else 1
        chosen: list[Side] = [suppliers[int(i)] for i in rng.permutation(len(suppliers))[:count]]
        cents = (rng.dirichlet(np.full(count, 4.0)) * 2_400_00 * rng.uniform(0.8, 1.1)).astype(np.int64)
        world.tape.put(
            moments(rng, workdays(month + np.arange(count) * 7 + 5), 9, 17),
            np.maximum(cents, 60_00),
            txn_type="transfer",
            instrument="wire",
            channel="online",
            device_id=npo.device,
            ip_country=npo.main.country,
            programme_id=programme,
            purpose_text=[f"{code} programme {side.name.split()[0]}" for side in chosen],
            ends=sides(npo.main, chosen),
        )
    _expenses(world, rng, npo)
    for day in world.period.months()[1::3]:
        point = world.point(rng, npo.home, "branch").columns()
        world.tape.put(
            moments(rng, workdays(np.array([day + 6])), 9, 16),
            [int(rng.integers(2, 9)) * 50_00],
            txn_type="cash_withdrawal",
            instrument="cash",
            conductor_id=npo.party_id,
            purpose_text="petty cash",
            where=point,
            ends=sides(npo.main, None),
        )


def _expenses(world: World, rng: np.random.Generator, npo: Npo) -> None:
    """An officer gets back what the train to a meeting cost."""
    officers = [
        str(link["related_party_id"])
        for link in world.tables["party_links"]
        if link["party_id"] == npo.party_id and link["role"] == "officer"
    ]
    if not officers:
        return
    payee = world.outsider(rng, str(world.parties[officers[0]]["name"]), party=officers[0])
    quarters = world.period.months()[::3] + 12
    world.tape.put(
        moments(rng, workdays(quarters), 9, 17),
        rng.integers(18, 90, len(quarters)) * 100 + 40,
        txn_type="expense_refund",
        instrument="wire",
        channel="online",
        device_id=npo.device,
        ip_country=npo.main.country,
        purpose_text="travel to the meeting",
        ends=sides(npo.main, payee),
    )


def _campaigns(world: World) -> None:
    """Campaigns that pay where they said: a hospital abroad, a playground, a class trip, a flood appeal."""
    rng = world.rng("campaigns")
    platform = world.outsider(rng, world.names.firm("Platform"))
    hospital = world.outsider(rng, world.names.firm("Clinic"), "AT", "AT-XA1")
    builder = world.outsider(rng, world.names.firm("Works"))
    people = [world.idle_person(number) for number in range(60)]
    stories = (
        ("medical", "AT-XA1", hospital, 7_400, people[1]),
        ("community", None, builder, 3_900, people[6]),
        ("education", None, world.outsider(rng, world.names.firm("Coaches")), 1_800, people[9]),
        ("relief", None, world.outsider(rng, world.names.firm("Drilling")), 2_600, people[14]),
    )
    for number, (purpose, region, payee, amount, owner) in enumerate(stories):
        campaign = world.id("file")
        opened = world.period.full + 8 + 6 * number
        world.expect(owner.party_id, payee.country)
        world.add(
            "campaigns",
            campaign_id=campaign,
            owner_party_id=owner.party_id,
            opened_at=utc(opened),
            goal_amount=amount,
            purpose_code=purpose,
            stated_region=region or owner.home.code,
            payout_account_id=owner.main.account_id,
            payout_country=owner.main.country,
        )
        world.tape.put(
            moments(rng, workdays(np.array([opened + 40])), 5, 7),
            [amount * 100],
            txn_type="campaign_payout",
            instrument="wire",
            channel="api",
            campaign_id=campaign,
            purpose_text=f"payout of campaign {campaign}",
            ends=sides(platform, owner.main),
        )
        world.tape.put(
            moments(rng, workdays(opened + np.array([43, 47])), 9, 17),
            [amount * 60, amount * 38],
            txn_type="wire" if payee.country != owner.main.country else "transfer",
            instrument="wire",
            channel="online",
            device_id=owner.device,
            ip_country=owner.main.country,
            campaign_id=campaign,
            purpose_text=f"{purpose} campaign {campaign}",
            ends=sides(owner.main, payee),
        )
        donors = people[20 + 9 * number : 26 + 9 * number]
        for donor in donors:
            world.tape.put(
                moments(rng, np.array([opened + int(rng.integers(1, 36))]), 8, 22),
                [int(rng.integers(1, 8)) * 10_00],
                txn_type="donation",
                instrument="card",
                channel="online",
                campaign_id=campaign,
                device_id=donor.device,
                ip_country=donor.main.country,
                purpose_text=f"campaign {campaign}",
                ends=sides(donor.main, platform),
            )
