from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redflags.errors import UsageError
from redflags.ingest import derive_ledger, read_dataset
from redflags.tables import dictionary

MOVES = pl.DataFrame(
    {
        "txn_id": ["T1", "T2", "T3", "T4"],
        "from_account_id": ["A1", None, "A1", "X9"],
        "from_party_id": [None, None, "P9", "P7"],
        "from_country": ["AT", None, "AT", "DE"],
        "from_name": ["Ann", "ACME Ltd.", None, None],
        "to_account_id": ["A2", "A1", "A1", None],
        "to_country": ["DE", "DE", None, "DE"],
        "to_name": [None, None, None, "  Zoë-B.  GmbH "],
        "to_bank_id": ["B2", None, None, "B4"],
        "amount": [1, 2, 3, 4],
        "balance_after": [10, 20, 30, 40],
        "status": ["booked", None, "reversed", "booked"],
    },
    schema_overrides={"from_party_id": pl.String},
)
ACCOUNTS = pl.DataFrame({"account_id": ["A1", "A2"], "party_id": ["P1", "P1"]})


def by_id(ledger):
    return {(row["txn_id"], row["direction"]): row for row in ledger.iter_rows(named=True)}


def test_own_side_is_what_stands_in_accounts():
    rows = by_id(derive_ledger(MOVES, ACCOUNTS))
    assert set(rows) == {("T1", "out"), ("T1", "in"), ("T2", "in"), ("T3", "out"), ("T3", "in")}


def test_without_accounts_every_account_is_own():
    rows = by_id(derive_ledger(MOVES))
    assert ("T4", "out") in rows
    assert ("T4", "in") not in rows


def test_sides_are_mirrored():
    rows = by_id(derive_ledger(MOVES, ACCOUNTS))
    out, into = rows["T1", "out"], rows["T1", "in"]
    assert (out["account_id"], out["counterparty_account_id"]) == ("A1", "A2")
    assert (into["account_id"], into["counterparty_account_id"]) == ("A2", "A1")
    assert (out["own_country"], out["counterparty_country"]) == ("AT", "DE")
    assert (out["own_bank_id"], out["counterparty_bank_id"]) == (None, "B2")
    assert (into["own_bank_id"], into["counterparty_bank_id"]) == ("B2", None)
    assert into["counterparty_name"] == "Ann"
    assert out["from_account_id"] == "A1"


def test_parties_come_from_accounts_where_not_named():
    rows = by_id(derive_ledger(MOVES, ACCOUNTS))
    assert rows["T1", "out"]["party_id"] == "P1"
    assert rows["T1", "out"]["counterparty_party_id"] == "P1"
    assert rows["T3", "out"]["party_id"] == "P9"


def test_own_transfers_and_borders_are_never_null():
    rows = by_id(derive_ledger(MOVES, ACCOUNTS))
    assert rows["T1", "out"]["own_transfer"]  # one party on both sides
    assert rows["T3", "in"]["own_transfer"]  # one account on both sides, whatever the parties say
    assert not rows["T2", "in"]["own_transfer"]
    assert rows["T1", "in"]["cross_border"]
    assert not rows["T3", "in"]["cross_border"]  # a country is unknown


def test_border_is_absent_where_countries_did_not_come_in():
    ledger = derive_ledger(MOVES.drop("to_country"), ACCOUNTS)
    assert "cross_border" not in ledger.columns
    assert "counterparty_country" in ledger.columns


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ({"to_account_id": "A", "to_party_id": "P", "to_name": "N"}, "A"),
        ({"to_party_id": "P", "to_wallet": "W"}, "party:P"),
        ({"to_wallet": "W", "to_identifier": "I"}, "wallet:W"),
        ({"to_identifier": "I", "to_name": "N"}, "id:I"),
        ({"to_name": "  Zoë-B.  GmbH ", "to_bank_id": "B"}, "name:zoë b gmbh"),
        ({"to_name": " - ", "to_bank_id": "B", "to_country": "AT"}, "bank:B|AT"),
        ({"to_country": "AT"}, "bank:?|AT"),
        ({}, None),
    ],
)
def test_the_best_identifier_is_the_key(row, key):
    names = (
        "to_account_id",
        "to_party_id",
        "to_wallet",
        "to_identifier",
        "to_name",
        "to_bank_id",
        "to_country",
    )
    columns = {"txn_id": "T", "from_account_id": "OWN", **dict.fromkeys(names), **row}
    moves = pl.DataFrame([columns], schema=dict.fromkeys(columns, pl.String))
    ledger = derive_ledger(moves, pl.DataFrame({"account_id": ["OWN"]}))
    assert ledger["counterparty_key"].item() == key


