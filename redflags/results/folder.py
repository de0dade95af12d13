"""The run folder: it appears complete or not at all.

Everything is written into a hidden folder beside the wanted one, forced to the disk, and renamed at the end.
Who is interrupted leaves that hidden folder, which the next writer to the same place clears away.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from redflags.errors import RedflagsError, UsageError
from redflags.results.parquet import disk_errors, read_frame, write_frame, write_text
from redflags.results.run import FRAMES, Run
from redflags.results.state import FILE, FOLDER, load_state

__all__ = ["MANIFEST", "check_out", "digest_folder", "file_sha256", "read_run", "write_run"]

MANIFEST: Final = "manifest.json"
_PRIVATE: Final = "restricted.parquet"


def check_out(out: Path) -> None:
    """Refuse an output folder that cannot be written; meant to be asked before the work is done.

    Raises:
        UsageError: When something is there already, or the folder around it is missing.
    """
    if out.exists() or out.is_symlink():
        raise UsageError(f"{out} exists already, and no run is overwritten; choose another name or remove it first")
    parent = out.absolute().parent
    if not parent.is_dir():
        raise UsageError(f"{parent} is not a folder; make it first")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise UsageError(f"{parent} may not be written to")


def write_run(run: Run, out: Path) -> Path:
    """Write a run into a new folder.

    Raises:
        UsageError: When the folder is there already.
        RedflagsError: When it cannot be written; nothing is left then.
    """
    check_out(out)
    out = out.absolute()
    _clear_abandoned(out)
    partial = out.with_name(f".{out.name}.partial-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        with disk_errors(out):
            partial.mkdir()
            _fill(run, partial)
            _sync_folders(partial)
            _appear(partial, out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return out


def _fill(run: Run, folder: Path) -> None:
    for name in FRAMES:
        write_frame(run.frame(name), folder / f"{name}.parquet")
    (folder / _PRIVATE).chmod(0o600)
    if run.state is not None:
        run.state.save(folder / FOLDER)
    outputs: dict[str, dict[str, Any]] = {name: {"sha256": sha} for name, sha in digest_folder(folder).items()}
    for name in FRAMES:
        outputs[f"{name}.parquet"]["rows"] = run.frame(name).height
    manifest = {**run.manifest, "outputs": outputs}
    timings = manifest.pop("timings", {})
    text = json.dumps({**_sorted(manifest), "timings": timings}, indent=1, ensure_ascii=False)
    write_text(text + "\n", folder / MANIFEST)


def _sorted(value: Any) -> Any:  # noqa: ANN401 - plain data of any shape
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, (list, tuple)) else value


def _appear(partial: Path, out: Path) -> None:
    if out.exists():
        raise UsageError(f"{out} has appeared in the meantime; choose another name")
    partial.rename(out)
    _sync_folder(out.parent)


def _sync_folders(folder: Path) -> None:
    for root, _, _ in os.walk(folder, topdown=False):
        _sync_folder(Path(root))


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    # Some network file systems cannot force a folder to the disk; the files themselves are there.
    with contextlib.suppress(OSError):
        os.fsync(handle)
    os.close(handle)


def _clear_abandoned(out: Path) -> None:
    """Remove what interrupted writers of this machine left beside the place; living ones are left alone."""
    host = socket.gethostname()
    for path in out.parent.glob(f".{out.name}.partial-{host}-*"):
        process = path.name.rsplit("-", 2)[-2]
        if path.is_dir() and process.isdigit() and not _alive(int(process)):
            shutil.rmtree(path, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def digest_folder(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a run folder but the manifest, by its path inside."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): file_sha256(path) for path in paths if path != folder / MANIFEST}


def read_run(path: str | Path) -> Run:
    """Read a run folder back.

    Args:
        path: The folder.

    Raises:
        UsageError: When it is no run folder.
        RedflagsError: When a file of it is missing or damaged.
    """
    folder = Path(path)
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"{folder} is not a run folder: it holds no {MANIFEST}") from None
    except (OSError, ValueError) as error:
        raise RedflagsError(f"{folder / MANIFEST} cannot be read: {error}") from error
    frames = {name: read_frame(folder / f"{name}.parquet") for name in FRAMES}
    state = load_state(folder) if (folder / FOLDER / FILE).is_file() else None
    return Run(manifest, **frames, state=state, path=folder)
