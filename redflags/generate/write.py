"""Write a generated bank as a data set that can be screened, its answer key out of reach of any rule."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from redflags.errors import UsageError
from redflags.generate.schema import ANSWER_KEY
from redflags.generate.words import HOME_CURRENCY, TIMEZONE

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

__all__ = ["write_bank"]


def write_bank(bank: Mapping[str, pl.DataFrame], folder: str | Path, *, overwrite: bool = False) -> Path:
    """Write the tables as Parquet, `dataset.yaml` beside them, and the answer key in a folder of its own.

    The folder appears complete or not at all. The same tables give the same bytes.

    Args:
        bank: What `generate_bank` returned.
        folder: Where to; it must not exist yet.
        overwrite: Replace a folder that an earlier call wrote.

    Returns:
        The folder.

    Raises:
        UsageError: When the folder exists and may not be replaced.

    Example:
        >>> from redflags.generate import generate_bank
        >>> bank = generate_bank(seed=1, parties=40, months=4, cases={}, with_lookalikes=False)
        >>> with tempfile.TemporaryDirectory() as home:
        ...     sorted(path.name for path in write_bank(bank, Path(home) / "bank").iterdir())[:2]
        ['account_signatories.parquet', 'accounts.parquet']
    """
    target = Path(folder)
    if target.exists() and not (overwrite and _ours(target)):
        hint = "it was not written by this command" if overwrite else "choose another, or say overwrite"
        raise UsageError(f"the folder {target} exists already; {hint}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".bank-") as scratch:
        made = Path(scratch) / "bank"
        key = made / "answer_key"
        key.mkdir(parents=True)
        for table, frame in bank.items():
            if table not in ANSWER_KEY:
                frame.write_parquet(made / f"{table}.parquet", compression="zstd", compression_level=19)
        bank["labels"].write_parquet(key / "labels.parquet", compression="zstd", compression_level=19)
        for table in ("cases", "lookalikes"):
            bank[table].write_csv(key / f"{table}.csv", datetime_format="%Y-%m-%dT%H:%M:%SZ")
        (made / "dataset.yaml").write_text(f"base_currency: {HOME_CURRENCY}\ntimezone: {TIMEZONE}\n", encoding="utf-8")
        if target.exists():
            shutil.move(target, Path(scratch) / "old")
        made.replace(target)
    return target


def _ours(folder: Path) -> bool:
    return (folder / "dataset.yaml").is_file() and (folder / "answer_key").is_dir()
