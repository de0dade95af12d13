"""Effective shares along chains of owners, version after version: only entities below a change are reckoned again."""

# ruff: noqa: FBT001  compiled loops are one function each, called by position

from __future__ import annotations

from typing import Any

import numpy as np

from redflags.kernel._jit import jit

Array = Any
HIGH = 2**40
WHOLE, HALF = 1_000_000, 500_000
EVERYONE, EACH, TOGETHER = 0, 1, 2


@jit
def stakes(
    key: Array, share: Array, moment: Array, begin: Array, end: Array, country: Array, person: Array
) -> tuple[Array, Array, Array, Array, Array, Array]:
    """What one owner holds of one entity, as intervals: living rows together, at most all; rows come sorted by key.

    The country is that of the newest living row that has one (of several at one moment the smallest); a natural
    person is one of
    whom any living row says so.
    """
    size, n = key.size, 0
    room = 2 * size
    k, s, b, e = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    c, p = np.empty(room, np.int64), np.empty(room, np.bool_)
    lo = 0
    while lo < size:
        hi = lo
        while hi < size and key[hi] == key[lo]:
            hi += 1
        edges = np.unique(np.concatenate((begin[lo:hi], end[lo:hi])))
        for x in range(edges.size - 1):
            total, living, place, when, natural = 0, False, -1, -(2**62), False
            for i in range(lo, hi):
                if not begin[i] <= edges[x] < end[i]:
                    continue
                living = True
                total += share[i]
                natural |= person[i]
                if country[i] >= 0 and (place < 0 or moment[i] > when or (moment[i] == when and country[i] < place)):
                    place, when = country[i], moment[i]
            if not living:
                continue
            total = min(total, WHOLE)
            if (
                n
                and k[n - 1] == key[lo]
                and e[n - 1] == edges[x]
                and s[n - 1] == total
                and c[n - 1] == place
                and p[n - 1] == natural
            ):
                e[n - 1] = edges[x + 1]
                continue
            k[n], s[n], b[n], e[n], c[n], p[n] = key[lo], total, edges[x], edges[x + 1], place, natural
            n += 1
        lo = hi
    return k[:n], s[:n], b[:n], e[:n], c[:n], p[:n]


@jit
def _starts(key: Array, count: int) -> tuple[Array, Array]:
    """Where each key's rows begin, and the rows by key."""
    start = np.zeros(count + 1, np.int64)
    for k in key:
        start[k + 1] += 1
    for k in range(count):
        start[k + 1] += start[k]
    fill, slot = start[:-1].copy(), np.empty(key.size, np.int64)
    for i in range(key.size):
        slot[fill[key[i]]] = i
        fill[key[i]] += 1
    return start, slot


@jit
def _rounded(value: int) -> int:
    """A millionth of a value, rounded half to even."""
    found = value // WHOLE
    rest = value - found * WHOLE
    return found + (rest > HALF or (rest == HALF and (found & 1) == 1))


@jit
def _below(queue: Array, count: int, g: int, depth: int, begin: Array, end: Array, entity: Array, o_start: Array, o_slot: Array,
           level: Array) -> int:  # fmt: skip
    """Entities owned, now or just before, by those in the queue (their ``level`` is 0, all others' negative)."""
    head = 0
    while head < count:
        x = queue[head]
        head += 1
        if level[x] >= depth:
            continue
        for y in range(o_start[x], o_start[x + 1]):
            i = o_slot[y]
            if begin[i] <= g <= end[i] and level[entity[i]] < 0:
                level[entity[i]] = level[x] + 1
                queue[count] = entity[i]
                count += 1
    return count


