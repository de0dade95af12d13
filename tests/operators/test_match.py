"""``match``: pairs against a plain reading, whatever the order of rows, the cut, ties, nulls, limits and hubs."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from redflags.operators.match import OPERATION
from redflags.plan.bind import bind_rule
from redflags.plan.schema import Schemas
from redflags.plan.scope import BindError
from redflags.tables import dictionary
from tests.operators.build import hits, judge, rule
from tests.operators.matching import (
    ASK,
    CROWD,
    DETECT,
    HOUR,
    ROWS,
    TIES,
    TOLD,
    VIEWS,
    Ask,
    Row,
    fits,
    found,
    ledger_of,
    naive,
    number,
    output,
)


@given(ASK, ROWS | TIES | TOLD | CROWD, st.randoms())
@example(
    Ask(order="any"), [Row(0, "in", "k", 1, 0, -1), Row(0, "out", "k", 1, 0, -1), Row(1, "in", "k", 1, 0, -1)], None
)
@example(Ask(amount=False), [Row(0, "in", "k", None, 0, -1), Row(0, "out", "k", 1, 0, -1)], None)
def test_pairs_are_as_a_plain_reading_has_them(ask: Ask, rows: list[Row], random: Any) -> None:
    numbered = list(enumerate(rows))
    whole = found(ask, numbered, 100 * HOUR)
    assert {(number(r["a.txn_id"]), number(r["b.txn_id"]), r["at"]) for r in whole} == naive(ask, numbered, 100 * HOUR)
    for r in whole:
        a, b = rows[number(r["a.txn_id"]) or 0], None if r["b.txn_id"] is None else rows[number(r["b.txn_id"]) or 0]
        assert r["matched"] == (b is not None)
        assert r["lag"] == (None if b is None else (b.at - a.at) * HOUR)
        assert r["account_id"] == a.key
        assert r["a.at"] == a.at * HOUR
        if b is not None and ask.amount and a.amount:
            assert b.amount is not None
            assert r["ratio"] == round(Fraction(b.amount, a.amount) * 1_000_000)
            assert r["b.amount_base"] == b.amount * 10_000
            assert ask.same or r["a.twice"] == a.amount * 20_000
        else:
            assert r["ratio"] is None
    if random is None:
        return
    shuffled = list(numbered)
    random.shuffle(shuffled)
    assert found(ask, shuffled, 100 * HOUR) == whole
    cut = random.randrange(12)
    earlier = [(i, r) for i, r in numbered if r.at <= cut]
    assert found(ask, earlier, cut * HOUR) == [r for r in whole if r["at"] <= cut * HOUR]


@given(ASK, ROWS | TIES | CROWD, st.integers(1, 3), st.integers(1, 5), st.integers(0, 11))
def test_limits_never_take_back_what_is_known(ask: Ask, rows: list[Row], cap: int, scan: int, cut: int) -> None:
    numbered = list(enumerate(rows))
    tight = Ask(**{**vars(ask), "cap": cap, "scan": scan})
    whole = found(tight, numbered, 100 * HOUR)
    earlier = [(i, r) for i, r in numbered if r.at <= cut]
    assert found(tight, earlier, cut * HOUR) == [r for r in whole if r["at"] <= cut * HOUR]
    free = naive(ask, numbered, 100 * HOUR)
    shown = {(number(r["a.txn_id"]), number(r["b.txn_id"]), r["at"]) for r in whole}
    if ask.take == "all":
        assert shown <= free
    caps = output(tight.text(), ledger_of(numbered), 100 * HOUR).caps
    if shown != free:
        assert any("'scan'" in c.what or "'cap'" in c.what for c in caps)
    # No row is called unmatched that has a partner.
    possible = {
        i
        for i, a in numbered
        for j, b in numbered
        if (ask.same or (a.side, b.side) == ("in", "out")) and fits(ask, (i, a), (j, b))
    }
    if ask.take != "nearest":
        assert not {a for a, b, _ in shown if b is None} & possible


@given(
    st.sampled_from(["nearest", "first", "all"]), st.sampled_from(["b_after_a", "a_after_b", "any"]), CROWD,
    st.integers(1, 2), st.integers(1, 3),
)  # fmt: skip
def test_no_row_is_called_unmatched_whose_partner_a_limit_hid(
    take: str, order: str, rows: list[Row], cap: int, scan: int
) -> None:
    ask = Ask(take=take, order=order, bound="tolerance: 1", within=5, cap=cap, scan=scan)
    numbered = list(enumerate(rows))
    shown = {(number(r["a.txn_id"]), number(r["b.txn_id"])) for r in found(ask, numbered, 100 * HOUR)}
    alone = {a for a, b in shown if b is None}
    taken = {b for _, b in shown if b is not None} if take == "nearest" else set()
    for i, a in numbered:
        for j, b in numbered:
            if i in alone and j not in taken and (a.side, b.side) == ("in", "out"):
                assert not fits(ask, (i, a), (j, b))


# ---- hubs, other inputs, faults -------------------------------------------------------------------------------------


def test_a_hub_neither_explodes_nor_disappears() -> None:
    many = 3_000
    side = ["in"] * many + ["out"] * many
    ledger = pl.DataFrame(
        {
            "txn_id": [f"t{i:05d}" for i in range(2 * many)], "direction": side, "booked_at": [0] * (2 * many), "account_id": ["hub"] * (2 * many),
            "amount_base": [10_000 * (i % many) for i in range(2 * many)], "counterparty_name": ["x"] * (2 * many),
        },
        schema_overrides={"booked_at": pl.Datetime("us", "UTC")},
    )  # fmt: skip
    every = output(Ask(take="all", unmatched=False, cap=10).text(), ledger, 100 * HOUR)
    assert every.frame.height == 10 * many
    assert [(cap.rows, "'cap'" in cap.what) for cap in every.caps] == [(many, True)]
    one = output(Ask(bound="tolerance: 0", scan=1).text(), ledger, 100 * HOUR)
    assert one.frame.height == many
    assert one.frame["ratio"].drop_nulls().unique().to_list() == [1_000_000]
    assert one.caps == ()


def test_registers_can_be_a_side() -> None:
    text = """
