"""Parquet whose bytes depend on the rows alone, and error messages for what can go wrong with a disk."""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING, Final

import polars as pl

from redflags.errors import RedflagsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["disk_errors", "read_frame", "write_frame", "write_text"]

_ROW_GROUP: Final = 262_144


def write_frame(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame; the same rows give the same bytes, and they are on the disk when this returns."""
    frame.rechunk().write_parquet(
        path, compression="zstd", compression_level=3, row_group_size=_ROW_GROUP, statistics=True
    )
    _sync(path)


def write_text(text: str, path: Path) -> None:
    """Write a text; it is on the disk when this returns."""
    path.write_text(text, encoding="utf-8", newline="\n")
    _sync(path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_frame(path: Path) -> pl.DataFrame:
    """Read a frame that a run wrote.

    Raises:
        RedflagsError: When it is missing or damaged.
    """
    try:
        return pl.read_parquet(path, hive_partitioning=False)
    except FileNotFoundError:
        raise RedflagsError(f"{path} is missing; the run folder is not complete") from None
    except (OSError, pl.exceptions.PolarsError) as error:
        first = str(error).strip().splitlines() or [type(error).__name__]
        raise RedflagsError(f"{path} cannot be read: {first[0]}") from error


@contextlib.contextmanager
def disk_errors(out: Path) -> Iterator[None]:
    """Turn what a disk says into one clear message.

    Raises:
        RedflagsError: When something could not be written.
    """
    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as error:
        number = error.errno if isinstance(error, OSError) else None
        text = str(error)
        if number in {errno.ENOSPC, errno.EDQUOT} or "No space left" in text or "quota" in text.lower():
            raise RedflagsError(
                f"no room left on the disk of {out.parent}; nothing was written. Free some room or choose another place"
            ) from error
        if number in {errno.EACCES, errno.EPERM, errno.EROFS}:
            raise RedflagsError(f"{out.parent} may not be written to; nothing was written") from error
        reason = error.strerror if isinstance(error, OSError) and error.strerror else text.strip().splitlines()[0]
        raise RedflagsError(f"{out} could not be written: {reason}; nothing was written") from error
