"""Random expressions, with nulls and known empties, lowered to Polars and walked row by row: one answer."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import polars as pl
from hypothesis import assume, given
from hypothesis import strategies as st

from redflags.expr import types as t
from redflags.expr.calls import unit_of_kind
from redflags.expr.lexer import ExprError
from redflags.expr.lower import Lowering
from redflags.expr.parser import parse
from redflags.expr.values import Value
from redflags.plan.nodes import Base
from redflags.plan.schema import Schemas
from redflags.tables import dictionary
from tests.reference import expressions
from tests.reference.values import EMPTY, condition

if TYPE_CHECKING:
    from collections.abc import Callable

    from redflags.expr.nodes import Expr

BASE_MONEY = t.Type("money", "base")
KINDS = {
    "money": BASE_MONEY,
    "number": t.NUMBER,
    "int": t.INT,
    "text": t.TEXT,
    "bool": t.BOOL,
    "list": t.LIST,
    "time": t.TIME,
}
DTYPES: dict[str, Any] = {
    "money": pl.Int64, "number": pl.Int64, "int": pl.Int64, "text": pl.String, "bool": pl.Boolean,
    "list": pl.List(pl.String), "time": pl.Int64,
}  # fmt: skip
VALUES: dict[str, list[Any]] = {
    "money": [Fraction(text) for text in ("0", "1", "-2", "9.99", "10", "0.0001", "10000", "1e9")],
    "number": [Fraction(text) for text in ("0", "1", "0.5", "-0.25", "3", "0.000001")],
    "int": [Fraction(text) for text in ("0", "1", "2", "7", "-3")],
    "text": ["", "a", "A", "ab", "b c", "Ünal", "1a"],
    "bool": [True, False],
    "list": [(), ("a",), ("a", "b")],
    "time": [0, 3_600_000_000, 86_400_000_000],
}
# every kind as a column that may be null, and as a measure that may be null or known empty
COLUMNS = {f"{prefix}_{kind}{n}": kind for prefix in ("c", "m") for kind in KINDS for n in (1, 2)}


class Faked(Lowering):
    """Lowering over invented columns; those called ``m_...`` may be known empty, as measures are."""

    def column(self, word: str, offset: int) -> Value:
        kind = KINDS[COLUMNS[word]]
        unit = unit_of_kind(kind) if kind.numeric else Fraction(1)
        empty = pl.col(f"{word}.empty") if word.startswith("m_") else None
        del offset
        return Value(kind, pl.col(word), unit, empty=empty)


LOWERING = Faked(Schemas(dictionary()), Base("ledger", "booked_at"))


@dataclass
class Row:
    """The environment of the reference at one row."""

    cells: dict[str, Any]

    def name(self, parts: tuple[str, ...]) -> Any:
        return self.cells[parts[0]]

    def param(self, name: str) -> Any:
        raise LookupError(name)

    def register_call(self, name: str, args: list[Expr], evaluate: Callable[[Expr], Any]) -> Any:
        raise LookupError(name, args, evaluate)


def names(kind: str) -> st.SearchStrategy[str]:
    return st.sampled_from([name for name, of in COLUMNS.items() if of == kind])


@st.composite
def values(draw: st.DrawFn, kind: str, depth: int) -> str:
    """Text of a value of one kind."""
    if depth <= 0 or draw(st.integers(0, 3)) == 0:
        return draw(names(kind))

    def sub(of: str) -> str:
        return draw(values(of, depth - 1))

    form = draw(st.integers(0, 5))
    if form == 0:
        return f"case when {draw(booleans(depth - 1))} then {sub(kind)} else {sub(kind)} end"
    if form == 1:
        return f"coalesce({sub(kind)}, {sub(kind)})"
    if form == 2 and kind not in {"list", "bool"}:
        return f"nullif({sub(kind)}, {sub(kind)})"
    if kind == "money":
        shape = draw(
            st.sampled_from(
                [
                    "({0} + {1})",
                    "({0} - {1})",
                    "({0} * 2)",
                    "abs({0})",
                    "-{0}",
                    "greatest({0}, {1})",
                    "least({0}, {1})",
                ]
            )
        )
        return str(shape).format(sub("money"), sub("money"))
    if kind == "number":
        shape = draw(
            st.sampled_from(["({0} + {1})", "({0} * 2)", "({0} - 0.5)", "abs({0})", "({2} / {3})", "ratio({2}, {3})"])
        )
        return str(shape).format(
            draw(names("number")), draw(names("number")), draw(names("money")), draw(names("money"))
        )
    if kind == "int":
        shape = draw(st.sampled_from(["({0} + {1})", "length({2})", "size({3})", "({0} - 1)", "whole({2})"]))
        return str(shape).format(draw(names("int")), draw(names("int")), sub("text"), draw(names("list")))
    if kind == "text":
        shape = draw(
            st.sampled_from(
                [
                    "lower({0})",
                    "upper({0})",
                    "trim({0})",
                    "({0} || {1})",
                    "left({0}, 1)",
                    "right({0}, 2)",
                    "normalise({0})",
                    "digits({0})",
                ]
            )
        )
        return str(shape).format(sub("text"), sub("text"))
    if kind == "time":
        return f"({sub('time')} {draw(st.sampled_from(['+', '-']))} interval '1 hours')"
    if kind == "list":
        return str(draw(st.sampled_from(["array({0}, {1})", "concat_lists({2}, {3})"]))).format(
            draw(names("text")), draw(names("text")), draw(names("list")), draw(names("list"))
        )
    return draw(booleans(depth - 1))


@st.composite
def booleans(draw: st.DrawFn, depth: int) -> str:
    """Text of a condition."""
    if depth > 0:
        form = draw(st.integers(0, 6))
        if form <= 1:
            word = draw(st.sampled_from(["and", "or"]))
            return f"({draw(booleans(depth - 1))}) {word} ({draw(booleans(depth - 1))})"
        if form == 2:
            return f"not ({draw(booleans(depth - 1))})"
    kind = draw(st.sampled_from(["money", "number", "int", "text", "time", "bool", "list"]))
    one, two, three = (draw(values(kind, depth - 1)) for _ in range(3))
    if kind == "bool":
        return draw(
            st.sampled_from([one, f"({one}) = ({two})", f"({one}) is null", f"({one}) is distinct from ({two})"])
        )
    if kind == "list":
        text = draw(values("text", depth - 1))
        return draw(
            st.sampled_from(
                [f"contains({one}, {text})", f"overlap({one}, {two})", f"{one} is null", f"size({one}) > 1"]
            )
        )
    forms = [
        f"{one} {draw(st.sampled_from(['=', '<>', '<', '<=', '>', '>=']))} {two}",
        f"{one} is null", f"{one} is not null",
        f"{one} is distinct from {two}", f"{one} is not distinct from {two}",
        f"{one} between {two} and {three}", f"{one} not between {two} and {three}",
        f"{one} in ({two}, {three})", f"{one} not in ({two}, {three})",
    ]  # fmt: skip
    if kind == "text":
        forms += [
            f"{one} like 'a%'",
            f"{one} not like '_b%'",
            f"starts_with({one}, {two})",
            f"ends_with({one}, {two})",
        ]
        forms += [f"{one} in {draw(names('list'))}", f"similarity({one}, {two}) > 0.3"]
    if kind == "money":
        forms += [f"{one} / 3 >= {two}", f"{one} * 0.8 < {two}", f"is_round({one}, 10)", f"{one} > 9.99"]
    if kind == "time":
        forms += [f"{one} - {two} >= interval '1 hours'", f"{one} > timestamp '1970-01-01 00:30:00'"]
    return draw(st.sampled_from(forms))


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A few rows over all columns."""
    found = []
    for _ in range(draw(st.integers(1, 4))):
        row: dict[str, Any] = {}
        for name, kind in COLUMNS.items():
            odd = [None, None, EMPTY, EMPTY] if name.startswith("m_") else [None]
            row[name] = draw(st.sampled_from([*VALUES[kind], *odd]))
        found.append(row)
    return found


def physical(found: list[dict[str, Any]]) -> pl.DataFrame:
    columns = []
    for name, kind in COLUMNS.items():
        unit = unit_of_kind(KINDS[kind]) if KINDS[kind].numeric else None
        cells = [None if row[name] is EMPTY else row[name] for row in found]
        cells = [cell if cell is None or unit is None else int(cell / unit) for cell in cells]
        cells = [list(cell) if isinstance(cell, tuple) else cell for cell in cells]
        columns.append(pl.Series(name, cells, dtype=DTYPES[kind]))
        columns.append(pl.Series(f"{name}.empty", [row[name] is EMPTY for row in found], dtype=pl.Boolean))
    return pl.DataFrame(columns)


@given(booleans(3), rows())
def test_a_condition_means_the_same_lowered_and_walked(text, found):
    node = parse(text)
    try:
        lowered = LOWERING.condition(node)
    except ExprError as error:
        assume("could pass 127 bits" not in error.message)
        raise
    answers = physical(found).select(x=lowered & pl.lit(value=True))["x"].to_list()
    assert answers == [condition(expressions.evaluate(node, Row(row))) for row in found]
