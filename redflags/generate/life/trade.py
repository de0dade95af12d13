"""Exporters and importers: contracts, invoices, shipments, customs and the payments that settle them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import numpy as np

from redflags.generate.clock import DAY, moments, workdays
from redflags.generate.life import shipping
from redflags.generate.life.goods import CHAPTERS, GOODS_TRADED, Good
from redflags.generate.tape import Side, sides
from redflags.generate.words import HOME, HOME_CURRENCY
from redflags.generate.world import Firm, World, utc

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Deal", "live"]

#: Countries that goods come from and go to.
_ABROAD: Final = ("NL", "IT", "ES", "PL", "TR", "MA", "CN", "BR", "US", "BE")


@dataclass(frozen=True)
class Partner:
    """A firm abroad that a customer trades with: on file as a party, its account elsewhere."""

    party_id: str
    side: Side
    good: Good
    contract: str
    buys: bool


@dataclass(frozen=True)
class Deal:
    """One invoice and what is needed to ship and pay it."""

    invoice: str
    trade_ref: str
    firm: Firm
    partner: Partner
    day: int
    quantity: Decimal
    total: Decimal

    @property
    def seller(self) -> str:
        """Who sells."""
        return self.firm.party_id if self.partner.buys else self.partner.party_id

    @property
    def buyer(self) -> str:
        """Who buys."""
        return self.partner.party_id if self.partner.buys else self.firm.party_id


def live(world: World) -> None:
    """Write a trading year for the firms that trade in goods, and service invoices for some others."""
    rng = world.rng("trade abroad")
    fleet = shipping.Fleet.built(world)
    factor = _factor(world, rng)
    traders = world.idle_firms("import_export", "wholesale", "manufacturing")
    for number, firm in enumerate(traders[:24]):
        _line_of_trade(world, firm, number, fleet, factor if number == 2 else None)
    _services(world, rng)


def _factor(world: World, rng: np.random.Generator) -> Side:
    """A factoring house that finances invoices and is known for it."""
    party = world.party(
        "company",
        world.names.firm("Factors"),
        is_customer=False,
        onboarded_at=utc(world.period.first - 500),
        incorporation_country=HOME,
        incorporation_date=utc(world.period.first - 4_000).date(),
        industry_code="banking",
        is_regulated=True,
        segment="related",
        employees_count=60,
    )
    world.add("known_financiers", party_id=party, valid_from=utc(world.period.first - 400))
    return world.outsider(rng, str(world.parties[party]["name"]), party=party)


def _partner(world: World, rng: np.random.Generator, firm: Firm, *, buys: bool, country: str) -> Partner:
    fitting = [good for good in GOODS_TRADED if good.hs[:2] in CHAPTERS[firm.kind]]
    good = fitting[int(rng.integers(len(fitting)))]
    party = world.party(
        "company",
        world.names.firm(("Grain", "Trading", "Supply", "Works")[int(rng.integers(4))]),
        is_customer=False,
        residence_country=country,
        region_code=f"{country}-XA1",
        incorporation_country=country,
        incorporation_date=utc(world.period.first - int(rng.integers(1_200, 9_000))).date(),
        onboarded_at=utc(world.period.first - int(rng.integers(50, 900))),
        industry_code="wholesale",
        employees_count=int(rng.integers(8, 90)),
        paid_in_capital=int(rng.integers(50, 400)) * 1_000,
        segment="counterparty",
        is_pep=None,
        expected_countries=None,
        group_countries=None,
        registered_regions=None,
    )
    side = world.outsider(rng, str(world.parties[party]["name"]), country, f"{country}-XA1", party=party)
    contract, signed = world.id("file"), world.period.first - int(rng.integers(20, 300))
    world.add(
        "contracts",
        contract_id=contract,
        signed_at=utc(signed),
        value=firm.turnover // 100 * 24,
        supplier_id=firm.party_id if buys else party,
        buyer_party_id=party if buys else firm.party_id,
        # A frame contract agrees no day.
        agreed_delivery_at=utc(signed + 45) if rng.random() < 0.3 else None,
        agreed_payers=[party if buys else firm.party_id],
        agreed_payees=[firm.party_id if buys else party],
    )
    world.link(firm.party_id, party, "customer" if buys else "supplier", world.period.first - 20)
    world.expect(firm.party_id, country)
    return Partner(party, side, good, contract, buys)


def _line_of_trade(world: World, firm: Firm, number: int, fleet: shipping.Fleet, factor: Side | None) -> None:
    rng = world.rng("line of trade", firm.party_id)
    exports = number % 3 != 1
    chosen = [str(c) for c in rng.choice(_ABROAD, 2, replace=False)]
    partners = [
        _partner(world, rng, firm, buys=exports if k == 0 else not exports, country=c) for k, c in enumerate(chosen)
    ]
    for month in world.period.months():
        dense = month >= world.period.full
        for k, partner in enumerate(partners):
            for turn in range(2 if dense and k == 0 else 1):
                deal = _deal(world, rng, firm, partner, int(month) + 2 + 12 * turn + 3 * k, dense=dense and k == 0)
                _ship_and_pay(world, rng, deal, fleet, factor)
    turnover = Decimal(str(world.parties[firm.party_id]["expected_monthly_turnover"]))
    world.parties[firm.party_id]["expected_monthly_turnover"] = int(turnover * Decimal("1.4"))


def _deal(world: World, rng: np.random.Generator, firm: Firm, partner: Partner, day: int, *, dense: bool) -> Deal:
    day = int(workdays(np.array([day]))[0])
    good = partner.good
    value = firm.turnover / 100 * (0.15 if dense else 0.3) * rng.uniform(0.8, 1.2)
    price = Decimal(str(round(good.price * rng.uniform(0.93, 1.08), 2)))
    quantity = Decimal(max(int(Decimal(str(value)) / price), 2))
    if good.unit == "kg" and quantity > 100:
        quantity -= quantity % 5
    total = quantity * price
    invoice, trade_ref = world.id("file"), world.id("file")
    deal = Deal(invoice, trade_ref, firm, partner, day, quantity, total)
    number = int(rng.integers(3, 60)) + (day - world.period.first) * 9
    world.add(
        "invoices",
        invoice_id=invoice,
        invoice_number=f"{deal.seller[-3:]}-{number}",
        issued_at=world.moment(day * DAY + 11 * 3_600),
        due_date=utc(day + 30),
        seller_party_id=deal.seller,
        buyer_party_id=deal.buyer,
        contract_id=partner.contract,
        total_amount=total,
        amount_base=total,
        currency=HOME_CURRENCY,
        hs_code=good.hs,
        goods_description=good.words,
        quantity=quantity,
        unit=good.unit,
        unit_price=price,
        is_service=False,
        is_reissue=False,
        is_drop_ship=False,
        serial_key=f"SER-{invoice}" if good.unit == "piece" and good.price > 50 else None,
        document_hash=f"h-{world.id('paper')}",
        template_key=f"tpl-{deal.seller}",
        financing_bank_id=None,
        payee_account=firm.main.account_id if partner.buys else partner.side.account_id,
        payee_country=firm.main.country if partner.buys else partner.side.country,
    )
    half = quantity // 2
    for part in (half, quantity - half) if quantity > 20 and rng.random() < 0.3 else (quantity,):
        world.add(
            "line_items",
            line_item_id=world.id("paper"),
            invoice_id=invoice,
            hs_code=good.hs,
            description=good.words,
            quantity=part,
            unit=good.unit,
            unit_price=price,
            amount=part * price,
            currency=HOME_CURRENCY,
        )
    return deal


def _ship_and_pay(
    world: World, rng: np.random.Generator, deal: Deal, fleet: shipping.Fleet, factor: Side | None
) -> None:
    shipping.send(world, rng, fleet, deal)
    net, paid_at = deal.total, deal.day + int(rng.integers(20, 34))
    if rng.random() < 0.05:
        back = (deal.total / 20).quantize(Decimal("0.01"))
        net -= back
        world.add(
            "credit_notes",
            credit_note_id=world.id("file"),
            invoice_id=deal.invoice,
            issued_at=utc(deal.day + 12),
            amount=back,
            currency=HOME_CURRENCY,
        )
    if rng.random() < 0.02:
        account = deal.firm.main if deal.partner.buys else deal.partner.side
        world.add(
            "payment_instructions",
            instruction_id=world.id("record"),
            invoice_id=deal.invoice,
            changed_at=utc(deal.day - 40),
            old_account=f"X{world.id('paper')[1:]}0",
            new_account=account.account_id,
            old_country=account.country,
            new_country=account.country,
        )
    # Discount and bank charges: nobody pays to the cent what the invoice says.
    cents = int(net * 100 * (98 if rng.random() < 0.3 else 100) / 100) - (35_00 if rng.random() < 0.1 else 0)
    source, target = (deal.partner.side, deal.firm.main) if deal.partner.buys else (deal.firm.main, deal.partner.side)
    parts: Sequence[tuple[int, int, Side]] = [(paid_at, cents, source)]
    if factor is not None and deal.partner.buys:
        parts = [(deal.day + 4, cents * 8 // 10, factor), (paid_at, cents - cents * 8 // 10, source)]
    elif deal.partner.buys and rng.random() < 0.02:
        # A sister of the buyer pays a tenth; nobody put on file that they are sisters.
        sister = _related(world, deal.partner)
        parts = [(paid_at - 3, cents // 10, sister), (paid_at, cents - cents // 10, source)]
    elif rng.random() < 0.1:
        parts = [(paid_at - 10, cents // 3, source), (paid_at, cents - cents // 3, source)]
    for day, part, payer in parts:
        if day > world.period.last:
            continue
        own = payer is deal.firm.main
        world.tape.put(
            moments(rng, np.minimum(workdays(np.array([day])), world.period.last), 9, 17),
            [part],
            txn_type="trade_payment" if payer.country != target.country else "transfer",
            instrument="wire",
            channel="online",
            device_id=deal.firm.device if own else None,
            ip_country=deal.firm.main.country if own else None,
            purpose_code="GDDS",
            purpose_text=f"invoice {deal.invoice} {deal.partner.good.words.split()[-1]} {deal.partner.side.name}",
            invoice_ref=deal.invoice,
            trade_ref=deal.trade_ref,
            contract_id=deal.partner.contract,
            from_identifier=f"LEI-{payer.party_id}",
            ends=sides(payer, target),
        )


def _related(world: World, partner: Partner) -> Side:
    country = partner.side.country
    party = world.party(
        "company",
        world.names.firm("Trading"),
        is_customer=False,
        residence_country=country,
        incorporation_country=country,
        incorporation_date=utc(world.period.first - 2_500).date(),
        onboarded_at=utc(world.period.first - 40),
        industry_code="wholesale",
        segment="counterparty",
    )
    return world.outsider(world.rng("sister", party), str(world.parties[party]["name"]), country, party=party)


def _services(world: World, rng: np.random.Generator) -> None:
    """Advice, cleaning and hosting, billed by the month between customers; each bill its own amount."""
    sellers = world.idle_firms("consulting", "cleaning", "software")[1:9]
    buyers = world.idle_firms("wholesale", "construction", "property", "transport")
    for number, seller in enumerate(sellers if buyers else []):
        buyer = buyers[number % len(buyers)]
        first = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
        for turn, month in enumerate(world.period.months()):
            invoice = world.id("file")
            total = Decimal(int(rng.integers(380_00, 2_900_00))) / 100
            day = int(workdays(np.array([int(month) + 3]))[0])
            world.add(
                "invoices",
                invoice_id=invoice,
                invoice_number=f"S{number}-{turn * 7 + 11}",
                issued_at=first + dt.timedelta(days=day, hours=9),
                due_date=utc(day + 14),
                seller_party_id=seller.party_id,
                buyer_party_id=buyer.party_id,
                total_amount=total,
                amount_base=total,
                currency=HOME_CURRENCY,
                goods_description=f"{seller.kind} services of the month",
                is_service=True,
                service_type=seller.kind,
                is_reissue=False,
                is_drop_ship=False,
                document_hash=f"h-{world.id('paper')}",
                template_key=f"tpl-{seller.party_id}",
                payee_account=seller.main.account_id,
                payee_country=seller.main.country,
            )
            world.tape.put(
                moments(rng, workdays(np.array([day + 9])), 9, 17),
                [int(total * 100)],
                txn_type="transfer" if buyer.main.country == seller.main.country else "wire",
                instrument="wire",
                channel="online",
                device_id=buyer.device,
                ip_country=buyer.main.country,
                purpose_code="SUPP",
                purpose_text=f"bill S{number}-{turn * 7 + 11} {seller.main.name.split()[0]}",
                invoice_ref=invoice,
                ends=sides(buyer.main, seller.main),
            )
