"""Streams, views and windows, one meaning at a time, on a handful of rows."""

from __future__ import annotations

import pytest

from redflags.plan.scope import BindError
from tests.engine.build import detect, hits, hours, judge, make_rule, micros, row, unjudged

PAIR = {"ledger": [row("a", 0), row("b", 1), row("c", 2)]}


def counted(condition="n >= 2", **agg):
    return detect({"n": {"count": "rows", **agg}}, condition)


# ---- edges of windows ----------------------------------------------------------------------------


def test_the_left_edge_is_open_and_the_right_edge_closed():
    assert hits(counted(within="1h"), PAIR) == []
    assert hits(counted(within="3601s"), PAIR) == ["b", "c"]


def test_ties_at_the_right_edge_are_in_whatever_their_order():
    ties = {"ledger": [row("a", 0), row("b", 0), row("c", 0)]}
    assert hits(counted("n = 3", within="1h"), ties) == ["a", "b", "c"]


def test_before_now_leaves_the_tie_out_but_moves_no_edge():
    rows = {"ledger": [row("a", 0), row("b", 1), row("c", 1), row("d", 2)]}
    assert hits(counted("n = 1", within="90m", before="now"), rows) == ["b", "c"]
    assert hits(counted("n = 2", within="90m", before="now"), rows) == ["d"]


def test_before_moves_both_edges():
    rows = {"ledger": [row(name, at) for name, at in zip("abcd", (0, 1, 2, 3), strict=True)]}
    assert hits(counted("n = 1", within="1h", before="1h"), rows) == ["b", "c", "d"]
    assert hits(counted("n = 2", within="2h", before="1h"), rows) == ["c", "d"]


def test_after_reaches_forward_and_moves_the_judgement():
    outcome = judge(counted("n = 2", within="1h", after="1h"), PAIR)
    assert outcome.hits["row_id"].to_list() == ["a/in", "b/in"]
    assert (outcome.hits["moment"] - outcome.hits["at"]).unique().to_list() == [3_600_000_000]


def test_before_and_after_together_span_from_before_within_to_after():
    rows = {"ledger": [row(name, at) for name, at in zip("abcd", (0, 1, 2, 3), strict=True)]}
    # (t - 1h - 1h, t + 1h]: at b that is a, b and c
    assert hits(counted("n = 3", within="1h", before="1h", after="1h"), rows) == ["b", "c", "d"][:2]


def test_rows_whose_judgement_lies_after_the_run_are_pending():
    outcome = judge(counted("n >= 1", within="1h", after="1h"), PAIR, upto=micros(hours(1.5)))
    assert outcome.hits["row_id"].to_list() == ["a/in"]
    assert outcome.pending["row_id"].to_list() == ["b/in"]


def test_within_ever_has_no_left_edge():
    rows = {"ledger": [row("a", 0), row("b", 100_000)]}
    assert hits(counted(within="ever"), rows) == ["b"]


# ---- what an aggregate reads ---------------------------------------------------------------------


def test_an_aggregate_without_where_reads_the_judged_rows_only():
    rows = {"ledger": [row("a", 0, instrument="wire"), row("b", 1), row("c", 2)]}
    rule = counted(within="1d") | {"where": "instrument = 'cash'"}
    assert hits(rule, rows) == ["c"]


def test_with_where_it_reads_all_rows_that_satisfy_it():
    rows = {"ledger": [row("a", 0, instrument="wire"), row("b", 1), row("c", 2)]}
    rule = counted("n = 1", within="1d", where="instrument = 'wire'") | {"where": "instrument = 'cash'"}
    assert hits(rule, rows) == ["b", "c"]


def test_judged_names_the_views_own_condition():
    rows = {"ledger": [row("a", 0, 5), row("b", 1, 50), row("c", 2, 50, instrument="wire")]}
    rule = counted("n = 1", within="1d", where="judged and amount_base > 10") | {"where": "instrument = 'cash'"}
    assert hits(rule, rows) == ["b"]


def test_scope_never_narrows_a_window():
    rows = {
        "ledger": [row("a", 0, account_id="A2"), row("b", 1)],
        "accounts": [
            {"account_id": "A1", "party_id": "P1", "product": "gold"},
            {"account_id": "A2", "party_id": "P1", "product": "plain"},
        ],
    }
    rule = make_rule(counted(within="1d"), scope={"products": ["gold"]})
    assert hits(rule, rows) == ["b"]


