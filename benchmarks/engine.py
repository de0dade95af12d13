"""The engine's side: one process that reads, judges and says what each step cost, as JSON on its last line.

`python benchmarks/engine.py DATA [--story] [--hits FILE] [--profile FILE] [--times N]`
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable

PROFILE = "eu"
#: Rules that one query judges together; every other query is named after its rule.
SHARED = {"cross-border": ("secrecy-jurisdiction-no-nexus", "fatf-increased-monitoring-concentration")}


def cpu() -> float:
    """User and system seconds of this process so far, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Steps:
    """CPU and wall seconds by step."""

    def __init__(self) -> None:
        self.cpu: dict[str, float] = {}
        self.wall: dict[str, float] = {}
        self._cpu, self._wall, self._step = cpu(), time.perf_counter(), ""

    def done(self, step: str) -> None:
        """Book what passed since the last call on ``step``."""
        now, wall = cpu(), time.perf_counter()
        self.cpu[step] = self.cpu.get(step, 0.0) + now - self._cpu
        self.wall[step] = self.wall.get(step, 0.0) + wall - self._wall
        self._cpu, self._wall = now, wall

    def progress(self, step: str, _done: int, _total: int) -> None:
        """The engine's own calls: what passed belongs to the step named before."""
        if self._step and step != self._step:
            self.done(self._step)
        self._step = step

    def end(self) -> None:
        """Book the last step that the engine named."""
        self.done(self._step)
        self._step = ""


def compared() -> list[str]:
    """The rules that `sql/` has a query for; the rule book may hold more."""
    stems = sorted(path.stem for path in (Path(__file__).parent / "sql").glob("*.sql") if path.stem != "prepare")
    return [rule for stem in stems for rule in SHARED.get(stem, (stem,))]


def rounded(values: dict[str, float]) -> dict[str, float]:
    """Two decimals are all that a shared machine can tell."""
    return {name: round(value, 2) for name, value in values.items()}


def timed_ledger() -> dict[str, float]:
    """The ledger is derived when the first rule reads it: its share is taken out of that step."""
    from redflags.engine import frames

    spent = {"cpu": 0.0}
    derive = frames.derive_ledger

    def timed(*given: Any, **named: Any) -> pl.DataFrame:  # noqa: ANN401
        before = cpu()
        try:
            return derive(*given, **named)
        finally:
            spent["cpu"] += cpu() - before

    frames.derive_ledger = timed
    return spent


def judge(dataset: Any, *, story: bool, progress: Callable[[str, int, int], None] | None) -> tuple[Any, Any]:  # noqa: ANN401
    """Bind the shipped book to the data and judge every row of it."""
    from redflags.engine import Clock, judge_book
    from redflags.plan.book import bind_book
    from redflags.rules.load import load_rules

    moves = dataset.tables["transactions"]["booked_at"]
    first, last = (int(edge.timestamp()) * 1_000_000 for edge in (moves.min(), moves.max()))
    bound = bind_book(load_rules(), profile=PROFILE, tables=dataset.tables, only=compared())
    if progress is not None:
        progress("finding rows", 0, 1)
    return bound, judge_book(dataset, bound, Clock(None, last, last - 1, first), progress=progress, story=story)


def main(folder: Path, *, story: bool, hits: Path | None, profile: Path | None, times: int) -> dict[str, Any]:
    """Run once (or more often, to tell a first run from later ones in one process)."""
    steps = Steps()
    import redflags.engine  # noqa: F401
    from redflags.ingest.reader import read_dataset
    from redflags.kernel._jit import cache_use

    ledger = timed_ledger()
    steps.done("import")
    dataset = read_dataset(folder / "bank")
    steps.done("read and check")
    later: list[dict[str, float]] = []
    recorder = cProfile.Profile(time.process_time) if profile else None  # CPU of all threads, not wall time
    for number in range(times):
        own = steps if number == 0 else Steps()
        if recorder is not None and number == times - 1:
            recorder.enable()
        own.progress("load and bind rules", 0, 1)
        _, outcomes = judge(dataset, story=story, progress=own.progress)
        own.end()
        if number:
            later.append(rounded(own.cpu))
    if recorder is not None and profile is not None:
        recorder.disable()
        with profile.open("w", encoding="utf-8") as stream:
            stats = pstats.Stats(recorder, stream=stream)
            stats.sort_stats("cumulative").print_stats(90)
            stats.sort_stats("tottime").print_stats(60)
            stats.print_callers(25)
    if hits is not None:
        found = [o.hits.select(pl.lit(o.bound.id).alias("rule"), "row_id") for o in outcomes]
        pl.concat(found).write_parquet(hits)
    from_cache, compiled, _ = cache_use()
    steps.cpu["derive ledger"] = ledger["cpu"] / times
    steps.cpu["finding rows"] -= ledger["cpu"] / times
    return {
        "cpu": rounded(steps.cpu),
        "wall": rounded(steps.wall),
        "later_cpu": later,
        "jit": {"from_cache": from_cache, "compiled": compiled},
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "hits": {o.bound.id: o.hits.height for o in outcomes},
        "judged": {o.bound.id: o.judged for o in outcomes},
        "disabled": {o.bound.id: o.disabled for o in outcomes if o.disabled},
        "not_evaluable": {o.bound.id: o.ne_rows.height for o in outcomes},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--story", action="store_true", help="also write what each hit says, as a run does")
    parser.add_argument("--hits", type=Path)
    parser.add_argument("--profile", type=Path)
    parser.add_argument("--times", type=int, default=1)
    given = parser.parse_args()
    print(json.dumps(main(given.data, story=given.story, hits=given.hits, profile=given.profile, times=given.times)))
