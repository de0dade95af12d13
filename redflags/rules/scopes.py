"""What the names of a rule can stand for: scopes, and what an expression rests on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from redflags.expr.nodes import Name, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from redflags.expr.nodes import Expr
    from redflags.rules.faults import Path
    from redflags.rules.model import Aggregate, View
    from redflags.tables import Table

#: Class of what nobody can tell yet: columns of a stream that an operator makes.
OPEN: Final = "open"
#: Class of rows being there at all, whatever stands in them.
ROWS: Final = "rows"
#: First step of the paths of shared streams, whose faults are told of their own file only.
SHARED: Final = "(shared)"


@dataclass(frozen=True, slots=True)
class Read:
    """One thing that a rule reads: a column, or (column None) a register's rows, and what that means."""

    table: str
    column: str | None
    klass: str

    def __str__(self) -> str:
        return self.table if self.column is None else f"{self.table}.{self.column}"

    def __lt__(self, other: Read) -> bool:
        return (self.table, self.column or "", self.klass) < (other.table, other.column or "", other.klass)


@dataclass(frozen=True, slots=True)
class Basis:
    """What an expression rests on.

    Attributes:
        reads: Everything read, through aggregates too.
        measures: The aggregates used directly, by what they say rather than by name.
        columns: What is read of the row itself, aggregates left out.
        keys: What only holds rows together: keys and places of limits. It proves nothing but is read.
    """

    reads: frozenset[Read] = frozenset()
    measures: frozenset[str] = frozenset()
    columns: frozenset[Read] = frozenset()
    keys: frozenset[Read] = frozenset()

    def __or__(self, other: Basis) -> Basis:
        return Basis(
            self.reads | other.reads, self.measures | other.measures, self.columns | other.columns,
            self.keys | other.keys,
        )  # fmt: skip

    @property
    def everything(self) -> frozenset[Read]:
        """All that is read, keys included."""
        return self.reads | self.keys


NOTHING: Final = Basis()


def row(read: Read) -> Basis:
    """What is read of the row itself."""
    return Basis(frozenset({read}), frozenset(), frozenset({read}))


@dataclass(eq=False)
class Scope:
    """The names that hold on the rows of one view or stream."""

    name: str
    path: Path
    table: Table | None = None
    view: View | None = None
    parents: tuple[Scope, ...] = ()
    each: dict[str, str] = field(default_factory=dict)
    open: bool = False
    reads: frozenset[Read] = frozenset()  # of an operator

    @property
    def lets(self) -> Mapping[str, Aggregate | str]:
        """The view's own names."""
        return self.view.let if self.view is not None else {}

    @property
    def is_open(self) -> bool:
        """Whether some of its columns cannot be known yet."""
        return self.open or any(parent.is_open for parent in self.parents)

    def find(self, word: str) -> tuple[Scope, Aggregate | str] | None:
        """The ``let`` entry that a name stands for, and where it was written."""
        if word in self.lets:
            return self, self.lets[word]
        found = [entry for parent in self.parents if (entry := parent.find(word)) is not None]
        return found[0] if found else None

    def tables(self) -> list[Table]:
        """The dictionary tables under it."""
        if self.table is not None:
            return [self.table]
        return [table for parent in self.parents for table in parent.tables()]

    def aliases(self) -> dict[str, str]:
        """Names of ``each`` and their registers."""
        found: dict[str, str] = {}
        for parent in self.parents:
            found |= parent.aliases()
        return found | self.each

    def names(self) -> list[str]:
        """Everything that could be meant, nearest first."""
        found = [*self.lets]
        for parent in self.parents:
            found += parent.names()
        if self.table is not None:
            found += [*self.table.columns, *self.table.refs]
        return list(dict.fromkeys([*found, *self.each]))


def as_key(read: Read) -> Read:
    """The same thing, read only to hold rows together or to find a limit."""
    return Read(read.table, read.column, "key" if read.klass != OPEN else OPEN)


def said(source: Scope, spec: Aggregate) -> str:
    """An aggregate by what it says, so that two names of one aggregate are one."""
    words = spec.model_dump(exclude_defaults=True, exclude={"complete"})
    return f"{source.name}: {sorted(words.items(), key=lambda item: item[0])!r}"


def texts(value: object) -> Iterable[str]:
    """Every text in a tree of maps and lists, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts(item)


def words(text: str) -> Iterable[str]:
    """The words of a text that could be names."""
    return "".join(letter if letter.isalnum() or letter == "_" else " " for letter in text).split()


def register_word(node: Expr) -> str:
    """The register that an argument names, quoted or bare; empty where it names none."""
    return node.value if isinstance(node, Text) else node.text if isinstance(node, Name) else ""
