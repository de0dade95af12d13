"""A few cases of each of the twenty rules, laid over ordinary accounts."""

# ruff: noqa: PLR2004 - an invented bank is made of numbers

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from data import COUNTRIES, DAY, NEAR, RISK, T0, World, ids, movements, names, region_name, region_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

CASH_IN, CASH_OUT, TRANSFER, P2P, REMITTANCE = 0, 1, 3, 4, 5
HOME = COUNTRIES.index("DE")


class Cases:
    """Draws the accounts and moments of ``count`` cases each."""

    def __init__(self, rng: np.random.Generator, world: World, count: int) -> None:
        self.rng, self.world, self.count = rng, world, count
        self.fresh = world.externals
        kind = world.kind[world.holder]
        calm = world.weight < np.quantile(world.weight[world.weight > 0], 0.7)
        alive = (world.weight > 0) & calm
        self.persons = np.flatnonzero(alive & (kind == "person"))
        self.firms = np.flatnonzero(alive & (kind == "company"))
        self.npos = np.flatnonzero(kind == "npo")
        self.young = np.flatnonzero(alive & (world.opened >= 0) & (world.opened < 300))

    def strangers(self, per: int, repeat: int = 1) -> Numbers:
        """Outside accounts never seen before, ``per`` of them in each case, each ``repeat`` times."""
        made = self.fresh + np.arange(self.count * per).reshape(self.count, per)
        self.fresh += made.size
        return np.repeat(made, repeat, axis=1)

    def rows(
        self,
        accounts: Numbers,
        days: Sequence[float],
        cents: Sequence[int],
        *,
        incoming: bool | Sequence[bool],
        kind: int | Sequence[int],
        other: Numbers | None = None,
        country: Sequence[str] | str = "DE",
        start: tuple[int, int] = (560, 600),
    ) -> pl.DataFrame:
        """One movement per entry of ``days`` (after the case's start) in each case."""
        per = len(days)
        own = self.rng.choice(accounts, self.count)
        begin = self.rng.integers(start[0] * 86_400, start[1] * 86_400, self.count) * 1_000_000
        at = T0 + begin[:, None] + (np.array(days) * DAY).astype(np.int64)[None, :]
        wide = lambda v, t: np.broadcast_to(np.asarray(v, t), (self.count, per)).reshape(-1)  # noqa: E731
        places = [COUNTRIES.index(country)] * per if isinstance(country, str) else [COUNTRIES.index(c) for c in country]
        jitter = self.rng.integers(0, 100, (self.count, per)) if min(cents) > 100_000 else 0
        return movements(
            self.rng,
            self.world,
            own=np.repeat(own, per),
            incoming=wide(incoming, bool),
            mate=np.full(own.size * per, -1),
            other=np.full(own.size * per, -1) if other is None else other.reshape(-1),
            country=wide(places, np.int64),
            kind=wide(kind, np.int64),
            cents=(np.array(cents)[None, :] + jitter + np.zeros((self.count, 1), np.int64)).reshape(-1),
            currency=np.zeros(own.size * per, np.int64),
            at=at.reshape(-1) // 1_000_000 * 1_000_000,
        ).with_columns(
            status=pl.lit("booked"),
            initiator=pl.lit("customer"),
            purpose_code=pl.lit(None, pl.String),
            reversal_of=pl.lit(None, pl.String),
            loan_id=pl.lit(None, pl.String),
        )

    def tile(self, values: Any) -> pl.Series:  # noqa: ANN401
        """The same values in every case."""
        return pl.Series(list(values) * self.count)


def plant(rng: np.random.Generator, world: World, count: int) -> list[pl.DataFrame]:
    """Rows of all cases, rule by rule."""
    c = Cases(rng, world, count)
    return [*cash(c), *flows(c), *places(c)]


def cash(c: Cases) -> list[pl.DataFrame]:
    """The five rules on structuring, and the funnel."""
    pool = c.rng.integers(0, c.world.parties, c.count * 4)
    just_below = c.rows(c.persons, [0, 2, 4.5, 7], [880_000, 920_000, 950_000, 910_000], incoming=True, kind=CASH_IN)
    many = c.rows(c.firms, [0, 1, 2, 3], [300_000, 280_000, 320_000, 310_000], incoming=True, kind=CASH_IN)
    sites = c.rows(c.persons, [0, 0.2, 0.4], [400_000, 380_000, 410_000], incoming=True, kind=CASH_IN)
    courier = c.rows(c.persons, [0], [350_000], incoming=True, kind=CASH_IN)
    couriers = pl.concat(
        [courier]
        + [
            c.rows(c.persons, [0], [350_000], incoming=True, kind=CASH_IN).with_columns(courier["booked_at"])
            for _ in range(3)
        ]
    )
    below = c.rows(
        c.persons,
        [0, 2, 4, 6, 9],
        [95_000, 88_000, 92_000, 97_000, 90_000],
        incoming=False,
        kind=TRANSFER,
        other=c.strangers(1, 5),
    )
    days = [0, 1, 2, 3, 4, 5, 5.5, 5.8]
    funnel = c.rows(
        c.persons,
        days,
        [200_000] * 6 + [550_000, 500_000],
        incoming=[True] * 6 + [False] * 2,
        kind=[CASH_IN] * 6 + [CASH_OUT] * 2,
    )
    own = funnel["to_account_id"].fill_null(funnel["from_account_id"]).str.slice(1).cast(pl.Int64).to_numpy()
    out = np.tile([False] * 6 + [True] * 2, c.count)
    far = np.where(out, c.world.region[own], (c.world.region[own] + 14 + 7 * np.tile(np.arange(8) % 3, c.count)) % 49)
    latitude, longitude = region_place(far)
    home = c.world.country[own]
    return [
        just_below,
        many.with_columns(ids("P", pool).alias("conductor_id")),
        sites.with_columns(ids("S", np.tile([3, 44, 91], c.count), 4).alias("service_point_id")),
        couriers.with_columns(ids("P", np.tile(pool[: c.count], 4)).alias("conductor_id")),
        below,
        funnel.with_columns(
            region_name(home, far).alias("region_code"),
            pl.Series("latitude", latitude),
            pl.Series("longitude", longitude),
        ),
    ]


