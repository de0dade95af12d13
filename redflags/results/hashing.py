"""Hashes over rules, lists and frames: by them a later run knows that nothing has changed in between."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from redflags.rules.params import show_value

if TYPE_CHECKING:
    from redflags.plan.bind import BoundRule
    from redflags.registers.lists import ListFile
    from redflags.rules.load import RuleBook

__all__ = ["canonical", "digest", "frame_digest", "list_digest", "logic_digest", "name_of", "rule_digest"]

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
    lines = frame.select(pl.struct(pl.all()).struct.json_encode()).to_series() if frame.width else pl.Series([], dtype=pl.String)
    return hashlib.sha256("\n".join([canonical({k: str(v) for k, v in frame.schema.items()}), *lines]).encode()).hexdigest()


def name_of(bound: BoundRule) -> str:
    """A bound rule's name inside a run: its id, and its segment where it is bound for one.

    Examples:
        >>> from types import SimpleNamespace
        >>> name_of(SimpleNamespace(id="some-rule", segment="retail"))
        'some-rule (retail)'
    """
    return bound.id if bound.segment is None else f"{bound.id} ({bound.segment})"


def rule_digest(bound: BoundRule) -> str:
    """Hash of everything in the rule's file."""
    return digest(bound.rule.model_dump(mode="json", by_alias=True))


def logic_digest(bound: BoundRule, book: RuleBook | None) -> str:
    """Hash of what decides a rule's alerts: logic, bound values, policies and the shared streams it reads."""
    whole = bound.rule.model_dump(mode="json", by_alias=True)
    policies = [policy for policy, _ in bound.policies]
    streams: Mapping[str, Any] = {}
    if book is not None:
        names = book[bound.id].streams
        streams = {name: _dumped(book.streams[name]) for name in sorted(names)}
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


def _dumped(model: Any) -> Any:  # noqa: ANN401 - a view or an operator
    return model.model_dump(mode="json", by_alias=True)


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
