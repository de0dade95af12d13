"""From a column as it came to a column as the dictionary says, and the reason where that fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from redflags.errors import did_you_mean
from redflags.ingest.numbers import SCALES, number_fault, parse_number
from redflags.ingest.times import date_fault, parse_date, parse_time, time_fault
from redflags.units import CURRENCIES

if TYPE_CHECKING:
    from collections.abc import Callable

    from redflags.tables import Column

__all__ = ["fault_expr", "hint_for", "parse_column", "raw_missing"]

_TRUE = ["true", "t", "yes", "y", "1"]
_FALSE = ["false", "f", "no", "n", "0"]
_INTEGRAL_LIMIT = 2.0**53


def raw_missing(raw: pl.Series) -> pl.Series:
    """Whether nothing was given: null, or text of blanks only.

    Examples:
        >>> raw_missing(pl.Series(["x", " ", None])).to_list()
        [False, True, True]
    """
    if raw.dtype == pl.String:
        return (raw.str.strip_chars().str.len_bytes() == 0).fill_null(True)
    return raw.is_null()


def parse_column(column: Column, raw: pl.Series, zone: str) -> pl.Series | None:
    """Read one column as its dictionary type.

    Args:
        column: What the dictionary says of it.
        raw: The column as it came.
        zone: IANA name of the data set's time zone, for moments without an offset.

    Returns:
        The canonical column, null where a value cannot be read; None where no value of that dtype can.

    Examples:
        >>> from redflags.tables import dictionary
        >>> currency = dictionary().column("transactions", "currency")
        >>> parse_column(currency, pl.Series(["eur", "XYZ"]), "UTC").to_list()
        ['EUR', None]
    """
    if raw.dtype == pl.Null:
        return pl.repeat(None, len(raw), dtype=column.dtype, eager=True).alias(raw.name)
    if isinstance(raw.dtype, (pl.Categorical, pl.Enum)):
        raw = raw.cast(pl.String)
    kind = column.type
    if kind in SCALES:
        return parse_number(raw, kind, negative=_may_be_negative(column))
    readers: dict[str, Callable[[pl.Series], pl.Series | None]] = {
        "time": lambda series: parse_time(series, zone),
        "date": parse_date,
        "bool": _bool,
        "real": _real,
        "list": _list,
    }
    if kind in readers:
        return readers[kind](raw)
    text = _text(raw)
    return None if text is None else _coded(column, text)


def _may_be_negative(column: Column) -> bool:
    return column.negative or column.type in {"int", "number", "ratio"}


def _where(keep: pl.Series, value: pl.Series) -> pl.Series:
    return pl.select(pl.when(keep).then(value)).to_series()


def _coded(column: Column, text: pl.Series) -> pl.Series:
    """Fold codes to their canonical spelling, and keep only those that exist."""
    if column.type == "enum":
        folded = text.str.to_lowercase() if all(value == value.lower() for value in column.values) else text
        return _where(folded.is_in(list(column.values)), folded)
    if column.type == "currency":
        folded = text.str.to_uppercase()
        return _where(folded.is_in(sorted(CURRENCIES)), folded)
    if column.type == "country":
        folded = text.str.to_uppercase()
        return _where(folded.str.contains(r"^(?:[A-Z]{2}|\*)$"), folded)
    return text


def _text(raw: pl.Series) -> pl.Series | None:
    dtype = raw.dtype
    if dtype == pl.String:
        text = raw.str.strip_chars()
        return _where(text.str.len_bytes() > 0, text)
    if dtype.is_integer():
        return raw.cast(pl.String)
    if dtype.is_float():
        # Identifiers that passed through a spreadsheet or data frame: 123.0 is 123, 1.5 is no identifier.
        whole = raw.is_finite() & (raw.abs() < _INTEGRAL_LIMIT) & (raw.round() == raw)
        return _where(whole, raw).cast(pl.Int64, strict=False).cast(pl.String)
    return None


def _bool(raw: pl.Series) -> pl.Series | None:
    if raw.dtype == pl.Boolean:
        return raw
    if raw.dtype.is_integer():
        raw = raw.cast(pl.String)
    elif raw.dtype != pl.String:
        return None
    word = raw.str.strip_chars().str.to_lowercase()
    return pl.select(pl.when(word.is_in(_TRUE)).then(True).when(word.is_in(_FALSE)).then(False)).to_series()


def _real(raw: pl.Series) -> pl.Series | None:
    if raw.dtype == pl.String:
        value = raw.str.strip_chars().cast(pl.Float64, strict=False)
    elif raw.dtype.is_numeric():
        value = raw.cast(pl.Float64)
    else:
        return None
    return _where(value.is_finite(), value)


def _list(raw: pl.Series) -> pl.Series | None:
    if isinstance(raw.dtype, pl.List) and raw.dtype.inner in {pl.String, pl.Null}:
        return raw.cast(pl.List(pl.String))
    if raw.dtype != pl.String:
        return None
    # `a|b`, `a;b` and the JSON way `["a", "b"]` are all met in files.
    text = raw.str.strip_chars()
    json = text.str.starts_with("[")
    bare = text.str.strip_prefix("[").str.strip_suffix("]")
    parts = pl.select(pl.when(json).then(bare.str.replace_all(",", "|", literal=True)).otherwise(bare)).to_series()
    items = _where(~raw_missing(raw), parts).str.replace_all(";", "|", literal=True).str.split("|")
    clean = items.list.eval(pl.element().str.strip_chars().str.strip_chars("\"'").str.strip_chars())
    return clean.list.eval(pl.element().filter(pl.element().str.len_bytes() > 0))


def fault_expr(column: Column, raw: pl.Expr, dtype: pl.DataType, zone: str) -> pl.Expr:
    """Say why a value cannot be read; meant for the few refused rows."""
    if isinstance(dtype, (pl.Categorical, pl.Enum)):
        raw, dtype = raw.cast(pl.String), pl.String()
    kind = column.type
    if kind in SCALES:
        return number_fault(raw, dtype, kind, negative=_may_be_negative(column))
    if kind == "time":
        return time_fault(raw, dtype, zone)
    if kind == "date":
        return date_fault(raw, dtype)
    words = {
        "bool": "not true or false",
        "real": "not a finite number",
        "enum": "unknown code",
        "currency": "unknown currency; ISO 4217 codes are read",
        "country": "not a two-letter country code",
        "list": "not a list; write a|b|c",
    }
    return pl.lit(words.get(kind, f"not usable as {kind}"))


def hint_for(column: Column, value: str) -> str:
    """Name the nearest allowed code, for enums and currencies.

    Examples:
        >>> from redflags.tables import dictionary
        >>> hint_for(dictionary().column("transactions", "instrument"), "chequ")
        "did you mean 'cheque'?"
    """
    if column.type == "enum":
        return did_you_mean(value, column.values)
    return ""
