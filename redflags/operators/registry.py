"""The operators that this version has; each is imported when a rule first names it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redflags.operators.base import Operation

#: Operator -> module that holds its ``OPERATION``.
MODULES: dict[str, str] = {
    "components": "redflags.operators.components",
    "neighbours": "redflags.operators.neighbours",
    "ownership": "redflags.operators.ownership",
    "match": "redflags.operators.match",
    "explode": "redflags.operators.explode",
    "paths": "redflags.operators.paths",
    "peers": "redflags.operators.peers",
    "runs": "redflags.operators.runs",
    "periods": "redflags.operators.periods",
    "hits": "redflags.operators.hits",
    "screen": "redflags.operators.screen",
}


def operation(name: str) -> Operation | None:
    """The operator of that name; None where this version has none."""
    module = MODULES.get(name)
    return None if module is None else import_module(module).OPERATION


def operations() -> list[Operation]:
    """All operators, by name."""
    return [found for name in sorted(MODULES) if (found := operation(name)) is not None]
