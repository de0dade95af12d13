"""A run at a glance: its top alerts, what could not be judged, what was refused."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from redflags.explain.page import Block, Column, Grid, Heading, Items, Page, Para, Tone
from redflags.explain.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from redflags.results.run import Run
    from redflags.rules.load import RuleBook

__all__ = ["first_sentence", "not_judged", "run_summary", "summary_page", "top_alerts"]

_ROW_TONES: Final[Mapping[str, Tone]] = {"high": "strong", "low": "quiet"}
_TOP = 10
_SCHEMES: Final = 8
_REJECTS = 5
_LINES = 15
#: Smaller shares are not told apart.
_SMALL = 0.001
#: Longer sentences are cut in the table; the story has them whole.
_SENTENCE = 130


def first_sentence(text: str) -> str:
    """The first sentence of a rationale; a full stop inside a number ends nothing.

    Examples:
        >>> first_sentence("Within 10 days 26,635.00 EUR went in. This is consistent with more.")
        'Within 10 days 26,635.00 EUR went in.'
    """
    for place, mark in enumerate(text):
        if mark == "." and text[place + 1 : place + 2] == " " and text[place + 2 : place + 3].isupper():
            return text[: place + 1]
    return text


def summary_page(run: Run, book: RuleBook | None = None) -> Page:
    """What a run has to say, on one page."""
    return top_alerts(run, book) + not_judged(run)


def top_alerts(run: Run, book: RuleBook | None = None) -> Page:
    """The highest alerts as a table."""
    return Page(tuple(_alerts(run, book)))


def _alerts(run: Run, book: RuleBook | None) -> Iterator[Block]:
    alerts = run.alerts
    off = _off(run)
    if alerts.is_empty():
        yield Para("No rule fired.", "strong")
    if off:
        yield Para(off, "warn")
    if alerts.is_empty():
        return
    titles = {file.id: file.rule.title for file in book} if book is not None else {}
    spread = ", ".join(f"{count} {band}" for band, count in _bands(run).items() if count)
    subjects = run.cases.height
    yield Para(
        f"{counted(alerts.height, 'alert')} ({spread}) about {counted(subjects, 'subject')}.",
        "strong",
    )
    heads = (
        Column("#", right=True), Column("score", right=True), Column("band", extra=True),
        Column("alert", keep=True),
        Column("subject", keep=True), Column("what was seen"),
    )  # fmt: skip
    rows: list[tuple[str, ...]] = []
    tones: list[Tone] = []
    for place, alert in enumerate(alerts.head(_TOP).iter_rows(named=True)):
        rows.append((
            str(place + 1), str(alert["score"]), alert["band"], alert["alert_id"][:8], alert["subject_id"],
            f"{titles.get(alert['rule_id'], alert['rule_id'])}\n{_cut(first_sentence(alert['rationale']))}",
        ))  # fmt: skip
        tones.append(_ROW_TONES.get(alert["band"], "plain"))
    yield Grid(heads, tuple(rows), tuple(tones))
    if alerts.height > _TOP:
        yield Para(f"{alerts.height - _TOP:,} more in alerts.parquet (as a table: redflags export).", "quiet")
    yield from _schemes(run, book)


def _schemes(run: Run, book: RuleBook | None) -> Iterator[Block]:
    """The schemes that the alerts point to, those with the most subjects first."""
    found = run.typologies.group_by("typology").agg(
        pl.len().alias("subjects"), pl.col("alerts").sum(), pl.col("score").max()
    )  # fmt: skip
    if found.is_empty():
        return
    titles = {} if book is None else {name: typology.title for name, typology in book.typologies.items()}
    columns = (
        Column("consistent with"), Column("subjects", right=True), Column("alerts", right=True),
        Column("highest", right=True),
    )  # fmt: skip
    rows = tuple(
        (titles.get(name, name), f"{subjects:,}", f"{alerts:,}", f"{score:.0f}")
        for name, subjects, alerts, score in found.sort(
            "subjects", "alerts", "typology", descending=[True, True, False]
        ).iter_rows()
    )
    yield Grid(columns, rows[:_SCHEMES])
    if len(rows) > _SCHEMES:
        yield Para(f"{len(rows) - _SCHEMES:,} more in typologies.parquet, by subject.", "quiet")


def _bands(run: Run) -> dict[str, int]:
    """How many alerts each band holds."""
    return {band: run.alerts.filter(pl.col("band") == band).height for band in ("high", "medium", "low")}


def _off(run: Run) -> str:
    """How many rules could not run at all; a run without alerts says nothing while most rules were off."""
    every = {rule["id"] for rule in run.manifest.get("rules", {}).get("bound", ())}
    lines = run.not_evaluable.filter(run.not_evaluable["rows"].is_null())
    off = set(lines["rule_id"].to_list())
    if not off:
        return ""
    return f"{len(off)} of {counted(len(every), 'rule')} could not run on this data; see below what they miss."


def _cut(text: str) -> str:
    return textwrap.shorten(text, _SENTENCE, placeholder=" …")


def not_judged(run: Run) -> Page:
    """Everything that was not judged, refused, held back or has to wait."""
    return Page(tuple(_not_judged(run)))


def _not_judged(run: Run) -> Iterator[Block]:
    yield Heading("What could not be judged")
    if run.not_evaluable.is_empty():
        yield Para("Every rule could judge every one of its rows.")
    else:
        yield from _grouped(run)
    notes = tuple(_notes(run))
    if notes:
        yield Items(notes)


def _grouped(run: Run) -> Iterator[Block]:
    """One line for each rule and reason: what could not run at all first, then by share of rows."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for line in run.not_evaluable.iter_rows(named=True):
        groups.setdefault((line["rule_id"], line["reason"]), []).append(line)
    weighed = sorted(groups.items(), key=lambda item: (-_weight(item[1]), item[0]))
    rows: list[tuple[str, ...]] = []
    tones: list[Tone] = []
    for (rule_id, reason), lines in weighed[:_LINES]:
        whole = lines[0]["rows"] is None
        most = max(lines, key=lambda line: line["rows"] or 0)
        share = (
            "the whole rule"
            if whole
            else f"{most['rows']:,}" + (f" ({_share(most['share'])})" if most["share"] else "")
        )
        missing = ", ".join((line["column"] or "").removeprefix("measure ") for line in lines)
        rows.append((rule_id, share, f"{reason}: {missing}" if missing else reason))
        tones.append("warn" if whole else "plain")
    yield Grid(
        (Column("rule", keep=True), Column("rows", right=True, keep=True), Column("why")),
        tuple(rows),
        tuple(tones),
    )
    if len(weighed) > _LINES:
        yield Para(f"{len(weighed) - _LINES:,} more in not_evaluable.parquet.", "quiet")


