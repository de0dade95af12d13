"""A page in a terminal, or as plain text in a pipe."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from rich import box
from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from redflags.explain.page import Bars, Block, Code, Grid, Heading, Items, Page, Pairs, Para, Title, Tone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import ConsoleOptions, JustifyMethod, RenderableType, RenderResult

__all__ = ["PLAIN_WIDTH", "plain", "renderable"]

#: Width of text that no terminal shows.
PLAIN_WIDTH: Final = 100
_STYLES: Final[dict[Tone, str]] = {
    "plain": "", "quiet": "dim", "strong": "bold", "good": "green", "warn": "yellow", "bad": "bold red",
}  # fmt: skip
_INDENT: Final = 2
_BAR: Final = 30
#: Reading gets hard beyond this many characters a line, however wide the terminal is.
_READABLE: Final = 110
#: From here on there is room for every column of a table.
_ROOMY: Final = 94
#: Longer words than this may be broken in a table.
_WORD: Final = 14


def plain(page: Page, width: int = PLAIN_WIDTH) -> str:
    r"""The page as text without any control codes.

    Examples:
        >>> plain(Page((Heading("Why"), Items(("one",)))))
        'Why\n  - one'
    """
    out = io.StringIO()
    console = Console(file=out, width=width, color_system=None, force_terminal=False, legacy_windows=False)
    console.print(renderable(page))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()).strip("\n")


def renderable(page: Page) -> RenderableType:
    """The page for a rich console."""
    return Group(*_spaced(page))


def _spaced(page: Page) -> Iterator[RenderableType]:
    """Every block with the empty line that belongs before it: none right under a heading."""
    before: Block | None = None
    headed = False
    for block in page.blocks:
        if before is not None and not isinstance(before, Heading):
            yield Text("")
        headed = headed or isinstance(block, Heading)
        inside = headed and not isinstance(block, (Heading, Title))
        made = _block(block)
        yield Padding(made, (0, 0, 0, _INDENT)) if inside else made
        before = block


def _block(block: Block) -> RenderableType:
    match block:
        case Title():
            return _title(block)
        case Heading():
            return Text(block.text, style="bold cyan")
        case Para():
            return _Wrapped(Text(block.text, style=_STYLES[block.tone]))
        case Items():
            return _items(block)
        case Pairs():
            return _pairs(block)
        case Grid():
            return _Grid(block)
        case Bars():
            return _bars(block)
        case Code():
            return Text(block.text.rstrip("\n"), style="", no_wrap=False)


class _Wrapped:
    """Text that never runs wider than can be read."""

    def __init__(self, text: Text) -> None:
        self._text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from console.render(self._text, options.update(width=min(options.max_width, _READABLE)))


def _title(block: Title) -> Text:
    text = Text(block.text, style="bold")
    if block.mark:
        text.append("  ")
        text.append(block.mark, style=_STYLES[block.tone] or "bold")
    return text


def _items(block: Items) -> RenderableType:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(max_width=_READABLE, overflow="fold")
    for place, item in enumerate(block.items):
        mark, tone = block.marks[place] if block.marks else (f"{place + 1}." if block.numbered else "-", "plain")
        table.add_row(Text(mark, style=_STYLES[tone]), Text(item))
    return table


def _pairs(block: Pairs) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(max_width=_READABLE, overflow="fold")
    for label, text in block.pairs:
        table.add_row(Text(label), Text(text))
    return table


class _Grid:
    """A table that leaves out its extra columns where there is no room for them."""

    def __init__(self, block: Grid) -> None:
        self._block = block

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        wide = options.max_width >= _ROOMY
        kept = [place for place, column in enumerate(self._block.columns) if wide or not column.extra]
        table = Table(
            box=box.SIMPLE_HEAD,
            show_edge=False,
            pad_edge=False,
            padding=(0, 1),
            header_style="dim",
        )
        for place in kept:
            column = self._block.columns[place]
            justify: JustifyMethod = "right" if column.right else "left"
            # Words are not broken where that can be helped, however long the texts of the neighbours are.
            texts = [column.name, *(row[place] for row in self._block.rows)]
            least = min(max((len(word) for text in texts for word in text.split()), default=0), _WORD)
            table.add_column(
                column.name,
                justify=justify,
                no_wrap=column.keep,
                overflow="fold",
                min_width=least,
            )
        for number, row in enumerate(self._block.rows):
            style = _STYLES[self._block.tones[number]] if self._block.tones else ""
            table.add_row(*(_cell(row[place]) for place in kept), style=style)
        yield table


def _cell(text: str) -> Text:
    """A cell of a table; of several lines the first is the head of the others."""
    head, mark, rest = text.partition("\n")
    if not mark:
        return Text(text)
    return Text.assemble((head, "bold"), ("\n" + rest, "not bold"))


def _bars(block: Bars) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(max_width=_READABLE, overflow="fold")
    for bar in block.bars:
        left = round(bar.start * _BAR / block.full)
        size = max(round((bar.start + bar.points) * _BAR / block.full) - left, 1) if bar.points else 0
        line = Text(" " * left)
        line.append(("█" if bar.total else "▒") * size, style="bold" if bar.total else "cyan")
        line.append(" " * (_BAR - left - size))
        sign = "" if bar.total or not bar.start else "+"
        style = "bold" if bar.total else ""
        table.add_row(Text(f"{sign}{bar.points}", style=style), line, Text(bar.label, style=style))
    return table
