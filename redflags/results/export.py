"""A run as CSV or JSON for other tools, and back again without loss.

Spreadsheets run what begins with `=`, `+`, `-`, `@`, a tab or a carriage return as a formula, and names and
purpose texts come from strangers: in CSV such a text gets an apostrophe in front, which reading takes away
again. Lists stand in CSV as JSON. What policies keep from line staff, and the state between runs, are not
exported.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from redflags.errors import RedflagsError, UsageError
from redflags.results.folder import MANIFEST, check_out
from redflags.results.parquet import disk_errors, write_text
from redflags.results.run import FRAMES, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["FORMATS", "export_run", "import_run"]

FORMATS: Final = ("csv", "json")
_DANGEROUS: Final = r"^'*[=+\-@\t\r]"
_GUARDED: Final = r"^'+[=+\-@\t\r]"
_TIME: Final = "%Y-%m-%dT%H:%M:%S%.6f%:z"


def _schemas() -> dict[str, Mapping[str, pl.DataType]]:
    return {name: schema for name, schema in FRAMES.items() if name != "restricted"}


def export_run(run: Run, format: str, out: str | Path) -> Path:  # noqa: A002 - the word people type
    """Write a run for other tools, completely or not at all.

    Args:
        run: The run.
        format: `csv` (a folder with one file for each frame) or `json` (one file).
        out: Where to; nothing may be there yet.

    Raises:
        UsageError: When the format is unknown or the place is taken.
        RedflagsError: When it cannot be written.
    """
    writers: dict[str, Callable[[Run, Path], None]] = {"csv": _write_csv, "json": _write_json}
    if format not in writers:
        raise UsageError.unknown_name("export format", format, FORMATS)
    target = Path(out).absolute()
    check_out(target)
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        with disk_errors(target):
            writers[format](run, partial)
            if target.exists():
                raise UsageError(f"{target} has appeared in the meantime; choose another name")
            partial.rename(target)
    finally:
        if partial.is_dir():
            shutil.rmtree(partial, ignore_errors=True)
        else:
            partial.unlink(missing_ok=True)
    return target


def import_run(path: str | Path) -> Run:
    """Read back what `export_run` wrote.

    Raises:
        UsageError: When it is neither such a folder nor such a file.
        RedflagsError: When it is damaged.
    """
    source = Path(path)
    try:
        if source.is_dir():
            return _read_csv(source)
        if source.is_file():
            return _read_json(source)
    except (OSError, ValueError, KeyError, pl.exceptions.PolarsError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise RedflagsError(f"{source} is not a complete export: {first}") from error
    raise UsageError(f"{source} is neither an exported folder nor an exported file")


# ---- CSV
# -----------------------------------------------------------------------------------------------------


def _write_csv(run: Run, folder: Path) -> None:
    folder.mkdir()
    for name, schema in _schemas().items():
        cells = [_cell(column, dtype) for column, dtype in schema.items()]
        write_text(run.frame(name).select(cells).write_csv(), folder / f"{name}.csv")
    write_text(json.dumps(run.manifest, indent=1, ensure_ascii=False) + "\n", folder / MANIFEST)


def _cell(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.List):
        # JSON of a struct with this one column, less the struct around it.
        text = pl.struct(name).struct.json_encode()
        inside = text.str.slice(len(json.dumps(name, ensure_ascii=False)) + 2).str.strip_suffix("}")
        return pl.when(column.is_not_null()).then(inside).alias(name)
    if isinstance(dtype, pl.Datetime):
        return column.dt.strftime(_TIME).alias(name)
    if dtype == pl.String:
        return pl.when(column.str.contains(_DANGEROUS)).then("'" + column).otherwise(column).alias(name)
    return column


def _value(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.List):
        wrapped = pl.lit(f"{{{json.dumps(name, ensure_ascii=False)}:") + column + "}"
        return wrapped.str.json_decode(pl.Struct({name: dtype})).struct.field(name)
    if isinstance(dtype, pl.Datetime):
        return column.str.to_datetime(time_unit="us", time_zone="UTC", format="%+").alias(name)
    if dtype == pl.String:
        return pl.when(column.str.contains(_GUARDED)).then(column.str.slice(1)).otherwise(column).alias(name)
    return column.cast(dtype)


def _read_csv(folder: Path) -> Run:
    frames = {}
    for name, schema in _schemas().items():
        raw = pl.read_csv(io.BytesIO((folder / f"{name}.csv").read_bytes()), infer_schema=False)
        frames[name] = raw.select(_value(column, dtype) for column, dtype in schema.items())
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return _run(manifest, frames)


# ---- JSON
# ----------------------------------------------------------------------------------------------------


def _write_json(run: Run, path: Path) -> None:
    parts = [f'"manifest": {json.dumps(run.manifest, ensure_ascii=False)}']
    for name in _schemas():
        frame = run.frame(name)
        lines = frame.select(pl.struct(pl.all()).struct.json_encode()).to_series().to_list() if frame.height else []
        parts.append(f'"{name}": [' + ",".join(f"\n  {line}" for line in lines) + "]")
    write_text("{\n" + ",\n".join(parts) + "\n}\n", path)


def _read_json(path: Path) -> Run:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    frames = {}
    for name, schema in _schemas().items():
        lines = pl.Series("row", [json.dumps(row, ensure_ascii=False) for row in content[name]], dtype=pl.String)
        frames[name] = lines.str.json_decode(pl.Struct(dict(schema))).struct.unnest()
    return _run(content["manifest"], frames)


def _run(manifest: Mapping[str, Any], frames: Mapping[str, pl.DataFrame]) -> Run:
    return Run(
        manifest, alerts=frames["alerts"], evidence=frames["evidence"], cases=frames["cases"],
        typologies=frames["typologies"], not_evaluable=frames["not_evaluable"], pending=frames["pending"], suppressed=frames["suppressed"],
        withdrawn=frames["withdrawn"], rejects=frames["rejects"],
    )  # fmt: skip
