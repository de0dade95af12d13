"""Trade: prices far from the market's, an account changed at the last minute, bills that strangers settle."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from redflags.generate.clock import DAY, HOUR, workdays
from redflags.generate.life.goods import GOODS_TRADED, Good
from redflags.generate.tape import sides
from redflags.generate.words import HOME_CURRENCY
from redflags.generate.world import utc

if TYPE_CHECKING:
    from redflags.generate.plant.case import Case
    from redflags.generate.tape import Side

__all__ = ["changed_account", "strangers_pay", "unit_price"]

_VALVES = next(good for good in GOODS_TRADED if good.hs == "848180")
_COFFEE = next(good for good in GOODS_TRADED if good.hs == "090111")


def _partner(case: Case, country: str, trade: str = "Trading") -> Side:
    """A firm abroad that is on file as a party."""
    world = case.world
    party = world.party(
        "company",
        world.names.firm(trade),
        is_customer=False,
        residence_country=country,
        incorporation_country=country,
        incorporation_date=utc(world.period.first - int(case.rng.integers(900, 6_000))).date(),
        onboarded_at=utc(world.period.first - int(case.rng.integers(40, 800))),
        industry_code="wholesale",
        employees_count=int(case.rng.integers(6, 60)),
        segment="counterparty",
        is_pep=None,
        expected_countries=None,
        group_countries=None,
        registered_regions=None,
    )
    return world.outsider(case.rng, str(world.parties[party]["name"]), country, f"{country}-XA1", party=party)


def _invoice(
    case: Case, seller: str, buyer: str, *, day: int, total: int, good: Good, price: float, payee: Side
) -> tuple[str, int]:
    """Put an invoice on file; gives its id and its total in cents."""
    world, unit_price = case.world, Decimal(str(round(price, 2)))
    quantity = Decimal(max(int(Decimal(total) / unit_price), 1))
    invoice, amount = world.id("file"), quantity * unit_price
    world.add(
        "invoices",
        invoice_id=invoice,
        invoice_number=f"{seller[-3:]}-{int(case.rng.integers(1_000, 9_000))}",
        issued_at=world.moment(day * DAY + 11 * HOUR),
        due_date=utc(day + 30),
        seller_party_id=seller,
        buyer_party_id=buyer,
        total_amount=amount,
        amount_base=amount,
        currency=HOME_CURRENCY,
        hs_code=good.hs,
        goods_description=good.words,
        quantity=quantity,
        unit=good.unit,
        unit_price=unit_price,
        is_service=False,
        is_reissue=False,
        is_drop_ship=False,
        document_hash=f"h-{world.id('paper')}",
        template_key=f"tpl-{seller}",
        payee_account=payee.account_id,
        payee_country=payee.country,
    )
    return invoice, int(amount * 100)


def _office_hours(case: Case, days: list[int]) -> np.ndarray:
    moved = workdays(np.array(days, dtype=np.int64))
    return moved * DAY + case.rng.integers(int(9.2 * HOUR), int(17.5 * HOUR), len(days))


def unit_price(case: Case) -> None:
    """An exporter bills goods at a multiple of what they cost elsewhere, and is paid for it."""
    firm, world = case.world.cast_firm(), case.world
    factor, count, total, country = case.by_strength(
        (4.2, 3, 61_000, "AE"), (2.7, 2, 42_000, "CY"), (1.95, 3, 19_000, "IT")
    )
    buyer = _partner(case, country)
    world.expect(firm.party_id, country)
    first = case.start(76)
    for number in range(count):
        day = first + 18 * number
        invoice, cents = _invoice(
            case, firm.party_id, str(buyer.party_id), day=day, total=total, good=_VALVES,
            price=_VALVES.price * factor, payee=firm.main,
        )  # fmt: skip
        case.receive(
            "payment",
            _office_hours(case, [day + 12]),
            [cents],
            [buyer],
            firm.main,
            text=f"invoice {invoice} valves {buyer.name.split()[0]}",
            invoice_ref=invoice,
        )
    case.tell(firm, f"{count} invoices for valves at {factor} times the usual price, paid from abroad.")


def changed_account(case: Case) -> None:
    """Just before an invoice falls due, its payment is sent to an account that nobody paid before."""
    firm, world = case.world.cast_firm(), case.world
    notice, totals, country = case.by_strength((1, (52_000, 47_000), "HK"), (5, (27_000,), "LT"), (9, (14_000,), "PL"))
    supplier = _partner(case, "PL", "Works")
    world.expect(firm.party_id, "PL")
    first = case.start(45)
    # Years of ordinary dealings, always to the same account.
    for turn, month in enumerate(world.period.months(dense=False)[::3]):
        day = int(month) + 8
        invoice, cents = _invoice(
            case, str(supplier.party_id), firm.party_id, day=day, total=5_600 + 170 * turn, good=_VALVES,
            price=_VALVES.price, payee=supplier,
        )  # fmt: skip
        world.tape.put(
            _office_hours(case, [day + 28]),
            [cents],
            txn_type="wire",
            instrument="wire",
            channel="online",
            device_id=firm.device,
            ip_country=firm.main.country,
            purpose_text=f"invoice {invoice} valves {supplier.name.split()[0]}",
            invoice_ref=invoice,
            ends=sides(firm.main, supplier),
        )
    other = world.outsider(case.rng, supplier.name, country, party=supplier.party_id)
    for number, total in enumerate(totals):
        day = first + 6 * number
        invoice, cents = _invoice(
            case, str(supplier.party_id), firm.party_id, day=day, total=total, good=_VALVES,
            price=_VALVES.price, payee=supplier,
        )  # fmt: skip
        world.add(
            "payment_instructions",
            instruction_id=world.id("record"),
            invoice_id=invoice,
            changed_at=world.moment((int(workdays(np.array([day + 30]))[0]) - notice) * DAY + 8 * HOUR),
            old_account=supplier.account_id,
            new_account=other.account_id,
            old_country=supplier.country,
            new_country=other.country,
        )
        case.send(
            "payment",
            _office_hours(case, [day + 30]),
            [cents],
            firm.main,
            other,
            device=firm.device,
            text=f"invoice {invoice} valves {supplier.name.split()[0]}",
            invoice_ref=invoice,
        )
    case.tell(firm, f"A supplier's account is changed {notice} days before the due date, and the new one is paid.")


def strangers_pay(case: Case) -> None:
    """A seller's invoices are settled by firms that have nothing to do with the buyer."""
    firm, world = case.world.cast_firm(), case.world
    count, total, strangers, own = case.by_strength((4, 26_000, 4, 0), (3, 18_000, 3, 30), (3, 16_000, 2, 55))
    buyer = _partner(case, "MA", "Supply")
    world.expect(firm.party_id, "MA")
    payers = [_partner(case, country) for country in ("CN", "TR", "PA", "CY")[:strangers]]
    first = case.start(70)
    for number in range(count):
        day = first + 17 * number
        invoice, cents = _invoice(
            case, firm.party_id, str(buyer.party_id), day=day, total=total, good=_COFFEE,
            price=_COFFEE.price, payee=firm.main,
        )  # fmt: skip
        parts = [(payers[number % strangers], cents - cents * own // 100), (buyer, cents * own // 100)]
        for offset, (payer, part) in enumerate(parts):
            if part:
                case.receive(
                    "payment",
                    _office_hours(case, [day + 14 + offset]),
                    [part],
                    [payer],
                    firm.main,
                    text=f"invoice {invoice} coffee {buyer.name.split()[0]}",
                    invoice_ref=invoice,
                )
    case.tell(firm, f"{strangers} firms from other countries settle {100 - own}% of what one buyer owes.")
