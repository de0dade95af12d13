from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redflags.errors import UsageError
from redflags.units import (
    CURRENCIES,
    DECIMAL_SCALE,
    INT64_MAX,
    MONEY_SCALE,
    NUMBER_SCALE,
    format_decimal,
    format_duration,
    format_money,
    format_number,
    format_ratio,
    format_time,
    parse_duration,
    parse_scaled,
)

HOUR = 3_600_000_000


@pytest.mark.parametrize(("text", "hours"), [("7d", 168), ("24h", 24), ("2w", 336), ("0s", 0), ("1d", 24)])
def test_durations(text, hours):
    assert parse_duration(text) == hours * HOUR


@pytest.mark.parametrize("text", ["", "7", "d", "7 d", "-1d", "1.5h", "7D", "1y", "٣d", "99999999999999999w"])
def test_no_durations(text):
    with pytest.raises(UsageError):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("7d", "7 days"),
        ("24h", "1 day"),
        ("36h", "36 hours"),
        ("90m", "90 minutes"),
        ("2w", "14 days"),
        ("1s", "1 second"),
    ],
)
def test_durations_in_words(text, words):
    assert format_duration(parse_duration(text)) == words


def test_odd_durations_in_words():
    assert format_duration(0) == "0 seconds"
    assert format_duration(-HOUR) == "minus 1 hour"


@given(st.integers(-INT64_MAX, INT64_MAX))
def test_money_shown_reads_back(scaled):
    text = format_money(scaled)
    assert parse_scaled(text.replace(",", ""), MONEY_SCALE) == scaled
    assert Decimal(text.replace(",", "")) * MONEY_SCALE == scaled


@given(st.integers(-INT64_MAX, INT64_MAX))
def test_numbers_shown_read_back(scaled):
    assert parse_scaled(format_number(scaled).replace(",", ""), NUMBER_SCALE) == scaled


def test_shown_values():
    assert format_money(0, "USD") == "0.00 USD"
    assert format_money(-1) == "-0.0001"
    assert format_money(100_000_000) == "10,000.00"
    assert format_decimal(1) == "0.000000000000000001"
    assert format_ratio(5_000) == "0.5%"
    assert format_ratio(-1) == "0%"
    assert format_time(1) == "1970-01-01 00:00:00.000001 UTC"


@pytest.mark.parametrize("text", ["1e3", "nan", "1,000", "", ".", "٣", "1.00001", "922337203685477.5808", "0x1"])
def test_inexact_or_strange_literals_are_refused(text):
    with pytest.raises(UsageError):
        parse_scaled(text, MONEY_SCALE)


def test_literals():
    assert parse_scaled("0.80", NUMBER_SCALE) == 800_000
    assert parse_scaled("+.5", MONEY_SCALE) == 5_000
    assert parse_scaled("100000000000000000000", DECIMAL_SCALE) == 10**38


def test_currencies():
    assert {"EUR", "USD", "JPY", "NOK", "HRK"} <= CURRENCIES
    assert "ABC" not in CURRENCIES
    assert all(len(code) == 3 and code.isupper() for code in CURRENCIES)
