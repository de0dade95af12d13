"""The kernel once more: slow, obvious, one window at a time, in plain Python numbers."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from fractions import Fraction


def window(rows, nulls, a, b):
    return [rows[i] for i in range(a, b) if not nulls[i]]


def fits(x):
    return -(2**63) <= x < 2**63


def order_by_codes(codes, n):
    order = sorted((i for i, c in enumerate(codes) if c >= 0), key=lambda i: codes[i])
    return order, [sum(1 for c in codes if 0 <= c < k) for k in range(n + 1)]


def refine_codes(a, b):
    pairs = sorted({(x, y) for x, y in zip(a, b, strict=True) if x >= 0 and y >= 0})
    return [pairs.index(p) if p in pairs else -1 for p in zip(a, b, strict=True)], len(pairs)


def in_window(t, at, left, right, right_open, unbounded):
    return (unbounded or at > t + left) and (at < t + right if right_open else at <= t + right)


def sums(values, nulls, a, b):
    total = sum(window(values, nulls, a, b))
    return total, sum(nulls[a:b]), not fits(total)


def extremes(values, nulls, a, b, want_max):
    found = window(values, nulls, a, b)
    return ((max if want_max else min)(found) if found else 0), len(found)


def distinct(codes, a, b):
    return len({c for c in codes[a:b] if c >= 0})


def std(values, nulls, a, b):
    """The exact variance as a fraction, None below two values."""
    x = window(values, nulls, a, b)
    n = len(x)
    return (Fraction(n * sum(v * v for v in x) - sum(x) ** 2, n * (n - 1)) if n >= 2 else None), n


def std_as_float(values, nulls, a, b):
    """The one float expression the kernel promises, from the exact integer."""
    x = window(values, nulls, a, b)
    n = len(x)
    if n < 2:
        return 0.0
    top = n * sum(v * v for v in x) - sum(x) ** 2
    words = [float((top >> shift) % 2**64) for shift in (128, 64, 0)]
    whole = (words[0] * 2.0**64 + words[1]) * 2.0**64 + words[2]
    return math.sqrt(whole / (float(n) * float(n - 1)))


def grouped(values, nulls, codes, a, b):
    groups: dict[int, int] = defaultdict(int)
    left_out = large = 0
    for i in range(a, b):
        if nulls[i] or codes[i] < 0:
            left_out += 1
        else:
            groups[codes[i]] += values[i]
            large += abs(values[i])
    return dict(groups), left_out, large >= 2**63


def hhi(values, nulls, codes, a, b):
    groups, left_out, overflow = grouped(values, nulls, codes, a, b)
    total = sum(groups.values())
    if overflow:
        return None, 0, left_out, True
    if total == 0:
        return None, 0, left_out, False
    return Fraction(sum(s * s for s in groups.values()), total * total), total, left_out, False


def top_sum(values, nulls, codes, a, b, k):
    groups, left_out, overflow = grouped(values, nulls, codes, a, b)
    return (0 if overflow else sum(sorted(groups.values(), reverse=True)[:k])), left_out, overflow


def entropy(codes, a, b):
    counts = Counter(c for c in codes[a:b] if c >= 0)
    n = sum(counts.values())
    return math.fsum(-c / n * math.log2(c / n) for c in counts.values()), n


def divergence(codes, a1, b1, a2, b2):
    p, q = (Counter(c for c in codes[a:b] if c >= 0) for a, b in ((a1, b1), (a2, b2)))
    n, m = sum(p.values()), sum(q.values())
    if not n or not m:
        return 0.0, n, m
    parts = []
    for g in p.keys() | q.keys():
        x, y = p[g] / n, q[g] / m
        parts += [z / 2 * math.log2(2 * z / (x + y)) for z in (x, y) if z]
    return math.fsum(parts), n, m


def middle(found):
    found = sorted(found)
    return (found[(len(found) - 1) // 2], found[len(found) // 2]) if found else (0, 0)


def median(values, nulls, a, b):
    found = window(values, nulls, a, b)
    return *middle(found), len(found)


def quantile(values, nulls, a, b, share):
    found = sorted(window(values, nulls, a, b))
    for x in found:
        if Fraction(sum(1 for y in found if y <= x), len(found)) >= share:
            return x, len(found)
    return 0, 0


def mad(values, nulls, a, b):
    found = window(values, nulls, a, b)
    if not found:
        return 0, 0, 0, False
    if max(found) - min(found) >= 2**62:
        return 0, 0, len(found), True
    low, high = middle(found)
    return *middle([abs(2 * x - low - high) for x in found]), len(found), False


def rank(values, nulls, a, b, own):
    found = window(values, nulls, a, b)
    return sum(1 for x in found if x < own), len(found)


def latest_rows(subs, a, b):
    return sorted({c: i for i, c in enumerate(subs) if a <= i < b and c >= 0}.values())


def latest_sums(values, nulls, subs, a, b):
    rows = latest_rows(subs, a, b)
    total = sum(values[i] for i in rows if not nulls[i])
    return total, len(rows), sum(nulls[i] for i in rows), not fits(total)


def latest_extremes(values, nulls, subs, a, b, want_max):
    rows = latest_rows(subs, a, b)
    found = [values[i] for i in rows if not nulls[i]]
    return ((max if want_max else min)(found) if found else 0), len(found), len(rows)
