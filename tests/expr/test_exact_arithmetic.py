"""Money, ratios and durations are exact: no float, no rounding before a comparison."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redflags.expr.lexer import ExprError
from redflags.expr.values import quantise
from tests.expr.lowered import frame_of, holds, lower, one

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
TIMES = {"at1": NOON, "at2": NOON - dt.timedelta(hours=36)}


@pytest.mark.parametrize(
    ("text", "money", "expected"),
    [
        ("m1 >= 0.80 * 10000", "8000", True),
        ("m1 >= 0.80 * 10000", "7999.9999", False),
        ("m1 * 0.1 * 3 = m1 * 0.3", "0.0001", True),
        ("m1 / 3 * 3 = m1", "0.0001", True),
        ("m1 / 3 > 0.0333", "0.1", True),
        ("m1 / 3 = 0.0333", "0.1", False),
        ("m1 * 1.000001 > m1", "0.0001", True),
        ("coalesce(m1 / 3, 0) * 3 = m1", "0.1", True),
        ("case when m1 > 0 then m1 * 0.3333 else m1 end > 0.0333", "0.1", True),
        ("case when m1 < 0 then null else m1 end = 0.1", "0.1", True),
        ("case when m1 > 0 then 1 else 0.5 end = 1", "0.1", True),
        ("m1 < case when m1 > 0 then 0.2 else 0.5 end", "0.1", True),
        ("coalesce(0.1, 5) = m1", "0.1", True),
        ("m1 * case when m1 > 0 then 2 else 3 end = 0.2", "0.1", True),
        ("nullif(0.2, m1) > m1", "0.1", True),
        ("greatest(m1 / 3, 0.0333) > 0.0333", "0.1", True),
        ("least(m1 / 3, 0.0334) < 0.0334", "0.1", True),
        ("nullif(m1, 0.2) = 0.1", "0.1", True),
        ("nullif(m1 / 3, 0.0333) is null", "0.1", False),
        ("-m1 / 3 * 3 = -m1", "0.1", True),
        ("m1 - m1 * 0.3 = m1 * 0.7", "922337203685477.5807", True),
        ("m1 * 1 > m1 - 0.0001", "922337203685477.5807", True),
        ("abs(-m1 / 7) * 7 = m1", "0.0001", True),
    ],
)
def test_comparisons_are_exact(text, money, expected):
    assert holds(text, m1=money) is expected


@pytest.mark.parametrize(
    "text",
    [
        "m1 / 0",
        "m1 / (m1 - m1)",
        "m1 / (m1 * 0)",
        "1 / 0 * m1",
        "ratio(m1, 0 * m1)",
        "1 / 0",
        "m1 / (1 - 1)",
        "r1 / 0",
        "r1 / (r1 - r1)",
        "m1 / m2 / (m1 / m2 * 0)",
    ],
)
def test_division_by_zero_is_null(text):
    assert one(text, m1="5", m2="5", r1=2.5) is None


def test_a_negative_divisor_divides():
    assert one("m1 / (m2 - m1)", m1="6", m2="4") == -3
    assert one("m1 / (0 - 4)", m1="6") == Fraction(-3, 2)
    assert holds("m1 / (m2 - m1) < 0", m1="6", m2="4") is True
    assert one("i1 / (2 / i2)", i1=6, i2=-4) == -12


def test_ratios_of_ratios():
    assert one("m1 / m2 - 1", m1="3", m2="7") == Fraction(-4, 7)
    assert one("coalesce(n1, m1 / m2)", m1="3", m2="7") == Fraction(3, 7)
    assert one("coalesce(n1, m1 / m2)", m1="3", m2="7", n1="0.5") == Fraction(1, 2)
    assert one("case when b1 then m1 / m2 else i1 end", m1="3", m2="7", b1=True, i1=4) == Fraction(3, 7)
    assert one("case when b1 then m1 / m2 else i1 end", m1="3", m2="7", b1=False, i1=4) == 4


def test_durations():
    assert one("(at1 - at2) / interval '1 days'", **TIMES) == Fraction(3, 2)
    assert holds("at1 - at2 > interval '1 days' * 1.5", **TIMES) is False
    assert holds("at1 - at2 >= interval '1 days' * 1.5", **TIMES) is True
    assert holds("-(at1 - at2) < interval '-1 days'", **TIMES) is True
    assert holds("at1 - interval '36 hours' = at2", **TIMES) is True
    assert holds("interval '36 hours' + at2 = at1", **TIMES) is True
    assert one("at2 + interval '1500 milliseconds'", **TIMES) == TIMES["at2"] + dt.timedelta(seconds=1.5)


def test_days():
    assert one("d1 + interval '30 days'", d1=dt.date(2024, 1, 31)) == dt.date(2024, 3, 1)
    assert one("d1 - d2 = interval '29 days'", d1=dt.date(2024, 3, 1), d2=dt.date(2024, 2, 1)) is True
    assert holds("d1 between date '2024-02-29' and date '2024-02-29'", d1=dt.date(2024, 2, 29)) is True
    assert one("days_between(d1, d2)", d1=dt.date(2024, 2, 28), d2=dt.date(2024, 3, 1)) == 2


def test_money_over_time():
    assert one("m1 * (at1 - at2) / interval '1 days'", m1="100", **TIMES) == 150
    assert one("m1 * (at1 - at2) / m2 > interval '1 days'", m1="100", m2="50", **TIMES) is True


@pytest.mark.parametrize(
    "text",
    [
        "(m1 / m2) / (m2 / m1) > 2",
        "m1 / m2 + m2 / m1 > m1 / m2",
        "m1 > 10000000000000000000000000000000000000",
        "m1 * 3 / m2 > 99999999999999999999999",
    ],
)
def test_what_could_pass_127_bits_does_not_load(text):
    with pytest.raises(ExprError) as caught:
        lower(text)
    assert caught.value.code == "EXPR-WIDTH"


@pytest.mark.parametrize(
    ("text", "kept"),
    [("m1 / 2", [0, 2, 0, -2, 1]), ("m1 * 0.5", [0, 2, 0, -2, 1]), ("m1 / m2 * 0.0001", [1, 3, -1, -3, 2])],
)
def test_halves_are_rounded_to_even_only_where_an_amount_is_kept(text, kept):
    amounts = ["0.0001", "0.0003", "-0.0001", "-0.0003", "0.0002"]
    frame = frame_of({"m1": amounts, "m2": ["0.0001"] * 5})
    assert frame.select(x=quantise(lower(text), Fraction(1, 10_000)))["x"].to_list() == kept


money = st.integers(-(2**60), 2**60).map(lambda count: Fraction(count, 10_000))
shares = st.integers(-5_000, 5_000).map(lambda count: Fraction(count, 1000))


@given(money, money, shares, st.sampled_from("+-"))
def test_sums_and_multiples_are_those_of_fractions(a, b, share, op):
    found = one(f"m1 {op} m2 * {float(share):.3f}", m1=a, m2=b)
    assert found == (a + b * share if op == "+" else a - b * share)


@given(money, money)
def test_quotients_are_those_of_fractions(a, b):
    assert one("m1 / m2", m1=a, m2=b) == (None if b == 0 else a / b)
    assert holds("m1 / m2 >= 0.5", m1=a, m2=b) is (None if b == 0 else a / b >= Fraction(1, 2))