def test_by_nothing_is_everyone():
    rows = {"ledger": [row("a", 0, party_id="P1"), row("b", 1, party_id="P2"), row("c", 2, party_id=None)]}
    assert hits(counted(within="1d", by=[]), rows) == ["b"]
    rows["ledger"].append(row("d", 3))
    assert hits(counted("n = 4", within="1d", by=[]), rows) == ["d"]


def test_a_row_about_nobody_known_is_not_evaluable():
    rows = {"ledger": [row("a", 0, party_id=None), row("b", 1)]}
    assert hits(detect({}, "1 = 1"), rows) == ["b"]
    assert unjudged(detect({}, "1 = 1"), rows) == ["a"]


def test_by_replaces_the_default_key():
    rows = {"ledger": [row("a", 0, party_id="P1"), row("b", 1, party_id="P2"), row("c", 2, account_id="A2")]}
    assert hits(counted(within="1d", by="account_id"), rows) == ["b"]


def test_a_null_key_is_not_evaluable_and_in_no_window():
    rows = {"ledger": [row("a", 0, party_id=None), row("b", 1), row("c", 2)]}
    assert hits(counted(within="1d"), rows) == ["c"]
    assert unjudged(counted(within="1d"), rows) == ["a"]


def test_composite_keys_hold_all_their_parts_apart():
    rows = {"ledger": [row("a", 0), row("b", 1, currency="USD"), row("c", 2), row("d", 3, currency="USD")]}
    rule = counted(within="1d") | {"key": ["party_id", "currency"]}
    assert hits(rule, rows) == ["c", "d"]


def test_a_key_with_a_separator_in_it_is_not_another_key():
    rows = {
        "ledger": [
            row("a", 0, party_id="x|y", counterparty_key="z"),
            row("b", 1, party_id="x", counterparty_key="y|z"),
        ]
    }
    rule = counted(within="1d") | {"key": ["party_id", "counterparty_key"]}
    assert hits(rule, rows) == []


def test_match_to_another_stream():
    rows = {
        "ledger": [row("a", 1), row("b", 3, account_id="A2")],
        "sessions": [
            {"session_id": "s1", "at": hours(0), "account_id": "A1", "device_id": "D"},
            {"session_id": "s2", "at": hours(2), "account_id": "A1", "device_id": "D"},
        ],
    }
    rule = detect(
        {"n": {"count": "rows", "from": "sessions", "match": {"account_id": "account_id"}, "within": "1d"}},
        "n = 1",
    )
    assert hits(rule, rows) == ["a"]


def test_match_to_invoices_by_the_reference_of_a_payment():
    rows = {
        "ledger": [
            row("a", 5, invoice_ref="I1"),
            row("b", 6, invoice_ref="I2"),
            row("c", 7, invoice_ref=None),
        ],
        "invoices": [
            {"invoice_id": "I1", "issued_at": hours(1), "currency": "EUR", "amount_base": 70},
        ],
    }
    let = {
        "billed": {
            "sum": "amount_base",
            "from": "invoices",
            "match": {"invoice_id": "invoice_ref"},
            "within": "30d",
        }
    }
    assert hits(detect(let, "billed > 0"), rows) == ["a"]
    assert unjudged(detect(let, "billed > 0"), rows) == ["c"]


def test_the_parts_of_a_match_must_be_of_one_kind():
    let = {"n": {"count": "rows", "match": {"booked_at": "party_id"}, "within": "1d"}}
    with pytest.raises(BindError, match="key"):
        judge(detect(let, "n > 1"), PAIR)


def test_latest_per_keeps_the_last_row_of_each_value():
    rows = {
        "ledger": [
            row("a", 0, 10, counterparty_key="X"),
            row("b", 1, 1, counterparty_key="X"),
            row("c", 2, 5, counterparty_key="Y"),
            row("d", 3, 7, counterparty_key=None),
        ]
    }
    let = {"s": {"sum": "amount_base", "within": "1d", "latest_per": "counterparty_key"}}
    assert hits(detect(let, "s = 6"), rows) == ["c", "d"]


# ---- views ---------------------------------------------------------------------------------------


def test_a_stacked_view_filters_by_an_aggregate():
    views = {
        "busy": {"from": "ledger", "key": "party_id", "let": {"n": {"count": "rows", "within": "1d"}}},
        "late": {"from": "busy", "where": "n >= 2"},
    }
    rule = detect({"m": {"count": "rows", "within": "1d"}}, "m = 2", **{"from": "late"})
    assert hits(rule, PAIR, views=views) == ["c"]


