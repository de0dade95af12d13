"""Moments and days out of text, dates and datetimes: UTC, whole microseconds."""

from __future__ import annotations

from typing import Final

import polars as pl

__all__ = ["FIRST_YEAR", "LAST_YEAR", "date_fault", "parse_date", "parse_time", "time_fault"]

#: Years outside are taken for mistakes (0001-01-01, 9999-12-31 and shifted digits).
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2200
_LAST_HOUR: Final = 23
_DAY: Final = len("2026-01-02")
_MINUTE: Final = len("2026-01-02 03:04")
_SHAPE: Final = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,6}0*)?)?"
    r"(?: ?(?:Z|z|[+-][0-9]{2}(?::?[0-9]{2})?))?)?$"
)
_OFFSET: Final = r"( ?(?:Z|z|[+-][0-9]{2}(?::?[0-9]{2})?))$"


def parse_time(raw: pl.Series, zone: str, form: str | None = None) -> pl.Series | None:
    """Read moments.

    Text is ISO 8601 with or without seconds, fraction and offset; a day alone is its midnight. What carries
    no offset is local time of `zone`: where clocks go back the earlier moment is meant, and a time that
    clocks jump over does not exist.

    Args:
        raw: The column as it came.
        zone: IANA name of the data set's time zone.
        form: `strptime` format of the text, where it is not ISO 8601.

    Returns:
        UTC moments, null where a value cannot be read; None where no value of that dtype can.

    Examples:
        >>> moments = parse_time(pl.Series(["2026-01-02", "2026-01-02T03:04:05+01:00", "2026-02-30"]), "UTC")
        >>> [None if moment is None else moment.isoformat() for moment in moments]
        ['2026-01-02T00:00:00+00:00', '2026-01-02T02:04:05+00:00', None]
    """
    dtype = raw.dtype
    if isinstance(dtype, pl.Datetime):
        moment = raw.dt.cast_time_unit("us")
        moment = moment.dt.convert_time_zone("UTC") if dtype.time_zone else _local(moment, zone)
    elif dtype == pl.Date:
        moment = _local(raw.cast(pl.Datetime("us")), zone)
    elif dtype == pl.String and form is not None:
        moment = _local(raw.str.strip_chars().str.to_datetime(form, time_unit="us", strict=False), zone)
    elif dtype == pl.String:
        moment = _from_text(raw.str.strip_chars(), zone)
    else:
        return None
    return _within(moment, FIRST_YEAR, LAST_YEAR)


def _within(moment: pl.Series, first: int, last: int) -> pl.Series:
    return pl.select(pl.when(moment.dt.year().is_between(first, last)).then(moment)).to_series()


def _local(naive: pl.Series, zone: str) -> pl.Series:
    # Years past the range are cut first: time zone tables do not reach there.
    sane = _within(naive, FIRST_YEAR - 1, LAST_YEAR + 1)
    if zone == "UTC":
        return sane.dt.replace_time_zone("UTC")
    return sane.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")


def _from_text(text: pl.Series, zone: str) -> pl.Series:
    shaped = pl.select(pl.when(text.str.contains(_SHAPE)).then(text)).to_series()
    clock = shaped.str.slice(_DAY)
    offset = clock.str.extract(_OFFSET)
    if offset.null_count() == len(offset):
        return _local(_naive(shaped), zone)
    body = shaped.str.slice(0, _DAY) + clock.str.replace(_OFFSET, "")
    naive = _naive(body)
    told = {code: _minutes(code) for code in offset.unique().drop_nulls()}
    shift = offset.replace_strict(told, default=None, return_dtype=pl.Int64)
    shifted = (naive - (shift * 60_000_000).cast(pl.Duration("us"))).dt.replace_time_zone("UTC")
    if not offset.null_count():
        return shifted
    local = _local(pl.select(pl.when(shift.is_null()).then(naive)).to_series(), zone)
    return pl.select(pl.coalesce(shifted, local)).to_series()


