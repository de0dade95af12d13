from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redflags.ingest.times import date_fault, time_fault
from redflags.ingest.times import parse_date as parse_date_or_none
from redflags.ingest.times import parse_time as parse_time_or_none

UTC = dt.UTC
MOMENTS = st.datetimes(dt.datetime(1900, 1, 2), dt.datetime(2200, 12, 30))  # noqa: DTZ001 - naive on purpose
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))


def parse_date(raw):
    made = parse_date_or_none(raw)
    assert made is not None
    return made


def parse_time(raw, zone, form=None):
    made = parse_time_or_none(raw, zone, form)
    assert made is not None
    return made


def one(value, zone="UTC", form=None, dtype=None):
    return parse_time(pl.Series([value], dtype=dtype), zone, form).item()


def why(value, zone="UTC"):
    raw = pl.DataFrame({"a": [value]})
    return raw.select(time_fault(pl.col("a"), raw.schema["a"], zone)).item()


@given(MOMENTS, OFFSETS)
def test_iso_with_offset_is_that_moment(naive, offset):
    aware = naive.replace(tzinfo=offset)
    inside = 1900 <= aware.astimezone(UTC).year <= 2200
    assert one(aware.isoformat()) == (aware.astimezone(UTC) if inside else None)


@given(MOMENTS)
def test_naive_is_utc_where_nothing_else_is_said(naive):
    assert one(naive.isoformat()) == naive.replace(tzinfo=UTC)
    assert one(naive.isoformat(sep=" ")) == naive.replace(tzinfo=UTC)
    assert one(naive) == naive.replace(tzinfo=UTC)


# Rules of summer time are only written down for some decades.
@given(
    st.datetimes(dt.datetime(1971, 1, 1), dt.datetime(2060, 1, 1)),  # noqa: DTZ001 - naive on purpose
    st.sampled_from(["Europe/Vienna", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]),
)
def test_local_times_are_those_of_the_zone(naive, zone):
    made = one(naive.isoformat(), zone)
    expected = naive.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    exists = expected.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == naive
    assert made == (expected if exists else None)


@given(st.text(max_size=25))
def test_any_text_is_a_time_or_refused(text):
    one(text)
    why(text)


def test_spellings_may_differ_from_row_to_row():
    rows = ["2026-01-02", "2026-01-02 03:04", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05,5-0130", None, "x"]
    made = parse_time(pl.Series(rows), "Europe/Vienna").to_list()
    assert made == [
        dt.datetime(2026, 1, 1, 23, tzinfo=UTC),
        dt.datetime(2026, 1, 2, 2, 4, tzinfo=UTC),
        dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        dt.datetime(2026, 1, 2, 4, 34, 5, 500_000, tzinfo=UTC),
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("text", "zone", "reason"),
    [
        ("2026-02-30", "UTC", "bad date"),
        ("31.1.2026", "UTC", "bad date"),
        ("2026-01-02T25:00:00", "UTC", "bad date"),
        ("1735689600", "UTC", "bad date"),
        ("2026-01-02T03:04:05.1234567Z", "UTC", "bad date"),
        ("1899-12-31", "UTC", "year outside"),
        ("9999-12-31", "UTC", "year outside"),
        ("2026-03-29T02:30:00", "Europe/Vienna", "no such time of day"),
    ],
)
def test_refused_times_say_why(text, zone, reason):
    assert one(text, zone) is None
    assert reason in why(text, zone)


def test_clocks_going_back_mean_the_earlier_moment():
    assert one("2026-10-25T02:30", "Europe/Vienna") == dt.datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_other_dtypes():
    assert one(dt.date(2026, 1, 2), "Europe/Vienna") == dt.datetime(2026, 1, 1, 23, tzinfo=UTC)
    aware = dt.datetime(2026, 1, 2, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert one(aware, dtype=pl.Datetime("ns", "Asia/Tokyo")) == aware.astimezone(UTC)
    assert one(dt.datetime(9999, 1, 1, tzinfo=UTC)) is None
    assert parse_time_or_none(pl.Series([1_735_689_600]), "UTC") is None


def test_own_format():
    assert one("31.01.2026 14:05", form="%d.%m.%Y %H:%M") == dt.datetime(2026, 1, 31, 14, 5, tzinfo=UTC)


@given(st.dates(dt.date(1900, 1, 1), dt.date(2200, 12, 31)))
def test_dates(day):
    assert parse_date(pl.Series([day.isoformat()])).item() == day
    assert parse_date(pl.Series([f"{day.isoformat()}T00:00:00"])).item() == day
    assert parse_date(pl.Series([dt.datetime.combine(day, dt.time())])).item() == day


def test_refused_dates_say_why():
    rows = pl.DataFrame({"a": ["2026-02-31", "1700-01-01", "2026-01-31T10:00"]})
    assert parse_date(rows["a"]).null_count() == 3
    reasons = rows.select(date_fault(pl.col("a"), pl.String())).to_series().to_list()
    assert [reason.split(";")[0].split(" 1900")[0] for reason in reasons] == [
        "bad date",
        "year outside",
        "bad date",
    ]
    assert parse_date(pl.Series([dt.datetime(2026, 1, 1, 10, tzinfo=UTC)])).item() is None
    assert parse_date_or_none(pl.Series([1])) is None
