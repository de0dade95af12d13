from __future__ import annotations

import itertools
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redflags.expr.lexer import ExprError
from redflags.rules.facts import FactFormula

POINTS = {"a": 1, "b": 2, "c": 4, "d": 0}
NAMES = st.sampled_from(sorted(POINTS))


def formulas():
    points = st.tuples(
        st.lists(NAMES, min_size=1, max_size=3, unique=True), st.integers(0, 8), st.sampled_from([">", ">="])
    )
    leaves = NAMES | points.map(lambda p: f"points({', '.join(p[0])}) {p[2]} {p[1]}")
    return st.recursive(
        leaves,
        lambda inner: (
            st.tuples(inner, inner).map(lambda p: f"({p[0]} and {p[1]})")
            | st.tuples(inner, inner).map(lambda p: f"({p[0]} or {p[1]})")
            | inner.map(lambda p: f"(not {p})")
            | st.tuples(st.integers(0, 4), st.lists(inner, min_size=1, max_size=3)).map(
                lambda p: f"at_least({p[0]}, {', '.join(p[1])})"
            )
        ),
        max_leaves=6,
    )


def worlds(values):
    """Every way to make the unknown known."""
    choices = [[value] if value is not None else [True, False] for value in values.values()]
    for world in itertools.product(*choices):
        yield dict(zip(values, world, strict=True))


@given(formulas(), st.tuples(*[st.sampled_from([True, False, None])] * 4))
def test_a_known_outcome_holds_in_every_world(text, picked):
    formula = FactFormula.read(text, POINTS)
    values = dict(zip(POINTS, picked, strict=True))
    outcome = formula.evaluate(values)
    found = {formula.evaluate(world) for world in worlds(values)}
    if outcome is not None:
        assert found == {outcome}
    assert None not in found


@given(formulas())
def test_columns_and_rows_agree(text):
    formula = FactFormula.read(text, POINTS)
    rows = [dict(zip(POINTS, row, strict=True)) for row in itertools.product([True, False, None], repeat=4)]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(POINTS, pl.Boolean))
    found = frame.select(when=formula.to_polars({name: pl.col(name) for name in POINTS}))["when"].to_list()
    assert len(found) in {1, len(rows)}
    expected = [formula.evaluate(row) for row in rows]
    assert found * (len(rows) // len(found)) == expected


@given(formulas())
def test_the_ways_are_all_the_ways(text):
    formula = FactFormula.read(text, POINTS)
    ways = formula.ways()
    for row in itertools.product([True, False], repeat=4):
        values = dict(zip(POINTS, row, strict=True))
        fires = any(
            all(values[name] for name in way.true) and not any(values[name] for name in way.false) for way in ways
        )
        assert fires is formula.evaluate(values)
    for one, two in itertools.permutations(ways, 2):
        assert not one <= two


def test_parameters_stand_for_numbers():
    formula = FactFormula.read("at_least($k, a, b, c) or points(a, c) >= $n", POINTS)
    assert formula.params == {"k", "n"}
    values = {"a": True, "b": True, "c": False, "d": False}
    assert formula.evaluate(values, {"k": 2, "n": Fraction(9)}) is True
    assert formula.evaluate(values, {"k": 3, "n": Fraction(3, 2)}) is False
    assert formula.evaluate(values, {"k": 3, "n": 1}) is True


def test_names_have_places():
    formula = FactFormula.read("a and (not b or at_least(2, c, d, a))", POINTS)
    assert [(item.name, item.offset) for item in formula.names()] == [
        ("a", 0), ("b", 11), ("c", 28), ("d", 31), ("a", 34),
    ]  # fmt: skip
    assert formula.facts == {"a", "b", "c", "d"}


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("a and b > 3", 6),
        ("a or 5", 5),
        ("party.x", 0),
        ("points(a)", 0),
        ("points(a) < 3", 0),
        ("at_least(2)", 0),
        ("at_least(a, b)", 9),
        ("at_least(1.5, a)", 9),
        ("points(a and b) >= 3", 7),
        ("coalesce(a, b)", 0),
        ("not 'x'", 4),
        ("points(a) >= -1", 13),
    ],
)
def test_what_is_no_formula(text, offset):
    with pytest.raises(ExprError) as caught:
        FactFormula.read(text, POINTS)
    assert (caught.value.code, caught.value.offset) == ("WHEN-SYNTAX", offset)


def test_too_many_ways_are_refused():
    names = [f"f{place}" for place in range(30)]
    formula = FactFormula.read(f"at_least(15, {', '.join(names)})", dict.fromkeys(names, 1))
    with pytest.raises(ExprError, match="ways to come true"):
        formula.ways()
