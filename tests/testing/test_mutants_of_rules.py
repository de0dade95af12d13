"""Mutants: every place of a rule is changed into a readable rule; what no case notices is reported."""

from __future__ import annotations

import pytest

from redflags.errors import RedflagsError
from redflags.expr.parser import parse
from redflags.plan.show import text_of
from redflags.testing.mutants import run_mutants
from redflags.testing.mutate import mutants_of, variants
from redflags.testing.run import Bench
from tests.testing.book import RULE, TESTS, write


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("a = 1", {"a <> 1", "a = 2", "a = 0"}),
        ("a <> 1", {"a = 1", "a <> 2", "a <> 0"}),
        ("a < b", {"a <= b", "a >= b"}),
        ("a <= b", {"a < b", "a > b"}),
        ("a > b", {"a >= b", "a <= b"}),
        ("a >= b", {"a > b", "a < b"}),
        ("a and b", {"a", "b", "a or b"}),
        ("a or b", {"a", "b", "a and b"}),
        ("not a", {"a"}),
        ("a is null", {"a is not null"}),
        ("a is not null", {"a is null"}),
        ("a is distinct from b", {"a is not distinct from b"}),
        ("a in ('x', 'y')", {"a not in ('x', 'y')", "a in ('y')", "a in ('x')"}),
        ("a in $l", {"a not in $l"}),
        (
            "a between 1 and 3",
            {"a between 2 and 3", "a between 0 and 3", "a between 1 and 4", "a between 1 and 2"},
        ),
        ("a * 0.5 > b", {"a * 1.5 > b", "a * 0.25 > b", "a * 0.5 >= b", "a * 0.5 <= b"}),
        ("case when a = 'x' then b else c end", {"case when a <> 'x' then b else c end"}),
        ("coalesce(a, b, c)", {"coalesce(a, c)", "coalesce(a, b)"}),
        ("at_least(2, a, b)", {"at_least(2, b)", "at_least(2, a)", "at_least(3, a, b)", "at_least(1, a, b)"}),
        ("(a or b) and c", {"a or b", "c", "a or b or c", "a and c", "b and c", "a and b and c"}),
        ("a like 'o''x%' or b", {"a like 'o''x%'", "b", "a like 'o''x%' and b"}),
        ("a - interval '36 hours' > b", {"a - interval '36 hours' >= b", "a - interval '36 hours' <= b"}),
    ],
)
def test_every_node_is_changed_in_every_way(text, changed):
    assert {text_of(tree, None) for _, tree in variants(parse(text))} == changed


@pytest.mark.parametrize(
    "text",
    [
        "(a = b) = (c is null)",
        "not (a like 'x''%') and -b > -(c + 1)",
        "a || 'b' = 'c' and d in (1, 2) or e not in $list",
        "date '2024-01-31' > d and timestamp '2024-01-31 12:00:00' <= t and interval '90 minutes' = x",
        "f(a, not b, c >= 1)",
        "case when a = 1 then 0.000001 when b then null else -2 end is distinct from 3",
        "party.x = true or $p <> false",
    ],
)
def test_what_comes_out_is_another_expression_that_can_be_read(text):
    tree = parse(text)
    found = list(variants(tree))
    assert found
    for what, changed in found:
        assert parse(text_of(changed, None)) == changed
        assert changed != tree
        assert " -> " in what


def test_all_mutants_of_a_sound_test_file_are_noticed(tmp_path):
    (report,) = run_mutants(write(tmp_path))
    assert report.total == 5
    assert [mutant.name for mutant in report.survivors] == []
    assert report.clean


def test_a_survivor_is_named_with_its_line(tmp_path):
    at_the_edge = TESTS[TESTS.index("  - name: two at the window") : TESTS.index("  - name: two transfers")]
    (report,) = run_mutants(write(tmp_path, tests=TESTS.replace(at_the_edge, "")))
    ((name, line),) = [(mutant.name, mutant.line) for mutant in report.survivors]
    assert name == "detect.let.deposits.within: within: $window -> one second longer"
    assert RULE.splitlines()[line - 1] == "    deposits: {count: rows, within: $window}"
    assert not report.clean


