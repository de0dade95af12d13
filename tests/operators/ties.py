"""Small tables of identifiers and links, registers made from them, and how a register reads at a version."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import strategies as st

from redflags.ingest.dataset import Dataset
from redflags.plan.bind import bind_rule
from redflags.plan.schema import Schemas
from redflags.plan.scope import BindError
from redflags.tables import dictionary
from tests.operators.build import output, rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from redflags.operators.base import Output

HOUR = 3_600_000_000
GRID = 4  # hours between versions
VERSIONS = 6
TIME = pl.Datetime("us", "UTC")
DETECT = """
detect:
  from: ledger
  subject: party_id
  facts:
    tied: {{is: network, if: "listed('{name}', party_id)"}}
  when: tied
"""

PARTY = st.sampled_from("abcdef")
FROM = st.none() | st.integers(-2, GRID * (VERSIONS - 1))
SPAN = st.none() | st.integers(1, GRID * 3)
#: (party, kind, value, from, life)
Bearing = tuple[str | None, str | None, str | None, int | None, int | None]
#: (party, related, role, from, life)
Link = tuple[str, str, str, int | None, int | None]
BEARINGS = st.lists(
    st.tuples(
        PARTY | st.none(), st.sampled_from(["phone", "address", "email"]), st.sampled_from(["1", "2"]), FROM, SPAN
    ),
    max_size=14,
)
LINKS = st.lists(st.tuples(PARTY, PARTY, st.sampled_from(["director", "owner"]), FROM, SPAN), max_size=8)


def until(start: int | None, life: int | None) -> int | None:
    """Hour at which a row ends; undated rows with a life end at it."""
    return None if life is None else life if start is None else start + life


def _hours(values: Iterable[int | None]) -> list[int | None]:
    return [None if value is None else value * HOUR for value in values]


def tables(bearings: list[Bearing], links: list[Link], shares: list[Any] | None = None) -> dict[str, pl.DataFrame]:
    """The tables; ``shares`` are those of the links."""
    return {
        "party_identifiers": pl.DataFrame(
            {
                "party_id": [r[0] for r in bearings], "id_type": [r[1] for r in bearings], "id_value": [r[2] for r in bearings],
                "valid_from": _hours(r[3] for r in bearings), "valid_to": _hours(until(r[3], r[4]) for r in bearings),
            },
            schema={"party_id": pl.String, "id_type": pl.String, "id_value": pl.String, "valid_from": TIME, "valid_to": TIME},
        ),
        "party_links": pl.DataFrame(
            {
                "party_id": [r[0] for r in links], "related_party_id": [r[1] for r in links], "role": [r[2] for r in links],
                "valid_from": _hours(r[3] for r in links), "valid_to": _hours(until(r[3], r[4]) for r in links),
                "share_pct": shares or [None] * len(links),
            },
            schema={"party_id": pl.String, "related_party_id": pl.String, "role": pl.String, "valid_from": TIME, "valid_to": TIME,
                    "share_pct": pl.Int64},
        ),
    }  # fmt: skip


def register(name: str, block: str, data: dict[str, pl.DataFrame], upto: int = GRID * VERSIONS) -> Output:
    """What the operator that stands under ``name`` makes of the tables."""
    return output(f"with:\n{block}" + DETECT.format(name=name), Dataset(data, "EUR"), upto * HOUR)


def refused(name: str, block: str, change: tuple[str, str], message: str) -> None:
    """Check that the changed block is a fault that says ``message``."""
    assert change[0] in block
    with pytest.raises(BindError, match=message):
        bind_rule(rule(f"with:\n{block.replace(*change)}" + DETECT.format(name=name)), Schemas(dictionary()))


def held(frame: pl.DataFrame, hour: int) -> list[dict[str, Any]]:
    """Rows valid at an hour, without their validity."""
    at = hour * HOUR
    rows = frame.filter(
        (pl.col("valid_from").is_null() | (pl.col("valid_from") <= at))
        & (pl.col("valid_to").is_null() | (pl.col("valid_to") > at))
    )
    return rows.drop("valid_from", "valid_to").to_dicts()


def alive(start: int | None, life: int | None, hour: int, within: int | None = None) -> bool:
    """Whether a row lives at an hour."""
    end = until(start, life)
    if within is not None and start is not None:
        end = start + within if end is None else min(end, start + within)
    return (start is None or start <= hour) and (end is None or hour < end)


def minimal(frame: pl.DataFrame, keys: list[str]) -> bool:
    """Whether no two rows of a key meet and say the same, and none overlap."""
    rows = sorted(
        frame.to_dicts(),
        key=lambda r: ([str(r[k]) for k in keys], -(2**62) if r["valid_from"] is None else r["valid_from"]),
    )
    for one, two in pairwise(rows):
        if any(one[k] != two[k] for k in keys):
            continue
        if one["valid_to"] is None or two["valid_from"] is None or one["valid_to"] > two["valid_from"]:
            return False
        told = [{k: v for k, v in row.items() if k not in {"valid_from", "valid_to"}} for row in (one, two)]
        if one["valid_to"] == two["valid_from"] and told[0] == told[1]:
            return False
    return True


def cut(frame: pl.DataFrame, hour: int) -> list[dict[str, Any]]:
    """What a register says up to an hour."""
    at = hour * HOUR
    rows = frame.filter(pl.col("valid_from").is_null() | (pl.col("valid_from") <= at))
    return rows.with_columns(pl.when(pl.col("valid_to") <= at).then(pl.col("valid_to"))).to_dicts()
