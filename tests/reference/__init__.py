"""The reference evaluator: slow, obvious, row by row, exact; the engine must agree with it.

It shares the expression parser, the rule model and ``units.parse_duration`` with the library, nothing else.
"""

from __future__ import annotations

from tests.reference.chain import Cut, Faults, State, alerts_of, run_chain
from tests.reference.data import Data, Register, Threshold
from tests.reference.episodes import Episode, episodes
from tests.reference.evaluate import Hit, Outcome, evaluate
from tests.reference.values import EMPTY

__all__ = [
    "EMPTY",
    "Cut",
    "Data",
    "Episode",
    "Faults",
    "Hit",
    "Outcome",
    "Register",
    "State",
    "Threshold",
    "alerts_of",
    "episodes",
    "evaluate",
    "run_chain",
]
