"""Short ways to write a rule and its rows in a test."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from redflags.rules.model import Rule

START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def make_rule(
    detect: dict[str, Any],
    *,
    params: dict[str, Any] | None = None,
    views: dict[str, Any] | None = None,
    gap: str = "7d",
    score: int = 40,
    id_: str = "invented-rule",
    **more: Any,
) -> Rule:
    """A whole rule around a ``detect`` block."""
    return Rule.model_validate(
        {
            "id": id_, "title": "An invented rule", "version": 1, "status": "test", "kind": "deterministic",
            "covers": [], "typologies": [], "severity": "low", "description": "Made for a test.",
            "references": [{"source": "invented", "locator": "none"}], "owner": "tests",
            "created": "2026-01-01", "review_due": "2027-01-01", "params": params or {}, "with": views or {},
            "detect": detect,
            "alert": {"score": score, "gap": gap, "rationale": "Invented.", "next_steps": ["Look."]},
            "false_positives": [{"who": "nobody", "tell": "none", "treat": "close"}],
            "blind_spots": ["everything else"], "proportionality": "a test", **more,
        }
    )  # fmt: skip


def detect(let: dict[str, Any], when: str, **more: Any) -> dict[str, Any]:
    """A ``detect`` block over the ledger with a single fact, ``f``."""
    return {
        "from": "ledger", "subject": "party_id", "let": let,
        "facts": {"f": {"is": "frequency", "if": when, "because": "because"}}, "when": "f", **more,
    }  # fmt: skip


def hours(count: float) -> dt.datetime:
    return START + dt.timedelta(hours=count)


def entry(id_: str, at: float, amount: str | int | None = 100, **more: Any) -> dict[str, Any]:
    """A ledger row ``at`` hours after the start."""
    row = {
        "txn_id": id_, "direction": "in", "booked_at": hours(at), "party_id": "P1", "account_id": "A1",
        "amount": None if amount is None else Decimal(amount), "currency": "EUR", "counterparty_key": "C1",
        "status": "booked", "instrument": "cash",
    }  # fmt: skip
    return {**row, **more}
