"""Look-alikes of the rules about payments and flows: each has a plain reason that is on file."""

from __future__ import annotations

from typing import Final

import numpy as np

from redflags.generate.clock import DAY, HOUR, moments, workdays
from redflags.generate.firms import make_firm
from redflags.generate.lookalikes.note import note
from redflags.generate.plant.case import euros
from redflags.generate.tape import sides
from redflags.generate.world import World, utc

__all__ = ["PAYMENTS"]


def _notary(world: World) -> None:
    rng = world.rng("lookalike", "notary")
    buyer = world.cast_person()
    notary = world.outsider(rng, world.names.firm("Notaries"))
    world.add(
        "known_payees",
        party_id=buyer.party_id,
        account_id=notary.account_id,
        **{"class": "notary"},
        valid_from=utc(world.period.full),
    )
    world.parties[buyer.party_id]["expected_change_until"] = utc(world.period.full + 100)
    # A Monday: the large sum follows on the Tuesday.
    monday = int(
        np.arange(world.period.full + 58, world.period.full + 65)[(np.arange(7) + world.period.full + 58 + 3) % 7 == 0][
            0
        ]
    )
    begin = monday * DAY + 10 * HOUR + int(rng.integers(0, HOUR))
    world.tape.put(
        np.array([begin, begin + 26 * HOUR]),
        [1_00, 25_000_00],
        txn_type="transfer",
        instrument="wire",
        channel="online",
        device_id=buyer.device,
        ip_country=buyer.main.country,
        purpose_text=["first cent", "purchase of the flat"],
        ends=sides(buyer.main, notary),
    )
    note(
        world,
        "test-then-escalate",
        buyer.main,
        "A buyer tests a notary's client account, then pays for a flat.",
    )


