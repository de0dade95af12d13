from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from redflags.errors import DataError, RuleError, UsageError
from redflags.ingest import load_mapping, mapping_names, read_dataset

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def rows(data, table="transactions"):
    return {
        row["txn_id" if table == "transactions" else "account_id"]: row
        for row in data.tables[table].iter_rows(named=True)
    }


def labels(data, label):
    chosen = data.labels.filter(pl.col("label") == label)
    return dict(chosen.select("row_id", "value").iter_rows())


# ---- the shipped ones, on invented rows ------------------------------------------------------------------


def test_all_shipped_mappings_load():
    assert mapping_names() == ["amlsim", "amlsim-sample", "amlworld", "paysim", "saml-d"]
    for name in mapping_names():
        mapping = load_mapping(name)
        assert mapping.name == name
        assert mapping.description


def test_amlworld(tmp_path):
    (tmp_path / "HI-Small_Trans.csv").write_text(
        "Timestamp,From Bank,Account,To Bank,Account,Amount Received,Receiving Currency,Amount Paid,"
        "Payment Currency,Payment Format,Is Laundering\n"
        "2022/09/01 00:20,010,8000EBD30,011,8000EBD31,3697.34,US Dollar,3697.34,US Dollar,Wire,0\n"
        "2022/09/01 00:21,010,8000EBD30,010,8000EBD30,0.123456,Bitcoin,0.123456,Bitcoin,Bitcoin,1\n"
    )
    data = read_dataset(tmp_path, "amlworld")
    made = rows(data)
    assert made["W1"]["booked_at"] == dt.datetime(2022, 9, 1, 0, 20, tzinfo=dt.UTC)
    assert (made["W1"]["from_account_id"], made["W1"]["to_account_id"]) == ("10-8000EBD30", "11-8000EBD31")
    assert made["W1"]["from_bank_id"] == "10"
    assert (made["W1"]["amount"], made["W1"]["currency"], made["W1"]["instrument"]) == (
        36_973_400,
        "USD",
        "wire",
    )
    assert (made["W1"]["asset"], made["W1"]["quantity"]) == (None, None)
    assert (made["W2"]["amount"], made["W2"]["currency"], made["W2"]["asset"]) == (1_235, "XBT", "BTC")
    assert made["W2"]["quantity"] == 123_456 * 10**12
    assert labels(data, "is_laundering") == {"W1": "0", "W2": "1"}
    assert "HI-Small_Trans.csv: 1 values of 'amount' rounded half to even at 4 decimals" in data.notes
    assert "label" not in " ".join(data.tables["transactions"].columns)
    assert [made[n]["amount_base"] for n in ("W1", "W2")] == [36_973_400, None]
    assert "transactions: 1 rows have no amount in USD: no rate at their time" in data.notes
    assert set(data.tables) == {"transactions", "known_payees"}
    assert "from_party_id" not in data.tables["transactions"].columns


def test_amlworld_with_its_accounts(tmp_path):
    (tmp_path / "HI-Small_Trans.csv").write_text(
        "Timestamp,From Bank,Account,To Bank,Account,Amount Received,Receiving Currency,Amount Paid,"
        "Payment Currency,Payment Format,Is Laundering\n"
        "2022/09/01 00:20,010,8000EBD30,00,8000EBD31,1.00,US Dollar,1.00,US Dollar,Wire,0\n"
        "2022/09/01 00:21,0210,8000EBD32,00,8000EBD31,1.00,Euro,1.10,US Dollar,ACH,0\n"
    )
    (tmp_path / "HI-Small_accounts.csv").write_text(
        "Bank Name,Bank ID,Account Number,Entity ID,Entity Name\n"
        "Bank #1,10,8000EBD30,E1,Sole Proprietorship #5\n"
        "Bank #2,0,8000EBD31,E2,Corporation #77\n"
        "Bank #3,210,8000EBD32,E1,Sole Proprietorship #5\n"
        "Bank #3,210,8000EBD33,E3,Nobody Ltd\n"
    )
    data = read_dataset(tmp_path, "amlworld")
    ledger = data.ledger().filter(pl.col("direction") == "out").sort("txn_id")
    assert ledger["party_id"].to_list() == ["E1", "E1"]
    assert ledger["counterparty_party_id"].to_list() == ["E2", "E2"]
    kinds = dict(data.tables["parties"].select("party_id", "party_type").iter_rows())
    assert kinds == {"E1": "sole_trader", "E2": "company", "E3": "other"}
    assert not data.has("party_links")


