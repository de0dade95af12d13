"""A rule as a page: what it looks for, how, with which values, and what speaks against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redflags.explain.alert import reference_words
from redflags.explain.page import Block, Column, Grid, Heading, Items, Page, Pairs, Para, Title
from redflags.explain.words import how_measured, human
from redflags.rules.model import Aggregate, Operator
from redflags.rules.params import default_params, read_value, show_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from redflags.rules.load import RuleBook, RuleFile
    from redflags.rules.model import Rule, View
    from redflags.rules.profiles import Profile

__all__ = ["rule_page"]


def rule_page(book: RuleBook, file: RuleFile, profile: Profile | None = None) -> Page:
    """The page of one rule.

    Args:
        book: Its book, for the titles of sources and typologies.
        file: The rule.
        profile: Whose parameter values are shown beside the defaults.
    """
    return Page(tuple(_blocks(book, file, profile)))


def _blocks(book: RuleBook, file: RuleFile, profile: Profile | None) -> Iterator[Block]:
    rule = file.rule
    yield Title(rule.title)
    yield Pairs((
        ("Rule", f"{rule.id}, version {rule.version}"),
        ("Family", file.family),
        ("Status", f"{rule.status}, {rule.kind}; review due {rule.review_due}"),
        ("Severity", rule.severity),
        ("Subject", human(rule.detect.subject_kind)),
        ("Indicators", ", ".join(rule.covers) or "none"),
        ("Typologies", ", ".join(_typology(book, name) for name in rule.typologies) or "none"),
    ))  # fmt: skip
    yield Para(" ".join(rule.description.split()))
    yield from _judged(rule)
    yield from _facts(rule)
    yield from _measured(rule)
    yield from _params(rule, profile)
    yield from _alert(rule)
    yield Heading("Innocent readings")
    heads = (Column("who"), Column("how to tell"), Column("what to do"))
    yield Grid(heads, tuple((item.who, item.tell, item.treat) for item in rule.false_positives))
    yield Heading("Blind spots")
    yield Items(rule.blind_spots)
    yield Heading("Proportionality")
    yield Para(" ".join(rule.proportionality.split()))
    yield from _safeguards(book, file)
    yield from _needs(file)
    yield Heading("Sources")
    yield Items(tuple(reference_words(book, reference) for reference in rule.references))


def _typology(book: RuleBook, name: str) -> str:
    return book.typologies[name].title if name in book.typologies else human(name)


def _judged(rule: Rule) -> Iterator[Block]:
    detect = rule.detect
    yield Heading("Which rows are judged")
    pairs = [("Stream", ", ".join(detect.sources))]
    pairs += [("Repeated for", f"{name}: {call}") for name, call in detect.each.items()]
    if detect.where is not None:
        pairs.append(("Where", _flat(detect.where)))
    if rule.scope.segments:
        pairs.append(("Segments", ", ".join(rule.scope.segments)))
    if rule.scope.products:
        pairs.append(("Products", ", ".join(rule.scope.products)))
    pairs.append(("Key", ", ".join(detect.keys) or "everyone"))
    yield Pairs(tuple(pairs))


def _facts(rule: Rule) -> Iterator[Block]:
    yield Heading("Facts")
    heads = (
        Column("fact", code=True), Column("kind"), Column("points", right=True), Column("true if", code=True),
        Column("what the alert says", extra=True),
    )  # fmt: skip
    yield Grid(heads, tuple(
        (name, human(fact.is_), str(fact.points), _flat(fact.if_), _flat(fact.because or human(name)))
        for name, fact in rule.detect.facts.items()
    ))  # fmt: skip
    yield Pairs((("Fires when", _flat(rule.detect.when)),))


def _measured(rule: Rule) -> Iterator[Block]:
    views = [
        ("", rule.detect),
        *((name, view) for name, view in rule.with_.items() if not isinstance(view, Operator)),
    ]
    operators = [(name, view.name) for name, view in rule.with_.items() if isinstance(view, Operator)]
    named = [(f"{place}.{name}" if place else name, spec) for place, view in views for name, spec in _let(view)]
    if named or rule.with_:
        yield Heading("Names")
    # Parameters stay as names here: their values have a table of their own.
    no_values: Mapping[str, str] = {}
    rows = tuple(
        (name, how_measured(spec, no_values) if isinstance(spec, Aggregate) else _flat(spec), _marks(spec))
        for name, spec in named
    )
    if rows:
        yield Grid((Column("name", code=True), Column("is"), Column("note", extra=True)), rows)
    about = tuple(
        f"{name}: rows of {', '.join(view.sources)}" + (f" where {_flat(view.where)}" if view.where else "")
        for name, view in views
        if name
    )
    about += tuple(f"{name}: made by the operator {made}" for name, made in operators)
    if about:
        yield Items(about)


def _let(view: View) -> Iterator[tuple[str, Aggregate | str]]:
    yield from view.let.items()


def _marks(spec: Aggregate | str) -> str:
    if not isinstance(spec, Aggregate):
        return ""
    notes = ["only with a complete window"] if spec.complete else []
    notes += (
        [f"matched by {', '.join(f'{theirs} = {ours}' for theirs, ours in spec.match.items())}"] if spec.match else []
    )
    notes += [f"the last row of each {spec.latest_per}"] if spec.latest_per else []
    return "; ".join(notes)


def _params(rule: Rule, profile: Profile | None) -> Iterator[Block]:
    if not rule.params:
        return
    yield Heading("Parameters")
    own = {} if profile is None else profile.values_of(rule.id)
    heads = [Column("name", code=True), Column("default", right=True)]
    heads += [Column(f"in {profile.name}", right=True)] if profile is not None and own else []
    heads += [Column("least", right=True), Column("most", right=True), Column("why")]
    defaults = default_params(rule)
    rows = []
    for name, spec in rule.params.items():
        shown = [show_value(spec.type, defaults[name])]
        if own:
            shown.append(show_value(spec.type, read_value(spec.type, own[name])) if name in own else "")
        shown += [
            "" if raw is None else show_value(spec.type, read_value(spec.type, raw)) for raw in (spec.min, spec.max)
        ]
        rows.append((f"${name}", *shown, _flat(spec.why)))
    yield Grid(tuple(heads), tuple(rows))


def _alert(rule: Rule) -> Iterator[Block]:
    yield Heading("The alert")
    yield Pairs((
        ("Base score", str(rule.alert.score)),
        ("One story while", f"hits are at most {rule.alert.gap} apart"),
        ("Rationale", _flat(rule.alert.rationale)),
    ))  # fmt: skip
    yield Items(rule.alert.next_steps, numbered=True)


def _safeguards(book: RuleBook, file: RuleFile) -> Iterator[Block]:
    if not file.policies and not file.rule.safeguards:
        return
    yield Heading("Safeguards")
    lines = tuple(f"{name}: {book.policies[name].title} ({book.policies[name].then.action})" for name in file.policies)
    lines += tuple(
        f"{waiver.waive}: waived, because {waiver.reason} (approved by {waiver.approved_by})"
        for waiver in file.rule.safeguards
    )
    yield Items(lines)


def _needs(file: RuleFile) -> Iterator[Block]:
    tables: dict[str, set[str]] = {}
    for read in file.reads:
        tables.setdefault(read.table, set())
        if read.column is not None:
            tables[read.table].add(read.column)
    yield Heading("What it reads")
    rows = tuple((table, ", ".join(sorted(columns)) or "its rows") for table, columns in sorted(tables.items()))
    yield Grid((Column("table", code=True), Column("columns")), rows)


def _flat(text: str) -> str:
    return " ".join(str(text).split())
