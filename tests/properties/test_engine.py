"""The engine against the reference evaluator, on random rules and dense data."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.properties.adapter import comparable, engine_outcome
from tests.properties.batches import Worth
from tests.properties.rules import Example, examples
from tests.reference import Data, Outcome, evaluate
from tests.reference.evaluate import newest


def bounds(example: Example) -> tuple[int, int]:
    """First and newest moment of the data."""
    data = Data(example.tables)
    first, last = data.start(), newest(data)
    assert first is not None
    assert last is not None
    return first, last


def both(example: Example, **how) -> tuple[Outcome, Outcome]:
    first, last = bounds(example)
    theirs = engine_outcome(example.rule, example.tables, example.params, first, last, last - 1, **how)
    return theirs, evaluate(example.rule, example.tables, example.params)


def test_the_engine_agrees_with_the_reference():
    worth = Worth()

    @given(examples(), st.sampled_from([1, 7, 500_000]))
    def check(example, block):
        theirs, ours = both(example, block=block)
        assert comparable(example.rule, theirs) == comparable(example.rule, ours)
        worth.see(hit=bool(ours.hits))

    check()
    worth.check()