def test_amlsim(tmp_path):
    (tmp_path / "transactions.csv").write_text(
        "tx_id,ts,step,tx_type,amount,orig_acct,dest_acct,old_bal_orig,new_bal_orig,old_bal_dest,new_bal_dest,"
        "is_sar,alert_id,typology\n"
        "1,2017-01-01,0,TRANSFER,501.95,982,23,10.0,5.0,1.0,6.0,false,,\n"
        "2,2017-01-02,1,TRANSFER,10.00,23,77,10.0,5.0,1.0,6.0,true,4,cycle\n"
    )
    (tmp_path / "accounts.csv").write_text(
        "ACCOUNT_ID,CUSTOMER_ID,INIT_BALANCE,COUNTRY,ACCOUNT_TYPE,IS_SAR,BANK_ID\n"
        "982,C_982,1.0,US,I,false,bank_a\n"
        "23,C_23,1.0,CA,O,true,bank_b\n"
    )
    data = read_dataset(tmp_path, "amlsim")
    made = rows(data)
    assert (made["1"]["from_country"], made["1"]["to_country"]) == ("US", "CA")
    assert (made["1"]["from_bank_id"], made["1"]["to_bank_id"]) == ("bank_a", "bank_b")
    assert (made["2"]["from_country"], made["2"]["to_country"]) == ("CA", None)
    assert made["2"]["initiator"] == "customer"
    assert data.tables["transactions"].schema["purpose_code"] == pl.String
    assert data.tables["transactions"].schema["intermediary_countries"] == pl.List(pl.String)
    assert data.tables["transactions"]["purpose_code"].null_count() == 2
    crossing = data.ledger().filter(pl.col("direction") == "out").sort("txn_id")["cross_border"]
    assert crossing.to_list() == [True, False]
    assert data.tables["party_links"].is_empty()
    assert {"party_id", "related_party_id", "role", "valid_from"} <= set(data.tables["party_links"].columns)
    assert not data.has("accounts", "opened_at")
    assert not data.has("transactions", "conductor_id")
    assert not data.has("parties", "declared_income_annual")
    assert "mapping amlsim: party_links has no rows: the simulator knows no relations between customers" in data.notes
    assert "party_links" not in {item.table for item in data.inputs}


def test_amlsim_without_its_accounts_says_what_stays_away(tmp_path):
    path = tmp_path / "transactions.csv"
    path.write_text(
        "tx_id,ts,tx_type,amount,orig_acct,dest_acct,new_bal_orig,new_bal_dest,is_sar,alert_id,typology\n"
        "1,2017-01-01,TRANSFER,501.95,982,23,5.0,6.0,false,,\n"
    )
    data = read_dataset(path, "amlsim")
    assert not data.has("transactions", "from_country")
    note = "transactions.csv: 'from_country' stays away, since accounts.country did not come in"
    assert note in data.notes
    assert not [text for text in data.notes if "parties.industry_code" in text or "is taken from" in text]


def test_amlsim_sample(tmp_path):
    (tmp_path / "transactions.csv").write_text("sourceNodeId,targetNodeId,value,time\n280,15,147.8,1\n15,280,1,3\n")
    (tmp_path / "nodes.csv").write_text("nodeid,isFraud,init_balance,fraudStep\n280,0,1.0,-1\n15,1,2.0,3\n")
    data = read_dataset(tmp_path, "amlsim-sample")
    made = rows(data)
    assert made["S1"]["booked_at"] == dt.datetime(2017, 1, 2, tzinfo=dt.UTC)
    assert (made["S1"]["txn_type"], made["S1"]["instrument"], made["S1"]["initiator"]) == (
        "transfer",
        "wire",
        "customer",
    )
    assert data.ledger()["party_id"].sort().to_list() == ["C15", "C15", "C280", "C280"]
    assert data.has("accounts", "account_type")
    assert data.tables["parties"]["industry_code"].null_count() == 2
    assert not data.has("transactions", "from_country")
    assert labels(data, "laundering_step") == {"280": "-1", "15": "3"}


