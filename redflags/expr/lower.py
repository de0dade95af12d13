"""Resolved expressions to typed Polars values.

One function per node type. What a register or a window must answer first becomes a named column (``@n`` for lookups,
``%n.part`` for measures) that the engine fills before it evaluates the expression.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import polars as pl

from redflags.errors import did_you_mean
from redflags.expr import calls, nodes
from redflags.expr import types as t
from redflags.expr.lexer import ExprError
from redflags.expr.values import (
    TooWideError,
    Value,
    add,
    any_empty,
    boolean,
    compare,
    constant,
    divide,
    multiply,
    negate,
    quantise,
)
from redflags.plan.measured import measure_value
from redflags.plan.nodes import ListLiteral, Lookup, MeasureRef
from redflags.plan.schema import refs_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from redflags.expr.types import Type
    from redflags.plan.nodes import Frame
    from redflags.plan.schema import Schemas

    CameIn: TypeAlias = Callable[[Frame, nodes.Call, Value], bool]


class Lowering:
    """Lowers expressions over the rows of one frame."""

    def __init__(self, schemas: Schemas, frame: Frame, came_in: CameIn | None = None) -> None:
        self.schemas = schemas
        self.came_in = came_in  # whether what a value reads came in; None while there are no data
        self.schema = schemas.of(frame)
        self.frame = frame

    def lower(self, node: nodes.Expr) -> Value:
        """The typed value of ``node``.

        Raises:
            ExprError: unlike types or currencies, unknown names or functions, at their place.
        """
        try:
            return self._lower(node)
        except TooWideError:
            raise _too_wide(node) from None

    def stored(self, node: nodes.Expr) -> Value:
        """The typed value of ``node``, which becomes a column of its own: a key, what is summed, what is told.

        Raises:
            ExprError: as ``lower`` does, or it does not fit before it is rounded.
        """
        value = self.lower(node)
        try:
            physical(value)
        except TooWideError:
            raise _too_wide(node) from None
        return value

    def condition(self, node: nodes.Expr) -> pl.Expr:
        """A condition as a nullable Boolean expression; a known-empty one is false."""
        value = self.lower(node)
        if value.type.kind not in {"bool", "null"}:
            raise ExprError(
                f"a condition is wanted, this is {value.type}",
                node.start,
                "compare it with something",
                "EXPR-TYPE",
            )
        expr = value.expr.cast(pl.Boolean) if value.type.kind == "null" else value.expr
        return boolean(expr, (value,)).expr

    # ---- leaves -----------------------------------------------------------------------------------------------

    def _lower(self, node: nodes.Expr) -> Value:
        handler = _HANDLERS.get(type(node))
        if handler is None:
            raise ExprError(f"cannot use {type(node).__name__} here", node.start, code="EXPR-TYPE")
        found: Value = getattr(self, handler)(node)
        return found

    def _number(self, node: nodes.Number) -> Value:
        return constant(node.value, t.LITERAL)

    def _text(self, node: nodes.Text) -> Value:
        return Value(t.TEXT, pl.lit(node.value, pl.String))

    def _bool(self, node: nodes.Bool) -> Value:
        return Value(t.BOOL, pl.lit(node.value, pl.Boolean))

    def _null(self, _: nodes.Null) -> Value:
        return Value(t.NULL, pl.lit(None))

    def _interval(self, node: nodes.Interval) -> Value:
        return constant(Fraction(node.micros), t.DURATION)

    def _dateliteral(self, node: nodes.DateLiteral) -> Value:
        return Value(t.DATE, pl.lit(node.days, pl.Int32))

    def _timeliteral(self, node: nodes.TimeLiteral) -> Value:
        return Value(t.TIME, pl.lit(node.micros, pl.Int64))

    def _listliteral(self, node: ListLiteral) -> Value:
        return Value(t.LIST, pl.lit(pl.Series([list(node.items)], dtype=pl.List(pl.String))).first())

    def _measureref(self, node: MeasureRef) -> Value:
        return measure_value(self.schemas, node.measure, node.start)

    def _name(self, node: nodes.Name) -> Value:
        if len(node.parts) == 1 or node.text in self.schema.columns:
            word = node.text
            if word in self.schema.refs and word not in self.schema.columns:
                raise ExprError(
                    f"{word!r} is a reference, not a value",
                    node.start,
                    f"write {word}.column, or found({word})",
                    "EXPR-NAME",
                )
            return self.column(word, node.start)
        return self.path(node)

    def column(self, word: str, offset: int) -> Value:
        """A column of the frame, hidden before the moment at which it is known."""
        column = self.schema.require(word, offset)
        expr = pl.col(word)
        if column.table is not None and column.column is not None:
            entry = self.schemas.table(column.table).columns[column.column]
            clock = word.removesuffix(column.column) + (entry.known_at or "")
            if entry.known_at and not entry.plan and clock in self.schema.columns:
                known = pl.col(clock).cast(pl.Int64)
                if self.schema.columns[clock].type.kind == "date":
                    known = known * calls.DAY
                expr = pl.when(known <= pl.col("at")).then(expr)
            return typed_column(entry.type, expr)
        return Value(column.type, expr, calls.unit_of_kind(column.type), floating=column.type.kind == "real")

    def path(self, node: nodes.Name) -> Value:
        """A dotted path through declared references, as of the row."""
        table, key = self.reference(node.parts[:-1], node.start)
        entry = self.schemas.table(table).columns.get(node.parts[-1])
        if entry is None:
            hint = did_you_mean(node.parts[-1], self.schemas.table(table).columns)
            raise ExprError(f"{table!r} has no column {node.parts[-1]!r}", node.start, hint, "EXPR-NAME")
        lookup = Lookup("value", table, entry.name, (key,))
        return typed_column(entry.type, pl.col(self.schemas.lookup_name(lookup)))

    def reference(self, parts: tuple[str, ...], offset: int) -> tuple[str, nodes.Expr]:
        """Target table of a path and the expression of its key."""
        if parts[0] not in self.schema.refs:
            hint = did_you_mean(parts[0], self.schema.refs)
            raise ExprError(f"unknown reference {parts[0]!r}", offset, hint, "EXPR-NAME")
        own, table = self.schema.refs[parts[0]]
        key: nodes.Expr = nodes.Name((own,))
        for index, part in enumerate(parts[1:], start=1):
            refs = refs_of(self.schemas.table(table))
            if part not in refs:
                raise ExprError(f"{table!r} has no reference {part!r}", offset, did_you_mean(part, refs), "EXPR-NAME")
            own, table = refs[part]
            key = nodes.Name((*parts[:index], own))
        return table, key

    # ---- operators --------------------------------------------------------------------------------------------

    def _unary(self, node: nodes.Unary) -> Value:
        if node.op == "not":
            return Value(t.BOOL, ~self.condition(node.operand))
        value = self._lower(node.operand)
        if not (value.type.numeric or value.type.kind == "literal"):
            raise ExprError(f"minus wants a number, this is {value.type}", node.start, code="EXPR-TYPE")
        return negate(value)

    def _binary(self, node: nodes.Binary) -> Value:
        if node.op in {"and", "or"}:
            left, right = self.condition(node.left), self.condition(node.right)
            return Value(t.BOOL, left & right if node.op == "and" else left | right)
        left_value, right_value = self._lower(node.left), self._lower(node.right)
        if node.op in nodes.COMPARISONS:
            return self.comparison(node.op, left_value, right_value, node)
        if node.op == "||":
            if {left_value.type.kind, right_value.type.kind} == {"text"}:
                return Value(
                    t.TEXT,
                    pl.concat_str(left_value.expr, right_value.expr),
                    empty=any_empty((left_value, right_value)),
                )
            raise ExprError("|| joins two texts", node.start, code="EXPR-TYPE")
        return self.arithmetic(node, left_value, right_value)

    def comparison(self, op: str, left: Value, right: Value, node: nodes.Expr) -> Value:
        """``left op right``, refused at load time where they are unlike."""
        left, right = calls.unify(left, right, node.start)
        kind = t.meet(left.type, right.type)
        if kind is not None and kind.kind in {"bool", "list"} and op not in {"=", "<>"}:
            raise ExprError(f"{kind} has no order", node.start, code="EXPR-TYPE")
        if op in {"=", "<>"}:
            calls.no_real_equality(left, right, node.start)
        if left.type.kind == "list":
            raise ExprError("lists are not compared", node.start, "use contains or overlap", "EXPR-TYPE")
        if left.type.kind == "null" or right.type.kind == "null":
            raise ExprError("comparing with null is never true", node.start, "write 'is null'", "EXPR-TYPE")
        return boolean(compare(op, left, right), (left, right))

    def arithmetic(self, node: nodes.Binary, left: Value, right: Value) -> Value:
        """``+ - * /`` by the table of units."""
        kind = _result_type(node, left.type, right.type)
        if node.op in "+-":
            if kind.kind in {"time", "date"}:
                return calls.shift(node, left, right, kind)
            if left.type.kind in {"time", "date"}:
                return calls.between(left, right)
            return calls.typed_by_steps(add(left, right, 1 if node.op == "+" else -1, kind))
        return multiply(left, right, kind) if node.op == "*" else divide(left, right, kind)

    def _isnull(self, node: nodes.IsNull) -> Value:
        missing = calls.absent(self._lower(node.operand))
        return Value(t.BOOL, ~missing if node.negated else missing)

    def _isdistinct(self, node: nodes.IsDistinct) -> Value:
        left, right = calls.unify(self._lower(node.left), self._lower(node.right), node.start)
        calls.no_real_equality(left, right, node.start)
        left_null, right_null = calls.absent(left), calls.absent(right)
        if "null" in {left.type.kind, right.type.kind}:
            same = left_null & right_null
            return Value(t.BOOL, same if node.negated else ~same)
        equal = compare("=", left, right)
        same = pl.when(left_null & right_null).then(True).when(left_null | right_null).then(False).otherwise(equal)
        return Value(t.BOOL, same if node.negated else ~same)

    def _in(self, node: nodes.In) -> Value:
        operand = self._lower(node.operand)
        if len(node.items) == 1 and not isinstance(node.items[0], nodes.Text | nodes.Number):
            single = self._lower(node.items[0])
            if single.type.kind == "list":
                if operand.type.kind not in {"text", "null"}:
                    raise ExprError(f"a list holds texts, this is {operand.type}", node.operand.start, code="EXPR-TYPE")
                found = boolean(calls.contains(single.expr, operand.expr), (operand, single))
                return Value(t.BOOL, ~found.expr if node.negated else found.expr)
        if not node.items:  # a list parameter without entries: nothing is in it
            nothing = boolean(pl.when(operand.expr.is_not_null()).then(False), (operand,)).expr
            return Value(t.BOOL, ~nothing if node.negated else nothing)
        hits = [self.comparison("=", operand, self._lower(item), item).expr for item in node.items]
        found_expr = hits[0]
        for hit in hits[1:]:
            found_expr = found_expr | hit
        return Value(t.BOOL, ~found_expr if node.negated else found_expr)

    def _between(self, node: nodes.Between) -> Value:
        operand = self._lower(node.operand)
        low = self.comparison(">=", operand, self._lower(node.low), node.low).expr
        high = self.comparison("<=", operand, self._lower(node.high), node.high).expr
        inside = low & high
        return Value(t.BOOL, ~inside if node.negated else inside)

    def _like(self, node: nodes.Like) -> Value:
        value = self._lower(node.operand)
        if value.type.kind != "text":
            raise ExprError(f"'like' wants a text, this is {value.type}", node.start, code="EXPR-TYPE")
        found = boolean(value.expr.str.contains(calls.like_pattern(node.pattern)), (value,)).expr
        return Value(t.BOOL, ~found if node.negated else found)

    def _case(self, node: nodes.Case) -> Value:
        conditions = [self.condition(when) for when, _ in node.branches]
        values = [self._lower(then) for _, then in node.branches]
        values.append(self._lower(node.default) if node.default is not None else Value(t.NULL, pl.lit(None)))
        return calls.choose(conditions, values, node.start)

    def _call(self, node: nodes.Call) -> Value:
        return calls.lower_call(self, node)


#: Method of ``Lowering`` for each type of node.
_HANDLERS: dict[type, str] = {
    nodes.Number: "_number",
    nodes.Text: "_text",
    nodes.Bool: "_bool",
    nodes.Null: "_null",
    nodes.Interval: "_interval",
    nodes.DateLiteral: "_dateliteral",
    nodes.TimeLiteral: "_timeliteral",
    ListLiteral: "_listliteral",
    MeasureRef: "_measureref",
    nodes.Name: "_name",
    nodes.Unary: "_unary",
    nodes.Binary: "_binary",
    nodes.IsNull: "_isnull",
    nodes.IsDistinct: "_isdistinct",
    nodes.In: "_in",
    nodes.Between: "_between",
    nodes.Like: "_like",
    nodes.Case: "_case",
    nodes.Call: "_call",
}


def _too_wide(node: nodes.Expr) -> ExprError:
    hint = "multiply fewer amounts with each other"
    return ExprError("the exact result could pass 127 bits", node.start, hint, "EXPR-WIDTH")


def physical(value: Value) -> pl.Expr:
    """The value as whole multiples of its type's unit, or as it is."""
    kind = value.type
    if kind.numeric or kind.kind == "literal":
        return quantise(value, calls.unit_of_kind(kind if kind.kind != "literal" else t.NUMBER))
    return value.expr


