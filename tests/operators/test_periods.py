"""``periods``.

Buckets, ends, fills, windows counted in periods; against a naive reading, whatever the order and the cut.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redflags.engine import Clock
from redflags.ingest.dataset import Dataset
from redflags.plan.bind import bind_rule
from redflags.plan.schema import Schemas
from redflags.plan.scope import BindError
from redflags.tables import dictionary
from redflags.testing.tables import micros
from tests.operators.build import judge, output, rule

RULE = """
with:
  buckets:
    periods: {{from: ledger, by: party_id, every: {every}, fill: {fill},
              let: {{n: {{count: rows}}, s: {{sum: amount_base, where: "direction = 'in'"}}, hi: {{max:
                  amount_base}}}}}}
detect:
  from: buckets
  subject: party_id
  facts:
    any: {{is: amount, if: "n >= 0"}}
  when: any
"""
ZONE = "Europe/Berlin"
HOUR = dt.timedelta(hours=1)


def _output(rows: list[dict[str, Any]], every: str, fill: str, upto: int) -> list[dict[str, Any]]:
    schema: dict[str, Any] = {"txn_id": pl.String, "booked_at": pl.Datetime("us", "UTC"), "party_id": pl.String, "account_id": pl.String,
              "direction": pl.String, "amount_base": pl.Int64}  # fmt: skip
    data = Dataset({"ledger": pl.DataFrame(rows, schema=schema)}, "EUR", ZONE)
    frame = output(RULE.format(every=every, fill=fill), data, upto).frame
    kept = frame.filter(pl.col("at") <= upto).select(
        "party_id", "period_start", "period_end", "period_no", "n", "s", "hi", "at", "_id"
    )
    return kept.sort("_id").to_dicts()


def _start(local: dt.datetime, every: str) -> dt.datetime:
    day = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "hour": local.replace(minute=0, second=0, microsecond=0), "day": day,
        "week": day - dt.timedelta(days=local.weekday()), "month": day.replace(day=1),
        "quarter": day.replace(day=1, month=3 * ((local.month - 1) // 3) + 1),
    }[every]  # fmt: skip


def _next(start: dt.datetime, every: str) -> dt.datetime:
    steps = {"hour": HOUR, "day": dt.timedelta(days=1), "week": dt.timedelta(days=7)}
    if every in steps:
        return start + steps[every]
    months = start.month - 1 + (1 if every == "month" else 3)
    return start.replace(year=start.year + months // 12, month=months % 12 + 1)


def _utc(local: dt.datetime) -> int:
    return micros(local.replace(tzinfo=ZoneInfo(ZONE)).astimezone(dt.UTC))


def _naive(rows: list[dict[str, Any]], every: str, fill: str, upto: int) -> list[tuple[Any, ...]]:
    buckets: dict[tuple[str, dt.datetime], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["party_id"] is not None:
            local = row["booked_at"].astimezone(ZoneInfo(ZONE)).replace(tzinfo=None)
            buckets[row["party_id"], _start(local, every)].append(row)
    keys = {party for party, _ in buckets}
    made = []
    for party in keys:
        starts = sorted(start for who, start in buckets if who == party)
        if fill == "zero":
            filled, start = [], starts[0]
            while _utc(_next(start, every)) <= upto:
                filled.append(start)
                start = _next(start, every)
            starts = filled
        for start in starts:
            end = _utc(_next(start, every))
            if end > upto:
                continue
            inside = buckets.get((party, start), [])
            wanted = [row["amount_base"] for row in inside if row["direction"] == "in"]
            total = None if None in wanted else sum(wanted)
            known = [row["amount_base"] for row in inside if row["amount_base"] is not None]
            made.append((party, _utc(start), end, len(inside), total, max(known, default=None)))
    return sorted(made)


@st.composite
def _rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rows around the spring change of the clock (2026-03-29) and a year's end."""
    day = st.sampled_from([dt.datetime(2025, 12, 31, tzinfo=dt.UTC), dt.datetime(2026, 3, 28, tzinfo=dt.UTC)])
    moment = st.builds(
        lambda d, h, m: d + h * HOUR + m * dt.timedelta(minutes=30), day, st.integers(0, 60), st.integers(0, 1)
    )
    row = st.tuples(
        moment,
        st.sampled_from(["p", "q", None]),
        st.sampled_from(["in", "out"]),
        st.sampled_from([0, 10_000, 20_001, None]),
    )
    found = draw(st.lists(row, min_size=1, max_size=14))
    return [
        {
            "txn_id": f"t{i}",
            "booked_at": at,
            "party_id": party,
            "account_id": "a",
            "direction": side,
            "amount_base": amount,
        }
        for i, (at, party, side, amount) in enumerate(found)
    ]


