"""Control totals: every movement from the file to the screened rows, per currency, to the last unit."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl

from redflags.results.when import micros

if TYPE_CHECKING:
    from redflags.engine.outcome import Clock
    from redflags.ingest.dataset import InputFile
    from redflags.results.admit import Admitted

__all__ = ["control_totals", "money"]

_STEPS = ("late", "duplicate", "not_booked", "later", "screened")


def money(scaled: int) -> str:
    """Scaled money as exact decimal text.

    Examples:
        >>> money(123_456_000), money(5)
        ('12345.6000', '0.0005')
    """
    return f"{Decimal(scaled).scaleb(-4):.4f}"


def control_totals(inputs: tuple[InputFile, ...], admitted: Admitted, clock: Clock) -> list[dict[str, Any]]:
    """Rows and amounts of movements by currency, step by step.

    The steps are: read, refused at reading, late, duplicate, not booked, later, screened.

    `not_booked` rows are seen only by rules about rejections and reversals; `later` rows lie after the moment
    up to which this run judges, and wait. `reconciles` says whether the steps add up to what was read.

    Args:
        inputs: The files of the batch.
        admitted: What became of their rows.
        clock: Up to when this run judges.
    """
    read: dict[str, list[int]] = {}
    for item in inputs:
        if item.table != "transactions":
            continue
        for total in item.totals:
            sums = read.setdefault(total.currency, [0, 0, 0, 0])
            for place, value in enumerate((total.rows, total.amount, total.accepted_rows, total.accepted_amount)):
                sums[place] += value
    steps = _steps(admitted, clock)
    found = []
    for currency in sorted({*read, *(code for code, _ in steps)}):
        rows, amount, good, good_amount = read.get(currency, [0, 0, 0, 0])
        line: dict[str, Any] = {
            "currency": currency,
            "read": {"rows": rows, "amount": money(amount)},
            "refused": {"rows": rows - good, "amount": money(amount - good_amount)},
        }
        after = (0, 0)
        for step in _STEPS:
            count, value = steps.get((currency, step), (0, 0))
            line[step] = {"rows": count, "amount": money(value)}
            after = (after[0] + count, after[1] + value)
        line["reconciles"] = after == (good, good_amount)
        found.append(line)
    return found


def _steps(admitted: Admitted, clock: Clock) -> dict[tuple[str, str], tuple[int, int]]:
    taken = admitted.fresh.get("transactions")
    if taken is None or not {"currency", "amount", "booked_at"} <= set(taken.columns):
        return {}
    booked = pl.col("status").fill_null("booked") == "booked" if "status" in taken.columns else pl.lit(value=True)
    step = (
        pl.when(micros("booked_at") > clock.upto)
        .then(pl.lit("later"))
        .when(~booked)
        .then(pl.lit("not_booked"))
        .otherwise(pl.lit("screened"))
    )
    parts = [taken.select("currency", "amount", step.alias("step"))]
    if admitted.refused_rows.height:
        parts.append(admitted.refused_rows.select("currency", "amount", pl.col("_why").alias("step")))
    sums = (
        pl.concat(parts)
        .group_by("currency", "step")
        .agg(pl.len().alias("n"), pl.col("amount").cast(pl.Int128).sum().alias("total"))
    )
    return {(code, step): (n, int(total)) for code, step, n, total in sums.iter_rows()}
