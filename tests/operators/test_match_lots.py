"""``match`` with lots: against a reading unit by unit, whatever the order of rows, the cut, ties and nulls."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.operators.matching import CROWD, HOUR, ROWS, TIES, TOLD, Ask, Numbered, Row, found, ledger_of, number, output


def _lots(rows: Numbered, within: int) -> dict[tuple[int | None, int], Fraction]:
    """Unit by unit: each unit of an outflow takes the newest unit that is left."""
    usable = [r for r in rows if r[1].key is not None and (r[1].amount or 0) > 0]
    events = sorted(
        usable,
        key=lambda r: (
            r[1].at, (r[1].seq if r[1].seq >= 0 else (-9 if r[1].side == "in" else 9)), r[1].side == "out",
            (r[1].amount or 0) * (1 if r[1].side == "in" else -1), -r[0] if r[1].side == "in" else r[0],
        ),
    )  # fmt: skip
    piles: dict[str, list[tuple[int, int]]] = {}
    made: dict[tuple[int | None, int], Fraction] = {}
    for i, row in events:
        pile = piles.setdefault(str(row.key), [])
        if row.side == "in":
            pile += [(row.at, i)] * (row.amount or 0)
            continue
        for _ in range(row.amount or 0):
            if pile and pile[-1][0] >= row.at - within:
                source = pile.pop()[1]
                made[source, i] = made.get((source, i), Fraction(0)) + 1
        if not any(key[1] == i for key in made):
            made[None, i] = Fraction(0)
    return made


LOTS = Ask(take="lots")


@given(ROWS | TIES | TOLD | CROWD, st.randoms(), st.integers(0, 7))
def test_lots_are_as_a_plain_reading_has_them(rows: list[Row], random: Any, cut: int) -> None:
    numbered = list(enumerate(rows))
    whole = found(LOTS, numbered, 100 * HOUR)
    shown = {(number(r["a.txn_id"]), number(r["b.txn_id"])): Fraction(r["lot_amount"], 10_000) for r in whole}
    expected = _lots(numbered, 3)
    assert shown == expected
    for r in whole:
        b = number(r["b.txn_id"])
        assert b is not None
        amount = rows[b].amount or 0
        assert r["explained"] == round(Fraction(r["lot_amount"], amount * 10_000) * 1_000_000)
        total = sum(value for (_, j), value in expected.items() if j == b)
        assert r["explained_all"] == round(Fraction(total) / amount * 1_000_000)
        assert r["matched"] == (r["a.txn_id"] is not None)
        assert r["at"] == rows[b].at * HOUR
        assert r["account_id"] == rows[b].key
    shuffled = list(numbered)
    random.shuffle(shuffled)
    assert found(LOTS, shuffled, 100 * HOUR) == whole
    earlier = [(i, r) for i, r in numbered if r.at <= cut]
    assert found(LOTS, earlier, cut * HOUR) == [r for r in whole if r["at"] <= cut * HOUR]


@given(ROWS | CROWD, st.integers(0, 7))
def test_lots_need_one_window_of_history(rows: list[Row], moment: int) -> None:
    numbered = list(enumerate(rows))
    whole = [r for r in found(LOTS, numbered, 100 * HOUR) if r["at"] == moment * HOUR]
    window = [(i, r) for i, r in numbered if moment - 3 <= r.at]
    assert [r for r in found(LOTS, window, 100 * HOUR) if r["at"] == moment * HOUR] == whole


def test_lots_beyond_the_cap_are_counted_and_still_used() -> None:
    rows = [(i, Row(0, "in", "k", 1, 0, -1)) for i in range(5)] + [
        (5, Row(1, "out", "k", 4, 0, -1)),
        (6, Row(2, "out", "k", 4, 0, -1)),
    ]
    made = output(Ask(take="lots", cap=2).text(), ledger_of(rows), 100 * HOUR)
    shown = made.frame.select("b.txn_id", "explained", "explained_all").rows()
    assert shown == [("t05", 250_000, 1_000_000)] * 2 + [("t06", 250_000, 250_000)]
    assert [(cap.rows, "newest are shown" in cap.what) for cap in made.caps] == [(1, True)]


def test_rows_in_both_sides_have_no_lots_and_none_is_silent() -> None:
    text = Ask(take="lots").text().replace("a: credits", "a: ledger")
    rows = [
        (0, Row(0, "in", "k", 3, 0, -1)),
        (1, Row(1, "out", "k", 3, 0, -1)),
        (2, Row(1, "in", "k", 0, 0, -1)),
        (3, Row(1, "in", "k", None, 0, -1)),
    ]
    made = output(text, ledger_of(rows), 100 * HOUR)
    assert made.frame.height == 0
    assert {cap.what: cap.rows for cap in made.caps} == {
        "rows that stand in both a and b have no lots": 1,
        "rows of a with an amount of 0 or less have no lots": 1,
        "rows of a without an amount or text have no partner": 1,
    }
