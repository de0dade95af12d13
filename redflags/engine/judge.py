"""One rule over its rows: which hit, which could not be judged, which must wait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from redflags.engine.errors import MissingInputError
from redflags.engine.outcome import NE_ROWS, NOT_EVALUABLE, PENDING, Outcome
from redflags.engine.story import bare_frame, hits_frame
from redflags.expr.nodes import Call, Text, conjuncts, walk
from redflags.plan.nodes import MeasureRef, inner_expressions, measures
from redflags.plan.nodes import Rows as ViewRows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from redflags.engine.evaluate import Evaluator
    from redflags.engine.frames import Table
    from redflags.engine.outcome import Clock
    from redflags.expr.nodes import Expr
    from redflags.plan.bind import BoundRule
    from redflags.plan.nodes import Derived, Measure

    Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Docket:
    """The rows of one rule that this run judges.

    Attributes:
        rows: rows whose ``where`` is true.
        doubtful: rows whose ``where`` is unknown.
        waiting: rows whose judgement lies after the run.
    """

    bound: BoundRule
    table: Table
    rows: Rows
    doubtful: Rows
    waiting: Rows


def call(bound: BoundRule, evaluator: Evaluator, clock: Clock) -> Docket:
    """Find the rows to judge.

    Raises:
        MissingInputError: a table or column that the rule needs did not come in.
    """
    table, rows, perhaps = evaluator.certain(ViewRows(bound.frame, bound.where))
    perhaps = perhaps.copy()
    for part in bound.subject if rows.size else ():
        # A row about nobody known can raise no alert, and is not clean either.
        perhaps |= evaluator.plain(table, part, rows).is_null().to_numpy()
    moment = table.at[rows] + bound.delay
    keep = table.at[rows] <= clock.upto
    if clock.judged_after is not None:
        keep &= moment > clock.judged_after
    rows, perhaps, moment = rows[keep], perhaps[keep], moment[keep]
    if bound.narrow is not None and rows.size:
        # Where nobody has a segment, values of segments are nobody's; a scope that cannot be asked is no scope.
        scope = bound.rule.scope
        lenient = not (scope.segments or scope.products)
        found = evaluator.condition(table, bound.narrow, rows, lenient=lenient)
        perhaps = perhaps | found.is_null().to_numpy()
        inside = found.fill_null(value=True).to_numpy()
        rows, perhaps, moment = rows[inside], perhaps[inside], moment[inside]
    due = moment <= clock.upto
    return Docket(bound, table, rows[due & ~perhaps], rows[due & perhaps], rows[~due])


def judge(docket: Docket, evaluator: Evaluator, *, story: bool = True) -> Outcome:
    """Judge the rows of a docket in both worlds.

    Raises:
        MissingInputError: a table or column that the condition needs did not come in.
    """
    bound, table, rows = docket.bound, docket.table, docket.rows
    facts = facts_at(bound, table, rows, evaluator, world=0)
    outcome = when_at(bound, facts)
    unsure = np.zeros(rows.size, dtype=bool)
    assert evaluator.measures is not None  # noqa: S101  set by the run
    tainted = any(evaluator.measures.tainted(m) for m in bound.measures())
    if tainted and rows.size:
        other = facts_at(bound, table, rows, evaluator, world=1)
        other_outcome = when_at(bound, other)
        unsure = (
            (outcome.is_not_null() & other_outcome.is_not_null() & (outcome != other_outcome))
            .fill_null(value=False)
            .to_numpy()
        )
        lost = outcome.is_null() | other_outcome.is_null()
        outcome = pl.select(pl.when(~lost).then(outcome)).to_series()
        facts = {name: _agreed(facts[name], other[name], keep=_deciding(bound, name)) for name in facts}
    null = outcome.is_null().to_numpy()
    hit = outcome.fill_null(value=False).to_numpy() & ~unsure & ~null
    where_hit = np.flatnonzero(hit)
    hit_facts = {name: series.gather(pl.Series(where_hit)) for name, series in facts.items()}
    make = hits_frame if story else bare_frame
    hits = make(docket, rows[where_hit], hit_facts, evaluator)
    reasons = [
        ("filter unknown", docket.doubtful, [*_conditions(bound), *bound.subject]),
        ("condition unknown", rows[null], [f.condition for f in bound.facts if f.deciding]),
        ("unknown rows in the window", rows[unsure & ~null], []),
    ]
    counts, unjudged = _not_evaluable(docket, reasons, evaluator)
    counts = pl.concat([counts, _capped(bound, evaluator), _stood_in(bound, evaluator)])
    return Outcome(bound, hits, counts, unjudged, _pending(docket), int(rows.size + docket.doubtful.size))


def _deciding(bound: BoundRule, name: str) -> bool:
    return any(fact.name == name and fact.deciding for fact in bound.facts)


def _agreed(left: pl.Series, right: pl.Series, *, keep: bool) -> pl.Series:
    """A fact's truth where both worlds agree; a deciding one keeps what the outcome was judged by."""
    if keep:
        return left
    same = left.eq_missing(right)
    return pl.select(pl.when(same).then(left)).to_series()


