"""JSON Schema of every kind of file in a rule book, so that editors complete and check while one writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from redflags.rules.load import StreamFile
from redflags.rules.model import AGGREGATES, FACT_KINDS, OPERATORS, Rule
from redflags.rules.policies import Policy
from redflags.rules.profiles import Profile
from redflags.rules.testfile import TestFile

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import BaseModel

_MODELS: Final[dict[str, tuple[type[BaseModel], str]]] = {
    "rule": (Rule, "A rule of redflags: rules/<family>/<id>.yaml"),
    "test": (TestFile, "Tests of a rule: rules/<family>/<id>.test.yaml"),
    "profile": (Profile, "A profile: rules/profiles/<name>.yaml"),
    "policy": (Policy, "A policy: rules/policies/<id>.yaml"),
    "streams": (StreamFile, "Shared streams: rules/streams/*.yaml"),
}

#: What an editor shows over a key, where the model does not say it.
_DESCRIPTIONS: Final[dict[str, dict[str, str]]] = {
    "Rule": {
        "id": "the file's name without .yaml; never changes",
        "title": "one line, no full stop",
        "version": "raised whenever the logic changes; the lock holds it",
        "status": "draft, experimental, test, stable, deprecated; moves by evidence",
        "kind": "deterministic, or statistical where it rests on a distribution",
        "covers": "indicators of the catalogue that the rule makes executable",
        "typologies": "ids of typologies.yaml",
        "severity": "how much it weighs if true",
        "description": "starts with 'Detects'",
        "references": "documents it rests on, by id of sources.yaml",
        "owner": "who answers for it",
        "created": "a date such as 2026-11-22",
        "review_due": "when it has to be looked at again",
        "scope": "segments of parties and products of accounts that are judged; windows still read every row",
        "params": "every number of the rule, with type, default, range and reason",
        "with": "views and operators of this rule alone",
        "detect": "what is looked for",
        "alert": "what the alert says",
        "false_positives": "innocent readings, how to tell them, what to do",
        "blind_spots": "what the rule does not see",
        "proportionality": "why the severity fits the evidence, and whom it may hit wrongly",
        "safeguards": "waivers of policies, each with reason and approver; policies are derived",
    },
    "Detect": {
        "from": "a stream, a view, or several",
        "where": "the rows that are judged; never an aggregate of this view",
        "let": "names: an expression per row (text) or an aggregate (map)",
        "subject": "whom the alert is about",
        "facts": "conditions, each with kind, points and sentence",
        "when": "facts joined by and, or, not, at_least(k, a, b), points(a, b) >= n",
        "key": "default key of aggregates and episodes; the subject without",
    },
    "Fact": {
        "is": "kind: " + ", ".join(FACT_KINDS),
        "if": "the condition",
        "points": "what it adds to the score",
        "because": "the sentence, with {name|format} in it",
    },
    "Alert": {
        "score": "points of a hit before those of its facts",
        "gap": "hits at most so far apart are one episode",
        "rationale": "what the pattern is consistent with",
        "next_steps": "what a human does first",
    },
    "ParamSpec": {
        "type": "int, ratio, number, money, duration, text, list, bool",
        "default": "the value without a profile",
        "min": "least allowed",
        "max": "most allowed",
        "why": "what it means, and why this default",
        "unit": "for people",
        "source": "where the value comes from",
    },
    "Aggregate": {
        "where": "rows it reads, over all rows of its stream; 'judged' is the view's own condition",
        **{name: f"aggregate {name}" for name in AGGREGATES},
    },
    "View": {"from": "a stream, a view, or several", "where": "rows of the view", "let": "names of the view"},
    "Operator": {name: f"operator {name}" for name in OPERATORS},
    "FalsePositive": {"who": "whose life looks like this", "tell": "how to tell", "treat": "what to do"},
    "Waiver": {"waive": "id of the policy", "reason": "why not here", "approved_by": "who has approved it"},
    "Reference": {
        "source": "id of sources.yaml",
        "locator": "paragraph, section, appendix",
        "supports": "what it supports: detection, threshold, safeguard, context, mandate (what binds to look for it)",
    },
}


def json_schemas() -> dict[str, dict[str, Any]]:
    """JSON Schema by kind of file: rule, test, profile, policy, streams.

    Example:
        >>> json_schemas()["rule"]["properties"]["severity"]["enum"]
        ['low', 'medium', 'high', 'critical']
    """
    return {name: _schema(model, title) for name, (model, title) in _MODELS.items()}


def _schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    made = model.model_json_schema(by_alias=True, mode="validation")
    shapes: dict[str, Any] = {model.__name__: made, **made.get("$defs", {})}
    for name, shape in shapes.items():
        for key, text in _DESCRIPTIONS.get(name, {}).items():
            if key in shape.get("properties", {}):
                shape["properties"][key].setdefault("description", text)
    if "Operator" in shapes:
        operator = shapes["Operator"]
        operator |= {"minProperties": 1, "maxProperties": 1, "additionalProperties": False}
        operator["properties"] = {name: {"description": f"operator {name}"} for name in OPERATORS}
    if "Fact" in shapes:
        shapes["Fact"]["properties"]["is"]["enum"] = list(FACT_KINDS)
    for shape in shapes.values():
        shape.pop("title", None)
        for prop in shape.get("properties", {}).values():
            prop.pop("title", None)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **made}


def schema_text(name: str) -> str:
    """One schema as it is written to its file; the same models give the same bytes."""
    return json.dumps(json_schemas()[name], indent=2, ensure_ascii=False) + "\n"


def write_schemas(folder: Path) -> list[Path]:
    """Write every schema into a folder as ``<kind>.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in _MODELS:
        path = folder / f"{name}.json"
        path.write_text(schema_text(name), encoding="utf-8")
        written.append(path)
    return written
