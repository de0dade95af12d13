"""``paths``: single points, limits and faults."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import polars as pl
import pytest

from redflags.operators.paths import MADE, OPERATION
from redflags.plan.bind import bind_rule
from redflags.plan.nodes import Derived
from redflags.plan.schema import Schemas
from redflags.plan.scope import BindError
from redflags.tables import dictionary
from tests.operators.build import hits, judge, rule
from tests.operators.pathing import DETECT, HOUR, Ask, _move, _moves, _output

# ---- single points ---------------------------------------------------------------------------------------


def _chain(nodes: str, hours: list[int], amounts: list[int] | None = None) -> list[dict[str, Any]]:
    found = amounts or [100 - i for i in range(len(hours))]
    moves = [_move(f"t{i}", hours[i], nodes[i], nodes[i + 1], found[i]) for i in range(len(hours))]
    return [{**move, "to_country": None if i == 1 else f"X{i}"} for i, move in enumerate(moves)]


def test_each_last_hop_gives_its_longest_path() -> None:
    output = _output(Ask(hops=(3, 8), within=10).text(), _moves(_chain("abcdef", [0, 1, 2, 3, 4])))
    assert output.frame["path_id"].to_list() == ["t0>t1>t2", "t0>t1>t2>t3", "t0>t1>t2>t3>t4"]
    assert output.frame["distinct_nodes"].to_list() == [4, 5, 6]
    assert set(MADE) | {"at", "_id"} == set(output.frame.columns)


def test_edges_of_the_windows_are_in() -> None:
    rows = _moves(_chain("abc", [0, 3]))
    assert _output(Ask().text(), rows).frame.height == 1
    assert _output(replace(Ask(), hop_within=2).text(), rows).frame.height == 0
    assert _output(replace(Ask(), within=3, hop_within=8).text(), rows).frame.height == 1
    assert _output(replace(Ask(), within=2, hop_within=8).text(), rows).frame.height == 0


def test_large_amounts_are_compared_exactly() -> None:
    most = 2**63 - 1
    exact = most // 5 * 4
    for last, found in ((exact + 4, 1), (exact, 0)):
        assert _output(Ask().text(), _moves(_chain("abc", [0, 1], [most, last]))).frame.height == found


def test_a_told_order_inside_a_moment_is_kept_across_untold_hops() -> None:
    def found(*seqs: int | None) -> list[str]:
        moves = [{**row, "seq": seq} for row, seq in zip(_chain("abcd", [1, 1, 1]), seqs, strict=True)]
        return _output(Ask().text(), _moves(moves)).frame.sort("_id")["path_id"].to_list()

    assert found(1, None, 2) == found(None, None, None) == found(5, 5, 5) == ["t0>t1", "t0>t1>t2"]
    assert found(2, None, 1) == ["t0>t1", "t1>t2"]
    assert found(2, 1, 3) == ["t1>t2"]
    later = [{**row, "seq": 9 - i} for i, row in enumerate(_chain("abcd", [1, 2, 3]))]
    assert _output(Ask().text(), _moves(later)).frame.height == 2


def test_of_equal_paths_the_first_in_row_order_stands() -> None:
    twins = [
        _move("t5", 0, "a", "b"),
        _move("t3", 0, "a", "b"),
        _move("t2", 1, "b", "c"),
        _move("t6", 1, "b", "c"),
    ]
    frame = _output(Ask().text(), _moves([*twins, _move("t9", 2, "c", "d")])).frame.sort("_id")
    assert frame["path_id"].to_list() == ["t3>t2", "t3>t6", "t3>t2>t9"]
    ways = [("a", "b"), ("b", "x"), ("b", "y"), ("y", "z"), ("x", "z"), ("z", "w")]
    moves = [_move(f"t{i}", 0, *pair) for i, pair in enumerate(ways)]
    frame = _output(replace(Ask(), hops=(4, 4)).text(), _moves(moves)).frame
    assert frame["path_id"].to_list() == ["t0>t1>t4>t5"]


def test_hub_and_keep_total_are_met_exactly() -> None:
    two = [
        _move("t1", 0, "x", "a"),
        _move("t2", 0, "y", "a"),
        _move("t3", 1, "a", "b"),
        _move("t4", 2, "b", "c"),
    ]
    assert _output(replace(Ask(), hub=2).text(), _moves(two)).caps == ()
    assert _output(replace(Ask(), hub=1).text(), _moves(two)).caps[0].rows == 2
    chain = _moves(_chain("abcd", [0, 1, 2], [100, 90, 81]))
    assert _output(replace(Ask(), keep_total=Fraction(81, 100)).text(), chain).frame["hops"].to_list() == [
        2,
        3,
    ]
    assert _output(replace(Ask(), keep_total=Fraction(82, 100)).text(), chain).frame["hops"].to_list() == [
        2,
        2,
    ]


def test_a_cycle_inside_one_moment_ends_with_each_of_its_hops() -> None:
    frame = _output(Ask(close=True).text(), _moves(_chain("abca", [5, 5, 5], [100, 100, 100]))).frame
    assert frame.select("_id", "source", "target", "mids").rows() == [
        ("t0", "b", "b", ["c", "a"]), ("t1", "c", "c", ["a", "b"]), ("t2", "a", "a", ["b", "c"]),
    ]  # fmt: skip


def test_owners_stand_for_their_accounts_and_inner_transfers_fall_away() -> None:
    text = """
