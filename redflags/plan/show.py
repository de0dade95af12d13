"""The plan of a rule as a page that a person can read."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from redflags.expr.lower import Lowering
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
    conjuncts,
)
from redflags.expr.parser import COMPARE, EPOCH, INTERVAL_UNITS, MINUS, NOT, POWER
from redflags.plan.nodes import (
    At,
    Base,
    Changes,
    Derived,
    Each,
    Frame,
    Held,
    ListLiteral,
    Lookup,
    Measure,
    MeasureRef,
    Union,
    inner_expressions,
    measures,
)
from redflags.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from redflags.plan.bind import BoundRule
    from redflags.plan.schema import Schemas


def text_of(node: Expr, schemas: Schemas | None = None, power: int = 0) -> str:  # noqa: C901, PLR0911, PLR0912  one case a node
    """A resolved expression as SQL, measures by the names that rules gave them.

    Example:
        >>> from redflags.expr.parser import parse
        >>> text_of(parse("a + 1 > 2 * (b - c) and not d is null"))
        'a + 1 > 2 * (b - c) and not d is null'
    """

    def inner(child: Expr, binds: int = 0) -> str:
        return text_of(child, schemas, binds)

    def compared(*children: Expr) -> tuple[str, ...]:
        return tuple(inner(child, COMPARE + 1) for child in children)

    def held(made: str, binds: int) -> str:
        return f"({made})" if binds < power else made

    match node:
        case MeasureRef():
            return node.name or (node.measure.op if schemas is None else schemas.label(node.measure))
        case ListLiteral():
            return "(" + ", ".join(_quoted(item) for item in node.items) + ")"
        case Number():
            return held(*_number(node.value))
        case Text():
            return _quoted(node.value)
        case Bool():
            return "true" if node.value else "false"
        case Null():
            return "null"
        case Interval():
            return f"interval '{_interval(node.micros)}'"
        case DateLiteral():
            return f"date '{dt.date(1970, 1, 1) + dt.timedelta(days=node.days)}'"
        case TimeLiteral():
            return f"timestamp '{EPOCH + dt.timedelta(microseconds=node.micros)}'"
        case Name():
            return node.text
        case Param():
            return f"${node.name}"
        case Call():
            return f"{node.name}({', '.join(inner(arg) for arg in node.args)})"
        case Unary(op="not"):
            return held(f"not {inner(node.operand, NOT)}", NOT)
        case Unary():
            made = inner(node.operand, MINUS)
            return f"-({made})" if made.startswith("-") else f"-{made}"  # two in a row are a comment
        case Binary():
            binds = POWER.get(node.op, COMPARE)
            left, right = inner(node.left, binds + (node.op in COMPARISONS)), inner(node.right, binds + 1)
            return held(f"{left} {node.op} {right}", binds)
        case IsNull():
            (shown,) = compared(node.operand)
            return held(f"{shown} is {_not(node.negated)}null", COMPARE)
        case IsDistinct():
            left, right = compared(node.left, node.right)
            return held(f"{left} is {_not(node.negated)}distinct from {right}", COMPARE)
        case In(items=(Name() | Param() | Call(),)):
            shown, items = compared(node.operand, *node.items)
            return held(f"{shown} {_not(node.negated)}in {items}", COMPARE)
        case In():
            (shown,) = compared(node.operand)
            items = ", ".join(inner(item) for item in node.items)
            return held(f"{shown} {_not(node.negated)}in ({items})", COMPARE)
        case Between():
            shown, low, high = compared(node.operand, node.low, node.high)
            return held(f"{shown} {_not(node.negated)}between {low} and {high}", COMPARE)
        case Like():
            (shown,) = compared(node.operand)
            return held(f"{shown} {_not(node.negated)}like {_quoted(node.pattern)}", COMPARE)
        case Case():
            branches = " ".join(f"when {inner(a)} then {inner(b)}" for a, b in node.branches)
            return f"case {branches}{'' if node.default is None else f' else {inner(node.default)}'} end"
        case _:
            raise TypeError(f"no words for {type(node).__name__}")


def _not(negated: bool) -> str:  # noqa: FBT001
    return "not " if negated else ""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _interval(micros: int) -> str:
    """A duration as ``interval`` reads it: whole numbers of the largest unit that divides it."""
    for word, size in sorted(INTERVAL_UNITS.items(), key=lambda item: -item[1]):
        if micros % size == 0 and word != "week":
            return f"{micros // size} {word}" + ("" if abs(micros // size) == 1 else "s")
    raise AssertionError(micros)  # a microsecond divides everything


def _number(value: Fraction) -> tuple[str, int]:
    """An exact number as text, and how strongly that text binds."""
    if value.denominator == 1:
        return str(value.numerator), MINUS
    places = next((n for n in range(1, 60) if 10**n % value.denominator == 0), None)
    if places is None:
        return f"{value.numerator} / {value.denominator}", POWER["/"]
    scaled = value.numerator * (10**places // value.denominator)
    whole, rest = divmod(abs(scaled), 10**places)
    return f"{'-' if scaled < 0 else ''}{whole}.{rest:0{places}d}", MINUS


def frame_text(frame: Frame) -> str:
    """The rows that a frame has, in words."""
    match frame:
        case Base():
            shown = frame.table + ("_all" if frame.everything else "")
            return f"{shown} by {frame.time}"
        case Changes():
            return f"changes of {frame.register}"
        case Held():
            return f"rows of {frame.register}"
        case Derived():
            return f"{frame.operator} of " + " and ".join(frame_text(rows.frame) for _, rows, _ in frame.inputs)
        case Union():
            return " and ".join(name for name, _, _ in frame.parts) + ", together"
        case Each():
            return f"{frame_text(frame.parent.frame)}, once per valid row of {frame.register}"
        case At():
            return f"{frame_text(frame.parent.frame)}, at another moment"


def plan_text(bound: BoundRule, schemas: Schemas) -> str:
    """What the engine does for one rule, in the order in which it does it.

    Args:
        bound: the rule under its parameters.
        schemas: the names shared over the book; a measure that other rules read too is marked.
    """
    return "\n".join(_lines(bound, schemas))


def _lines(bound: BoundRule, schemas: Schemas) -> Iterator[str]:
    yield f"rule {bound.id} (version {bound.rule.version})" + (f", segment {bound.segment}" if bound.segment else "")
    if bound.params:
        yield "  under " + ", ".join(f"${name} = {_value(bound, name)}" for name in bound.params)
    yield f"1. walk {frame_text(bound.frame)}"
    yield from _filter("   keep rows where", bound.where, schemas)
    yield from _filter("   of these judge only rows where", bound.narrow, schemas)
    found = list(dict.fromkeys(bound.measures()))
    order = _ordered(found)
    if order:
        yield f"2. measure, inner ones first, at the rows kept ({len(order)} measures)"
    for measure in order:
        yield from _measure(measure, schemas)
    asked = sorted(_asked(bound, order, schemas))
    if asked:
        yield "   registers asked as of the row"
        yield from (f"     {item}" for item in asked)
    yield f"{3 if order else 2}. judge facts"
    for fact in bound.facts:
        mark = "" if fact.deciding else " (scores only)"
        yield f"   {fact.name} [{fact.kind}, {fact.points} points]{mark}: {text_of(fact.condition, schemas)}"
    yield f"   fires when {bound.when.text}"
    key = ", ".join(text_of(part, schemas) for part in bound.key)
    wait = f", {format_duration(bound.delay)} after the row" if bound.delay else ""
    yield f"{4 if order else 3}. fold hits of one {key} at most {format_duration(bound.gap)} apart into an alert{wait}"
    reach = "all history" if bound.lookback is None else format_duration(bound.lookback)
    yield f"   needs {reach} before the row" + (
        f"; policies {', '.join(p.id for p, _ in bound.policies)}" if bound.policies else ""
    )


def _asked(bound: BoundRule, order: list[Measure], schemas: Schemas) -> set[str]:
    """Every register question of the rule, keys of questions included."""
    pending: list[tuple[Frame, Expr]] = [(bound.frame, fact.condition) for fact in bound.facts]
    pending += [(bound.frame, part) for part in (bound.where, bound.narrow) if part is not None]
    pending += [(measure.source.frame, part) for measure in order for part in inner_expressions(measure)]
    pending += [(measure.frame, part) for measure in order for part in measure.frame_key]
    found: set[str] = set()
    seen: set[tuple[Frame, str]] = set()
    while pending:
        frame, expr = pending.pop()
        for root in Lowering(schemas, frame).lower(expr).expr.meta.root_names():
            word = root.partition(".")[0]
            if word[0] != "@" or (frame, word) in seen:
                continue
            seen.add((frame, word))
            lookup = schemas.lookups[word]
            pending += [(frame, key) for key in lookup.keys]
            if lookup.kind != "local":
                found.add(_lookup(lookup, schemas))
    return found


def _value(bound: BoundRule, name: str) -> str:
    from redflags.rules.params import show_value

    return show_value(bound.rule.params[name].type, bound.params[name])


def _filter(lead: str, condition: Expr | None, schemas: Schemas) -> Iterator[str]:
    if condition is None:
        return
    yield lead
    for part in conjuncts(condition):
        yield f"     {text_of(part, schemas)}"


def _ordered(found: list[Measure]) -> list[Measure]:
    order: list[Measure] = []

    def add(measure: Measure) -> None:
        for inner in measures(*inner_expressions(measure)):
            add(inner)
        if measure not in order:
            order.append(measure)

    for measure in found:
        add(measure)
    return order


def _measure(measure: Measure, schemas: Schemas) -> Iterator[str]:
    what = "rows" if measure.value is None else text_of(measure.value, schemas)
    if measure.of is not None and measure.op != "rank":
        what += f" by {text_of(measure.of, schemas)}"
    if measure.number is not None:
        what += f" ({text_of(measure.number, schemas)})"
    key = ", ".join(text_of(part, schemas) for part in measure.source_key) or "everyone"
    name = f"{schemas.measure_name(measure)} {schemas.label(measure)}"
    yield f"   {name} = {measure.op} of {what}, {_window(measure)}, per {key}"
    if measure.latest_per:
        yield f"       only the last row of each {', '.join(text_of(part, schemas) for part in measure.latest_per)}"
    if measure.frame_key != measure.source_key:
        ours = ", ".join(text_of(part, schemas) for part in measure.frame_key)
        yield f"       matched with our {ours}"
    if measure.source.frame != measure.frame:
        yield f"       over {frame_text(measure.source.frame)}"
    yield from _filter("       of rows where", measure.source.filter, schemas)
    if measure.complete:
        yield "       null while the window starts before the data, unless opened since"


def _window(measure: Measure) -> str:
    if measure.periods:
        earlier = f", {measure.before} periods ago" if measure.before else ""
        return ("ever" if measure.within is None else f"within {measure.within} periods") + earlier
    span = "ever" if measure.within is None else f"within {format_duration(measure.within)}"
    if measure.open_right:
        span += " before now"
    if measure.before:
        span += f" before {format_duration(measure.before)} ago"
    return span + (f", up to {format_duration(measure.after)} after" if measure.after else "")


def _lookup(lookup: Lookup, schemas: Schemas) -> str:
    keys = ", ".join(text_of(key, schemas) for key in lookup.keys)
    column = f".{lookup.column}" if lookup.column else ""
    return f"{lookup.kind} {lookup.table}{column}({keys})"


__all__ = ["frame_text", "plan_text", "text_of"]
