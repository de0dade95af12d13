"""Which rules must be judged before which: a rule that reads hits comes after the rules whose hits it reads."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from redflags.errors import UsageError
from redflags.expr.nodes import Call, Text, walk
from redflags.plan.nodes import Derived, Each, Held, frame_expressions, inner_expressions, measures, parents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redflags.expr.nodes import Expr
    from redflags.plan.bind import BoundRule
    from redflags.plan.book import BoundBook
    from redflags.plan.nodes import Frame


def strata(book: BoundBook) -> list[list[int]]:
    """Positions of the rules of a book in layers: every layer reads hits of earlier ones only.

    Raises:
        UsageError: rules that read each other's hits, named in the order of the circle.
    """
    from redflags.operators.hits import reads

    needs: dict[int, set[int]] = {}
    for number, bound in enumerate(book.rules):
        nodes = list(hits_read(bound))
        needs[number] = {
            other for other, rule in enumerate(book.rules)
            if any(reads(node, rule.id, rule.family) for node in nodes)
        }  # fmt: skip
    sorter = TopologicalSorter(needs)
    try:
        sorter.prepare()
    except CycleError as error:
        circle = " -> ".join(book.rules[number].id for number in error.args[1])
        raise UsageError(f"these rules read each other's hits: {circle}") from None
    layers: list[list[int]] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        layers.append(ready)
        sorter.done(*ready)
    return layers or [[]]


def hits_read(bound: BoundRule) -> Iterator[Derived]:
    """The ``hits`` streams that a rule reads: through views, unions, measures and registers made of them."""
    seen: set[Frame] = set()
    frames: list[Frame] = [bound.frame]
    exprs = [*(fact.condition for fact in bound.facts), *bound.lets.values(), *bound.key, *bound.subject]
    if bound.where is not None:
        exprs.append(bound.where)
    while frames or exprs:
        while exprs:
            expr = exprs.pop()
            frames += [bound.registers[name] for name in _asked(expr) if name in bound.registers]
            for measure in measures(expr):
                frames.append(measure.source.frame)
                exprs += [*measure.frame_key, *inner_expressions(measure)]
        if not frames:
            break
        frame = frames.pop()
        if frame in seen:
            continue
        seen.add(frame)
        if isinstance(frame, Derived) and frame.operator == "hits":
            yield frame
        if isinstance(frame, Each | Held) and frame.register in bound.registers:
            frames.append(bound.registers[frame.register])
        frames += parents(frame)
        exprs += frame_expressions(frame)


def _asked(expr: Expr) -> Iterator[str]:
    """The registers that an expression looks something up in, by name."""
    for node in walk(expr):
        if isinstance(node, Call) and node.name in {"listed", "value_of"} and isinstance(node.args[0], Text):
            yield node.args[0].value.partition(".")[0]
