"""New rows beside held ones: what is late or known already is refused, and said so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import polars as pl

from redflags.ingest.dataset import REJECT_SCHEMA, empty_rejects
from redflags.results.when import micros, time_of
from redflags.tables import dictionary
from redflags.units import format_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redflags.ingest.dataset import Dataset
    from redflags.tables import Table

__all__ = ["Admitted", "Counts", "admit"]


@dataclass(frozen=True)
class Counts:
    """What happened to the rows of one table that passed validation.

    Attributes:
        arrived: Rows that came.
        taken: Rows taken in.
        late: Rows refused because their moment was final already.
        duplicate: Rows refused because their id was held already.
        replaced: Rows of a register that took the place of a held one.
        held: Rows held from before.
    """

    arrived: int
    taken: int
    late: int = 0
    duplicate: int = 0
    replaced: int = 0
    held: int = 0


@dataclass(frozen=True)
class Admitted:
    """Held and new rows as one data set.

    Attributes:
        dataset: What is judged.
        fresh: The new rows that were taken in, by table.
        refused: Late and duplicate rows, in the shape of rejects.
        refused_rows: The refused movements themselves, with `_why` late or duplicate; for control totals.
        counts: By table.
    """

    dataset: Dataset
    fresh: Mapping[str, pl.DataFrame]
    refused: pl.DataFrame
    refused_rows: pl.DataFrame
    counts: Mapping[str, Counts]


def admit(new: Dataset, held: Mapping[str, pl.DataFrame] | None, final: int | None) -> Admitted:
    """Take new rows in beside held ones.

    Rows of a stream are refused as duplicates when their id is held, and as late when their moment lies at or
    before `final`. Rows of a register take the place of held ones with the same key; a register is a state,
    not a stream.

    Args:
        new: The batch.
        held: Canonical frames from before; None where there are none.
        final: F of the last run.
    """
    if held is None:
        counts = {name: Counts(frame.height, frame.height) for name, frame in new.tables.items()}
        none = new.tables["transactions"].clear() if "transactions" in new.tables else pl.DataFrame()
        return Admitted(new, new.tables, empty_rejects(), none.with_columns(pl.lit("").alias("_why")), counts)
    tables: dict[str, pl.DataFrame] = dict(held)
    fresh: dict[str, pl.DataFrame] = {}
    refused = [empty_rejects()]
    moves = pl.DataFrame()
    counts = {name: Counts(0, 0, held=frame.height) for name, frame in held.items()}
    for name, frame in new.tables.items():
        table = dictionary().tables[name]
        before = held.get(name, frame.clear())
        if table.kind == "stream":
            split = _split(table, frame, before, final)
            why = pl.col("_why")
            taken = split.filter(why == "").drop("_why")
            dropped = split.filter(why != "")
            refused.append(_rejects(table, dropped, final))
            if name == "transactions":
                moves = dropped
            late = dropped.filter(why == "late").height
            counts[name] = Counts(frame.height, taken.height, late, dropped.height - late, 0, before.height)
            tables[name] = pl.concat([before, taken], how="diagonal")
        else:
            taken = frame
            tables[name], replaced = _merged(table, before, frame)
            counts[name] = Counts(frame.height, frame.height, replaced=replaced, held=before.height)
        fresh[name] = taken
    if moves.width == 0 and "transactions" in tables:
        moves = tables["transactions"].clear().with_columns(pl.lit("").alias("_why"))
    whole = replace(new, tables=MappingProxyType(tables))
    return Admitted(whole, fresh, pl.concat(refused), moves, counts)


def _split(table: Table, frame: pl.DataFrame, before: pl.DataFrame, final: int | None) -> pl.DataFrame:
    """Say of every new row why it is refused; the empty text where it is not."""
    known = pl.lit(value=False)
    if table.id is not None and table.id in frame.columns and table.id in before.columns:
        known = pl.col(table.id).is_in(before[table.id].drop_nulls().implode()).fill_null(value=False)
    late = pl.lit(value=False)
    column = time_of(table, frame)
    if final is not None and column is not None:
        late = (micros(column) <= final).fill_null(value=False)
    why = pl.when(known).then(pl.lit("duplicate")).when(late).then(pl.lit("late")).otherwise(pl.lit(""))
    return frame.with_columns(why.alias("_why"))


def _rejects(table: Table, dropped: pl.DataFrame, final: int | None) -> pl.DataFrame:
    if dropped.is_empty():
        return empty_rejects()
    column = time_of(table, dropped)
    late = pl.col("_why") == "late"
    until = "" if final is None else format_time(final)
    has_id = table.id is not None and table.id in dropped.columns
    row_id = pl.col(table.id) if has_id and table.id is not None else pl.lit(None, pl.String)
    moment = pl.col(column).cast(pl.String) if column is not None else pl.lit(None, pl.String)
    return dropped.select(
        pl.lit(table.name).alias("table"),
        _or_null("source_file", dropped, pl.String()),
        _or_null("source_row", dropped, pl.Int64()),
        row_id.alias("row_id"),
        pl.when(late).then(pl.lit(column)).otherwise(pl.lit(table.id)).alias("column"),
        pl.when(late)
        .then(pl.lit(f"late: everything up to {until} is final; allow for it with a lateness"))
        .otherwise(pl.lit("duplicate: this id came with an earlier batch"))
        .alias("reason"),
        pl.when(late).then(moment).otherwise(row_id).alias("value"),
    ).select(*REJECT_SCHEMA)


def _or_null(name: str, frame: pl.DataFrame, dtype: pl.DataType) -> pl.Expr:
    return (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)


def _merged(table: Table, before: pl.DataFrame, frame: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """A register's held and new rows; new ones replace held ones of the same key."""
    both = pl.concat([before, frame], how="diagonal")
    key = [name for name in (*((table.id,) if table.id else table.keys), table.valid_from) if name in both.columns]
    told = [name for name in both.columns if not name.startswith("source_")]
    if table.id is not None and table.id not in both.columns:
        key = []
    # Without a key of its own only a row that is the same in everything is the same row.
    unique = key if key and (table.id in key or not table.many) else told
    merged = both.unique(unique, keep="last", maintain_order=True)
    return merged, both.height - merged.height
