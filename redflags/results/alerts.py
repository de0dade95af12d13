"""Alerts: episodes with score, band, state, reasons and policies, in the columns that DESIGN fixes.

`first_at` and `last_at` are when the first and the last judged row happened; `judged_at` is when the last hit
was known (the same, unless the rule waits). The score is the rule's base and the points of every fact that
was true in some hit; rationale, observed values and counterfactual are those of the peak, the earliest hit
with the highest own score; a fact's sentence is the one of the peak where it was true there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from redflags.engine.outcome import FACT, OBSERVED
from redflags.results.episodes import alert_id, fold_hits
from redflags.results.evidence import contributors, evidence_rows, movements
from redflags.results.policy import SEVERITIES, TOP_OF_BAND, band_of, episode_policies
from redflags.results.schema import ALERTS, EVIDENCE, PARAM, RESTRICTED, SUPPRESSED, empty, moment
from redflags.rules.params import show_value

if TYPE_CHECKING:
    from redflags.plan.bind import BoundRule

__all__ = ["UNKNOWN", "Folded", "Stories", "in_order", "join_stories", "tell"]

#: Kind of a fact that could not be judged; it adds no points.
UNKNOWN: Final = "unknown"
_HELD_BACK: Final = "suppress"


@dataclass(frozen=True)
class Stories:
    """Everything that hits became.

    Attributes:
        alerts: In the order of `in_order`.
        evidence: Of alerts and of suppressed alerts.
        suppressed: Alerts that a policy holds back.
        restricted: What policies took out of alerts, for cleared reviewers.
    """

    alerts: pl.DataFrame
    evidence: pl.DataFrame
    suppressed: pl.DataFrame
    restricted: pl.DataFrame

    @classmethod
    def none(cls) -> Stories:
        """Nothing happened."""
        return cls(empty(ALERTS), empty(EVIDENCE), empty(SUPPRESSED), empty(RESTRICTED))


def in_order(alerts: pl.DataFrame) -> pl.DataFrame:
    """Alerts in their fixed order: highest score first, then oldest, then by id."""
    return alerts.sort("score", "first_at", "alert_id", descending=[True, False, False])


def join_stories(parts: list[Stories]) -> Stories:
    """The stories of all rules in their fixed orders."""
    parts = [Stories.none(), *parts]
    return Stories(
        in_order(pl.concat([part.alerts for part in parts])),
        pl.concat([part.evidence for part in parts]).sort("alert_id", maintain_order=True),
        in_order(pl.concat([part.suppressed for part in parts])),
        pl.concat([part.restricted for part in parts]).sort("alert_id"),
    )


@dataclass(frozen=True)
class Folded:
    """The hits of one bound rule in order, and the rows behind them.

    Attributes:
        bound: The rule with its values.
        hits: Its hits with `episode`, `nth`, `peak`.
        rows: What `contributors` gave.
    """

    bound: BoundRule
    hits: pl.DataFrame
    rows: pl.DataFrame

    @classmethod
    def of(cls, bound: BoundRule, hits: pl.DataFrame) -> Folded:
        """Fold hits, those carried over from the last run included."""
        folded = fold_hits(hits, bound.gap)
        return cls(bound, folded, contributors(folded))


def tell(folded: Folded, final: int, sources: pl.DataFrame) -> Stories:
    """Make the alerts of one bound rule.

    Args:
        folded: Its hits.
        final: F.
        sources: What `Origins.find` gave for all rows of all rules.
    """
    if folded.hits.is_empty():
        return Stories.none()
    bound = folded.bound
    rows = folded.rows.join(sources, on=["table", "row_id"], how="left")
    made = (
        _episodes(folded.hits)
        .join(_facts(bound, folded.hits), on="episode", how="left")
        .join(movements(rows), on="episode", how="left")
        .join(episode_policies(folded.hits, [policy for policy, _ in bound.policies]), on="episode", how="left")
    )
    made = made.with_columns(_ids(bound, made))
    whole = _columns(bound, made, final)
    shown = _redacted(whole)
    hidden = pl.col(_HELD_BACK).is_not_null()
    evidence = evidence_rows(rows, whole.select("episode", "alert_id"))
    closed_off = shown.filter(pl.col("redact").list.contains("evidence")).select("alert_id")
    touched = whole.filter(pl.col("redact").list.len() > 0)
    reason = pl.col("suppress_text").alias("reason")
    return Stories(
        shown.filter(~hidden).select(*ALERTS),
        evidence.join(closed_off, on="alert_id", how="anti", maintain_order="left"),
        shown.filter(hidden).with_columns(pl.col(_HELD_BACK).alias("policy"), reason).select(*SUPPRESSED),
        touched.select(*RESTRICTED),
    )


def _episodes(folded: pl.DataFrame) -> pl.DataFrame:
    peak = {name: pl.col(name).filter(pl.col("peak")).first() for name in ("rationale", "observed", "counterfactual")}
    unknown = pl.col("unknown_facts").filter(pl.col("peak")).first()
    return folded.group_by("episode", maintain_order=True).agg(
        pl.col("row_id").first().alias("first_row"),
        pl.col("subject_id").first(),
        pl.col("party_id").drop_nulls().first(),
        pl.col("at").first().alias("first_at"),
        pl.col("at").last().alias("last_at"),
        pl.col("moment").first().alias("first_moment"),
        pl.col("moment").last().alias("judged_at"),
        pl.len().cast(pl.Int64).alias("hits"),
        unknown.alias("unknown"),
        *(expr.alias(name) for name, expr in peak.items()),
    )


def _facts(bound: BoundRule, folded: pl.DataFrame) -> pl.DataFrame:
    """The union of true facts, and after them the facts that the peak could not judge and no hit saw."""
    names = list(bound.rule.detect.facts)
    place = {name: n for n, name in enumerate(names)}
    rank = pl.col("name").replace_strict(place, default=len(names), return_dtype=pl.Int64).alias("_rank")
    true = (
        folded.select("episode", "nth", "score", "facts")
        .explode("facts")
        .drop_nulls("facts")
        .unnest("facts")
        .sort("episode", "score", "nth", descending=[False, True, False], maintain_order=True)
        .group_by("episode", "name", maintain_order=True)
        .agg(pl.col("kind", "points", "sentence").first())
        .with_columns(rank)
    )
    unknown = (
        folded.filter(pl.col("peak"))
        .select("episode", pl.col("unknown_facts").alias("name"))
        .explode("name")
        .drop_nulls("name")
        .join(true, on=["episode", "name"], how="anti")
        .with_columns(
            pl.lit(UNKNOWN).alias("kind"),
            pl.lit(0, pl.Int64).alias("points"),
            pl.lit("could not be judged; it adds no points").alias("sentence"),
            rank + len(names) + 1,
        )
    )
    columns = ["episode", "name", "kind", "points", "sentence", "_rank"]
    told = pl.concat([true.select(columns), unknown.select(columns)]).sort("episode", "_rank", "name")
    return told.group_by("episode").agg(
        pl.struct("name", "kind", "points", "sentence").alias("facts"), pl.col("points").sum().alias("points")
    )


def _ids(bound: BoundRule, made: pl.DataFrame) -> pl.Series:
    # One call for each episode, not for each row: no hash that Polars offers is promised to stay the same.
    kind, rule_id = bound.rule.detect.subject_kind, bound.rule.id
    ids = [alert_id(rule_id, kind, subject, row) for subject, row in made.select("subject_id", "first_row").iter_rows()]
    return pl.Series("alert_id", ids, dtype=pl.String)


def _columns(bound: BoundRule, made: pl.DataFrame, final: int) -> pl.DataFrame:
    rule = bound.rule
    texts = [
        {"name": name, "value": show_value(rule.params[name].type, value)}
        for name, value in bound.params.items()
        if name in rule.params
    ]
    limit = pl.col("cap").replace_strict(dict(enumerate(TOP_OF_BAND)), default=100, return_dtype=pl.Int64)
    score = pl.min_horizontal(pl.col("points").fill_null(0) + rule.alert.score, pl.lit(100), limit)
    own = SEVERITIES.index(rule.severity)
    severity = pl.min_horizontal(pl.lit(own), pl.when(pl.col("cap") < len(TOP_OF_BAND)).then("cap").otherwise(own))
    state = (
        pl.when(pl.col("first_moment") > final)
        .then(pl.lit("provisional"))
        .when(pl.col("judged_at") + bound.gap <= final)
        .then(pl.lit("closed"))
        .otherwise(pl.lit("open"))
    )
    added = pl.col("wording")
    rationale = pl.when(added != "").then(pl.col("rationale") + " " + added).otherwise("rationale")
    frame = made.with_columns(
        pl.lit(rule.id).alias("rule_id"),
        pl.lit(rule.version, pl.Int64).alias("rule_version"),
        pl.lit(rule.detect.subject_kind).alias("subject_kind"),
        pl.lit(bound.family).alias("family"),
        severity.replace_strict(dict(enumerate(SEVERITIES)), return_dtype=pl.String).alias("severity"),
        score.cast(pl.Int64).alias("score"),
        state.alias("state"),
        pl.col("txn_count").fill_null(0),
        rationale.str.replace_all(r"\s+", " ").str.strip_chars().alias("rationale"),
        pl.coalesce("facts", pl.lit([], dtype=pl.List(FACT))).alias("facts"),
        pl.coalesce("observed", pl.lit([], dtype=pl.List(OBSERVED))).alias("observed"),
        *(moment(name) for name in ("first_at", "last_at", "judged_at")),
        pl.lit(texts, dtype=pl.List(PARAM)).alias("params"),
        pl.lit(list(rule.typologies), dtype=pl.List(pl.String)).alias("typologies"),
        pl.lit(list(rule.covers), dtype=pl.List(pl.String)).alias("indicators"),
    )
    return frame.with_columns(band_of(pl.col("score")).alias("band"))


def _redacted(whole: pl.DataFrame) -> pl.DataFrame:
    """Take out what policies keep from line staff.

    Who may not see the facts may not read them off the observed values or the counterfactual either.
    """
    fields = pl.col("redact")
    facts = fields.list.contains("facts")
    note = pl.col("redact_text")
    return whole.with_columns(
        pl.when(fields.list.contains("rationale")).then(note).otherwise("rationale").alias("rationale"),
        pl.when(facts).then(pl.lit([], dtype=pl.List(FACT))).otherwise("facts").alias("facts"),
        pl.when(facts | fields.list.contains("observed"))
        .then(pl.lit([], dtype=pl.List(OBSERVED)))
        .otherwise("observed")
        .alias("observed"),
        pl.when(facts | fields.list.contains("counterfactual"))
        .then(note)
        .otherwise("counterfactual")
        .alias("counterfactual"),
    )
