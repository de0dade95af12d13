"""The value of a measure as an expression over the columns that the engine fills in for it.

A measure ``%n`` fills ``%n`` (the value or numerator), ``%n.den`` (a divisor) and ``%n.empty`` (known empty), as its
operation needs.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import polars as pl

from redflags.expr import types as t
from redflags.expr.lexer import ExprError
from redflags.expr.nodes import Name
from redflags.expr.values import Value

if TYPE_CHECKING:
    from redflags.expr.types import Type
    from redflags.plan.nodes import Measure
    from redflags.plan.schema import Schemas

#: No more rows than this many bits can count.
ROW_BITS = 32
NEVER_EMPTY = frozenset({"count", "sum", "distinct", "top_sum", "bag"})
FLOATS = frozenset({"std", "hhi", "entropy", "divergence"})
NEEDS_NUMBER = frozenset({"sum", "mean", "std", "median", "quantile", "mad", "top_sum"})
NEEDS_ORDER = frozenset({"min", "max", "rank"})


def value_type(schemas: Schemas, measure: Measure, offset: int) -> Type:
    """Type of the aggregated expression, checked against the operation."""
    from redflags.expr.lower import Lowering

    if measure.value is None:
        return t.INT
    kind = Lowering(schemas, measure.source.frame).stored(measure.value).type
    if kind.kind == "literal":
        kind = t.NUMBER
    if (
        measure.op in NEEDS_NUMBER
        and not kind.numeric
        and not (measure.op in {"median", "quantile"} and kind.kind == "date")
    ):
        raise ExprError(f"{measure.op} wants a number, this is {kind}", offset, code="EXPR-TYPE")
    if measure.op in NEEDS_ORDER and not (kind.numeric or kind.kind in {"time", "date"}):
        raise ExprError(f"{measure.op} wants something with an order, this is {kind}", offset, code="EXPR-TYPE")
    if measure.op == "bag" and kind.kind != "text":
        raise ExprError(f"bag wants a text, this is {kind}", offset, code="EXPR-TYPE")
    if kind.currency == "row" and measure.op not in {"distinct", "entropy", "divergence"} and not _by_currency(measure):
        raise ExprError(
            f"{measure.op} over amounts of several currencies", offset,
            "put currency in the key, or use amount_base", "EXPR-CURRENCY",
        )  # fmt: skip
    return kind


def _by_currency(measure: Measure) -> bool:
    return any(isinstance(part, Name) and part.parts[-1] == "currency" for part in measure.source_key)


def result_type(schemas: Schemas, measure: Measure, offset: int = 0) -> Type:
    """Type of the measure itself."""
    kind = value_type(schemas, measure, offset)
    match measure.op:
        case "count" | "distinct":
            return t.INT
        case "since":
            return t.DURATION
        case "hhi" | "entropy" | "divergence":
            return t.REAL
        case "rank":
            return t.NUMBER
        case "bag":
            return t.LIST
        case _:
            return t.NUMBER if kind.kind == "real" else kind


def measure_value(schemas: Schemas, measure: Measure, offset: int) -> Value:
    """The measure as a typed value over its columns."""
    from redflags.expr.calls import unit_of_kind

    name = schemas.measure_name(measure)
    kind = result_type(schemas, measure, offset)
    empty = None if measure.op in NEVER_EMPTY else pl.col(f"{name}.empty")
    expr = pl.col(name)
    unit = unit_of_kind(kind) if kind.numeric else Fraction(1)
    if measure.op in FLOATS:
        # A deviation comes in units of the integers that were aggregated; the others are pure numbers.
        return Value(kind, expr * float(unit) if measure.op == "std" else expr, empty=empty, floating=True)
    if measure.op in {"mean", "rank"}:
        scale, bits = (unit, 63) if measure.op == "mean" else (Fraction(1), ROW_BITS)
        return Value(kind, expr, scale, pl.col(f"{name}.den"), bits, ROW_BITS, empty)
    if measure.op in {"count", "distinct"}:
        return Value(kind, expr, unit, bits=ROW_BITS)
    if measure.op == "median" and kind.numeric:
        return Value(kind, expr, unit / 2, bits=65, empty=empty)
    if measure.op == "median":
        return Value(kind, expr // 2, empty=empty)  # between two days, the earlier one
    if measure.op == "mad":
        return Value(kind, expr, unit / 4, bits=67, empty=empty)
    return Value(kind, expr, unit, empty=empty)
