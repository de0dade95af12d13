"""Sample standard deviation and concentration: sums of squares, kept as exact integers.

A float that is added to and subtracted from depends on what it has seen before, and a night's batch would
then differ from one whole run. Here every state is an integer in several 64-bit words, and one float
expression ends the matter. With at most 2**31 rows a sum fits 94 bits, a sum of squares 157, and `n * sum of
squares` 188: three words hold all.
"""

from __future__ import annotations

import math

import numpy as np

from redflags.kernel._arrays import (
    F64,
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

_HALF = np.uint64(32)
_LOW_HALF = np.uint64(2**32 - 1)
_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_WORD = 2.0**64
_LARGEST = np.uint64(2**63 - 1)


@jit
def _product(x: Number, y: Number) -> tuple[Number, Number]:
    """Multiply two words into a low and a high word."""
    a, b = x >> _HALF, x & _LOW_HALF
    c, d = y >> _HALF, y & _LOW_HALF
    bd, ad, bc = b * d, a * d, b * c
    middle = (bd >> _HALF) + (ad & _LOW_HALF) + (bc & _LOW_HALF)
    low = (bd & _LOW_HALF) | (middle << _HALF)
    return low, a * c + (ad >> _HALF) + (bc >> _HALF) + (middle >> _HALF)


@jit
def _size(v: Number) -> Number:
    """Give |v| as a word; also right for -2**63."""
    w = np.uint64(v)
    return w if v >= 0 else _ZERO - w


@jit
def _spread(n: Number, s0: Number, s1: Number, q0: Number, q1: Number, q2: Number) -> tuple[Number, Number, Number]:
    """Give n * q - s**2 as three words; s is signed (two words), q is not."""
    k = np.uint64(n)
    r0, h0 = _product(q0, k)
    r1, h1 = _product(q1, k)
    r2 = q2 * k + h1
    r1 += h0
    r2 += np.uint64(r1 < h0)
    if np.int64(s1) < 0:
        s0 = _ZERO - s0
        s1 = ~s1 + np.uint64(s0 == _ZERO)
    t0, t1 = _product(s0, s0)
    t2 = _ZERO
    if s1 != _ZERO:
        m0, m1 = _product(s0, s1)
        m1 = (m1 << _ONE) | (m0 >> np.uint64(63))
        m0 = m0 << _ONE
        t1 += m0
        t2 = m1 + np.uint64(t1 < m0) + s1 * s1
    borrow = np.uint64(r0 < t0)
    r0 -= t0
    less = np.uint64(r1 < t1)
    r1 -= t1
    less += np.uint64(r1 < borrow)
    r1 -= borrow
    return r0, r1, r2 - t2 - less


@jit
def _std(values: Array, nulls: Array, lo: Array, hi: Array) -> tuple[Array, Array]:
    judged, flagged = lo.size, nulls.size > 0
    out, present = np.zeros(judged, np.float64), np.empty(judged, np.int64)
    s0 = s1 = q0 = q1 = q2 = _ZERO
    first = last = n = 0
    for j in range(judged):
        a, b = lo[j], hi[j]
        if a >= last:
            first = last = a
            n = 0
            s0 = s1 = q0 = q1 = q2 = _ZERO
        while last < b:
            if not flagged or nulls[last] == 0:
                v = values[last]
                w, x = np.uint64(v), _size(v)
                low, high = _product(x, x)
                n += 1
                s0 += w
                s1 += np.uint64(v >> 63) + np.uint64(s0 < w)
                q0 += low
                high += np.uint64(q0 < low)
                q1 += high
                q2 += np.uint64(q1 < high)
            last += 1
        while first < a:
            if not flagged or nulls[first] == 0:
                v = values[first]
                w, x = np.uint64(v), _size(v)
                low, high = _product(x, x)
                n -= 1
                s1 -= np.uint64(v >> 63) + np.uint64(s0 < w)
                s0 -= w
                high += np.uint64(q0 < low)
                q0 -= low
                q2 -= np.uint64(q1 < high)
                q1 -= high
            first += 1
        present[j] = n
        if n > 1:
            r0, r1, r2 = _spread(n, s0, s1, q0, q1, q2)
            top = (np.float64(r2) * _WORD + np.float64(r1)) * _WORD + np.float64(r0)
            out[j] = math.sqrt(top / (np.float64(n) * np.float64(n - 1)))
    return out, present


@jit
def _hhi(
    values: Array, nulls: Array, codes: Array, n_codes: Number, lo: Array, hi: Array
) -> tuple[Array, Array, Array, Array]:
    judged, flagged = lo.size, nulls.size > 0
    out, whole = np.zeros(judged, np.float64), np.empty(judged, np.int64)
    missing, overflow = np.zeros(judged, np.int64), np.empty(judged, np.bool_)
    group = np.zeros(n_codes, np.int64)
    # q: sum of squared group sums. m: sum of |value|. While m fits a signed word, so does every group sum,
    # and q fits two words.
    q0 = q1 = m0 = m1 = _ZERO
    total = np.int64(0)
    first = last = absent = 0
    for j in range(judged):
        a, b = lo[j], hi[j]
        while last < b or first < a:
            entering = last < b
            i = last if entering else first
            if entering:
                last += 1
            else:
                first += 1
            c = codes[i]
            if c < 0 or (flagged and nulls[i] != 0):
                absent += 1 if entering else -1
                continue
            v = values[i]
            x = _size(v)
            old = group[c]
            new = old + v if entering else old - v
            group[c] = new
            u = _size(old)
            low, high = _product(u, u)
            q1 -= high + np.uint64(q0 < low)
            q0 -= low
            u = _size(new)
            low, high = _product(u, u)
            q0 += low
            q1 += high + np.uint64(q0 < low)
            if entering:
                total += v
                m0 += x
                m1 += np.uint64(m0 < x)
            else:
                total -= v
                m1 -= np.uint64(m0 < x)
                m0 -= x
        missing[j] = absent
        too_large = m1 != _ZERO or m0 > _LARGEST
        overflow[j] = too_large
        whole[j] = 0 if too_large else total
        if not too_large and total != 0:
            t = np.float64(total)
            out[j] = (np.float64(q1) * _WORD + np.float64(q0)) / (t * t)
    return out, whole, missing, overflow


def std(values: Array, nulls: Array | None, lo: I64, hi: I64) -> tuple[F64, I64]:
    """Take the sample standard deviation of each window, nulls skipped.

    With S the sum and Q the sum of squares it is sqrt((n * Q - S**2) / (n * (n - 1))).

    Returns:
        The deviations (0.0 where fewer than two values stand), and how many values that are not null each
        window holds.

    Example:
        >>> s, n = std(np.array([1, 3, 5]), None, np.array([0, 2]), np.array([3, 3]))
        >>> s.tolist(), n.tolist()
        ([2.0, 0.0], [3, 1])
    """
    v = as_values(values)
    return _std(v, as_nulls(nulls, v.size), *as_windows(lo, hi, v.size))


def hhi(
    values: Array, nulls: Array | None, group_codes: Array, n_groups: int, lo: I64, hi: I64
) -> tuple[F64, I64, I64, Bools]:
    """Measure concentration over groups: the sum of squared group sums over the squared total.

    Rows with a null value or a null group (-1) are left out and counted. With ones for values this is
    concentration by number of rows.

    Returns:
        The index (0.0 where the total is 0), the total, how many rows were left out, and where the absolute
        values add up to more than 64 bits hold (index and total are 0 there).

    Example:
        >>> h, total, missing, _ = hhi(np.array([1, 1, 2]), None, np.array([0, 1, 0]), 2, np.array([0]), np.array([3]))
        >>> h.tolist(), total.tolist(), missing.tolist()
        ([0.625], [4], [0])
    """
    v, codes = as_values(values), as_codes(group_codes, n_groups, "group_codes")
    same_length("group_codes", codes, v.size)
    return _hhi(v, as_nulls(nulls, v.size), codes, int(n_groups), *as_windows(lo, hi, v.size))
