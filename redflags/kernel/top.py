"""Sum of the largest group sums in sliding windows, by a tree of maxima over the groups present."""

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

_NONE = np.int64(-(2**63))
_LARGEST = np.uint64(2**63 - 1)
_START = np.int64(8)


@jit
def _put(tree: Array, leaves: Number, slot: Number, value: Number) -> None:
    """Set a leaf and the maxima above it, up to the first that stays as it is."""
    i = leaves + slot
    tree[i] = value
    i >>= 1
    while i >= 1:
        best = max(tree[2 * i], tree[2 * i + 1])
        if tree[i] == best:
            break
        tree[i] = best
        i >>= 1


@jit
def _double(tree: Array, leaves: Number) -> Number:
    for i in range(leaves):
        tree[2 * leaves + i] = tree[leaves + i]
        tree[3 * leaves + i] = _NONE
    for i in range(2 * leaves - 1, 0, -1):
        tree[i] = max(tree[2 * i], tree[2 * i + 1])
    return 2 * leaves


@jit
def _largest(tree: Array, leaves: Number, wanted: Number, taken: Array) -> Number:
    """Add up the `wanted` largest leaves: take them out one by one, then put them back."""
    if wanted == 1:
        return tree[1]
    total = np.int64(0)
    for t in range(wanted):
        i = 1
        while i < leaves:
            i = 2 * i if tree[2 * i] == tree[i] else 2 * i + 1
        total += tree[i]
        taken[t, 0], taken[t, 1] = i - leaves, tree[i]
        _put(tree, leaves, i - leaves, _NONE)
    for t in range(wanted):
        _put(tree, leaves, taken[t, 0], taken[t, 1])
    return total


@jit
def _top_sum(
    values: Array, nulls: Array, codes: Array, n_codes: Number, lo: Array, hi: Array, k: Number
) -> tuple[Array, Array, Array]:
    judged, flagged = lo.size, nulls.size > 0
    out, missing = np.zeros(judged, np.int64), np.zeros(judged, np.int64)
    overflow = np.zeros(judged, np.bool_)
    longest = 0
    for j in range(judged):
        longest = max(longest, hi[j] - lo[j])
    most = min(n_codes, longest)
    room = _START
    while room < most:
        room *= 2
    tree = np.empty(2 * room, np.int64)
    taken = np.empty((min(k, most), 2), np.int64)
    free = np.empty(max(most, 1), np.int32)
    group, rows = np.zeros(n_codes, np.int64), np.zeros(n_codes, np.int32)
    slot = np.zeros(n_codes, np.int32)
    # Groups present take the lowest free slots, so that the tree stays as small as the windows allow.
    leaves = _START
    tree[: 2 * leaves] = _NONE
    used = spare = 0
    m0, m1, total = np.uint64(0), np.uint64(0), np.int64(0)
    first = last = absent = 0
    for j in range(judged):
        a, b = lo[j], hi[j]
        if a >= last:
            while first < last:
                c = codes[first]
                if c >= 0:
                    group[c] = rows[c] = 0
                first += 1
            first = last = a
            used = spare = absent = 0
            m0, m1, total = np.uint64(0), np.uint64(0), np.int64(0)
            leaves = _START
            tree[: 2 * leaves] = _NONE
        while first < a or last < b:
            # Rows leave before others enter: never more groups than the longest window has rows.
            leaving = first < a
            i = first if leaving else last
            if leaving:
                first += 1
            else:
                last += 1
            c = codes[i]
            if c < 0 or (flagged and nulls[i] != 0):
                absent += -1 if leaving else 1
                continue
            v = values[i]
            w = np.uint64(v)
            x = w if v >= 0 else np.uint64(0) - w
            if leaving:
                m1 -= np.uint64(m0 < x)
                m0 -= x
                rows[c] -= 1
                group[c] -= v
                total -= v
                if rows[c] == 0:
                    _put(tree, leaves, np.int64(slot[c]), _NONE)
                    free[spare] = slot[c]
                    spare += 1
                    continue
            else:
                m0 += x
                m1 += np.uint64(m0 < x)
                rows[c] += 1
                group[c] += v
                total += v
                if rows[c] == 1:
                    if spare > 0:
                        spare -= 1
                        slot[c] = free[spare]
                    else:
                        if used == leaves:
                            leaves = _double(tree, leaves)
                        slot[c] = used
                        used += 1
            _put(tree, leaves, np.int64(slot[c]), group[c])
        missing[j] = absent
        if m1 != np.uint64(0) or m0 > _LARGEST:
            overflow[j] = True
        elif k >= used - spare:
            out[j] = total
        else:
            out[j] = _largest(tree, leaves, k, taken)
    return out, missing, overflow


def top_sum(
    values: Array, nulls: Array | None, group_codes: Array, n_groups: int, lo: I64, hi: I64, k: int
) -> tuple[I64, I64, Bools]:
    """Add up the `k` largest group sums of each window (all of them when there are fewer).

    Rows with a null value or a null group (-1) are left out and counted.

    Returns:
        The sums, how many rows were left out, and where the absolute values add up to more than 64 bits hold
        (the sum is 0 there).

    Example:
        >>> values, groups = np.array([5, 3, 4]), np.array([0, 1, 1])
        >>> top, missing, _ = top_sum(values, None, groups, 2, np.array([0, 0]), np.array([2, 3]), 1)
        >>> top.tolist(), missing.tolist()
        ([5, 7], [0, 0])
    """
    if k < 1:
        raise ValueError(f"k: expected 1 or more, got {k}")
    v, codes = as_values(values), as_codes(group_codes, n_groups, "group_codes")
    same_length("group_codes", codes, v.size)
    return _top_sum(v, as_nulls(nulls, v.size), codes, int(n_groups), *as_windows(lo, hi, v.size), int(k))
