from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest
import yaml

from redflags.errors import RedflagsError, UsageError
from redflags.tables import DTYPES, KLASSES, PROTECTED, dictionary, load_dictionary, schema_markdown
from redflags.tables import load as load_module

CATALOGUE = Path(__file__).resolve().parents[2].parent / "shared" / "catalogue"
CORE = (
    "txn_id booked_at txn_type status instrument channel amount currency amount_base from_account_id"
    " from_party_id from_name from_bank_id from_country to_account_id to_party_id to_name to_bank_id"
    " to_country branch_id branch_country service_point_id conductor_id device_id ip_country region_code"
    " latitude longitude purpose_code purpose_text intermediary_countries asset quantity seq"
)


def test_core_columns_of_transactions_are_there():
    assert set(CORE.split()) <= set(dictionary().table("transactions").columns)


def test_transactions_need_few_columns():
    assert dictionary().table("transactions").required == ("txn_id", "booked_at", "amount", "currency")


def test_every_table_has_a_class_and_every_column_a_type():
    for table in dictionary().tables.values():
        assert table.klass in KLASSES, table.name
        for column in table.columns.values():
            assert column.type in DTYPES
            assert column.doc
            assert column.null
            assert column.dtype == DTYPES[column.type]


def test_dated_registers_carry_their_span():
    table = dictionary().table("jurisdiction_lists")
    assert (table.valid_from, table.valid_to) == ("valid_from", "valid_to")
    assert table.columns["valid_from"].type == "time"
    assert table.keys == ("list_id", "country")


def test_values_known_late_say_when():
    assert dictionary().column("accounts", "closed_at").known_at == "closed_at"
    assert dictionary().column("shipments", "arrived_at").known_at == "arrived_at"
    assert dictionary().column("policies", "end_reason").known_at == "ended_at"


def test_plans_say_that_they_are():
    assert dictionary().column("loans", "maturity_date").plan
    assert not dictionary().column("loans", "disbursed_at").plan


def test_codes_of_a_column_can_be_of_another_class():
    assert dictionary().column("transactions", "txn_type").value_classes["benefit"] == "benefit"


def test_ledger_mirrors_both_sides():
    ledger = dictionary().table("ledger")
    expected = {
        "account_id", "party_id", "direction", "counterparty_account_id", "counterparty_party_id",
        "counterparty_name", "counterparty_bank_id", "counterparty_country", "counterparty_bank_country",
        "counterparty_region", "counterparty_key", "own_transfer", "cross_border", "own_country",
        "balance_after",
    }  # fmt: skip
    assert expected <= set(ledger.columns)
    assert set(dictionary().table("transactions").columns) <= set(ledger.columns)
    assert ledger.derived
    assert {path: ref.table for path, ref in ledger.refs.items()}["counterparty"] == "parties"


def test_declared_paths():
    refs = dictionary().table("transactions").refs
    assert (refs["invoice"].column, refs["invoice"].table) == ("invoice_ref", "invoices")
    assert dictionary().table("parties").refs["npo"].table == "npo_profiles"


@pytest.mark.parametrize(
    ("table", "old", "new"),
    [
        ("transactions", "beneficiary_name", "to_name"),
        ("transactions", "lat", "latitude"),
        ("parties", "declared_annual_income", "declared_income_annual"),
        ("parties", "sector_code", "industry_code"),
        ("ledger", "beneficiary_key", "counterparty_key"),
        ("known_payees", "payee_class", "class"),
        ("fx_rates", "date", "valid_from"),
    ],
)
def test_old_names_are_answered(table, old, new):
    assert dictionary().suggest_column(table, old) == f"did you mean '{new}'?"
    with pytest.raises(UsageError, match=f"did you mean '{new}'"):
        dictionary().column(table, old)


def test_old_tables_are_answered():
    with pytest.raises(UsageError, match="did you mean 'transactions'"):
        dictionary().table("va_transfers")
    with pytest.raises(UsageError, match="did you mean 'accounts'"):
        dictionary().table("acounts")
    assert dictionary().suggest_table("zzzzzz") == ""