def test_a_row_that_a_stacked_filter_may_let_in_is_not_evaluable():
    rows = {"ledger": [row("a", 0, instrument=None), row("b", 1)]}
    views = {
        "busy": {
            "from": "ledger",
            "key": "party_id",
            "let": {"n": {"count": "rows", "where": "instrument = 'cash'", "within": "1d"}},
        }
    }
    rule = detect({}, "1 = 1", **{"from": "busy", "where": "n >= 2"})
    assert hits(rule, rows, views=views) == []
    assert unjudged(rule, rows, views=views) == ["b"]


def test_each_repeats_a_row_per_valid_register_row():
    rows = {
        "ledger": [row("a", 0), row("b", 10)],
        "party_links": [
            {
                "party_id": "P1",
                "related_party_id": "X",
                "role": "owner",
                "valid_from": hours(-1),
                "valid_to": hours(5),
            },
            {
                "party_id": "P1",
                "related_party_id": "Y",
                "role": "director",
                "valid_from": hours(-1),
                "valid_to": None,
            },
        ],
    }
    rule = detect({}, "1 = 1", each={"l": "rows_of('party_links', party_id)"}, where="l.role in ('owner', 'director')")
    assert judge(rule, rows).hits["row_id"].to_list() == ["a/in#1", "a/in#2", "b/in#1"]


def test_at_moves_a_row_to_a_later_moment_and_null_drops_it():
    rows = {"ledger": [row("a", 0), row("b", 1, instrument="wire"), row("c", 3)]}
    rule = detect(
        {"n": {"count": "rows", "within": "90m"}},
        "n = 2",
        at="case when instrument = 'cash' then booked_at + interval '2 hours' end",
    )
    rows["ledger"].append(row("d", 4))
    outcome = judge(rule, rows)
    assert outcome.hits["row_id"].to_list() == ["d/in"]
    assert judge(rule | {"facts": {"f": {"is": "frequency", "if": "n >= 1"}}}, rows).judged == 3


def test_at_is_never_before_the_source_row():
    rule = detect({}, "1 = 1", at="booked_at - interval '5 hours'")
    outcome = judge(rule, PAIR)
    assert [at - hours(n).timestamp() * 1_000_000 for n, at in enumerate(outcome.hits["at"])] == [0, 0, 0]


def test_table_at_column_uses_another_time_column():
    rows = {
        "policies": [
            {"policy_id": "p1", "holder_party_id": "P1", "issued_at": hours(0), "ended_at": hours(9)},
            {"policy_id": "p2", "holder_party_id": "P1", "issued_at": hours(1), "ended_at": None},
        ]
    }
    rule = detect({}, "1 = 1", **{"from": "policies@ended_at", "subject": "holder_party_id"})
    outcome = judge(rule, rows)
    assert outcome.hits["row_id"].to_list() == ["p1"]
    assert outcome.hits["at"].to_list() == [micros(hours(9))]


def test_changes_of_a_register_are_a_stream():
    rows = {"segments": [{"party_id": "P1", "segment": "retail", "valid_from": hours(0), "valid_to": hours(5)}]}
    rule = detect({}, "change = 'ended'", **{"from": "changes(segments)"})
    outcome = judge(rule, rows)
    assert outcome.hits["at"].to_list() == [micros(hours(5))]


def test_only_booked_rows_unless_everything_is_asked_for():
    rows = {"ledger": [row("a", 0), row("b", 1, status="rejected"), row("c", 2, status=None)]}
    assert hits(counted("n = 2", within="1d"), rows) == ["c"]
    assert hits(detect({}, "status = 'rejected'", **{"from": "ledger_all"}), rows) == ["b"]


def test_shared_streams_are_known_to_every_rule():
    from redflags.rules.model import View

    shared = {"cash_in": View.model_validate({"from": "ledger", "where": "instrument = 'cash'"})}
    rows = {"ledger": [row("a", 0, instrument="wire"), row("b", 1)]}
    assert hits(detect({}, "1 = 1", **{"from": "cash_in"}), rows, streams=shared) == ["b"]


# ---- what would look into the future is refused --------------------------------------------------


