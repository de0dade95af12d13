"""Mutants against tests: which changes to a rule no case notices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from redflags.errors import RedflagsError
from redflags.plan.book import load_lists_of
from redflags.testing.mutate import Mutant, mutants_of
from redflags.testing.run import Bench, problems

if TYPE_CHECKING:
    from collections.abc import Iterable

    from redflags.engine.outcome import Outcome
    from redflags.plan.bind import BoundRule
    from redflags.plan.book import BoundBook
    from redflags.rules.load import RuleBook


@dataclass(frozen=True)
class MutantReport:
    """Mutants of one rule.

    Attributes:
        survivors: mutants that no case notices and nobody proved equivalent.
        proven: mutants that the test file proves to be the same rule.
        stale: proofs in the test file that name no surviving mutant.
    """

    rule_id: str
    total: int
    survivors: tuple[Mutant, ...]
    proven: tuple[Mutant, ...]
    stale: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether every mutant is noticed or proved equivalent, and every proof is needed."""
        return not self.survivors and not self.stale


def run_mutants(book: RuleBook, only: Iterable[str] | None = None) -> list[MutantReport]:
    """Try every mutant of every rule on the cases of its test file.

    Raises:
        RedflagsError: a rule has no tests, or fails them before anything is changed.
    """
    lists = load_lists_of(book)
    chosen = book.rules if only is None else [book[name] for name in only]
    return [_report(Bench.of(book, file, lists)) for file in chosen]


def _report(bench: Bench) -> MutantReport:
    failed = [result for result in bench.run() if not result.passed]
    if failed:
        raise RedflagsError(f"{bench.file.id} fails its own tests ({failed[0].case}); mend them first")
    mutants = mutants_of(bench.file)
    alive = mutants
    for numbers in bench.alike():
        shelf = bench.shelf(numbers[0])
        bound = _bindable(bench, shelf, numbers[0], alive)
        for number in numbers:
            if not bound:
                break
            outcomes = _outcomes(bench, number, replace(shelf, rules=tuple(rule for _, rule in bound)))
            case = bench.tests.cases[number]
            bound = [
                pair
                for pair, outcome in zip(bound, outcomes, strict=True)
                if outcome is not None and not any(problems(case, outcome))
            ]
        alive = [mutant for mutant, _ in bound]
    proofs = {entry.mutant for entry in bench.tests.equivalent}
    names = {mutant.name for mutant in alive}
    return MutantReport(
        bench.file.id, len(mutants), tuple(m for m in alive if m.name not in proofs),
        tuple(m for m in alive if m.name in proofs), tuple(sorted(proofs - names)),
    )  # fmt: skip


def _bindable(bench: Bench, shelf: BoundBook, number: int, mutants: list[Mutant]) -> list[tuple[Mutant, BoundRule]]:
    """Mutants that still are rules; a change that does not load is noticed before any test."""
    found = []
    for mutant in mutants:
        try:
            found.append((mutant, bench.bind(shelf, number, mutant.mutation)))
        except RedflagsError:
            continue
    return found


def _outcomes(bench: Bench, number: int, book: BoundBook) -> list[Outcome | None]:
    """Outcomes of mutants on one case, None for one that cannot be judged: that is noticed too."""
    try:
        return [*bench.judge(number, book)]
    except RedflagsError:
        if len(book.rules) == 1:
            return [None]
        # One that fails takes all the others with it; told apart one by one.
        return [outcome for rule in book.rules for outcome in _outcomes(bench, number, replace(book, rules=(rule,)))]
