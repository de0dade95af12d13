"""``hits``: composites, strata, suppression, circles."""

from __future__ import annotations

import pytest

from redflags.engine import BoundBook, Clock, judge_book
from redflags.errors import UsageError
from redflags.plan.bind import bind_rule
from redflags.plan.schema import Schemas
from redflags.tables import dictionary
from redflags.testing.tables import span
from tests.operators.build import COMPOSITE, SIMPLE, dataset, hits, judge, rule

MOVES = [
    {
        "txn_id": "t1",
        "booked_at": "2026-01-01",
        "party_id": "p",
        "account_id": "a",
        "direction": "in",
        "amount_base": 100,
    },
    {
        "txn_id": "t2",
        "booked_at": "2026-01-03",
        "party_id": "p",
        "account_id": "a",
        "direction": "out",
        "amount_base": 100,
    },
    {
        "txn_id": "t3",
        "booked_at": "2026-01-20",
        "party_id": "p",
        "account_id": "a",
        "direction": "out",
        "amount_base": 100,
    },
]


def _bound(schemas: Schemas, name: str, text: str) -> object:
    return bind_rule(rule(text).model_copy(update={"id": name}), schemas)


def test_a_composite_reads_the_hits_of_other_rules_whatever_the_order_of_the_book() -> None:
    schemas = Schemas(dictionary())
    texts = {"a-both": COMPOSITE, "tried-in": SIMPLE.format(side="in"), "tried-out": SIMPLE.format(side="out")}
    rules = tuple(_bound(schemas, name, text) for name, text in texts.items())
    data = dataset({"ledger": MOVES})
    first, last = span(data)
    book = BoundBook(rules, schemas, (), None)  # type: ignore[arg-type]
    outcomes = judge_book(data, book, Clock(None, last, last, first))
    assert hits(outcomes[0]) == ["tried-out:t2/out:p"]
    later = judge_book(data, book, Clock(first, last, last, first))
    assert hits(later[0]) == ["tried-out:t2/out:p"]


def test_rule_tests_may_give_hits_by_hand() -> None:
    rows = [
        {"hit_id": "h1", "at": "2026-01-01", "rule_id": "tried-in", "party_id": "p"},
        {"hit_id": "h2", "at": "2026-01-02", "rule_id": "tried-out", "party_id": "p"},
        {"hit_id": "h3", "at": "2026-01-03", "rule_id": "other", "party_id": "p"},
    ]
    assert hits(judge(COMPOSITE, {"hits": rows})) == ["h2"]


def test_rules_that_read_each_others_hits_are_refused() -> None:
    schemas = Schemas(dictionary())
    one = COMPOSITE.replace("tried-*", "tried-two")
    two = COMPOSITE.replace("tried-*", "tried-one")
    rules = (_bound(schemas, "tried-one", one), _bound(schemas, "tried-two", two))
    data = dataset({"ledger": MOVES})
    with pytest.raises(UsageError, match="tried-one -> tried-two"):
        judge_book(data, BoundBook(rules, schemas, (), None), Clock(None, 1, 1, 0))  # type: ignore[arg-type]
