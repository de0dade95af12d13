"""Aggregates over only the last row of each sub-group in a window (`latest_per`).

A row is the last of its sub-group in [lo, hi) when the next row of that sub-group stands at hi or later. Rows
with a null sub-group (-1) are the last of nothing.
"""

from __future__ import annotations

import numpy as np

from redflags.kernel._arrays import (
    I64,
    Array,
    Bools,
    Number,
    as_codes,
    as_nulls,
    as_values,
    as_windows,
    same_length,
)
from redflags.kernel._jit import jit
from redflags.kernel.occurrences import Links, links


@jit
def _latest_sums(
    values: Array, nulls: Array, before: Array, after: Array, lo: Array, hi: Array
) -> tuple[Array, Array, Array, Array]:
    judged, flagged, size = lo.size, nulls.size > 0, values.size
    total, rows = np.empty(judged, np.int64), np.empty(judged, np.int64)
    missing, overflow = np.zeros(judged, np.int64), np.empty(judged, np.bool_)
    low, high = np.uint64(0), np.int64(0)
    first = last = n = absent = 0
    for j in range(judged):
        a, b = lo[j], hi[j]
        if a >= last:
            first = last = a
            low, high = np.uint64(0), np.int64(0)
            n = absent = 0
        while last < b or first < a:
            # An entering row takes the place of the one it follows; a leaving row counts if none followed.
            entering = last < b
            gone = np.int64(-1)
            if entering:
                if before[last] < size:
                    n += 1
                    if flagged and nulls[last] != 0:
                        absent += 1
                    else:
                        v = values[last]
                        w = np.uint64(v)
                        low += w
                        high += (v >> 63) + np.int64(low < w)
                    if before[last] >= first:
                        gone = np.int64(before[last])
                last += 1
            else:
                if after[first] >= last:
                    gone = np.int64(first)
                first += 1
            if gone >= 0:
                n -= 1
                if flagged and nulls[gone] != 0:
                    absent -= 1
                else:
                    v = values[gone]
                    w = np.uint64(v)
                    high -= (v >> 63) + np.int64(low < w)
                    low -= w
        s = np.int64(low)
        total[j], rows[j], missing[j] = s, n, absent
        overflow[j] = high != (s >> 63)
    return total, rows, missing, overflow


@jit
def _place(tree: Array, leaves: Number, values: Array, flip: Number, row: Number, winner: Number) -> None:
    """Set the leaf of `row` to `winner` (the row itself, or -1 to take it out), and the winners above it."""
    i = leaves + row % leaves
    tree[i] = winner
    i >>= 1
    while i >= 1:
        x, y = tree[2 * i], tree[2 * i + 1]
        if y < 0 or (x >= 0 and (values[x] ^ flip) >= (values[y] ^ flip)):
            tree[i] = x
        else:
            tree[i] = y
        i >>= 1


@jit
def _latest_extremes(
    values: Array, nulls: Array, before: Array, after: Array, lo: Array, hi: Array, want_max: Number
) -> tuple[Array, Array, Array]:
    judged, flagged, size = lo.size, nulls.size > 0, values.size
    best, present, rows = np.zeros(judged, np.int64), np.empty(judged, np.int64), np.empty(judged, np.int64)
    longest = 1
    for j in range(judged):
        longest = max(longest, hi[j] - lo[j])
    leaves = 1
    while leaves < longest:
        leaves *= 2
    # A tree over the rows of the window, each at its number modulo the leaves, holding the row that wins or
    # -1.
    tree = np.full(2 * leaves, -1, np.int32)
    flip = np.int64(0) if want_max else np.int64(-1)
    first = last = n = standing = 0
    for j in range(judged):
        a, b = lo[j], hi[j]
        while first < a or last < b:
            if first < a and first >= last:
                # Rows between two windows are in neither.
                first = last = a
                continue
            # Rows leave before others enter, so two rows never want one leaf.
            gone = np.int64(-1)
            if first < a:
                if after[first] >= last:
                    gone = np.int64(first)
                first += 1
            else:
                p = before[last]
                if p < size:
                    standing += 1
                    if not flagged or nulls[last] == 0:
                        n += 1
                        _place(tree, leaves, values, flip, np.int64(last), np.int64(last))
                    if p >= first:
                        gone = np.int64(p)
                last += 1
            if gone >= 0:
                standing -= 1
                if not flagged or nulls[gone] == 0:
                    n -= 1
                    _place(tree, leaves, values, flip, gone, np.int64(-1))
        present[j], rows[j] = n, standing
        if tree[1] >= 0:
            best[j] = values[tree[1]]
    return best, present, rows


