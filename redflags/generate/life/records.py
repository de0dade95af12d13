"""What is on file of a party and an account: contact data, papers, size, the state of due diligence."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, cast

from redflags.generate.finish import network_address
from redflags.generate.geography import RISKY
from redflags.generate.world import CASH_TRADES, World, utc

if TYPE_CHECKING:
    import numpy as np

__all__ = ["complete"]

_PAPERS = (
    ("id_document_key", "national_id"),
    ("tax_id_key", "tax_id"),
    ("phone_key", "phone"),
    ("email_key", "email"),
    ("address_key", "address"),
    ("registration_number", "registration"),
)
_SPARE_TIME = dt.timedelta(days=1)
_STAFF = {"restaurant": (4, 14), "retail": (4, 18), "construction": (6, 40), "manufacturing": (10, 60)}


def complete(world: World) -> None:
    """Fill the records of every party and account that nothing else filled."""
    rng = world.rng("records")
    for party, record in world.parties.items():
        kind = str(record["party_type"])
        usual = _person(world, rng, record) if kind == "person" else _body(world, rng, record)
        usual["peer_group"] = _peers(record)
        usual |= _diligence(world, record)
        for name, value in usual.items():
            record.setdefault(name, value)
        _identifiers(world, rng, party, record)
    _couple_of_changes(world, rng)
    devices = {person.party_id: person.device for person in world.people}
    devices |= {firm.party_id: firm.device for firm in world.firms}
    devices |= {npo.party_id: npo.device for npo in world.npos}
    for record in world.accounts.values():
        _account(world, rng, record, devices.get(str(record["party_id"])))
    for firm in world.firms:
        for signer in firm.staff[:2]:
            world.add(
                "account_signatories",
                account_id=firm.main.account_id,
                party_id=signer,
                valid_from=world.accounts[firm.main.account_id]["opened_at"],
            )


def _diligence(world: World, record: dict[str, object]) -> dict[str, object]:
    """Whoever told of dealings with places of high risk was looked at more closely."""
    told = set(cast("list[str]", record.get("expected_countries") or []))
    if not record["is_customer"] or not told & RISKY:
        return {}
    known = cast("dt.datetime", record["onboarded_at"])
    return {
        "edd_completed_at": max(known, utc(world.period.first - 200)),
        "edd_valid_until": utc(world.period.last + 300),
    }


def _peers(record: dict[str, object]) -> str | None:
    if not record["is_customer"]:
        return None
    if record["party_type"] == "person":
        occupation = str(record.get("occupation_code"))
        return {"student": "students", "pensioner": "pensioners"}.get(occupation, "workers")
    if record["party_type"] == "npo":
        return "npo"
    if record["party_type"] == "financial_institution":
        return "respondents"
    return "shops" if record.get("industry_code") in (*CASH_TRADES, "jewellery") else "business"


def _person(world: World, rng: np.random.Generator, record: dict[str, object]) -> dict[str, object]:
    known = bool(record["is_customer"])
    onboarded = cast("dt.datetime", record["onboarded_at"])
    online = rng.random() < 0.35
    since = onboarded - dt.timedelta(days=int(rng.integers(100, 6_000)))
    announced = rng.random() < 0.03
    return {
        "alias_names": [],
        "residence_since": since if known else None,
        "onboarding_channel": ("online" if online else "branch") if known else "counter",
        "cdd_status": ("overdue" if rng.random() < 0.02 else "complete") if known else "exempt",
        "expected_monthly_cash": int(rng.integers(2, 12)) * 50 if known else None,
        "expected_change_until": utc(world.period.full + 100) if known and announced else None,
        "self_employed": False if known else None,
        "source_of_wealth_code": "employment" if known else None,
        "address_key": world.id("address") if known or rng.random() < 0.3 else None,
        "address_type": "home" if known else None,
        "phone_key": world.id("phone") if known else None,
        "email_key": f"mail-{world.id('record')}" if known and rng.random() < 0.9 else None,
        "tax_id_key": f"tax-{world.id('record')}" if known else None,
        "id_document_key": f"doc-{world.id('record')}",
        "biometric_key": f"face-{world.id('record')}" if online and known else None,
        "licence_types": [],
        "licence_scope": [],
        "is_gatekeeper": False,
        "is_licensed_tcsp": False,
        "is_regulated": False,
    }


def _body(world: World, rng: np.random.Generator, record: dict[str, object]) -> dict[str, object]:
    known = bool(record["is_customer"])
    kind = str(record.get("industry_code"))
    turnover = cast("float", record.get("expected_monthly_turnover") or 0)
    low, high = _STAFF.get(kind, (2, 25))
    cash = kind in CASH_TRADES
    npo = record["party_type"] == "npo"
    return {
        "alias_names": [],
        "onboarding_channel": "branch" if known else None,
        "cdd_status": "complete" if known else "exempt",
        "expected_monthly_cash": int(turnover * 0.6) if cash else int(turnover * 0.02),
        "expected_change_until": utc(world.period.full + 60) if known and rng.random() < 0.04 else None,
        "self_employed": record["party_type"] == "sole_trader",
        "employees_count": max(int(rng.integers(low, high)), int(turnover) // 8_000),
        "paid_in_capital": None if npo else int(rng.integers(25, 120)) * 1_000,
        "cash_intensive": cash,
        "website_present": bool(rng.random() < 0.9),
        "source_of_wealth_code": "donations" if npo else "trade",
        "is_regulated": False,
        "is_listed": False,
        "is_licensed_tcsp": False,
        "is_gatekeeper": False,
        "licence_types": [],
        "licence_scope": [],
        "registration_number": f"HRB {world.id('record')}",
        "address_key": world.id("address"),
        "address_type": "office",
        "phone_key": world.id("phone"),
        "email_key": f"mail-{world.id('record')}",
        "tax_id_key": f"tax-{world.id('record')}",
    }


def _identifiers(world: World, rng: np.random.Generator, party: str, record: dict[str, object]) -> None:
    seen = cast("dt.datetime | None", record.get("onboarded_at"))
    for column, id_type in _PAPERS:
        value = record.get(column)
        if value is None:
            continue
        world.add(
            "party_identifiers",
            identifier_id=world.id("record"),
            party_id=party,
            id_type=id_type,
            id_value=str(value),
            issuer=record.get("residence_country") if id_type in ("national_id", "registration") else None,
            first_seen=seen,
            last_seen=None,
            valid_from=seen,
        )
    # A paper that has run out since, or a number given up: more than one of a kind is normal.
    if seen is not None and record["is_customer"] and rng.random() < 0.15:
        world.add(
            "party_identifiers",
            identifier_id=world.id("record"),
            party_id=party,
            id_type="phone",
            id_value=world.id("phone"),
            first_seen=seen,
            last_seen=max(seen, utc(world.period.full - 300)) + _SPARE_TIME,
            valid_from=seen,
            valid_to=max(seen, utc(world.period.full - 300)) + 2 * _SPARE_TIME,
        )


def _couple_of_changes(world: World, rng: np.random.Generator) -> None:
    """People move and change numbers; firms change a director now and then."""
    customers = [party for party, record in world.parties.items() if record["is_customer"]]
    for index in rng.permutation(len(customers))[: len(customers) // 6]:
        party = customers[int(index)]
        person = world.parties[party]["party_type"] == "person"
        field = (
            ("address", "phone", "email")[int(rng.integers(3))]
            if person
            else ("address", "director")[rng.random() < 0.2]
        )
        world.add(
            "party_changes",
            change_id=world.id("record"),
            party_id=party,
            changed_at=utc(world.period.first + int(rng.integers(30, world.period.last - world.period.first))),
            field=field,
            old_value=f"old-{world.id('record')}",
            new_value=world.parties[party].get(f"{field}_key") or f"new-{world.id('record')}",
        )


def _account(world: World, rng: np.random.Generator, record: dict[str, object], device: str | None) -> None:
    party = world.parties[str(record["party_id"])]
    online = party["onboarding_channel"] == "online"
    person = party["party_type"] == "person"
    usual = {
        "opening_channel": "online" if online else "branch",
        "opening_device_id": device if online else None,
        "opening_ip": world.networks.get(device, network_address(device)) if online and device else None,
        "introducer_id": None,
        "credit_limit": int(rng.integers(2, 10)) * 500
        if record["account_type"] == "current" and rng.random() < 0.6
        else None,
        "atm_daily_limit": 1_000 if person else 3_000,
        "is_client_money": False,
        "pooling_agreement": False,
        "payable_through_approved": None,
        "respondent_bank_id": None,
    }
    for name, value in usual.items():
        record.setdefault(name, value)
