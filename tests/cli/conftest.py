from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from redflags.cli.root import main
from redflags.resources import rules_dir, sample_data_dir

RULES = "cash-just-below-threshold-repeat,cash-split-multi-site-24h,test-then-escalate"


@pytest.fixture
def call(monkeypatch, tmp_path):
    """Run a command in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="session")
def bank() -> Path:
    return sample_data_dir() / "bank"


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory, bank: Path) -> Path:
    """A run of three rules over the sample bank, made by the command itself."""
    out = tmp_path_factory.mktemp("runs") / "run"
    words = ["screen", str(bank), "--out", str(out), "--profile", "eu", "--only", RULES]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""  # no progress in a pipe
    return out


@pytest.fixture
def alert(run) -> str:
    return str(pl.read_parquet(run / "alerts.parquet")["alert_id"][0])


@pytest.fixture
def own_book(tmp_path) -> Path:
    """A copy of the shipped rule book that may be spoilt."""
    shutil.copytree(rules_dir(), tmp_path / "book")
    return Path(tmp_path / "book")


@pytest.fixture
def movements() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "txn_id": ["T1", "T2"],
            "booked_at": ["2026-01-05T10:00:00Z", "2026-01-06T10:00:00Z"],
            "amount": ["9000.00", "9500.00"],
            "currency": ["EUR", "EUR"],
            "to_account_id": ["A1", "A1"],
        }
    )