def flows(c: Cases) -> list[pl.DataFrame]:
    """The other rules of the family `flow`."""
    gather = c.rows(
        c.persons,
        [*np.linspace(0, 9, 14), 10, 10.5],
        [50_000] * 14 + [340_000, 330_000],
        incoming=[True] * 14 + [False] * 2,
        kind=TRANSFER,
        other=np.concatenate([c.strangers(14), c.strangers(2)], axis=1),
    )
    spread = c.rows(
        c.persons,
        [0, *np.linspace(0.5, 2.5, 6)],
        [1_200_000] + [190_000] * 6,
        incoming=[True] + [False] * 6,
        kind=TRANSFER,
        other=c.strangers(7),
    )
    awake = c.rows(
        c.world.quiet,
        [-420, -400, -380, 0, 3, 6, 8],
        [20_000, 30_000, 25_000, 450_000, 460_000, 400_000, 420_000],
        incoming=[True, True, True, True, True, False, False],
        kind=TRANSFER,
        other=c.strangers(7),
        start=(640, 680),
    )
    same = c.rows(
        c.persons,
        np.linspace(0, 9, 14).tolist(),
        [15_000] * 14,
        incoming=True,
        kind=TRANSFER,
        other=c.strangers(14),
    )
    test = c.rows(
        c.persons,
        [0, 0.5, 1.5],
        [500, 220_000, 260_000],
        incoming=False,
        kind=TRANSFER,
        other=c.strangers(1, 3),
    )
    rich = c.rows(
        c.persons,
        np.linspace(0, 150, 10).tolist(),
        [4_000_000] * 10,
        incoming=True,
        kind=TRANSFER,
        other=c.strangers(2, 5),
    )
    vague = c.rows(
        c.firms,
        np.linspace(0, 50, 10).tolist(),
        [450_000] * 10,
        incoming=False,
        kind=TRANSFER,
        other=c.strangers(10),
    )
    return [
        gather,
        spread,
        awake,
        same,
        test,
        rich,
        vague.with_columns(c.tile(["payment", "services"] * 5).alias("purpose_text")),
    ]


def places(c: Cases) -> list[pl.DataFrame]:
    """The rules that ask where money goes."""
    secret = c.rows(
        c.firms,
        [0, 20, 40, 60],
        [900_000] * 4,
        incoming=False,
        kind=TRANSFER,
        other=c.strangers(2, 2),
        country=["PA", "TC"] * 2,
    )
    first = c.rows(
        c.young,
        [0, 5],
        [420_000, 390_000],
        incoming=False,
        kind=TRANSFER,
        other=c.strangers(1, 2),
        country="LB",
    )
    call = c.rows(
        c.firms,
        [0, 4],
        [90_000, 80_000],
        incoming=False,
        kind=TRANSFER,
        other=c.strangers(1, 2),
        country=["IR", "MM"],
    )
    watch = c.rows(
        c.firms,
        [0, 15, 30, 45],
        [600_000] * 4,
        incoming=True,
        kind=TRANSFER,
        other=c.strangers(2, 2),
        country="VN",
    )
    routes = c.rows(
        c.persons,
        [0, 2, 4],
        [60_000, 55_000, 50_000],
        incoming=False,
        kind=[TRANSFER, P2P, TRANSFER],
        other=c.strangers(1, 3),
    )
    routes = routes.with_columns(provider_id=c.tile([None, "V01", "V02"]))
    area = names([f"{country}-R02" for country in RISK], c.rng.integers(0, len(RISK), c.count))
    small = c.rows(
        c.persons,
        np.linspace(0, 110, 10).tolist(),
        [30_000] * 10,
        incoming=False,
        kind=TRANSFER,
        other=c.strangers(1, 10),
        country="CD",
    )
    region = np.repeat(area.to_numpy(), 10)
    small = small.with_columns(to_region=pl.Series(region), to_country=pl.Series(region).str.head(2))
    aid = c.rows(
        c.npos,
        [0, 20, 45],
        [400_000] * 3,
        incoming=False,
        kind=TRANSFER,
        other=c.strangers(1, 3),
        country="SY",
    )
    return [secret, first, call, watch, routes, small, aid.with_columns(to_region=pl.lit("SY-R04"))]


assert len(NEAR) > HOME  # noqa: S101  the home country is one of the near ones
