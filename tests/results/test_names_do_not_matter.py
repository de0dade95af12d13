"""Who bears which name changes no alert of a rule that does not compare names."""

from __future__ import annotations

import random
from dataclasses import replace

import polars as pl
import pytest

import redflags as rf
from redflags.resources import sample_data_dir

SAID = ["alert_id", "rule_id", "subject_id", "score", "severity", "band", "hits", "txn_count", "first_at", "last_at"]


def names_of(tables):
    """Every name of a party, wherever it is written."""
    return sorted(set(tables["parties"]["name"].drop_nulls()))


def exchanged(data, seed):
    """The data set with the names of parties dealt out anew; the same name stays the same name everywhere."""
    names = names_of(data.tables)
    dealt = list(names)
    random.Random(seed).shuffle(dealt)
    deal = dict(zip(names, dealt, strict=True))
    tables = {}
    for name, frame in data.tables.items():
        texts = [column for column in frame.columns if column.endswith("name") and frame.schema[column] == pl.String]
        tables[name] = frame.with_columns(pl.col(column).replace(deal) for column in texts)
    return replace(data, tables=tables)


@pytest.fixture(scope="module")
def data():
    return rf.read_dataset(sample_data_dir() / "bank")


@pytest.fixture(scope="module")
def nameless():
    """Rules that read no name."""
    book = rf.load_rules()
    return [file.id for file in book if not any((read.column or "").endswith("name") for read in file.reads)]


def test_dealing_the_names_of_parties_anew_leaves_every_alert_as_it_is(data, nameless):
    other = exchanged(data, seed=3)
    assert not other.tables["parties"]["name"].equals(data.tables["parties"]["name"])
    before, after = (rf.screen(each, only=nameless, profile="eu").alerts.select(SAID) for each in (data, other))
    assert before.height > 50
    assert after.equals(before)


def test_most_rules_read_no_name(nameless):
    assert len(nameless) > 0.8 * len(rf.load_rules())
