"""Columns of everything that a run writes; names and order are fixed."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import polars as pl

from redflags.engine.outcome import FACT, OBSERVED

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ALERTS",
    "CASES",
    "EVIDENCE",
    "NOT_EVALUABLE",
    "PENDING",
    "RESTRICTED",
    "SUPPRESSED",
    "TYPOLOGIES",
    "WITHDRAWN",
    "empty",
    "moment",
]

TIME: Final = pl.Datetime("us", "UTC")
PARAM: Final = pl.Struct({"name": pl.String, "value": pl.String})
POLICY: Final = pl.Struct({"id": pl.String, "action": pl.String, "value": pl.String, "text": pl.String})

#: One row for every story of a rule; `redflags.results.alerts` says how each column comes about.
ALERTS: Final[Mapping[str, pl.DataType]] = MappingProxyType(
    {
        "alert_id": pl.String(),
        "rule_id": pl.String(),
        "rule_version": pl.Int64(),
        "subject_kind": pl.String(),
        "subject_id": pl.String(),
        "party_id": pl.String(),
        "family": pl.String(),
        "severity": pl.String(),
        "score": pl.Int64(),
        "band": pl.String(),
        "state": pl.String(),
        "first_at": TIME,
        "last_at": TIME,
        "judged_at": TIME,
        "hits": pl.Int64(),
        "txn_count": pl.Int64(),
        "rationale": pl.String(),
        "facts": pl.List(FACT),
        "observed": pl.List(OBSERVED),
        "params": pl.List(PARAM),
        "typologies": pl.List(pl.String),
        "indicators": pl.List(pl.String),
        "policies": pl.List(POLICY),
        "counterfactual": pl.String(),
    }
)
#: Alerts that a policy holds back, with the policy and its reason.
SUPPRESSED: Final[Mapping[str, pl.DataType]] = MappingProxyType(
    {**ALERTS, "policy": pl.String(), "reason": pl.String()}
)
#: What a policy keeps from line staff; for cleared reviewers, and readable by the owner of the folder only.
RESTRICTED: Final[Mapping[str, pl.DataType]] = MappingProxyType(
    {name: ALERTS[name] for name in ("alert_id", "rationale", "facts", "observed", "counterfactual")}
)
EVIDENCE: Final[Mapping[str, pl.DataType]] = MappingProxyType(
    {
        "alert_id": pl.String(),
        "table": pl.String(),
        "row_id": pl.String(),
        "role": pl.String(),
        "source_file": pl.String(),
        "source_row": pl.Int64(),
    }
)
CASES: Final[Mapping[str, pl.DataType]] = MappingProxyType(
    {
        "subject_kind": pl.String(),
        "subject_id": pl.String(),
        "score": pl.Float64(),
        "rank": pl.Int64(),
        "alerts": pl.Int64(),
        "families": pl.List(pl.String),
        "first_at": TIME,
        "last_at": TIME,
    }
)
#: Alerts of one subject by the schemes that their rules point to.
TYPOLOGIES: Final[Mapping[str, pl.DataType]] = MappingProxyType(
    {
        "subject_kind": pl.String(),
        "subject_id": pl.String(),
        "typology": pl.String(),
        "score": pl.Float64(),
        "alerts": pl.Int64(),
        "rules": pl.List(pl.String),
        "first_at": TIME,
        "last_at": TIME,
    }
)
NOT_EVALUABLE: Final[Mapping[str, pl.DataType]] = MappingProxyType(
    {
        "rule_id": pl.String(),
        "reason": pl.String(),
        "column": pl.String(),
        "rows": pl.Int64(),
        "share": pl.Float64(),
    }
)
PENDING: Final[Mapping[str, pl.DataType]] = MappingProxyType(
    {"rule_id": pl.String(), "row_id": pl.String(), "at": TIME, "moment": TIME}
)
WITHDRAWN: Final[Mapping[str, pl.DataType]] = MappingProxyType(
    {
        "alert_id": pl.String(),
        "rule_id": pl.String(),
        "subject_kind": pl.String(),
        "subject_id": pl.String(),
        "party_id": pl.String(),
        "was": pl.String(),
        "first_at": TIME,
        "reason": pl.String(),
    }
)


def empty(schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """A frame without rows.

    Examples:
        >>> empty(CASES).shape
        (0, 8)
    """
    return pl.DataFrame(schema=dict(schema))


def moment(name: str) -> pl.Expr:
    """Microseconds since 1970 as a moment."""
    return pl.col(name).cast(TIME)
