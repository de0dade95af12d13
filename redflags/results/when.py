"""The clock of a run: up to when rows are judged, and up to when their outcome is final."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

import polars as pl

from redflags.engine.outcome import Clock
from redflags.errors import DataError, UsageError
from redflags.tables import Table, dictionary
from redflags.units import format_time, parse_duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redflags.ingest.dataset import Dataset

__all__ = [
    "as_micros",
    "clock_of",
    "covers_from",
    "lateness_of",
    "micros",
    "newest",
    "newest_of",
    "show",
    "stream_tables",
    "time_of",
]

#: Streams whose newest row says how far the data reach.
MOVEMENTS: Final = ("transactions", "ledger")
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICRO: Final = dt.timedelta(microseconds=1)


def as_micros(when: dt.datetime | dt.date | str | int, zone: str = "UTC") -> int:
    """A moment as microseconds since 1970, UTC.

    Args:
        when: A datetime, a date (its first moment), ISO 8601 text, or microseconds already.
        zone: Time zone of what names none.

    Raises:
        UsageError: When the text is no moment.

    Examples:
        >>> as_micros("2026-01-01") == as_micros(dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
        True
        >>> as_micros("2026-07-01 02:00", "Europe/Vienna") == as_micros("2026-07-01T00:00:00Z")
        True
    """
    from zoneinfo import ZoneInfo

    if isinstance(when, int):
        return when
    if isinstance(when, str):
        try:
            when = dt.datetime.fromisoformat(when.strip())
        except ValueError:
            raise UsageError(
                f"'{when}' is not a date or time; write it as 2026-01-31 or 2026-01-31T14:05:00Z"
            ) from None
    if not isinstance(when, dt.datetime):
        when = dt.datetime(when.year, when.month, when.day)  # noqa: DTZ001 - its zone comes with the next line
    if when.tzinfo is None:
        when = when.replace(tzinfo=ZoneInfo(zone))
    return (when - _EPOCH) // _MICRO


def show(micros: int | None) -> str | None:
    """A moment as text that reads back to the same microsecond.

    Examples:
        >>> show(1_767_225_600_000_001), show(None)
        ('2026-01-01T00:00:00.000001Z', None)
    """
    if micros is None:
        return None
    when = _EPOCH + dt.timedelta(microseconds=micros)
    return when.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def lateness_of(lateness: str | int | dt.timedelta | None) -> int:
    """A lateness in microseconds; none is 0.

    Examples:
        >>> lateness_of("2d") == lateness_of(dt.timedelta(days=2)), lateness_of(None)
        (True, 0)
    """
    if lateness is None:
        return 0
    if isinstance(lateness, str):
        return parse_duration(lateness)
    micros = lateness if isinstance(lateness, int) else lateness // _MICRO
    if micros < 0:
        raise UsageError("the lateness is negative; write how late rows may arrive, such as 2d")
    return micros


def micros(column: str) -> pl.Expr:
    """A time or date column as microseconds.

    Examples:
        >>> frame = pl.DataFrame({"t": [dt.date(1970, 1, 2)]})
        >>> frame.select(micros("t")).item()
        86400000000
    """
    return pl.col(column).cast(pl.Datetime("us")).dt.replace_time_zone(None).cast(pl.Int64)


def time_of(table: Table, frame: pl.DataFrame) -> str | None:
    """The column that says when a row happened; None where it did not come in or speaks of the future."""
    name = table.time
    return name if name is not None and name in frame.columns and not table.columns[name].plan else None


def stream_tables(tables: Mapping[str, pl.DataFrame]) -> dict[str, str]:
    """Tables whose rows happen (and are no register besides), with their time column.

    Examples:
        >>> frame = pl.DataFrame({"booked_at": [dt.datetime(2026, 1, 1, tzinfo=dt.UTC)]})
        >>> stream_tables({"transactions": frame, "parties": pl.DataFrame({"party_id": ["P"]})})
        {'transactions': 'booked_at'}
    """
    known = dictionary().tables
    found = {}
    for name, frame in tables.items():
        table = known.get(name)
        if table is not None and table.kind == "stream" and (column := time_of(table, frame)) is not None:
            found[name] = column
    return found


def newest_of(tables: Mapping[str, pl.DataFrame]) -> dict[str, int]:
    """The newest moment of every stream that has one."""
    streams = stream_tables(tables)
    found = {name: tables[name].select(micros(column).max()).item() for name, column in streams.items()}
    return {name: moment for name, moment in found.items() if moment is not None}


def newest(tables: Mapping[str, pl.DataFrame]) -> int | None:
    """The newest movement; of any stream where the data have no movement.

    One row of a lesser stream that is dated ahead must not make the next batch of movements late.
    """
    found = newest_of(tables)
    moves = [found[name] for name in MOVEMENTS if name in found]
    return max(moves or found.values(), default=None)


def covers_from(dataset: Dataset) -> int:
    """The first moment that the data speaks about.

    Raises:
        DataError: When there is neither a declared moment nor a movement.
    """
    if dataset.covers_from is not None:
        return as_micros(dataset.covers_from)
    moves = dataset.tables.get("transactions")
    first = (
        None if moves is None or "booked_at" not in moves.columns else moves.select(micros("booked_at").min()).item()
    )
    if first is None:
        raise DataError("the data set has no movement and declares no covers_from, so its first moment is not known")
    return int(first)


def clock_of(
    tables: Mapping[str, pl.DataFrame], covers: int, *, as_of: int | None, lateness: int, judged: int | None
) -> Clock:
    """Set the clock.

    W is the newest moment, or `as_of`. Rows are final up to F = W - lateness; without `as_of`, F lies just
    before that, so that a tie is never final half-seen. F never goes back, and W not behind it.

    Args:
        tables: Everything that is held, old and new.
        covers: The first moment that the data speaks about.
        as_of: Up to here the data is complete, and rows are judged.
        lateness: How late rows may arrive.
        judged: F of the last run, None where there was none.

    Raises:
        UsageError: When `as_of` lies before what is final already.
        DataError: When there is no moment at all.

    Examples:
        >>> frame = pl.DataFrame({"booked_at": [dt.datetime(1970, 1, 1, 0, 0, 1, tzinfo=dt.UTC)]})
        >>> clock = clock_of({"transactions": frame}, 0, as_of=None, lateness=0, judged=None)
        >>> clock.upto, clock.final
        (1000000, 999999)
    """
    upto = newest(tables) if as_of is None else as_of
    if upto is None:
        raise DataError("no table of the data set has a moment, so there is nothing to judge")
    if as_of is not None and judged is not None and as_of < judged:
        raise UsageError(
            f"as-of {format_time(as_of)} lies before {format_time(judged)}, up to where the earlier run is "
            "final; choose a later moment, or screen without that history"
        )
    if as_of is None and judged is not None:
        upto = max(upto, judged)  # an earlier --as-of may have reached further than any movement
    final = upto - lateness - (1 if as_of is None else 0)
    return Clock(judged, upto, final if judged is None else max(final, judged), covers)
