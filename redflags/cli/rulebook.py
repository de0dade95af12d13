"""`redflags rules`: the rule book."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from redflags.cli.options import BOOK, PATH
from redflags.cli.output import note, print_json, print_page
from redflags.explain.words import counted

if TYPE_CHECKING:
    from redflags.errors import Fault

__all__ = ["rules"]


@click.group()
def rules() -> None:
    """Write, read, check and document rules."""


@rules.command("list")
@BOOK
@click.option("--family", help="Only the rules of this family.")
@click.option("--json", "as_json", is_flag=True, help="The list for a machine.")
def list_rules(*, book: Path | None, family: str | None, as_json: bool) -> None:
    """List the rules."""
    from dataclasses import asdict

    from redflags.errors import UsageError
    from redflags.explain.heads import heads_page, rule_heads

    heads = rule_heads(book)
    if family is not None:
        known = {head.family for head in heads}
        if family not in known:
            raise UsageError.unknown_name("family", family, known)
        heads = [head for head in heads if head.family == family]
    if as_json:
        print_json([asdict(head) for head in heads])
    else:
        print_page(heads_page(heads))


@rules.command()
@click.argument("rule_id", metavar="ID")
@BOOK
@click.option("--profile", help="Whose parameter values to show beside the defaults.")
@click.option(
    "--plan",
    is_flag=True,
    help="What the engine does for the rule, in the order in which it does it.",
)
def show(*, rule_id: str, book: Path | None, profile: str | None, plan: bool) -> None:
    """Show a rule as a page."""
    import redflags as rf

    loaded = rf.load_rules(book)
    file = loaded[rule_id]
    if not plan:
        from redflags.explain.rule import rule_page

        print_page(rule_page(loaded, file, None if profile is None else loaded.profile(profile)))
        return
    from redflags.plan.book import bind_book
    from redflags.plan.show import plan_text

    # Bound as a whole book, so that the page can tell which measures other rules read too.
    bound = bind_book(loaded, profile=profile)
    for place, item in enumerate(item for item in bound.rules if item.id == rule_id):
        if place:
            click.echo()
        click.echo(plan_text(item, bound.schemas))


@rules.command()
@click.argument("path", type=PATH, required=False)
@click.option("--strict", is_flag=True, help="Also what is sound but careless; exceptions.yaml excuses with reasons.")
@click.option("--json", "as_json", is_flag=True, help="The faults for a machine.")
def check(*, path: Path | None, strict: bool, as_json: bool) -> int:
    """Check a rule book, a folder of rules or one rule file: every fault of every file at once.

    Without PATH the shipped rule book is checked, its lock included.
    """
    from redflags.rules.load import read_rules
    from redflags.rules.lock import check_lock, lock_path

    loaded, faults = read_rules(path)
    # Whoever has no lock has not asked for one; the shipped book has to keep its own.
    if not faults and (path is None or lock_path(loaded).is_file()):
        faults = check_lock(loaded, partial=path is not None and path.is_file())
    if strict:
        from redflags.rules.strict import strict_faults

        faults = (*faults, *strict_faults(loaded))
    if as_json:
        from dataclasses import asdict

        print_json([asdict(fault) for fault in faults])
    else:
        _tell(faults)
        if not faults:
            click.echo(f"{counted(len(loaded), 'rule')} checked, no faults.")
    return 1 if faults else 0


def _tell(faults: tuple[Fault, ...]) -> None:
    for fault in faults:
        click.echo(str(fault))
    if faults:
        files = len({fault.file for fault in faults})
        click.echo(f"{counted(len(faults), 'fault')} in {counted(files, 'file')}")


@rules.command()
@click.argument("rule_id", metavar="ID")
@click.option(
    "--rules",
    "book",
    type=PATH,
    default=Path("rules"),
    show_default=True,
    help="The rule book that it goes into.",
)
@click.option("--family", default="drafts", show_default=True, help="Folder of the rule book.")
def new(*, rule_id: str, book: Path, family: str) -> None:
    """Write a rule and its test to start from; both work as they are."""
    from redflags.rules.scaffold import scaffold_rule

    rule, test = scaffold_rule(rule_id, book, family=family)
    click.echo(f"{rule}\n{test}")
    note(f"Change both, then:\n  redflags rules check {book}\n  redflags test {rule_id} --rules {book}")


@rules.command()
@BOOK
@click.option("--out", type=PATH, help="Folder of the pages; the docs/ beside the rule book without.")
@click.option(
    "--check",
    "checking",
    is_flag=True,
    help="Write nothing; end with 1 and name what is out of date.",
)
def docs(*, book: Path | None, out: Path | None, checking: bool) -> int:
    """Write the generated pages: rules, data dictionary, language, commands, JSON Schemas."""
    from redflags.docsgen import drifted, pages, write_pages

    made = pages(book, out)
    if not checking:
        written = write_pages(made)
        click.echo(
            f"{len(written)} of {len(made)} files written anew"
            if written
            else f"all {len(made)} files were up to date",
        )
        return 0
    stale = drifted(made)
    for path, why in stale:
        click.echo(f"{path}: {why}")
    if stale:
        note("run 'redflags rules docs'")
    else:
        click.echo(f"all {len(made)} files are up to date")
    return 1 if stale else 0


@rules.command()
@BOOK
@click.option("--family", help="Only the indicators of this family of the catalogue: A to M.")
@click.option("--markdown", is_flag=True, help="The page as Markdown.")
@click.option("--json", "as_json", is_flag=True, help="Everything for a machine.")
def coverage(*, book: Path | None, family: str | None, markdown: bool, as_json: bool) -> int:
    """Show what the rule book covers: indicators by rules, statements of the source documents by what honours them.

    Gaps come first. Ends with 1 where an answer points to nothing.
    """
    import redflags as rf
    from redflags.errors import UsageError
    from redflags.explain.coverage import coverage_page
    from redflags.rules.coverage import FAMILIES, coverage_data, coverage_of

    if family is not None and family not in FAMILIES:
        raise UsageError.unknown_name("family", family, FAMILIES)
    loaded = rf.load_rules(book)
    found = coverage_of(loaded)
    if as_json:
        print_json(coverage_data(found, family))
    elif markdown:
        click.echo(coverage_page(loaded, found, family).markdown(), nl=False)
    else:
        print_page(coverage_page(loaded, found, family))
        _tell(found.faults)
    return 1 if found.faults else 0


@rules.command()
@BOOK
@click.option("--check", "checking", is_flag=True, help="Write nothing; end with 1 and say what differs.")
def lock(*, book: Path | None, checking: bool) -> int:
    """Pin what each version of a rule does, and which policies apply to it."""
    import redflags as rf
    from redflags.rules.lock import check_lock, write_lock

    loaded = rf.load_rules(book)
    if not checking:
        click.echo(f"written: {write_lock(loaded)}")
        return 0
    faults = check_lock(loaded)
    _tell(faults)
    if not faults:
        click.echo("the lock agrees with the rules")
    return 1 if faults else 0
