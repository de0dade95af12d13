"""A Pratt parser for the SQL scalar subset.

Binding powers, loosest first: ``or``, ``and``, ``not``, comparisons (which do not chain), ``||``, ``+ -``, ``* /``,
unary minus.
"""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from functools import lru_cache

from redflags.expr.lexer import ExprError, Token, tokenize
from redflags.expr.nodes import (
    COMPARISONS,
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
    children,
)

#: Levels of nesting that an expression may have.
MAX_DEPTH = 100
OR, AND, NOT, COMPARE, CONCAT, SUM, PRODUCT, MINUS = 1, 2, 3, 4, 5, 6, 7, 8
POWER = {"or": OR, "and": AND, "||": CONCAT, "+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT}
INTERVAL_UNITS = {
    "microsecond": 1, "millisecond": 1_000, "second": 1_000_000, "minute": 60_000_000, "hour": 3_600_000_000,
    "day": 86_400_000_000, "week": 604_800_000_000,
}  # fmt: skip
_REFUSED = {
    "==": "use a single =",
    "!=": "use <>",
    "::": "casts are not offered",
    "%": "the remainder is not offered",
    ";": "one expression only",
    '"': "texts take single quotes: 'cash'",
    "`": "names need no quotes",
    "[": "use contains(list, value) or in",
    "{": "an expression has no braces",
    "!": "use not",
}
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@lru_cache(maxsize=8192)
def parse(text: str) -> Expr:
    """Parse one expression.

    Args:
        text: SQL scalar text, e.g. ``amount >= $band * 10000 and instrument = 'cash'``.

    Returns:
        The root node; every node knows its offsets in ``text``.

    Raises:
        ExprError: at the first place that is not an expression, with a hint where one is known.

    Example:
        >>> parse("1 + 2 * 3") == parse("1 + (2 * 3)")
        True
    """
    parser = _Parser(tokenize(text))
    if parser.peek.kind == "end":
        raise ExprError("an expression is missing here", 0)
    try:
        node = parser.expression(0)
    except RecursionError:
        raise _too_deep(0) from None
    parser.finish()
    _check_depth(node)
    return node


def _check_depth(root: Expr) -> None:
    """Every later step walks the tree by recursion, so its depth is bounded here, where a place can be named."""
    level: list[Expr] = [root]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in children(node)]
        if not level:
            return
    raise _too_deep(level[0].start)


