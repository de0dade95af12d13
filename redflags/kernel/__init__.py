"""The kernel: row orders, window bounds and aggregates over windows, each a pass of compiled code.

A *source list* is a set of arrays over rows sorted by (key code, moment, row order). Judged rows are sorted
by (key code, moment), and each has a window `[lo, hi)` into the list; neither bound ever decreases. Values
are int64, codes int32 with -1 for null, null flags uint8 (None or an empty array: nothing is null).

Every result depends on what is in its window and on nothing else, to the last bit: not on rows before it, on
other windows, on blocks, or on how codes are numbered. States are integers; where a result is a float, one
expression makes it.

Importing this package loads the compiler, so import it where a run starts, not before.
"""

from __future__ import annotations

from redflags.kernel.bounds import count, firsts, gather_tail, lasts, since, window_bounds
from redflags.kernel.latest import latest_extremes, latest_rows, latest_sums
from redflags.kernel.numbers import number_codes
from redflags.kernel.occurrences import Links, distinct, links
from redflags.kernel.orders import order_by_codes, refine_codes
from redflags.kernel.peaks import extremes
from redflags.kernel.ranks import mad, median, quantile, rank
from redflags.kernel.shares import divergence, entropy
from redflags.kernel.squares import hhi, std
from redflags.kernel.top import top_sum
from redflags.kernel.totals import null_counts, sums
from redflags.kernel.warm import Warmth, warm

__all__ = [
    "Links",
    "Warmth",
    "count",
    "distinct",
    "divergence",
    "entropy",
    "extremes",
    "firsts",
    "gather_tail",
    "hhi",
    "lasts",
    "latest_extremes",
    "latest_rows",
    "latest_sums",
    "links",
    "mad",
    "median",
    "null_counts",
    "number_codes",
    "order_by_codes",
    "quantile",
    "rank",
    "refine_codes",
    "since",
    "std",
    "sums",
    "top_sum",
    "warm",
    "window_bounds",
]