@given(
    _rows(),
    st.sampled_from(["hour", "day", "week", "month", "quarter"]),
    st.sampled_from(["none", "zero"]),
    st.randoms(),
)
def test_periods_are_as_a_plain_reading_has_them(
    rows: list[dict[str, Any]], every: str, fill: str, random: Any
) -> None:
    if every == "hour" and fill == "zero":
        fill = "none"  # three months of hours: nothing that days do not show
    upto = micros(dt.datetime(2026, 4, 2, tzinfo=dt.UTC))
    found = _output(rows, every, fill, upto)
    shown = sorted((r["party_id"], r["period_start"], r["period_end"], r["n"], r["s"], r["hi"]) for r in found)
    if every != "hour":
        assert shown == _naive(rows, every, fill, upto)
    assert all(row["at"] == row["period_end"] for row in found)
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert _output(shuffled, every, fill, upto) == found
    cut = random.choice(sorted(micros(row["booked_at"]) for row in rows))
    earlier = [row for row in rows if micros(row["booked_at"]) <= cut]
    assert _output(earlier, every, fill, cut) == [row for row in found if row["at"] <= cut]


MOVES = [
    {
        "txn_id": f"t{i}",
        "booked_at": f"2026-{month:02d}-10",
        "party_id": "p",
        "account_id": "a",
        "direction": "in",
        "amount_base": amount,
    }
    for i, (month, amount) in enumerate([(1, 10), (2, 50), (3, 60), (5, 70), (6, 1)])
]
COUNTED = """
params: {n: {type: int, default: 3, min: 1, max: 9, why: test}}
with:
  months: {periods: {from: ledger, by: party_id, every: month, let: {s: {sum: amount_base}}, fill: zero}}
detect:
  from: months
  subject: party_id
  let:
    hot: {count: rows, where: "s >= 50", within: $n periods}
  facts:
    often: {is: frequency, if: "hot >= 2"}
  when: often
"""


def test_k_of_n_periods_is_a_measure_over_periods() -> None:
    outcome = judge(COUNTED, {"ledger": MOVES})
    ends = [dt.datetime.fromtimestamp(at / 1e6, dt.UTC).strftime("%Y-%m") for at in outcome.hits["at"]]
    assert ends == ["2026-04", "2026-05", "2026-06"]


def test_too_many_filled_periods_are_reported_and_not_made() -> None:
    text = COUNTED.replace("fill: zero", "fill: zero, cap: 3")
    capped = judge(text, {"ledger": MOVES}).not_evaluable.filter(pl.col("reason").str.starts_with("capped"))
    assert capped["column"].to_list() == ["periods"]
    assert capped["rows"].to_list() == [6]


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("every: fortnight", "unknown every 'fortnight'"),
        ("every: month, let: {s: {median: amount_base}}", "periods cannot median"),
        ("every: month, let: {s: {sum: amount_base, within: 3d}}", "'within' has no meaning"),
        ("every: month, closes: booked_at", "not both"),
        ("every: month, let: {s: {sum: channel}}", "wants a number"),
        ("every: month, evry: 3", "has no part 'evry'"),
    ],
)
def test_faults_say_what_is_wrong(block: str, message: str) -> None:
    stream = f"with: {{m: {{periods: {{from: ledger, by: party_id, {block}}}}}}}"
    detect = "detect: {from: m, subject: party_id, facts: {a: {is: amount, if: 'period_no > 0'}}, when: a}"
    text = f"{stream}\n{detect}"
    with pytest.raises(BindError, match=message):
        bind_rule(rule(text), Schemas(dictionary()))


def test_the_clock_of_a_run_ends_the_filling() -> None:
    outcome = judge(COUNTED, {"ledger": MOVES}, upto=micros(dt.datetime(2026, 9, 1, tzinfo=dt.UTC)))
    assert outcome.judged == 8
    assert Clock(None, 1, 1, 0).upto == 1
