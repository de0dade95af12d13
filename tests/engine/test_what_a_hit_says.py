"""Sentences, observed values, limits, window edges, counterfactuals and evidence of a hit."""

from __future__ import annotations

import datetime as dt

import pytest

from redflags.plan.template import FORMATS
from tests.engine.build import detect, hours, judge, make_rule, row

SPEC = {
    "few": {"type": "int", "default": 2, "why": "w"},
    "share": {"type": "ratio", "default": "0.25", "why": "w"},
    "span": {"type": "duration", "default": "36h", "why": "w"},
}
ROWS = {"ledger": [row("a", 0, "1000.5"), row("b", 1, "20"), row("c", 30, "4")]}


def said(because, let=None, *, which=-1, tables=None, **more):
    """The sentence at one of the hits."""
    rule = detect(let or {}, "1 = 1", **more)
    rule["facts"]["f"]["because"] = because
    found = judge(make_rule(rule, params=SPEC), tables or ROWS).hits["facts"].to_list()[which]
    return found[0]["sentence"]


LET = {
    "n": {"count": "rows", "within": "2d"},
    "total": {"sum": "amount_base", "within": "2d"},
    "gap": {"since": "rows", "within": "2d", "before": "now"},
    "day": "local_date(booked_at)",
    "part": "amount_base / total",
    "never": {"max": "amount_base", "within": "1h", "before": "9h"},
    "who": {"bag": "counterparty_key", "within": "2d"},
}


@pytest.mark.parametrize(
    ("because", "sentence"),
    [
        ("{n} rows", "3 rows"),
        ("{total}", "1,024.50 EUR"),
        ("{total|number}", "1,024.5"),
        ("{gap}", "29 hours"),
        ("{booked_at}", "2026-03-02 06:00 UTC"),
        ("{booked_at|date}", "2026-03-02"),
        ("{day}", "2026-03-02"),
        ("{part|percent}", "0.39%"),
        ("{part}", "0.003904"),
        ("{$few} of {$share|percent} in {$span}", "2 of 25% in 36 hours"),
        ("{never}", "none"),
        ("{who}", "C1"),
        ("{instrument}", "cash"),
        ("{own_transfer}", "unknown"),
        ("{amount}", "4.00 EUR"),
        ("{n > 2}", "yes"),
        ("{n|money}", "3.00"),
        ("{n|text}", "3"),
        ("{party.name}", "unknown"),
        ("{total / n}", "341.50 EUR"),
    ],
)
def test_a_sentence_is_filled_in(because, sentence):
    tables = {
        "ledger": [{**item, "own_transfer": None} for item in ROWS["ledger"]],
        "parties": [{"party_id": "Q", "name": "x"}],
    }
    assert said(because, LET, tables=tables) == sentence


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "name", ["n", "total", "gap", "day", "part", "never", "who", "instrument", "booked_at", "n > 2"]
)
def test_any_format_of_any_value_is_a_text_or_refused_when_loaded(name, form):
    from redflags.errors import RedflagsError

    try:
        text = said(f"{{{name}|{form}}}", LET)
    except RedflagsError:
        return
    assert isinstance(text, str)
    assert text


def test_a_table_that_did_not_come_in_is_unknown_in_a_sentence():
    assert said("{party.name}!") == "unknown!"


def facts(**conditions):
    return {name: {"is": "frequency", "if": text, "points": 10, "because": name} for name, text in conditions.items()}


def hit(conditions, when, let=LET, which=-1, **more):
    rule = detect(let, "1 = 1", **more) | {"facts": facts(**conditions), "when": when}
    return judge(make_rule(rule, params=SPEC), ROWS).hits.row(which, named=True)


def test_points_of_true_facts_add_up_to_a_hundred_at_most():
    assert hit({"a": "n >= 1", "b": "n >= 99"}, "a")["score"] == 50
    many = {f"f{n}": "1 = 1" for n in range(8)}
    assert hit(many, "f0")["score"] == 100


def test_observed_values_come_with_limit_and_window():
    (seen,) = hit({"a": "n >= $few"}, "a")["observed"]
    assert (seen["name"], seen["value"], seen["unit"], seen["threshold"]) == ("n", "3", "count", ">= 2")
    assert (seen["window_from"], seen["window_to"]) == (hours(30 - 48), hours(30))


def test_observed_money_is_exact_and_in_its_currency():
    (seen,) = hit({"a": "total > 1024.4999"}, "a")["observed"]
    assert (seen["value"], seen["unit"], seen["threshold"]) == ("1024.5", "EUR", "> 1024.4999")


def test_both_ends_of_a_range_are_observed():
    seen = hit({"a": "n between 2 and 5"}, "a")["observed"]
    assert [item["threshold"] for item in seen] == [">= 2", "<= 5"]


