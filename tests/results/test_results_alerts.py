from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from redflags.results.alerts import UNKNOWN, Folded, join_stories, tell
from redflags.results.evidence import CAP
from redflags.results.origins import Origins
from redflags.results.schema import ALERTS, EVIDENCE, RESTRICTED, SUPPRESSED
from tests.results.made import DAY, bound, hit, hits, policy

LATER = 100 * DAY


def told(rows: list[dict[str, Any]], *policies: Any, final: int = LATER, **changes: Any) -> Any:
    return with_sources(Origins({}), rows, *policies, final=final, **changes)


def with_sources(
    origins: Origins, rows: list[dict[str, Any]], *policies: Any, final: int = LATER, **changes: Any
) -> Any:
    folded = Folded.of(bound(*policies, **changes), hits(*rows))
    return tell(folded, final, origins.find(folded.rows))


def only(rows: list[dict[str, Any]], *policies: Any, **more: Any) -> Any:
    return told(rows, *policies, **more).alerts.row(0, named=True)


def test_the_columns_are_those_of_the_design_in_its_order():
    stories = told([hit(1, "T1/in")])
    assert stories.alerts.schema == pl.Schema(ALERTS)
    assert list(ALERTS) == [
        "alert_id", "rule_id", "rule_version", "subject_kind", "subject_id", "party_id", "family", "severity",
        "score", "band", "state", "first_at", "last_at", "judged_at", "hits", "txn_count", "rationale",
        "facts", "observed", "params", "typologies", "indicators", "policies", "counterfactual",
    ]  # fmt: skip
    assert stories.evidence.schema == pl.Schema(EVIDENCE)
    assert stories.suppressed.schema == pl.Schema(SUPPRESSED)
    assert stories.restricted.schema == pl.Schema(RESTRICTED)


def test_no_hits_no_alerts():
    assert told([]).alerts.height == 0
    assert join_stories([]).alerts.schema == pl.Schema(ALERTS)


def test_the_score_adds_every_fact_once_and_stops_at_100():
    rows = [hit(0, "T1/in", ("many",)), hit(DAY, "T2/in", ("fast",)), hit(2 * DAY, "T3/in", ("fast",))]
    alert = only(rows)
    assert (alert["score"], alert["band"], alert["hits"]) == (65, "medium", 3)
    assert sum(fact["points"] for fact in alert["facts"]) + 30 == 65
    assert only([*rows, hit(3 * DAY, "T4/in", ("far",))])["score"] == 100


def test_facts_are_the_union_in_the_order_of_the_rule_with_the_sentence_of_the_peak():
    rows = [
        hit(0, "T1/in", ("fast",)),
        hit(DAY, "T2/in", ("many", "fast")),
        hit(2 * DAY, "T3/in", ("many", "fast")),
    ]
    alert = only(rows)
    assert [(fact["name"], fact["sentence"]) for fact in alert["facts"]] == [
        ("many", "many at T2/in"),
        ("fast", "fast at T2/in"),
    ]
    assert alert["rationale"].startswith("Seen at T2/in.")
    assert alert["counterfactual"] == "Would not have fired without T2/in."
    assert alert["observed"][0]["value"] == "T2/in"


def test_a_fact_that_could_not_be_judged_is_listed_without_points():
    alert = only([hit(0, "T1/in", unknown_facts=["far", "fast"]), hit(1, "T2/in", ("fast",))])
    assert [(f["name"], f["kind"], f["points"]) for f in alert["facts"]] == [
        ("many", "frequency", 20),
        ("fast", "speed", 15),
        ("far", UNKNOWN, 0),
    ]


@pytest.mark.parametrize(
    ("final", "state"),
    [(9 * DAY, "provisional"), (10 * DAY, "open"), (13 * DAY - 1, "open"), (13 * DAY, "closed")],
)
def test_states(final, state):
    assert only([hit(10 * DAY, "T1/in"), hit(11 * DAY, "T2/in")], final=final)["state"] == state


def test_moments():
    alert = only([hit(9, "T1/in", at=5), hit(11, "T2/in", at=7)])
    assert [int(alert[name].timestamp() * 1_000_000) for name in ("first_at", "last_at", "judged_at")] == [
        5,
        7,
        11,
    ]


def test_both_sides_of_a_movement_are_one_movement_and_other_rows_are_none():
    rows = [
        hit(0, "T1/in", contributors=[
            {"table": "ledger", "row_id": "T1/in", "role": "judged"},
            {"table": "ledger", "row_id": "T1/out", "role": "total"},
            {"table": "ledger", "row_id": "T2/in", "role": "total"},
            {"table": "ledger", "row_id": "T1/in", "role": "times"},
            {"table": "sessions", "row_id": "S1", "role": "logins"},
        ]),
    ]  # fmt: skip
    stories = told(rows)
    assert stories.alerts["txn_count"].to_list() == [2]
    assert stories.evidence.select("table", "row_id", "role").rows() == [
        ("ledger", "T1/in", "judged, times"),
        ("ledger", "T1/out", "total"),
        ("ledger", "T2/in", "total"),
        ("sessions", "S1", "logins"),
    ]


def test_evidence_is_capped_and_the_true_number_stands_in_the_alert():
    rows = [
        hit(n, f"T{n}/in", ("many", "fast") if n == 7 else ("many",), contributors=[
            {"table": "ledger", "row_id": f"T{n}/in", "role": "judged"},
            {"table": "ledger", "row_id": f"U{n}/in", "role": "total"},
        ])
        for n in range(400)
    ]  # fmt: skip
    stories = told(rows)
    assert stories.alerts["txn_count"].to_list() == [800]
    assert stories.evidence.height == CAP
    kept = set(stories.evidence["row_id"])
    assert {"U7/in", *(f"T{n}/in" for n in range(400))} <= kept


