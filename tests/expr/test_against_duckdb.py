"""Conditions over rows with nulls, against a database of its own make."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.expr.lowered import LOWERING, frame_of

duckdb = pytest.importorskip("duckdb")

from redflags.expr.parser import parse  # noqa: E402

MONEY = ["0", "1", "-2", "9.99", "10", "0.0001", "100"]
WHOLE = [0, 1, 2, -3, 7]
TEXTS = ["", "a", "A", "ab", "b_c", "a%"]
VALUES: dict[str, list[Any]] = {
    "m1": MONEY,
    "m2": MONEY,
    "i1": WHOLE,
    "i2": WHOLE,
    "t1": TEXTS,
    "t2": TEXTS,
    "b1": [True, False],
    "b2": [True, False],
}
TYPES = {"m": "decimal(18, 4)", "i": "bigint", "t": "varchar", "b": "boolean"}


def rows():
    row = st.fixed_dictionaries({name: st.sampled_from([*found, None]) for name, found in VALUES.items()})
    return st.lists(row, min_size=1, max_size=5)


@st.composite
def values(draw, kind, depth):
    one, two = f"{kind}1", f"{kind}2"
    if depth == 0:
        return draw(st.sampled_from([one, two, {"m": "9.99", "i": "2", "t": "'a'"}[kind]]))
    left, right = draw(values(kind, depth - 1)), draw(values(kind, depth - 1))
    forms = [
        f"coalesce({left}, {right})",
        f"case when {draw(conditions(0))} then {left} else {right} end",
        f"nullif({left}, {right})",
    ]
    forms += {
        "m": [f"({left} + {right})", f"({left} - {right})", f"abs({left})", f"({left} * 3)", f"-({left})"],
        "i": [f"({left} + {right})", f"({left} - {right})", f"length({draw(values('t', 0))})"],
        "t": [f"lower({left})", f"({left} || {right})", f"left({left}, 1)", f"trim({left})"],
    }[kind]
    return draw(st.sampled_from(forms))


@st.composite
def conditions(draw, depth):
    if depth and draw(st.booleans()):
        left, right = draw(conditions(depth - 1)), draw(conditions(depth - 1))
        return draw(st.sampled_from([f"({left}) and ({right})", f"({left}) or ({right})", f"not ({left})"]))
    kind = draw(st.sampled_from("mit"))
    one, two, three = (draw(values(kind, draw(st.integers(0, depth)))) for _ in range(3))
    no = draw(st.sampled_from(["", "not "]))
    forms = [
        f"{one} {draw(st.sampled_from(['=', '<>', '<', '<=', '>', '>=']))} {two}",
        f"{one} is {no}null",
        f"{one} is {no}distinct from {two}",
        f"{one} {no}in ({two}, {three})",
        f"{one} {no}between {two} and {three}",
        draw(st.sampled_from(["b1", "b1 = b2", "b1 is null", "b1 is distinct from b2"])),
    ]
    if kind == "t":
        forms += [f"{one} {no}like 'a%'", f"{one} {no}like '_'", f"starts_with({one}, {two})"]
    return draw(st.sampled_from(forms))


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as made:
        made.execute("set threads = 1")
        columns = ", ".join(f"{name} {TYPES[name[0]]}" for name in VALUES)
        made.execute(f"create table t (place integer, {columns})")
        yield made


def fill(connection, found):
    connection.execute("delete from t")
    for place, row in enumerate(found):
        connection.execute(
            f"insert into t values ({', '.join('?' * (len(VALUES) + 1))})",
            [place, *(row[name] for name in VALUES)],
        )


@given(conditions(2), rows())
def test_a_condition_holds_where_a_database_says_so(connection, text, found):
    fill(connection, found)
    expected = [row[0] for row in connection.execute(f"select {text} from t order by place").fetchall()]
    frame = frame_of({name: [row[name] for row in found] for name in VALUES})
    ours = frame.with_columns(x=LOWERING.condition(parse(text)))["x"].to_list()
    assert ours == expected
