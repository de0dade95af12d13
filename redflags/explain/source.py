"""The data behind a run, found again, and its rows as they stand in their files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from redflags.errors import DataError, RedflagsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from redflags.ingest.dataset import Dataset
    from redflags.results.run import Run

__all__ = ["Raw", "Sources", "data_of"]

#: Data of more bytes than this is read for an explanation only when it is asked for by name.
MODEST = 400_000_000


def data_of(run: Run, data: str | Path | None = None) -> Dataset | None:
    """The data set of a run, with what came before it.

    Args:
        run: The run.
        data: Where the data is now; without, where the manifest says it was, if it is there and not large.

    Returns:
        The data set; None where it is not at hand and was not asked for by name.

    Raises:
        RedflagsError: When the data given by name cannot be read.
    """
    from redflags.ingest.reader import read_dataset

    facts = run.manifest["data"]
    source = data if data is not None else facts["source"]
    if data is None:
        size = sum(item["bytes"] for item in facts["inputs"])
        if source is None or not Path(source).exists() or size > MODEST:
            return None
    try:
        dataset = read_dataset(
            source,
            mapping=facts["mapping"],
            base_currency=facts["base_currency"],
            timezone=facts["timezone"],
        )
        return _with_history(run, dataset)
    except RedflagsError:
        if data is not None:
            raise
        return None


def _with_history(run: Run, dataset: Dataset) -> Dataset:
    history = run.manifest["history"]
    place = Path(history["source"]) if history is not None else None
    if history is None or place is None or not place.exists():
        return dataset
    from redflags.ingest.reader import read_dataset
    from redflags.results.admit import admit
    from redflags.results.state import load_state

    if history["kind"] == "run":
        held: Mapping[str, pl.DataFrame] = load_state(place).tables
    else:
        facts = run.manifest["data"]
        held = read_dataset(
            place,
            mapping=facts["mapping"],
            base_currency=facts["base_currency"],
            timezone=facts["timezone"],
        ).tables
    return admit(dataset, held, None).dataset


@dataclass(frozen=True)
class Raw:
    """One row as it stands in its file.

    Attributes:
        file: The file.
        row: Its data row, counted from 1.
        values: Every field that is not empty.
        unchanged: Whether the file still has the bytes that the run read; None where none were noted.
    """

    file: Path
    row: int
    values: tuple[tuple[str, str], ...]
    unchanged: bool | None


class Sources:
    """The source files of a run, each read and hashed once, when the first of its rows is asked for."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._opened: dict[Path, tuple[Mapping[str, pl.DataFrame], str]] = {}

    def row(self, name: str, row: int) -> Raw:
        """A row of a source file as it stands there.

        Args:
            name: The source file, as evidence names it.
            row: Its data row, counted from 1.

        Raises:
            DataError: When the file is gone or shorter than it was.
        """
        path, member, noted = _locate(self._run, name)
        frames, digest = self._open(path)
        frame = frames.get(member)
        if frame is None:
            raise DataError(f"{path} no longer holds {member}")
        if not 1 <= row <= frame.height:
            raise DataError(
                f"{path} has {frame.height:,} rows, not row {row:,}; it is not the file that was read",
            )
        values = tuple(
            (key, str(value)) for key, value in frame.row(row - 1, named=True).items() if value not in (None, "", [])
        )
        return Raw(path, row, values, None if not noted else noted == digest)

    def _open(self, path: Path) -> tuple[Mapping[str, pl.DataFrame], str]:
        from redflags.ingest.files import read_raw, sha256_of

        if path not in self._opened:
            self._opened[path] = dict(read_raw(path)), sha256_of(path)[0]
        return self._opened[path]


def _locate(run: Run, name: str) -> tuple[Path, str, str]:
    """The file, the member inside it, and the hash that the run noted."""
    history = run.manifest["history"] or {}
    inputs = [*run.manifest["data"]["inputs"], *history.get("inputs", [])]
    for item in inputs:
        path = Path(item["path"])
        for depth in (1, 2):
            head = "/".join(path.parts[-depth:])
            if name == head or name.startswith(f"{head}/"):
                if not path.is_file():
                    raise DataError(f"{path} is gone, so the row cannot be shown")
                return path, name[len(head) + 1 :], item["sha256"]
    raise DataError(
        f"the run read no file {name} itself; the row came from an earlier run or from a frame in memory",
    )
