"""``neighbours``: hops and shares against a plain reading, whatever order and cut."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redflags.operators.neighbours import OPERATION
from redflags.plan.bind import bind_rule
from redflags.plan.schema import Schemas
from redflags.plan.scope import BindError
from redflags.tables import dictionary
from tests.operators.build import hits, judge, rule
from tests.operators.ties import (
    BEARINGS,
    DETECT,
    FROM,
    GRID,
    HOUR,
    LINKS,
    PARTY,
    SPAN,
    TIME,
    VERSIONS,
    Bearing,
    Link,
    alive,
    cut,
    held,
    minimal,
    refused,
    register,
    tables,
    until,
)

Seed = tuple[str, int | None, int | None]
SEEDS = st.lists(st.tuples(PARTY, FROM, SPAN), max_size=4)
BLOCK = """
  near:
    neighbours:
      edges:
      - {{from: party_identifiers, member: party_id, via: [id_type, id_value]}}
      - {{from: party_links, a: party_id, b: related_party_id, kind: role}}
      seeds: {{from: known_financiers, node: party_id}}
      hops: {hops}
      hub_cap: {hub}
      every: {every}h
      cap: {cap}
"""
FLOWS = """
  near:
    neighbours:
      edges:
      - {{from: transactions, a: from_party_id, b: to_party_id, within: {within}h}}
      seeds: {{from: known_financiers, node: party_id}}
      hops: {hops}
      hub_cap: {hub}
      every: {every}h
      carry: haircut
      amount: amount_base