with:
  moves:
    from: transactions
    let:
      owner: "coalesce(from_party_id, from_account_id)"
      receiver: "coalesce(to_party_id, to_account_id)"
  chains: {paths: {from: moves, source: owner, target: receiver, within: 5d, hops: 2}}
detect:
  from: chains
  subject: source
  facts:
    any: {is: network, if: "hops = 2 and source = 'P' and target = 'z'"}
  when: any
"""
    moves = [
        {"from_account_id": "a1", "from_party_id": "P", "to_account_id": "b1", "to_party_id": "Q"},
        {"from_account_id": "b1", "from_party_id": "Q", "to_account_id": "b2", "to_party_id": "Q"},
        {"from_account_id": "b2", "from_party_id": "Q", "to_account_id": "z"},
    ]
    common = {"amount": 100, "amount_base": 100, "currency": "EUR"}
    rows = [{"txn_id": f"t{i}", "booked_at": f"2026-01-0{i}", **m, **common} for i, m in enumerate(moves, 1)]
    assert hits(judge(text, {"transactions": rows})) == ["t3"]


def test_texts_of_the_hops_are_collected_in_order() -> None:
    parts = "within: 9h, hops: 4, collect: {countries: to_country}, by: [currency]"
    text = f"with:\n  chains: {{paths: {{from: transactions, {parts}}}}}" + DETECT
    frame = _output(text, _moves(_chain("abcde", [0, 1, 2, 3]))).frame
    assert frame.select("countries", "currency").rows() == [(["X0", "X2", "X3"], "EUR")]


def test_a_hub_is_not_followed_and_said_to_be() -> None:
    crowd = [_move(f"h{i:04d}", 0, f"p{i}", "h") for i in range(3000)]
    tail = _chain("hxy", [1, 2], [100, 100])
    output = _output(Ask().text(), _moves(crowd + tail))
    assert output.frame.select("path_id", "capped").rows() == [("t0>t1", True)]
    assert [(cap.what.split(";")[0], cap.rows) for cap in output.caps] == [
        ("paths not followed through nodes with more than 100 incoming transfers in 3 hours", 2)
    ]
    free = _output(replace(Ask(), hub=5000).text(), _moves(crowd + tail))
    assert free.frame.select("hops", "capped").rows() == [(2, False), (3, False)]


def _crowd() -> list[dict[str, Any]]:
    """Thirty ways into z, two hops long each, a side entry, and a way out of z."""
    ways = [
        _move(f"m{i:02d}{k}", k, *pair) for i in range(30) for k, pair in enumerate([("a", f"b{i}"), (f"b{i}", "z")])
    ]
    return [*ways, _move("side", 2, "q", "z"), _move("last", 2, "z", "y")]


@pytest.mark.parametrize(("cap", "stopped"), [(61, 0), (60, 1)])
def test_a_search_stops_after_its_cap_not_at_it(cap: int, stopped: int) -> None:
    output = _output(replace(Ask(), cap=cap).text(), _moves(_crowd()))
    assert sum(found.rows for found in output.caps) == stopped


def test_without_within_every_gap_may_be_as_long_as_allowed() -> None:
    text = "with:\n  chains: {paths: {from: transactions, hop_within: 2h, hops: [2, 3]}}" + DETECT
    assert _output(text, _moves(_chain("abcd", [0, 2, 4]))).frame["hops"].to_list() == [2, 3]
    found = bind_rule(rule(text), Schemas(dictionary())).frame
    assert isinstance(found, Derived)
    assert (found.option("hop_within"), found.option("within")) == (2 * HOUR, 4 * HOUR)


def test_without_hop_within_only_the_whole_counts() -> None:
    text = "with:\n  chains: {paths: {from: transactions, within: 4h, hops: [2, 3]}}" + DETECT
    assert _output(text, _moves(_chain("abcd", [0, 4, 4]))).frame["hops"].to_list() == [2, 3]
    assert _output(text, _moves(_chain("abcd", [0, 4, 5]))).frame["path_id"].to_list() == ["t0>t1", "t1>t2"]


def test_many_paths_fit() -> None:
    pairs = [(i, k) for i in range(1500) for k in range(2)]
    rows = [_move(f"m{i}-{k}", k, f"{'ab'[k]}{i}", f"{'bc'[k]}{i}") for i, k in pairs]
    output = _output(Ask().text(), _moves(rows))
    assert output.frame["path_id"].to_list() == sorted(f"m{i}-0>m{i}-1" for i in range(1500))


def test_a_search_that_stops_is_said_to() -> None:
    output = _output(replace(Ask(), cap=5).text(), _moves(_crowd()))
    assert output.frame.filter(pl.col("_id") == "last").select("hops", "capped").rows() == [(3, True)]
    assert [cap.rows for cap in output.caps] == [1]
    assert "stopped after 5 " in output.caps[0].what


def test_transfers_into_a_node_before_the_whole_window_make_no_hub() -> None:
    old = [_move(f"h{i}", 0, f"p{i}", "a") for i in range(5)]
    moves = [*old, _move("t0", 5, "x", "a"), _move("t1", 6, "a", "b")]
    output = _output(replace(Ask(), within=2, hop_within=8, hub=3).text(), _moves(moves))
    assert output.frame.select("path_id", "capped").rows() == [("t0>t1", False)]


def test_transfers_of_nothing_are_no_hops() -> None:
    output = _output(Ask().text(), _moves(_chain("abc", [0, 1], [0, 0])))
    assert (output.frame.height, output.caps) == (0, ())


def test_unknown_amounts_are_counted() -> None:
    rows = _chain("abc", [0, 1])
    rows[0]["amount_base"] = None
    output = _output(Ask().text(), _moves(rows))
    assert output.frame.height == 0
    assert [cap.rows for cap in output.caps] == [1]


def test_nothing_in_nothing_out() -> None:
    output = _output(Ask().text(), _moves([]))
    assert output.frame.height == 0
    assert output.caps == ()
    assert set(output.frame.columns) > {"path_id", "at", "_id"}


def test_parameters_stand_for_every_number() -> None:
    text = (
        """
