"""Functions of the expression language, lowered one by one."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import polars as pl

from redflags.errors import did_you_mean
from redflags.expr import nodes
from redflags.expr import types as t
from redflags.expr.functions import FUNCTIONS
from redflags.expr.lexer import ExprError
from redflags.expr.texts import bigram_similarity, normalised
from redflags.expr.values import (
    Value,
    any_empty,
    as_float,
    boolean,
    common_scale,
    compare,
    constant,
    divide,
    quantise,
    rescaled,
)
from redflags.units import DECIMAL_SCALE, MONEY_SCALE, NUMBER_SCALE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from redflags.expr.lower import Lowering
    from redflags.expr.types import Type

    Builder = Callable[[nodes.Call, Sequence[Value]], Value]

DAY = 86_400_000_000
_UNITS = {
    "money": Fraction(1, MONEY_SCALE), "money_base": Fraction(1, MONEY_SCALE), "number": Fraction(1, NUMBER_SCALE),
    "ratio": Fraction(1, NUMBER_SCALE), "decimal": Fraction(1, DECIMAL_SCALE),
}  # fmt: skip
EARTH_KM = 6371.0088


def unit_of(dictionary_type: str) -> Fraction:
    """What one unit of the physical integer is worth."""
    return _UNITS.get(dictionary_type, Fraction(1))


def unit_of_kind(kind: Type) -> Fraction:
    """The unit in which a derived value of this type is kept."""
    return _UNITS.get("number" if kind.kind in {"real", "literal"} else kind.kind, Fraction(1))


def absent(value: Value) -> pl.Expr:
    """Null or known empty."""
    null = value.expr.is_null()
    return null if value.empty is None else null | value.empty.fill_null(value=False)


def unify(left: Value, right: Value, offset: int) -> tuple[Value, Value]:
    """Both values with one type, or an ``ExprError`` that says why not."""
    if t.meet(left.type, right.type) is not None:
        return left, right
    if left.type.kind == right.type.kind == "money":
        raise ExprError(
            f"{left.type} does not compare with {right.type}", offset, "use amount_base, or amounts of one currency",
            "EXPR-CURRENCY",
        )  # fmt: skip
    hint = ""
    kinds = {left.type.kind, right.type.kind}
    if "duration" in kinds and kinds & {"literal", "int"}:
        hint = "write interval '30 days' or a duration parameter"
    elif kinds == {"time", "date"}:
        hint = "use local_date(...) or timestamp '...'"
    elif kinds == {"text", "literal"}:
        hint = "quote the text"
    raise ExprError(f"cannot compare {left.type} with {right.type}", offset, hint, "EXPR-TYPE")


def no_real_equality(left: Value, right: Value, offset: int) -> None:
    """Refuse to ask whether real numbers are the same."""
    if (left.floating or right.floating) and "null" not in {left.type.kind, right.type.kind}:
        raise ExprError("a real number is never compared for equality", offset, "use a range", "EXPR-TYPE")


def contains(items: pl.Expr, element: pl.Expr) -> pl.Expr:
    """Whether a list has an element; null if either is null."""
    found = items.list.contains(element)
    return pl.when(items.is_null() | element.is_null()).then(None).otherwise(found)


def like_pattern(pattern: str) -> str:
    """An SQL ``like`` pattern as an anchored regular expression.

    Example:
        >>> like_pattern("INV%_")
        '(?s)^INV.*.$'
    """
    body = "".join({"%": ".*", "_": "."}.get(char, re.escape(char)) for char in pattern)
    return f"(?s)^{body}$"


def shift(node: nodes.Binary, left: Value, right: Value, kind: Type) -> Value:
    """A time or date moved by a duration; a date moves by whole days."""
    moment, length = (left, right) if left.type.kind in {"time", "date"} else (right, left)
    steps = quantise(length, Fraction(DAY) if kind.kind == "date" else Fraction(1))
    base = moment.expr.cast(pl.Int64)
    moved = base + steps if node.op == "+" else base - steps
    return Value(kind, moved.cast(pl.Int32) if kind.kind == "date" else moved, empty=any_empty((left, right)))


def between(left: Value, right: Value) -> Value:
    """The duration from ``right`` to ``left``."""
    steps = left.expr.cast(pl.Int64) - right.expr.cast(pl.Int64)
    scale = Fraction(DAY) if left.type.kind == "date" else Fraction(1)
    return Value(t.DURATION, steps, scale, bits=62, empty=any_empty((left, right)))


def choose(conditions: Sequence[pl.Expr], values: Sequence[Value], offset: int) -> Value:
    """``case``: the value of the first true condition, the last value without one."""
    kind = t.NULL
    for value in values:
        met = t.meet(kind, value.type)
        if met is None:
            raise ExprError(f"the branches are unlike: {kind} and {value.type}", offset, code="EXPR-TYPE")
        kind = met
    values = aligned(values, kind)
    pick = _when(conditions, [value.expr for value in values])
    empty = None
    if any(value.empty is not None for value in values):
        empty = _when(conditions, [pl.lit(value=False) if v.empty is None else v.empty for v in values])
    den = None
    if any(value.den is not None for value in values):
        den = _when(conditions, [pl.lit(1, pl.Int64) if v.den is None else v.den for v in values])
    bits, den_bits = max(v.bits for v in values), max(v.den_bits for v in values)
    return typed_by_steps(Value(kind, pick, values[0].scale, den, bits, den_bits, empty, values[0].floating))


def typed_by_steps(value: Value) -> Value:
    """The value; a whole number that goes in broken steps (``n + 0.5``) is no whole number."""
    return replace(value, type=t.NUMBER) if value.type == t.INT and value.scale.denominator != 1 else value


def _when(conditions: Sequence[pl.Expr], values: Sequence[pl.Expr]) -> pl.Expr:
    result = values[-1]
    for condition, value in zip(reversed(conditions), reversed(values[:-1]), strict=True):
        result = pl.when(condition).then(value).otherwise(result)
    return result


def aligned(values: Sequence[Value], kind: Type) -> list[Value]:
    """Alternatives over one scale, so that they can stand in one column; nothing is rounded."""
    if kind.kind == "real" or any(value.floating for value in values):
        return [Value(kind, as_float(value), empty=value.empty, floating=True) for value in values]
    if not (kind.numeric or kind.kind == "literal"):
        return [replace(value, type=kind) for value in values]
    scale = common_scale(value for value in values if value.type.kind != "null")
    return [
        replace(value, type=kind, scale=scale, bits=1) if value.type.kind == "null"
        else replace(rescaled(value, scale), type=kind)
        for value in values
    ]  # fmt: skip


# ---- calls ----------------------------------------------------------------------------------------------------------


def lower_call(lowering: Lowering, node: nodes.Call) -> Value:
    """The value of one call; arguments are checked against the signature first."""
    if node.name not in FUNCTIONS:
        hint = did_you_mean(node.name, FUNCTIONS)
        if node.name == "rows_of":
            hint = "rows_of stands only in 'each'"
        raise ExprError(f"unknown function {node.name!r}", node.start, hint, "EXPR-FUNCTION")
    function = FUNCTIONS[node.name]
    _check_count(node)
    if function.register:
        from redflags.expr.lookups import lower_lookup

        return lower_lookup(lowering, node)
    if node.name == "base_currency":
        return Value(t.TEXT, pl.col("base_currency()"))
    args = [lowering._lower(arg) for arg in node.args]  # noqa: SLF001
    _check_kinds(node, args)
    if node.name == "given":
        return _given(lowering, node, args)
    if node.name.startswith("local_"):
        return _local(lowering, node, args[0])
    return _BUILDERS[node.name](node, args)


def _check_count(node: nodes.Call) -> None:
    wanted = FUNCTIONS[node.name].args
    fixed = [arg for arg in wanted if arg[-1] not in "*?"]
    many = any(arg.endswith("*") for arg in wanted)
    if len(node.args) < len(fixed) or (not many and len(node.args) > len(wanted)):
        shown = ", ".join(wanted)
        raise ExprError(f"{node.name}({shown}) got {len(node.args)} arguments", node.start, code="EXPR-ARGUMENTS")


_ACCEPTS = {
    "numeric": t.NUMERIC | {"literal"}, "text": {"text"}, "int": {"int", "literal", "number"}, "list": {"list"},
    "time": {"time"}, "date": {"date"}, "real": {"real", "number", "int", "literal"}, "bool": {"bool"},
    "money": {"money", "literal"}, "number": {"number", "int", "literal", "money"},
}  # fmt: skip


def _check_kinds(node: nodes.Call, args: Sequence[Value]) -> None:
    wanted = list(FUNCTIONS[node.name].args)
    while len(wanted) < len(args):
        wanted.append(wanted[-1])
    for want, value, arg in zip(wanted, args, node.args, strict=False):
        accepts = _ACCEPTS.get(want.rstrip("*?"))
        if accepts is not None and value.type.kind not in accepts | {"null"}:
            raise ExprError(
                f"{node.name} wants {want.rstrip('*?')} here, this is {value.type}",
                arg.start,
                code="EXPR-TYPE",
            )


def _given(lowering: Lowering, node: nodes.Call, args: Sequence[Value]) -> Value:
    """The first value, or its stand-in; which of the two is known once there are data."""
    value, stand_in = unify(args[0], args[1], node.start)
    if stand_in.type.kind == "null":
        raise ExprError("a stand-in is a value", node.args[1].start, "null would be unknown all the same", "EXPR-TYPE")
    if value.type.kind in {"literal", "null"}:
        raise ExprError("what may be missing is read from data", node.args[0].start, code="EXPR-TYPE")
    if lowering.came_in is None or lowering.came_in(lowering.frame, node, value):
        return value
    # In the type of what it stands for: whoever stores the value has counted on its unit.
    return replace(stand_in, type=value.type) if value.type.numeric else stand_in


def _local(lowering: Lowering, node: nodes.Call, moment: Value) -> Value:
    from redflags.plan.nodes import Lookup

    micros = pl.col(lowering.schemas.lookup_name(Lookup("local", "accounts", "timezone", (node.args[0],))))
    empty = moment.empty
    if node.name == "local_date":
        return Value(t.DATE, (micros // DAY).cast(pl.Int32), empty=empty)
    if node.name == "local_hour":
        return Value(t.INT, (micros - (micros // DAY) * DAY) // 3_600_000_000, empty=empty)
    days = micros // DAY
    return Value(t.INT, (days + 3) - ((days + 3) // 7) * 7 + 1, empty=empty)


def _abs(_: nodes.Call, args: Sequence[Value]) -> Value:
    value = args[0]
    return constant(abs(value.const), value.type) if value.const is not None else replace(value, expr=value.expr.abs())


def _coalesce(node: nodes.Call, args: Sequence[Value]) -> Value:
    conditions = [~absent(value) for value in args[:-1]]
    return choose(conditions, args, node.start)


def _nullif(node: nodes.Call, args: Sequence[Value]) -> Value:
    left, right = unify(args[0], args[1], node.start)
    no_real_equality(left, right, node.start)
    same = boolean(compare("=", left, right), (left, right)).expr.fill_null(value=False)
    kind = t.meet(left.type, right.type) or left.type  # a literal takes the unit of what it is compared with
    return choose([same], [Value(t.NULL, pl.lit(None)), replace(left, type=kind)], node.start)


def _extreme(node: nodes.Call, args: Sequence[Value]) -> Value:
    op = ">=" if node.name == "greatest" else "<="
    for value, arg in zip(args, node.args, strict=True):
        if value.type.kind in {"bool", "list"}:
            raise ExprError(f"{value.type} has no order", arg.start, code="EXPR-TYPE")
    best = args[0]
    for value in args[1:]:
        unify(best, value, node.start)
        empty = any_empty((best, value))
        known = ~(best.expr.is_null() | value.expr.is_null())
        left_wins = compare(op, best, value)
        chosen = choose([known & left_wins, known], [best, value, Value(t.NULL, pl.lit(None))], node.start)
        best = replace(chosen, empty=empty)
    return best


def _text(build: str) -> Builder:
    def make(_: nodes.Call, args: Sequence[Value]) -> Value:
        texts = args[0].expr
        ways: dict[str, Callable[[], pl.Expr]] = {
            "lower": texts.str.to_lowercase, "upper": texts.str.to_uppercase,
            "trim": texts.str.strip_chars, "normalise": lambda: normalised(texts),
            "digits": lambda: texts.str.replace_all("[^0-9]", ""),
            "left": lambda: texts.str.head(quantise(args[1], Fraction(1))),
            "right": lambda: texts.str.tail(quantise(args[1], Fraction(1))),
        }  # fmt: skip
        return Value(t.TEXT, ways[build](), empty=any_empty(args))

    return make


def _length(_: nodes.Call, args: Sequence[Value]) -> Value:
    return Value(t.INT, args[0].expr.str.len_chars().cast(pl.Int64), empty=args[0].empty)


def _whole(_: nodes.Call, args: Sequence[Value]) -> Value:
    found = args[0].expr.str.extract("^([0-9]{1,18})$", 1)
    return Value(t.INT, found.cast(pl.Int64), empty=args[0].empty)


def _affix(node: nodes.Call, args: Sequence[Value]) -> Value:
    texts = args[0].expr.str
    return boolean((texts.starts_with if node.name == "starts_with" else texts.ends_with)(args[1].expr), args)


def _similarity(_: nodes.Call, args: Sequence[Value]) -> Value:
    return Value(t.REAL, bigram_similarity(args[0].expr, args[1].expr), empty=any_empty(args), floating=True)


def _contains(_: nodes.Call, args: Sequence[Value]) -> Value:
    return boolean(contains(args[0].expr, args[1].expr), args)


def _overlap(_: nodes.Call, args: Sequence[Value]) -> Value:
    left, right = args[0].expr, args[1].expr
    shared = left.list.set_intersection(right).list.len() > 0
    return boolean(pl.when(left.is_null() | right.is_null()).then(None).otherwise(shared), args)


def _size(_: nodes.Call, args: Sequence[Value]) -> Value:
    return Value(t.INT, args[0].expr.list.len().cast(pl.Int64), empty=args[0].empty)


def _array(_: nodes.Call, args: Sequence[Value]) -> Value:
    if not args:
        return Value(t.LIST, pl.lit(pl.Series([[]], dtype=pl.List(pl.String))).first())
    return Value(t.LIST, pl.concat_list([a.expr for a in args]).list.drop_nulls(), empty=None)


def _concat_lists(_: nodes.Call, args: Sequence[Value]) -> Value:
    none = pl.lit(pl.Series([[]], dtype=pl.List(pl.String))).first()
    return Value(t.LIST, pl.concat_list([a.expr.fill_null(none) for a in args]))


def _date_part(node: nodes.Call, args: Sequence[Value]) -> Value:
    day = args[0].expr.cast(pl.Int32).cast(pl.Date).dt
    part = {"day_of_month": day.day, "month": day.month, "year": day.year}[node.name]()
    return Value(t.INT, part.cast(pl.Int64), empty=args[0].empty)


def _days_between(_: nodes.Call, args: Sequence[Value]) -> Value:
    return Value(t.INT, args[1].expr.cast(pl.Int64) - args[0].expr.cast(pl.Int64), empty=any_empty(args))


def _distance(_: nodes.Call, args: Sequence[Value]) -> Value:
    lat1, lon1, lat2, lon2 = (as_float(a).radians() for a in args)
    half = ((lat2 - lat1) / 2).sin() ** 2 + lat1.cos() * lat2.cos() * ((lon2 - lon1) / 2).sin() ** 2
    return Value(t.REAL, 2 * EARTH_KM * half.clip(0, 1).sqrt().arcsin(), empty=any_empty(args), floating=True)


def _sqrt(_: nodes.Call, args: Sequence[Value]) -> Value:
    number = as_float(args[0])
    return Value(t.REAL, pl.when(number >= 0).then(number.sqrt()), empty=args[0].empty, floating=True)


def _ratio(_: nodes.Call, args: Sequence[Value]) -> Value:
    return divide(args[0], args[1], t.NUMBER)


def _is_round(node: nodes.Call, args: Sequence[Value]) -> Value:
    step = args[1].const
    if step is None or step <= 0:
        raise ExprError(
            "is_round wants a step above zero", node.args[1].start, "a number or a parameter", "EXPR-ARGUMENTS"
        )
    amount = quantise(args[0], unit_of_kind(args[0].type))
    size = step / unit_of_kind(args[0].type)
    scaled = amount.cast(pl.Int128) * size.denominator
    return boolean(scaled - (scaled // size.numerator) * size.numerator == 0, args)


_BUILDERS: dict[str, Builder] = {
    "abs": _abs, "coalesce": _coalesce, "nullif": _nullif, "greatest": _extreme, "least": _extreme,
    "lower": _text("lower"), "upper": _text("upper"), "trim": _text("trim"), "length": _length, "left": _text("left"),
    "right": _text("right"), "starts_with": _affix, "ends_with": _affix, "normalise": _text("normalise"),
    "digits": _text("digits"), "whole": _whole, "similarity": _similarity, "contains": _contains, "overlap": _overlap,
    "size": _size, "array": _array, "concat_lists": _concat_lists, "day_of_month": _date_part, "month": _date_part, "year": _date_part,
    "days_between": _days_between, "distance_km": _distance, "sqrt": _sqrt, "ratio": _ratio, "is_round": _is_round,
}  # fmt: skip
