from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redflags.ingest.numbers import SCALES, number_fault
from redflags.ingest.numbers import parse_number as parse_or_none
from redflags.units import DECIMAL_SCALE, INT64_MAX, MONEY_SCALE

LARGEST = Decimal(INT64_MAX) / MONEY_SCALE


def parse_number(raw, kind, *, negative):
    made = parse_or_none(raw, kind, negative=negative)
    assert made is not None
    return made


def one(value, kind="money", *, negative=True, dtype=None):
    return parse_number(pl.Series([value], dtype=dtype), kind, negative=negative).item()


def why(value, kind="money", *, negative=False):
    raw = pl.DataFrame({"a": [value]})
    return raw.select(number_fault(pl.col("a"), raw.schema["a"], kind, negative=negative)).item()


@given(st.decimals(-LARGEST, LARGEST, places=4))
def test_money_of_four_decimals_is_exact(value):
    assert one(f"{value:f}") == int(value * MONEY_SCALE)


@given(st.decimals(-LARGEST, LARGEST, places=6))
def test_more_decimals_are_never_rounded(value):
    scaled = value * MONEY_SCALE
    expected = int(scaled) if scaled == int(scaled) else None
    assert one(f"{value:f}") == expected


@given(st.decimals(min_value=-(10**11), max_value=10**11, places=4))
def test_floats_stand_for_their_decimal(value):
    assert one(float(value)) == int(value * MONEY_SCALE)


@given(st.decimals(min_value=Decimal("0.00001"), max_value=10**6, places=5))
def test_floats_of_five_decimals_are_refused(value):
    scaled = value * MONEY_SCALE
    assert one(float(value)) == (int(scaled) if scaled == int(scaled) else None)


@given(st.integers(-(10**24), 10**24))
def test_quantities_hold_18_decimals(scaled):
    text = f"{Decimal(scaled).scaleb(-18):f}"
    assert one(text, "decimal") == scaled


@given(st.text(max_size=12))
def test_any_text_is_a_number_or_refused(text):
    value = one(text)
    if value is not None:
        assert Decimal(text.strip()) * MONEY_SCALE == value


@pytest.mark.parametrize(
    ("text", "scaled"),
    [
        (".5", 5_000),
        ("5.", 50_000),
        ("+3", 30_000),
        (" 7 ", 70_000),
        ("0000000000000000000000001", 10_000),
        ("1.230000000000", 12_300),
        ("922337203685477.5807", INT64_MAX),
    ],
)
def test_accepted_spellings(text, scaled):
    assert one(text) == scaled


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1e3", "not a plain number"),
        ("1,000.00", "not a plain number"),
        ("1 000", "not a plain number"),
        ("12 EUR", "not a plain number"),
        ("NaN", "not finite"),
        ("-inf", "not finite"),
        ("1.23456", "more than 4 decimals"),
        ("-0.00005", "more than 4 decimals"),
        ("-1", "negative"),
        ("922337203685477.5808", "too large"),
        ("9" * 40, "too large"),
    ],
)
def test_refused_spellings_say_why(text, reason):
    assert one(text, negative=False) is None
    assert reason in why(text)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (float("nan"), "not finite"),
        (float("inf"), "not finite"),
        (-1.0, "negative"),
        (2e11, "too large to be exact"),
        (0.12345, "more than 4 decimals"),
    ],
)
def test_refused_floats_say_why(value, reason):
    assert one(value, negative=False) is None
    assert reason in why(value)


def test_two_decimal_floats_are_all_accepted():
    cents = pl.Series(range(100_000), dtype=pl.Int64)
    made = parse_number(cents.cast(pl.Float64) / pl.Series([100.0] * len(cents)), "money", negative=False)
    assert made.to_list() == [cent * 100 for cent in range(100_000)]


def test_other_dtypes():
    assert one(7) == 70_000
    assert one(7, dtype=pl.UInt8) == 70_000
    assert one(Decimal("1.25")) == 12_500
    assert one(Decimal("1.23456")) is None
    assert one(0.1, "decimal") == DECIMAL_SCALE // 10
    assert one(2**62, "money") is None
    assert parse_or_none(pl.Series([True]), "money", negative=False) is None
    assert parse_number(pl.Series(["1.5"]), "int", negative=False).item() is None
    assert parse_number(pl.Series([3.0]), "int", negative=False).item() == 3


def test_every_scaled_type_keeps_nulls():
    for kind in SCALES:
        assert parse_number(pl.Series([None, "1"]), kind, negative=False).to_list() == [None, SCALES[kind]]