@pytest.mark.parametrize(
    ("conditions", "when", "sentence"),
    [
        ({"a": "n >= $few"}, "a", "Would not have fired if n had been below 2 (it was 3)."),
        ({"a": "n > 2"}, "a", "Would not have fired if n had been at most 2 (it was 3)."),
        ({"a": "2 < n"}, "a", "Would not have fired if n had been at most 2 (it was 3)."),
        ({"a": "n <= 3 and total < 9999"}, "a", "Would not have fired if n had been above 3 (it was 3)."),
        (
            {"a": "total >= 1000 and n >= 1"},
            "a",
            "Would not have fired if total had been below 1,000.00 EUR (it was 1,024.50 EUR).",
        ),
        ({"a": "instrument = 'cash'"}, "a", "Would not have fired without 'a'."),
        (
            {"a": "n >= 3", "b": "total > 1"},
            "a or b",
            "No single fact decides: several of a, b would have to be absent.",
        ),
        ({"a": "n >= 3", "b": "total > 1"}, "a and not c", None),
        ({"a": "n >= 3 or total > 99999"}, "a", "Would not have fired without 'a'."),
        (
            {"a": "n >= 3", "b": "n >= 1"},
            "at_least(2, a, b)",
            "Would not have fired if n had been below 3 (it was 3).",
        ),
        (
            {"a": "n >= 3", "b": "n >= 1"},
            "points(a, b) >= 10",
            "No single fact decides: several of a, b would have to be absent.",
        ),
        (
            {"a": "gap >= interval '1 days'"},
            "a",
            "Would not have fired if gap had been below 1 day (it was 29 hours).",
        ),
    ],
)
def test_a_counterfactual_names_the_nearest_limit(conditions, when, sentence):
    if sentence is None:
        conditions = conditions | {"c": "n > 99"}
        sentence = "Would not have fired if n had been below 3 (it was 3)."
    assert hit(conditions, when)["counterfactual"] == sentence


def test_evidence_is_the_judged_row_and_those_of_the_windows():
    listed = hit({"a": "n >= 3"}, "a")["contributors"]
    assert [(item["row_id"], item["role"]) for item in listed] == [
        ("c/in", "judged"),
        ("a/in", "n"),
        ("b/in", "n"),
    ] or [(item["row_id"], item["role"]) for item in listed] == [
        ("c/in", "judged"),
        ("b/in", "n"),
        ("a/in", "n"),
    ]


def test_evidence_of_facts_that_are_not_true_is_left_out():
    let = LET | {"wires": {"count": "rows", "where": "instrument = 'cash'", "within": "90m", "before": "28h"}}
    listed = hit({"a": "1 = 1", "b": "wires > 5"}, "a", let)["contributors"]
    assert [item["row_id"] for item in listed] == ["c/in"]


def test_a_subject_of_another_kind():
    rows = {
        "invoices": [
            {
                "invoice_id": "I1",
                "issued_at": hours(0),
                "seller_party_id": "S",
                "buyer_party_id": "B",
                "currency": "EUR",
            }
        ]
    }
    subject = {"kind": "invoice", "key": "invoice_id", "parties": ["seller_party_id", "buyer_party_id"]}
    found = judge(detect({}, "1 = 1", **{"from": "invoices", "subject": subject}), rows).hits.row(0, named=True)
    assert (found["subject_id"], found["party_id"], found["key"], found["table"]) == (
        "I1",
        "S",
        ["I1"],
        "invoices",
    )


def test_a_composite_subject_is_joined():
    subject = {"kind": "corridor", "key": ["party_id", "currency"], "parties": ["party_id"]}
    found = judge(detect({}, "1 = 1", subject=subject), ROWS).hits.row(0, named=True)
    assert (found["subject_id"], found["party_id"], found["key"]) == ("P1|EUR", "P1", ["P1", "EUR"])


def test_a_composite_key_that_is_not_the_subject():
    found = judge(detect({}, "1 = 1", key=["party_id", "currency"]), ROWS).hits.row(0, named=True)
    assert (found["subject_id"], found["key"]) == ("P1", ["P1", "EUR"])


@pytest.mark.parametrize(
    ("when", "hit_at"), [("at_least($few, a, b, c)", {}), ("points(a, b, c) >= $few", {"few": 11})]
)
def test_parameters_in_the_formula(when, hit_at):
    rule = detect(LET, "1 = 1") | {"facts": facts(a="n >= 1", b="n >= 2", c="n >= 3"), "when": when}
    found = judge(make_rule(rule, params=SPEC), ROWS, params=hit_at).hits["row_id"].to_list()
    assert found == ["b/in", "c/in"]


def test_hits_come_in_the_order_of_their_moments():
    rows = {"ledger": [row("b", 2), row("a", 2), row("d", 0), row("c", 2, seq=0)]}
    for item in rows["ledger"]:
        item.setdefault("seq", 1)
    found = judge(detect({}, "1 = 1"), rows).hits
    assert found["row_id"].to_list() == ["d/in", "c/in", "a/in", "b/in"]
    assert found["at"].to_list()[0] == int(hours(0).replace(tzinfo=dt.UTC).timestamp() * 1_000_000)
