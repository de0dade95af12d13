"""``peers``: ranks, medians and deviations against a plain reading."""

from __future__ import annotations

import statistics
from fractions import Fraction
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from redflags.ingest.dataset import Dataset
from tests.operators.build import dataset, hits, judge, output

RULE = """
with:
  ranked: {peers: {from: ledger, of: amount_base, member: party_id, group: channel, min_peers: 3}}
detect:
  from: ranked
  subject: party_id
  facts:
    top: {is: amount, if: "peer_rank >= 0.5"}
  when: top
"""


def _output(rows: list[tuple[int, str | None, str | None, int | None]]) -> list[dict[str, Any]]:
    frame = pl.DataFrame(
        {
            "txn_id": [f"t{i}" for i in range(len(rows))], "direction": ["in"] * len(rows), "booked_at": [r[0] for r in rows],
            "party_id": [r[1] for r in rows], "channel": [r[2] for r in rows], "amount_base": [r[3] for r in rows],
            "account_id": ["a"] * len(rows),
        },
        schema_overrides={"booked_at": pl.Datetime("us", "UTC"), "party_id": pl.String, "channel": pl.String, "amount_base": pl.Int64},
    )  # fmt: skip
    made = output(RULE, Dataset({"ledger": frame}, "EUR")).frame
    return made.select("_id", "peer_rank", "peer_n", "peer_median", "peer_mad").sort("_id").to_dicts()


def test_a_column_of_the_input_keeps_its_name_whatever_it_begins_with() -> None:
    months = "with:\n  months: {periods: {from: ledger, by: party_id, let: {_gross: {sum: amount_base}, _kept: {count: rows}}}}\n"
    ranked = "  ranked: {peers: {from: months, of: _gross, member: party_id, min_peers: 2}}\n"
    chain = "  chain: {runs: {from: ranked, by: party_id, of: _kept, step: [0, 9], min: 1}}\n"
    rows = [{"txn_id": "t", "booked_at": "2026-01-05", "party_id": "p", "direction": "in", "amount_base": 1}]
    detect = RULE[RULE.index("detect:") :].replace("ranked", "chain")
    made = output(months + ranked + chain + detect, dataset({"ledger": rows}))
    assert {"_gross", "_kept"} <= set(made.frame.columns)
    assert not {"_g0", "_k0", "_v", "_m", "_key", "_row"} & set(made.frame.columns)


def _even(value: Fraction) -> int:
    return round(value)


def _naive(rows: list[tuple[int, str | None, str | None, int | None]]) -> list[dict[str, Any]]:
    made = []
    for i, (at, member, group, value) in enumerate(rows):
        if None in (member, group, value):
            continue
        peers = [r for r in rows if r[0] == at and r[2] == group and None not in r]
        values = [Fraction(r[3]) for r in peers if r[3] is not None]
        found: dict[str, Any] = {"_id": f"t{i}/in", "peer_n": len({r[1] for r in peers})}
        middle = statistics.median(values)
        spread = statistics.median([abs(v - middle) for v in values])
        below = sum(v < (value or 0) for v in values)
        enough = found["peer_n"] >= 3
        rank = Fraction(below, max(len(values) - 1, 1))
        found |= {
            "peer_rank": _even(rank * 1_000_000) if enough else None,
            "peer_median": _even(Fraction(middle)) if enough else None, "peer_mad": _even(Fraction(spread)) if enough else None,
        }  # fmt: skip
        made.append(found)
    return sorted(made, key=lambda row: str(row["_id"]))


ROWS = st.lists(
    st.tuples(
        st.sampled_from([0, 1]), st.sampled_from(["p", "q", "r", "s", None]), st.sampled_from(["x", None]),
        st.sampled_from([0, 1, 2, 5, 5, 9, None]),
    ),
    max_size=14,
)  # fmt: skip


@given(ROWS)
def test_peers_are_as_a_plain_reading_has_them(rows: list[tuple[int, str | None, str | None, int | None]]) -> None:
    found = [{key: row[key] for key in sorted(row)} for row in _output(rows)]
    assert found == [{key: row[key] for key in sorted(row)} for row in _naive(rows)]


def test_rows_without_peers_are_counted_and_too_few_peers_are_unknown() -> None:
    moves = [
        {"txn_id": f"t{i}", "booked_at": "2026-01-01", "party_id": party, "account_id": "a", "direction": "in",
         "amount_base": amount, "channel": channel}
        for i, (party, amount, channel) in enumerate([("p", 1, "x"), ("q", 2, "x"), ("r", 3, "x"), ("s", 9, "y"), ("u", 9, None)])
    ]  # fmt: skip
    outcome = judge(RULE, {"ledger": moves})
    assert hits(outcome) == ["t1/in", "t2/in"]
    assert outcome.ne_rows["row_id"].to_list() == ["t3/in"]
    capped = outcome.not_evaluable.filter(pl.col("reason").str.starts_with("capped"))
    assert capped["rows"].to_list() == [1]
