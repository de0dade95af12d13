"""The standing tables of the invented bank: accounts, parties, links, places, scores, profiles."""

# ruff: noqa: PLR2004 - an invented bank is made of numbers

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from data import (
    COUNTRIES,
    DAY,
    FAR,
    RATES,
    RISK,
    SECRECY,
    START,
    T0,
    World,
    ids,
    names,
    region_name,
    region_place,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONG_AGO = START - dt.timedelta(days=3000)
TIME = pl.Datetime("us", "UTC")


def registers(rng: np.random.Generator, world: World) -> dict[str, pl.DataFrame]:
    """All tables but `transactions`."""
    return {
        "accounts": accounts(rng, world),
        "parties": parties(rng, world),
        "party_links": links(rng, world),
        "party_sites": sites(rng, world),
        "known_payees": payees(rng, world),
        "geo_risk": geo_risk(),
        "country_scores": scores(),
        "npo_profiles": npo_profiles(rng, world),
        "npo_appeals": appeals(rng, world),
        "fx_rates": pl.DataFrame(
            {
                "currency": list(RATES),
                "rate_to_base": [f"{r / 1e6:.2f}" for r in RATES.values()],
                "valid_from": [LONG_AGO] * 4,
            }
        ).with_columns(pl.col("rate_to_base").cast(pl.Decimal(12, 4)), pl.col("valid_from").cast(TIME)),
        "carve_outs": _valid(
            pl.DataFrame(
                {
                    "carve_out_id": ["C1"],
                    "party_id": ids("P", world.npos[:1]),
                    "programme_id": ["G1"],
                    "country": ["SY"],
                    "instrument": ["humanitarian exemption, invented"],
                }
            )
        ),
        "party_markers": _valid(
            pl.DataFrame({"party_id": ids("P", np.arange(3)), "marker": ["minor", "victim", "tip_source"]})
        ),
    }


def accounts(rng: np.random.Generator, world: World) -> pl.DataFrame:
    """Own accounts; busy ones of firms are merchants', payrolls', collections."""
    company = world.kind[world.holder] != "person"
    kinds = ["current", "savings", "business", "merchant", "payroll", "collection"]
    place = np.where(
        company,
        rng.choice([2, 3, 4, 5], world.accounts, p=[0.7, 0.2, 0.05, 0.05]),
        rng.choice([0, 1], world.accounts, p=[0.9, 0.1]),
    )
    latitude, longitude = region_place(world.region)
    return pl.DataFrame(
        {
            "account_id": ids("A", np.arange(world.accounts)),
            "party_id": ids("P", world.holder),
            "account_type": names(kinds, np.where(rng.random(world.accounts) < 0.02, -1, place)),
            "currency": ["EUR"] * world.accounts,
            "country": names(COUNTRIES, world.country),
            "opened_at": _at(world.opened),
            "status": ["active"] * world.accounts,
            "home_region": region_name(world.country, world.region),
            "home_latitude": np.round(latitude, 4),
            "home_longitude": np.round(longitude, 4),
        }
    )


def parties(rng: np.random.Generator, world: World) -> pl.DataFrame:
    """Customers; what a firm expects follows what its accounts do, most persons earn as persons do."""
    n = world.parties
    onboarded = np.full(n, 10**6)
    np.minimum.at(onboarded, world.holder, world.opened)
    share = np.zeros(n)
    np.add.at(share, world.holder, world.weight)
    person = world.kind == "person"
    usual = share / share.mean() * 1500
    income = np.maximum(np.exp(rng.normal(10.6, 0.5, n)), usual * 12)
    turnover = usual * np.exp(rng.normal(1.2, 0.6, n)) + 3000
    known = rng.random(n) > 0.05
    country = np.zeros(n, np.int64)
    country[world.holder[::-1]] = world.country[::-1]
    abroad = names(COUNTRIES, np.where(rng.random(n) < 0.3, rng.integers(0, len(COUNTRIES), n), -1))
    abroad2 = names(COUNTRIES, np.where(rng.random(n) < 0.1, rng.integers(0, len(COUNTRIES), n), -1))
    industries = [
        "retail",
        "construction",
        "fitness",
        "education",
        "utility",
        "trade",
        "software",
        "catering",
    ]
    frame = pl.DataFrame(
        {
            "party_id": ids("P", np.arange(n)),
            "party_type": pl.Series(world.kind.tolist()),
            "party_class": names(
                ["cash_in_transit", "payroll_provider"],
                np.where(rng.random(n) < 0.005, rng.integers(0, 2, n), -1),
            ),
            "is_customer": [True] * n,
            "name": ids("Holder ", np.arange(n)),
            "residence_country": names(COUNTRIES, country),
            "onboarded_at": _at(onboarded),
            "status": ["active"] * n,
            "declared_income_annual": pl.Series(np.where(person & known, income, np.nan)),
            "expected_monthly_turnover": pl.Series(np.where(~person & known, turnover, np.nan)),
            "industry_code": names(industries, np.where(person, -1, rng.integers(0, len(industries), n))),
            "a": abroad,
            "b": abroad2,
            "none": rng.random(n) < 0.1,
            "g": rng.random(n) < 0.05,
            "r": region_name(country, rng.integers(0, 50, n)),
            "is_pep": [False] * n,
        }
    )
    money = [
        pl.col(c).fill_nan(None).round(2).cast(pl.Decimal(18, 2))
        for c in ("declared_income_annual", "expected_monthly_turnover")
    ]
    return frame.with_columns(
        *money,
        pl.when(~pl.col("none")).then(pl.concat_list("a", "b").list.drop_nulls()).alias("expected_countries"),
        pl.when("g").then(pl.concat_list("b").list.drop_nulls()).alias("group_countries"),
        pl.when("g").then(pl.concat_list("r")).alias("registered_regions"),
    ).drop("a", "b", "none", "g", "r")


def links(rng: np.random.Generator, world: World) -> pl.DataFrame:
    """Employees, family, couriers; one party in thirty has a joint holder."""
    n, size = world.parties, world.parties // 3
    one, two = rng.integers(0, n, size), rng.integers(0, n, size)
    role = names(
        ["employee", "family", "owner", "cash_courier", "joint_holder"],
        rng.choice(5, size, p=[0.5, 0.25, 0.1, 0.05, 0.1]),
    )
    frame = pl.DataFrame({"party_id": ids("P", one), "related_party_id": ids("P", two), "role": role}).filter(
        pl.Series(one != two)
    )
    frame = frame.unique(["party_id", "related_party_id"], keep="first", maintain_order=True)
    start = rng.integers(-1000, 400, frame.height)
    end = np.where(rng.random(frame.height) < 0.2, start + rng.integers(100, 900, frame.height), -(10**6))
    ends = pl.select(pl.when(pl.Series(end > -(10**6))).then(_at(end))).to_series()
    return frame.with_columns(_at(start).alias("valid_from"), ends.alias("valid_to"))


def sites(rng: np.random.Generator, world: World) -> pl.DataFrame:
    """Firms' own places, in their region."""
    firms = np.flatnonzero(world.kind != "person")
    region = np.zeros(world.parties, np.int64)
    region[world.holder[::-1]] = world.region[::-1]
    party = np.repeat(firms, 3)
    point = region[party] * 20 + rng.integers(0, 20, party.size)
    return _valid(
        pl.DataFrame({"party_id": ids("P", party), "service_point_id": ids("S", point, 4)}).unique(maintain_order=True)
    )


def payees(rng: np.random.Generator, world: World) -> pl.DataFrame:
    """Payees that a customer has confirmed: some of those it pays."""
    own = rng.integers(0, world.accounts, world.accounts // 3)
    slot = rng.integers(1, 6, own.size)
    other = (own * 7_919 + slot * 104_729 + own * slot) % world.externals
    frame = pl.DataFrame(
        {
            "party_id": ids("P", world.holder[own]),
            "account_id": ids("X", other),
            "class": ["family"] * own.size,
        }
    )
    return _valid(frame.unique(["party_id", "account_id"], maintain_order=True))


def geo_risk() -> pl.DataFrame:
    """Half of the regions of the countries at risk; two regions of a country form an area."""
    rows = [(f"{c}-R{i:02d}", f"{c}-{i // 4}", category) for c, category in RISK.items() for i in range(0, 10, 2)]
    region, area, category = zip(*rows, strict=True)
    return _valid(pl.DataFrame({"region_code": region, "area_id": area, "category": category}))


def scores() -> pl.DataFrame:
    """Two indices; `composite` has a second year."""
    made: list[dict[str, Any]] = [{"index_name": "fsi", "country": c, "score": str(s)} for c, s in SECRECY.items()]
    made += [{"index_name": "composite", "country": c, "score": "0.7" if c in FAR[:9] else "0.3"} for c in COUNTRIES]
    return _valid(pl.DataFrame(made).with_columns(pl.col("score").cast(pl.Decimal(12, 4))))


def npo_profiles(rng: np.random.Generator, world: World) -> pl.DataFrame:
    """What each non-profit says that it does, and where."""
    n = world.npos.size
    frame = pl.DataFrame(
        {
            "party_id": ids("P", world.npos),
            "a": names(COUNTRIES, len(COUNTRIES) - 1 - rng.integers(0, len(FAR), n)),
        }
    )
    return _valid(frame.select("party_id", registered=pl.lit(value=True), programme_countries=pl.concat_list("a")))


def appeals(rng: np.random.Generator, world: World) -> pl.DataFrame:
    """Appeals of the non-profits, about one a year."""
    party = np.repeat(world.npos, 2)
    country = list(COUNTRIES).index("TR") + rng.integers(0, len(FAR), party.size)
    return pl.DataFrame(
        {
            "appeal_id": ids("Q", np.arange(party.size)),
            "party_id": ids("P", party),
            "country": names(COUNTRIES, country),
            "announced_at": _at(rng.integers(0, 720, party.size)),
        }
    )


def _at(days: NDArray[np.int64]) -> pl.Series:
    return pl.Series(T0 + np.asarray(days, np.int64) * DAY).cast(TIME)


def _valid(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.lit(LONG_AGO).cast(TIME).alias("valid_from"), pl.lit(None, TIME).alias("valid_to"))
