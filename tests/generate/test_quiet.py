"""The quiet test: the whole rule book over a bank in which nothing was planted has next to nothing to say.

Ordinary life and look-alikes only. Fewer than one customer in a hundred has an alert in a month, no alert stands
above the medium band, every rule runs, and every rule has looked at a row before it said nothing.
Exceptions stand in one file, with reasons.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import yaml

import redflags as rf
from redflags.generate import generate_bank, write_bank

pytestmark = pytest.mark.xdist_group("quiet")

EXCEPTIONS = yaml.safe_load(Path(__file__).with_name("quiet_exceptions.yaml").read_text(encoding="utf-8"))
MOST_ALERTED = 0.01


@pytest.fixture(scope="module")
def clean():
    return generate_bank(cases={})


@pytest.fixture(scope="module")
def run(clean, tmp_path_factory):
    folder = write_bank(clean, tmp_path_factory.mktemp("quiet") / "bank")
    return rf.screen(str(folder), profile="eu")


@pytest.fixture(scope="module")
def bound(run):
    """What each rule judged, over the segments that it is bound for."""
    rules: dict[str, tuple[int, bool | None]] = {}
    for part in run.manifest["rules"]["bound"]:
        judged, _ = rules.get(part["id"], (0, None))
        rules[part["id"]] = judged + part["judged"], part["disabled"]
    return rules


def told(alerts):
    """Alerts as somebody would want to read them when the test fails."""
    return alerts.select("rule_id", "subject_id", "band", "last_at").sort("rule_id", "last_at").rows()


def test_nothing_was_planted(clean):
    assert clean["cases"].is_empty()
    assert not clean["lookalikes"].is_empty()


def test_hardly_anybody_has_an_alert(clean, run):
    customers = clean["parties"].filter("is_customer").height
    alerts = run.alerts.with_columns(
        who=pl.coalesce("party_id", "subject_id"), month=pl.col("last_at").dt.truncate("1mo")
    )
    full = clean["transactions"]["booked_at"].max().month - 3
    months = alerts.group_by("month").agg(pl.col("who").n_unique())
    assert months.filter(pl.col("who") >= MOST_ALERTED * customers).is_empty(), told(alerts)
    # The full life of the last months is what the rate is about: the thin past alone would flatter it.
    late = alerts.filter((pl.col("month").dt.year() == 2026) & (pl.col("month").dt.month() >= full))
    assert late.select("who", "month").unique().height < MOST_ALERTED * customers * 4, told(late)


def test_no_alert_stands_above_medium(run):
    loud = run.alerts.filter(~pl.col("band").is_in(["low", "medium"]))
    assert loud.is_empty(), told(loud)


def test_every_rule_can_run_on_the_sample(bound):
    disabled = {rule: why for rule, (_, why) in bound.items() if why is not None}
    assert disabled.keys() == EXCEPTIONS["not_evaluable"].keys(), disabled
    assert len(disabled) * 50 < len(bound)


def test_every_rule_looked_at_a_row(bound):
    idle = {rule for rule, (judged, why) in bound.items() if judged == 0 and why is None}
    assert idle <= set(EXCEPTIONS["judges_nothing"])
