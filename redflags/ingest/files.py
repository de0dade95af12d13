"""Find the files of a data set and read them raw: every CSV column as text, nothing guessed."""

from __future__ import annotations

import functools
import gzip
import hashlib
import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from redflags.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from redflags.tables import Dictionary

__all__ = [
    "FORMATS",
    "RawFile",
    "UnreadableError",
    "format_of",
    "list_files",
    "read_raw",
    "sha256_of",
    "table_for",
]

#: Endings that are read, longest first.
FORMATS: Final = (
    ".csv.gz", ".ndjson.gz", ".jsonl.gz", ".parquet", ".csv", ".zip", ".ndjson", ".jsonl",
)  # fmt: skip
_PART: Final = re.compile(r"(?:[-_. ].*|[0-9].*)")
_SEPARATORS: Final = (",", ";", "\t", "|")
_CHUNK: Final = 1 << 20


class UnreadableError(DataError):
    """A file that cannot be read at all; the message is one line without the file's name."""


@dataclass(frozen=True)
class RawFile:
    """A file found in a data set.

    Attributes:
        path: Where it is.
        name: What messages and `source_file` call it: its path inside the data set.
    """

    path: Path
    name: str


def format_of(name: str) -> str | None:
    """The ending under which a file is read, or None for other files.

    Examples:
        >>> format_of("transactions.csv.gz"), format_of("README.md")
        ('.csv.gz', None)
    """
    lower = name.lower()
    return next((ending for ending in FORMATS if lower.endswith(ending)), None)


def list_files(folder: Path) -> list[RawFile]:
    """Files of a data set folder that could hold a table: its own, and those of one level of folders.

    Hidden files and the marks of writers (`_SUCCESS`, `.tmp`) are passed over. The order is by name.
    """
    found = []
    for path in sorted(folder.iterdir()):
        inside = sorted(path.iterdir()) if path.is_dir() and not _hidden(path) else []
        found += [RawFile(inner, f"{path.name}/{inner.name}") for inner in inside if _is_data(inner)]
        if _is_data(path):
            found.append(RawFile(path, path.name))
    return found


def _hidden(path: Path) -> bool:
    return path.name.startswith((".", "_"))


def _is_data(path: Path) -> bool:
    return not _hidden(path) and path.is_file() and format_of(path.name) is not None


def table_for(name: str, dictionary: Dictionary) -> str | None:
    """The canonical table that a file belongs to, by its folder or by its own name.

    Examples:
        >>> from redflags.tables import dictionary
        >>> (
        ...     table_for("transactions_2026-01.csv.gz", dictionary()),
        ...     table_for("parties/part-0.parquet", dictionary()),
        ... )
        ('transactions', 'parties')
        >>> table_for("notes.csv", dictionary()) is None
        True
    """
    if "/" in name:
        folder = name.split("/", 1)[0]
        return folder if folder in dictionary.tables else None
    ending = format_of(name) or ""
    stem = name[: len(name) - len(ending)].lower()
    if stem in dictionary.tables:
        return stem
    fits = [
        table
        for table in dictionary.tables
        if stem.startswith(table) and _PART.fullmatch(stem[len(table) :]) and stem not in dictionary.table_aliases
    ]
    return max(fits, key=len, default=None)


def sha256_of(path: Path) -> tuple[str, int]:
    """Hash and size of a file.

    Raises:
        UnreadableError: When it cannot be opened.
    """
    digest = hashlib.sha256()
    size = 0
    try:
        with path.open("rb") as handle:
            while chunk := handle.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
    except OSError as error:
        raise UnreadableError(f"cannot be opened: {error.strerror}") from error
    return digest.hexdigest(), size


def read_raw(path: Path) -> Iterator[tuple[str, pl.DataFrame]]:
    """Read a file, or every member of a zip, with nothing interpreted.

    Yields:
        The member's name (empty for a plain file) and its rows.

    Raises:
        UnreadableError: When the bytes are not what the ending says.
    """
    ending = format_of(path.name)
    if ending == ".zip":
        yield from _zip(path)
    elif ending == ".parquet":
        yield "", _guarded(functools.partial(pl.read_parquet, path, hive_partitioning=False, glob=False))
    elif ending == ".csv":
        yield "", _csv(path, _head(path))
    elif ending is not None:
        yield "", _delimited_or_json(_bytes(path, ending), ending.removesuffix(".gz"))
    else:
        raise UnreadableError(f"not a format that is read; known are {', '.join(FORMATS)}")


