"""The bank as a whole: the same for the same seed, sound, sized as promised, giving no case away."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
import yaml
from polars.testing import assert_frame_equal

from redflags.errors import UsageError
from redflags.generate import PLANTS, generate_bank, write_bank
from redflags.generate.__main__ import main
from redflags.generate.schema import ANSWER_KEY, TABLES
from redflags.resources import sample_data_dir

SMALL: dict[str, Any] = {"seed": 3, "parties": 60, "months": 5, "cases": {}, "with_lookalikes": False}
#: Where goods come from, and what a list says of those it names: no attribute of a customer.
OF_GOODS_OR_LISTS = {
    ("customs_declarations", "origin_country"),
    ("list_entries", "birth_record"),
    ("price_reference", "origin_country"),
    ("trade_documents", "origin_country"),
}
FORBIDDEN = ("birth", "gender", "sex", "nationality", "ethnic", "religio", "language", "origin", "dob", "age")


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# ---- the same for the same seed


def test_two_calls_give_the_same_tables(bank):
    again = generate_bank()
    assert list(again) == list(bank)
    for table, frame in bank.items():
        assert_frame_equal(frame, again[table])


def test_two_calls_write_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_bank(generate_bank(**SMALL), tmp_path / name)
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_another_seed_gives_another_bank():
    one, other = (generate_bank(**{**SMALL, "seed": seed})["transactions"] for seed in (3, 4))
    assert not one.equals(other)


def test_one_more_case_moves_no_other(bank):
    more = generate_bank(cases={**dict.fromkeys(PLANTS, 3), "cash-split-multi-site-24h": 4})
    rule = "cash-just-below-threshold-repeat"
    stories = [b["cases"].filter(pl.col("rule_id") == rule)["story"].to_list() for b in (bank, more)]
    assert stories[0] == stories[1]


def test_the_shipped_sample_is_what_the_generator_writes(bank, tmp_path):
    # Compared as tables: bytes of Parquet may differ between releases of the library that writes it.
    shipped = sample_data_dir() / "bank"
    write_bank(bank, tmp_path / "bank")
    assert files(tmp_path / "bank").keys() == files(shipped).keys()
    for table, frame in bank.items():
        folder = shipped / "answer_key" if table in ANSWER_KEY else shipped
        path = folder / f"{table}.parquet"
        if path.exists():
            assert_frame_equal(pl.read_parquet(path), frame)
        else:
            assert (folder / f"{table}.csv").read_text() == (tmp_path / "bank/answer_key" / f"{table}.csv").read_text()


# ---- sound


def test_columns_and_types(bank):
    for table, frame in bank.items():
        assert dict(frame.schema) == {name: _instance(dtype) for name, dtype in TABLES[table].items()}, table


def _instance(dtype):
    return dtype() if isinstance(dtype, type) else dtype


def test_keys_are_unique_and_references_lead_somewhere(bank):
    t, parties, accounts = bank["transactions"], bank["parties"], bank["accounts"]
    for frame, key in (
        (t, "txn_id"),
        (parties, "party_id"),
        (accounts, "account_id"),
        (bank["cases"], "case_id"),
    ):
        assert frame[key].null_count() == 0
        assert frame[key].n_unique() == len(frame)
    known = set(parties["party_id"])
    for table, column in (
        ("accounts", "party_id"), ("transactions", "from_party_id"), ("transactions", "to_party_id"),
        ("transactions", "conductor_id"), ("party_links", "party_id"), ("party_links", "related_party_id"),
        ("party_sites", "party_id"), ("known_payees", "party_id"), ("npo_profiles", "party_id"),
        ("npo_appeals", "party_id"), ("carve_outs", "party_id"), ("party_markers", "party_id"),
        ("segments", "party_id"), ("cases", "party_id"), ("lookalikes", "party_id"),
    ):  # fmt: skip
        assert set(bank[table][column].drop_nulls()) <= known, (table, column)
    assert set(t["reversal_of"].drop_nulls()) <= set(t["txn_id"])
    assert set(bank["labels"]["txn_id"]) <= set(t["txn_id"])
    points = set(t["service_point_id"].drop_nulls())
    assert set(bank["party_sites"]["service_point_id"]) <= points
    outside = set(t["to_account_id"].drop_nulls()) | set(t["from_account_id"].drop_nulls())
    assert set(bank["known_payees"]["account_id"]) <= outside


def test_a_party_on_a_row_holds_the_account_on_it(bank):
    holders = bank["accounts"].select("account_id", holder="party_id")
    for side in ("from", "to"):
        rows = bank["transactions"].join(holders, left_on=f"{side}_account_id", right_on="account_id", how="left")
        ours = rows.filter(pl.col("holder").is_not_null())
        assert ours.filter(pl.col("holder").ne_missing(pl.col(f"{side}_party_id"))).is_empty()
        customers = bank["parties"].filter("is_customer")["party_id"]
        assert not set(rows.filter(pl.col("holder").is_null())[f"{side}_party_id"].drop_nulls()) & set(customers)


def test_every_row_has_an_own_account_and_a_positive_amount(bank):
    t = bank["transactions"]
    own = set(bank["accounts"]["account_id"])
    touched = t.filter(
        pl.any_horizontal(pl.col(f"{side}_account_id").is_in(own).fill_null(value=False) for side in ("from", "to"))
    )
    assert len(touched) == len(t)
    assert t["amount"].min() > 0
    assert t["amount_base"].null_count() == 0
    euros = t.filter(pl.col("currency") == "EUR")
    assert euros.filter(pl.col("amount") != pl.col("amount_base")).is_empty()


def test_nothing_happens_before_an_account_is_opened_or_outside_the_period(bank):
    t = bank["transactions"]
    opened = bank["accounts"].select("account_id", "opened_at")
    for side in ("from", "to"):
        rows = t.join(opened, left_on=f"{side}_account_id", right_on="account_id")
        assert rows.filter(pl.col("booked_at") < pl.col("opened_at")).is_empty()
    assert t["booked_at"].min() >= dt.datetime(2023, 12, 31, 22, tzinfo=dt.UTC)
    assert t["booked_at"].max() < dt.datetime(2026, 7, 1, tzinfo=dt.UTC)


def test_reversals_and_refunds_turn_the_movement_round(bank):
    t = bank["transactions"]
    back = t.filter(pl.col("reversal_of").is_not_null()).join(
        t, left_on="reversal_of", right_on="txn_id", suffix="_was"
    )
    assert len(back) > 20
    assert back.filter(
        (pl.col("amount") != pl.col("amount_was"))
        | (pl.col("from_account_id") != pl.col("to_account_id_was"))
        | (pl.col("booked_at") <= pl.col("booked_at_was"))
    ).is_empty()


def test_no_protected_attribute(bank):
    for table, frame in bank.items():
        for column in frame.columns:
            if (table, column) in OF_GOODS_OR_LISTS:
                continue
            words = column.split("_")
            assert not any(word in FORBIDDEN or column.startswith(word) for word in words if word in FORBIDDEN), (
                table,
                column,
            )


# ---- sized as promised


def test_control_counts(bank):
    t = bank["transactions"]
    assert 50_000 <= len(t) <= 90_000
    customers = bank["parties"].filter("is_customer")
    assert 250 <= len(customers) <= 400
    assert {"person", "company", "npo", "sole_trader", "financial_institution"} == set(customers["party_type"])
    months = t.group_by(pl.col("booked_at").dt.truncate("1mo")).len().filter(pl.col("len") > 100)
    assert len(months) == 30
    thin = t.filter(pl.col("booked_at") < dt.datetime(2026, 2, 28, tzinfo=dt.UTC))
    assert thin.height / 26 < 0.4 * (len(t) - thin.height) / 4
    assert set(t["status"]) == {"booked", "cancelled", "rejected"}
    assert t["txn_type"].n_unique() > 20
    assert bank["party_markers"].group_by("marker").len().sort("marker").rows() == [
        ("minor", 2), ("tip_source", 2), ("victim", 2),
    ]  # fmt: skip


def test_every_customer_lives(bank):
    t = bank["transactions"]
    seen = set(t["from_party_id"].drop_nulls()) | set(t["to_party_id"].drop_nulls())
    customers = set(bank["parties"].filter("is_customer")["party_id"])
    assert customers <= seen


def test_takings_vary(bank):
    cash = bank["transactions"].filter((pl.col("purpose_text") == "takings") & (pl.col("amount") < 3_900))
    spread = cash.group_by("to_account_id").agg(
        n=pl.len(), cv=pl.col("amount").cast(float).std() / pl.col("amount").cast(float).mean()
    )
    assert spread.filter(pl.col("n") > 50)["cv"].min() > 0.05


def test_the_files_are_small_and_the_answer_key_stands_apart(bank, tmp_path):
    folder = write_bank(bank, tmp_path / "bank")
    written = files(folder)
    assert sum(map(len, written.values())) < 6_000_000
    assert not any(name.startswith(("labels", "cases", "lookalikes")) for name in written)
    assert {"answer_key/labels.parquet", "answer_key/cases.csv", "answer_key/lookalikes.csv"} <= set(written)
    assert yaml.safe_load(written["dataset.yaml"]) == {"base_currency": "EUR", "timezone": "Europe/Berlin"}
    assert pl.read_parquet(folder / "transactions.parquet")["amount"].dtype == pl.Decimal(18, 2)


# ---- nothing that gives a case away


def test_ids_follow_the_clock_alone(bank):
    t = bank["transactions"]
    numbers = t["txn_id"].str.slice(1).cast(pl.Int64)
    assert (numbers.diff().drop_nulls() == 1).all()
    assert t["booked_at"].is_sorted()
    assert t["txn_id"].str.len_chars().n_unique() == 1


@pytest.mark.parametrize("column", ["party_id", "account_id"])
def test_ids_of_subjects_lie_among_the_others(bank, column):
    frame = bank["parties"] if column == "party_id" else bank["accounts"]
    order = frame[column].sort().to_list()
    subjects = set(bank["cases"]["party_id"] if column == "party_id" else bank["cases"]["subject_id"]) & set(order)
    ranks = sorted(order.index(subject) / len(order) for subject in subjects)
    assert len(ranks) > 12
    assert 0.25 < sum(ranks) / len(ranks) < 0.75
    assert frame[column].str.len_chars().n_unique() == 1


def test_planted_rows_use_no_code_that_ordinary_rows_do_not(bank):
    t = bank["transactions"].with_columns(planted=pl.col("txn_id").is_in(bank["labels"]["txn_id"].to_list()))
    for column in (
        "txn_type",
        "status",
        "instrument",
        "channel",
        "currency",
        "initiator",
        "provider_id",
        "purpose_code",
    ):
        mine, theirs = (set(t.filter(pl.col("planted") == flag)[column]) for flag in (True, False))
        assert mine <= theirs, column
    shapes = t.select(
        "planted",
        *(pl.col(f"{side}_account_id").str.replace_all(r"\d", "9").alias(side) for side in ("from", "to")),
    )
    mine, theirs = (set(shapes.filter(pl.col("planted") == flag).drop("planted").rows()) for flag in (True, False))
    assert mine <= theirs


def test_planted_moments_keep_the_hours_and_seconds_of_ordinary_ones(bank):
    t = bank["transactions"].join(bank["labels"].select("txn_id"), on="txn_id")
    seconds = t["booked_at"].dt.second()
    assert seconds.n_unique() > 50
    assert t.filter(pl.col("booked_at").dt.hour().is_between(0, 4)).height < len(t) * 0.08


# ---- the command and its faults


def test_the_command_writes_and_then_refuses(tmp_path, capsys):
    arguments = ["--out", str(tmp_path / "bank"), "--seed", "5"]
    assert main(arguments) == 0
    assert "planted cases" in capsys.readouterr().out
    before = files(tmp_path / "bank")
    assert main(arguments) == 2
    assert "exists already" in capsys.readouterr().err
    assert main([*arguments, "--overwrite"]) == 0
    assert files(tmp_path / "bank") == before


def test_a_strangers_folder_is_never_replaced(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("all of it")
    with pytest.raises(UsageError, match="not written by this command"):
        write_bank(generate_bank(**SMALL), tmp_path / "mine", overwrite=True)
    assert files(tmp_path / "mine") == {"thesis.txt": b"all of it"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"parties": 5}, "too small"),
        ({"dense_months": 9}, "full months of"),
        ({"end": dt.date(2026, 6, 30)}, "first day of a month"),
        ({"cases": {"cash-just-below-threshold-repaet": 1}}, "did you mean"),
        ({"cases": {"npo-outside-programme-area": 50}}, "ask for more parties"),
        ({"dense_months": 1, "cases": {"turnover-exceeds-declared-means": 1}}, "more full months"),
    ],
)
def test_wrong_wishes_are_named(wrong, said):
    with pytest.raises(UsageError, match=said):
        generate_bank(**{**SMALL, **wrong})


def test_money_is_exact(bank):
    t = bank["transactions"].filter(pl.col("currency") == "USD")
    assert len(t) > 20
    rate = Decimal("0.92")
    for amount, base in t.select("amount", "amount_base").head(50).iter_rows():
        assert abs(amount * rate - base) < Decimal("0.01")
