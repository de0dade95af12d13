from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import zipfile

import polars as pl
import pytest

from redflags.errors import DataError, RuleError, UsageError
from redflags.ingest import read_dataset

HEADER = "txn_id,booked_at,amount,currency,from_account_id,to_account_id\n"
ROWS = "T1,2026-01-05T10:00:00Z,12.50,EUR,A1,A2\nT2,2026-01-06,3,EUR,,A1\n"


def frame(**changes):
    columns = {
        "txn_id": ["T1", "T2", "T3"],
        "booked_at": ["2026-01-05", "2026-01-06", "2026-01-07"],
        "amount": ["1", "2", "3"],
        "currency": ["EUR", "EUR", "USD"],
        "from_account_id": ["A1", "A1", None],
        "to_account_id": [None, "A2", "A1"],
    }
    return pl.DataFrame({name: value for name, value in (columns | changes).items() if value is not None})


def reasons(data):
    return {(row["source_row"], row["column"]): row["reason"] for row in data.rejects.iter_rows(named=True)}


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "zip", "parquet", "ndjson", "jsonl"])
def test_every_format_gives_the_same_rows(tmp_path, ending):
    path = tmp_path / f"transactions.{ending}"
    table = pl.read_csv((HEADER + ROWS).encode(), infer_schema=False)
    if ending == "csv":
        path.write_text(HEADER + ROWS)
    elif ending == "csv.gz":
        path.write_bytes(gzip.compress((HEADER + ROWS).encode()))
    elif ending == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.csv", HEADER + ROWS)
    elif ending == "parquet":
        table.write_parquet(path)
    else:
        table.write_ndjson(path)
    data = read_dataset(tmp_path)
    made = data.tables["transactions"]
    assert made["amount"].to_list() == [125_000, 30_000]
    assert made["amount_base"].to_list() == [125_000, 30_000]
    assert made["from_account_id"].to_list() == ["A1", None]
    assert made["booked_at"].dtype == pl.Datetime("us", "UTC")
    assert made["source_row"].to_list() == [1, 2]
    assert data.inputs[0].sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert data.inputs[0].bytes == path.stat().st_size
    assert data.covers_from == dt.datetime(2026, 1, 5, 10, tzinfo=dt.UTC)
    assert data.rejects.is_empty()


def test_one_file_of_any_name_is_the_transactions(tmp_path):
    path = tmp_path / "january.csv"
    path.write_text(HEADER + ROWS)
    assert read_dataset(path).tables["transactions"].height == 2


