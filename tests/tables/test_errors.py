from __future__ import annotations

import pytest

from redflags.errors import DataError, Fault, RedflagsError, RuleError, UsageError, did_you_mean


def test_near_words_are_named_whatever_their_case():
    assert did_you_mean("AMOUNT", ["amount"]) == "did you mean 'amount'?"
    assert did_you_mean("", ["amount"]) == ""
    assert did_you_mean("amount", []) == ""


def test_faults_sort_by_place_and_all_are_shown():
    late, early = Fault("b", 2, 1, "X", "late"), Fault("a", 9, 1, "X", "early", "do this")
    error = RuleError([late, early])
    assert error.faults == (early, late)
    assert str(error) == "a:9:1 X early (do this)\nb:2:1 X late"


@pytest.mark.parametrize(("kind", "code"), [(UsageError, 2), (DataError, 1), (RuleError, 1)])
def test_exit_codes(kind, code):
    assert issubclass(kind, RedflagsError)
    assert kind.exit_code == code


def test_unknown_name_without_a_near_one():
    assert str(UsageError.unknown_name("profile", "zz", ["eu", "us"])) == "unknown profile 'zz'. Known: eu, us"


def test_one_problem_is_singular():
    assert str(DataError.from_problems(["x"], source="in")).startswith("1 problem in in:")
