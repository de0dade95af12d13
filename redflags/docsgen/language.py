"""The appendix of the rule language: functions, aggregates, operators, codes, classes, read off the code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, get_args

from redflags.explain.markdown import cell, paragraph, table
from redflags.expr.functions import FUNCTIONS
from redflags.expr.nodes import COMPARISONS
from redflags.operators.registry import operations
from redflags.plan.measured import FLOATS, NEEDS_NUMBER, NEEDS_ORDER, NEVER_EMPTY
from redflags.plan.template import FORMATS
from redflags.rules.model import (
    AGGREGATES,
    BEHAVIOUR_KINDS,
    CONTEXT_KINDS,
    IDENTITY_KINDS,
    OPERATORS,
    Aggregate,
    ParamSpec,
)
from redflags.rules.params import ORDERED
from redflags.tables import dictionary
from redflags.tables.model import DTYPES, KLASSES, UNITS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["AGGREGATE_WORDS", "language_page"]

#: What an aggregate gives, and what it makes of a null value in its window.
AGGREGATE_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "count": ("number of rows", "counts rows, whatever stands in them"),
    "sum": ("sum of the values", "null"),
    "mean": ("arithmetic mean, an exact fraction", "null"),
    "std": ("sample standard deviation (n - 1); of fewer than two rows known empty", "null"),
    "min": ("smallest value", "skipped"),
    "max": ("largest value", "skipped"),
    "median": ("middle value, an exact fraction", "skipped"),
    "quantile": ("smallest value whose share of rows at or below reaches `q`", "skipped"),
    "mad": ("median of the distances from the median", "skipped"),
    "distinct": ("number of different values", "skipped"),
    "first": ("value of the first row, by moment, `seq`, id", "null where that row's value is null"),
    "last": ("value of the last row", "null where that row's value is null"),
    "since": ("time since the last row", "counts rows, whatever stands in them"),
    "top_sum": ("sum over the `n` largest groups by `of`", "null"),
    "hhi": ("sum of squared shares of the values, by `weight` or by rows", "a null weight gives null"),
    "entropy": ("Shannon entropy of the values' shares, in bits", "skipped"),
    "divergence": (
        "Jensen-Shannon divergence (base 2) from the window of length `baseline` before",
        "skipped",
    ),
    "rank": ("share of rows strictly below the judged row's value, an exact fraction", "skipped"),
    "bag": ("the different values as a list", "skipped"),
}
_MORE: Final = {"quantile": "`q`", "top_sum": "`n`, `of`", "hhi": "`weight`", "divergence": "`baseline`"}


def language_page() -> str:
    """The page, as Markdown; the same code gives the same bytes."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# The rule language: appendix"
    yield ""
    yield paragraph(
        "Generated from the code by `redflags rules docs`; do not edit. How the language is read where it "
        "leaves a choice stands in [semantics](semantics.md); which tables and columns there are, in the "
        "[data dictionary](data-dictionary.md)."
    )
    yield from _functions()
    yield from _comparisons()
    yield from _aggregates()
    yield from _operators()
    yield from _facts()
    yield from _params()
    yield from _classes()
    yield from _types()
    yield from _enums()


def _functions() -> Iterator[str]:
    yield from ("", "## Functions", "")
    yield "An argument with `?` may be left out, one with `*` may be repeated; `same` is the arguments' type."
    for title, register in (("Of values", False), ("Of registers, as of the row", True)):
        yield from ("", f"### {title}", "")
        rows = (
            (f"`{item.name}({', '.join(item.args)})`", item.returns, cell(item.doc), cell(item.nulls))
            for item in FUNCTIONS.values()
            if item.register is register
        )
        yield from table(("function", "gives", "means", "nulls"), rows)


def _comparisons() -> Iterator[str]:
    yield from ("", "## Operators of expressions", "")
    signs = " ".join(f"`{sign}`" for sign in sorted(COMPARISONS))
    yield from table(("operator", "nulls"), (
        (f"{signs} `between ... and` `in (...)` `like`",
         "unknown where a side is null; false where a side is known empty"),
        ("`+` `-` `*` `/` `\\|\\|`",
         "null in, null out; a division by zero is null; a known empty stays known empty"),
        ("`and` `or` `not`", "three-valued: `false and unknown` is false, `true or unknown` is true"),
        ("`is null` `is not null`", "never null; a known empty is null here"),
        ("`is distinct from` `is not distinct from`", "never null; null and known empty are one value here"),
        ("`case when ... then ... else ... end`",
         "a condition that is not true is passed over; without `else` null"),
        ("`interval '7 days'` `7d` `date '2026-01-31'` `timestamp '...'` `$parameter`",
         "literals and parameters"),
    ))  # fmt: skip


