"""What a rule book covers, as a page: the gaps first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redflags.explain.page import Block, Column, Grid, Heading, Page, Para, Title
from redflags.explain.words import counted
from redflags.rules.coverage import FAMILIES

if TYPE_CHECKING:
    from redflags.rules.book import RuleBook
    from redflags.rules.coverage import Coverage, Covered, Honoured

__all__ = ["coverage_page"]

_STATES = {"honoured": "Statements that are honoured", "partly": "Statements answered in part"}


def coverage_page(book: RuleBook, found: Coverage, family: str | None = None) -> Page:
    """Families, then what has no rule and no answer, then everything that has.

    Args:
        book: The rule book.
        found: What it covers.
        family: Only the indicators of this family (A to M), and no statements.
    """
    letters = list(FAMILIES) if family is None else [family]
    chosen = [item for item in found.indicators if item.indicator.family in letters]
    have = [item for item in chosen if item.rules]
    blocks: list[Block] = [Title("Coverage of the rule book", f"{len(have)} of {counted(len(chosen), 'indicator')}")]
    blocks.append(_families(found, letters))
    lacking = [item for item in chosen if not item.rules]
    if lacking:
        columns = (Column("family"), Column("indicator", keep=True), Column("title"), Column("needs", extra=True))
        rows = tuple((i.indicator.family, i.id, i.indicator.title, i.indicator.computable) for i in lacking)
        blocks += [Heading(f"{counted(len(lacking), 'indicator')} without a rule"), Grid(columns, rows)]
    if family is None:
        blocks += _statements(found.statements)
    if have:
        blocks += [Heading(f"{counted(len(have), 'indicator')} with rules"), _covered(have)]
    if family is None:
        blocks += _answered(found.statements)
        blocks += _mandates(book, found)
    return Page(tuple(blocks))


def _families(found: Coverage, letters: list[str]) -> Grid:
    columns = (Column(""), Column("family"), Column("indicators", right=True), Column("with rules", right=True))
    rows = []
    for letter in letters:
        items = found.family(letter)
        rows.append((letter, FAMILIES[letter], str(len(items)), str(sum(bool(item.rules) for item in items))))
    return Grid(columns, tuple(rows))


def _covered(items: list[Covered]) -> Grid:
    columns = (
        Column("family"), Column("indicator", keep=True), Column("rules"), Column("cases", right=True),
        Column("sources", extra=True),
    )  # fmt: skip
    rows = []
    for item in items:
        rules = ["of that name" if rule == item.id else rule for rule in item.rules]
        rows.append((item.indicator.family, item.id, ", ".join(rules), str(item.cases), ", ".join(item.sources)))
    return Grid(columns, tuple(rows))


def _statements(rows: tuple[Honoured, ...]) -> list[Block]:
    """What no answer is given to yet, and what is answered in part."""
    total = {state: [row for row in rows if row.state == state] for state in ("open", "partly", "honoured")}
    told = (
        f"{counted(len(rows), 'statement')} of the source documents: {len(total['honoured'])} honoured, "
        f"{len(total['partly'])} in part, {len(total['open'])} open."
    )
    blocks: list[Block] = [Heading("What the source documents ask"), Para(told)]
    if total["open"]:
        columns = (Column("", keep=True), Column("kind"), Column("asks"), Column("source", extra=True))
        open_rows = tuple((r.id, r.statement.kind, r.statement.asks, r.statement.source) for r in total["open"])
        blocks += [Heading("Statements without an answer"), Grid(columns, open_rows)]
    if total["partly"]:
        columns = (Column("", keep=True), Column("asks"), Column("lacks"), Column("answered by", extra=True))
        partly = tuple((r.id, r.statement.asks, r.lacks or "", ", ".join(r.by)) for r in total["partly"])
        blocks += [Heading(_STATES["partly"]), Grid(columns, partly)]
    return blocks


def _answered(rows: tuple[Honoured, ...]) -> list[Block]:
    found = tuple(
        (row.id, row.statement.asks, ", ".join(row.by), f"{row.statement.source}, {row.statement.locator}")
        for row in rows if row.state == "honoured"
    )  # fmt: skip
    if not found:
        return []
    columns = (Column("", keep=True), Column("asks"), Column("answered by"), Column("source", extra=True))
    return [Heading(_STATES["honoured"]), Grid(columns, found)]


def _mandates(book: RuleBook, found: Coverage) -> list[Block]:
    rows = tuple(
        (book.sources[name].title, book.sources[name].mandate or "", str(len(rules)))
        for name, rules in found.mandates.items()
    )  # fmt: skip
    if not rows:
        return []
    columns = (Column("mandate"), Column("asks"), Column("rules", right=True))
    return [Heading("Mandates that rules cite"), Grid(columns, rows)]
