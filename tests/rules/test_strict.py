"""Strict lint: what is sound but careless, and how it is excused."""

from __future__ import annotations

import pytest

from redflags.rules.load import load_rules
from redflags.rules.strict import REASONS, strict_faults
from tests.rules.conftest import bent


@pytest.fixture
def strict(check):
    """Codes of strict lint for a sound rule, with what ``exceptions.yaml`` says."""

    def run(*changes, excuses="[]"):
        faults = check(bent(*changes, ("{deposits} deposits", "{deposits} of {$least} deposits")), exceptions=excuses)
        assert faults == (), [str(fault) for fault in faults]
        return strict_faults(check.book)

    return run


def codes(faults):
    return [fault.code for fault in faults]


IF = "if: deposits >= $least"
WHERE = "where: instrument = 'cash' and direction = 'in'"


def test_the_base_rule_is_clean(strict):
    assert strict() == ()


def test_the_shipped_book_is_clean():
    assert [str(fault) for fault in strict_faults(load_rules())] == []


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ((IF, "if: deposits >= $least and total >= 10000"), "LITERAL-AMOUNT", "10000"),
        ((IF, "if: deposits >= $least and amount_base between 500 and 900"), "LITERAL-AMOUNT", "500"),
        ((WHERE, f"{WHERE} and amount_base >= 250"), "LITERAL-AMOUNT", "250"),
        (("total: {sum: amount_base,", 'total: {sum: amount_base, where: "amount_base > 300",'), "LITERAL-AMOUNT", "300"),
        ((WHERE, f"{WHERE} and counterparty_country <> 'AT'"), "LITERAL-PLACE", "'AT'"),
        ((WHERE, f"{WHERE} and counterparty_country in ('AT', 'DE')"), "LITERAL-PLACE", "'AT'"),
        (("is: frequency\n      if: deposits >= $least", "is: mismatch\n      if: direction = 'in'"), "FACT-IMPLIED", "repeated"),
        ((IF, "if: instrument = 'cash' and direction = 'in'"), "FACT-IMPLIED", "repeated"),
        (("is: frequency\n      if: deposits >= $least", "is: amount\n      if: total >= $least"), "AMOUNT-ALONE", "medium"),
    ],
)  # fmt: skip
def test_what_is_careless_is_told_at_its_place(strict, change, code, said):
    found = strict(change)
    assert code in codes(found)
    fault = next(fault for fault in found if fault.code == code)
    assert said in fault.message
    assert fault.line > 1


@pytest.mark.parametrize(
    "change",
    [
        (IF, "if: deposits >= $least and total >= 99"),
        (WHERE, f"{WHERE} and counterparty_country is not null"),
        (WHERE, f"{WHERE} and channel in ('AT', 'DE')"),
        (IF, "if: instrument = 'cash' and deposits >= $least"),
    ],
)
def test_near_misses(strict, change):
    assert codes(strict(change)) == []


def test_a_weaker_bound_is_granted_and_a_stronger_one_is_not(strict):
    where = (WHERE, f"{WHERE} and amount_base > 50")
    for condition, granted in (("> 40", True), ("> 50", True), (">= 50", True), ("> 60", False), ("< 60", False)):
        found = strict(where, ("is: frequency\n      if: deposits >= $least", f"is: amount\n      if: amount_base {condition}"),
                       ("severity: medium", "severity: low"))  # fmt: skip
        assert ("FACT-IMPLIED" in codes(found)) is granted, condition


def test_a_low_severity_may_rest_on_amounts(strict):
    amount = ("is: frequency\n      if: deposits >= $least", "is: amount\n      if: total >= $least")
    assert codes(strict(amount, ("severity: medium", "severity: low"))) == []


def test_an_excuse_wants_a_reason_and_a_need(strict):
    change = (IF, "if: deposits >= $least and total >= 10000")
    excuse = "- {rule: some-rule, code: LITERAL-AMOUNT, reason: an invented one}\n"
    assert strict(change, excuses=excuse) == ()
    assert codes(strict(excuses=excuse)) == ["EXCEPTION-IDLE"]
    assert codes(strict(change, excuses=excuse.replace("LITERAL-AMOUNT", "LITERAL-AMONT"))) == [
        "LITERAL-AMOUNT",
        "EXCEPTION-CODE",
    ]
    assert "EXCEPTION-MISSING" in codes(strict(change, excuses="- {rule: some-rule, code: LITERAL-AMOUNT}\n"))


def test_every_code_has_its_reason():
    assert set(REASONS) == {"LITERAL-AMOUNT", "LITERAL-PLACE", "FACT-IMPLIED", "AMOUNT-ALONE"}
