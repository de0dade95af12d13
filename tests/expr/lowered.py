"""Expressions over invented columns of the ledger, evaluated without an engine."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl

from redflags.expr.calls import unit_of
from redflags.expr.lower import Lowering
from redflags.expr.parser import parse
from redflags.plan.nodes import Base
from redflags.plan.schema import Schemas
from redflags.tables import dictionary

SCHEMAS = Schemas(dictionary())
LOWERING = Lowering(SCHEMAS, Base("ledger", "booked_at"))
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def lower(text: str) -> Any:
    return LOWERING.lower(parse(text))


def cells(name: str, values: list[Any]) -> pl.Series:
    """A canonical column as the engine hands it over: integers at the scale of its type."""
    column = dictionary().table("ledger").columns[name]
    made = []
    for value in values:
        if isinstance(value, (str, Decimal)) and column.type in {"money", "money_base", "number", "ratio", "decimal"}:
            made.append(int(Fraction(value) / unit_of(column.type)))
        elif isinstance(value, dt.datetime):
            made.append(int((value - EPOCH) / dt.timedelta(microseconds=1)))
        else:
            made.append(value)
    dtype = pl.Int64 if column.type == "time" else column.dtype
    return pl.Series(name, made, dtype=dtype)


def values(text: str, **columns: list[Any]) -> list[Any]:
    """Values of an expression; exact numbers as fractions."""
    value = lower(text)
    frame = pl.DataFrame([cells(name, given) for name, given in columns.items()] or [pl.Series("_", [0])])
    asked = [value.expr.alias("x")] + ([] if value.den is None else [value.den.alias("d")])
    found = frame.select(pl.lit(0).repeat_by(pl.len()).explode().alias("_"), *asked)
    raw = found["x"].to_list()
    if value.floating or not (value.type.numeric or value.type.kind == "literal"):
        return raw
    dens = found["d"].to_list() if value.den is not None else [1] * len(raw)
    return [None if x is None or d in (None, 0) else value.scale * x / d for x, d in zip(raw, dens, strict=True)]


def one(text: str, **columns: Any) -> Any:
    """The value on a single row."""
    return values(text, **{name: [value] for name, value in columns.items()})[0]
