"""The engine: streams, measures in both worlds, judging, hits.

What a run needs is imported when it is first asked for, since it loads the compiler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from redflags.engine.outcome import Clock, Outcome
from redflags.plan.book import BoundBook

if TYPE_CHECKING:
    from redflags.engine.run import engine, judge_book

__all__ = ["BoundBook", "Clock", "Outcome", "engine", "judge_book"]


def __getattr__(name: str) -> object:
    if name in {"engine", "judge_book"}:
        from redflags.engine import run

        return getattr(run, name)
    raise AttributeError(name)
