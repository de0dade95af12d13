"""Money, ratios and durations are exact: no float, no rounding before a comparison."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redflags.expr.lexer import ExprError
from tests.expr.lowered import lower, one, values

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "amount", "expected"),
    [
        ("amount >= 0.80 * 10000", "8000", True),
        ("amount >= 0.80 * 10000", "7999.9999", False),
        ("amount * 0.1 * 3 = amount * 0.3", "0.0001", True),
        ("amount / 3 * 3 = amount", "0.0001", True),
        ("amount / 3 > 0.0333", "0.1", True),
        ("amount / 3 = 0.0333", "0.1", False),
        ("amount * 1.000001 > amount", "0.0001", True),
        ("coalesce(amount / 3, 0) * 3 = amount", "0.1", True),
        ("case when amount > 0 then amount * 0.3333 else amount end > 0.0333", "0.1", True),
        ("greatest(amount / 3, 0.0333) > 0.0333", "0.1", True),
        ("least(amount / 3, 0.0334) < 0.0334", "0.1", True),
        ("nullif(amount / 3, 0.0333) is null", "0.1", False),
        ("-amount / 3 * 3 = -amount", "0.1", True),
        ("amount - amount * 0.3 = amount * 0.7", "9223372036854.7758", True),
        ("amount * amount_base > amount * (amount_base - 0.0001)", "922337203685477", True),
    ],
)
def test_comparisons_are_exact(text, amount, expected):
    assert one(text, amount=amount, amount_base=amount) is expected


@pytest.mark.parametrize(
    "text",
    ["amount / 0", "amount / (amount - amount)", "amount / (amount * 0)", "1 / 0 * amount", "ratio(amount, 0 * amount)",
     "1 / 0", "amount / (1 - 1)", "latitude / 0", "latitude / (latitude - latitude)"],
)  # fmt: skip
def test_division_by_zero_is_null(text):
    assert one(text, amount="5", latitude=2.5) is None


def test_a_negative_divisor_divides():
    assert one("amount / (amount_base - amount)", amount="6", amount_base="4") == -3
    assert one("amount / (0 - 4)", amount="6") == Fraction(-3, 2)
    assert one("amount / (amount_base - amount) < 0", amount="6", amount_base="4") is True


def test_ratios_of_ratios():
    assert one("(amount / amount_base) / (amount_base / amount)", amount="3", amount_base="7") == Fraction(9, 49)
    assert one("amount / amount_base + amount_base / amount", amount="3", amount_base="7") == Fraction(58, 21)
    assert one("amount / amount_base - 1", amount="3", amount_base="7") == Fraction(-4, 7)


def test_durations():
    rows = {"booked_at": NOON, "value_at": NOON - dt.timedelta(hours=36)}
    assert one("(booked_at - value_at) / interval '1 days'", **rows) == Fraction(3, 2)
    assert one("booked_at - value_at > interval '1 days' * 1.5", **rows) is False
    assert one("booked_at - value_at >= interval '1 days' * 1.5", **rows) is True
    assert one("-(booked_at - value_at) < interval '-1 days'", **rows) is True
    assert one("booked_at - interval '36 hours' = value_at", **rows) is True
    assert one("interval '36 hours' + value_at = booked_at", **rows) is True


def test_money_over_time():
    rows = {"booked_at": NOON, "value_at": NOON - dt.timedelta(hours=12), "amount": "100"}
    assert one("amount * (booked_at - value_at) / interval '1 days'", **rows) == 50


@pytest.mark.parametrize(
    "text",
    [
        "amount * amount * amount / amount / amount > 1",
        "amount / amount_base > 99999999999999999999999999999999999",
        "(amount / amount_base) / (amount / amount_base) > amount / amount_base",
        "amount > 10000000000000000000000000000000000000",
    ],
)
def test_what_could_pass_127_bits_does_not_load(text):
    with pytest.raises(ExprError) as caught:
        lower(text)
    assert caught.value.code in {"EXPR-WIDTH", "EXPR-TYPE"}


def test_halves_are_rounded_to_even_only_where_an_amount_is_kept():
    from redflags.expr.values import quantise  # noqa: PLC0415
    from tests.expr.lowered import cells  # noqa: PLC0415

    value = lower("amount / 2")
    amounts = cells("amount", ["0.0001", "0.0003", "-0.0001", "-0.0003", "0.0002"])
    kept = pl.DataFrame([amounts]).select(quantise(value, Fraction(1, 10_000)))["amount"].to_list()
    assert kept == [0, 2, 0, -2, 1]


money = st.integers(-(2**62), 2**62).map(lambda n: Fraction(n, 10_000))


@given(money, money, st.sampled_from(["+", "-"]), st.fractions(-5, 5, max_denominator=1000).map(lambda f: Fraction(round(f * 1000), 1000)))
def test_sums_and_multiples_are_those_of_fractions(a, b, op, ratio):
    share = f"{float(ratio):.3f}"
    text = f"amount {op} amount_base * {share}".replace("* -", "* -")
    exact = a + b * ratio if op == "+" else a - b * ratio
    columns = {"amount": _plain(a), "amount_base": _plain(b)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("redflags.plan.schema.t.of_column", _one_currency)
        found = _fresh(text, columns)
    assert found == exact


def _one_currency(kind):
    from redflags.expr.types import NUMBER, TEXT, Type  # noqa: PLC0415

    return Type("money", "base") if kind.startswith("money") else NUMBER if kind == "number" else TEXT


def _plain(value):
    return f"{value.numerator // value.denominator if value >= 0 else -(-value.numerator // value.denominator)}" \
        if value.denominator == 1 else str(_decimal(value))


def _decimal(value):
    from decimal import Context, Decimal  # noqa: PLC0415

    return Context(prec=60).divide(Decimal(value.numerator), Decimal(value.denominator))


def _fresh(text, columns):
    return values(text.replace("amount_base", "amount_two").replace("amount_two", "amount_base"),
                  **{name: [cell] for name, cell in columns.items()})[0]  # fmt: skip
