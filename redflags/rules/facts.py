"""The condition of a rule: a formula over facts, in three-valued logic.

``when`` is written in the expression syntax and read into a closed set of nodes here. The engine evaluates
it, the loader turns it into all the ways in which it can come true (disjunctive normal form) and reasons over
those.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from typing import TYPE_CHECKING, TypeAlias

from redflags.expr import nodes as ex
from redflags.expr.lexer import ExprError
from redflags.expr.parser import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import polars as pl

#: More ways than this and nobody can read the condition, let alone prove anything of it.
MAX_WAYS = 4096

_USE = "facts joined by and, or, not, at_least(k, a, b) and points(a, b) >= n"


@dataclass(frozen=True, slots=True)
class FactName:
    """A fact, by name."""

    name: str
    offset: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class Not:
    """True where the part is false."""

    part: Formula


@dataclass(frozen=True, slots=True)
class All:
    """``and``."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """``or``."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """``at_least(k, ...)``: true when k parts are true, false when fewer than k are true or unknown."""

    least: int | str  # a number, or the name of a parameter
    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Points:
    """``points(...) >= n``: the points of true facts, unknown while an unknown fact could still decide it."""

    least: int | str
    facts: tuple[str, ...]
    strict: bool = False  # > in place of >=


Formula: TypeAlias = FactName | Not | All | Any | AtLeast | Points


@dataclass(frozen=True, slots=True)
class Way:
    """One way for a condition to come true: these facts true, those false."""

    true: frozenset[str]
    false: frozenset[str] = frozenset()

    def __le__(self, other: Way) -> bool:
        return self.true <= other.true and self.false <= other.false


@dataclass(frozen=True, slots=True)
class FactFormula:
    """A condition over facts, ready to be evaluated.

    Attributes:
        text: The condition as written.
        root: Its tree.
        points: Points of every fact of the rule.

    Example:
        >>> formula = FactFormula.read(
        ...     "big and (new or at_least(2, a, b, c))", {"big": 0, "new": 5, "a": 1, "b": 1, "c": 1}
        ... )
        >>> formula.evaluate({"big": True, "new": False, "a": True, "b": None, "c": False}) is None
        True
    """

    text: str
    root: Formula
    points: Mapping[str, int] = field(hash=False)

    @classmethod
    def read(cls, text: str, points: Mapping[str, int]) -> FactFormula:
        """Read a condition.

        Args:
            text: The ``when`` of a rule.
            points: Points of every fact that it may name.

        Raises:
            ExprError: At the first thing that is no formula over facts. Unknown facts are not its business.
        """
        return cls(text, _formula(parse(text)), dict(points))

    def names(self) -> Iterator[FactName]:
        """Every mention of a fact, in the order of the text (inside ``points`` without offsets)."""
        return _names(self.root)

    @property
    def facts(self) -> frozenset[str]:
        """The facts that the condition names."""
        return frozenset(item.name for item in self.names())

    @property
    def params(self) -> frozenset[str]:
        """The parameters that it names."""
        return frozenset(_params(self.root))

    def evaluate(self, values: Mapping[str, bool | None], params: Mapping[str, object] | None = None) -> bool | None:
        """Judge one row: facts are true, false or unknown (None), and so is the outcome."""
        return _evaluate(self.root, values, self.points, params or {})

    def to_polars(self, facts: Mapping[str, pl.Expr], params: Mapping[str, object] | None = None) -> pl.Expr:
        """The same over whole columns: a Boolean expression in which null is unknown.

        Example:
            >>> import polars as pl
            >>> formula = FactFormula.read("points(a, b) >= 3", {"a": 2, "b": 1})
            >>> frame = pl.DataFrame({"a": [True, True, False], "b": [True, None, None]})
            >>> frame.select(when=formula.to_polars({"a": pl.col("a"), "b": pl.col("b")}))["when"].to_list()
            [True, None, False]
        """
        return _polars(self.root, facts, self.points, params or {})

    def ways(self, params: Mapping[str, object] | None = None) -> tuple[Way, ...]:
        """All minimal ways for the condition to come true.

        Args:
            params: Values of the parameters that stand for k or n; the weakest allowed ones prove the most.

        Raises:
            ExprError: When there are too many to be read.

        Example:
            >>> formula = FactFormula.read("a and (b or not c)", {"a": 0, "b": 0, "c": 0})
            >>> [(sorted(way.true), sorted(way.false)) for way in formula.ways()]
            [(['a', 'b'], []), (['a'], ['c'])]
        """
        return tuple(_ways(self.root, self.points, params or {}, positive=True))


# ---- reading -------------------------------------------------------------------------------------


def _formula(node: ex.Expr) -> Formula:
    if isinstance(node, ex.Name):
        if len(node.parts) > 1:
            raise ExprError(f"{node.text!r} is not a fact", node.start, f"'when' holds only {_USE}", "WHEN-SYNTAX")
        return FactName(node.parts[0], node.start)
    if isinstance(node, ex.Unary) and node.op == "not":
        return Not(_formula(node.operand))
    if isinstance(node, ex.Binary):
        if node.op in {"and", "or"}:
            parts = tuple(_flat(node, node.op))
            made = tuple(_formula(part) for part in parts)
            return All(made) if node.op == "and" else Any(made)
        left = node.left
        if isinstance(left, ex.Call) and left.name == "points" and node.op in {">=", ">"}:
            return Points(_bound(node.right), _fact_names(left), strict=node.op == ">")
    if isinstance(node, ex.Call) and node.name == "at_least":
        if len(node.args) < 2:  # noqa: PLR2004 - k and one fact
            raise ExprError("at_least wants a number and facts", node.start, "at_least(2, a, b, c)", "WHEN-SYNTAX")
        return AtLeast(_bound(node.args[0]), tuple(_formula(arg) for arg in node.args[1:]))
    if isinstance(node, ex.Call) and node.name == "points":
        raise ExprError("points(...) must be compared", node.start, "points(a, b) >= 40", "WHEN-SYNTAX")
    hint = f"'when' holds only {_USE}; put the comparison into a fact"
    raise ExprError("not a formula over facts", node.start, hint, "WHEN-SYNTAX")


def _flat(node: ex.Expr, op: str) -> Iterator[ex.Expr]:
    if isinstance(node, ex.Binary) and node.op == op:
        yield from _flat(node.left, op)
        yield from _flat(node.right, op)
    else:
        yield node


def _bound(node: ex.Expr) -> int | str:
    if isinstance(node, ex.Param):
        return node.name
    if isinstance(node, ex.Number) and node.value.denominator == 1 and node.value >= 0:
        return int(node.value)
    raise ExprError("a whole number or a $parameter is wanted here", node.start, "", "WHEN-SYNTAX")


def _fact_names(call: ex.Call) -> tuple[str, ...]:
    found = []
    for arg in call.args:
        if not isinstance(arg, ex.Name) or len(arg.parts) > 1:
            raise ExprError("points(...) takes names of facts", arg.start, "points(a, b) >= 40", "WHEN-SYNTAX")
        found.append(arg.parts[0])
    return tuple(found)


def _names(node: Formula) -> Iterator[FactName]:
    match node:
        case FactName():
            yield node
        case Not(part):
            yield from _names(part)
        case Points(_, facts):
            yield from (FactName(name) for name in facts)
        case All(parts) | Any(parts) | AtLeast(_, parts):
            for part in parts:
                yield from _names(part)


def _params(node: Formula) -> Iterator[str]:
    match node:
        case Points(str() as name, _) | AtLeast(str() as name, _):
            yield name
    match node:
        case Not(part):
            yield from _params(part)
        case All(parts) | Any(parts) | AtLeast(_, parts):
            for part in parts:
                yield from _params(part)


# ---- judging -------------------------------------------------------------------------------------


def _number(bound: int | str, params: Mapping[str, object]) -> int:
    """The least whole number of true facts or points that reaches the bound."""
    if isinstance(bound, int):
        return bound
    value = params[bound]
    if isinstance(value, bool) or not isinstance(value, int | Fraction):
        raise TypeError(f"${bound} is not a number")
    return -(-value.numerator // value.denominator)


def _evaluate(
    node: Formula, values: Mapping[str, bool | None], points: Mapping[str, int], params: Mapping[str, object]
) -> bool | None:
    match node:
        case FactName(name):
            return values[name]
        case Not(part):
            inner = _evaluate(part, values, points, params)
            return None if inner is None else not inner
        case All(parts):
            found = [_evaluate(part, values, points, params) for part in parts]
            return False if False in found else None if None in found else True
        case Any(parts):
            found = [_evaluate(part, values, points, params) for part in parts]
            return True if True in found else None if None in found else False
        case AtLeast(least, parts):
            found = [_evaluate(part, values, points, params) for part in parts]
            return _reached(found.count(True), found.count(True) + found.count(None), _number(least, params))
        case Points(least, facts, strict):
            low = sum(points[name] for name in facts if values[name] is True)
            high = low + sum(points[name] for name in facts if values[name] is None)
            return _reached(low, high, _number(least, params) + strict)


def _reached(low: int, high: int, least: int) -> bool | None:
    if low >= least:
        return True
    return None if high >= least else False


def _polars(
    node: Formula, facts: Mapping[str, pl.Expr], points: Mapping[str, int], params: Mapping[str, object]
) -> pl.Expr:
    import polars as pl

    def counted(parts: Iterable[tuple[pl.Expr, int]], least: int) -> pl.Expr:
        low, high = pl.lit(0, pl.Int64), pl.lit(0, pl.Int64)
        for part, weight in parts:
            low = low + part.fill_null(value=False).cast(pl.Int64) * weight
            high = high + part.fill_null(value=True).cast(pl.Int64) * weight
        return pl.when(low >= least).then(statement=True).when(high < least).then(statement=False)

    match node:
        case FactName(name):
            return facts[name]
        case Not(part):
            return ~_polars(part, facts, points, params)
        case All(parts):
            return reduce(lambda a, b: a & b, [_polars(part, facts, points, params) for part in parts])
        case Any(parts):
            return reduce(lambda a, b: a | b, [_polars(part, facts, points, params) for part in parts])
        case AtLeast(least, parts):
            return counted(((_polars(p, facts, points, params), 1) for p in parts), _number(least, params))
        case Points(least, names, strict):
            return counted(((facts[n], points[n]) for n in names), _number(least, params) + strict)


# ---- ways ----------------------------------------------------------------------------------------


def _ways(node: Formula, points: Mapping[str, int], params: Mapping[str, object], *, positive: bool) -> list[Way]:
    match node:
        case FactName(name):
            return [Way(frozenset({name})) if positive else Way(frozenset(), frozenset({name}))]
        case Not(part):
            return _ways(part, points, params, positive=not positive)
        case All(parts) | Any(parts):
            found = [_ways(part, points, params, positive=positive) for part in parts]
            return _joined(found) if isinstance(node, All) is positive else _either(found)
        case AtLeast(least, parts):
            # Not at least k of n: at least n - k + 1 of them false.
            number = _number(least, params)
            wanted = number if positive else len(parts) - number + 1
            if wanted > len(parts):
                return []
            _refuse_many(len(parts), wanted)
            found = [_ways(part, points, params, positive=positive) for part in parts]
            return _either(_joined(chosen) for chosen in itertools.combinations(found, max(wanted, 0)))
        case Points(least, facts, strict):
            return _points_ways(_number(least, params) + strict, facts, points, positive=positive)


def _points_ways(least: int, facts: tuple[str, ...], points: Mapping[str, int], *, positive: bool) -> list[Way]:
    total = sum(points.get(name, 0) for name in facts)
    found: list[Way] = []
    for size in range(len(facts) + 1):
        _refuse_many(len(facts), size)
        for chosen in itertools.combinations(facts, size):
            inside = sum(points.get(name, 0) for name in chosen)
            names = frozenset(chosen)
            if positive and inside >= least:
                found.append(Way(names))
            elif not positive and total - inside < least:
                found.append(Way(frozenset(), names))
        found = _least(found)
    return found


def _refuse_many(total: int, chosen: int) -> None:
    count = 1
    for step in range(min(chosen, total - chosen)):
        count = count * (total - step) // (step + 1)
    if count > MAX_WAYS:
        raise ExprError(f"more than {MAX_WAYS} ways to come true", 0, "fewer facts, or two rules", "WHEN-SIZE")


def _joined(parts: Iterable[list[Way]]) -> list[Way]:
    found = [Way(frozenset())]
    for part in parts:
        if len(found) * len(part) > MAX_WAYS:
            raise ExprError(f"more than {MAX_WAYS} ways to come true", 0, "fewer facts, or two rules", "WHEN-SIZE")
        both = (Way(a.true | b.true, a.false | b.false) for a in found for b in part)
        found = _least([way for way in both if not way.true & way.false])
    return found


def _either(parts: Iterable[list[Way]]) -> list[Way]:
    return _least([way for part in parts for way in part])


def _least(ways: list[Way]) -> list[Way]:
    """Only the ways that hold no other way."""
    kept: list[Way] = []
    for way in sorted(dict.fromkeys(ways), key=lambda w: len(w.true) + len(w.false)):
        if not any(other <= way for other in kept):
            kept.append(way)
    order = {way: place for place, way in enumerate(ways)}
    return sorted(kept, key=order.__getitem__)
