"""Expressions, walked node by node: one row, one answer."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, Protocol

from redflags.expr.nodes import (
    Between,
    Binary,
    Bool,
    Call,
    Case,
    DateLiteral,
    Expr,
    In,
    Interval,
    IsDistinct,
    IsNull,
    Like,
    Name,
    Null,
    Number,
    Param,
    Text,
    TimeLiteral,
    Unary,
)
from tests.reference.functions import FUNCTIONS
from tests.reference.values import EMPTY, arithmetic, both, compare, condition, either, negate, unknown

if TYPE_CHECKING:
    from collections.abc import Callable


class Env(Protocol):
    """What an expression asks of the row it is read at."""

    def name(self, parts: tuple[str, ...]) -> Any: ...

    def param(self, name: str) -> Any: ...

    def register_call(self, name: str, args: list[Expr], evaluate: Callable[[Expr], Any]) -> Any: ...


REGISTER_CALLS = ("listed", "value_of", "linked", "found", "threshold", "reaches")
ROW_CALLS = ("local_date", "local_hour", "local_weekday", "base_currency")


def evaluate(node: Expr, env: Env) -> Any:
    if isinstance(node, Number | Text | Bool):
        return node.value
    if isinstance(node, Null):
        return None
    if isinstance(node, Interval | TimeLiteral):
        return node.micros
    if isinstance(node, DateLiteral):
        return dt.date(1970, 1, 1) + dt.timedelta(days=node.days)
    if isinstance(node, Name):
        return env.name(node.parts)
    if isinstance(node, Param):
        return env.param(node.name)
    if isinstance(node, Unary):
        operand = evaluate(node.operand, env)
        return negate(condition(operand)) if node.op == "not" else arithmetic("-", 0, operand)
    if isinstance(node, Binary):
        return _binary(node, env)
    if isinstance(node, IsNull):
        return unknown(evaluate(node.operand, env)) != node.negated
    if isinstance(node, IsDistinct):
        left, right = evaluate(node.left, env), evaluate(node.right, env)
        if unknown(left) or unknown(right):
            distinct = unknown(left) != unknown(right)
        else:
            distinct = bool(compare("<>", left, right))
        return distinct != node.negated
    if isinstance(node, In):
        return _in(node, env)
    if isinstance(node, Between):
        operand, low, high = (evaluate(part, env) for part in (node.operand, node.low, node.high))
        inside = both(compare(">=", operand, low), compare("<=", operand, high))
        return negate(inside) if node.negated else inside
    if isinstance(node, Like):
        operand = evaluate(node.operand, env)
        if operand is EMPTY:
            return node.negated
        if operand is None:
            return None
        parts = (".*" if c == "%" else "." if c == "_" else re.escape(c) for c in node.pattern)
        return (re.fullmatch("".join(parts), operand, re.DOTALL) is not None) != node.negated
    if isinstance(node, Case):
        for when, then in node.branches:
            if condition(evaluate(when, env)) is True:
                return evaluate(then, env)
        return None if node.default is None else evaluate(node.default, env)
    assert isinstance(node, Call)
    if node.name in REGISTER_CALLS or node.name in ROW_CALLS:
        return env.register_call(node.name, list(node.args), lambda arg: evaluate(arg, env))
    return FUNCTIONS[node.name](*(evaluate(arg, env) for arg in node.args))


def _binary(node: Binary, env: Env) -> Any:
    left, right = evaluate(node.left, env), evaluate(node.right, env)
    if node.op == "and":
        return both(condition(left), condition(right))
    if node.op == "or":
        return either(condition(left), condition(right))
    if node.op == "||":
        if left is EMPTY or right is EMPTY:
            return EMPTY
        return None if left is None or right is None else left + right
    if node.op in {"+", "-", "*", "/"}:
        return arithmetic(node.op, left, right)
    return compare(node.op, left, right)


def _in(node: In, env: Env) -> bool | None:
    operand = evaluate(node.operand, env)
    if operand is EMPTY:
        return node.negated  # "in" is false, so "not in" is true
    if operand is None and len(node.items) == 1 and isinstance(node.items[0], Name | Call):
        return None  # as contains(list, null)
    items: Any = [evaluate(item, env) for item in node.items]
    if len(items) == 1 and isinstance(items[0], tuple):  # a list parameter or a list column
        items = items[0]
    elif len(node.items) == 1 and items[0] is None and isinstance(node.items[0], Name):
        return None  # a list column that is null
    found: bool | None = False
    for item in items:
        found = either(found, compare("=", operand, item))
    return negate(found) if node.negated else found
