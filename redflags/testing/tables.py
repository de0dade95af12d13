"""Rows of a test case as a data set: canonical frames with just the columns that some row lists."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import polars as pl

from redflags.errors import RedflagsError, did_you_mean
from redflags.ingest.dataset import Dataset
from redflags.ingest.parse import parse_column
from redflags.registers.register import moments
from redflags.tables import dictionary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from redflags.rules.testfile import TestCase, TestFile
    from redflags.tables import Table

BASE_CURRENCY = "EUR"


def dataset_of(file: TestFile, case: TestCase) -> Dataset:
    """The data set of one case.

    Raises:
        RedflagsError: a table, column or value that the dictionary does not know, naming it.
    """
    zone = case.timezone or "UTC"
    tables = {}
    for name, rows in case.tables.items():
        if name not in dictionary().tables:
            raise RedflagsError(
                f"{case.name}: unknown table '{name}' {did_you_mean(name, dictionary().tables)}".strip()
            )
        listed = [rows] if isinstance(rows, dict) else list(rows)
        tables[name] = frame_of(dictionary().table(name), listed, file.defaults.get(name, {}), zone, case.name)
    covers = None if case.covers_from is None else moment(case.covers_from)
    return Dataset(tables, case.base_currency or _currency(tables), zone, covers)


def frame_of(
    table: Table, rows: Sequence[Mapping[str, Any]], defaults: Mapping[str, Any], zone: str, where: str
) -> pl.DataFrame:
    """Written rows as a canonical frame."""
    merged = [{**defaults, **row} for row in rows]
    names = list(dict.fromkeys(name for row in merged for name in row)) or list(defaults)
    columns = []
    for name in names:
        if name not in table.columns:
            raise RedflagsError(f"{where}: '{table.name}' has no column '{name}'. {table.suggest(name)}".strip())
        column = table.columns[name]
        values = [row.get(name) for row in merged]
        raw = (
            pl.Series(name, values, dtype=pl.List(pl.String))
            if column.type == "list"
            else pl.Series(name, [None if v is None else _text(v) for v in values], dtype=pl.String)
        )
        parsed = parse_column(column, raw, zone)
        if parsed is None or (parsed.is_null() & raw.is_not_null()).any():
            bad = raw if parsed is None else raw.filter(parsed.is_null() & raw.is_not_null())
            raise RedflagsError(f"{where}: {table.name}.{name}: {bad[0]!r} is not a {column.type}")
        columns.append(parsed.alias(name))
    return pl.DataFrame(columns)


def _text(value: Any) -> str:  # noqa: ANN401
    return str(value).lower() if isinstance(value, bool) else str(value)


def _currency(tables: Mapping[str, pl.DataFrame]) -> str:
    for name in ("transactions", "ledger"):
        if name in tables and "currency" in tables[name].columns:
            used = tables[name]["currency"].drop_nulls()
            if used.len():
                return str(
                    used.value_counts(sort=True).sort(["count", "currency"], descending=[True, False])["currency"][0]
                )
    return BASE_CURRENCY


def moment(text: str) -> dt.datetime:
    """A written moment; without an offset it is UTC."""
    found = dt.datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def micros(when: dt.datetime) -> int:
    """Microseconds since 1970."""
    delta = when - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def span(dataset: Dataset) -> tuple[int, int]:
    """First and newest moment of the movements, else of any stream."""
    names = [name for name in ("transactions", "ledger") if name in dataset.tables] or list(dataset.tables)
    edges = [edge for name in names for edge in _edges(dataset, name)]
    return min(edges, default=0), max(edges, default=0)


def _edges(dataset: Dataset, name: str) -> list[int]:
    table, frame = dictionary().table(name), dataset.tables[name]
    if not table.is_stream or table.time is None or table.time not in frame.columns:
        return []
    at = frame.select(moments(pl.col(table.time), frame.schema[table.time]))[table.time].drop_nulls()
    return [int(at.min()), int(at.max())] if at.len() else []  # type: ignore[arg-type]
