"""What a mapping of a foreign layout is made of. `mapping` reads one, `apply` puts it to work."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["HOLE", "Assignment", "ColumnMap", "Lookup", "SourceMapping", "TableMap"]

#: A place in a template that a source column fills.
HOLE: Final = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Lookup:
    """A column that another table of the mapping fills.

    Attributes:
        table: Canonical table looked up.
        key: Own canonical column that holds the other table's id.
        column: Canonical column taken from there.
    """

    table: str
    key: str
    column: str


@dataclass(frozen=True)
class ColumnMap:
    """How one canonical column comes about.

    Attributes:
        column: Source column.
        value: Constant text.
        null: Whether no row of the source's world carries a value.
        lookup: What another table of the mapping fills it with.
        because: Why the source's world is so; goes into the notes of the data set.
        template: Text with `{source column}` and `{row}` in it.
        extract: Regular expression whose first group is kept of the text; other text stays as it is.
        values: Replacements of source values.
        default: What stands for values that `values` does not name; None keeps them as they are.
        counted_from: Day from which a number in the column counts, and
        step: microseconds of one count.
        format: `strptime` format of the column.
        round: Whether more than four decimals are rounded half to even.
        by: Source column that decides which column is read.
        choose: Source column by value of `by`.
        otherwise: Source column for other values of `by`; None for nothing.
    """

    column: str | None = None
    value: str | None = None
    null: bool = False
    lookup: Lookup | None = None
    because: str | None = None
    template: str | None = None
    extract: str | None = None
    values: Mapping[str, str] | None = field(default=None, hash=False)
    default: str | None = None
    counted_from: str | None = None
    step: int = 0
    format: str | None = None
    round: bool = False
    by: str | None = None
    choose: Mapping[str, str] = field(default_factory=dict, hash=False)
    otherwise: str | None = None

    @property
    def sources(self) -> frozenset[str]:
        """Source columns it reads."""
        holes = HOLE.findall(self.template) if self.template else []
        named = [self.column, self.by, self.otherwise, *self.choose.values(), *holes]
        return frozenset(name for name in named if name is not None and name != "row")


@dataclass(frozen=True)
class TableMap:
    """How one canonical table comes about."""

    table: str
    files: tuple[str, ...]
    columns: Mapping[str, ColumnMap]
    labels: Mapping[str, str]
    drop: tuple[str, ...]
    each: tuple[str, ...]
    where: Mapping[str, str | tuple[str, ...]]
    distinct: bool
    rows: tuple[Mapping[str, str], ...]

    @property
    def lookups(self) -> dict[str, Lookup]:
        """Columns that other tables fill."""
        return {name: how.lookup for name, how in self.columns.items() if how.lookup is not None}


@dataclass(frozen=True)
class Assignment:
    """Which of the files found belong to which table of a mapping."""

    by_table: Mapping[str, tuple[str, ...]]
    ignored: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def used(self) -> frozenset[str]:
        """Files that some table reads."""
        return frozenset(name for names in self.by_table.values() for name in names)

    def unread(self, names: Sequence[str]) -> list[tuple[str, str]]:
        """Files that nothing reads, with the reason."""
        return [
            (
                name,
                "left out by the mapping" if name in self.ignored else "not named by the mapping; not read",
            )
            for name in names
            if name not in self.used
        ]


@dataclass(frozen=True)
class SourceMapping:
    """A loaded mapping.

    Attributes:
        absent: Tables that exist in the source's world and have no rows, with the reason.
        ignore: Patterns of files that are left out on purpose.
    """

    name: str
    description: str
    base_currency: str | None
    timezone: str | None
    tables: Mapping[str, TableMap]
    absent: Mapping[str, str] = field(default_factory=dict, hash=False)
    ignore: tuple[str, ...] = ()

    def assign(self, names: Sequence[str], *, single: bool = False) -> Assignment:
        """Match files to tables; a single file of any name stands for the transactions' file."""
        found: dict[str, tuple[str, ...]] = {}
        for name, table in self.tables.items():
            found[name] = tuple(file for file in names if _fits(file, table.files))
        main = self.tables["transactions"].files
        if single and not any(found.values()):
            found = {name: tuple(names) if table.files == main else () for name, table in self.tables.items()}
        missing = []
        if not found["transactions"]:
            missing.append(f"mapping {self.name}: no file for transactions; wanted is {' or '.join(main)}")
        ignored = tuple(file for file in names if _fits(file, self.ignore))
        return Assignment(found, ignored, tuple(missing))


def _fits(file: str, patterns: Sequence[str]) -> bool:
    bare = file.rsplit("/", 1)[-1].lower()
    return any(fnmatch(bare, pattern.lower()) for pattern in patterns)
