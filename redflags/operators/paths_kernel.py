"""Compiled search for paths: backward from each transfer as last hop, depth first.

Transfers stand in *hop order*: by the node that they reach, then by row order, so that the transfers into a
node inside a time window are one slice. What is found for a last hop depends on transfers up to its moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from redflags.kernel._jit import jit

if TYPE_CHECKING:
    from redflags.kernel._arrays import I32, I64, Array, Bools, Number

#: The order inside a moment is not told.
UNTOLD = -(2**63)
#: No path is longer.
LONGEST = 8


class Hops(NamedTuple):
    """Transfers in hop order.

    Attributes:
        at: moments, never decreasing inside a target.
        amount: amounts, above 0.
        source, target: codes of the two nodes; they differ.
        least, most: bounds of the amount of a hop right before this one.
        first_most: bound of the amount of the first hop of a path that ends with this one.
        place: number in row order.
        seq: told order inside a moment, or ``UNTOLD``.
    """

    at: I64
    amount: I64
    source: I32
    target: I32
    least: I64
    most: I64
    first_most: I64
    place: I32
    seq: I64


class Limits(NamedTuple):
    """What bounds a path and the search for it."""

    shortest: int
    longest: int
    hop_within: int
    within: int
    close: bool
    hub: int
    cap: int


@jit
def _slices(at: Array, source: Array, starts: Array, hop_within: Number) -> tuple[Array, Array]:
    """For each transfer the slice of transfers into its source that are of the right time to precede it."""
    low, high = np.empty(at.size, np.int32), np.empty(at.size, np.int32)
    for k in range(at.size):
        begin, end = starts[source[k]], starts[source[k] + 1]
        oldest, newest = at[k] - hop_within, at[k]
        left, right = begin, end
        while left < right:
            middle = (left + right) // 2
            if at[middle] < oldest:
                left = middle + 1
            else:
                right = middle
        low[k] = left
        right = end
        while left < right:
            middle = (left + right) // 2
            if at[middle] <= newest:
                left = middle + 1
            else:
                right = middle
        high[k] = left
    return low, high


@jit
def _search(
    at: Array, amount: Array, source: Array, target: Array, least: Array, most: Array, first_most: Array,
    place: Array, seq: Array, low: Array, high: Array, shortest: Number, longest: Number, within: Number,
    close: Number, hub: Number, cap: Number, untold: Number,
) -> tuple[Array, Array, Array, Number, Number]:  # fmt: skip
    room = 1024
    found = np.full((room, longest), -1, np.int32)  # from the last hop back
    hops = np.empty(room, np.int8)
    touched = np.empty(room, np.uint8)
    rows = hubs = overs = 0
    path, best = np.empty(longest, np.int32), np.empty(longest, np.int32)
    ahead, told = np.empty(longest, np.int64), np.empty(longest, np.int64)
    for last in range(at.size):
        if high[last] == low[last]:
            continue
        end, oldest, dearest = target[last], at[last] - within, first_most[last]
        path[0], told[0] = last, seq[last]
        depth = longest_found = visits = 0
        hub_met = high[last] - low[last] > hub
        over = False
        ahead[0] = -1 if hub_met else high[last] - 1
        while depth >= 0:
            step = path[depth]
            c = ahead[depth]
            if c < low[step]:
                depth -= 1
                continue
            ahead[depth] = c - 1
            if visits == cap:
                over = True
                break
            visits += 1
            if at[c] < oldest:
                ahead[depth] = -1
                continue
            if amount[c] < least[step] or amount[c] > most[step]:
                continue
            together = at[c] == at[step]
            if together and seq[c] != untold and told[depth] != untold and seq[c] > told[depth]:
                continue
            node = source[c]
            fresh = True
            for d in range(depth):  # it is never the node that it reaches itself: no hop stays where it was
                if source[path[d]] == node:
                    fresh = False
                    break
            if not fresh:
                continue
            length = depth + 2
            closes = node == end
            if closes == close and length >= shortest and length >= longest_found and amount[c] <= dearest:
                # Of equally long paths the one that keeps most, which is the one with the smallest first
                # amount; then the first in row order, hop by hop from the first on.
                better = length > longest_found or amount[c] < amount[best[length - 1]]
                if not better and amount[c] == amount[best[length - 1]]:
                    if place[c] != place[best[length - 1]]:
                        better = place[c] < place[best[length - 1]]
                    else:
                        for d in range(depth, -1, -1):
                            if place[path[d]] != place[best[d]]:
                                better = place[path[d]] < place[best[d]]
                                break
                if better:
                    longest_found = length
                    best[: length - 1] = path[: length - 1]
                    best[length - 1] = c
            if closes or length == longest:
                continue
            if high[c] - low[c] > hub:
                hub_met = True
                continue
            depth += 1
            path[depth], ahead[depth] = c, high[c] - 1
            told[depth] = seq[c] if seq[c] != untold or not together else told[depth - 1]
        hubs += hub_met
        overs += over
        if longest_found:
            if rows == room:
                room *= 2
                more = np.full((room, longest), -1, np.int32)
                more[:rows] = found
                found = more
                more_hops = np.empty(room, np.int8)
                more_hops[:rows] = hops
                hops = more_hops
                more_touched = np.empty(room, np.uint8)
                more_touched[:rows] = touched
                touched = more_touched
            found[rows, :longest_found] = best[:longest_found]
            hops[rows] = longest_found
            touched[rows] = hub_met or over
            rows += 1
    return found[:rows], hops[:rows], touched[:rows], hubs, overs


class Found(NamedTuple):
    """The best path of each last hop that has one.

    Attributes:
        path: hop numbers from the last hop back, -1 beyond the first hop.
        hops: how many hops.
        capped: a limit bit while looking, so that a better path may exist.
        hubs: last hops for which a hub was met.
        overs: last hops for which the search was stopped.
    """

    path: I32
    hops: I64
    capped: Bools
    hubs: int
    overs: int


def search(hops: Hops, starts: I64, limits: Limits) -> Found:
    """Find the best path that ends with each hop.

    Args:
        hops: transfers in hop order.
        starts: for each node where its incoming transfers begin, and one more.
        limits: bounds of paths and of the search.

    Example:
        >>> at, amount = np.array([1, 2]), np.array([100, 95])
        >>> chain = Hops(
        ...     at, amount, np.array([0, 1], np.int32), np.array([1, 2], np.int32), at * 0, at * 0 + 110,
        ...     at * 0 + 999, np.array([0, 1], np.int32), at * 0 + UNTOLD,
        ... )  # fmt: skip
        >>> limits = Limits(2, 8, hop_within=5, within=5, close=False, hub=100, cap=100)
        >>> made = search(chain, np.array([0, 0, 1, 2]), limits)
        >>> made.path[:, :2].tolist(), made.hops.tolist()
        ([[1, 0]], [2])
    """
    if not 2 <= limits.shortest <= limits.longest <= LONGEST:  # noqa: PLR2004  a path has two hops
        raise ValueError(f"hops: expected 2 to {LONGEST}, got {limits.shortest} to {limits.longest}")
    low, high = _slices(hops.at, hops.source, starts, limits.hop_within)
    path, length, touched, hubs, overs = _search(
        *hops, low, high, limits.shortest, limits.longest, limits.within, limits.close, limits.hub,
        limits.cap, UNTOLD,
    )  # fmt: skip
    return Found(path, length.astype(np.int64), touched.astype(np.bool_), int(hubs), int(overs))


__all__ = ["LONGEST", "UNTOLD", "Found", "Hops", "Limits", "search"]
