"""The comparisons inside a fact's condition, with their words: what observed values and counterfactuals are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from redflags.expr.nodes import COMPARISONS, Between, Binary, Expr, Name, Unary, conjuncts, walk
from redflags.expr.parser import parse
from redflags.expr.values import MIRROR
from redflags.plan.nodes import MeasureRef

if TYPE_CHECKING:
    from redflags.plan.bind import BoundFact, BoundRule
    from redflags.plan.nodes import Measure

_TURNED = {">=": "below", ">": "at most", "<": "at least", "<=": "above", "=": "other than", "<>": "equal to"}


@dataclass(frozen=True)
class Comparison:
    """``left op right`` as it stands in a fact.

    Attributes:
        needed: it stands in the top-level conjunction, so that the fact is false without it.
        left_text: words of the left side; names with blanks in place of underscores.
    """

    op: str
    left: Expr
    right: Expr
    left_text: str
    right_text: str
    needed: bool

    @property
    def measure(self) -> Measure | None:
        """The one measure on the left, where there is just one."""
        found = {node.measure for node in walk(self.left) if isinstance(node, MeasureRef)}
        return found.pop() if len(found) == 1 else None

    @property
    def turned(self) -> str:
        """Words for the limit's other side: ``below``, ``at most``, ..."""
        return _TURNED[self.op]


def comparisons(bound: BoundRule, fact: BoundFact) -> list[Comparison]:
    """The comparisons of a fact in the order of its text; those inside names of ``let`` count as one condition.

    The resolved condition has the shape of the written one, except that names stand for what they mean; both are walked side
    by side, so that each comparison keeps its words.
    """
    text = bound.rule.detect.facts[fact.name].if_
    written = parse(text)
    top = {id(part) for part in conjuncts(written)}
    found: list[Comparison] = []

    def visit(raw: Expr, resolved: Expr) -> None:
        if type(raw) is not type(resolved):
            return  # a name of let, or a parameter: one condition
        if isinstance(raw, Binary) and isinstance(resolved, Binary):
            if raw.op in COMPARISONS:
                found.append(_made(raw, resolved, text, needed=id(raw) in top))
                return
            visit(raw.left, resolved.left)
            visit(raw.right, resolved.right)
        elif isinstance(raw, Unary) and isinstance(resolved, Unary):
            visit(raw.operand, resolved.operand)
        elif isinstance(raw, Between) and isinstance(resolved, Between) and not raw.negated:
            needed = id(raw) in top
            for op, side, other in ((">=", raw.low, resolved.low), ("<=", raw.high, resolved.high)):
                found.append(
                    Comparison(
                        op,
                        resolved.operand,
                        other,
                        _words(raw.operand, text),
                        _words(side, text),
                        needed,
                    )
                )

    visit(written, fact.condition)
    return found


def _made(raw: Binary, resolved: Binary, text: str, *, needed: bool) -> Comparison:
    """A comparison with what varies on the left."""
    left, right, op = resolved.left, resolved.right, raw.op
    left_raw, right_raw = raw.left, raw.right
    if not _varies(left) and _varies(right):
        left, right, left_raw, right_raw, op = right, left, right_raw, left_raw, MIRROR[op]
    return Comparison(op, left, right, _words(left_raw, text), _words(right_raw, text), needed)


def _varies(node: Expr) -> bool:
    return any(isinstance(part, Name | MeasureRef) for part in walk(node))


def _words(node: Expr, text: str) -> str:
    """The written words of a node, with the brackets that its precedence needs."""
    words = " ".join(text[node.start : node.end].split())
    if words.count("(") > words.count(")"):
        words += ")"
    elif words.count(")") > words.count("("):
        words = "(" + words
    return words
