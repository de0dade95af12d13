"""Groups of parties that share identifiers, version after version: only what a version touches is walked again."""

# ruff: noqa: PLR2004, FBT001  compiled loops are one function each, called by position

from __future__ import annotations

from typing import Any

import numpy as np

from redflags.kernel._jit import jit

Array = Any
HIGH = 2**40


@jit
def _slots(key: Array, count: int) -> tuple[Array, Array, Array]:
    """Where each key's rows begin, the rows by key, and each row's place; the living ones come first."""
    start = np.zeros(count + 1, np.int64)
    for k in key:
        start[k + 1] += 1
    for k in range(count):
        start[k + 1] += start[k]
    fill, slot, place = start[:-1].copy(), np.empty(key.size, np.int64), np.empty(key.size, np.int64)
    for i in range(key.size):
        slot[fill[key[i]]] = i
        place[i] = fill[key[i]]
        fill[key[i]] += 1
    return start, slot, place


@jit
def _swap(slot: Array, place: Array, row: int, to: int) -> None:
    other, at = slot[to], place[row]
    slot[at], slot[to] = other, row
    place[other], place[row] = at, to


@jit
def _cut_vertices(
    root: int, parties: int, party: Array, ident: Array, joins: Array, hub_cap: int, p_start: Array, p_slot: Array, p_n: Array,
    i_start: Array, i_slot: Array, i_n: Array, disc: Array, low: Array, parent: Array, at: Array, is_cut: Array, clock: int,
) -> int:  # fmt: skip
    """Mark the parties of the root's group without whom it would fall apart.

    ``disc`` above the clock given is of this walk.
    """
    began = clock
    clock += 1
    disc[root], low[root], parent[root], at[root] = clock, clock, -1, 0
    v, children = root, 0
    while v >= 0:
        own = v < parties
        x = v if own else v - parties
        count = p_n[x] if own else i_n[x]
        if at[v] < count:
            row = p_slot[p_start[x] + at[v]] if own else i_slot[i_start[x] + at[v]]
            at[v] += 1
            if own:
                i = ident[row]
                if not joins[i] or i_n[i] > hub_cap or i_n[i] < 2:
                    continue
                w = parties + i
            else:
                w = party[row]
            if w == parent[v]:
                continue
            if disc[w] > began:
                low[v] = min(low[v], disc[w])
                continue
            clock += 1
            disc[w], low[w], parent[w], at[w] = clock, clock, v, 0
            children += v == root
            v = w
            continue
        above = parent[v]
        if above >= 0:
            low[above] = min(low[above], low[v])
            if above < parties and above != root and low[v] >= disc[above]:
                is_cut[above] = True
        v = above
    if children > 1:
        is_cut[root] = True
    return clock


