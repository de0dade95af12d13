"""Expressions over invented columns, evaluated without an engine.

Columns: ``m1 m2`` money, ``n1 n2`` numbers, ``i1 i2`` whole numbers, ``t1 t2`` texts, ``b1 b2`` conditions,
``l1 l2`` lists, ``at1 at2`` moments, ``d1 d2`` days, ``r1 r2`` real numbers. Each may be ``EMPTY``, as a
measure over no rows is.
"""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

import polars as pl

from redflags.expr import types as t
from redflags.expr.calls import unit_of_kind
from redflags.expr.lower import Lowering
from redflags.expr.parser import parse
from redflags.expr.values import Value
from redflags.plan.nodes import Base
from redflags.plan.schema import Schemas
from redflags.tables import dictionary

EMPTY = object()
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
KINDS = {
    "m": (t.Type("money", "base"), pl.Int64),
    "n": (t.NUMBER, pl.Int64),
    "i": (t.INT, pl.Int64),
    "t": (t.TEXT, pl.String),
    "b": (t.BOOL, pl.Boolean),
    "l": (t.LIST, pl.List(pl.String)),
    "at": (t.TIME, pl.Int64),
    "d": (t.DATE, pl.Int32),
    "r": (t.REAL, pl.Float64),
}
COLUMNS = {f"{letter}{number}": kind for letter, kind in KINDS.items() for number in (1, 2)}


class Invented(Lowering):
    """Lowering over the columns above."""

    def column(self, word: str, offset: int) -> Value:
        if word not in COLUMNS:
            return super().column(word, offset)
        kind, _ = COLUMNS[word]
        unit = unit_of_kind(kind) if kind.numeric and kind.kind != "real" else Fraction(1)
        return Value(kind, pl.col(word), unit, empty=pl.col(f"{word}.empty"), floating=kind.kind == "real")


LOWERING = Invented(Schemas(dictionary()), Base("ledger", "booked_at"))


def lower(text: str) -> Value:
    return LOWERING.lower(parse(text))


def _cell(kind: t.Type, value: Any) -> Any:
    if value is None or value is EMPTY:
        return None
    if kind.kind in {"money", "number"}:
        scaled = Fraction(value) / unit_of_kind(kind)
        assert scaled.denominator == 1, value
        return int(scaled)
    if isinstance(value, dt.datetime):
        return int((value - EPOCH) / dt.timedelta(microseconds=1))
    if isinstance(value, dt.date):
        return (value - EPOCH.date()).days
    return value


def frame_of(columns: dict[str, list[Any]]) -> pl.DataFrame:
    """The rows as the engine hands them over."""
    size = max((len(given) for given in columns.values()), default=1)
    series = []
    kinds: dict[str, Any] = dict(COLUMNS)
    for name, (kind, dtype) in kinds.items():
        given = columns.get(name, [None] * size)
        series.append(pl.Series(name, [_cell(kind, value) for value in given], dtype=dtype))
        series.append(pl.Series(f"{name}.empty", [value is EMPTY for value in given], dtype=pl.Boolean))
    return pl.DataFrame(series)


def values(text: str, **columns: list[Any]) -> list[Any]:
    """Values of an expression: exact numbers as fractions, days as dates, moments as datetimes, ``EMPTY``."""
    value = lower(text)
    parts = [value.expr, value.den if value.den is not None else pl.lit(1)]
    parts.append(value.empty if value.empty is not None else pl.lit(value=False))
    made = frame_of(columns).with_columns(part.alias(f"x{i}") for i, part in enumerate(parts))
    return [_shown(value, *row) for row in made.select("x0", "x1", "x2").iter_rows()]


def _shown(value: Value, x: Any, den: Any, empty: bool | None) -> Any:
    if empty:
        return EMPTY
    if x is None or den is None:
        return None
    if value.type.kind == "date":
        return EPOCH.date() + dt.timedelta(days=x)
    if value.type.kind == "time":
        return EPOCH + dt.timedelta(microseconds=x)
    exact = value.type.numeric or value.type.kind == "literal"
    return value.scale * x / den if exact and not value.floating else x


def one(text: str, **columns: Any) -> Any:
    """The value on a single row, which it has on two equal rows as well."""
    found = values(text, **{name: [value, value] for name, value in (columns or {"_": None}).items()})
    (single,) = values(text, **{name: [value] for name, value in (columns or {"_": None}).items()})
    assert found == [single, single]
    return single


def holds(text: str, **columns: Any) -> bool | None:
    """A condition on a single row, which it has on two equal rows as well."""
    asked = LOWERING.condition(parse(text))
    found = [
        frame_of({name: [value] * size for name, value in (columns or {"_": None}).items()})
        .with_columns(x=asked)["x"]
        .to_list()
        for size in (1, 2)
    ]
    assert found[1] == found[0] * 2
    truth: bool | None = found[0][0]
    return truth
