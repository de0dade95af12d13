"""What a bank looks up: the institution itself, rates, business days, lists, earlier alerts and reports. All invented."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

import numpy as np

from redflags.generate.clock import moments
from redflags.generate.tape import sides
from redflags.generate.words import HOME, HOME_CURRENCY, RATES
from redflags.generate.world import World, utc

if TYPE_CHECKING:
    import polars as pl

    from redflags.generate.tape import Side

__all__ = ["recall", "register"]

#: Names in syllables that no customer's name is made of.
_LISTED: Final[tuple[tuple[str, str, list[str], str | None, str | None, str | None], ...]] = (
    ("person", "Quarvith Ndoslim", ["Abu Ndoslim"], "P-77120461", "passport", "1971"),
    ("person", "Thiegrum Oxwhell", [], "P-55310992", "passport", "1968"),
    ("person", "Wrenjik Shudbraff", ["Wrenjick Shudbraf"], None, None, "1980"),
    ("person", "Hyphlot Zgurwey", [], "ID-9918273", "national_id", None),
    ("entity", "Brashkoum Relief Circle", ["B.R.C."], "REG-440918", "registration", None),
    ("entity", "Ghwyndhor Shipping Bureau", [], "REG-771204", "registration", None),
    ("entity", "Tchezvikh Money House", ["Chezvik Exchange"], "REG-120553", "registration", None),
    ("vessel", "MV Skroothyme", [], "9800001", "vessel_imo", None),
    ("vessel", "MV Dwelphgard", [], "9800002", "vessel_imo", None),
    ("wallet", "listed wallet", [], "0xinvented000001", "wallet", None),
)
_PLACEHOLDERS: Final = (
    "unknown",
    "our client",
    "one of our clients",
    "customer",
    "not available",
    "none",
    "n a",
    "same",
)
_HOLIDAYS: Final = ((1, 1), (5, 1), (12, 25), (12, 26))


def register(world: World) -> None:
    """Write the tables that are looked up."""
    since = utc(world.period.first - 400)
    world.add("institution", institution_id="I1", home_country=HOME, bank_id=world.bank_id, valid_from=since)
    for currency, rate in RATES.items():
        world.add(
            "fx_rates",
            currency=currency,
            rate_to_base=rate / 10_000,
            source="invented for the sample",
            valid_from=since,
        )
    for currency, countries in (
        (HOME_CURRENCY, ("DE", "FR", "NL", "BE", "AT", "IT", "ES", "LU")),
        ("USD", ("US",)),
        ("CHF", ("CH",)),
        ("GBP", ("GB",)),
    ):
        for country in countries:
            world.add("clearing_countries", currency=currency, country=country, valid_from=since)
    for term in _PLACEHOLDERS:
        world.add("placeholder_terms", term=term, valid_from=since)
    _days(world)
    _lists(world, since)
    _earlier_work(world)
    _frozen(world)


def _days(world: World) -> None:
    for country in ("DE", "NL", "BE", "AT"):
        for number in range(world.period.first - 31, world.period.last + 93):
            day = utc(number).date()
            open_today = day.weekday() < 5 and (day.month, day.day) not in _HOLIDAYS
            world.add("calendars", country=country, date=day, is_business_day=open_today)


def _lists(world: World, since: dt.datetime) -> None:
    for number, (entity, name, aliases, identifier, kind, year) in enumerate(_LISTED):
        world.add(
            "list_entries",
            list_id="invented_sanctions" if number % 2 else "invented_terrorism",
            list_version="2026-1",
            entry_id=f"E{number + 1:03d}",
            kind="name" if entity in ("person", "entity") else "identifier",
            entity_type=entity,
            name=name,
            aliases=aliases,
            alias_quality="weak" if number == 4 else "strong",
            identifier=identifier,
            identifier_kind=kind,
            countries=[],
            birth_record=year,
            regime="invented regime " + ("A" if number % 2 else "B"),
            listed_at=utc(world.period.first - 300 + 60 * number),
            source="invented for the sample",
            withdrawn_as_error=False,
            valid_from=max(since, utc(world.period.first - 300 + 60 * number)),
        )
    for number, (kind, phrase, wallet) in enumerate(
        (("phrase", "wells for dunmarrow valley", None), ("wallet", None, "0xinvented000777"))
    ):
        world.add(
            "list_entries",
            list_id="terror_campaigns",
            list_version="2026-1",
            entry_id=f"K{number + 1:03d}",
            kind=kind,
            entity_type="other",
            name=phrase,
            aliases=[],
            identifier=wallet,
            identifier_kind=None if wallet is None else "wallet",
            countries=[],
            source="invented for the sample",
            withdrawn_as_error=False,
            valid_from=since,
        )
    for number, company in enumerate(("Vantermole Steel", "Oakhembrin Foods", "Lissquarne Energy", "Dormwyke Freight")):
        world.add(
            "known_companies", registration_number=f"HRB 90{number}771", country="DE", name=company, valid_from=since
        )
    for number, (region, category) in enumerate((("SO-XA1", "attack"), ("YE-XC1", "kidnap"), ("DE-XA1", "robbery"))):
        world.add(
            "incidents",
            incident_id=world.id("record"),
            at=utc(world.period.full + 13 * number),
            region_code=region,
            category=category,
            note_series=[f"N{number}4471", f"N{number}4472"] if category == "robbery" else [],
        )


def _earlier_work(world: World) -> None:
    """Alerts of an earlier system, all dismissed or expired, and reports that came to nothing, but for one."""
    rng = world.rng("earlier")
    people = world.idle_people()
    for number, person in enumerate(people[8:40:4]):
        at = utc(world.period.first + 60 + 70 * number)
        world.add(
            "alerts",
            alert_id=world.id("record"),
            at=at,
            party_id=person.party_id,
            rule_id="legacy-cash",
            rule_version=1,
            family="A-structuring-threshold" if number % 2 else "B-flow-behaviour",
            disposition="dismissed",
            disposed_at=at + dt.timedelta(days=9),
            expires_at=at + dt.timedelta(days=365),
            transaction_ids=[],
        )
    # A former customer, gone for two years, whose report was confirmed.
    former = world.stranger(rng, world.period.first - 900)
    world.parties[former]["status"] = "exited"
    world.add(
        "case_reports",
        report_id=world.id("record"),
        party_id=former,
        filed_at=utc(world.period.first + 20),
        typology="mule_network",
        outcome="confirmed",
        outcome_at=utc(world.period.first + 200),
        fiu_feedback="used in proceedings",
    )


def _frozen(world: World) -> None:
    """One customer's funds are frozen by an order; interest comes in, and a licensed payment goes out."""
    rng = world.rng("frozen")
    home = world.atlas.home_regions()[2]
    opened = world.period.first - 800
    party = world.party(
        "person",
        world.names.person(),
        residence_country=home.country,
        region_code=home.code,
        onboarded_at=utc(opened),
        segment="retail",
        status="restricted",
        occupation_code="seller",
        declared_income_annual=21_000,
    )
    account = world.account(party, home, "savings", opened, status="blocked")
    since = world.period.full - 60
    world.add("freeze_orders", party_id=party, legal_basis="invented order", valid_from=utc(since))
    at = utc(world.period.full - 70)
    world.add(
        "case_reports",
        report_id=world.id("record"),
        party_id=party,
        account_id=account.account_id,
        filed_at=at,
        typology="list_match",
        outcome="cleared",
        outcome_at=at + dt.timedelta(days=40),
        fiu_feedback="no further action",
    )
    # Somebody under the same roof, with the same telephone and a quiet account.
    lodger = world.party(
        "person",
        world.names.person(),
        residence_country=home.country,
        region_code=home.code,
        onboarded_at=utc(opened),
        segment="retail",
        occupation_code="pensioner",
        declared_income_annual=14_000,
        phone_key=world.id("phone"),
    )
    world.parties[party]["phone_key"] = world.parties[lodger]["phone_key"]
    quiet = world.account(lodger, home, "savings", opened)
    for side in (quiet, account):
        _interest(world, rng, side)
    months = world.period.months(dense=True)
    world.tape.put(
        moments(rng, months[:2] + 9, 10, 12),
        np.full(len(months[:2]), 180_00),
        txn_type="transfer",
        instrument="wire",
        channel="branch",
        licence_ref="LIC-INVENTED-1",
        purpose_text="basic needs under licence",
        ends=sides(account, world.outsider(rng, world.names.person())),
    )
    world.tape.put(
        moments(rng, np.array([world.period.first + 20, world.period.first + 120]), 10, 12),
        [400_00, 350_00],
        txn_type="transfer",
        instrument="wire",
        channel="online",
        purpose_text="savings",
        ends=sides(world.outsider(rng, world.names.person()), account),
    )


def _interest(world: World, rng: np.random.Generator, account: Side) -> None:
    months = world.period.months()
    world.tape.put(
        moments(rng, months + 27, 2, 3),
        rng.integers(2_00, 6_00, len(months)),
        txn_type="interest",
        instrument="other",
        channel="api",
        initiator="bank",
        purpose_code="INTE",
        purpose_text="interest of the month",
        ends=sides(None, account),
    )


def recall(world: World, frame: pl.DataFrame) -> None:
    """A few payments that were recalled: sent twice, or to the wrong account."""
    rng = world.rng("recalls")
    sent = frame.filter((frame["txn_type"] == "transfer") & (frame["status"] == "booked"))
    for index in rng.permutation(len(sent))[:6]:
        row = sent.row(int(index), named=True)
        world.add(
            "recalls",
            recall_id=world.id("record"),
            txn_id=row["txn_id"],
            received_at=row["booked_at"] + dt.timedelta(hours=int(rng.integers(20, 90))),
            reason=("duplicate", "wrong_account")[int(rng.integers(2))],
        )
