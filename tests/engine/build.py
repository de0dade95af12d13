"""One rule over a few rows: the shortest way to ask the engine something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redflags.engine import BoundBook, Clock, judge_book
from redflags.ingest.dataset import Dataset
from redflags.plan.bind import bind_rule
from redflags.plan.schema import Schemas
from redflags.registers.lists import list_tables, threshold_kinds
from redflags.rules.profiles import Limits, Override, Profile
from redflags.tables import dictionary
from tests.properties.frames import dataset_of, frame_of
from tests.reference.build import START, detect, entry, hours, make_rule
from tests.reference.values import micros

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from redflags.engine.outcome import Outcome
    from redflags.plan.bind import BoundRule
    from redflags.registers.lists import ListFile
    from redflags.rules.model import Rule
    from redflags.rules.policies import Policy

__all__ = [
    "EVER",
    "START",
    "bound_book",
    "data_of",
    "detect",
    "entry",
    "frame_of",
    "hits",
    "hours",
    "judge",
    "make_rule",
    "micros",
    "profile_of",
    "row",
    "short",
    "unjudged",
]

Tables = dict[str, list[dict[str, Any]]]
EVER = 2**62


def row(id_: str, at: float, amount: str | int | None = 100, **more: Any) -> dict[str, Any]:
    """A ledger row whose base amount is its amount."""
    made = entry(id_, at, amount, **more)
    made.setdefault("amount_base", made["amount"])
    return made


def profile_of(rule_id: str = "invented-rule", **more: Any) -> Profile:
    """A profile; ``params`` and ``segments`` as plain values."""
    params = {rule_id: {n: Override(value=v, reason="test") for n, v in more.pop("params", {}).items()}}
    segments = {
        segment: {rule_id: {n: Override(value=v, reason="test") for n, v in values.items()}}
        for segment, values in more.pop("segments", {}).items()
    }
    limits = Limits(
        jurisdiction=more.pop("jurisdiction", "EU"),
        default_amount=more.pop("default", 10_000),
        default_basis="institution-set",
    )
    return Profile(
        profile="test", title="Test", base_currency="EUR", thresholds=limits, params=params, segments=segments
    )


def data_of(tables: Tables, **more: Any) -> Dataset:
    """A data set; columns are those of all rows of a table."""
    base = more.pop("base_currency", "EUR")
    made = dataset_of(tables, **more)
    return Dataset(made.tables, base, made.timezone, made.covers_from)


def bound_book(
    rules: Rule | Sequence[Rule],
    *,
    params: Mapping[str, Any] | None = None,
    profile: Profile | None = None,
    lists: tuple[ListFile, ...] = (),
    policies: tuple[Policy, ...] = (),
    streams: Mapping[str, Any] | None = None,
    tables: Mapping[str, pl.DataFrame] | None = None,
) -> BoundBook:
    schemas = Schemas(dictionary(), list_tables(lists), threshold_kinds(lists, tables))
    listed: list[Any] = [rules] if not isinstance(rules, (list, tuple)) else list(rules)
    made: list[BoundRule] = []
    for rule in listed:
        special = [] if profile is None else [s for s, own in profile.segments.items() if rule.id in own]
        how: dict[str, Any] = {
            "params": params,
            "profile": profile,
            "streams": streams,
            "policies": policies,
            "family": "invented",
        }
        made += [bind_rule(rule, schemas, segment=segment, **how) for segment in (None, *sorted(special))]
    return BoundBook(tuple(made), schemas, lists, profile)


def judge(
    rule: Rule | dict[str, Any],
    tables: Tables | Dataset,
    *,
    covers_from: float | None = None,
    upto: int = EVER,
    block: int = 500_000,
    **more: Any,
) -> Outcome:
    """The outcome of one rule, or of a ``detect`` block; judged to the end of all data, delays included."""
    if isinstance(rule, dict):
        rule = make_rule(rule, params=more.pop("spec", None), views=more.pop("views", None))
    how = {key: more.pop(key) for key in ("timezone", "base_currency") if key in more}
    data = tables if isinstance(tables, Dataset) else data_of(tables, **how)
    book = bound_book(rule, tables=data.tables, **more)
    start = 0 if covers_from is None else micros(hours(covers_from))
    outcomes = judge_book(data, book, Clock(None, upto, upto, start), block=block)
    return outcomes[0] if len(outcomes) == 1 else _merged(outcomes)


def _merged(outcomes: list[Outcome]) -> Outcome:
    from dataclasses import replace

    import polars as pl

    return replace(
        outcomes[0],
        hits=pl.concat([o.hits for o in outcomes]),
        ne_rows=pl.concat([o.ne_rows for o in outcomes]),
        disabled="; ".join(o.disabled for o in outcomes if o.disabled) or None,
    )


def short(ids: Any) -> list[str]:
    """Row ids without a ledger side."""
    return [name.removesuffix("/in").removesuffix("/out") for name in ids]


def hits(rule: Rule | dict[str, Any], tables: Tables | Dataset, **more: Any) -> list[str]:
    """Ids of the hits; the rule must have run."""
    outcome = judge(rule, tables, **more)
    assert outcome.disabled is None, outcome.disabled
    return short(outcome.hits["row_id"])


def unjudged(rule: Rule | dict[str, Any], tables: Tables | Dataset, **more: Any) -> list[str]:
    outcome = judge(rule, tables, **more)
    assert outcome.disabled is None, outcome.disabled
    return short(outcome.ne_rows["row_id"])
