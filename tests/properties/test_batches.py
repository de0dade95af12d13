"""Any cut, any order of rows, any size of blocks: the same alerts, byte for byte."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.properties.adapter import engine_raw
from tests.properties.batches import Worth, batched
from tests.properties.rules import examples
from tests.properties.runs import chain_of_runs, comparable_alerts, reached_by, whole_run
from tests.properties.test_engine import bounds


def test_cuts_do_not_matter_to_the_engine():
    worth = Worth()

    @given(batched())
    def check(batches):
        alerts, evidence, last = chain_of_runs(batches)
        whole = whole_run(batches, reach=reached_by(last))
        assert comparable_alerts(alerts, evidence) == comparable_alerts(whole.alerts, whole.evidence)
        worth.see(hit=whole.alerts.height > 0, cut_open=cuts_an_open_episode(batches, whole.alerts))

    check()
    worth.check(cutting=True)


def cuts_an_open_episode(batches, alerts):
    """Whether some batch ends inside a story: after its first hit, before its last."""
    ends = []
    for cut in batches.cuts[:-1]:
        moments = [
            row[name] for table, name in (("ledger", "booked_at"), ("sessions", "at")) for row in cut.tables[table]
        ]
        ends.append(max(moments))
    return any(first <= end <= last for first, last in alerts.select("first_at", "last_at").iter_rows() for end in ends)


def test_order_of_rows_and_size_of_blocks_do_not_matter():
    @given(examples(), st.randoms(use_true_random=False), st.sampled_from([1, 3, 10]))
    def check(example, random, block):
        first, last = bounds(example)
        shuffled = {name: random.sample(rows, len(rows)) for name, rows in example.tables.items()}
        one = engine_raw(example.rule, example.tables, example.params, first, last, last - 1)
        two = engine_raw(example.rule, shuffled, example.params, first, last, last - 1, block=block)
        assert one.hits.write_json() == two.hits.write_json()
        assert one.not_evaluable.write_json() == two.not_evaluable.write_json()
        assert one.pending.sort("row_id").write_json() == two.pending.sort("row_id").write_json()

    check()