def test_paysim(tmp_path):
    path = tmp_path / "anything.csv"
    path.write_text(
        "step,type,amount,nameOrig,oldbalanceOrg,newbalanceOrig,nameDest,oldbalanceDest,newbalanceDest,isFraud,isFlaggedFraud\n"
        "1,PAYMENT,9839.64,C1,170136.0,160296.36,M1,0.0,0.0,0,0\n"
        "2,CASH_IN,100.0,C1,0.0,100.0,C2,500.0,400.0,0,0\n"
        "25,CASH_OUT,50.0,C2,400.0,350.0,C1,100.0,150.0,1,0\n"
    )
    data = read_dataset(path, mapping="paysim")
    made = rows(data)
    assert made["P1"]["booked_at"] == dt.datetime(2017, 1, 1, 1, tzinfo=dt.UTC)
    assert made["P3"]["booked_at"] == dt.datetime(2017, 1, 2, 1, tzinfo=dt.UTC)
    assert (made["P2"]["from_account_id"], made["P2"]["to_account_id"]) == ("C2", "C1")
    assert (made["P2"]["from_balance_after"], made["P2"]["to_balance_after"]) == (4_000_000, 1_000_000)
    assert [made[n]["instrument"] for n in ("P1", "P2", "P3")] == ["e_money", "cash", "cash"]
    assert data.tables["accounts"]["account_id"].sort().to_list() == ["C1", "C2"]
    assert data.tables["parties"]["party_id"].sort().to_list() == ["C1", "C2"]
    assert data.tables["known_payees"].is_empty()
    assert not data.has("transactions", "from_country")
    ledger = data.ledger()
    assert "M1" not in ledger["account_id"].to_list()
    assert "M1" in ledger["counterparty_key"].to_list()
    assert labels(data, "is_laundering") == {"P1": "0", "P2": "0", "P3": "1"}


def test_saml_d(tmp_path):
    (tmp_path / "SAML-D.csv").write_text(
        "Time,Date,Sender_account,Receiver_account,Amount,Payment_currency,Received_currency,"
        "Sender_bank_location,Receiver_bank_location,Payment_type,Is_laundering,Laundering_type\n"
        "10:35:19,2022-10-07,8724731955,2769355426,1459.15,UK pounds,UK pounds,UK,UK,"
        "Cash Deposit,0,Normal_Cash\n"
        "10:35:20,2022-10-07,1491989064,8401255335,6019.64,Dirham,UK pounds,UK,UAE,Cross-border,1,Fan_out\n"
    )
    data = read_dataset(tmp_path, mapping="saml-d")
    made = rows(data)
    assert (made["D1"]["instrument"], made["D1"]["txn_type"], made["D1"]["currency"]) == (
        "cash",
        "cash_deposit",
        "GBP",
    )
    assert (made["D2"]["from_country"], made["D2"]["to_country"], made["D2"]["currency"]) == (
        "GB",
        "AE",
        "AED",
    )
    assert made["D2"]["booked_at"] == dt.datetime(2022, 10, 7, 10, 35, 20, tzinfo=dt.UTC)
    assert labels(data, "typology") == {"D1": "Normal_Cash", "D2": "Fan_out"}
    assert (made["D2"]["from_bank_country"], made["D2"]["branch_country"]) == ("GB", "AE")
    assert (made["D1"]["amount_base"], made["D2"]["amount_base"]) == (14_591_500, None)
    assert data.tables["accounts"].height == data.tables["parties"].height == 4
    assert data.ledger()["party_id"].null_count() == 0
    assert not data.has("parties", "residence_country")
    assert data.rejects.is_empty()


# ---- real labelled data, where it lies beside the checkout -----------------------------------------------


