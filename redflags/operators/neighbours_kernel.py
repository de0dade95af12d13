"""Who lies within some hops of marked parties, version after version.

Only marks that a version can touch are walked again.
"""

# ruff: noqa: PLR2004, FBT001  compiled loops are one function each, called by position

from __future__ import annotations

from typing import Any

import numpy as np

from redflags.kernel._jit import jit

Array = Any
HIGH = 2**40
WHOLE = 1_000_000
MASK = 2**32 - 1


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
def _walk(
    queue: Array, count: int, hops: int, back: bool, most: int, party: Array, ident: Array, role: Array, p_start: Array, p_slot: Array,
    p_n: Array, i_start: Array, i_slot: Array, i_n: Array, ties: Array, hub_cap: int, dist: Array,
) -> tuple[int, bool]:  # fmt: skip
    """Breadth first from the parties in the queue (their ``dist`` is 0, all others' negative) up to ``hops``.

    Forward, a party with too many ties is reached but not passed; ``back`` finds those from whom the queue is
    reached. A level
    that would bring more than ``most`` parties is left out.
    """
    head = 0
    level = count
    while head < count:
        p = queue[head]
        if dist[p] >= hops:
            break
        head += 1
        if back or ties[p] <= hub_cap:
            for y in range(p_start[p], p_start[p] + p_n[p]):
                x, side = ident[p_slot[y]], role[p_slot[y]]
                if side == (1 if back else 2) or (side == 0 and i_n[x] > hub_cap):
                    continue
                for z in range(i_start[x], i_start[x] + i_n[x]):
                    q = party[i_slot[z]]
                    if dist[q] < 0 and not (back and ties[q] > hub_cap):
                        dist[q] = dist[p] + 1
                        queue[count] = q
                        count += 1
        if head == level:
            if count > most:
                for y in range(level, count):
                    dist[queue[y]] = -1
                return level, True
            level = count
    return count, False


@jit
def _share(high: int, low: int, whole: int) -> int:
    """(high x 2^32 + low) / whole, rounded half to even; at most a million."""
    found, rest_high, rest_low = 0, high, low
    for bit in range(20, -1, -1):
        step = 1 << bit
        sub_high, sub_low = (whole >> 32) * step, (whole & MASK) * step
        sub_high += sub_low >> 32
        sub_low &= MASK
        if rest_high > sub_high or (rest_high == sub_high and rest_low >= sub_low):
            rest_high -= sub_high
            rest_low -= sub_low
            if rest_low < 0:
                rest_low += MASK + 1
                rest_high -= 1
            found += step
    rest = (rest_high << 32) + rest_low
    if rest > whole - rest or (rest == whole - rest and (found & 1) == 1):
        found += 1
    return found


@jit
def _haircut(
    seed: int, queue: Array, count: int, hops: int, hub_cap: int, party: Array, ident: Array, role: Array, amount: Array, p_start: Array,
    p_slot: Array, p_n: Array, i_start: Array, i_slot: Array, i_n: Array, ties: Array, inflow: Array, dist: Array, share: Array, high: Array,
    low: Array,
) -> None:  # fmt: skip
    """The share of what each party of the queue received that came from the seed over at most ``hops`` steps."""
    for y in range(count):
        share[queue[y]] = 0
    share[seed] = WHOLE
    for _ in range(hops):
        for y in range(count):
            high[queue[y]] = low[queue[y]] = 0
        for y in range(count):
            p = queue[y]
            if share[p] == 0 or ties[p] > hub_cap:
                continue
            for s in range(p_start[p], p_start[p] + p_n[p]):
                row = p_slot[s]
                if role[row] != 1:
                    continue
                x = ident[row]
                for z in range(i_start[x], i_start[x] + i_n[x]):
                    q = party[i_slot[z]]
                    if q != p and dist[q] >= 0:
                        low[q] += (amount[row] & MASK) * share[p]
                        high[q] += (amount[row] >> 32) * share[p] + (low[q] >> 32)
                        low[q] &= MASK
        for y in range(count):
            q = queue[y]
            if q != seed:
                share[q] = _share(high[q], low[q], inflow[q]) if inflow[q] > 0 else 0


