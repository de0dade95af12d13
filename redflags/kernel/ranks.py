"""Order statistics over sliding windows: median, quantile, spread around the median, rank.

The rows of windows that overlap form an island. Within an island every row gets a slot of its own by value,
and a Fenwick tree over the slots says how many rows of the current window lie below any of them. O((rows +
windows) log rows).
"""

from __future__ import annotations

import numpy as np

from redflags.kernel._arrays import I64, Array, Bools, Number, as_nulls, as_values, as_windows, same_length
from redflags.kernel._jit import jit

_MEDIAN, _QUANTILE, _MAD, _RANK = 0, 1, 2, 3
_WIDE = np.uint64(2**62)


@jit
def _layout(values: Array, order: Array, lo: Array, hi: Array) -> tuple[Array, Array, Array]:
    """Give each row its slot, the values in slot order, and where each island ends."""
    size = values.size
    island = np.full(size, -1, np.int32)
    begins, ends = np.empty(lo.size, np.int64), np.empty(lo.size, np.int64)
    n = 0
    reach = np.int64(0)
    for j in range(lo.size):
        a, b = lo[j], hi[j]
        if b <= a:
            continue
        if n == 0 or a >= reach:
            begins[n] = reach = a
            n += 1
        while reach < b:
            island[reach] = n - 1
            reach += 1
        ends[n - 1] = reach
    slots, ordered = np.empty(size, np.int32), np.empty(size, np.int64)
    for k in range(size):
        i = order[k]
        g = island[i]
        if g >= 0:
            slots[i] = begins[g]
            ordered[begins[g]] = values[i]
            begins[g] += 1
    return slots, ordered, ends[:n].copy()


@jit
def _add(tree: Array, size: Number, slot: Number, step: Number) -> None:
    i = slot + 1
    while i <= size:
        tree[i] += step
        i += i & -i


@jit
def _kth(tree: Array, size: Number, power: Number, k: Number) -> Number:
    """Find the slot of the k-th row (from 0) in the order of values."""
    at = 0
    while power > 0:
        step = at + power
        if step <= size and tree[step] <= k:
            at = step
            k -= tree[step]
        power >>= 1
    return at


@jit
def _below(tree: Array, slot: Number) -> Number:
    below: Number = 0
    while slot > 0:
        below += tree[slot]
        slot -= slot & -slot
    return below


@jit
def _kth_deviation(
    tree: Array,
    size: Number,
    power: Number,
    ordered: Array,
    base: Number,
    n: Number,
    low: Number,
    high: Number,
    k: Number,
) -> Number:
    """Find the k-th smallest (from 0) of |2x - (low + high)|.

    Left of the middle the deviations grow downwards, right of it upwards: two sorted runs, of which a binary
    search tells how many of the k smallest come from the left one.
    """
    left = n // 2
    least, most = max(0, k - (n - left)), min(k, left)
    while least < most:
        mid = (least + most) // 2
        x = ordered[base + _kth(tree, size, power, left - 1 - mid)]
        y = ordered[base + _kth(tree, size, power, left + k - mid - 1)]
        if (low - x) + (high - x) < (y - low) + (y - high):
            least = mid + 1
        else:
            most = mid
    best = np.int64(9223372036854775807)
    if least < left:
        x = ordered[base + _kth(tree, size, power, left - 1 - least)]
        best = (low - x) + (high - x)
    if k - least < n - left:
        y = ordered[base + _kth(tree, size, power, left + k - least)]
        best = min(best, (y - low) + (y - high))
    return best


