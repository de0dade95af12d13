"""A hit on what an operator made names the movements behind it."""

from __future__ import annotations

from tests.operators.build import judge

RULE = """
with:
  chains: {paths: {from: transactions, source: from_account_id, target: to_account_id, hop_within: 2d, hops: [3, 3]}}
detect:
  from: chains
  subject: source
  facts:
    three: {is: network, if: "hops = 3"}
  when: three
"""


def test_the_hops_of_a_chain_are_its_evidence() -> None:
    moves = [
        {"txn_id": f"t{i}", "booked_at": f"2026-01-0{i + 1}", "amount": 100, "amount_base": 100, "currency": "EUR",
         "from_account_id": source, "to_account_id": target}
        for i, (source, target) in enumerate([("a", "b"), ("b", "c"), ("c", "d")])
    ]  # fmt: skip
    outcome = judge(RULE, {"transactions": moves})
    (evidence,) = outcome.hits["contributors"].to_list()
    assert [(row["table"], row["row_id"], row["role"]) for row in evidence[1:]] == [
        ("transactions", "t0", "moved"),
        ("transactions", "t1", "moved"),
        ("transactions", "t2", "moved"),
    ]
