"""Letters of credit with their amendments and presentations, hedges of a coffee trader, machines sent for repair."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from redflags.generate.words import HOME, HOME_CURRENCY
from redflags.generate.world import World, utc

if TYPE_CHECKING:
    import numpy as np

__all__ = ["live"]


def live(world: World) -> None:
    """Write letters of credit for some of the larger invoices, hedges, and a repair that comes back."""
    rng = world.rng("credits")
    invoices = [row for row in world.tables.get("invoices", []) if not row["is_service"]]
    for number, invoice in enumerate(invoices[5::11]):
        _credit(world, rng, number, invoice)
    for number, invoice in enumerate(invoices[:40:13]):
        for quarter in range(4):
            world.add(
                "hedges",
                party_id=invoice["seller_party_id"],
                hs_code=invoice["hs_code"],
                period=f"2025-Q{quarter + 1}",
                pnl_base=int(rng.integers(-4_000, 6_000)) * (1 + number),
                valid_from=utc(world.period.full - 300 + 90 * quarter),
            )
    _repair(world, rng)


def _credit(world: World, rng: np.random.Generator, number: int, invoice: dict[str, object]) -> None:
    issued = utc(world.period.first)
    day = (invoice["issued_at"] - issued).days + world.period.first - 14  # type: ignore[operator]
    if day < world.period.first or day + 40 > world.period.last:
        return
    credit, amount = world.id("file"), Decimal(str(invoice["total_amount"]))
    world.add(
        "letters_of_credit",
        lc_id=credit,
        issued_at=utc(day),
        expiry_at=utc(day + 90),
        applicant_party_id=invoice["buyer_party_id"],
        beneficiary_party_id=invoice["seller_party_id"],
        amount=amount,
        currency=HOME_CURRENCY,
        hs_code=invoice["hs_code"],
    )
    # A port strike moves the date, now and then twice; a small change of the amount follows a small change of the order.
    changes: list[tuple[int, str, object, object]] = []
    if number % 3 == 0:
        changes = [(20, "expiry", utc(day + 90).date(), utc(day + 110).date())]
    if number % 6 == 0:
        changes.append((26, "expiry", utc(day + 110).date(), utc(day + 120).date()))
    if number % 7 == 3:
        changes.append((9, "amount", amount, (amount * Decimal("1.04")).quantize(Decimal("0.01"))))
    for offset, field, old, new in changes:
        world.add(
            "lc_amendments",
            amendment_id=world.id("record"),
            lc_id=credit,
            amended_at=utc(day + offset),
            field=field,
            old_value=str(old),
            new_value=str(new),
        )
    world.add(
        "presentations",
        presentation_id=world.id("record"),
        lc_id=credit,
        presented_at=utc(day + 38),
        discrepancies_waived=int(rng.choice([0, 0, 0, 1, 2])),
    )


def _repair(world: World, rng: np.random.Generator) -> None:
    """A machine goes abroad for repair and comes back with the same serial number, under a procedure for it."""
    firm = next(reversed(world.idle_firms("manufacturing")), None)
    partner = None if firm is None else next(
        (row for row in world.tables["invoices"] if firm.party_id in (row["seller_party_id"], row["buyer_party_id"])
         and not row["is_service"]),
        None,
    )  # fmt: skip
    if firm is None or partner is None:
        return
    other = str(
        partner["buyer_party_id"] if partner["seller_party_id"] == firm.party_id else partner["seller_party_id"]
    )
    serial, abroad = f"SER-{world.id('paper')}", str(world.parties[other]["residence_country"])
    for number, (seller, buyer) in enumerate(((firm.party_id, other), (other, firm.party_id))):
        day = world.period.full + 15 + 38 * number
        invoice, shipment = world.id("file"), world.id("paper")
        world.add(
            "invoices",
            invoice_id=invoice,
            invoice_number=f"R-{int(rng.integers(1_000, 9_000))}",
            issued_at=utc(day),
            due_date=utc(day + 30),
            seller_party_id=seller,
            buyer_party_id=buyer,
            total_amount=Decimal(18_400),
            amount_base=Decimal(18_400),
            currency=HOME_CURRENCY,
            hs_code="841381",
            goods_description="water pump station sent for repair",
            quantity=Decimal(1),
            unit="piece",
            unit_price=Decimal(18_400),
            is_service=False,
            is_reissue=False,
            is_drop_ship=False,
            serial_key=serial,
            template_key=f"tpl-{seller}",
        )
        world.add(
            "shipments",
            shipment_id=shipment,
            invoice_id=invoice,
            bl_number=f"BL-{world.id('paper')}",
            shipped_at=utc(day + 2),
            arrived_at=utc(day + 6),
            shipper_party_id=seller,
            consignee_party_id=buyer,
            transport_mode="road",
            transship_ports=[],
            hs_code="841381",
            goods_description="water pump station sent for repair",
            quantity=Decimal(1),
            unit="piece",
            gross_weight_kg=Decimal(46),
            freight_cost=Decimal(310),
        )
        world.add(
            "customs_declarations",
            declaration_id=world.id("paper"),
            shipment_id=shipment,
            declarant_party_id=firm.party_id,
            declared_at=utc(day + 2),
            period=f"{utc(day):%Y-%m}",
            direction="import" if number else "export",
            country=HOME,
            partner_country=abroad,
            origin_country=HOME,
            hs_code="841381",
            procedure_code="6121" if number else "2100",
            quantity=Decimal(1),
            unit="piece",
            net_weight_kg=Decimal(44),
            value=Decimal(18_400),
            valuation_basis="FOB",
        )
