"""Why a rule did not fire for a subject, fact by fact, on the row that came nearest."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from redflags.explain.page import Block, Column, Grid, Heading, Items, Page, Pairs, Para, Title, Tone
from redflags.explain.words import human, moment_words, op_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redflags.engine.whynot import FactView, WhyNot
    from redflags.ingest.dataset import Dataset
    from redflags.results.run import Run
    from redflags.rules.load import RuleBook, RuleFile

__all__ = ["why_not_in", "whynot_page"]

_MARKS: Final[dict[bool | None, tuple[str, Tone]]] = {
    True: ("yes", "good"), False: ("no", "bad"), None: ("unknown", "warn"),
}  # fmt: skip
_OUTCOMES: Final[dict[str, tuple[str, Tone]]] = {
    "fired": ("FIRED", "bad"), "not fired": ("DID NOT FIRE", "good"),
    "not evaluable": ("COULD NOT BE JUDGED", "warn"), "no rows": ("NOTHING TO JUDGE", "plain"),
}  # fmt: skip


def why_not_in(run: Run, book: RuleBook, dataset: Dataset, rule_id: str, subject_id: str) -> Page:
    """Ask one rule about one subject again, as of a run, and tell what came of it.

    Args:
        run: The run, for its profile and clock.
        book: The rule book.
        dataset: The run's data.
        rule_id: The rule.
        subject_id: Whom to look at, as alerts name it.

    Raises:
        UsageError: When there is no such rule.
    """
    from redflags.engine.outcome import Clock
    from redflags.engine.whynot import why_not
    from redflags.plan.book import bind_book
    from redflags.results.when import as_micros

    file = book[rule_id]
    told = run.manifest["clock"]
    upto, final = as_micros(told["upto"]), as_micros(told["final"])
    covers = as_micros(run.manifest["data"]["covers_from"])
    profile = run.manifest["rules"]["profile"]
    bound = bind_book(book, profile=profile, only=[rule_id], tables=dataset.tables)
    found = why_not(dataset, bound, rule_id, subject_id, Clock(None, upto, final, covers))
    keeper = _keeper(run, book, file, subject_id) if found.outcome == "fired" else None
    if keeper is not None:
        # Who may not read the reasons off the alert may not have them worked out again either.
        found = replace(found, facts=(), reasons=(f"the reasons are kept for cleared reviewers (policy {keeper})",))
    return whynot_page(found, file, dataset.timezone)


def _keeper(run: Run, book: RuleBook, file: RuleFile, subject_id: str) -> str | None:
    """The policy that keeps the reasons of what this rule says of the subject.

    Where the run itself does not hold the alert (an earlier one does), nobody can tell whether the policy was
    met, so a rule that takes such a policy keeps them.
    """
    own = [policy for name in file.policies if (policy := book.policies[name]).then.action == "redact"]
    frames = (run.alerts, run.suppressed)
    told = [
        {policy["id"] for policy in alert["policies"] if policy["action"] == "redact"}
        for frame in frames
        for alert in frame.filter((frame["rule_id"] == file.id) & (frame["subject_id"] == subject_id)).iter_rows(
            named=True
        )
    ]
    kept = sorted(set().union(*told)) if told else [policy.id for policy in own]
    return kept[0] if kept else None


def whynot_page(found: WhyNot, file: RuleFile, zone: str = "UTC") -> Page:
    """The page of one answer."""
    return Page(tuple(_blocks(found, file, zone)))


def _blocks(found: WhyNot, file: RuleFile, zone: str) -> Iterator[Block]:
    mark, tone = _OUTCOMES.get(found.outcome, (found.outcome.upper(), "plain"))
    yield Title(file.rule.title, mark, tone)
    subject = f"{human(file.rule.detect.subject_kind)} {found.subject_id}"
    pairs = [("Subject", subject), ("Rule", f"{found.rule_id}, version {file.rule.version}")]
    pairs.append(("Rows judged", f"{found.rows:,}"))
    if found.row_id is not None and found.at is not None:
        at = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=found.at)
        word = "the latest hit" if found.outcome == "fired" else "nearest to firing"
        pairs.append(("Row shown", f"{found.row_id}, {moment_words(at, zone, with_zone=True)} ({word})"))
    pairs.append(("Fires when", found.when))
    yield Pairs(tuple(pairs))
    if found.reasons:
        yield Heading("In short")
        yield Items(found.reasons)
    deciding = tuple(fact for fact in found.facts if fact.deciding)
    others = tuple(fact for fact in found.facts if not fact.deciding)
    for title, facts in (("Fact by fact", deciding), ("Facts that only add points", others)):
        if facts:
            yield Heading(title)
            yield Items(
                tuple(_told(fact) for fact in facts),
                marks=tuple(_MARKS[fact.truth] for fact in facts),
            )
            yield from _values(facts)
    if found.outcome == "not fired":
        yield Para(
            "That a rule did not fire says only that its pattern was not seen in this data up to the end of the run.",
            "quiet",
        )
    if not found.rows and not found.facts:
        yield Heading("What the rule looks at")
        yield Para(" ".join(file.rule.description.split()))


def _told(fact: FactView) -> str:
    said = f": {fact.sentence}" if fact.truth is True else ""
    return f"{human(fact.name)} [{human(fact.kind)}]{said}"


def _values(facts: tuple[FactView, ...]) -> Iterator[Block]:
    """Every comparison of the facts: what was seen, and what it would have to be."""
    rows: list[tuple[str, ...]] = []
    tones: list[Tone] = []
    for fact in facts:
        for item in fact.comparisons:
            rows.append(
                (
                    human(fact.name),
                    item.text,
                    item.value,
                    f"{op_words(item.op)} {item.limit}".strip(),
                    _MARKS[item.holds][0],
                ),
            )
            tones.append("plain" if item.holds is True else "strong")
    if rows:
        heads = (
            Column("fact"),
            Column("what"),
            Column("value", right=True),
            Column("has to be", right=True),
            Column("holds"),
        )
        yield Grid(heads, tuple(rows), tuple(tones))
