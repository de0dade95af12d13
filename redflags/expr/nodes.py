"""Syntax tree of an expression: a closed set of immutable nodes, each with its place in the text.

A node's ``start`` and ``end`` are character offsets into the expression's text. They take no part in equality, so that
the same expression written at two places is one node to the planner.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction


class Hashed:
    """Base of frozen dataclasses that keep their hash: a deep one is asked for it at every look into a dictionary."""

    __slots__ = ("_hash",)
    _hash: int

    def __init_subclass__(cls) -> None:
        """Set the hash before ``dataclass`` would."""
        super().__init_subclass__()
        setattr(cls, "__hash__", Hashed.__hash__)  # noqa: B010  an assignment that type checkers refuse

    def __hash__(self) -> int:
        """Hash of the fields that take part in equality."""
        try:
            return self._hash
        except AttributeError:
            found = hash(tuple(getattr(self, name) for name in field_names(type(self))))
            object.__setattr__(self, "_hash", found)
            return found


@dataclass(frozen=True, slots=True)
class Node(Hashed):
    """Base of all nodes; carries the half-open range of text that the node covers."""

    start: int = field(compare=False, default=0, kw_only=True)
    end: int = field(compare=False, default=0, kw_only=True)


@dataclass(frozen=True, slots=True)
class Number(Node):
    """An exact number; never a float."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Text(Node):
    """A quoted text."""

    value: str


@dataclass(frozen=True, slots=True)
class Bool(Node):
    """``true`` or ``false``."""

    value: bool


@dataclass(frozen=True, slots=True)
class Null(Node):
    """``null``."""


@dataclass(frozen=True, slots=True)
class Interval(Node):
    """``interval '30 days'``: a duration in microseconds."""

    micros: int


@dataclass(frozen=True, slots=True)
class DateLiteral(Node):
    """``date '2024-01-31'``: days since 1970-01-01."""

    days: int


@dataclass(frozen=True, slots=True)
class TimeLiteral(Node):
    """``timestamp '2024-01-31 12:00:00'`` (UTC unless an offset is given): microseconds since 1970-01-01."""

    micros: int


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A column, a name of ``let`` or a dotted path (``party.residence_country``)."""

    parts: tuple[str, ...]

    @property
    def text(self) -> str:
        """The name as written."""
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Param(Node):
    """``$name``: a parameter of the rule."""

    name: str


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """``-x`` or ``not x``."""

    op: str
    operand: Expr


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Arithmetic ``+ - * /``, text ``||``, comparison ``= <> < <= > >=``, or logic ``and or``."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class IsNull(Node):
    """``x is [not] null``."""

    operand: Expr
    negated: bool


@dataclass(frozen=True, slots=True)
class IsDistinct(Node):
    """``x is [not] distinct from y``: a comparison in which two nulls are equal."""

    left: Expr
    right: Expr
    negated: bool


@dataclass(frozen=True, slots=True)
class In(Node):
    """``x [not] in (a, b)``, ``x in $list`` or ``x in list_column``."""

    operand: Expr
    items: tuple[Expr, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class Between(Node):
    """``x [not] between low and high``, both ends in."""

    operand: Expr
    low: Expr
    high: Expr
    negated: bool


@dataclass(frozen=True, slots=True)
class Like(Node):
    """``x [not] like 'pattern'`` with ``%`` and ``_``."""

    operand: Expr
    pattern: str
    negated: bool


@dataclass(frozen=True, slots=True)
class Case(Node):
    """``case when a then x ... [else y] end``."""

    branches: tuple[tuple[Expr, Expr], ...]
    default: Expr | None


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function of the closed set in ``expr.functions``."""

    name: str
    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Leaf(Node):
    """Base of leaves that resolution puts in place of names: measures, lists (``plan.nodes``)."""


Expr: TypeAlias = (
    Number
    | Text
    | Bool
    | Null
    | Interval
    | DateLiteral
    | TimeLiteral
    | Name
    | Param
    | Unary
    | Binary
    | IsNull
    | IsDistinct
    | In
    | Between
    | Like
    | Case
    | Call
    | Leaf
)

COMPARISONS = ("=", "<>", "<", "<=", ">", ">=")


def children(node: Expr) -> Iterator[Expr]:
    """Yield the direct sub-expressions of ``node`` in the order of the text."""
    for name in field_names(type(node)):
        yield from _expressions(getattr(node, name))


def field_names(kind: Any) -> tuple[str, ...]:  # noqa: ANN401  a dataclass
    """Fields of a node type that take part in equality; all sub-expressions are among them."""
    if kind not in _FIELDS:
        _FIELDS[kind] = tuple(item.name for item in fields(kind) if item.compare)
    return _FIELDS[kind]


_FIELDS: dict[type, tuple[str, ...]] = {}


def _expressions(value: object) -> Iterator[Expr]:
    if isinstance(value, Node):
        yield value  # type: ignore[misc]
    elif isinstance(value, tuple):
        for element in value:
            yield from _expressions(element)


def walk(node: Expr) -> Iterator[Expr]:
    """Yield ``node`` and everything below it, parents first.

    Example:
        >>> from redflags.expr.parser import parse
        >>> [n.text for n in walk(parse("a + party.b > 1")) if isinstance(n, Name)]
        ['a', 'party.b']
    """
    yield node
    for child in children(node):
        yield from walk(child)


def conjuncts(node: Expr) -> list[Expr]:
    """Split ``a and b and c`` into its parts.

    Example:
        >>> from redflags.expr.parser import parse
        >>> len(conjuncts(parse("a = 1 and (b = 2 and c = 3)")))
        3
    """
    if isinstance(node, Binary) and node.op == "and":
        return conjuncts(node.left) + conjuncts(node.right)
    return [node]
