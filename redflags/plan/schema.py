"""What columns and references a frame has, and of which types."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from redflags.errors import did_you_mean
from redflags.expr import types as t
from redflags.expr.lexer import ExprError
from redflags.plan.nodes import At, Base, Changes, Each, Frame, Union

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from redflags.expr.types import Type
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
    return {
        name: FrameColumn(t.of_column(column.type), table.name, name)
        for name, column in table.columns.items()
    }


def refs_of(table: Table) -> dict[str, tuple[str, str]]:
    """Declared paths of a dictionary table: name -> (own column, target table)."""
    return {name: (ref.column, ref.table) for name, ref in table.refs.items()}


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
        self.labels: dict[Measure, str] = {}
        self._known: dict[Frame, Schema] = {}
        self.carried: dict[tuple[Frame, str], Type] = {}

    def of(self, frame: Frame) -> Schema:
        """Schema of ``frame``."""
        if frame not in self._known:
            self._known[frame] = self._build(frame)
        return self._known[frame]

    def lookup_name(self, lookup: Lookup) -> str:
        """Column that stands for a lookup; equal lookups share one."""
        return self._lookups.setdefault(lookup, f"@{len(self._lookups)}")

    def measure_name(self, measure: Measure) -> str:
        """Column that stands for a measure; equal measures share one."""
        return self._measures.setdefault(measure, f"%{len(self._measures)}")

    def label(self, measure: Measure) -> str:
        """The name that a rule gave a measure."""
        return self.labels.get(measure, measure.op)

    @property
    def lookups(self) -> dict[str, Lookup]:
        """Lookups by column name."""
        return {name: lookup for lookup, name in self._lookups.items()}

    @property
    def measures(self) -> dict[str, Measure]:
        """Measures by column name."""
        return {name: measure for measure, name in self._measures.items()}

    def _build(self, frame: Frame) -> Schema:
        moment = {MOMENT: FrameColumn(t.TIME)}
        match frame:
            case Base():
                table = self.dictionary.table(frame.table)
                return Schema({**moment, **of_table(table)}, refs_of(table))
            case Changes():
                table = self.dictionary.table(frame.register)
                return Schema({**moment, "change": FrameColumn(t.TEXT), **of_table(table)}, refs_of(table))
            case Each():
                parent = self.of(frame.parent.frame)
                register = self.dictionary.table(frame.register)
                joined = {f"{frame.alias}.{name}": column for name, column in of_table(register).items()}
                return Schema(
                    {**parent.columns, **joined, **self._carried(frame, frame.carried)}, parent.refs
                )
            case At():
                parent = self.of(frame.parent.frame)
                return Schema({**parent.columns, **self._carried(frame, frame.carried)}, parent.refs)
            case Union():
                columns: dict[str, FrameColumn] = {**moment, STREAM: FrameColumn(t.TEXT)}
                refs: dict[str, tuple[str, str]] = {}
                for _, rows, carried in frame.parts:
                    schema = self.of(rows.frame)
                    for name, column in {**schema.columns, **self._carried(frame, carried)}.items():
                        seen = columns.setdefault(name, column)
                        if t.meet(seen.type, column.type) is None:
                            raise ExprError(
                                f"the streams of the union disagree on {name!r}: {seen.type} and {column.type}", 0,
                                code="EXPR-TYPE",
                            )  # fmt: skip
                    refs |= schema.refs
                return Schema(columns, refs)

    def _carried(self, frame: Frame, carried: tuple[tuple[str, object], ...]) -> dict[str, FrameColumn]:
        return {name: FrameColumn(self.carried.get((frame, name), t.NULL)) for name, _ in carried}
