"""Lowered values: exact rationals over Polars integers, with known-empty beside null.

A numeric value is ``expr * scale / den`` where ``expr`` and ``den`` are Polars integer expressions and ``scale`` is
an exact
constant. Bits are counted, so that a product that could pass 127 bits is refused when the rule loads, not when it runs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import polars as pl

from redflags.expr.types import BOOL, Type

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_BITS = 126
#: Numbers up to so many bits stay in 64-bit integers.
NARROW = 62
#: The comparison with its sides exchanged.
MIRROR = {">=": "<=", "<=": ">=", ">": "<", "<": ">", "=": "=", "<>": "<>"}


class TooWideError(ArithmeticError):
    """An exact intermediate would not fit 127 bits."""


@dataclass(frozen=True, slots=True)
class Value:
    """One lowered expression.

    Attributes:
        type: what it is.
        expr: Polars expression: integer numerator of exact numbers, float of ``floating`` ones, else the value itself.
        scale: exact constant that multiplies the numerator.
        den: Polars integer expression that divides it, never zero (a zero divisor is null); None for one.
        bits: bound on the numerator's size, ``den_bits`` on the divisor's.
        empty: Boolean expression: where the value is known empty; None where it never is.
        floating: the value is a Float64.
        const: the exact value of a literal.
    """

    type: Type
    expr: pl.Expr
    scale: Fraction = Fraction(1)
    den: pl.Expr | None = None
    bits: int = 63
    den_bits: int = 0
    empty: pl.Expr | None = None
    floating: bool = False
    const: Fraction | None = None


def constant(value: Fraction, type_: Type) -> Value:
    """An exact constant."""
    return Value(type_, pl.lit(1, pl.Int64), scale=value, bits=1, const=value)


def any_empty(values: Iterable[Value]) -> pl.Expr | None:
    """Where any of ``values`` is known empty."""
    found: pl.Expr | None = None
    for value in values:
        if value.empty is not None:
            found = value.empty if found is None else found | value.empty
    return found


def as_float(value: Value) -> pl.Expr:
    """The value as Float64, in its own unit."""
    if value.floating:
        return value.expr
    number = value.expr.cast(pl.Float64) * float(value.scale)
    return number if value.den is None else number / value.den.cast(pl.Float64)


def _wide(expr: pl.Expr, factor: int, bits: int) -> pl.Expr:
    """``expr * factor`` in a type that holds it."""
    if bits > MAX_BITS:
        raise TooWideError
    if bits > NARROW:
        expr = expr.cast(pl.Int128)
        return expr if factor == 1 else expr * pl.lit(factor, pl.Int128)
    return expr if factor == 1 else expr * pl.lit(factor, pl.Int64)


def _size(factor: int) -> int:
    return abs(factor).bit_length() if factor not in (1, -1) else 0


def common_scale(values: Iterable[Value]) -> Fraction:
    """The largest scale of which every value's scale is a whole multiple."""
    scales = [value.scale for value in values]
    top = math.gcd(*(scale.numerator for scale in scales)) or 1
    return Fraction(top, math.lcm(*(scale.denominator for scale in scales)))


def rescaled(value: Value, scale: Fraction) -> Value:
    """The same value over a scale that divides its own."""
    factor = int(value.scale / scale)
    bits = value.bits + _size(factor)
    return replace(value, expr=_wide(value.expr, factor, bits), scale=scale, bits=bits, const=None)


def _common(left: Value, right: Value) -> tuple[pl.Expr, pl.Expr, int, Fraction]:
    """Both numerators over one scale and one denominator: (left, right, bits, scale)."""
    scale = common_scale((left, right))
    pair = []
    bits = 0
    for mine, other in ((left, right), (right, left)):
        factor = int(mine.scale / scale)
        size = mine.bits + _size(factor) + (other.den_bits if other.den is not None else 0)
        bits = max(bits, size)
        expr = _wide(mine.expr, factor, size)
        if other.den is not None:
            expr = _wide(expr, 1, size) * _wide(other.den, 1, size)
        pair.append(expr)
    return pair[0], pair[1], bits, scale


def compare(op: str, left: Value, right: Value) -> pl.Expr:
    """``left op right`` exactly; null where either is null (known empty is the caller's)."""
    if left.floating or right.floating:
        a, b = as_float(left), as_float(right)
    elif left.type.numeric or left.type.kind == "literal":
        a, b, bits, _ = _common(left, right)
        a, b = _wide(a, 1, bits), _wide(b, 1, bits)
    else:
        a, b = left.expr, right.expr
    if not a.meta.root_names():  # Polars does not stretch a literal on the left over a case of literals
        a, b, op = b, a, MIRROR[op]
    return {
        "=": a == b, "<>": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b,
    }[op]  # fmt: skip


