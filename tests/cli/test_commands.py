from __future__ import annotations

import json
import shutil
import subprocess
import sys

import polars as pl
import pytest

from redflags.cli.root import main
from redflags.cli.screening import _free


def good(result):
    assert result.exit_code == 0, result.output
    return result.stdout


def test_screen_writes_a_run_and_says_where(call, bank):
    said = good(call("screen", bank, "--out", "out", "--profile", "eu", "--only", "test-then-escalate", "--timings"))
    assert "alert" in said.splitlines()[0]
    assert "The run is in out." in said
    assert "redflags explain out " in said
    assert pl.read_parquet("out/alerts.parquet").height > 0


def test_screen_for_a_machine(call, bank):
    words = (
        "screen",
        bank,
        "--out",
        "out",
        "--only",
        "test-then-escalate",
        "--only",
        "cash-split-multi-site-24h",
        "--json",
    )
    said = json.loads(good(call(*words)))
    assert said["rules"] == 2
    assert said["run"] == "out"
    assert sum(said["bands"].values()) == said["alerts"]


def test_screen_continues_an_earlier_run(call, bank, tmp_path):
    moves = pl.read_parquet(bank / "transactions.parquet").with_columns(pl.col("booked_at"))
    cut = moves["booked_at"].max()
    for name, part in (
        ("one", pl.col("booked_at") <= cut - pl.duration(days=10)),
        ("two", pl.col("booked_at") > cut - pl.duration(days=10)),
    ):
        folder = tmp_path / name
        shutil.copytree(bank, folder)
        moves.filter(part).write_parquet(folder / "transactions.parquet")
    only = ("--only", "cash-just-below-threshold-repeat", "--profile", "eu")
    good(call("screen", "one", "--out", "run1", *only))
    good(call("screen", "two", "--out", "run2", "--history", "run1", *only))
    good(call("screen", bank, "--out", "whole", *only))
    found = [pl.read_parquet(f"{name}/alerts.parquet") for name in ("run1", "run2")]
    latest = pl.concat(found).unique("alert_id", keep="last").sort("alert_id")
    whole = pl.read_parquet("whole/alerts.parquet").sort("alert_id")
    assert latest.select("alert_id", "hits", "score").equals(whole.select("alert_id", "hits", "score"))
    # A story that began in the first batch is told with all of its rows from the second run.
    grown = found[1]["alert_id"][0]
    assert "EUR" in good(call("explain", "run2", grown))


def test_demo(call, tmp_path):
    said = good(call("demo"))
    assert "What could not be judged" in said
    assert "Why it fired" in said
    assert "The run is in redflags-demo." in said
    assert (tmp_path / "redflags-demo" / "alerts.parquet").is_file()
    ideas = [line.strip() for line in said.partition("What to try next")[2].splitlines() if "redflags " in line]
    assert len(ideas) >= 5
    for idea in ideas:
        result = call(*idea.split()[1:])
        assert result.exit_code == 0, (idea, result.output)
    assert _free(tmp_path / "redflags-demo").name == "redflags-demo-2"


def test_explain_reads_like_a_story(call, run, alert):
    said = good(call("explain", run, alert[:10]))
    heads = (
        "Who", "When", "What was seen", "Why it fired", "Observed against the limit",
        "What would have made it not fire", "Evidence", "Innocent readings to rule out first", "Next steps",
        "What this rule does not see", "Safeguards", "Sources",
    )  # fmt: skip
    for head in heads:
        assert f"\n{head}" in said
    assert "EUR" in said.partition("Evidence")[2]
    assert "a lead for a human" in said
    machine = json.loads(good(call("explain", run, alert, "--json")))
    assert machine["alert"]["alert_id"] == alert
    assert machine["evidence"]