with:
  paid: {match: {a: accounts, b: ledger, keys: [account_id], within: 30d, take: first, unmatched: true}}
detect:
  from: paid
  subject: account_id
  facts:
    quick: {is: speed, if: "lag < interval '2 days' and account.product = 'savings'"}
  when: quick
"""
    accounts = [
        {"account_id": "x", "opened_at": "2026-01-01", "product": "savings"}, {"account_id": "y", "opened_at": "2026-01-01", "product": "savings"},
    ]  # fmt: skip
    moves = [
        {"txn_id": f"t{i}", "booked_at": f"2026-01-{day:02d}", "account_id": account, "direction": "in", "amount_base": 5}
        for i, (account, day) in enumerate([("x", 2), ("y", 9), ("x", 9)])
    ]  # fmt: skip
    outcome = judge(text, {"accounts": accounts, "ledger": moves})
    assert len(hits(outcome)) == 1
    assert hits(outcome)[0].endswith("~t0/in")


def test_the_example_runs() -> None:
    moves = [
        {"txn_id": f"t{i}", "booked_at": f"2026-01-{day:02d}", "account_id": "x", "direction": side, "amount_base": amount}
        for i, (side, day, amount) in enumerate([("in", 1, 100), ("out", 2, 70), ("out", 3, 90), ("out", 4, 95)])
    ]  # fmt: skip
    text = (
        "with:\n"
        + "".join(f"  {line}\n" for line in OPERATION.example.splitlines())
        + DETECT.replace("pairs", "passed")
    )
    assert hits(judge(text, {"ledger": moves})) == ["t0/in~t2/out"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("keys: [account_id], ", ""), "wants keys"),
        (("keys: [account_id]", "keys: {account_id: amount_base}"), "the keys do not meet: text and money"),
        (("keys: [account_id]", "keys: [acount_id]"), "unknown name 'acount_id'"),
        (("within: 3h", "within: 0h"), "a duration above zero"),
        (("within: 3h, ", ""), "wants within"),
        (("order: b_after_a", "order: b_first"), "unknown order 'b_first'"),
        (("take: nearest", "take: fifo"), "unknown take 'fifo'"),
        (("take: nearest", "take: lots, order: any"), "duplicate|has no meaning"),
        (("take: nearest", "take: lots, ratio: [0.1, 1]"), "'ratio' has no meaning for lots"),
        (("amount: amount_base", "ratio: [0.1, 1]"), "ratio wants an amount"),
        (("amount: amount_base", "amount: amount"), "amounts of two currencies do not compare"),
        (("amount: amount_base", "amount: channel"), "wanted: money or number or int"),
        (("amount: amount_base", "amount: amount_base, ratio: [2, 1]"), "lies above the highest"),
        (("amount: amount_base", "amount: amount_base, ratio: 1"), "two bounds of b / a"),
        (("amount: amount_base", "amount: amount_base, ratio: [-1, 1]"), "a number from 0"),
        (("amount: amount_base", "amount: amount_base, ratio: [1, 1], tolerance: 1"), "not both"),
        (("amount: amount_base", "amount: amount_base, tolerance: {part: 1}"), "tolerance is an amount, or"),
        (("amount: amount_base", "similar: {a: channel, b: channel}"), "similar is"),
        (("amount: amount_base", "similar: {a: channel, b: channel, min: 2}"), "between 0 and 1"),
        (("cap: 100", "cap: 0"), "whole number from 1"),
        (("cap: 100", "cpa: 100"), "has no part 'cpa'"),
        (("b: debits", "b: debts"), "unknown stream 'debts'"),
    ],
)
def test_faults_say_what_is_wrong(change: tuple[str, str], message: str) -> None:
    text = Ask().text()
    if "order: any" in change[1]:
        text = text.replace("order: b_after_a, ", "")
    assert change[0] in text
    with pytest.raises(BindError, match=message):
        bind_rule(rule(text.replace(*change)), Schemas(dictionary()))


def test_parameters_stand_for_every_bound() -> None:
    text = (
        """
params:
  window: {type: duration, default: 3d, why: test}
  low: {type: ratio, default: "0.8", why: test}
  most: {type: money, default: 10, why: test}
  take: {type: text, default: nearest, why: test}
  cap: {type: int, default: 5, why: test}
"""
        + VIEWS
        + """
  pairs: {match: {a: credits, b: debits, keys: [account_id], within: $window, amount: amount_base, ratio: [$low, 1],
  take: $take, cap: $cap}}
  near: {match: {a: credits, b: debits, keys: {account_id: account_id}, within: $window, amount: amount_base,
  tolerance: $most}}
"""
        + DETECT
    )
    moves = [
        {"txn_id": f"t{i}", "booked_at": f"2026-01-{day:02d}", "account_id": "x", "direction": side, "amount_base": amount}
        for i, (side, day, amount) in enumerate([("in", 1, 100), ("out", 2, 70), ("out", 3, 90)])
    ]  # fmt: skip
    assert hits(judge(text, {"ledger": moves})) == ["t0/in~t2/out"]
    near = text.replace("from: pairs", "from: near").replace(
        "subject: account_id", "subject: {kind: account, key: a.account_id}"
    )
    assert hits(judge(near, {"ledger": moves})) == ["t0/in~t2/out"]
