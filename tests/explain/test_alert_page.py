"""The story of an alert, from hand-made alerts."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest

from redflags.errors import UsageError
from redflags.explain import explain_alert
from redflags.explain.terminal import plain
from redflags.ingest.dataset import Dataset
from redflags.results.run import Run
from redflags.results.schema import ALERTS, EVIDENCE, SUPPRESSED
from redflags.rules.load import load_rules

T = dt.datetime(2026, 3, 16, 10, 37, tzinfo=dt.UTC)
ALERT: dict[str, Any] = {
    "alert_id": "abc123", "rule_id": "cash-just-below-threshold-repeat", "rule_version": 1,
    "subject_kind": "party", "subject_id": "P1", "party_id": "P1", "family": "structuring",
    "severity": "high", "score": 70, "band": "high", "state": "open", "first_at": T,
    "last_at": T + dt.timedelta(days=3),
    "judged_at": T, "hits": 2, "txn_count": 3,
    "rationale": "Three deposits. This is consistent with keeping amounts small.",
    "facts": [
        {"name": "repeated", "kind": "frequency", "points": 15, "sentence": "3 cash amounts"},
        {"name": "together", "kind": "amount", "points": 5, "sentence": "together 26,635.00 EUR"},
    ],
    "observed": [
        {"name": "times", "value": "3", "unit": "count", "threshold": ">= 3",
         "window_from": T - dt.timedelta(days=10), "window_to": T},
        {"name": "total", "value": "26635", "unit": "EUR", "threshold": ">= 10000",
         "window_from": None, "window_to": T},
    ],
    "params": [{"name": "window", "value": "10 days"}], "typologies": ["structuring"], "indicators": [],
    "policies": [], "counterfactual": "Would not have fired if times had been below 3 (it was 3).",
}  # fmt: skip
MANIFEST = {"data": {"timezone": "Europe/Vienna", "inputs": []}, "rules": {"book": None}}


def run_of(**changes) -> Run:
    alert = ALERT | changes
    rows = [("ledger", "T1/in", "judged, times"), ("ledger", "T2/in", "times"), ("ledger", "T9/in", "times")]
    evidence = [
        {
            "alert_id": "abc123",
            "table": table,
            "row_id": row,
            "role": role,
            "source_file": "t.csv",
            "source_row": n,
        }
        for n, (table, row, role) in enumerate(rows, 1)
    ]
    return Run(
        MANIFEST,
        alerts=pl.DataFrame([alert], schema=dict(ALERTS)),
        evidence=pl.DataFrame(evidence, schema=dict(EVIDENCE)),
    )


@pytest.fixture(scope="module")
def book():
    return load_rules()


@pytest.fixture
def dataset() -> Dataset:
    moves = pl.DataFrame(
        {
            "txn_id": ["T1", "T2"], "booked_at": [T, T - dt.timedelta(days=2)],
            "amount": [90_000_000, 95_000_000], "currency": ["EUR", "EUR"], "instrument": ["cash", "wire"],
            "channel": ["branch", None], "service_point_id": ["SP1", None],
            "from_name": [None, "Somebody"], "from_country": [None, "AT"], "to_party_id": ["P1", "P1"],
        }
    )  # fmt: skip
    parties = pl.DataFrame(
        {"party_id": ["P1"], "party_type": ["person"], "name": ["Aba Example"], "residence_country": ["AT"]}
    )
    return Dataset({"transactions": moves, "parties": parties}, "EUR", "Europe/Vienna")


def test_who_when_and_what(book, dataset):
    text = str(explain_alert(run_of(), "abc", book=book, dataset=dataset))
    assert "party P1: Aba Example, person, AT" in text
    assert "16 Mar 11:37 to 19 Mar 2026 11:37 CET; 2 hits, 3 movements" in text
    assert "open: the next batch can add to it" in text


def test_the_score_is_the_sum_of_its_bars(book):
    text = str(explain_alert(run_of(), "abc", book=book))
    base = book["cash-just-below-threshold-repeat"].rule.alert.score
    lines = [line.strip() for line in text.splitlines() if "▒" in line or "█" in line]
    shown = [int(line.split()[0]) for line in lines]
    assert shown == [base, 15, 5, 70]
    assert sum(shown[:-1]) == shown[-1]


def test_limits_are_said_in_words(book):
    text = " ".join(str(explain_alert(run_of(), "abc", book=book)).split())
    assert "26,635.00 EUR at least 10,000.00 EUR" in text
    assert "number of rows within 10 days; 6 Mar 11:37 to 16 Mar 2026 11:37" in text


def test_evidence_with_and_without_the_data(book, dataset):
    lines = str(explain_alert(run_of(), "abc", book=book, dataset=dataset)).splitlines()
    first = next(n for n, line in enumerate(lines) if "T2/in" in line)
    second = next(n for n, line in enumerate(lines) if "T1/in" in line)
    assert first < second  # by time, not by id
    assert "Somebody (AT)" in lines[first]
    assert "at SP1" in lines[second]
    assert any("T9/in" in line for line in lines)  # a row the data does not hold is still named
    without = str(explain_alert(run_of(), "abc", book=book))
    assert "t.csv" in without
    assert "--data" in without


def test_what_policies_did_is_said(book):
    policies = [
        {"id": "npo-proportionality", "action": "cap", "value": "low", "text": "One fact alone."},
        {
            "id": "victims",
            "action": "route",
            "value": "victim_support",
            "text": "Contact goes through victim support.",
        },
    ]
    text = " ".join(str(explain_alert(run_of(score=39, band="low", policies=policies), "abc", book=book)).split())
    assert "score, held down by the policy npo-proportionality" in text
    assert "victims (goes to victim support): Contact goes through victim support." in text
    assert "npo-proportionality (band held at low): One fact alone." in text


def test_a_cap_below_the_base_still_adds_up(book):
    policies = [{"id": "npo-proportionality", "action": "cap", "value": "low", "text": "One fact alone."}]
    text = str(explain_alert(run_of(score=39, band="low", policies=policies), "abc", book=book))
    assert "LOW 39" in text


def test_hidden_reasons_stay_hidden(book):
    policies = [
        {
            "id": "restricted-details",
            "action": "redact",
            "value": "facts, rationale",
            "text": "Reasons held back.",
        }
    ]
    text = str(explain_alert(run_of(facts=[], observed=[], policies=policies), "abc", book=book))
    assert "kept for cleared reviewers" in text
    assert "▒" not in text


def test_unknown_facts_are_named(book):
    facts = [
        *ALERT["facts"],
        {"name": "new_way", "kind": "unknown", "points": 0, "sentence": "could not be judged"},
    ]
    assert "Could not be judged, and added no points: new way." in str(
        explain_alert(run_of(facts=facts), "abc", book=book)
    )


def test_a_rule_that_is_gone_or_newer(book):
    text = str(explain_alert(run_of(rule_id="no-such-rule"), "abc", book=book))
    assert "Why it fired" in text
    assert "Next steps" not in text
    assert "the rule is at version 1 by now" in " ".join(
        str(explain_alert(run_of(rule_version=7), "abc", book=book)).split()
    )


def test_a_suppressed_alert_says_so(book):
    held = pl.DataFrame([ALERT | {"policy": "humanitarian-carve-out", "reason": "Licensed."}], schema=dict(SUPPRESSED))
    text = str(explain_alert(Run(MANIFEST, suppressed=held), "abc", book=book))
    assert "Held back by the policy humanitarian-carve-out: Licensed." in text


def test_no_such_alert(book):
    with pytest.raises(UsageError, match="no alert 'xyz'"):
        explain_alert(run_of(), "xyz", book=book)


def test_nothing_accuses(book, dataset):
    from redflags.rules.lint import verdicts

    text = " ".join(plain(explain_alert(run_of(), "abc", book=book, dataset=dataset), 400).split())
    assert list(verdicts(text)) == []
    assert "consistent with" in text.lower()
