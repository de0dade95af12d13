"""How far a rule reads right of a row (its judgement waits) and left of it (what a later run must keep)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redflags.expr.nodes import Name, walk
from redflags.expr.parser import parse
from redflags.rules.model import Aggregate
from tests.reference.measures import key_names, window_edges

if TYPE_CHECKING:
    from tests.reference.streams import Stream, World

EVER = 2**62


class Reach:
    """Left and right reach of names, streams and the whole rule, by walking everything that they read."""

    def __init__(self, world: World) -> None:
        self.world = world

    def expression(self, text: str | None, stream: Stream) -> tuple[int, int]:
        if text is None or text == "rows":
            return 0, 0
        names = {node.parts for node in walk(parse(text)) if isinstance(node, Name)}
        return _most([self.name(parts[0], stream) for parts in names if len(parts) == 1])

    def name(self, name: str, stream: Stream) -> tuple[int, int]:
        if name == "judged" and stream.view is not None:
            return self.expression(stream.view.where, stream)
        if stream.view is None:
            return 0, 0
        if name in stream.view.let:
            let = stream.view.let[name]
            return self.aggregate(let, stream) if isinstance(let, Aggregate) else self.expression(let, stream)
        return _most([self.name(name, source) for source in stream.sources])

    def aggregate(self, agg: Aggregate, stream: Stream) -> tuple[int, int]:
        source = stream if agg.from_ is None else self.world.stream(agg.from_)
        texts = [agg.value, agg.where, agg.of, agg.weight, *agg.match]
        for names in (agg.by, agg.latest_per):
            texts += [names] if isinstance(names, str) else list(names or ())
        inner = [self.expression(text, source) for text in texts]
        own_filter = agg.from_ is None and agg.where is not None
        inner.append(_most([self.rows(s) for s in source.sources]) if own_filter else self.rows(source))
        inside = _most(inner)
        left, right, _ = window_edges(self.world, agg)
        reach = EVER if left is None else -left
        if agg.op == "divergence":
            reach += self.world.duration(agg.baseline) or 0
        mine = [(max(0, reach + inside[0]), max(0, right + inside[1]))]
        mine += [self.expression(text, stream) for text in agg.match.values()]
        for text in key_names(self.world, stream, agg):
            mine += [self.expression(text, stream), (reach, right + self.expression(text, source)[1])]
        return _most(mine)

    def rows(self, stream: Stream) -> tuple[int, int]:
        """Which rows the stream has."""
        if stream.view is None:
            return 0, 0
        moved = (EVER, 0) if stream.view.at is not None else (0, 0)
        return _most([moved, self.expression(stream.view.where, stream), *(self.rows(s) for s in stream.sources)])

    def rule(self) -> tuple[int, int]:
        detect, stream = self.world.rule.detect, self.world.judged
        names = [self.name(name, stream) for name in detect.let]
        read = [self.rows(stream), *(self.expression(fact.if_, stream) for fact in detect.facts.values())]
        return _most([*read, *names])[0], _most(read)[1]


def _most(reaches: list[tuple[int, int]]) -> tuple[int, int]:
    return max((left for left, _ in reaches), default=0), max((right for _, right in reaches), default=0)


def delay_of(world: World) -> int:
    """How long after a row the rule judges it."""
    return Reach(world).rule()[1]


def lookback_of(world: World) -> int:
    """How far before a judged moment the rule may read; ``EVER`` or more where there is no limit."""
    left, right = Reach(world).rule()
    return left + right
