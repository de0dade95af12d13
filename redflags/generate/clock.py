"""Days and moments of the invented bank: local clock time, counted from the epoch."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from redflags.errors import UsageError

__all__ = ["DAY", "HOUR", "Ints", "Period", "day_number", "moments", "workdays"]

Ints = npt.NDArray[np.int64]

HOUR = 3_600
DAY = 24 * HOUR
_EPOCH = dt.date(1970, 1, 1)


def day_number(day: dt.date) -> int:
    """Days since the epoch.

    Example:
        >>> day_number(dt.date(1970, 1, 3))
        2
    """
    return (day - _EPOCH).days


@dataclass(frozen=True)
class Period:
    """The time a bank's data speaks about: a thin past, then a full life.

    Attributes:
        start: First day.
        dense: First day of the full life.
        end: The day after the last one.
    """

    start: dt.date
    dense: dt.date
    end: dt.date

    @classmethod
    def ending(cls, end: dt.date, months: int, dense_months: int) -> Period:
        """Whole months up to `end`, the last `dense_months` of them full.

        Args:
            end: The day after the last one, the first day of a month.
            months: How many months in all.
            dense_months: How many of them, at the end, hold the full life.

        Raises:
            UsageError: When the months do not fit each other.

        Example:
            >>> Period.ending(dt.date(2026, 7, 1), 30, 4).start
            datetime.date(2024, 1, 1)
        """
        if end.day != 1:
            raise UsageError(f"the period ends at {end}; give the first day of a month, such as {end:%Y-%m}-01")
        if not 1 <= dense_months <= months:
            raise UsageError(f"{dense_months} full months of {months} in all; give at least 1 full month, at most all")
        return cls(_months_before(end, months), _months_before(end, dense_months), end)

    @property
    def first(self) -> int:
        """First day, as days since the epoch."""
        return day_number(self.start)

    @property
    def full(self) -> int:
        """First full day, as days since the epoch."""
        return day_number(self.dense)

    @property
    def last(self) -> int:
        """Last day, as days since the epoch."""
        return day_number(self.end) - 1

    def months(self, *, dense: bool | None = None) -> Ints:
        """First days of the months: all, or the thin or the full ones only.

        Example:
            >>> len(Period.ending(dt.date(2026, 7, 1), 30, 4).months(dense=True))
            4
        """
        firsts: list[int] = []
        day = self.start
        while day < self.end:
            if dense is None or dense == (day >= self.dense):
                firsts.append(day_number(day))
            day = _months_before(day, -1)
        return np.array(firsts, dtype=np.int64)


def _months_before(day: dt.date, months: int) -> dt.date:
    count = day.year * 12 + day.month - 1 - months
    return dt.date(count // 12, count % 12 + 1, 1)


def workdays(days: Ints) -> Ints:
    """Move Saturdays and Sundays to the Monday after.

    Example:
        >>> workdays(np.array([day_number(dt.date(2026, 6, 27))])).tolist() == [day_number(dt.date(2026, 6, 29))]
        True
    """
    weekday = (days + 3) % 7
    return days + np.where(weekday == 5, 2, np.where(weekday == 6, 1, 0))


def moments(rng: np.random.Generator, days: Ints, earliest: float = 9.0, latest: float = 18.0) -> Ints:
    """A moment on each day, local clock, between two hours.

    Example:
        >>> at = moments(np.random.default_rng(1), np.array([20_000]), 9, 10)
        >>> int(at[0]) // DAY, 9 <= int(at[0]) % DAY / HOUR < 10
        (20000, True)
    """
    return days * DAY + rng.integers(int(earliest * HOUR), int(latest * HOUR), len(days))