def typed_column(dictionary_type: str, expr: pl.Expr) -> Value:
    """A canonical column as a value, in its unit."""
    kind = t.of_column(dictionary_type)
    bits = 100 if dictionary_type == "decimal" else 63
    return Value(kind, expr, calls.unit_of(dictionary_type), bits=bits, floating=dictionary_type == "real")


_SCALARS = {"int", "number", "literal"}


def _result_type(node: nodes.Binary, left: Type, right: Type) -> Type:  # noqa: C901, PLR0911, PLR0912  a table of units
    """Unit of an arithmetic result; refused where it has none."""
    op = node.op
    if "null" in {left.kind, right.kind}:
        return right if left.kind == "null" else left
    if op in "+-":
        if left.kind in {"time", "date"} and right.kind == "duration":
            return left
        if op == "+" and left.kind == "duration" and right.kind in {"time", "date"}:
            return right
        if op == "-" and left.kind == right.kind and left.kind in {"time", "date"}:
            return t.DURATION
        common = t.meet(left, right)
        if common is not None and (common.numeric or common.kind == "literal"):
            return common
    elif op == "*":
        if left.kind in _SCALARS and right.kind in _SCALARS:
            return t.LITERAL if left.kind == right.kind == "literal" else t.NUMBER
        for one, other in ((left, right), (right, left)):
            if one.kind in {"money", "duration", "real"} and other.kind in {*_SCALARS, "real"}:
                return one
        if {left.kind, right.kind} <= {"money", "duration"} and left.kind != right.kind:
            return t.Type(f"{min(left.kind, right.kind)}*{max(left.kind, right.kind)}", left.currency or right.currency)
        if left.kind == right.kind == "money":
            return t.Type("money*money")
    else:
        if right.kind in _SCALARS and left.kind in {"money", "duration", *_SCALARS, "real"}:
            return (
                left
                if left.kind in {"money", "duration", "real"}
                else t.LITERAL
                if left.kind == right.kind == "literal"
                else t.NUMBER
            )
        if t.meet(left, right) is not None and left.kind in {"money", "duration"}:
            return t.NUMBER
        if "real" in {left.kind, right.kind} and left.kind in {"real", *_SCALARS} and right.kind in {"real", *_SCALARS}:
            return t.REAL
        if "*" in left.kind:
            rest = list(left.kind.split("*"))
            if right.kind in rest:
                rest.remove(right.kind)
                return t.Type(rest[0], left.currency if rest[0] == "money" else None)
    verb = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide"}[op]
    hint = "row currency and base currency do not mix" if left.kind == right.kind == "money" else ""
    raise ExprError(f"cannot {verb} {left} and {right}", node.start, hint, "EXPR-CURRENCY" if hint else "EXPR-TYPE")
