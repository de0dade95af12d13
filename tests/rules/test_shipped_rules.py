"""Every shipped rule passes its own cases."""

from __future__ import annotations

from functools import cache

import pytest

from redflags.rules.load import load_rules
from redflags.testing.run import run_tests

_book = cache(load_rules)


@pytest.mark.parametrize("rule_id", [file.id for file in _book()])
def test_a_rule_passes_its_cases(rule_id):
    results = run_tests(_book(), [rule_id])
    assert len(results) >= 5
    assert [f"{result.case}: {'; '.join(result.problems)}" for result in results if not result.passed] == []
