"""Bad input ends with one clear message, exit code 1 or 2, and nothing half-written."""

from __future__ import annotations

import errno

import polars as pl
import pytest
import yaml


def refused(result, code, *words):
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.output
    assert "bug" not in result.stderr
    for word in words:
        assert word in result.stderr


@pytest.fixture
def nothing_left(tmp_path):
    before = {path.name for path in tmp_path.iterdir()}
    yield
    after = {path.name for path in tmp_path.iterdir()}
    assert {name for name in after - before if name == "out" or name.startswith(".")} == set()


@pytest.mark.usefixtures("nothing_left")
def test_data_that_does_not_exist(call):
    refused(call("screen", "nowhere", "--out", "out"), 1, "nowhere does not exist")


@pytest.mark.usefixtures("nothing_left")
def test_unreadable_file(call, tmp_path):
    (tmp_path / "transactions.parquet").write_bytes(b"this is no parquet")
    refused(call("screen", "transactions.parquet", "--out", "out"), 1, "transactions.parquet", "PAR1")


@pytest.mark.usefixtures("nothing_left")
def test_wrong_column_type(call, tmp_path, movements):
    movements.with_columns(amount=pl.lit(True)).write_parquet(tmp_path / "transactions.parquet")
    refused(call("screen", "transactions.parquet", "--out", "out"), 1, "amount")


@pytest.mark.usefixtures("nothing_left")
def test_missing_required_columns_are_named_all_at_once(call, tmp_path, movements):
    movements.drop("currency", "booked_at").write_csv(tmp_path / "transactions.csv")
    refused(call("screen", "transactions.csv", "--out", "out"), 1, "currency", "booked_at")


@pytest.mark.usefixtures("nothing_left")
def test_empty_table(call, tmp_path, movements):
    movements.clear().write_csv(tmp_path / "transactions.csv")
    refused(call("screen", "transactions.csv", "--out", "out"), 1, "no rows")


@pytest.mark.usefixtures("nothing_left")
def test_unknown_mapping(call, bank):
    refused(call("screen", bank, "--out", "out", "--mapping", "amlsym"), 2, "did you mean 'amlsim'?")


@pytest.mark.usefixtures("nothing_left")
def test_unknown_profile_and_rule(call, bank):
    refused(call("screen", bank, "--out", "out", "--profile", "ue"), 2, "profile 'ue'", "eu")
    wrong = "cash-just-below-treshold-repeat"
    refused(call("screen", bank, "--out", "out", "--only", wrong), 2, "cash-just-below-threshold-repeat")


@pytest.mark.usefixtures("nothing_left")
def test_times_that_are_none(call, bank):
    only = ("--only", "test-then-escalate")
    refused(call("screen", bank, "--out", "out", "--as-of", "yesterday", *only), 2, "'yesterday'", "2026-01-31")
    refused(call("screen", bank, "--out", "out", "--lateness", "2 days", *only), 2, "2 days", "7d")


@pytest.mark.usefixtures("nothing_left")
def test_rules_with_many_faults_are_told_of_all_at_once(call, bank, tmp_path):
    rule = {
        "id": "Bad Id", "title": 3, "version": 0, "status": "new", "kind": "magic",
        "severity": "dire", "colour": "red",
        "references": [],
        "detect": {"from": "ledgr", "subject": "party_id", "facts": {}, "when": "x", "wehre": "a"},
    }  # fmt: skip
    (tmp_path / "faulty.yaml").write_text(yaml.safe_dump(rule), encoding="utf-8")
    result = call("screen", bank, "--out", "out", "--rules", "faulty.yaml")
    refused(result, 1, "did you mean 'where'?")
    lines = [line for line in result.stderr.splitlines() if line.startswith("faulty.yaml:")]
    assert len(lines) >= 10
    assert result.stderr.splitlines()[-1] == f"{len(lines)} faults"
    checked = call("rules", "check", "faulty.yaml")
    assert checked.exit_code == 1
    assert len([line for line in checked.stdout.splitlines() if line.startswith("faulty.yaml:")]) == len(lines)


def test_profile_out_of_range_and_for_an_unknown_rule(call, own_book, bank):
    profile = own_book / "profiles" / "eu.yaml"
    text = profile.read_text(encoding="utf-8").replace(
        "params: {}",
        'params:\n  cash-just-below-threshold-repeat:\n    min_count: {value: 99, reason: "none"}\n'
        '  no-such-rule:\n    n: {value: 1, reason: "none"}',
    )
    profile.write_text(text, encoding="utf-8")
    result = call("rules", "check", own_book)
    assert result.exit_code == 1
    assert "99 is above the most allowed, 10" in result.stdout
    assert "no rule is called 'no-such-rule'" in result.stdout
    assert "2 faults in 1 file" in result.stdout
    screened = call("screen", bank, "--out", "out", "--rules", own_book, "--profile", "eu")
    refused(screened, 1, "99 is above the most allowed", "no-such-rule")


def test_an_output_that_exists_is_never_touched(call, bank, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("kept", encoding="utf-8")
    for words in (
        ("screen", bank, "--out", out),
        ("demo", "--out", out),
        ("generate", "--out", out, "--parties", "40", "--months", "4"),
    ):
        refused(call(*words), 2, "exists already")
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


def test_a_full_disk(call, bank, monkeypatch, tmp_path):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("redflags.results.folder.write_frame", full)
    result = call("screen", bank, "--out", "out", "--only", "test-then-escalate")
    refused(result, 1, "no room left on the disk")
    assert list(tmp_path.iterdir()) == []


def test_no_run_and_no_alert(call, run, tmp_path):
    refused(call("explain", tmp_path, "abc"), 2, "is not a run folder")
    refused(call("trace", run, "zzzz"), 2, "no alert 'zzzz'")
    refused(call("replay", tmp_path / "gone"), 2, "is not a run folder")
    refused(call("export", run, "--format", "xml", "--out", "x"), 2, "unknown export format 'xml'")


def test_explain_wants_one_question(call, run, alert):
    refused(call("explain", run), 2, "which alert?")
    refused(call("explain", run, "--subject", "P1"), 2, "--subject and --rule together")
    refused(call("explain", run, alert, "--subject", "P1", "--rule", "x"), 2, "either")
    refused(call("explain", run, "--subject", "P1", "--rule", "test-then-escalat"), 2, "test-then-escalate")
    refused(call("explain", run, alert, "--data", "nowhere"), 1, "nowhere does not exist")


def test_rules_that_do_not_exist(call):
    refused(call("rules", "show", "funnel"), 2, "unknown rule 'funnel'")
    refused(call("rules", "check", "nowhere"), 2, "nowhere")
    refused(call("rules", "list", "--family", "structring"), 2, "did you mean 'structuring'?")
    refused(call("test", "no-such-rule"), 2, "unknown rule")
    refused(call("rules", "new", "Bad Id"), 2, "cannot be a rule id")


def test_a_bug_is_called_one(call, run, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("no way")

    monkeypatch.setattr("redflags.results.folder.read_run", broken)
    result = call("trace", run, "a")
    assert result.exit_code == 1
    assert "this is a bug" in result.stderr
    assert "Traceback" not in result.output
    assert len(result.stderr.splitlines()) == 1
    assert "Traceback" in call("--debug", "trace", run, "a").stderr


def test_ctrl_c(call, run, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("redflags.results.folder.read_run", stopped)
    result = call("trace", run, "a")
    assert result.exit_code == 130
    assert "stopped" in result.stderr


def test_unknown_option_and_command(call):
    refused(call("screen", "x", "--outt", "y"), 2, "No such option")
    refused(call("scren"), 2, "No such command")
