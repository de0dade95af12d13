"""What a rule over several streams says of its rows, from raw movements on."""

from __future__ import annotations

import polars as pl

import redflags as rf
from tests.properties.runs import book_of
from tests.reference.build import detect, make_rule

MOVES = pl.DataFrame(
    {
        "txn_id": ["T1", "T2", "T3"],
        "booked_at": ["2026-01-05T10:00:00Z", "2026-01-05T11:00:00Z", "2026-01-06T10:00:00Z"],
        "amount": ["100", "90", "50"],
        "currency": ["EUR"] * 3,
        "from_account_id": ["X1", "A1", "X2"],
        "to_account_id": ["A1", "X2", "A1"],
        "from_name": ["n1", "n0", "n2"],
        "to_name": ["n0", "n2", "n0"],
    }
)
ACCOUNTS = pl.DataFrame({"account_id": ["A1"], "party_id": ["P1"]})


def run(body, views):
    rule = make_rule(body, views=views)
    return rf.screen({"transactions": MOVES, "accounts": ACCOUNTS}, book_of(rule, {}), profile="generic")


def test_evidence_of_a_union_leads_to_the_movements_behind_it():
    views = {
        "paid_in": {"from": "ledger", "where": "direction = 'in'"},
        "paid_out": {"from": "ledger", "where": "direction = 'out'"},
    }
    found = run(detect({"n": {"count": "rows", "within": "1d"}}, "n >= 2", **{"from": ["paid_in", "paid_out"]}), views)
    assert found.alerts["txn_count"].to_list() == [3]
    evidence = found.evidence.sort("row_id")
    assert set(evidence["table"]) == {"ledger"}
    assert evidence["source_row"].null_count() == 0


def test_a_column_of_one_side_of_a_match_is_read_below_a_union():
    views = {
        "credits": {"from": "ledger", "where": "direction = 'in'"},
        "debits": {"from": "ledger", "where": "direction = 'out'"},
        "pairs": {"match": {"a": "credits", "b": "debits", "keys": ["account_id"], "within": "2d", "take": "all"}},
        "one": {"from": "pairs", "where": "a.txn_id = 'T1'"},
        "other": {"from": "pairs", "where": "a.txn_id <> 'T1'"},
    }
    body = detect(
        {"giver": "a.counterparty_name"}, "giver = 'n1'", **{"from": ["one", "other"], "subject": "account_id"}
    )
    found = run(body, views)
    assert found.not_evaluable.filter(pl.col("rows").is_null()).height == 0
    assert found.alerts.height == 1