@pytest.mark.parametrize(
    ("word", "attribute"),
    [
        ("nationality", "nationality"),
        ("sender_nationality_code", "nationality"),
        ("citizenship", "nationality"),
        ("race", "ethnicity"),
        ("faith", "religion"),
        ("place_of_birth", "birthplace"),
        ("mother_tongue", "language"),
        ("customer_gender", "gender"),
        ("dob", "age"),
        ("is_minor", "age"),
        ("criminal_record", "conviction"),
    ],
)
def test_protected_attributes_are_known_by_many_words(word, attribute):
    found = dictionary().protected(word)
    assert found is not None
    assert found.name == attribute
    assert found.reason
    assert found.instead
    assert PROTECTED["citizenship"].name == "nationality"


@pytest.mark.parametrize(
    "word", ["country", "account_age", "message", "percentage", "embrace", "tracer", "from_country"]
)
def test_ordinary_names_are_not_protected(word):
    assert dictionary().protected(word) is None


def test_no_column_is_protected():
    for table in dictionary().tables.values():
        assert not [name for name in table.columns if dictionary().protected(name)], table.name


def test_markers_are_their_own_class():
    assert dictionary().table("party_markers").klass == "marker"
    assert dictionary().column("party_markers", "marker").values == (
        "minor", "victim", "tip_source", "protected_witness",
    )  # fmt: skip


@pytest.mark.skipif(not CATALOGUE.is_dir(), reason="the catalogue lies beside the checkout, and is not there")
def test_every_catalogue_column_has_one_home():
    listed = yaml.safe_load((CATALOGUE / "columns_and_operations_ml.yaml").read_text())["columns"]
    named = {table: entry["columns"] for table, entry in listed.items()}
    for more in (named, yaml.safe_load((CATALOGUE / "tables_tf.yaml").read_text())):
        for old, columns in more.items():
            name = dictionary().table_aliases.get(old, old)
            homes = [dictionary().table(name)]
            if name == "transactions":
                homes.append(dictionary().table("ledger"))
            for column in columns:
                known = any(column in home.columns or column in home.column_aliases for home in homes)
                assert known or dictionary().protected(column), f"{old}.{column}"


def test_page_is_generated_and_stable():
    page = schema_markdown()
    assert page == schema_markdown()
    assert "### transactions" in page
    assert "| **amount** | money |" in page
    assert "| rules |" not in page
    assert "## Not in the model" in page


def test_page_names_the_rules_that_read_a_column():
    page = schema_markdown({"parties.is_pep": ["pep-first-cash", "pep-trade"]})
    assert "| pep-first-cash, pep-trade |" in page


def test_a_faulty_dictionary_says_everything_at_once(tmp_path):
    source = Path(load_module.__file__).parent
    shutil.copytree(source / "dictionary", tmp_path / "dictionary")
    shutil.copy(source / "protected.yaml", tmp_path / "protected.yaml")
    (tmp_path / "dictionary" / "zz.yaml").write_text(
        "broken:\n  doc: x\n  kind: stream\n  class: behaviour\n  keys: [nothing]\n"
        "  colour: red\n  columns:\n"
        "    gender: {type: tekst, class: behaviour, doc: x, ref: nowhere, known_at: never}\n"
    )
    with pytest.raises(RedflagsError) as caught:
        load_dictionary(tmp_path)
    text = str(caught.value)
    for part in ("unknown key colour", "no column nothing", "unknown type", "unknown table nowhere",
                 "known at never", "a protected attribute", "needs a time column"):  # fmt: skip
        assert part in text


def test_physical_types():
    assert dictionary().column("transactions", "amount").dtype == pl.Int64
    assert dictionary().column("transactions", "quantity").dtype == pl.Int128
    assert dictionary().column("transactions", "booked_at").dtype == pl.Datetime("us", "UTC")
