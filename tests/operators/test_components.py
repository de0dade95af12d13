"""``components``: groups, names, sizes, kinds and cut vertices against a plain reading, whatever order and cut."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redflags.operators.components import OPERATION
from tests.operators.build import hits, judge
from tests.operators.ties import (
    BEARINGS,
    DETECT,
    GRID,
    LINKS,
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
)

WEIGHTS = {"phone": 1, "address": 0.5, "director": 0.5}
BLOCK = """
  shared:
    components:
      edges:
      - {{from: party_identifiers, member: party_id, via: [id_type, id_value], kind: id_type}}
      - {{from: party_links, a: party_id, b: related_party_id, kind: role}}
      weight: {{phone: 1, address: 0.5, director: 0.5}}
      hub_cap: {hub}
      group_cap: {group}
      cuts: true
      every: {every}h
{extra}
"""


def _block(hub: int = 3, group: int = 5, extra: str = "") -> str:
    return BLOCK.format(hub=hub, group=group, every=GRID, extra=f"      {extra}")


def _reached(start: str, joined: set[frozenset[str]], without: str = "") -> set[str]:
    found, todo = {start}, [start]
    while todo:
        one = todo.pop()
        for pair in joined:
            if one in pair and without not in pair:
                todo += [p for p in pair - {one} if p not in found]
                found |= pair
    return found


def _naive(
    bearings: list[Bearing], links: list[Link], hour: int, hub: int, group: int, within: int | None
) -> list[dict[str, Any]]:
    first: dict[str, int] = {}
    for party, kind, _, start, life in bearings:
        if party and kind in WEIGHTS and (life or 1) > 0:
            first[party] = min(first.get(party, 999), -999 if start is None else start)
    for a, b, role, start, _ in links:
        if a != b and role in WEIGHTS:
            for party in (a, b):
                first[party] = min(first.get(party, 999), -999 if start is None else start)
    bearers: dict[tuple[str, ...], set[str]] = {}
    for party, kind, value, start, life in bearings:
        if party and kind in WEIGHTS and alive(start, life, hour, within):
            bearers.setdefault((str(kind), str(value)), set()).add(party)
    bearers = {key: who for key, who in bearers.items() if len(who) <= hub}
    for a, b, role, start, life in links:
        if a != b and role in WEIGHTS and alive(start, life, hour, within):
            bearers.setdefault((role, *sorted((a, b))), set()).update((a, b))
    shared: dict[frozenset[str], set[str]] = {}
    for key, who in bearers.items():
        for pair in combinations(sorted(who), 2):
            shared.setdefault(frozenset(pair), set()).add(key[0])
    joined = {pair for pair, kinds in shared.items() if sum(WEIGHTS[k] for k in kinds) >= 1}
    made = []
    for party in sorted(set().union(*joined)) if joined else []:
        members = _reached(party, joined)
        rest = members - {party}
        kinds = {key[0] for key, who in bearers.items() if len(who & members) > 1}
        falls = bool(rest) and _reached(min(rest), {p for p in joined if party not in p}) != rest
        senior = min(members, key=lambda p: (first[p], p))
        made.append(
            {"node": party, "group_id": senior, "size": min(len(members), group), "kinds": len(kinds), "is_cut": falls}
        )
    return made


@given(BEARINGS, LINKS, st.sampled_from([None, GRID * 2]), st.sampled_from([2, 3]), st.randoms())
def test_components_are_as_a_plain_reading_has_them(
    bearings: list[Bearing], links: list[Link], within: int | None, hub: int, random: Any
) -> None:
    block = _block(hub=hub, extra="" if within is None else f"within: {within}h")
    frame = register("shared", block, tables(bearings, links)).frame
    assert minimal(frame, ["node"])
    for version in range(-1, VERSIONS + 1):
        hour = version * GRID
        assert held(frame, hour) == _naive(bearings, links, hour, hub, 5, within)
        assert held(frame, hour + 1) == held(frame, hour) or version == VERSIONS
    random.shuffle(bearings)
    random.shuffle(links)
    assert register("shared", block, tables(bearings, links)).frame.equals(frame)
    hour = random.randrange(0, VERSIONS) * GRID + 1
    past = [r for r in bearings if r[3] is None or r[3] <= hour], [r for r in links if r[3] is None or r[3] <= hour]
    earlier = register("shared", block, tables(*past), hour).frame
    assert earlier.to_dicts() == cut(frame, hour)


def test_limits_that_bite_are_said_and_bite_for_as_long_as_they_must() -> None:
    bearings: list[Bearing] = [(p, "phone", "1", i, None) for i, p in enumerate("abcde")]
    bearings += [("f", "email", "1", 0, None), (None, "phone", "9", 0, None)]
    output = register("shared", _block(hub=4), tables(bearings, []))
    assert [row["node"] for row in held(output.frame, GRID)] == []
    assert [row["node"] for row in held(output.frame, 0)] == []
    assert {cap.rows for cap in output.caps} == {1}
    assert [cap.what.split(",")[0] for cap in output.caps] == [
        "identifiers not followed", "rows left out", "rows left out",
    ]  # fmt: skip
    output = register("shared", _block(hub=9, group=4), tables(bearings, []))
    assert [row["size"] for row in held(output.frame, GRID)] == [4] * 5
    assert [cap.rows for cap in output.caps] == [5, 1, 1]


def test_a_hub_of_thousands_neither_explodes_nor_hides_the_rest() -> None:
    bearings: list[Bearing] = [(f"p{i:05}", "phone", "hub", i % 20, None) for i in range(5_000)]
    bearings += [(f"p{i:05}", "address", "hub", i % 20, None) for i in range(5_000)]
    bearings += [("p00001", "phone", "own", 1, None), ("p00002", "phone", "own", 1, None)]
    output = register("shared", _block(hub=20), tables(bearings, []))
    assert {row["node"]: row["size"] for row in held(output.frame, 20)} == {"p00001": 2, "p00002": 2}
    assert [cap.rows for cap in output.caps] == [2]


def test_the_older_name_survives_a_merge() -> None:
    bearings: list[Bearing] = [
        ("z", "phone", "1", 0, None), ("y", "phone", "1", 1, None), ("b", "phone", "2", 3, None), ("c", "phone", "2", 3, None),
        ("b", "phone", "1", 8, None),
    ]  # fmt: skip
    frame = register("shared", _block(), tables(bearings, [])).frame
    assert [(row["node"], row["group_id"], row["size"]) for row in held(frame, 4)] == [
        ("b", "b", 2), ("c", "b", 2), ("y", "z", 2), ("z", "z", 2),
    ]  # fmt: skip
    assert {row["group_id"] for row in held(frame, 8)} == {"z"}


def test_a_register_row_is_known_no_earlier_than_it_was_seen() -> None:
    data = tables([("a", "phone", "1", 0, None), ("b", "phone", "1", 0, None)], [])
    seen = pl.Series("first_seen", [0, 9 * 3_600_000_000]).cast(pl.Datetime("us", "UTC"))
    frame = register(
        "shared", _block(), {**data, "party_identifiers": data["party_identifiers"].with_columns(seen)}
    ).frame
    assert not held(frame, 8)
    assert len(held(frame, 12)) == 2


def test_streams_and_undated_tables_tie_too() -> None:
    block = """
  shared:
    components:
      edges:
      - {from: transactions, member: from_party_id, via: to_account_id, kind: "'payee'", where: "amount_base > 5"}
      - {from: parties, member: party_id, via: phone_key}
      within: 2d
