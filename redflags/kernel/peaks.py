"""Largest and smallest values of sliding windows."""

from __future__ import annotations

import numpy as np

from redflags.kernel._arrays import I64, Array, Number, as_nulls, as_values, as_windows
from redflags.kernel._jit import jit


@jit
def _extremes(values: Array, nulls: Array, lo: Array, hi: Array, want_max: Number) -> tuple[Array, Array]:
    judged, flagged = lo.size, nulls.size > 0
    best, present = np.zeros(judged, np.int64), np.empty(judged, np.int64)
    # Rows that can still become the answer, values strictly falling. Flipping every bit reverses the order of
    # integers without overflow, so one loop serves both ends.
    queue = np.empty(values.size, np.int32)
    flip = np.int64(0) if want_max else np.int64(-1)
    head = tail = first = last = absent = 0
    for j in range(judged):
        a, b = lo[j], hi[j]
        if a >= last:
            first = last = a
            head = tail = absent = 0
        while last < b:
            if flagged and nulls[last] != 0:
                absent += 1
            else:
                v = values[last] ^ flip
                while tail > head and (values[queue[tail - 1]] ^ flip) <= v:
                    tail -= 1
                queue[tail] = last
                tail += 1
            last += 1
        if flagged:
            while first < a:
                absent -= int(nulls[first] != 0)
                first += 1
        while head < tail and queue[head] < a:
            head += 1
        if head < tail:
            best[j] = values[queue[head]]
        present[j] = b - a - absent
    return best, present


def extremes(values: Array, nulls: Array | None, lo: I64, hi: I64, *, want_max: bool) -> tuple[I64, I64]:
    """Find the largest (or smallest) value of each window, nulls skipped.

    Returns:
        The values (0 where there is none), and how many values that are not null each window holds.

    Example:
        >>> best, n = extremes(np.array([3, 1, 2]), None, np.array([0, 1]), np.array([2, 3]), want_max=True)
        >>> best.tolist(), n.tolist()
        ([3, 2], [2, 2])
    """
    v = as_values(values)
    return _extremes(v, as_nulls(nulls, v.size), *as_windows(lo, hi, v.size), bool(want_max))