def test_parts_and_folders_make_one_table_in_order(tmp_path):
    (tmp_path / "transactions_2.csv").write_text(HEADER + "T2,2026-01-06,3,EUR,A1,\n")
    (tmp_path / "transactions-1.csv").write_text(HEADER + "T1,2026-01-05,3,EUR,A1,\n")
    (tmp_path / "parties").mkdir()
    (tmp_path / "parties" / "part-1.csv").write_text("party_id\nP1\n")
    (tmp_path / "parties" / "part-2.csv").write_text("party_id\nP2\n")
    (tmp_path / "parties" / "_SUCCESS").write_text("")
    data = read_dataset(tmp_path)
    assert data.tables["transactions"]["txn_id"].to_list() == ["T1", "T2"]
    assert data.tables["parties"]["source_file"].to_list() == ["parties/part-1.csv", "parties/part-2.csv"]
    assert len(data.inputs) == 4


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators_blanks_and_byte_order_mark(tmp_path, separator):
    text = (HEADER + ROWS).replace(",", separator).replace("currency", " currency ")
    (tmp_path / "transactions.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert read_dataset(tmp_path).tables["transactions"].height == 2


def test_frames_may_be_lazy():
    data = read_dataset({"transactions": frame().lazy(), "parties": pl.DataFrame({"party_id": ["P"]})})
    assert set(data.tables) == {"transactions", "parties"}
    assert data.inputs[0].path == "<frame>"
    assert data.has("transactions", "amount_base")


def test_country_no_and_leading_zeros_survive(tmp_path):
    (tmp_path / "transactions.csv").write_text(
        "txn_id,booked_at,amount,currency,from_account_id,to_country\n0123,2026-01-05,1,EUR,007,NO\n"
    )
    made = read_dataset(tmp_path).tables["transactions"]
    assert made.select("txn_id", "from_account_id", "to_country").row(0) == ("0123", "007", "NO")


# ---- refused rows ----------------------------------------------------------------------------------------


def test_every_kind_of_bad_row_is_refused_with_its_reason():
    rows = {
        "txn_id": ["OK", None, "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "OK", "T11", "OK2"],
        "booked_at": ["2026-01-05"] * 2 + ["2026-02-30", "1066-10-14"] + ["2026-01-05"] * 9,
        "amount": ["1", "1", "1", "1", "-5", "nan", "1.23456", "9" * 20, "1", "1", "1", "1", "2"],
        "currency": ["EUR"] * 8 + ["EURO"] + ["EUR"] * 4,
        "instrument": ["cash"] * 9 + ["chequ"] + ["cash"] * 3,
        "from_account_id": ["A1"] * 11 + [None, "A1"],
    }
    data = read_dataset({"transactions": pl.DataFrame(rows)})
    found = reasons(data)
    assert data.tables["transactions"]["txn_id"].to_list() == ["OK", "OK2"]
    expected = {
        (2, "txn_id"): "missing",
        (3, "booked_at"): "bad date",
        (4, "booked_at"): "year outside",
        (5, "amount"): "negative",
        (6, "amount"): "not finite",
        (7, "amount"): "more than 4 decimals",
        (8, "amount"): "too large",
        (9, "currency"): "unknown currency",
        (10, "instrument"): "did you mean 'cheque'?",
        (11, "txn_id"): "duplicate txn_id",
        (12, "from_account_id, to_account_id"): "no account at all",
    }
    assert set(found) == set(expected)
    for place, part in expected.items():
        assert part in found[place]
    by_row = {row["source_row"]: row for row in data.rejects.iter_rows(named=True)}
    assert by_row[5]["row_id"] == "T4"
    assert by_row[5]["value"] == "-5"
    assert by_row[9]["source_file"] == "transactions"


def test_a_row_with_two_faults_stands_there_twice():
    data = read_dataset({"transactions": frame(amount=["1", "x", "3"], currency=["EUR", "??", "EUR"])})
    assert data.rejects["column"].sort().to_list() == ["amount", "currency"]
    assert any("1 of 3 rows refused" in note for note in data.notes)


def test_no_row_is_lost():
    data = read_dataset({"transactions": frame(amount=["1", "x", "3"], txn_id=["T1", "T2", "T1"])})
    refused = data.rejects.select("source_file", "source_row").unique().height
    assert data.tables["transactions"].height + refused == 3
    assert data.inputs[0].rows == 3
    assert data.inputs[0].accepted == 1


def test_registers_refuse_a_second_row_unless_it_is_dated():
    parties = pl.DataFrame({"party_id": ["P", "P"]})
    rates = pl.DataFrame(
        {
            "currency": ["USD", "USD"],
            "rate_to_base": ["0.9", "0.8"],
            "valid_from": ["2025-01-01", "2026-01-01"],
        }
    )
    data = read_dataset({"transactions": frame(), "parties": parties, "fx_rates": rates}, base_currency="EUR")
    assert data.tables["parties"].height == 1
    assert data.tables["fx_rates"].height == 2
    assert data.rejects["table"].to_list() == ["parties"]


def test_links_may_repeat():
    links = pl.DataFrame({"party_id": ["P", "P"], "related_party_id": ["Q", "R"], "role": ["owner", "Owner"]})
    made = read_dataset({"transactions": frame(), "party_links": links}).tables["party_links"]
    assert made["role"].to_list() == ["owner", "owner"]


# ---- tables that cannot be read --------------------------------------------------------------------------


def test_all_problems_are_told_at_once(tmp_path):
    (tmp_path / "transactions.csv").write_text("tx_id,booked_at,amount,from_account_id\nT1,x,1,A\nT2,y,2,A\n")
    (tmp_path / "parties.parquet").write_bytes(b"not parquet")
    (tmp_path / "accounts.csv.gz").write_bytes(b"not gzip")
    (tmp_path / "invoices.zip").write_bytes(b"not zip")
    (tmp_path / "loans.csv").write_bytes("loan_id,disbursed_at\nL1,\xe9\n".encode("latin-1"))
    (tmp_path / "sessions.csv").write_text("")
    with pytest.raises(DataError) as caught:
        read_dataset(tmp_path)
    text = str(caught.value)
    assert "7 problems in" in text
    assert "transactions.csv: no column 'txn_id', which transactions needs; did you mean 'tx_id'?" in text
    assert "transactions.csv: no column 'currency'" in text
    for name in ("parties.parquet", "accounts.csv.gz", "invoices.zip"):
        assert f"{name}: " in text
    assert "loans.csv: byte 24 is not UTF-8" in text
    assert "sessions.csv: the file is empty" in text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"amount": ["x", "y", "z"]}, "no value of column 'amount' can be read as money; first 'x'"),
        ({"amount": [True, True, False]}, "column 'amount' holds true/false, wanted is money"),
        ({"booked_at": [1, 2, 3]}, "holds whole numbers, wanted is time; for counted time use a mapping"),
        ({"currency": [None, None, None]}, "column 'currency' is empty in every row"),
    ],
)
def test_a_column_of_the_wrong_type_is_one_problem(changes, message):
    columns = frame().to_dict(as_series=False) | changes
    with pytest.raises(DataError, match=message.replace("(", r"\(")):
        read_dataset({"transactions": pl.DataFrame(columns)})