def test_a_filter_on_a_waiting_aggregate_moves_the_judgement():
    views = {
        "v": {
            "from": "ledger",
            "key": "party_id",
            "let": {"n": {"count": "rows", "within": "1h", "after": "1h"}},
        }
    }
    outcome = judge(detect({}, "1 = 1", **{"from": "v", "where": "n >= 2"}), PAIR, views=views)
    assert outcome.hits["row_id"].to_list() == ["a/in", "b/in"]
    assert (outcome.hits["moment"] - outcome.hits["at"]).to_list() == [3_600_000_000] * 2


@pytest.mark.parametrize(
    "more", [{"from": ["v", "sessions"]}, {"from": "v", "each": {"l": "rows_of('party_links', party_id)"}}]
)
def test_a_waiting_aggregate_is_not_copied_into_another_stream(more):
    views = {
        "v": {
            "from": "ledger",
            "key": "party_id",
            "let": {"n": {"count": "rows", "within": "1h", "after": "1h"}},
        }
    }
    with pytest.raises(BindError, match="after"):
        judge(detect({}, "n >= 2", **more), PAIR, views=views)


def test_a_row_moved_later_is_moved_past_the_wait_of_what_it_carries():
    views = {
        "v": {
            "from": "ledger",
            "key": "party_id",
            "let": {"n": {"count": "rows", "within": "1h", "after": "1h"}},
        },
        "w": {"from": "v", "at": "booked_at"},
    }
    outcome = judge(detect({}, "n >= 2", **{"from": "w"}), PAIR, views=views)
    assert outcome.hits["moment"].to_list() == [micros(hours(1)), micros(hours(2))]


def test_views_that_need_each_other_are_refused():
    views = {"a": {"from": "b"}, "b": {"from": "a"}}
    with pytest.raises(BindError, match="need each other: a -> b -> a"):
        judge(detect({}, "1 = 1", **{"from": "a"}), PAIR, views=views)


def test_names_that_need_each_other_are_refused():
    with pytest.raises(BindError, match="need each other: x -> y -> x"):
        judge(detect({"x": "y + 1", "y": "x + 1"}, "x > 1"), PAIR)


# ---- nested aggregates, complete -----------------------------------------------------------------


def test_an_inner_aggregate_counts_as_it_stood_at_its_row():
    let = {"n": {"count": "rows", "within": "90m"}, "peak": {"max": "n", "within": "1d"}}
    rows = {"ledger": [row("a", 0), row("b", 1), row("c", 20)]}
    assert hits(detect(let, "peak = 2 and n = 1"), rows) == ["c"]


def test_complete_is_null_before_the_data_reach_back():
    rule = counted("n = 0", within="2h", before="now", complete=True)
    assert hits(rule, PAIR, covers_from=0) == []
    assert unjudged(rule, PAIR, covers_from=0) == ["a", "b"]
    early = {"ledger": [row("a", 3)]}
    assert hits(rule, early, covers_from=0) == ["a"]


def test_complete_holds_for_who_came_after_the_data_began():
    rule = counted("n = 0", within="30d", before="now", complete=True)
    rows = PAIR | {"parties": [{"party_id": "P1", "onboarded_at": hours(-1)}]}
    assert hits(rule, rows, covers_from=-2) == ["a"]
    assert hits(rule, rows, covers_from=-0.5) == []


def test_complete_by_account_asks_when_the_account_was_opened():
    rule = counted("n = 0", within="ever", before="now", complete=True, by="account_id")
    rows = PAIR | {
        "parties": [{"party_id": "P1", "onboarded_at": hours(-100)}],
        "accounts": [{"account_id": "A1", "party_id": "P1", "opened_at": hours(-1)}],
    }
    assert hits(rule, rows, covers_from=-2) == ["a"]


# ---- unknown rows --------------------------------------------------------------------------------


def test_an_unknown_source_row_matters_only_where_it_decides():
    rows = {"ledger": [row("a", 0, instrument=None), row("b", 1), row("c", 2), row("d", 3)]}
    rule = counted("n >= 2", within="1d", where="instrument = 'cash'")
    assert hits(rule, rows) == ["c", "d"]
    assert unjudged(rule, rows) == ["b"]


def test_a_judged_row_with_an_unknown_filter_is_not_evaluable():
    rows = {"ledger": [row("a", 0, instrument=None), row("b", 1)]}
    rule = counted("n >= 1", within="1d") | {"where": "instrument = 'cash'"}
    assert hits(rule, rows) == ["b"]
    assert unjudged(rule, rows) == ["a"]


