"""The heads of rules, read without the rest, for lists that have to come at once.

Nothing here needs frames or models: of each file only the few keys of the head are read. Whether the rules
are sound is not asked; `redflags rules check` does that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from redflags.errors import UsageError
from redflags.explain.page import Column, Grid, Page, Para, Tone
from redflags.explain.words import counted
from redflags.resources import rules_dir
from redflags.yamlio import load_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Head", "heads_page", "rule_heads"]

_WANTED: Final = frozenset({"id", "title", "version", "status", "severity", "kind", "covers", "typologies"})
_NO_RULES: Final = frozenset({"streams", "policies", "profiles", "lists", "schema"})
_BLOCK: Final = re.compile(r"^(?=[A-Za-z_]\w*:)", re.MULTILINE)


@dataclass(frozen=True, order=True)
class Head:
    """What a rule says of itself.

    Attributes:
        family: Its folder.
        id: Its id.
        title: One line.
        version: Its version.
        status: draft, experimental, test, stable, deprecated.
        severity: low, medium, high, critical.
        kind: deterministic or statistical.
        covers: Indicators.
        typologies: Schemes.
        file: Where it stands.
    """

    family: str
    id: str
    title: str = ""
    version: int = 0
    status: str = ""
    severity: str = ""
    kind: str = ""
    covers: tuple[str, ...] = ()
    typologies: tuple[str, ...] = ()
    file: str = ""


def rule_heads(path: str | Path | None = None) -> list[Head]:
    """The heads of every rule of a book, by family and id.

    Args:
        path: The rule book or one file of it; the shipped one without.

    Raises:
        UsageError: When there is no rule at the path.

    Examples:
        >>> {head.family for head in rule_heads()} >= {"structuring", "flow"}
        True
    """
    root = rules_dir() if path is None else Path(path)
    heads = sorted(head for file in _files(root) if (head := _head(file)) is not None)
    if not heads:
        raise UsageError(f"no rule at {root}: a rule is a .yaml file with id, detect and alert")
    return heads


def _files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    for file in sorted([*root.glob("*.yaml"), *root.glob("*/*.yaml")]):
        inside = file.relative_to(root).parts
        if not file.name.endswith(".test.yaml") and inside[0] not in _NO_RULES:
            yield file


def _head(file: Path) -> Head | None:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    # Only what starts in the first column belongs to the top level, so the head can be cut out of the text.
    blocks = {block.partition(":")[0]: block for block in _BLOCK.split(text) if ":" in block}
    if not {"id", "detect"} <= blocks.keys():
        return None
    data = load_yaml("".join(block for name, block in blocks.items() if name in _WANTED), file=str(file)).data
    if not isinstance(data, dict):
        return None
    version = data.get("version")
    return Head(
        file.parent.name, _text(data, "id"), _text(data, "title"), version if isinstance(version, int) else 0,
        _text(data, "status"), _text(data, "severity"), _text(data, "kind"), _texts(data, "covers"),
        _texts(data, "typologies"), str(file),
    )  # fmt: skip


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    return "" if value is None else str(value)


def _texts(data: dict[str, Any], name: str) -> tuple[str, ...]:
    value = data.get(name)
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def heads_page(heads: Sequence[Head]) -> Page:
    """The heads as a table."""
    columns = (Column("rule", keep=True), Column("title"), Column("severity"), Column("status", extra=True))
    rows: list[tuple[str, ...]] = []
    tones: list[Tone] = []
    family = None
    for head in heads:
        if head.family != family:
            family = head.family
            rows.append((family, "", "", ""))
            tones.append("strong")
        rows.append((f"  {head.id}", head.title, head.severity, head.status))
        tones.append("plain")
    count = len({head.family for head in heads})
    told = f"{counted(len(heads), 'rule')} in {counted(count, 'family', 'families')}."
    told += " One of them as a page: redflags rules show ID"
    return Page((Grid(columns, tuple(rows), tuple(tones)), Para(told, "quiet")))
