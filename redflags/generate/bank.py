"""The whole bank: build it, let it live, plant the cases, and hand over canonical tables."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl

from redflags.errors import UsageError
from redflags.generate import firms, life, lookalikes, npos, people
from redflags.generate.clock import Period
from redflags.generate.finish import finish, settle_balances
from redflags.generate.geography import geo_risk_rows, score_rows
from redflags.generate.plant import USUAL_CASES, plant
from redflags.generate.schema import TABLES
from redflags.generate.world import World, utc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redflags.generate.plant.case import Case
    from redflags.generate.tape import Side

__all__ = ["generate_bank"]

_END = dt.date(2026, 7, 1)


def generate_bank(
    seed: int = 7,
    parties: int = 350,
    months: int = 30,
    *,
    dense_months: int = 4,
    end: dt.date = _END,
    cases: Mapping[str, int] | None = None,
    with_lookalikes: bool = True,
) -> dict[str, pl.DataFrame]:
    """Invent a bank, its customers' ordinary lives, planted cases and their answer key.

    Args:
        seed: The same seed gives the same tables, byte for byte.
        parties: About how many customers.
        months: How many months in all.
        dense_months: How many of them, at the end, hold the full life; the others hold a thin, regular one.
        end: The day after the last one, the first day of a month.
        cases: Rule id to number of planted cases; by default three of each.
        with_lookalikes: Whether to add ordinary stories that look like planted ones.

    Returns:
        Frames by canonical table name; `labels`, `cases` and `lookalikes` are the answer key.

    Raises:
        UsageError: When the sizes do not fit each other, or a typology is not known.

    Example:
        >>> bank = generate_bank(seed=1, parties=60, months=5, cases={}, with_lookalikes=False)
        >>> bank["labels"].is_empty(), bank["transactions"]["currency"].unique().sort().to_list()
        (True, ['EUR', 'USD'])
    """
    if parties < 30:
        raise UsageError(f"a bank of {parties} parties is too small to live; ask for 30 or more")
    world = World(seed, Period.ending(end, months, dense_months))
    firms.make_firms(world, max(parties * 22 // 100, 6))
    people.make_people(world, parties * 56 // 100)
    npos.make_npos(world, max(parties // 19, 2))
    planted = plant(world, USUAL_CASES if cases is None else cases)
    if with_lookalikes:
        lookalikes.act(world)
    trips = life.settle(world)
    life.live(world, _live(world), trips)
    if with_lookalikes:
        life.note(world)
    life.file(world)
    _mark(world, planted)
    return _tables(world, planted)


def _live(world: World) -> list[Side]:
    rng = world.rng("shops")
    # The first three are not shops: the card house, the power company, the tax office.
    shops = [world.outsider(rng, name) for name in ("Card house", "Power company", "Tax office")]
    for kind, side in zip(("processor", "utility", "state"), shops, strict=True):
        world.known(kind, side)
    shops += [world.outsider(rng, world.names.firm()) for _ in range(max(len(world.people) // 2, 8))]
    friends = [person.main for person in world.people]
    friends += [world.outsider(rng, world.names.person()) for _ in range(len(world.people) // 4)]
    for person in world.people:
        people.live(world, person, shops, friends)
    for firm in world.firms:
        firms.trade(world, firm, shops)
    for npo in world.npos:
        donors: list[Side] = [
            world.outsider(rng, world.names.firm("Foundation")),
            world.outsider(rng, world.names.person()),
        ]
        donors += [friends[int(i)] for i in rng.permutation(len(friends))[:22]]
        npos.live(world, npo, donors)
    return shops


def _mark(world: World, planted: list[Case]) -> None:
    """Protect some of the people in planted cases, so that policies have something to say."""
    wanted = {
        ("collector-fan-in-forward", "subtle"): "minor",
        ("test-then-escalate", "plain"): "victim",
        ("first-use-high-risk-corridor", "subtle"): "tip_source",
    }
    since = utc(world.period.full - 30)
    for case in planted:
        marker = wanted.pop((case.rule_id, case.strength), None)
        if marker is not None and case.subject is not None:
            world.add("party_markers", party_id=case.subject[2], marker=marker, valid_from=since)
    # Markers stand on ordinary people as well: none of them points to a case.
    rng = world.rng("markers")
    for marker, who in zip(("minor", "victim", "tip_source"), rng.permutation(len(world.people)), strict=False):
        person = world.people[int(who)].party_id
        if all(row["party_id"] != person for row in world.tables.get("party_markers", [])):
            world.add("party_markers", party_id=person, marker=marker, valid_from=since)


def _tables(world: World, planted: list[Case]) -> dict[str, pl.DataFrame]:
    first_id = 1_000_000 + int(world.rng("first id").integers(0, 90_000)) * 10
    written = life.finish(world, finish(world, world.tape.frame(world.rng("ties"), first_id)))
    written = settle_balances(world, written).select("_row", *TABLES["transactions"])
    labels = (
        world.tape.labels().join(written.select("_row", "txn_id", "booked_at"), on="_row").sort("case_id", "txn_id")
    )
    since = utc(world.period.first - 4_000)
    for party, row in world.parties.items():
        world.add("segments", party_id=party, segment=row.get("segment"), valid_from=since)
    world.tables["geo_risk"] = geo_risk_rows()
    world.tables["country_scores"] = score_rows()
    world.tables["parties"] = list(world.parties.values())
    world.tables["accounts"] = list(world.accounts.values())
    frames = {"transactions": written.drop("_row"), "labels": labels.select(*TABLES["labels"])}
    for table in TABLES:
        if table not in frames and table != "cases":
            frames[table] = _frame(table, world.tables.get(table, []))
    spans = labels.group_by("case_id").agg(first_at=pl.col("booked_at").min(), last_at=pl.col("booked_at").max())
    told = _frame("cases", [case.row() for case in planted]).drop("first_at", "last_at")
    frames["cases"] = told.join(spans, on="case_id", how="left").select(*TABLES["cases"]).sort("case_id")
    return {table: frames[table] for table in TABLES}


def _frame(table: str, rows: list[dict[str, object]]) -> pl.DataFrame:
    schema = TABLES[table]
    frame = pl.DataFrame(
        {
            name: pl.Series(name, [row.get(name) for row in rows], dtype=dtype, strict=False)
            for name, dtype in schema.items()
        }
    )
    # Sorted by their ids, registers say nothing about the order in which things were made.
    keys = [name for name in schema if schema[name] == pl.String][:3]
    return frame.sort(*keys, nulls_last=True, maintain_order=True)
