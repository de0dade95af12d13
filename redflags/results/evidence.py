"""Evidence: the rows an alert rests on, each with its role, and how many movements there were in truth."""

from __future__ import annotations

from typing import Final

import polars as pl

from redflags.results.schema import EVIDENCE, empty

__all__ = ["CAP", "contributors", "evidence_rows", "movements"]

#: Evidence rows written for one alert; the true number of movements is in `txn_count`.
CAP: Final = 500
JUDGED: Final = "judged"
_SLICE: Final = 20_000
_MOVEMENTS: Final = ("ledger", "ledger_all", "transactions", "transactions_all")


def contributors(folded: pl.DataFrame) -> pl.DataFrame:
    """The distinct rows behind every episode, with roles.

    Each hit names its judged row and the newest rows of its windows; a row that plays several roles is listed
    once with all of them.

    Args:
        folded: Hits with `episode`, `nth`, `peak`.

    Returns:
        `episode`, `table`, `row_id`, `role`, `nth` (first hit that names it), `peak`, `judged`.
    """
    parts = []
    # In slices: a hit may name a hundred rows, and most of them are named by the next hit again.
    for part in folded.select("episode", "nth", "peak", "contributors").iter_slices(_SLICE):
        rows = part.explode("contributors").drop_nulls("contributors").unnest("contributors")
        parts.append(
            rows.group_by("episode", "table", "row_id").agg(
                pl.col("role").drop_nulls().unique().alias("roles"), pl.col("nth").min(), pl.col("peak").any()
            )
        )
    if not parts:
        parts = [_no_rows()]
    merged = (
        pl.concat(parts)
        .group_by("episode", "table", "row_id")
        .agg(pl.col("roles").list.explode(), pl.col("nth").min(), pl.col("peak").any())
        .with_columns(pl.col("roles").list.unique().list.sort())
    )
    others = pl.col("roles").list.set_difference([JUDGED]).list.sort()
    judged = pl.col("roles").list.contains(JUDGED)
    named = merged.with_columns(
        judged.alias("judged"),
        pl.when(judged).then(pl.concat_list(pl.lit([JUDGED]), others)).otherwise(others).list.join(", ").alias("role"),
    )
    return named.drop("roles")


def _no_rows() -> pl.DataFrame:
    return pl.DataFrame(
        schema={
            "episode": pl.Int64, "table": pl.String, "row_id": pl.String, "roles": pl.List(pl.String),
            "nth": pl.Int64, "peak": pl.Boolean,
        }
    )  # fmt: skip


def movements(rows: pl.DataFrame) -> pl.DataFrame:
    """How many distinct movements stand behind each episode, both sides of one counted once.

    Args:
        rows: What `contributors` gave, with sources.

    Returns:
        `episode` and `txn_count`; an episode without movements is absent.
    """
    moves = rows.filter(pl.col("table").is_in(_MOVEMENTS))
    return moves.group_by("episode").agg(pl.col("base_id").n_unique().cast(pl.Int64).alias("txn_count"))


def evidence_rows(rows: pl.DataFrame, ids: pl.DataFrame) -> pl.DataFrame:
    """Up to `CAP` rows for each alert.

    Where there are more, those of the peak are kept first, then judged rows, then the others.

    Args:
        rows: What `contributors` gave, with sources.
        ids: `episode` and `alert_id`.

    Returns:
        An evidence frame in the order of the alerts' ids and of the hits.
    """
    if rows.is_empty():
        return empty(EVIDENCE)
    # What is kept and how it is shown are two orders: the weightiest rows are kept, the story is told in
    # order.
    weight = rows.sort(
        "episode",
        "peak",
        "judged",
        "nth",
        "table",
        "row_id",
        descending=[False, True, True, False, False, False],
    )
    kept = weight.filter(pl.int_range(pl.len()).over("episode") < CAP)
    told = kept.join(ids, on="episode").sort(
        "alert_id", "nth", "judged", "table", "row_id", descending=[False, False, True, False, False]
    )
    return told.select(*EVIDENCE)
