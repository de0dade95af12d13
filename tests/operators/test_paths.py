"""``paths``: chains and cycles against a naive reading; row order, cuts, ties, nulls, hubs, caps, faults."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.operators.pathing import (
    ASK,
    HOUR,
    MOVES,
    NAMES,
    REVERSED,
    START,
    Ask,
    _move,
    _moves,
    _naive,
    _output,
    _plain,
    _rows,
)


@settings(max_examples=400)
@given(MOVES, ASK)
def test_the_same_as_every_arrangement_of_rows_tried(rows: list[dict[str, Any]], ask: Ask) -> None:
    output = _output(ask.text(), _moves(rows))
    expected, met = _naive(rows, ask)
    assert _plain(_rows(output)) == expected
    found = {cap.what.split()[0]: cap.rows for cap in output.caps}
    assert found.get("paths", 0) == met


@given(MOVES, ASK, st.randoms(use_true_random=False))
def test_row_order_means_nothing(rows: list[dict[str, Any]], ask: Ask, random: Any) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    one, two = _output(ask.text(), _moves(rows)), _output(ask.text(), _moves(shuffled))
    assert one.frame.equals(two.frame)
    assert one.caps == two.caps


@given(MOVES, ASK, st.integers(0, 4), st.sampled_from([1, 3, 10_000]))
def test_later_rows_change_nothing_known(rows: list[dict[str, Any]], ask: Ask, cut: int, cap: int) -> None:
    ask = replace(ask, cap=cap)
    whole = _output(ask.text(), _moves(rows)).frame
    begun = _output(ask.text(), _moves([row for row in rows if row["hour"] <= cut])).frame
    known = whole.filter(pl.col("at") <= int(START.timestamp()) * 1_000_000 + cut * HOUR)
    assert known.equals(begun)


@given(MOVES, ASK, st.permutations(NAMES))
@example([_move("t0", 0, "a", "b"), _move("t1", 0, "b", "c"), _move("t2", 0, "c", "d")], Ask(), REVERSED)
def test_ids_do_not_decide_which_paths_exist(rows: list[dict[str, Any]], ask: Ask, names: list[str]) -> None:
    renamed = [{**row, "txn_id": names[int(row["txn_id"][1:])]} for row in rows]
    one, two = _output(ask.text(), _moves(rows)).frame, _output(ask.text(), _moves(renamed)).frame
    columns = ["_id", "hops", "first_amount", "last_amount", "capped", "at"]
    back = {name: f"t{i}" for i, name in enumerate(names)}
    assert (
        two.select(columns)
        .with_columns(pl.col("_id").replace_strict(back))
        .sort("_id")
        .equals(one.select(columns).sort("_id"))
    )
