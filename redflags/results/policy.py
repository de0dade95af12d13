"""Policies over an episode.

The engine says of every hit which policies held at its moment. Over an episode they combine so that nothing
depends on how the stream was cut:

- **suppress** holds while every hit carries a suppressing policy; one hit without brings the alert back, with
  its whole story and under its old id.
- **cap** is per hit the strictest cap that it carries; the loosest hit of the episode decides. The score is
  held at the top of the band, so that score, band and severity never contradict each other.
- **route, review, wording, redact, expire** hold as soon as one hit carries them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from redflags.results.schema import POLICY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redflags.rules.policies import Policy

__all__ = ["BANDS", "SEVERITIES", "TOP_OF_BAND", "band_of", "episode_policies"]

BANDS: Final = ("low", "medium", "high")
SEVERITIES: Final = ("low", "medium", "high", "critical")
#: The highest score inside each band.
TOP_OF_BAND: Final = (39, 69, 100)
_FREE: Final = len(BANDS)


def band_of(score: pl.Expr) -> pl.Expr:
    """The band of a score: low below 40, medium below 70, high from 70.

    Examples:
        >>> pl.DataFrame({"s": [39, 40, 69, 70]}).select(band_of(pl.col("s"))).to_series().to_list()
        ['low', 'medium', 'medium', 'high']
    """
    low, medium, _ = TOP_OF_BAND
    names = [pl.lit(name) for name in BANDS]
    return pl.when(score <= low).then(names[0]).when(score <= medium).then(names[1]).otherwise(names[2])


def _value(policy: Policy) -> str | None:
    """What a policy's action is about, as text: the band, the queue, the reviewer, the fields, the days."""
    then = policy.then
    match then.action:
        case "cap":
            return then.to
        case "route":
            return then.queue
        case "review":
            return f"{then.by}, {then.persons or 1}" if (then.persons or 1) > 1 else then.by
        case "redact":
            return ", ".join(then.fields)
        case "expire":
            return str(then.days)
        case _:
            return None


def episode_policies(folded: pl.DataFrame, policies: Sequence[Policy]) -> pl.DataFrame:
    """Combine the policies of an episode's hits.

    Args:
        folded: Hits with `episode`.
        policies: The policies derived for the rule, any order.

    Returns:
        One row per episode: `episode`, `policies` (id, action, value, text of those in force), `suppress`
        (ids, null where none is in force), `suppress_text`, `cap` (0 low, 1 medium, 2 high, 3 free),
        `wording` (sentences to add), `redact` (fields), `redact_text`.
    """
    policies = sorted(policies, key=lambda policy: policy.id)
    suppressing = [policy for policy in policies if policy.then.action == "suppress"]
    capping = [policy for policy in policies if policy.then.action == "cap"]
    carried = {policy.id: pl.col("policies").list.contains(policy.id).fill_null(False) for policy in policies}
    caps = [
        pl.when(carried[policy.id]).then(pl.lit(BANDS.index(policy.then.to or BANDS[-1]))).otherwise(pl.lit(_FREE))
        for policy in capping
    ]
    held = pl.any_horizontal(*(carried[p.id] for p in suppressing)) if suppressing else pl.lit(False)
    cap = pl.min_horizontal(*caps) if caps else pl.lit(_FREE)
    per_hit = folded.select(
        "episode", held.alias("_held"), cap.cast(pl.Int64).alias("cap"),
        *(has.alias(f"has {name}") for name, has in carried.items()),
    )  # fmt: skip
    grouped = per_hit.group_by("episode", maintain_order=True).agg(
        pl.col("_held").all(), pl.col("cap").max(), *(pl.col(f"has {name}").any() for name in carried)
    )
    force = {policy.id: _in_force(policy) for policy in policies}
    entries = [
        pl.when(force[p.id]).then(
            pl.struct(
                pl.lit(p.id).alias("id"), pl.lit(p.then.action).alias("action"),
                pl.lit(_value(p), dtype=pl.String).alias("value"), pl.lit(p.then.text).alias("text"),
            )
        )
        for p in policies
    ]  # fmt: skip
    listed = pl.concat_list(entries).list.drop_nulls() if entries else pl.lit([], dtype=pl.List(POLICY))
    fields = [
        pl.when(force[p.id]).then(pl.lit(list(p.then.fields))).otherwise(pl.lit([], dtype=pl.List(pl.String)))
        for p in policies
        if p.then.action == "redact"
    ]
    return grouped.select(
        "episode",
        listed.cast(pl.List(POLICY)).alias("policies"),
        pl.when("_held").then(_joined(policies, force, "suppress", ", ", text=False)).alias("suppress"),
        _joined(policies, force, "suppress", " ", text=True).alias("suppress_text"),
        "cap",
        _joined(policies, force, "wording", " ", text=True).alias("wording"),
        (pl.concat_list(fields) if fields else pl.lit([], dtype=pl.List(pl.String))).alias("redact"),
        _joined(policies, force, "redact", " ", text=True).alias("redact_text"),
    )


def _in_force(policy: Policy) -> pl.Expr:
    has = pl.col(f"has {policy.id}")
    if policy.then.action == "suppress":
        return has & pl.col("_held")
    if policy.then.action == "cap":
        return has & (pl.col("cap") == BANDS.index(policy.then.to or BANDS[-1]))
    return has


def _joined(
    policies: Sequence[Policy], force: dict[str, pl.Expr], action: str, separator: str, *, text: bool
) -> pl.Expr:
    parts = [
        pl.when(force[p.id]).then(pl.lit(" ".join(p.then.text.split()) if text else p.id))
        for p in policies
        if p.then.action == action
    ]
    if not parts:
        return pl.lit("")
    return pl.concat_str(parts, separator=separator, ignore_nulls=True)
