"""Small cases that random search found first, worked out by hand and asked of both."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.properties.adapter import comparable, engine_outcome
from tests.reference import evaluate
from tests.reference.build import START, detect, entry, hours, make_rule
from tests.reference.values import micros

TWO = [entry("a", 0, amount_base=Decimal(10)), entry("b", 1, amount_base=Decimal(20))]
TIED = [
    entry("a", 0, amount_base=Decimal(10), purpose_code="A"),
    entry("b", 1, amount_base=Decimal(10), purpose_code=None),
    entry("c", 2, amount_base=Decimal(5), purpose_code="A"),
]


def asked(rule, rows):
    """Hits and rows that are not evaluable, of the reference and of the engine."""
    last = micros(hours(100))
    theirs = engine_outcome(rule, {"ledger": rows}, {}, micros(START), last, last)
    ours = evaluate(rule, {"ledger": rows}, covers_from=START, upto=hours(100))
    assert comparable(rule, theirs) == comparable(rule, ours)
    return sorted(hit.row_id for hit in ours.hits), sorted(ours.not_evaluable)


@pytest.mark.parametrize(
    ("let", "condition", "expected"),
    [
        ({}, "nullif(amount_base, 5) = 10", (["a/in"], [])),
        ({}, "case when direction = 'out' then null else amount_base end = 10", (["a/in"], [])),
        ({}, "coalesce(amount_base / 3, 0) * 3 = amount_base", (["a/in", "b/in"], [])),
        ({"s": {"std": "amount_base", "within": "1d"}}, "s > 7.07 and s < 7.08", (["b/in"], [])),
        (
            {"h": {"hhi": "counterparty_key", "weight": "amount_base * 0", "within": "1d"}},
            "h > 0",
            ([], ["a/in", "b/in"]),  # shares of nothing: a division by zero
        ),
        (
            {"h": {"sum": "amount_base", "within": "1h", "before": "1h", "after": "1h"}},
            "h >= 30",
            (["a/in", "b/in"], []),  # (t - 2h, t + 1h]
        ),
    ],
    ids=[
        "nullif",
        "case with null",
        "exact coalesce",
        "std in major units",
        "hhi of nothing",
        "before and after",
    ],
)
def test_both_say_what_was_worked_out(let, condition, expected):
    assert asked(make_rule(detect(let, condition)), TWO) == expected


def test_a_judged_row_that_hangs_on_an_unknown_row_is_not_evaluable():
    """Row c is judged only if row b, whose purpose is unknown, counts."""
    views = {
        "busy": {
            "from": "ledger",
            "key": "party_id",
            "let": {"n": {"count": "rows", "within": "1d", "where": "purpose_code = 'A'"}},
        }
    }
    rule = make_rule(detect({}, "true", **{"from": "busy", "where": "n >= 3"}), views=views)
    assert asked(rule, TIED) == ([], ["c/in"])