@jit
def _walk(
    nulls: Array,
    slots: Array,
    ordered: Array,
    ends: Array,
    lo: Array,
    hi: Array,
    kind: Number,
    num: Number,
    den: Number,
    probes: Array,
) -> tuple[Array, Array, Array, Array]:
    judged, flagged = lo.size, nulls.size > 0
    one, two = np.zeros(judged, np.int64), np.zeros(judged, np.int64)
    present, overflow = np.zeros(judged, np.int64), np.zeros(judged, np.bool_)
    tree = np.zeros(ordered.size + 1, np.int32)
    island = -1
    base = size = power = first = last = n = 0
    for j in range(judged):
        a, b = lo[j], hi[j]
        if b <= a:
            continue
        if island < 0 or a >= last:
            island += 1
            base = first = last = a
            size = ends[island] - base
            power = 1
            while power * 2 <= size:
                power *= 2
            n = 0
            tree[: size + 1] = 0
        while last < b:
            if not flagged or nulls[last] == 0:
                _add(tree, size, slots[last] - base, np.int64(1))
                n += 1
            last += 1
        while first < a:
            if not flagged or nulls[first] == 0:
                _add(tree, size, slots[first] - base, np.int64(-1))
                n -= 1
            first += 1
        present[j] = n
        if n == 0:
            continue
        if kind == _QUANTILE:
            k = (n * num + den - 1) // den
            one[j] = ordered[base + _kth(tree, size, power, max(k - 1, 0))]
            continue
        if kind == _RANK:
            left, right = base, base + size
            while left < right:
                mid = (left + right) // 2
                if ordered[mid] < probes[j]:
                    left = mid + 1
                else:
                    right = mid
            one[j] = _below(tree, left - base)
            continue
        low = ordered[base + _kth(tree, size, power, (n - 1) // 2)]
        high = low if n % 2 == 1 else ordered[base + _kth(tree, size, power, n // 2)]
        if kind == _MEDIAN:
            one[j], two[j] = low, high
            continue
        least = ordered[base + _kth(tree, size, power, np.int64(0))]
        most = ordered[base + _kth(tree, size, power, n - 1)]
        if np.uint64(most) - np.uint64(least) >= _WIDE:
            overflow[j] = True
            continue
        one[j] = _kth_deviation(tree, size, power, ordered, base, n, low, high, (n - 1) // 2)
        two[j] = one[j]
        if n % 2 == 0:
            two[j] = _kth_deviation(tree, size, power, ordered, base, n, low, high, n // 2)
    return one, two, present, overflow


def _statistics(
    values: Array, nulls: Array | None, lo: I64, hi: I64, kind: int, num: int, den: int, probes: Array
) -> tuple[I64, I64, I64, Bools]:
    v = as_values(values)
    flags = as_nulls(nulls, v.size)
    lo, hi = as_windows(lo, hi, v.size)
    # Equal values may come in any order: each has its own slot, and the answer is a value.
    order = as_values(np.argsort(v), "order")
    slots, ordered, ends = _layout(v, order, lo, hi)
    ordered, ends = as_values(ordered, "ordered"), as_values(ends, "ends")
    return _walk(flags, slots, ordered, ends, lo, hi, kind, num, den, as_values(probes, "probes"))


def median(values: Array, nulls: Array | None, lo: I64, hi: I64) -> tuple[I64, I64, I64]:
    """Find the two middle values of each window, nulls skipped; the median is half their sum.

    Returns:
        The lower and the upper middle value (equal when their number is odd; 0 where there is none), and how
        many values that are not null each window holds.

    Example:
        >>> low, high, n = median(np.array([5, 1, 2, 9]), None, np.array([0, 0]), np.array([3, 4]))
        >>> low.tolist(), high.tolist(), n.tolist()
        ([2, 2], [2, 5], [3, 4])
    """
    low, high, n, _ = _statistics(values, nulls, lo, hi, _MEDIAN, 0, 1, np.empty(0, np.int64))
    return low, high, n


def quantile(values: Array, nulls: Array | None, lo: I64, hi: I64, p_num: int, p_den: int) -> tuple[I64, I64]:
    """Find the smallest value with at least a share `p_num / p_den` of the window's values at or below it.

    Returns:
        The values (0 where there is none), and how many values that are not null each window holds.

    Example:
        >>> q, n = quantile(np.array([5, 1, 2, 9]), None, np.array([0]), np.array([4]), 3, 4)
        >>> q.tolist(), n.tolist()
        ([5], [4])
    """
    if not 0 <= p_num <= p_den or not 0 < p_den < 2**31:
        raise ValueError(f"quantile: expected a share from 0 to 1 with a denominator below 2**31, got {p_num}/{p_den}")
    value, _, n, _ = _statistics(values, nulls, lo, hi, _QUANTILE, int(p_num), int(p_den), np.empty(0, np.int64))
    return value, n


def mad(values: Array, nulls: Array | None, lo: I64, hi: I64) -> tuple[I64, I64, I64, Bools]:
    """Find the median absolute deviation from the median of each window, nulls skipped.

    Deviations come doubled, since the median may be a half: the answer is (low + high) / 4, exactly.

    Returns:
        The lower and the upper middle of the doubled deviations, how many values that are not null each
        window holds, and where the window's values span 2**62 or more (low and high are 0 there).

    Example:
        >>> low, high, n, _ = mad(np.array([1, 2, 4, 9]), None, np.array([0]), np.array([4]))
        >>> low.tolist(), high.tolist(), n.tolist()
        ([2], [4], [4])
    """
    return _statistics(values, nulls, lo, hi, _MAD, 0, 1, np.empty(0, np.int64))


def rank(values: Array, nulls: Array | None, lo: I64, hi: I64, judged_values: Array) -> tuple[I64, I64]:
    """Count the values of each window that lie strictly below the judged row's own.

    Returns:
        The counts, and how many values that are not null each window holds.

    Example:
        >>> below, n = rank(np.array([5, 1, 2]), None, np.array([0]), np.array([3]), np.array([5]))
        >>> below.tolist(), n.tolist()
        ([2], [3])
    """
    same_length("judged_values", judged_values, lo.size)
    below, _, n, _ = _statistics(values, nulls, lo, hi, _RANK, 0, 1, judged_values)
    return below, n
