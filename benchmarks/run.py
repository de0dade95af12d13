"""The twenty rules here and in hand-written DuckDB SQL, over the same files: `python benchmarks/run.py`.

Every run is a process of its own; what is compared is CPU seconds (user and system, all threads) of the whole
process, start to last hit. The engine's compiled functions are cached in a folder of the benchmark: the
first run, which compiles, is reported apart. Hits are compared row by row before anything is timed.
"""

# ruff: noqa: PLR2004 - sizes and limits of a script

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
from data import ensure

HERE = Path(__file__).parent
CHECK_ROWS = 100_000


def child(script: str, place: Path, *more: str, cache: Path) -> dict[str, Any]:
    """One process, its JSON, and what the operating system says that it cost."""
    paths = [str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    # A library named in PYTHONPATH goes first, so that an older state can be measured too.
    env = os.environ | {
        "PYTHONPATH": os.pathsep.join(reversed(paths)),
        "NUMBA_CACHE_DIR": str(cache),
        "POLARS_MAX_THREADS": "2",
    }
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(  # noqa: S603  our own scripts
        [sys.executable, str(HERE / script), str(place), *more],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{script} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    found["user"], found["sys"] = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
    found["total_cpu"] = found["user"] + found["sys"]
    found["total_wall"] = time.perf_counter() - begun
    return found


def check(place: Path, cache: Path) -> bool:
    """Whether both sides name the same rows for every rule; what differs is printed."""
    files = [place / "hits-engine.parquet", place / "hits-duck.parquet"]
    child("engine.py", place, "--hits", str(files[0]), cache=cache)
    child("duck.py", place, "--hits", str(files[1]), cache=cache)
    ours, theirs = (pl.read_parquet(file).select("rule", "row_id") for file in files)
    only = {
        "engine": ours.join(theirs, on=["rule", "row_id"], how="anti"),
        "SQL": theirs.join(ours, on=["rule", "row_id"], how="anti"),
    }
    rules = sorted(set(ours["rule"]) | set(theirs["rule"]))
    print(
        f"hits at {place.name} ledger rows: {ours.height} of the engine, {theirs.height} of the SQL, "
        f"over {len(rules)} rules"
    )
    for side, rows in only.items():
        for rule, count in rows.group_by("rule").len().sort("rule").rows():
            print(f"  only {side}: {rule} {count}")
    return not any(rows.height for rows in only.values())


def median(runs: list[dict[str, Any]], name: str) -> float:
    return float(statistics.median(run[name] for run in runs))


def steps(runs: list[dict[str, Any]]) -> dict[str, float]:
    """Median CPU seconds by step."""
    return {step: round(float(statistics.median(run["cpu"][step] for run in runs)), 2) for step in runs[0]["cpu"]}


def measure(place: Path, cache: Path, repeat: int, limit: float) -> dict[str, Any]:
    """Both sides over one data set, turn by turn, so that a busy moment meets both."""
    ours: list[dict[str, Any]] = []
    theirs: list[dict[str, Any]] = []
    for _ in range(repeat):
        ours.append(child("engine.py", place, cache=cache))
        theirs.append(child("duck.py", place, "--limit", str(limit), cache=cache))
    engine = {name: round(median(ours, name), 2) for name in ("total_cpu", "user", "sys", "total_wall", "peak_mb")}
    duck = {name: round(median(theirs, name), 2) for name in ("total_cpu", "user", "sys", "total_wall", "peak_mb")}
    result: dict[str, Any] = {
        "rows": place.name,
        "runs": repeat,
        "engine": engine | {"steps": steps(ours)},
        "duck": duck | {"steps": steps(theirs)},
    }
    result["stopped"] = theirs[0]["stopped"]
    result["ratio"] = round(duck["total_cpu"] / engine["total_cpu"], 2)
    same = ours[0]["hits"] == {rule: theirs[0]["hits"].get(rule, 0) for rule in ours[0]["hits"]}
    result["same_hit_counts"] = same
    print(f"\n{int(place.name):,} ledger rows, median of {repeat}")
    print(f"  {'':14}{'CPU s':>9}{'user':>9}{'sys':>8}{'wall s':>9}{'peak MB':>9}")
    for name, side in (("engine", engine), ("DuckDB SQL", duck)):
        print(
            f"  {name:14}{side['total_cpu']:9.2f}{side['user']:9.2f}{side['sys']:8.2f}"
            f"{side['total_wall']:9.1f}{side['peak_mb']:9.0f}"
        )
    print(f"  CPU of the SQL over CPU of the engine: {result['ratio']:.2f}; hit counts {'equal' if same else 'DIFFER'}")
    print("  engine:", ", ".join(f"{name} {value:.2f}" for name, value in result["engine"]["steps"].items()))
    print("  SQL:   ", ", ".join(f"{name} {value:.2f}" for name, value in result["duck"]["steps"].items()))
    for name in result["stopped"]:
        print(f"  not measured to its end within {limit:.0f} s: {name}")
    return result


def main() -> int:
    """Check, then measure each size; 1 when the two sides do not name the same rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 5_000_000])
    parser.add_argument("--repeat", type=int, default=3, help="runs of each side; once above two million rows")
    parser.add_argument("--limit", type=float, default=600.0, help="wall seconds after which one SQL query is stopped")
    parser.add_argument("--data", type=Path, default=Path("runs/benchmarks"), help="where the data is kept")
    parser.add_argument("--no-check", action="store_true")
    parser.add_argument("--json", type=Path, help="keep the figures here too")
    given = parser.parse_args()
    cache = given.data.resolve() / "numba"
    good = True
    small = ensure(given.data, CHECK_ROWS)
    shutil.rmtree(cache, ignore_errors=True)
    cold, warm = child("engine.py", small, cache=cache), child("engine.py", small, cache=cache)
    jit = cold["total_cpu"] - warm["total_cpu"]
    print(
        f"compiling, once per installation: {jit:.1f} CPU s ({cold['jit']['compiled']} functions); "
        "all below is with the cache"
    )
    if not given.no_check:
        good = check(small, cache)
    figures = [
        measure(ensure(given.data, rows), cache, given.repeat if rows <= 2_000_000 else 1, given.limit)
        for rows in given.rows
    ]
    if given.json:
        given.json.write_text(json.dumps({"jit_cpu": round(jit, 2), "sizes": figures}, indent=1), encoding="utf-8")
    return 0 if good and all(figure["same_hit_counts"] for figure in figures) else 1


if __name__ == "__main__":
    raise SystemExit(main())
