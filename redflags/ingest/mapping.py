"""Mappings of foreign layouts: the model and its loader. `apply` puts one to work.

A mapping is one YAML file. For every canonical table it says which files hold it and how each canonical
column comes about:

```yaml
name: my-bank
description: Nightly extract of the core banking system.
base_currency: EUR
timezone: Europe/Vienna
tables:
  transactions:
    files: ["movements*.csv"]
    columns:
      txn_id: Reference                                      # another name
      booked_at: {column: BookDate, format: "%d.%m.%Y"}      # or days_from, hours_from, seconds_from
      amount: {column: Amount, round: half_even}             # only where the source has more than 4 decimals
      currency: {value: EUR}                                 # a constant
      from_account_id: {template: "{Bank}-{Account}"}        # `{row}` is the row number
      instrument: {column: Type, map: {C: cash, W: wire}, default: other}
      to_account_id: {by: Type, choose: {C: Payer}, else: Payee}
    labels: {is_laundering: Flag}                            # split off; rules never see them
    drop: [Branch Manager]                                   # known, and not used
  accounts:
    files: ["movements*.csv"]
    each: [Payer, Payee]                                     # one row for every value, called `item`
    where: {item: {matches: "^C"}}
    distinct: true
    columns: {account_id: item}
  fx_rates:
    rows: [{currency: USD, rate_to_base: "0.92"}]            # constants
ignore: ["readme*"]
```
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import polars as pl

from redflags.errors import Fault, RuleError, UsageError, did_you_mean
from redflags.ingest.settings import check_currency, check_timezone
from redflags.resources import mappings_dir
from redflags.tables import Table, dictionary
from redflags.yamlio import Data, Document, read_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Assignment", "ColumnMap", "SourceMapping", "TableMap", "load_mapping", "mapping_names"]

Where: TypeAlias = "tuple[str | int, ...]"

_TOP: Final = ("name", "description", "origin", "base_currency", "timezone", "tables", "ignore")
_TABLE: Final = ("files", "columns", "labels", "drop", "each", "where", "distinct", "rows")
_COLUMN: Final = (
    "column", "value", "template", "map", "default", "days_from", "hours_from", "seconds_from", "format",
    "round", "by", "choose", "else",
)  # fmt: skip
_COUNTED: Final = {"days_from": 86_400_000_000, "hours_from": 3_600_000_000, "seconds_from": 1_000_000}
_HOLE: Final = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class ColumnMap:
    """How one canonical column comes about.

    Attributes:
        column: Source column.
        value: Constant text.
        template: Text with `{source column}` and `{row}` in it.
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
    template: str | None = None
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
        holes = _HOLE.findall(self.template) if self.template else []
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
    """A loaded mapping."""

    name: str
    description: str
    base_currency: str | None
    timezone: str | None
    tables: Mapping[str, TableMap]
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


def mapping_names() -> list[str]:
    """Names of the mappings that ship with the library.

    Examples:
        >>> "amlsim" in mapping_names()
        True
    """
    return sorted(path.stem for path in mappings_dir().glob("*.yaml"))


def load_mapping(name_or_path: str | Path) -> SourceMapping:
    """Load a shipped mapping by name, or one's own by path.

    Raises:
        UsageError: When there is no such mapping, with the nearest name.
        RuleError: With every fault of the file, located.

    Examples:
        >>> load_mapping("paysim").tables["transactions"].columns["amount"].column
        'amount'
    """
    path = Path(name_or_path)
    if path.suffix.lower() in {".yaml", ".yml"}:
        if not path.is_file():
            raise UsageError(f"the mapping file {path} does not exist")
        return _Reader(read_yaml(path)).read()
    name = str(name_or_path)
    if name not in mapping_names():
        raise UsageError.unknown_name("mapping", name, mapping_names())
    return _Reader(read_yaml(mappings_dir() / f"{name}.yaml", f"{name}.yaml")).read()


