"""Shipped lists: dated, sourced rows from ``rules/lists/*.yaml`` as canonical register frames."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from redflags.errors import Fault, RuleError, did_you_mean
from redflags.ingest.parse import parse_column
from redflags.tables import dictionary
from redflags.yamlio import Data, read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from redflags.tables import Table

DAY = 86_400_000_000
#: Columns of a list file that speak about a row and are not data.
NOTES = frozenset({"confidence", "note"})


@dataclass(frozen=True)
class ListFile:
    """One list: what it is, how far it reaches, its rows.

    Attributes:
        id: the list's name, also usable as a register.
        table: register table that its rows belong to.
        covers: half-open range of moments that the list speaks about (None: no bound), µs.
        confirmed_until: last day on which somebody checked it.
    """

    id: str
    table: str
    title: str
    source: str
    version: str
    confirmed_until: str | None
    covers: tuple[int | None, int | None]
    rows: pl.DataFrame = field(repr=False)
    unconfirmed: tuple[str, ...] = ()


def load_lists(folder: Path) -> tuple[ListFile, ...]:
    """Read every list of a rule book.

    Raises:
        RuleError: all faults of all files at once.
    """
    faults: list[Fault] = []
    found: list[ListFile] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            document = read_yaml(path)
        except RuleError as error:
            faults += error.faults
            continue
        made = _list_file(document.data, str(path), faults)
        if made is not None:
            found.append(made)
    if faults:
        raise RuleError(faults)
    return tuple(found)


def _list_file(data: Data, file: str, faults: list[Fault]) -> ListFile | None:
    wanted = ("list", "table", "title", "source", "version", "columns", "rows")
    missing = [key for key in wanted if not isinstance(data, dict) or key not in data]
    if missing:
        faults.append(Fault(file, 1, 1, "LIST-KEYS", f"the list lacks {', '.join(missing)}"))
        return None
    table = dictionary().tables.get(data["table"])
    if table is None:
        faults.append(
            Fault(
                file,
                1,
                1,
                "LIST-TABLE",
                f"unknown table {data['table']!r}",
                did_you_mean(data["table"], dictionary().tables),
            )
        )
        return None
    columns: list[str] = list(data["columns"])
    for row in data["rows"]:
        if len(row) != len(columns):
            faults.append(
                Fault(file, 1, 1, "LIST-ROW", f"a row has {len(row)} values for {len(columns)} columns: {row}")
            )
            return None
    texts = {
        name: [None if row[i] is None else str(row[i]) for row in data["rows"]]
        for i, name in enumerate(columns)
        if name not in NOTES
    }
    texts |= {name: [str(value)] * len(data["rows"]) for name, value in (data.get("constants") or {}).items()}
    unknown = [name for name in texts if name not in table.columns]
    if unknown:
        faults.append(
            Fault(
                file,
                1,
                1,
                "LIST-COLUMN",
                f"unknown column {unknown[0]!r}",
                did_you_mean(unknown[0], table.columns),
            )
        )
        return None
    rows = canonical(table, pl.DataFrame(texts, schema=dict.fromkeys(texts, pl.String)))
    covers = (_moment(data.get("covers_from")), _moment(data.get("covers_to")))
    return ListFile(
        data["list"], table.name, data["title"], data["source"], str(data["version"]),
        data.get("confirmed_until"), covers, rows, tuple(data.get("unconfirmed") or ()),
    )  # fmt: skip


def canonical(table: Table, texts: pl.DataFrame) -> pl.DataFrame:
    """Text columns in the physical types of the dictionary."""
    made = []
    for name in texts.columns:
        column = table.columns[name]
        read = parse_column(column, texts[name], "UTC")
        empty = pl.repeat(None, texts.height, dtype=column.dtype, eager=True)
        made.append((empty if read is None else read).alias(name))
    return pl.DataFrame(made)


def _moment(day: str | None) -> int | None:
    return None if day is None else int(dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC).timestamp()) * 1_000_000


def list_tables(lists: Iterable[ListFile]) -> dict[str, str]:
    """Lists that can be asked by their own name: those that share a table and give its first key."""
    found: dict[str, str] = {}
    for item in lists:
        first = dictionary().table(item.table).keys[:1]
        if (
            first
            and item.id != item.table
            and item.rows[first[0]].n_unique() == 1
            and item.rows[first[0]][0] == item.id
        ):
            found[item.id] = item.table
    return found


def threshold_kinds(lists: Iterable[ListFile], tables: Mapping[str, pl.DataFrame] | None = None) -> frozenset[str]:
    """Kinds of legal limits that some row knows."""
    kinds: set[str] = set()
    frames = [item.rows for item in lists if item.table == "thresholds"]
    if tables and "thresholds" in tables:
        frames.append(tables["thresholds"])
    for frame in frames:
        kinds |= set(frame["kind"].drop_nulls().to_list())
    return frozenset(kinds)
