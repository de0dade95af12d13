"""What the engine says about one rule: hits, what could not be judged, what must wait."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from redflags.plan.bind import BoundRule

FACT = pl.Struct({"name": pl.String, "kind": pl.String, "points": pl.Int64, "sentence": pl.String})
OBSERVED = pl.Struct(
    {
        "name": pl.String,
        "value": pl.String,
        "unit": pl.String,
        "threshold": pl.String,
        "window_from": pl.Datetime("us", "UTC"),
        "window_to": pl.Datetime("us", "UTC"),
    }
)
CONTRIBUTOR = pl.Struct({"table": pl.String, "row_id": pl.String, "role": pl.String})

HITS: dict[str, pl.DataType] = {
    "moment": pl.Int64(),
    "at": pl.Int64(),
    "seq": pl.Int64(),
    "row_id": pl.String(),
    "table": pl.String(),
    "key": pl.List(pl.String),
    "subject_id": pl.String(),
    "party_id": pl.String(),
    "facts": pl.List(FACT),
    "unknown_facts": pl.List(pl.String),
    "score": pl.Int64(),
    "rationale": pl.String(),
    "observed": pl.List(OBSERVED),
    "counterfactual": pl.String(),
    "contributors": pl.List(CONTRIBUTOR),
    "policies": pl.List(pl.String),
}
NOT_EVALUABLE: dict[str, pl.DataType] = {
    "rule_id": pl.String(),
    "reason": pl.String(),
    "column": pl.String(),
    "rows": pl.Int64(),
    "share": pl.Float64(),
}
NE_ROWS: dict[str, pl.DataType] = {"row_id": pl.String(), "at": pl.Int64(), "columns": pl.List(pl.String)}
PENDING: dict[str, pl.DataType] = {"row_id": pl.String(), "at": pl.Int64(), "moment": pl.Int64()}


@dataclass(frozen=True, slots=True)
class Clock:
    """What is judged and what is final; microseconds since 1970, UTC.

    Attributes:
        judged_after: moments up to here were judged before (None: nothing was).
        upto: W, the last moment that is judged.
        final: F, the last moment whose hits cannot change any more.
        covers_from: the first moment that the data speaks about.
    """

    judged_after: int | None
    upto: int
    final: int
    covers_from: int


@dataclass(frozen=True)
class Outcome:
    """Result of one bound rule over one run; the frames are described in ``docs/architecture.md``."""

    bound: BoundRule
    hits: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=HITS))
    not_evaluable: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=NOT_EVALUABLE))
    ne_rows: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=NE_ROWS))
    pending: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PENDING))
    judged: int = 0
    disabled: str | None = None
