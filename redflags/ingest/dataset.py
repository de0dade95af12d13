"""What reading gives: canonical frames, where they came from, and what was refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import polars as pl

from redflags.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

__all__ = ["REJECT_SCHEMA", "ControlTotal", "Dataset", "InputFile", "empty_rejects"]

#: Columns of the rejects table; one row for every fault, so a bad row may stand there more than once.
REJECT_SCHEMA: Final[Mapping[str, pl.DataType]] = MappingProxyType(
    {
        "table": pl.String(),
        "source_file": pl.String(),
        "source_row": pl.Int64(),
        "row_id": pl.String(),
        "column": pl.String(),
        "reason": pl.String(),
        "value": pl.String(),
    }
)
#: Columns of the labels table, the answer key of labelled data.
LABEL_SCHEMA: Final[Mapping[str, pl.DataType]] = MappingProxyType(
    {"table": pl.String(), "row_id": pl.String(), "label": pl.String(), "value": pl.String()}
)


def empty_rejects() -> pl.DataFrame:
    """A rejects table without rows.

    Examples:
        >>> empty_rejects().height
        0
    """
    return pl.DataFrame(schema=dict(REJECT_SCHEMA))


@dataclass(frozen=True)
class ControlTotal:
    """Rows and exact sum of one currency in one file.

    Attributes:
        currency: ISO 4217 code.
        rows: Rows in that currency whose amount could be read.
        amount: Their sum, scaled by `MONEY_SCALE`; a Python integer, so it cannot overflow.
        accepted_rows: Those of them that were kept.
        accepted_amount: Their sum.
    """

    currency: str
    rows: int
    amount: int
    accepted_rows: int
    accepted_amount: int


@dataclass(frozen=True)
class InputFile:
    """One file that was read.

    Attributes:
        path: Path as given, or `<frame>` for a frame handed over in memory.
        table: Canonical table it was read into.
        sha256: Hash of its bytes; empty for a frame.
        bytes: Its size.
        rows: Rows in it.
        accepted: Rows of it that were kept.
        totals: Control totals per currency, for tables that carry money in a currency.
    """

    path: str
    table: str
    sha256: str
    bytes: int
    rows: int
    accepted: int
    totals: tuple[ControlTotal, ...] = ()


@dataclass(frozen=True)
class Dataset:
    """A validated data set.

    Attributes:
        tables: Canonical frames by name, with only the columns that came in.
        base_currency: ISO 4217 code that `amount_base` is in.
        timezone: IANA name; moments without an offset were read in it.
        covers_from: First moment that the data speaks about.
        inputs: The files, with hashes and control totals.
        rejects: Refused rows with reasons.
        notes: What a reader of the results should know about the reading.
        labels: The answer key where the source carries one; rules never see it.
    """

    tables: Mapping[str, pl.DataFrame]
    base_currency: str
    timezone: str = "UTC"
    covers_from: dt.datetime | None = None
    inputs: tuple[InputFile, ...] = ()
    rejects: pl.DataFrame = field(default_factory=empty_rejects)
    notes: tuple[str, ...] = ()
    labels: pl.DataFrame | None = None

    def table(self, name: str) -> pl.DataFrame:
        """Return a table.

        Raises:
            DataError: When the data set does not carry it.

        Examples:
            >>> Dataset({"parties": pl.DataFrame({"party_id": ["P1"]})}, "EUR").table("parties").height
            1
        """
        if name in self.tables:
            return self.tables[name]
        hint = did_you_mean(name, self.tables)
        raise DataError(f"the data set has no table '{name}'" + (f": {hint}" if hint else ""))

    def has(self, table: str, *columns: str) -> bool:
        """Whether a table, and all the columns named, came in.

        Examples:
            >>> data = Dataset({"parties": pl.DataFrame({"party_id": ["P1"]})}, "EUR")
            >>> data.has("parties", "party_id"), data.has("parties", "name"), data.has("accounts")
            (True, False, False)
        """
        return table in self.tables and all(column in self.tables[table].columns for column in columns)

    def ledger(self, columns: frozenset[str] | None = None) -> pl.DataFrame:
        """Derive the account view of the movements; see `derive_ledger`."""
        from redflags.ingest.ledger import derive_ledger

        return derive_ledger(self.table("transactions"), self.tables.get("accounts"), columns)
