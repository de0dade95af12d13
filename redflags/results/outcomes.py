"""What the engine could not judge, and what must wait, over all rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from redflags.results.schema import NOT_EVALUABLE, PENDING, empty, moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redflags.engine.outcome import Outcome

__all__ = ["not_evaluable_frame", "pending_frame"]


def not_evaluable_frame(outcomes: Sequence[Outcome]) -> pl.DataFrame:
    """Rows that could not be judged by rule, reason and column, loudest first.

    `share` is of the rows that the rule judged; a rule that could not run at all has neither rows nor share.
    A rule that is bound for several segments is counted once.
    """
    parts = [empty(NOT_EVALUABLE).with_columns(pl.lit(0, pl.Int64).alias("_judged"))]
    judged: dict[str, int] = {}
    for outcome in outcomes:
        judged[outcome.bound.id] = judged.get(outcome.bound.id, 0) + outcome.judged
    for outcome in outcomes:
        frame = outcome.not_evaluable.select(*NOT_EVALUABLE)
        if frame.is_empty() and outcome.disabled is not None:
            line = {"rule_id": outcome.bound.id, "reason": outcome.disabled}
            frame = pl.concat([frame, pl.DataFrame([line], schema=dict(NOT_EVALUABLE))])
        parts.append(frame.with_columns(pl.lit(judged[outcome.bound.id], pl.Int64).alias("_judged")))
    total = pl.when(pl.col("rows").count() > 0).then(pl.col("rows").sum())
    gathered = (
        pl.concat(parts).group_by("rule_id", "reason", "column").agg(total.alias("rows"), pl.col("_judged").first())
    )
    share = pl.when(pl.col("_judged") > 0).then(pl.col("rows") / pl.col("_judged"))
    return (
        gathered.with_columns(share.alias("share"))
        .sort("rule_id", "rows", "reason", "column", descending=[False, True, False, False], nulls_last=False)
        .select(*NOT_EVALUABLE)
    )


def pending_frame(outcomes: Sequence[Outcome]) -> pl.DataFrame:
    """Rows whose judgement lies after the run, next due first."""
    parts = [
        outcome.pending.select(
            pl.lit(outcome.bound.id).alias("rule_id"),
            "row_id",
            moment("at").alias("at"),
            moment("moment").alias("moment"),
        )
        for outcome in outcomes
    ]
    return pl.concat([empty(PENDING), *parts]).sort("moment", "rule_id", "row_id")