def _aggregates() -> Iterator[str]:
    yield from ("", "## Aggregates", "")
    yield paragraph(
        "One of these, with its window, is a measure. A null key makes it null; `complete: true` makes it "
        "null while its window starts before the data does. *Known empty* is neither a value nor null: every "
        "comparison with it is false."
    )
    yield ""
    heads = ("aggregate", "of", "gives", "also takes", "a null in the window", "no rows", "result")
    yield from table(heads, (_aggregate(name) for name in AGGREGATES))
    yield ""
    yield "Every aggregate may also take:"
    yield ""
    shared = [name for name in Aggregate.model_fields if name not in AGGREGATES]
    keys = (
        (f"`{Aggregate.model_fields[name].alias or name}`", cell(_field(name)))
        for name in shared
        if name not in {"q", "n", "of", "weight", "baseline"}
    )
    yield from table(("key", "means"), keys)


def _aggregate(name: str) -> tuple[str, ...]:
    gives, null = AGGREGATE_WORDS[name]
    exact = "decimal, approximate" if name in FLOATS else "exact"
    return (f"`{name}`", _wants(name), gives, _MORE.get(name, ""), null, _empty(name), exact)


def _field(name: str) -> str:
    said = Aggregate.model_fields[name].description
    return said or {
        "where": "rows it reads, of all rows of its stream; `judged` stands for the view's own condition",
    }.get(name, "")


def _wants(name: str) -> str:
    if name in {"count", "since"}:
        return "`rows`"
    if name in NEEDS_NUMBER:
        return "a number, money or duration"
    return "something with an order" if name in NEEDS_ORDER else "a text" if name == "bag" else "anything"


def _empty(name: str) -> str:
    if name not in NEVER_EMPTY:
        return "known empty"
    return "the empty list" if name == "bag" else "0"


def _operators() -> Iterator[str]:
    yield from ("", "## Operators that make streams and registers", "")
    yield paragraph(
        "An operator stands under `with` in a rule, or in a file of `streams/`: "
        "`with: {name: {operator: {...}}}`. Each output row has `at`, the first moment at which it can be "
        "known, and is never taken back."
    )
    there = operations()
    for item in there:
        yield from (
            "",
            f"### {item.name}",
            "",
            f"Makes a {'stream and a register' if item.kind == 'both' else item.kind}.",
            "",
        )
        yield item.doc.strip()
        if item.example.strip():
            yield from ("", "```yaml", item.example.strip("\n"), "```")
    missing = [name for name in OPERATORS if name not in {item.name for item in there}]
    if missing:
        yield ""
        names = ", ".join(f"`{name}`" for name in missing)
        yield f"Names that are reserved, and that this version does not run: {names}."


def _facts() -> Iterator[str]:
    yield from ("", "## Kinds of facts", "")
    yield from table(("group", "kinds", "alone"), (
        ("behaviour", ", ".join(BEHAVIOUR_KINDS), "may fire alone"),
        ("identity", ", ".join(IDENTITY_KINDS), "beside a behaviour fact where context is read"),
        ("context", ", ".join(CONTEXT_KINDS), "never alone: a behaviour fact has to stand beside it"),
    ))  # fmt: skip
    yield ""
    yield "`when` joins facts by `and`, `or`, `not`, `at_least(k, a, b, ...)` and `points(a, b, ...) >= n`."
    yield ""
    yield "Sentences (`because`, `rationale`) hold `{name}`, `{name|format}` or `{$parameter}`; formats: "
    yield ", ".join(FORMATS) + "."


def _params() -> Iterator[str]:
    yield from ("", "## Types of parameters", "")
    kinds = get_args(ParamSpec.model_fields["type"].annotation)
    yield from table(
        ("type", "range"),
        ((f"`{kind}`", "needs `min` and `max`" if kind in ORDERED else "none") for kind in kinds),
    )


def _classes() -> Iterator[str]:
    yield from ("", "## Classes of the data dictionary", "")
    yield from table(
        ("class", "what it says of a rule that reads it"),
        ((f"`{name}`", cell(text)) for name, text in KLASSES.items()),
    )
    yield ""
    yield "Not in the model, so that a rule that asks for one does not load: "
    yield ", ".join(item.name for item in dictionary().protected_attributes) + "."


def _types() -> Iterator[str]:
    yield from ("", "## Types of columns", "")
    yield from table(("type", "unit"), ((f"`{name}`", cell(UNITS.get(name, ""))) for name in DTYPES))


def _enums() -> Iterator[str]:
    yield from ("", "## Codes", "")
    holders: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for item in dictionary().tables.values():
        for column in item.columns.values():
            if column.values:
                holders.setdefault((column.name, column.values), []).append(item.name)
    rows = (
        (f"`{name}`", ", ".join(sorted(tables)), ", ".join(f"`{value}`" for value in values))
        for (name, values), tables in sorted(holders.items(), key=lambda item: (item[0][0], item[1]))
    )
    yield from table(("column", "tables", "codes"), rows)
