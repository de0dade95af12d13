"""Compiled: how well the tokens of two names cover each other, for many pairs of names."""

# ruff: noqa: PLR1730, PLR2004  one compiled loop, called by position

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from redflags.kernel._jit import jit

if TYPE_CHECKING:
    from redflags.kernel._arrays import I64

#: Likeness of an initial and a token that begins with it, in millionths like all similarities and scores.
INITIAL_LIKENESS = 850_000
#: Up to so many tokens on the shorter side the best assignment is searched; else the best pairs come first.
EXACT = 6


@jit
def covered(
    left: I64,
    right: I64,
    left_start: I64,
    left_token: I64,
    right_start: I64,
    right_token: I64,
    weight: I64,
    letter: I64,
    like_start: I64,
    like_token: I64,
    like_value: I64,
    initial: int,
    common: int,
    initial_likeness: int,
    exact: int,
) -> tuple[I64, I64, I64]:
    """Score of each pair of names, tokens that found a partner, tokens that did not.

    ``left_start``, ``left_token`` list the tokens of left names, ``like_*`` those like each, ascending.
    A pair scores 0 unless two tokens beyond particles agree, one of them a full one, or both names have just
    one full token and it agrees.

    The score is 0.65 x the share of the lighter name's weight that is covered + 0.35 x the heavier's.
    """
    n = left.size
    score, found, missing = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    gains = np.zeros((64, 64), np.int64)
    best = np.zeros(1 << exact, np.int64)
    for p in range(n):
        a, b = left_start[left[p]], left_start[left[p] + 1]
        c, d = right_start[right[p]], right_start[right[p] + 1]
        swap = (b - a) > (d - c)
        rows, columns = min(b - a, d - c), max(b - a, d - c)
        total_left = total_right = full_left = full_right = 0
        for i in range(a, b):
            total_left += weight[left_token[i]]
            full_left += weight[left_token[i]] > common
        for j in range(c, d):
            total_right += weight[right_token[j]]
            full_right += weight[right_token[j]] > common
        hits = 0
        for i in range(a, b):
            s = left_token[i]
            for j in range(c, d):
                t = right_token[j]
                value = 0
                if s == t:
                    value = 1_000_000
                elif (weight[s] == initial or weight[t] == initial) and weight[s] > 1 and weight[t] > 1:
                    if letter[s] == letter[t] and letter[s] >= 0:
                        value = initial_likeness
                else:
                    lo, hi = like_start[s], like_start[s + 1]
                    while lo < hi:
                        middle = (lo + hi) // 2
                        if like_token[middle] < t:
                            lo = middle + 1
                        else:
                            hi = middle
                    if lo < like_start[s + 1] and like_token[lo] == t:
                        value = like_value[lo]
                low = min(weight[s], weight[t])
                gain = 0
                if value > 0:
                    # Weight, then full tokens, then tokens beyond particles, then all: ties fall alike.
                    gain = ((low * value) << 24) | (np.int64(low > common) << 16) | (np.int64(low > 1) << 8) | 1
                    hits += 1
                gains[j - c if swap else i - a, i - a if swap else j - c] = gain
        if hits == 0:
            continue
        chosen = np.int64(0)
        if rows <= exact:
            best[: 1 << rows] = -1
            best[0] = 0
            for j in range(columns):
                for mask in range((1 << rows) - 1, -1, -1):
                    if best[mask] < 0:
                        continue
                    for i in range(rows):
                        if mask & (1 << i) or gains[i, j] == 0:
                            continue
                        more = best[mask] + gains[i, j]
                        # Masks go down and only grow, so a column is never used twice.
                        if more > best[mask | (1 << i)]:
                            best[mask | (1 << i)] = more
            for mask in range(1 << rows):
                chosen = max(chosen, best[mask])
        else:
            while True:
                top, at_i, at_j = np.int64(0), 0, 0
                for i in range(rows):
                    for j in range(columns):
                        if gains[i, j] > top:
                            top, at_i, at_j = gains[i, j], i, j
                if top == 0:
                    break
                chosen += top
                gains[at_i, :columns] = 0
                gains[:rows, at_j] = 0
        weighed, full, solid, pairs = chosen >> 24, (chosen >> 16) & 255, (chosen >> 8) & 255, chosen & 255
        if not ((full >= 1 and solid >= 2) or (full == 1 and full_left == 1 and full_right == 1)):
            continue
        light, heavy = min(total_left, total_right), max(total_left, total_right)
        score[p] = (65 * weighed * heavy + 35 * weighed * light) // (100 * light * heavy)
        found[p] = pairs
        missing[p] = (b - a) + (d - c) - 2 * pairs
    return score, found, missing