def test_a_planted_survivor_is_found(tmp_path):
    rule = RULE.replace("where: instrument = 'cash'", "where: instrument = 'cash' and amount_base > 5")
    tests = TESTS.replace('amount: "100"', 'amount: "100", amount_base: "100"')
    (report,) = run_mutants(write(tmp_path, rule=rule, tests=tests))
    line = rule.splitlines().index("  where: instrument = 'cash' and amount_base > 5") + 1
    assert {mutant.line for mutant in report.survivors} == {line}
    assert "detect.where: amount_base > 5 -> amount_base >= 5" in {mutant.name for mutant in report.survivors}


def test_a_proof_counts_only_while_it_is_needed(tmp_path):
    rule = RULE.replace("where: instrument = 'cash'", "where: instrument = 'cash' and amount_base > 5")
    tests = TESTS.replace('amount: "100"', 'amount: "100", amount_base: "100"')
    (first,) = run_mutants(write(tmp_path / "a", rule=rule, tests=tests))
    proofs = "equivalent:\n" + "".join(f'  - {{mutant: "{m.name}", proof: invented}}\n' for m in first.survivors)
    (second,) = run_mutants(write(tmp_path / "b", rule=rule, tests=tests + proofs))
    assert second.clean
    assert len(second.proven) == len(first.survivors)
    (third,) = run_mutants(write(tmp_path / "c", tests=tests + proofs))
    assert set(third.stale) == {mutant.name for mutant in first.survivors}


def test_the_same_words_at_two_places_are_two_mutants(tmp_path):
    rule = RULE.replace("if: deposits >= $least", "if: deposits >= $least or (deposits >= $least and party_id = 'P1')")
    book = write(tmp_path, rule=rule)
    names = [mutant.name for mutant in mutants_of(book["tiny-rule"])]
    assert len(names) == len(set(names))
    assert sum("deposits >= $least -> deposits > $least" in name for name in names) == 2


def test_a_rule_that_fails_its_own_tests_is_not_mutated(tmp_path):
    with pytest.raises(RedflagsError, match="fails its own tests"):
        run_mutants(write(tmp_path, tests=TESTS.replace("hits: [b]", "hits: [a]")))


def test_windows_keys_and_aggregates_are_changed(tmp_path):
    rule = (
        RULE.replace(
            "deposits: {count: rows, within: $window}",
            "deposits: {sum: amount_base, within: 3d, before: 1d, by: [party_id, account_id], "
            'where: "own_transfer", latest_per: txn_type}',
        )
        .replace("gap: $window", "gap: 7d")
        .replace("  window: {type: duration, default: 7d, min: 1d, max: 30d, why: one story}\n", "")
    )
    names = {mutant.what for mutant in mutants_of(write(tmp_path, rule=rule)["tiny-rule"])}
    assert {
        "sum -> max",
        "within: 3d -> one second longer",
        "within: 3d -> one second shorter",
        "before: 1d -> (none)",
        "before: 1d -> one second longer",
        "key [party_id, account_id] -> [account_id]",
        "key [party_id, account_id] -> [party_id]",
        "where: own_transfer -> (none)",
        "latest_per -> (none)",
    } <= names


def test_a_mutant_that_cannot_be_judged_is_noticed_and_takes_no_other_with_it(tmp_path, monkeypatch):
    rule = RULE.replace("where: instrument = 'cash'", "where: instrument = 'cash' and amount_base > 5")
    book = write(tmp_path, rule=rule, tests=TESTS.replace('amount: "100"', 'amount: "100", amount_base: "100"'))
    (before,) = run_mutants(book)
    failing, *others = before.survivors
    judge = Bench.judge

    def fail(self, number, book):
        if any(bound.rule == failing.mutation.rule for bound in book.rules):
            raise RedflagsError("cannot be judged")
        return judge(self, number, book)

    monkeypatch.setattr(Bench, "judge", fail)
    (after,) = run_mutants(book)
    assert others
    assert [mutant.name for mutant in after.survivors] == [mutant.name for mutant in others]
