"""``ownership``: shares, control, depth, loops and countries against a plain reading, whatever order and cut."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redflags.operators.ownership import OPERATION
from tests.operators.test_neighbours import SEEDS, Seed, _data
from tests.operators.ties import (
    FROM,
    GRID,
    PARTY,
    SPAN,
    VERSIONS,
    alive,
    cut,
    held,
    minimal,
    refused,
    register,
    tables,
)
from tests.operators.ties import Link as Dated

#: (entity, owner, share in millionths, from, life)
Stake = tuple[str, str, int | None, int | None, int | None]
PERSONS = {"a": "person", "b": "person", "c": "company", "d": "company", "e": None, "f": "company"}
COUNTRIES = {"a": "DE", "b": "FR", "c": "DE", "d": "VG", "e": None, "f": "PA"}
STAKES = st.lists(
    st.tuples(
        PARTY,
        PARTY,
        st.sampled_from([None, 0, 1, 250_000, 333_333, 500_000, 500_001, 700_000, 1_000_000, 1_100_000]),
        FROM,
        SPAN,
    ),
    max_size=10,
)
BLOCK = """
  owned:
    ownership:
      links: {{from: party_links, where: "role = 'owner'", country: related.residence_country, person:
      "related.party_type = 'person'"}}
      depth: {depth}
      every: {every}h
      cap: {cap}
{extra}
"""
MARKED = "      seeds: {{from: known_financiers}}\n      together: {}"


def _block(depth: int = 4, cap: int = 999, extra: str = "") -> str:
    return BLOCK.format(depth=depth, every=GRID, cap=cap, extra=extra)


def _tables(stakes: list[Stake], seeds: list[Seed]) -> dict[str, pl.DataFrame]:
    links: list[Dated] = [(e, o, "owner", start, life) for e, o, _, start, life in stakes]
    parties = pl.DataFrame(
        {"party_id": list(PERSONS), "party_type": list(PERSONS.values()), "residence_country": list(COUNTRIES.values())}
    )
    made = tables([], links, [s[2] for s in stakes])
    return {
        "party_links": made["party_links"],
        "parties": parties,
        "known_financiers": _data([], [], seeds)["known_financiers"],
    }


def _micro(value: Fraction) -> int:
    return round(value * 1_000_000)


def _naive(stakes: list[Stake], seeds: list[Seed], hour: int, depth: int, mode: str) -> list[dict[str, Any]]:
    direct: dict[tuple[str, str], Fraction] = {}
    for entity, owner, written, start, life in stakes:
        if written and written <= 1_000_000 and alive(start, life, hour):
            direct[entity, owner] = min(
                direct.get((entity, owner), Fraction(0)) + Fraction(written, 1_000_000), Fraction(1)
            )
    marked = {s[0] for s in seeds if alive(s[1], s[2], hour)}
    made = []
    for root in "abcdef":
        chains: list[tuple[tuple[str, ...], Fraction, bool]] = []
        loop = False
        level: list[tuple[tuple[str, ...], Fraction, bool]] = [((root,), Fraction(1), True)]
        for _ in range(depth):
            longer = []
            for path, part, firm in level:
                if mode == "sum" and len(path) > 1 and path[-1] in marked:
                    continue
                for (entity, owner), share in direct.items():
                    if entity != path[-1]:
                        continue
                    if owner in path:
                        loop |= owner == root
                        continue
                    exact = Fraction(round(part * share * 10**12), 10**12)
                    longer.append(((*path, owner), exact, firm and share > Fraction(1, 2)))
            chains += longer
            level = longer
        nodes = {root} | {path[-1] for path, _, _ in chains}
        ruled: set[str] = set()
        for _ in nodes:
            ruled |= {
                n
                for n in nodes
                if sum(s for (e, o), s in direct.items() if e == n and (o in marked or o in ruled)) > Fraction(1, 2)
            }
        traced = sum((part for path, part, _ in chains if PERSONS[path[-1]] == "person"), Fraction(0))
        groups: dict[str | None, list[tuple[tuple[str, ...], Fraction, bool]]] = {}
        for chain in chains:
            if mode == "all" or chain[0][-1] in marked:
                groups.setdefault(None if mode == "sum" else chain[0][-1], []).append(chain)
        for named, mine in groups.items():
            made.append(
                {
                    "entity": root, "owner": named, "share": _micro(sum((part for _, part, _ in mine), Fraction(0))),
                    "control": root in ruled if mode == "sum" else any(firm for _, _, firm in mine),
                    "depth": max(len(path) - 1 for path, _, _ in mine), "loop": loop,
                    "countries": len({COUNTRIES[p] for path, _, _ in mine for p in path[1:]} - {None}), "traced": _micro(traced),
                }
            )  # fmt: skip
    return sorted(made, key=lambda row: (row["entity"], str(row["owner"])))


@given(STAKES, SEEDS, st.sampled_from(["all", "any", "sum"]), st.integers(1, 5), st.randoms())
def test_ownership_is_as_a_plain_reading_has_it(
    stakes: list[Stake], seeds: list[Seed], mode: str, depth: int, random: Any
) -> None:
    block = _block(depth, extra="" if mode == "all" else MARKED.format(mode))
    frame = register("owned", block, _tables(stakes, seeds)).frame
    assert minimal(frame, ["entity", "owner"])
    for version in range(-1, VERSIONS + 1):
        found = [{key: row[key] for key in sorted(row)} for row in held(frame, version * GRID)]
        wanted = [{key: row[key] for key in sorted(row)} for row in _naive(stakes, seeds, version * GRID, depth, mode)]
        assert found == wanted
    random.shuffle(stakes)
    random.shuffle(seeds)
    assert register("owned", block, _tables(stakes, seeds)).frame.equals(frame)
    hour = random.randrange(0, VERSIONS) * GRID + 1
    past = [s for s in stakes if s[3] is None or s[3] <= hour], [s for s in seeds if s[1] is None or s[1] <= hour]
    assert register("owned", block, _tables(*past), hour).frame.to_dicts() == cut(frame, hour)


def test_limits_that_bite_are_said() -> None:
    stakes: list[Stake] = [
        ("c", "d", 600_000, 0, None), ("d", "c", 100_000, 0, None), ("d", "a", 900_000, 0, None), ("d", "b", None, 0, None),
        ("f", "c", 2_000_000, 0, None),
    ]  # fmt: skip
    output = register("owned", _block(), _tables(stakes, []))
    assert [cap.rows for cap in output.caps] == [1, 1, 2]
    shown = [(r["entity"], r["owner"], r["share"], r["loop"]) for r in held(output.frame, 0)]
    assert shown == [
        ("c", "a", 540_000, True), ("c", "d", 600_000, True), ("d", "a", 900_000, True), ("d", "c", 100_000, True),
    ]  # fmt: skip
    output = register("owned", _block(depth=1), _tables(stakes[:1] + stakes[2:3], []))
    assert [(cap.what.split(";")[0], cap.rows) for cap in output.caps] == [("chains of owners cut after 1 links", 1)]


def test_an_entity_of_too_many_chains_is_told_by_its_shorter_ones_whatever_the_ids() -> None:
    layers = ["f", "ed", "cb", "a"]
    stakes: list[Stake] = [(e, o, 500_000, 0, None) for one, two in pairwise(layers) for e in one for o in two]
    whole = register("owned", _block(cap=10), _tables(stakes, []))
    assert not whole.caps
    assert [(r["owner"], r["share"]) for r in held(whole.frame, 0) if r["entity"] == "f"] == [
        ("a", 500_000), ("b", 500_000), ("c", 500_000), ("d", 500_000), ("e", 500_000),
    ]  # fmt: skip
    capped = register("owned", _block(cap=9), _tables(stakes, []))
    assert [(r["owner"], r["share"]) for r in held(capped.frame, 0) if r["entity"] == "f"] == [
        ("b", 500_000), ("c", 500_000), ("d", 500_000), ("e", 500_000),
    ]  # fmt: skip
    assert [cap.rows for cap in capped.caps] == [1]


def test_marked_owners_together_reach_what_none_reaches_alone() -> None:
    stakes: list[Stake] = [("c", "a", 300_000, 0, None), ("c", "b", 300_000, 0, None), ("d", "c", 600_000, 0, None)]
    seeds: list[Seed] = [("a", 0, None), ("b", GRID, None)]
    frame = register("owned", _block(extra=MARKED.format("sum")), _tables(stakes, seeds)).frame
    told = [[(r["entity"], r["owner"], r["share"], r["control"]) for r in held(frame, hour)] for hour in (0, GRID)]
    assert told[0] == [("c", None, 300_000, False), ("d", None, 180_000, False)]
    assert told[1] == [("c", None, 600_000, True), ("d", None, 360_000, True)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("depth: 4", "depth: 31"), "depth is a whole number from 1 to 30"),
        (("depth: 4", "together: sum"), "only marked owners are taken together"),
        (("country: related", "land: related"), "'ownership: links' has no part 'land'"),
        (("country: related.residence_country", "share: role"), "this is text; wanted: number"),
        (("from: party_links", "from: partylinks"), "unknown stream 'partylinks'"),
        (("depth: 4", "dept: 4"), "has no part 'dept'"),
    ],
)
def test_faults_say_what_is_wrong(change: tuple[str, str], message: str) -> None:
    refused("owned", _block(), change, message)


def test_the_documented_example_runs() -> None:
    block = "\n".join(f"  {line}" for line in OPERATION.example.splitlines()) + "\n"
    stakes: list[Stake] = [("c", "d", 1_000_000, 0, None), ("d", "a", 250_000, 0, None)]
    frame = register("owned", block, _tables(stakes, [])).frame
    assert [(r["owner"], r["share"], r["countries"], r["traced"]) for r in held(frame, 0) if r["entity"] == "c"] == [
        ("a", 250_000, 2, 250_000), ("d", 1_000_000, 1, 250_000),
    ]  # fmt: skip


def test_nothing_in_nothing_out() -> None:
    assert register("owned", _block(), _tables([], [])).frame.height == 0