def _parents(world: World) -> None:
    rng = world.rng("lookalike", "parents")
    home = world.atlas.home_regions()[5]
    opened = world.period.first - 1_500
    party = world.party(
        "npo",
        world.names.npo("School Parents"),
        region_code=home.code,
        onboarded_at=utc(opened),
        incorporation_country=home.country,
        incorporation_date=utc(opened - 20).date(),
        industry_code="association",
        segment="npo",
        expected_monthly_turnover=2_500,
    )
    purse = world.account(party, home, "current", opened)
    families = [world.outsider(rng, world.names.person()) for _ in range(35)]
    bus = world.outsider(rng, world.names.firm("Coaches"))
    # A term every five months: the same families are seen again within half a year.
    for term in range(world.period.full + 40, world.period.first + 20, -150):
        paid = rng.integers(120, 150, len(families)) * 100
        world.tape.put(
            moments(rng, term + rng.integers(0, 9, len(families)), 7, 22),
            paid,
            txn_type="transfer",
            instrument="wire",
            channel="online",
            purpose_text="class trip",
            ends=sides(families, purse),
        )
        world.tape.put(
            moments(rng, workdays(np.array([term + 10])), 9, 16),
            [int(paid.sum()) * 96 // 100],
            purpose_text="coach hire",
            txn_type="transfer",
            instrument="wire",
            channel="online",
            ends=sides(purse, bus),
        )
    note(
        world,
        "collector-fan-in-forward",
        purse,
        "Parents pay for a class trip every term; one coach firm is paid.",
        "account",
    )


def _first_payroll(world: World) -> None:
    rng = world.rng("lookalike", "first payroll")
    home = world.atlas.home_regions()[1]
    opened = world.period.full + 12
    party = world.party(
        "company",
        world.names.firm("Studio"),
        region_code=home.code,
        residence_country=home.country,
        incorporation_country=home.country,
        incorporation_date=utc(opened - 20).date(),
        onboarded_at=utc(opened),
        industry_code="software",
        segment="business",
        expected_monthly_turnover=60_000,
        registered_regions=[home.code],
    )
    main = world.account(party, home, "business", opened)
    backer = world.outsider(rng, world.names.firm("Partners"))
    staff = [world.cast_person() for _ in range(12)]
    for person in staff:
        world.link(party, person.party_id, "employee", opened + 3)
    for day, credit in ((opened + 30, 31_000_00), (opened + 60, 30_500_00)):
        at = moments(rng, np.array([day]), 9, 10)
        world.tape.put(
            at,
            [credit],
            txn_type="transfer",
            instrument="wire",
            channel="online",
            purpose_text="capital round",
            ends=sides(backer, main),
        )
        world.tape.put(
            moments(rng, np.full(len(staff), day + 1), 5, 8),
            rng.integers(195, 235, len(staff)) * 10_00,
            txn_type="salary",
            instrument="wire",
            channel="online",
            purpose_code="SALA",
            purpose_text="salary",
            ends=sides(main, [person.main for person in staff]),
        )
    note(
        world,
        "distributor-fan-out-new-beneficiaries",
        main,
        "A new firm pays its first payroll to staff on file.",
        "account",
    )


def _inheritance(world: World) -> None:
    rng = world.rng("lookalike", "inheritance")
    person = world.cast_person("pensioner")
    account = world.account(person.party_id, person.home, "savings", world.period.first - 700)
    used = np.arange(world.period.first + 10, world.period.full - 400, 40)
    world.tape.put(
        moments(rng, used, 9, 18),
        euros(rng, 50, 200, len(used), 10),
        txn_type="internal_transfer",
        instrument="wire",
        channel="branch",
        purpose_text="to savings",
        ends=sides(person.main, account),
    )
    estate = world.outsider(rng, world.names.firm("Notaries"))
    world.tape.put(
        moments(rng, np.array([world.period.full + 70]), 9, 15),
        [19_600_00],
        txn_type="transfer",
        instrument="wire",
        channel="online",
        purpose_text="estate share",
        ends=sides(estate, account),
    )
    note(
        world,
        "dormant-account-reactivation",
        account,
        "An inheritance reaches an idle savings account and stays.",
        "account",
    )


def _big_payroll(world: World) -> None:
    rng = world.rng("lookalike", "payroll")
    firm = make_firm(world, "manufacturing", trade_name="Works")
    staff = [world.outsider(rng, world.names.person()) for _ in range(40)]
    pay = rng.integers(305, 460, len(staff)) * 10_00
    for month in world.period.months():
        world.tape.put(
            moments(rng, workdays(np.full(len(staff), month + 24)), 5, 7),
            pay,
            txn_type="salary",
            instrument="wire",
            channel="online",
            purpose_code="SALA",
            purpose_text="salary",
            ends=sides(firm.main, staff),
        )
    world.parties[firm.party_id]["expected_monthly_turnover"] = 260_000
    buyer = world.outsider(rng, world.names.firm())
    months = world.period.months()
    world.tape.put(
        moments(rng, workdays(months + 20), 9, 16),
        rng.integers(1_500, 1_700, len(months)) * 100_00,
        txn_type="transfer",
        instrument="wire",
        channel="online",
        purpose_code="SUPP",
        purpose_text="machine parts on frame contract",
        ends=sides(buyer, firm.main),
    )
    note(world, "vague-or-recycled-narrative", firm.main, "A payroll of forty carries the same text, salary.")


def _retry(world: World) -> None:
    rng = world.rng("lookalike", "retry")
    person = world.cast_person()
    shop = world.outsider(rng, world.names.firm(), "AT")
    begin = (world.period.full + 47) * DAY + 18 * HOUR
    world.tape.put(
        np.array([begin, begin + 400, begin + 2 * DAY]),
        [860_00] * 3,
        txn_type=["card_payment", "wallet_load", "wire"],
        instrument=["card", "e_money", "wire"],
        channel="online",
        status=["rejected", "rejected", "booked"],
        provider_id=[None, world.providers[2], None],
        device_id=person.device,
        ip_country=person.main.country,
        purpose_text="cupboard order",
        ends=sides(person.main, shop),
    )
    note(
        world,
        "tf-split-across-channels",
        person.main,
        "Two declined attempts, then one wire for the same order.",
    )


def _couple(world: World) -> None:
    rng = world.rng("lookalike", "couple")
    one, other = world.cast_person(), world.cast_person()
    employer = world.outsider(rng, world.names.firm())
    since = world.period.first - 300
    world.parties[one.party_id]["declared_income_annual"] = one.pay * 12 // 100
    world.parties[other.party_id]["declared_income_annual"] = 78_000
    for a, b in ((one, other), (other, one)):
        world.link(a.party_id, b.party_id, "joint_holder", since)
        world.link(a.party_id, b.party_id, "spouse", since)
    months = world.period.months()
    world.tape.put(
        moments(rng, workdays(months + 26), 5, 8),
        np.full(len(months), 6_900_00),
        txn_type="salary",
        instrument="wire",
        channel="api",
        purpose_code="SALA",
        purpose_text="salary",
        ends=sides(employer, one.main),
    )
    note(
        world,
        "turnover-exceeds-declared-means",
        one.main,
        "A couple on file as joint holders is paid into one account.",
    )


def _house_sale(world: World) -> None:
    rng = world.rng("lookalike", "house")
    person = world.cast_person()
    world.parties[person.party_id]["expected_change_until"] = utc(world.period.full + 70)
    buyer = world.outsider(rng, world.names.firm("Notaries"))
    world.tape.put(
        moments(rng, np.array([world.period.full + 33]), 9, 15),
        [286_000_00],
        txn_type="asset_sale",
        instrument="wire",
        channel="online",
        purpose_code="HLST",
        purpose_text="sale of the house",
        ends=sides(buyer, person.main),
    )
    note(world, "turnover-exceeds-declared-means", person.main, "A house is sold; the purpose code says so.")


def _yoga(world: World) -> None:
    rng = world.rng("lookalike", "yoga")
    home = world.atlas.home_regions()[7]
    opened = world.period.first - 600
    party = world.party(
        "sole_trader",
        world.names.person(),
        region_code=home.code,
        onboarded_at=utc(opened),
        industry_code="fitness",
        occupation_code="yoga_teacher",
        segment="retail",
        expected_monthly_turnover=1_900,
    )
    purse = world.account(party, home, "current", opened)
    pupils = [world.outsider(rng, world.names.person()) for _ in range(20)]
    for month in world.period.months(dense=True):
        world.tape.put(
            moments(rng, month + 1 + rng.integers(0, 9, len(pupils)), 7, 22),
            np.full(len(pupils), 60_00),
            txn_type="transfer",
            instrument="wire",
            channel="online",
            purpose_text="class card",
            ends=sides(pupils, purse),
        )
    note(
        world,
        "identical-amounts-many-senders",
        purse,
        "Twenty pupils each pay the same for a class card.",
        "account",
    )


PAYMENTS: Final = (
    _notary,
    _parents,
    _first_payroll,
    _inheritance,
    _big_payroll,
    _retry,
    _couple,
    _house_sale,
    _yoga,
)
