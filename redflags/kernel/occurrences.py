"""Distinct codes in sliding windows, by links between equal codes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from redflags.kernel._arrays import I32, I64, Array, Number, as_codes, as_windows
from redflags.kernel._jit import jit


class Links(NamedTuple):
    """For each row of a source list, where its code stands before and after it.

    Attributes:
        before: the row before with the same code, -1 when there is none; the list's length at a null code.
        after: the row after with the same code, the list's length when there is none; -1 at a null code.
    """

    before: I32
    after: I32


@jit
def _links(codes: Array, n_codes: Number) -> tuple[Array, Array]:
    size = codes.size
    seen = np.full(n_codes, -1, np.int32)
    before, after = np.empty(size, np.int32), np.empty(size, np.int32)
    for i in range(size):
        c = codes[i]
        if c < 0:
            # Values that no comparison with a window can take for an entering or leaving code.
            before[i] = size
            after[i] = -1
            continue
        p = seen[c]
        before[i] = p
        after[i] = size
        if p >= 0:
            after[p] = i
        seen[c] = i
    return before, after


@jit
def _distinct(before: Array, after: Array, lo: Array, hi: Array) -> Array:
    out = np.empty(lo.size, np.int64)
    first = last = n = 0
    for j in range(lo.size):
        a, b = lo[j], hi[j]
        if a >= last:
            first = last = a
            n = 0
        while last < b:
            n += int(before[last] < first)
            last += 1
        while first < a:
            n -= int(after[first] >= last)
            first += 1
        out[j] = n
    return out


def links(codes: Array, n_codes: int) -> Links:
    """Link the rows of equal code; worth keeping when several windows read one list.

    Example:
        >>> before, after = links(np.array([0, 1, 0], np.int32), 2)
        >>> before.tolist(), after.tolist()
        ([-1, -1, 0], [2, 3, 3])
    """
    return Links(*_links(as_codes(codes, n_codes), int(n_codes)))


def distinct(codes: Array, n_codes: int, lo: I64, hi: I64, linked: Links | None = None) -> I64:
    """Count the different codes of each window; null codes (-1) do not count.

    Args:
        codes: one code per row of the list.
        n_codes: how many codes there are.
        lo: window starts.
        hi: window ends.
        linked: the list's links, when they are at hand.

    Example:
        >>> distinct(np.array([0, 1, 0, -1], np.int32), 2, np.array([0, 2]), np.array([3, 4])).tolist()
        [2, 1]
    """
    found = links(codes, n_codes) if linked is None else linked
    before, after = (
        as_codes(found.before, codes.size + 1, "before"),
        as_codes(found.after, codes.size + 1, "after"),
    )
    return _distinct(before, after, *as_windows(lo, hi, before.size))