def add(left: Value, right: Value, sign: int, type_: Type) -> Value:
    """``left + sign * right``."""
    empty = any_empty((left, right))
    if left.floating or right.floating:
        return Value(type_, as_float(left) + sign * as_float(right), empty=empty, floating=True)
    if left.const is not None and right.const is not None:
        return constant(left.const + sign * right.const, type_)
    a, b, bits, scale = _common(left, right)
    bits += 1
    a, b = _wide(a, 1, bits), _wide(b, 1, bits)
    den, den_bits = _dens(left, right)
    return Value(type_, a + b if sign > 0 else a - b, scale, den, bits, den_bits, empty)


def multiply(left: Value, right: Value, type_: Type) -> Value:
    """``left * right``."""
    empty = any_empty((left, right))
    if left.floating or right.floating:
        return Value(type_, as_float(left) * as_float(right), empty=empty, floating=True)
    if left.const is not None and right.const is not None:
        return constant(left.const * right.const, type_)
    if left.const is not None or right.const is not None:
        value, const = (right, left.const) if left.const is not None else (left, right.const)
        return replace(value, type=type_, scale=value.scale * (const or Fraction(0)), empty=empty)
    bits = left.bits + right.bits
    den, den_bits = _dens(left, right)
    return Value(
        type_,
        _wide(left.expr, 1, bits) * _wide(right.expr, 1, bits),
        left.scale * right.scale,
        den,
        bits,
        den_bits,
        empty,
    )


def divide(left: Value, right: Value, type_: Type) -> Value:
    """``left / right``; null where the divisor is zero."""
    empty = any_empty((left, right))
    if left.floating or right.floating:
        divisor = as_float(right)
        quotient = pl.when(divisor != 0).then(as_float(left) / divisor)
        return Value(type_, quotient, empty=empty, floating=True)
    if right.const is not None:
        if right.const == 0:
            return Value(type_, pl.lit(None, pl.Int64), bits=1, empty=empty)
        if left.const is not None:
            return constant(left.const / right.const, type_)
        return replace(left, type=type_, scale=left.scale / right.const, empty=empty)
    if right.scale == 0:  # something times a literal zero
        return Value(type_, pl.lit(None, pl.Int64), bits=1, empty=empty)
    bits = left.bits + (right.den_bits if right.den is not None else 0)
    den_bits = right.bits + (left.den_bits if left.den is not None else 0)
    wide = max(bits, den_bits)
    num = _wide(left.expr, 1, wide)
    den = _wide(right.expr, 1, wide)
    if right.den is not None:
        num = num * _wide(right.den, 1, wide)
    if left.den is not None:
        den = den * _wide(left.den, 1, wide)
    num = pl.when(den > 0).then(num).when(den < 0).then(0 - num)  # 128-bit integers know no unary minus
    return Value(type_, num, left.scale / right.scale, den.abs(), bits, den_bits, empty)


def negate(value: Value) -> Value:
    """``-value``."""
    if value.const is not None:
        return constant(-value.const, value.type)
    return replace(value, expr=0 - value.expr)


def quantise(value: Value, unit: Fraction) -> pl.Expr:
    """The value as Int64 multiples of ``unit``, rounded half to even where it is not exact; null stays null.

    Used once, where a derived amount is summed (RULE_LANGUAGE point 7).
    """
    if value.floating:
        return (value.expr / float(unit)).round(0, mode="half_to_even").cast(pl.Int64)
    factor = value.scale / unit
    if value.den is None and factor.denominator == 1:
        return _wide(value.expr, int(factor), value.bits + _size(int(factor))).cast(pl.Int64)
    size = max(
        value.bits + _size(factor.numerator),
        (value.den_bits if value.den is not None else 1) + _size(factor.denominator),
    )
    if size > MAX_BITS:
        raise TooWideError
    num = value.expr.cast(pl.Int128) * pl.lit(factor.numerator, pl.Int128)
    den = pl.lit(factor.denominator, pl.Int128)
    if value.den is not None:
        den = value.den.cast(pl.Int128) * den
    return half_even(num, den).cast(pl.Int64)


def half_even(num: pl.Expr, den: pl.Expr) -> pl.Expr:
    """Integer ``num / den`` rounded half to even; ``den`` is positive. Nothing in between is wider than the two."""
    floor = num // den
    rest = num - floor * den
    up = (rest > den - rest) | ((rest == den - rest) & (floor % 2 != 0))
    return pl.when(up).then(floor + 1).otherwise(floor)


def boolean(expr: pl.Expr, operands: Iterable[Value] = ()) -> Value:
    """A condition; false where an operand is known empty."""
    empty = any_empty(operands)
    return Value(BOOL, expr if empty is None else ~empty & (empty | expr), bits=1)


def _dens(left: Value, right: Value) -> tuple[pl.Expr | None, int]:
    if left.den is None:
        return right.den, right.den_bits
    if right.den is None:
        return left.den, left.den_bits
    bits = left.den_bits + right.den_bits
    return _wide(left.den, 1, bits) * _wide(right.den, 1, bits), bits