def test_a_few_bad_values_of_a_sparse_column_refuse_only_their_rows():
    many = pl.DataFrame(
        {
            "txn_id": [f"T{n}" for n in range(10)],
            "booked_at": ["2026-01-05"] * 10,
            "amount": ["1"] * 10,
            "currency": ["EUR"] * 10,
            "to_account_id": ["A"] * 10,
            "latitude": ["north", "south", *[None] * 8],
        }
    )
    assert read_dataset({"transactions": many}).tables["transactions"].height == 8


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ({"transactions": frame().clear()}, "no rows"),
        ({"transactions": frame().drop("from_account_id", "to_account_id")}, "one is needed"),
        ({"parties": pl.DataFrame({"party_id": ["P"]})}, "no transactions among the tables found: parties"),
        ({"transactoins": frame()}, "did you mean 'transactions'"),
        ({"transactions": frame(), "ledger": frame()}, "derived from transactions"),
        ({"transactions": frame(amount=["x", "2", "3"], txn_id=["A", None, None]).head(2)}, "not one row"),
    ],
)
def test_nothing_to_work_on(frames, message):
    with pytest.raises(DataError, match=message):
        read_dataset(frames)


def test_no_such_place(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        read_dataset(tmp_path / "nowhere")
    with pytest.raises(DataError, match="no Parquet, CSV, zip or NDJSON"):
        read_dataset(tmp_path)
    (tmp_path / "x.docx").write_text("x")
    with pytest.raises(DataError, match="not a format that is read"):
        read_dataset(tmp_path / "x.docx")


def test_a_column_given_twice_is_a_problem(tmp_path):
    (tmp_path / "transactions.csv").write_text(
        HEADER.replace("currency", "currency,amount") + "T1,2026-01-05,1,EUR,2,A,\n"
    )
    with pytest.raises(DataError, match="column 'amount' stands more than once"):
        read_dataset(tmp_path)


def test_ragged_rows_are_a_problem(tmp_path):
    (tmp_path / "transactions.csv").write_text(HEADER + "T1,2026-01-05,1,EUR,A1,A2,more\n")
    with pytest.raises(DataError, match="1 problem in"):
        read_dataset(tmp_path)


def test_names_with_wildcards_are_plain_names(tmp_path):
    (tmp_path / "transactions[1]*.csv").write_text(HEADER + ROWS)
    assert read_dataset(tmp_path / "transactions[1]*.csv").tables["transactions"].height == 2


def test_a_character_may_lie_across_the_first_megabyte(tmp_path):
    line = "T{0},2026-01-05,1,EUR,A{0},é\n"
    body = "".join(line.format(n) for n in range(45_000))
    for shift in range(2):
        (tmp_path / "transactions.csv").write_text(
            HEADER.replace("to_account_id", "to_account_id" + " " * shift) + body
        )
        assert read_dataset(tmp_path).tables["transactions"].height == 45_000


# ---- notes -----------------------------------------------------------------------------------------------


def test_what_is_left_out_is_noted(tmp_path):
    (tmp_path / "transactions.csv").write_text(
        "txn_id,booked_at,amount,currency,from_account_id,beneficiary_name,nationality\nT1,2026-01-05,1,EUR,A1,x,y\n"
    )
    (tmp_path / "partys.csv").write_text("party_id\nP\n")
    (tmp_path / "remittances.csv").write_text("x\n1\n")
    (tmp_path / "labels.csv").write_text("txn_id,label\nT1,1\n")
    (tmp_path / "accounts.csv").write_text("account_id\n")
    notes = "\n".join(read_dataset(tmp_path).notes)
    assert "column 'beneficiary_name' is not in the dictionary and was left out; did you mean 'to_name'?" in notes
    assert "column 'nationality' was left out: nationality is not in the model" in notes
    assert "partys.csv: not a known table; not read; did you mean 'parties'?" in notes
    assert "remittances.csv: not a known table; not read; did you mean 'transactions'?" in notes
    assert "labels.csv: an answer key; not read" in notes
    assert "accounts.csv: no rows" in notes


def test_floats_and_foreign_accounts_are_noted():
    accounts = pl.DataFrame({"account_id": ["A2"]})
    data = read_dataset({"transactions": frame(amount=[1.0, 2.5, 3.25]), "accounts": accounts})
    assert "transactions: 'amount' came as float" in data.notes
    assert "transactions: 2 rows touch none of the accounts given; no rule sees them" in data.notes


# ---- settings --------------------------------------------------------------------------------------------


def test_the_data_set_may_declare_itself(tmp_path):
    (tmp_path / "transactions.csv").write_text(HEADER + "T1,2026-07-05 12:00,1,EUR,A1,\n")
    (tmp_path / "dataset.yaml").write_text("base_currency: usd\ntimezone: Europe/Vienna\ncovers_from: 2026-01-01\n")
    data = read_dataset(tmp_path)
    assert (data.base_currency, data.timezone) == ("USD", "Europe/Vienna")
    assert data.tables["transactions"]["booked_at"].item() == dt.datetime(2026, 7, 5, 10, tzinfo=dt.UTC)
    assert data.covers_from == dt.datetime(2025, 12, 31, 23, tzinfo=dt.UTC)
    assert read_dataset(tmp_path, timezone="UTC", base_currency="EUR").base_currency == "EUR"


def test_faulty_settings_are_all_located(tmp_path):
    (tmp_path / "transactions.csv").write_text(HEADER + ROWS)
    (tmp_path / "dataset.yaml").write_text(
        "base_curency: EUR\ntimezone: Europe/Wien\nbase_currency: EURO\nmapping: [a]\n"
    )
    with pytest.raises(RuleError) as caught:
        read_dataset(tmp_path)
    assert [(fault.line, fault.code) for fault in caught.value.faults] == [
        (1, "DATA-KEY"), (2, "DATA-VALUE"), (3, "DATA-VALUE"), (4, "DATA-TYPE"),
    ]  # fmt: skip
    (tmp_path / "dataset.yaml").write_text("covers_from: soon\n")
    with pytest.raises(RuleError, match="not a date or time"):
        read_dataset(tmp_path)


def test_unknown_currency_and_zone_are_usage_errors():
    with pytest.raises(UsageError, match="unknown time zone 'Europe/Vjenna': did you mean 'Europe/Vienna'"):
        read_dataset({"transactions": frame()}, timezone="Europe/Vjenna")
    with pytest.raises(UsageError, match="unknown currency"):
        read_dataset({"transactions": frame()}, base_currency="EURO")


def test_undeclared_base_currency_is_the_most_used_one():
    data = read_dataset({"transactions": frame()})
    assert data.base_currency == "EUR"
    assert "base currency not declared; taken as EUR, the currency of most movements" in data.notes
    assert data.tables["transactions"]["amount_base"].to_list() == [10_000, 20_000, None]


def test_invoices_get_their_amount_in_base_currency_as_of_their_issue():
    data = read_dataset(
        {
            "transactions": frame(),
            "invoices": pl.DataFrame(
                {
                    "invoice_id": ["i1", "i2", "i3", "i4"],
                    "issued_at": ["2026-01-05", "2026-01-05", "2026-02-05", "2026-01-05"],
                    "total_amount": ["10", "20", "20", None],
                    "currency": ["EUR", "USD", "USD", "EUR"],
                }
            ),
            "fx_rates": pl.DataFrame(
                {
                    "currency": ["USD", "USD"],
                    "rate_to_base": ["0.9", "0.8"],
                    "valid_from": ["2026-01-01", "2026-02-01"],
                    "valid_to": ["2026-02-01", None],
                }
            ),
        },
        base_currency="EUR",
    )
    assert data.tables["invoices"].sort("invoice_id")["amount_base"].to_list() == [100_000, 180_000, 160_000, None]


# ---- base amounts and totals -----------------------------------------------------------------------------


def test_rates_hold_in_their_span_and_round_half_to_even():
    rates = pl.DataFrame(
        {
            "currency": ["USD", "USD", "USD"],
            "rate_to_base": ["0.5", "0.25", "0.000001"],
            "valid_from": [None, "2026-01-06", "2026-01-07"],
            "valid_to": ["2026-01-06", "2026-01-07", None],
        }
    )
    moves = pl.DataFrame(
        {
            "txn_id": ["a", "b", "c", "d", "e"],
            "booked_at": ["2026-01-05T23:59:59", "2026-01-06", "2026-01-07", "2026-01-06", "2026-01-06"],
            "amount": ["0.0003", "0.0006", "50", "0.0010", "7"],
            "currency": ["USD", "USD", "USD", "GBP", "USD"],
            "amount_base": [None, None, None, None, "9"],
            "to_account_id": ["A"] * 5,
        }
    )
    data = read_dataset({"transactions": moves, "fx_rates": rates}, base_currency="EUR")
    # 1.5 and 1.5 units round to 2, 0.5 rounds to 0; no rate for pounds; a given base amount stays.
    assert data.tables["transactions"]["amount_base"].to_list() == [2, 2, 0, None, 90_000]
    assert any("1 rows have no amount in EUR" in note for note in data.notes)


def test_a_base_amount_past_the_largest_is_null():
    rates = pl.DataFrame({"currency": ["USD"], "rate_to_base": ["9000000000000"]})
    moves = frame(currency=["USD"] * 3, amount=["922337203685477.5807", "1", "0"])
    data = read_dataset({"transactions": moves, "fx_rates": rates}, base_currency="EUR")
    assert data.tables["transactions"]["amount_base"].to_list() == [None, 90_000_000_000_000_000, 0]


def test_control_totals_are_exact_past_64_bits(tmp_path):
    largest = "922337203685477.5807"
    rows = "".join(f"T{n},2026-01-05,{largest},EUR,A,\n" for n in range(3))
    (tmp_path / "transactions_a.csv").write_text(HEADER + rows)
    (tmp_path / "transactions_b.csv").write_text(
        HEADER + "T0,2026-01-05,1,EUR,A,\nT9,2026-01-05,2.5,USD,A,\nT8,x,4,USD,A,\n"
    )
    first, second = read_dataset(tmp_path).inputs
    (euro,) = first.totals
    assert (euro.rows, euro.amount) == (3, 3 * (2**63 - 1))
    assert [(t.currency, t.rows, t.amount, t.accepted_rows, t.accepted_amount) for t in second.totals] == [
        ("EUR", 1, 10_000, 0, 0),
        ("USD", 2, 65_000, 1, 25_000),
    ]
    assert (second.rows, second.accepted) == (3, 1)
