"""Look-alikes of the rules about places: nexus declared, family support that never changed, licensed aid."""

from __future__ import annotations

from typing import Final, cast

import numpy as np

from redflags.generate.clock import DAY, HOUR, moments, workdays
from redflags.generate.geography import RISK_REGIONS
from redflags.generate.lookalikes.note import note
from redflags.generate.plant.case import euros
from redflags.generate.tape import Side, sides
from redflags.generate.world import Person, World, utc

__all__ = ["PLACES"]


def _support(
    world: World, rng: np.random.Generator, person: Person, kin: Side, *, cents: int, offsets: tuple[int, ...]
) -> None:
    """Family support, the same every month for the whole time."""
    months = world.period.months()
    for offset in offsets:
        days = np.minimum(months + offset, world.period.last)
        world.tape.put(
            moments(rng, days, 9, 20),
            np.full(len(days), cents),
            txn_type="remittance",
            instrument="wire",
            channel="mobile",
            provider_id=world.providers[0],
            device_id=person.device,
            ip_country=person.main.country,
            purpose_text="family support",
            ends=sides(person.main, kin),
        )
    world.expect(person.party_id, kin.country)


def _kin(world: World, rng: np.random.Generator, person: Person, country: str, region: str | None = None) -> Side:
    """A relative abroad who is on file, as a party linked to the customer."""
    name = world.names.person()
    relative = world.party(
        "person",
        name,
        is_customer=False,
        residence_country=country,
        region_code=region,
        onboarded_at=utc(world.period.first - 200),
        segment="occasional",
        is_pep=None,
        expected_countries=None,
        group_countries=None,
        registered_regions=None,
    )
    world.link(person.party_id, relative, "family", world.period.first - 200)
    kin = world.outsider(rng, name, country, region)
    world.add(
        "known_payees",
        party_id=person.party_id,
        account_id=kin.account_id,
        **{"class": "family"},
        valid_from=utc(world.period.first - 200),
    )
    return kin


def _monthly(world: World) -> None:
    rng = world.rng("lookalike", "monthly")
    for rule, country, region, cents, offsets, story in (
        (
            "transfer-below-originator-info-threshold",
            "RS",
            None,
            900_00,
            (26,),
            "Sends 900 to one relative once a month.",
        ),
        (
            "fatf-call-for-action-nexus",
            "MM",
            None,
            140_00,
            (24,),
            "Sends 140 a month to family in a declared country.",
        ),
        (
            "fatf-increased-monitoring-concentration",
            "KE",
            None,
            600_00,
            (25,),
            "Sends 600 a month to a declared country.",
        ),
        (
            "tf-low-value-repeat-risk-area",
            "SO",
            "SO-XA1",
            180_00,
            (3, 17),
            "Sends 180 twice a month to one relative on file.",
        ),
    ):
        person = world.cast_person()
        _support(world, rng, person, _kin(world, rng, person, country, region), cents=cents, offsets=offsets)
        note(world, rule, person.party_id, story)


def _fund_investor(world: World) -> None:
    rng = world.rng("lookalike", "fund")
    firm = world.cast_firm()
    world.parties[firm.party_id].update(
        expected_countries=["LU", "NL"], industry_code="pension_fund", party_class="pension_fund"
    )
    fund = world.outsider(rng, world.names.firm("Fund"), "LU")
    days = workdays(world.period.full + np.array([8, 39, 70, 101]))
    world.tape.put(
        moments(rng, days, 9, 16),
        euros(rng, 20_000, 40_000, 4, 500),
        txn_type="wire",
        instrument="wire",
        channel="online",
        device_id=firm.device,
        ip_country=firm.main.country,
        purpose_code="SECU",
        purpose_text=[f"capital call {n} growth fund" for n in (3, 4, 5, 6)],
        ends=sides(firm.main, fund),
    )
    note(
        world,
        "secrecy-jurisdiction-no-nexus",
        firm.party_id,
        "Pays capital calls of a fund in a declared country.",
    )