@jit
def _chains(
    root: int, g: int, depth: int, cap: int, stops: bool, owner: Array, share: Array, begin: Array, end: Array, e_start: Array, e_slot: Array,
    marked: Array, node: Array, parent: Array, part: Array, firm: Array, long: Array, link: Array,
) -> tuple[int, bool, bool, bool]:  # fmt: skip
    """Chains of owners above an entity, level by level: an owner never twice on one, ``stops`` at marked owners.

    Returns:
        How many there are (the first is the entity itself), whether the entity stands in a loop, whether ``depth``
        cut a chain
        short, and whether ``cap`` cut whole levels.
    """
    node[0], parent[0], part[0], firm[0], long[0], link[0] = root, -1, WHOLE * WHOLE, True, 0, -1
    count, first, loop = 1, 0, False
    for d in range(1, depth + 2):
        upto, before = count, loop
        for i in range(first, upto):
            if stops and i and marked[node[i]]:
                continue
            for y in range(e_start[node[i]], e_start[node[i] + 1]):
                row = e_slot[y]
                if not begin[row] <= g < end[row]:
                    continue
                above, seen = i, False
                while above >= 0 and not seen:
                    seen = node[above] == owner[row]
                    above = parent[above]
                if seen:
                    loop |= owner[row] == root and d <= depth
                    continue
                if d > depth:
                    return upto, before, True, False
                if count > cap:
                    return upto, before, False, True
                node[count], parent[count], link[count], long[count] = owner[row], i, row, d
                part[count] = _rounded(part[i] * share[row])
                firm[count] = firm[i] and share[row] > HALF
                count += 1
        if count == upto:
            break
        first = upto
    return count, loop, False, False


@jit
def _controlled(
    count: int, g: int, node: Array, owner: Array, share: Array, begin: Array, end: Array, e_start: Array, e_slot: Array, marked: Array,
    held: Array,
) -> bool:  # fmt: skip
    """Whether marked owners, with what they so control, hold more than half of the first entity."""
    changed = True
    while changed:
        changed = False
        for i in range(count):
            if held[node[i]]:
                continue
            total = 0
            for y in range(e_start[node[i]], e_start[node[i] + 1]):
                row = e_slot[y]
                if begin[row] <= g < end[row] and (marked[owner[row]] or held[owner[row]]):
                    total += share[row]
            if total > HALF:
                held[node[i]] = changed = True
    answer = bool(held[node[0]])
    for i in range(count):
        held[node[i]] = False
    return answer


