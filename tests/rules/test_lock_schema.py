from __future__ import annotations

import datetime as dt
import json

import jsonschema
import pytest

from redflags.errors import RuleError, UsageError
from redflags.resources import rules_dir
from redflags.rules.load import load_rules
from redflags.rules.lock import LOCK_NAME, check_lock, lock_entries, write_lock
from redflags.rules.scaffold import scaffold_rule
from redflags.rules.schema import json_schemas, schema_text, write_schemas
from redflags.rules.testfile import read_tests
from redflags.yamlio import read_yaml
from tests.rules.conftest import BASE, bent


def codes(faults):
    return [fault.code for fault in faults]


def test_a_lock_holds_what_a_version_does(check):
    assert check(BASE) == ()
    assert codes(check_lock(check.book)) == ["LOCK-MISSING"]
    path = write_lock(check.book)
    assert path.name == LOCK_NAME
    assert check_lock(check.book) == ()
    first = path.read_bytes()
    write_lock(check.book)
    assert path.read_bytes() == first


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("default: 3", "default: 4"), "LOCK-LOGIC"),
        (("max: 20", "max: 21"), "LOCK-LOGIC"),
        (("instrument = 'cash'", "instrument = 'card'"), "LOCK-LOGIC"),
        (("score: 30", "score: 31"), "LOCK-LOGIC"),
        (("severity: medium", "severity: high"), "LOCK-LOGIC"),
        (("gap: $window", "gap: 3d"), "LOCK-LOGIC"),
        (("      because:", "      points: 5\n      because:"), "LOCK-LOGIC"),
        (("instrument = 'cash' and", "instrument = 'cash'   and"), None),
        (("title: Several", "title: Many"), None),
        (("deposits, {total", "payments, {total"), None),
        (("version: 1", "version: 2"), "LOCK-STALE"),
    ],
)
def test_logic_and_version_move_together(check, change, code):
    check(BASE)
    write_lock(check.book)
    assert check(bent(change)) == ()
    found = check_lock(check.book)
    assert codes(found) == ([code] if code else [])
    if code == "LOCK-LOGIC":
        assert found[0].line == 3
        with pytest.raises(RuleError):
            write_lock(check.book)
        assert check(bent(change, ("version: 1", "version: 2"))) == ()
        write_lock(check.book)
        assert check_lock(check.book) == ()
        assert check(BASE) == ()
        assert codes(check_lock(check.book)) == ["LOCK-VERSION"]


def test_the_lock_pins_derived_policies(check):
    policy = """\
id: mine
title: Mine
why: because
references: [{source: ffiec-manual}]
applies: {reads: ["*"]}
when: "true"
then: {action: wording, text: careful}
missing: skip
"""
    check(BASE, policies__mine=policy)
    write_lock(check.book)
    assert lock_entries(check.book)["some-rule"].policies == ("mine",)
    check(BASE, policies__mine=policy.replace('["*"]', "[npo]"))
    (fault,) = check_lock(check.book)
    assert fault.code == "LOCK-POLICIES"
    assert "no longer mine" in fault.message


def test_new_and_gone_rules(check):
    check(BASE)
    write_lock(check.book)
    check(bent(("some-rule", "other-rule")))
    assert codes(check_lock(check.book)) == ["LOCK-NEW"]
    assert codes(check_lock(check.book.select(["other-rule"]))) == ["LOCK-NEW", "LOCK-GONE"]
    assert codes(check_lock(check.book.select(["other-rule"]), partial=True)) == ["LOCK-NEW"]


def test_a_lock_that_is_no_lock(check):
    check(BASE)
    (check.folder / LOCK_NAME).write_text("some-rule: {version: one}\n", encoding="utf-8")
    assert set(codes(check_lock(check.book))) == {"LOCK-TYPE", "LOCK-MISSING"}


# ---- schema --------------------------------------------------------------------------------------


def shipped():
    folder = rules_dir()
    for path in sorted(folder.rglob("*.yaml")):
        parts = path.relative_to(folder).parts
        if len(parts) == 1 or parts[0] in {"lists", "schema"}:
            continue
        kind = {"profiles": "profile", "policies": "policy", "streams": "streams"}.get(parts[0], "rule")
        yield "test" if path.name.endswith(".test.yaml") else kind, path


def test_the_schemas_are_schemas_and_are_described():
    for name, schema in json_schemas().items():
        jsonschema.Draft202012Validator.check_schema(schema)
        for shape in schema.get("$defs", {}).values():
            assert "title" not in shape, name
    properties = json_schemas()["rule"]["properties"]
    assert all("description" in prop for prop in properties.values())


def test_shipped_files_pass_their_schema():
    validators = {name: jsonschema.Draft202012Validator(schema) for name, schema in json_schemas().items()}
    seen = set()
    for kind, path in shipped():
        document = read_yaml(path)
        if document.faults:
            continue  # told of elsewhere
        wrong = [error.message for error in validators[kind].iter_errors(document.data)]
        assert not wrong, (path, wrong)
        seen.add(kind)
    assert seen >= {"rule", "test", "profile", "policy"}


def test_the_schema_refuses_what_the_models_refuse():
    validator = jsonschema.Draft202012Validator(json_schemas()["rule"])
    assert validator.is_valid(read_yaml(BASE).data)
    for change in (
        ("severity: medium", "severity: mid"), ("owner: rulebook\n", ""), ("when: repeated", "wen: repeated"),
        ("is: frequency", "is: often"), ("version: 1", "version: 0"), ("score: 30", "score: 300"),
    ):  # fmt: skip
        assert not validator.is_valid(read_yaml(bent(change)).data), change


def test_the_written_schemas_are_the_generated_ones(tmp_path):
    for path in write_schemas(tmp_path):
        assert json.loads(path.read_text(encoding="utf-8"))
        shipped_one = rules_dir() / "schema" / path.name
        assert shipped_one.read_text(encoding="utf-8") == schema_text(path.stem), "run: redflags rules schema"


# ---- new rules -----------------------------------------------------------------------------------


def test_a_new_rule_loads_and_has_tests(tmp_path):
    rule, test = scaffold_rule("cash-in-pieces", tmp_path, today=dt.date(2026, 11, 24))
    (item,) = load_rules(tmp_path)
    assert item.rule.id == "cash-in-pieces"
    assert item.rule.review_due == dt.date(2027, 11, 24)
    assert item.test_path == test
    assert rule.parent.name == "drafts"
    file, faults = read_tests(read_yaml(test))
    assert faults == []
    assert file is not None
    assert {bool(case.expect.hits) for case in file.cases} == {True, False}
    with pytest.raises(UsageError, match="is there already"):
        scaffold_rule("cash-in-pieces", tmp_path)


@pytest.mark.parametrize("name", ["Cash", "cash_in", "-cash", "cash--in", "../cash", ""])
def test_an_id_that_cannot_be_one(tmp_path, name):
    with pytest.raises(UsageError, match="cannot be a rule id"):
        scaffold_rule(name, tmp_path)
    with pytest.raises(UsageError, match="cannot be a family"):
        scaffold_rule("cash", tmp_path, family=name)
    assert list(tmp_path.iterdir()) == []


def test_test_faults():
    text = "cases:\n- {name: a, tables: {}, expect: {}}\n- {name: a, tables: {}, expect: {}}\n"
    assert codes(read_tests(read_yaml(text))[1]) == ["TEST-TWICE"]
    assert codes(read_tests(read_yaml("cases: []\n"))[1]) == ["TEST-VALUE"]
    assert codes(read_tests(read_yaml("cases: [{tables: {}, expect: {}}]\n"))[1])[0] == "TEST-MISSING"
