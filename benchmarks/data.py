"""Invented movements of a bank at any size, as Parquet: `python benchmarks/data.py --rows 1000000`.

A ledger row is one side of a movement. The movements are vectorised draws: few busy and many quiet accounts
(Zipf), moments that tie, text ids, and in every column that a rule reads something to filter by. `plants.py`
adds a few cases of each rule, so that every rule has hits at every size. Same seed and size, same bytes.
"""

# ruff: noqa: PLR2004 - an invented bank is made of numbers

from __future__ import annotations

import argparse
import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import yaml

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

START = dt.datetime(2024, 9, 1, tzinfo=dt.UTC)
DAYS = 720
DAY = 86_400_000_000
T0 = int(START.timestamp()) * 1_000_000
OWN = ("DE", "FR", "NL", "AT")
NEAR = ("DE", "FR", "NL", "AT", "BE", "IT", "PL", "ES", "GB", "US", "CH", "CZ", "DK", "SE")
FAR = (
    "TR",
    "AE",
    "PA",
    "TC",
    "VU",
    "RU",
    "VN",
    "KE",
    "LB",
    "NG",
    "CD",
    "SY",
    "SS",
    "AF",
    "IQ",
    "CI",
    "MM",
    "IR",
    "KP",
)
COUNTRIES = NEAR + FAR
RATES = {"EUR": 1_000_000, "USD": 920_000, "GBP": 1_170_000, "CHF": 1_050_000}
SECRECY = {"PA": 72, "TC": 78, "VU": 76, "AE": 74, "CH": 67, "US": 66, "RU": 58}
RISK = {
    "CD": "conflict",
    "SY": "conflict",
    "SS": "conflict",
    "AF": "conflict",
    "IQ": "tf_risk",
    "LB": "tf_risk",
    "NG": "tf_risk",
}
TEXTS = (
    "invoice",
    "payment",
    "services",
    "goods",
    "consulting",
    "transfer",
    "RENT",
    "Miete",
    "groceries",
    "gift",
    "loan back",
    "Überweisung",
    "as agreed",
    "agreement",
    "advance",
    "salary",
    "books",
    "travel",
    "tickets",
    "repair",
    "heating",
    "phone",
    "garden tools",
    "school trip",
    "dinner",
    "deposit return",
    "car parts",
    "Steuer",
    "club fee",
    "paint",
    "Rechnung",
    "donation",
)
#: Share, txn_type, instrument, median amount, spread of its logarithm, sign of the direction (0: both).
KINDS = (
    (0.060, "cash_deposit", "cash", 900.0, 1.1, 1),
    (0.050, "cash_withdrawal", "cash", 200.0, 0.9, -1),
    (0.270, "card_payment", "card", 32.0, 1.0, -1),
    (0.360, "transfer", "wire", 260.0, 1.4, 0),
    (0.080, "p2p", "e_money", 45.0, 0.9, 0),
    (0.035, "remittance", "wire", 220.0, 0.8, -1),
    (0.010, "va_transfer", "virtual_asset", 400.0, 1.2, 0),
    (0.070, "direct_debit", "wire", 70.0, 0.7, -1),
    (0.035, "salary", "wire", 2100.0, 0.4, 1),
    (0.020, "fee", "other", 4.0, 0.6, -1),
    (0.010, "interest", "other", 6.0, 1.0, 1),
)


@dataclass(frozen=True)
class World:
    """What stands still: accounts, parties, places."""

    weight: NDArray[np.float64]
    holder: NDArray[np.int64]
    country: NDArray[np.int64]
    region: NDArray[np.int64]
    kind: NDArray[np.str_]
    opened: NDArray[np.int64]
    quiet: NDArray[np.int64]
    parties: int
    npos: NDArray[np.int64]
    externals: int

    @property
    def accounts(self) -> int:
        """Number of own accounts."""
        return int(self.holder.size)


