"""Follows every expression of one rule, once, and holds what was found: names, reads, bases of facts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from redflags.errors import did_you_mean
from redflags.expr.lexer import KEYWORDS, ExprError
from redflags.expr.nodes import Name
from redflags.expr.parser import parse
from redflags.plan.template import FORMATS, SLOT
from redflags.rules.facts import FactFormula
from redflags.rules.model import Aggregate, Operator, View, as_names
from redflags.rules.names import Namer
from redflags.rules.safeguards import (
    FactView,
    Vacuity,
    check_complete,
    check_kinds,
    check_second_fact,
    ways_of,
)
from redflags.rules.scopes import NOTHING, ROWS, Basis, Read, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from redflags.rules.faults import Found, Path
    from redflags.rules.model import Rule
    from redflags.tables import Dictionary

_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True)
class Surroundings:
    """What a rule stands in: tables, shared streams and the lists that exist."""

    dictionary: Dictionary
    streams: Mapping[str, View | Operator] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Analysis:
    """What a rule was found to rest on.

    Attributes:
        reads: Every column and register it reads, through views, aggregates, registers and keys.
        formula: Its condition; None where that cannot be read.
        facts: What each fact rests on.
        streams: Streams it uses, by name.
    """

    reads: frozenset[Read]
    formula: FactFormula | None
    facts: Mapping[str, FactView]
    streams: frozenset[str]


def analyse(rule: Rule, found: Found, around: Surroundings, *, proofs: bool = True, params: bool = True) -> Analysis:
    """Follow every name of a rule, telling what is not there, and prove what has to hold.

    Args:
        rule: The rule.
        found: Where faults go.
        around: Tables, shared streams and lists.
        proofs: Whether the rule is whole, so that proofs over it mean something.
        params: Whether its parameters could be read.
    """

    def report(path: Path, code: str, message: str, hint: str = "", offset: int = 0) -> None:
        if code == "EXPR-PARAM" and not params:
            return
        found.at(path, code, message, hint, offset=offset)

    namer = Namer(around.dictionary, rule.with_, around.streams, around.lists, rule.params, report)
    total = NOTHING
    for name in rule.with_:
        total |= _view(namer, namer.scope(name, ("with", name)))
    scope = namer.view(rule.detect, ("detect",))
    total |= _view(namer, scope)
    total |= _subject(namer, scope, rule)
    bases: dict[str, Basis] = {}
    before = len(found.faults)
    for name, fact in rule.detect.facts.items():
        bases[name] = namer.text(scope, ("detect", "facts", name, "if"), fact.if_)
        total |= bases[name]
    clean = len(found.faults) == before
    _identifiers(found, rule)
    formula = _when(found, rule)
    if formula is not None:
        namer.used_params |= formula.params
        for name in sorted(formula.params - set(rule.params)) if params else ():
            found.at(
                ("detect", "when"),
                "EXPR-PARAM",
                f"unknown parameter ${name}",
                did_you_mean(name, rule.params),
            )
    _templates(found, rule, namer, scope, params=params)
    where = namer.where(scope)
    check_kinds(found, rule, bases, where)
    readable = _readable(rule)
    facts = _facts(rule, namer, scope, bases, where, readable=readable)
    whole = formula is not None and formula.facts <= rule.detect.facts.keys() and formula.params <= rule.params.keys()
    if proofs and clean and whole and formula is not None and readable:
        ways = ways_of(found, rule, formula)
        if ways is not None:
            check_second_fact(found, ways, facts, where)
            check_complete(found, rule, formula, ways, namer, scope)
    if proofs:
        for name in rule.params:
            if name not in namer.used_params and not _mentioned(rule, name):
                found.at(("params", name), "PARAM-UNUSED", f"${name} is never used", "leave it out", key=True)
    reads = frozenset(read for read in total.everything if read.klass != ROWS)
    return Analysis(reads, formula, facts, frozenset(namer.used_streams))


def check_streams(streams: Mapping[str, View | Operator], found: Found, around: Surroundings, prefix: Path) -> None:
    """Follow the shared streams of one file, for its own faults."""

    def report(path: Path, code: str, message: str, hint: str = "", offset: int = 0) -> None:
        found.at((*prefix, *path[1:]), code, message, hint, offset=offset)

    others = {name: view for name, view in around.streams.items() if name not in streams}
    namer = Namer(around.dictionary, streams, others, around.lists, None, report)
    for name in streams:
        _view(namer, namer.scope(name, ("with", name)))


def _view(namer: Namer, scope: Scope) -> Basis:
    """Everything that a view, and what it stands on, reads."""
    total = namer.where(scope)
    view = scope.view
    if view is not None:
        for name in view.let:
            total |= namer.let(scope, name)
        if view.at is not None:
            total |= namer.text(scope, (*scope.path, "at"), view.at)
        for place, name in enumerate(as_names(view.key or ())):
            path: Path = (*scope.path, "key") if isinstance(view.key, str) else (*scope.path, "key", place)
            total |= namer.text(scope, path, name)
    for parent in scope.parents:
        total |= _view(namer, parent)
    return total


def _subject(namer: Namer, scope: Scope, rule: Rule) -> Basis:
    subject = rule.detect.subject
    if isinstance(subject, str):
        return namer.text(scope, ("detect", "subject"), subject)
    total = NOTHING
    for part, names in (("key", as_names(subject.key)), ("parties", subject.parties)):
        for place, name in enumerate(names):
            single = part == "key" and isinstance(subject.key, str)
            path: Path = ("detect", "subject", part) if single else ("detect", "subject", part, place)
            total |= namer.text(scope, path, name)
    return total


def _identifiers(found: Found, rule: Rule) -> None:
    """Names that a rule gives can be written in expressions."""
    places: list[tuple[Path, list[str]]] = [
        (("params",), list(rule.params)),
        (("with",), list(rule.with_)),
        (("detect", "let"), list(rule.detect.let)),
        (("detect", "facts"), list(rule.detect.facts)),
    ]
    places += [(("with", name, "let"), list(view.let)) for name, view in rule.with_.items() if isinstance(view, View)]
    for path, names in places:
        for name in names:
            if name in KEYWORDS or name == "judged":
                found.at(
                    (*path, name),
                    "NAME-FORM",
                    f"'{name}' is a word of the language",
                    "choose another",
                    key=True,
                )
            elif _IDENTIFIER.fullmatch(name) is None:
                found.at((*path, name), "NAME-FORM", f"'{name}' cannot be a name",
                         "lower-case letters, digits and _", key=True)  # fmt: skip


def _when(found: Found, rule: Rule) -> FactFormula | None:
    path: Path = ("detect", "when")
    facts = rule.detect.facts
    try:
        formula = FactFormula.read(rule.detect.when, {name: fact.points for name, fact in facts.items()})
    except ExprError as error:
        found.at(path, error.code, error.message, error.hint, offset=error.offset)
        return None
    for item in formula.names():
        if item.name not in facts:
            hint = did_you_mean(item.name, facts) or f"facts: {', '.join(facts)}"
            found.at(path, "EXPR-NAME", f"'{item.name}' is not a fact of this rule", hint, offset=item.offset)
    for name, fact in facts.items():
        if name not in formula.facts and not fact.points:
            found.at(
                ("detect", "facts", name),
                "FACT-UNUSED",
                f"'{name}' stands outside 'when' and has no points",
                "give it points, or join it",
                key=True,
            )
        if fact.because is None:
            found.at(("detect", "facts", name), "FACT-BECAUSE", f"'{name}' has no sentence",
                     'because: "..." says what is true, with {names} in it', key=True)  # fmt: skip
    return formula


def _facts(
    rule: Rule, namer: Namer, scope: Scope, bases: Mapping[str, Basis], where: Basis, *, readable: bool
) -> dict[str, FactView]:
    vacuity = Vacuity(rule, namer)
    views: dict[str, FactView] = {}
    for name, fact in rule.detect.facts.items():
        tree = namer.tree(("detect", "facts", name, "if"), fact.if_)
        basis = bases.get(name, NOTHING)
        vacuous = tree is not None and readable and vacuity.is_vacuous(scope, tree)
        views[name] = FactView(name, fact.is_, basis if basis.reads else where, vacuous)
    return views


def _readable(rule: Rule) -> bool:
    """Whether the parameters can be read at all; where not, that is told elsewhere."""
    from redflags.rules.params import spec_faults

    return not any(code == "PARAM-TYPE" for spec in rule.params.values() for _, code, _, _ in spec_faults(spec))


# ---- sentences -----------------------------------------------------------------------------------


def template_fields(text: str) -> Iterator[tuple[int, str, str]]:
    """The fields of a sentence: (offset, name, format).

    Example:
        >>> list(template_fields("{total|money} in {$window}"))
        [(1, 'total', 'money'), (18, '$window', '')]
    """
    for match in SLOT.finditer(text):
        name, _, form = match.group(1).partition("|")
        yield match.start(1), name.strip(), form.strip()


def _templates(found: Found, rule: Rule, namer: Namer, scope: Scope, *, params: bool) -> None:
    texts: list[tuple[Path, str]] = [(("alert", "rationale"), rule.alert.rationale)]
    texts += [
        (("detect", "facts", name, "because"), fact.because)
        for name, fact in rule.detect.facts.items() if fact.because is not None
    ]  # fmt: skip
    for path, text in texts:
        plain = SLOT.sub(lambda match: " " * len(match.group()), text)
        alone = [place for place, letter in enumerate(plain) if letter in "{}"]
        if alone:
            found.at(path, "TEMPLATE", "a brace without its other half", "{name} or {name|format}", offset=alone[0])
        for offset, name, form in template_fields(text):
            if form and form not in FORMATS:
                hint = did_you_mean(form, FORMATS) or f"one of {', '.join(FORMATS)}"
                found.at(path, "TEMPLATE", f"unknown format '{form}'", hint, offset=offset)
            if name.startswith("$"):
                if params and name[1:] not in rule.params:
                    hint = did_you_mean(name[1:], rule.params)
                    found.at(path, "EXPR-PARAM", f"unknown parameter {name}", hint, offset=offset)
                continue
            _template_name(found, namer, scope, path, offset=offset, name=name)


def _template_name(found: Found, namer: Namer, scope: Scope, path: Path, *, offset: int, name: str) -> None:
    try:
        node = parse(name)
    except ExprError:
        node = None
    if not isinstance(node, Name):
        found.at(path, "TEMPLATE", f"'{{{name}}}' is not a name", "give the value a name under let:", offset=offset)
        return
    known = len(found.faults)
    namer.follow(scope, path, node)
    fresh = found.faults[known:]
    del found.faults[known:]
    for fault in fresh:
        found.at(path, fault.code, fault.message, fault.hint, offset=offset)


def _mentioned(rule: Rule, name: str) -> bool:
    """Whether a parameter is used where no expression stands: in a duration, an operator or a sentence."""
    word = re.compile(rf"\${name}\b")
    texts = [
        rule.alert.gap,
        rule.alert.rationale,
        *(fact.because or "" for fact in rule.detect.facts.values()),
    ]
    texts += [repr(stream.model_extra) for stream in rule.with_.values() if isinstance(stream, Operator)]
    return any(word.search(text) for text in texts)


def durations(rule: Rule) -> Iterator[tuple[Path, str]]:
    """Every place of a rule where a duration stands."""
    yield ("alert", "gap"), rule.alert.gap
    views: list[tuple[Path, View]] = [(("detect",), rule.detect)]
    views += [(("with", name), view) for name, view in rule.with_.items() if isinstance(view, View)]
    for path, view in views:
        for name, spec in view.let.items():
            if not isinstance(spec, Aggregate):
                continue
            for part, none in (("within", "ever"), ("before", "now"), ("after", ""), ("baseline", "")):
                text = getattr(spec, part)
                if text is not None and text != none and not str(text).endswith((" period", " periods")):
                    yield (*path, "let", name, part), str(text)