def test_evidence_leads_to_the_source():
    moves = pl.DataFrame({"txn_id": ["T1"], "source_file": ["moves.csv"], "source_row": [17]})
    stories = with_sources(Origins({"transactions": moves}), [hit(0, "T1/in")])
    assert stories.evidence.select("source_file", "source_row").rows() == [("moves.csv", 17)]


# ---- policies
# ------------------------------------------------------------------------------------------------

CARVE_OUT = policy("carve-out", "suppress")
CAP_LOW = policy("cap-low", "cap", to="low")
CAP_MEDIUM = policy("cap-medium", "cap", to="medium")


def test_suppression_holds_the_alert_back_but_never_loses_it():
    stories = told([hit(0, "T1/in", policies=["carve-out"])], CARVE_OUT)
    assert stories.alerts.height == 0
    held = stories.suppressed.row(0, named=True)
    assert (held["policy"], held["reason"]) == ("carve-out", "Text of carve-out.")
    assert (held["score"], held["rationale"]) == (50, "Seen at T1/in. This is consistent with nothing.")
    assert stories.evidence.height == 1


def test_the_lapse_of_a_carve_out_brings_the_alert_back_under_the_same_id():
    inside = hit(0, "T1/in", policies=["carve-out"])
    before = told([inside], CARVE_OUT).suppressed["alert_id"].item()
    stories = told([inside, hit(DAY, "T2/in")], CARVE_OUT)
    assert stories.suppressed.height == 0
    alert = stories.alerts.row(0, named=True)
    assert (alert["alert_id"], alert["hits"]) == (before, 2)
    assert alert["policies"] == []


def test_a_cap_holds_severity_band_and_score_together():
    alert = only([hit(0, "T1/in", ("far",), policies=["cap-low"])], CAP_LOW, CAP_MEDIUM)
    assert (alert["severity"], alert["band"], alert["score"]) == ("low", "low", 39)
    assert [(p["id"], p["action"], p["value"]) for p in alert["policies"]] == [("cap-low", "cap", "low")]


def test_the_strictest_cap_of_a_hit_and_the_loosest_hit_decide():
    both = hit(0, "T1/in", ("far",), policies=["cap-low", "cap-medium"])
    assert only([both], CAP_LOW, CAP_MEDIUM)["band"] == "low"
    milder = hit(DAY, "T2/in", policies=["cap-medium"])
    assert only([both, milder], CAP_LOW, CAP_MEDIUM)["severity"] == "medium"
    assert only([both, milder, hit(2 * DAY, "T3/in")], CAP_LOW, CAP_MEDIUM)["band"] == "high"


def test_a_cap_above_the_score_takes_nothing_away():
    assert only([hit(0, "T1/in", policies=["cap-medium"])], CAP_MEDIUM)["score"] == 50
    assert only([hit(0, "T1/in", policies=["cap-medium"])], CAP_MEDIUM, severity="low")["severity"] == "low"


@pytest.mark.parametrize(
    ("action", "then", "value"),
    [
        ("route", {"queue": "safeguarding"}, "safeguarding"),
        ("review", {"by": "npo_trained", "persons": 1}, "npo_trained"),
        ("review", {"by": "npo_trained", "persons": 2}, "npo_trained, 2"),
        ("expire", {"days": 90}, "90"),
        ("wording", {}, None),
    ],
)
def test_other_actions_hold_as_soon_as_one_hit_carries_them(action, then, value):
    made = policy("some-policy", action, **then)
    rows = [hit(0, "T1/in"), hit(DAY, "T2/in", policies=["some-policy"])]
    alert = only(rows, made)
    assert [(p["id"], p["action"], p["value"]) for p in alert["policies"]] == [("some-policy", action, value)]
    assert ("Text of some-policy." in alert["rationale"]) == (action == "wording")
    assert only([hit(0, "T1/in")], made)["policies"] == []


def test_redaction_hides_the_reasons_and_what_they_could_be_read_off_from():
    made = policy("restricted-details", "redact", fields=["rationale", "facts"])
    stories = told([hit(0, "T1/in", policies=["restricted-details"])], made)
    alert = stories.alerts.row(0, named=True)
    assert (alert["score"], alert["facts"], alert["observed"]) == (50, [], [])
    assert alert["rationale"] == alert["counterfactual"] == "Text of restricted-details."
    hidden = stories.restricted.row(0, named=True)
    assert hidden["rationale"].startswith("Seen at T1/in")
    assert [fact["name"] for fact in hidden["facts"]] == ["many"]
    assert stories.evidence.height == 1


def test_redaction_of_the_evidence_only():
    made = policy("no-rows", "redact", fields=["evidence"])
    stories = told([hit(0, "T1/in", policies=["no-rows"])], made)
    assert stories.evidence.height == 0
    assert stories.alerts["rationale"].item().startswith("Seen at T1/in")


def test_alerts_stand_highest_first_whatever_the_order_of_the_rules():
    low = told([hit(0, "T1/in")])
    high = told([hit(0, "T1/in", ("far",), subject="P2")], id="other-rule")
    for parts in ([low, high], [high, low]):
        assert join_stories(parts).alerts["score"].to_list() == [90, 50]
