from __future__ import annotations

from fractions import Fraction

import pytest

from redflags.errors import RedflagsError
from redflags.rules.params import bind_params, default_params, read_value, show_value, weakest_params
from tests.rules.conftest import BASE, detected

PROFILE = """\
profile: mine
title: My bank
base_currency: EUR
thresholds: {jurisdiction: EU, default_amount: 10000, default_basis: institution-set monitoring amount}
params:
  some-rule:
    least: {value: 5, reason: small branches}
segments:
  shops:
    some-rule:
      least: {value: 9, reason: they bank daily}
      window: {value: 3d, reason: they bank daily}
"""
TYPED = detected(
    """\
from: ledger
subject: party_id
where: "instrument in $means and ($flag or channel = $channel)"
let: {total: {sum: amount_base, within: $window}}
facts:
  much: {is: amount, if: "total >= $least and total >= $share * $factor * 100", because: x}
when: much
""",
    """\
window: {type: duration, default: 36h, min: 1d, max: 30d, why: x}
least: {type: money, default: 99.5, min: 0, max: 1000, why: x}
share: {type: ratio, default: 0.80, min: 0.5, max: 1, why: x}
factor: {type: number, default: 3, min: 1, max: 10, why: x}
means: {type: list, default: [cash, "NO"], why: x}
channel: {type: text, default: "0123", why: x}
flag: {type: bool, default: true, why: x}
""",
)


def test_values_are_exact(check):
    assert check(TYPED) == ()
    rule = check.book["some-rule"].rule
    assert default_params(rule) == {
        "window": 36 * 3_600_000_000,
        "least": Fraction(199, 2),
        "share": Fraction(4, 5),
        "factor": Fraction(3),
        "means": ("cash", "NO"),
        "channel": "0123",
        "flag": True,
    }
    assert weakest_params(rule)["least"] == 0
    assert bind_params(rule) == default_params(rule)


def test_a_profile_and_a_segment_stand_above_the_default(check):
    assert check(BASE, profiles__mine=PROFILE) == ()
    book = check.book
    rule, profile = book["some-rule"].rule, book.profile("mine")
    day = 86_400_000_000
    assert bind_params(rule) == {"window": 7 * day, "least": 3}
    assert bind_params(rule, profile) == {"window": 7 * day, "least": 5}
    assert bind_params(rule, profile, "shops") == {"window": 3 * day, "least": 9}
    assert bind_params(rule, profile, "others") == {"window": 7 * day, "least": 5}
    assert profile.thresholds.default == 10000
    assert sorted(book.profiles) == ["mine"]


@pytest.mark.parametrize(
    ("old", "new", "code", "hint"),
    [
        (
            "some-rule:\n    least: {value: 5",
            "some-rul:\n    least: {value: 5",
            "PROFILE-RULE",
            "did you mean 'some-rule'?",
        ),
        ("least: {value: 5", "lest: {value: 5", "PROFILE-PARAM", "did you mean 'least'?"),
        ("value: 5", "value: 50", "PROFILE-RANGE", "the rule states the range"),
        ("value: 5", "value: five", "PROFILE-VALUE", "$least is of type int"),
        ("value: 3d", "value: 3", "PROFILE-VALUE", "$window is of type duration"),
        (", reason: small branches", "", "PROFILE-MISSING", ""),
        ("profile: mine", "profile: other", "PROFILE-NAME", None),
        ("EUR", "EURO", "PROFILE-VALUE", None),
        ("default_amount: 10000", "default_amount: many", "PROFILE-VALUE", None),
        ("institution-set monitoring amount", "the law says so", "WORDS", None),
        ("title:", "titel:", "PROFILE-UNKNOWN-KEY", "did you mean 'title'?"),
    ],
)
def test_profile_faults_are_located(check, old, new, code, hint):
    assert old in PROFILE
    faults = check(BASE, profiles__mine=PROFILE.replace(old, new))
    found = [fault for fault in faults if fault.code == code]
    assert found, [str(fault) for fault in faults]
    assert found[0].file.endswith("mine.yaml")
    assert found[0].line > 0
    if hint is not None:
        assert found[0].hint == hint


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("int", "3"),
        ("int", True),
        ("int", "1.5"),
        ("ratio", "1e3"),
        ("ratio", "0.12345678"),
        ("money", "1.23456"),
        ("duration", 7),
        ("duration", "1.5d"),
        ("duration", "-7d"),
        ("text", 3),
        ("list", "a"),
        ("list", [1]),
        ("bool", "yes"),
        ("number", None),
        ("money", {"a": 1}),
    ],
)
def test_what_is_of_another_type(kind, raw):
    with pytest.raises(RedflagsError):
        read_value(kind, raw)


def test_values_are_shown_as_they_are_written():
    assert show_value("list", ("a", "b")) == "a, b"
    assert show_value("bool", True) == "true"
    assert show_value("int", 3) == "3"
    assert show_value("money", Fraction(199, 2)) == "99.5"
