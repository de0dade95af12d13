"""A page as Markdown."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from redflags.explain.page import Bars, Block, Code, Grid, Heading, Items, Page, Pairs, Para, Title

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["cell", "markdown", "paragraph", "table"]


def markdown(page: Page) -> str:
    """The page's text, with one line end at its end."""
    return "\n\n".join("\n".join(_lines(block)) for block in page.blocks) + "\n"


def cell(text: str, *, code: bool = False) -> str:
    r"""A text that may stand in a cell of a table.

    Examples:
        >>> cell("a | b"), cell("x", code=True)
        ('a \\| b', '`x`')
    """
    flat = " ".join(text.split()).replace("|", "\\|")
    if not code:
        return flat.replace("<", "&lt;")
    return f"`{flat}`" if flat else ""


def paragraph(text: str) -> str:
    """A paragraph in lines of one width, so that a change of a word shows as a change of few lines.

    Examples:
        >>> paragraph("one  two")
        'one two'
    """
    return textwrap.fill(" ".join(text.split()), 118, break_long_words=False, break_on_hyphens=False)


def table(heads: tuple[str, ...], rows: Iterator[tuple[str, ...]] | tuple[tuple[str, ...], ...]) -> list[str]:
    """Lines of a table whose cells are Markdown already.

    Examples:
        >>> table(("a", "b"), (("1", "2"),))
        ['| a | b |', '|---|---|', '| 1 | 2 |']
    """
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    return lines + [f"| {' | '.join(row)} |" for row in rows]


def _lines(block: Block) -> Iterator[str]:
    match block:
        case Title():
            yield f"# {block.text}" + (f" ({block.mark})" if block.mark else "")
        case Heading():
            yield f"## {block.text}"
        case Para():
            yield f"**{block.text}**" if block.tone == "strong" else block.text
        case Items():
            yield from _items(block)
        case Pairs():
            yield from (f"- **{label}**: {text}" for label, text in block.pairs)
        case Grid():
            heads = tuple(cell(column.name) for column in block.columns)
            rows = tuple(
                tuple(cell(text, code=column.code) for column, text in zip(block.columns, row, strict=True))
                for row in block.rows
            )
            yield from table(heads, rows)
        case Bars():
            yield from table(
                ("points", "for"),
                tuple((f"**{bar.points}**" if bar.total else str(bar.points), cell(bar.label)) for bar in block.bars),
            )
        case Code():
            yield from (f"```{block.language}", block.text.rstrip("\n"), "```")


def _items(block: Items) -> Iterator[str]:
    for place, item in enumerate(block.items):
        mark = f"{block.marks[place][0]} " if block.marks else ""
        yield f"{place + 1}. {mark}{item}" if block.numbered else f"- {mark}{item}"
