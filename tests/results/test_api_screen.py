"""From files to a run folder and back, with a rule book of one small rule."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import redflags as rf
from redflags.errors import RedflagsError, UsageError
from redflags.results.changes import latest_alerts
from redflags.results.folder import digest_folder, read_run
from redflags.results.replay import replay
from redflags.results.state import StateError

RULE = """
id: many-payments-in
title: Many payments in
version: 1
status: test
kind: deterministic
typologies: [structuring]
severity: medium
description: Detects an account that is paid into several times within days.
references:
  - {source: ffiec-manual, locator: "Appendix F", supports: detection}
owner: rulebook
created: 2026-01-01
review_due: 2027-01-01
params:
  least: {type: int, default: 3, min: 2, max: 9, why: "two may be chance"}
  window: {type: duration, default: 3d, min: 1d, max: 9d, why: "days that belong together"}
detect:
  from: ledger
  subject: account_id
  where: "direction = 'in'"
  let:
    times: {count: rows, within: $window}
    quiet: {count: rows, where: "direction = 'out'", within: 1d, after: 1d, complete: true}
  facts:
    often: {is: frequency, if: "times >= $least", points: 10, because: "{times} payments in within {$window}"}
    kept: {is: speed, if: "quiet = 0", points: 20, because: "nothing went out within a day"}
  when: often and kept
alert:
  score: 30
  gap: $window
  rationale: "{times} payments came in within {$window}. This is consistent with gathering."
  next_steps: [Ask what the payments were for.]
false_positives:
  - {who: clubs gathering fees, tell: same amounts in one month, treat: note it on the file}