@pytest.mark.skipif(not (SHARED / "amlsim_1k").is_dir(), reason="the AMLSim run is not beside the checkout")
def test_amlsim_in_place():
    data = read_dataset(SHARED / "amlsim_1k", mapping="amlsim")
    assert data.tables["transactions"].height == 121_457
    assert data.tables["accounts"].height == 1_446
    assert data.tables["parties"].height == 1_446
    assert data.rejects.is_empty()
    assert data.covers_from == dt.datetime(2017, 1, 1, tzinfo=dt.UTC)
    assert len(labels(data, "typology")) == 65
    (euro,) = data.inputs[-1].totals
    assert (euro.currency, euro.rows, euro.amount) == ("USD", 121_457, 657_006_803_700)
    assert len(data.ledger()) == 2 * 121_457
    for table in data.tables.values():
        assert not {"is_sar", "IS_SAR", "alert_id", "typology"} & set(table.columns)


@pytest.mark.skipif(
    not (SHARED / "ibm_amlsim_sample_20K_cycle200").is_dir(),
    reason="the AMLSim sample is not beside the checkout",
)
def test_amlsim_sample_in_place():
    data = read_dataset(SHARED / "ibm_amlsim_sample_20K_cycle200", mapping="amlsim-sample")
    assert data.tables["transactions"].height == 117_805
    assert data.rejects.is_empty()
    assert data.covers_from == dt.datetime(2017, 1, 2, tzinfo=dt.UTC)
    assert set(labels(data, "is_laundering").values()) == {"0", "1"}


# ---- one's own -------------------------------------------------------------------------------------------

OWN = """
name: own
base_currency: EUR
timezone: Europe/Vienna
tables:
  transactions:
    files: ["moves*.csv"]
    columns:
      txn_id: {template: "{Bank}/{No}"}
      booked_at: {column: Day, format: "%d.%m.%Y"}
      amount: {column: Amount, round: half_even}
      currency: {value: EUR, because: "the bank keeps euro accounts only"}
      instrument: {column: Kind, map: {C: cash, W: wire}}
      from_account_id: {by: Kind, choose: {C: Payer}}
      to_account_id: Payee
    where: {Kind: [C, W, X]}
    labels: {fraud: Flag}
    drop: [Comment]
  fx_rates:
    rows: [{currency: USD, rate_to_base: "0.9"}]
ignore: ["*.txt.csv"]
"""
MOVES = (
    "Bank,No,Day,Amount,Kind,Payer,Payee,Flag,Comment,Extra\n"
    "B,1,31.01.2026,1.00005,C,A1,A2,0,,e\n"
    "B,2,31.01.2026,1.00015,W,A1,A2,1,,e\n"
    "B,3,31.02.2026,1,W,A1,A2,,,e\n"
    "B,4,31.01.2026,-0.12345,W,A1,A2,,,e\n"
    "B,5,31.01.2026,2,X,A1,A2,,,e\n"
    "B,6,31.01.2026,2,Q,A1,A2,,,e\n"
)


@pytest.fixture
def own(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "moves-1.csv").write_text(MOVES)
    (tmp_path / "data" / "notes.txt.csv").write_text("x\n1\n")
    (tmp_path / "data" / "other.csv").write_text("x\n1\n")
    path = tmp_path / "own.yaml"
    path.write_text(OWN)
    return tmp_path


def test_a_file_of_ones_own_works_the_same(own):
    data = read_dataset(own / "data", mapping=own / "own.yaml")
    made = rows(data)
    assert set(made) == {"B/1", "B/2"}
    assert made["B/1"]["booked_at"] == dt.datetime(2026, 1, 30, 23, tzinfo=dt.UTC)
    assert (made["B/1"]["amount"], made["B/2"]["amount"]) == (10_000, 10_002)
    assert (made["B/1"]["from_account_id"], made["B/2"]["from_account_id"]) == ("A1", None)
    refused = {row["source_row"]: row["reason"] for row in data.rejects.iter_rows(named=True)}
    assert set(refused) == {3, 4, 5}
    assert "bad date" in refused[3]
    assert refused[4] == "negative"
    assert "unknown code" in refused[5]
    assert data.tables["fx_rates"]["rate_to_base"].to_list() == [900_000]
    assert labels(data, "fraud") == {"B/1": "0", "B/2": "1"}
    assert (data.base_currency, data.timezone) == ("EUR", "Europe/Vienna")
    notes = "\n".join(data.notes)
    assert "notes.txt.csv: left out by the mapping" in notes
    assert "other.csv: not named by the mapping; not read" in notes
    assert "moves-1.csv: columns not used by the mapping: Extra" in notes
    assert "Comment" not in notes
    assert "3 values of 'amount' rounded" in notes


