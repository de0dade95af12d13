"""Where each judged row's window starts and ends in the source list, and what follows from that alone."""

from __future__ import annotations

import numpy as np

from redflags.kernel._arrays import I64, Array, Bools, Number, as_codes, as_values, as_windows, same_length
from redflags.kernel._jit import jit

_MIN, _MAX = -(2**63), 2**63 - 1


@jit
def _window_bounds(
    src_key: Array,
    src_at: Array,
    jud_key: Array,
    jud_at: Array,
    begin: Number,
    end: Number,
    unbounded: Number,
) -> tuple[Array, Array]:
    size, judged = src_at.size, jud_at.size
    lo, hi = np.empty(judged, np.int64), np.empty(judged, np.int64)
    least, most = -9223372036854775808, 9223372036854775807
    stop = first = last = 0
    key = np.int32(0)
    for j in range(judged):
        if j == 0 or jud_key[j] != key:
            key = jud_key[j]
            while stop < size and src_key[stop] < key:
                stop += 1
            first = last = stop
            while stop < size and src_key[stop] == key:
                stop += 1
        t = jud_at[j]
        if (begin > 0 and t > most - begin) or (end < 0 and t < least - end):
            # The whole window lies outside what a moment can be.
            lo[j] = hi[j] = last
            continue
        if not unbounded and not (begin < 0 and t < least - begin):
            lower = t + begin
            while first < stop and src_at[first] < lower:
                first += 1
        upper = most if end > 0 and t > most - end else t + end
        while last < stop and src_at[last] <= upper:
            last += 1
        lo[j] = min(first, last)
        hi[j] = last
    return lo, hi


def window_bounds(
    src_key: Array,
    src_at: Array,
    jud_key: Array,
    jud_at: Array,
    left: int,
    right: int,
    *,
    right_open: bool = False,
    left_unbounded: bool = False,
) -> tuple[I64, I64]:
    """Find for each judged row the source rows of its key with a moment in `(t + left, t + right]`.

    Both sides must be sorted by (key, moment). A key without source rows gives an empty window.

    Args:
        src_key: key codes of the source list.
        src_at: its moments, in microseconds.
        jud_key: key codes of the judged rows.
        jud_at: their moments.
        left: offset of the open left edge, -(before + within).
        right: offset of the right edge, -before or +after.
        right_open: the right edge itself is out ("strictly earlier", `before: now`).
        left_unbounded: no left edge ("ever").

    Returns:
        `lo` and `hi`: the window of judged row j is rows lo[j] up to, not including, hi[j]. Neither ever
        decreases.

    Example:
        >>> lo, hi = window_bounds(np.array([0, 0, 0]), np.array([1, 5, 8]), np.array([0, 0]), np.array([5, 8]), -4, 0)
        >>> lo.tolist(), hi.tolist()
        ([1, 1], [2, 3])
    """
    top = int(np.iinfo(np.int32).max)
    keys, judged_keys = as_codes(src_key, top, "src_key"), as_codes(jud_key, top, "jud_key")
    at, judged_at = as_values(src_at, "src_at"), as_values(jud_at, "jud_at")
    same_length("src_at", at, keys.size)
    same_length("jud_at", judged_at, judged_keys.size)
    begin, end = int(left) + 1, int(right) - bool(right_open)
    if left_unbounded or begin < _MIN:
        begin, left_unbounded = 0, True
    if begin > _MAX or not _MIN <= end <= _MAX:
        raise ValueError(f"window offsets {left} and {right} do not fit 64 bits")
    return _window_bounds(keys, at, judged_keys, judged_at, begin, end, bool(left_unbounded))


def count(lo: I64, hi: I64) -> I64:
    """Count the rows of each window.

    Example:
        >>> count(np.array([0, 1]), np.array([1, 3])).tolist()
        [1, 2]
    """
    return hi - lo


def firsts(lo: I64, hi: I64) -> I64:
    """Give the first row of each window, -1 where it is empty.

    Example:
        >>> firsts(np.array([0, 3]), np.array([2, 3])).tolist()
        [0, -1]
    """
    return np.where(hi > lo, lo, -1)


def lasts(lo: I64, hi: I64) -> I64:
    """Give the last row of each window, -1 where it is empty.

    Example:
        >>> lasts(np.array([0, 3]), np.array([2, 3])).tolist()
        [1, -1]
    """
    return np.where(hi > lo, hi - 1, -1)


def since(at: Array, lo: I64, hi: I64, moments: Array) -> tuple[I64, Bools]:
    """Measure the time from the last row of each window to the judged row's moment.

    Returns:
        The durations (0 where the window is empty), and a flag for each empty window.

    Example:
        >>> ages, empty = since(np.array([2, 6]), np.array([0, 0]), np.array([0, 2]), np.array([1, 9]))
        >>> ages.tolist(), empty.tolist()
        ([0, 3], [True, False])
    """
    source, judged = as_values(at, "at"), as_values(moments, "moments")
    lo, hi = as_windows(lo, hi, source.size)
    same_length("moments", judged, lo.size)
    rows = lasts(lo, hi)
    empty = rows < 0
    if not source.size:
        return np.zeros(lo.size, np.int64), empty
    ages = judged - source[rows]
    ages[empty] = 0
    return ages, empty


def gather_tail(lo: I64, hi: I64, cap: int) -> tuple[I64, I64]:
    """List the newest `cap` rows of each window, in list order.

    Returns:
        `offsets` (one more than windows) and `rows`: window j's rows are rows[offsets[j]:offsets[j + 1]].

    Example:
        >>> offsets, rows = gather_tail(np.array([0, 2]), np.array([3, 4]), 2)
        >>> offsets.tolist(), rows.tolist()
        ([0, 2, 4], [1, 2, 2, 3])
    """
    if cap < 0:
        raise ValueError(f"cap: expected 0 or more, got {cap}")
    kept = np.minimum(hi - lo, cap)
    offsets = np.zeros(kept.size + 1, np.int64)
    np.cumsum(kept, out=offsets[1:])
    rows = np.arange(offsets[-1], dtype=np.int64) + np.repeat(hi - offsets[1:], kept)
    return offsets, rows
