"""What a run has to say that the last one did not: alerts new or changed, and those that are gone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import polars as pl

from redflags.results.alerts import Stories, in_order
from redflags.results.schema import ALERTS, WITHDRAWN, empty

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["KNOWN", "Changes", "compare", "latest_alerts", "records"]

#: What is remembered of every alert ever given: enough for cases, and to see whether it has changed.
KNOWN: Final[Mapping[str, pl.DataType]] = MappingProxyType(
    {
        **{
            name: ALERTS[name]
            for name in (
                "alert_id", "rule_id", "subject_kind", "subject_id", "party_id", "family", "typologies", "score",
                "state", "first_at", "last_at",
            )
        },
        "was": pl.String(),
        "record": pl.String(),
    }
)  # fmt: skip
ALERT: Final = "alert"
SUPPRESSED: Final = "suppressed"


@dataclass(frozen=True)
class Changes:
    """The difference to the last run.

    Attributes:
        stories: What is new or changed.
        withdrawn: What was said before and does not hold any more.
        known: What the next run has to remember.
    """

    stories: Stories
    withdrawn: pl.DataFrame
    known: pl.DataFrame


def records(stories: Stories) -> pl.DataFrame:
    """One `KNOWN` row for each alert and suppressed alert, with a hash over everything that is said of it."""
    evidence = (
        stories.evidence.select("alert_id", pl.struct(pl.all()).struct.json_encode().alias("text"))
        .group_by("alert_id", maintain_order=True)
        .agg(pl.col("text").str.join("\n").alias("evidence"))
    )
    hidden = stories.restricted.select("alert_id", pl.struct(pl.all()).struct.json_encode().alias("hidden"))
    found = [empty(KNOWN)]
    for frame, was in ((stories.alerts, ALERT), (stories.suppressed, SUPPRESSED)):
        text = pl.struct(pl.all()).struct.json_encode().alias("text")
        told = (
            frame.select("alert_id", text)
            .join(evidence, on="alert_id", how="left", maintain_order="left")
            .join(hidden, on="alert_id", how="left", maintain_order="left")
        )
        whole = told.select(pl.concat_str("text", "evidence", "hidden", separator="\n", ignore_nulls=True)).to_series()
        hashes = [hashlib.sha256(line.encode()).hexdigest() for line in whole]
        found.append(
            frame.with_columns(pl.lit(was).alias("was"), pl.Series("record", hashes, dtype=pl.String)).select(*KNOWN)
        )
    return pl.concat(found)


def compare(stories: Stories, before: pl.DataFrame | None, since: int | None = None) -> Changes:
    """Compare with what was said before.

    Args:
        stories: Everything that stands now: open stories carried on, and new ones.
        before: The last run's `known`.
        since: Only stories with a hit known after this moment are said; used where the history is raw data
            that nobody reported on.
    """
    current = records(stories)
    if before is None:
        before = empty(KNOWN)
    same = before.select("alert_id", "was", "record")
    changed = current.join(same, on=["alert_id", "was", "record"], how="anti").select("alert_id")
    if since is not None:
        judged = pl.concat([frame.select("alert_id", "judged_at") for frame in (stories.alerts, stories.suppressed)])
        recent = judged.filter(pl.col("judged_at").cast(pl.Int64) > since)
        changed = changed.join(recent, on="alert_id", how="semi")
    said = Stories(
        *(
            frame.join(changed, on="alert_id", how="semi", maintain_order="left")
            for frame in (stories.alerts, stories.evidence, stories.suppressed, stories.restricted)
        )
    )
    withdrawn = _withdrawn(before, current)
    kept = before.join(current, on="alert_id", how="anti").join(withdrawn, on="alert_id", how="anti")
    return Changes(said, withdrawn, pl.concat([kept, current]).sort("alert_id"))


def _withdrawn(before: pl.DataFrame, current: pl.DataFrame) -> pl.DataFrame:
    # Closed stories are not folded again, so their absence says nothing.
    live = before.filter(pl.col("state") != "closed")
    now = current.select("alert_id", pl.col("was").alias("now"))
    gone = live.join(now, on="alert_id", how="left").filter(
        pl.col("now").is_null() | ((pl.col("was") == ALERT) & (pl.col("now") == SUPPRESSED))
    )
    reason = (
        pl.when(pl.col("now").is_null())
        .then(pl.lit("provisional; later data changed what it rested on"))
        .otherwise(pl.lit("the hits that a policy did not hold back were provisional and are gone"))
    )
    return gone.with_columns(reason.alias("reason")).select(*WITHDRAWN).sort("alert_id")


def latest_alerts(runs: list[tuple[pl.DataFrame, pl.DataFrame]]) -> pl.DataFrame:
    """The latest version of every alert over a chain of runs, withdrawn ones left out.

    Args:
        runs: `alerts` and `withdrawn` of each run, oldest first.

    Returns:
        An alerts frame in its fixed order.

    Examples:
        >>> latest_alerts([(empty(ALERTS), empty(WITHDRAWN))]).height
        0
    """
    held = empty(ALERTS)
    for alerts, withdrawn in runs:
        gone = pl.concat([withdrawn.filter(pl.col("was") == ALERT).select("alert_id"), alerts.select("alert_id")])
        held = pl.concat([held.join(gone, on="alert_id", how="anti"), alerts])
    return in_order(held)