blind_spots: [Slower series.]
proportionality: A weak pattern by itself, so the severity is medium.
"""

START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def moves() -> pl.DataFrame:
    rows = []
    for n in range(120):
        account = f"A{(n * 7) % 5}"
        side = "from" if n % 11 == 0 else "to"
        rows.append(
            {
                "txn_id": f"T{n:03}",
                "booked_at": (START + dt.timedelta(hours=5 * (n // 2))).isoformat(),
                "amount": f"{100 + n}.50",
                "currency": "EUR",
                "from_account_id": account if side == "from" else f"X{n % 3}",
                "to_account_id": account if side == "to" else f"X{n % 3}",
            }
        )
    return pl.DataFrame(rows)


ACCOUNTS = pl.DataFrame({"account_id": [f"A{n}" for n in range(5)], "party_id": [f"P{n}" for n in range(5)]})


@pytest.fixture(scope="module")
def book_path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("book") / "flow"
    folder.mkdir()
    (folder / "many-payments-in.yaml").write_text(RULE)
    return folder.parent


@pytest.fixture(scope="module")
def book(book_path):
    return rf.load_rules(book_path)


def data(folder, rows):
    folder.mkdir()
    rows.write_csv(folder / "transactions.csv")
    ACCOUNTS.write_csv(folder / "accounts.csv")
    return folder


def test_one_call_from_frames_to_alerts(book):
    run = rf.screen({"transactions": moves(), "accounts": ACCOUNTS}, book)
    assert run.alerts.height > 3
    alert = run.alerts.row(0, named=True)
    assert (alert["rule_id"], alert["family"], alert["score"], alert["band"]) == (
        "many-payments-in",
        "flow",
        60,
        "medium",
    )
    assert alert["params"] == [{"name": "least", "value": "3"}, {"name": "window", "value": "3 days"}]
    assert alert["judged_at"] - alert["last_at"] == dt.timedelta(days=1)
    assert run.evidence_of(alert["alert_id"]).height >= 3
    assert run.pending.height > 0
    assert run.cases["rank"].to_list() == list(range(1, run.cases.height + 1))
    assert alert["alert_id"] in run.explain(alert["alert_id"])


def test_the_manifest_accounts_for_everything(tmp_path, book_path):
    rows = moves().with_columns(amount=pl.when(pl.col("txn_id") == "T007").then(pl.lit("-5")).otherwise("amount"))
    run = rf.screen(data(tmp_path / "in", rows), book_path)
    manifest = run.manifest
    assert manifest["rows"]["transactions"]["read"] == 120
    assert manifest["rows"]["transactions"]["refused"] == run.rejects.height == 1
    (line,) = manifest["control_totals"]
    assert line["reconciles"] is True
    assert line["screened"]["rows"] == 119
    assert manifest["data"]["source"] == str(tmp_path / "in")
    assert manifest["data"]["inputs"][0]["sha256"]
    assert manifest["rules"]["bound"][0]["params"] == {"least": "3", "window": "3 days"}
    assert manifest["clock"]["upto"] == "2026-03-13T07:00:00.000000Z"
    assert manifest["clock"]["final"] == "2026-03-13T06:59:59.999999Z"
    assert {item["id"] for item in manifest["lists"]} >= {"thresholds"}
    assert json.dumps(manifest)


@pytest.mark.parametrize("lateness", [None, "2d"])
@pytest.mark.parametrize("cuts", [[40], [21, 60, 61, 100]])
def test_a_chain_of_batches_gives_the_alerts_of_one_run(tmp_path, book, cuts, lateness):
    frame = moves()
    whole = rf.screen({"transactions": frame, "accounts": ACCOUNTS}, book, lateness=lateness)
    said, before, history = [], 0, None
    for number, cut in enumerate([*cuts, frame.height]):
        # Ties at the cut stand on both sides of it.
        part = frame[before:cut].sample(fraction=1, shuffle=True, seed=number)
        run = rf.screen({"transactions": part, "accounts": ACCOUNTS}, book, history=history, lateness=lateness)
        assert run.rejects.height == 0
        history = run.write(tmp_path / f"run{number}")
        said.append((run.alerts, run.withdrawn))
        before = cut
    assert_frame_equal(latest_alerts(said), whole.alerts)


@pytest.mark.parametrize("seed", range(4))
def test_rows_may_arrive_as_late_as_allowed(tmp_path, book, seed):
    frame = moves().with_row_index("n")
    whole = rf.screen({"transactions": frame.drop("n"), "accounts": ACCOUNTS}, book, lateness="2d")
    # Two rows stand at every fifth hour; up to nine places of delay are less than two days.
    delay = pl.int_range(pl.len()).shuffle(seed) % 10
    arrived = frame.with_columns(arrival=pl.col("n") + delay).sort("arrival", "n").drop("arrival", "n")
    said, history = [], None
    for number, part in enumerate(arrived.iter_slices(23)):
        frames = {"transactions": part, "accounts": ACCOUNTS}
        run = rf.screen(frames, book, history=history, lateness="2d" if history is None else None)
        assert run.rejects.height == 0
        history = run.write(tmp_path / f"run{number}")
        said.append((run.alerts, run.withdrawn))
    assert_frame_equal(latest_alerts(said), whole.alerts)


def test_raw_history_is_judged_but_not_reported_on(tmp_path, book):
    frame = moves()
    whole = rf.screen({"transactions": frame, "accounts": ACCOUNTS}, book)
    past = data(tmp_path / "past", frame[:80])
    end = START + dt.timedelta(hours=5 * 39)
    run = rf.screen({"transactions": frame[80:], "accounts": ACCOUNTS}, book, history=past)
    assert_frame_equal(run.alerts, whole.alerts.filter(pl.col("judged_at") > end))
    assert run.manifest["history"]["kind"] == "data"
    assert run.manifest["rows"]["transactions"]["held"] == 80
    # What the batch repeats of the history is refused and listed.
    again = rf.screen({"transactions": frame[78:], "accounts": ACCOUNTS}, book, history=past)
    assert again.rejects["row_id"].sort().to_list() == ["T078", "T079"]
    assert again.alerts["alert_id"].to_list() == run.alerts["alert_id"].to_list()


def test_late_and_known_rows_are_refused_by_the_next_run(tmp_path, book):
    frame = moves()
    first = rf.screen({"transactions": frame[:80], "accounts": ACCOUNTS}, book).write(tmp_path / "one")
    late = frame[10:11].with_columns(txn_id=pl.lit("NEW"))
    batch = pl.concat([frame[79:], late])
    run = rf.screen({"transactions": batch, "accounts": ACCOUNTS}, book, history=first)
    assert sorted(run.rejects["row_id"]) == ["NEW", "T079"]
    assert run.manifest["rows"]["transactions"]["late"] == run.manifest["rows"]["transactions"]["duplicate"] == 1
    assert run.manifest["control_totals"][0]["reconciles"] is True


def test_a_changed_rule_voids_the_state(tmp_path, book):
    first = rf.screen({"transactions": moves()[:80], "accounts": ACCOUNTS}, book).write(tmp_path / "one")
    other = tmp_path / "book" / "flow"
    other.mkdir(parents=True)
    changed = RULE.replace("default: 3,", "default: 4,")
    (other / "many-payments-in.yaml").write_text(changed)
    with pytest.raises(StateError, match="rule many-payments-in differs"):
        rf.screen({"transactions": moves()[80:], "accounts": ACCOUNTS}, tmp_path / "book", history=first)
    # Words about the rule change nothing that it found.
    (other / "many-payments-in.yaml").write_text(RULE.replace("title: Many", "title: Very many"))
    rf.screen({"transactions": moves()[80:], "accounts": ACCOUNTS}, tmp_path / "book", history=first)


def test_wrong_histories_are_said_so(tmp_path, book):
    frames = {"transactions": moves(), "accounts": ACCOUNTS}
    with pytest.raises(UsageError, match="does not exist"):
        rf.screen(frames, book, history=tmp_path / "nowhere")
    stateless = dataclasses.replace(rf.screen(frames, book), state=None).write(tmp_path / "stateless")
    with pytest.raises(UsageError, match="without a state"):
        rf.screen(frames, book, history=stateless)
    with pytest.raises(UsageError, match="profile"):
        rf.screen(frames, book, profile="eux")


# ---- replay
# --------------------------------------------------------------------------------------------------


@pytest.fixture
def screened(tmp_path, book_path):
    book = tmp_path / "book"
    (book / "flow").mkdir(parents=True)
    (book / "flow/many-payments-in.yaml").write_text((book_path / "flow/many-payments-in.yaml").read_text())
    source = data(tmp_path / "in", moves())
    return rf.screen(source, book, as_of="2026-03-12").write(tmp_path / "run")


def test_a_replay_gives_the_same_bytes(screened):
    result = replay(screened)
    assert result.same, result


def test_a_replay_of_a_chain_gives_the_same_bytes(tmp_path, book_path):
    first = rf.screen(data(tmp_path / "a", moves()[:60]), book_path, lateness="1d").write(tmp_path / "one")
    second = rf.screen(data(tmp_path / "b", moves()[60:]), book_path, history=first).write(tmp_path / "two")
    assert read_run(second).alerts.height > 0
    assert replay(second).same
    (first / "state/hits.parquet").write_bytes(b"x")
    assert replay(second).changed == (f"history {first} differs",)


def test_a_replay_names_what_has_changed(tmp_path, screened):
    source = tmp_path / "in/transactions.csv"
    source.write_text(source.read_text() + "\n")
    rule = tmp_path / "book/flow/many-payments-in.yaml"
    rule.write_text(rule.read_text().replace("title: Many", "title: Very many"))
    (tmp_path / "in/accounts.csv").unlink()
    result = replay(screened)
    assert not result.same
    assert result.changed == (
        f"input {tmp_path / 'in/accounts.csv'} is gone",
        f"input {source} differs",
        "rule many-payments-in differs",
    )


def test_a_replay_names_a_damaged_run(screened):
    (screened / "cases.parquet").write_bytes((screened / "pending.parquet").read_bytes())
    (screened / "note.txt").write_text("mine")
    assert replay(screened).damaged == (
        "cases.parquet is not what the run wrote",
        "note.txt was not written by the run",
    )


def test_frames_cannot_be_replayed(tmp_path, book):
    out = rf.screen({"transactions": moves(), "accounts": ACCOUNTS}, book).write(tmp_path / "run")
    with pytest.raises(RedflagsError, match="frames in memory"):
        replay(out)


def test_a_data_set_read_before_can_be_replayed(tmp_path, book_path):
    dataset = rf.read_dataset(data(tmp_path / "in", moves()))
    out = rf.screen(dataset, rf.load_rules(book_path)).write(tmp_path / "run")
    assert replay(out).same


THREADS = """
import sys
import redflags as rf
rf.screen(sys.argv[1], sys.argv[2]).write(sys.argv[3])
"""


def test_the_number_of_threads_changes_no_byte(tmp_path, book_path):
    source = data(tmp_path / "in", moves())
    digests = []
    for threads in ("1", "2"):
        out = tmp_path / f"run{threads}"
        subprocess.run(
            [sys.executable, "-c", THREADS, str(source), str(book_path), str(out)],
            check=True,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "POLARS_MAX_THREADS": threads, "NUMBA_NUM_THREADS": threads},
            timeout=240,
        )
        digests.append({name: sha for name, sha in digest_folder(out).items() if name != "manifest.json"})
    assert digests[0] == digests[1]


# ---- the package
# ---------------------------------------------------------------------------------------------


def test_importing_the_package_loads_nothing_heavy():
    heavy = "{'polars', 'numba', 'numpy', 'pydantic'}"
    code = f"import sys, redflags; print(sorted({heavy} & set(sys.modules)), dir(redflags))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("[]")
    assert "'screen'" in done.stdout
    with pytest.raises(AttributeError, match="no attribute 'scren'"):
        rf.scren  # noqa: B018
