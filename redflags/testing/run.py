"""Run the cases of a rule's test file."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from redflags.errors import RedflagsError, RuleError
from redflags.plan.bind import bind_rule
from redflags.plan.book import BoundBook, load_lists_of
from redflags.plan.schema import Schemas
from redflags.registers.lists import list_tables, threshold_kinds
from redflags.rules.params import bind_params, read_value
from redflags.rules.testfile import read_tests
from redflags.tables import dictionary
from redflags.testing.tables import dataset_of, micros, moment, span
from redflags.yamlio import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from redflags.engine.outcome import Outcome
    from redflags.ingest.dataset import Dataset
    from redflags.plan.bind import BoundRule
    from redflags.registers.lists import ListFile
    from redflags.rules.load import RuleBook, RuleFile
    from redflags.rules.model import Rule
    from redflags.rules.profiles import Profile
    from redflags.rules.testfile import TestCase, TestFile

PROFILE = "generic"


@dataclass(frozen=True)
class CaseResult:
    """One case: passed, or what was expected and what came."""

    rule_id: str
    case: str
    problems: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether all expectations held."""
        return not self.problems


@dataclass(frozen=True)
class Mutation:
    """A rule, perhaps changed; ``derived`` names parameters made from another one's value (name, change)."""

    rule: Rule
    derived: Mapping[str, tuple[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Bench:
    """A rule's cases, with their data sets made once."""

    book: RuleBook
    file: RuleFile
    tests: TestFile
    datasets: tuple[Dataset, ...]
    lists: tuple[ListFile, ...]

    @classmethod
    def of(cls, book: RuleBook, file: RuleFile, lists: tuple[ListFile, ...] | None = None) -> Bench:
        """Read the test file beside a rule.

        Raises:
            RuleError: faults of the test file, all at once.
            RedflagsError: there is none, or a case cannot be read.
        """
        if not file.test_path.exists():
            raise RedflagsError(f"{file.id} has no test file: write {file.test_path.name} beside it")
        tests, faults = read_tests(read_yaml(file.test_path))
        if tests is None or faults:
            raise RuleError(faults)
        datasets = tuple(dataset_of(tests, case) for case in tests.cases)
        return cls(book, file, tests, datasets, load_lists_of(book) if lists is None else lists)

    def alike(self) -> list[list[int]]:
        """Cases (by number) that bind a rule in the same way, together."""
        groups: dict[tuple[object, ...], list[int]] = {}
        for number, case in enumerate(self.tests.cases):
            values = tuple(sorted((name, repr(value)) for name, value in case.params.items()))
            groups.setdefault((case.profile, values, self._thresholds(number)), []).append(number)
        return list(groups.values())

    def shelf(self, number: int) -> BoundBook:
        """A book without rules, for those of one case: its profile, lists and schemas."""
        schemas = Schemas(dictionary(), list_tables(self.lists), self._thresholds(number))
        return BoundBook((), schemas, self.lists, self._profile(number))

    def bind(self, shelf: BoundBook, number: int, changed: Mutation | None = None) -> BoundRule:
        """The rule, or a mutant of it, with the values of one case.

        Raises:
            RedflagsError: it is no rule, or the case gives a value that the rule does not take.
        """
        original, profile = self.file.rule, self._profile(number)
        wanted = changed or Mutation(original)
        values = dict(bind_params(original, profile)) | _params(original, self.tests.cases[number])
        for name, (source, change) in wanted.derived.items():
            values[name] = max(0, values[source] + change)
        return bind_rule(
            wanted.rule,
            shelf.schemas,
            family=self.file.family,
            profile=profile,
            streams=self.book.streams,
            params=values,
        )

    def judge(self, number: int, book: BoundBook) -> list[Outcome]:
        """Outcomes of bound rules on one case; they share frames, registers and measures."""
        from redflags.engine import Clock, judge_book

        case, dataset = self.tests.cases[number], self.datasets[number]
        first, last = span(dataset)
        upto = last if case.as_of is None else micros(moment(case.as_of))
        covers = first if dataset.covers_from is None else micros(dataset.covers_from)
        clock = Clock(None, upto, upto, covers)
        return judge_book(dataset, book, clock, story=False)

    def _profile(self, number: int) -> Profile:
        return self.book.profile(self.tests.cases[number].profile or PROFILE)

    def _thresholds(self, number: int) -> frozenset[str]:
        return threshold_kinds(self.lists, self.datasets[number].tables)

    def check(self, number: int) -> CaseResult:
        """Compare the outcome of one case with what it expects."""
        case, shelf = self.tests.cases[number], self.shelf(number)
        (outcome,) = self.judge(number, replace(shelf, rules=(self.bind(shelf, number),)))
        return CaseResult(self.file.id, case.name, tuple(problems(case, outcome)))

    def run(self) -> list[CaseResult]:
        """All cases, in the order of the file."""
        return [self.check(number) for number in range(len(self.tests.cases))]


def run_tests(book: RuleBook, only: Iterable[str] | None = None) -> list[CaseResult]:
    """Run the test files of a book; a rule without one is a failure of its own."""
    lists = load_lists_of(book)
    chosen = book.rules if only is None else [book[name] for name in only]
    results: list[CaseResult] = []
    for file in chosen:
        try:
            results += Bench.of(book, file, lists).run()
        except RedflagsError as error:
            results.append(CaseResult(file.id, "(test file)", (str(error),)))
    return results


def _params(rule: Rule, case: TestCase) -> dict[str, Any]:
    unknown = [name for name in case.params if name not in rule.params]
    if unknown:
        raise RedflagsError(f"{case.name}: the rule has no parameter '{unknown[0]}'")
    return {name: read_value(rule.params[name].type, raw) for name, raw in case.params.items()}


def problems(case: TestCase, outcome: Outcome) -> Iterable[str]:
    """What differs between a case's expectations and the outcome."""
    every = outcome.hits["row_id"].to_list()
    unjudged = outcome.ne_rows["row_id"].to_list()
    if outcome.disabled is not None:
        # A rule that lacks a table or column judges no row: every row named is not evaluable.
        yield from _difference("hits", case.expect.hits, [])
        if not case.expect.not_evaluable:
            yield f"no row was judged: {outcome.disabled}; where that is meant, name rows under not_evaluable"
        return
    yield from _difference("hits", case.expect.hits, every)
    yield from _difference("not_evaluable", case.expect.not_evaluable, unjudged)
    yield from _difference("pending", case.expect.pending, outcome.pending["row_id"].to_list())
    yield from _facts(case, outcome)


def _facts(case: TestCase, outcome: Outcome) -> Iterable[str]:
    """Facts expected at a hit against those that are true there."""
    for name, wanted in case.expect.facts.items():
        for row_id, facts in outcome.hits.select("row_id", "facts").iter_rows():
            found = sorted(fact["name"] for fact in facts)
            if _same(name, row_id) and found != sorted(wanted):
                yield f"facts of {row_id}: expected {', '.join(wanted) or 'none'}; found {', '.join(found) or 'none'}"


def _difference(what: str, expected: Iterable[str], found: list[str]) -> Iterable[str]:
    """Rows missing and rows too many; an id without a side stands for either side."""
    wanted = list(expected)
    lacking = [name for name in wanted if not any(_same(name, row) for row in found)]
    extra = [row for row in found if not any(_same(name, row) for name in wanted)]
    if lacking or extra:
        parts = [f"expected {', '.join(wanted) or 'none'}", f"found {', '.join(found) or 'none'}"]
        yield f"{what}: {'; '.join(parts)}"


def _same(name: str, row: str) -> bool:
    return name == row or row.rpartition("/")[0] == name
