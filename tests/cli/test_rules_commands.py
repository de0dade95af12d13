from __future__ import annotations

import json

from redflags.rules.load import load_rules


def good(result):
    assert result.exit_code == 0, result.output
    return result.stdout


def test_list(call):
    said = good(call("rules", "list"))
    for file in load_rules():
        assert f"  {file.id} " in said
    heads = json.loads(good(call("rules", "list", "--family", "flow", "--json")))
    assert {head["family"] for head in heads} == {"flow"}


def test_show(call):
    said = good(call("rules", "show", "test-then-escalate", "--profile", "eu"))
    for head in ("Facts", "Parameters", "Innocent readings", "Blind spots", "What it reads", "Sources"):
        assert f"\n{head}\n" in said
    assert "judge facts" in good(call("rules", "show", "test-then-escalate", "--plan"))


def test_check_of_the_shipped_book(call):
    result = call("rules", "check")
    assert result.exit_code == 0, result.output
    assert "no faults" in result.stdout


def test_check_names_every_fault_at_its_place(call, own_book):
    path = own_book / "structuring" / "cash-just-below-threshold-repeat.yaml"
    text = path.read_text(encoding="utf-8")
    for good_text, bad in (
        ("severity: high", "severity: dire"), ("from: ledger", "from: ledgr"),
        ("is: frequency", "is: frequncy"),
        ("source: us-31-cfr-x", "source: us-31-cfr"), ("instrument = 'cash'", "instrumet = 'cash'"),
    ):  # fmt: skip
        assert good_text in text
        text = text.replace(good_text, bad, 1)
    path.write_text(text, encoding="utf-8")
    result = call("rules", "check", path)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()[:-1]
    assert len(lines) >= 4
    assert all(line.startswith("book/structuring/cash-just-below-threshold-repeat.yaml:") for line in lines), lines
    assert any("ledger" in line for line in lines)
    faults = json.loads(call("rules", "check", path, "--json").stdout)
    assert len(faults) == len(lines)


def test_new_writes_a_rule_that_checks_and_passes(call):
    good(call("rules", "new", "cash-in-pieces", "--rules", "mine"))
    assert "1 rule checked, no faults" in good(call("rules", "check", "mine"))
    assert " 0 failed" in good(call("test", "--rules", "mine"))
    again = call("rules", "new", "cash-in-pieces", "--rules", "mine")
    assert again.exit_code == 2
    assert "there already" in again.stderr


def test_lock(call):
    good(call("rules", "new", "cash-in-pieces", "--rules", "mine"))
    assert call("rules", "lock", "--rules", "mine", "--check").exit_code == 1
    good(call("rules", "lock", "--rules", "mine"))
    assert "agrees" in good(call("rules", "lock", "--rules", "mine", "--check"))
    good(call("rules", "check", "mine"))


def test_docs(call, tmp_path):
    assert "written" in good(call("rules", "docs", "--out", "pages"))
    good(call("rules", "docs", "--out", "pages", "--check"))
    (tmp_path / "pages" / "language.md").write_text("other", encoding="utf-8")
    (tmp_path / "pages" / "cli.md").unlink()
    gone = tmp_path / "pages" / "rules" / "gone.md"
    gone.write_text("by `redflags rules docs`; do not edit", encoding="utf-8")
    result = call("rules", "docs", "--out", "pages", "--check")
    assert result.exit_code == 1
    assert "pages/language.md: out of date" in result.stdout
    assert "pages/cli.md: missing" in result.stdout
    assert "pages/rules/gone.md: no rule has this page any more" in result.stdout
    assert gone.exists()
    assert "3 of" in good(call("rules", "docs", "--out", "pages"))
    assert not gone.exists()


def test_docs_of_ones_own_book(call, tmp_path):
    good(call("rules", "new", "cash-in-pieces", "--rules", "mine"))
    good(call("rules", "docs", "--rules", "mine", "--out", "pages"))
    assert {path.name for path in (tmp_path / "pages" / "rules").iterdir()} == {
        "README.md",
        "cash-in-pieces.md",
    }