params:
  lo: {type: int, default: 3, min: 2, max: 5, why: x}
  keep: {type: ratio, default: 0.8, min: 0.5, max: 1, why: x}
  gap: {type: duration, default: 2h, min: 1h, max: 9h, why: x}
  hub: {type: int, default: 10, min: 5, max: 50, why: x}
with:
  chains:
    paths: {from: transactions, keep: $keep, grow: 0.1, hop_within: $gap, hops: [$lo, 5], hub: $hub, cap: 100}
"""
        + DETECT
    )
    output = _output(text, _moves(_chain("abcd", [0, 2, 4])))
    assert output.frame["path_id"].to_list() == ["t0>t1>t2"]


def test_the_documented_example_runs() -> None:
    text = f"with:\n  {OPERATION.example}" + DETECT
    assert _output(text, _moves(_chain("abcd", [0, 30, 60]))).frame["hops"].to_list() == [3]


@pytest.mark.parametrize(
    ("block", "where", "message"),
    [
        ("{within: 5d, hops: [1, 4]}", ("hops",), "from 2 to 8"),
        ("{within: 5d, hops: [4, 3]}", ("hops",), "smaller first"),
        ("{within: 5d, hops: [2, 3, 4]}", ("hops",), "whole number or two"),
        ("{within: 5d, hops: 2.5}", ("hops",), "whole number or two"),
        ("{within: 5d, hops: [$lo, 4]}", ("hops", 0), "unknown parameter"),
        ("{hops: 3}", (), "wants within"),
        ("{within: 0d}", ("within",), "above zero"),
        ("{within: soon}", ("within",), "not a duration"),
        ("{within: 5d, keep: 1.2}", ("keep",), "from above 0 to 1"),
        ("{within: 5d, keep: 0}", ("keep",), "from above 0 to 1"),
        ("{within: 5d, grow: -1}", ("grow",), "from 0 to 10"),
        ("{within: 5d, keep: 0.12345678}", ("keep",), "six decimals"),
        ("{within: 5d, hub: 0}", ("hub",), "from 1"),
        ("{within: 5d, close: maybe}", ("close",), "true or false"),
        ("{within: 5d, source: from_acount_id}", ("source",), "unknown name"),
        ("{within: 5d, source: booked_at}", ("source",), "wanted: text"),
        ("{within: 5d, amount: amount}", ("amount",), "two currencies"),
        ("{within: 5d, by: [currency, curency]}", ("by", 1), "unknown name"),
        ("{within: 5d, by: [currency, currency]}", ("by", 1), "already"),
        ("{within: 5d, collect: {hops: to_country}}", ("collect", "hops"), "already"),
        ("{within: 5d, collect: to_country}", ("collect",), "names texts"),
        ("{within: 5d, keeep: 0.8}", ("keeep",), "no part 'keeep'"),
        ("{within: 5d, from: transaction}", ("from",), "unknown stream"),
        ("{within: 5d}", (), "wants from"),
    ],
)
def test_faults_say_where(block: str, where: tuple[str | int, ...], message: str) -> None:
    if message not in {"unknown stream", "wants from"}:
        block = "{from: transactions, " + block[1:]
    with pytest.raises(BindError, match=message) as caught:
        bind_rule(rule(f"with:\n  chains: {{paths: {block}}}" + DETECT), Schemas(dictionary()))
    assert caught.value.path == ("with", "chains", "paths", *where)
