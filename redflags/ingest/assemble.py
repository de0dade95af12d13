"""From checked parts to one data set: joined files, duplicates refused, base amounts, control totals."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import polars as pl

from redflags.errors import DataError
from redflags.ingest.dataset import LABEL_SCHEMA, ControlTotal, Dataset, InputFile, empty_rejects
from redflags.ingest.declared import empty_table
from redflags.ingest.fx import fill_amount_base
from redflags.ingest.validate import money_column, refuse_duplicates, refuse_sideless

if TYPE_CHECKING:
    import datetime as dt

    from redflags.ingest.gather import Gathered, Part
    from redflags.tables import Dictionary, Table

__all__ = ["assemble"]


def assemble(
    gathered: Gathered,
    words: Dictionary,
    *,
    base_currency: str | None,
    zone: str,
    covers_from: dt.datetime | None,
    shown: str,
) -> Dataset:
    """Join the parts of every table and make the data set.

    Raises:
        DataError: When not one movement could be used.
    """
    tables: dict[str, pl.DataFrame] = {}
    rejects = [empty_rejects()]
    inputs: list[InputFile] = []
    for name in sorted({part.table for part in gathered.parts}):
        parts = [part for part in gathered.parts if part.table == name]
        frame, refused = _joined(parts, words.tables[name])
        rejects += refused
        if len(refused[-1]):
            gathered.notes.append(f"{name}: {len(refused[-1])} duplicate rows refused")
        if name == "transactions":
            frame, sideless = refuse_sideless(frame, words.tables[name])
            rejects.append(sideless)
            if frame.is_empty():
                raise DataError.from_problems(_unusable(pl.concat(rejects)), source=shown)
        tables[name] = frame
        inputs += _inputs(parts, words.tables[name], frame)
    tables |= {name: empty_table(words.tables[name]) for name in gathered.absent}
    base = base_currency or _most_used(tables["transactions"])
    if base_currency is None:
        gathered.notes.append(f"base currency not declared; taken as {base}, the currency of most movements")
    for name, frame in tables.items():
        tables[name] = _converted(frame, words.tables[name], base, tables.get("fx_rates"))
        unknown = tables[name]["amount_base"].null_count() if "amount_base" in tables[name].columns else 0
        if unknown:
            gathered.notes.append(f"{name}: {unknown} rows have no amount in {base}: no rate at their time")
    movements = tables["transactions"]
    gathered.notes += _foreign_accounts(movements, tables.get("accounts"))
    first: dt.datetime | None = covers_from or movements["booked_at"].min()  # type: ignore[assignment]
    return Dataset(
        tables=MappingProxyType({name: _ordered(each, words.tables[name]) for name, each in tables.items()}),
        base_currency=base,
        timezone=zone,
        covers_from=first,
        inputs=tuple(inputs),
        rejects=pl.concat(rejects),
        notes=tuple(dict.fromkeys(gathered.notes)),
        labels=pl.concat(gathered.labels).select(*LABEL_SCHEMA) if gathered.labels else None,
    )


def _converted(frame: pl.DataFrame, table: Table, base: str, rates: pl.DataFrame | None) -> pl.DataFrame:
    """The rows with their amount in base currency, where the table holds an amount in another one."""
    amount = money_column(table)
    if amount is None or table.time is None or "amount_base" not in table.columns:
        return frame
    if not {amount, table.time, "currency"} <= set(frame.columns):
        return frame
    return fill_amount_base(frame, base, rates, amount=amount, time=table.time)


def _joined(parts: list[Part], table: Table) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """All good rows of a table in file order, and the rejects; the duplicates come last."""
    checked = [part.checked for part in parts if part.checked is not None]
    frame = pl.concat([each.good for each in checked], how="diagonal")
    frame, duplicates = refuse_duplicates(frame, table)
    return frame, [*(each.rejects for each in checked), duplicates]


def _inputs(parts: list[Part], table: Table, kept: pl.DataFrame) -> list[InputFile]:
    """One record for every file, with control totals from what was read to what was kept."""
    rows = dict(kept.group_by("source_file").len().iter_rows())
    amount = money_column(table)
    after = {}
    if amount is not None and {"currency", amount} <= set(kept.columns):
        after = _sums(kept, amount, "source_file")
    made = []
    for part in parts:
        money = part.checked.money if part.checked is not None else None
        before = _sums(money, amount) if money is not None and amount is not None else {}
        # Rows of a frame that names its own source files are counted under those.
        files = set(part.frame["source_file"].unique()) if part.frame.height else {part.name}
        totals = tuple(ControlTotal(code, *before[code,], *_added(after, files, code)) for (code,) in sorted(before))
        accepted = sum(rows.get(file, 0) for file in files)
        made.append(InputFile(part.path, table.name, part.sha256, part.size, part.frame.height, accepted, totals))
    return made


def _sums(frame: pl.DataFrame, amount: str, *by: str) -> dict[tuple[str, ...], tuple[int, int]]:
    """Rows and exact sum by currency; 128 bits, since a sum of many rows can pass 64."""
    keys = [*by, "currency"]
    grouped = (
        frame.filter(pl.col("currency").is_not_null() & pl.col(amount).is_not_null())
        .group_by(keys)
        .agg(pl.len().alias("_rows"), pl.col(amount).cast(pl.Int128).sum().alias("_sum"))
    )
    return {tuple(row[:-2]): (row[-2], int(row[-1])) for row in grouped.select(*keys, "_rows", "_sum").iter_rows()}


def _added(after: dict[tuple[str, ...], tuple[int, int]], files: set[str], currency: str) -> tuple[int, int]:
    found = [after[file, currency] for file in files if (file, currency) in after]
    return sum(rows for rows, _ in found), sum(total for _, total in found)


def _unusable(rejects: pl.DataFrame) -> list[str]:
    counted = rejects.group_by("column", "reason").len()
    worst = counted.sort(["len", "column", "reason"], descending=[True, False, False]).head(5)
    return [
        f"not one row of transactions could be used; {count} times {column}: {reason}"
        for column, reason, count in worst.iter_rows()
    ]


def _most_used(transactions: pl.DataFrame) -> str:
    counted = transactions.group_by("currency").len().sort(["len", "currency"], descending=[True, False])
    return str(counted["currency"][0])


def _foreign_accounts(transactions: pl.DataFrame, accounts: pl.DataFrame | None) -> list[str]:
    """Movements that touch none of the accounts are no part of the ledger, and that is worth saying."""
    if accounts is None:
        return []
    own = accounts["account_id"].unique()
    sides = [name for name in ("from_account_id", "to_account_id") if name in transactions.columns]
    touched = pl.any_horizontal(pl.col(name).is_in(own.implode()).fill_null(False) for name in sides)
    count = transactions.select((~touched).sum()).item()
    return [f"transactions: {count} rows touch none of the accounts given; no rule sees them"] if count else []


def _ordered(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    present = [name for name in table.columns if name in frame.columns]
    return frame.select(*present, "source_file", "source_row")
