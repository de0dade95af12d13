"""Which aggregates have to be complete: a short history must not fire.

Every fact is walked with a sign: plus where a larger value makes the hit likelier, minus where a smaller one
does, zero where either may. An aggregate that shrinks with its rows and stands in a minus place (``= 0``,
left of ``<``, right of ``>=``, a divisor, under ``not``) fires for want of history, unless it says
``complete: true``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from redflags.errors import RedflagsError
from redflags.expr import nodes as ex
from redflags.rules.model import Aggregate
from redflags.rules.scopes import SHARED
from redflags.units import parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redflags.expr.nodes import Expr
    from redflags.rules.faults import Path
    from redflags.rules.names import Namer
    from redflags.rules.scopes import Scope

#: What more rows do to a value: +1 larger, -1 smaller; the others may go either way.
_MORE_ROWS = {
    "count": 1,
    "sum": 1,
    "distinct": 1,
    "top_sum": 1,
    "max": 1,
    "bag": 1,
    "entropy": 1,
    "min": -1,
    "hhi": -1,
}
#: Aggregates that grow with the values they aggregate.
_GROWING = frozenset({"sum", "min", "max", "mean", "median", "quantile", "first", "last", "top_sum"})
#: Older rows do not change these, they only make them empty.
_NEWEST = frozenset({"last", "since"})
#: A comparison with one's own past: a short past makes everything new, first or extreme.
_AGAINST_PAST = frozenset({"rank", "divergence", "first"})


@dataclass(frozen=True, slots=True)
class Use:
    """One use of an aggregate in a condition.

    Attributes:
        scope: Where the aggregate was written.
        name: Its name.
        sign: Whether a larger (+1) or smaller (-1) value makes the hit likelier; 0 for either.
        bare: Whether its having no rows can make something true (``is null``, ``coalesce``, ``not``).
    """

    scope: Scope
    name: str
    sign: int
    bare: bool

    @property
    def spec(self) -> Aggregate:
        """The aggregate."""
        found = self.scope.lets[self.name]
        assert isinstance(found, Aggregate)  # noqa: S101 - uses are only made of aggregates
        return found

    @property
    def path(self) -> Path:
        """Where it stands."""
        return (*self.scope.path, "let", self.name)


class Direction:
    """Walks the conditions of one rule."""

    def __init__(self, namer: Namer) -> None:
        self.namer = namer
        self._active: set[tuple[Scope, str, int, bool]] = set()

    def uses(self, scope: Scope, path: Path, text: str, sign: int, *, bare: bool = False) -> list[Use]:
        """Every use of an aggregate in a text that matters for completeness."""
        tree = self.namer.tree(path, text)
        return [] if tree is None else list(self._visit(scope, tree, sign, bare=bare))

    def filters(self, scope: Scope, sign: int) -> list[Use]:
        """The same for the filters of a view and of those below it: more rows, more hits."""
        found: list[Use] = []
        if scope.view is not None and scope.view.where is not None:
            found += self.uses(scope, (*scope.path, "where"), scope.view.where, sign)
        for parent in scope.parents:
            found += self.filters(parent, sign)
        return found

    # ---- walking ---------------------------------------------------------------------------------

    def _visit(self, scope: Scope, node: Expr, sign: int, *, bare: bool) -> Iterator[Use]:
        match node:
            case ex.Name():
                yield from self._name(scope, node, sign, bare=bare)
            case ex.Unary("not", operand):
                yield from self._visit(scope, operand, -sign, bare=True)
            case ex.Unary(_, operand):
                yield from self._visit(scope, operand, -sign, bare=bare)
            case ex.Binary(op, left, right) if op in ex.COMPARISONS:
                yield from _paired(self._comparison(scope, op, left, right, sign, bare=bare))
            case ex.Binary("-" | "/", left, right):
                yield from self._visit(scope, left, sign, bare=bare)
                yield from self._visit(scope, right, -sign, bare=bare)
            case ex.Binary("*", left, right):
                flip = -1 if _negative(left) or _negative(right) else 1
                yield from self._visit(scope, left, sign * flip, bare=bare)
                yield from self._visit(scope, right, sign * flip, bare=bare)
            case ex.Binary(_, left, right):
                yield from self._visit(scope, left, sign, bare=bare)
                yield from self._visit(scope, right, sign, bare=bare)
            case ex.Between(operand, low, high, negated):
                inner = -sign if negated else sign
                yield from self._visit(scope, operand, 0, bare=bare)
                yield from self._visit(scope, low, -inner, bare=bare)
                yield from self._visit(scope, high, inner, bare=bare)
            case ex.IsNull(operand, negated):
                empty = sign if negated else -sign
                yield from self._visit(scope, operand, empty, bare=empty <= 0)
            case ex.Call(name, args):
                yield from self._call(scope, name, args, sign, bare=bare)
            case _:
                free = bare or isinstance(node, ex.IsDistinct)
                for child in ex.children(node):
                    yield from self._visit(scope, child, 0, bare=free)

    def _comparison(self, scope: Scope, op: str, left: Expr, right: Expr, sign: int, *, bare: bool) -> Iterator[Use]:
        sides = {">": (1, -1), ">=": (1, -1), "<": (-1, 1), "<=": (-1, 1)}.get(op, (0, 0))
        for mine, other, place in ((left, right, 0), (right, left, 1)):
            push = sides[place] * sign
            if op in {"=", "<>"} and isinstance(other, ex.Number) and other.value == 0:
                # Nothing counted lies below zero: `= 0` is `<= 0`.
                push = -sign if op == "=" else sign
            yield from self._visit(scope, mine, push, bare=bare)

    def _call(self, scope: Scope, name: str, args: tuple[Expr, ...], sign: int, *, bare: bool) -> Iterator[Use]:
        for place, arg in enumerate(args):
            push = 0
            if name in {"coalesce", "given", "greatest", "least", "sqrt", "size", "overlap", "concat_lists"}:
                push = sign
            elif name == "ratio":
                push = sign if place == 0 else -sign
            elif (name == "contains" and place == 0) or (name == "reaches" and place == 2):  # noqa: PLR2004
                push = sign
            yield from self._visit(scope, arg, push, bare=bare or name == "coalesce")

    def _name(self, scope: Scope, node: ex.Name, sign: int, *, bare: bool) -> Iterator[Use]:
        found = scope.find(node.parts[0]) if len(node.parts) == 1 else None
        if found is None:
            return
        home, spec = found
        mark = (home, node.text, sign, bare)
        if mark in self._active:
            return
        self._active.add(mark)
        try:
            path = (*home.path, "let", node.text)
            if isinstance(spec, str):
                tree = self.namer.tree(path, spec)
                if tree is not None:
                    yield from self._visit(home, tree, sign, bare=bare)
            else:
                yield Use(home, node.text, sign, bare)
                yield from self._inside(home, path, spec, sign)
        finally:
            self._active.discard(mark)

    def _inside(self, scope: Scope, path: Path, spec: Aggregate, sign: int) -> Iterator[Use]:
        """Aggregates that an aggregate reads: through its value and through which rows it takes."""
        source = scope if spec.from_ is None else self.namer.scope(spec.from_, (*path, "from"))
        if spec.value != "rows" and spec.op in _GROWING:
            yield from self.uses(source, (*path, spec.op), spec.value, sign)
        rows = sign * _MORE_ROWS.get(spec.op, 0)
        if rows == 0:  # which rows a mean takes may push it either way
            return
        if spec.where is not None:
            yield from self.uses(source, (*path, "where"), spec.where, rows)
        if spec.where is None or spec.from_ is not None:
            yield from self.filters(source, rows)


def _negative(node: Expr) -> bool:
    return isinstance(node, ex.Number) and node.value < 0


def needs(use: Use) -> bool:
    """Whether an aggregate in this place fires for want of history.

    Its window and key can make that moot: a window that does not look back, or a key that is the row itself.
    """
    spec = use.spec
    if spec.complete or _looks_ahead(spec) or _one_row(use):
        return False
    if use.bare and spec.op not in {"count", "sum", "distinct", "top_sum", "bag"}:
        return True
    if spec.op in _NEWEST:
        return False
    if spec.op in _AGAINST_PAST:
        return True
    grows = _MORE_ROWS.get(spec.op)
    if grows is None:  # mean, median, deviations: what a baseline is made of
        return use.sign <= 0
    return use.sign * grows <= 0


def _looks_ahead(spec: Aggregate) -> bool:
    try:
        return spec.within not in {None, "ever"} and spec.before is None and parse_duration(str(spec.within)) == 0
    except RedflagsError:
        return False


def _one_row(use: Use) -> bool:
    spec = use.spec
    tables = use.scope.tables()
    names = set(spec.key_names or ())
    return spec.from_ is None and bool(tables) and all(t.id_parts and names >= set(t.id_parts) for t in tables)


def _window(use: Use) -> tuple[object, ...]:
    spec = use.spec
    before = None if spec.before == "now" else spec.before  # that moves no edge
    return (use.scope, spec.from_, spec.within, before, spec.after, spec.by, repr(spec.match))


def _paired(uses: Iterator[Use]) -> Iterator[Use]:
    """Leave out what is measured against the same window: a short history shortens both sides alike."""
    found = list(uses)
    rising = {_window(use) for use in found if use.sign > 0}
    for use in found:
        alike = use.sign < 0 and not use.bare and use.spec.op not in _AGAINST_PAST
        if not (alike and _window(use) in rising):
            yield use


def is_shared(use: Use) -> bool:
    """Whether the aggregate belongs to a shared stream, whose file no rule may be blamed in."""
    return use.scope.path[:1] == (SHARED,)
