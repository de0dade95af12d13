"""An open, executable rule book of red-flag indicators for suspicious transactions.

Example:
    >>> import redflags as rf
    >>> rf.__version__
    '0.1.0'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redflags.api import Run, screen
    from redflags.ingest.reader import read_dataset
    from redflags.rules.load import load_rules

__version__ = "0.1.0"
__all__ = ["Run", "__version__", "load_rules", "read_dataset", "screen"]

# Where each public name lives; frames and models load only when one of them is asked for.
_HOMES = {
    "Run": "redflags.api",
    "load_rules": "redflags.rules.load",
    "read_dataset": "redflags.ingest.reader",
    "screen": "redflags.api",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'redflags' has no attribute '{name}'")
    import importlib

    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
