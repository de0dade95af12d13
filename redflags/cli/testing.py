"""`redflags test`: the tests of rules, and mutants against them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import click

from redflags.cli.options import BOOK
from redflags.cli.output import print_json, steps
from redflags.explain.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from redflags.rules.load import RuleBook
    from redflags.testing.mutate import Mutant

__all__ = ["test"]

_Said = TypeVar("_Said")


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@BOOK
@click.option(
    "--mutants",
    is_flag=True,
    help="Change the rule in every small way; each change must fail a test.",
)
@click.option("--json", "as_json", is_flag=True, help="The outcome for a machine.")
def test(*, ids: tuple[str, ...], book: Path | None, mutants: bool, as_json: bool) -> int:
    """Run the tests that stand beside the rules.

    Without an ID, those of every rule.
    """
    import redflags as rf

    loaded = rf.load_rules(book)
    chosen = [loaded[name].id for name in ids] or [file.id for file in loaded]
    return _mutants(loaded, chosen, as_json) if mutants else _cases(loaded, chosen, as_json)


def _each(doing: str, run: Callable[[RuleBook, list[str]], list[_Said]], book: RuleBook, ids: list[str]) -> list[_Said]:
    """What is said of the rules, one after the other, with progress."""
    said: list[_Said] = []
    with steps(doing) as tell:
        for place, name in enumerate(ids):
            if tell is not None:
                tell(doing, place, len(ids))
            said += run(book, [name])
    return said


def _cases(book: RuleBook, chosen: list[str], as_json: bool) -> int:
    from redflags.testing.run import run_tests

    results = _each("testing rules", run_tests, book, chosen)
    failed = [result for result in results if not result.passed]
    if as_json:
        print_json(
            [{"rule": r.rule_id, "case": r.case, "passed": r.passed, "problems": r.problems} for r in results],
        )
    else:
        for result in failed:
            click.echo(f"{result.rule_id}: {result.case}")
            for problem in result.problems:
                click.echo(f"    {problem}")
        rules = len({result.rule_id for result in results})
        click.echo(
            f"{len(results)} cases of {counted(rules, 'rule')}: "
            f"{len(results) - len(failed)} passed, {len(failed)} failed",
        )
    return 1 if failed else 0


def _mutants(book: RuleBook, chosen: list[str], as_json: bool) -> int:
    from redflags.testing.mutants import run_mutants

    reports = _each("trying mutants", run_mutants, book, chosen)
    if as_json:
        print_json([
            {
                "rule": report.rule_id, "mutants": report.total,
                "survivors": [_line(book, report.rule_id, mutant) for mutant in report.survivors],
                "proven": [m.name for m in report.proven], "stale": report.stale,
            }
            for report in reports
        ])  # fmt: skip
    else:
        for report in reports:
            for mutant in report.survivors:
                click.echo(f"{_line(book, report.rule_id, mutant)}")
            for proof in report.stale:
                click.echo(
                    f"{report.rule_id}: the proof for '{proof}' is not needed; take it out of the test file",
                )
        total, alive = (
            sum(report.total for report in reports),
            sum(len(report.survivors) for report in reports),
        )
        proven = sum(len(report.proven) for report in reports)
        click.echo(
            f"{total} mutants of {counted(len(reports), 'rule')}: "
            f"{alive} survived, {proven} proved to be the same rule",
        )
    return 0 if all(report.clean for report in reports) else 1


def _line(book: RuleBook, rule_id: str, mutant: Mutant) -> str:
    return f"{book[rule_id].path}:{mutant.line} {mutant.name}"
