"""`given(x, y)`: y stands in where a table or column that x reads did not come in, and only there."""

from __future__ import annotations

from typing import Any

import pytest

from redflags.plan.scope import BindError
from redflags.rules.safeguards import Vacuity
from tests.engine.build import detect, hits, judge, make_rule, row, unjudged

ROWS: dict[str, list[dict[str, Any]]] = {"ledger": [row("a", 0, 100), row("b", 1, 300)]}


def without(outcome):
    lines = outcome.not_evaluable.filter(outcome.not_evaluable["reason"] == "done without")
    return lines["column"].to_list()


def test_a_column_that_came_in_is_read_and_its_nulls_stay_unknown():
    rule = detect({}, "given(channel, 'atm') = 'atm'")
    rows = {"ledger": [row("a", 0, channel="atm"), row("b", 1, channel="web"), row("c", 2, channel=None)]}
    assert hits(rule, rows) == ["a"]
    assert unjudged(rule, rows) == ["c"]
    assert without(judge(rule, rows)) == []


@pytest.mark.parametrize(
    ("condition", "lacks"),
    [
        ("given(channel, 'atm') = 'atm'", "ledger.channel"),
        ("amount > given(fee_base, 0) + 200 and direction = 'in'", "ledger.fee_base"),
        ("given(party.is_pep, false) or amount > 200", "parties"),
        ("not given(listed('known_financiers', counterparty_key), false)", "known_financiers"),
        ("given(value_of('segments.segment', party_id), 'none') = 'none'", "segments"),
        ("given(account.opened_at, timestamp '2020-01-01T00:00:00Z') < at", "accounts"),
        ("given(array(channel), array('atm')) = array('atm')", ""),
    ],
)
def test_a_stand_in_takes_the_place_of_what_did_not_come_in(condition, lacks):
    if not lacks:
        with pytest.raises(BindError):
            judge(detect({}, condition), ROWS)
        return
    if "fee_base" in condition:
        condition = condition.replace("amount", "amount_base")
        rows = {"ledger": [row("a", 0, amount_base="100"), row("b", 1, amount_base="300")]}
    else:
        rows = ROWS
    outcome = judge(detect({}, condition), rows)
    assert outcome.disabled is None
    wanted = ["b/in"] if "200" in condition else ["a/in", "b/in"]
    assert outcome.hits["row_id"].to_list() == wanted
    assert [what.split(".")[0] for what in without(outcome)] == [lacks.split(".")[0]]


def test_an_aggregate_over_a_table_that_did_not_come_in():
    let = {
        "hedged": {"sum": "pnl_base", "from": "hedges@settled_at", "match": {"party_id": "party_id"}, "within": "30d"},
        "mine": {
            "sum": "amount_base",
            "where": "given(listed('known_financiers', counterparty_key), false)",
            "within": "1d",
        },
    }
    del let["hedged"]
    rule = detect(let, "given(mine, 0) = 0")
    rows = {"ledger": [row("a", 0, amount_base="100")]}
    assert hits(rule, rows) == ["a"]
    assert without(judge(rule, rows)) == ["known_financiers"]


def test_a_stand_in_for_a_whole_measure():
    let = {"calls": {"count": "rows", "from": "sessions", "match": {"party_id": "party_id"}, "within": "1d"}}
    rule = detect(let, "given(calls, 0) = 0")
    assert hits(rule, ROWS) == ["a", "b"]
    assert without(judge(rule, ROWS)) == ["sessions"]
    sessions = [{"session_id": "S", "at": ROWS["ledger"][1]["booked_at"], "party_id": ROWS["ledger"][1]["party_id"]}]
    assert hits(rule, {**ROWS, "sessions": sessions}) == ["a"]


def test_a_measure_that_reads_a_stand_in_is_measured():
    let = {
        "odd": {"count": "rows", "where": "listed('known_financiers', counterparty_key)", "within": "1d"},
        "n": {"count": "rows", "where": "given(odd, 0) = 0", "within": "1d"},
    }
    views = {"v": {"from": "ledger", "let": {"odd": let["odd"]}}}
    body = detect({"n": let["n"]}, "n >= 2", **{"from": "v"})
    outcome = judge(make_rule(body, views=views), ROWS)
    assert outcome.disabled is None
    assert outcome.hits["row_id"].to_list() == ["b/in"]
    assert without(outcome) == ["known_financiers"]


def test_money_keeps_its_size_in_sums_of_stand_ins():
    let = {"fees": {"sum": "given(fee_base, 5)", "within": "1d"}}
    rows = {"ledger": [row("a", 0), row("b", 1)]}
    assert hits(detect(let, "fees = 10"), rows) == ["b"]


def test_a_stand_in_is_stored_in_the_unit_of_what_it_stands_for():
    let = {"parts": {"sum": "given(quantity, length(txn_id))", "within": "1d"}}
    rows = {"ledger": [row("a", 0), row("b", 1)]}
    assert hits(detect(let, "parts = 2"), rows) == ["b"]


def test_what_is_not_excused_still_disables():
    outcome = judge(detect({}, "given(channel, 'atm') = 'atm' and purpose_text = 'x'"), {"ledger": [row("a", 0)]})
    assert outcome.disabled is not None
    assert "purpose_text" in outcome.disabled


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("given(amount, 'x') > 1", "cannot compare"),
        ("given(channel, null) = 'atm'", "a stand-in is a value"),
        ("given(1, 2) = 1", "read from data"),
        ("given(channel) = 'atm'", "arguments"),
        ("given(amount, amount_base) > 1", "does not compare"),
    ],
)
def test_what_is_no_stand_in(condition, message):
    with pytest.raises(BindError, match=message):
        judge(detect({}, condition), ROWS)


def test_a_fact_that_a_stand_in_makes_true_is_no_evidence():
    class Scope:
        def find(self, _):
            return None

    from redflags.expr.parser import parse

    vacuity = Vacuity(make_rule(detect({}, "1 = 1")), None)  # type: ignore[arg-type]
    for text, vacuous in (("given(channel = 'atm', true)", True), ("given(channel = 'atm', false)", False),
                          ("given(n, 5) >= 3", True), ("given(n, 0) >= 3", False)):  # fmt: skip
        scope: Any = Scope()
        scope.tables = list
        assert vacuity.is_vacuous(scope, parse(text)) is vacuous, text