@jit
def groups(
    parties: int, party: Array, ident: Array, begin: Array, end: Array, kind: Array, joins: Array, kinds: int, hub_cap: int,
    group_cap: int, cuts: bool, last: int,
) -> tuple[Array, Array, int]:  # fmt: skip
    """Groups of each version up to ``last``, as what changes for each party.

    The smaller number of a party is the senior. ``party``, ``ident``, ``begin``, ``end`` say who bears which
    identifier in which
    versions; intervals of one pair do not meet. ``kind`` (negative: not counted) and ``joins`` are those of each
    identifier.

    Returns:
        Rows (party, senior of its group, size, kinds, whether it is a cut vertex, first version, version after the
        last),
        which identifiers were ever borne by too many, and how many parties ever stood in a group of more than
        ``group_cap``.
    """
    idents, size = kind.size, party.size
    p_start, p_slot, p_place = _slots(party, parties)
    i_start, i_slot, i_place = _slots(ident, idents)
    p_n, i_n = np.zeros(parties, np.int64), np.zeros(idents, np.int64)
    starts, stops = np.argsort(begin), np.argsort(end)
    hub = np.zeros(idents, np.bool_)
    big = np.zeros(parties, np.bool_)
    ring = np.arange(parties)
    g_id, g_size, g_kinds = np.full(parties, -1, np.int64), np.zeros(parties, np.int64), np.zeros(parties, np.int64)
    g_cut, g_from = np.zeros(parties, np.bool_), np.zeros(parties, np.int64)
    seen, asked = np.zeros(parties, np.int64), np.zeros(parties, np.int64)
    i_seen, i_asked, i_before = np.zeros(idents, np.int64), np.zeros(idents, np.int64), np.zeros(idents, np.int64)
    k_seen = np.zeros(kinds, np.int64)
    todo, queue, changed = np.empty(parties, np.int64), np.empty(parties, np.int64), np.empty(idents, np.int64)
    vertices = parties + idents if cuts else 1
    disc, low = np.zeros(vertices, np.int64), np.zeros(vertices, np.int64)
    parent, at = np.zeros(vertices, np.int64), np.zeros(vertices, np.int64)
    is_cut = np.zeros(parties, np.bool_)
    out, n = np.empty((1024, 7), np.int64), 0
    i = j = 0
    version = serial = clock = 0
    while i < size or j < size:
        g = HIGH + 1
        if i < size:
            g = min(g, begin[starts[i]])
        if j < size:
            g = min(g, end[stops[j]])
        if g > last:
            break
        version += 1
        n_todo = n_changed = 0
        for step in range(2):
            while True:
                if step == 0:
                    if j >= size or end[stops[j]] != g:
                        break
                    row = stops[j]
                    j += 1
                else:
                    if i >= size or begin[starts[i]] != g:
                        break
                    row = starts[i]
                    i += 1
                p, x = party[row], ident[row]
                if i_asked[x] != version:
                    i_asked[x], i_before[x] = version, i_n[x]
                    changed[n_changed] = x
                    n_changed += 1
                if step == 0:
                    p_n[p] -= 1
                    i_n[x] -= 1
                _swap(p_slot, p_place, row, p_start[p] + p_n[p])
                _swap(i_slot, i_place, row, i_start[x] + i_n[x])
                if step == 1:
                    p_n[p] += 1
                    i_n[x] += 1
                q = p
                while asked[q] != version:
                    asked[q] = version
                    todo[n_todo] = q
                    n_todo += 1
                    q = ring[q]
        for c in range(n_changed):
            x = changed[c]
            hub[x] |= i_n[x] > hub_cap
            if (i_before[x] > hub_cap) != (i_n[x] > hub_cap):
                for y in range(i_start[x], i_start[x] + i_n[x]):
                    q = party[i_slot[y]]
                    while asked[q] != version:
                        asked[q] = version
                        todo[n_todo] = q
                        n_todo += 1
                        q = ring[q]
        for t in range(n_todo):
            if seen[todo[t]] == version:
                continue
            serial += 1
            head = n_kinds = 0
            queue[0], seen[todo[t]], count, senior = todo[t], version, 1, todo[t]
            while head < count:
                p = queue[head]
                head += 1
                senior = min(senior, p)
                for y in range(p_start[p], p_start[p] + p_n[p]):
                    x = ident[p_slot[y]]
                    if i_n[x] > hub_cap or i_n[x] < 2:
                        continue
                    if joins[x]:
                        if i_seen[x] == serial:
                            continue
                        for z in range(i_start[x], i_start[x] + i_n[x]):
                            q = party[i_slot[z]]
                            if seen[q] != version:
                                seen[q] = version
                                queue[count] = q
                                count += 1
                    k = kind[x]
                    if k >= 0 and (joins[x] or i_seen[x] == serial) and k_seen[k] != serial:
                        k_seen[k] = serial
                        n_kinds += 1
                    i_seen[x] = serial
            if cuts:
                for y in range(count):
                    is_cut[queue[y]] = False
                if count > 2:
                    clock = _cut_vertices(
                        senior, parties, party, ident, joins, hub_cap, p_start, p_slot, p_n, i_start, i_slot, i_n, disc, low, parent,
                        at, is_cut, clock,
                    )  # fmt: skip
            for y in range(count):
                p = queue[y]
                ring[p] = queue[y + 1] if y + 1 < count else queue[0]
                own = senior if count > 1 else -1
                shown = min(count, group_cap)
                if count > group_cap:
                    big[p] = True
                if g_id[p] == own and (
                    own < 0 or (g_size[p] == shown and g_kinds[p] == n_kinds and g_cut[p] == is_cut[p])
                ):
                    continue
                if g_id[p] >= 0:
                    if n == out.shape[0]:
                        more = np.empty((2 * n, 7), np.int64)
                        more[:n] = out
                        out = more
                    out[n, 0], out[n, 1], out[n, 2], out[n, 3] = p, g_id[p], g_size[p], g_kinds[p]
                    out[n, 4], out[n, 5], out[n, 6] = g_cut[p], g_from[p], g
                    n += 1
                g_id[p], g_size[p], g_kinds[p], g_cut[p], g_from[p] = own, shown, n_kinds, is_cut[p], g
    whole = np.empty((n + (g_id >= 0).sum(), 7), np.int64)
    whole[:n] = out[:n]
    for p in range(parties):
        if g_id[p] >= 0:
            whole[n, 0], whole[n, 1], whole[n, 2], whole[n, 3] = p, g_id[p], g_size[p], g_kinds[p]
            whole[n, 4], whole[n, 5], whole[n, 6] = g_cut[p], g_from[p], HIGH
            n += 1
    return whole, hub, big.sum()
