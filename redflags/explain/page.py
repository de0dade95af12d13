"""What every explanation is made of: a page of a few kinds of blocks, for a terminal, a pipe or a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

__all__ = [
    "Bar",
    "Bars",
    "Block",
    "Code",
    "Column",
    "Grid",
    "Heading",
    "Items",
    "Page",
    "Pairs",
    "Para",
    "Title",
]

Tone: TypeAlias = Literal["plain", "quiet", "strong", "good", "warn", "bad"]


@dataclass(frozen=True)
class Title:
    """The first line of a page: what it is about, and a mark beside it."""

    text: str
    mark: str = ""
    tone: Tone = "plain"


@dataclass(frozen=True)
class Heading:
    """The head of a section."""

    text: str


@dataclass(frozen=True)
class Para:
    """A paragraph."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Items:
    """A list; `marks` stand in place of the bullets where given."""

    items: tuple[str, ...]
    numbered: bool = False
    marks: tuple[tuple[str, Tone], ...] = ()


@dataclass(frozen=True)
class Pairs:
    """Labels and what they say."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Column:
    """A column of a grid.

    Attributes:
        name: Its head.
        right: Whether it holds numbers, which stand at the right.
        keep: Whether its texts are never broken over lines (ids that are copied).
        code: Whether a file shows its texts as code.
        extra: Whether it is left out where the terminal is narrow.
    """

    name: str
    right: bool = False
    keep: bool = False
    code: bool = False
    extra: bool = False


@dataclass(frozen=True)
class Grid:
    """A table."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    tones: tuple[Tone, ...] = ()


@dataclass(frozen=True)
class Bar:
    """One contribution to a score, and where it begins."""

    label: str
    points: int
    start: int = 0
    total: bool = False


@dataclass(frozen=True)
class Bars:
    """A score as a waterfall of its contributions; the scale ends at `full`."""

    bars: tuple[Bar, ...]
    full: int = 100


@dataclass(frozen=True)
class Code:
    """Text that is shown as it is."""

    text: str
    language: str = ""


Block: TypeAlias = Title | Heading | Para | Items | Pairs | Grid | Bars | Code


@dataclass(frozen=True)
class Page:
    """Blocks in their order.

    Examples:
        >>> page = Page((Title("One alert", "70"), Para("Three deposits.")))
        >>> print(page)
        One alert  70
        <BLANKLINE>
        Three deposits.
        >>> print(page.markdown())
        # One alert (70)
        <BLANKLINE>
        Three deposits.
        <BLANKLINE>
    """

    blocks: tuple[Block, ...] = field(default=())

    def __add__(self, other: Page) -> Page:
        return Page(self.blocks + other.blocks)

    def __str__(self) -> str:
        from redflags.explain.terminal import plain

        return plain(self)

    def markdown(self) -> str:
        """The page as Markdown; the same page gives the same bytes."""
        from redflags.explain.markdown import markdown

        return markdown(self)
