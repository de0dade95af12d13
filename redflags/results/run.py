"""A run: everything that one screening says, in memory or read back from its folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from redflags.errors import UsageError, did_you_mean
from redflags.ingest.dataset import REJECT_SCHEMA
from redflags.results.schema import (
    ALERTS,
    CASES,
    EVIDENCE,
    NOT_EVALUABLE,
    PENDING,
    RESTRICTED,
    SUPPRESSED,
    TYPOLOGIES,
    WITHDRAWN,
    empty,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redflags.results.state import State

__all__ = ["FRAMES", "Run"]

#: The frames of a run in the order in which they are written, with their columns.
FRAMES: Final[Mapping[str, Mapping[str, pl.DataType]]] = {
    "alerts": ALERTS,
    "evidence": EVIDENCE,
    "cases": CASES,
    "typologies": TYPOLOGIES,
    "not_evaluable": NOT_EVALUABLE,
    "pending": PENDING,
    "suppressed": SUPPRESSED,
    "withdrawn": WITHDRAWN,
    "rejects": REJECT_SCHEMA,
    "restricted": RESTRICTED,
}


@dataclass(frozen=True)
class Run:
    """The result of one screening.

    Attributes:
        manifest: What was run over what, with which values, and what became of every row.
        alerts: Alerts new or changed in this run, highest score first.
        evidence: The rows behind them (and behind suppressed ones), up to 500 each.
        cases: All alerts of each subject that this run touched, ranked.
        typologies: The same alerts by the schemes that their rules point to, scored.
        not_evaluable: What could not be judged, and why, by rule and column.
        pending: Rows whose judgement lies after this run.
        suppressed: Alerts that a policy holds back, with the policy and its reason.
        withdrawn: Provisional alerts of the last run that do not hold any more.
        rejects: Refused rows with reasons, late and duplicate ones included.
        restricted: Reasons that a policy took out of alerts, for cleared reviewers.
        state: What the next run needs.
        path: The folder it was read from, if any.
    """

    manifest: Mapping[str, Any]
    alerts: pl.DataFrame = field(default_factory=partial(empty, ALERTS), repr=False)
    evidence: pl.DataFrame = field(default_factory=partial(empty, EVIDENCE), repr=False)
    cases: pl.DataFrame = field(default_factory=partial(empty, CASES), repr=False)
    typologies: pl.DataFrame = field(default_factory=partial(empty, TYPOLOGIES), repr=False)
    not_evaluable: pl.DataFrame = field(default_factory=partial(empty, NOT_EVALUABLE), repr=False)
    pending: pl.DataFrame = field(default_factory=partial(empty, PENDING), repr=False)
    suppressed: pl.DataFrame = field(default_factory=partial(empty, SUPPRESSED), repr=False)
    withdrawn: pl.DataFrame = field(default_factory=partial(empty, WITHDRAWN), repr=False)
    rejects: pl.DataFrame = field(default_factory=partial(empty, REJECT_SCHEMA), repr=False)
    restricted: pl.DataFrame = field(default_factory=partial(empty, RESTRICTED), repr=False)
    state: State | None = field(default=None, repr=False)
    path: Path | None = None

    def frame(self, name: str) -> pl.DataFrame:
        """One of the run's frames by name.

        Raises:
            UsageError: When there is no such frame.

        Examples:
            >>> Run({}).frame("alerts").height
            0
        """
        if name not in FRAMES:
            raise UsageError.unknown_name("frame", name, FRAMES)
        found: pl.DataFrame = getattr(self, name)
        return found

    def alert(self, alert_id: str) -> dict[str, Any]:
        """One alert, suppressed ones included, by its id or by an unmistakable beginning of it.

        Raises:
            UsageError: When no alert, or more than one, is meant.
        """
        for frame in (self.alerts, self.suppressed):
            found = frame.filter(pl.col("alert_id").str.starts_with(alert_id)) if alert_id else frame.clear()
            if found.height == 1:
                return found.row(0, named=True)
            if found.height > 1:
                raise UsageError(f"'{alert_id}' is the beginning of {found.height} alerts; write more of the id")
        hint = did_you_mean(alert_id, self.alerts["alert_id"].to_list())
        raise UsageError(f"no alert '{alert_id}' in this run" + (f": {hint}" if hint else ""))

    def evidence_of(self, alert_id: str) -> pl.DataFrame:
        """The rows behind one alert.

        Raises:
            UsageError: When there is no such alert.
        """
        return self.evidence.filter(pl.col("alert_id") == self.alert(alert_id)["alert_id"])

    def explain(self, alert_id: str) -> str:
        """The story of one alert, to be read aloud.

        Raises:
            UsageError: When there is no such alert.
        """
        from redflags.explain import explain_alert

        return str(explain_alert(self, alert_id))

    def write(self, out: str | Path) -> Path:
        """Write the run into a new folder, completely or not at all.

        Raises:
            UsageError: When the folder is there already.
            RedflagsError: When it cannot be written.
        """
        from redflags.results.folder import write_run

        return write_run(self, Path(out))
