"""Screening as one call: data and rules in, a run out."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import polars as pl

from redflags.errors import UsageError
from redflags.results.admit import admit
from redflags.results.alerts import join_stories, tell
from redflags.results.binding import bind_book, lists_of
from redflags.results.cases import case_frame
from redflags.results.changes import compare
from redflags.results.folder import MANIFEST, digest_folder, read_run
from redflags.results.hashing import digest
from redflags.results.manifest import Asked, build_manifest, shown_book
from redflags.results.origins import Origins
from redflags.results.outcomes import not_evaluable_frame, pending_frame
from redflags.results.run import Run
from redflags.results.state import FILE, FOLDER, State, carry, held_rows, load_state, made_with, reach_of
from redflags.results.when import as_micros, clock_of, covers_from, lateness_of, newest, show

if TYPE_CHECKING:
    from redflags.engine.run import Progress
    from redflags.ingest.dataset import Dataset
    from redflags.rules.load import RuleBook

__all__ = ["Run", "read_run", "screen"]

Data: TypeAlias = "Dataset | str | Path | Mapping[str, pl.DataFrame | pl.LazyFrame]"
Moment: TypeAlias = "dt.datetime | dt.date | str"


class _Steps:
    """Seconds by step; they go into the manifest, apart from everything that must be the same each time."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def done(self, step: str) -> None:
        now = time.perf_counter()
        self.seconds[step] = round(now - self._last, 3)
        self._last = now


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
        only: Ids of the rules to run; all without.
        history: What came before: a run folder, whose state is carried on, or raw data, which is read and judged but
            not reported on.
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
    chosen = _book(book)
    rules = chosen if only is None else chosen.select(only)
    values = chosen.profile(profile)
    before, raw, kind = _history(history, mapping)
    dataset = _read(data, mapping, before, raw)
    lists = lists_of(rules)
    bound = bind_book(rules, values, dataset, lists)
    steps.done("read")
    made_rules, made_lists = made_with(bound.rules, lists, rules)
    if before is not None:
        before.check(made_rules, made_lists, dataset.base_currency, dataset.timezone)
    late = before.lateness if before is not None and lateness is None else lateness_of(lateness)
    held = before.tables if before is not None else None if raw is None else raw.tables
    settled, since = _settled(before, raw, dataset, late)
    admitted = admit(dataset, held, settled)
    covers = min(covers_from(item) for item in (raw, dataset) if item is not None)
    covers = before.covers_from if before is not None else covers
    clock = clock_of(
        admitted.dataset.tables, covers, as_of=None if as_of is None else as_micros(as_of, dataset.timezone),
        lateness=late, judged=None if before is None else before.final,
    )  # fmt: skip
    steps.done("admit")
    outcomes = judge_book(admitted.dataset, bound, clock, progress=progress)
    steps.done("judge")
    origins = Origins(admitted.dataset.tables, before.origins if before is not None else None)
    hits = [
        (o.bound, o.hits if before is None else pl.concat([before.hits_of(o.bound), o.hits])) for o in outcomes
    ]
    stories = join_stories([tell(rule, frame, clock.final, origins) for rule, frame in hits])
    changes = compare(stories, None if before is None else before.known, since)
    said = changes.stories
    cases = case_frame(changes.known.filter(pl.col("was") == "alert"), said.alerts)
    carried, sources = carry(hits, clock, origins)
    rows = held_rows(admitted.dataset.tables, clock.final, reach_of(bound.rules), bound.rules, rules)
    state = State(
        clock.upto, clock.final, late, covers, dataset.base_currency, dataset.timezone, made_rules, made_lists,
        rows, carried, sources, changes.known,
    )  # fmt: skip
    frames = {
        "alerts": said.alerts, "evidence": said.evidence, "cases": cases,
        "not_evaluable": not_evaluable_frame(outcomes), "pending": pending_frame(outcomes),
        "suppressed": said.suppressed, "withdrawn": changes.withdrawn,
        "rejects": pl.concat([dataset.rejects, admitted.refused]), "restricted": said.restricted,
    }  # fmt: skip
    steps.done("tell")
    asked = Asked(
        _place(data), None if mapping is None else str(mapping), shown_book(chosen),
        None if only is None else tuple(file.id for file in rules.rules), None if history is None else str(history), kind,
        None if before is None or history is None else _state_digest(Path(history)), _shown(as_of, dataset.timezone), late,
    )  # fmt: skip
    manifest = build_manifest(
        asked=asked, dataset=dataset, history=raw, admitted=admitted, book=rules, profile=values, rules=bound.rules,
        lists=lists, outcomes=outcomes, clock=clock, rows={name: frame.height for name, frame in frames.items()},
        timings=steps.seconds,
    )  # fmt: skip
    return Run(manifest, **frames, state=state)


def _book(book: RuleBook | str | Path | None) -> RuleBook:
    from redflags.rules.load import load_rules

    return load_rules(book) if book is None or isinstance(book, (str, Path)) else book


def _history(history: str | Path | None, mapping: str | Path | None) -> tuple[State | None, Dataset | None, str | None]:
    """The state of an earlier run, or raw data from before."""
    if history is None:
        return None, None, None
    folder = Path(history)
    if (folder / FOLDER / FILE).is_file():
        return load_state(folder), None, "run"
    if (folder / MANIFEST).is_file():
        raise UsageError(f"{folder} is a run without a state, so it cannot be continued; give its raw data instead")
    if not folder.exists():
        raise UsageError(f"the history {folder} does not exist")
    from redflags.ingest.reader import read_dataset

    return None, read_dataset(folder, mapping=mapping), "data"


def _read(data: Data, mapping: str | Path | None, before: State | None, raw: Dataset | None) -> Dataset:
    from redflags.ingest.dataset import Dataset
    from redflags.ingest.reader import read_dataset

    if isinstance(data, Dataset):
        return data
    # A small batch must not choose a base currency or zone of its own by what happens to be in it.
    earlier = before or raw
    if earlier is None:
        return read_dataset(data, mapping=mapping)
    return read_dataset(data, mapping=mapping, base_currency=earlier.base_currency, timezone=earlier.timezone)


def _settled(before: State | None, raw: Dataset | None, dataset: Dataset, late: int) -> tuple[int | None, int | None]:
    """Up to where earlier rows are final, and from where on stories are reported.

    Raw history is as final as a run over it would have left it. Stories are reported from its end on; where the batch
    still has a part in its last moments, from before those.
    """
    if before is not None:
        return before.final, None
    end = None if raw is None else newest(raw.tables)
    if raw is None or end is None:
        return None, None
    final = end - late - 1
    moves = [frame for frame in (dataset.tables.get("transactions"),) if frame is not None and "booked_at" in frame.columns]
    overlaps = any(frame.filter(pl.col("booked_at").cast(pl.Int64) <= end).height for frame in moves)
    return final, final if overlaps else end


def _place(data: Data) -> str | None:
    """Where the data can be read again."""
    from redflags.ingest.dataset import Dataset

    if isinstance(data, (str, Path)):
        return str(data)
    if not isinstance(data, Dataset):
        return None
    declared = getattr(data, "source", None)
    if declared:
        return str(declared)
    paths = [Path(item.path) for item in data.inputs if not item.path.startswith("<")]
    if not paths or len(paths) < len(data.inputs):
        return None
    folders = {path.parent for path in paths}
    return str(min(folders, key=lambda folder: len(folder.parts)))


def _shown(as_of: Moment | None, zone: str) -> str | None:
    return None if as_of is None else show(as_micros(as_of, zone))


def _state_digest(run: Path) -> str:
    return digest(digest_folder(run / FOLDER))


