"""The reference against itself: what must not matter does not, and broken variants are noticed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from tests.properties.batches import Batched, Worth, batched
from tests.properties.rules import examples
from tests.properties.streams import STEP
from tests.reference import Cut, Data, Episode, Faults, State, alerts_of, episodes, evaluate, run_chain

# One grid step: the smallest amount that can matter when all moments lie on the grid.
UNIT = STEP // timedelta(microseconds=1) + 1


def test_row_order_does_not_matter():
    worth = Worth()

    @given(examples(), st.randoms(use_true_random=False))
    def check(example, random):
        shuffled = {name: random.sample(rows, len(rows)) for name, rows in example.tables.items()}
        outcome = evaluate(example.rule, example.tables, example.params)
        assert outcome == evaluate(example.rule, shuffled, example.params)
        worth.see(hit=bool(outcome.hits))

    check()
    worth.check()


def whole(batches: Batched) -> list[Episode]:
    outcome = evaluate(batches.example.rule, batches.whole, batches.example.params)
    return episodes(batches.example.rule, outcome.hits, batches.example.params)


def chained(batches: Batched, faults: Faults | None = None) -> State:
    example = batches.example
    late = batches.lateness // timedelta(microseconds=1)
    return run_chain(
        example.rule, batches.static, list(batches.cuts), lateness=late, faults=faults, params=example.params
    )  # fmt: skip


def test_cuts_do_not_matter():
    worth = Worth()

    @given(batched())
    def check(batches):
        state = chained(batches)
        assert alerts_of(state) == whole(batches)
        assert not state.late
        worth.see(hit=bool(state.alerts), cut_open=bool(state.open_when_cut))

    check()
    worth.check(cutting=True)


@pytest.mark.parametrize(
    "faults",
    [Faults(short=UNIT), Faults(forget_open=True), Faults(final_tie=True)],
    ids=["look-back one unit short", "no open-episode state", "a cut inside a tie is final"],
)
def test_a_broken_chain_is_noticed(faults):
    assert noticed(batched(), lambda batches: alerts_of(chained(batches, faults)) != whole(batches))


def test_float_state_in_std_is_noticed():
    """Sums of floats that are added to and evicted from keep the dust of what they held before."""

    def differs(example):
        data = Data(example.tables)
        broken = run_chain(example.rule, data, [Cut({})], faults=Faults(float_std=True), params=example.params)
        exact = evaluate(example.rule, data, example.params)
        return [hit.facts for hit in broken.outcome.hits] != [hit.facts for hit in exact.hits]

    assert noticed(examples(("std",), plain=True, huge=True), differs)


def noticed(strategy, differs, within=500):
    """The first generated example that tells the broken variant from the right one."""
    quick = settings(max_examples=within, phases=[Phase.generate], database=None, derandomize=True, deadline=None)
    return find(strategy, differs, settings=quick)
