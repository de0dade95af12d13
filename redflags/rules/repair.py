"""A second look at a faulty file: what the models refuse is stood in for, so that the rest is checked too.

One fault must not hide others. The repaired rule is never run; it exists to be checked.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from redflags.rules.faults import located
from redflags.rules.model import Rule
from redflags.yamlio import ABSENT, child_of

if TYPE_CHECKING:
    from redflags.errors import Fault
    from redflags.rules.faults import Path
    from redflags.yamlio import Document

_ROUNDS = 6
_STAND_IN: dict[str, Any] = {
    "title": "A title",
    "version": 1,
    "status": "draft",
    "kind": "deterministic",
    "severity": "low",
    "description": "Detects something.",
    "owner": "nobody",
    "created": "2000-01-01",
    "review_due": "2000-01-02",
    "references": [{"source": "x"}],
    "blind_spots": ["x"],
    "false_positives": [{"who": "x", "tell": "x", "treat": "x"}],
    "proportionality": "x",
    "score": 1,
    "gap": "1d",
    "rationale": "x",
    "next_steps": ["x"],
    "from": "ledger",
    "subject": "party_id",
    "when": "stand_in",
    "why": "x",
    "type": "text",
    "default": "x",
    "is": "amount",
    "if": "true",
    "facts": {"stand_in": {"is": "amount", "if": "true"}},
    "source": "x",
    "who": "x",
    "tell": "x",
    "treat": "x",
    "alert": {"score": 1, "gap": "1d", "rationale": "x", "next_steps": ["x"]},
    "kind_": "party",
    "key": "party_id",
    "detect": {
        "from": "ledger",
        "subject": "party_id",
        "when": "stand_in",
        "facts": {"stand_in": {"is": "amount", "if": "true"}},
    },
    "waive": "x",
    "reason": "x",
    "approved_by": "x",
}


def read_rule(document: Document, stem: str) -> tuple[Rule | None, list[Fault], frozenset[Path]]:
    """Read a rule, or as much of it as can be read.

    Args:
        document: The rule file.
        stem: Its name without ``.yaml``, which stands in for a missing id.

    Returns:
        The rule (None where nothing can be made of it), its faults, and the paths that were stood in for;
        with any fault the rule is only good for further checks.
    """
    if not isinstance(document.data, dict):
        if document.faults:
            return None, [], frozenset()
        return (
            None,
            [document.fault((), "RULE-TYPE", "a rule is a map of keys", "start with id: and title:")],
            frozenset(),
        )
    data = document.data
    faults: dict[Fault, None] = {}
    touched: set[Path] = set()
    for turn in range(_ROUNDS):
        try:
            return Rule.model_validate(data), list(faults), frozenset(touched)
        except ValidationError as error:
            found = located(Rule, document, data, error, "RULE")
            if turn == 0:
                data = copy.deepcopy(data)
            for path, fault in found:
                # What a repair broke is no fault of the author's.
                if not any(path[: len(old)] == old for old in touched):
                    faults[fault] = None
            for path, _ in found:
                touched.add(path)
                _mend(data, path, stem)
    if not faults:  # pragma: no cover - every refusal above made one
        faults[document.fault((), "RULE-TYPE", "this cannot be read as a rule")] = None
    return None, list(faults), frozenset(touched)


def _mend(data: Any, path: Path, stem: str) -> None:  # noqa: ANN401
    """Take out what stands at a path, or stand something in for it."""
    here = data
    for step in path[:-1]:
        here = child_of(here, step)
        if here is ABSENT:
            return
    if not path:
        return
    last = path[-1]
    if isinstance(here, dict) and isinstance(last, str):
        stand_in = _stand_in(path, here.get(last), stem)
        if stand_in is None:
            here.pop(last, None)
        else:
            here[last] = copy.deepcopy(stand_in)
    elif isinstance(here, list) and isinstance(last, int) and last < len(here):
        here[last] = "x"


def _stand_in(path: Path, value: Any, stem: str) -> Any:  # noqa: ANN401
    last = str(path[-1])
    if last == "id" and len(path) == 1:
        return stem
    if len(path) >= 2 and path[-2] == "let":  # noqa: PLR2004
        # Its name stays known; an aggregate stays an aggregate.
        return {"count": "rows"} if isinstance(value, dict) and "count" not in value else "null"
    if len(path) >= 2 and path[-2] == "facts":  # noqa: PLR2004
        return {"is": "amount", "if": "true"}
    if len(path) >= 2 and path[-2] == "params":  # noqa: PLR2004
        return {"type": "text", "default": "x", "why": "x"}
    if last in _STAND_IN and (
        len(path) == 1
        or path[0] in {"detect", "alert", "params", "references", "safeguards", "false_positives", "with"}
    ):
        return _STAND_IN["kind_"] if last == "kind" and len(path) > 1 else _STAND_IN[last]
    return None
