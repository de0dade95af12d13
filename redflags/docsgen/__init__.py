"""Generated pages: every text that can be read off the code is, so that it cannot drift unseen."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from redflags.errors import RedflagsError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["drifted", "pages", "write_pages"]


def pages(book: str | Path | None = None, out: str | Path | None = None) -> dict[Path, str]:
    """Every generated file with the text that it should have.

    Args:
        book: A rule book of one's own: only the pages of its rules are made then.
        out: Folder of the pages; without, the `docs` beside the rule book.

    Raises:
        UsageError: When the shipped rule book is not part of a checkout, and no folder was named.
        RuleError: When the rule book has faults.
    """
    from redflags.docsgen.commands import commands_page
    from redflags.docsgen.dictionary import dictionary_page
    from redflags.docsgen.language import language_page
    from redflags.docsgen.operators import operator_pages
    from redflags.docsgen.readme import readme_page
    from redflags.docsgen.rulepages import coverage_text, rule_pages
    from redflags.resources import rules_dir
    from redflags.rules.load import load_rules
    from redflags.rules.schema import json_schemas, schema_text

    root = rules_dir() if book is None else Path(book)
    home = _home(root, shipped=book is None) if out is None else Path(out)
    loaded = load_rules(book)
    made = {home / "rules" / name: text for name, text in rule_pages(loaded).items()}
    if book is None:
        made[home / "data-dictionary.md"] = dictionary_page(loaded)
        made[home / "language.md"] = language_page()
        made |= {home / "operators" / name: text for name, text in operator_pages().items()}
        made[home / "cli.md"] = commands_page()
        made[home / "coverage.md"] = coverage_text(loaded)
        schemas = root / "schema" if out is None else home / "schema"
        made |= {schemas / f"{name}.json": schema_text(name) for name in json_schemas()}
        readme = home.parent / "README.md"
        if out is None and readme.is_file():
            made[readme] = readme_page(readme.read_text(encoding="utf-8"), loaded)
    return made


def _home(root: Path, *, shipped: bool) -> Path:
    beside = root.resolve().parent
    if shipped and not (beside / "pyproject.toml").is_file():
        raise UsageError(
            "the shipped rule book is not part of a checkout, so its pages have no place; name one: --out FOLDER",
        )
    return _short(beside / "docs")


def _short(path: Path) -> Path:
    try:
        return path.relative_to(Path.cwd())
    except ValueError:
        return path


def drifted(made: Mapping[Path, str]) -> list[tuple[Path, str]]:
    """Files that are not what they should be, with the reason; pages of rules that are gone are among them.

    Examples:
        >>> drifted({Path("no/such/page.md"): "text"})
        [(PosixPath('no/such/page.md'), 'missing')]
    """
    found = []
    for path, text in made.items():
        if not path.is_file():
            found.append((path, "missing"))
        elif path.read_text(encoding="utf-8") != text:
            found.append((path, "out of date"))
    return sorted([*found, *((path, "no rule has this page any more") for path in _leftover(made))])


def write_pages(made: Mapping[Path, str]) -> list[Path]:
    """Write what is missing or out of date, take away leftover pages, and say which files were touched."""
    touched = []
    for path, _ in drifted(made):
        if path in made:
            _write(path, made[path])
        else:
            path.unlink()
        touched.append(path)
    return touched


def _write(path: Path, text: str) -> None:
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        half.write_text(text, encoding="utf-8", newline="\n")
        half.replace(path)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise RedflagsError(f"{path} could not be written: {error.strerror or error}") from error


def _leftover(made: Mapping[Path, str]) -> list[Path]:
    """Pages in the folder of rules that no rule has; only those that call themselves generated."""
    from redflags.docsgen.rulepages import MARK

    folders = {path.parent for path in made if path.parent.name == "rules" and path.suffix == ".md"}
    return [
        path
        for folder in sorted(folders)
        for path in sorted(folder.glob("*.md"))
        if path not in made and MARK in path.read_text(encoding="utf-8")
    ]
