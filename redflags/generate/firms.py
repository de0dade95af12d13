"""Firms: who they are, and their ordinary trade, month by month."""

from __future__ import annotations

import datetime as dt

import numpy as np

from redflags.generate.clock import DAY, Ints, moments, workdays
from redflags.generate.geography import NEAR
from redflags.generate.tape import Side, sides
from redflags.generate.words import GOODS, HOME, RATES
from redflags.generate.world import CASH_TRADES, Firm, World, utc

__all__ = ["make_firm", "make_firms", "trade"]

_KINDS = (
    "restaurant",
    "retail",
    "wholesale",
    "construction",
    "transport",
    "consulting",
    "software",
    "import_export",
    "manufacturing",
    "cleaning",
    "property",
    "retail",
    "restaurant",
)


def make_firms(world: World, count: int) -> None:
    """Create firms of several trades, with clients and suppliers of their own.

    Args:
        world: Where they trade.
        count: How many.
    """
    for number in range(count):
        make_firm(world, _KINDS[number % len(_KINDS)])
    rng = world.rng("suppliers")
    for number, firm in enumerate(world.firms):
        # Suppliers stand further down the chain: money seldom comes back in a ring.
        later = [other for other in world.firms[number + 1 :] if other.kind not in CASH_TRADES]
        others = later or [other for other in world.firms if other is not firm and other.kind not in CASH_TRADES]
        taken = {text for _, text in firm.suppliers}
        for other in (others[int(i)] for i in rng.integers(0, len(others), 2)):
            text = next(word for word in (GOODS[int(i)] for i in rng.permutation(len(GOODS))) if word not in taken)
            taken.add(text)
            if all(side.account_id != other.main.account_id for side, _ in firm.suppliers):
                firm.suppliers.append((other.main, text))
                world.link(firm.party_id, other.party_id, "supplier", world.period.first - 60)
        # Whom a firm deals with abroad it has told the bank.
        partners = [*firm.clients, *(side for side, _ in firm.suppliers)]
        world.expect(firm.party_id, *(side.country for side in partners if side.country != HOME))


