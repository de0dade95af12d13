"""Lint for rules that are sound but careless: ``redflags rules check --strict``.

Each code has its reason in ``REASONS``; ``exceptions.yaml`` of the rule book may excuse a rule from one, with a reason.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pydantic import RootModel

from redflags.errors import did_you_mean
from redflags.expr import nodes as ex
from redflags.expr.lexer import ExprError
from redflags.expr.parser import parse
from redflags.resources import rules_dir, shown_path
from redflags.rules.faults import validate
from redflags.rules.model import CONTEXT_KINDS, Aggregate, Strict, View
from redflags.rules.params import weakest_params
from redflags.yamlio import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redflags.errors import Fault
    from redflags.expr.nodes import Expr
    from redflags.rules.book import RuleBook, RuleFile
    from redflags.rules.faults import Path
    from redflags.rules.model import Rule

__all__ = ["REASONS", "strict_faults"]

#: Every code, and why it is one.
REASONS: Final = {
    "LITERAL-AMOUNT": "a limit that is written into a condition cannot be tuned, and may be a law of one country",
    "LITERAL-PLACE": "lists of places change; they belong into a dated list",
    "FACT-IMPLIED": "a fact that the filter already grants is no evidence",
    "AMOUNT-ALONE": "much money is no sign by itself; severity follows evidence",
}
#: Numbers below are counts, days and shares that read well where they stand.
_LIMIT: Final = 100
_PLACE: Final = re.compile(r"[A-Z]{2}")
_EXPRESSIONS: Final = ("where", "of", "weight")
#: Which way a bound has to lie so that one comparison grants another: (this, that) -> sign.
_GRANTS: Final = {
    (">=", ">="): 1, (">", ">"): 1, (">", ">="): 1, ("<=", "<="): -1, ("<", "<"): -1, ("<", "<="): -1,
}  # fmt: skip


class Excuse(Strict):
    """Why one rule may do what strict lint refuses."""

    rule: str
    code: str
    reason: str


class _Excuses(RootModel[tuple[Excuse, ...]]):
    pass


def strict_faults(book: RuleBook) -> tuple[Fault, ...]:
    """What strict lint finds in a sound book, less what is excused; an excuse that nothing needs is a fault too."""
    found = [(file.id, fault) for file in book for fault in _rule(file)]
    path = book.path / "exceptions.yaml"
    path = path if path.is_file() else rules_dir() / "exceptions.yaml"
    document = read_yaml(path, shown_path(path))
    excuses, faults = validate(_Excuses, document, "EXCEPTION")
    faults = [*document.faults, *faults]
    excused: set[tuple[str, str]] = set()
    own = {file.id for file in book}
    for place, excuse in enumerate(excuses.root if excuses is not None else ()):
        if excuse.code not in REASONS:
            hint = did_you_mean(excuse.code, REASONS) or f"one of {', '.join(REASONS)}"
            faults.append(document.fault((place, "code"), "EXCEPTION-CODE", f"no lint is called '{excuse.code}'", hint))
        elif excuse.rule in own and not any((name, f.code) == (excuse.rule, excuse.code) for name, f in found):
            message = f"'{excuse.rule}' needs no excuse from {excuse.code}"
            faults.append(document.fault((place,), "EXCEPTION-IDLE", message, "leave it out"))
        excused.add((excuse.rule, excuse.code))
    return (*(fault for name, fault in found if (name, fault.code) not in excused), *faults)


def _rule(file: RuleFile) -> Iterator[Fault]:
    for path, text in _texts(file.rule):
        try:
            tree = parse(text)
        except ExprError:  # a duration, or what an operator reads in its own way
            continue
        for node in ex.walk(tree):
            yield from _literals(file, path, node)
    yield from _implied(file)
    yield from _by_amount(file)


def _texts(rule: Rule) -> Iterator[tuple[Path, str]]:
    """Every condition and value of a rule."""
    views: list[tuple[Path, View]] = [(("detect",), rule.detect)]
    views += [(("with", name), view) for name, view in rule.with_.items() if isinstance(view, View)]
    for path, view in views:
        if view.where is not None:
            yield (*path, "where"), view.where
        for name, spec in view.let.items():
            if isinstance(spec, Aggregate):
                yield from (((*path, "let", name, part), str(text)) for part in _EXPRESSIONS
                            if (text := getattr(spec, part)) is not None)  # fmt: skip
                if spec.value != "rows":
                    yield (*path, "let", name, spec.op), spec.value
            else:
                yield (*path, "let", name), spec
    for name, fact in rule.detect.facts.items():
        yield ("detect", "facts", name, "if"), fact.if_


def _literals(file: RuleFile, path: Path, node: Expr) -> Iterator[Fault]:
    sides = _compared(node)
    for side in sides:
        if isinstance(side, ex.Number) and abs(side.value) >= _LIMIT:
            yield file.document.fault(
                path, "LITERAL-AMOUNT", f"{side.value} is written into a condition",
                "make it a parameter with a reason, or ask threshold(...)", offset=side.start,
            )  # fmt: skip
        elif isinstance(side, ex.Text) and _PLACE.fullmatch(side.value) and any(map(_is_country, sides)):
            yield file.document.fault(
                path, "LITERAL-PLACE", f"'{side.value}' is written into a condition",
                "ask a dated list: listed('jurisdiction_lists', ...)", offset=side.start,
            )  # fmt: skip


def _compared(node: Expr) -> tuple[Expr, ...]:
    match node:
        case ex.Binary(op, left, right) if op in ex.COMPARISONS:
            return (left, right)
        case ex.Between(operand, low, high):
            return (operand, low, high)
        case ex.In(operand, items):
            return (operand, *items)
        case _:
            return ()


def _is_country(node: Expr) -> bool:
    return any(isinstance(leaf, ex.Name) and "country" in leaf.parts[-1] for leaf in ex.walk(node))


def _implied(file: RuleFile) -> Iterator[Fault]:
    """Deciding facts that are true of every judged row; a context may say once more what was filtered for."""
    detect = file.rule.detect
    if detect.where is None:
        return
    granted = ex.conjuncts(parse(detect.where))
    for name in sorted(file.formula.facts):
        if detect.facts[name].is_ in CONTEXT_KINDS:
            continue
        parts = ex.conjuncts(parse(detect.facts[name].if_))
        if all(any(_grants(given, part) for given in granted) for part in parts):
            path: Path = ("detect", "facts", name, "if")
            yield file.document.fault(
                path,
                "FACT-IMPLIED",
                f"'{name}' is true of every row that 'where' lets through",
                "leave one of them out",
            )


def _grants(given: Expr, asked: Expr) -> bool:
    """Whether a condition that holds makes another one hold."""
    if given == asked:
        return True
    if not (isinstance(given, ex.Binary) and isinstance(asked, ex.Binary) and given.left == asked.left):
        return False
    sign = _GRANTS.get((given.op, asked.op))
    low, high = asked.right, given.right
    if sign is None or not (isinstance(low, ex.Number) and isinstance(high, ex.Number)):
        return False
    return sign * (high.value - low.value) >= 0


def _by_amount(file: RuleFile) -> Iterator[Fault]:
    """Rules above the lowest severity that some way of firing rests on amounts alone."""
    rule = file.rule
    if rule.severity == "low":
        return
    for way in file.formula.ways(weakest_params(rule)):
        kinds = {rule.detect.facts[name].is_ for name in way.true} - set(CONTEXT_KINDS)
        if kinds == {"amount"}:
            yield file.document.fault(
                ("severity",), "AMOUNT-ALONE", f"{' and '.join(sorted(way.true))}: amounts alone make it {rule.severity}",
                "add a fact of another kind, or call it low",
            )  # fmt: skip
            return
