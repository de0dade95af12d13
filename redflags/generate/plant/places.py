"""Places: secrecy centres, high-risk corridors, listed jurisdictions, areas of risk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from redflags.generate.clock import DAY, HOUR
from redflags.generate.geography import RISK_REGIONS
from redflags.generate.plant.case import Case, euros
from redflags.generate.tape import sides
from redflags.generate.words import GOODS, HOME
from redflags.generate.world import utc

if TYPE_CHECKING:
    from redflags.generate.world import Firm, Person

__all__ = [
    "call_for_action",
    "first_corridor",
    "increased_monitoring",
    "low_value_repeat",
    "outside_programme",
    "secrecy",
]


def secrecy(case: Case) -> None:
    """Sizeable value with a secrecy centre where the customer has no known business."""
    count, low, high, days = case.by_strength((4, 19_000, 26_000, 50), (3, 10_500, 13_000, 60), (4, 7_000, 8_600, 80))
    country, bank_in = case.by_strength(("VG", "HK"), ("PA", "PA"), ("KY", "CH"))
    at = case.spread(case.start(days), days, count)
    cents = euros(case.rng, low, high, count, 50)
    firm_name = case.world.names.firm("Holdings")
    other = case.world.outsider(case.rng, firm_name, country, bank_in=bank_in)
    if case.strength == "plain":
        person = case.world.cast_person()
        case.receive("flow", at, cents, [other] * count, person.main, text="return of deposit")
        case.tell(person, f"{count} credits from a firm in a secrecy centre, none of it declared.")
    else:
        firm = case.world.cast_firm()
        case.send("flow", at, cents, firm.main, other, device=firm.device, text=f"licence {firm_name.split()[0]}")
        case.tell(firm, f"{count} payments to a firm in a secrecy centre whose bank sits in a third country.")


def first_corridor(case: Case) -> None:
    """First payments ever with a country of high risk, of some size."""
    who = case.world.cast_person()
    country, count, low, high, days = case.by_strength(
        ("TD", 3, 3_900, 4_600, 6), ("TJ", 1, 6_200, 7_400, 1), ("UG", 2, 2_700, 3_100, 9)
    )
    other = case.world.outsider(case.rng, case.world.names.person(), country)
    at = case.spread(case.start(days), days, count)
    cents = euros(case.rng, low, high, count, 10)
    if case.strength == "plain":
        case.receive("flow", at, cents, [other] * count, who.main, text="advance")
    else:
        case.send("flow", at, cents, who.main, other, device=who.device, text="for the house")
    case.tell(
        who,
        case.by_strength("Three payments to", "A credit from", "Two payments to") + " a new risky country.",
    )


def call_for_action(case: Case) -> None:
    """Dealings with a jurisdiction under a call for action, out of keeping with the customer's past."""
    days = case.by_strength(25, 10, 12)
    first = case.start(days)
    if case.strength == "blatant":
        firm = case.world.cast_firm()
        supplier = case.world.outsider(case.rng, case.world.names.firm("Trade"), "IR", bank_in="AE")
        goods = GOODS[int(case.rng.integers(len(GOODS)))]
        case.send(
            "flow",
            case.spread(first, days, 4),
            euros(case.rng, 11_500, 17_800, 4, 50),
            firm.main,
            supplier,
            device=firm.device,
            text=f"{goods} advance",
            intermediary_countries=("TR", "AE"),
        )
        case.tell(firm, "4 first-ever payments to a supplier in a listed jurisdiction, its bank in a third country.")
    elif case.strength == "plain":
        person = case.world.cast_person()
        sender = case.world.outsider(case.rng, case.world.names.person(), "MM")
        case.receive(
            "flow",
            case.spread(first, days, 3),
            euros(case.rng, 3_100, 4_900, 3, 10),
            [sender] * 3,
            person.main,
        )
        case.tell(person, "3 first-ever credits without text from a listed jurisdiction.")
    else:
        person = case.world.cast_person()
        payee = case.world.outsider(case.rng, case.world.names.person(), "AT")
        case.send(
            "flow",
            case.spread(first, days, 3),
            euros(case.rng, 1_900, 2_600, 3, 10),
            person.main,
            payee,
            device=case.world.id("device"),
            text="rent",
            ip_country="KP",
        )
        case.tell(
            person,
            "3 payments to a new payee, ordered from a network in a listed jurisdiction with a new device.",
        )


