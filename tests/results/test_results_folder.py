from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from redflags.errors import RedflagsError, UsageError
from redflags.results import folder as folders
from redflags.results.export import export_run, import_run
from redflags.results.folder import digest_folder, read_run, write_run
from redflags.results.parquet import disk_errors
from redflags.results.run import FRAMES, Run
from redflags.results.schema import CASES, EVIDENCE
from redflags.results.state import State, StateError, load_state
from tests.results.made import bound, hit, hits, policy

NASTY = [
    "=1+1",
    "+1",
    "-1",
    "@x",
    "\tx",
    "\rx",
    "'=x",
    "''-x",
    "'",
    "",
    "a,b",
    'say "x"',
    "two\nlines",
    "ünï",
    "{}",
    None,
]


def some_run(names: list[str | None] | None = None) -> Run:
    from redflags.results.alerts import Folded, tell
    from redflags.results.origins import Origins

    rows = [
        hit(n, f"T{n}/in", subject=f"P{n}", rationale=text or "", observed=[
            {"name": text, "value": text, "window_from": 86_400_000_000 + n}
        ])
        for n, text in enumerate(names or ["x"])
    ]  # fmt: skip
    frame = hits(*({**row, "observed": []} for row in rows))
    observed = pl.Series(
        "observed",
        [
            [{"name": r["observed"][0]["name"], "value": r["observed"][0]["value"], "window_from": n}]
            for n, r in enumerate(rows)
        ],
        dtype=frame.schema["observed"],
        strict=False,
    )
    folded = Folded.of(bound(policy("note", "route", queue="q")), frame.with_columns(observed))
    stories = tell(folded, 0, Origins({}).find(folded.rows))
    rejects = pl.DataFrame(
        {"table": "transactions", "source_file": names, "source_row": range(len(names)), "row_id": names,
         "column": "amount",
         "reason": "negative", "value": names}, schema=dict(FRAMES["rejects"]),
    ) if names else pl.DataFrame(schema=dict(FRAMES["rejects"]))  # fmt: skip
    case = pl.DataFrame(
        [{"subject_kind": "party", "subject_id": "P1", "score": 1 / 3, "families": []}], schema=dict(CASES)
    )
    return Run(
        {"engine": {"version": "x"}, "timings": {"judge": 1.5}}, alerts=stories.alerts,
        evidence=stories.evidence, rejects=rejects, cases=case,
    )  # fmt: skip


def leftovers(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir())


def test_what_is_written_is_read_back(tmp_path):
    run = some_run(NASTY)
    out = run.write(tmp_path / "run")
    back = read_run(out)
    for name in FRAMES:
        assert back.frame(name).equals(run.frame(name)), name
    assert back.manifest["timings"] == {"judge": 1.5}
    assert back.manifest["outputs"]["alerts.parquet"]["rows"] == run.alerts.height
    sha = hashlib.sha256((out / "evidence.parquet").read_bytes()).hexdigest()
    assert back.manifest["outputs"]["evidence.parquet"]["sha256"] == sha
    assert leftovers(tmp_path) == ["run"]


def test_the_same_run_gives_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        some_run(NASTY).write(tmp_path / name)
    assert digest_folder(tmp_path / "one") == digest_folder(tmp_path / "two")
    assert (tmp_path / "one/manifest.json").read_bytes() == (tmp_path / "two/manifest.json").read_bytes()


def test_timings_stand_last_in_the_manifest(tmp_path):
    text = (some_run().write(tmp_path / "run") / "manifest.json").read_text()
    assert list(json.loads(text))[-1] == "timings"


def test_what_is_restricted_is_readable_by_the_owner_only(tmp_path):
    out = some_run().write(tmp_path / "run")
    assert (out / "restricted.parquet").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("kind", ["folder", "file", "empty folder"])
def test_nothing_is_overwritten(tmp_path, kind):
    out = tmp_path / "run"
    if kind == "file":
        out.write_text("mine")
    else:
        out.mkdir()
    if kind == "folder":
        (out / "mine").write_text("mine")
    before = leftovers(tmp_path)
    with pytest.raises(UsageError, match="exists already"):
        some_run().write(out)
    assert leftovers(tmp_path) == before


def test_a_missing_parent_is_named(tmp_path):
    with pytest.raises(UsageError, match="make it first"):
        some_run().write(tmp_path / "nowhere" / "run")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch, number):
    written: list[Path] = []

    def full(_: pl.DataFrame, path: Path) -> None:
        if len(written) == 3:
            raise OSError(number, os.strerror(number))
        written.append(path)
        path.write_bytes(b"x")

    monkeypatch.setattr(folders, "write_frame", full)
    with pytest.raises(RedflagsError, match=r"no room left.*nothing was written"):
        some_run().write(tmp_path / "run")
    assert leftovers(tmp_path) == []


def test_disk_errors_of_the_writer_are_told_in_one_line(tmp_path):
    with pytest.raises(RedflagsError, match="no room left"), disk_errors(tmp_path / "x"):
        raise pl.exceptions.ComputeError("No space left on device (os error 28)")
    with pytest.raises(RedflagsError, match="may not be written"), disk_errors(tmp_path / "x"):
        raise PermissionError(errno.EACCES, "Permission denied")
    with (
        pytest.raises(RedflagsError, match="could not be written: Input/output error"),
        disk_errors(tmp_path / "x"),
    ):
        raise OSError(errno.EIO, "Input/output error")


