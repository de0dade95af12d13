"""From an alert back to the file and row of everything it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redflags.errors import DataError
from redflags.explain.page import Block, Column, Grid, Heading, Page, Pairs, Para, Title
from redflags.explain.source import Raw, Sources
from redflags.explain.words import counted, human

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from redflags.results.run import Run

__all__ = ["trace_page"]


def trace_page(run: Run, alert: Mapping[str, Any], shown: int = 3) -> Page:
    """All rows of evidence of an alert with file and row, and the first hits as they stand in their files.

    Args:
        run: The run.
        alert: One of its alerts.
        shown: How many rows are shown in full.
    """
    return Page(tuple(_blocks(run, alert, shown)))


def _blocks(run: Run, alert: Mapping[str, Any], shown: int) -> Iterator[Block]:
    frame = run.evidence_of(alert["alert_id"])
    rows = list(frame.iter_rows(named=True))
    yield Title(f"Evidence of alert {alert['alert_id']}", alert["rule_id"])
    cap = run.manifest.get("evidence_cap")
    note = f" (no more than {cap} rows are kept for one alert)" if cap is not None and len(rows) >= cap else ""
    yield Para(f"{counted(len(rows), 'row')}, {counted(alert['txn_count'], 'movement')} in all{note}.")
    yield Heading("Where every row stands")
    heads = (
        Column("row", keep=True),
        Column("table"),
        Column("role"),
        Column("source file"),
        Column("data row", right=True),
    )
    yield Grid(heads, tuple(
        (row["row_id"], row["table"], human(row["role"].replace("judged", "hit")),
         row["source_file"] or "not known",
         "" if row["source_row"] is None else f"{row['source_row']:,}")
        for row in rows
    ))  # fmt: skip
    hits = [row for row in rows if row["role"].startswith("judged") and row["source_row"] is not None]
    sources = Sources(run)
    for row in hits[:shown]:
        yield Heading(f"{row['row_id']} as it stands in its file")
        try:
            yield from _raw(sources.row(row["source_file"], row["source_row"]))
        except DataError as error:
            yield Para(str(error), "warn")


def _raw(raw: Raw) -> Iterator[Block]:
    state = {
        True: "the file is unchanged since the run",
        False: "the file has changed since the run",
        None: "no hash noted",
    }
    yield Pairs((("file", str(raw.file)), ("data row", f"{raw.row:,}"), ("check", state[raw.unchanged])))
    yield Pairs(raw.values)