def make_firm(world: World, kind: str, *, trade_name: str | None = None) -> Firm:
    """Create one firm with its owner on file, and clients and suppliers outside the bank."""
    rng = world.rng("firm", len(world.firms))
    regions = world.atlas.home_regions() if rng.random() < 0.85 else list(world.atlas.regions)
    home = regions[int(rng.integers(len(regions)))]
    opened = world.period.first - int(rng.integers(100, 3_500))
    abroad = [str(country) for country in rng.choice(NEAR, 2, replace=False)]
    turnover = int(rng.lognormal(10.5, 0.5)) // 100 * 100_00
    party = world.party(
        "company",
        world.names.firm(trade_name),
        residence_country=home.country,
        region_code=home.code,
        incorporation_country=home.country,
        onboarded_at=utc(opened),
        industry_code=kind,
        segment="business",
        incorporation_date=(utc(opened) - dt.timedelta(days=int(rng.integers(20, 2_000)))).date(),
        expected_monthly_turnover=turnover // 100 * 115 // 100,
        registered_regions=[home.code],
        # A branch abroad still deals with the head office's country.
        expected_countries=sorted({*abroad, HOME} - {home.country}),
    )
    account_type = "merchant" if kind in CASH_TRADES else "business"
    firm = Firm(party, world.account(party, home, account_type, opened), kind, home, world.id("device"), turnover)
    owner = world.stranger(rng, opened)
    world.link(party, owner, "owner", opened, 1.0)
    firm.staff.append(owner)
    if rng.random() < 0.4:
        firm.reserve = world.account(party, home, "savings", opened + 30)
    words = rng.permutation(len(GOODS))
    for number in range(int(rng.integers(5, 8))):
        country = HOME if number % 4 else abroad[number // 4 % 2]
        firm.suppliers.append((world.outsider(rng, world.names.firm(), country), GOODS[int(words[number])]))
    for number in range(int(rng.integers(5, 10))):
        country = HOME if number % 5 else abroad[number // 5 % 2]
        firm.clients.append(world.outsider(rng, world.names.firm(), country))
    world.firms.append(firm)
    return firm


def trade(world: World, firm: Firm, shops: list[Side]) -> None:
    """Write a firm's ordinary trade on the tape."""
    rng = world.rng("trade", firm.party_id)
    retail = firm.kind in CASH_TRADES
    _invoices(world, rng, firm, received=0.25 if retail else 1.0)
    if retail:
        _takings(world, rng, firm, shops[0])
    elif firm.kind in ("construction", "cleaning", "transport") and firm.party_id not in world.cast:
        _private_clients(world, rng, firm)
    _running_costs(world, rng, firm, shops)


def _private_clients(world: World, rng: np.random.Generator, firm: Firm) -> None:
    """Householders pay a tradesman in cash now and then."""
    days = workdays(np.sort(np.concatenate([world.period.months() + offset for offset in (6, 19)])))
    cents = rng.integers(20, 90, len(days)) * firm.turnover // 1_000 // 10_00 * 10_00 + 60_00
    world.tape.put(
        moments(rng, days, 9, 16),
        np.minimum(cents, 2_300_00),
        txn_type="cash_deposit",
        instrument="cash",
        conductor_id=firm.staff[0],
        purpose_text="paid by householders",
        where=world.point(rng, firm.home, "branch").columns(),
        ends=sides(None, firm.main),
    )


def _split(rng: np.random.Generator, total: float, count: int) -> Ints:
    """A total in uneven parts, in cents; nobody's invoices are round."""
    shares = rng.dirichlet(np.full(count, 4.0)) if count else np.array([])
    return np.maximum((total * shares).astype(np.int64), 40_00)


def _invoices(world: World, rng: np.random.Generator, firm: Firm, received: float) -> None:
    period = world.period
    number = int(rng.integers(1_000, 9_000))
    goods = GOODS[int(rng.integers(len(GOODS)))]
    for month in period.months():
        dense = month >= period.full
        turn = int((month - period.first) // 30)
        length = min(28, period.last - int(month))
        count = max(int(rng.poisson(7 * received)), 2) if dense else 1 if received < 1 else 2
        buyers = [firm.clients[(turn + int(i)) % len(firm.clients)] for i in rng.permutation(count)]
        total = firm.turnover * received * rng.uniform(0.85, 1.05)
        _pay(
            world,
            rng,
            firm,
            sources=buyers,
            targets=[firm.main] * count,
            cents=_split(rng, total, count),
            days=month + rng.integers(0, length, count),
            texts=[f"INV {number + turn * 40 + k} {goods} {buyer.name.split()[0]}" for k, buyer in enumerate(buyers)],
        )
        count = max(int(rng.poisson(6)), 3) if dense else 2
        chosen = [firm.suppliers[(turn + k) % len(firm.suppliers)] for k in range(count)]
        total = firm.turnover * rng.uniform(0.4, 0.55)
        _pay(
            world,
            rng,
            firm,
            sources=[firm.main] * count,
            targets=[side for side, _ in chosen],
            cents=_split(rng, total, count),
            days=month + rng.integers(0, length, count),
            texts=[f"{text} {side.name.split()[0]} {int(rng.integers(10_000, 99_999))}" for side, text in chosen],
        )


def _pay(
    world: World,
    rng: np.random.Generator,
    firm: Firm,
    *,
    sources: list[Side],
    targets: list[Side],
    cents: Ints,
    days: Ints,
    texts: list[str],
) -> None:
    abroad = [a.country != b.country for a, b in zip(sources, targets, strict=True)]
    dollars = np.array(abroad) & (firm.kind == "import_export")
    ours = [source.account_id == firm.main.account_id for source in sources]
    world.tape.put(
        moments(rng, np.minimum(workdays(days), world.period.last), 8, 18),
        np.where(dollars, cents * 10_000 // RATES["USD"], cents),
        currency=np.where(dollars, "USD", "EUR"),
        txn_type=["wire" if far else "transfer" for far in abroad],
        instrument="wire",
        channel="online",
        device_id=[firm.device if own else None for own in ours],
        ip_country=[firm.main.country if own else None for own in ours],
        purpose_code="SUPP",
        purpose_text=[str(text) for text in texts],
        ends=sides(sources, targets),
    )


def _takings(world: World, rng: np.random.Generator, firm: Firm, acquirer: Side) -> None:
    """Card takings settled every week, cash takings banked a few times a week, well apart from any limit."""
    period = world.period
    tape = world.tape
    # Mondays: takings are banked on three working days of the week.
    weeks = np.arange(period.full + (-period.full - 3) % 7, period.last, 7)
    weekly = firm.turnover * 7 / 30
    # Some live on cards, some on cash.
    in_cash = float(rng.choice([0.2, 0.3, 0.4, 0.5, 0.8, 0.8]))
    tape.put(
        moments(rng, workdays(weeks), 5, 6),
        (weekly * (0.85 - in_cash) * rng.uniform(0.8, 1.2, len(weeks))).astype(np.int64),
        txn_type="settlement",
        instrument="wire",
        channel="api",
        purpose_text="card takings of the week",
        ends=sides(acquirer, firm.main),
    )
    thin = period.months(dense=False)
    tape.put(
        moments(rng, workdays(thin + 4), 5, 6),
        (firm.turnover * (0.85 - in_cash) * rng.uniform(0.85, 1.15, len(thin))).astype(np.int64),
        txn_type="settlement",
        instrument="wire",
        channel="api",
        purpose_text="card takings of the month",
        ends=sides(acquirer, firm.main),
    )
    visits = workdays(np.sort(np.concatenate([weeks + offset for offset in (0, 2, 4)])))
    past = np.concatenate([thin + offset for offset in (3, 9, 16, 23)])
    visits = np.concatenate([workdays(np.sort(past)), visits[visits <= period.last]])
    if not firm.banks_takings:
        return
    usual = min(weekly * in_cash / 3, 5_200_00)
    cents = np.clip(rng.lognormal(np.log(usual), 0.35, len(visits)), 90_00, 7_600_00).astype(np.int64) // 5_00 * 5_00
    for day, amount in zip(visits, cents, strict=True):
        point = world.point(rng, firm.home, "branch" if rng.random() < 0.5 else "deposit_machine")
        world.tape.put(
            moments(rng, np.array([day]), 9, 17),
            [int(amount)],
            txn_type="cash_deposit",
            instrument="cash",
            # A deposit machine often knows the card, not the hand.
            conductor_id=None
            if point.kind == "deposit_machine" and rng.random() < 0.5
            else firm.staff[int(rng.integers(len(firm.staff)))],
            purpose_text="takings",
            where=point.columns(),
            ends=sides(None, firm.main),
        )


def _running_costs(world: World, rng: np.random.Generator, firm: Firm, shops: list[Side]) -> None:
    period, tape = world.period, world.tape
    months, dense = period.months(), period.months(dense=True)
    landlord, staff_size = world.outsider(rng, world.names.firm("Estates")), int(rng.integers(1, 4))
    rent = int(firm.turnover * 0.05) // 10_00 * 10_00
    tape.put(
        moments(rng, workdays(months + 2), 5, 7),
        np.full(len(months), rent),
        txn_type="standing_order",
        instrument="wire",
        channel="online",
        purpose_code="RENT",
        purpose_text="rent of the premises",
        ends=sides(firm.main, landlord),
    )
    for number in range(staff_size):
        worker = world.outsider(rng, world.names.person())
        # The last one joins while the data runs: a payroll changes.
        since = dense[1:] if number == 2 and len(dense) > 1 else dense
        tape.put(
            moments(rng, workdays(since + 24), 5, 7),
            np.full(len(since), int(rng.integers(150, 290)) * 10_00),
            txn_type="salary",
            instrument="wire",
            channel="online",
            purpose_code="SALA",
            purpose_text="salary",
            ends=sides(firm.main, worker),
        )
    office = shops[2]
    quarters = months[::3]
    tape.put(
        moments(rng, workdays(quarters + 9), 8, 12),
        (firm.turnover * rng.uniform(0.05, 0.09, len(quarters))).astype(int),
        txn_type="tax",
        instrument="wire",
        channel="online",
        purpose_code="TAXS",
        purpose_text="turnover tax",
        ends=sides(firm.main, office),
    )
    tape.put(
        moments(rng, workdays(dense + 12), 5, 6),
        rng.integers(90_00, 600_00, len(dense)),
        txn_type="direct_debit",
        instrument="wire",
        channel="api",
        initiator="system",
        purpose_code="UBIL",
        purpose_text="power and water",
        ends=sides(firm.main, shops[1]),
    )
    tape.put(
        (dense + 27) * DAY + 2 * 3_600,
        np.full(len(dense), 14_00),
        txn_type="fee",
        instrument="other",
        channel="api",
        initiator="bank",
        purpose_code="BKFE",
        purpose_text="account fee",
        ends=sides(firm.main, None),
    )
    if firm.reserve is not None:
        sweep = np.full(len(dense), int(firm.turnover * 0.06) // 100_00 * 100_00)
        tape.put(
            moments(rng, workdays(dense + 20), 9, 17),
            np.maximum(sweep, 100_00),
            txn_type="internal_transfer",
            instrument="wire",
            channel="online",
            purpose_text="to reserve",
            device_id=firm.device,
            ends=sides(firm.main, firm.reserve),
        )
    if rng.random() < 0.2:
        day = np.array([period.full + int(rng.integers(5, max(period.last - period.full - 5, 6)))])
        loan = world.id("loan")
        tape.put(
            moments(rng, workdays(day), 9, 12),
            [int(rng.integers(8, 40)) * 1_000_00],
            txn_type="loan_disbursement",
            instrument="wire",
            channel="api",
            initiator="bank",
            purpose_code="LOAN",
            loan_id=loan,
            purpose_text="loan paid out",
            ends=sides(None, firm.main),
        )