KILLED = """
import os, signal, sys
from pathlib import Path
from redflags.results import folder
from tests.results.test_results_folder import some_run

real, count = folder.write_frame, [0]

def deadly(frame, path):
    count[0] += 1
    if count[0] == int(sys.argv[2]):
        path.write_bytes(b"half")
        os.kill(os.getpid(), signal.SIGKILL)
    real(frame, path)

def last(partial, out):
    os.kill(os.getpid(), signal.SIGKILL)

if sys.argv[2] == "0":
    folder._appear = last
else:
    folder.write_frame = deadly
folder.write_run(some_run(), Path(sys.argv[1]))
"""


@pytest.mark.parametrize("step", [1, 4, 9, 0])
def test_killed_in_the_middle_leaves_nothing_under_the_name(tmp_path, step):
    out = tmp_path / "run"
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(out), str(step)],
        check=False,
        cwd=root,
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert not out.exists()
    # What the dead writer left is hidden, and the next one clears it away.
    assert all(name.startswith(".run.partial-") for name in leftovers(tmp_path))
    write_run(some_run(), out)
    assert leftovers(tmp_path) == ["run"]
    assert read_run(out).alerts.height == 1


def test_a_living_writer_is_left_alone(tmp_path):
    import socket

    mine = tmp_path / f".run.partial-{socket.gethostname()}-{os.getpid()}-ab12"
    mine.mkdir()
    write_run(some_run(), tmp_path / "run")
    assert mine.is_dir()


def test_what_is_no_run_is_said_so(tmp_path):
    with pytest.raises(UsageError, match="not a run folder"):
        read_run(tmp_path)
    out = some_run().write(tmp_path / "run")
    (out / "cases.parquet").unlink()
    with pytest.raises(RedflagsError, match=r"cases\.parquet is missing"):
        read_run(out)
    (out / "cases.parquet").write_text("no parquet")
    with pytest.raises(RedflagsError, match="cannot be read"):
        read_run(out)


def test_alerts_are_found_by_an_unmistakable_beginning():
    run = some_run(["a", "b"])
    whole = run.alerts["alert_id"][0]
    assert run.alert(whole[:12])["alert_id"] == whole
    assert run.evidence_of(whole)["alert_id"].unique().to_list() == [whole]
    for wrong in ("", "zz"):
        with pytest.raises(UsageError, match="no alert"):
            run.alert(wrong)
    with pytest.raises(UsageError, match="frame"):
        run.frame("alert")


# ---- state
# ---------------------------------------------------------------------------------------------------


def state() -> State:
    from redflags.results.changes import KNOWN
    from redflags.results.origins import ORIGIN
    from redflags.results.schema import empty
    from redflags.results.state import CARRIED

    moves = pl.DataFrame({"txn_id": ["T1"], "source_row": [1]})
    return State(
        9, 8, 0, 1, "EUR", "UTC", {"some-rule": "1"}, {"thresholds": "2"}, {"transactions": moves},
        empty(CARRIED), empty(ORIGIN), empty(KNOWN),
    )  # fmt: skip


def test_the_state_is_read_back(tmp_path):
    before = state()
    before.save(tmp_path / "state")
    after = load_state(tmp_path)
    assert (after.upto, after.final, after.rules) == (9, 8, {"some-rule": "1"})
    assert after.tables["transactions"].equals(before.tables["transactions"])
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0


def test_a_change_voids_the_state_and_says_what_changed():
    state().check({"some-rule": "1"}, {"thresholds": "2"}, "EUR", "UTC")
    with pytest.raises(StateError) as caught:
        state().check({"some-rule": "9", "new-rule": "1"}, {}, "USD", "UTC")
    message = str(caught.value)
    for told in (
        "rule some-rule differs",
        "rule new-rule is new",
        "list thresholds is gone",
        "EUR is now USD",
        "--history",
    ):
        assert told in message
    assert "time zone" not in message


@pytest.mark.parametrize(
    ("text", "told"), [("{", "cannot be read"), ('{"format": 99}', "format 99"), ('{"format": 2}', "lacks")]
)
def test_a_strange_state_is_refused(tmp_path, text, told):
    (tmp_path / "state").mkdir()
    (tmp_path / "state/state.json").write_text(text)
    with pytest.raises(StateError, match=told):
        load_state(tmp_path)


# ---- export
# --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_exports_round_trip(tmp_path, kind):
    run = some_run(NASTY)
    out = export_run(run, kind, tmp_path / "out")
    back = import_run(out)
    for name in FRAMES:
        if name != "restricted":
            assert back.frame(name).equals(run.frame(name)), name
    assert back.manifest == run.manifest
    assert leftovers(tmp_path) == ["out"]


def test_no_cell_is_a_formula(tmp_path):
    import csv

    out = export_run(some_run(NASTY), "csv", tmp_path / "out")
    cells = 0
    for path in out.glob("*.csv"):
        with path.open(newline="", encoding="utf-8") as handle:
            for row in csv.reader(handle):
                for cell in row:
                    cells += 1
                    assert not cell.startswith(("=", "+", "@", "\t", "\r"))
                    assert not cell.startswith("-") or cell[1:].replace(".", "").isdigit()
    assert cells > 100


def test_an_empty_run_round_trips(tmp_path):
    for kind in ("csv", "json"):
        back = import_run(export_run(Run({}), kind, tmp_path / kind))
        assert back.evidence.schema == pl.Schema(EVIDENCE)


def test_wrong_exports_are_refused(tmp_path):
    with pytest.raises(UsageError, match="did you mean 'csv'"):
        export_run(Run({}), "cvs", tmp_path / "x")
    (tmp_path / "taken").mkdir()
    with pytest.raises(UsageError, match="exists already"):
        export_run(Run({}), "csv", tmp_path / "taken")
    with pytest.raises(RedflagsError, match="not a complete export"):
        import_run(tmp_path / "taken")
    with pytest.raises(UsageError, match="neither"):
        import_run(tmp_path / "nowhere")
    assert leftovers(tmp_path) == ["taken"]
