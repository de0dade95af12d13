"""Exact values in words."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from redflags.units import (
    MONEY_SCALE,
    NUMBER_SCALE,
    format_money,
    format_number,
    format_ratio,
    format_time,
    rough_duration,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from redflags.engine.evaluate import Evaluator
    from redflags.engine.frames import Table
    from redflags.expr.nodes import Expr
    from redflags.expr.types import Type

UNKNOWN, NONE = "unknown", "none"
EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True)
class Shown:
    """The values of one expression at some rows.

    Attributes:
        type: what they are.
        values: exact values (Fraction for exact numbers, float for real ones, text, bool, int for times and dates); None is
            unknown.
        empty: where the value is known empty.
        currencies: currency of row-currency money, else None.
    """

    type: Type
    values: list[Any]
    empty: list[bool]
    currencies: list[str | None]

    def number(self, i: int) -> float | None:
        """The value as a number, for distances from a limit."""
        value = self.values[i]
        return float(value) if isinstance(value, Fraction | float | int) and not self.empty[i] else None

    def text(self, i: int, form: str | None = None) -> str:
        """Value ``i`` in words."""
        if self.empty[i]:
            return NONE
        return words(self.values[i], self.type, form, self.currencies[i])


def show(evaluator: Evaluator, table: Table, expr: Expr, rows: NDArray[Any]) -> Shown:
    """The exact values of an expression at ``rows``."""
    value = evaluator.lower(table.node, expr)
    parts = [value.expr]
    if value.den is not None:
        parts.append(value.den)
    if value.empty is not None:
        parts.append(value.empty)
    frame = evaluator.select(table, parts, rows)
    raw = frame["0"].to_list()
    dens = frame["1"].to_list() if value.den is not None else [1] * len(raw)
    empties: list[bool] = (
        frame[str(len(parts) - 1)].fill_null(value=False).to_list() if value.empty is not None else [False] * len(raw)
    )
    numeric = (value.type.numeric or value.type.kind == "literal" or "*" in value.type.kind) and not value.floating
    if numeric:
        raw = [None if x is None or d in (None, 0) else value.scale * x / d for x, d in zip(raw, dens, strict=True)]
    currencies: list[str | None] = [None] * len(raw)
    if value.type.kind == "money" and value.type.currency == "row" and table.has("currency"):
        currencies = table.column("currency", rows).to_list()
    elif value.type.kind == "money" and value.type.currency != "row":
        currencies = [evaluator.frames.dataset.base_currency] * len(raw)
    return Shown(value.type, raw, empties, currencies)


def words(value: Any, kind: Type, form: str | None = None, currency: str | None = None) -> str:  # noqa: ANN401, PLR0911  one case a form
    """One exact value in words.

    Example:
        >>> from redflags.expr import types as t
        >>> words(Fraction(24950), t.MONEY, None, "EUR"), words(Fraction(3), t.INT), words(None, t.INT)
        ('24,950.00 EUR', '3', 'unknown')
        >>> words(Fraction(4, 5), t.NUMBER, "percent")
        '80%'
    """
    if value is None:
        return UNKNOWN
    match form or kind.kind:
        case "money":
            return format_money(_money(value), currency)
        case "percent":
            return format_ratio(_scaled(value, NUMBER_SCALE))
        case "duration":
            return rough_duration(round(value))
        case "time":
            return format_time(int(value))
        case "date":
            days = int(value) if kind.kind == "date" else int(value) // 86_400_000_000
            return (EPOCH + dt.timedelta(days=days)).isoformat()
        case "bool":
            return "yes" if value else "no"
        case "list":
            return ", ".join(str(item) for item in value)
        case "real":
            return format_number(round(float(value) * 100) * (NUMBER_SCALE // 100))
        case "int" | "number" | "literal":
            return format_number(_scaled(value, NUMBER_SCALE))
        case _:
            return str(value)


def exact(value: Any, kind: Type) -> str | None:  # noqa: ANN401
    """A value as decimal text for a machine; times as ISO text; None where unknown."""
    if value is None:
        return None
    if isinstance(value, Fraction):
        scaled = _scaled(value, NUMBER_SCALE)
        whole, rest = divmod(abs(scaled), NUMBER_SCALE)
        text = f"{whole}.{rest:06d}".rstrip("0").rstrip(".")
        return f"-{text}" if scaled < 0 else text
    if kind.kind == "time":
        return format_time(int(value))
    if kind.kind == "date":
        return words(value, kind)
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else words(value, kind)


def _money(value: Any) -> int:  # noqa: ANN401
    """Exact where four decimals hold it; a derived amount is shown in cents, half to even."""
    scaled = Fraction(value) * MONEY_SCALE
    return int(scaled) if scaled.denominator == 1 else round(Fraction(value) * 100) * (MONEY_SCALE // 100)


def _scaled(value: Any, scale: int) -> int:  # noqa: ANN401
    """Half to even at the scale at which people read it."""
    return round(Fraction(value) * scale)


def unit(kind: Type) -> str:
    """What a value counts."""
    return {
        "money": "money",
        "duration": "duration",
        "int": "count",
        "number": "number",
        "real": "number",
    }.get(kind.kind, kind.kind)


__all__ = ["Shown", "exact", "show", "unit", "words"]
