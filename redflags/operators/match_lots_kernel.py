"""Compiled reckoning of lots: what leaves is taken from what came in last."""

from __future__ import annotations

import numpy as np

from redflags.kernel._arrays import Array, Number
from redflags.kernel._jit import jit
from redflags.operators.match_sides import Side


@jit
def lots(a: Side, b: Side, within: Number, cap: Number) -> tuple[Array, Array, Array, Number]:
    pairs, amounts = np.empty((a.at.size + b.at.size, 2), np.int64), np.empty(a.at.size + b.at.size, np.int64)
    told = np.zeros(b.at.size, np.int64)
    left, pile = a.amount.copy(), np.empty(a.at.size, np.int64)
    size = overs = 0
    for key in range(a.starts.size - 1):
        i, i_end, top = a.starts[key], a.starts[key + 1], 0
        for j in range(b.starts[key], b.starts[key + 1]):
            while i < i_end and (a.at[i] < b.at[j] or (a.at[i] == b.at[j] and a.seq[i] <= b.seq[j])):
                pile[top] = i
                top += 1
                i += 1
            need, count = b.amount[j], 0
            while need > 0 and top > 0:
                x = pile[top - 1]
                if a.at[x] < b.at[j] - within:
                    top = 0  # what lies below is older still
                    break
                part = min(need, left[x])
                left[x] -= part
                need -= part
                if count < cap:
                    pairs[size, 0], pairs[size, 1], amounts[size] = x, j, part
                    size += 1
                count += 1
                if left[x] == 0:
                    top -= 1
            overs += count > cap
            told[j] = b.amount[j] - need
    return pairs[:size].copy(), amounts[:size].copy(), told, overs


__all__ = ["lots"]
