"""``explode``: items, places, next items; null and empty lists."""

from __future__ import annotations

from tests.operators.build import hits, judge

RULE = """
with:
  hops: {explode: {from: transactions, list: intermediary_countries}}
detect:
  from: hops
  subject: from_account_id
  where: item = 'XA'
  facts:
    passes_on: {is: mismatch, if: "next_item = 'XB' and place = 1 and items = 2"}
  when: passes_on
"""


def test_one_row_per_item_with_its_place_and_the_next_item() -> None:
    moves = [
        {"txn_id": "t1", "booked_at": "2026-01-01", "amount": 1, "currency": "EUR", "from_account_id": "a",
         "intermediary_countries": ["XA", "XB"]},
        {"txn_id": "t2", "booked_at": "2026-01-02", "amount": 1, "currency": "EUR", "from_account_id": "a",
         "intermediary_countries": ["XB", "XA"]},
        {"txn_id": "t3", "booked_at": "2026-01-03", "amount": 1, "currency": "EUR", "from_account_id": "a",
         "intermediary_countries": []},
        {"txn_id": "t4", "booked_at": "2026-01-04", "amount": 1, "currency": "EUR", "from_account_id": "a"},
    ]  # fmt: skip
    outcome = judge(RULE, {"transactions": moves})
    assert hits(outcome) == ["t1#1"]
    assert outcome.judged == 2
