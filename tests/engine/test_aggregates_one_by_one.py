"""Every aggregate: a value, nulls in the window, no rows in the window."""

from __future__ import annotations

import pytest

from tests.engine.build import detect, hits, hours, judge, row, unjudged

#: name, aggregate, a condition true of 1, 2, 3, 10 (with groups x, x, y, z), and what no rows give
CASES = [
    ("count", {"count": "rows"}, "v = 4", "zero"),
    ("sum", {"sum": "amount_base"}, "v = 16", "zero"),
    ("mean", {"mean": "amount_base"}, "v = 4", "empty"),
    ("std", {"std": "amount_base"}, "v > 4.08 and v < 4.09", "empty"),
    ("min", {"min": "amount_base"}, "v = 1", "empty"),
    ("max", {"max": "amount_base"}, "v = 10", "empty"),
    ("median", {"median": "amount_base"}, "v = 2.5", "empty"),
    ("quantile", {"quantile": "amount_base", "q": "0.75"}, "v = 3", "empty"),
    ("mad", {"mad": "amount_base"}, "v = 1", "empty"),
    ("distinct", {"distinct": "purpose_code"}, "v = 3", "zero"),
    ("first", {"first": "purpose_code"}, "v = 'x'", "empty"),
    ("last", {"last": "purpose_code"}, "v = 'z'", "empty"),
    ("since", {"since": "rows"}, "v = interval '1 hours'", "empty"),
    ("top_sum", {"top_sum": "amount_base", "of": "purpose_code", "n": 2}, "v = 13", "zero"),
    ("hhi", {"hhi": "purpose_code", "weight": "amount_base"}, "v > 0.4609 and v < 0.4610", "empty"),
    ("entropy", {"entropy": "purpose_code"}, "v > 1.499 and v < 1.501", "empty"),
    ("divergence", {"divergence": "purpose_code", "baseline": "10h"}, "v is null", "empty"),
    ("rank", {"rank": "amount_base"}, "v = 0.75", "empty"),
    ("bag", {"bag": "purpose_code"}, "size(v) = 3 and contains(v, 'y')", "zero"),
    ("latest", {"sum": "amount_base", "latest_per": "purpose_code"}, "v = 15", "zero"),
    ("days", {"distinct": "local_date(booked_at)"}, "v = 1", "zero"),
    ("median day", {"median": "local_date(booked_at)"}, "v = date '2026-03-01'", "empty"),
    ("quantile day", {"quantile": "local_date(booked_at)", "q": "0.5"}, "v = date '2026-03-01'", "empty"),
    ("latest moment", {"max": "booked_at"}, "v = booked_at - interval '1 hours'", "empty"),
]
IDS = [case[0] for case in CASES]


def four(**change):
    rows = [
        row(str(n), n, amount, purpose_code=code)
        for n, amount, code in ((0, 1, "x"), (1, 2, "x"), (2, 3, "y"), (3, 10, "z"))
    ]
    rows[1] |= change
    return {"ledger": [*rows, row("j", 4, 4)]}


def earlier(agg):
    return agg | {"within": "5h", "before": "now"}


@pytest.mark.parametrize(("name", "agg", "condition", "none"), CASES, ids=IDS)
def test_a_value(name, agg, condition, none):
    del name, none
    assert "j" in hits(detect({"v": earlier(agg)}, condition), four())


@pytest.mark.parametrize(("name", "agg", "condition", "none"), CASES, ids=IDS)
def test_no_rows(name, agg, condition, none):
    del name, condition
    lonely = {"ledger": [row("j", 4, 4, purpose_code="x")]}
    test = {"count": "v = 0", "bag": "size(v) = 0"}.get(next(iter(agg)), "v = 0") if none == "zero" else "v is null"
    assert hits(detect({"v": earlier(agg)}, test), lonely) == ["j"]
    if none == "empty":
        false = {"first": "v = 'x'", "last": "v = 'x'", "since": "v >= interval '0 days'"}.get(next(iter(agg)), "v > 0")
        false = {"max": "v > booked_at"}.get(next(iter(agg)), false) if "booked_at" in agg.values() else false
        false = "v > date '1970-01-01'" if "local_date(booked_at)" in agg.values() else false
        assert hits(detect({"v": earlier(agg)}, false), lonely) == []
        assert unjudged(detect({"v": earlier(agg)}, false), lonely) == []


