"""The engine, asked as the reference evaluator is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redflags.engine import BoundBook, Clock, judge_book
from redflags.plan.bind import bind_rule
from redflags.plan.schema import Schemas
from redflags.tables import dictionary
from tests.properties.frames import dataset_of
from tests.reference.evaluate import Hit, Outcome, bind

if TYPE_CHECKING:
    from redflags.engine.outcome import Outcome as EngineOutcome
    from redflags.rules.model import Rule
    from tests.reference.chain import Tables


def engine_raw(
    rule: Rule,
    tables: Tables,
    params: dict[str, Any],
    covers_from: int,
    upto: int,
    final: int,
    *,
    after: int | None = None,
    block: int = 500_000,
    columns: dict[str, list[str]] | None = None,
) -> EngineOutcome:
    """The engine's own outcome of one rule."""
    schemas = Schemas(dictionary())
    bound = bind_rule(rule, schemas, params=bind(rule, params))
    clock = Clock(after, upto, final, covers_from)
    book = BoundBook((bound,), schemas, (), None)
    (outcome,) = judge_book(dataset_of(tables, columns=columns), book, clock, block=block)
    return outcome


def engine_outcome(
    rule: Rule,
    tables: Tables,
    params: dict[str, Any],
    covers_from: int,
    upto: int,
    final: int,
    **how: Any,
) -> Outcome:
    """The engine's outcome in the terms of the reference."""
    found = engine_raw(rule, tables, params, covers_from, upto, final, **how)
    if found.disabled is not None:
        return Outcome(missing=found.disabled)
    hits = tuple(_hit(rule, row) for row in found.hits.iter_rows(named=True))
    unsure = dict.fromkeys(found.ne_rows["row_id"], "")
    return Outcome(hits, unsure, tuple(sorted(found.pending["row_id"])))


def _hit(rule: Rule, row: dict[str, Any]) -> Hit:
    true = {fact["name"] for fact in row["facts"]}
    facts: dict[str, bool | None] = {name: name in true for name in rule.detect.facts}
    facts |= dict.fromkeys(row["unknown_facts"])
    place = (row["at"], row["seq"], row["row_id"])
    return Hit(row["row_id"], row["moment"], tuple(row["key"]), place, facts, {}, row["score"])


def comparable(rule: Rule, outcome: Outcome) -> dict[str, Any]:
    """What both must agree on. A deciding fact that is unknown is as good as false: ``when`` held."""
    deciding = {name for name in rule.detect.facts if name in _names(rule.detect.when)}
    hits = {}
    for hit in outcome.hits:
        facts = {name: bool(truth) if name in deciding else truth for name, truth in hit.facts.items()}
        hits[hit.row_id] = (hit.moment, hit.own_score, facts)
    return {
        "hits": hits,
        "not_evaluable": sorted(outcome.not_evaluable),
        "pending": sorted(outcome.pending),
        "missing": outcome.missing is not None,
    }


def _names(when: str) -> set[str]:
    from redflags.expr.nodes import Name, walk
    from redflags.expr.parser import parse

    return {node.text for node in walk(parse(when)) if isinstance(node, Name)}
