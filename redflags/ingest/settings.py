"""What a data set says about itself: `dataset.yaml` beside its tables."""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from redflags.errors import Fault, RuleError, UsageError, did_you_mean
from redflags.ingest.times import parse_time
from redflags.units import CURRENCIES
from redflags.yamlio import Document, read_yaml

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

__all__ = ["Settings", "check_currency", "check_timezone", "read_settings"]

FILE: Final = "dataset.yaml"
_KEYS: Final = ("base_currency", "timezone", "covers_from", "mapping", "description")


@dataclass(frozen=True)
class Settings:
    """Declared facts about a data set; None where nothing was declared."""

    base_currency: str | None = None
    timezone: str | None = None
    covers_from: dt.datetime | None = None
    mapping: str | None = None


def check_currency(code: str) -> str:
    """Accept an ISO 4217 code.

    Raises:
        UsageError: When it is none.

    Examples:
        >>> check_currency("eur")
        'EUR'
    """
    if code.upper() in CURRENCIES:
        return code.upper()
    raise UsageError(f"unknown currency '{code}'; write an ISO 4217 code such as EUR")


def check_timezone(name: str) -> str:
    """Accept an IANA time zone.

    Raises:
        UsageError: When it is none, with the nearest name.

    Examples:
        >>> check_timezone("Europe/Vienna")
        'Europe/Vienna'
    """
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        hint = did_you_mean(name, zoneinfo.available_timezones())
        raise UsageError(f"unknown time zone '{name}'" + (f": {hint}" if hint else "")) from error
    return name


def read_settings(folder: Path) -> Settings:
    """Read `dataset.yaml` of a folder; a folder without one declares nothing.

    Raises:
        RuleError: With everything that is wrong in the file.
    """
    path = folder / FILE
    if not path.is_file():
        return Settings()
    document = read_yaml(path)
    faults = list(document.faults)
    if not faults and not isinstance(document.data, dict):
        faults.append(Fault(str(path), 1, 1, "DATA-SHAPE", "a map of settings is wanted"))
    values = _values(document, faults) if not faults else {}
    for key, check in (("base_currency", check_currency), ("timezone", check_timezone)):
        try:
            if key in values:
                values[key] = check(values[key])
        except UsageError as error:
            faults.append(document.fault((key,), "DATA-VALUE", str(error)))
    covers = None
    if "covers_from" in values and not faults:
        covers = _moment(values["covers_from"], values.get("timezone", "UTC"))
        if covers is None:
            faults.append(document.fault(("covers_from",), "DATA-VALUE", "not a date or time", "2026-01-31"))
    if faults:
        raise RuleError(faults)
    return Settings(values.get("base_currency"), values.get("timezone"), covers, values.get("mapping"))


def _values(document: Document, faults: list[Fault]) -> dict[str, str]:
    """The known keys that are texts; everything else is a fault."""
    values: dict[str, str] = {}
    for key, value in document.data.items():
        if key not in _KEYS:
            hint = did_you_mean(key, _KEYS)
            faults.append(document.fault((key,), "DATA-KEY", f"unknown key '{key}'", hint, key=True))
        elif isinstance(value, str):
            values[key] = value
        elif value is not None:
            faults.append(document.fault((key,), "DATA-TYPE", f"'{key}' must be a text"))
    return values


def _moment(text: str, zone: str) -> dt.datetime | None:
    parsed = parse_time(pl.Series([text], dtype=pl.String), zone)
    return None if parsed is None else parsed.item()
