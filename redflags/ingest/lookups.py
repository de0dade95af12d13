"""Columns that another table of the mapping fills: `{from_table: accounts, key: ..., column: country}`."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Protocol

import polars as pl

from redflags.errors import did_you_mean
from redflags.ingest.numbers import SCALES
from redflags.ingest.parse import parse_column
from redflags.tables import dictionary

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from redflags.ingest.mapping_model import Lookup, TableMap
    from redflags.tables import Table

__all__ = ["check_lookups", "look_up", "lookup_key", "lookup_order"]


class Tell(Protocol):
    """Takes a located fault."""

    def __call__(
        self, at: tuple[str | int, ...], code: str, message: str, hint: str = "", *, key: bool = False
    ) -> None: ...


def lookup_key(table: Table) -> str | None:
    """The one column by which a row of a table is found; None where one column is not enough.

    Examples:
        >>> lookup_key(dictionary().table("accounts")), lookup_key(dictionary().table("known_payees"))
        ('account_id', None)
    """
    if table.id is not None:
        return table.id
    return table.keys[0] if len(table.keys) == 1 and not table.many else None


def lookup_order(tables: Mapping[str, TableMap]) -> list[str]:
    """Tables in such an order that each stands behind those it looks up.

    Raises:
        CycleError: When tables look each other up.

    Examples:
        >>> from redflags.ingest.mapping import load_mapping
        >>> order = lookup_order(load_mapping("amlsim").tables)
        >>> order.index("accounts") < order.index("transactions")
        True
    """
    needs = {name: sorted({each.table for each in table.lookups.values()}) for name, table in tables.items()}
    return list(TopologicalSorter(needs).static_order())


def check_lookups(tables: Mapping[str, TableMap], named: Collection[str], tell: Tell) -> None:
    """Check that every look-up of a mapping finds what it asks for.

    Args:
        tables: Tables of the mapping that could be read.
        named: All its tables; of the faulty ones the faults have been told.
        tell: Takes each fault.
    """
    for name, table in tables.items():
        for column, lookup in table.lookups.items():
            at = ("tables", name, "columns", column)
            if lookup.table not in tables:
                if lookup.table not in named:
                    hint = did_you_mean(lookup.table, tables)
                    message = f"the mapping has no table '{lookup.table}'"
                    tell((*at, "from_table"), "MAP-LOOKUP", message, hint)
                continue
            for key, message, hint in _faults(name, column, lookup, tables):
                tell((*at, key), "MAP-LOOKUP", message, hint)
    try:
        lookup_order({name: table for name, table in tables.items() if not _looks_at(table, name)})
    except CycleError as error:
        ring = " -> ".join(error.args[1])
        message = f"tables look each other up: {ring}"
        tell(("tables",), "MAP-LOOKUP", message, "take one from a file", key=True)


def _looks_at(table: TableMap, name: str) -> bool:
    return any(lookup.table == name for lookup in table.lookups.values())


def _faults(name: str, column: str, lookup: Lookup, tables: Mapping[str, TableMap]) -> Iterable[tuple[str, str, str]]:
    words = dictionary()
    own, other = tables[name], tables[lookup.table]
    spec = words.tables[lookup.table]
    found_by = lookup_key(spec)
    if lookup.table == name:
        yield "from_table", "a table is not looked up in itself", "name the source column"
    elif found_by is None:
        yield "from_table", f"no single column identifies a row of {lookup.table}", ""
    elif found_by not in other.columns or other.columns[found_by].lookup is not None:
        yield "from_table", f"{lookup.table} is found by {found_by}, which this mapping does not read", ""
    if lookup.key not in own.columns:
        yield "key", f"{name} has no mapped column '{lookup.key}'", did_you_mean(lookup.key, own.columns)
    elif own.columns[lookup.key].lookup is not None:
        yield "key", f"'{lookup.key}' is itself looked up", "name a column that a file gives"
    if lookup.column not in other.columns:
        message = f"{lookup.table} has no mapped column '{lookup.column}'"
        yield "column", message, did_you_mean(lookup.column, other.columns)
    elif lookup.column in spec.columns and column in words.tables[name].columns:
        given, wanted = spec.columns[lookup.column].type, words.tables[name].columns[column].type
        if given != wanted:
            yield "column", f"{lookup.table}.{lookup.column} is a {given}, {name}.{column} a {wanted}", ""


def look_up(
    frame: pl.DataFrame, table: Table, column: str, *, lookup: Lookup, checked: pl.DataFrame, zone: str
) -> pl.DataFrame:
    """Fill a column from the checked rows of another table.

    A key that is not found, or stands there without a value, gives null; of several rows with one key the
    first counts, as it does when duplicates are refused.

    Args:
        frame: Mapped rows, not checked yet.
        table: What they are.
        column: Column to fill.
        lookup: Where from.
        checked: Canonical rows of the other table.
        zone: IANA name for moments without an offset.

    Examples:
        >>> from redflags.ingest.mapping_model import Lookup
        >>> moves = pl.DataFrame({"txn_id": ["T1", "T2"], "from_account_id": [7, 8]})
        >>> accounts = pl.DataFrame({"account_id": ["7"], "country": ["AT"]})
        >>> made = look_up(
        ...     moves,
        ...     dictionary().table("transactions"),
        ...     "from_country",
        ...     lookup=Lookup("accounts", "from_account_id", "country"),
        ...     checked=accounts,
        ...     zone="UTC",
        ... )
        >>> made["from_country"].to_list()
        ['AT', None]
    """
    spec = dictionary().tables[lookup.table]
    found_by = lookup_key(spec) or ""
    keys = parse_column(table.columns[lookup.key], frame[lookup.key], zone)
    if keys is None:
        return frame  # checking says why the key cannot be read
    register = (
        checked.select(pl.col(found_by).alias("key"), pl.col(lookup.column).alias("value"))
        .drop_nulls("key")
        .unique("key", keep="first", maintain_order=True)
    )
    found = keys.to_frame("key").join(register, on="key", how="left", maintain_order="left")["value"]
    kind = table.columns[column].type
    plain = _plain(found, SCALES[kind]) if kind in SCALES else found
    return frame.with_columns(plain.alias(column))


def _plain(scaled: pl.Series, scale: int) -> pl.Series:
    """Scaled integers as the decimal text that a file would give."""
    if scale == 1:
        return scaled
    size = pl.col("value").cast(pl.Int128).abs()
    sign = pl.when(pl.col("value") < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    minor = (size % scale).cast(pl.String).str.zfill(len(str(scale)) - 1)
    text = sign + (size // scale).cast(pl.String) + "." + minor
    return scaled.to_frame("value").select(text).to_series()
