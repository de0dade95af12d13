"""Runs one after the other must end where one whole run ends: same alerts, same words, same evidence."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from redflags import api
from redflags.engine.outcome import Clock, Outcome
from redflags.ingest.dataset import Dataset
from redflags.results.changes import compare, latest_alerts
from redflags.results.state import State
from tests.results.made import bound, hit, hits, policy

RULE = bound(policy("carve-out", "suppress"), policy("cap-low", "cap", to="low"), gap=3)
END = 16


def run(rows: list[dict[str, Any]], clock: Clock, before: State | None) -> tuple[Any, State]:
    outcome = Outcome(RULE, hits(*rows))
    told = api._tell([outcome], Dataset({}, "EUR"), clock, before, None)
    state = State(clock.upto, clock.final, 0, 0, "EUR", "UTC", {}, {}, {}, told.carried, told.sources, told.known)
    return told, state


@st.composite
def true_hits(draw: st.DrawFn) -> list[dict[str, Any]]:
    rows = []
    for n in range(draw(st.integers(0, 12))):
        facts = draw(st.sampled_from([("many",), ("many", "fast"), ("fast",)]))
        policies = draw(st.sampled_from([[], ["carve-out"], ["cap-low"], ["cap-low", "carve-out"]]))
        rows.append(hit(draw(st.integers(0, END)), f"T{n:02}/in", facts, policies=policies))
    return rows


@st.composite
def clocks(draw: st.DrawFn) -> list[Clock]:
    made, final = [], None
    for upto in sorted(draw(st.sets(st.integers(1, END), max_size=4)) | {END + 1}):
        last = upto == END + 1
        lag = draw(st.integers(0, 6)) if not last else draw(st.integers(0, 3))
        now = upto - lag if final is None else max(final, upto - lag)
        made.append(Clock(final, upto, now, 0))
        final = now
    return made


@given(true_hits(), clocks(), st.randoms(use_true_random=False))
def test_a_chain_of_runs_ends_where_the_whole_run_ends(rows, chain, random):
    whole, _ = run(rows, Clock(None, chain[-1].upto, chain[-1].final, 0), None)
    state: State | None = None
    said = []
    for clock in chain:
        after = -1 if clock.judged_after is None else clock.judged_after
        seen = [row for row in rows if after < row["moment"] <= clock.upto]
        if clock is not chain[-1]:
            # What is not final may still be wrong: hits that are missing, changed, or should not be there.
            open_now = [row for row in seen if row["moment"] > clock.final]
            seen = [row for row in seen if row["moment"] <= clock.final]
            seen += [row for row in open_now if random.random() < 0.6]
            if clock.upto > clock.final and random.random() < 0.6:
                seen.append(hit(clock.upto, f"X{clock.upto}/in", ("far",)))
        told, state = run(seen, clock, state)
        said.append((told.stories.alerts, told.withdrawn))
    assert_frame_equal(latest_alerts(said), whole.stories.alerts)
    assert state is not None
    live = state.known.filter(pl.col("was") == "alert")
    assert sorted(live["alert_id"]) == sorted(whole.stories.alerts["alert_id"])


def test_what_does_not_change_is_not_said_again():
    rows = [hit(1, "T1/in"), hit(2, "T2/in", subject="P2")]
    _, state = run(rows, Clock(None, 3, 3, 0), None)
    told, state = run([hit(4, "T3/in")], Clock(3, 4, 4, 0), state)
    assert told.stories.alerts["subject_id"].to_list() == ["P1"]
    told, state = run([], Clock(4, 5, 5, 0), state)
    assert told.stories.alerts.select("subject_id", "state").rows() == [("P2", "closed")]
    told, _ = run([], Clock(5, 6, 6, 0), state)
    assert told.stories.alerts.height == 0


def test_a_provisional_alert_that_does_not_hold_is_withdrawn():
    told, state = run([hit(5, "T1/in")], Clock(None, 5, 4, 0), None)
    assert told.stories.alerts["state"].to_list() == ["provisional"]
    gone = told.stories.alerts["alert_id"].item()
    told, state = run([], Clock(4, 6, 5, 0), state)
    assert told.withdrawn.select("alert_id", "was").rows() == [(gone, "alert")]
    assert state.known.height == 0


def test_an_alert_whose_only_free_hit_was_provisional_goes_back_behind_its_policy():
    free = hit(5, "T2/in")
    told, state = run([hit(3, "T1/in", policies=["carve-out"]), free], Clock(None, 5, 4, 0), None)
    assert (told.stories.alerts.height, told.stories.suppressed.height) == (1, 0)
    told, state = run([], Clock(4, 6, 5, 0), state)
    assert told.withdrawn.height == 1
    assert told.stories.suppressed.height == 1
    assert state.known["was"].to_list() == ["suppressed"]


def test_evidence_of_earlier_batches_keeps_its_source():
    moves = pl.DataFrame({"txn_id": ["T1"], "source_file": ["monday.csv"], "source_row": [4]})
    outcome = Outcome(RULE, hits(hit(1, "T1/in")))
    told = api._tell([outcome], Dataset({"transactions": moves}, "EUR"), Clock(None, 2, 2, 0), None, None)
    state = State(2, 2, 0, 0, "EUR", "UTC", {}, {}, {}, told.carried, told.sources, told.known)
    told, _ = run([hit(3, "T2/in")], Clock(2, 3, 3, 0), state)
    sources = dict(told.stories.evidence.select("row_id", "source_file").iter_rows())
    assert sources == {"T1/in": "monday.csv", "T2/in": None}


def test_stories_of_raw_history_are_reported_only_when_they_go_on():
    old, new = hit(1, "T1/in"), hit(9, "T2/in", subject="P2")
    outcome = Outcome(RULE, hits(old, new))
    told = api._tell([outcome], Dataset({}, "EUR"), Clock(None, 9, 9, 0), None, 5)
    assert told.stories.alerts["subject_id"].to_list() == ["P2"]
    assert told.known.height == 2


@pytest.mark.parametrize("forget", ["hits", "known"])
def test_a_state_that_forgets_is_noticed(forget):
    rows = [hit(1, "T1/in"), hit(3, "T2/in")]
    whole, _ = run(rows, Clock(None, 4, 4, 0), None)
    first, state = run(rows[:1], Clock(None, 2, 2, 0), None)
    broken = State(
        2, 2, 0, 0, "EUR", "UTC", {}, {}, {},
        state.hits.clear() if forget == "hits" else state.hits, state.origins,
        state.known.clear() if forget == "known" else state.known,
    )  # fmt: skip
    second, _ = run(rows[1:], Clock(2, 4, 4, 0), broken)
    said = [(told.stories.alerts, told.withdrawn) for told in (first, second)]
    same = latest_alerts(said).equals(whole.stories.alerts)
    assert same == (forget == "known")


def test_nothing_changes_against_itself():
    told, _ = run([hit(1, "T1/in")], Clock(None, 2, 2, 0), None)
    again = compare(told.stories, told.known)
    assert again.stories.alerts.height == again.withdrawn.height == 0
