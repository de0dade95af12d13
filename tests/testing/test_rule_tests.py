"""Cases beside a rule pass, or say what was expected and what came."""

from __future__ import annotations

import pytest

from redflags.errors import RedflagsError
from redflags.testing.run import run_tests
from tests.testing.book import RULE, TESTS, write


def results(tmp_path, **texts):
    return {result.case: result for result in run_tests(write(tmp_path, **texts))}


def test_cases_that_hold_pass(tmp_path):
    found = results(tmp_path)
    assert [result.passed for result in found.values()] == [True, True, True]


def test_a_case_that_fails_says_what_came(tmp_path):
    found = results(tmp_path, tests=TESTS.replace("expect: {hits: [b]}", "expect: {hits: [a], not_evaluable: [b]}"))
    (result,) = [item for item in found.values() if not item.passed]
    assert result.problems == ("hits: expected a; found b/in", "not_evaluable: expected b; found none")


def test_a_ledger_row_may_be_named_with_its_side(tmp_path):
    assert all(item.passed for item in results(tmp_path, tests=TESTS.replace("[b]", "[b/in]")).values())
    other = write(tmp_path / "other", tests=TESTS.replace("[b]", "[b/out]"))
    assert not all(item.passed for item in run_tests(other))


def test_parameters_and_moments_of_a_case(tmp_path):
    more = (
        TESTS.replace("defaults:\n", "defaults:\n  transactions: {amount: 5, currency: EUR, instrument: cash}\n")
        + """\
  - name: another least
    tables:
      ledger:
        - {txn_id: a, booked_at: "2026-03-01 00:00:00"}
    params: {window: 1d}
    expect: {hits: []}
  - name: judged up to the first
    as_of: "2026-03-01"
    tables:
      ledger:
        - {txn_id: a, booked_at: "2026-03-01 00:00:00"}
        - {txn_id: b, booked_at: "2026-03-01 00:00:01"}
    expect: {hits: []}
  - name: transactions are walked as a ledger
    tables:
      transactions:
        - {txn_id: a, booked_at: "2026-03-01", to_account_id: A1, to_party_id: P1}
        - {txn_id: b, booked_at: "2026-03-02", to_account_id: A1, to_party_id: P1}
    expect: {hits: [b]}
"""
    )
    problems = {name: item.problems for name, item in results(tmp_path, tests=more).items() if not item.passed}
    assert problems == {}


def test_a_rule_without_tests_is_a_failure_of_its_own(tmp_path):
    (result,) = run_tests(write(tmp_path, tests=None))
    assert not result.passed
    assert "has no test file" in result.problems[0]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('amount: "100"', 'amuont: "100"', "no column 'amuont'"),
        ("2026-03-08 00:00:00", "next week", "is not a time"),
        ("ledger:\n        - {txn_id: a", "legder:\n        - {txn_id: a", "unknown table 'legder'"),
        ("expect: {hits: [b]}", "expect: {hit: [b]}", "hit"),
        ("expect: {hits: [b]}", "params: {leest: 3}\n    expect: {hits: [b]}", "no parameter 'leest'"),
    ],
)
def test_a_case_that_cannot_be_read_is_told(tmp_path, old, new, message):
    assert old in TESTS
    found = run_tests(write(tmp_path, tests=TESTS.replace(old, new, 1)))
    assert any(message in problem for item in found for problem in item.problems)


def test_only_some_rules(tmp_path):
    book = write(tmp_path)
    assert len(run_tests(book, ["tiny-rule"])) == 3
    with pytest.raises(RedflagsError):
        run_tests(book, ["tiny-rul"])


def test_a_rule_that_lacks_a_column_judges_nothing(tmp_path):
    rule = RULE.replace("where: instrument = 'cash'", "where: instrument = 'cash' and purpose_code = 'X'")
    found = results(tmp_path, rule=rule)
    assert [item.passed for item in found.values()] == [False, False, False]
    assert "purpose_code" in " ".join(found["two within the window"].problems)