class _Reader:
    """Turns a document into a mapping, gathering faults on the way."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.faults: list[Fault] = list(document.faults)

    def read(self) -> SourceMapping:
        data = self.document.data
        if not self.faults and not isinstance(data, dict):
            self.faults.append(
                Fault(self.document.file, 1, 1, "MAP-SHAPE", "a map with name and tables is wanted")
            )
        if self.faults:
            raise RuleError(self.faults)
        self.keys((), data, _TOP)
        tables = {}
        given = self.a_map(("tables",), data.get("tables"))
        if "transactions" not in given and "tables" in data:
            self.fault(
                ("tables",), "MAP-TABLE", "no table transactions", "every mapping must say where they are"
            )
        elif "tables" not in data:
            self.fault((), "MAP-KEY", "no tables", "say which files hold which table")
        for name, entry in given.items():
            table = self.table(name, entry)
            if table is not None:
                tables[name] = table
        made = SourceMapping(
            name=self.text(("name",), data.get("name")) or Path(self.document.file).stem,
            description=self.text(("description",), data.get("description")) or "",
            base_currency=self.checked(("base_currency",), data, check_currency),
            timezone=self.checked(("timezone",), data, check_timezone),
            tables=tables,
            ignore=self.texts(("ignore",), data.get("ignore")),
        )
        if self.faults:
            raise RuleError(self.faults)
        return made

    def table(self, name: str, entry: Data) -> TableMap | None:
        at: Where = ("tables", name)
        words = dictionary()
        if name not in words.tables or words.tables[name].derived:
            known = name in words.tables
            hint = "the ledger is derived, never given" if known else words.suggest_table(name)
            self.fault(at, "MAP-TABLE", f"unknown table '{name}'", hint, key=True)
            return None
        spec = words.tables[name]
        body = self.a_map(at, entry)
        self.keys(at, body, _TABLE)
        columns = {}
        for column, how in self.a_map((*at, "columns"), body.get("columns")).items():
            self.column_known((*at, "columns", column), spec, column)
            columns[column] = self.column((*at, "columns", column), how)
        rows = self.rows((*at, "rows"), spec, body.get("rows"))
        if not rows and not columns:
            self.fault(at, "MAP-COLUMNS", f"table '{name}' has neither columns nor rows", key=True)
        lacking = [column for column in spec.required if columns and column not in columns]
        if lacking:
            self.fault((*at, "columns"), "MAP-REQUIRED", f"{name} needs {', '.join(lacking)}", key=True)
        if columns and not body.get("files"):
            self.fault(
                at, "MAP-FILES", f"table '{name}' names no files", "files: [transactions.csv]", key=True
            )
        labels = self.a_map((*at, "labels"), body.get("labels"))
        if labels and (spec.id is None or spec.id not in columns):
            self.fault(
                (*at, "labels"), "MAP-LABELS", f"labels need the row id of {name}", f"map {spec.id}", key=True
            )
        return TableMap(
            table=name,
            files=self.texts((*at, "files"), body.get("files")),
            columns=columns,
            labels={
                label: self.text((*at, "labels", label), source) or "" for label, source in labels.items()
            },
            drop=self.texts((*at, "drop"), body.get("drop")),
            each=self.texts((*at, "each"), body.get("each")),
            where=self.where((*at, "where"), body.get("where")),
            distinct=body.get("distinct") is True,
            rows=rows,
        )

    def column(self, at: Where, how: Data) -> ColumnMap:
        if not isinstance(how, dict):
            return ColumnMap(column=self.text(at, how))
        self.keys(at, how, _COLUMN)
        ways = [key for key in ("column", "value", "template", "by") if key in how]
        if len(ways) != 1:
            self.fault(at, "MAP-WAY", "one of column, value, template, by is wanted", key=True)
        counted = [key for key in _COUNTED if key in how]
        if len(counted) + ("format" in how) > 1:
            self.fault(
                at, "MAP-TIME", "one of days_from, hours_from, seconds_from, format is enough", key=True
            )
        rounding = self.text((*at, "round"), how.get("round"))
        if rounding not in {None, "half_even"}:
            self.fault((*at, "round"), "MAP-ROUND", f"unknown rounding '{rounding}'", "half_even")
        replaced = self.a_map((*at, "map"), how["map"]) if "map" in how else None
        choose = self.a_map((*at, "choose"), how.get("choose"))
        if "by" in how and not choose:
            self.fault(at, "MAP-WAY", "'by' needs 'choose'", "choose: {value: source column}", key=True)
        start = self.text((*at, counted[0]), how[counted[0]]) if counted else None
        if start is not None and re.fullmatch(r"\d{4}-\d{2}-\d{2}", start) is None:
            self.fault((*at, counted[0]), "MAP-TIME", f"'{start}' is not a day", "2017-01-01")
        texts = {
            key: self.text((*at, key), how.get(key)) for key in ("column", "value", "template", "by", "else")
        }
        return ColumnMap(
            column=texts["column"],
            value=texts["value"],
            template=texts["template"],
            values=None if replaced is None else self.text_map((*at, "map"), replaced),
            default=self.text((*at, "default"), how.get("default")),
            counted_from=start,
            step=_COUNTED[counted[0]] if counted else 0,
            format=self.text((*at, "format"), how.get("format")),
            round=rounding == "half_even",
            by=texts["by"],
            choose=self.text_map((*at, "choose"), choose),
            otherwise=texts["else"],
        )

    def where(self, at: Where, given: Data) -> dict[str, str | tuple[str, ...]]:
        made: dict[str, str | tuple[str, ...]] = {}
        for column, test in self.a_map(at, given).items():
            if isinstance(test, dict):
                self.keys((*at, column), test, ("matches",))
                pattern = self.text((*at, column, "matches"), test.get("matches")) or ""
                try:
                    pl.Series([""]).str.contains(pattern)
                except pl.exceptions.ComputeError as error:
                    reason = next((line for line in str(error).splitlines() if line.startswith("error")), "")
                    self.fault((*at, column, "matches"), "MAP-WHERE", f"not a regular expression; {reason}")
                made[column] = pattern
            else:
                made[column] = self.texts((*at, column), test)
        return made

    def rows(self, at: Where, spec: Table, given: Data) -> tuple[Mapping[str, str], ...]:
        if given is None:
            return ()
        if not isinstance(given, list):
            self.fault(at, "MAP-TYPE", "a list of rows is wanted", key=True)
            return ()
        for number, row in enumerate(given):
            for column in self.a_map((*at, number), row):
                self.column_known((*at, number, column), spec, column)
        return tuple(self.text_map((*at, n), row) for n, row in enumerate(given) if isinstance(row, dict))

    # ---- the small checks -------------------------------------------------------------------------------

    def fault(self, at: Where, code: str, message: str, hint: str = "", *, key: bool = False) -> None:
        self.faults.append(self.document.fault(at, code, message, hint, key=key))

    def keys(self, at: Where, data: Mapping[str, Data], known: Sequence[str]) -> None:
        for key in data:
            if key not in known:
                self.fault((*at, key), "MAP-KEY", f"unknown key '{key}'", did_you_mean(key, known), key=True)

    def column_known(self, at: Where, spec: Table, column: str) -> None:
        if column not in spec.columns:
            message = f"{spec.name} has no column '{column}'"
            self.fault(at, "MAP-COLUMN", message, spec.suggest(column), key=True)

    def a_map(self, at: Where, data: Data) -> dict[str, Data]:
        if data is None:
            return {}
        if not isinstance(data, dict):
            self.fault(at, "MAP-TYPE", "a map is wanted")
            return {}
        return data

    def text(self, at: Where, data: Data) -> str | None:
        if data is None or isinstance(data, str):
            return data
        if isinstance(data, bool):
            return "true" if data else "false"
        if isinstance(data, int):
            return str(data)
        self.fault(at, "MAP-TYPE", "a text is wanted")
        return None

    def texts(self, at: Where, data: Data) -> tuple[str, ...]:
        if data is None:
            return ()
        items = data if isinstance(data, list) else [data]
        return tuple(text for n, item in enumerate(items) if (text := self.text((*at, n), item)) is not None)

    def text_map(self, at: Where, data: Mapping[str, Data]) -> dict[str, str]:
        return {key: text for key, item in data.items() if (text := self.text((*at, key), item)) is not None}

    def checked(self, at: tuple[str], data: Mapping[str, Data], check: Callable[[str], str]) -> str | None:
        value = self.text(at, data.get(at[0]))
        if value is None:
            return None
        try:
            return check(value)
        except UsageError as error:
            self.fault(at, "MAP-VALUE", str(error))
            return None