@jit
def effective(
    parties: int, entity: Array, owner: Array, share: Array, begin: Array, end: Array, country: Array, countries: int, person: Array,
    seed: Array, seed_begin: Array, seed_end: Array, mode: int, depth: int, cap: int, last: int,
) -> tuple[Array, Array, Array, Array, Array]:  # fmt: skip
    """Owners of every entity, direct and through others, for each version in which they may change.

    Returns:
        Rows (entity, version, owner or -1, share, control, depth, countries, loop, traced); visits (entity, version),
        which end what
        stood before; entities ever in a loop; entities with chains ever cut at ``depth``; entities ever with more
        than ``cap`` chains.
    """
    size, seeds = entity.size, seed.size
    e_start, e_slot = _starts(entity, parties)
    o_start, o_slot = _starts(owner, parties)
    starts, stops = np.argsort(begin), np.argsort(end)
    s_starts, s_stops = np.argsort(seed_begin), np.argsort(seed_end)
    marked, held = np.zeros(parties, np.bool_), np.zeros(parties, np.bool_)
    looped, deep, wide = np.zeros(parties, np.bool_), np.zeros(parties, np.bool_), np.zeros(parties, np.bool_)
    level, place = np.full(parties, -1, np.int64), np.full(parties, -1, np.int64)
    queue, owners = np.empty(parties, np.int64), np.empty(parties, np.int64)
    total, longest, firmly = np.zeros(parties, np.int64), np.zeros(parties, np.int64), np.zeros(parties, np.bool_)
    node, parent, part = np.empty(cap + 1, np.int64), np.empty(cap + 1, np.int64), np.empty(cap + 1, np.int64)
    firm, long, link = np.empty(cap + 1, np.bool_), np.empty(cap + 1, np.int64), np.empty(cap + 1, np.int64)
    crossed = np.empty(depth * (cap + 1), np.int64)
    out, n = np.empty((1024, 9), np.int64), 0
    visits, v = np.empty((1024, 2), np.int64), 0
    i = j = si = sj = 0
    while True:
        g = HIGH + 1
        if i < size:
            g = min(g, begin[starts[i]])
        if j < size:
            g = min(g, end[stops[j]])
        if si < seeds:
            g = min(g, seed_begin[s_starts[si]])
        if sj < seeds:
            g = min(g, seed_end[s_stops[sj]])
        if g > last:
            break
        count = 0
        while sj < seeds and seed_end[s_stops[sj]] == g:
            x = seed[s_stops[sj]]
            marked[x] = False
            sj += 1
            if level[x] < 0:
                level[x], queue[count] = 0, x
                count += 1
        while si < seeds and seed_begin[s_starts[si]] == g:
            x = seed[s_starts[si]]
            marked[x] = True
            si += 1
            if level[x] < 0:
                level[x], queue[count] = 0, x
                count += 1
        while j < size and end[stops[j]] == g:
            x = entity[stops[j]]
            j += 1
            if level[x] < 0:
                level[x], queue[count] = 0, x
                count += 1
        while i < size and begin[starts[i]] == g:
            x = entity[starts[i]]
            i += 1
            if level[x] < 0:
                level[x], queue[count] = 0, x
                count += 1
        count = _below(queue, count, g, depth, begin, end, entity, o_start, o_slot, level)
        for y in range(count):
            root = queue[y]
            level[root] = -1
            if e_start[root] == e_start[root + 1]:
                continue
            chains, loop, is_deep, is_wide = _chains(
                root,
                g,
                depth,
                cap,
                mode == TOGETHER,
                owner,
                share,
                begin,
                end,
                e_start,
                e_slot,
                marked,
                node,
                parent,
                part,
                firm,
                long,
                link,
            )
            looped[root] |= loop
            deep[root] |= is_deep
            wide[root] |= is_wide
            if v == visits.shape[0]:
                more_visits = np.empty((2 * v, 2), np.int64)
                more_visits[:v] = visits
                visits = more_visits
            visits[v, 0], visits[v, 1] = root, g
            v += 1
            controlled = mode == TOGETHER and _controlled(
                chains, g, node, owner, share, begin, end, e_start, e_slot, marked, held
            )
            n_owners = n_crossed = traced = 0
            for c in range(1, chains):
                if person[link[c]]:
                    traced += part[c]
                if mode != EVERYONE and not marked[node[c]]:
                    continue
                x = 0 if mode == TOGETHER else node[c]
                if place[x] < 0:
                    place[x], owners[n_owners] = n_owners, x
                    total[x], longest[x], firmly[x] = 0, 0, controlled
                    n_owners += 1
                total[x] += part[c]
                longest[x] = max(longest[x], long[c])
                firmly[x] |= mode != TOGETHER and firm[c]
                above = c
                while above > 0 and countries:
                    if country[link[above]] >= 0:
                        crossed[n_crossed] = place[x] * countries + country[link[above]]
                        n_crossed += 1
                    above = parent[above]
            different = np.zeros(n_owners, np.int64)
            if n_crossed:
                for code in np.unique(crossed[:n_crossed]):
                    different[code // countries] += 1
            for c in range(n_owners):
                x = owners[c]
                if n == out.shape[0]:
                    more_out = np.empty((2 * n, 9), np.int64)
                    more_out[:n] = out
                    out = more_out
                out[n, 0], out[n, 1], out[n, 2], out[n, 3] = root, g, -1 if mode == TOGETHER else x, _rounded(total[x])
                out[n, 4], out[n, 5], out[n, 6], out[n, 7] = firmly[x], longest[x], different[c], loop
                out[n, 8] = _rounded(traced)
                n += 1
                place[x] = -1
    return out[:n], visits[:v], looped, deep, wide
