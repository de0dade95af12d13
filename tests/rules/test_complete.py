from __future__ import annotations

import pytest

from tests.rules.conftest import detected

VIEW = """\
from: ledger
subject: account_id
where: direction = 'out'
let:
  now_sum: {sum: amount_base, within: 30d}
  now_in: {sum: amount_base, where: "direction = 'in'", within: 30d}
  now_n: {count: rows, within: 30d}
  old_sum: {sum: amount_base, within: 365d, before: 30d}
  old_n: {count: rows, within: 365d, before: 30d}
  old_mean: {mean: amount_base, within: 365d, before: 30d}
  old_max: {max: amount_base, within: 365d, before: now}
  old_min: {min: amount_base, within: 365d}
  old_last: {last: amount_base, within: 365d, before: now}
  old_first: {first: amount_base, within: 365d}
  idle: {since: rows, within: 365d, before: now}
  rank: {rank: amount_base, within: 365d}
  countries: {distinct: counterparty_country, within: 365d}
  ahead: {count: rows, where: "direction = 'in'", within: 0d, after: 5d}
  itself: {count: rows, by: [txn_id, direction], within: 365d}
  shown: {count: rows, where: old_n = 0, within: 30d}
  share: now_in / now_sum
  growth: now_sum / old_sum
facts:
  much: {is: amount, if: amount_base >= 1000, because: x}
  tested: {is: change, if: "CONDITION", POINTS because: x}
when: WHEN
"""


def needed(check, condition, when="much and tested", change=None):
    points = "" if "tested" in when else "points: 1,"
    text = VIEW.replace("CONDITION", condition).replace("WHEN", when).replace("POINTS", points)
    for old, new in [change] if change else []:
        assert old in text
        text = text.replace(old, new)
    faults = check(detected(text))
    assert {fault.code for fault in faults} <= {"COMPLETE-NEEDED"}, [str(fault) for fault in faults]
    assert all(fault.hint == "add complete: true" for fault in faults)
    return sorted(fault.message.split("'")[1] for fault in faults)


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("now_n >= 3", []),
        ("old_n = 0", ["old_n"]),
        ("old_n <> 0", []),
        ("old_n = 2", ["old_n"]),
        ("old_n < 3", ["old_n"]),
        ("3 > old_n", ["old_n"]),
        ("not old_n >= 3", ["old_n"]),
        ("now_sum >= 3 * old_sum", ["old_sum"]),
        ("now_sum <= 3 * old_sum", ["now_sum"]),
        ("growth >= 3", ["old_sum"]),
        ("ratio(now_sum, old_sum) >= 3", ["old_sum"]),
        ("now_sum - old_sum >= 500", ["old_sum"]),
        ("amount_base >= 3 * old_mean", ["old_mean"]),
        ("old_mean >= 500", []),
        ("amount_base > old_max", ["old_max"]),
        ("old_max >= 500", []),
        ("old_min >= 500", ["old_min"]),
        ("old_min <= 500", []),
        ("old_last <= 500", []),
        ("old_last is null", ["old_last"]),
        ("old_last is not null", []),
        ("coalesce(old_last, 0) = 0", ["old_last"]),
        ("old_first <= 500", ["old_first"]),
        ("idle >= interval '90 days'", []),
        ("coalesce(idle, interval '999 days') >= interval '90 days'", ["idle"]),
        ("not idle < interval '90 days'", ["idle"]),
        ("rank >= 0.99", ["rank"]),
        ("countries = 1", ["countries"]),
        ("countries between 1 and 2", ["countries"]),
        ("countries >= 3", []),
        ("ahead = 0", []),
        ("itself = 0", []),
        ("share >= 0.8", []),
        ("now_in >= 0.8 * now_sum", []),
        ("now_in <= 0.8 * now_sum", []),
        ("shown >= 3", ["old_n"]),
        ("shown < 3", ["shown"]),
        ("old_n = 0 and growth >= 2", ["old_n", "old_sum"]),
        ("case when old_n = 0 then true else false end", ["old_n"]),
    ],
)
def test_the_direction_decides(check, condition, names):
    assert needed(check, condition) == names


def test_a_fact_that_is_denied_turns_the_direction(check):
    assert needed(check, "now_n >= 3", "much and not tested") == ["now_n"]
    assert needed(check, "old_n < 3", "much and not tested") == []
    assert needed(check, "idle < interval '90 days'", "much and not tested") == ["idle"]


def test_a_fact_outside_when_must_not_say_what_is_not_known(check):
    assert needed(check, "old_n = 0", "much") == ["old_n"]


def test_complete_true_answers_it(check):
    change = (
        "within: 365d, before: 30d}\n  old_mean",
        "within: 365d, before: 30d, complete: true}\n  old_mean",
    )
    assert needed(check, "old_n = 0", change=change) == []


def test_a_filter_on_an_aggregate_of_the_view_below(check):
    stream = """\
quiet:
  from: ledger
  key: account_id
  let: {earlier: {count: rows, within: 365d, before: now}}
"""
    rule = detected("""\
from: quiet
subject: account_id
where: earlier = 0
facts:
  much: {is: amount, if: amount_base >= 1000, because: x}
when: much
""")
    (fault,) = check(rule, streams__s=stream)
    assert fault.code == "COMPLETE-NEEDED"
    assert "shared stream 'quiet'" in fault.message
    assert check(rule, streams__s=stream.replace("before: now", "before: now, complete: true")) == ()