def _shipowner(world: World) -> None:
    rng = world.rng("lookalike", "ship")
    firm = world.cast_firm()
    world.parties[firm.party_id].update(group_countries=["MH"], industry_code="shipping")
    sister = world.outsider(rng, world.names.firm("Maritime"), "MH")
    days = workdays(world.period.full + np.array([15, 45, 76, 106]))
    world.tape.put(
        moments(rng, days, 9, 16),
        euros(rng, 9_000, 15_000, 4, 50),
        txn_type="wire",
        instrument="wire",
        channel="online",
        device_id=firm.device,
        ip_country=firm.main.country,
        purpose_code="INTC",
        purpose_text="charter hire within the group",
        ends=sides(firm.main, sister),
    )
    note(
        world,
        "secrecy-jurisdiction-no-nexus",
        firm.party_id,
        "Pays charter hire to a company of its own group.",
    )


def _announced(world: World) -> None:
    rng = world.rng("lookalike", "announced")
    person = world.cast_person()
    world.parties[person.party_id]["expected_countries"] = ["KH"]
    clinic = world.outsider(rng, world.names.firm("Clinic"), "KH")
    day = np.array([world.period.full + 81])
    world.tape.put(
        moments(rng, day, 9, 16),
        [6_800_00],
        txn_type="wire",
        instrument="wire",
        channel="online",
        device_id=person.device,
        ip_country=person.main.country,
        purpose_text="treatment",
        ends=sides(person.main, clinic),
    )
    note(
        world,
        "first-use-high-risk-corridor",
        person.party_id,
        "Announced treatment abroad; the country is on file.",
    )


def _appeal(world: World) -> None:
    rng = world.rng("lookalike", "appeal")
    npo = world.cast_npo()
    known = {partner.country for partner in npo.partners}
    region, country = next(
        (region, country) for region, _, country, _ in reversed(RISK_REGIONS) if country not in known
    )
    day = world.period.full + 52
    world.add(
        "npo_appeals",
        appeal_id=world.id("appeal"),
        party_id=npo.party_id,
        country=country,
        region_code=region,
        announced_at=utc(day),
    )
    world.expect(npo.party_id, country)
    target = world.outsider(rng, world.names.firm("Field Office"), country, region)
    at = (day + np.array([4, 12, 21])) * DAY + 11 * HOUR
    world.tape.put(
        at,
        euros(rng, 4_000, 6_500, 3, 10),
        txn_type="wire",
        instrument="wire",
        channel="online",
        device_id=npo.device,
        ip_country=npo.main.country,
        purpose_code="CHAR",
        purpose_text="appeal relief",
        ends=sides(npo.main, target),
    )
    note(
        world,
        "npo-outside-programme-area",
        npo.party_id,
        "Pays into a new area under an appeal announced days before.",
    )


def _licensed(world: World) -> None:
    """Aid into a listed country under a humanitarian carve-out."""
    rng = world.rng("lookalike", "licensed")
    npo = world.cast_npo()
    programme = world.id("programme")
    world.add(
        "carve_outs",
        carve_out_id=world.id("carve_out"),
        party_id=npo.party_id,
        programme_id=programme,
        country="MM",
        instrument="humanitarian exemption, invented",
        valid_from=utc(world.period.full - 60),
    )
    profile = next(row for row in world.tables["npo_profiles"] if row["party_id"] == npo.party_id)
    countries = cast("list[str]", profile["programme_countries"])
    profile["programme_countries"] = sorted([*countries, "MM"])
    target = world.outsider(rng, world.names.firm("Field Office"), "MM")
    days = workdays(world.period.full + np.array([20, 50, 80, 111]))
    world.tape.put(
        moments(rng, days, 9, 16),
        euros(rng, 3_200, 4_400, 4, 10),
        txn_type="wire",
        instrument="wire",
        channel="online",
        device_id=npo.device,
        ip_country=npo.main.country,
        purpose_code="CHAR",
        purpose_text="clinic supplies under licence",
        ends=sides(npo.main, target),
    )
    note(
        world,
        "fatf-call-for-action-nexus",
        npo.party_id,
        "Licensed aid under a carve-out on file.",
    )


PLACES: Final = (_monthly, _fund_investor, _shipowner, _announced, _appeal, _licensed)