@pytest.mark.parametrize(
    ("agg", "unknown"),
    [
        ({"sum": "amount_base"}, True),
        ({"mean": "amount_base"}, True),
        ({"std": "amount_base"}, True),
        ({"top_sum": "amount_base", "of": "purpose_code", "n": 2}, True),
        ({"hhi": "purpose_code", "weight": "amount_base"}, True),
        ({"min": "amount_base"}, False),
        ({"max": "amount_base"}, False),
        ({"median": "amount_base"}, False),
        ({"quantile": "amount_base", "q": "0.5"}, False),
        ({"mad": "amount_base"}, False),
        ({"rank": "amount_base"}, False),
        ({"count": "rows"}, False),
    ],
)
def test_a_null_in_the_window(agg, unknown):
    rule = detect({"v": earlier(agg)}, "v >= 0")
    assert ("j" in unjudged(rule, four(amount_base=None))) is unknown
    assert ("j" in hits(rule, four(amount_base=None))) is not unknown


def test_first_and_last_take_the_row_as_it_is():
    rows = four()
    rows["ledger"][0]["purpose_code"] = None
    assert "j" in unjudged(detect({"v": earlier({"first": "purpose_code"})}, "v = 'x'"), rows)


def test_all_values_null_is_known_empty_where_nulls_are_skipped():
    rows = four()
    for item in rows["ledger"][:4]:
        item["amount_base"] = None
    for op in ("min", "max", "median", "mad"):
        rule = detect({"v": earlier({op: "amount_base"})}, "v > 0 or v is null")
        assert "j" in hits(rule, rows), op


def test_shares_of_a_zero_total_are_unknown():
    rows = four()
    for item in rows["ledger"][:4]:
        item["amount_base"] = 0
    assert "j" in unjudged(detect({"v": earlier({"hhi": "purpose_code", "weight": "amount_base"})}, "v > 0.5"), rows)


def test_a_median_between_two_days_is_the_earlier_one():
    rows = {"ledger": [row("a", 0), row("b", 24), row("c", 48), row("j", 49)]}
    rule = detect({"v": {"median": "local_date(booked_at)", "within": "ever"}}, "v = date '2026-03-02'")
    assert hits(rule, rows) == ["c", "j"]


def test_ties_of_first_and_last_go_by_seq_then_id():
    rows = {
        "ledger": [
            row("b", 0, purpose_code="b", seq=1),
            row("a", 0, purpose_code="a", seq=2),
            row("c", 0, purpose_code="c", seq=2),
        ]
    }
    rule = detect(
        {"x": {"first": "purpose_code", "within": "1h"}, "y": {"last": "purpose_code", "within": "1h"}},
        "x = 'b' and y = 'c'",
    )
    assert hits(rule, rows) == ["b", "a", "c"]


def test_a_sum_beyond_64_bits_is_an_error_that_says_so():
    from redflags.errors import DataError

    rows = {"ledger": [row(str(n), n, 922_337_203_685_477) for n in range(3)]}
    with pytest.raises(DataError, match="does not fit"):
        judge(detect({"v": {"sum": "amount_base", "within": "1d"}}, "v > 1"), rows)


def test_a_derived_amount_beyond_64_bits_is_an_error_that_says_so():
    from redflags.errors import DataError

    rows = {"ledger": [row("a", 0, 9_000_000_000_000)]}
    with pytest.raises(DataError, match="does not fit 64 bits"):
        judge(detect({"v": {"sum": "amount_base * 100000", "within": "1d"}}, "v > 1"), rows)


@pytest.mark.parametrize(("zone", "days"), [("Europe/Vienna", 1), ("UTC", 2), ("Pacific/Auckland", 1)])
def test_local_days_follow_the_clock_over_its_change(zone, days):
    # 2026-03-28 23:30 and 2026-03-29 01:30 UTC: in Vienna both on the 29th, the clocks going forward between
    rows = {
        "ledger": [row("a", 27 * 24 + 23.5), row("b", 28 * 24 + 1.5)],
        "accounts": [{"account_id": "A1", "party_id": "P1", "timezone": zone}],
    }
    rule = detect({"v": {"distinct": "local_date(booked_at)", "within": "1d"}}, f"v = {days}")
    assert "b" in hits(rule, rows)
    assert hours(27 * 24).day == 28


def test_local_time_is_the_data_sets_where_the_account_has_none():
    rows = {"ledger": [row("a", 28 * 24 + 0.5), row("b", 28 * 24 + 1.5)]}
    rule = detect({}, "local_hour(booked_at) = 1 or local_hour(booked_at) = 3")
    assert hits(rule, rows, timezone="Europe/Vienna") == ["a", "b"]
    assert hits(detect({}, "local_weekday(booked_at) = 7"), rows) == ["a", "b"]


def test_the_rank_of_what_is_known_empty_is_known_empty():
    let = {
        "earlier": {"max": "amount_base", "within": "1d", "before": "now"},
        "place": {"rank": "earlier", "within": "1d"},
    }
    rows = {"ledger": [row("a", 0, amount_base="5"), row("b", 1, amount_base="5")]}
    assert hits(detect(let, "place >= 0"), rows) == ["b"]
    assert unjudged(detect(let, "place >= 0"), rows) == []
    assert hits(detect(let, "place is null"), rows) == ["a"]
