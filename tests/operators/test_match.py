"""``match``: pairs and lots against a plain reading, whatever the order of rows, the cut, ties, nulls and hubs."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from redflags.engine import BoundBook, engine
from redflags.expr.texts import bigram_similarity
from redflags.ingest.dataset import Dataset
from redflags.operators.match import OPERATION
from redflags.plan.bind import bind_rule
from redflags.plan.nodes import Derived
from redflags.plan.schema import Schemas
from redflags.plan.scope import BindError
from redflags.tables import dictionary
from tests.operators.build import hits, judge, rule

if TYPE_CHECKING:
    from redflags.operators.base import Output

HOUR = 3_600_000_000
VIEWS = """
with:
  credits: {from: ledger, where: "direction = 'in'", let: {twice: amount_base * 2}}
  debits: {from: ledger, where: "direction = 'out'"}
"""
DETECT = """
detect:
  from: pairs
  subject: account_id
  facts:
    any: {is: speed, if: "matched"}
  when: any
"""
NAMES = ["anna berg", "anna bergh", "Anna-Berg!", "otto", "oto", ""]


@dataclass(frozen=True)
class Row:
    """A ledger row of a test; ``seq`` is -1 where it is not told."""

    at: int
    side: str
    key: str | None
    amount: int | None
    name: int
    seq: int


@dataclass(frozen=True)
class Ask:
    """What a test asks of the operator, and how it is written."""

    take: str = "nearest"
    order: str = "b_after_a"
    within: int = 3
    bound: str = ""
    alike: bool = False
    amount: bool = True
    same: bool = False
    unmatched: bool = True
    cap: int = 100
    scan: int = 10_000

    def text(self) -> str:
        parts = [
            f"a: {'ledger' if self.same else 'credits'}",
            f"b: {'ledger' if self.same else 'debits'}",
            "keys: [account_id]",
        ]
        parts += [
            f"within: {self.within}h",
            f"order: {self.order}",
            f"take: {self.take}",
            f"unmatched: {str(self.unmatched).lower()}",
        ]
        parts += ["amount: amount_base"] * self.amount + [self.bound] * bool(self.bound)
        parts += ["similar: {a: counterparty_name, b: counterparty_name, min: 0.6}"] * self.alike
        return VIEWS + f"  pairs: {{match: {{{', '.join(parts)}, cap: {self.cap}, scan: {self.scan}}}}}\n" + DETECT


Numbered = list[tuple[int, Row]]


def _ledger(rows: Numbered) -> pl.DataFrame:
    made = [
        {
            "txn_id": f"t{i:02d}", "direction": r.side, "booked_at": r.at * HOUR, "account_id": r.key,
            "amount_base": None if r.amount is None else r.amount * 10_000, "counterparty_name": NAMES[r.name],
            "seq": None if r.seq < 0 else r.seq,
        }
        for i, r in rows
    ]  # fmt: skip
    schema: dict[str, Any] = {
        "txn_id": pl.String, "direction": pl.String, "booked_at": pl.Datetime("us", "UTC"), "account_id": pl.String,
        "amount_base": pl.Int64, "counterparty_name": pl.String, "seq": pl.Int64,
    }  # fmt: skip
    return pl.DataFrame(made, schema=schema)


def _output(text: str, ledger: pl.DataFrame, upto: int) -> Output:
    schemas = Schemas(dictionary())
    bound = bind_rule(rule(text), schemas)
    evaluator = engine(Dataset({"ledger": ledger}, "EUR"), BoundBook((bound,), schemas, (), None), 0)
    evaluator.upto = upto
    assert isinstance(bound.frame, Derived)
    made = evaluator.frames.output(bound.frame)
    assert made.frame["_id"].n_unique() == made.frame.height
    return made


def _found(ask: Ask, rows: Numbered, upto: int) -> list[dict[str, Any]]:
    made = _output(ask.text(), _ledger(rows), upto).frame.filter(pl.col("at") <= upto)
    names = ["_id", "at", "lag", "ratio", "matched", "a.txn_id", "b.txn_id", "a.at", "account_id", "b.amount_base"]
    names += ["a.twice"] * (not ask.same) + ["lot_amount", "explained", "explained_all"] * (ask.take == "lots")
    return made.select(names).sort("_id").to_dicts()


# ---- a plain reading ------------------------------------------------------------------------------------------------


def _similar(left: int, right: int) -> bool:
    made = pl.select(bigram_similarity(pl.lit(NAMES[left]), pl.lit(NAMES[right]))).item()
    return bool(made >= 0.6)


ALIKE = [[_similar(x, y) for y in range(len(NAMES))] for x in range(len(NAMES))]


def _amounts_fit(ask: Ask, a: int, b: int) -> bool:
    if ask.bound.startswith("ratio"):
        return a != 0 and Fraction(1, 2) <= Fraction(b, a) <= Fraction(6, 5)
    if ask.bound.startswith("tolerance: {"):
        return abs(b - a) <= Fraction(1, 4) * abs(a)
    return not ask.bound or abs(b - a) <= 1


def _fits(ask: Ask, left: tuple[int, Row], right: tuple[int, Row]) -> bool:
    (i, a), (j, b) = left, right
    if i == j or a.key is None or a.key != b.key:
        return False
    if ask.amount and (a.amount is None or b.amount is None or not _amounts_fit(ask, a.amount, b.amount)):
        return False
    if ask.alike and not ALIKE[a.name][b.name]:
        return False
    lag = b.at - a.at
    if lag == 0 and a.seq >= 0 and b.seq >= 0:
        lag = (b.seq > a.seq) - (b.seq < a.seq)
        return ask.order == "any" or (lag >= 0 if ask.order == "b_after_a" else lag <= 0)
    if abs(lag) > ask.within:
        return False
    return ask.order == "any" or (lag >= 0 if ask.order == "b_after_a" else lag <= 0)


def _row_order(item: tuple[int, Row]) -> tuple[int, int, int]:
    i, row = item
    return row.at, row.seq, i


def _far(ask: Ask, a: Row, b: Row) -> int:
    return abs((a.amount or 0) - (b.amount or 0)) if ask.amount else 0


def _naive(ask: Ask, rows: Numbered, upto: int) -> set[tuple[int, int | None, int]]:
    """(a, b, moment) of every row."""
    left = sorted((r for r in rows if ask.same or r[1].side == "in"), key=_row_order)
    right = sorted((r for r in rows if ask.same or r[1].side == "out"), key=_row_order)
    candidates = [
        (max(a[1].at, b[1].at), abs(b[1].at - a[1].at), _far(ask, a[1], b[1]), x, y)
        for x, a in enumerate(left) for y, b in enumerate(right) if _fits(ask, a, b)
    ]  # fmt: skip
    chosen = []
    used: set[tuple[str, int]] = set()
    if ask.take == "all":
        chosen = candidates
    elif ask.take == "nearest":
        for c in sorted(candidates):
            if not {("a", c[3]), ("b", c[4])} & used:
                used |= {("a", c[3]), ("b", c[4])}
                chosen.append(c)
    else:
        for c in sorted(candidates, key=lambda c: (c[3], right[c[4]][1].at, c[2], c[4])):
            if ("a", c[3]) not in used:
                used.add(("a", c[3]))
                chosen.append(c)
    made: set[tuple[int, int | None, int]] = {
        (left[c[3]][0], right[c[4]][0], c[0] * HOUR) for c in chosen if c[0] * HOUR <= upto
    }
    paired = {c[3] for c in chosen}
    for x, (i, a) in enumerate(left):
        known = a.at * HOUR + (0 if ask.order == "a_after_b" else ask.within * HOUR + 1)
        lacking = a.key is None or (ask.amount and a.amount is None)
        if ask.unmatched and x not in paired and not lacking and known <= upto:
            made.add((i, None, known))
    return made


def _number(txn: str | None) -> int | None:
    return None if txn is None else int(txn[1:])


ROW = st.builds(
    Row, at=st.integers(0, 7), side=st.sampled_from(["in", "out"]), key=st.sampled_from(["k", "k", "k", "l", None]),
    amount=st.sampled_from([None, -2, 0, 1, 2, 3, 4, 4, 5, 8, 10]), name=st.integers(0, 5), seq=st.integers(-3, 2),
)  # fmt: skip
ROWS = st.lists(ROW, min_size=1, max_size=14)
TIES = st.lists(
    st.builds(Row, at=st.integers(0, 1), side=st.sampled_from(["in", "out"]), key=st.just("k"), amount=st.sampled_from([2, 3, 4, 5, 6]),
              name=st.just(0), seq=st.just(-1)),
    min_size=1, max_size=12,
)  # fmt: skip
TOLD = st.lists(
    st.builds(Row, at=st.integers(0, 1), side=st.sampled_from(["in", "out"]), key=st.just("k"), amount=st.integers(1, 3),
              name=st.just(0), seq=st.integers(-1, 1)),
    min_size=2, max_size=10,
)  # fmt: skip


def _crowd(seed: int) -> list[Row]:
    """Eight keys at once, so that one run of the operator meets many small worlds."""
    random = Random(seed)
    amounts = random.choice([[1, 3, 5, 7], [1, 2, 3], [4, 5, 8, 10, -2, 0]])
    told = random.choice([(-1, -1), (-2, 1)])
    return [
        Row(random.randint(0, 6), random.choice(["in", "out"]), f"k{key}", random.choice(amounts), random.randint(0, 5), random.randint(*told))
        for key in range(8) for _ in range(12)
    ]  # fmt: skip


CROWD = st.integers(0, 2**32).map(_crowd)
ASK = st.builds(
    Ask, take=st.sampled_from(["nearest", "nearest", "first", "all"]), order=st.sampled_from(["b_after_a", "a_after_b", "any"]),
    bound=st.sampled_from(["", "ratio: [0.5, 1.2]", "tolerance: 1", "tolerance: {share: 0.25}"]), alike=st.booleans(),
    same=st.booleans(), unmatched=st.booleans(),
)  # fmt: skip


@given(ASK, ROWS | TIES | TOLD | CROWD, st.randoms())
@example(
    Ask(order="any"), [Row(0, "in", "k", 1, 0, -1), Row(0, "out", "k", 1, 0, -1), Row(1, "in", "k", 1, 0, -1)], None
)
@example(Ask(amount=False), [Row(0, "in", "k", None, 0, -1), Row(0, "out", "k", 1, 0, -1)], None)
def test_pairs_are_as_a_plain_reading_has_them(ask: Ask, rows: list[Row], random: Any) -> None:
    numbered = list(enumerate(rows))
    whole = _found(ask, numbered, 100 * HOUR)
    assert {(_number(r["a.txn_id"]), _number(r["b.txn_id"]), r["at"]) for r in whole} == _naive(
        ask, numbered, 100 * HOUR
    )
    for r in whole:
        a, b = rows[_number(r["a.txn_id"]) or 0], None if r["b.txn_id"] is None else rows[_number(r["b.txn_id"]) or 0]
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
    assert _found(ask, shuffled, 100 * HOUR) == whole
    cut = random.randrange(12)
    earlier = [(i, r) for i, r in numbered if r.at <= cut]
    assert _found(ask, earlier, cut * HOUR) == [r for r in whole if r["at"] <= cut * HOUR]


@given(ASK, ROWS | TIES | CROWD, st.integers(1, 3), st.integers(1, 5), st.integers(0, 11))
def test_limits_never_take_back_what_is_known(ask: Ask, rows: list[Row], cap: int, scan: int, cut: int) -> None:
    numbered = list(enumerate(rows))
    tight = Ask(**{**vars(ask), "cap": cap, "scan": scan})
    whole = _found(tight, numbered, 100 * HOUR)
    earlier = [(i, r) for i, r in numbered if r.at <= cut]
    assert _found(tight, earlier, cut * HOUR) == [r for r in whole if r["at"] <= cut * HOUR]
    free = _naive(ask, numbered, 100 * HOUR)
    shown = {(_number(r["a.txn_id"]), _number(r["b.txn_id"]), r["at"]) for r in whole}
    if ask.take == "all":
        assert shown <= free
    caps = _output(tight.text(), _ledger(numbered), 100 * HOUR).caps
    if shown != free:
        assert any("'scan'" in c.what or "'cap'" in c.what for c in caps)
    # No row is called unmatched that has a partner.
    possible = {
        i
        for i, a in numbered
        for j, b in numbered
        if (ask.same or (a.side, b.side) == ("in", "out")) and _fits(ask, (i, a), (j, b))
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
    shown = {(_number(r["a.txn_id"]), _number(r["b.txn_id"])) for r in _found(ask, numbered, 100 * HOUR)}
    alone = {a for a, b in shown if b is None}
    taken = {b for _, b in shown if b is not None} if take == "nearest" else set()
    for i, a in numbered:
        for j, b in numbered:
            if i in alone and j not in taken and (a.side, b.side) == ("in", "out"):
                assert not _fits(ask, (i, a), (j, b))


# ---- lots -----------------------------------------------------------------------------------------------------------


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
    whole = _found(LOTS, numbered, 100 * HOUR)
    found = {(_number(r["a.txn_id"]), _number(r["b.txn_id"])): Fraction(r["lot_amount"], 10_000) for r in whole}
    expected = _lots(numbered, 3)
    assert found == expected
    for r in whole:
        b = _number(r["b.txn_id"])
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
    assert _found(LOTS, shuffled, 100 * HOUR) == whole
    earlier = [(i, r) for i, r in numbered if r.at <= cut]
    assert _found(LOTS, earlier, cut * HOUR) == [r for r in whole if r["at"] <= cut * HOUR]


@given(ROWS | CROWD, st.integers(0, 7))
def test_lots_need_one_window_of_history(rows: list[Row], moment: int) -> None:
    numbered = list(enumerate(rows))
    whole = [r for r in _found(LOTS, numbered, 100 * HOUR) if r["at"] == moment * HOUR]
    window = [(i, r) for i, r in numbered if moment - 3 <= r.at]
    assert [r for r in _found(LOTS, window, 100 * HOUR) if r["at"] == moment * HOUR] == whole


def test_lots_beyond_the_cap_are_counted_and_still_used() -> None:
    rows = [(i, Row(0, "in", "k", 1, 0, -1)) for i in range(5)] + [
        (5, Row(1, "out", "k", 4, 0, -1)),
        (6, Row(2, "out", "k", 4, 0, -1)),
    ]
    made = _output(Ask(take="lots", cap=2).text(), _ledger(rows), 100 * HOUR)
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
    made = _output(text, _ledger(rows), 100 * HOUR)
    assert made.frame.height == 0
    assert {cap.what: cap.rows for cap in made.caps} == {
        "rows that stand in both a and b have no lots": 1,
        "rows of a with an amount of 0 or less have no lots": 1,
        "rows of a without an amount or text have no partner": 1,
    }


# ---- limits, hubs, other inputs -------------------------------------------------------------------------------------


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
    every = _output(Ask(take="all", unmatched=False, cap=10).text(), ledger, 100 * HOUR)
    assert every.frame.height == 10 * many
    assert [(cap.rows, "'cap'" in cap.what) for cap in every.caps] == [(many, True)]
    one = _output(Ask(bound="tolerance: 0", scan=1).text(), ledger, 100 * HOUR)
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