@jit
def _latest_rows(after: Array, lo: Array, hi: Array, offsets: Array, fill: Number) -> Array:
    rows = np.empty(offsets[lo.size] if fill else lo.size, np.int64)
    for j in range(lo.size):
        n = 0
        for i in range(lo[j], hi[j]):
            if after[i] >= hi[j]:
                if fill:
                    rows[offsets[j] + n] = i
                n += 1
        if not fill:
            rows[j] = n
    return rows


def _linked(sub_codes: Array, n_subs: int, size: int, linked: Links | None) -> tuple[Array, Array]:
    same_length("sub_codes", sub_codes, size)
    found = links(sub_codes, n_subs) if linked is None else linked
    return as_codes(found.before, size + 1, "before"), as_codes(found.after, size + 1, "after")


def latest_sums(
    values: Array,
    nulls: Array | None,
    sub_codes: Array,
    n_subs: int,
    lo: I64,
    hi: I64,
    linked: Links | None = None,
) -> tuple[I64, I64, I64, Bools]:
    """Sum and count the last row of each sub-group in each window.

    Args:
        values: one value per row of the list.
        nulls: which of them are null.
        sub_codes: the sub-group of each row, -1 for null.
        n_subs: how many sub-groups there are.
        lo: window starts.
        hi: window ends.
        linked: links of the sub-groups, when they are at hand.

    Returns:
        The sums of values that are not null, how many sub-groups have a last row, how many of those rows are
        null, and where the true sum does not fit 64 bits (the sum is meaningless there).

    Example:
        >>> values, subs = np.array([1, 2, 4]), np.array([0, 1, 0])
        >>> total, rows, _, _ = latest_sums(values, None, subs, 2, np.array([0, 0]), np.array([2, 3]))
        >>> total.tolist(), rows.tolist()
        ([3, 6], [2, 2])
    """
    v = as_values(values)
    before, after = _linked(sub_codes, n_subs, v.size, linked)
    return _latest_sums(v, as_nulls(nulls, v.size), before, after, *as_windows(lo, hi, v.size))


def latest_extremes(
    values: Array,
    nulls: Array | None,
    sub_codes: Array,
    n_subs: int,
    lo: I64,
    hi: I64,
    linked: Links | None = None,
    *,
    want_max: bool,
) -> tuple[I64, I64, I64]:
    """Find the largest (or smallest) value among the last rows of each sub-group, nulls skipped.

    Takes what `latest_sums` takes, in O(log window) per row.

    Returns:
        The values (0 where there is none), how many last rows are not null, and how many there are.

    Example:
        >>> values, subs = np.array([9, 2, 4]), np.array([0, 1, 0])
        >>> best, n, _ = latest_extremes(values, None, subs, 2, np.array([0, 0]), np.array([2, 3]), want_max=True)
        >>> best.tolist(), n.tolist()
        ([9, 4], [2, 2])
    """
    v = as_values(values)
    before, after = _linked(sub_codes, n_subs, v.size, linked)
    windows = as_windows(lo, hi, v.size)
    return _latest_extremes(v, as_nulls(nulls, v.size), before, after, *windows, bool(want_max))


def latest_rows(sub_codes: Array, n_subs: int, lo: I64, hi: I64, linked: Links | None = None) -> tuple[I64, I64]:
    """List the last row of each sub-group in each window, in list order.

    This turns any aggregate into its `latest_per` form: gather the list by `rows` and take `offsets` for
    bounds. It walks every window row by row, so its work is the sum of window lengths; sums, counts and
    extremes have their own way.

    Returns:
        `offsets` (one more than windows) and `rows`: window j's rows are rows[offsets[j]:offsets[j + 1]].

    Example:
        >>> offsets, rows = latest_rows(np.array([0, 1, 0]), 2, np.array([0, 0]), np.array([2, 3]))
        >>> offsets.tolist(), rows.tolist()
        ([0, 2, 4], [0, 1, 1, 2])
    """
    _, after = _linked(sub_codes, n_subs, sub_codes.size, linked)
    lo, hi = as_windows(lo, hi, after.size)
    offsets = np.zeros(lo.size + 1, np.int64)
    np.cumsum(_latest_rows(after, lo, hi, as_values(offsets, "offsets"), False), out=offsets[1:])
    return offsets, _latest_rows(after, lo, hi, as_values(offsets, "offsets"), True)
