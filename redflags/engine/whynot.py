"""Why a rule fired for a subject, or did not: the row nearest to firing, fact by fact."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from redflags.engine.comparisons import Comparison, comparisons
from redflags.engine.errors import MissingInputError
from redflags.engine.judge import Docket, blame, call, facts_at, when_at
from redflags.engine.run import engine, judge_below
from redflags.engine.words import show
from redflags.errors import UsageError, did_you_mean
from redflags.plan.nodes import Rows as ViewRows
from redflags.plan.show import text_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from redflags.engine.evaluate import Evaluator
    from redflags.engine.outcome import Clock
    from redflags.ingest.dataset import Dataset
    from redflags.plan.bind import BoundFact, BoundRule
    from redflags.plan.book import BoundBook


@dataclass(frozen=True)
class ComparisonView:
    """One comparison with the values it saw; ``holds`` is None where it is unknown."""

    text: str
    value: str
    op: str
    limit: str
    holds: bool | None


@dataclass(frozen=True)
class FactView:
    """One fact at the row; ``truth`` is None where it is unknown."""

    name: str
    kind: str
    deciding: bool
    truth: bool | None
    sentence: str
    comparisons: tuple[ComparisonView, ...]


@dataclass(frozen=True)
class WhyNot:
    """What one rule makes of one subject.

    Attributes:
        rows: rows of the subject that the rule judges.
        row_id: the row shown: the latest hit, else the row with most facts true.
        outcome: ``fired``, ``not fired``, ``not evaluable`` or ``no rows``.
        reasons: what stood in the way, in sentences.
    """

    rule_id: str
    subject_id: str
    rows: int
    row_id: str | None
    at: int | None
    outcome: str
    facts: tuple[FactView, ...]
    when: str
    reasons: tuple[str, ...]


def why_not(dataset: Dataset, book: BoundBook, rule_id: str, subject_id: str, clock: Clock) -> WhyNot:
    """Judge one rule and show the subject's row that came nearest to firing.

    The book holds the rule and, where it reads hits, the rules whose hits they are.

    Raises:
        UsageError: the rule is not in the book.
    """
    bounds = [bound for bound in book.rules if bound.id == rule_id]
    if not bounds:
        raise UsageError(f"no such rule: '{rule_id}' {did_you_mean(rule_id, [b.id for b in book.rules])}".strip())
    evaluator = engine(dataset, book, clock.covers_from, upto=clock.upto)
    judge_below(rule_id, book, evaluator, clock)
    found: list[WhyNot] = []
    for bound in bounds:
        try:
            found.append(_judged(bound, evaluator, clock, subject_id))
        except MissingInputError as missing:
            found.append(_answer(bound, subject_id, "not evaluable", reasons=(f"the rule cannot run: {missing}",)))
    return max(found, key=lambda item: (item.outcome == "fired", item.rows))


def _answer(bound: BoundRule, subject_id: str, outcome: str, *, reasons: tuple[str, ...] = ()) -> WhyNot:
    return WhyNot(bound.id, subject_id, 0, None, None, outcome, (), bound.when.text, reasons)


def _judged(bound: BoundRule, evaluator: Evaluator, clock: Clock, subject_id: str) -> WhyNot:
    docket = call(bound, evaluator, clock)
    rows = _of_subject(docket, evaluator, docket.rows, subject_id)
    if rows.size == 0:
        return _no_rows(docket, evaluator, subject_id)
    facts = facts_at(bound, docket.table, rows, evaluator, world=0)
    outcome = when_at(bound, facts)
    truths = {name: series.to_list() for name, series in facts.items()}
    deciding = [fact.name for fact in bound.facts if fact.deciding]
    score = [
        (
            outcome[i] is True,
            sum(truths[n][i] is True for n in deciding),
            sum(truths[n][i] is None for n in deciding),
            i,
        )
        for i in range(int(rows.size))
    ]
    best = max(score)[3]
    row = rows[best : best + 1]
    views = tuple(_view(bound, fact, truths[fact.name][best], docket, row, evaluator) for fact in bound.facts)
    word = {True: "fired", False: "not fired", None: "not evaluable"}[outcome[best]]
    reasons: list[str] = [
        f"'{view.name.replace('_', ' ')}' is not true" for view in views if view.deciding and view.truth is False
    ]
    if outcome[best] is None:
        blamed = blame(docket.table, [f.condition for f in bound.facts if f.deciding], row, evaluator)
        reasons += [f"{name} is not known" for name, _ in blamed]
    waiting = _of_subject(docket, evaluator, docket.waiting, subject_id).size
    if waiting:
        reasons.append(f"{waiting} later rows wait for their judgement")
    return WhyNot(
        bound.id, subject_id, int(rows.size), docket.table.row_ids(row)[0], int(docket.table.at[row[0]]), word, views,
        bound.when.text, tuple(reasons),
    )  # fmt: skip


def _of_subject(docket: Docket, evaluator: Evaluator, rows: NDArray[np.int64], subject_id: str) -> NDArray[np.int64]:
    if rows.size == 0:
        return rows
    parts = [evaluator.plain(docket.table, part, rows).cast(pl.String).fill_null("") for part in docket.bound.subject]
    frame = pl.DataFrame([part.alias(str(i)) for i, part in enumerate(parts)])
    mine = frame.select(pl.concat_str(pl.all(), separator="|").alias("s"))["s"] == subject_id
    own: NDArray[np.int64] = rows[mine.to_numpy()]
    return own


def _no_rows(docket: Docket, evaluator: Evaluator, subject_id: str) -> WhyNot:
    """The subject has no row that the rule judges: is it there at all, and which condition ruled its rows out?"""
    bound, table = docket.bound, docket.table
    doubtful = _of_subject(docket, evaluator, docket.doubtful, subject_id)
    if doubtful.size:
        parts = [bound.where] if bound.where is not None else []
        names = ", ".join(name for name, _ in blame(table, parts, doubtful, evaluator))
        return _answer(
            bound,
            subject_id,
            "not evaluable",
            reasons=(f"{doubtful.size} rows could not be judged: {names} not known",),
        )
    every = _of_subject(docket, evaluator, evaluator.rows_of(ViewRows(bound.frame))[1], subject_id)
    if every.size == 0:
        return _answer(
            bound,
            subject_id,
            "no rows",
            reasons=("the data have no row of this subject in the rule's stream",),
        )
    reasons = [f"none of its {every.size} rows is one that the rule judges"]
    from redflags.expr.nodes import conjuncts

    for part in [] if bound.where is None else conjuncts(bound.where):
        n = int(evaluator.condition(table, part, every).fill_null(value=False).sum())
        reasons.append(f"{n} of {every.size} rows: {text_of(part, evaluator.schemas)}")
    return _answer(bound, subject_id, "no rows", reasons=tuple(reasons))


def _view(
    bound: BoundRule,
    fact: BoundFact,
    truth: bool | None,  # noqa: FBT001  what it is
    docket: Docket,
    row: NDArray[np.int64],
    evaluator: Evaluator,
) -> FactView:
    shown = tuple(
        view for item in comparisons(bound, fact) if (view := _comparison(item, docket, row, evaluator)) is not None
    )
    return FactView(fact.name, fact.kind, fact.deciding, truth, _sentence(fact, docket, row, evaluator), shown)


def _comparison(
    item: Comparison, docket: Docket, row: NDArray[np.int64], evaluator: Evaluator
) -> ComparisonView | None:
    from redflags.expr.nodes import Binary

    try:
        left, right = (show(evaluator, docket.table, side, row) for side in (item.left, item.right))
        holds = evaluator.condition(docket.table, Binary(item.op, item.left, item.right), row)[0]
    except MissingInputError as missing:
        return ComparisonView(
            item.left_text, f"unknown ({missing.what} did not come in)", item.op, item.right_text, None
        )
    limit = (
        replace(right, type=left.type, currencies=left.currencies)
        if left.type.numeric and right.type.kind == "literal"
        else right
    )
    return ComparisonView(item.left_text, left.text(0), item.op, limit.text(0), holds)


def _sentence(fact: BoundFact, docket: Docket, row: NDArray[np.int64], evaluator: Evaluator) -> str:
    if fact.because is None:
        return fact.name.replace("_", " ")
    parts = []
    for part in fact.because.parts:
        if isinstance(part, str):
            parts.append(part)
            continue
        try:
            parts.append(show(evaluator, docket.table, part.expr, row).text(0, part.format))
        except MissingInputError:
            parts.append("unknown")
    return "".join(parts)
