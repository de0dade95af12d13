"""Dense invented source lists: few codes, few moments, many ties, values up to the edge of 64 bits."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from hypothesis import strategies as st

GROUPS = 4
SMALL = [0, 0, 1, 1, 2, 3, 7, -1, -5]
HUGE = [2**62, 2**62 - 1, -(2**62), 2**63 - 1, -(2**63), 2**61, 3 * 2**60 + 1, 10**15]


@dataclass(frozen=True)
class Case:
    """One list with windows; every column in a plain list."""

    values: list[int]
    nulls: list[int]
    codes: list[int]
    lo: list[int]
    hi: list[int]

    @property
    def windows(self):
        return list(zip(self.lo, self.hi, strict=True))

    @property
    def arrays(self):
        """values, nulls, codes, lo, hi; without nulls the flags are an empty array, as the engine has it."""
        nulls = np.array(self.nulls if any(self.nulls) else [], np.uint8)
        return (
            np.array(self.values, np.int64),
            nulls,
            np.array(self.codes, np.int32),
            np.array(self.lo, np.int64),
            np.array(self.hi, np.int64),
        )

    def after(self, earlier):
        """The same rows and windows, behind another list's rows and windows."""
        shift = len(earlier.values)
        return Case(
            earlier.values + self.values,
            earlier.nulls + self.nulls,
            earlier.codes + self.codes,
            earlier.lo + [x + shift for x in self.lo],
            earlier.hi + [x + shift for x in self.hi],
        )

    def renumbered(self, names):
        return Case(self.values, self.nulls, [names[c] if c >= 0 else c for c in self.codes], self.lo, self.hi)


@st.composite
def monotone_windows(draw, size, count):
    """Windows whose bounds never decrease: mostly overlapping, some equal, empty, or apart."""

    def numbers(items):
        return draw(st.lists(st.sampled_from(items), min_size=count, max_size=count))

    hi = [min(b, size) for b in accumulate(numbers([0, 1, 1, 2, 3, 5]))]
    widths = numbers(draw(st.sampled_from([[3, 4, 5, 8], [0, 1, 2, 3, size], [2]])))
    lo = list(accumulate((max(b - width, 0) for b, width in zip(hi, widths, strict=True)), max))
    return lo, hi


@st.composite
def cases(draw, max_rows=14):
    # Small lists hardly overlap: most are near the limit.
    size = draw(st.one_of(st.integers(max_rows - 4, max_rows), st.integers(0, max_rows)))
    pool = draw(st.sampled_from([SMALL, HUGE, SMALL + HUGE]))

    def column(items):
        return draw(st.lists(st.sampled_from(items), min_size=size, max_size=size))

    values = column(pool)
    nulls = column(draw(st.sampled_from([[0], [0, 0, 0, 1], [1]])))
    codes = column([-1, *range(GROUPS)])
    lo, hi = draw(monotone_windows(size, draw(st.integers(4, 10))))
    return Case(values, nulls, codes, lo, hi)
