"""What a rule book covers, and that nothing is said to answer that is not there."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from redflags.explain.coverage import coverage_page
from redflags.resources import rules_dir
from redflags.rules.coverage import FAMILIES, coverage_data, coverage_of
from redflags.rules.load import load_rules, read_rules

#: Families of the catalogue whose every indicator has a rule.
WHOLE = "ABCEGH"


@pytest.fixture(scope="module")
def shipped():
    book = load_rules()
    return book, coverage_of(book)


@pytest.fixture
def own(tmp_path):
    """A copy of the shipped book in a checkout of its own; ``honours`` replaces what answers the statements."""

    def make(honours, rules=("structuring",)):
        home = tmp_path / "rules"
        home.mkdir()
        for name in ("sources.yaml", "typologies.yaml", "indicators.yaml", "statements.yaml"):
            shutil.copy(rules_dir() / name, home / name)
        for name in rules:
            shutil.copytree(rules_dir() / name, home / name)
        (home / "honoured_by.yaml").write_text(honours)
        (tmp_path / "tests").mkdir()
        (tmp_path / "tests" / "test_x.py").write_text(
            "class A:\n    def test_inside(self): ...\ndef test_there(): ...\n"
        )
        return coverage_of(load_rules(home))

    return make


def test_the_shipped_answers_point_to_what_is_there(shipped):
    _, found = shipped
    assert found.faults == ()
    assert len(found.statements) == 206
    assert len(found.indicators) == 237


@pytest.mark.parametrize("letter", WHOLE)
def test_every_indicator_of_a_finished_family_has_a_rule_with_cases_and_sources(shipped, letter):
    lacking = [item.id for item in shipped[1].family(letter) if not (item.rules and item.cases and item.sources)]
    assert lacking == []


def test_an_indicator_is_covered_by_what_a_rule_says_it_covers(own):
    found = own("S001: {by: [table invoices]}\n")
    covered = {item.id for item in found.indicators if item.rules}
    assert covered >= {"cash-split-multi-site-24h", "cash-just-below-threshold-repeat"}
    assert "phantom-shipment" not in covered
    item = next(item for item in found.indicators if item.id == "cash-split-multi-site-24h")
    assert item.rules == ("cash-split-multi-site-24h",)
    assert item.cases > 10
    assert "ffiec-manual" in item.sources


def test_a_statement_is_open_answered_in_part_or_honoured(own):
    found = own(
        "S001: {by: [rule cash-split-multi-site-24h, list thresholds, policy minors, table invoices]}\n"
        "S002: {by: ['test tests/test_x.py::test_there', 'test tests/test_x.py::test_inside'], lacks: the rest}\n"
    )
    assert found.faults == ()
    assert [row.state for row in found.statements[:3]] == ["honoured", "partly", "open"]


@pytest.mark.parametrize(
    ("entry", "message", "hint"),
    [
        ("S999: {by: [table invoices]}", "no statement is called 'S999'", ""),
        ("S001: {by: [rule cash-split-multi-site-24]}", "no rule is called", "cash-split-multi-site-24h"),
        ("S001: {by: [rule phantom-shipment]}", "no rule is called 'phantom-shipment'", ""),
        ("S001: {by: [list treshholds]}", "no list is called", "thresholds"),
        ("S001: {by: [policy minor]}", "no policy is called", "minors"),
        ("S001: {by: [table invoice]}", "no table is called", "invoices"),
        ("S001: {by: [invoices]}", "names no kind of thing", "rule, policy, list, table or test"),
        ("S001: {by: ['test tests/test_y.py::test_there']}", "there is no file tests/test_y.py", ""),
        ("S001: {by: ['test tests/test_x.py::test_gone']}", "has no test 'test_gone'", ""),
        ("S001: {by: []}", "", ""),
        ("S001: {buy: [table invoices]}", "", ""),
    ],
)
def test_an_answer_to_nothing_is_a_fault_at_its_place(own, entry, message, hint):
    found = own(entry + "\n")
    assert found.faults
    assert all(fault.line == 1 and fault.file.endswith("honoured_by.yaml") for fault in found.faults)
    told = str(found.faults[0])
    assert message in told
    assert hint in told


def test_a_rule_that_covers_an_unknown_indicator_does_not_load(tmp_path):
    home = tmp_path / "rules" / "structuring"
    home.mkdir(parents=True)
    name = "cash-split-multi-site-24h"
    text = (rules_dir() / "structuring" / f"{name}.yaml").read_text()
    (home / f"{name}.yaml").write_text(text.replace(f"covers: [{name}]", "covers: [cash-split-multi-site-24]"))
    _, faults = read_rules(tmp_path / "rules")
    assert [fault.code for fault in faults] == ["INDICATOR-UNKNOWN"]
    assert name in faults[0].hint


def test_a_mandate_is_what_the_sources_call_one(tmp_path):
    home = tmp_path / "rules" / "structuring"
    home.mkdir(parents=True)
    name = "cash-split-multi-site-24h"
    text = (rules_dir() / "structuring" / f"{name}.yaml").read_text()
    (home / f"{name}.yaml").write_text(re.sub("supports: detection", "supports: mandate", text, count=1))
    _, faults = read_rules(tmp_path / "rules")
    assert [fault.code for fault in faults] == ["REF-MANDATE"]


def test_the_page_shows_gaps_before_what_is_covered(own):
    found = own("S001: {by: [table invoices]}\nS002: {by: [table invoices], lacks: the rest}\n")
    page = str(coverage_page(load_rules(), found))
    heads = [
        "without a rule",
        "Statements without an answer",
        "Statements answered in part",
        "indicators with rules",
        "Statements that are honoured",
    ]
    places = [page.index(head) for head in heads]
    assert places == sorted(places)
    one = str(coverage_page(load_rules(), found, "E"))
    assert "phantom-shipment" in one
    assert "cash-split" not in one
    assert "Statements" not in one


def test_the_data_hold_everything(shipped):
    data = json.loads(json.dumps(coverage_data(shipped[1])))
    assert {item["family"] for item in data["indicators"]} == set(FAMILIES)
    assert {row["state"] for row in data["statements"]} <= {"honoured", "partly", "open"}
    assert [item["id"] for item in coverage_data(shipped[1], "A")["indicators"]] == [
        item.id for item in shipped[1].family("A")
    ]