def increased_monitoring(case: Case) -> None:
    """Much of a customer's cross-border value with increased-monitoring countries it never declared."""
    count, low, high, days = case.by_strength((6, 7_500, 9_900, 70), (4, 4_300, 5_200, 60), (4, 4_000, 4_700, 70))
    who: Firm | Person = case.world.cast_person()
    if case.strength == "blatant":
        who = case.world.cast_firm()
        # Large beside the firm's ordinary trade with its neighbours.
        low = max(low, who.turnover // (600 if who.home.country == HOME else 100))
        high = low * 13 // 10
    at = case.spread(case.start(days), days, count)
    cents = euros(case.rng, low, high, count, 10)
    countries = case.by_strength(["LB", "CI", "CM"], ["VN"], ["LA", "KE"])
    targets = [case.world.outsider(case.rng, case.world.names.firm(), country) for country in countries]
    chosen = [targets[k % len(targets)] for k in range(count)]
    case.send(
        "flow",
        at,
        cents,
        who.main,
        chosen,
        device=who.device,
        text=[f"deposit {target.name.split()[0]}" for target in chosen],
    )
    case.tell(who, f"{count} payments to undeclared countries under increased monitoring within {days} days.")


def low_value_repeat(case: Case) -> None:
    """Many small payments to one area of risk over months, out of line with the customer's past."""
    who = case.world.cast_person()
    count, low, high, days = case.by_strength((18, 160, 420, 130), (12, 190, 320, 140), (9, 245, 300, 150))
    period = case.world.period
    area = case.by_strength("AREA-1", "AREA-4", "AREA-2")
    regions = [(region, country) for region, of, country, _ in RISK_REGIONS if of == area]
    names = [case.world.names.person() for _ in range(case.by_strength(4, 2, 1))]
    targets = [
        case.world.outsider(case.rng, name, regions[k % len(regions)][1], regions[k % len(regions)][0])
        for k, name in enumerate(names)
    ]
    last = period.last if case.late else period.last - int(case.rng.integers(2, 20))
    steps = np.linspace(0, days, count).astype(np.int64) + case.rng.integers(-3, 1, count)
    at = (last - days + steps) * DAY + case.rng.integers(8 * HOUR, 21 * HOUR, count)
    at[-1] = last * DAY + 11 * HOUR + int(case.rng.integers(0, 3 * HOUR))
    case.put(
        "transfer",
        at,
        euros(case.rng, low, high, count),
        txn_type="remittance",
        instrument="wire",
        channel="mobile",
        provider_id=case.world.providers[0],
        device_id=who.device,
        ip_country=who.main.country,
        purpose_text="family support",
        ends=sides(who.main, [targets[k % len(targets)] for k in range(count)]),
    )
    if case.strength == "subtle":
        # A small past in the same area: the change must be measured, not taken from nothing.
        past = (last - days - np.arange(70, 370, 50)) * DAY + 12 * HOUR
        case.world.tape.put(
            past,
            euros(case.rng, 150, 200, len(past)),
            txn_type="remittance",
            instrument="wire",
            channel="mobile",
            provider_id=case.world.providers[0],
            device_id=who.device,
            ip_country=who.main.country,
            purpose_text="family support",
            ends=sides(who.main, targets[0]),
        )
    case.tell(who, f"{count} payments of {low} to {high} into one area of risk within {days} days.")


def outside_programme(case: Case) -> None:
    """A non-profit pays into an area of risk that none of its programmes names."""
    npo = case.world.cast_npo()
    known = {partner.country for partner in npo.partners}
    others = [(region, country) for region, _, country, _ in RISK_REGIONS if country not in known]
    region, country = others[int(case.rng.integers(len(others)))]
    count, low, high, days = case.by_strength((4, 5_800, 8_200, 45), (3, 3_900, 4_800, 50), (4, 2_000, 2_400, 60))
    target = case.world.outsider(case.rng, case.world.names.firm("Services"), country, region)
    # An appeal may follow a payment by a month; only then is the payment judged.
    first = case.start(days, tail=32)
    if case.strength == "plain":
        # A carve-out that lapsed before the first payment: it covers none of them.
        case.world.add(
            "carve_outs",
            carve_out_id=case.world.id("carve_out"),
            party_id=npo.party_id,
            programme_id=case.world.id("programme"),
            region_code=region,
            country=country,
            instrument="humanitarian exemption, invented",
            valid_from=utc(first - 400),
            valid_to=utc(first - 25),
        )
    case.send(
        "flow",
        case.spread(first, days, count),
        euros(case.rng, low, high, count, 10),
        npo.main,
        target,
        device=npo.device,
        text=f"support {target.name.split()[0]}",
    )
    case.tell(npo, f"{count} payments of {low:,} to {high:,} into an area of risk outside every programme on file.")
