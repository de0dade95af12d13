"""What a window does not hold cannot change a bit of its result: so batches come to what one run does."""

from __future__ import annotations

import numpy as np
from hypothesis import find, given
from hypothesis import strategies as st

from redflags import kernel

from .lists import GROUPS, cases


def everything(case):
    """Every aggregate over one case: name -> one array of bytes per judged row."""
    values, nulls, codes, lo, hi = case.arrays
    own, mid = np.full(lo.size, 2, np.int64), (lo + hi) // 2
    results = {
        "sums": kernel.sums(values, nulls, lo, hi),
        "null_counts": kernel.null_counts(np.array(case.nulls, np.uint8), lo, hi),
        "max": kernel.extremes(values, nulls, lo, hi, want_max=True),
        "min": kernel.extremes(values, nulls, lo, hi, want_max=False),
        "distinct": kernel.distinct(codes, GROUPS, lo, hi),
        "std": kernel.std(values, nulls, lo, hi),
        "median": kernel.median(values, nulls, lo, hi),
        "quantile": kernel.quantile(values, nulls, lo, hi, 9, 10),
        "mad": kernel.mad(values, nulls, lo, hi),
        "rank": kernel.rank(values, nulls, lo, hi, own),
        "top_sum": kernel.top_sum(values, nulls, codes, GROUPS, lo, hi, 2),
        "hhi": kernel.hhi(values, nulls, codes, GROUPS, lo, hi),
        "entropy": kernel.entropy(codes, GROUPS, lo, hi),
        "divergence": kernel.divergence(codes, GROUPS, lo, mid, mid, hi),
        "latest_sums": kernel.latest_sums(values, nulls, codes, GROUPS, lo, hi),
        "latest_max": kernel.latest_extremes(values, nulls, codes, GROUPS, lo, hi, want_max=True),
    }
    return {k: v if isinstance(v, tuple) else (v,) for k, v in results.items()}


def assert_same_bits(found, expected, skip=0):
    for name, arrays in expected.items():
        for x, y in zip(found[name], arrays, strict=True):
            assert x[skip:].tobytes() == y.tobytes(), name


@given(cases(max_rows=10), cases(max_rows=10))
def test_earlier_rows_and_windows_change_no_bit(case, earlier):
    assert_same_bits(everything(case.after(earlier)), everything(case), skip=len(earlier.lo))


@given(cases(max_rows=10), cases(max_rows=10))
def test_a_window_sliding_in_from_history_changes_no_bit(case, earlier):
    whole = case.after(earlier)
    shift = len(earlier.values)
    # Judged rows of the past now reach up to where the present begins, so that state is carried over.
    lo = [0, *[min(x, shift) for x in earlier.lo], *whole.lo[len(earlier.lo) :]]
    hi = [0, *[shift] * len(earlier.hi), *whole.hi[len(earlier.hi) :]]
    if shift:
        lo[0], hi[0] = 0, shift
    carried = type(whole)(whole.values, whole.nulls, whole.codes, sorted(lo), sorted(hi))
    assert_same_bits(everything(carried), everything(case), skip=len(earlier.lo) + 1)


@given(cases(), st.data())
def test_one_window_alone_gives_the_same_bits(case, data):
    j = data.draw(st.integers(0, len(case.lo) - 1))
    a, b = case.lo[j], case.hi[j]
    alone = type(case)(case.values[a:b], case.nulls[a:b], case.codes[a:b], [0], [b - a])
    whole = {name: tuple(x[j : j + 1] for x in arrays) for name, arrays in everything(case).items()}
    assert_same_bits(everything(alone), whole)


@given(cases(), st.permutations([*range(GROUPS)]))
def test_the_numbering_of_codes_changes_no_bit(case, names):
    assert_same_bits(everything(case.renumbered(names)), everything(case))


@given(cases())
def test_sparse_codes_change_no_bit(case):
    values, nulls, codes, lo, hi = case.arrays
    spread = np.where(codes >= 0, codes * 37 + 5, -1).astype(np.int32)
    n = GROUPS * 37 + 5
    for x, y in (
        (kernel.entropy(codes, GROUPS, lo, hi), kernel.entropy(spread, n, lo, hi)),
        (kernel.hhi(values, nulls, codes, GROUPS, lo, hi), kernel.hhi(values, nulls, spread, n, lo, hi)),
        (
            kernel.top_sum(values, nulls, codes, GROUPS, lo, hi, 2),
            kernel.top_sum(values, nulls, spread, n, lo, hi, 2),
        ),
    ):
        assert all(a.tobytes() == b.tobytes() for a, b in zip(x, y, strict=True))


def float_std(case):
    """The textbook way that the kernel avoids: a float mean and spread, added to and taken from."""
    out, first, last, n, mean, spread = [], 0, 0, 0, 0.0, 0.0
    for a, b in case.windows:
        for i in range(last, b):
            n, step = n + 1, case.values[i] - mean
            mean += step / n
            spread += step * (case.values[i] - mean)
        for i in range(first, a):
            step = case.values[i] - mean
            n -= 1
            mean = mean - step / n if n else 0.0
            spread = spread - step * (case.values[i] - mean) if n else 0.0
        first, last = a, max(last, b)
        out.append(spread)
    return out


def test_the_property_catches_state_in_floats():
    def differs(pair):
        earlier, case = pair
        return float_std(case.after(earlier))[len(earlier.lo) :] != float_std(case)

    find(st.tuples(cases(max_rows=10), cases(max_rows=10)), differs)
