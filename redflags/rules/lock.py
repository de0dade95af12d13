"""The lock of a rule book: what a version number stands for, and which policies a rule was seen to take.

A rule that changes what it does without a new version would make two alerts of "version 3" mean two things; a
policy that silently falls away from a rule would take a safeguard with it. Both are faults until someone has
looked.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field, RootModel

from redflags.errors import Fault, RuleError
from redflags.resources import shown_path
from redflags.rules.faults import validate
from redflags.rules.model import Strict
from redflags.yamlio import read_yaml

if TYPE_CHECKING:
    from pathlib import Path

    from redflags.rules.load import RuleBook, RuleFile

LOCK_NAME = "rules.lock.yaml"
_HEAD = """\
# Written by `redflags rules lock`; do not edit. What each version of a rule does (hash), and the
# policies that its reads derive. A change of either needs a new version of the rule.
"""


class Locked(Strict):
    """One rule as it was locked."""

    version: int = Field(ge=1)
    hash: str
    policies: tuple[str, ...] = ()


class _Lock(RootModel[dict[str, Locked]]):
    pass


def logic_hash(item: RuleFile, book: RuleBook) -> str:
    """Hash of what a rule does: whom it judges, when it fires, how it scores. Words are left out.

    Args:
        item: The rule.
        book: Its book, for the shared streams that it uses.
    """
    rule = item.rule
    facts = {name: fact.model_dump(exclude={"because"}) for name, fact in rule.detect.facts.items()}
    logic: dict[str, Any] = {
        "params": {
            name: spec.model_dump(include={"type", "default", "min", "max"}) for name, spec in rule.params.items()
        },
        "with": {name: view.model_dump(mode="json") for name, view in rule.with_.items()},
        "detect": rule.detect.model_dump(mode="json", exclude={"facts"}) | {"facts": facts},
        "alert": {"score": rule.alert.score, "gap": rule.alert.gap},
        "scope": rule.scope.model_dump(mode="json"),
        "severity": rule.severity,
        "streams": {name: book.streams[name].model_dump(mode="json") for name in sorted(item.streams)},
    }
    # Spaces and line ends inside expressions say nothing; the order of keys says something (facts, unions).
    text = json.dumps(_folded(logic), ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _folded(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, Mapping):
        return {key: _folded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_folded(item) for item in value]
    return value


def lock_path(book: RuleBook) -> Path:
    """Where a book's lock stands."""
    return (book.path if book.path.is_dir() else book.path.parent) / LOCK_NAME


def lock_entries(book: RuleBook) -> dict[str, Locked]:
    """The lock that the book would have now."""
    return {
        item.rule.id: Locked(version=item.rule.version, hash=logic_hash(item, book), policies=item.policies)
        for item in book.rules
    }


def check_lock(book: RuleBook, *, partial: bool = False) -> tuple[Fault, ...]:
    """What differs between a book and its lock.

    Args:
        book: The book.
        partial: Whether the book is a part of what was locked, so that rules may be missing.
    """
    path = lock_path(book)
    shown = shown_path(path)
    if not path.is_file():
        return (Fault(shown, 0, 0, "LOCK-MISSING", "the rule book has no lock", "run 'redflags rules lock'"),)
    document = read_yaml(path, shown)
    if document.faults:
        return document.faults
    lock, faults = validate(_Lock, document, "LOCK")
    if lock is None:
        return tuple(faults)
    found: list[Fault] = []
    now = lock_entries(book)
    for item in book.rules:
        mine, locked = now[item.rule.id], lock.root.get(item.rule.id)
        if locked is None:
            at = item.document.locate(("id",))
            found.append(
                Fault(
                    item.document.file,
                    at.line,
                    at.column,
                    "LOCK-NEW",
                    f"'{item.rule.id}' is not locked yet",
                    "run 'redflags rules lock'",
                )
            )
            continue
        found += _differs(item, mine, locked)
    if not partial:
        found += [
            document.fault((name,), "LOCK-GONE", f"'{name}' is locked, but there is no such rule",
                           "run 'redflags rules lock' once its end is meant", key=True)
            for name in lock.root if name not in now
        ]  # fmt: skip
    return tuple(sorted(found))


def _differs(item: RuleFile, mine: Locked, locked: Locked) -> list[Fault]:
    document = item.document
    if mine.version < locked.version:
        return [
            document.fault(
                ("version",),
                "LOCK-VERSION",
                f"version {mine.version} lies behind the locked {locked.version}",
                f"the next version is {locked.version + 1}",
            )
        ]
    if mine.version > locked.version:
        return [document.fault(("version",), "LOCK-STALE", f"version {mine.version} is not locked yet",
                               "run 'redflags rules lock'")]  # fmt: skip
    found = []
    if mine.hash != locked.hash:
        found.append(
            document.fault(
                ("version",),
                "LOCK-LOGIC",
                f"the logic has changed, the version is still {mine.version}",
                f"write version: {mine.version + 1}, then run 'redflags rules lock'",
            )
        )
    lost = sorted(set(locked.policies) - set(mine.policies))
    new = sorted(set(mine.policies) - set(locked.policies))
    if lost or new:
        told = "; ".join([*(f"no longer {name}" for name in lost), *(f"now {name}" for name in new)])
        found.append(
            document.fault(("version",), "LOCK-POLICIES", f"the policies that apply have changed: {told}",
                           f"if that is meant, write version: {mine.version + 1} and lock again")
        )  # fmt: skip
    return found


def write_lock(book: RuleBook) -> Path:
    """Write the lock of a whole book, unless a version would have to mean two things.

    Raises:
        RuleError: When logic or policies changed under an unchanged version, or a version went back.
    """
    path = lock_path(book)
    if path.is_file():
        refused = [f for f in check_lock(book) if f.code in {"LOCK-LOGIC", "LOCK-POLICIES", "LOCK-VERSION"}]
        if refused:
            raise RuleError(refused)
    lines = [_HEAD]
    for rule_id, entry in sorted(lock_entries(book).items()):
        policies = ", ".join(entry.policies)
        lines.append(f'{rule_id}:\n  version: {entry.version}\n  hash: "{entry.hash}"\n  policies: [{policies}]\n')
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.write_text("".join(lines) if len(lines) > 1 else f"{_HEAD}{{}}\n", encoding="utf-8")
    half.replace(path)
    return path
