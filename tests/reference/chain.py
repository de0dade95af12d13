"""A chain of runs, each seeing one batch and what the last run kept: it must end where one whole run ends.

``Faults`` break it on purpose; the property tests must notice every one of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tests.reference import measures
from tests.reference.data import IDS, TIMES, Data
from tests.reference.delays import EVER, lookback_of
from tests.reference.episodes import Episode, fold, gap_of, group
from tests.reference.evaluate import Hit, Outcome, _judge, bind
from tests.reference.streams import MissingColumnError, World
from tests.reference.values import EMPTY, exact

if TYPE_CHECKING:
    from redflags.rules.model import Rule

Tables = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Faults:
    """Ways to be wrong."""

    short: int = 0  # microseconds by which the look-back is too short
    forget_open: bool = False  # hits of open episodes are not carried over
    final_tie: bool = False  # the newest moment is final although its tie may be half-seen
    float_std: bool = False  # std from running float sums that are added to and evicted from


@dataclass(frozen=True)
class Cut:
    """One run of a chain: the rows that arrive, and the moment up to which they are said to be whole."""

    tables: Tables
    as_of: Any = None


@dataclass
class State:
    """What one run leaves to the next."""

    rows: Tables = field(default_factory=dict)
    final: int | None = None  # F
    hits: list[Hit] = field(default_factory=list)
    alerts: dict[tuple[Any, str], Episode] = field(default_factory=dict)
    late: int = 0
    open_when_cut: int = 0
    outcome: Outcome = field(default_factory=Outcome)


def is_register(name: str, data: Data) -> bool:
    return name not in TIMES and name not in data.times


def step(
    rule: Rule,
    static: Data,
    state: State,
    cut: Cut,
    lateness: int,
    faults: Faults,
    params: dict[str, Any] | None,
) -> State:
    """One run over one batch."""
    times = {**TIMES, **static.times}
    working: Tables = {name: list(rows) for name, rows in state.rows.items()}
    late = state.late
    for name, rows in cut.tables.items():
        held = working.setdefault(name, [])
        for row in rows:
            moment = exact(row[times[name]])
            if state.final is not None and moment is not None and moment <= state.final:
                late += 1
            else:
                held.append(row)
    both = {**static.tables, **working}
    moments = [exact(row[times[name]]) for name, rows in both.items() if name in times for row in rows]
    newest = max((moment for moment in moments if moment is not None), default=state.final)
    if newest is None:
        return replace(state, rows=working)
    upto = newest if cut.as_of is None else exact(cut.as_of)
    final = upto - lateness - (1 if cut.as_of is None and not faults.final_tie else 0)
    if state.final is not None:
        final = max(final, state.final)

    data = replace(static, tables={**static.tables, **working})
    bound = bind(rule, params)
    worlds = [_World(rule, data, bound, unknown_in=unknown_in, faults=faults) for unknown_in in (False, True)]
    try:
        outcome = _judge(rule, list(worlds), state.final, upto)
    except MissingColumnError as error:
        return replace(state, rows=working, outcome=Outcome(missing=str(error)))

    gap = gap_of(rule, params)
    alerts = {key: alert for key, alert in state.alerts.items() if state.final is None or alert.last_at <= state.final}
    chains = group([*state.hits, *outcome.hits], gap)
    for chain in chains:
        folded = fold(rule, chain)
        alerts[folded.key, folded.first_row] = folded
    settled = [hit for chain in chains for hit in chain if hit.moment <= final]
    still_open = [
        hit
        for chain in group(settled, gap)
        for hit in chain
        if not faults.forget_open and chain[-1].moment + gap > final
    ]
    reach = lookback_of(worlds[0])
    keep_after = -EVER if reach >= EVER else final - reach + faults.short
    kept = {
        name: [row for row in rows if (moment := exact(row[times[name]])) is not None and moment > keep_after]
        for name, rows in working.items()
    }
    open_now = sum(1 for chain in group(settled, gap) if chain[-1].moment + gap > final)
    return State(kept, final, still_open, alerts, late, state.open_when_cut + open_now, outcome)


def run_chain(
    rule: Rule,
    static: Data,
    cuts: list[Cut],
    *,
    lateness: int = 0,
    faults: Faults | None = None,
    params: dict[str, Any] | None = None,
) -> State:
    """All runs, one after the other; ``static`` holds what does not come in batches."""
    state = State()
    for cut in cuts:
        state = step(rule, static, state, cut, lateness, faults or Faults(), params)
    return state


def alerts_of(state: State) -> list[Episode]:
    return sorted(state.alerts.values(), key=lambda alert: (alert.first_at, repr(alert.key), alert.first_row))


class _World(World):
    """A world whose ``std`` may be broken."""

    def __init__(self, rule: Rule, data: Data, params: dict[str, Any], *, unknown_in: bool, faults: Faults) -> None:
        super().__init__(rule, data, params, unknown_in=unknown_in)
        self.running = RunningStd() if faults.float_std else None


class RunningStd:
    """Float sums that are added to and evicted from: what they say depends on what they saw before."""

    def __init__(self) -> None:
        self.windows: dict[Any, dict[str, float]] = {}
        self.sums: dict[Any, tuple[float, float]] = {}

    def __call__(self, key: Any, rows: list[Any], values: list[Any]) -> Any:
        known = measures._whole(values)
        if known is None:
            return None
        window = {row.id: float(value) for row, value in zip(rows, values, strict=True)}
        old, (total, squares) = self.windows.get(key, {}), self.sums.get(key, (0.0, 0.0))
        for name in [name for name in old if name not in window]:
            total, squares = total - old[name], squares - old[name] ** 2
        for name in [name for name in window if name not in old]:
            total, squares = total + window[name], squares + window[name] ** 2
        self.windows[key], self.sums[key] = window, (total, squares)
        count = len(known)
        if count < 2:
            return EMPTY
        return math.sqrt(max(0.0, (squares - total * total / count) / (count - 1)))


__all__ = ["IDS", "Cut", "Faults", "State", "alerts_of", "is_register", "run_chain", "step"]
