"""What is not an expression is refused at its place, with what would be right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redflags.expr.lexer import ExprError
from redflags.expr.parser import parse
from redflags.plan.show import text_of


@pytest.mark.parametrize(
    ("text", "offset", "message", "hint"),
    [
        ("", 0, "an expression is missing", ""),
        ("   ", 0, "an expression is missing", ""),
        ("a <= 30d", 5, "bare duration '30d'", "interval '30 days'"),
        ("amount b", 7, "unexpected 'b' after a complete expression", "operator is missing"),
        ("a as b", 2, "unexpected 'as'", "operator is missing"),
        ("a == 1", 2, "unexpected '=='", "single ="),
        ("a != 1", 2, "unexpected '!='", "use <>"),
        ("a::int", 1, "unexpected '::'", "casts"),
        ("a % 2", 2, "unexpected '%'", "remainder"),
        ("a; b", 1, "unexpected ';'", "one expression"),
        ('"a" = 1', 0, "expected a value", "single quotes"),
        ("`a` = 1", 0, "expected a value", "no quotes"),
        ("a[0]", 1, "unexpected '['", "contains"),
        ("{a}", 0, "expected a value", "no braces"),
        ("! a", 0, "expected a value", "use not"),
        ("a < b < c", 6, "comparisons do not chain", "a < b and b < c"),
        ("a = 'x", 4, "quote is never closed", "'"),
        ("a -- b", 2, "comments are not allowed", "YAML"),
        ("a /* b */", 2, "comments are not allowed", "YAML"),
        ("a = §", 4, "unexpected character '§'", ""),
        ("(a", 2, "expected ')' to close the bracket, found the end", ""),
        ("f(a, b", 6, "expected ')' in f(...)", ""),
        ("a.", 2, "a name is missing after the dot", ""),
        ("a not b", 6, "expected 'in', 'between' or 'like' after 'not'", ""),
        ("a like b", 7, "'like' wants a quoted pattern", ""),
        ("a in 'x'", 5, "'in' wants a list", ""),
        ("a in ()", 6, "expected a value", ""),
        ("a between 1, 2", 11, "expected 'and' inside 'between'", ""),
        ("a is 1", 5, "expected 'null' or 'distinct from'", ""),
        ("a is distinct b", 14, "expected 'from'", ""),
        ("case a when 1 then 2 end", 5, "'case' wants 'when'", "case when"),
        ("case when a else b end", 12, "expected 'then'", ""),
        ("case when a then b", 18, "expected 'end'", ""),
        ("a and", 5, "expected a value, found the end", ""),
        ("select a", 0, "expected a value, found 'select'", ""),
        ("interval '3 months'", 9, "cannot read interval '3 months'", "no fixed length"),
        ("interval '--3 days'", 9, "cannot read interval", "whole days"),
        ("interval '² days'", 9, "cannot read interval", "whole days"),
        ("interval '1.5 hours'", 9, "cannot read interval", "whole days"),
        ("interval ''", 9, "cannot read interval", "interval '30 days'"),
        ("date '2024-02-30'", 5, "cannot read date '2024-02-30'", "date '2024-01-31'"),
        ("timestamp 'noon'", 10, "cannot read timestamp 'noon'", "timestamp '2024-01-31 12:00:00'"),
    ],
)
def test_a_fault_is_named_at_its_place(text, offset, message, hint):
    with pytest.raises(ExprError) as caught:
        parse(text)
    assert message in caught.value.message
    assert caught.value.offset == offset
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "text", ["(" * 5000 + "a" + ")" * 5000, " or ".join(["a"] * 5000), "not " * 5000 + "a", "- " * 5000 + "a"]
)
def test_an_expression_that_is_nested_too_deeply_is_refused(text):
    with pytest.raises(ExprError, match="nested too deeply"):
        parse(text)


@given(st.text(alphabet="abn .,()'<>=+-*/$_19\n§", max_size=30) | st.text(max_size=15))
def test_whatever_is_written_gives_a_tree_or_a_located_fault(text):
    try:
        tree = parse(text)
    except ExprError as error:
        place = error.offset
    else:
        place = 0
        assert parse(text_of(tree, None)) == tree
    assert 0 <= place <= len(text)
