"""Mappings of foreign layouts: the loader. `apply` puts one to work.

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
      currency: {value: EUR, because: "the extract holds euro accounts only"}        # a constant
      purpose_code: {value: null, because: "the extract gives no purpose codes"}     # known to be empty
      from_account_id: {template: "{Bank}-{Account}"}        # `{row}` is the row number
      from_country: {from_table: accounts, key: from_account_id, column: country, because: "..."}
      instrument: {column: Type, map: {C: cash, W: wire}, default: other}
      to_account_id: {by: Type, choose: {C: Payer}, else: Payee}
      branch_id: {column: Office, extract: "^0*([0-9].*)$"}  # the first group is kept, before any `map`
    labels: {is_laundering: Flag}                            # split off; rules never see them
    drop: [Branch Manager]                                   # known, and not used
  accounts:
    files: ["movements*.csv"]
    each: [Payer, Payee]                                     # one row for every value, called `item`
    where: {item: {matches: "^C"}}
    distinct: true
    columns: {account_id: item, country: {value: AT, because: "the bank keeps accounts in Austria only"}}
  fx_rates:
    rows: [{currency: USD, rate_to_base: "0.92"}]            # constants
absent: {known_payees: "the bank keeps no list of ordinary payees"}    # there, with no rows
ignore: ["readme*"]
```

A column or table that did not come in disables every rule that reads it. A mapping may say what is **true of
the source's world** instead: a constant, a column that no row of this world fills, a value that another table
gives, a register that has no entries. Each such statement needs its reason (`because`), which stands in the
notes of the data set and so in the manifest of every run. What is merely not known is left out.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import polars as pl

from redflags.errors import Fault, RuleError, UsageError, did_you_mean
from redflags.ingest.lookups import check_lookups
from redflags.ingest.mapping_model import Assignment, ColumnMap, Lookup, SourceMapping, TableMap
from redflags.ingest.settings import check_currency, check_timezone
from redflags.resources import mappings_dir
from redflags.tables import Table, dictionary
from redflags.yamlio import Data, Document, read_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Assignment", "ColumnMap", "Lookup", "SourceMapping", "TableMap", "load_mapping", "mapping_names"]

Where: TypeAlias = "tuple[str | int, ...]"

_TOP: Final = ("name", "description", "origin", "base_currency", "timezone", "tables", "absent", "ignore")
_TABLE: Final = ("files", "columns", "labels", "drop", "each", "where", "distinct", "rows")
_COLUMN: Final = (
    "column", "value", "template", "extract", "map", "default", "days_from", "hours_from", "seconds_from",
    "format", "round", "by", "choose", "else", "from_table", "key", "because",
)  # fmt: skip
#: What goes with a statement about the source's world; the other keys are about reading a file.
_STATED: Final = {"value": {"value", "because"}, "from_table": {"from_table", "key", "column", "because"}}
_COUNTED: Final = {"days_from": 86_400_000_000, "hours_from": 3_600_000_000, "seconds_from": 1_000_000}


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
            self.faults.append(Fault(self.document.file, 1, 1, "MAP-SHAPE", "a map with name and tables is wanted"))
        if self.faults:
            raise RuleError(self.faults)
        self.keys((), data, _TOP)
        tables = {}
        given = self.a_map(("tables",), data.get("tables"))
        if "transactions" not in given and "tables" in data:
            self.fault(("tables",), "MAP-TABLE", "no table transactions", "every mapping must say where they are")
        elif "tables" not in data:
            self.fault((), "MAP-KEY", "no tables", "say which files hold which table")
        for name, entry in given.items():
            table = self.table(name, entry)
            if table is not None:
                tables[name] = table
        check_lookups(tables, given, self.fault)
        made = SourceMapping(
            name=self.text(("name",), data.get("name")) or Path(self.document.file).stem,
            description=self.text(("description",), data.get("description")) or "",
            base_currency=self.checked(("base_currency",), data, check_currency),
            timezone=self.checked(("timezone",), data, check_timezone),
            tables=tables,
            absent=self.absent(("absent",), data.get("absent"), given),
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
            if columns[column].null and column in spec.required:
                self.fault((*at, "columns", column), "MAP-NULL", f"every row of {name} needs {column}")
        rows = self.rows((*at, "rows"), spec, body.get("rows"))
        if not rows and not columns:
            self.fault(at, "MAP-COLUMNS", f"table '{name}' has neither columns nor rows", key=True)
        lacking = [column for column in spec.required if columns and column not in columns]
        if lacking:
            self.fault((*at, "columns"), "MAP-REQUIRED", f"{name} needs {', '.join(lacking)}", key=True)
        if columns and not body.get("files"):
            self.fault(at, "MAP-FILES", f"table '{name}' names no files", "files: [transactions.csv]", key=True)
        labels = self.a_map((*at, "labels"), body.get("labels"))
        if labels and (spec.id is None or spec.id not in columns):
            self.fault((*at, "labels"), "MAP-LABELS", f"labels need the row id of {name}", f"map {spec.id}", key=True)
        return TableMap(
            table=name,
            files=self.texts((*at, "files"), body.get("files")),
            columns=columns,
            labels={label: self.text((*at, "labels", label), source) or "" for label, source in labels.items()},
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
        stated = next((key for key in _STATED if key in how), None)
        if stated is not None:
            return self.stated(at, how, stated)
        ways = [key for key in ("column", "template", "by") if key in how]
        if len(ways) != 1:
            self.fault(at, "MAP-WAY", "one of column, value, template, by, from_table is wanted", key=True)
        counted = [key for key in _COUNTED if key in how]
        if len(counted) + ("format" in how) > 1:
            self.fault(at, "MAP-TIME", "one of days_from, hours_from, seconds_from, format is enough", key=True)
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
        texts = {key: self.text((*at, key), how.get(key)) for key in ("column", "template", "by", "else")}
        return ColumnMap(
            column=texts["column"],
            template=texts["template"],
            extract=self.pattern((*at, "extract"), how.get("extract"), groups=1),
            because=self.text((*at, "because"), how.get("because")),
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

    def stated(self, at: Where, how: Mapping[str, Data], way: str) -> ColumnMap:
        """A column about which the mapping says what is true of the source's world."""
        for key in how:
            if key in _COLUMN and key not in _STATED[way]:
                self.fault((*at, key), "MAP-WAY", f"'{key}' does not go with '{way}'", key=True)
        because = self.reason(at, how.get("because"), has="because" in how)
        if way == "value":
            value = self.text((*at, "value"), how["value"])
            return ColumnMap(value=value, null=how["value"] is None, because=because)
        named = {key: self.text((*at, key), how.get(key)) for key in ("from_table", "key", "column")}
        lacking = [key for key, name in named.items() if not name]
        if lacking:
            hint = "{from_table: accounts, key: from_account_id, column: country, because: ...}"
            self.fault(at, "MAP-LOOKUP", f"a look-up needs {', '.join(lacking)}", hint, key=True)
            return ColumnMap(null=True, because=because)
        lookup = Lookup(named["from_table"] or "", named["key"] or "", named["column"] or "")
        return ColumnMap(lookup=lookup, because=because)

    def reason(self, at: Where, given: Data, *, has: bool) -> str | None:
        where = (*at, "because") if has else at
        text = self.text(where, given)
        if text is not None and text.strip():
            return text.strip()
        if given is None or isinstance(given, str):
            hint = 'because: "why the world of the source is so"'
            self.fault(where, "MAP-BECAUSE", "a reason is wanted for what no file says", hint, key=True)
        return None

    def absent(self, at: Where, given: Data, mapped: Mapping[str, Data]) -> dict[str, str]:
        words = dictionary()
        made = {}
        for name, because in self.a_map(at, given).items():
            here = (*at, name)
            if name not in words.tables:
                hint = words.suggest_table(name)
                self.fault(here, "MAP-TABLE", f"unknown table '{name}'", hint, key=True)
            elif words.tables[name].derived or name == "transactions":
                self.fault(here, "MAP-ABSENT", f"{name} cannot be absent", key=True)
            elif name in mapped:
                self.fault(here, "MAP-ABSENT", f"{name} is mapped and declared absent", "keep one", key=True)
            text = because.strip() if isinstance(because, str) else ""
            if text:
                made[name] = text
            else:
                hint = f'{name}: "why the world of the source has none"'
                self.fault(here, "MAP-BECAUSE", f"a reason is wanted why there is no {name}", hint, key=True)
        return made

    def pattern(self, at: Where, given: Data, *, groups: int = 0) -> str | None:
        text = self.text(at, given)
        if text is None:
            return None
        try:
            found = len(pl.Series([""]).str.extract_groups(text).struct.fields)
        except pl.exceptions.ComputeError as error:
            reason = next((line for line in str(error).splitlines() if line.startswith("error")), "")
            self.fault(at, "MAP-WHERE", f"not a regular expression; {reason}")
            return None
        if groups and found != groups:
            self.fault(at, "MAP-WHERE", f"{groups} group in parentheses is wanted, {found} found")
        return text

    def where(self, at: Where, given: Data) -> dict[str, str | tuple[str, ...]]:
        made: dict[str, str | tuple[str, ...]] = {}
        for column, test in self.a_map(at, given).items():
            if isinstance(test, dict):
                self.keys((*at, column), test, ("matches",))
                made[column] = self.pattern((*at, column, "matches"), test.get("matches")) or ""
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
