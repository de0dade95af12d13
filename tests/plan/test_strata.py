"""A rule that reads hits comes after the rules whose hits it reads, whichever way it reads them."""

from __future__ import annotations

import pytest

from redflags.errors import UsageError
from redflags.plan.bind import bind_rule
from redflags.plan.book import BoundBook
from redflags.plan.schema import Schemas
from redflags.plan.strata import strata
from redflags.tables import dictionary
from tests.operators.build import rule

PLAIN = """
detect:
  from: ledger
  subject: party_id
  facts:
    big: {is: amount, if: "amount_base >= 100"}
  when: big
"""
WITH = """
with:
  warnings: {hits: {rules: ["tried-*"]}}
  warned: {from: warnings, where: "score > 5"}
  circle: {components: {edges: [{from: warned, member: party_id, via: [rule_id]}]}}
"""
JUDGED = """
detect:
  from: ledger
  subject: party_id
  facts:
    found: {is: hit, if: "%s"}
  when: found
"""
EACH = """
  members: {from: ledger, each: {other: "rows_of(circle, party_id)"}}
"""
ROUND = """
  wider: {components: {edges: [{from: circle, member: node, via: [group_id]}]}}
"""
LET = '  let: {in_circle: "listed(circle, party_id)"}\n'
FILTER = '  let: {known: {count: rows, within: 7d, where: "listed(circle, party_id)"}}\n'
KEY = """  let: {known: {count: rows, within: 7d, match: {party_id: "value_of('circle.group_id', party_id)"}}}\n"""

READERS = {
    "a count": WITH + JUDGED % "n > 0" + "  let: {n: {count: rows, from: warned, within: 7d}}\n",
    "listed": WITH + JUDGED % "listed('circle', party_id)",
    "value_of": WITH + JUDGED % "value_of('circle.size', party_id) > 2",
    "a let": WITH + JUDGED % "in_circle" + LET,
    "the filter of a count": WITH + JUDGED % "known > 2" + FILTER,
    "the key of a count": WITH + JUDGED % "known > 2" + KEY,
    "a copy per row": WITH + EACH + (JUDGED % "other.size > 2").replace("from: ledger", "from: members"),
    "a register of a register": WITH + ROUND + JUDGED % "listed('wider', party_id)",
}


def layers(**texts: str) -> list[list[int]]:
    schemas = Schemas(dictionary())
    rules = [
        bind_rule(rule(text).model_copy(update={"id": name.replace("_", "-")}), schemas) for name, text in texts.items()
    ]
    return strata(BoundBook(tuple(rules), schemas, (), None))


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_whoever_reads_hits_is_judged_after_them(reader: str) -> None:
    assert layers(first=reader, tried_one=PLAIN) == [[1], [0]]


def test_hits_that_nothing_asks_for_put_no_rule_behind_another() -> None:
    assert layers(first=WITH + JUDGED % "amount_base > 5", tried_one=PLAIN) == [[0, 1]]


def test_a_circle_through_a_register_is_refused() -> None:
    two = READERS["listed"].replace("tried-*", "first")
    with pytest.raises(UsageError, match="read each other's hits"):
        layers(first=READERS["listed"], tried_one=two)


@pytest.mark.parametrize("text", READERS.values(), ids=READERS)
def test_what_rests_on_a_made_register_may_need_all_of_history(text: str) -> None:
    assert bind_rule(rule(text), Schemas(dictionary())).lookback is None
