"""The reference evaluator on examples worked out by hand."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from decimal import Decimal
from fractions import Fraction

import pytest

from tests.reference import (
    EMPTY,
    Cut,
    Data,
    Faults,
    Register,
    Threshold,
    alerts_of,
    episodes,
    evaluate,
    run_chain,
)
from tests.reference.build import START, detect, entry, hours, make_rule
from tests.reference.data import TIMES
from tests.reference.delays import EVER, lookback_of
from tests.reference.evaluate import bind
from tests.reference.measures import divergence, entropy, hhi, mad, median, quantile, rank, root, top_sum
from tests.reference.streams import World
from tests.reference.values import micros

HOUR = 3_600_000_000


def observed(rule, rows, name="x", **data):
    """Value of ``name`` at each row; a row that does not hit is absent."""
    outcome = evaluate(rule, Data({"ledger": rows}, **data))
    return {hit.row_id.split("/")[0]: hit.observed[name] for hit in outcome.hits}


def measured(agg, rows, **more):
    return observed(make_rule(detect({"x": agg}, "true", **more)), rows)


def ids(found):
    return [name.split("/")[0] for name in found]


ROWS = [entry("a", 0, 10), entry("b", 2, 20), entry("c", 2, 30), entry("d", 4, 40)]


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ({"within": "2h"}, {"a": 10, "b": 50, "c": 50, "d": 40}),  # left open, right closed, ties in
        ({"within": "2h", "before": "now"}, {"a": 0, "b": 0, "c": 0, "d": 0}),  # (t - 2h, t)
        ({"within": "3h", "before": "now"}, {"a": 0, "b": 10, "c": 10, "d": 50}),
        ({"within": "2h", "before": "2h"}, {"a": 0, "b": 10, "c": 10, "d": 50}),  # (t - 4h, t - 2h]
        ({"within": "ever"}, {"a": 10, "b": 60, "c": 60, "d": 100}),
    ],
)
def test_windows(window, expected):
    assert measured({"sum": "amount", **window}, ROWS) == expected


def test_after_reads_ahead_and_moves_the_moment():
    rule = make_rule(detect({"x": {"sum": "amount", "within": "1h", "after": "2h"}}, "x > 0"))
    outcome = evaluate(rule, {"ledger": ROWS}, upto=hours(5))
    assert [(hit.row_id, hit.observed["x"], hit.moment) for hit in outcome.hits] == [
        ("a/in", 60, micros(hours(2))),
        ("b/in", 90, micros(hours(4))),
        ("c/in", 90, micros(hours(4))),
    ]
    assert outcome.pending == ("d/in",)


def test_source_rows_with_and_without_where():
    rows = [entry("a", 0, 10), entry("b", 1, 20, instrument="wire"), entry("c", 2, 30)]
    let = {
        "plain": {"sum": "amount", "within": "1d"},
        "every": {"sum": "amount", "within": "1d", "where": "amount > 0"},
        "narrow": {"sum": "amount", "within": "1d", "where": "judged and amount > 10"},
    }
    rule = make_rule(detect(let, "true", where="instrument = 'cash'"))
    last = evaluate(rule, {"ledger": rows}).hits[-1].observed
    assert (last["plain"], last["every"], last["narrow"]) == (40, 60, 30)


def test_keys_by_match_and_null_keys():
    rows = [
        entry("a", 0, 10, party_id="P1", counterparty_key="P2"),
        entry("b", 1, 20, party_id="P2", counterparty_key="P1"),
        entry("c", 2, 30, party_id="P2", counterparty_key=None),
    ]
    let = {
        "mine": {"sum": "amount", "within": "ever"},
        "all": {"sum": "amount", "within": "ever", "by": []},
        "theirs": {"sum": "amount", "within": "ever", "match": {"party_id": "counterparty_key"}},
    }
    rule = make_rule(detect(let, "true"))
    found = {hit.row_id: tuple(hit.observed.values()) for hit in evaluate(rule, {"ledger": rows}).hits}
    assert found == {"a/in": (10, 10, 0), "b/in": (20, 30, 10), "c/in": (50, 60, None)}


def test_unknown_filters_are_tried_both_ways():
    rows = [entry("a", 0), entry("b", 1, instrument=None), entry("c", 2)]
    agg = {"count": "rows", "within": "1d", "where": "instrument = 'cash'"}
    certain = evaluate(make_rule(detect({"x": agg}, "x >= 1")), {"ledger": rows})
    assert ids(hit.row_id for hit in certain.hits) == ["a", "b", "c"]
    outcome = evaluate(make_rule(detect({"x": agg}, "x >= 3")), {"ledger": rows})
    assert (outcome.hits, outcome.not_evaluable) == ((), {"c/in": "filters"})
    judged = evaluate(make_rule(detect({}, "true", where="instrument = 'cash'")), {"ledger": rows})
    assert judged.not_evaluable == {"b/in": "where"}


def test_null_values():
    rows = [entry("a", 0, 10), entry("b", 1, None), entry("c", 2, 30)]

    def last(agg):
        return measured({**agg, "within": "1d"}, rows)["c"]

    assert last({"sum": "amount"}) is None
    assert last({"mean": "amount"}) is None
    assert last({"max": "amount"}) == 30
    assert last({"distinct": "amount"}) == 2
    assert last({"last": "amount"}) == 30
    assert measured({"last": "amount", "within": "1d"}, rows)["b"] is None


def test_known_empty():
    rows = [entry("a", 0, 10)]
    let = {"x": {"max": "amount", "within": "1d", "before": "now"}}
    truths = {
        "x > 5": False, "x <> 5": False, "not (x > 5)": True, "x is null": True, "coalesce(x, 3) = 3": True,
        "x + 1 > 0": False, "x is distinct from 3": True, "x not in (1)": True, "x between 1 and 2": False,
        "x not between 1 and 2": True, "abs(x) is null": True,
        "case when x > 1 then false else true end": True,
    }  # fmt: skip
    for text, expected in truths.items():
        outcome = evaluate(make_rule(detect(let, text)), {"ledger": rows})
        assert (bool(outcome.hits), outcome.not_evaluable) == (expected, {}), text


def test_aggregates_of_known_lists():
    assert median([1, 4, None, 2]) == 2
    assert median([1, 2]) == Fraction(3, 2)
    assert mad([1, 2, 6]) == 1
    assert quantile([4, 1, 3, 2], Fraction(1, 2)) == 2
    assert quantile([4, 1, 3, 2], Fraction(51, 100)) == 3
    assert rank([1, 2, 2, 3], 2) == Fraction(1, 4)
    assert hhi(["a", "a", "b", "b"], [1, 1, 1, 1]) == 0.5
    assert hhi(["a"], [0]) is None
    assert entropy(["a", "b", "c", "d"]) == 2.0
    assert top_sum([1, 2, 3, 4], ["a", "b", "a", "c"], 2) == 8
    assert divergence(["a"], ["b"]) == 1.0
    assert divergence(["a", "b"], ["b", "a"]) == 0.0
    assert divergence(["a"], []) is EMPTY
    assert root(Fraction(2)) == math.sqrt(2)


def test_std_and_since_and_order_within_ties():
    rows = [entry("b", 0, 2), entry("a", 0, 4), entry("c", 1, 6)]
    assert measured({"std": "amount", "within": "1d"}, rows) == {
        "a": math.sqrt(2),
        "b": math.sqrt(2),
        "c": 2.0,
    }
    assert measured({"last": "amount", "within": "1d"}, rows) == {"a": 2, "b": 2, "c": 6}  # a, then b
    later = [{**row, "seq": seq} for row, seq in zip(rows, (1, 2, 3), strict=True)]
    assert measured({"last": "amount", "within": "1d"}, later)["b"] == 4  # seq outranks the id
    since = measured({"since": "rows", "within": "ever", "before": "now"}, rows)
    assert since == {"a": EMPTY, "b": EMPTY, "c": HOUR}


def test_latest_per_and_bag():
    rows = [entry("a", 0, 10), entry("b", 1, 20), entry("c", 2, 30, counterparty_key=None)]
    assert measured({"sum": "amount", "within": "1d", "latest_per": "counterparty_key"}, rows)["c"] == 20
    assert measured({"bag": "counterparty_key", "within": "1d"}, rows)["c"] == ("C1",)


def test_aggregate_over_aggregate_at_the_inner_row():
    rows = [entry("a", 0), entry("b", 1), entry("c", 2), entry("d", 30)]
    let = {"n": {"count": "rows", "within": "1d"}, "x": {"max": "n", "within": "3d"}}
    assert observed(make_rule(detect(let, "true")), rows) == {"a": 1, "b": 2, "c": 3, "d": 3}


def test_complete_and_openings():
    rows = [entry("a", 0), entry("b", 48)]
    rule = make_rule(detect({"x": {"count": "rows", "within": "1d", "complete": True}}, "true", key="account_id"))

    def at(opened):
        accounts = [{"account_id": "A1", "opened_at": opened}]
        outcome = evaluate(rule, {"ledger": rows, "accounts": accounts})
        return [hit.observed["x"] for hit in outcome.hits]

    assert at(hours(-1)) == [None, 1]
    assert at(hours(0)) == [1, 1]
    assert at(None) == [None, 1]


def test_other_stream_views_and_union():
    watch = [{"watch_id": f"w{at}", "seen_at": hours(at), "party_id": "P1", "weight": at} for at in (0, 1)]
    views = {
        "both": {"from": ["ledger", "watch"], "let": {"size": "coalesce(amount, weight)"}},
        "seen": {"from": "watch", "where": "weight > 0"},
    }
    let = {"x": {"count": "rows", "from": "seen", "within": "1d"}}
    outcome = evaluate(make_rule(detect(let, "true"), views=views), {"ledger": [entry("a", 2)], "watch": watch})
    assert outcome.hits[0].observed == {"x": 1}
    union = detect({"x": {"sum": "size", "within": "1d"}}, "_stream = 'ledger'", **{"from": "both"})
    assert _sum(evaluate(make_rule(union, views=views), {"ledger": [entry("a", 2)], "watch": watch})) == [101]


def _sum(outcome):
    return [hit.observed["x"] for hit in outcome.hits]


def test_stacked_view_filters_by_an_aggregate():
    views = {"busy": {"from": "ledger", "key": "party_id", "let": {"n": {"count": "rows", "within": "1d"}}}}
    rule = make_rule(
        detect({"x": {"count": "rows", "within": "1d"}}, "x >= 2", **{"from": "busy", "where": "n >= 2"}),
        views=views,
    )
    assert ids(h.row_id for h in evaluate(rule, {"ledger": [entry("a", 0), entry("b", 1), entry("c", 2)]}).hits) == [
        "c"
    ]


def test_each_and_at():
    data = Data(
        {
            "ledger": [entry("a", 10)],
            "watch": [
                {"party_id": "P1", "level": 1, "valid_from": hours(0), "valid_to": hours(10)},
                {"party_id": "P1", "level": 2, "valid_from": hours(0), "valid_to": None},
                {"party_id": "P1", "level": 3, "valid_from": hours(10), "valid_to": None},
            ],
        },
        registers={"watch": Register(("party_id",))},
    )
    body = detect({}, "w.level >= 2", each={"w": "rows_of(watch, party_id)"}, at="booked_at + interval '2 hours'")
    outcome = evaluate(make_rule(body), data, upto=hours(20))
    assert [(hit.row_id, hit.moment) for hit in outcome.hits] == [
        ("a/in#1", micros(hours(12))),
        ("a/in#2", micros(hours(12))),
    ]


def test_registers_paths_and_thresholds():
    data = Data(
        {
            "ledger": [
                entry("a", 0, 10000),
                entry("b", 10, 10000),
                entry("c", 11, 10001, branch_country="US"),
            ],
            "parties": [
                {"party_id": "P1", "sector": "old", "valid_from": None, "valid_to": hours(10)},
                {"party_id": "P1", "sector": "new", "valid_from": hours(10), "valid_to": None},
            ],
            "goods": [{"hs": "9301", "place": "*"}],
            "party_links": [{"party_id": "P2", "related_party_id": "P1", "role": "director"}],
        },
        registers={
            "goods": Register(("hs", "place"), {"hs": "prefix", "place": "wildcard"}),
            "parties": Register(("party_id",)),  # dated here
        },
        thresholds=(
            Threshold("cash", "US", "EUR", Fraction(10000), ">"),
            Threshold("cash", "default", "EUR", Fraction(10000), ">="),
        ),
    )

    def hits(text):
        return ids(hit.row_id for hit in evaluate(make_rule(detect({}, text)), data).hits)

    assert hits("party.sector = 'old'") == ["a"]
    assert hits("value_of('parties.sector', party_id) = 'new'") == ["b", "c"]
    assert hits("listed('goods', '930120', 'XX')") == ["a", "b", "c"]
    assert hits("listed('goods', '94')") == []
    assert hits("linked(party_id, 'P2', 'director') and not linked(party_id, 'P2', 'owner')") == [
        "a",
        "b",
        "c",
    ]
    assert hits("reaches('cash', coalesce(branch_country, 'FR'), amount, currency)") == ["a", "b", "c"]
    assert hits("reaches('cash', 'US', amount, currency)") == ["c"]
    assert hits("found(party) and not found(counterparty)") == []  # no such column: the rule cannot run
    assert evaluate(make_rule(detect({}, "nothing = 1")), data).missing


def test_local_time_follows_the_account_over_a_clock_change():
    rows = [
        entry("a", 28 * 24 + 0.5),
        entry("b", 28 * 24 + 1.5),
    ]  # 29 March 2026, summer time starts at 01:00 UTC
    data = {"accounts": [{"account_id": "A1", "timezone": "Europe/Vienna"}]}
    rule = make_rule(detect({"x": "local_hour(booked_at)"}, "true"))
    outcome = evaluate(rule, Data({"ledger": rows, **data}, timezone="UTC"))
    assert [hit.observed["x"] for hit in outcome.hits] == [1, 3]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("yes or perhaps", "hit"), ("yes and perhaps", "unknown"), ("no and perhaps", "none"),
        ("at_least(1, yes, perhaps)", "hit"), ("at_least(2, yes, perhaps)", "unknown"),
        ("at_least(3, yes, perhaps, no)", "none"), ("points(yes, perhaps) >= 10", "hit"),
        ("points(yes, perhaps) >= 15", "unknown"), ("points(yes, perhaps) >= 31", "none"),
        ("not no", "hit"),
    ],
)  # fmt: skip
def test_when(when, expected):
    facts = {
        name: {"is": "frequency", "if": text, "points": points}
        for name, text, points in (("yes", "1 = 1", 10), ("no", "1 = 2", 5), ("perhaps", "amount > 0", 20))
    }
    body = {"from": "ledger", "subject": "party_id", "facts": facts, "when": when}
    outcome = evaluate(make_rule(body), {"ledger": [entry("a", 0, None)]})
    found = "hit" if outcome.hits else "unknown" if outcome.not_evaluable else "none"
    assert found == expected


def test_episodes_scores_and_peak():
    facts = {
        "f": {"is": "frequency", "if": "true"},
        "big": {"is": "amount", "if": "amount > 100", "points": 20},
        "wire": {"is": "amount", "if": "instrument = 'wire'", "points": 20},
    }
    rule = make_rule({"from": "ledger", "subject": "party_id", "facts": facts, "when": "f"}, gap="2h", score=40)
    rows = [
        entry("a", 0), entry("b", 2, 200), entry("c", 4, instrument="wire"), entry("d", 6.5),
        entry("e", 0, party_id="P2"),
    ]  # fmt: skip
    found = episodes(rule, evaluate(rule, {"ledger": rows}).hits)
    assert [(e.first_row, e.hits, e.score, e.peak_row) for e in found] == [
        ("a/in", 3, 80, "b/in"), ("e/in", 1, 40, "e/in"), ("d/in", 1, 40, "d/in"),
    ]  # fmt: skip


def test_params_are_exact():
    params = {
        "share": {"type": "ratio", "default": "0.1", "why": "test"},
        "span": {"type": "duration", "default": "2h", "why": "test"},
    }
    rule = make_rule(detect({"x": {"sum": "amount", "within": "$span"}}, "x * $share = 0.3"), params=params)
    rows = [entry("a", 0, "1"), entry("b", 1, "2")]
    assert ids(h.row_id for h in evaluate(rule, {"ledger": rows}).hits) == ["b"]
    assert evaluate(rule, {"ledger": rows}, {"span": "1h"}).hits == ()


def reach(let, **more):
    rule = make_rule(detect(let, " and ".join(f"{name} is not null" for name in let), **more))
    return lookback_of(World(rule, Data({"ledger": []}), bind(rule), unknown_in=False))


def test_lookback_adds_up_over_nesting():
    n = {"count": "rows", "within": "2h", "before": "1h"}
    assert reach({"n": n}) == 3 * HOUR
    assert reach({"n": n, "x": {"max": "n", "within": "5h"}}) == 8 * HOUR
    assert reach({"n": {"count": "rows", "within": "2h", "after": "4h"}}) == 6 * HOUR
    assert reach({"n": {"count": "rows", "within": "ever"}}) >= EVER


def cuts_of(rows, *places):
    edges = [0, *places, len(rows)]
    return [Cut({"ledger": rows[a:b]}) for a, b in itertools.pairwise(edges)]


CHAIN = make_rule(detect({"x": {"count": "rows", "within": "3h", "before": "1h"}}, "x >= 2"), gap="4h")
STREAM = [entry(f"t{i}", at) for i, at in enumerate((0, 1, 2, 2, 3, 4, 6, 7, 9, 9, 10, 12))]


@pytest.mark.parametrize("places", [(4,), (2, 3, 9), (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)])
def test_a_chain_of_batches_ends_where_a_whole_run_ends(places):
    whole = episodes(CHAIN, evaluate(CHAIN, {"ledger": STREAM}).hits)
    assert whole
    assert alerts_of(run_chain(CHAIN, Data({}), cuts_of(STREAM, *places))) == whole


@pytest.mark.parametrize(
    "faults",
    [Faults(short=HOUR + 1), Faults(forget_open=True), Faults(final_tie=True)],
    ids=["short", "open", "tie"],
)
def test_a_broken_chain_does_not(faults):
    whole = episodes(CHAIN, evaluate(CHAIN, {"ledger": STREAM}).hits)
    every = range(1, len(STREAM))
    assert any(alerts_of(run_chain(CHAIN, Data({}), cuts_of(STREAM, cut), faults=faults)) != whole for cut in every)


def test_helpers_agree_with_the_tables_that_tests_use():
    assert micros(START + dt.timedelta(microseconds=1)) == micros(START) + 1
    assert TIMES["ledger"] == "booked_at"
    assert Decimal("0.1") == Fraction(1, 10)
