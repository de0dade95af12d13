"""A rule over an operator, judged on small tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redflags.engine import BoundBook, Clock, engine, judge_book
from redflags.ingest.dataset import Dataset
from redflags.plan.bind import bind_rule
from redflags.plan.nodes import Derived
from redflags.plan.schema import Schemas
from redflags.rules.model import Rule
from redflags.tables import dictionary
from redflags.testing.tables import frame_of, span
from redflags.yamlio import load_yaml

if TYPE_CHECKING:
    from redflags.engine.outcome import Outcome
    from redflags.operators.base import Output

HEAD = """
id: tried
title: Tried
version: 1
status: draft
kind: deterministic
severity: low
description: Detects what the test wants.
references: [{source: none}]
owner: tests
created: 2026-11-24
review_due: 2027-11-24
alert: {score: 10, gap: 1d, rationale: "tried", next_steps: [look]}
false_positives: [{who: a, tell: b, treat: c}]
blind_spots: [none]
proportionality: a test
"""


#: A rule that reads the hits of those called tried-..., and one of those.
COMPOSITE = """
with:
  warnings: {hits: {rules: [tried-*]}}
detect:
  from: warnings
  subject: party_id
  let:
    kinds: {distinct: rule_id, within: 7d}
  facts:
    converge: {is: hit, if: "kinds >= 2"}
  when: converge
"""
SIMPLE = """
detect:
  from: ledger
  subject: party_id
  where: "direction = '{side}'"
  facts:
    big: {{is: amount, if: "amount_base >= 100"}}
  when: big
"""


def rule(text: str) -> Rule:
    """A rule from its ``params``, ``with`` and ``detect`` blocks."""
    return Rule.model_validate(load_yaml(HEAD + text, file="tried.yaml").data)


def dataset(tables: dict[str, list[dict[str, Any]]]) -> Dataset:
    """Written rows as a data set."""
    frames = {name: frame_of(dictionary().table(name), rows, {}, "UTC", name) for name, rows in tables.items()}
    return Dataset(frames, "EUR")


def judge(text: str, tables: dict[str, list[dict[str, Any]]], **clock: int) -> Outcome:
    """The outcome of a rule fragment on small tables."""
    schemas = Schemas(dictionary())
    bound = bind_rule(rule(text), schemas)
    data = dataset(tables)
    first, last = span(data)
    when = {"judged_after": None, "upto": last, "final": last, "covers_from": first} | clock
    return judge_book(data, BoundBook((bound,), schemas, (), None), Clock(**when))[0]  # type: ignore[arg-type]


def output(text: str, data: Dataset, upto: int | None = None, covers: int = 0) -> Output:
    """What the operator that a rule fragment walks, else the one that it binds last, makes of a data set."""
    schemas = Schemas(dictionary())
    bound = bind_rule(rule(text), schemas)
    evaluator = engine(data, BoundBook((bound,), schemas, (), None), covers)
    if upto is not None:
        evaluator.upto = upto
    return evaluator.frames.output(bound.frame if isinstance(bound.frame, Derived) else schemas.derived[-1])


def hits(outcome: Outcome) -> list[str]:
    """Row ids of the hits, in order."""
    return outcome.hits["row_id"].to_list()