@jit
def nearest(
    parties: int, idents: int, party: Array, ident: Array, role: Array, amount: Array, begin: Array, end: Array, seed: Array,
    seed_begin: Array, seed_end: Array, hops: int, hub_cap: int, most: int, carry: bool, last: int,
) -> tuple[Array, Array, Array, Array, int]:  # fmt: skip
    """The nearest hops of every party within reach of a mark, for each version in which they may change.

    ``role`` says how a party bears an identifier: 0 as one of many, 1 and 2 as the first and second of a pair (both
    sides of an
    undirected pair are 3). ``seed``, ``seed_begin``, ``seed_end`` are marked parties and the versions in which they
    are marked; intervals
    of one party do not meet.

    Returns:
        Rows (seed's interval, version, party, hops, share); visits (seed's interval, version), which end what stood
        before;
        which identifiers and which parties were ever too many, and how many marks ever had more than ``most`` parties
        in reach.
    """
    size, seeds = party.size, seed.size
    p_start, p_slot, p_place = _slots(party, parties)
    i_start, i_slot, i_place = _slots(ident, idents)
    p_n, i_n, ties = np.zeros(parties, np.int64), np.zeros(idents, np.int64), np.zeros(parties, np.int64)
    inflow = np.zeros(parties, np.int64)
    starts, stops = np.argsort(begin), np.argsort(end)
    s_starts, s_stops = np.argsort(seed_begin), np.argsort(seed_end)
    i_hub, p_hub, wide = np.zeros(idents, np.bool_), np.zeros(parties, np.bool_), np.zeros(seeds, np.bool_)
    marked = np.full(parties, -1, np.int64)
    dist, share = np.full(parties, -1, np.int64), np.zeros(parties, np.int64)
    high, low = np.zeros(parties, np.int64), np.zeros(parties, np.int64)
    queue, touched = np.empty(parties, np.int64), np.empty(parties, np.int64)
    is_touched = np.zeros(parties, np.bool_)
    i_step, p_step = np.zeros(idents, np.int64), np.zeros(parties, np.int64)
    due, is_due = np.empty(seeds, np.int64), np.zeros(seeds, np.bool_)
    at, rows_of = np.full(seeds, -1, np.int64), np.zeros(seeds, np.int64)
    out, n = np.empty((1024, 5), np.int64), 0
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
        i2, j2, n_touched, n_due = i, j, 0, 0
        while i2 < size and begin[starts[i2]] == g:
            i2 += 1
        while j2 < size and end[stops[j2]] == g:
            j2 += 1
        # What the version changes: who bears more or fewer, and which become too many or cease to be.
        for c in range((j2 - j) + (i2 - i)):
            row, step = (stops[j + c], -1) if c < j2 - j else (starts[i + c - (j2 - j)], 1)
            i_step[ident[row]] += step
            if role[row] > 0:
                p_step[party[row]] += step
            if not is_touched[party[row]]:
                is_touched[party[row]] = True
                touched[n_touched] = party[row]
                n_touched += 1
        for before in (True, False):
            if not before:
                for c in range((j2 - j) + (i2 - i)):
                    ends = c < j2 - j
                    row = stops[j + c] if ends else starts[i + c - (j2 - j)]
                    p, x = party[row], ident[row]
                    if ends:
                        p_n[p] -= 1
                        i_n[x] -= 1
                    _swap(p_slot, p_place, row, p_start[p] + p_n[p])
                    _swap(i_slot, i_place, row, i_start[x] + i_n[x])
                    if not ends:
                        p_n[p] += 1
                        i_n[x] += 1
                    ties[p] += (role[row] > 0) * (-1 if ends else 1)
                    if role[row] == 2:
                        inflow[p] += -amount[row] if ends else amount[row]
            for c in range((j2 - j) + (i2 - i)):
                x = ident[stops[j + c] if c < j2 - j else starts[i + c - (j2 - j)]]
                then = i_n[x] + i_step[x] if before else i_n[x] - i_step[x]
                if (i_n[x] > hub_cap) == (then > hub_cap):
                    continue
                for z in range(i_start[x], i_start[x] + i_n[x]):
                    if not is_touched[party[i_slot[z]]]:
                        is_touched[party[i_slot[z]]] = True
                        touched[n_touched] = party[i_slot[z]]
                        n_touched += 1
            for y in range(n_touched):
                queue[y] = touched[y]
                dist[touched[y]] = 0
            count, _ = _walk(
                queue,
                n_touched,
                hops,
                True,
                parties,
                party,
                ident,
                role,
                p_start,
                p_slot,
                p_n,
                i_start,
                i_slot,
                i_n,
                ties,
                hub_cap,
                dist,
            )
            for y in range(count):
                dist[queue[y]] = -1
                s = marked[queue[y]]
                if s >= 0 and not is_due[s]:
                    is_due[s] = True
                    due[n_due] = s
                    n_due += 1
        for c in range((j2 - j) + (i2 - i)):
            row = stops[j + c] if c < j2 - j else starts[i + c - (j2 - j)]
            i_step[ident[row]] = p_step[party[row]] = 0
            i_hub[ident[row]] |= role[row] == 0 and i_n[ident[row]] > hub_cap
            p_hub[party[row]] |= ties[party[row]] > hub_cap
        for y in range(n_touched):
            is_touched[touched[y]] = False
        while sj < seeds and seed_end[s_stops[sj]] == g:
            s = s_stops[sj]
            marked[seed[s]] = -1
            if not is_due[s]:
                is_due[s] = True
                due[n_due] = s
                n_due += 1
            sj += 1
        while si < seeds and seed_begin[s_starts[si]] == g:
            s = s_starts[si]
            marked[seed[s]] = s
            if not is_due[s]:
                is_due[s] = True
                due[n_due] = s
                n_due += 1
            si += 1
        i, j = i2, j2
        for c in range(n_due):
            s = due[c]
            is_due[s] = False
            count = 0
            if marked[seed[s]] == s:
                queue[0], dist[seed[s]] = seed[s], 0
                count, more = _walk(
                    queue,
                    1,
                    hops,
                    False,
                    most,
                    party,
                    ident,
                    role,
                    p_start,
                    p_slot,
                    p_n,
                    i_start,
                    i_slot,
                    i_n,
                    ties,
                    hub_cap,
                    dist,
                )
                wide[s] |= more
                if carry:
                    _haircut(
                        seed[s], queue, count, hops, hub_cap, party, ident, role, amount, p_start, p_slot, p_n, i_start, i_slot, i_n, ties,
                        inflow, dist, share, high, low,
                    )  # fmt: skip
            same = rows_of[s] == max(count - 1, 0)
            for y in range(at[s], at[s] + rows_of[s]):
                q = out[y, 2]
                same &= dist[q] == out[y, 3] and (not carry or share[q] == out[y, 4])
            if not same:
                at[s], rows_of[s] = n, max(count - 1, 0)
                if v == visits.shape[0]:
                    more_visits = np.empty((2 * v, 2), np.int64)
                    more_visits[:v] = visits
                    visits = more_visits
                visits[v, 0], visits[v, 1] = s, g
                v += 1
                for y in range(1, count):
                    if n == out.shape[0]:
                        more_out = np.empty((2 * n, 5), np.int64)
                        more_out[:n] = out
                        out = more_out
                    q = queue[y]
                    out[n, 0], out[n, 1], out[n, 2], out[n, 3], out[n, 4] = s, g, q, dist[q], share[q]
                    n += 1
            for y in range(count):
                dist[queue[y]] = -1
    return out[:n], visits[:v], i_hub, p_hub, wide.sum()
