"""Compiled search for pairs: every row as an anchor looks at its partners, nearest first, in order of time.

Both sides stand in order of (key, moment, amount, row). A *block* is the rows of one key and moment, a *run* those of
them with
one amount. What a search at a moment finds depends on rows up to that moment only.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

import numpy as np

from redflags.kernel._jit import jit
from redflags.operators.match_sides import UNTOLD

if TYPE_CHECKING:
    from redflags.kernel._arrays import Array, Number
    from redflags.operators.match_sides import Side, Terms

B_AFTER_A, A_AFTER_B, ANY = 0, 1, 2  # places in ORDERS
#: Instead of a place: the row has looked at as many partners as it may.
STOPPED = -2
#: The row has more partners than it keeps.
FULL = 2


@jit
def _fits(a: Side, b: Side, i: Number, j: Number, terms: Terms) -> Number:
    if terms.same and a.row[i] == b.row[j]:
        return False
    if a.at[i] == b.at[j] and terms.order != ANY and a.seq[i] != UNTOLD and b.seq[j] != UNTOLD:
        if terms.order == B_AFTER_A and b.seq[j] < a.seq[i]:
            return False
        if terms.order == A_AFTER_B and a.seq[i] < b.seq[j]:
            return False
    if terms.alike < 0:
        return True
    x, y = a.text[i], b.text[j]
    if terms.word[x] == terms.word[y]:
        return True  # 1 reaches any least similarity
    p, q = terms.starts[x], terms.starts[y]
    p_end, q_end = terms.starts[x + 1], terms.starts[y + 1]
    total, shared = (p_end - p) + (q_end - q), 0
    while p < p_end and q < q_end:
        if terms.grams[p] == terms.grams[q]:
            shared += 1
            p += 1
            q += 1
        elif terms.grams[p] < terms.grams[q]:
            p += 1
        else:
            q += 1
    return (2.0 * shared / total if total > 0 else 0.0) >= terms.alike


@jit
def _apart(least: Array, most: Array, i: Number, amount: Array, j: Number) -> Number:
    """Whether the amounts alone rule a pair out."""
    return amount[j] < least[i] or amount[j] > most[i]


@jit
def _up(after: Array, i: Number) -> Number:
    """The first free row from ``i`` on."""
    while after[i] != i:
        after[i] = after[after[i]]
        i = after[i]
    return i


@jit
def _down(before: Array, i: Number) -> Number:
    """The last free row up to ``i``; -1 for none. ``before`` is shifted by one."""
    i += 1
    while before[i] != i:
        before[i] = before[before[i]]
        i = before[i]
    return i - 1


@jit
def _begin(side: Side, head: Number, tail: Number, amount: Number) -> tuple[Number, Number, Number]:
    """Walk of a block outward from an amount: row and end of the run to the left, row to the right."""
    low, high = head, tail
    while low < high:
        middle = (low + high) // 2
        if side.amount[middle] < amount:
            low = middle + 1
        else:
            high = middle
    return (side.run[low - 1] if low > head else head), low, low


@jit
def _next(
    amounts: Array,
    rows: Array,
    runs: Array,
    head: Number,
    tail: Number,
    amount: Number,
    walk: tuple[Number, Number, Number],
    after: Array,
    before: Array,
) -> tuple[Number, Number, tuple[Number, Number, Number]]:
    """The next free row of the walk (-1 at its end), how far its amount is, and the walk beyond it.

    Rows come by distance of amount, then in row order.
    """
    left, end, right = walk
    right = _up(after, right)
    left = _up(after, left)
    while left >= end > head:
        found = _down(before, runs[end - 1] - 1)
        end = head if found < head else found + 1
        left = head if found < head else _up(after, runs[found])
    far_left = far_right = np.uint64(0)
    if right < tail:
        far_right = np.uint64(amounts[right]) - np.uint64(amount)
    if left < end:
        far_left = np.uint64(amount) - np.uint64(amounts[left])
    elif right >= tail:
        return -1, far_left, (left, end, right)
    if left >= end or (right < tail and (far_right < far_left or (far_right == far_left and rows[right] < rows[left]))):
        return right, far_right, (left, end, right + 1)
    return left, far_left, (left + 1, end, right)


@jit
def _free(size: Number) -> tuple[Array, Array]:
    return np.arange(size + 1), np.arange(size + 1)


@jit
def _candidate(
    anchors: Side, n: Number, partners: Side, head: Number, tail: Number, turned: Number, terms: Terms,
    walk: tuple[Number, Number, Number], after: Array, before: Array, looked: Array,
) -> tuple[Number, Number, tuple[Number, Number, Number]]:  # fmt: skip
    """The next row of a block that fits an anchor.

    Its place, -1 at the end, -2 where the anchor may look no further.
    """
    amounts, rows, runs, own = partners.amount, partners.row, partners.run, anchors.amount[n]
    a_side, b_side = (anchors, partners) if turned else (partners, anchors)
    least, most, other = a_side.least, a_side.most, b_side.amount
    while True:
        p, far, walk = _next(amounts, rows, runs, head, tail, own, walk, after, before)
        if p < 0:
            return -1, far, walk
        if looked[n] >= terms.scan:
            return STOPPED, far, walk
        looked[n] += 1
        i, j = (n, p) if turned else (p, n)
        if not _apart(least, most, i, other, j) and _fits(a_side, b_side, i, j, terms):
            return p, far, walk


@jit
def _assign(
    anchors: Side, begin: Number, stop: Number, partners: Side, first: Number, last: Number, turned: Number, terms: Terms,
    mates: Array, owners: Array, ways: tuple[Array, Array], looked: Array, cut: Array,
    walks: Array, held: Array, heap: list[tuple[Number, Number, Number, Number]],
) -> Number:  # fmt: skip
    """Give the anchors of one moment their partners in ``[first, last)``.

    Nearest moment first, then amounts, then row order.

    Returns:
        How many anchors had to stop looking.
    """
    after, before = ways
    open_ = 0
    for n in range(begin, stop):
        open_ += mates[n] < 0
    stopped = 0
    heads, tails = partners.head, partners.tail
    # A lone anchor steps over lone rows whose amount rules them out.
    lone = stop - begin == 1
    a_side, b_side = (anchors, partners) if turned else (partners, anchors)
    least, most, amount = a_side.least, a_side.most, b_side.amount
    p = _down(before, last - 1)
    while open_ > 0 and p >= first:
        head, tail = heads[p], tails[p]
        if lone and tail - head == 1 and looked[begin] < terms.scan:
            i, j = (begin, p) if turned else (p, begin)
            if _apart(least, most, i, amount, j):
                looked[begin] += 1
                p = _down(before, head - 1)
                continue
        for n in range(begin, stop):
            if mates[n] >= 0 or cut[n]:
                continue
            walk = _begin(partners, head, tail, anchors.amount[n])
            found, far, walk = _candidate(anchors, n, partners, head, tail, turned, terms, walk, after, before, looked)
            walks[n, 0], walks[n, 1], walks[n, 2] = walk
            held[n] = found
            if found >= 0:
                x, y = anchors.row[n], partners.row[found]
                heappush(heap, (far, x if turned else y, y if turned else x, n))
            elif found == STOPPED:
                cut[n] = True
                stopped += 1
                open_ -= 1
        while len(heap) > 0:
            n = heappop(heap)[3]
            found = held[n]
            if after[found] == found:
                mates[n], owners[found] = found, n
                after[found], before[found + 1] = found + 1, found
                open_ -= 1
                continue
            walk = (walks[n, 0], walks[n, 1], walks[n, 2])
            found, far, walk = _candidate(anchors, n, partners, head, tail, turned, terms, walk, after, before, looked)
            walks[n, 0], walks[n, 1], walks[n, 2] = walk
            held[n] = found
            if found >= 0:
                x, y = anchors.row[n], partners.row[found]
                heappush(heap, (far, x if turned else y, y if turned else x, n))
            elif found == STOPPED:
                cut[n] = True
                stopped += 1
                open_ -= 1
        p = _down(before, head - 1)
    return stopped


@jit
def nearest(a: Side, b: Side, terms: Terms) -> tuple[Array, Array, Number]:
    """Pairs one to one.

    Returns:
        For each ``a`` its partner or -1, whether a limit may have hidden one, and how many rows had to stop looking.
    """
    a_mate, b_mate = np.full(a.at.size, -1, np.int64), np.full(b.at.size, -1, np.int64)
    a_ways, b_ways = _free(a.at.size), _free(b.at.size)
    a_cut, b_cut = np.zeros(a.at.size, np.bool_), np.zeros(b.at.size, np.bool_)
    a_seen, b_seen = np.zeros(a.at.size, np.int64), np.zeros(b.at.size, np.int64)
    size = max(a.at.size, b.at.size)
    walks, held = np.empty((size, 3), np.int64), np.empty(size, np.int64)
    heap = [(np.uint64(0), 0, 0, 0)]
    heap.pop()
    unsure = np.zeros(a.at.size + 1, np.int64)
    bites = 0
    for key in range(a.starts.size - 1):
        i, i_end, j, j_end = a.starts[key], a.starts[key + 1], b.starts[key], b.starts[key + 1]
        a_low, b_low = i, j
        while i < i_end or j < j_end:
            now = min(a.at[i] if i < i_end else b.at[j], b.at[j] if j < j_end else a.at[i])
            i_next = a.tail[i] if i < i_end and a.at[i] == now else i
            j_next = b.tail[j] if j < j_end and b.at[j] == now else j
            while a_low < i_end and a.at[a_low] < now - terms.within:
                a_low += 1
            while b_low < j_end and b.at[b_low] < now - terms.within:
                b_low += 1
            if terms.order != A_AFTER_B and j_next > j:
                stopped = _assign(
                    b,
                    j,
                    j_next,
                    a,
                    a_low,
                    i_next,
                    False,
                    terms,
                    b_mate,
                    a_mate,
                    a_ways,
                    b_seen,
                    b_cut,
                    walks,
                    held,
                    heap,
                )
                for n in range(j, j_next):
                    # Rows that the search did not reach may have a partner.
                    if b_cut[n]:
                        unsure[a_low] += 1
                        unsure[i_next] -= 1
                        break
                bites += stopped
                for n in range(j, j_next):
                    if b_mate[n] >= 0:
                        b_ways[0][n], b_ways[1][n + 1] = n + 1, n
            if terms.order != B_AFTER_A and i_next > i:
                for n in range(i, i_next):
                    if a_mate[n] >= 0:
                        a_ways[0][n], a_ways[1][n + 1] = n + 1, n
                last = j_next if terms.order == A_AFTER_B else j
                bites += _assign(
                    a, i, i_next, b, b_low, last, True, terms, a_mate, b_mate, b_ways, a_seen, a_cut, walks, held, heap
                )
                for n in range(i, i_next):
                    if a_mate[n] >= 0:
                        a_ways[0][n], a_ways[1][n + 1] = n + 1, n
            i, j = i_next, j_next
    return a_mate, (np.cumsum(unsure)[: a.at.size] > 0) | a_cut, bites


@jit
def first(a: Side, b: Side, terms: Terms) -> tuple[Array, Array, Number]:
    """The first partner of each ``a`` in time; returns as ``nearest`` does."""
    mate, cut = np.full(a.at.size, -1, np.int64), np.zeros(a.at.size, np.bool_)
    after, before = _free(b.at.size)
    looked = np.zeros(a.at.size, np.int64)
    back = 0 if terms.order == B_AFTER_A else terms.within
    ahead = 0 if terms.order == A_AFTER_B else terms.within
    bites = 0
    at, amount, tails, least, most = b.at, b.amount, b.tail, a.least, a.most
    for key in range(a.starts.size - 1):
        low, end = b.starts[key], b.starts[key + 1]
        for i in range(a.starts[key], a.starts[key + 1]):
            now = a.at[i]
            while low < end and at[low] < now - back:
                low += 1
            j = low
            while j < end and at[j] <= now + ahead:
                if tails[j] - j == 1 and looked[i] < terms.scan and _apart(least, most, i, amount, j):
                    looked[i] += 1
                    j += 1
                    continue
                walk = _begin(b, j, b.tail[j], a.amount[i])
                found, _, _ = _candidate(a, i, b, j, b.tail[j], True, terms, walk, after, before, looked)
                if found != -1:
                    mate[i] = max(found, -1)
                    cut[i] = found == STOPPED
                    bites += found == STOPPED
                    break
                j = b.tail[j]
    return mate, cut, bites


@jit
def _gather(
    anchors: Side, n: Number, partners: Side, first: Number, last: Number, turned: Number, terms: Terms,
    ways: tuple[Array, Array], looked: Array, found: Array,
) -> tuple[Number, Number]:  # fmt: skip
    """Partners of one anchor, nearest first, into ``found``.

    Whether it had to stop looking (1) or has more than it keeps (``FULL``).
    """
    count = 0
    tail = last
    heads = partners.head
    a_side, b_side = (anchors, partners) if turned else (partners, anchors)
    least, most, amount = a_side.least, a_side.most, b_side.amount
    while tail > first:
        head = heads[tail - 1]
        if tail - head == 1 and looked[n] < terms.scan:
            i, j = (n, head) if turned else (head, n)
            if _apart(least, most, i, amount, j):
                looked[n] += 1
                tail = head
                continue
        walk = _begin(partners, head, tail, anchors.amount[n])
        while True:
            p, _, walk = _candidate(anchors, n, partners, head, tail, turned, terms, walk, ways[0], ways[1], looked)
            if p == -1:
                break
            if p == STOPPED or count == terms.cap:
                return count, 1 if p == STOPPED else FULL
            found[count] = p
            count += 1
        tail = head
    return count, 0


@jit
def every(a: Side, b: Side, terms: Terms) -> tuple[Array, Array, Array, Number, Number]:
    """All pairs, each made by the later row.

    Returns:
        Pairs of places; for each ``a`` whether it has a partner, and whether a limit may have hidden one; how many
        rows had to
        stop looking, and how many have more partners than they keep.
    """
    a_ways, b_ways = _free(a.at.size), _free(b.at.size)
    a_seen, b_seen = np.zeros(a.at.size, np.int64), np.zeros(b.at.size, np.int64)
    paired, unsure = np.zeros(a.at.size, np.bool_), np.zeros(a.at.size + 1, np.int64)
    own = np.zeros(a.at.size, np.bool_)
    found = np.empty(min(terms.cap, max(a.at.size, b.at.size)) + 1, np.int64)
    pairs = np.empty((1024, 2), np.int64)
    size = stops = overs = 0
    for key in range(a.starts.size - 1):
        i, i_end, j, j_end = a.starts[key], a.starts[key + 1], b.starts[key], b.starts[key + 1]
        a_low, b_low, a_high, b_high = i, j, i, j
        for turned in (False, True):
            if (turned and terms.order == B_AFTER_A) or (not turned and terms.order == A_AFTER_B):
                continue
            for n in range(i if turned else j, i_end if turned else j_end):
                now = a.at[n] if turned else b.at[n]
                if turned:
                    while b_low < j_end and b.at[b_low] < now - terms.within:
                        b_low += 1
                    while b_high < j_end and (b.at[b_high] < now or (b.at[b_high] == now and terms.order == A_AFTER_B)):
                        b_high += 1
                    count, why = _gather(a, n, b, b_low, b_high, True, terms, b_ways, a_seen, found)
                else:
                    while a_low < i_end and a.at[a_low] < now - terms.within:
                        a_low += 1
                    while a_high < i_end and a.at[a_high] <= now:
                        a_high += 1
                    count, why = _gather(b, n, a, a_low, a_high, False, terms, a_ways, b_seen, found)
                stops += why == 1
                overs += why == FULL
                if why > 0 and turned:
                    own[n] = True
                elif why > 0:
                    unsure[a_low] += 1
                    unsure[a_high] -= 1
                while size + count > pairs.shape[0]:
                    more = np.empty((pairs.shape[0] * 2, 2), np.int64)
                    more[:size] = pairs[:size]
                    pairs = more
                for k in range(count):
                    x, y = (n, found[k]) if turned else (found[k], n)
                    pairs[size, 0], pairs[size, 1] = x, y
                    paired[x] = True
                    size += 1
    return pairs[:size].copy(), paired, (np.cumsum(unsure)[: a.at.size] > 0) | own, stops, overs


__all__ = ["every", "first", "nearest"]
