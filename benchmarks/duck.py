"""The SQL's side: the twenty rules as hand-written queries (`sql/`), one process, JSON on its last line.

`python benchmarks/duck.py DATA [--hits FILE] [--limit SECONDS]`
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import duckdb

SQL = Path(__file__).parent / "sql"
MEMORY = "6GB"


def cpu() -> float:
    """User and system seconds of this process so far, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def connect(folder: Path, spill: str, threads: int) -> duckdb.DuckDBPyConnection:
    """A database in memory, two threads, that spills to ``spill``; every Parquet file is a view."""
    con = duckdb.connect(config={"threads": threads, "memory_limit": MEMORY, "temp_directory": spill})
    con.execute("SET TimeZone = 'UTC'")
    for path in sorted((folder / "bank").glob("*.parquet")):
        con.execute(f"CREATE VIEW {path.stem} AS SELECT * FROM read_parquet('{path}')")
    known = sorted((folder / "lists").glob("*.parquet"))
    for path in known:
        if path.stem in {"blocs", "generic_terms", "thresholds"}:
            con.execute(f"CREATE VIEW {path.stem} AS SELECT * FROM read_parquet('{path}')")
    dated = [str(path) for path in known if path.stem not in {"blocs", "generic_terms", "thresholds"}]
    con.execute(f"CREATE VIEW jurisdiction_lists AS SELECT * FROM read_parquet({dated}, union_by_name = true)")
    return con


def main(folder: Path, *, hits: Path | None, limit: float, threads: int) -> dict[str, Any]:
    """Prepare the ledger, then run every query; one that outlasts ``limit`` seconds is stopped and named."""
    spent: dict[str, float] = {}
    stopped: list[str] = []
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as spill:
        con = connect(folder, spill, threads)
        spent["open"] = cpu()
        before = cpu()
        for statement in (SQL / "prepare.sql").read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                con.execute(statement)
        spent["ledger and lists"] = cpu() - before
        for path in sorted(SQL.glob("*.sql")):
            if path.stem == "prepare":
                continue
            query = path.read_text(encoding="utf-8").strip()
            rule = "rule" if path.stem == "cross-border" else f"'{path.stem}'"
            before = cpu()
            timer = threading.Timer(limit, con.interrupt)
            timer.start()
            try:
                con.execute(f"INSERT INTO hits SELECT {rule}, txn_id || '/' || direction FROM ({query})")
            except duckdb.InterruptException:
                stopped.append(path.stem)
            finally:
                timer.cancel()
            spent[path.stem] = cpu() - before
        found = dict(con.execute("SELECT rule, count(*) FROM hits GROUP BY rule ORDER BY rule").fetchall())
        if hits is not None:
            con.execute(f"COPY hits TO '{hits}' (FORMAT parquet)")
        con.close()
    return {
        "cpu": {name: round(value, 2) for name, value in spent.items()},
        "wall": {"all": round(time.perf_counter() - begun, 2)},
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "hits": found,
        "stopped": stopped,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--hits", type=Path)
    parser.add_argument("--limit", type=float, default=600.0)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    print(json.dumps(main(given.data, hits=given.hits, limit=given.limit, threads=given.threads)))