def test_a_data_set_may_name_its_mapping(own):
    (own / "data" / "dataset.yaml").write_text(f"mapping: {own / 'own.yaml'}\n")
    assert read_dataset(own / "data").tables["transactions"].height == 2


def test_missing_source_columns_are_all_named(own):
    (own / "data" / "moves-1.csv").write_text("Bank,Noo,Day,Amout,Payer,Payee\nB,1,31.01.2026,1,A,B\n")
    with pytest.raises(DataError) as caught:
        read_dataset(own / "data", mapping=own / "own.yaml")
    text = str(caught.value)
    assert "no column 'No', which the mapping reads for transactions.txn_id; did you mean 'Noo'?" in text
    assert "no column 'Amount', which the mapping reads for transactions.amount; did you mean 'Amout'?" in text
    assert "no column 'Kind'" in text
    assert "no column 'Flag', which the mapping reads for a label" in text


def test_no_file_for_the_mapping(own):
    (own / "data" / "moves-1.csv").unlink()
    with pytest.raises(DataError, match=r"no file for transactions; wanted is moves\*\.csv"):
        read_dataset(own / "data", mapping=own / "own.yaml")


def test_unknown_mappings_name_the_nearest(tmp_path):
    with pytest.raises(UsageError, match="unknown mapping 'amlsym': did you mean 'amlsim'"):
        load_mapping("amlsym")
    with pytest.raises(UsageError, match="does not exist"):
        load_mapping(tmp_path / "none.yaml")


def test_all_faults_of_a_mapping_are_located(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(
        "name: bad\n"
        "timezone: Europe/Wien\n"
        "colour: red\n"
        "tables:\n"
        "  transactions:\n"
        "    files: [x.csv]\n"
        "    columns:\n"
        "      txn_id: {column: a, template: b}\n"
        "      beneficiary_name: x\n"
        "      booked_at: {column: t, days_from: soon, format: '%Y'}\n"
        "      amount: {column: x, round: up}\n"
        "    where: {k: {matches: '('}}\n"
        "  acounts:\n"
        "    files: [x.csv]\n"
        "  parties:\n"
        "    files: [x.csv]\n"
        "  ledger: {}\n"
    )
    with pytest.raises(RuleError) as caught:
        load_mapping(path)
    found = {(fault.line, fault.code) for fault in caught.value.faults}
    assert found == {
        (2, "MAP-VALUE"),
        (3, "MAP-KEY"),
        (7, "MAP-REQUIRED"),
        (8, "MAP-WAY"),
        (9, "MAP-COLUMN"),
        (10, "MAP-TIME"),
        (11, "MAP-ROUND"),
        (12, "MAP-WHERE"),
        (13, "MAP-TABLE"),
        (15, "MAP-COLUMNS"),
        (17, "MAP-TABLE"),
    }
    text = str(caught.value)
    assert "did you mean 'to_name'?" in text
    assert "did you mean 'accounts'?" in text


@pytest.mark.parametrize("text", ["", "[1]", "name: x\n", "tables: {parties: {files: [a], columns: {party_id: p}}}\n"])
def test_a_mapping_must_say_where_transactions_are(tmp_path, text):
    path = tmp_path / "bad.yml"
    path.write_text(text)
    with pytest.raises(RuleError):
        load_mapping(path)


def test_a_zip_may_hold_several_files(tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "moves.zip", "w") as archive:
        archive.writestr("a.csv", MOVES.splitlines()[0] + "\n" + MOVES.splitlines()[1] + "\n")
        archive.writestr("b.csv", MOVES.splitlines()[0] + "\n" + MOVES.splitlines()[2] + "\n")
        archive.writestr("__MACOSX/b.csv", "junk")
    (tmp_path / "own.yaml").write_text(OWN.replace("moves*.csv", "moves*"))
    data = read_dataset(tmp_path / "moves.zip", mapping=tmp_path / "own.yaml")
    assert data.tables["transactions"]["source_file"].to_list() == ["moves.zip/a.csv", "moves.zip/b.csv"]
    assert data.tables["transactions"]["source_row"].to_list() == [1, 1]
