"""Registers as a rule sees them: keys, dates, coverage."""

from __future__ import annotations

from typing import Any

import pytest

from redflags.registers.lists import ListFile
from tests.engine.build import (
    detect,
    frame_of,
    hits,
    hours,
    judge,
    micros,
    row,
    unjudged,
)


def asked(condition, **more):
    return detect({}, condition, **more)


# ---- lookups as of the row ---------------------------------------------------------------------


def link(related, since=None, until=None, role="owner"):
    return {
        "party_id": "P1",
        "related_party_id": related,
        "role": role,
        "valid_from": since,
        "valid_to": until,
    }


def test_validity_is_half_open():
    rows = {
        "ledger": [row("a", 0), row("b", 1), row("c", 2)],
        "party_links": [link("C1", hours(1), hours(2))],
    }
    assert hits(asked("linked(party_id, counterparty_key)"), rows) == ["b"]
    assert hits(asked("linked(counterparty_key, party_id, 'owner')"), rows) == ["b"]
    assert hits(asked("linked(party_id, counterparty_key, 'director')"), rows) == []


def test_a_key_in_between_may_be_left_out_where_keys_match_exactly():
    rows = {"ledger": [row("a", 0), row("b", 0, party_id="P2")], "party_links": [link("X")]}
    assert hits(asked("listed('party_links', party_id, 'owner')"), rows) == ["a"]
    assert hits(asked("listed('party_links', party_id, 'X')"), rows) == ["a"]
    assert hits(asked("listed('party_links', party_id, 'X', 'director')"), rows) == []


def test_a_key_column_that_did_not_come_in_disables_the_rule():
    rows = {"ledger": [row("a", 0)], "party_links": [{"party_id": "P1", "related_party_id": "X"}]}
    outcome = judge(asked("listed('party_links', party_id, 'X', 'owner')"), rows)
    assert outcome.disabled is not None
    assert outcome.not_evaluable["column"].to_list() == ["party_links.role"]


def test_a_null_in_an_exact_key_matches_nobody():
    rows = {"ledger": [row("a", 0)], "party_links": [link(None)]}
    assert hits(asked("listed('party_links', party_id, 'X')"), rows) == []


def test_a_null_key_is_unknown_and_a_miss_is_false():
    rows = {
        "ledger": [
            row("a", 0, party_id="P1"),
            row("b", 1, counterparty_key=None),
            row("c", 2, counterparty_key="Z"),
        ],
        "known_financiers": [{"party_id": "C1"}],
    }
    rule = asked("listed('known_financiers', counterparty_key)")
    assert hits(rule, rows) == ["a"]
    assert unjudged(rule, rows) == ["b"]


def test_a_value_on_which_valid_rows_differ_is_unknown():
    rows = {
        "ledger": [row("a", 0)],
        "segments": [{"party_id": "P1", "segment": "x"}, {"party_id": "P1", "segment": "y"}],
    }
    rule = asked("value_of('segments.segment', party_id) = 'x'")
    assert hits(rule, rows) == []
    assert unjudged(rule, rows) == ["a"]


def test_a_value_of_a_miss_is_null():
    rows = {"ledger": [row("a", 0)], "parties": [{"party_id": "P2", "residence_country": "AT"}]}
    assert hits(asked("party.residence_country is null and not found(party)"), rows) == ["a"]


def test_a_list_as_key_means_any_of_its_elements():
    rows = {
        "ledger": [row("a", 0)],
        "parties": [{"party_id": "P1", "expected_countries": ["AT", "XX"]}],
        "r15_ratings": [{"country": "XX", "rating": "NC"}],
    }
    assert hits(asked("listed('r15_ratings', party.expected_countries)"), rows) == ["a"]
    assert hits(asked("listed('r15_ratings', array('AT', 'DE'))"), rows) == []
    assert hits(asked("listed('r15_ratings', array())"), rows) == []


@pytest.mark.parametrize(
    ("hs_code", "origin", "found"),
    [("8471300000", "DE", 2), ("8471", "FR", 2), ("84", "DE", 0), ("8542", "DE", 1)],
)
def test_prefix_and_wildcard_keys(hs_code, origin, found):
    rows: dict[str, Any] = {
        "invoices": [
            {
                "invoice_id": "I",
                "issued_at": hours(0),
                "seller_party_id": "P1",
                "hs_code": hs_code,
                "payee_country": origin,
                "currency": "EUR",
                "unit": "kg",
            }
        ],
        "price_reference": [
            {
                "hs_code": "8471",
                "origin_country": "*",
                "destination_country": None,
                "unit": "kg",
                "median": 2,
            },
            {
                "hs_code": "8542",
                "origin_country": "DE",
                "destination_country": "*",
                "unit": "kg",
                "median": 1,
            },
        ],
    }
    text = f"coalesce(value_of('price_reference.median', hs_code, payee_country, 'US', unit), 0) = {found}"
    rule = asked(text, **{"from": "invoices", "subject": "seller_party_id"})
    assert hits(rule, rows) == ["I"]