def test_explain_without_the_data(call, run, alert, tmp_path):
    moved = shutil.copytree(run, tmp_path / "moved")
    manifest = json.loads((moved / "manifest.json").read_text(encoding="utf-8"))
    manifest["data"]["source"] = "gone"
    (moved / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    said = good(call("explain", moved, alert))
    assert "--data" in said
    assert "Why it fired" in said


def test_explain_why_a_rule_did_not_fire(call, run):
    fired = set(pl.read_parquet(run / "alerts.parquet").filter(pl.col("rule_id") == "test-then-escalate")["subject_id"])
    others = set(pl.read_parquet(run / "alerts.parquet")["subject_id"]) - fired
    said = good(call("explain", run, "--subject", min(others), "--rule", "test-then-escalate"))
    assert "DID NOT FIRE" in said or "NOTHING TO JUDGE" in said or "COULD NOT BE JUDGED" in said
    said = good(call("explain", run, "--subject", min(fired), "--rule", "test-then-escalate"))
    assert "FIRED" in said
    assert "at least" in said
    said = good(call("explain", run, "--subject", "nobody", "--rule", "test-then-escalate"))
    assert "NOTHING TO JUDGE" in said


def test_hidden_reasons_are_not_worked_out_again(call, bank):
    rule = "first-use-high-risk-corridor"
    good(call("screen", bank, "--out", "out", "--profile", "eu", "--only", rule))
    hidden = pl.read_parquet("out/restricted.parquet")
    subject = pl.read_parquet("out/alerts.parquet").join(hidden, on="alert_id", how="semi")["subject_id"][0]
    said = good(call("explain", "out", "--subject", subject, "--rule", rule))
    assert "FIRED" in said
    assert "kept for cleared reviewers (policy restricted-details)" in said
    assert "EUR" not in said
    other = pl.read_parquet("out/alerts.parquet").join(hidden, on="alert_id", how="anti")["subject_id"][0]
    assert "EUR" in good(call("explain", "out", "--subject", other, "--rule", rule))


def test_trace_leads_to_the_row_in_the_file(call, run, alert, bank):
    said = good(call("trace", run, alert))
    assert "the file is unchanged since the run" in said
    rows = json.loads(good(call("trace", run, alert, "--json")))
    raw = pl.read_parquet(bank / rows[0]["source_file"])
    assert raw["txn_id"][rows[0]["source_row"] - 1] == rows[0]["row_id"].partition("/")[0]


def test_replay(call, run, tmp_path):
    assert "byte for byte" in good(call("replay", run))
    other = shutil.copytree(run, tmp_path / "other")
    (other / "alerts.parquet").write_bytes(b"x")
    result = call("replay", other)
    assert result.exit_code == 1
    assert "alerts.parquet" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(("form", "out"), [("csv", "folder"), ("json", "run.json")])
def test_export_reads_back(call, run, form, out):
    from redflags.results.export import import_run

    good(call("export", run, "--format", form, "--out", out))
    assert import_run(out).alerts.equals(pl.read_parquet(run / "alerts.parquet"))


def test_generate(call, tmp_path):
    said = good(
        call(
            "generate",
            "--out",
            "made",
            "--seed",
            "3",
            "--parties",
            "60",
            "--months",
            "5",
            "--plant",
            "test-then-escalate:1",
        )
    )
    assert "1 planted case" in said
    assert (tmp_path / "made" / "answer_key").is_dir()
    assert call("generate", "--out", "x", "--plant", "test-then-escalate").exit_code == 2


def test_test(call):
    said = good(call("test", "test-then-escalate"))
    assert " 0 failed" in said
    outcome = json.loads(good(call("test", "test-then-escalate", "--json")))
    assert all(case["passed"] for case in outcome)


def test_test_names_the_case_that_fails(call, own_book):
    path = own_book / "structuring" / "cash-split-multi-site-24h.test.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("hits: []", "hits: [t1]", 1), encoding="utf-8")
    result = call("test", "cash-split-multi-site-24h", "--rules", own_book)
    assert result.exit_code == 1
    assert "cash-split-multi-site-24h: " in result.stdout
    assert "expected t1; found none" in result.stdout


def test_mutants(call):
    # The scaffold's tests are a beginning, so some mutants live; each is shown with its line.
    good(call("rules", "new", "my-rule", "--rules", "book"))
    result = call("test", "my-rule", "--rules", "book", "--mutants")
    assert result.exit_code in {0, 1}
    assert "mutants of 1 rule:" in result.stdout
    for line in result.stdout.splitlines()[:-1]:
        assert line.startswith("book/drafts/my-rule.yaml:")


def test_help_and_version(call):
    assert "Begin with `redflags demo`" in good(call("--help"))
    assert good(call("--version")).startswith("redflags, version ")


def test_listing_rules_loads_no_frames():
    script = (
        "import sys; from redflags.cli.root import main\n"
        "try: main(['rules', 'list'])\n"
        "except SystemExit as end: assert not end.code\n"
        "sys.exit(3 if {'polars', 'pydantic', 'numba'} & sys.modules.keys() else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "cash-just-below-threshold-repeat" in done.stdout


def test_help_loads_neither_frames_nor_rich():
    script = (
        "import sys; from redflags.cli.root import main\n"
        "try: main(['--help'])\n"
        "except SystemExit as end: assert not end.code\n"
        "sys.exit(3 if {'polars', 'pydantic', 'numba', 'rich'} & sys.modules.keys() else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_closed_pipe_is_no_fault():
    plan = f"{sys.executable} -m redflags.cli rules show test-then-escalate --plan"
    command = f"{plan} | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["/bin/bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.strip() in {"0", "141"}


def test_every_command_explains_itself(call):
    def walk(command, path):
        result = call(*path, "--help")
        assert result.exit_code == 0
        assert (command.help or "").strip(), path
        for name, below in getattr(command, "commands", {}).items():
            walk(below, (*path, name))

    walk(main, ())
