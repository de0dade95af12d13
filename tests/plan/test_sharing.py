"""What two rules have in common is one node."""

from __future__ import annotations

from typing import Any

import pytest

from redflags.plan.bind import bind_rule
from redflags.plan.nodes import Base, Measure, measures
from redflags.plan.schema import Schemas
from redflags.plan.show import plan_text
from redflags.rules.load import load_rules
from redflags.tables import dictionary
from tests.engine.build import bound_book, detect, make_rule

SPEC = {
    "few": {"type": "int", "default": 3, "why": "w"},
    "span": {"type": "duration", "default": "1d", "why": "w"},
    "floor": {"type": "money", "default": 100, "why": "w"},
}


def names(schemas, rule, **params):
    bound = bind_rule(rule, schemas, params=params)
    return [schemas.measure_name(measure) for measure in bound.measures()]


def both(one, two, **params):
    schemas = Schemas(dictionary())
    return names(schemas, make_rule(one, params=SPEC)), names(schemas, make_rule(two, params=SPEC), **params)


def distinct(one, two, **params):
    return {name for found in both(one, two, **params) for name in found}


def test_the_same_said_in_other_words_is_one_measure():
    one = detect({"n": {"count": "rows", "within": "24h"}}, "n > 2")
    two = detect({"cash": "amount", "many": {"count": "rows", "within": "1d"}}, "3 <= many")
    assert len(distinct(one, two)) == 1


def test_inner_measures_of_other_names_are_shared_too():
    def nested(inner):
        return detect(
            {
                inner: {"count": "rows", "within": "1d"},
                "top": {"max": inner, "within": "7d", "where": f"{inner} > 1"},
            },
            "top > 2",
        )

    assert len(distinct(nested("n"), nested("m"))) == 1


def test_an_inlined_name_is_its_text():
    one = detect({"n": {"count": "rows", "within": "1d", "where": "amount_base > 5"}}, "n > 2")
    two = detect({"big": "amount_base > 5", "n": {"count": "rows", "within": "1d", "where": "big"}}, "n > 2")
    assert len(distinct(one, two)) == 1


def test_a_parameter_that_only_compares_stays_out_of_nodes():
    rule = detect({"n": {"count": "rows", "within": "1d"}}, "n >= $few")
    assert len(distinct(rule, rule, few=9)) == 1


@pytest.mark.parametrize("param", [{"span": 3_600_000_000}, {"floor": 7}])
def test_a_parameter_that_shapes_a_window_or_its_rows_makes_another_node(param):
    rule = detect({"n": {"count": "rows", "within": "$span", "where": "amount_base > $floor"}}, "n >= 2")
    assert len(distinct(rule, rule, **param)) == 2


def test_other_keys_sources_and_edges_are_other_nodes():
    base = {"count": "rows", "within": "1d"}
    changes: list[dict[str, Any]] = [
        {"by": "account_id"},
        {"before": "now"},
        {"after": "1h"},
        {"within": "ever"},
        {"complete": True},
        {"where": "own_transfer"},
        {"latest_per": "counterparty_key"},
        {"match": {"party_id": "counterparty_key"}},
    ]
    schemas = Schemas(dictionary())
    found = [names(schemas, make_rule(detect({"n": base | change}, "n > 1"))) for change in [{}, *changes]]
    assert len({name for row in found for name in row}) == len(changes) + 1


def test_a_view_over_a_stream_makes_no_frame_of_its_own():
    views = {
        "v": {"from": "ledger", "where": "instrument = 'cash'"},
        "w": {"from": "v", "where": "amount_base > 5"},
    }
    bound = bind_rule(make_rule(detect({}, "1 = 1", **{"from": "w"}), views=views), Schemas(dictionary()))
    assert bound.frame == Base("ledger", "booked_at")


def test_looking_back_adds_up_over_nesting():
    let = {"n": {"count": "rows", "within": "2d", "before": "1d"}, "top": {"max": "n", "within": "7d"}}
    bound = bind_rule(make_rule(detect(let, "top > 2")), Schemas(dictionary()))
    assert bound.lookback == 10 * 86_400_000_000
    ever = detect({"n": {"count": "rows", "within": "ever"}}, "n > 2")
    assert bind_rule(make_rule(ever), Schemas(dictionary())).lookback is None


def test_every_measure_and_node_can_be_hashed():
    bound = bind_rule(make_rule(detect({"n": {"count": "rows", "within": "1d"}}, "n > 2")), Schemas(dictionary()))
    assert all(isinstance(hash(measure), int) and isinstance(measure, Measure) for measure in bound.measures())
    assert len(list(measures(None, *(fact.condition for fact in bound.facts)))) == 1


# ---- the printout --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped():
    return load_rules()


def test_the_plan_of_every_shipped_rule_can_be_printed(shipped):
    from redflags.plan.book import bind_book

    book = bind_book(shipped, profile="generic")
    assert book.rules
    for bound in book.rules:
        text = plan_text(bound, book.schemas)
        assert text.startswith(f"rule {bound.id} (version")
        assert "fires when" in text
        for fact in bound.facts:
            assert fact.name in text
        assert "MeasureRef" not in text
        assert "Fraction" not in text


def test_a_plan_says_what_is_done_in_order():
    let = {
        "n": {
            "count": "rows",
            "within": "36h",
            "before": "now",
            "where": "instrument = 'cash'",
            "complete": True,
        }
    }
    rule = make_rule(
        detect(let, "n >= $few and listed('known_financiers', party_id)", where="amount_base > 0.5"),
        params=SPEC,
    )
    book = bound_book(rule)
    text = plan_text(book.rules[0], book.schemas)
    lines = [line.strip() for line in text.splitlines()]
    assert "1. walk ledger by booked_at" in lines
    assert "amount_base > 0.5" in lines
    assert any("n = count of rows, within 36 hours before now, per party_id" in line for line in lines)
    assert "null while the window starts before the data, unless opened since" in lines
    assert "listed known_financiers(party_id)" in lines
    assert any(line.endswith("n >= 3 and listed('known_financiers', party_id)") for line in lines)
