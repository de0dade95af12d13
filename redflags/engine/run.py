"""A bound rule book over a data set: dockets first, then all measures together, then one rule after another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from redflags.engine.errors import MissingInputError
from redflags.engine.evaluate import Evaluator
from redflags.engine.frames import Frames
from redflags.engine.judge import Docket, call, judge
from redflags.engine.lookups import Lookups
from redflags.engine.measures import BLOCK, Measures
from redflags.engine.outcome import NOT_EVALUABLE, Clock, Outcome
from redflags.expr import nodes as ex
from redflags.plan.nodes import MeasureRef, frame_expressions, inner_expressions, parents
from redflags.plan.strata import strata

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from redflags.ingest.dataset import Dataset
    from redflags.plan.bind import BoundRule
    from redflags.plan.book import BoundBook
    from redflags.plan.nodes import Frame, Measure
    from redflags.plan.schema import Schemas


class Progress(Protocol):
    """Told how far a run is."""

    def __call__(self, step: str, done: int, total: int) -> None: ...  # noqa: D102


def engine(dataset: Dataset, book: BoundBook, covers_from: int, block: int = BLOCK, *, upto: int = 2**62) -> Evaluator:
    """The evaluator of a run up to a moment, with its frames, registers and measures."""
    frames = Frames(dataset, book.schemas, columns_read(book))
    lookups = Lookups(frames, book.lists, book.profile)
    evaluator = Evaluator(book.schemas, frames, lookups)
    evaluator.upto = upto
    Measures(evaluator, covers_from, block)
    return evaluator


def judge_book(
    dataset: Dataset, book: BoundBook, clock: Clock, *, progress: Progress | None = None, block: int = BLOCK,
    story: bool = True,
) -> list[Outcome]:  # fmt: skip
    """Judge every rule of a book.

    Args:
        dataset: canonical tables.
        book: bound rules; their measures are computed together.
        clock: what is judged and what is final.
        progress: told after each step.
        block: rows of a block of whole keys; any value gives the same result.
        story: fill in what hits say; without it they carry only their place and the facts that hold (for rule tests and mutants).

    Returns:
        One outcome per bound rule, in the order of the book. A rule that lacks a table or column is disabled, with the reason.
    """
    evaluator = engine(dataset, book, clock.covers_from, block, upto=clock.upto)
    tell = progress or _silent
    layers = strata(book)
    total = len(book.rules)
    done = 0
    found: dict[int, Outcome] = {}
    for place, layer in enumerate(layers):
        last = place == len(layers) - 1
        rules = [book.rules[number] for number in layer]
        judged = _layer(rules, evaluator, clock, tell, (done, total), story=story or not last)
        if not last and clock.judged_after is not None:
            # Composite rules read the hits of the whole history, not only the new ones.
            evaluator.outcomes += _layer(
                rules, evaluator, replace(clock, judged_after=None), tell, (done, total), story=True
            )
        elif not last:
            evaluator.outcomes += judged
        found |= dict(zip(layer, judged, strict=True))
        done += len(layer)
    tell("judging", total, total)
    return [found[number] for number in range(total)]


def judge_below(rule_id: str, book: BoundBook, evaluator: Evaluator, clock: Clock) -> None:
    """Judge the rules whose hits a rule reads, over all of history, so that it can be judged."""
    for layer in strata(book):
        rules = [book.rules[number] for number in layer]
        if any(bound.id == rule_id for bound in rules):
            return
        whole = replace(clock, judged_after=None)
        evaluator.outcomes += _layer(rules, evaluator, whole, _silent, (0, len(book.rules)), story=True)


def _silent(step: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def _layer(
    rules: Sequence[BoundRule],
    evaluator: Evaluator,
    clock: Clock,
    tell: Progress,
    count: tuple[int, int],
    *,
    story: bool,
) -> list[Outcome]:
    done, total = count
    dockets: list[Docket | Outcome] = []
    for number, bound in enumerate(rules):
        tell("finding rows", done + number, total)
        try:
            dockets.append(call(bound, evaluator, clock))
        except MissingInputError as missing:
            dockets.append(_disabled(bound, missing))
    tell("measuring", done, total)
    asked = [pair for docket in dockets if isinstance(docket, Docket) for pair in _demands(docket, evaluator)]
    evaluator.measures.require(asked)  # type: ignore[union-attr]
    outcomes: list[Outcome] = []
    for number, docket in enumerate(dockets):
        tell("judging", done + number, total)
        if isinstance(docket, Outcome):
            outcomes.append(docket)
            continue
        try:
            outcomes.append(judge(docket, evaluator, story=story))
        except MissingInputError as missing:
            outcomes.append(_disabled(docket.bound, missing))
    return outcomes


def _demands(docket: Docket, evaluator: Evaluator) -> Iterator[tuple[Measure, NDArray[np.int64]]]:
    """Measures of a rule whose sources came in; what is missing is found out when the rule is judged."""
    for measure in dict.fromkeys(docket.bound.measures()):
        if evaluator.lacks(measure) is None:
            yield measure, docket.rows


def _disabled(bound: BoundRule, missing: MissingInputError) -> Outcome:
    import polars as pl

    row = {"rule_id": bound.id, "reason": "missing column" if missing.column else "missing table", "column": missing.what,
           "rows": None, "share": None}  # fmt: skip
    return Outcome(bound, not_evaluable=pl.DataFrame([row], schema=NOT_EVALUABLE), disabled=str(missing))


# ---- what a book reads ------------------------------------------------------------------------------------------


def columns_read(book: BoundBook) -> frozenset[str]:
    """Every column name that any rule may read of a frame, so that the ledger is derived with no more than that."""
    names: set[str] = set(_ALWAYS)
    seen: set[object] = set()
    for bound in book.rules:
        exprs: list[ex.Expr] = [fact.condition for fact in bound.facts]
        exprs += [
            e
            for e in (
                bound.where,
                bound.narrow,
                bound.party,
                *bound.key,
                *bound.subject,
                *bound.lets.values(),
            )
            if e
        ]
        exprs += [slot.expr for fact in bound.facts if fact.because for slot in fact.because.slots]
        exprs += [slot.expr for slot in bound.rationale.slots]
        exprs += [condition for _, condition in bound.policies if condition is not None]
        _collect(exprs, book.schemas, bound.frame, names, seen)
    for node in book.schemas.derived:
        for _, rows, carried in node.inputs:
            read = [expr for _, expr in carried] + ([] if rows.filter is None else [rows.filter])
            _collect(read, book.schemas, rows.frame, names, seen)
    return frozenset(names)


_ALWAYS = ("txn_id", "direction", "booked_at", "seq", "status", "account_id", "party_id", "currency")


def _collect(exprs: Iterable[ex.Expr], schemas: Schemas, frame: Frame, names: set[str], seen: set[object]) -> None:
    if frame not in seen:
        seen.add(frame)
        for parent in parents(frame):
            _collect(frame_expressions(frame), schemas, parent, names, seen)
    refs = schemas.of(frame).refs
    for expr in exprs:
        for node in ex.walk(expr):
            if isinstance(node, ex.Name):
                head = node.parts[0]
                if head in refs and len(node.parts) > 1:
                    names.add(refs[head][0])
                else:  # a column, also one of a side of a match (``a.amount``)
                    names.update(piece for part in node.parts for piece in part.split("."))
            elif isinstance(node, ex.Call) and node.name == "found" and isinstance(node.args[0], ex.Name):
                head = node.args[0].parts[0]
                if head in refs:
                    names.add(refs[head][0])
            elif isinstance(node, MeasureRef) and node.measure not in seen:
                seen.add(node.measure)
                measure = node.measure
                opened = [] if measure.opened is None else [measure.opened]
                _collect([*measure.frame_key, *opened], schemas, measure.frame, names, seen)
                _collect(inner_expressions(measure), schemas, measure.source.frame, names, seen)
