"""The way from plain rows to frames loses nothing."""

from __future__ import annotations

from hypothesis import given

from tests.properties.frames import dataset_of
from tests.properties.streams import tables
from tests.reference.values import exact


@given(tables())
def test_every_cell_arrives(rows):
    data = dataset_of(rows)
    assert set(data.tables) == set(rows)
    ledger = data.tables["ledger"]
    assert [exact(value) for value in ledger["booked_at"]] == [exact(row["booked_at"]) for row in rows["ledger"]]
    assert [None if a is None else int(a * 10_000) for a in (r["amount_base"] for r in rows["ledger"])] == ledger[
        "amount_base"
    ].to_list()
