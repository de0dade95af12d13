"""Entropy and divergence of the shares of rows over groups.

Both must not depend on how groups are numbered, nor on the order in which they are met, nor on the machine.
So logarithms come from plain IEEE operations, are rounded to a fixed point, and are added as integers.
"""

from __future__ import annotations

import math

import numpy as np

from redflags.kernel._arrays import F64, I64, Array, Number, as_codes, as_windows, same_length
from redflags.kernel._jit import jit

_LOG2_SCALE = 2.0**46
_LIMB = 26
_LIMB_MASK = 2**26 - 1
_UPPER = 2.0**-20
_LOWER = 2.0**-46
_SHARE_SCALE = 2.0**60
_ROOT_HALF = 0.7071067811865476
_TWO_OVER_LN2 = 2.8853900817779268


@jit
def _log2(x: Number) -> Number:
    """Give log2 of a positive x: exact at powers of two, otherwise within a few units in the last place."""
    m, e = math.frexp(x)
    if m < _ROOT_HALF:
        m *= 2.0
        e -= 1
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    p = 1.0 / 21.0
    for k in range(19, 0, -2):
        p = p * z + 1.0 / k
    return e + s * p * _TWO_OVER_LN2


@jit
def _fixed_log2(n: Number, memo: Array) -> Number:
    """Give log2(n) in units of 2**-46, remembered."""
    if n <= 1:
        return np.int64(0)
    if memo[n] == 0:
        memo[n] = np.int64(_log2(np.float64(n)) * _LOG2_SCALE + 0.5)
    return memo[n]


@jit
def _entropy(codes: Array, n_codes: Number, lo: Array, hi: Array) -> tuple[Array, Array]:
    judged = lo.size
    out, present = np.zeros(judged, np.float64), np.empty(judged, np.int64)
    rows = np.zeros(n_codes, np.int32)
    longest = 0
    for j in range(judged):
        longest = max(longest, hi[j] - lo[j])
    memo = np.zeros(longest + 1, np.int64)
    # upper, lower: the sum over groups of c * log2(c), in two limbs so that 2**31 rows fit.
    first = last = n = 0
    upper, lower = np.int64(0), np.int64(0)
    for j in range(judged):
        a, b = lo[j], hi[j]
        # Rows leave before others enter: no count ever exceeds the longest window.
        while first < a or last < b:
            leaving = first < a and first < last
            if not leaving and first < a:
                # Rows between two windows are in neither.
                first = a
                last = a
                continue
            i = first if leaving else last
            if leaving:
                first += 1
            else:
                last += 1
            c = codes[i]
            if c < 0:
                continue
            old = np.int64(rows[c])
            new = old - 1 if leaving else old + 1
            n += -1 if leaving else 1
            rows[c] = new
            f, g = _fixed_log2(old, memo), _fixed_log2(new, memo)
            upper += new * (g >> _LIMB) - old * (f >> _LIMB)
            lower += new * (g & _LIMB_MASK) - old * (f & _LIMB_MASK)
        present[j] = n
        if n > 0:
            f = _fixed_log2(n, memo)
            u = np.float64(n * (f >> _LIMB) - upper) * _UPPER
            w = np.float64(n * (f & _LIMB_MASK) - lower) * _LOWER
            out[j] = max((u + w) / n, 0.0)
    return out, present


@jit
def _divergence(
    codes: Array, n_codes: Number, lo1: Array, hi1: Array, lo2: Array, hi2: Array
) -> tuple[Array, Array, Array]:
    judged = lo1.size
    out = np.zeros(judged, np.float64)
    present1, present2 = np.empty(judged, np.int64), np.empty(judged, np.int64)
    rows = np.zeros((n_codes, 2), np.int32)
    # The groups that stand in either window, kept dense: a group that goes is replaced by the last one.
    place, here = np.full(n_codes, -1, np.int32), np.empty(n_codes, np.int32)
    groups = 0
    first, last, n = np.zeros(2, np.int64), np.zeros(2, np.int64), np.zeros(2, np.int64)
    for j in range(judged):
        changed = j == 0
        for side in range(2):
            a = lo1[j] if side == 0 else lo2[j]
            b = hi1[j] if side == 0 else hi2[j]
            while first[side] < a or last[side] < b:
                leaving = first[side] < a and first[side] < last[side]
                if not leaving and first[side] < a:
                    first[side] = last[side] = a
                    continue
                i = first[side] if leaving else last[side]
                if leaving:
                    first[side] += 1
                else:
                    last[side] += 1
                c = codes[i]
                if c < 0:
                    continue
                changed = True
                step = -1 if leaving else 1
                rows[c, side] += step
                n[side] += step
                if rows[c, 0] + rows[c, 1] == 0:
                    groups -= 1
                    moved = here[groups]
                    here[place[c]] = moved
                    place[moved] = place[c]
                    place[c] = -1
                elif place[c] < 0:
                    place[c] = groups
                    here[groups] = c
                    groups += 1
        n1, n2 = n[0], n[1]
        present1[j], present2[j] = n1, n2
        if n1 == 0 or n2 == 0:
            continue
        if not changed:
            out[j] = out[j - 1]
            continue
        total = np.int64(0)
        for g in range(groups):
            x, y = rows[here[g], 0] * n2, rows[here[g], 1] * n1
            middle = np.float64(x + y)
            share = 0.0
            if x > 0:
                share += np.float64(x) * _log2(np.float64(2 * x) / middle)
            if y > 0:
                share += np.float64(y) * _log2(np.float64(2 * y) / middle)
            # No group's share is below zero, but its rounding may be.
            share = max(share, 0.0) / (2.0 * np.float64(n1) * np.float64(n2))
            total += int(share * _SHARE_SCALE + 0.5)
        out[j] = min(np.float64(total) / _SHARE_SCALE, 1.0)
    return out, present1, present2


def entropy(group_codes: Array, n_groups: int, lo: I64, hi: I64) -> tuple[F64, I64]:
    """Measure in bits how evenly each window's rows spread over groups; null groups (-1) are left out.

    Returns:
        The entropies (0.0 where no row stands), and how many rows with a group each window holds.

    Example:
        >>> h, n = entropy(np.array([0, 1, 0, 1, -1]), 2, np.array([0]), np.array([5]))
        >>> h.tolist(), n.tolist()
        ([1.0], [4])
    """
    codes = as_codes(group_codes, n_groups, "group_codes")
    return _entropy(codes, int(n_groups), *as_windows(lo, hi, codes.size))


def divergence(group_codes: Array, n_groups: int, lo_a: I64, hi_a: I64, lo_b: I64, hi_b: I64) -> tuple[F64, I64, I64]:
    """Measure how far two windows differ in their shares of rows over groups, from 0 (alike) to 1 (apart).

    This is the Jensen-Shannon divergence in bits. Null groups (-1) are left out. The work per judged row is
    the number of groups in its two windows.

    Returns:
        The divergences (0.0 where either window has no row with a group), and how many such rows each window
        holds.

    Example:
        >>> d, n, m = divergence(np.array([0, 0, 1]), 2, np.array([0]), np.array([2]), np.array([2]), np.array([3]))
        >>> d.tolist(), n.tolist(), m.tolist()
        ([1.0], [2], [1])
    """
    codes = as_codes(group_codes, n_groups, "group_codes")
    a, b = as_windows(lo_a, hi_a, codes.size), as_windows(lo_b, hi_b, codes.size)
    same_length("lo_b", b[0], a[0].size)
    return _divergence(codes, int(n_groups), *a, *b)
