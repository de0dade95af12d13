from __future__ import annotations

import datetime as dt

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from redflags.results.cases import case_frame, case_score
from redflags.results.schema import CASES

MOMENT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def alerts(*rows: tuple[str | None, str, int]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "alert_id": [f"a{n}" for n in range(len(rows))],
            "subject_kind": ["account"] * len(rows),
            "subject_id": [row[1] for row in rows],
            "party_id": pl.Series([row[0] for row in rows], dtype=pl.String),
            "family": ["flow", "structuring"][: len(rows)] * (len(rows) // 2 + 1) if len(rows) < 2 else
                      [("flow", "structuring")[n % 2] for n in range(len(rows))],
            "score": [row[2] for row in rows],
            "first_at": [MOMENT + dt.timedelta(days=n) for n in range(len(rows))],
            "last_at": [MOMENT + dt.timedelta(days=n + 1) for n in range(len(rows))],
        }
    )  # fmt: skip


@given(st.lists(st.integers(1, 100), min_size=1, max_size=30), st.integers(1, 100))
def test_every_further_alert_lifts_the_case_and_never_to_the_top(scores, more):
    assert case_score(scores) < case_score([*scores, more]) < 100


@given(st.lists(st.integers(1, 100), min_size=1, max_size=8), st.randoms())
def test_the_order_of_alerts_does_not_matter(scores, random):
    mixed = list(scores)
    random.shuffle(mixed)
    assert case_score(mixed) == case_score(scores)


def test_busy_cases_still_have_an_order():
    rows = [("P1", "A1", 100)] * 40 + [("P2", "A2", 100)] * 41
    cases = case_frame(alerts(*rows))
    assert cases.schema == pl.Schema(CASES)
    assert cases.select("subject_id", "rank", "alerts").rows() == [("P2", 1, 41), ("P1", 2, 40)]
    assert cases["score"].to_list()[0] < 100


def test_alerts_are_gathered_by_party_and_by_subject_where_none_is_known():
    cases = case_frame(alerts(("P1", "A1", 50), ("P1", "A2", 50), (None, "A1", 80)))
    assert cases.select("subject_kind", "subject_id", "alerts", "families").sort("subject_id").rows() == [
        ("account", "A1", 1, ["flow"]),
        ("party", "P1", 2, ["flow", "structuring"]),
    ]


def test_only_touched_cases_are_listed_but_all_their_alerts_count():
    known = alerts(("P1", "A1", 50), ("P1", "A1", 50), ("P2", "A2", 90))
    cases = case_frame(known, known.head(1))
    assert cases.select("subject_id", "alerts", "rank").rows() == [("P1", 2, 1)]
    assert case_frame(known.clear()).height == 0