"""
    moves = [
        {"txn_id": f"t{i}", "booked_at": f"2026-01-{d:02d}T12:00:00Z", "from_party_id": p, "to_account_id": k, "amount_base": a, "amount": a, "currency": "EUR"}
        for i, (d, p, k, a) in enumerate([(1, "p", "x", 9), (2, "q", "x", 9), (2, "r", "x", 1), (2, "r", None, 9), (4, "s", "y", 9)])
    ]  # fmt: skip
    rows = [{"party_id": "r", "phone_key": "1"}, {"party_id": "s", "phone_key": "1"}]
    movements = [
        {"txn_id": f"m{d}{p}", "booked_at": f"2026-01-{d:02d}T00:00:00Z", "party_id": p, "account_id": p, "direction": "in", "amount_base": 1}
        for d in (2, 3, 4) for p in ("p", "q", "r")
    ]  # fmt: skip
    detect = DETECT.format(name="shared").replace(
        "listed('shared', party_id)", "listed('shared', party_id) and value_of('shared.size', party_id) = 2"
    )
    outcome = judge(f"with:{block}{detect}", {"transactions": moves, "parties": rows, "ledger": movements})
    assert hits(outcome) == ["m2r/in", "m3p/in", "m3q/in", "m3r/in", "m4r/in"]
    capped = outcome.not_evaluable.filter(pl.col("reason").str.starts_with("capped"))
    assert capped["rows"].to_list() == [1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("member: party_id, via: [id_type, id_value], ", ""), "an edge is .member, via. or .a, b."),
        (("member: party_id", "member: partyid"), "unknown name 'partyid'"),
        (("kind: id_type", "knd: id_type"), "has no part 'knd'"),
        (("address: 0.5", "address: 0"), "a weight is a number above zero"),
        (("hub_cap: 3", "hub_cap: 1"), "hub_cap is a whole number from 2"),
        (("every: 4h", "every: 0h"), "every is a duration above zero"),
        (("every: 4h", "evry: 4h"), "has no part 'evry'"),
        (("from: party_links", "from: party_link"), "unknown stream 'party_link'"),
        (("kind: role", "kind: share_pct"), "wanted: text"),
        (("weight: {phone: 1, address: 0.5, director: 0.5}", "weight: 3"), "'weight' wants a block of named parts"),
    ],
)
def test_faults_say_what_is_wrong(change: tuple[str, str], message: str) -> None:
    refused("shared", _block(), change, message)


def test_the_documented_example_runs() -> None:
    block = "\n".join(f"  {line}" for line in OPERATION.example.splitlines()) + "\n"
    day = GRID * 6
    bearings: list[Bearing] = [("a", "address", "1", 0, None), ("b", "address", "1", 1, None)]
    frame = register("shared", block, tables(bearings, [("a", "b", "director", 2, None)]), day).frame
    assert [(row["node"], row["size"], row["kinds"]) for row in held(frame, day)] == [("a", 2, 2), ("b", 2, 2)]


def test_nothing_in_nothing_out() -> None:
    assert register("shared", _block(), tables([], [])).frame.height == 0
