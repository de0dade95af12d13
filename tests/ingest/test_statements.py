"""What a mapping states about the source's world: constants, empty columns, look-ups, tables without rows."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redflags.errors import RuleError
from redflags.ingest import load_mapping, mapping_names, read_dataset
from redflags.ingest.lookups import look_up
from redflags.ingest.mapping_model import Lookup
from redflags.tables import dictionary

HEAD = """\
name: own
base_currency: EUR
tables:
  transactions:
    files: [moves.csv]
    columns:
      txn_id: No
      booked_at: Day
      amount: Amount
      from_account_id: Payer
"""  # 10 lines
EURO = "      currency: {value: EUR, because: euro accounts only}\n"
ACCOUNTS = """\
  accounts:
    files: [accounts.csv]
    columns: {account_id: Id, party_id: Holder, country: Land, currency: Money, opened_at: Since}
"""
MOVES = "No,Day,Amount,Payer\n1,2026-01-05,10,7\n2,2026-01-06,20,8\n3,2026-01-07,30,9\n"


def load(tmp_path, text):
    path = tmp_path / "own.yaml"
    path.write_text(text)
    return load_mapping(path)


def faults(tmp_path, text):
    with pytest.raises(RuleError) as caught:
        load(tmp_path, text)
    return {(fault.line, fault.code) for fault in caught.value.faults}, str(caught.value)


def read(tmp_path, mapping, **files):
    folder = tmp_path / "data"
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)
    return read_dataset(folder, mapping=load(tmp_path, mapping))


def looked_up(column, table, key, found, because="so it is"):
    return f"      {column}: {{from_table: {table}, key: {key}, column: {found}, because: {because}}}\n"


# ---- what they give ---------------------------------------------------------------------------------------


def test_a_stated_column_comes_in_and_its_reason_is_noted(tmp_path):
    columns = (
        "      purpose_code: {value: null, because: no codes there}\n"
        "      intermediary_countries: {value: null, because: no banks between}\n"
        "      fee_base: {value: null, because: nothing is charged}\n"
        "      initiator: {value: customer, because: only customers act}\n"
        "      from_name: {column: Payer, because: accounts are called by number}\n"
        "      channel: {template: 'c{row}', because: one channel a row}\n"
    )
    data = read(tmp_path, HEAD + EURO + columns, moves=MOVES)
    moves = data.tables["transactions"]
    assert moves["purpose_code"].to_list() == [None] * 3
    assert moves.schema["purpose_code"] == pl.String
    assert moves.schema["intermediary_countries"] == pl.List(pl.String)
    assert moves.schema["fee_base"] == pl.Int64
    assert moves["initiator"].unique().to_list() == ["customer"]
    assert [note.removeprefix("mapping own: transactions.") for note in data.notes] == [
        "currency is 'EUR' in every row: euro accounts only",
        "purpose_code is empty in every row: no codes there",
        "intermediary_countries is empty in every row: no banks between",
        "fee_base is empty in every row: nothing is charged",
        "initiator is 'customer' in every row: only customers act",
        "from_name is taken from 'Payer': accounts are called by number",
        "channel is made as 'c{row}': one channel a row",
    ]
    assert data.rejects.is_empty()


def test_a_look_up_takes_from_the_rows_that_were_kept(tmp_path):
    columns = (
        looked_up("from_country", "accounts", "from_account_id", "country")
        + looked_up("from_party_id", "accounts", "from_account_id", "party_id")
        + looked_up("currency", "accounts", "from_account_id", "currency")
    )
    accounts = (
        "Id,Holder,Land,Money,Since\n8,P8,AT,EUR,2020-01-01\n7,P7,,CHF,2020-01-01\n"
        "8,PX,DE,EUR,2020-01-01\n9,P9,XYZ,EUR,2020-01-01\n"
    )
    data = read(tmp_path, HEAD + columns + ACCOUNTS, moves=MOVES, accounts=accounts)
    shown = data.tables["transactions"].select("txn_id", "from_country", "from_party_id", "currency")
    assert shown.rows() == [("1", None, "P7", "CHF"), ("2", "AT", "P8", "EUR")]
    # The account's row was refused for its country, so nothing is known of it, not even the currency needed.
    refused = data.rejects.filter(pl.col("table") == "transactions")
    assert refused.select("row_id", "column", "reason").rows() == [("3", "currency", "missing")]
    note = "mapping own: transactions.from_country is taken from accounts.country by from_account_id: so it is"
    assert note in data.notes


def test_look_ups_may_follow_each_other_and_carry_any_type(tmp_path):
    tables = """\
  loans:
    files: [moves.csv]
    columns:
      loan_id: No
      party_id: {from_table: accounts, key: account_id, column: party_id, because: the holder owes}
      account_id: Payer
      disbursed_at: {from_table: accounts, key: account_id, column: opened_at, because: opened for it}
  parties:
    files: [parties.csv]
    columns: {party_id: Id, residence_country: Land, declared_income_annual: Income}
  accounts:
    files: [accounts.csv]
    columns:
      account_id: Id
      party_id: Holder
      opened_at: Since
      country: {from_table: parties, key: party_id, column: residence_country, because: kept at home}
