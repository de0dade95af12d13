"""Chains of rows whose steps stay within bounds, in one pass."""

from __future__ import annotations

from typing import Any

import numpy as np

from redflags.kernel._jit import jit

Array = Any


@jit
def chain(key: Array, at: Array, value: Array, low: int, high: int, gap: int) -> tuple[Array, Array, Array, Array]:
    """Walk rows in order of (key, moment, value).

    A row continues the chain of its key when its step from the chain's last value lies in [low, high] and its moment
    at most
    ``gap`` after the last one (negative: any). A row that repeats the last value neither continues nor breaks it.

    Returns:
        For each row the row that began its chain, how many values the chain has, the mean step and the steps' variation
        (standard deviation over mean; 0 below two steps). A repeating row has the numbers of the row it repeats.
    """
    size = key.size
    first, count = np.empty(size, np.int64), np.empty(size, np.int64)
    mean, spread = np.zeros(size, np.float64), np.zeros(size, np.float64)
    begin = last = 0
    total, squares = 0.0, 0.0
    n = 0
    for i in range(size):
        fresh = i == 0 or key[i] != key[last]
        if not fresh:
            step = value[i] - value[last]
            near = gap < 0 or at[i] - at[last] <= gap
            if step == 0 and near:
                first[i], count[i], mean[i], spread[i] = begin, n, mean[last], spread[last]
                continue
            fresh = not near or step < low or step > high
            if not fresh:
                n += 1
                total += step
                squares += float(step) * step
        if fresh:
            begin, n = i, 1
            total, squares = 0.0, 0.0
        last = i
        first[i], count[i] = begin, n
        if n > 1:
            mean[i] = total / (n - 1)
        if n >= 3 and mean[i] != 0.0:  # noqa: PLR2004  two steps have a spread
            variance = max(squares / (n - 1) - mean[i] * mean[i], 0.0) * (n - 1) / (n - 2)
            spread[i] = np.sqrt(variance) / abs(mean[i])
    return first, count, mean, spread
