"""Screening as one call: data and rules in, a run out."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import polars as pl

from redflags.errors import UsageError
from redflags.plan.book import bind_book
from redflags.results.admit import admit
from redflags.results.alerts import Folded, Stories, join_stories, tell
from redflags.results.cases import case_frame, typology_frame
from redflags.results.changes import compare
from redflags.results.folder import MANIFEST, digest_folder, read_run
from redflags.results.hashing import digest
from redflags.results.manifest import Asked, build_manifest, shown_book
from redflags.results.origins import Origins
from redflags.results.outcomes import not_evaluable_frame, pending_frame
from redflags.results.run import Run
from redflags.results.state import FILE, FOLDER, State, carry, held_rows, load_state, made_with
from redflags.results.when import as_micros, clock_of, covers_from, lateness_of, micros, newest, show

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from redflags.engine.outcome import Clock, Outcome
    from redflags.engine.run import Progress
    from redflags.ingest.dataset import Dataset
    from redflags.rules.load import RuleBook

__all__ = ["Run", "read_run", "screen"]

Data: TypeAlias = "Dataset | str | Path | Mapping[str, pl.DataFrame | pl.LazyFrame]"
Moment: TypeAlias = "dt.datetime | dt.date | str"


def screen(
    data: Data,
    book: RuleBook | str | Path | None = None,
    *,
    profile: str = "generic",
    only: Iterable[str] | None = None,
    history: str | Path | None = None,
    as_of: Moment | None = None,
    lateness: str | int | dt.timedelta | None = None,
    mapping: str | Path | None = None,
    progress: Progress | None = None,
) -> Run:
    """Screen a batch of movements with a rule book.

    Args:
        data: A data set, a folder or file to read, or frames by table name.
        book: A rule book, or where it stands; the shipped one without.
        profile: Parameter values and limits of a jurisdiction or institution.
        only: Ids of the rules to run, which bring the rules whose hits they read; all without.
        history: What came before: a run folder, whose state is carried on, or raw data, which is read and
            judged but not reported on.
        as_of: Up to here the data is complete. Without it the newest moment is judged, but not yet final.
        lateness: How late rows may arrive, such as `2d`; the earlier run's without.
        mapping: Name or path of a mapping, for data in a foreign layout.
        progress: Told of each step: `(step, done, total)`.

    Returns:
        The run; `run.write(folder)` keeps it.

    Raises:
        UsageError: When a name, a moment or the history is wrong.
        DataError: When the data cannot be read.
        RuleError: When the rule book has faults.
    """
    from redflags.engine.run import judge_book

    steps = _Steps()
    whole = _book(book)
    wanted = None if only is None else sorted(set(only))
    past = _past(history, mapping)
    dataset = _read(data, mapping, past)
    bound = bind_book(whole, profile=profile, only=wanted, tables=dataset.tables)
    rules = whole.select({rule.id for rule in bound.rules})
    before = past.state
    made_rules, made_lists = made_with(bound.rules, bound.lists, rules)
    if before is not None:
        before.check(made_rules, made_lists, dataset.base_currency, dataset.timezone)
    steps.done("read")

    late = before.lateness if before is not None and lateness is None else lateness_of(lateness)
    settled, since = _settled(past, dataset, late)
    admitted = admit(dataset, past.tables, settled)
    clock = clock_of(
        admitted.dataset.tables,
        _covers(past, dataset),
        as_of=None if as_of is None else as_micros(as_of, dataset.timezone),
        lateness=late,
        judged=None if before is None else before.final,
    )
    steps.done("admit")

    outcomes = judge_book(admitted.dataset, bound, clock, progress=progress)
    steps.done("judge")

    told = _tell(outcomes, admitted.dataset, clock, before, since)
    made = State(
        upto=clock.upto,
        final=clock.final,
        lateness=late,
        covers_from=clock.covers_from,
        base_currency=dataset.base_currency,
        timezone=dataset.timezone,
        rules=made_rules,
        lists=made_lists,
        tables=held_rows(admitted.dataset.tables, clock.final, bound.rules, rules),
        hits=told.carried,
        origins=told.sources,
        known=told.known,
    )
    run = Run(
        {},
        alerts=told.stories.alerts,
        evidence=told.stories.evidence,
        cases=told.cases,
        typologies=told.typologies,
        suppressed=told.stories.suppressed,
        withdrawn=told.withdrawn,
        restricted=told.stories.restricted,
        not_evaluable=not_evaluable_frame(outcomes),
        pending=pending_frame(outcomes),
        rejects=pl.concat([dataset.rejects, admitted.refused]),
        state=made,
    )
    steps.done("tell")
    asked = Asked(
        source=_place(data),
        mapping=None if mapping is None else str(mapping),
        book=shown_book(whole),
        only=None if wanted is None else tuple(wanted),
        history=past.place,
        history_kind=past.kind,
        history_sha256=past.sha256,
        as_of=None if as_of is None else show(as_micros(as_of, dataset.timezone)),
        lateness=late,
    )
    manifest = build_manifest(
        asked=asked,
        dataset=dataset,
        history=past.raw,
        admitted=admitted,
        book=rules,
        profile=whole.profile(profile),
        lists=bound.lists,
        made_rules=made_rules,
        made_lists=made_lists,
        outcomes=outcomes,
        clock=clock,
        run=run,
        timings=steps.seconds,
    )
    return replace(run, manifest=manifest)


class _Steps:
    """Seconds by step; they go into the manifest, apart from everything that must be the same each time."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def done(self, step: str) -> None:
        now = time.perf_counter()
        self.seconds[step] = round(now - self._last, 3)
        self._last = now


