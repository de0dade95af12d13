"""``why_not`` judges as a run does: up to its last moment, with the hits that composite rules read."""

from __future__ import annotations

import pytest

from redflags.engine import BoundBook, Clock
from redflags.engine.whynot import WhyNot, why_not
from redflags.plan.bind import bind_rule
from redflags.plan.book import bind_book
from redflags.plan.schema import Schemas
from redflags.rules.load import load_rules
from redflags.tables import dictionary
from redflags.testing.tables import span
from tests.operators.build import COMPOSITE, SIMPLE, dataset, rule

QUIET = """
with:
  weeks: {periods: {from: ledger, by: party_id, every: day, let: {total: {sum: amount_base}}, fill: zero}}
detect:
  from: weeks
  subject: party_id
  let:
    still: {count: rows, where: "total = 0", within: 30d}
  facts:
    silent: {is: speed, if: "still >= 3"}
  when: silent
"""


def asked(texts: dict[str, str], days: dict[str, list[int]], rule_id: str) -> WhyNot:
    schemas = Schemas(dictionary())
    bound = tuple(bind_rule(rule(text).model_copy(update={"id": name}), schemas) for name, text in texts.items())
    moves = [
        {"txn_id": f"{side}{day}", "booked_at": f"2026-01-{day:02d}", "party_id": "p", "account_id": "a", "direction": side,
         "amount_base": 100}
        for side, places in days.items() for day in places
    ]  # fmt: skip
    data = dataset({"ledger": moves})
    first, last = span(data)
    return why_not(data, BoundBook(bound, schemas, (), None), rule_id, "p", Clock(None, last, last, first))


@pytest.mark.parametrize(
    ("days", "outcome"), [({"in": [1], "out": [3]}, "fired"), ({"in": [1], "out": [20]}, "not fired")]
)
def test_a_composite_is_asked_over_the_hits_of_the_rules_it_reads(days: dict[str, list[int]], outcome: str) -> None:
    texts = {"a-both": COMPOSITE, "tried-in": SIMPLE.format(side="in"), "tried-out": SIMPLE.format(side="out")}
    found = asked(texts, days, "a-both")
    assert (found.outcome, found.rows) == (outcome, 2)


@pytest.mark.parametrize(("last", "outcome"), [(4, "not fired"), (6, "fired")])
def test_periods_are_filled_up_to_the_last_moment_and_not_beyond(last: int, outcome: str) -> None:
    found = asked({"quiet": QUIET}, {"in": [1], "out": [last]}, "quiet")
    assert found.outcome == outcome


def test_a_rule_asked_alone_brings_the_rules_whose_hits_it_reads() -> None:
    book = load_rules()
    alone = {bound.id for bound in bind_book(book, only=["dormant-account-reactivation"]).rules}
    assert len(alone) == 1
    brought = {bound.id for bound in bind_book(book, only=["nexus-multi-family-convergence"]).rules}
    assert "nexus-multi-family-convergence" in brought
    assert len(brought) > 2
    assert brought < {bound.id for bound in bind_book(book).rules}