def facts_at(bound: BoundRule, table: Table, rows: Rows, evaluator: Evaluator, world: int) -> dict[str, pl.Series]:
    """The truth of each fact at rows of a rule's stream, null where it is unknown."""
    found: dict[str, pl.Series] = {}
    for fact in bound.facts:
        try:
            found[fact.name] = evaluator.condition(table, fact.condition, rows, world)
        except MissingInputError:
            if fact.deciding:
                raise
            found[fact.name] = pl.repeat(None, rows.size, dtype=pl.Boolean, eager=True)
    return found


def when_at(bound: BoundRule, facts: dict[str, pl.Series]) -> pl.Series:
    """The truth of ``when`` over the truths of the facts."""
    if not facts:
        return pl.Series([], dtype=pl.Boolean)
    frame = pl.DataFrame([series.alias(name) for name, series in facts.items()])
    formula = bound.when.to_polars({name: pl.col(name) for name in facts}, bound.params)
    return frame.select(pl.repeat(value=True, n=pl.len()).alias("_"), formula.alias("when"))["when"].cast(pl.Boolean)


def _conditions(bound: BoundRule) -> list[Expr]:
    return [part for cond in (bound.where, bound.narrow) if cond is not None for part in conjuncts(cond)]


def _not_evaluable(
    docket: Docket, reasons: Sequence[tuple[str, Rows, Sequence[Expr]]], evaluator: Evaluator
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Counts by reason and column, and the rows themselves with the columns to blame."""
    bound, table = docket.bound, docket.table
    judged = max(docket.rows.size + docket.doubtful.size, 1)
    counts: list[dict[str, object]] = []
    listed: list[pl.DataFrame] = []
    for reason, rows, exprs in reasons:
        if rows.size == 0:
            continue
        blamed = blame(table, exprs, rows, evaluator) if exprs else _window_blame(bound, rows, evaluator)
        columns = _per_row(blamed, int(rows.size))
        for name, mask in blamed or [("", np.ones(rows.size, dtype=bool))]:
            n = int(mask.sum())
            counts.append({"rule_id": bound.id, "reason": reason, "column": name, "rows": n, "share": n / judged})
        listed.append(
            pl.DataFrame(
                {"row_id": table.row_ids(rows), "at": table.at[rows], "columns": columns},
                schema_overrides={"columns": pl.List(pl.String)},
            )
        )
    frame = pl.DataFrame(counts, schema=NOT_EVALUABLE).sort("reason", "column")
    return frame, (pl.concat(listed) if listed else pl.DataFrame(schema=NE_ROWS))


def _asked(bound: BoundRule) -> Iterator[Expr]:
    """Every node below the conditions of a rule, through the measures that they read."""
    pending = [fact.condition for fact in bound.facts] + ([] if bound.where is None else [bound.where])
    seen: set[Measure] = set()
    while pending:
        for node in walk(pending.pop()):
            yield node
            if isinstance(node, MeasureRef) and node.measure not in seen:
                seen.add(node.measure)
                pending += [*inner_expressions(node.measure), *node.measure.frame_key]


def _registers_made(bound: BoundRule, evaluator: Evaluator) -> list[Derived]:
    """Registers made by operators that this rule looks up."""
    names = {node.value.partition(".")[0]: None for node in _asked(bound) if isinstance(node, Text)}
    made = (evaluator.schemas.derived_node(name) for name in names if name.startswith("&"))
    return [node for node in made if node is not None]


def _capped(bound: BoundRule, evaluator: Evaluator) -> pl.DataFrame:
    """Limits of operators that bit in what the rule reads."""
    frames = [bound.frame, *(measure.source.frame for measure in bound.measures())]
    found = {pair: None for frame in frames for pair in evaluator.frames.caps(frame)}
    found |= {
        (node.operator, cap): None
        for node in _registers_made(bound, evaluator)
        if node in evaluator.frames.made
        for cap in evaluator.frames.output(node).caps
    }
    rows = [
        {"rule_id": bound.id, "reason": f"capped: {cap.what}", "column": name, "rows": cap.rows, "share": None}
        for name, cap in found
    ]
    return pl.DataFrame(rows, schema=NOT_EVALUABLE)


def _stood_in(bound: BoundRule, evaluator: Evaluator) -> pl.DataFrame:
    """What the rule did without, since ``given`` named a stand-in for it."""
    taken = evaluator.without
    found = {taken[node]: None for node in _asked(bound) if isinstance(node, Call) and node in taken} if taken else {}
    rows = [{"rule_id": bound.id, "reason": "done without", "column": what, "rows": 0, "share": 0.0} for what in found]
    return pl.DataFrame(rows, schema=NOT_EVALUABLE)


def _per_row(blamed: list[tuple[str, NDArray[np.bool_]]], size: int) -> pl.Series:
    """Names of the columns to blame, row by row."""
    if not blamed:
        return pl.repeat([], size, dtype=pl.List(pl.String), eager=True)
    masks = pl.DataFrame(dict(blamed))
    named = [pl.when(pl.col(name)).then(pl.lit(name)) for name in masks.columns]
    return masks.select(pl.concat_list(named).list.drop_nulls().alias("columns"))["columns"]


def blame(table: Table, exprs: Sequence[Expr], rows: Rows, evaluator: Evaluator) -> list[tuple[str, NDArray[np.bool_]]]:
    """Which columns that the expressions read are null at which of the rows.

    A register that is asked with a null key is not to blame, the key is; nor is a measure that lacks history.
    """
    found: dict[str, NDArray[np.bool_]] = {}
    for expr in exprs:
        _blame_roots(table, expr, rows, np.ones(rows.size, dtype=bool), evaluator, found)
    return sorted(found.items())


def _blame_roots(
    table: Table,
    expr: Expr,
    rows: Rows,
    among: NDArray[np.bool_],
    evaluator: Evaluator,
    found: dict[str, NDArray[np.bool_]],
) -> NDArray[np.bool_]:
    """Add the null columns below ``expr`` to ``found``; returns where some was."""
    blamed = np.zeros(rows.size, dtype=bool)
    for name in sorted(set(evaluator.lower(table.node, expr).expr.meta.root_names())):
        if name.endswith((".empty", ".den", ".over")):
            continue
        mask = evaluator.root(table, name, rows, 0).is_null().to_numpy() & among
        if not mask.any():
            continue
        blamed |= mask
        rest = mask.copy()
        if name[0] == "@":
            for key in evaluator.schemas.lookups[name].keys:
                rest &= ~_blame_roots(table, key, rows, mask, evaluator, found)
        if rest.any():
            shown = describe(evaluator, table, name)
            found[shown] = found.get(shown, np.zeros(rows.size, dtype=bool)) | rest
    return blamed


def describe(evaluator: Evaluator, table: Table, name: str) -> str:
    """What an internal column stands for, in the words of the rule."""
    if name[0] == "@":
        lookup = evaluator.schemas.lookups[name.partition(".")[0]]
        return f"{lookup.table}.{lookup.column or lookup.kind}"
    if name[0] == "%":
        measure = evaluator.schemas.measures[name.partition(".")[0]]
        why = " (history too short)" if measure.complete else ""
        return f"measure {evaluator.schemas.label(measure)}{why}"
    return f"{table.name}.{name}"


def _window_blame(bound: BoundRule, rows: Rows, evaluator: Evaluator) -> list[tuple[str, NDArray[np.bool_]]]:
    """Columns whose nulls leave rows of a deciding window in doubt; the whole rule's, since windows overlap."""
    assert evaluator.measures is not None  # noqa: S101
    names: set[str] = set()
    deciding = measures(*(fact.condition for fact in bound.facts if fact.deciding))
    pending = [m for m in deciding if evaluator.measures.tainted(m)]
    while pending:
        measure = pending.pop()
        table, source, perhaps = evaluator.rows_of(measure.source)
        if perhaps.any() and measure.source.filter is not None:
            names |= {n for n, _ in blame(table, conjuncts(measure.source.filter), source[perhaps], evaluator)}
        inner = [*measures(measure.source.filter), *measures(measure.value)]
        pending += [m for m in inner if evaluator.measures.tainted(m)]
    return [(name, np.ones(rows.size, dtype=bool)) for name in sorted(names)]


def _pending(docket: Docket) -> pl.DataFrame:
    if docket.waiting.size == 0:
        return pl.DataFrame(schema=PENDING)
    at = docket.table.at[docket.waiting]
    return pl.DataFrame(
        {"row_id": docket.table.row_ids(docket.waiting), "at": at, "moment": at + docket.bound.delay}
    ).sort("moment", "row_id")
