"""A small world for ``match``: rows, what is asked, the operator's answer, and a plain reading of pairs."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING, Any

import polars as pl
from hypothesis import strategies as st

from redflags.expr.texts import bigram_similarity
from redflags.ingest.dataset import Dataset
from tests.operators import build

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


def ledger_of(rows: Numbered) -> pl.DataFrame:
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


def output(text: str, ledger: pl.DataFrame, upto: int) -> Output:
    made = build.output(text, Dataset({"ledger": ledger}, "EUR"), upto)
    assert made.frame["_id"].n_unique() == made.frame.height
    return made


def found(ask: Ask, rows: Numbered, upto: int) -> list[dict[str, Any]]:
    made = output(ask.text(), ledger_of(rows), upto).frame.filter(pl.col("at") <= upto)
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


def fits(ask: Ask, left: tuple[int, Row], right: tuple[int, Row]) -> bool:
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
    return row.at, max(row.seq, -1), i


def _far(ask: Ask, a: Row, b: Row) -> int:
    return abs((a.amount or 0) - (b.amount or 0)) if ask.amount else 0


def naive(ask: Ask, rows: Numbered, upto: int) -> set[tuple[int, int | None, int]]:
    """(a, b, moment) of every row."""
    left = sorted((r for r in rows if ask.same or r[1].side == "in"), key=_row_order)
    right = sorted((r for r in rows if ask.same or r[1].side == "out"), key=_row_order)
    candidates = [
        (max(a[1].at, b[1].at), abs(b[1].at - a[1].at), _far(ask, a[1], b[1]), x, y)
        for x, a in enumerate(left) for y, b in enumerate(right) if fits(ask, a, b)
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


def number(txn: str | None) -> int | None:
    return None if txn is None else int(txn[1:])


# ---- worlds to try --------------------------------------------------------------------------------------------------

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
