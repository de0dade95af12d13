"""Whole runs and chains of runs through the public call, for one random rule."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from redflags.api import screen
from redflags.results.when import as_micros, newest, show
from redflags.rules.facts import FactFormula
from redflags.rules.load import RuleBook, RuleFile
from redflags.rules.profiles import Limits, Override, Profile
from redflags.yamlio import Document
from tests.properties.batches import MOMENTS
from tests.properties.frames import columns_of, dataset_of

if TYPE_CHECKING:
    from redflags.results.run import Run
    from redflags.rules.model import Rule
    from tests.properties.batches import Batched


def book_of(rule: Rule, params: dict[str, Any]) -> RuleBook:
    """A rule book of one rule, with a profile that gives the parameter values."""
    points = {name: fact.points for name, fact in rule.detect.facts.items()}
    path = Path("rules") / "invented" / f"{rule.id}.yaml"
    document = Document(str(path), {}, "")
    formula = FactFormula.read(rule.detect.when, points)
    values = {name: Override(value=value, reason="test") for name, value in params.items()}
    profile = Profile(
        profile="generic",
        title="Test",
        base_currency="EUR",
        thresholds=Limits(jurisdiction="EU", default_amount=10_000, default_basis="institution-set"),
        params={rule.id: values} if values else {},
    )
    file = RuleFile(path, "invented", rule, document, formula, frozenset())
    return RuleBook(Path("rules"), (file,), {}, {"generic": profile}, {}, {}, {}, {}, {}, {}, "invented")


def whole_run(batches: Batched, reach: int | None = None) -> Run:
    """Everything in one go, up to ``reach`` where a chain judged further than the movements go."""
    example = batches.example
    data = dataset_of(example.tables, covers_from=batches.covers_from)
    end = newest(data.tables)
    as_of = None if reach is None or end is None or reach <= end else show(reach)
    lateness = batches.lateness if as_of is None else 0
    return screen(data, book_of(example.rule, example.params), lateness=lateness, as_of=as_of)


def reached_by(run: Run) -> int:
    """W of a run: a batch that was declared complete beyond its last movement has judged so far."""
    return as_micros(run.manifest["clock"]["upto"])


def chain_of_runs(batches: Batched) -> tuple[pl.DataFrame, pl.DataFrame, Run]:
    """One run per batch, each going on from the last: latest alerts and evidence, and the last run."""
    example = batches.example
    book = book_of(example.rule, example.params)
    columns = columns_of(example.tables)
    rest = {name: rows for name, rows in example.tables.items() if name not in MOMENTS}
    alerts: dict[str, pl.DataFrame] = {}
    evidence: dict[str, pl.DataFrame] = {}
    with tempfile.TemporaryDirectory() as folder:
        before: Path | None = None
        for number, cut in enumerate(batches.cuts):
            data = dataset_of({**cut.tables, **rest}, columns=columns, covers_from=batches.covers_from)
            run = screen(data, book, history=before, as_of=cut.as_of, lateness=batches.lateness)
            before = run.write(Path(folder) / str(number))
            for gone in run.withdrawn["alert_id"]:
                alerts.pop(gone, None)
            for alert_id in run.alerts["alert_id"]:
                alerts[alert_id] = run.alerts.filter(pl.col("alert_id") == alert_id)
                evidence[alert_id] = run.evidence.filter(pl.col("alert_id") == alert_id)
    last = run.alerts.clear()
    return (
        pl.concat([last, *alerts.values()]),
        pl.concat([run.evidence.clear(), *(evidence[name] for name in alerts)]),
        run,
    )


def comparable_alerts(alerts: pl.DataFrame, evidence: pl.DataFrame) -> tuple[str, str]:
    """Everything that is said of the alerts; the place of a row in its file depends on the file it came in.

    A closed story may still be called open where no later run had a reason to say so.
    """
    told = alerts.drop("state").sort("alert_id")
    rows = evidence.select("alert_id", "table", "row_id", "role").sort(pl.all())
    return told.write_json(), rows.write_json()
