"""What stands in the rows that an alert rests on: when, how much, with whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from redflags.explain.words import amount_words, human
from redflags.tables import dictionary

if TYPE_CHECKING:
    import datetime as dt

    from redflags.ingest.dataset import Dataset

__all__ = ["Seen", "party_words", "seen_rows"]

_SIDES: Final = {"in": "from", "out": "to"}
_MOVEMENTS: Final = {"ledger", "ledger_all", "transactions", "transactions_all"}


@dataclass(frozen=True)
class Seen:
    """One row of evidence as a person sees it; what is not known is empty.

    Attributes:
        at: Its moment.
        amount: What moved.
        way: `in` or `out` for the account view.
        other: The other side: name, else identifier, and country.
        how: Instrument and channel.
    """

    at: dt.datetime | None = None
    amount: str = ""
    way: str = ""
    other: str = ""
    how: str = ""


def seen_rows(dataset: Dataset, evidence: pl.DataFrame) -> dict[tuple[str, str], Seen]:
    """The rows of an evidence frame by table and row id, as far as the data set holds them."""
    found: dict[tuple[str, str], Seen] = {}
    for (stream,), part in evidence.group_by(["table"], maintain_order=True):
        ids = part["row_id"].unique().to_list()
        # A stream by another of its time columns is called table@column; the row is the table's.
        table = str(stream).partition("@")[0]
        if table in _MOVEMENTS:
            found |= _movements(dataset, str(stream), ids)
        elif table in dataset.tables:
            found |= _others(dataset, str(stream), table, ids)
    return found


def _movements(dataset: Dataset, stream: str, ids: list[str]) -> dict[tuple[str, str], Seen]:
    if "transactions" not in dataset.tables:
        return {}
    base = {row: _base(row) for row in ids}
    wanted = sorted({txn for txn, _ in base.values()})
    rows = dataset.tables["transactions"].filter(pl.col("txn_id").is_in(wanted))
    by_id = {row["txn_id"]: row for row in rows.iter_rows(named=True)}
    return {(stream, row): _movement(by_id[txn], side) for row, (txn, side) in base.items() if txn in by_id}


def _base(row_id: str) -> tuple[str, str]:
    """The transaction and the side that a row id names."""
    plain, mark, copy = row_id.rpartition("#")
    row_id = plain if mark and copy.isdigit() else row_id
    txn, _, side = row_id.rpartition("/")
    return (txn, side) if side in _SIDES and txn else (row_id, "")


def _movement(row: dict[str, Any], side: str) -> Seen:
    if side:
        other = _side(row, _SIDES[side])
    else:
        other = " to ".join(text for text in (_side(row, "from"), _side(row, "to")) if text)
    how = [human(str(row[name])) for name in ("instrument", "channel") if row.get(name)]
    site = row.get("service_point_id") or row.get("branch_id")
    if row.get("instrument") == "cash":
        other = f"at {site}" if not other and site else other
    return Seen(
        row.get("booked_at"),
        amount_words(row.get("amount"), row.get("currency")),
        side,
        other,
        ", ".join(how),
    )


def _side(row: dict[str, Any], side: str) -> str:
    who = next(
        (row[f"{side}_{part}"] for part in ("name", "party_id", "account_id") if row.get(f"{side}_{part}")),
        "",
    )
    country = row.get(f"{side}_country")
    return f"{who} ({country})" if who and country else str(who)


def _others(dataset: Dataset, stream: str, table: str, ids: list[str]) -> dict[tuple[str, str], Seen]:
    known = dictionary().tables.get(table)
    if known is None or known.id is None:
        return {}
    moment = stream.partition("@")[2] or known.time or known.valid_from
    frame = dataset.tables[table]
    money = next(
        (c.name for c in known.columns.values() if c.type == "money" and c.name in frame.columns),
        None,
    )
    base = {row: _base(row)[0] for row in ids}
    rows = frame.filter(pl.col(known.id).is_in(sorted(set(base.values()))))
    by_id = {row[known.id]: row for row in rows.iter_rows(named=True)}
    return {
        (stream, row): Seen(
            by_id[item].get(moment or ""),
            amount_words(by_id[item].get(money or ""), by_id[item].get("currency")),
            how=human(table),
        )
        for row, item in base.items()
        if item in by_id
    }


def party_words(dataset: Dataset | None, party_id: str | None) -> str:
    """Who a party is, as far as the data says what a reviewer needs to find the file."""
    if dataset is None or party_id is None or not dataset.has("parties", "party_id"):
        return ""
    found = dataset.tables["parties"].filter(pl.col("party_id") == party_id)
    if found.is_empty():
        return ""
    row = found.row(found.height - 1, named=True)
    kind = row.get("party_type")
    country = row.get("residence_country") or row.get("incorporation_country")
    work = row.get("occupation_code") or row.get("industry_code")
    said = [human(str(part)) for part in (kind, work, row.get("segment"), country) if part]
    return ", ".join([row["name"], *said] if row.get("name") else said)
