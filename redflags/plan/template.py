"""Sentences with slots: ``"{deposits} deposits, {total|money} together"``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from redflags.errors import did_you_mean
from redflags.expr.lexer import ExprError

if TYPE_CHECKING:
    from collections.abc import Callable

    from redflags.expr.nodes import Expr
    from redflags.expr.types import Type

FORMATS = ("money", "duration", "date", "time", "percent", "number", "text")
_NUMBERS = frozenset({"money", "int", "number", "literal", "real"})
_FITS = {
    "money": _NUMBERS, "percent": _NUMBERS, "number": _NUMBERS, "duration": frozenset({"duration"}),
    "date": frozenset({"date", "time"}), "time": frozenset({"time"}),
}  # fmt: skip
SLOT = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of a sentence: what fills it, and how it is written (None: as its type says)."""

    name: str
    expr: Expr
    format: str | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """A sentence as alternating texts and slots."""

    parts: tuple[str | Slot, ...]

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The places to fill."""
        return tuple(part for part in self.parts if isinstance(part, Slot))


def read_template(text: str, resolve: Callable[[str, int], Expr]) -> Template:
    """Cut a sentence into texts and slots.

    Args:
        text: the sentence.
        resolve: the expression of a slot's name (``deposits``, ``party.name``, ``$window``), given its offset.

    Raises:
        ExprError: an unknown format or an unbalanced brace, at its place.

    Example:
        >>> from redflags.expr.nodes import Name
        >>> [getattr(p, "name", p) for p in read_template("{n} in {days|number} days", lambda w, _: Name((w,))).parts]
        ['n', ' in ', 'days', ' days']
    """
    parts: list[str | Slot] = []
    position = 0
    for match in SLOT.finditer(text):
        _plain(text, position, match.start(), parts)
        name, _, form = (word.strip() for word in match.group(1).partition("|"))
        if form and form not in FORMATS:
            raise ExprError(f"unknown format {form!r}", match.start(1), did_you_mean(form, FORMATS), "TEMPLATE")
        parts.append(Slot(name, resolve(name, match.start(1)), form or None))
        position = match.end()
    _plain(text, position, len(text), parts)
    return Template(tuple(parts))


def fits(form: str, kind: Type) -> bool:
    """Whether a value of this type can be written so.

    Example:
        >>> from redflags.expr.types import DATE, INT
        >>> fits("percent", INT), fits("percent", DATE), fits("text", DATE)
        (True, False, True)
    """
    return form == "text" or kind.kind == "null" or kind.kind in _FITS[form]


def _plain(text: str, start: int, end: int, parts: list[str | Slot]) -> None:
    piece = text[start:end]
    for brace in "{}":
        if brace in piece:
            raise ExprError(f"a lone {brace!r}", start + piece.index(brace), "slots are written {name}", "TEMPLATE")
    if piece:
        parts.append(piece)