"""


def _data(bearings: list[Bearing], links: list[Link], seeds: list[Seed]) -> dict[str, pl.DataFrame]:
    frame = pl.DataFrame(
        {
            "party_id": [s[0] for s in seeds], "valid_from": [None if s[1] is None else s[1] * HOUR for s in seeds],
            "valid_to": [None if (end := until(s[1], s[2])) is None else end * HOUR for s in seeds],
        },
        schema={"party_id": pl.String, "valid_from": TIME, "valid_to": TIME},
    )  # fmt: skip
    return {**tables(bearings, links), "known_financiers": frame}


def _known(rows: list[Any], place: int, hour: int) -> list[Any]:
    return [r for r in rows if r[place] is None or r[place] <= hour]


def _naive(
    bearings: list[Bearing], links: list[Link], seeds: list[Seed], hour: int, hops: int, hub: int, cap: int = 999
) -> list[dict[str, Any]]:
    bearers: dict[Any, set[str]] = {}
    for party, kind, value, start, life in bearings:
        if party and alive(start, life, hour):
            bearers.setdefault((kind, value), set()).add(party)
    ties = [who for who in bearers.values() if len(who) <= hub]
    pairs = {frozenset((a, b)) for a, b, _, start, life in links if a != b and alive(start, life, hour)}
    degree = {p: sum(p in pair for pair in pairs) for p in "abcdef"}
    made = []
    for seed in {s[0] for s in seeds if alive(s[1], s[2], hour)}:
        dist, edge = {seed: 0}, {seed}
        for hop in range(1, hops + 1):
            passing = {p for p in edge if degree[p] <= hub}
            edge = {q for who in [*ties, *pairs] if who & passing for q in who} - set(dist)
            if len(dist) + len(edge) > cap + 1:
                break
            dist.update(dict.fromkeys(edge, hop))
        made += [{"node": p, "seed": seed, "hops": hop} for p, hop in dist.items() if hop]
    return sorted(made, key=lambda row: (row["node"], row["seed"]))


@given(BEARINGS, LINKS, SEEDS, st.integers(1, 3), st.integers(1, 3), st.randoms())
def test_neighbours_are_as_a_plain_reading_has_them(
    bearings: list[Bearing], links: list[Link], seeds: list[Seed], hops: int, hub: int, random: Any
) -> None:
    cap = random.choice([2, 99])
    block = BLOCK.format(hops=hops, hub=hub, every=GRID, cap=cap)
    frame = register("near", block, _data(bearings, links, seeds)).frame
    assert minimal(frame, ["node", "seed"])
    for version in range(-1, VERSIONS + 1):
        assert held(frame, version * GRID) == _naive(bearings, links, seeds, version * GRID, hops, hub, cap)
    for rows in (bearings, links, seeds):
        random.shuffle(rows)
    assert register("near", block, _data(bearings, links, seeds)).frame.equals(frame)
    hour = random.randrange(0, VERSIONS) * GRID + 1
    past = _known(bearings, 3, hour), _known(links, 3, hour), _known(seeds, 1, hour)
    assert register("near", block, _data(*past), hour).frame.to_dicts() == cut(frame, hour)


Flow = tuple[str | None, str, int | None, int]
FLOW = st.lists(
    st.tuples(PARTY, PARTY, st.sampled_from([None, 0, 1, 2, 3, 7, 2**55]), st.integers(0, GRID * (VERSIONS - 1))),
    max_size=14,
)


def _moves(flows: list[tuple[int, Flow]]) -> dict[str, pl.DataFrame]:
    frame = pl.DataFrame(
        {
            "txn_id": [f"t{i}" for i, _ in flows], "booked_at": [f[3] * HOUR for _, f in flows], "from_party_id": [f[0] for _, f in flows],
            "to_party_id": [f[1] for _, f in flows], "amount_base": [f[2] for _, f in flows],
        },
        schema={"txn_id": pl.String, "booked_at": TIME, "from_party_id": pl.String, "to_party_id": pl.String, "amount_base": pl.Int64},
    )  # fmt: skip
    return {"transactions": frame}


def _shares(flows: list[Flow], seeds: list[Seed], hour: int, hops: int, hub: int, within: int) -> list[dict[str, Any]]:
    sums: dict[tuple[str, str], int] = {}
    for a, b, amount, at in flows:
        if a and a != b and (amount or 0) > 0 and alive(at, None, hour, within):
            sums[a, b] = sums.get((a, b), 0) + (amount or 0)
    degree = {p: sum(p in pair for pair in sums) for p in "abcdef"}
    inflow = {p: sum(x for (_, b), x in sums.items() if b == p) for p in "abcdef"}
    made = []
    for seed in {s[0] for s in seeds if alive(s[1], s[2], hour)}:
        dist, edge = {seed: 0}, {seed}
        for hop in range(1, hops + 1):
            edge = {b for a, b in sums if a in edge and degree[a] <= hub} - set(dist)
            dist.update(dict.fromkeys(edge, hop))
        share = dict.fromkeys(dist, 0) | {seed: 1_000_000}
        for _ in range(hops):
            passed = {
                q: sum(x * share[a] for (a, b), x in sums.items() if b == q and a in share and degree[a] <= hub)
                for q in dist
            }
            share = {q: 1_000_000 if q == seed else round(Fraction(passed[q], inflow[q])) for q in dist}
        made += [{"node": p, "seed": seed, "hops": hop, "share": share[p]} for p, hop in dist.items() if hop]
    return sorted(made, key=lambda row: (row["node"], row["seed"]))


@given(FLOW, SEEDS, st.integers(1, 3), st.integers(1, 4), st.sampled_from([3, GRID * 2]), st.randoms())
def test_shares_are_as_a_plain_reading_has_them(
    flows: list[Flow], seeds: list[Seed], hops: int, hub: int, within: int, random: Any
) -> None:
    block = FLOWS.format(hops=hops, hub=hub, every=GRID, within=within)
    marked = {"known_financiers": _data([], [], seeds)["known_financiers"]}
    numbered = list(enumerate(flows))
    frame = register("near", block, {**marked, **_moves(numbered)}).frame
    assert minimal(frame, ["node", "seed"])
    for version in range(VERSIONS + 1):
        assert held(frame, version * GRID) == _shares(flows, seeds, version * GRID, hops, hub, within)
    random.shuffle(numbered)
    assert register("near", block, {**marked, **_moves(numbered)}).frame.equals(frame)
    hour = random.randrange(0, VERSIONS) * GRID + 1
    past = {"known_financiers": _data([], [], _known(seeds, 1, hour))["known_financiers"]}
    earlier = register("near", block, {**past, **_moves([(i, f) for i, f in numbered if f[3] <= hour])}, hour).frame
    assert earlier.to_dicts() == cut(frame, hour)


def test_limits_that_bite_are_said() -> None:
    links: list[Link] = [*(("a", p, "owner", 0, None) for p in "bcd"), ("e", "a", "owner", 0, None)]
    bearings: list[Bearing] = [(p, "phone", "1", 0, None) for p in "fghi"]
    output = register("near", BLOCK.format(hops=2, hub=3, every=GRID, cap=9), _data(bearings, links, [("e", 0, None)]))
    assert held(output.frame, 0) == [{"node": "a", "seed": "e", "hops": 1}]
    assert [cap.rows for cap in output.caps] == [1, 1]
    output = register(
        "near",
        BLOCK.format(hops=2, hub=9, every=GRID, cap=3),
        _data([(None, "phone", "1", 0, None)], links, [("e", 0, None)]),
    )
    assert held(output.frame, 0) == [{"node": "a", "seed": "e", "hops": 1}]
    assert [cap.what.split(",")[0] for cap in output.caps] == [
        "marks whose farthest hops were left out",
        "rows left out",
    ]


def test_a_hub_of_thousands_is_reached_and_not_passed() -> None:
    links: list[Link] = [("hub", f"p{i}", "owner", i % 20, None) for i in range(5_000)]
    output = register("near", BLOCK.format(hops=3, hub=20, every=GRID, cap=99), _data([], links, [("p0", 0, None)]))
    assert held(output.frame, 20) == [{"node": "hub", "seed": "p0", "hops": 1}]
    assert [cap.rows for cap in output.caps] == [1]


def test_a_rule_walks_marks_and_sees_them_no_earlier_than_they_are_known() -> None:
    text = """
