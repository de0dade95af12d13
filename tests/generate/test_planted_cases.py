"""Planted cases show their signs, look-alikes do not, ordinary lives stay quiet: no engine is asked."""

from __future__ import annotations

import polars as pl
import pytest

from redflags.generate import PLANTS, generate_bank
from redflags.generate.plant.case import STRENGTHS
from tests.generate import signs_more  # noqa: F401  it adds its signs to the others
from tests.generate.signs import SIGNS, View, holds_for


@pytest.fixture(scope="session")
def found(view):
    return {rule: holds_for(view, rule) for rule in SIGNS}


def test_every_typology_is_planted_in_every_strength(bank):
    cases = bank["cases"]
    assert set(cases["rule_id"]) == set(PLANTS) == set(SIGNS)
    assert len(cases) == 3 * len(PLANTS)
    for _, group in cases.group_by("rule_id"):
        assert set(group["strength"]) == set(STRENGTHS)


@pytest.mark.parametrize("rule", PLANTS)
def test_planted_cases_show_their_signs(bank, found, rule):
    subjects = set(bank["cases"].filter(pl.col("rule_id") == rule)["subject_id"])
    assert subjects <= found[rule]


@pytest.mark.parametrize("rule", PLANTS)
def test_lookalikes_do_not(bank, found, rule):
    subjects = set(bank["lookalikes"].filter(pl.col("rule_id") == rule)["subject_id"])
    assert subjects
    assert not subjects & found[rule]


@pytest.mark.parametrize("rule", PLANTS)
def test_ordinary_lives_stay_quiet(bank, view, found, rule):
    """Beyond the cases of a rule, only other cases and look-alikes of other rules may show its signs."""
    told = {
        subject
        for table in ("cases", "lookalikes")
        for column in ("subject_id", "party_id")
        for subject in bank[table][column]
    }
    told |= {account for account, row in view.accounts.items() if row["party_id"] in told}
    assert len(found[rule] - told) <= 1


@pytest.mark.parametrize("rule", PLANTS)
def test_signs_rest_on_the_planted_rows(bank, rule):
    """Take the labelled rows away and nothing is left: the label covers the whole story."""
    labels = bank["labels"].filter(pl.col("rule_id") == rule)
    rest = {**bank, "transactions": bank["transactions"].join(labels, on="txn_id", how="anti")}
    subjects = set(bank["cases"].filter(pl.col("rule_id") == rule)["subject_id"])
    assert not subjects & holds_for(View(rest), rule)


def test_the_newest_day_has_something_to_show(bank):
    last = bank["transactions"]["booked_at"].max().date()
    late = bank["cases"].filter(pl.col("last_at").dt.date() == last)
    assert late["rule_id"].n_unique() >= 5


def test_the_answer_key_agrees_with_its_rows(bank):
    rows = bank["labels"].join(bank["transactions"].select("txn_id", "booked_at"), on="txn_id")
    spans = rows.group_by("case_id", "rule_id", "strength").agg(
        first_at=pl.col("booked_at").min(), last_at=pl.col("booked_at").max()
    )
    keys = ["case_id", "rule_id", "strength", "first_at", "last_at"]
    assert spans.select(keys).sort("case_id").equals(bank["cases"].select(keys).sort("case_id"))
    assert bank["cases"]["subject_id"].n_unique() == len(bank["cases"])
    assert bank["labels"]["txn_id"].n_unique() == len(bank["labels"])
    assert bank["labels"].null_count().sum_horizontal().item() == 0
    assert bank["cases"].null_count().sum_horizontal().item() == 0


def test_markers_and_carve_outs_meet_cases(bank):
    marked = bank["party_markers"].join(bank["cases"], on="party_id")
    assert set(marked["marker"]) == {"minor", "victim", "tip_source"}
    covers = bank["carve_outs"].join(bank["cases"], on="party_id", how="left")
    lapsed = covers.filter(pl.col("case_id").is_not_null())
    assert (lapsed["valid_to"] < lapsed["first_at"]).all()
    assert covers.filter(pl.col("case_id").is_null())["valid_to"].null_count() == 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 12, 2026])
def test_other_seeds_show_the_same(seed):
    bank = generate_bank(seed)
    view = View(bank)
    for rule in PLANTS:
        hits = holds_for(view, rule)
        assert set(bank["cases"].filter(pl.col("rule_id") == rule)["subject_id"]) <= hits, (seed, rule)
        assert not set(bank["lookalikes"].filter(pl.col("rule_id") == rule)["subject_id"]) & hits, (
            seed,
            rule,
        )
