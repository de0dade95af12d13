"""What columns and references a frame has, and of which types."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from redflags.errors import did_you_mean
from redflags.expr import types as t
from redflags.expr.lexer import ExprError
from redflags.plan.nodes import At, Base, Changes, Derived, Each, Frame, Held, Union

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from fractions import Fraction

    from redflags.expr.types import Type
    from redflags.operators.base import Operation
    from redflags.plan.nodes import Lookup, Measure
    from redflags.tables import Dictionary, Table

STREAM = "_stream"
MOMENT = "at"


@dataclass(frozen=True)
class FrameColumn:
    """One column of a frame: type, and the dictionary column behind it (None for derived ones)."""

    type: Type
    table: str | None = None
    column: str | None = None


@dataclass(frozen=True)
class Schema:
    """Columns and declared references of a frame."""

    columns: Mapping[str, FrameColumn]
    refs: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # path -> (own column, target table)

    def require(self, name: str, offset: int) -> FrameColumn:
        """The column, or an ``ExprError`` with the nearest name."""
        found = self.columns.get(name)
        if found is None:
            raise ExprError(f"unknown name {name!r}", offset, did_you_mean(name, self.columns), "EXPR-NAME")
        return found


def of_table(table: Table) -> dict[str, FrameColumn]:
    """Columns of a dictionary table."""
    return {name: FrameColumn(t.of_column(column.type), table.name, name) for name, column in table.columns.items()}


def refs_of(table: Table) -> dict[str, tuple[str, str]]:
    """Declared paths of a dictionary table: name -> (own column, target table)."""
    return {name: (ref.column, ref.table) for name, ref in table.refs.items()}


def found_operation(name: str) -> Operation:
    """An operator that was bound, and so exists."""
    from redflags.operators.registry import operation

    found = operation(name)
    assert found is not None  # noqa: S101  bound nodes name known operators
    return found


#: Dictionary types of the columns of a register that an operator makes.
_BACK = {"text": "text", "bool": "bool", "int": "int", "number": "number", "money": "money_base", "real": "real",
         "time": "time", "date": "date", "list": "list", "duration": "int"}  # fmt: skip


def register_table(name: str, node: Derived, schemas: Schemas) -> Table:
    """The dictionary entry of a register that an operator makes.

    Every column is behaviour unless it comes from a table.
    """
    from redflags.tables import Column
    from redflags.tables import Table as Entry

    made = found_operation(node.operator)
    columns = {}
    for column, found in made.columns(node, schemas).items():
        klass = "behaviour"
        if found.table is not None and found.column is not None:
            klass = schemas.table(found.table).columns[found.column].klass
        columns[column] = Column(column, _BACK[found.type.kind], klass, f"{node.operator}: {column}")
    return Entry(
        name, "derived", node.operator, "register", "behaviour", columns, keys=made.keys(node), many=True,
        valid_from="valid_from", valid_to="valid_to", derived=True,
    )  # fmt: skip


class Schemas:
    """Computes and remembers the schema of every frame of a book."""

    def __init__(
        self,
        dictionary: Dictionary,
        list_tables: Mapping[str, str] | None = None,
        threshold_kinds: Collection[str] = (),
    ) -> None:
        self.dictionary = dictionary
        self.list_tables = dict(list_tables or {})  # id of a list -> the register table that holds it
        self.threshold_kinds = frozenset(threshold_kinds)
        self._lookups: dict[Lookup, str] = {}
        self._measures: dict[Measure, str] = {}
        self.lookups: dict[str, Lookup] = {}  # by column
        self.measures: dict[str, Measure] = {}  # by column
        self.labels: dict[Measure, str] = {}
        self._registers: dict[Derived, str] = {}
        self._made: dict[str, Table] = {}
        self._known: dict[Frame, Schema] = {}
        self.carried: dict[tuple[Frame, int, str], Type] = {}  # by the number of the part, 0 where there is one

    def of(self, frame: Frame) -> Schema:
        """Schema of ``frame``."""
        if frame not in self._known:
            self._known[frame] = self._build(frame)
        return self._known[frame]

    def lookup_name(self, lookup: Lookup) -> str:
        """Column that stands for a lookup; equal lookups share one."""
        name = self._lookups.setdefault(lookup, f"@{len(self._lookups)}")
        self.lookups.setdefault(name, lookup)
        return name

    def measure_name(self, measure: Measure) -> str:
        """Column that stands for a measure; equal measures share one."""
        name = self._measures.setdefault(measure, f"%{len(self._measures)}")
        self.measures.setdefault(name, measure)
        return name

    def label(self, measure: Measure) -> str:
        """The name that a rule gave a measure."""
        return self.labels.get(measure, measure.op)

    def _build(self, frame: Frame) -> Schema:
        moment = {MOMENT: FrameColumn(t.TIME)}
        match frame:
            case Base():
                table = self.dictionary.table(frame.table)
                return Schema({**moment, **of_table(table)}, refs_of(table))
            case Changes():
                table = self.dictionary.table(frame.register)
                return Schema({**moment, "change": FrameColumn(t.TEXT), **of_table(table)}, refs_of(table))
            case Held():
                table = self.table(frame.register)
                return Schema({**moment, **of_table(table)}, refs_of(table))
            case Each():
                parent = self.of(frame.parent.frame)
                register = self.table(frame.register)
                joined = {f"{frame.alias}.{name}": column for name, column in of_table(register).items()}
                return Schema({**parent.columns, **joined, **self._carried(frame, 0, frame.carried)}, parent.refs)
            case At():
                parent = self.of(frame.parent.frame)
                return Schema({**parent.columns, **self._carried(frame, 0, frame.carried)}, parent.refs)
            case Union():
                columns: dict[str, FrameColumn] = {**moment, STREAM: FrameColumn(t.TEXT)}
                refs: dict[str, tuple[str, str]] = {}
                for number, (_, rows, _) in enumerate(frame.parts):
                    for name, column in self.part(frame, number).items():
                        columns[name] = self._joint(name, columns.get(name, column), column)
                    refs |= self.of(rows.frame).refs
                return Schema(columns, refs)
            case Derived():
                return self._derived(frame, moment)

    def _derived(self, frame: Derived, moment: dict[str, FrameColumn]) -> Schema:
        made = {**moment, **found_operation(frame.operator).columns(frame, self)}
        refs: dict[str, tuple[str, str]] = {}
        for _, rows, _ in frame.inputs:
            inner = self.of(rows.frame).refs
            refs |= {name: ref for name, ref in inner.items() if ref[0] in made}
        return Schema(made, refs)

    def table(self, name: str) -> Table:
        """A table of the dictionary, or the register that an operator makes."""
        return self._made[name] if name in self._made else self.dictionary.table(name)

    def known_table(self, name: str) -> Table | None:
        """The same; None where there is no such table."""
        return self._made.get(name) or self.dictionary.tables.get(name)

    def derived_register(self, node: Derived) -> str:
        """The name under which a register made by an operator is looked up."""
        if node not in self._registers:
            name = f"&{len(self._registers)}"
            self._registers[node] = name
            self._made[name] = register_table(name, node, self)
        return self._registers[node]

    @property
    def derived(self) -> tuple[Derived, ...]:
        """Registers that operators make."""
        return tuple(self._registers)

    def derived_node(self, name: str) -> Derived | None:
        """The operator behind a register's name."""
        return next((node for node, own in self._registers.items() if own == name), None)

    def part(self, frame: Union, number: int) -> dict[str, FrameColumn]:
        """Columns of one part of a union, in their own types and units."""
        _, rows, carried = frame.parts[number]
        return {**self.of(rows.frame).columns, **self._carried(frame, number, carried)}

    def unit(self, column: FrameColumn) -> Fraction:
        """What one unit of a column's whole numbers is worth."""
        from redflags.expr.calls import unit_of, unit_of_kind

        if column.table is None or column.column is None:
            return unit_of_kind(column.type)
        return unit_of(self.table(column.table).columns[column.column].type)

    def _joint(self, name: str, left: FrameColumn, right: FrameColumn) -> FrameColumn:
        """One column for two parts of a union: of the type in which they meet, and of one unit."""
        kind = t.meet(left.type, right.type)
        if kind is None:
            raise ExprError(
                f"the streams of the union disagree on {name!r}: {left.type} and {right.type}", 0, code="EXPR-TYPE"
            )
        if left.type == kind and (right.type != kind or self.unit(left) == self.unit(right)):
            return left
        return right if right.type == kind and left.type != kind else FrameColumn(kind)

    def _carried(self, frame: Frame, part: int, carried: tuple[tuple[str, object], ...]) -> dict[str, FrameColumn]:
        return {name: FrameColumn(self.carried.get((frame, part, name), t.NULL)) for name, _ in carried}
