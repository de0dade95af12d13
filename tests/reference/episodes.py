"""Hits folded to episodes, and a chain of batches that must come to the same episodes as one whole run."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from redflags.units import parse_duration
from tests.reference.evaluate import Hit, bind

if TYPE_CHECKING:
    from redflags.rules.model import Rule


@dataclass(frozen=True)
class Episode:
    """A maximal run of hits of one key, each at most ``gap`` after the last."""

    key: tuple[Any, ...]
    first_row: str
    first_at: int
    last_at: int
    hits: int
    score: int
    facts: frozenset[str]
    peak_row: str
    observed: tuple[tuple[str, Any], ...]
    rows: tuple[str, ...]


def gap_of(rule: Rule, params: dict[str, Any] | None = None) -> int:
    text = rule.alert.gap
    return int(bind(rule, params)[text[1:]]) if text.startswith("$") else parse_duration(text)


def group(hits: list[Hit] | tuple[Hit, ...], gap: int) -> list[list[Hit]]:
    """The hits of each episode, in order."""
    found: list[list[Hit]] = []
    by_key = sorted(hits, key=lambda hit: (repr(hit.key), hit.place))
    for _, same in itertools.groupby(by_key, key=lambda hit: repr(hit.key)):
        chain: list[Hit] = []
        for hit in same:
            if chain and hit.moment - chain[-1].moment > gap:
                found.append(chain)
                chain = []
            chain.append(hit)
        found.append(chain)
    return found


def fold(rule: Rule, chain: list[Hit]) -> Episode:
    """One episode of its hits."""
    facts = frozenset(name for hit in chain for name, truth in hit.facts.items() if truth is True)
    points = sum(rule.detect.facts[name].points for name in facts)
    peak = max(chain, key=lambda hit: hit.own_score)  # max keeps the earliest of equals
    return Episode(
        chain[0].key, chain[0].row_id, chain[0].moment, chain[-1].moment, len(chain),
        min(100, rule.alert.score + points), facts, peak.row_id, tuple(peak.observed.items()),
        tuple(hit.row_id for hit in chain),
    )  # fmt: skip


def episodes(rule: Rule, hits: list[Hit] | tuple[Hit, ...], params: dict[str, Any] | None = None) -> list[Episode]:
    """All episodes, ordered by first moment, then key."""
    found = [fold(rule, chain) for chain in group(hits, gap_of(rule, params))]
    return sorted(found, key=lambda episode: (episode.first_at, repr(episode.key), episode.first_row))
