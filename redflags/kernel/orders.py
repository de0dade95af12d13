"""Row orders by dense codes: counting sorts, no comparisons."""

from __future__ import annotations

import numpy as np

from redflags.kernel._arrays import I32, I64, Array, Number, as_codes, same_length
from redflags.kernel._jit import jit


@jit
def _order_by_codes(codes: Array, n_codes: Number) -> tuple[Array, Array]:
    starts = np.zeros(n_codes + 1, np.int64)
    for i in range(codes.size):
        if codes[i] >= 0:
            starts[codes[i] + 1] += 1
    for c in range(n_codes):
        starts[c + 1] += starts[c]
    cursor = starts[:n_codes].copy()
    order = np.empty(starts[n_codes], np.int32)
    for i in range(codes.size):
        c = codes[i]
        if c >= 0:
            order[cursor[c]] = i
            cursor[c] += 1
    return order, starts


@jit
def _refine_codes(a: Array, n_a: Number, b: Array, n_b: Number) -> tuple[Array, Number]:
    by_b, _ = _order_by_codes(b, n_b)
    counts = np.zeros(n_a + 1, np.int64)
    for k in range(by_b.size):
        c = a[by_b[k]]
        if c >= 0:
            counts[c + 1] += 1
    for c in range(n_a):
        counts[c + 1] += counts[c]
    order = np.empty(counts[n_a], np.int32)
    for k in range(by_b.size):
        i = by_b[k]
        c = a[i]
        if c >= 0:
            order[counts[c]] = i
            counts[c] += 1
    codes = np.full(a.size, -1, np.int32)
    n = 0
    for k in range(order.size):
        i = order[k]
        if k == 0 or a[i] != a[order[k - 1]] or b[i] != b[order[k - 1]]:
            n += 1
        codes[i] = n - 1
    return codes, n


def order_by_codes(codes: Array, n_codes: int) -> tuple[I32, I64]:
    """Order rows by code, stably; rows with a null code (-1) are left out.

    Args:
        codes: one dense code per row, -1 for null.
        n_codes: how many codes there are.

    Returns:
        Row numbers in the new order, and for each code where its rows start (one more entry than codes).

    Example:
        >>> order, starts = order_by_codes(np.array([1, 0, -1, 1], np.int32), 2)
        >>> order.tolist(), starts.tolist()
        ([1, 0, 3], [0, 1, 3])
    """
    return _order_by_codes(as_codes(codes, n_codes), int(n_codes))


def refine_codes(codes_a: Array, n_a: int, codes_b: Array, n_b: int) -> tuple[I32, int]:
    """Number the pairs of two codes densely, in the order of (first, second); a null in either gives -1.

    Example:
        >>> pairs, n = refine_codes(np.array([0, 1, 0, -1], np.int32), 2, np.array([5, 0, 5, 0], np.int32), 6)
        >>> pairs.tolist(), n
        ([0, 1, 0, -1], 2)
    """
    a, b = as_codes(codes_a, n_a, "codes_a"), as_codes(codes_b, n_b, "codes_b")
    same_length("codes_b", b, a.size)
    pairs, n = _refine_codes(a, int(n_a), b, int(n_b))
    return pairs, int(n)