def test_one_balance_belongs_to_the_only_own_side():
    rows = by_id(derive_ledger(MOVES, ACCOUNTS))
    assert rows["T2", "in"]["balance_after"] == 20
    assert rows["T1", "in"]["balance_after"] is None
    both = MOVES.with_columns(from_balance_after=pl.lit(7), to_balance_after=pl.lit(8))
    rows = by_id(derive_ledger(both, ACCOUNTS))
    assert (rows["T1", "out"]["balance_after"], rows["T1", "in"]["balance_after"]) == (7, 8)


def test_every_status_is_kept():
    assert set(derive_ledger(MOVES)["status"]) == {"booked", None, "reversed"}


def test_only_wanted_columns_are_made():
    ledger = derive_ledger(MOVES, ACCOUNTS, ["amount", "counterparty_key"])
    assert ledger.columns == ["txn_id", "direction", "counterparty_key", "amount"]
    with pytest.raises(UsageError, match="did you mean 'counterparty_key'"):
        derive_ledger(MOVES, ACCOUNTS, ["beneficiary_key"])


def test_columns_are_of_the_dictionary_type():
    moves = {
        name: pl.Series([None], dtype=column.dtype)
        for name, column in dictionary().table("transactions").columns.items()
    }
    ledger = derive_ledger(pl.DataFrame(moves).with_columns(txn_id=pl.lit("T"), from_account_id=pl.lit("A")))
    schema = dictionary().table("ledger").columns
    assert set(schema) == set(ledger.columns)
    for name, column in schema.items():
        assert ledger.schema[name] == column.dtype, name


IDS = st.sampled_from([None, "A", "B", "C"])
PARTIES = st.sampled_from([None, "P", "Q"])
COUNTRIES = st.sampled_from([None, "AT", "DE"])
ROWS = st.lists(st.tuples(IDS, PARTIES, COUNTRIES, IDS, PARTIES, COUNTRIES), min_size=1, max_size=12)
HOLDERS = st.none() | st.dictionaries(st.sampled_from(["A", "B"]), PARTIES)


@given(ROWS, HOLDERS)
def test_ledger_is_what_a_row_by_row_reading_gives(rows, holders):
    names = ("from_account_id", "from_party_id", "from_country", "to_account_id", "to_party_id", "to_country")
    schema = {"txn_id": pl.String, **dict.fromkeys(names, pl.String)}
    moves = pl.DataFrame([(str(n), *row) for n, row in enumerate(rows)], schema=schema, orient="row")
    accounts = None
    if holders is not None:
        accounts = pl.DataFrame(
            list(holders.items()), schema={"account_id": pl.String, "party_id": pl.String}, orient="row"
        )
    expected = {}
    for number, (
        sender,
        sender_party,
        sender_country,
        receiver,
        receiver_party,
        receiver_country,
    ) in enumerate(rows):
        known = holders or {}
        one = sender_party or known.get(sender)
        two = receiver_party or known.get(receiver)
        own = bool((sender and sender == receiver) or (one and one == two))
        border = bool(sender_country and receiver_country and sender_country != receiver_country)
        for direction, account, party, other, other_party in (
            ("out", sender, one, receiver, two),
            ("in", receiver, two, sender, one),
        ):
            if account is not None and (holders is None or account in holders):
                expected[str(number), direction] = (account, party, other, other_party, own, border)
    ledger = derive_ledger(moves, accounts)
    columns = (
        "account_id",
        "party_id",
        "counterparty_account_id",
        "counterparty_party_id",
        "own_transfer",
        "cross_border",
    )
    assert {key: tuple(row[name] for name in columns) for key, row in by_id(ledger).items()} == expected
    assert len(ledger) == len(expected)


def test_data_sets_derive_their_own():
    data = read_dataset(
        {
            "transactions": MOVES.drop("amount", "balance_after").with_columns(
                amount=pl.lit("1"), currency=pl.lit("EUR"), booked_at=pl.lit("2026-01-05")
            ),
            "accounts": ACCOUNTS,
        }
    )
    assert len(data.ledger()) == 5
    assert data.ledger(frozenset({"amount"})).columns == ["txn_id", "direction", "amount"]
