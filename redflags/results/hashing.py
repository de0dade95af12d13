"""Hashes over rules, lists and frames: by them a later run knows that nothing has changed in between."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import polars as pl

from redflags.rules.params import show_value

if TYPE_CHECKING:
    from pydantic import BaseModel

    from redflags.plan.bind import BoundRule
    from redflags.registers.lists import ListFile
    from redflags.rules.load import RuleBook

__all__ = ["canonical", "digest", "frame_digest", "list_digest", "logic_digest", "model_digest", "name_of"]

#: Blocks of a rule that decide what is found and what is said of it.
_LOGIC = ("id", "version", "severity", "covers", "typologies", "scope", "with", "detect", "alert")


def canonical(value: Any) -> str:  # noqa: ANN401 - plain data of any shape
    """Plain data as one text: same data, same text.

    Examples:
        >>> canonical({"b": 1, "a": [2]})
        '{"a":[2],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def digest(value: Any) -> str:  # noqa: ANN401 - plain data of any shape
    """SHA-256 of plain data.

    Examples:
        >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
        True
    """
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def frame_digest(frame: pl.DataFrame) -> str:
    """SHA-256 of a small frame's rows, in their order.

    Examples:
        >>> frame_digest(pl.DataFrame({"a": [1]})) == frame_digest(pl.DataFrame({"a": [2]}))
        False
    """
    head = canonical({name: str(dtype) for name, dtype in frame.schema.items()})
    lines = frame.select(pl.struct(pl.all()).struct.json_encode()).to_series()
    return hashlib.sha256("\n".join([head, *lines]).encode()).hexdigest()


def name_of(bound: BoundRule) -> str:
    """A bound rule's name inside a run: its id, and its segment where it is bound for one.

    Examples:
        >>> from types import SimpleNamespace
        >>> name_of(SimpleNamespace(id="some-rule", segment="retail"))
        'some-rule (retail)'
    """
    return bound.id if bound.segment is None else f"{bound.id} ({bound.segment})"


def model_digest(model: BaseModel) -> str:
    """Hash of everything in the file of a rule, policy or profile."""
    return digest(model.model_dump(mode="json", by_alias=True))


def logic_digest(bound: BoundRule, book: RuleBook) -> str:
    """Hash of what decides a rule's alerts: logic, bound values, policies and the shared streams it reads."""
    whole = bound.rule.model_dump(mode="json", by_alias=True)
    policies = [policy for policy, _ in bound.policies]
    names = sorted(book[bound.id].streams)
    streams = {name: book.streams[name].model_dump(mode="json", by_alias=True) for name in names}
    return digest(
        {
            "rule": {key: whole.get(key) for key in _LOGIC},
            "segment": bound.segment,
            "params": {name: _exact(bound, name, value) for name, value in sorted(bound.params.items())},
            "gap": bound.gap,
            "policies": {p.id: p.model_dump(mode="json", exclude={"title", "why", "references"}) for p in policies},
            "streams": streams,
        }
    )


def _exact(bound: BoundRule, name: str, value: Any) -> str:  # noqa: ANN401 - a bound value
    spec = bound.rule.params.get(name)
    return f"{value!r}" if spec is None else f"{value!r} {show_value(spec.type, value)}"


def list_digest(item: ListFile) -> str:
    """Hash of a list: its rows, version and coverage."""
    return digest(
        {
            "id": item.id, "table": item.table, "version": item.version, "covers": list(item.covers),
            "rows": frame_digest(item.rows),
        }
    )  # fmt: skip
