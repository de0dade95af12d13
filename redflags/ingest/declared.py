"""What a mapping states about the source's world: sentences for the notes, and tables without rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from redflags.ingest.mapping_model import ColumnMap, SourceMapping
    from redflags.tables import Table

__all__ = ["empty_table", "statements"]


def statements(mapping: SourceMapping, came: Mapping[str, Collection[str]]) -> list[str]:
    """Every statement of a mapping with its reason, one sentence each.

    Args:
        mapping: A loaded mapping.
        came: Columns that came in, by table; of the others nothing is said.

    Examples:
        >>> from redflags.ingest.mapping import load_mapping
        >>> made = statements(load_mapping("amlsim"), {"transactions": ["txn_id", "purpose_code"]})
        >>> print(made[0])
        mapping amlsim: transactions.purpose_code is empty in every row: the simulator gives no purpose codes
    """
    found = [
        f"{table}.{column} {_said(how)}: {how.because}"
        for table, each in mapping.tables.items()
        for column, how in each.columns.items()
        if how.because is not None and column in came.get(table, ())
    ]
    found += [f"{table} has no rows: {because}" for table, because in mapping.absent.items()]
    return [f"mapping {mapping.name}: {text}" for text in found]


def _said(how: ColumnMap) -> str:
    if how.null:
        return "is empty in every row"
    if how.value is not None:
        return f"is '{how.value}' in every row"
    if how.lookup is not None:
        return f"is taken from {how.lookup.table}.{how.lookup.column} by {how.lookup.key}"
    if how.column is not None:
        return f"is taken from '{how.column}'"
    return f"is taken by '{how.by}'" if how.by is not None else f"is made as '{how.template}'"


def empty_table(table: Table) -> pl.DataFrame:
    """A canonical table with all its columns and no rows.

    Examples:
        >>> from redflags.tables import dictionary
        >>> made = empty_table(dictionary().table("known_payees"))
        >>> made.height, "account_id" in made.columns
        (0, True)
    """
    schema = {name: column.dtype for name, column in table.columns.items()}
    return pl.DataFrame(schema={**schema, "source_file": pl.String(), "source_row": pl.UInt32()})
