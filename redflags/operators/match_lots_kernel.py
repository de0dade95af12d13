"""Compiled reckoning of lots: what leaves is taken from what came in last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from redflags.kernel._jit import jit

if TYPE_CHECKING:
    from redflags.kernel._arrays import Array, Number
    from redflags.operators.match_sides import Side


@jit
def lots(a: Side, b: Side, within: Number, cap: Number) -> tuple[Array, Array, Array, Number]:
    """Explain each outflow ``b`` by the newest inflows ``a`` that are left, one pile per key.

    Both sides stand in order of (key, moment, told order, tie). An inflow of the moment of an outflow is there before
    it unless
    its told order is later.

    What is left of the inflows since any moment depends on rows since that moment alone: an outflow takes from them
    first, and
    how much it takes from older ones changes nothing above them on the pile.

    Returns:
        Pairs of places, the amount of each, for each ``b`` the amount of all its lots, and how many have more than
        ``cap``.
    """
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
