"""Compiled passes over sorted edges: intervals that meet, sums that change, pairs that need several identifiers."""

# ruff: noqa: PLR2004  compiled loops are one function each, called by position

from __future__ import annotations

from typing import Any

import numpy as np

from redflags.kernel._jit import jit

Array = Any
HIGH = 2**40


@jit
def merged(key: Array, other: Array, begin: Array, end: Array) -> tuple[Array, Array, Array, Array]:
    """Overlapping and meeting intervals of one (key, other) as one; rows come sorted by (key, other, begin)."""
    size, n = key.size, 0
    k, o, b, e = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64)
    for i in range(size):
        if n and k[n - 1] == key[i] and o[n - 1] == other[i] and begin[i] <= e[n - 1]:
            e[n - 1] = max(e[n - 1], end[i])
            continue
        k[n], o[n], b[n], e[n] = key[i], other[i], begin[i], end[i]
        n += 1
    return k[:n], o[:n], b[:n], e[:n]


@jit
def levels(key: Array, version: Array, count: Array, amount: Array) -> tuple[Array, Array, Array, Array]:
    """Intervals of one key with its living rows' amounts together; steps come sorted by (key, version)."""
    size, n = key.size, 0
    k, b, e, a = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64)
    i = 0
    living = total = 0
    while i < size:
        j = i
        was, before = living, total
        while j < size and key[j] == key[i] and version[j] == version[i]:
            living += count[j]
            total += amount[j]
            j += 1
        if was and (not living or total != before):
            e[n - 1] = version[i]
        if living and (not was or total != before):
            k[n], b[n], e[n], a[n] = key[i], version[i], HIGH, total
            n += 1
        if j == size or key[j] != key[i]:
            living = total = 0
        i = j
    return k[:n], b[:n], e[:n], a[:n]


@jit
def _push(out: Array, n: int, a: int, b: int, kind: int, g: int, step: int) -> Array:
    if n == out.shape[0]:
        more = np.empty((2 * n, 5), np.int64)
        more[:n] = out
        out = more
    out[n, 0], out[n, 1], out[n, 2], out[n, 3], out[n, 4] = min(a, b), max(a, b), kind, g, step
    return out


@jit
def pair_events(ident: Array, party: Array, begin: Array, end: Array, kind: Array, weak: Array, hub_cap: int) -> Array:
    """When two parties begin (1) and cease (-1) to share an identifier of a weak kind.

    Rows (a, b, kind, version, step).

    Incidences come sorted by identifier. An identifier borne by more than ``hub_cap`` parties in a version ties
    nobody in it.
    """
    out, n = np.empty((1024, 5), np.int64), 0
    lo, size = 0, ident.size
    while lo < size:
        hi = lo
        while hi < size and ident[hi] == ident[lo]:
            hi += 1
        if not weak[ident[lo]] or hi - lo < 2:
            lo = hi
            continue
        k = kind[ident[lo]]
        starts, stops = lo + np.argsort(begin[lo:hi]), lo + np.argsort(end[lo:hi])
        alive, place, count = np.empty(hi - lo, np.int64), np.empty(hi - lo, np.int64), 0
        i = j = 0
        while i < starts.size or j < stops.size:
            g = HIGH + 1
            if i < starts.size:
                g = min(g, begin[starts[i]])
            if j < stops.size:
                g = min(g, end[stops[j]])
            i2, j2 = i, j
            while i2 < starts.size and begin[starts[i2]] == g:
                i2 += 1
            while j2 < stops.size and end[stops[j2]] == g:
                j2 += 1
            was, now = count <= hub_cap, count + (i2 - i) - (j2 - j) <= hub_cap
            if was and not now:
                for x in range(count):
                    for y in range(x):
                        out = _push(out, n, party[alive[x]], party[alive[y]], k, g, -1)
                        n += 1
            for x in range(j, j2):
                row = stops[x]
                at = place[row - lo]
                count -= 1
                alive[at] = alive[count]
                place[alive[at] - lo] = at
                if was and now:
                    for y in range(count):
                        out = _push(out, n, party[row], party[alive[y]], k, g, -1)
                        n += 1
            for x in range(i, i2):
                row = starts[x]
                if was and now:
                    for y in range(count):
                        out = _push(out, n, party[row], party[alive[y]], k, g, 1)
                        n += 1
                alive[count], place[row - lo] = row, count
                count += 1
            if now and not was:
                for x in range(count):
                    for y in range(x):
                        out = _push(out, n, party[alive[x]], party[alive[y]], k, g, 1)
                        n += 1
            i, j = i2, j2
        lo = hi
    return out[:n]


@jit
def heavy_pairs(events: Array, weight: Array, least: int) -> Array:
    """When the kinds that two parties share weigh enough.

    Rows (a, b, begin, end); events come sorted by (a, b, version).
    """
    size = events.shape[0]
    out, n = np.empty((size, 4), np.int64), 0
    shared = np.zeros(weight.size, np.int64)
    lo = 0
    while lo < size:
        hi = lo
        total, since, x = 0, -HIGH - 1, lo
        while hi < size and events[hi, 0] == events[lo, 0] and events[hi, 1] == events[lo, 1]:
            hi += 1
        while x < hi:
            g = events[x, 3]
            while x < hi and events[x, 3] == g:
                k = events[x, 2]
                before = shared[k] > 0
                shared[k] += events[x, 4]
                total += weight[k] * ((shared[k] > 0) - before)
                x += 1
            if total >= least and since < -HIGH:
                since = g
            elif total < least and since >= -HIGH:
                out[n, 0], out[n, 1], out[n, 2], out[n, 3] = events[lo, 0], events[lo, 1], since, g
                n += 1
                since = -HIGH - 1
        if since >= -HIGH:
            out[n, 0], out[n, 1], out[n, 2], out[n, 3] = events[lo, 0], events[lo, 1], since, HIGH
            n += 1
        for y in range(lo, hi):
            shared[events[y, 2]] = 0
        lo = hi
    return out[:n]