def _too_deep(offset: int) -> ExprError:
    return ExprError(
        "the expression is nested too deeply", offset, "put parts of it under 'let', or use in ('a', 'b', ...)"
    )


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0

    @property
    def peek(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.tokens[self.at]
        self.at += token.kind != "end"
        return token

    def accept(self, *words: str) -> Token | None:
        if self.peek.text in words and self.peek.kind in {"op", "keyword"}:
            return self.take()
        return None

    def expect(self, word: str, where: str) -> Token:
        token = self.accept(word)
        if token is None:
            raise ExprError(f"expected {word!r} {where}, found {_shown(self.peek)}", self.peek.start)
        return token

    def finish(self) -> None:
        token = self.peek
        if token.kind == "end":
            return
        if token.kind in {"name", "duration"} or token.text == "as":
            raise ExprError(
                f"unexpected {token.text!r} after a complete expression", token.start,
                "an operator is missing, or a duration wants interval '30 days'",
            )  # fmt: skip
        raise ExprError(f"unexpected {_shown(token)}", token.start, _REFUSED.get(token.text, ""))

    # ---- operators ----------------------------------------------------------------------------------------------

    def expression(self, power: int) -> Expr:
        left = self.prefix()
        while True:
            token = self.peek
            if token.kind not in {"op", "keyword"}:
                return left
            if token.text in COMPARISONS or token.text in {"is", "in", "between", "like", "not"}:
                if power >= COMPARE:
                    return left
                left = self.comparison(left)
                if self.peek.text in COMPARISONS:
                    raise ExprError("comparisons do not chain", self.peek.start, "write a < b and b < c")
                continue
            binds = POWER.get(token.text)
            if binds is None or binds <= power:
                return left
            self.take()
            right = self.expression(binds)
            left = Binary(token.text, left, right, start=left.start, end=right.end)

    def comparison(self, left: Expr) -> Expr:
        token = self.take()
        if token.text in COMPARISONS:
            right = self.expression(COMPARE)
            return Binary(token.text, left, right, start=left.start, end=right.end)
        if token.text == "is":
            negated = self.accept("not") is not None
            if self.accept("distinct"):
                self.expect("from", "after 'is distinct'")
                right = self.expression(COMPARE)
                return IsDistinct(left, right, negated, start=left.start, end=right.end)
            end = self.expect("null", "or 'distinct from' after 'is'").end
            return IsNull(left, negated, start=left.start, end=end)
        negated = token.text == "not"
        word = token
        if negated:
            found = self.accept("in", "between", "like")
            if found is None:
                raise ExprError("expected 'in', 'between' or 'like' after 'not'", self.peek.start)
            word = found
        if word.text == "between":
            low = self.expression(COMPARE)
            self.expect("and", "inside 'between'")
            high = self.expression(COMPARE)
            return Between(left, low, high, negated, start=left.start, end=high.end)
        if word.text == "like":
            pattern = self.take()
            if pattern.kind != "text":
                raise ExprError("'like' wants a quoted pattern", pattern.start)
            return Like(left, _unquote(pattern.text), negated, start=left.start, end=pattern.end)
        if self.accept("("):
            items = self.arguments("after 'in ('")
            return In(left, tuple(items), negated, start=left.start, end=self.tokens[self.at - 1].end)
        target = self.expression(COMPARE)
        if not isinstance(target, Param | Name | Call):
            raise ExprError("'in' wants a list: in ('a', 'b'), in $list or in a list column", target.start)
        return In(left, (target,), negated, start=left.start, end=target.end)

    def prefix(self) -> Expr:
        token = self.take()
        if token.kind == "keyword" and token.text == "not":
            operand = self.expression(NOT)
            return Unary("not", operand, start=token.start, end=operand.end)
        if token.kind == "op" and token.text in {"-", "+"}:
            operand = self.expression(MINUS)
            if token.text == "+":
                return operand
            if isinstance(operand, Number):
                return Number(-operand.value, start=token.start, end=operand.end)
            return Unary("-", operand, start=token.start, end=operand.end)
        if token.kind == "op" and token.text == "(":
            node = self.expression(0)
            self.expect(")", "to close the bracket")
            return node
        return self.atom(token)

    # ---- atoms --------------------------------------------------------------------------------------------------

    def atom(self, token: Token) -> Expr:  # noqa: PLR0911  one case a kind of token
        place = {"start": token.start, "end": token.end}
        if token.kind == "number":
            return Number(Fraction(token.text.replace("_", "")), **place)
        if token.kind == "text":
            return Text(_unquote(token.text), **place)
        if token.kind == "param":
            return Param(token.text[1:], **place)
        if token.kind == "duration":
            raise ExprError(
                f"a bare duration {token.text!r} is not SQL",
                token.start,
                "write interval '30 days' or a parameter",
            )
        if token.kind == "name":
            return self.name_or_call(token)
        if token.kind == "keyword":
            if token.text in {"true", "false"}:
                return Bool(token.text == "true", **place)
            if token.text == "null":
                return Null(**place)
            if token.text == "case":
                return self.case(token)
            if token.text in {"interval", "date", "timestamp"} and self.peek.kind == "text":
                return _typed_literal(token, self.take())
            if token.text in {"date", "timestamp", "distinct"}:
                return self.name_or_call(token)
        raise ExprError(f"expected a value, found {_shown(token)}", token.start, _REFUSED.get(token.text, ""))

    def name_or_call(self, token: Token) -> Expr:
        if self.accept("("):
            args = self.arguments(f"in {token.text}(...)") if not self.accept(")") else []
            return Call(token.text.lower(), tuple(args), start=token.start, end=self.tokens[self.at - 1].end)
        parts, end = [token.text], token.end
        while self.accept("."):
            part = self.take()
            if part.kind not in {"name", "keyword"}:
                raise ExprError("a name is missing after the dot", part.start)
            parts.append(part.text)
            end = part.end
        return Name(tuple(parts), start=token.start, end=end)

    def arguments(self, where: str) -> list[Expr]:
        args = [self.expression(0)]
        while self.accept(","):
            args.append(self.expression(0))
        self.expect(")", where)
        return args

    def case(self, token: Token) -> Expr:
        branches: list[tuple[Expr, Expr]] = []
        if self.peek.text != "when":
            raise ExprError("'case' wants 'when' with a condition", self.peek.start, "case when a = 1 then ... end")
        while self.accept("when"):
            condition = self.expression(0)
            self.expect("then", "after a 'when' condition")
            branches.append((condition, self.expression(0)))
        default = self.expression(0) if self.accept("else") else None
        end = self.expect("end", "to close 'case'").end
        return Case(tuple(branches), default, start=token.start, end=end)


def _typed_literal(word: Token, text: Token) -> Expr:
    value = _unquote(text.text).strip()
    place = {"start": word.start, "end": text.end}
    if word.text == "interval":
        total = 0
        parts = value.split()
        if not parts or len(parts) % 2:
            raise ExprError(f"cannot read interval {value!r}", text.start, "interval '30 days', interval '24 hours'")
        for number, unit in zip(parts[::2], parts[1::2], strict=True):
            scale = INTERVAL_UNITS.get(unit.lower().removesuffix("s"))
            if scale is None or not number.removeprefix("-").isdecimal():
                raise ExprError(
                    f"cannot read interval {value!r}", text.start,
                    "whole days, hours, minutes or weeks; months and years have no fixed length",
                )  # fmt: skip
            total += int(number) * scale
        return Interval(total, **place)
    try:
        if word.text == "date":
            return DateLiteral((dt.date.fromisoformat(value) - EPOCH.date()).days, **place)
        moment = dt.datetime.fromisoformat(value)
    except ValueError:
        example = "date '2024-01-31'" if word.text == "date" else "timestamp '2024-01-31 12:00:00'"
        raise ExprError(f"cannot read {word.text} {value!r}", text.start, example) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    delta = moment - EPOCH
    return TimeLiteral((delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds, **place)


def _unquote(text: str) -> str:
    return text[1:-1].replace("''", "'")


def _shown(token: Token) -> str:
    return "the end of the expression" if token.kind == "end" else repr(token.text)
