"""Every aggregate against the naive form, window by window."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from redflags import kernel
from redflags.kernel import squares

from . import naive
from .lists import GROUPS, cases


def columns(*results):
    return list(zip(*(r.tolist() for r in results), strict=True))


def close(found, exact):
    return abs(Fraction(found) - exact) <= abs(exact) * Fraction(1, 10**14)


@given(cases())
def test_sums(case):
    values, nulls, _, lo, hi = case.arrays
    for j, row in enumerate(columns(*kernel.sums(values, nulls, lo, hi))):
        total, missing, overflow = naive.sums(case.values, case.nulls, case.lo[j], case.hi[j])
        assert row[1:] == (missing, overflow)
        assert overflow or row[0] == total


@given(cases())
def test_null_counts(case):
    _, nulls, _, lo, hi = case.arrays
    assert kernel.null_counts(nulls, lo, hi).tolist() == [sum(case.nulls[a:b]) for a, b in case.windows]


@given(cases(), st.booleans())
def test_extremes(case, want_max):
    values, nulls, _, lo, hi = case.arrays
    expected = [naive.extremes(case.values, case.nulls, a, b, want_max) for a, b in case.windows]
    assert columns(*kernel.extremes(values, nulls, lo, hi, want_max=want_max)) == expected


@given(cases())
def test_distinct(case):
    _, _, codes, lo, hi = case.arrays
    expected = [naive.distinct(case.codes, a, b) for a, b in case.windows]
    assert kernel.distinct(codes, GROUPS, lo, hi).tolist() == expected
    assert kernel.distinct(codes, GROUPS, lo, hi, kernel.links(codes, GROUPS)).tolist() == expected


@given(cases())
def test_std(case):
    values, nulls, _, lo, hi = case.arrays
    for j, (s, n) in enumerate(columns(*kernel.std(values, nulls, lo, hi))):
        window = (case.values, case.nulls, case.lo[j], case.hi[j])
        variance, count = naive.std(*window)
        assert n == count
        assert s == naive.std_as_float(*window)
        assert variance is None or close(Fraction(s) ** 2, variance)


def word(x, place):
    return np.uint64((x >> (64 * place)) % 2**64)


EDGES = [0, 1, 2, 3, 2**31, 2**32 - 1, 2**32, 2**62, 2**63 - 1, 2**63, 2**64 - 2, 2**64 - 1]
edges = st.sampled_from(EDGES)


@given(edges, edges)
def test_a_product_of_words(x, y):
    low, high = squares._product(np.uint64(x), np.uint64(y))
    assert int(low) + (int(high) << 64) == x * y


@given(st.integers(2, 2**31 - 1), edges, edges, st.integers(0, 2**29), edges, st.integers(-(2**30), 2**30))
@example(n=3, q0=2**64 - 1, q1=(2**64 - 1) // 3, q2=0, s0=0, s1=0)
@example(n=2, q0=0, q1=0, q2=1, s0=1, s1=0)
@example(n=2, q0=0, q1=0, q2=5, s0=0, s1=-2)
def test_spread_carries_between_words(n, q0, q1, q2, s0, s1):
    q, s = q0 + (q1 << 64) + (q2 << 128), s0 + (s1 << 64)
    parts = squares._spread(n, *(word(s, i) for i in range(2)), *(word(q, i) for i in range(3)))
    found = sum(int(part) << (64 * i) for i, part in enumerate(parts))
    assert found == (n * q - s * s) % 2**192


@given(cases())
def test_hhi(case):
    values, nulls, codes, lo, hi = case.arrays
    results = columns(*kernel.hhi(values, nulls, codes, GROUPS, lo, hi))
    for (a, b), (index, *rest) in zip(case.windows, results, strict=True):
        exact, *expected = naive.hhi(case.values, case.nulls, case.codes, a, b)
        assert rest == expected
        assert index == 0.0 if exact is None else close(index, exact)


@given(cases(), st.sampled_from([1, 1, 2, 2, 3, 6]))
def test_top_sum(case, k):
    values, nulls, codes, lo, hi = case.arrays
    expected = [naive.top_sum(case.values, case.nulls, case.codes, a, b, k) for a, b in case.windows]
    assert columns(*kernel.top_sum(values, nulls, codes, GROUPS, lo, hi, k)) == expected


@given(cases())
def test_entropy(case):
    _, _, codes, lo, hi = case.arrays
    for (a, b), (h, n) in zip(case.windows, columns(*kernel.entropy(codes, GROUPS, lo, hi)), strict=True):
        exact, count = naive.entropy(case.codes, a, b)
        assert n == count
        assert h == pytest.approx(exact, abs=1e-12)
        assert (h == 0.0) == (naive.distinct(case.codes, a, b) <= 1)


@given(cases(), st.data())
def test_divergence(case, data):
    _, _, codes, lo, hi = case.arrays
    moved = data.draw(st.permutations([*range(GROUPS)]))
    # The other windows: the same list, one window behind, so that they overlap, part, and coincide.
    behind = data.draw(st.sampled_from([0, 1, len(case.lo) - 1]))
    other = [0] * min(behind, len(case.lo)) + case.lo[: len(case.lo) - behind]
    other_end = [0] * min(behind, len(case.hi)) + case.hi[: len(case.hi) - behind]
    results = kernel.divergence(codes, GROUPS, lo, hi, np.array(other), np.array(other_end))
    for j, row in enumerate(columns(*results)):
        spans = (case.lo[j], case.hi[j], other[j], other_end[j])
        exact, *counts = naive.divergence(case.codes, *spans)
        assert list(row[1:]) == counts
        assert row[0] == pytest.approx(exact, abs=1e-12)
        if spans[:2] == spans[2:]:
            assert row[0] == 0.0
    renumbered = case.renumbered(moved).arrays[2]
    again = kernel.divergence(renumbered, GROUPS, lo, hi, np.array(other), np.array(other_end))
    assert all(x.tobytes() == y.tobytes() for x, y in zip(results, again, strict=True))


@given(cases())
def test_median(case):
    values, nulls, _, lo, hi = case.arrays
    expected = [naive.median(case.values, case.nulls, a, b) for a, b in case.windows]
    assert columns(*kernel.median(values, nulls, lo, hi)) == expected


@given(cases(), st.integers(0, 8), st.integers(1, 8))
def test_quantile(case, p, q):
    values, nulls, _, lo, hi = case.arrays
    p = min(p, q)
    expected = [naive.quantile(case.values, case.nulls, a, b, Fraction(p, q)) for a, b in case.windows]
    assert columns(*kernel.quantile(values, nulls, lo, hi, p, q)) == expected


@given(cases())
def test_mad(case):
    values, nulls, _, lo, hi = case.arrays
    expected = [naive.mad(case.values, case.nulls, a, b) for a, b in case.windows]
    assert columns(*kernel.mad(values, nulls, lo, hi)) == expected


@given(cases(), st.data())
def test_rank(case, data):
    values, nulls, _, lo, hi = case.arrays
    pool = [0, 1, 2, -5, 2**62, *case.values]
    own = data.draw(st.lists(st.sampled_from(pool), min_size=len(case.lo), max_size=len(case.lo)))
    expected = [naive.rank(case.values, case.nulls, a, b, own[j]) for j, (a, b) in enumerate(case.windows)]
    assert columns(*kernel.rank(values, nulls, lo, hi, np.array(own, np.int64))) == expected


@given(cases())
def test_latest_sums(case):
    values, nulls, codes, lo, hi = case.arrays
    results = columns(*kernel.latest_sums(values, nulls, codes, GROUPS, lo, hi))
    for (a, b), row in zip(case.windows, results, strict=True):
        total, *rest = naive.latest_sums(case.values, case.nulls, case.codes, a, b)
        assert list(row[1:]) == rest
        assert row[3] or row[0] == total


@given(cases(), st.booleans())
def test_latest_extremes(case, want_max):
    values, nulls, codes, lo, hi = case.arrays
    expected = [naive.latest_extremes(case.values, case.nulls, case.codes, a, b, want_max) for a, b in case.windows]
    assert columns(*kernel.latest_extremes(values, nulls, codes, GROUPS, lo, hi, want_max=want_max)) == expected


@given(cases())
def test_latest_rows_make_any_aggregate_a_latest_per(case):
    values, nulls, codes, lo, hi = case.arrays
    starts, rows = kernel.latest_rows(codes, GROUPS, lo, hi)
    found = [rows[starts[j] : starts[j + 1]].tolist() for j in range(len(case.lo))]
    assert found == [naive.latest_rows(case.codes, a, b) for a, b in case.windows]
    flags = nulls[rows] if nulls.size else nulls
    total, missing, overflow = kernel.sums(values[rows], flags, starts[:-1], starts[1:])
    expected = kernel.latest_sums(values, nulls, codes, GROUPS, lo, hi)
    assert [x.tolist() for x in (total, missing, overflow)] == [expected[i].tolist() for i in (0, 2, 3)]


@pytest.mark.parametrize("seed", range(30))
def test_state_is_dropped_between_windows_that_part(seed):
    """Runs of overlapping windows with gaps between them, the same few groups on both sides."""
    rng = np.random.default_rng(seed)
    size = 60
    values, codes = rng.integers(-9, 30, size), rng.integers(-1, GROUPS, size).astype(np.int32)
    nulls = (rng.random(size) < 0.1).astype(np.uint8)
    hi = np.minimum(np.cumsum(rng.choice([0, 1, 2, 9], 30)), size)
    lo = np.maximum.accumulate(np.maximum(hi - rng.integers(0, 8, 30), 0))
    v, m, c = values.tolist(), nulls.tolist(), codes.tolist()
    windows = list(zip(lo.tolist(), hi.tolist(), strict=True))
    grouped = (values, nulls, codes, GROUPS, lo, hi)
    for k in (1, 2):
        assert columns(*kernel.top_sum(*grouped, k)) == [naive.top_sum(v, m, c, a, b, k) for a, b in windows]
    for want_max in (True, False):
        assert columns(*kernel.latest_extremes(*grouped, want_max=want_max)) == [
            naive.latest_extremes(v, m, c, a, b, want_max) for a, b in windows
        ]
    assert columns(*kernel.latest_sums(*grouped)) == [naive.latest_sums(v, m, c, a, b) for a, b in windows]
    assert columns(*kernel.hhi(*grouped)[1:]) == [naive.hhi(v, m, c, a, b)[1:] for a, b in windows]
    assert columns(*kernel.mad(values, nulls, lo, hi)) == [naive.mad(v, m, a, b) for a, b in windows]
    assert kernel.distinct(codes, GROUPS, lo, hi).tolist() == [naive.distinct(c, a, b) for a, b in windows]
    mid = (lo + hi) // 2
    found = kernel.divergence(codes, GROUPS, lo, mid, mid, hi)[0].tolist()
    expected = [naive.divergence(c, a, (a + b) // 2, (a + b) // 2, b)[0] for a, b in windows]
    assert found == pytest.approx(expected, abs=1e-12)


def test_a_long_window_of_many_groups():
    rng = np.random.default_rng(7)
    size, groups = 3000, 700
    values, codes = rng.integers(-50, 10**12, size), rng.integers(-1, groups, size).astype(np.int32)
    nulls = (rng.random(size) < 0.05).astype(np.uint8)
    hi = np.sort(rng.integers(0, size, 60))
    lo = np.maximum(hi - 900, 0)
    v, m, c = values.tolist(), nulls.tolist(), codes.tolist()
    windows = list(zip(lo.tolist(), hi.tolist(), strict=True))
    assert columns(*kernel.top_sum(values, nulls, codes, groups, lo, hi, 5)) == [
        naive.top_sum(v, m, c, a, b, 5) for a, b in windows
    ]
    # With losses only, a place in the tree that no group has must not pass for a group of zero.
    losses = [-x - 100 for x in v]
    assert columns(*kernel.top_sum(-values - 100, nulls, codes, groups, lo, hi, 5)) == [
        naive.top_sum(losses, m, c, a, b, 5) for a, b in windows
    ]
    assert columns(*kernel.mad(values, nulls, lo, hi)) == [naive.mad(v, m, a, b) for a, b in windows]
    assert kernel.std(values, nulls, lo, hi)[0].tolist() == [naive.std_as_float(v, m, a, b) for a, b in windows]
    assert columns(*kernel.latest_extremes(values, nulls, codes, groups, lo, hi, want_max=False)) == [
        naive.latest_extremes(v, m, c, a, b, want_max=False) for a, b in windows
    ]
    assert kernel.entropy(codes, groups, lo, hi)[0].tolist() == pytest.approx(
        [naive.entropy(c, a, b)[0] for a, b in windows], abs=1e-12
    )
    for (a, b), h in zip(windows, kernel.hhi(values, nulls, codes, groups, lo, hi)[0].tolist(), strict=True):
        exact = naive.hhi(v, m, c, a, b)[0]
        assert h == 0.0 if exact is None else math.isclose(h, exact, rel_tol=1e-14)
