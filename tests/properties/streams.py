"""Hypothesis strategies for dense data: few keys, few moments, many ties and nulls."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.reference.chain import Tables

# An ordinary day, and the evenings before Vienna's clocks go forward and back.
STARTS = (
    dt.datetime(2026, 2, 3, 8, tzinfo=dt.UTC),
    dt.datetime(2026, 3, 28, 20, tzinfo=dt.UTC),
    dt.datetime(2026, 10, 24, 20, tzinfo=dt.UTC),
)
STEP = dt.timedelta(hours=1)
AMOUNTS = [Decimal(text) for text in ("0", "1", "2", "5", "10", "9.99", "100.01", "0.0001")]
HUGE = [Decimal(1_000_000_000), Decimal("1000000000.01")]
ACCOUNTS = {"A1": "P1", "A2": "P1", "A3": "P2", "A9": "P9"}
COUNTERPARTIES = ["P1", "P2", "C1", None]


def maybe(values: list[Any]) -> st.SearchStrategy[Any]:
    """One of ``values`` or, one time in six or so, null."""
    return st.sampled_from([*values, *values, *values, None] if len(values) < 3 else [*values, None])


@st.composite
def moments(draw: st.DrawFn, start: dt.datetime, last: int) -> dt.datetime:
    """A grid moment, now and then a microsecond after it."""
    off = draw(st.sampled_from([0] * 11 + [1]))
    return start + draw(st.integers(0, last)) * STEP + dt.timedelta(microseconds=off)


@st.composite
def ledgers(draw: st.DrawFn, start: dt.datetime, *, nulls: bool = True, huge: bool = False) -> list[dict[str, Any]]:
    """3 to 25 ledger rows on few moments. Some data sets have one hot key, some a key with a single row."""
    size = draw(st.integers(3, 25))
    last = draw(st.sampled_from([2, 5, 9, 14]))
    accounts = draw(st.sampled_from([["A1"], ["A1", "A2"], ["A1", "A3"], ["A1", "A1", "A1", "A2", "A3"]]))
    lonely = draw(st.booleans())
    with_seq = draw(st.booleans())
    null = maybe if nulls else st.sampled_from
    amounts = AMOUNTS + HUGE * (3 if huge else 0)
    rows = []
    for number in range(size):
        account = "A9" if lonely and number == 0 else draw(st.sampled_from(accounts))
        row = {
            # a tie is not broken by the order in which rows were written
            "txn_id": f"t{(number * 7) % 25:02d}",
            "direction": draw(st.sampled_from(["in", "out"])),
            "booked_at": draw(moments(start, last)),
            "account_id": account,
            "party_id": ACCOUNTS[account] if not nulls or draw(st.integers(0, 11)) else None,
            "counterparty_key": draw(st.sampled_from(COUNTERPARTIES)),
            "amount": draw(st.sampled_from(amounts)),
            "currency": draw(st.sampled_from(["EUR", "EUR", "USD"])),
            "amount_base": draw(null(amounts)),
            "instrument": draw(null(["cash", "wire"])),
            "purpose_code": draw(null(["A", "B", "AB"])),
            "own_transfer": draw(st.booleans()),
            "status": draw(st.sampled_from(["booked"] * 6 + [None, "rejected"])),
            "seq": draw(st.integers(0, 2)) if with_seq and draw(st.integers(0, 3)) else None,
        }
        rows.append(row)
    return rows


@st.composite
def session_rows(draw: st.DrawFn, start: dt.datetime, *, nulls: bool = True) -> list[dict[str, Any]]:
    """A second stream with the same keys."""
    rows = []
    for number in range(draw(st.integers(1, 8))):
        account = draw(st.sampled_from(["A1", "A2", "A3"]))
        rows.append(
            {
                "session_id": f"s{number}",
                "at": draw(moments(start, 9)),
                "account_id": account,
                "party_id": ACCOUNTS[account],
                "device_id": draw(maybe(["D1", "D2"]) if nulls else st.sampled_from(["D1", "D2"])),
                "is_anonymiser": draw(maybe([True, False]) if nulls else st.booleans()),
            }
        )
    return rows


@st.composite
def account_rows(draw: st.DrawFn, start: dt.datetime) -> list[dict[str, Any]]:
    opened = [start - 30 * STEP, start, start + 2 * STEP, None]
    zones = [None, "UTC", "Europe/Vienna", "Pacific/Auckland"]
    return [
        {
            "account_id": account,
            "party_id": party,
            "opened_at": draw(st.sampled_from(opened)),
            "timezone": draw(st.sampled_from(zones)),
        }
        for account, party in ACCOUNTS.items()
    ]


@st.composite
def party_rows(draw: st.DrawFn, start: dt.datetime) -> list[dict[str, Any]]:
    return [
        {
            "party_id": party,
            "onboarded_at": draw(st.sampled_from([start - 30 * STEP, start, None])),
            "residence_country": draw(maybe(["AT", "DE"])),
        }
        for party in ("P1", "P2")  # P9 has no record
    ]


@st.composite
def link_rows(draw: st.DrawFn, start: dt.datetime) -> list[dict[str, Any]]:
    """Dated links; at most one row of a pair and role at any moment."""
    edge = start + draw(st.integers(0, 6)) * STEP
    rows: list[dict[str, Any]] = [
        {
            "link_id": "l1",
            "party_id": "P1",
            "related_party_id": "P2",
            "role": "director",
            "valid_from": start - STEP,
            "valid_to": edge,
        },
        {
            "link_id": "l2",
            "party_id": "P2",
            "related_party_id": "C1",
            "role": "owner",
            "valid_from": edge,
            "valid_to": None,
        },
        {
            "link_id": "l3",
            "party_id": "P1",
            "related_party_id": "C1",
            "role": "owner",
            "valid_from": None,
            "valid_to": None,
        },
    ]
    return rows[: draw(st.integers(1, 3))]


@st.composite
def tables(draw: st.DrawFn, *, nulls: bool = True, huge: bool = False) -> Tables:
    start = draw(st.sampled_from(STARTS))
    return {
        "ledger": draw(ledgers(start, nulls=nulls, huge=huge)),
        "sessions": draw(session_rows(start, nulls=nulls)),
        "accounts": draw(account_rows(start)),
        "parties": draw(party_rows(start)),
        "party_links": draw(link_rows(start)),
    }
