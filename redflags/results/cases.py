"""Cases: all alerts of one subject, ranked by a score that keeps spreading at the top.

An alert of score s counts with the odds s / (110 - s); odds add up, and a case scores 100 x odds / (odds +
1). Each further alert lifts the case, a strong one more than a weak one, and no number of alerts reaches 100,
so that the busiest cases still have an order among themselves. All of it is exact; only the number shown is
rounded.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

import polars as pl

from redflags.results.schema import CASES, TYPOLOGIES, empty

__all__ = ["case_frame", "case_score", "typology_frame"]

_HEADROOM: Final = 110
_WHOLE: Final = math.lcm(*range(_HEADROOM - 100, _HEADROOM + 1))
#: Odds of every score over one common denominator, so that sums are whole numbers.
_ODDS: Final = tuple(_WHOLE * score // (_HEADROOM - score) for score in range(101))
_PLACES: Final = 4


def case_score(scores: list[int]) -> Fraction:
    """The exact score of a case.

    Examples:
        >>> round(float(case_score([80])), 2), round(float(case_score([80, 80])), 2)
        (72.73, 84.21)
        >>> case_score([90] * 60) < case_score([90] * 61) < 100
        True
    """
    odds = sum(_ODDS[score] for score in scores)
    return Fraction(100 * odds, odds + _WHOLE)


def case_frame(alerts: pl.DataFrame, touched: pl.DataFrame | None = None) -> pl.DataFrame:
    """Gather alerts to cases: by party where one is known, else by subject.

    Args:
        alerts: `subject_kind`, `subject_id`, `party_id`, `family`, `score`, `first_at`, `last_at` of every
            alert known.
        touched: The alerts of this run; only cases with one of them are listed. None for all cases.

    Returns:
        A cases frame, highest first; `rank` counts from 1 within it.
    """
    if alerts.is_empty():
        return empty(CASES)
    ranked = _gathered(alerts, touched, [], pl.col("family").unique().sort().alias("families")).sort(
        "_exact",
        "alerts",
        "first_at",
        "subject_kind",
        "subject_id",
        descending=[True, True, False, False, False],
    )
    return ranked.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("rank")).select(*CASES)


def typology_frame(alerts: pl.DataFrame, touched: pl.DataFrame | None = None) -> pl.DataFrame:
    """Score every typology of every subject: from the alerts of the rules that point to it, as a case is scored.

    Args:
        alerts: The columns of `case_frame`, and `rule_id` and `typologies` of every alert known.
        touched: As for `case_frame`.

    Returns:
        A typologies frame, highest first. An alert whose rule points to several schemes counts for each of them.
    """
    if alerts.is_empty():
        return empty(TYPOLOGIES)
    spread = alerts.explode("typologies").rename({"typologies": "typology"}).filter(pl.col("typology").is_not_null())
    if spread.is_empty():
        return empty(TYPOLOGIES)
    scored = _gathered(spread, touched, ["typology"], pl.col("rule_id").unique().sort().alias("rules"))
    order = ["_exact", "alerts", "first_at", "subject_kind", "subject_id", "typology"]
    return scored.sort(order, descending=[True, True, False, False, False, False]).select(*TYPOLOGIES)


def _gathered(alerts: pl.DataFrame, touched: pl.DataFrame | None, by: list[str], *also: pl.Expr) -> pl.DataFrame:
    """Alerts by subject (and `by`) with their joint score; `_exact` orders by it."""
    mine = _subjects(alerts)
    if touched is not None:
        mine = mine.join(_subjects(touched), on=["subject_kind", "subject_id"], how="semi", nulls_equal=True)
    grouped = mine.group_by("subject_kind", "subject_id", *by).agg(
        pl.col("score"),
        pl.len().cast(pl.Int64).alias("alerts"),
        *also,
        pl.col("first_at").min(),
        pl.col("last_at").max(),
    )
    exact = [case_score(scores) for scores in grouped["score"].to_list()]
    order = {value: n for n, value in enumerate(sorted(set(exact)))}
    return grouped.with_columns(
        pl.Series("score", [float(round(value, _PLACES)) for value in exact], dtype=pl.Float64),
        pl.Series("_exact", [order[value] for value in exact], dtype=pl.Int64),
    )


def _subjects(alerts: pl.DataFrame) -> pl.DataFrame:
    party = pl.col("party_id").is_not_null()
    return alerts.with_columns(
        pl.when(party).then(pl.lit("party")).otherwise("subject_kind").alias("subject_kind"),
        pl.coalesce("party_id", "subject_id").alias("subject_id"),
    )
