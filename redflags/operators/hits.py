"""``hits``: the hits of other rules as a stream, so that a composite is a rule like any other."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import polars as pl

from redflags.expr import types as t
from redflags.operators.base import Input, Operation, Output
from redflags.plan.schema import FrameColumn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from redflags.engine.outcome import Outcome
    from redflags.operators.binder import Binder
    from redflags.plan.nodes import Derived
    from redflags.plan.schema import Schemas

COLUMNS = {
    "rule_id": t.TEXT,
    "family": t.TEXT,
    "severity": t.TEXT,
    "subject_kind": t.TEXT,
    "subject_id": t.TEXT,
    "party_id": t.TEXT,
    "score": t.INT,
    "txn_ids": t.LIST,
    "fact_kinds": t.LIST,
}
SCHEMA = {
    name: {"int": pl.Int64(), "list": pl.List(pl.String)}.get(kind.kind, pl.String()) for name, kind in COLUMNS.items()
}
#: Streams whose row ids are transactions, with or without a side.
MOVEMENTS = ("ledger", "ledger_all", "transactions", "transactions_all")


def bind(binder: Binder) -> Derived:
    """``{hits: {rules: [san-*, tf-split-across-channels]}}``."""
    rules = binder.words("rules")
    families = binder.words("families")
    if not rules and not families:
        raise binder.fault((), "'hits' wants rules: ids or patterns such as san-*, or families")
    return binder.finish(rules=rules, families=families)


def columns(_: Derived, __: Schemas) -> Mapping[str, FrameColumn]:
    """Rule, family, severity, subject, triggering transactions, kinds of the facts that were true."""
    return {name: FrameColumn(kind) for name, kind in COLUMNS.items()}


def reads(node: Derived, rule_id: str, family: str) -> bool:
    """Whether the hits of a rule belong to the stream."""
    rules, families = node.option("rules") or (), node.option("families") or ()
    return family in families or any(fnmatchcase(rule_id, pattern) for pattern in rules)


def hits_of(outcomes: Iterable[Outcome], node: Derived) -> pl.DataFrame:
    """Hits of the rules that a stream reads; a hit that a policy suppresses is not among them."""
    parts = [_rows(outcome) for outcome in outcomes if reads(node, outcome.bound.id, outcome.bound.family)]
    made = [part for part in parts if part.height]
    if not made:
        return pl.DataFrame(schema={**SCHEMA, "at": pl.Int64, "_id": pl.String})
    return pl.concat(made)


def _rows(outcome: Outcome) -> pl.DataFrame:
    bound = outcome.bound
    silent = [policy.id for policy, _ in bound.policies if policy.then.action == "suppress"]
    hits = outcome.hits.filter(~pl.col("policies").list.eval(pl.element().is_in(silent)).list.any())
    movement = pl.element().struct.field("table").is_in(list(MOVEMENTS))
    bare = pl.element().struct.field("row_id").str.replace(r"/(in|out)$", "").str.replace(r"#\d+$", "")
    rows = hits.select(
        pl.lit(bound.id).alias("rule_id"),
        pl.lit(bound.family).alias("family"),
        pl.lit(bound.rule.severity).alias("severity"),
        pl.lit(bound.rule.detect.subject_kind).alias("subject_kind"),
        "subject_id",
        "party_id",
        "score",
        pl.col("contributors")
        .list.eval(pl.when(movement).then(bare))
        .list.drop_nulls()
        .list.unique()
        .list.sort()
        .alias("txn_ids"),
        pl.col("facts").list.eval(pl.element().struct.field("kind")).list.unique().list.sort().alias("fact_kinds"),
        pl.col("moment").alias("at"),
        pl.concat_str(pl.lit(bound.id), pl.col("row_id"), pl.col("key").list.join("|"), separator=":").alias("_id"),
    )
    return rows.unique("_id", keep="first", maintain_order=True)


def run(node: Derived, inputs: Mapping[str, Input]) -> Output:
    """Hits of the rules judged so far, or a ``hits`` table that a rule test gives."""
    source = inputs["rules"]
    given = source.evaluator.frames.dataset.tables.get("hits")
    if given is None:
        return Output(hits_of(source.evaluator.outcomes, node))
    rows = given.select(
        *(pl.col(name) if name in given.columns else pl.lit(None, dtype).alias(name) for name, dtype in SCHEMA.items()),
        pl.col("at").dt.epoch("us"),
        pl.col("hit_id").alias("_id"),
    )
    told = zip(rows["rule_id"].fill_null(""), rows["family"].fill_null(""), strict=True)
    wanted = [reads(node, rule_id, family) for rule_id, family in told]
    return Output(rows.filter(pl.Series(wanted, dtype=pl.Boolean)))


OPERATION = Operation(
    "hits", "stream", bind, columns, run,
    doc=(
        "The hits of other rules as a stream.\n\n"
        "`rules` lists ids or patterns (`san-*`), `families` folders of the rule book. One row per hit, at the "
        "moment at which it is "
        "known: `rule_id, family, severity, subject_kind, subject_id, party_id, score, txn_ids` (the "
        "transactions it rests on, up to "
        "the evidence cap of a hit), `fact_kinds`. Hits that a policy suppresses are not among them. Rules are "
        "judged in strata; two "
        "rules that read each other's hits do not load. Cost: one row per hit."
    ),
    example="warnings: {hits: {rules: [cash-*]}}",
)  # fmt: skip
