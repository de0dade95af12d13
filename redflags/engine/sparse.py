"""Columns that are known at some rows of a frame only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]


@dataclass
class Sparse:
    """Named columns over a growing, sorted set of rows.

    Attributes:
        rows: sorted row numbers that are known.
        columns: one series per name, aligned to ``rows``.
    """

    rows: Rows = field(default_factory=lambda: np.empty(0, np.int64))
    columns: dict[str, pl.Series] = field(default_factory=dict)

    def missing(self, rows: Rows) -> Rows:
        """Those of ``rows`` (sorted) that are not known yet."""
        if self.rows.size == 0:
            return rows
        if rows.size == 0 or self._all_known(rows):
            return np.empty(0, np.int64)
        place = np.searchsorted(self.rows, rows)
        place[place == self.rows.size] = 0
        unknown: Rows = rows[self.rows[place] != rows]
        return unknown

    def _all_known(self, rows: Rows) -> bool:
        """Whether ``rows`` are known without looking each one up: the same set, or part of an unbroken one."""
        if rows is self.rows or (rows.size == self.rows.size and np.array_equal(rows, self.rows)):
            return True
        return self._unbroken and rows[0] >= self.rows[0] and rows[-1] <= self.rows[-1]

    @property
    def _unbroken(self) -> bool:
        return int(self.rows[-1] - self.rows[0]) + 1 == self.rows.size

    def put(self, rows: Rows, columns: dict[str, pl.Series]) -> None:
        """Add columns for ``rows`` (sorted, none of them known)."""
        if self.rows.size == 0:
            self.rows, self.columns = rows, columns
            return
        if rows.size == 0:
            return
        merged = np.concatenate([self.rows, rows])
        order = np.argsort(merged, kind="stable")
        self.rows = merged[order]
        index = pl.Series(order)
        self.columns = {
            name: pl.concat([self.columns[name], series.cast(self.columns[name].dtype)]).gather(index)
            for name, series in columns.items()
        }

    def get(self, rows: Rows, name: str) -> pl.Series:
        """Column ``name`` at ``rows``, all of which are known."""
        series = self.columns[name]
        if rows is self.rows or (rows.size == self.rows.size and np.array_equal(rows, self.rows)):
            return series
        place = rows - self.rows[0] if self._unbroken else np.searchsorted(self.rows, rows)
        return series.gather(pl.Series(place))


def union(parts: list[Rows]) -> Rows:
    """Sorted union of sorted row sets."""
    if len(parts) == 1:
        return parts[0]
    distinct = [part for i, part in enumerate(parts) if not any(part is other for other in parts[:i])]
    return distinct[0] if len(distinct) == 1 else distinct_rows(np.concatenate(distinct))


def distinct_rows(rows: Rows) -> Rows:
    """Different row numbers, sorted; by marking, since row numbers are dense."""
    if rows.size == 0:
        return rows.astype(np.int64)
    marks = np.zeros(int(rows.max()) + 1, dtype=bool)
    marks[rows] = True
    return np.flatnonzero(marks)