@pytest.mark.parametrize(
    ("hs_code", "origin", "unit", "found"),
    [
        ("847130", "DE", "kg", 3),  # the longer prefix goes before the told country
        ("847190", "DE", "kg", 2),  # the told country before the one for all
        ("847190", "FR", "kg", 1),
        ("847190", "FR", "l", 0),  # a miss
        ("8542", "FR", "kg", None),  # equally particular, and they differ
    ],
)
def test_the_most_particular_row_answers(hs_code, origin, unit, found):
    def price(code, country, median):
        return {"hs_code": code, "origin_country": country, "destination_country": "*", "unit": "kg", "median": median}

    rows: dict[str, Any] = {
        "invoices": [
            {"invoice_id": "I", "issued_at": hours(0), "seller_party_id": "P1", "hs_code": hs_code,
             "payee_country": origin, "unit": unit}
        ],
        "price_reference": [
            price("8471", "*", 1), price("8471", "DE", 2), price("847130", "*", 3), price("8542", "*", 4),
            price("8542", "*", 5),
        ],
    }  # fmt: skip
    value = "value_of('price_reference.median', hs_code, payee_country, 'US', unit)"
    more = {"from": "invoices", "subject": "seller_party_id"}
    if found is None:
        assert unjudged(asked(f"{value} > 0", **more), rows) == ["I"]
        return
    assert hits(asked(f"coalesce({value}, 0) = {found}", **more), rows) == ["I"]


def test_what_is_known_later_is_hidden_before():
    rows = {
        "ledger": [row("a", 0), row("b", 5)],
        "accounts": [{"account_id": "A1", "party_id": "P1", "opened_at": hours(-5), "closed_at": hours(3)}],
    }
    assert hits(asked("account.closed_at is null"), rows) == ["a"]


def test_a_known_empty_key_is_not_unknown():
    rows = {"ledger": [row("a", 0), row("b", 1)], "known_financiers": [{"party_id": "C1"}]}
    let = {
        "earlier": {"last": "counterparty_key", "within": "1d", "before": "now"},
        "when_": {"last": "booked_at", "within": "1d", "before": "now"},
    }
    for condition in (
        "listed('known_financiers', earlier)",
        "linked(party_id, earlier) or listed('known_financiers', earlier)",
        "local_date(when_) = date '2026-03-01'",
        "local_hour(when_) = 0",
        "local_weekday(when_) = 7",
    ):
        rule = detect(let, condition)
        more = {"party_links": [link("Z")]}
        assert hits(rule, rows | more) == ["b"], condition
        assert unjudged(rule, rows | more) == [], condition


# ---- lists with coverage -----------------------------------------------------------------------


def a_list(id_, table, rows, covers=(None, None)):
    columns = list(dict.fromkeys(name for item in rows for name in item))
    frame = frame_of(table, rows, columns).drop("source_file", "source_row")
    return ListFile(id_, table, "Invented", "nobody", "1", None, covers, frame)


def test_outside_its_coverage_a_list_answers_null():
    lists = (a_list("r15_ratings", "r15_ratings", [{"country": "XX"}], (micros(hours(1)), micros(hours(3)))),)
    rows = {
        "ledger": [
            row(n, at, counterparty_country=c)
            for n, at, c in (("a", 0, "XX"), ("b", 1, "XX"), ("c", 2, "AT"), ("d", 3, "XX"))
        ]
    }
    rule = asked("listed('r15_ratings', counterparty_country)")
    assert hits(rule, rows, lists=lists) == ["b"]
    assert unjudged(rule, rows, lists=lists) == ["a", "d"]


def test_a_list_is_a_register_of_its_own_name():
    lists = tuple(
        a_list(name, "jurisdiction_lists", [{"list_id": name, "country": country}], covers)
        for name, country, covers in (("black", "XX", (micros(hours(1)), None)), ("grey", "YY", (None, None)))
    )
    rows = {
        "ledger": [row(n, at, counterparty_country=c) for n, at, c in (("a", 0, "XX"), ("b", 2, "XX"), ("c", 0, "YY"))]
    }
    assert hits(asked("listed('black', counterparty_country)"), rows, lists=lists) == ["b"]
    assert unjudged(asked("listed('black', counterparty_country)"), rows, lists=lists) == ["a", "c"]
    assert hits(asked("listed('grey', counterparty_country)"), rows, lists=lists) == ["c"]
    assert hits(asked("listed('jurisdiction_lists', 'grey', counterparty_country)"), rows, lists=lists) == ["c"]
