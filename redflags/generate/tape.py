"""Transactions as they are written down: whole columns at a time, put in order at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from redflags.generate.schema import MONEY, TABLES
from redflags.generate.words import RATES, TIMEZONE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from redflags.generate.clock import Ints

__all__ = ["Label", "Side", "Tape", "sides"]

_COLUMNS: Final = tuple(
    name
    for name in TABLES["transactions"]
    if name not in ("txn_id", "booked_at", "amount", "amount_base", "reversal_of")
)
_USUAL: Final[Mapping[str, object]] = {"status": "booked", "currency": "EUR", "initiator": "customer"}


@dataclass(frozen=True)
class Side:
    """One end of a movement as a message shows it; `party_id` is known for the bank's own customers."""

    account_id: str
    party_id: str | None
    name: str
    bank_id: str
    country: str
    bank_country: str
    region: str


def sides(source: Side | Sequence[Side] | None, target: Side | Sequence[Side] | None) -> dict[str, object]:
    """The columns of both ends of a movement; a sequence gives one end per row.

    Example:
        >>> shop = Side("X1", None, "Kelilpa Foods", "B9", "DE", "DE", "DE-XA1")
        >>> sides(None, shop)["to_name"]
        'Kelilpa Foods'
    """
    columns: dict[str, object] = {}
    for prefix, side in (("from", source), ("to", target)):
        if side is None:
            continue
        for field in ("account_id", "party_id", "name", "bank_id", "country", "bank_country", "region"):
            one = getattr(side, field) if isinstance(side, Side) else [getattr(each, field) for each in side]
            columns[f"{prefix}_{field}"] = one
    return columns


@dataclass(frozen=True)
class Label:
    """What a planted row belongs to."""

    case_id: str
    rule_id: str
    role: str
    strength: str


class Tape:
    """All transactions of the bank, in the order in which they were written down.

    Example:
        >>> tape = Tape()
        >>> rows = tape.put(np.array([20_600 * 86_400]), np.array([12_50]), txn_type="fee", from_account_id="A1")
        >>> tape.frame(np.random.default_rng(1), first_id=100)["amount"].to_list()
        [Decimal('12.50')]
    """

    def __init__(self) -> None:
        self._at: list[Ints] = []
        self._cents: list[Ints] = []
        self._columns: dict[str, list[object]] = {name: [] for name in _COLUMNS}
        self._reverses: list[int | None] = []
        self._labels: dict[int, Label] = {}
        self._rows = 0

    def put(
        self,
        at: Ints,
        cents: Ints | Sequence[int],
        *,
        ends: Mapping[str, object] | None = None,
        where: Mapping[str, object] | None = None,
        label: Label | None = None,
        reverses: Sequence[int] | None = None,
        **columns: object,
    ) -> range:
        """Write down movements.

        Args:
            at: Moments, local clock, seconds since the epoch.
            cents: Amounts in hundredths of the row's currency, one per moment.
            ends: The columns of both ends, from `sides`.
            where: The columns of a service point.
            label: The planted case that the rows belong to.
            reverses: Row numbers that these rows reverse or refund.
            columns: Other columns: one value for all rows, or an array or list of one per row.

        Returns:
            The numbers of the rows.
        """
        count = len(at)
        rows = range(self._rows, self._rows + count)
        self._at.append(np.asarray(at, dtype=np.int64))
        amounts = np.asarray(cents, dtype=np.int64)
        if len(amounts) != count:
            raise ValueError(f"{len(amounts)} amounts for {count} moments")
        self._cents.append(amounts)
        given = {**_USUAL, **(where or {}), **(ends or {}), **columns}
        for name, column in self._columns.items():
            column.extend(_spread(given.pop(name, None), count))
        if given:
            raise ValueError(f"no such columns: {sorted(given)}")
        self._reverses.extend(reverses if reverses is not None else [None] * count)
        if label is not None:
            self._labels.update(dict.fromkeys(rows, label))
        self._rows += count
        return rows

    def frame(self, rng: np.random.Generator, first_id: int) -> pl.DataFrame:
        """The canonical transactions, in time order; ids follow that order and so tell nothing else.

        Args:
            rng: Breaks ties of the clock.
            first_id: Number of the first id.
        """
        frame = pl.DataFrame(
            {
                name: pl.Series(name, values, dtype=TABLES["transactions"][name])
                for name, values in self._columns.items()
            }
        ).with_columns(
            _row=pl.Series(np.arange(self._rows)),
            _tie=pl.Series(rng.permutation(self._rows)),
            _reverses=pl.Series(self._reverses, dtype=pl.Int64),
            _cents=pl.Series(np.concatenate(self._cents)),
            booked_at=_utc(pl.Series(np.concatenate(self._at))),
        )
        frame = frame.sort("booked_at", "_tie").with_columns(
            txn_id=pl.format("T{}", pl.int_range(first_id, first_id + pl.len())),
            amount=_money(pl.col("_cents")),
            amount_base=_money(
                pl.col("_cents") * pl.col("currency").replace_strict(RATES, return_dtype=pl.Int64) // 10_000
            ),
        )
        ids = frame.select(_reverses="_row", reversal_of="txn_id")
        frame = frame.join(ids, on="_reverses", how="left", maintain_order="left")
        return frame.select("_row", *TABLES["transactions"])

    def labels(self) -> pl.DataFrame:
        """Row numbers of planted rows with what they belong to."""
        return pl.DataFrame(
            {
                "_row": list(self._labels),
                **{
                    field: [getattr(label, field) for label in self._labels.values()]
                    for field in ("case_id", "rule_id", "role", "strength")
                },
            },
            schema={
                "_row": pl.Int64,
                "case_id": pl.String,
                "rule_id": pl.String,
                "role": pl.String,
                "strength": pl.String,
            },
        )


def _spread(value: object, count: int) -> list[object]:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list):
        if len(value) != count:
            raise ValueError(f"{len(value)} values for {count} rows")
        return value
    # A tuple is one list-typed value.
    return [list(value) if isinstance(value, tuple) else value] * count


def _utc(seconds: pl.Series) -> pl.Series:
    local = pl.from_epoch(seconds, time_unit="s").cast(pl.Datetime("us"))
    zoned = local.dt.replace_time_zone(TIMEZONE, ambiguous="earliest", non_existent="null")
    # The hour that a spring night skips holds nothing but stray batch bookings; they are read as UTC.
    return zoned.dt.convert_time_zone("UTC").fill_null(local.dt.replace_time_zone("UTC"))


def _money(cents: pl.Expr) -> pl.Expr:
    # A product of decimals is exact; their quotient would round to whole units.
    return (cents.cast(pl.Decimal(18, 2)) * pl.lit("0.01").cast(pl.Decimal(18, 2))).cast(MONEY)
