"""``runs``: serials, days, dues; against a plain reading, whatever order and cut."""

from __future__ import annotations

import itertools
import statistics
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redflags.ingest.dataset import Dataset
from redflags.plan.bind import bind_rule
from redflags.plan.schema import Schemas
from redflags.plan.scope import BindError
from redflags.tables import dictionary
from tests.operators.build import hits, judge, output, rule

HOUR = 3_600_000_000
RULE = """
with:
  chain: {{runs: {{from: ledger, by: party_id, of: {of}, step: {step}, gap: 3h, min: {least}, ends: {ends}}}}}
detect:
  from: chain
  subject: party_id
  facts:
    long: {{is: frequency, if: "run_n >= 3"}}
  when: long
"""
Row = tuple[int, str | None, int | None]


def _output(rows: list[tuple[int, Row]], upto: int, *, ends: bool = False) -> list[dict[str, Any]]:
    frame = pl.DataFrame(
        {
            "txn_id": [f"t{i}" for i, _ in rows], "direction": ["in"] * len(rows), "booked_at": [r[0] * HOUR for _, r in rows],
            "party_id": [r[1] for _, r in rows], "amount_base": [None if r[2] is None else r[2] * 10_000 for _, r in rows],
            "account_id": ["a"] * len(rows),
        },
        schema_overrides={"booked_at": pl.Datetime("us", "UTC"), "party_id": pl.String, "amount_base": pl.Int64},
    )  # fmt: skip
    text = RULE.format(of="amount_base", step="[1, 2]", least=1, ends=str(ends).lower())
    made = output(text, Dataset({"ledger": frame}, "EUR"), upto).frame.filter(pl.col("at") <= upto)
    names = ["_id", "at", "run_id", "run_n", "run_first", "run_last", "step_cv", "ended"]
    return made.select(names).sort("_id").to_dicts()


def _naive(rows: list[tuple[int, Row]]) -> list[tuple[Any, ...]]:
    made = []
    for party in sorted({r[1] for _, r in rows if r[1] is not None}):
        mine = sorted((r[0], r[2], f"t{i}/in") for i, r in rows if r[1] == party and r[2] is not None)
        run: list[tuple[int, int, str]] = []
        for at, value, row_id in mine:
            if run and value == run[-1][1] and at - run[-1][0] <= 3:
                pass
            elif run and 1 <= value - run[-1][1] <= 2 and at - run[-1][0] <= 3:
                run.append((at, value, row_id))
            else:
                run = [(at, value, row_id)]
            steps = [b[1] - a[1] for a, b in itertools.pairwise(run)]
            cv = statistics.stdev(steps) / statistics.mean(steps) if len(steps) > 1 else 0.0
            made.append((row_id, run[0][2], len(run), run[0][1] * 10_000, value * 10_000, pytest.approx(cv)))
    return sorted(made, key=lambda item: item[0])


ROWS = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from(["p", "q", None]), st.sampled_from([1, 2, 3, 4, 5, 6, None])),
    min_size=1,
    max_size=14,
)


@given(ROWS, st.randoms())
def test_runs_are_as_a_plain_reading_has_them(rows: list[Row], random: Any) -> None:
    numbered = list(enumerate(rows))
    found = _output(numbered, 100 * HOUR)
    shown = [(r["_id"], r["run_id"], r["run_n"], r["run_first"], r["run_last"], r["step_cv"]) for r in found]
    assert shown == _naive(numbered)
    shuffled = list(numbered)
    random.shuffle(shuffled)
    assert _output(shuffled, 100 * HOUR) == found
    cut = random.choice(sorted(r[0] for r in rows))
    earlier = [(i, r) for i, r in numbered if r[0] <= cut]
    assert _output(earlier, cut * HOUR) == [row for row in found if row["at"] <= cut * HOUR]


@given(ROWS, st.integers(0, 14))
def test_ends_are_never_taken_back(rows: list[Row], cut: int) -> None:
    numbered = list(enumerate(rows))
    whole = _output(numbered, 100 * HOUR, ends=True)
    earlier = [(i, r) for i, r in numbered if r[0] <= cut]
    assert _output(earlier, cut * HOUR, ends=True) == [row for row in whole if row["at"] <= cut * HOUR]


def test_consecutive_days() -> None:
    moves = [
        {"txn_id": f"t{i}", "booked_at": f"2026-01-{day:02d}T0{i}:00:00Z", "party_id": "p", "account_id": "a", "direction": "in",
         "amount_base": 5}
        for i, day in enumerate([1, 2, 2, 3, 5, 6])
    ]  # fmt: skip
    text = RULE.format(of="local_date(booked_at)", step="[1d, 1d]", least=3, ends="false").replace("gap: 3h", "gap: 3d")
    assert hits(judge(text, {"ledger": moves})) == ["t3/in"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("[1, 2]", "[2, 1]"), "lies above the highest"),
        (("[1, 2]", "1"), "step is two bounds"),
        (("[1, 2]", "[1d, 2d]"), "a step between numbers is a number"),
        (("of: amount_base", "of: channel"), "wanted: int or number"),
        (("min: 1", "mni: 1"), "has no part 'mni'"),
    ],
)
def test_faults_say_what_is_wrong(change: tuple[str, str], message: str) -> None:
    text = RULE.format(of="amount_base", step="[1, 2]", least=1, ends="false").replace(*change)
    with pytest.raises(BindError, match=message):
        bind_rule(rule(text), Schemas(dictionary()))