# ---- what comes in -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Past:
    """What came before: nothing, a run's state, or raw data."""

    place: str | None = None
    kind: str | None = None
    state: State | None = None
    raw: Dataset | None = None
    sha256: str | None = None

    @property
    def tables(self) -> Mapping[str, pl.DataFrame] | None:
        """The rows held."""
        if self.state is not None:
            return self.state.tables
        return None if self.raw is None else self.raw.tables


def _book(book: RuleBook | str | Path | None) -> RuleBook:
    from redflags.rules.load import load_rules

    return load_rules(book) if book is None or isinstance(book, (str, Path)) else book


def _past(history: str | Path | None, mapping: str | Path | None) -> _Past:
    if history is None:
        return _Past()
    folder = Path(history)
    if (folder / FOLDER / FILE).is_file():
        sha256 = digest(digest_folder(folder / FOLDER))
        return _Past(str(history), "run", state=load_state(folder), sha256=sha256)
    if (folder / MANIFEST).is_file():
        raise UsageError(f"{folder} is a run without a state, so it cannot be continued; give its raw data")
    if not folder.exists():
        raise UsageError(f"the history {folder} does not exist")
    from redflags.ingest.reader import read_dataset

    return _Past(str(history), "data", raw=read_dataset(folder, mapping=mapping))


def _read(data: Data, mapping: str | Path | None, past: _Past) -> Dataset:
    from redflags.ingest.dataset import Dataset
    from redflags.ingest.reader import read_dataset

    if isinstance(data, Dataset):
        return data
    # A small batch must not choose a base currency or time zone of its own by what happens to be in it.
    earlier = past.state or past.raw
    if earlier is None:
        return read_dataset(data, mapping=mapping)
    zone, base = earlier.timezone, earlier.base_currency
    return read_dataset(data, mapping=mapping, base_currency=base, timezone=zone)


def _covers(past: _Past, dataset: Dataset) -> int:
    if past.state is not None:
        return past.state.covers_from
    return min(covers_from(item) for item in (past.raw, dataset) if item is not None)


def _settled(past: _Past, dataset: Dataset, late: int) -> tuple[int | None, int | None]:
    """Up to where earlier rows are final, and from where on stories are reported.

    Raw history is as final as a run over it would have left it. Stories are reported from its end on; where
    the batch still has a part in its last moments, from before those.
    """
    if past.state is not None:
        return past.state.final, None
    end = None if past.raw is None else newest(past.raw.tables)
    if end is None:
        return None, None
    final = end - late - 1
    moves = dataset.tables.get("transactions", pl.DataFrame())
    overlaps = "booked_at" in moves.columns and moves.filter(micros("booked_at") <= end).height > 0
    return final, final if overlaps else end


def _place(data: Data) -> str | None:
    """Where the data can be read again; None where it cannot."""
    from redflags.ingest.dataset import Dataset

    if isinstance(data, (str, Path)):
        return str(data)
    if not isinstance(data, Dataset):
        return None
    paths = [Path(item.path) for item in data.inputs if not item.path.startswith("<")]
    if not paths or len(paths) < len(data.inputs):
        return None
    # A table may lie in a folder of its own, one level below the data set.
    return str(min({path.parent for path in paths}, key=lambda folder: len(folder.parts)))


# ---- what comes out ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Told:
    """What rests on hits: stories new or changed, and what the next run needs of them."""

    stories: Stories
    cases: pl.DataFrame
    typologies: pl.DataFrame
    withdrawn: pl.DataFrame
    carried: pl.DataFrame
    sources: pl.DataFrame
    known: pl.DataFrame


def _tell(
    outcomes: Sequence[Outcome], dataset: Dataset, clock: Clock, before: State | None, since: int | None
) -> _Told:
    origins = Origins(dataset.tables, None if before is None else before.origins)
    folded = [Folded.of(outcome.bound, _hits(outcome, before)) for outcome in outcomes]
    # One search for all rules together: it walks every movement.
    sources = origins.find(pl.concat([item.rows.select("table", "row_id") for item in folded]))
    stories = join_stories([tell(item, clock.final, sources) for item in folded])
    changes = compare(stories, None if before is None else before.known, since)
    alerts = changes.known.filter(pl.col("was") == "alert")
    cases, schemes = (gather(alerts, changes.stories.alerts) for gather in (case_frame, typology_frame))
    carried, kept = carry(folded, clock.final, sources)
    return _Told(changes.stories, cases, schemes, changes.withdrawn, carried, kept, changes.known)


def _hits(outcome: Outcome, before: State | None) -> pl.DataFrame:
    return outcome.hits if before is None else pl.concat([before.hits_of(outcome.bound), outcome.hits])
