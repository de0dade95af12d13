"""Sums and null counts over windows, exact."""

from __future__ import annotations

import numpy as np

from redflags.kernel._arrays import I64, Array, Bools, as_nulls, as_values, as_windows
from redflags.kernel._jit import jit


@jit
def _sums(values: Array, nulls: Array, lo: Array, hi: Array) -> tuple[Array, Array, Array]:
    judged, flagged = lo.size, nulls.size > 0
    total, missing = np.empty(judged, np.int64), np.zeros(judged, np.int64)
    overflow = np.empty(judged, np.bool_)
    # The sum is held in two words, so no order of adding and removing can lose a bit.
    low, high = np.uint64(0), np.int64(0)
    first = last = absent = 0
    for j in range(judged):
        a, b = lo[j], hi[j]
        if a >= last:
            first = last = a
            low, high, absent = np.uint64(0), np.int64(0), 0
        while last < b:
            if flagged and nulls[last] != 0:
                absent += 1
            else:
                v = values[last]
                w = np.uint64(v)
                low += w
                high += (v >> 63) + np.int64(low < w)
            last += 1
        while first < a:
            if flagged and nulls[first] != 0:
                absent -= 1
            else:
                v = values[first]
                w = np.uint64(v)
                high -= (v >> 63) + np.int64(low < w)
                low -= w
            first += 1
        s = np.int64(low)
        total[j] = s
        overflow[j] = high != (s >> 63)
        if flagged:
            missing[j] = absent
    return total, missing, overflow


@jit
def _null_counts(nulls: Array, lo: Array, hi: Array) -> Array:
    out = np.empty(lo.size, np.int64)
    first = last = absent = 0
    for j in range(lo.size):
        a, b = lo[j], hi[j]
        if a >= last:
            first = last = a
            absent = 0
        while last < b:
            absent += int(nulls[last] != 0)
            last += 1
        while first < a:
            absent -= int(nulls[first] != 0)
            first += 1
        out[j] = absent
    return out


def sums(values: Array, nulls: Array | None, lo: I64, hi: I64) -> tuple[I64, I64, Bools]:
    """Sum each window's values that are not null.

    Returns:
        The sums, how many nulls each window holds, and where the true sum does not fit 64 bits (the sum is
        meaningless there).

    Example:
        >>> total, missing, overflow = sums(np.array([1, 2, 4]), None, np.array([0, 1]), np.array([2, 3]))
        >>> total.tolist(), missing.tolist(), overflow.tolist()
        ([3, 6], [0, 0], [False, False])
    """
    v = as_values(values)
    return _sums(v, as_nulls(nulls, v.size), *as_windows(lo, hi, v.size))


def null_counts(nulls: Array, lo: I64, hi: I64) -> I64:
    """Count the nulls of each window; an empty array of flags says that there are none.

    Example:
        >>> null_counts(np.array([1, 0, 1], np.uint8), np.array([0, 0]), np.array([2, 3])).tolist()
        [1, 2]
    """
    if not nulls.size:
        return np.zeros(lo.size, np.int64)
    flags = as_nulls(nulls, nulls.size)
    return _null_counts(flags, *as_windows(lo, hi, flags.size))