with:
  near: {neighbours: {edges: [{from: transactions, a: from_party_id, b: to_party_id}], seeds: {from:
  known_financiers}, hops: 2}}
  moves: {from: ledger, each: {n: "rows_of(near, party_id)"}}
detect:
  from: moves
  subject: party_id
  facts:
    tied: {is: network, if: "n.hops = 2"}
  when: tied
"""
    moves = [
        {
            "txn_id": f"t{i}",
            "booked_at": "2026-01-01T12:00:00Z",
            "from_party_id": a,
            "to_party_id": b,
            "amount": 1,
            "currency": "EUR",
        }
        for i, (a, b) in enumerate([("p", "q"), ("q", "r"), ("r", "s")])
    ]
    seeds = [
        {"party_id": "p", "valid_from": "2026-01-03T12:00:00Z"},
        {"party_id": "s", "valid_from": "2026-01-04T00:00:00Z"},
    ]
    ledger = [
        {"txn_id": f"m{d}{p}", "booked_at": f"2026-01-{d:02d}T00:00:00Z", "party_id": p, "account_id": p, "direction": "in", "amount_base": 1}
        for d in (2, 3, 4) for p in "pqrs"
    ]  # fmt: skip
    assert hits(judge(text, {"transactions": moves, "known_financiers": seeds, "ledger": ledger})) == [
        "m4q/in#2",
        "m4r/in#1",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("hops: 2", "hops: 7"), "hops is a whole number from 1 to 6"),
        (("seeds: {from: known_financiers, node: party_id}", ""), "'seeds' wants a block"),
        (("node: party_id}", "nod: party_id}"), "has no part 'nod'"),
        (("cap: 99", "amount: amount_base"), "an amount is read only where shares are carried"),
        (("cap: 99", "carry: haircut\n      amount: share_pct"), "shares are carried along rows that name two parties"),
        (("cap: 99", "carry: all"), "unknown carry 'all'"),
        (("cap: 99", "min_weight: 2"), "has no part 'min_weight'"),
    ],
)
def test_faults_say_what_is_wrong(change: tuple[str, str], message: str) -> None:
    refused("near", BLOCK.format(hops=2, hub=3, every=GRID, cap=99), change, message)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("amount: amount_base", ""), "shares want an amount"),
        (("amount: amount_base", "amount: amount"), "two currencies"),
    ],
)
def test_shares_want_amounts_that_add_up(change: tuple[str, str], message: str) -> None:
    text = FLOWS.format(hops=2, hub=3, every=GRID, within=3).replace(*change)
    with pytest.raises(BindError, match=message):
        bind_rule(rule("with:" + text + DETECT.format(name="near")), Schemas(dictionary()))


def test_a_register_that_an_operator_makes_marks_parties_while_its_rows_are_valid() -> None:
    owned = """
  owned: {ownership: {links: {from: party_links, where: "role = 'owner'"}, seeds: {from: known_financiers}, together:
  sum, every: 4h}}
"""
    block = owned + BLOCK.format(hops=1, hub=9, every=GRID, cap=9).replace(
        "seeds: {from: known_financiers, node: party_id}", "seeds: {from: owned, node: entity, where: share >= 0.5}"
    )
    data = _data(
        [("c", "phone", "1", 0, None), ("d", "phone", "1", 0, None)], [("c", "a", "owner", 4, 8)], [("a", 0, None)]
    )
    data["party_links"] = data["party_links"].with_columns(share_pct=pl.lit(600_000))
    frame = register("near", block, data).frame
    assert [(r["node"], r["seed"]) for r in held(frame, 4)] == [("a", "c"), ("d", "c")]
    assert not held(frame, 0)
    assert not held(frame, 12)


def test_the_documented_example_runs() -> None:
    block = "\n".join(f"  {line}" for line in OPERATION.example.splitlines()) + "\n"
    bearings: list[Bearing] = [("a", "phone", "1", 0, None), ("b", "phone", "1", 0, None), ("c", "email", "1", 0, None)]
    frame = register("near", block, _data(bearings, [("b", "c", "owner", 0, None)], [("a", 0, None)])).frame
    assert [(row["node"], row["hops"]) for row in held(frame, 24)] == [("b", 1), ("c", 2)]


def test_nothing_in_nothing_out() -> None:
    assert register("near", BLOCK.format(hops=2, hub=3, every=GRID, cap=9), _data([], [], [])).frame.height == 0
