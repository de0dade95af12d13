"""Integers to dense codes."""

from __future__ import annotations

import numpy as np

from redflags.kernel._arrays import I32, Array, as_nulls, as_values
from redflags.kernel._jit import jit


@jit
def _number_codes(values: Array, nulls: Array) -> tuple[Array, int]:
    size = values.size
    codes = np.full(size, -1, np.int32)
    width = 16
    while width < 2 * size:
        width *= 2
    slots = np.full(width, -1, np.int32)
    seen = np.empty(size, np.int64)
    mask = np.uint64(width - 1)
    n = 0
    flagged = nulls.size > 0
    for i in range(size):
        if flagged and nulls[i] != 0:
            continue
        v = values[i]
        # A multiplicative hash of the whole word: neighbouring numbers land far apart.
        h = np.uint64(v) * np.uint64(0x9E3779B97F4A7C15)
        h ^= h >> np.uint64(32)
        slot = h & mask
        while slots[slot] >= 0 and seen[slots[slot]] != v:
            slot = (slot + np.uint64(1)) & mask
        if slots[slot] < 0:
            slots[slot] = n
            seen[n] = v
            n += 1
        codes[i] = slots[slot]
    return codes, n


def number_codes(values: Array, nulls: Array | None = None) -> tuple[I32, int]:
    """Number the different integers densely, in the order in which they first stand; null is -1.

    Example:
        >>> codes, n = number_codes(np.array([70, -5, 70]))
        >>> codes.tolist(), n
        ([0, 1, 0], 2)
    """
    array = as_values(values)
    codes, n = _number_codes(array, as_nulls(nulls, array.size))
    return codes, int(n)
