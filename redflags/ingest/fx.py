"""Amounts in base currency: copied where the currency is the base, else by the rate of the day."""

from __future__ import annotations

import polars as pl

from redflags.units import NUMBER_SCALE

__all__ = ["fill_amount_base"]


def fill_amount_base(
    rows: pl.DataFrame,
    base_currency: str,
    rates: pl.DataFrame | None,
    *,
    amount: str = "amount",
    time: str = "booked_at",
) -> pl.DataFrame:
    """Fill `amount_base` where it is missing.

    A rate holds from `valid_from` to `valid_to`; the newest one begun is taken. The product is rounded once,
    half to even, at the fourth decimal. Without a rate, or past the largest amount, the result stays null.

    Args:
        rows: Canonical rows with an amount and its currency.
        base_currency: ISO 4217 code.
        rates: Canonical `fx_rates`, where the data set carries them.
        amount: Column of the amount in the row's currency.
        time: Column of the moment at which it is converted.

    Examples:
        >>> import datetime as dt
        >>> at = dt.datetime(2026, 1, 5, tzinfo=dt.timezone.utc)
        >>> frame = pl.DataFrame({"booked_at": [at, at], "amount": [10_000, 25_000], "currency": ["EUR", "USD"]})
        >>> rates = pl.DataFrame({"currency": ["USD"], "rate_to_base": [900_000]})
        >>> fill_amount_base(frame, "EUR", rates)["amount_base"].to_list()
        [10000, 22500]
    """
    known = pl.col("amount_base") if "amount_base" in rows.columns else pl.lit(None, pl.Int64)
    filled = rows.with_columns(
        pl.when(known.is_not_null())
        .then(known)
        .when(pl.col("currency") == base_currency)
        .then(amount)
        .cast(pl.Int64)
        .alias("amount_base")
    )
    if rates is None or rates.is_empty() or not filled["amount_base"].null_count():
        return filled
    rated = _rated(
        filled.select(
            pl.col(time).alias("_at"), pl.col(amount).alias("_amount"), "currency", "amount_base"
        ).with_row_index("_row"),
        rates,
    )
    return (
        filled.with_row_index("_row")
        .join(rated, on="_row", how="left", maintain_order="left")
        .with_columns(pl.coalesce("amount_base", "_converted").alias("amount_base"))
        .drop("_row", "_converted")
    )


def _rated(rows: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    open_ended = pl.lit(None, dtype=pl.Datetime("us", "UTC"))
    begin = pl.col("valid_from") if "valid_from" in rates.columns else open_ended
    end = pl.col("valid_to") if "valid_to" in rates.columns else open_ended
    start = pl.datetime(1, 1, 1, time_zone="UTC", time_unit="us")
    table = (
        rates.select("currency", "rate_to_base", begin.fill_null(start).alias("_from"), end.alias("_to"))
        .filter(pl.col("rate_to_base").is_not_null())
        .sort("_from", "rate_to_base")
    )
    needing = rows.filter(pl.col("amount_base").is_null()).sort("_at")
    joined = needing.join_asof(table, left_on="_at", right_on="_from", by="currency", check_sortedness=False).filter(
        pl.col("_to").is_null() | (pl.col("_at") < pl.col("_to"))
    )
    scale = pl.lit(NUMBER_SCALE, dtype=pl.Int128)
    product = pl.col("_amount").cast(pl.Int128) * pl.col("rate_to_base").cast(pl.Int128)
    whole = product // scale
    twice = (product - whole * scale) * 2
    up = (twice > scale) | ((twice == scale) & (whole % 2 == 1))
    return joined.select("_row", (whole + up.cast(pl.Int128)).cast(pl.Int64, strict=False).alias("_converted"))
