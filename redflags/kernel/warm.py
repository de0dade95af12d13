"""Compile the kernel ahead of a run, so that the wait can be shown as a step of its own."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from redflags.kernel import bounds, latest, numbers, occurrences, orders, peaks, ranks, shares, squares, top, totals
from redflags.kernel._jit import cache_use


@dataclass(frozen=True)
class Warmth:
    """What `warm` did.

    Attributes:
        seconds: how long it took.
        from_cache: functions whose machine code this process read from a cache, now or before.
        compiled: functions that it had to compile.
    """

    seconds: float
    from_cache: int
    compiled: int

    @property
    def cached(self) -> bool:
        """Whether a cache spared all compiling."""
        return self.compiled == 0

    def __str__(self) -> str:
        """Say it in a sentence."""
        if self.cached:
            return f"kernel ready in {self.seconds:.1f} s, read from the cache"
        made = f"{self.compiled} functions compiled, {self.from_cache} cached"
        return f"kernel ready in {self.seconds:.1f} s, {made}"


def warm() -> Warmth:
    """Run every compiled function once on a tiny list.

    Example:
        >>> warmth = warm()
        >>> warmth.compiled + warmth.from_cache > 0
        True
    """
    began = time.perf_counter()
    codes = np.array([0, 1, 0], np.int32)
    at = np.array([1, 2, 3], np.int64)
    orders.order_by_codes(codes, 2)
    orders.refine_codes(codes, 2, codes, 2)
    key = np.zeros(3, np.int32)
    lo, hi = bounds.window_bounds(key, at, key, at, -2, 0)
    nulls = np.zeros(3, np.uint8)
    numbers.number_codes(at, nulls)
    totals.sums(at, nulls, lo, hi)
    totals.null_counts(nulls, lo, hi)
    peaks.extremes(at, nulls, lo, hi, want_max=True)
    occurrences.distinct(codes, 2, lo, hi)
    squares.std(at, nulls, lo, hi)
    squares.hhi(at, nulls, codes, 2, lo, hi)
    ranks.median(at, nulls, lo, hi)
    top.top_sum(at, nulls, codes, 2, lo, hi, 1)
    shares.entropy(codes, 2, lo, hi)
    shares.divergence(codes, 2, lo, hi, lo, hi)
    latest.latest_sums(at, nulls, codes, 2, lo, hi)
    latest.latest_extremes(at, nulls, codes, 2, lo, hi, want_max=True)
    latest.latest_rows(codes, 2, lo, hi)
    from_cache, compiled, _ = cache_use()
    return Warmth(time.perf_counter() - began, from_cache, compiled)
