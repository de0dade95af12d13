"""Values by segment, scope, policies, and rules side by side."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from redflags.engine import Clock, judge_book
from redflags.rules.load import load_rules
from tests.engine.build import (
    EVER,
    bound_book,
    data_of,
    detect,
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


# ---- segments ----------------------------------------------------------------------------------


SEGMENTS = [
    {"party_id": "P2", "segment": "shop"},
    {"party_id": "P3", "segment": "bank"},
    {"party_id": "P3", "segment": "shop"},
]


def by_segment(tables, segments, scope=None):
    spec = {
        "few": {"type": "int", "default": 3, "why": "w"},
        "span": {"type": "duration", "default": "1d", "why": "w"},
    }
    rule = make_rule(detect({"n": {"count": "rows", "within": "$span"}}, "n >= $few"), params=spec, scope=scope or {})
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
    tables: dict[str, Any] = {
        "ledger": [row("a", 0), row("b", 0, account_id="A2")],
        "accounts": [
            {"account_id": "A1", "party_id": "P1", "product": None},
            {"account_id": "A2", "party_id": "P1", "product": "gold"},
        ],
    }
    rule = make_rule(asked("1 = 1"), scope={"products": ["gold"]})
    assert hits(rule, tables) == ["b"]
    assert unjudged(rule, tables) == ["a"]


# ---- policies ----------------------------------------------------------------------------------


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
    [
        ("minors", "minor"),
        ("victims", "victim"),
        ("restricted-details", "tip_source"),
        ("restricted-details", "protected_witness"),
    ],
)
def test_marker_policies_hold_while_the_marker_does(name, marker):
    def marked(**more):
        return {"party_markers": [{"party_id": "P1", "marker": marker, "valid_from": None, "valid_to": None} | more]}

    assert taken(name, marked())
    assert not taken(name, marked(party_id="P2"))
    assert not taken(name, marked(valid_to=hours(5)))
    assert not taken(name, marked(valid_from=hours(6)))
    assert not taken(name, {})


COVERED = {
    "party_id": "P1",
    "carve_out_id": "K",
    "region_code": None,
    "country": "SY",
    "programme_id": None,
    "valid_from": hours(0),
    "valid_to": hours(10),
}


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


def test_a_carve_out_without_a_place_covers_every_place():
    whole = {"carve_out_id": "C1", "party_id": "P1"}
    assert taken("humanitarian-carve-out", {"row": {}, "carve_outs": [whole]})
    assert not taken("humanitarian-carve-out", {"row": {}, "carve_outs": [whole | {"party_id": "P2"}]})
    # whom it covers has to be said
    assert not taken("humanitarian-carve-out", {"row": {}, "carve_outs": [{"carve_out_id": "C1", "country": "XX"}]})


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
        ("score >= 40", "skip", True),
        ("score > 40", "skip", False),
        ("contains(facts, 'f')", "skip", True),
        ("contains(facts, 'g')", "skip", False),
        ("family = 'invented'", "skip", True),
        ("rule_id = 'invented-rule' and severity = 'low'", "skip", True),
        ("subject_id = 'P1'", "skip", True),
        ("purpose_code = 'X'", "skip", False),
        ("purpose_code = 'X'", "apply", True),
        ("instrument = 'cash'", "skip", True),
        ("size(context_kinds) = 0", "skip", True),
    ],
)
def test_what_a_policy_may_ask(when, missing, held):
    outcome = judge(asked("1 = 1"), {"ledger": [row("a", 0)]}, policies=(policy(when, missing),))
    assert outcome.hits["policies"].to_list() == [["made"] if held else []]


# ---- several rules at once ---------------------------------------------------------------------


def test_rules_of_a_book_do_not_disturb_each_other():
    rules = [
        make_rule(asked("listed('npo_profiles', party_id)"), id_="needs-register"),
        make_rule(asked("1 = 1"), id_="plain"),
    ]
    policies = (shipped()["npo-review"],)
    book = bound_book(rules[1:] + rules[:1], policies=policies)
    for listed in (book, replace(book, rules=book.rules[::-1])):
        outcomes = {
            o.bound.id: o for o in judge_book(data_of({"ledger": [row("a", 0)]}), listed, Clock(None, EVER, EVER, 0))
        }
        assert outcomes["needs-register"].disabled is not None
        assert short(outcomes["plain"].hits["row_id"]) == ["a"]
