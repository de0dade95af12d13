"""The two sides of ``match`` as the compiled search wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from redflags.expr.texts import bigrams, normalised
from redflags.kernel._jit import jit

if TYPE_CHECKING:
    from redflags.kernel._arrays import I32, I64, Array

#: The order inside a moment is not told.
UNTOLD = -(2**63)


class Side(NamedTuple):
    """Rows of one input.

    Attributes:
        at, amount: moments and amounts (0 where there are none).
        row: place in the input's row order, which breaks ties.
        seq: told order inside a moment, or ``UNTOLD``.
        text: code of the text to compare, or -1.
        least, most: bounds of a partner's amount (meant on side ``a`` only).
        run, head, tail: where the row's run and block begin, and where its block ends.
        starts: where each key begins.
    """

    at: I64
    amount: I64
    row: I64
    seq: I64
    text: I32
    least: I64
    most: I64
    run: I64
    head: I64
    tail: I64
    starts: I64


class Terms(NamedTuple):
    """What makes a pair: texts as sorted codes of letter pairs, and bounds.

    Attributes:
        starts, grams: the letter pairs of each text code.
        word: texts that are equal once normalised share a number.
        alike: least similarity; negative where texts are not compared.
        within: longest time between the two.
        order: place in ``match.ORDERS``.
        same: both sides are rows of one table, where no row pairs with itself.
        scan: partners that one row looks at.
        cap: pairs that one row keeps.
    """

    starts: I64
    grams: I32
    word: I32
    alike: float
    within: int
    order: int
    same: bool
    scan: int
    cap: int


@jit
def _bounds(key: Array, at: Array, amount: Array) -> tuple[Array, Array, Array]:
    size = at.size
    run, head, tail = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64)
    for i in range(size):
        together = i > 0 and key[i] == key[i - 1] and at[i] == at[i - 1]
        head[i] = head[i - 1] if together else i
        run[i] = run[i - 1] if together and amount[i] == amount[i - 1] else i
    for i in range(size - 1, -1, -1):
        tail[i] = tail[i + 1] if i + 1 < size and head[i + 1] == head[i] else i + 1
    return run, head, tail


def side(columns: dict[str, Array], order: I64, codes: Array, count: int) -> Side:
    """Rows in the order of the search; ``codes`` are their keys, in that order."""
    picked = {name: np.ascontiguousarray(column[order]) for name, column in columns.items()}
    run, head, tail = _bounds(codes, picked["at"], picked["amount"])
    starts = np.searchsorted(codes, np.arange(count + 1)).astype(np.int64)
    return Side(**picked, run=run, head=head, tail=tail, starts=starts)


def grams(texts: pl.Series) -> tuple[I64, I32, I32]:
    """For texts by code.

    Where the letter pairs of each begin, the pairs as sorted numbers, and a number of the normalised text.

    Example:
        >>> starts, pairs, words = grams(pl.Series(["Anna", "ANNA", "Ann"]))
        >>> starts.tolist(), words.tolist(), set(pairs[6:]) < set(pairs[:3])
        ([0, 3, 6, 8], [2, 2, 1], True)
    """
    frame = pl.DataFrame({"text": texts}).with_row_index("code")
    word = frame.select(normalised(pl.col("text")).rank("dense").cast(pl.Int32))["text"].to_numpy()
    pairs = (
        frame.select("code", bigrams(pl.col("text")).alias("gram")).explode("gram", empty_as_null=False).drop_nulls()
    )
    pairs = pairs.with_columns(pl.col("gram").rank("dense").cast(pl.Int32)).sort("code", "gram")
    starts = np.searchsorted(pairs["code"].to_numpy(), np.arange(frame.height + 1)).astype(np.int64)
    return starts, pairs["gram"].to_numpy(), word


__all__ = ["UNTOLD", "Side", "Terms", "grams", "side"]
