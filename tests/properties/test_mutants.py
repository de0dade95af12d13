"""The engine broken on purpose: the properties must notice, or they are too weak to be worth anything."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from unittest import mock

import numpy as np
import pytest
from hypothesis import Phase, find, settings
from hypothesis.errors import NoSuchExample

from redflags.results.state import carry, reach_of
from redflags.results.when import clock_of
from tests.properties.adapter import comparable
from tests.properties.batches import batched
from tests.properties.rules import examples
from tests.properties.runs import chain_of_runs, comparable_alerts, reached_by, whole_run
from tests.properties.streams import STEP
from tests.properties.test_engine import both

UNIT = STEP // timedelta(microseconds=1) + 1  # one step of the grid that moments lie on
WITHIN = 300


def short_reach(rules):
    """Keeps rows for one unit less than the longest look-back."""
    reach = reach_of(rules)
    return None if reach is None else reach - UNIT


def forgetful_carry(*args, **kwargs):
    """Carries no hits of open stories over to the next run."""
    kept, sources = carry(*args, **kwargs)
    return kept.clear(), sources.clear()


def final_tie(*args, **kwargs):
    """Takes the newest moment for final although the rest of its tie may come with the next batch."""
    clock = clock_of(*args, **kwargs)
    return replace(clock, final=clock.upto)


def float_std(values, nulls, lo, hi):
    """A standard deviation from float sums that are added to and evicted from."""
    given = np.zeros(values.size, bool) if nulls is None or nulls.size == 0 else nulls.astype(bool)
    total = squares = 0.0
    first = last = 0
    spread, known = np.zeros(lo.size), np.zeros(lo.size, np.int64)
    numbers = values.astype(np.float64)
    for window in range(lo.size):
        for row in range(last, hi[window]):
            total, squares = total + numbers[row], squares + numbers[row] ** 2
        for row in range(first, lo[window]):
            total, squares = total - numbers[row], squares - numbers[row] ** 2
        first, last = lo[window], max(last, hi[window])
        n = hi[window] - lo[window] - int(given[lo[window] : hi[window]].sum())
        known[window] = n
        if n > 1:
            spread[window] = max(0.0, (squares - total * total / n) / (n - 1)) ** 0.5
    return spread, known


def noticed(strategy, differs):
    """Whether a generated example tells the broken variant from the right one, which is right there."""
    quick = settings(max_examples=WITHIN, phases=[Phase.generate], database=None, derandomize=True, deadline=None)
    try:
        find(strategy, differs, settings=quick)
    except NoSuchExample:
        return False
    return True


def chains_differ(batches):
    alerts, evidence, last = chain_of_runs(batches)
    whole = whole_run(batches, reach=reached_by(last))
    return comparable_alerts(alerts, evidence) != comparable_alerts(whole.alerts, whole.evidence)


def agree(example):
    theirs, ours = both(example)
    return comparable(example.rule, theirs) == comparable(example.rule, ours)


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("redflags.results.state.reach_of", short_reach),
        ("redflags.api.carry", forgetful_carry),
        ("redflags.api.clock_of", final_tie),
    ],
    ids=["look-back one unit short", "no open-episode state", "a cut inside a tie is final"],
)
def test_a_broken_chain_is_noticed(name, broken):
    def differs(batches):
        with mock.patch(name, broken):
            if not chains_differ(batches):
                return False
        return not chains_differ(batches)

    assert noticed(batched(("count", "sum", "max", "last"), plain=True), differs)


def test_float_state_in_std_is_noticed():
    def differs(example):
        with mock.patch("redflags.kernel.std", float_std):
            if agree(example):
                return False
        return agree(example)

    assert noticed(examples(("std",), plain=True, nulls=False, huge=True), differs)