def _weight(lines: list[dict[str, Any]]) -> float:
    return max(2.0 if line["rows"] is None else line["share"] or 0.0 for line in lines)


def _share(share: float) -> str:
    return "under 0.1%" if share < _SMALL else f"{share:.1%}"


def _notes(run: Run) -> Iterator[str]:
    if not run.rejects.is_empty():
        reasons = run.rejects.group_by("reason").len().sort("len", "reason", descending=[True, False])
        said = "; ".join(f"{row['reason']}: {row['len']:,}" for row in reasons.head(_REJECTS).iter_rows(named=True))
        yield f"{counted(run.rejects.height, 'refusal')} of rows, with reasons in rejects.parquet: {said}"
    if not run.pending.is_empty():
        yield f"{counted(run.pending.height, 'row')} waiting for a judgement that lies after the data's end"
    if not run.suppressed.is_empty():
        yield f"{counted(run.suppressed.height, 'alert')} held back by policies, in suppressed.parquet"
    if not run.withdrawn.is_empty():
        yield f"{counted(run.withdrawn.height, 'earlier alert')} withdrawn, in withdrawn.parquet"
    if not run.restricted.is_empty():
        yield f"{counted(run.restricted.height, 'alert')} with reasons kept for cleared reviewers"


def run_summary(run: Run) -> dict[str, Any]:
    """The same for a machine: counts, and the rules that could not run."""
    manifest = run.manifest
    return {
        "run": None if run.path is None else str(run.path),
        "alerts": run.alerts.height,
        "bands": _bands(run),
        "cases": run.cases.height,
        "typologies": run.typologies.group_by("typology").len("subjects").sort("typology").to_dicts(),
        "suppressed": run.suppressed.height,
        "withdrawn": run.withdrawn.height,
        "pending": run.pending.height,
        "rejects": run.rejects.height,
        "not_evaluable": run.not_evaluable.to_dicts(),
        "rules": len({rule["id"] for rule in manifest["rules"]["bound"]}),
        "profile": manifest["rules"]["profile"],
        "clock": manifest["clock"],
        "control_totals": manifest["control_totals"],
        "timings": manifest.get("timings", {}),
    }
