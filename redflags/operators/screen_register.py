"""The register form of matches: at each moment one match per key, the best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from redflags.operators.base import ROW_ID
from redflags.registers.register import MISSING_FROM, MISSING_TO

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Better first; the last ones only make the choice the same in every run.
BETTER: Final = (
    "kind",
    "score",
    "conflicts",
    "supports",
    "alias_quality",
    "list_id",
    "entry_id",
    "list_version",
    "listed_name",
    ROW_ID,
)
_DESCENDING: Final = {"score", "supports"}
#: Columns that tell the screened row rather than the match.
_OWN: Final = ("screened_id", "valid_from", "screened_name")


def best_over_time(frame: pl.DataFrame, keys: Sequence[str], found: Sequence[str]) -> pl.DataFrame:
    """Matches cut so that every key has one at each moment at which it has any.

    Args:
        frame: matches with ``valid_from`` and ``valid_to`` (null is open).
        keys: key columns; rows with a null there are left out.
        found: columns that say what a match is.
    """
    keys = list(keys)
    rows = frame.filter(pl.col(key).is_not_null() for key in keys)
    rows = rows.with_columns(
        pl.col("valid_from").fill_null(MISSING_FROM).alias("__a"),
        pl.col("valid_to").fill_null(MISSING_TO).alias("__b"),
    )
    # One match told by many rows of a key is the one of its earliest row.
    same = list(dict.fromkeys([*keys, *(name for name in found if name not in _OWN)]))
    rows = rows.sort("__a", ROW_ID).unique(same, keep="first", maintain_order=True)
    edges = pl.concat(
        [rows.select(*keys, pl.col("__a").alias("__p")), rows.select(*keys, pl.col("__b").alias("__p"))]
    ).unique()
    edges = (
        edges.sort(*keys, "__p")
        .with_columns(pl.col("__p").shift(-1).over(keys).alias("__q"))
        .filter(pl.col("__q").is_not_null())
    )
    inside = edges.join(rows, on=keys, how="inner").filter(
        (pl.col("__a") <= pl.col("__p")) & (pl.col("__q") <= pl.col("__b"))
    )
    order = [*keys, "__p", *BETTER]
    best = inside.sort(order, descending=[name in _DESCENDING for name in order], nulls_last=True).unique(
        [*keys, "__p"], keep="first", maintain_order=True
    )
    # Stretches of one match that follow each other are one.
    new = (pl.col(ROW_ID) != pl.col(ROW_ID).shift(1)) | (pl.col("__p") != pl.col("__q").shift(1))
    best = best.with_columns(new.fill_null(value=True).over(keys).cum_sum().alias("__run"))
    ends = best.group_by(*keys, "__run").agg(pl.col("__q").max().alias("__end"))
    first = best.unique([*keys, "__run"], keep="first", maintain_order=True).join(
        ends, on=[*keys, "__run"], maintain_order="left"
    )
    return (
        first.with_columns(
            pl.when(pl.col("__p") != MISSING_FROM).then(pl.col("__p")).alias("valid_from"),
            pl.when(pl.col("__end") != MISSING_TO).then(pl.col("__end")).alias("valid_to"),
        )
        .drop("__a", "__b", "__p", "__q", "__run", "__end")
        .select(frame.columns)
    )
