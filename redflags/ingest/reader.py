"""Read a data set: folder, one file, or frames, through a mapping or as it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import polars as pl

from redflags.errors import DataError
from redflags.ingest.assemble import assemble
from redflags.ingest.declared import statements
from redflags.ingest.gather import Frames, Gathered, Part, assign_tables, find_parts, map_parts
from redflags.ingest.lookups import look_up, lookup_order
from redflags.ingest.mapping import SourceMapping, load_mapping
from redflags.ingest.settings import Settings, check_currency, check_timezone, read_settings
from redflags.ingest.validate import check_frame
from redflags.tables import dictionary

if TYPE_CHECKING:
    from redflags.ingest.dataset import Dataset
    from redflags.tables import Table

__all__ = ["Frames", "Source", "read_dataset"]

Source: TypeAlias = "str | Path | Frames"


def read_dataset(
    source: Source,
    mapping: str | Path | SourceMapping | None = None,
    *,
    base_currency: str | None = None,
    timezone: str | None = None,
) -> Dataset:
    """Read and validate a data set.

    Args:
        source: A folder, one file, or frames by table name. A folder may hold `dataset.yaml` with
            `base_currency`, `timezone`, `covers_from`, `mapping`.
        mapping: Name of a shipped mapping, path of one's own, or a loaded one, for foreign layouts.
        base_currency: ISO 4217 code; overrides what the data set declares. Undeclared, it is the currency of
            most movements.
        timezone: IANA name for moments without an offset; overrides what the data set declares; else UTC.

    Returns:
        The data set with its canonical frames, rejects, control totals and notes.

    Raises:
        DataError: When a table cannot be read at all, listing every problem of every file.
        UsageError: When the mapping, currency or time zone is unknown.
        RuleError: When the mapping or `dataset.yaml` is faulty.

    Examples:
        >>> import polars as pl
        >>> frame = pl.DataFrame(
        ...     {
        ...         "txn_id": ["T1"],
        ...         "booked_at": ["2026-01-05"],
        ...         "amount": ["12.50"],
        ...         "currency": ["EUR"],
        ...         "to_account_id": ["A1"],
        ...     }
        ... )
        >>> data = read_dataset({"transactions": frame})
        >>> data.tables["transactions"]["amount_base"].to_list(), data.base_currency
        ([125000], 'EUR')
    """
    words = dictionary()
    place = source if isinstance(source, Mapping) else Path(source)
    settings, shown, lone = Settings(), "the frames", False
    if isinstance(place, Path):
        shown = str(place)
        if not place.exists():
            raise DataError(f"{place} does not exist")
        lone = place.is_file()
        settings = settings if lone else read_settings(place)
    chosen = mapping if mapping is not None else settings.mapping
    declared = chosen if isinstance(chosen, SourceMapping) or chosen is None else load_mapping(chosen)
    fallback = (declared.timezone, declared.base_currency) if declared else (None, None)
    zone = check_timezone(timezone or settings.timezone or fallback[0] or "UTC")
    base = base_currency or settings.base_currency or fallback[1]
    base = check_currency(base) if base else None
    gathered = Gathered()
    raw = find_parts(place, gathered)
    if declared is None:
        assign_tables(raw, words, gathered)
    else:
        map_parts(raw, declared, zone, gathered, lone=lone)
    order = lookup_order(declared.tables) if declared else []
    for part in sorted(gathered.parts, key=lambda part: order.index(part.table) if order else 0):
        _fill(part, words.tables[part.table], zone, gathered)
        _check(part, words.tables[part.table], zone, gathered)
    if not gathered.problems and not any(part.table == "transactions" for part in gathered.parts):
        gathered.problems.append(_no_transactions(gathered))
    if declared is not None:
        gathered.notes += statements(declared, {part.table: part.frame.columns for part in gathered.parts})
    if gathered.problems:
        raise DataError.from_problems(gathered.problems, source=shown)
    return assemble(gathered, words, base_currency=base, zone=zone, covers_from=settings.covers_from, shown=shown)


def _fill(part: Part, table: Table, zone: str, gathered: Gathered) -> None:
    """Fill the columns that other tables give; a column that those do not carry stays away, with a note."""
    for column, lookup in part.lookups.items():
        others = [each.checked for each in gathered.parts if each.table == lookup.table]
        good = [each.good for each in others if each is not None and lookup.column in each.good.columns]
        if good:
            joined = pl.concat(good, how="diagonal")
            part.frame = look_up(part.frame, table, column, lookup=lookup, checked=joined, zone=zone)
        else:
            wanted = f"{lookup.table}.{lookup.column}"
            gathered.notes.append(f"{part.name}: '{column}' stays away, since {wanted} did not come in")


def _check(part: Part, table: Table, zone: str, gathered: Gathered) -> None:
    main = table.name == "transactions"
    if part.frame.is_empty():
        (gathered.problems if main else gathered.notes).append(f"{part.name}: no rows")
    part.checked = check_frame(part.frame, table, part.name, zone)
    gathered.problems += part.checked.problems
    gathered.notes += part.checked.notes
    sides = {"from_account_id", "to_account_id"}
    if main and not part.checked.problems and sides.isdisjoint(part.frame.columns):
        gathered.problems.append(f"{part.name}: neither from_account_id nor to_account_id; one is needed")


def _no_transactions(gathered: Gathered) -> str:
    seen = ", ".join(sorted({part.table for part in gathered.parts})) or "none"
    near = [note for note in gathered.notes if note.endswith("did you mean 'transactions'?")]
    tail = f" ({near[0]})" if near else ""
    return f"no transactions among the tables found: {seen}; name the file transactions{tail}"