def _bytes(path: Path, ending: str) -> bytes:
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if ending.endswith(".gz") else content
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UnreadableError("not a complete gzip file") from error
    except OSError as error:
        raise UnreadableError(f"cannot be opened: {error.strerror}") from error


def _zip(path: Path) -> Iterator[tuple[str, pl.DataFrame]]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = sorted(name for name in archive.namelist() if not name.endswith("/") and _is_member(name))
            if not members:
                raise UnreadableError("the zip holds no CSV, NDJSON or Parquet file")
            for name in members:
                content = archive.read(name)
                ending = format_of(name) or ""
                if ending == ".parquet":
                    yield name, _guarded(functools.partial(pl.read_parquet, io.BytesIO(content)))
                else:
                    plain = gzip.decompress(content) if ending.endswith(".gz") else content
                    yield name, _delimited_or_json(plain, ending.removesuffix(".gz"))
    except (
        zipfile.BadZipFile,
        gzip.BadGzipFile,
        EOFError,
        zlib.error,
        RuntimeError,
        NotImplementedError,
    ) as error:
        raise UnreadableError(f"not a readable zip file ({error})") from error
    except OSError as error:
        raise UnreadableError(f"cannot be opened: {error.strerror or error}") from error


def _is_member(name: str) -> bool:
    ending = format_of(name)
    return ending not in {None, ".zip"} and not name.startswith("__MACOSX/") and not Path(name).name.startswith(".")


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as handle:
            return handle.read(_CHUNK)
    except OSError as error:
        raise UnreadableError(f"cannot be opened: {error.strerror}") from error


def _delimited_or_json(content: bytes, ending: str) -> pl.DataFrame:
    if ending == ".csv":
        return _csv(io.BytesIO(content), content[:_CHUNK])
    if not content or content.isspace():
        raise UnreadableError("the file is empty")
    return _guarded(lambda: pl.read_ndjson(io.BytesIO(content), infer_schema_length=None))


def _csv(source: Path | io.BytesIO, head: bytes) -> pl.DataFrame:
    """Read every column as text; the separator is the one that the header has most of."""
    if not head or head.isspace():
        raise UnreadableError("the file is empty")
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The head may end inside a character.
        if len(head) < _CHUNK or error.start < len(head) - len("\U0010ffff".encode()):
            raise UnreadableError(f"byte {error.start} is not UTF-8; save it as UTF-8") from error
        text = head[: error.start].decode("utf-8-sig")
    header = text.splitlines()[0]
    frame = _guarded(
        lambda: pl.read_csv(
            source,
            separator=max(_SEPARATORS, key=header.count),
            infer_schema=False,
            raise_if_empty=False,
            glob=False,
        )
    )
    return frame.rename(_plain_names(frame.columns))


def _plain_names(columns: list[str]) -> dict[str, str]:
    """Strip blanks; call a second `Account` what most tools call it, `Account.1`."""
    names: dict[str, str] = {}
    for column in columns:
        twin = re.fullmatch(r"(.*)_duplicated_(\d+)", column)
        plain = f"{twin[1].strip()}.{int(twin[2]) + 1}" if twin else column.strip()
        names[column] = plain if plain not in names.values() else column
    return names


def _guarded(read: Callable[[], pl.DataFrame]) -> pl.DataFrame:
    try:
        return read()
    except pl.exceptions.NoDataError as error:
        raise UnreadableError("the file is empty") from error
    except pl.exceptions.PolarsError as error:
        raise UnreadableError(_first_line(error)) from error
    except (OSError, ValueError) as error:
        raise UnreadableError(_first_line(error)) from error


def _first_line(error: Exception) -> str:
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return text if len(text) <= 200 else f"{text[:200]}..."  # noqa: PLR2004 - a message stays one line
