"""Hand-made rules, policies and hits: what the engine would say, without the engine."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import polars as pl

from redflags.engine.outcome import HITS
from redflags.rules.model import Rule
from redflags.rules.policies import Policy

SECOND = 1_000_000
DAY = 86_400 * SECOND
REFERENCE = {"source": "invented"}


def rule(**changes: Any) -> Rule:
    """A rule with three facts, base score 30."""
    content = {
        "id": "some-rule",
        "title": "Some rule",
        "version": 3,
        "status": "test",
        "kind": "deterministic",
        "covers": ["some-indicator"],
        "typologies": ["structuring"],
        "severity": "high",
        "description": "Detects what is invented.",
        "references": [REFERENCE],
        "owner": "rulebook",
        "created": dt.date(2026, 1, 1),
        "review_due": dt.date(2027, 1, 1),
        "params": {"window": {"type": "duration", "default": "2d", "min": "1d", "max": "9d", "why": "invented"}},
        "detect": {
            "from": "ledger",
            "subject": "party_id",
            "facts": {
                "many": {"is": "frequency", "if": "n > 1", "points": 20},
                "fast": {"is": "speed", "if": "n > 2", "points": 15},
                "far": {"is": "place", "if": "n > 3", "points": 60},
            },
            "when": "many",
        },
        "alert": {
            "score": 30,
            "gap": "$window",
            "rationale": "consistent with nothing",
            "next_steps": ["look"],
        },
        "false_positives": [{"who": "anyone", "tell": "nothing", "treat": "kindly"}],
        "blind_spots": ["everything"],
        "proportionality": "it is invented",
    }
    return Rule.model_validate({**content, **changes})


def policy(name: str, action: str, **then: Any) -> Policy:
    """A policy with one action."""
    return Policy.model_validate(
        {
            "id": name,
            "title": name,
            "why": "invented",
            "references": [REFERENCE],
            "applies": {"reads": ["*"]},
            "when": "true",
            "then": {"action": action, "text": f"Text of {name}.", **then},
            "missing": "skip",
        }
    )


def bound(*policies: Policy, gap: int = 2 * DAY, **changes: Any) -> Any:
    """What the planner would hand over."""
    made = rule(**changes)
    return SimpleNamespace(
        rule=made, id=made.id, family="flow", segment=None, params={"window": gap}, gap=gap, delay=0,
        lookback=gap,
        policies=tuple((item, None) for item in policies),
    )  # fmt: skip


POINTS = {"many": 20, "fast": 15, "far": 60}
KINDS = {"many": "frequency", "fast": "speed", "far": "place"}


def hit(moment: int, row_id: str, facts: tuple[str, ...] = ("many",), **more: Any) -> dict[str, Any]:
    """One hit; its key is the subject."""
    subject = more.pop("subject", "P1")
    made = {
        "moment": moment,
        "at": moment,
        "seq": 0,
        "row_id": row_id,
        "table": "ledger",
        "key": [subject],
        "subject_id": subject,
        "party_id": subject,
        "facts": [
            {"name": name, "kind": KINDS[name], "points": POINTS[name], "sentence": f"{name} at {row_id}"}
            for name in facts
        ],
        "unknown_facts": [],
        "score": min(100, 30 + sum(POINTS[name] for name in facts)),
        "rationale": f"Seen at {row_id}. This is consistent with nothing.",
        "observed": [{"name": "n", "value": row_id, "unit": "count", "threshold": ">= 1"}],
        "counterfactual": f"Would not have fired without {row_id}.",
        "contributors": [{"table": "ledger", "row_id": row_id, "role": "judged"}],
        "policies": [],
    }
    return {**made, **more}


def hits(*rows: dict[str, Any]) -> pl.DataFrame:
    """A hits frame."""
    return pl.DataFrame(list(rows), schema=HITS)
