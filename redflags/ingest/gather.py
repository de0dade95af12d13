"""From a source to raw parts: one frame each, with the table it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import polars as pl

from redflags.ingest.apply import map_frames
from redflags.ingest.files import (
    RawFile,
    UnreadableError,
    format_of,
    list_files,
    read_raw,
    sha256_of,
    table_for,
)

if TYPE_CHECKING:
    from redflags.ingest.mapping_model import Lookup, SourceMapping
    from redflags.ingest.validate import Checked
    from redflags.tables import Dictionary

__all__ = ["FRAME", "Frames", "Gathered", "Part", "assign_tables", "find_parts", "map_parts"]

Frames: TypeAlias = Mapping[str, pl.DataFrame | pl.LazyFrame]

#: What stands for the path of a frame handed over in memory.
FRAME: Final = "<frame>"
_LABELS: Final = ("labels", "answer_key")


@dataclass
class Part:
    """One raw frame on its way: which file, which table, and what checking made of it."""

    name: str
    path: str
    table: str = ""
    sha256: str = ""
    size: int = 0
    frame: pl.DataFrame = field(default_factory=pl.DataFrame)
    lookups: Mapping[str, Lookup] = field(default_factory=dict)
    checked: Checked | None = None


@dataclass
class Gathered:
    """Everything found on the way, so that all problems are told at once."""

    parts: list[Part] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    labels: list[pl.DataFrame] = field(default_factory=list)
    absent: tuple[str, ...] = ()


def find_parts(source: Path | Frames, gathered: Gathered) -> list[Part]:
    """List what a source holds; files are not opened yet."""
    if isinstance(source, Mapping):
        return [
            Part(name, FRAME, frame=given.collect() if isinstance(given, pl.LazyFrame) else given)
            for name, given in source.items()
        ]
    folder = source.is_dir()
    files = list_files(source) if folder else [RawFile(source, source.name)]
    if not files:
        gathered.problems.append("no Parquet, CSV, zip or NDJSON file there")
    parts: list[Part] = []
    for file in files:
        if folder and file.name.split("/")[0].split(".")[0].lower().startswith(_LABELS):
            gathered.notes.append(f"{file.name}: an answer key; not read")
        else:
            parts.append(Part(file.name, str(file.path)))
    return parts


def _load(part: Part, gathered: Gathered) -> list[Part]:
    """Read a part's file; a zip makes one part for every member."""
    if part.path == FRAME:
        part.frame = _numbered(part.frame, part.name)
        return [part]
    loaded: list[Part] = []
    try:
        digest, size = sha256_of(Path(part.path))
        for member, frame in read_raw(Path(part.path)):
            name = f"{part.name}/{member}" if member else part.name
            loaded.append(Part(name, part.path, part.table, digest, size, _numbered(frame, name)))
    except UnreadableError as error:
        gathered.problems.append(f"{part.name}: {error}")
        return []
    return loaded


def _numbered(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Say of every row where it is from; a data set written by this library says so already."""
    if "source_row" not in frame.columns:
        frame = frame.with_row_index("source_row", offset=1)
    if "source_file" not in frame.columns:
        frame = frame.with_columns(pl.lit(name).alias("source_file"))
    return frame.with_columns(pl.col("source_file").cast(pl.String), pl.col("source_row").cast(pl.UInt32, strict=False))


def assign_tables(raw: list[Part], words: Dictionary, gathered: Gathered) -> None:
    """Give every file the table that its name says; a lone file of any name is the transactions."""
    lone = len(raw) == 1 and raw[0].path != FRAME and table_for(raw[0].name, words) is None
    for part in raw:
        frame = part.path == FRAME
        table = table_for(f"{part.name}.csv" if frame else part.name, words)
        if lone and format_of(part.name):
            table = "transactions"
        elif lone:
            _load(part, gathered)  # says why it cannot be read
            continue
        if table is None:
            hint = words.suggest_table(part.name.split("/")[0].split(".")[0])
            tail = f"; {hint}" if hint else ""
            gathered.notes.append(f"{part.name}: not a known table; not read{tail}")
        elif words.tables[table].derived:
            gathered.problems.append(f"{part.name}: the {table} is derived from transactions, never given")
        else:
            part.table = table
            gathered.parts += _load(part, gathered)


def map_parts(raw: list[Part], mapping: SourceMapping, zone: str, gathered: Gathered, *, lone: bool) -> None:
    """Put a mapping to work on every file that it names."""
    names = [part.name for part in raw]
    assigned = mapping.assign(names, single=lone)
    gathered.notes += [f"{name}: {reason}" for name, reason in assigned.unread(names)]
    gathered.problems += assigned.missing
    loaded = {part.name: _load(part, gathered) for part in raw if part.name in assigned.used}
    frames = {name: [(part.name, part.frame) for part in parts] for name, parts in loaded.items()}
    origin = {part.name: part for parts in loaded.values() for part in parts}
    for made in map_frames(mapping, assigned, frames, zone):
        gathered.problems += made.problems
        gathered.notes += made.notes
        if made.labels is not None:
            gathered.labels.append(made.labels)
        if made.frame is not None:
            was = origin.get(made.source) or Part(made.source, f"<mapping {mapping.name}>")
            lookups = {} if made.source not in origin else mapping.tables[made.table].lookups
            gathered.parts.append(Part(made.source, was.path, made.table, was.sha256, was.size, made.frame, lookups))
    gathered.absent = tuple(mapping.absent)
