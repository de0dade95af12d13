"""Registers, limits, segments and policies as a rule sees them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from redflags.engine import Clock, judge_book
from redflags.registers.lists import ListFile
from redflags.rules.load import load_rules
from tests.engine.build import (
    EVER,
    bound_book,
    data_of,
    detect,
    frame_of,
    hits,
    hours,
    judge,
    make_rule,
    profile_of,
    row,
    short,
    unjudged,
)


def asked(condition, **more):
    return detect({}, condition, **more)


# ---- lookups as of the row ----------------------------------------------------------------------------------


def link(related, since=None, until=None, role="owner"):
    return {"party_id": "P1", "related_party_id": related, "role": role, "valid_from": since, "valid_to": until}


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
        "ledger": [row("a", 0, party_id="P1"), row("b", 1, counterparty_key=None), row("c", 2, counterparty_key="Z")],
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


@pytest.mark.parametrize(("hs_code", "origin", "found"), [("8471300000", "DE", 2), ("8471", "FR", 2), ("84", "DE", 0), ("8542", "DE", 1)])
def test_prefix_and_wildcard_keys(hs_code, origin, found):
    rows = {
        "invoices": [
            {"invoice_id": "I", "issued_at": hours(0), "seller_party_id": "P1", "hs_code": hs_code,
             "payee_country": origin, "currency": "EUR", "unit": "kg"}
        ],
        "price_reference": [
            {"hs_code": "8471", "origin_country": "*", "destination_country": None, "unit": "kg", "median": 2},
            {"hs_code": "8542", "origin_country": "DE", "destination_country": "*", "unit": "kg", "median": 1},
        ],
    }  # fmt: skip
    text = f"coalesce(value_of('price_reference.median', hs_code, payee_country, 'US', unit), 0) = {found}"
    rule = asked(text, **{"from": "invoices", "subject": "seller_party_id"})
    assert hits(rule, rows) == ["I"]


def test_what_is_known_later_is_hidden_before():
    rows = {
        "ledger": [row("a", 0), row("b", 5)],
        "accounts": [{"account_id": "A1", "party_id": "P1", "opened_at": hours(-5), "closed_at": hours(3)}],
    }
    assert hits(asked("account.closed_at is null"), rows) == ["a"]


def test_a_known_empty_key_is_not_unknown():
    rows = {"ledger": [row("a", 0), row("b", 1)], "known_financiers": [{"party_id": "C1"}]}
    let = {"earlier": {"last": "counterparty_key", "within": "1d", "before": "now"},
           "when_": {"last": "booked_at", "within": "1d", "before": "now"}}  # fmt: skip
    for condition in (
        "listed('known_financiers', earlier)", "linked(party_id, earlier) or listed('known_financiers', earlier)",
        "local_date(when_) = date '2026-03-01'", "local_hour(when_) = 0", "local_weekday(when_) = 7",
    ):  # fmt: skip
        rule = detect(let, condition)
        more = {"party_links": [link("Z")]}
        assert hits(rule, rows | more) == ["b"], condition
        assert unjudged(rule, rows | more) == [], condition


# ---- lists with coverage ------------------------------------------------------------------------------------


def a_list(id_, table, rows, covers=(None, None)):
    columns = list(dict.fromkeys(name for item in rows for name in item))
    frame = frame_of(table, rows, columns).drop("source_file", "source_row")
    return ListFile(id_, table, "Invented", "nobody", "1", None, covers, frame)


def micros(at):
    return int(hours(at).timestamp() * 1_000_000)


def test_outside_its_coverage_a_list_answers_null():
    lists = (a_list("r15_ratings", "r15_ratings", [{"country": "XX"}], (micros(1), micros(3))),)
    rows = {"ledger": [row(n, at, counterparty_country=c) for n, at, c in
                       (("a", 0, "XX"), ("b", 1, "XX"), ("c", 2, "AT"), ("d", 3, "XX"))]}  # fmt: skip
    rule = asked("listed('r15_ratings', counterparty_country)")
    assert hits(rule, rows, lists=lists) == ["b"]
    assert unjudged(rule, rows, lists=lists) == ["a", "d"]


def test_a_list_is_a_register_of_its_own_name():
    lists = tuple(
        a_list(name, "jurisdiction_lists", [{"list_id": name, "country": country}], covers)
        for name, country, covers in (("black", "XX", (micros(1), None)), ("grey", "YY", (None, None)))
    )
    rows = {"ledger": [row(n, at, counterparty_country=c) for n, at, c in
                       (("a", 0, "XX"), ("b", 2, "XX"), ("c", 0, "YY"))]}  # fmt: skip
    assert hits(asked("listed('black', counterparty_country)"), rows, lists=lists) == ["b"]
    assert unjudged(asked("listed('black', counterparty_country)"), rows, lists=lists) == ["a", "c"]
    assert hits(asked("listed('grey', counterparty_country)"), rows, lists=lists) == ["c"]
    assert hits(asked("listed('jurisdiction_lists', 'grey', counterparty_country)"), rows, lists=lists) == ["c"]


# ---- limits -------------------------------------------------------------------------------------------------

LIMITS = [
    {"kind": "cash", "jurisdiction": "AA", "amount": 1000, "currency": "EUR", "operator": ">"},
    {"kind": "cash", "jurisdiction": "BLOC", "amount": 2000, "currency": "EUR", "operator": ">="},
    {"kind": "cash", "jurisdiction": "EU", "amount": 3000, "currency": "EUR", "operator": ">="},
    {"kind": "other", "jurisdiction": "FATF", "amount": 4000, "currency": "USD", "operator": ">="},
]
BLOCS = [{"bloc": "BLOC", "country": "BB", "valid_from": hours(0), "valid_to": hours(10)}]
RATES = [{"currency": "USD", "rate_to_base": "0.5"}]


def reached(kind, place, amount, *, at=1.0, currency="EUR", unit="currency", **more):
    rows = {
        "ledger": [row("a", at, amount, branch_country=place, currency=currency)],
        "thresholds": LIMITS + more.pop("limits", []), "blocs": BLOCS, "fx_rates": RATES,
    }  # fmt: skip
    wanted = "amount_base" if unit == "'base'" else "amount"
    rule = asked(f"reaches('{kind}', branch_country, {wanted}, {unit})")
    return bool(hits(rule, rows, profile=profile_of(**more)))


@pytest.mark.parametrize(
    ("kind", "place", "below", "at"),
    [
        ("cash", "AA", "1000.00", "1000.0001"),  # over the amount of the place itself
        ("cash", "BB", "1999.9999", "2000"),  # the bloc of the place
        ("cash", "CC", "2999.99", "3000"),  # the profile's jurisdiction
        ("other", "CC", "1999.99", "2000"),  # the global standard, converted at two to one
    ],
)
def test_limits_resolve_from_place_to_bloc_to_profile_to_standard(kind, place, below, at):
    assert not reached(kind, place, below)
    assert reached(kind, place, at)


def test_where_no_law_sets_a_limit_the_institutions_own_amount_stands_in():
    extra = {"limits": [{"kind": "rare", "jurisdiction": "ZZ", "amount": 1, "currency": "EUR", "operator": ">="}]}
    assert not reached("rare", "CC", "9999.99", **extra)
    assert reached("rare", "CC", "10000", **extra)
    assert reached("rare", "CC", "500", default=500, **extra)


def test_membership_of_a_bloc_is_dated():
    assert reached("cash", "BB", "2500", at=9)
    assert not reached("cash", "BB", "2500", at=10)


def test_limits_are_converted_and_base_is_base():
    assert not reached("cash", "BB", "3999.99", currency="USD")
    assert reached("cash", "BB", "4000", currency="USD")
    assert reached("cash", "BB", "2000", currency="USD", unit="'base'")


def test_a_currency_that_does_not_convert_is_unknown():
    rows = {"ledger": [row("a", 1, 9_000_000, branch_country="BB", currency="CHF")],
            "thresholds": LIMITS, "blocs": BLOCS, "fx_rates": RATES}  # fmt: skip
    rule = asked("reaches('cash', branch_country, amount, currency)")
    assert unjudged(rule, rows, profile=profile_of()) == ["a"]


def test_limits_are_dated():
    dated = [{**LIMITS[0], "jurisdiction": "DD", "valid_from": hours(0), "valid_to": hours(5)},
             {**LIMITS[0], "jurisdiction": "DD", "amount": 50, "valid_from": hours(5)}]  # fmt: skip
    assert not reached("cash", "DD", "60", at=4, limits=dated)
    assert reached("cash", "DD", "60", at=5, limits=dated)


def test_an_unknown_kind_of_limit_is_refused():
    with pytest.raises(Exception, match="unknown threshold 'cahs'"):
        reached("cahs", "AA", 1)


# ---- segments -----------------------------------------------------------------------------------------------

SEGMENTS = [
    {"party_id": "P2", "segment": "shop"},
    {"party_id": "P3", "segment": "bank"},
    {"party_id": "P3", "segment": "shop"},
]


def by_segment(tables, segments, scope=None):
    spec = {"few": {"type": "int", "default": 3, "why": "w"}, "span": {"type": "duration", "default": "1d", "why": "w"}}
    rule = make_rule(
        detect({"n": {"count": "rows", "within": "$span"}}, "n >= $few"), params=spec, scope=scope or {}
    )
    return hits(rule, tables, profile=profile_of(segments=segments))


def three_each():
    rows = []
    for party in ("P1", "P2", "P3"):
        rows += [row(f"{party}-{n}", n, party_id=party, account_id=party) for n in range(3)]
    return rows


def test_each_row_is_judged_once_with_the_values_of_its_segment():
    tables = {"ledger": three_each(), "segments": SEGMENTS}
    found = by_segment(tables, {"shop": {"few": 2}, "bank": {"few": 1}})
    assert sorted(found) == ["P1-2", "P2-1", "P2-2", "P3-0", "P3-1", "P3-2"]


def test_segments_may_differ_in_their_windows():
    tables = {"ledger": three_each(), "segments": SEGMENTS}
    assert sorted(by_segment(tables, {"shop": {"span": "1h"}})) == ["P1-2"]


def test_without_the_segments_register_everyone_has_the_ordinary_values():
    assert sorted(by_segment({"ledger": three_each()}, {"shop": {"few": 1}})) == ["P1-2", "P2-2", "P3-2"]


def test_a_rule_for_a_segment_judges_nobody_else():
    tables = {"ledger": three_each(), "segments": SEGMENTS}
    assert sorted(by_segment(tables, {}, {"segments": ["shop"]})) == ["P2-2", "P3-2"]


def test_a_rule_for_a_segment_cannot_run_without_the_register():
    rule = make_rule(asked("1 = 1"), scope={"segments": ["shop"]})
    assert judge(rule, {"ledger": three_each()}).disabled is not None


def test_an_unknown_product_leaves_the_row_unjudged():
    tables = {"ledger": [row("a", 0), row("b", 0, account_id="A2")],
              "accounts": [{"account_id": "A1", "party_id": "P1", "product": None},
                           {"account_id": "A2", "party_id": "P1", "product": "gold"}]}  # fmt: skip
    rule = make_rule(asked("1 = 1"), scope={"products": ["gold"]})
    assert hits(rule, tables) == ["b"]
    assert unjudged(rule, tables) == ["a"]


# ---- policies -----------------------------------------------------------------------------------------------


@cache
def shipped():
    return load_rules().policies


def taken(name, tables, facts=None):
    """Whether the shipped policy is true of the one hit."""
    rule = asked("1 = 1")
    rule["facts"] |= facts or {}
    policy = shipped()[name]
    outcome = judge(rule, {"ledger": [row("a", 5, **tables.pop("row", {}))], **tables}, policies=(policy,))
    assert outcome.disabled is None
    (found,) = outcome.hits["policies"].to_list()
    return name in found


@pytest.mark.parametrize(
    ("name", "marker"),
    [("minors", "minor"), ("victims", "victim"), ("restricted-details", "tip_source"), ("restricted-details", "protected_witness")],
)
def test_marker_policies_hold_while_the_marker_does(name, marker):
    def marked(**more):
        return {"party_markers": [{"party_id": "P1", "marker": marker, "valid_from": None, "valid_to": None} | more]}

    assert taken(name, marked())
    assert not taken(name, marked(party_id="P2"))
    assert not taken(name, marked(valid_to=hours(5)))
    assert not taken(name, marked(valid_from=hours(6)))
    assert not taken(name, {})


COVERED = {"party_id": "P1", "carve_out_id": "K", "region_code": None, "country": "SY", "programme_id": None,
           "valid_from": hours(0), "valid_to": hours(10)}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "where", "covered"),
    [
        ({}, {"counterparty_country": "SY", "counterparty_region": "SY-1"}, True),
        ({}, {"counterparty_country": "SY", "counterparty_region": None}, True),
        ({}, {"counterparty_country": "SY"}, True),
        ({}, {"counterparty_country": "IQ", "counterparty_region": "IQ-1"}, False),
        ({}, {"counterparty_country": "IQ"}, False),
        ({"region_code": "SY-1"}, {"counterparty_country": "SY", "counterparty_region": "SY-1"}, True),
        ({"region_code": "SY-1"}, {"counterparty_country": "SY", "counterparty_region": "SY-2"}, False),
        ({"valid_to": hours(5)}, {"counterparty_country": "SY"}, False),
        ({"party_id": "P2"}, {"counterparty_country": "SY"}, False),
        ({"party_id": "*"}, {"counterparty_country": "SY"}, True),
    ],
)
def test_a_carve_out_covers_its_place_its_party_and_its_time(change, where, covered):
    assert taken("humanitarian-carve-out", {"row": where, "carve_outs": [COVERED | change]}) is covered


def test_npo_policies_without_the_npo_register_go_by_the_party():
    npo = {"parties": [{"party_id": "P1", "party_type": "npo"}]}
    firm = {"parties": [{"party_id": "P1", "party_type": "company"}]}
    assert taken("npo-proportionality", dict(npo))
    assert taken("npo-review", dict(npo))
    assert not taken("npo-review", dict(firm))


def test_npo_policies_without_the_parties_go_by_the_register():
    assert taken("npo-review", {"npo_profiles": [{"party_id": "P1"}]})


def test_two_kinds_of_behaviour_lift_the_npo_cap():
    npo = {"npo_profiles": [{"party_id": "P1"}]}
    second = {"g": {"is": "speed", "if": "2 = 2"}}
    assert not taken("npo-proportionality", dict(npo), second)
    assert taken("npo-proportionality", dict(npo), {"g": {"is": "frequency", "if": "2 = 2"}})
    assert taken("npo-proportionality", dict(npo), {"g": {"is": "place", "if": "2 = 2"}})
    assert not taken("npo-proportionality", dict(npo), {"g": {"is": "speed", "if": "2 = 2"}})
    assert taken("npo-proportionality", dict(npo), {"g": {"is": "speed", "if": "2 = 3"}})


def test_a_name_match_is_capped_until_an_identity_agrees():
    named = {"g": {"is": "list", "if": "1 = 1"}}
    assert taken("name-match-support", {}, named)
    assert not taken("name-match-support", {}, named | {"h": {"is": "identity", "if": "1 = 1"}})


def policy(when, missing="skip"):
    return shipped()["minors"].model_copy(update={"id": "made", "when": when, "missing": missing})


@pytest.mark.parametrize(
    ("when", "missing", "held"),
    [
        ("score >= 40", "skip", True), ("score > 40", "skip", False), ("contains(facts, 'f')", "skip", True),
        ("contains(facts, 'g')", "skip", False), ("family = 'invented'", "skip", True),
        ("rule_id = 'invented-rule' and severity = 'low'", "skip", True), ("subject_id = 'P1'", "skip", True),
        ("purpose_code = 'X'", "skip", False), ("purpose_code = 'X'", "apply", True),
        ("instrument = 'cash'", "skip", True), ("size(context_kinds) = 0", "skip", True),
    ],
)  # fmt: skip
def test_what_a_policy_may_ask(when, missing, held):
    outcome = judge(asked("1 = 1"), {"ledger": [row("a", 0)]}, policies=(policy(when, missing),))
    assert outcome.hits["policies"].to_list() == [["made"] if held else []]


# ---- several rules at once ----------------------------------------------------------------------------------


def test_rules_of_a_book_do_not_disturb_each_other():
    rules = [
        make_rule(asked("listed('npo_profiles', party_id)"), id_="needs-register"),
        make_rule(asked("1 = 1"), id_="plain"),
    ]
    policies = (shipped()["npo-review"],)
    book = bound_book(rules[1:] + rules[:1], policies=policies)
    for listed in (book, replace(book, rules=book.rules[::-1])):
        outcomes = {o.bound.id: o for o in judge_book(data_of({"ledger": [row("a", 0)]}), listed, Clock(None, EVER, EVER, 0))}
        assert outcomes["needs-register"].disabled is not None
        assert short(outcomes["plain"].hits["row_id"]) == ["a"]