def _minutes(code: str) -> int:
    """Minutes east of UTC: `Z`, `+01`, `+0530`, `-05:00`."""
    digits = code.strip().replace(":", "")
    if digits in {"Z", "z"}:
        return 0
    east = int(digits[1:3]) * 60 + int(digits[3:5] or 0)
    return -east if digits[0] == "-" else east


def _naive(body: pl.Series) -> pl.Series:
    """Parse days, minutes and seconds by their own formats; a file usually holds one of them."""
    plain = body.str.replace("T", " ", literal=True).str.replace(",", ".", literal=True)
    length = plain.str.len_bytes()
    kinds = (
        (length == _DAY, "%Y-%m-%d %H:%M:%S%.f", " 00:00:00"),
        (length == _MINUTE, "%Y-%m-%d %H:%M:%S%.f", ":00"),
        (length > _MINUTE, "%Y-%m-%d %H:%M:%S%.f", ""),
    )
    read = [
        (pl.select(pl.when(mask).then(plain)).to_series() + rest).str.to_datetime(
            form, time_unit="us", time_zone=None, strict=False
        )
        for mask, form, rest in kinds
        if mask.any()
    ]
    return (
        pl.select(pl.coalesce(read)).to_series() if read else plain.str.to_datetime("%Y", time_unit="us", strict=False)
    )


def time_fault(raw: pl.Expr, dtype: pl.DataType, zone: str) -> pl.Expr:
    """Say why moments cannot be read; meant for the few refused rows."""
    if dtype == pl.String:
        text = raw.str.strip_chars()
        year = text.str.extract(r"^([0-9]{4})-").cast(pl.Int32, strict=False)
        real = text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False).is_not_null()
        hour = text.str.extract(r"[T ]([0-9]{2}):", 1).cast(pl.Int32, strict=False).fill_null(0)
        return (
            pl.when(~text.str.contains(_SHAPE) | ~real | (hour > _LAST_HOUR))
            .then(pl.lit("bad date or time; ISO 8601 is read, such as 2026-01-31T14:05:00Z"))
            .when(~year.is_between(FIRST_YEAR, LAST_YEAR))
            .then(pl.lit(f"year outside {FIRST_YEAR} to {LAST_YEAR}"))
            .otherwise(pl.lit(f"no such time of day in {zone}"))
        )
    year = raw.dt.year()
    return (
        pl.when(~year.is_between(FIRST_YEAR, LAST_YEAR))
        .then(pl.lit(f"year outside {FIRST_YEAR} to {LAST_YEAR}"))
        .otherwise(pl.lit(f"no such time of day in {zone}"))
    )


def parse_date(raw: pl.Series) -> pl.Series | None:
    """Read calendar days: `2026-01-31`, dates, or datetimes at midnight.

    Examples:
        >>> parse_date(pl.Series(["2026-01-31", "2026-02-31", "31.1.2026"])).to_list()
        [datetime.date(2026, 1, 31), None, None]
    """
    dtype = raw.dtype
    if dtype == pl.Date:
        day = raw
    elif isinstance(dtype, pl.Datetime):
        day = pl.select(pl.when(raw.dt.time() == pl.time(0)).then(raw.dt.date())).to_series()
    elif dtype == pl.String:
        midnight = raw.str.strip_chars().str.replace(r"[T ]00:00(:00(\.0+)?)?$", "")
        shaped = pl.when(midnight.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")).then(midnight)
        day = pl.select(shaped).to_series().str.to_date("%Y-%m-%d", strict=False)
    else:
        return None
    return _within(day, FIRST_YEAR, LAST_YEAR)


def date_fault(raw: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Say why days cannot be read; meant for the few refused rows."""
    if dtype != pl.String:
        return pl.lit(f"not a day, or a year outside {FIRST_YEAR} to {LAST_YEAR}")
    year = raw.str.extract(r"^\s*([0-9]{4})-[0-9]{2}-[0-9]{2}").cast(pl.Int32, strict=False)
    return (
        pl.when(year.is_null() | year.is_between(FIRST_YEAR, LAST_YEAR))
        .then(pl.lit("bad date; write it as 2026-01-31"))
        .otherwise(pl.lit(f"year outside {FIRST_YEAR} to {LAST_YEAR}"))
    )
