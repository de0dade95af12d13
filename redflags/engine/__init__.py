"""The engine: streams, measures in both worlds, judging, hits. Importing it loads the compiler; import it where a run starts."""

from __future__ import annotations

from redflags.engine.outcome import Clock, Outcome
from redflags.engine.run import engine, judge_book
from redflags.plan.book import BoundBook

__all__ = ["BoundBook", "Clock", "Outcome", "engine", "judge_book"]