def make_world(rng: np.random.Generator, rows: int) -> World:
    """Accounts by weight, their holders, and which of them are kept quiet for planted awakenings."""
    accounts = max(400, rows // 50)
    parties = int(accounts * 0.8)
    rank = rng.permutation(accounts)
    weight = 1.0 / (rank + 10.0) ** 0.9
    holder = np.concatenate([np.arange(parties), rng.integers(0, parties, accounts - parties)])
    kind = rng.choice(
        ["person", "company", "sole_trader", "npo", "public_body"],
        parties,
        p=[0.85, 0.115, 0.02, 0.01, 0.005],
    )
    first_rank = np.full(parties, accounts)
    np.minimum.at(first_rank, holder, rank)
    busy = first_rank < accounts // 50
    kind[busy & (kind == "person")] = "company"
    quiet = np.flatnonzero((rank > accounts * 0.6) & (np.arange(accounts) < parties) & (kind[holder] == "person"))
    quiet = quiet[: max(4, rows // 40_000)]
    weight[quiet] = 0.0
    # A third became customers within the data; the rest are known from before it.
    opened = np.where(rng.random(accounts) < 0.33, rng.integers(0, 500, accounts), -rng.integers(1, 3000, accounts))
    opened[quiet] = -rng.integers(600, 2000, quiet.size)
    return World(
        weight / weight.sum(),
        holder,
        rng.choice(4, accounts, p=[0.9, 0.04, 0.03, 0.03]),
        rng.integers(0, 50, accounts),
        kind,
        opened,
        quiet,
        parties,
        np.flatnonzero(kind == "npo"),
        accounts * 3,
    )


# ---- names ---------------------------------------------------------------------------------------


def ids(prefix: str, numbers: NDArray[np.int64], width: int = 7, *, null: NDArray[np.bool_] | None = None) -> pl.Series:
    """Text ids; null where the number is negative or ``null`` says so."""
    missing = numbers < 0 if null is None else (numbers < 0) | null
    frame = pl.DataFrame({"n": numbers, "null": missing})
    text = pl.lit(prefix) + pl.col("n").cast(pl.String).str.zfill(width)
    return frame.select(pl.when(~pl.col("null")).then(text).alias("x"))["x"]


def names(values: Sequence[str | None], index: NDArray[Any]) -> pl.Series:
    """Texts by position; null for -1."""
    picked = pl.Series(np.asarray(index, np.int64)).set(pl.Series(np.asarray(index) < 0), None)
    return pl.Series(values, dtype=pl.String).gather(picked)


def region_name(country: NDArray[np.int64], region: NDArray[np.int64]) -> pl.Series:
    """Region codes such as DE-R07."""
    return pl.DataFrame({"c": names(COUNTRIES, country), "r": ids("-R", region, 2)}).select(pl.col("c") + pl.col("r"))[
        "c"
    ]


def region_place(region: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Latitude and longitude of a region: a grid of about 70 km."""
    return 47.5 + (region // 7) * 0.9, 6.0 + (region % 7) * 1.2


def external_country(external: NDArray[np.int64]) -> NDArray[np.int64]:
    """Country of an outside account: nine in ten at home, few far away. A fixed scatter, no draw."""
    scatter = (external * 2_654_435_761 % 1_000_003) / 1_000_003
    near = (external * 40_503 % 9_973) % len(NEAR)
    far = len(NEAR) + (external * 69_621 % 7_919) % len(FAR)
    return np.where(scatter < 0.90, 0, np.where(scatter < 0.985, near, far))


# ---- movements -----------------------------------------------------------------------------------


def amounts(rng: np.random.Generator, kind: NDArray[np.int64], company: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Cents: log-normal by kind, larger for firms, a fifth of them round."""
    median, spread = (np.array([k[i] for k in KINDS], float)[kind] for i in (3, 4))
    value = median * np.exp(rng.normal(0, spread)) * np.where(company & (kind != 2), 3.0, 1.0)
    cents = np.maximum(np.round(value * 100), 1).astype(np.int64)
    round_to = np.where(value > 100, 5000, 500)
    return np.where(rng.random(kind.size) < 0.2, np.maximum(cents // round_to, 1) * round_to, np.minimum(cents, 10**10))


def moments(rng: np.random.Generator, opened: NDArray[np.int64]) -> NDArray[np.int64]:
    """Seconds since the account is there, a fifth of them on the hour or at midnight, so that rows tie."""
    seconds = rng.integers(np.maximum(opened, 0) * 86_400, DAYS * 86_400)
    style = rng.random(opened.size)
    seconds = np.where(style < 0.12, seconds // 86_400 * 86_400, np.where(style < 0.2, seconds // 3600 * 3600, seconds))
    return T0 + seconds * 1_000_000


def ordinary(rng: np.random.Generator, world: World, internal: int, external: int) -> pl.DataFrame:
    """Ordinary life: ``internal`` movements between own accounts, ``external`` ones with one own side."""
    size = internal + external
    own = np.searchsorted(np.cumsum(world.weight), rng.random(size), side="right").clip(0, world.accounts - 1)
    shares = np.array([k[0] for k in KINDS])
    kind = rng.choice(len(KINDS), size, p=shares / shares.sum())
    inside = np.arange(size) < internal
    kind[inside] = rng.choice([3, 3, 3, 4, 8], internal)
    company = world.kind[world.holder[own]] != "person"
    sign = np.array([k[5] for k in KINDS])[kind]
    incoming = np.where(sign == 0, rng.random(size) < np.where(company, 0.62, 0.4), sign > 0)
    slot = np.minimum(rng.geometric(0.12, size), 60)
    other = (own * 7_919 + slot * 104_729 + own * slot) % world.externals
    other = np.where(rng.random(size) < 0.12, rng.integers(0, world.externals, size), other)
    mate = np.searchsorted(np.cumsum(world.weight), rng.random(size), side="right").clip(0, world.accounts - 1)
    mate = np.where(rng.random(size) < 0.1, world.holder[own], mate)
    mate = np.where(mate == own, (own + 1) % world.accounts, mate)
    cash = np.isin(kind, (0, 1))
    bank = np.isin(kind, (9, 10))
    cents = amounts(rng, kind, company)
    there = np.where(kind == 5, (other * 31 % 100 < 40) * external_country(other * 7 + 3), external_country(other))
    other = np.where(cash | bank | inside, -1, other)
    wire = np.isin(kind, (3, 5)) & ~inside
    currency = np.where(wire, rng.choice(4, size, p=[0.9, 0.06, 0.025, 0.015]), 0)
    return movements(
        rng,
        world,
        own=own,
        incoming=incoming,
        mate=np.where(inside, mate, -1),
        other=other,
        country=there,
        kind=kind,
        cents=cents,
        currency=currency,
        at=moments(rng, np.where(inside, np.maximum(world.opened[own], world.opened[mate]), world.opened[own])),
    )


def movements(
    rng: np.random.Generator,
    world: World,
    *,
    own: NDArray[np.int64],
    incoming: NDArray[np.bool_],
    mate: NDArray[np.int64],
    other: NDArray[np.int64],
    country: NDArray[np.int64],
    kind: NDArray[np.int64],
    cents: NDArray[np.int64],
    currency: NDArray[np.int64],
    at: NDArray[np.int64],
) -> pl.DataFrame:
    """Rows of `transactions`; plants overwrite the columns that their story is about."""
    size = own.size
    chance = rng.random
    cash, bank = np.isin(kind, (0, 1)), np.isin(kind, (9, 10))
    home, region = world.country[own], world.region[own]
    inside = mate >= 0
    nameless = (kind == 5) & ~inside
    far_bank = np.where(chance(size) < 0.98, country, len(NEAR) + rng.integers(0, 6, size))
    side: dict[str, dict[str, pl.Series]] = {"own": {}, "other": {}}
    side["own"] = {
        "account_id": ids("A", own),
        "name": ids("Holder ", world.holder[own]),
        "bank_id": ids("B", np.zeros(size, np.int64), 4),
        "party_id": ids("P", world.holder[own], null=chance(size) < 0.5),
        "country": names(COUNTRIES, home),
        "bank_country": names(COUNTRIES, home),
        "region": region_name(home, region),
    }
    gone = (other < 0) & ~inside
    theirs = np.where(inside, world.country[mate], np.where(gone, -1, country))
    side["other"] = {
        "account_id": _either(ids("A", mate), ids("X", np.where(nameless, -1, other))),
        "name": _either(ids("Holder ", np.where(inside, world.holder[mate], -1)), ids("Payee ", other)),
        "bank_id": ids("B", np.where(inside, 0, np.where(gone, np.where(bank, 0, -1), 1 + other % 400)), 4),
        "party_id": ids("P", np.where(inside & (chance(size) < 0.5), world.holder[mate], -1)),
        "country": names(COUNTRIES, theirs),
        "bank_country": names(COUNTRIES, np.where(gone, -1, np.where(inside, theirs, far_bank))),
        "region": region_name(theirs, np.where(inside, world.region[mate], np.abs(other) % 10)),
    }
    columns: dict[str, pl.Series] = {}
    for what in side["own"]:
        pair = pl.DataFrame({"in": incoming, "own": side["own"][what], "other": side["other"][what]})
        columns[f"from_{what}"] = pair.select(pl.when("in").then("other").otherwise("own"))["other"]
        columns[f"to_{what}"] = pair.select(pl.when("in").then("own").otherwise("other"))["own"]
    away = chance(size) < 0.12
    place = np.where(away, rng.integers(0, 50, size), region)
    latitude, longitude = region_place(place)
    point = ids("S", place * 20 + rng.integers(0, 20, size), 4, null=~cash | (chance(size) < 0.02))
    who = chance(size)
    carrier = rng.integers(0, max(world.parties // 50, 1), size)
    conductor = np.where(
        who < 0.7,
        world.holder[own],
        np.where(who < 0.8, -1, np.where(who < 0.9, rng.integers(0, world.parties, size), carrier)),
    )
    online = np.isin(kind, (3, 4, 6))
    swap = rng.integers(0, len(COUNTRIES), size)
    text = rng.integers(0, len(TEXTS), size)
    notes = pl.DataFrame(
        {
            "t": names(TEXTS, np.where(cash | (chance(size) < 0.1), -1, text)),
            "r": ids(" ", rng.integers(1000, 99_999, size), 5),
            "q": chance(size) < 0.45,
        }
    )
    codes = np.array(["SALA", "UBIL", "RENT", "GDDS", "SUPP", "LOAN", None], dtype=object)
    code = np.where(kind == 8, 0, np.where(kind == 7, 1, np.where(chance(size) < 0.6, 6, rng.integers(1, 6, size))))
    base = _rounded(cents * np.array(list(RATES.values()))[currency], 1_000_000)
    columns |= {
        "booked_at": pl.Series(at).cast(pl.Datetime("us", "UTC")),
        "txn_type": names([k[1] for k in KINDS], kind),
        "instrument": names([k[2] for k in KINDS], kind),
        "status": names(["booked", "rejected"], (chance(size) < 0.004).astype(np.int64)),
        "channel": names(
            ["branch", "online", "pos", "api"],
            np.where(cash, 0, np.where(online, 1, np.where(kind == 2, 2, 3))),
        ),
        "cents": pl.Series(cents),
        "currency": names(list(RATES), currency),
        "base": pl.Series(base),
        "branch_id": ids("F", np.where(cash, place, -1), 3),
        "branch_country": names(COUNTRIES, np.where(cash, home, -1)),
        "service_point_id": point,
        "conductor_id": ids("P", np.where(cash & incoming, conductor, -1)),
        "device_id": ids("D", np.where(online & (chance(size) < 0.8), own, -1)),
        "ip_country": names(COUNTRIES, np.where(online & ~incoming, np.where(chance(size) < 0.97, home, swap), -1)),
        "region_code": region_name(np.where(cash | (kind == 2), home, -1), np.where(cash | (kind == 2), place, -1)),
        "latitude": _known(np.round(latitude + chance(size) * 0.1, 4), cash),
        "longitude": _known(np.round(longitude + chance(size) * 0.1, 4), cash),
        "purpose_code": pl.Series(list(codes), dtype=pl.String).gather(pl.Series(code.astype(np.int64))),
        "purpose_text": notes.select(pl.when("q").then(pl.col("t") + pl.col("r")).otherwise("t"))["t"],
        "intermediary_countries": _lists(
            names(COUNTRIES, np.where((kind == 3) & ~inside & (chance(size) < 0.05), swap, -1))
        ),
        "provider_id": ids("V", np.where(np.isin(kind, (4, 5)), rng.integers(0, 10, size), -1), 2),
        "initiator": names(
            ["customer", "bank", "system"],
            np.where(chance(size) < 0.05, -1, np.where(bank, 1, np.where(kind == 7, 2, 0))),
        ),
        "reversal_of": ids("T", np.where(chance(size) < 0.002, rng.integers(0, size + 1, size), -1), 9),
        "loan_id": ids("L", np.where(chance(size) < 0.001, own, -1)),
    }
    return pl.DataFrame(columns)


def _either(left: pl.Series, right: pl.Series) -> pl.Series:
    return pl.select(pl.coalesce(left, right)).to_series()


def _known(values: NDArray[np.float64], where: NDArray[np.bool_]) -> pl.Series:
    return pl.select(pl.when(pl.Series(where)).then(pl.Series(values))).to_series()


def _lists(items: pl.Series) -> pl.Series:
    frame = items.to_frame("i")
    return frame.select(pl.when(pl.col("i").is_not_null()).then(pl.concat_list("i")).alias("x"))["x"]


def _rounded(num: NDArray[np.int64], den: int) -> NDArray[np.int64]:
    return (2 * num + den) // (2 * den)


# ---- writing -------------------------------------------------------------------------------------


def build(folder: Path, rows: int, seed: int = 7) -> None:
    """Write a data set of ``rows`` ledger rows (planted ones come on top, about 1 in 200)."""
    from plants import plant
    from registers import registers

    rng = np.random.default_rng([seed, rows])
    world = make_world(rng, rows)
    internal = rows // 5
    parts = [ordinary(rng, world, internal, rows - 2 * internal), *plant(rng, world, max(3, rows // 50_000))]
    frame = pl.concat(parts, how="diagonal_relaxed").with_columns(
        pl.Series("tie", rng.random(sum(p.height for p in parts)))
    )
    frame = frame.sort("booked_at", "tie").drop("tie")
    money = [
        (pl.col(a).cast(pl.Decimal(18, 0)) / 100).cast(pl.Decimal(18, 2)).alias(b)
        for a, b in (("cents", "amount"), ("base", "amount_base"))
    ]
    frame = frame.with_columns(*money, ids("T", np.arange(frame.height), 9).alias("txn_id")).drop("cents", "base")
    bank = folder / "bank"
    bank.mkdir(parents=True, exist_ok=True)
    frame.select("txn_id", pl.exclude("txn_id")).write_parquet(bank / "transactions.parquet", row_group_size=250_000)
    for name, table in registers(rng, world).items():
        table.write_parquet(bank / f"{name}.parquet")
    (bank / "dataset.yaml").write_text("base_currency: EUR\ntimezone: Europe/Berlin\n", encoding="utf-8")
    lists = folder / "lists"
    lists.mkdir(exist_ok=True)
    for source in sorted((Path(__file__).parents[1] / "rules" / "lists").glob("*.yaml")):
        shipped_list(source).write_parquet(lists / f"{source.stem}.parquet")
    (folder / "done.json").write_text(
        json.dumps({"rows": rows, "seed": seed, "transactions": frame.height}), encoding="utf-8"
    )


def shipped_list(path: Path) -> pl.DataFrame:
    """A list of the rule book as a plain table, for the SQL side; read without the engine's code."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    columns = {
        c: [None if row[i] is None else str(row[i]) for row in data["rows"]] for i, c in enumerate(data["columns"])
    }
    columns |= {c: [v] * len(data["rows"]) for c, v in (data.get("constants") or {}).items()}
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


def ensure(folder: Path, rows: int, seed: int = 7) -> Path:
    """The data set of that size, made when it is not there yet."""
    place = folder / f"{rows}"
    if not (place / "done.json").is_file():
        build(place, rows, seed)
    return place


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--data", type=Path, default=Path("runs/benchmarks"))
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    print(ensure(given.data, given.rows, given.seed))
