"""Goods on their way: shipments whole and in parts, vessels that call where they should, customs on both sides."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from redflags.generate.clock import DAY
from redflags.generate.life.goods import PORTS
from redflags.generate.words import HOME
from redflags.generate.world import World, utc

if TYPE_CHECKING:
    import numpy as np

    from redflags.generate.life.trade import Deal

__all__ = ["Fleet", "send"]

_BY_SEA: Final = ("TR", "MA", "CN", "BR", "US", "IT", "ES")
_PASSAGE: Final = {"TR": 14, "MA": 9, "CN": 36, "BR": 21, "US": 13, "IT": 10, "ES": 8}


@dataclass
class Fleet:
    """Vessels on file, and the calls they make."""

    vessels: list[str] = field(default_factory=list)

    @classmethod
    def built(cls, world: World) -> Fleet:
        """Put a handful of vessels and their owner on file."""
        rng = world.rng("fleet")
        owner = world.party(
            "company",
            world.names.firm("Maritime"),
            is_customer=False,
            residence_country="DK",
            incorporation_country="DK",
            incorporation_date=utc(world.period.first - 5_000).date(),
            onboarded_at=utc(world.period.first - 500),
            industry_code="shipping",
            segment="related",
        )
        fleet = cls()
        for number in range(6):
            imo = f"99{int(rng.integers(10_000, 99_999))}"
            fleet.vessels.append(imo)
            world.add(
                "vessels",
                vessel_imo=imo,
                name=world.names.firm("Star"),
                flag=("DK", "NL", "PT", "MT", "LR", "DK")[number],
                owner_party_id=owner,
                valid_from=utc(world.period.first - 700),
            )
            world.add(
                "vessel_events",
                event_id=world.id("record"),
                vessel_imo=imo,
                at=utc(world.period.full + 11 * number),
                event_type="weather_deviation",
                duration_h=6,
                region_code="SEA-X1",
            )
        return fleet


def send(world: World, rng: np.random.Generator, fleet: Fleet, deal: Deal) -> None:
    """Ship a deal's goods, in one lot or two, and declare them on both sides of the border."""
    abroad = deal.partner.side.country
    out = deal.partner.buys
    parts = [deal.quantity]
    if deal.quantity >= 40 and rng.random() < 0.15:
        parts = [deal.quantity // 2, deal.quantity - deal.quantity // 2]
    for number, quantity in enumerate(parts):
        left = deal.day + int(rng.integers(2, 7)) + 5 * number
        if left >= world.period.last - 1:
            continue
        arrived = left + (_PASSAGE[abroad] if abroad in _BY_SEA else 3) + int(rng.integers(0, 3))
        shipment = _shipment(world, rng, fleet, deal, quantity, left=left, arrived=arrived)
        share = quantity / deal.quantity
        for direction, country, partner, day, factor, basis in (
            ("export", HOME if out else abroad, abroad if out else HOME, left, Decimal(1), "FOB"),
            ("import", abroad if out else HOME, HOME if out else abroad, arrived + 1, Decimal("1.05"), "CIF"),
        ):
            if day >= world.period.last:
                continue
            world.add(
                "customs_declarations",
                declaration_id=world.id("paper"),
                shipment_id=shipment,
                declarant_party_id=deal.seller if direction == "export" else deal.buyer,
                declared_at=utc(day),
                period=f"{utc(day):%Y-%m}",
                direction=direction,
                country=country,
                partner_country=partner,
                origin_country=HOME if out else abroad,
                hs_code=deal.partner.good.hs,
                procedure_code="1000" if direction == "export" else "4000",
                quantity=quantity,
                unit=deal.partner.good.unit,
                net_weight_kg=quantity * Decimal(str(deal.partner.good.kg)),
                value=(deal.total * share * factor).quantize(Decimal("0.01")),
                valuation_basis=basis,
            )
    _papers(world, rng, deal, abroad, out=out)


def _port(country: str) -> str:
    """The country's port; XXX where the bank's papers name none, as shippers write it."""
    return next((port for port, where, *_ in PORTS if where == country), f"{country}XXX")


def _shipment(
    world: World, rng: np.random.Generator, fleet: Fleet, deal: Deal, quantity: Decimal, *, left: int, arrived: int
) -> str:
    abroad, out = deal.partner.side.country, deal.partner.buys
    load, discharge = (_port(HOME), _port(abroad)) if out else (_port(abroad), _port(HOME))
    sea = abroad in _BY_SEA
    vessel = fleet.vessels[int(rng.integers(len(fleet.vessels)))] if sea else None
    if vessel is not None:
        for port, day in ((load, left), (discharge, arrived)):
            if day <= world.period.last:
                world.add(
                    "vessel_calls",
                    call_id=world.id("paper"),
                    vessel_imo=vessel,
                    port=port,
                    arrived_at=world.moment((day - 1) * DAY),
                    departed_at=world.moment(day * DAY + 9 * 3_600),
                )
    good, shipment = deal.partner.good, world.id("paper")
    weight = quantity * Decimal(str(good.kg)) * Decimal("1.04")
    world.add(
        "shipments",
        shipment_id=shipment,
        invoice_id=deal.invoice,
        bl_number=f"BL-{world.id('paper')}",
        shipped_at=world.moment(left * DAY + 8 * 3_600),
        arrived_at=world.moment(arrived * DAY) if arrived <= world.period.last else None,
        shipper_party_id=deal.seller,
        consignee_party_id=deal.buyer,
        notify_party_id=deal.buyer,
        load_port=load,
        discharge_port=discharge,
        transship_ports=["NLXRO"] if abroad in ("CN", "BR") else [],
        transport_mode="sea" if sea else "road",
        vessel_imo=vessel,
        container_no=f"CSQU{int(rng.integers(1_000_000, 9_999_999))}" if sea else None,
        container_type=("40HC" if sea else "TRUCK") if weight < 22_000 else None,
        hs_code=good.hs,
        goods_description=good.words,
        quantity=quantity,
        unit=good.unit,
        gross_weight_kg=weight.quantize(Decimal("0.01")),
        freight_cost=(deal.total * Decimal("0.04") * quantity / deal.quantity).quantize(Decimal("0.01")),
    )
    return shipment


def _papers(world: World, rng: np.random.Generator, deal: Deal, abroad: str, *, out: bool) -> None:
    """The certificate of origin and the bill of lading of a trade file."""
    good = deal.partner.good
    for kind in ("certificate_of_origin", "bill_of_lading"):
        if rng.random() < 0.15:
            continue
        world.add(
            "trade_documents",
            doc_id=world.id("paper"),
            trade_ref=deal.trade_ref,
            doc_type=kind,
            issued_at=utc(deal.day + 1),
            issuing_office=f"{HOME if out else abroad}-CHAMBER-{int(rng.integers(1, 4))}",
            leg_no=1,
            exporter_id=deal.seller,
            importer_id=deal.buyer,
            consignee_id=deal.buyer,
            end_user_id=deal.buyer,
            party_roles=[f"exporter:{deal.seller}", f"importer:{deal.buyer}"],
            origin_country=HOME if out else abroad,
            dest_country=abroad if out else HOME,
            dest_region=f"{abroad if out else HOME}-XA1",
            port_loading=_port(HOME if out else abroad),
            port_discharge=_port(abroad if out else HOME),
            transshipment_ports=[],
            hs_code=good.hs,
            goods_description=good.words,
            quantity=deal.quantity,
            unit=good.unit,
            unit_price=deal.total / deal.quantity,
            total_value=deal.total,
            weight_kg=deal.quantity * Decimal(str(good.kg)),
            freight_cost=(deal.total * Decimal("0.04")).quantize(Decimal("0.01")),
            certificate_no=f"CO-{world.id('record')}" if kind == "certificate_of_origin" else None,
            certificate_expiry=utc(deal.day + 180) if kind == "certificate_of_origin" else None,
        )