"""
    columns = EURO + (
        looked_up("from_country", "accounts", "from_account_id", "country")
        + looked_up("fee_base", "parties", "from_party_id", "declared_income_annual")
        + "      from_party_id: {template: 'P{Payer}'}\n"
    )
    parties = "Id,Land,Income\nP7,AT,0.0001\nP8,CH,1200.5\n"
    accounts = "Id,Holder,Since\n7,P7,2020-01-01T10:00:00+02:00\n8,P8,2021-01-01\n"
    data = read(tmp_path, HEAD + columns + tables, moves=MOVES, parties=parties, accounts=accounts)
    moves = data.tables["transactions"].select("from_country", "fee_base")
    assert moves.rows() == [("AT", 1), ("CH", 12_005_000), (None, None)]
    loans = data.tables["loans"]
    assert loans["party_id"].to_list() == ["P7", "P8"]
    assert loans["disbursed_at"].to_list() == data.tables["accounts"]["opened_at"].to_list()
    refused = data.rejects.select("table", "row_id", "column", "reason").rows()
    assert refused == [("loans", "3", "disbursed_at", "missing")]


def test_an_absent_table_has_its_columns_and_no_rows(tmp_path):
    absent = "absent:\n  known_payees: nobody keeps one\n  party_links: none\n  npo_appeals: no charities\n"
    data = read(tmp_path, HEAD + EURO + absent, moves=MOVES, known_payees="party_id\nP1\n")
    for name in ("known_payees", "party_links", "npo_appeals"):
        frame, spec = data.tables[name], dictionary().tables[name]
        assert frame.is_empty()
        assert {column: frame.schema[column] for column in spec.columns} == {
            column: each.dtype for column, each in spec.columns.items()
        }
    assert "mapping own: known_payees has no rows: nobody keeps one" in data.notes
    assert {item.table for item in data.inputs} == {"transactions"}


def test_extract_keeps_the_first_group_before_any_map(tmp_path):
    columns = (
        "      branch_id: {template: '{Payer}-x', extract: '^0*([0-9].*)$'}\n"
        "      channel: {column: Note, extract: '^(.*[^ ]) *#', map: {By post: mail}, default: other}\n"
        "      region_code: {by: No, choose: {1: Payer}, else: Note, map: {odd: R1}}\n"
    )
    moves = (
        "No,Day,Amount,Payer,Note\n1,2026-01-05,10,007,By post #5\n2,2026-01-06,20,00,odd\n"
        "3,2026-01-07,30,9,By post\n4,2026-01-07,30,9,\n"
    )
    data = read(tmp_path, HEAD + EURO + columns, moves=moves)
    made = data.tables["transactions"]
    assert made["branch_id"].to_list() == ["7-x", "0-x", "9-x", "9-x"]
    assert made["channel"].to_list() == ["mail", "other", "mail", None]
    assert made["region_code"].to_list() == ["007", "R1", "By post", None]


@pytest.mark.parametrize("name", mapping_names())
def test_shipped_mappings_say_why(name):
    mapping = load_mapping(name)
    for table in mapping.tables.values():
        for column, how in table.columns.items():
            stated = how.null or how.value is not None or how.lookup is not None
            assert not stated or how.because, f"{table.table}.{column}"
    assert all(mapping.absent.values())
    # What is merely not known of a world is left out, so that the rules that read it stay disabled.
    never = {
        "transactions": {"conductor_id", "service_point_id", "device_id", "ip_country", "purpose_text"},
        "accounts": {"opened_at", "home_region"},
        "parties": {"onboarded_at", "declared_income_annual", "expected_monthly_turnover"},
    }
    for name_of, columns in never.items():
        assert name_of not in mapping.tables or columns.isdisjoint(mapping.tables[name_of].columns)
    assert {"geo_risk", "country_scores", "jurisdiction_lists", "list_entries"}.isdisjoint(mapping.absent)


# ---- properties -------------------------------------------------------------------------------------------

KEYS = st.one_of(st.none(), st.integers(0, 5).map(str))
AMOUNTS = st.one_of(st.none(), st.integers(-(2**63) + 1, 2**63 - 1))


@given(st.lists(KEYS, max_size=12), st.lists(st.tuples(KEYS, AMOUNTS), max_size=8))
def test_a_look_up_is_a_search_for_the_first_row(keys, entries):
    moves = pl.DataFrame(
        {"txn_id": range(len(keys)), "from_account_id": keys}, schema_overrides={"from_account_id": pl.String}
    )
    schema = {"account_id": pl.String, "balance": pl.Int64}
    checked = pl.DataFrame(entries, schema=schema, orient="row")
    lookup = Lookup("accounts", "from_account_id", "balance")
    made = look_up(
        moves,
        dictionary().table("transactions"),
        "from_balance_after",
        lookup=lookup,
        checked=checked,
        zone="UTC",
    )
    expected = [next((value for key, value in entries if key == wanted is not None), None) for wanted in keys]
    texts = made["from_balance_after"].to_list()
    assert [None if text is None else scaled(text) for text in texts] == expected


def scaled(text):
    whole, _, rest = text.lstrip("-").partition(".")
    size = int(whole) * 10_000 + int(rest)
    assert len(rest) == 4
    return -size if text.startswith("-") else size


@given(st.sampled_from(["transactions", "accounts", "parties"]), st.data())
def test_any_column_may_be_declared_empty_but_those_needed(tmp_path_factory, table, data):
    spec = dictionary().tables[table]
    column = data.draw(st.sampled_from([name for name in spec.columns if name != spec.id]))
    mapped = {
        "transactions": {"txn_id": "No", "booked_at": "Day", "amount": "Amount", "from_account_id": "Payer"},
        "accounts": {"account_id": "Payer"},
        "parties": {"party_id": "Payer"},
    }
    mapped["transactions"]["currency"] = "{value: EUR, because: x}"
    mapped[table][column] = "{value: null, because: nothing there}"
    text = "tables:\n" + "".join(
        f"  {name}:\n    files: [moves.csv]\n    columns:\n"
        + "".join(f"      {each}: {how}\n" for each, how in columns.items())
        for name, columns in mapped.items()
    )
    folder = tmp_path_factory.mktemp("any")
    if column in spec.required:
        assert "MAP-NULL" in {code for _, code in faults(folder, text)[0]}
    elif column != "from_account_id":
        made = read(folder, text, moves=MOVES).tables[table]
        assert made.schema[column] == spec.columns[column].dtype
        assert made[column].null_count() == made.height - (3 if column == "amount_base" else 0)


# ---- what is wrong with them ------------------------------------------------------------------------------


def test_a_reason_is_wanted_for_every_statement(tmp_path):
    text = HEAD + (
        "      currency: {value: EUR}\n"
        "      purpose_code: {value: null}\n"
        "      loan_id: {value: null, because: ' '}\n"
        "      from_country: {from_table: accounts, key: from_account_id, column: country}\n"
        "      channel: {value: web, because: [a]}\n"
    )
    found, message = faults(tmp_path, text + ACCOUNTS + "absent:\n  party_links:\n  known_payees: ''\n")
    assert found == {
        (11, "MAP-BECAUSE"),
        (12, "MAP-BECAUSE"),
        (13, "MAP-BECAUSE"),
        (14, "MAP-BECAUSE"),
        (15, "MAP-TYPE"),
        (20, "MAP-BECAUSE"),
        (21, "MAP-BECAUSE"),
    }
    assert 'party_links: "why the world of the source has none"' in message


def test_faults_of_look_ups_are_located(tmp_path):
    text = (
        HEAD
        + EURO
        + looked_up("from_country", "acounts", "from_account_id", "country")
        + looked_up("to_country", "accounts", "to_account_id", "country")
        + looked_up("from_region", "accounts", "from_account_id", "home_region")
        + looked_up("from_name", "accounts", "from_account_id", "opened_at")
        + looked_up("branch_id", "transactions", "from_account_id", "txn_id")
        + looked_up("branch_country", "accounts", "from_country", "country")
        + "      to_name: {from_table: accounts, column: party_id, because: x}\n"
        + looked_up("device_id", "accounts", "from_account_id", "party_id, map: {}")
        + looked_up("from_class", "known_payees", "from_account_id", "class")
        + ACCOUNTS
        + "  known_payees: {files: [k.csv], columns: {account_id: Id, class: Kind}}\n"
    )
    found, message = faults(tmp_path, text)
    assert found == {
        (12, "MAP-LOOKUP"),
        (13, "MAP-LOOKUP"),
        (14, "MAP-LOOKUP"),
        (15, "MAP-LOOKUP"),
        (16, "MAP-LOOKUP"),
        (17, "MAP-LOOKUP"),
        (18, "MAP-LOOKUP"),
        (19, "MAP-WAY"),
        (20, "MAP-LOOKUP"),
    }
    for part in (
        "the mapping has no table 'acounts' (did you mean 'accounts'?)",
        "transactions has no mapped column 'to_account_id'",
        "accounts has no mapped column 'home_region'",
        "accounts.opened_at is a time, transactions.from_name a text",
        "a table is not looked up in itself",
        "'from_country' is itself looked up",
        "a look-up needs key",
        "'map' does not go with 'from_table'",
        "no single column identifies a row of known_payees",
    ):
        assert part in message


def test_tables_that_look_each_other_up_are_refused(tmp_path):
    text = (
        HEAD
        + EURO
        + "  accounts:\n    files: [a.csv]\n    columns:\n      account_id: Id\n      party_id: Holder\n"
        + looked_up("country", "parties", "party_id", "residence_country")
        + "  parties:\n    files: [a.csv]\n    columns:\n      party_id: Holder\n"
        + "      residence_country: Land\n      registration_number: Id\n"
        + looked_up("formation_agent_id", "accounts", "registration_number", "party_id")
    )
    found, message = faults(tmp_path, text)
    assert found == {(3, "MAP-LOOKUP")}
    assert "tables look each other up" in message


def test_faults_of_absent_tables_and_of_empty_columns(tmp_path):
    text = HEAD + (
        "      currency: {value: null, because: x}\n"
        "      channel: {value: web, default: y, because: x}\n"
        "      branch_id: {column: No, extract: '('}\n"
        "      region_code: {column: No, extract: 'x'}\n"
        "absent:\n"
        "  transactions: x\n"
        "  ledger: x\n"
        "  accounts: x\n"
        "  party_link: x\n"
        "  parties: [x]\n"
    )
    found, message = faults(tmp_path, text.replace("absent:", ACCOUNTS + "absent:"))
    assert found == {
        (11, "MAP-NULL"),
        (12, "MAP-WAY"),
        (13, "MAP-WHERE"),
        (14, "MAP-WHERE"),
        (19, "MAP-ABSENT"),
        (20, "MAP-ABSENT"),
        (21, "MAP-ABSENT"),
        (22, "MAP-TABLE"),
        (23, "MAP-BECAUSE"),
    }
    assert "every row of transactions needs currency" in message
    assert "did you mean 'party_links'?" in message
    assert "1 group in parentheses is wanted, 0 found" in message
