from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redflags import kernel

from . import naive

EDGE = 2**63 - 1
moments = st.sampled_from([0, 1, 2, 3, 4, 5, 6])
far = st.sampled_from([-EDGE, -EDGE + 1, -3, 0, 3, EDGE - 1, EDGE])
offsets = st.sampled_from([0, 1, -1, 2, -3, -7])
far_offsets = st.sampled_from([0, -1, 1, EDGE, -EDGE, -EDGE - 1, -(2**70), EDGE - 3, -EDGE + 3])


def sides(at):
    return st.lists(st.tuples(st.integers(0, 2), at), max_size=14).map(sorted)


def bounds(source, judged, left, right, right_open, unbounded):
    lo, hi = kernel.window_bounds(
        np.array([k for k, _ in source], np.int32),
        np.array([t for _, t in source], np.int64),
        np.array([k for k, _ in judged], np.int32),
        np.array([t for _, t in judged], np.int64),
        left,
        right,
        right_open=right_open,
        left_unbounded=unbounded,
    )
    return lo.tolist(), hi.tolist()


def check_bounds(source, judged, left, right, right_open, unbounded):
    lo, hi = bounds(source, judged, left, right, right_open, unbounded)
    assert lo == sorted(lo)
    assert hi == sorted(hi)
    for (key, t), a, b in zip(judged, lo, hi, strict=True):
        expected = [
            i
            for i, (k, at) in enumerate(source)
            if k == key and naive.in_window(t, at, left, right, right_open, unbounded)
        ]
        assert list(range(a, b)) == expected
        if not any(k == key for k, _ in source):
            assert a == b == sum(1 for k, _ in source if k < key)


@given(sides(moments), sides(moments), offsets, st.integers(0, 8), st.booleans(), st.booleans())
def test_windows_hold_the_rows_of_their_key_and_span(source, judged, right, within, right_open, unbounded):
    check_bounds(source, judged, right - within, right, right_open, unbounded)


@given(sides(far), sides(far), far_offsets, far_offsets, st.booleans(), st.booleans())
def test_windows_hold_at_the_ends_of_time(source, judged, left, right, right_open, unbounded):
    if abs(right) > EDGE or left >= EDGE:
        right, left = 0, -1
    check_bounds(source, judged, left, right, right_open, unbounded)


def test_offsets_that_cannot_be_meant_are_refused():
    with pytest.raises(ValueError, match="64 bits"):
        bounds([(0, 0)], [(0, 0)], 0, 2**64, right_open=False, unbounded=False)


@given(st.lists(st.integers(-1, 3), max_size=20))
def test_counting_sort(codes):
    order, starts = kernel.order_by_codes(np.array(codes, np.int32), 4)
    assert order.dtype == np.int32
    assert starts.dtype == np.int64
    assert (order.tolist(), starts.tolist()) == naive.order_by_codes(codes, 4)


@given(st.lists(st.tuples(st.integers(-1, 2), st.integers(-1, 3)), max_size=20))
def test_pairs_of_codes(pairs):
    a, b = [x for x, _ in pairs], [y for _, y in pairs]
    codes, n = kernel.refine_codes(np.array(a, np.int32), 3, np.array(b, np.int32), 4)
    assert codes.dtype == np.int32
    assert (codes.tolist(), n) == naive.refine_codes(a, b)


@given(sides(moments), sides(moments), st.integers(0, 4))
def test_what_follows_from_bounds_alone(source, judged, cap):
    lo, hi = map(np.array, bounds(source, judged, -3, 0, right_open=False, unbounded=False))
    lo, hi = lo.astype(np.int64), hi.astype(np.int64)
    windows = list(zip(lo.tolist(), hi.tolist(), strict=True))
    assert kernel.count(lo, hi).tolist() == [b - a for a, b in windows]
    assert kernel.firsts(lo, hi).tolist() == [a if b > a else -1 for a, b in windows]
    assert kernel.lasts(lo, hi).tolist() == [b - 1 if b > a else -1 for a, b in windows]
    at, t = np.array([x for _, x in source], np.int64), np.array([x for _, x in judged], np.int64)
    ages, empty = kernel.since(at, lo, hi, t)
    assert empty.tolist() == [a == b for a, b in windows]
    assert ages.tolist() == [0 if a == b else judged[j][1] - source[b - 1][1] for j, (a, b) in enumerate(windows)]
    starts, rows = kernel.gather_tail(lo, hi, cap)
    expected = [list(range(a, b))[-cap:] if cap else [] for a, b in windows]
    assert [rows[starts[j] : starts[j + 1]].tolist() for j in range(len(windows))] == expected


def test_a_negative_cap_is_refused():
    with pytest.raises(ValueError, match="cap"):
        kernel.gather_tail(np.zeros(1, np.int64), np.zeros(1, np.int64), -1)