def test_an_unknown_fact_outside_when_scores_nothing_and_is_told():
    rows = {"ledger": [row("a", 0, purpose_code=None)]}
    rule = detect({}, "1 = 1")
    rule["facts"]["g"] = {"is": "change", "if": "purpose_code = 'X'", "points": 20}
    outcome = judge(rule, rows)
    assert outcome.hits["score"].to_list() == [40]
    assert outcome.hits["unknown_facts"].to_list() == [["g"]]


def test_a_missing_column_disables_only_where_it_decides():
    rows = {"ledger": [{k: v for k, v in row("a", 0).items() if k != "instrument"}]}
    rule = detect({}, "1 = 1")
    rule["facts"]["g"] = {"is": "change", "if": "instrument = 'cash'", "points": 20}
    assert judge(rule, rows).hits["unknown_facts"].to_list() == [["g"]]
    outcome = judge(rule | {"when": "f and g"}, rows)
    assert outcome.disabled is not None
    assert outcome.not_evaluable["column"].to_list() == ["ledger.instrument"]


# ---- what is summed ------------------------------------------------------------------------------


def test_a_product_of_two_columns_is_summed_exactly():
    rule = detect({"s": {"sum": "amount * amount_base", "within": "1d"}}, "s = 20000")
    rows = {"ledger": [row("a", 0, 100, amount_base="100"), row("b", 1, 100, amount_base="100")]}
    with pytest.raises(BindError, match="sum wants a number"):
        judge(rule, rows)
    rule = detect(
        {"s": {"sum": "amount * ratio(amount, amount_base)", "within": "1d", "by": ["account_id", "currency"]}},
        "s = 62.5",
    )
    rows = {"ledger": [row("a", 0, 50, amount_base="100"), row("b", 1, 75, amount_base="150")]}
    assert hits(rule, rows) == ["b"]


def test_a_sum_of_what_could_pass_127_bits_is_refused_where_it_is_written():
    rule = detect({"s": {"sum": "amount * ratio(amount, amount_base) * 7 / 3", "within": "1d"}}, "s > 0")
    with pytest.raises(BindError, match="127 bits"):
        judge(rule, {"ledger": [row("a", 0, 50, amount_base="100")]})


def test_a_name_before_in_a_list_of_parameters_is_what_it_stands_for():
    rule = make_rule(
        detect({"way": "coalesce(channel, 'none')"}, "way in $ways"),
        params={"ways": {"type": "list", "default": ["atm", "none"], "why": "w"}},
    )
    rows = {"ledger": [row("a", 0, channel="atm"), row("b", 1, channel=None), row("c", 2, channel="web")]}
    assert hits(rule, rows) == ["a", "b"]


def test_a_fact_that_only_scores_disables_nothing_when_a_window_is_in_doubt():
    rule = make_rule(
        {
            "from": "ledger",
            "subject": "account_id",
            "let": {
                "n": {"count": "rows", "where": "channel = 'atm'", "within": "1d"},
                "dear": {"count": "rows", "where": "account.country = 'AT' and channel = 'atm'", "within": "1d"},
            },
            "facts": {
                "many": {"is": "frequency", "if": "n >= 2", "because": "{n}"},
                "told": {"is": "amount", "if": "dear >= 2", "points": 5, "because": "{dear}"},
            },
            "when": "many",
        }
    )
    rows = {"ledger": [row("a", 0, channel="atm"), row("b", 1, channel=None), row("c", 2, channel="atm")]}
    outcome = judge(rule, rows)
    assert outcome.disabled is None
    assert outcome.hits["row_id"].to_list() == ["c/in"]
    assert outcome.ne_rows["row_id"].to_list() == ["b/in"]


def test_an_aggregate_that_only_scores_may_lack_its_table():
    rule = make_rule(
        {
            "from": "ledger",
            "subject": "account_id",
            "let": {
                "n": {"count": "rows", "within": "1d"},
                "there": {
                    "count": "rows",
                    "where": "listed('geo_risk', counterparty_region, 'conflict')",
                    "within": "1d",
                },
            },
            "facts": {
                "many": {"is": "frequency", "if": "n >= 2", "because": "{n}"},
                "risk": {"is": "place", "if": "there > 0", "points": 5, "because": "{there}"},
            },
            "when": "many",
        }
    )
    rows = {"ledger": [row("a", 0, counterparty_region="X"), row("b", 1, counterparty_region="X")]}
    outcome = judge(rule, rows)
    assert outcome.disabled is None
    assert outcome.hits["row_id"].to_list() == ["b/in"]
