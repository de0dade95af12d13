"""Screening small tables."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from redflags.testing.tables import micros
from tests.operators import build
from tests.operators.build import dataset

if TYPE_CHECKING:
    from redflags.ingest.dataset import Dataset
    from redflags.operators.base import Output

RULE = """
with:
  screened: {{screen: {{from: {source}, {block}}}}}
detect:
  from: screened
  subject: {{kind: match, key: screened_id}}
  facts:
    near: {{is: identity, if: "score >= 0"}}
  when: near
"""
PARTY = "name: [name, alias_names], birth_year: occupation_code, country: residence_country, entity: party_type"
FAR = micros(dt.datetime(2030, 1, 1, tzinfo=dt.UTC))


def output(data: Dataset, source: str = "parties", block: str = PARTY, covers: int = 0) -> Output:
    return build.output(RULE.format(source=source, block=block), data, covers=covers)


def found(parties: list[dict[str, Any]], entries: list[dict[str, Any]], block: str = PARTY) -> list[dict[str, Any]]:
    return output(dataset({"parties": parties, "list_entries": entries}), block=block).frame.sort("_id").to_dicts()


def one(party: dict[str, Any], entry: dict[str, Any], block: str = PARTY) -> dict[str, Any] | None:
    rows = found(
        [{"party_id": "p", **party}],
        [{"list_id": "l", "list_version": "v1", "entry_id": "e", **entry}],
        block,
    )
    assert len(rows) <= 1
    return rows[0] if rows else None
