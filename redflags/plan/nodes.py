"""Plan nodes: frames, rows of views, measures, lookups. All frozen and hashable, so equal work is one node.

A *frame* is a table of rows with moments. A *view* never copies a frame: it is the frame, a filter, and names. Only
what changes the rows themselves (a union, a copy per register row, another moment) makes a new frame.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from redflags.expr.nodes import Binary, Expr, Hashed, Leaf, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

Carried: TypeAlias = tuple[tuple[str, Expr], ...]


@dataclass(frozen=True, slots=True)
class Base(Hashed):
    """A canonical table as a stream, by one of its time columns; ``everything`` includes rows that are not booked."""

    table: str
    time: str
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Changes(Hashed):
    """Beginnings and endings of a register's rows as a stream (columns of the register, and ``change``)."""

    register: str


@dataclass(frozen=True, slots=True)
class Held(Hashed):
    """Rows of a register, each at the moment from which it is valid (``LONG_AGO`` where it is undated).

    Operators read them.
    """

    register: str


#: Moment of register rows that carry no date: before anything that happens.
LONG_AGO = -(2**60)


@dataclass(frozen=True, slots=True)
class Union(Hashed):
    """Rows of several views, by column name; ``_stream`` names the part."""

    parts: tuple[tuple[str, Rows, Carried], ...]


@dataclass(frozen=True, slots=True)
class Each(Hashed):
    """Each row of a view once per register row that is valid at its moment; the register's columns under ``alias.``."""

    parent: Rows
    alias: str
    register: str
    keys: tuple[Expr, ...]
    carried: Carried


@dataclass(frozen=True, slots=True)
class At(Hashed):
    """Rows of a view at another moment."""

    parent: Rows
    moment: Expr
    carried: Carried


@dataclass(frozen=True, slots=True)
class Derived(Hashed):
    """Output of an operator: its inputs (rows and the named expressions read on them) and its options."""

    operator: str
    inputs: tuple[tuple[str, Rows, Carried], ...]
    options: tuple[tuple[str, object], ...] = ()

    def option(self, name: str) -> Any:  # noqa: ANN401
        """One option; None where it was not given."""
        return dict(self.options).get(name)

    def input(self, role: str) -> Rows:
        """Rows of one input."""
        return next(rows for name, rows, _ in self.inputs if name == role)


Frame: TypeAlias = Base | Changes | Held | Union | Each | At | Derived


@dataclass(frozen=True, slots=True)
class Rows(Hashed):
    """The rows of a frame for which ``filter`` is true (all, where it is None)."""

    frame: Frame
    filter: Expr | None = None


@dataclass(frozen=True, slots=True)
class Measure(Hashed):
    """An aggregate over a trailing window of ``source``, as known at rows of ``frame``.

    ``within`` is None for ever; ``open_right`` means strictly earlier than the row; ``number`` is q of a quantile or
    n of a top sum.
    """

    frame: Frame
    source: Rows
    frame_key: tuple[Expr, ...]
    source_key: tuple[Expr, ...]
    op: str
    value: Expr | None
    within: int | None
    before: int = 0
    open_right: bool = False
    after: int = 0
    of: Expr | None = None
    number: Expr | None = None
    baseline: int | None = None
    latest_per: tuple[Expr, ...] = ()
    complete: bool = False
    periods: bool = False  # the window counts periods (numbers of ``periods`` rows), not microseconds
    opened: Expr | None = None  # moment since when a young account or party is wholly known

    @property
    def window(self) -> tuple[int | None, int, bool]:
        """Left and right offset from the row's moment, and whether the right edge is open."""
        left = None if self.within is None else -(self.before + self.within)
        return left, self.after or -self.before, self.open_right


@dataclass(frozen=True, slots=True)
class MeasureRef(Leaf):
    """A measure as a leaf of an expression."""

    measure: Measure
    name: str = field(default="", compare=False)  # rules that name it differently share it


@dataclass(frozen=True, slots=True)
class ListLiteral(Leaf):
    """A parameter that holds several texts."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lookup(Hashed):
    """A register asked as of the row.

    ``kind`` is ``listed``, ``value``, ``exists``, ``linked``, ``threshold`` or ``local``; ``keys`` are expressions
    over the frame.
    """

    kind: str
    table: str
    column: str
    keys: tuple[Expr, ...]
    roles: tuple[str, ...] = ()


def both(left: Expr | None, right: Expr | None) -> Expr | None:
    """``left and right``, where either may be absent."""
    if left is None or right is None:
        return left if right is None else right
    return Binary("and", left, right)


def measures(*exprs: Expr | None) -> Iterator[Measure]:
    """Every measure that the expressions read directly, in the order of the text, repeats included."""
    for expr in exprs:
        if expr is None:
            continue
        for node in walk(expr):
            if isinstance(node, MeasureRef):
                yield node.measure


def inner_expressions(measure: Measure) -> tuple[Expr, ...]:
    """What a measure reads on its source rows."""
    parts = (measure.source.filter, measure.value, measure.of, *measure.source_key, *measure.latest_per)
    return tuple(part for part in parts if part is not None)


def frame_expressions(frame: Frame) -> tuple[Expr, ...]:
    """What building a frame reads on its parents' rows."""
    match frame:
        case Union():
            found = [e for _, rows, carried in frame.parts for e in (rows.filter, *(x for _, x in carried))]
        case Each():
            found = [frame.parent.filter, *frame.keys, *(x for _, x in frame.carried)]
        case At():
            found = [frame.parent.filter, frame.moment, *(x for _, x in frame.carried)]
        case Derived():
            found = [e for _, rows, carried in frame.inputs for e in (rows.filter, *(x for _, x in carried))]
        case _:
            found = []
    return tuple(e for e in found if e is not None)


def parents(frame: Frame) -> tuple[Frame, ...]:
    """The frames that a frame is made of."""
    match frame:
        case Union():
            return tuple(rows.frame for _, rows, _ in frame.parts)
        case Each() | At():
            return (frame.parent.frame,)
        case Derived():
            return tuple(rows.frame for _, rows, _ in frame.inputs)
        case _:
            return ()
