"""Views over several streams: one set of columns, numbers of one unit, rows that keep their names."""

from __future__ import annotations

import pytest

from redflags.plan.scope import BindError
from tests.engine.build import detect, hits, hours, judge, make_rule, row


def test_a_union_carries_names_and_tells_its_streams():
    rows = {
        "ledger": [row("a", 0), row("b", 2)],
        "sessions": [{"session_id": "s", "at": hours(1), "party_id": "P1", "is_anonymiser": True}],
    }
    views = {
        "pays": {"from": "ledger", "let": {"big": "amount_base > 50"}},
        "logins": {"from": "sessions", "where": "is_anonymiser"},
    }
    rule = detect(
        {"n": {"count": "rows", "within": "1d"}},
        "n >= 2 and (_stream = 'logins' or big)",
        **{"from": ["pays", "logins"]},
    )
    outcome = judge(rule, rows, views=views)
    assert outcome.hits["row_id"].to_list() == ["s", "b/in"]
    assert outcome.hits["table"].to_list() == ["sessions", "ledger"]


def test_a_number_carried_into_a_union_keeps_its_size():
    rows = {
        "ledger": [row("a", 0, 5), row("b", 1, 50)],
        "sessions": [{"session_id": "s", "at": hours(2), "party_id": "P1"}],
    }
    for limit in ("10.5", "case when instrument = 'cash' then 10.5 else 99 end", "coalesce(10.5, 3)"):
        views = {"v": {"from": "ledger", "let": {"limit": limit}}}
        rule = detect({}, "amount_base > limit and limit < 11", **{"from": ["v", "sessions"]})
        assert hits(rule, rows, views=views) == ["b"], limit


def test_a_column_that_only_one_part_of_a_union_has_is_null_in_the_other():
    rows = {
        "ledger": [row("a", 0)],
        "sessions": [{"session_id": "s", "at": hours(1), "party_id": "P1", "is_anonymiser": True}],
    }
    rule = detect({}, "instrument is null and is_anonymiser", **{"from": ["ledger", "sessions"]})
    assert hits(rule, rows) == ["s"]


@pytest.mark.parametrize("where", ["alike >= 0.5", "alike > 1"])
def test_a_likeness_carried_into_a_union_keeps_its_size(where):
    alike = {"alike": "similarity(purpose_text, 'abcd')"}
    texts = {"a": "abcd", "b": "abzz", "c": None}
    rows = {"ledger": [row(name, at, purpose_text=text) for at, (name, text) in enumerate(texts.items())]}
    body = detect({}, "amount > 0", **{"from": ["v", "w"]}, where=where)
    streams = {
        "v": {"from": "ledger", "where": "direction = 'in'", "let": alike},
        "w": {"from": "ledger", "where": "direction = 'out'", "let": alike},
    }
    found = hits(make_rule(body, views=streams), rows)
    assert found == (["a"] if where == "alike >= 0.5" else [])


def test_rows_of_a_union_have_ids_whether_or_not_a_part_repeats_them():
    views = {
        "plain": {"from": "ledger", "where": "direction = 'in'"},
        "each": {"from": "plain", "each": {"l": "rows_of('party_links', party_id)"}},
    }
    rows = {
        "ledger": [row("a", 0, party_id="P1")],
        "party_links": [{"party_id": "P1", "related_party_id": "P2", "role": "spouse"}],
    }
    outcome = judge(make_rule(detect({}, "amount > 0", **{"from": ["plain", "each"]}), views=views), rows)
    assert outcome.hits["row_id"].null_count() == 0
    assert sorted(outcome.hits["row_id"].to_list()) == ["a/in", "a/in#1"]


@pytest.mark.parametrize(
    ("one", "other"),
    [("1", "amount / 1000 + 1"), ("amount / 1000 + 1", "1"), ("length(txn_id)", "length(txn_id) + 0.5"),
     ("length(txn_id) + 0.5", "length(txn_id)"), ("0", "1.5"), ("amount", "12"), ("12", "amount"),
     ("amount", "amount_base"), ("'x'", "12")],
)  # fmt: skip
@pytest.mark.parametrize("turned", [False, True])
def test_numbers_of_the_parts_of_a_union_are_of_one_unit(one, other, turned):
    rows = {"ledger": [row("a", 0, 10, amount_base="30"), row("b", 1, 10, amount_base="30")]}
    values = {
        "1": 1, "amount / 1000 + 1": 1.01, "length(txn_id)": 1, "length(txn_id) + 0.5": 1.5, "0": 0, "1.5": 1.5,
        "amount": 10, "12": 12, "amount_base": 30,
    }  # fmt: skip
    views = {
        "v": {"from": "ledger", "where": "txn_id = 'a'", "let": {"n": one}},
        "w": {"from": "ledger", "where": "txn_id = 'b'", "let": {"n": other}},
    }
    sources = ["w", "v"] if turned else ["v", "w"]
    unlike = {one, other} in ({"amount", "amount_base"}, {"'x'", "12"})
    if unlike:
        with pytest.raises(BindError, match="disagree on 'n'"):
            judge(make_rule(detect({}, "n > 0", **{"from": sources}), views=views), rows)
        return
    for limit in (values[one], values[other]):
        body = detect({}, f"n <= {limit}", **{"from": sources})
        wanted = [name for name, text in (("a", one), ("b", other)) if values[text] <= limit]
        assert hits(make_rule(body, views=views), rows) == wanted, limit
