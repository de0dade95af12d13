"""Plain tables of row dicts as a canonical data set of the library."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import polars as pl

from redflags.ingest.dataset import Dataset
from redflags.tables import dictionary
from redflags.units import DECIMAL_SCALE, MONEY_SCALE, NUMBER_SCALE

if TYPE_CHECKING:
    import datetime as dt

    from tests.reference.chain import Tables

_SCALES = {
    "money": MONEY_SCALE,
    "money_base": MONEY_SCALE,
    "number": NUMBER_SCALE,
    "ratio": NUMBER_SCALE,
    "decimal": DECIMAL_SCALE,
}


def _cell(kind: str, value: Any) -> Any:
    if value is None or kind not in _SCALES:
        return value
    scaled = Fraction(Decimal(value)) * _SCALES[kind]
    assert scaled.denominator == 1, f"{value} does not fit the scale of {kind}"
    return int(scaled)


def frame_of(name: str, rows: list[dict[str, Any]], columns: list[str]) -> pl.DataFrame:
    """One canonical table; ``columns`` are those that came in, even where no row did."""
    table = dictionary().table(name)
    series = []
    for column in columns:
        kind = table.columns[column]
        cells = [_cell(kind.type, row.get(column)) for row in rows]
        series.append(pl.Series(column, cells, dtype=kind.dtype, strict=True))
    places = pl.int_range(1, len(rows) + 1, dtype=pl.Int64, eager=True)
    series += [
        pl.Series("source_file", [f"{name}.csv"] * len(rows), dtype=pl.String),
        places.alias("source_row"),
    ]
    return pl.DataFrame(series)


def columns_of(tables: Tables) -> dict[str, list[str]]:
    """Columns of each table, in the order of its first row."""
    return {name: list(dict.fromkeys(column for row in rows for column in row)) for name, rows in tables.items()}


def dataset_of(
    tables: Tables,
    *,
    columns: dict[str, list[str]] | None = None,
    covers_from: dt.datetime | None = None,
    timezone: str = "UTC",
) -> Dataset:
    """A data set of the tables as they stand."""
    known = columns_of(tables) | (columns or {})
    made = {name: frame_of(name, tables.get(name, []), wanted) for name, wanted in known.items() if wanted}
    return Dataset(made, "EUR", timezone, covers_from)
