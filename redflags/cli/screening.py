"""`redflags demo` and `redflags screen`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from redflags.cli.options import BOOK, PATH
from redflags.cli.output import note, print_json, print_page, steps, warm_kernel

if TYPE_CHECKING:
    from redflags.results.run import Run

__all__ = ["demo", "screen"]

_PROFILE = "generic"


@click.command()
@click.option(
    "--out",
    type=PATH,
    help="Where the run goes; a new ./redflags-demo without.",
)
def demo(*, out: Path | None) -> None:
    """Screen the embedded sample bank and tell its first alert in full."""
    import redflags as rf
    from redflags.explain import explain_alert
    from redflags.explain.page import Heading, Items, Page, Para
    from redflags.explain.summary import not_judged, top_alerts
    from redflags.resources import sample_data_dir
    from redflags.results.folder import check_out

    target = out if out is not None else _free(Path("redflags-demo"))
    check_out(target)
    source = sample_data_dir() / "bank"
    with steps("reading the data", "telling the stories") as tell:
        book = rf.load_rules()
        dataset = rf.read_dataset(source)
        warm_kernel(tell)
        run = rf.screen(dataset, book, profile="eu", progress=tell)
        written = run.write(target)
    rows = dataset.tables["transactions"].height
    intro = (
        f"{rows:,} transactions of an invented bank, screened with {len(book)} rules (profile eu). "
        "Nobody in it exists; some of its stories were planted."
    )
    print_page(Page((Para(intro),)) + top_alerts(run, book))
    if run.alerts.height:
        click.echo()
        print_page(Page((Heading("The first alert in full"),)))
        click.echo()
        print_page(explain_alert(run, run.alerts["alert_id"][0], book=book, dataset=dataset))
        click.echo()
    print_page(not_judged(run))
    click.echo()
    shown = _shown(written)
    print_page(Page((Para(f"The run is in {shown}."), Heading("What to try next"), Items(_ideas(run, shown)))))


def _ideas(run: Run, shown: str) -> tuple[str, ...]:
    """Commands that show more, made of what this run holds."""
    alerts = run.alerts
    rule = alerts["rule_id"][0] if alerts.height else "cash-just-below-threshold-repeat"
    other = alerts["alert_id"][min(2, alerts.height - 1)][:8] if alerts.height else "ALERT_ID"
    ideas = (
        ("another story", f"redflags explain {shown} {other}"),
        ("back to file and row", f"redflags trace {shown} {other}"),
        (
            "why a rule left somebody alone",
            f"redflags explain {shown} --subject {_bystander(run)} --rule {rule}",
        ),
        ("what a rule looks for", f"redflags rules show {rule}"),
        ("a rule of your own, with its test", "redflags rules new my-first-rule --rules my-rules"),
        ("for a spreadsheet", f"redflags export {shown} --format csv --out alerts-csv"),
    )
    return tuple(f"{what}:\n{command}" for what, command in ideas)


def _bystander(run: Run) -> str:
    """Somebody whom the first alert's rule left alone."""
    first = run.alerts["rule_id"][0] if run.alerts.height else ""
    fired = set(run.alerts.filter(run.alerts["rule_id"] == first)["subject_id"].to_list())
    kind = run.alerts["subject_kind"][0] if run.alerts.height else "party"
    others = run.alerts.filter(run.alerts["subject_kind"] == kind)["subject_id"].to_list()
    return next((subject for subject in others if subject not in fired), "SUBJECT")


def _free(wanted: Path) -> Path:
    """The wanted name, or the first free one with a number behind it."""
    number, path = 1, wanted
    while path.exists() or path.is_symlink():
        number += 1
        path = wanted.with_name(f"{wanted.name}-{number}")
    return path


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


@click.command()
@click.argument("data", type=PATH)
@click.option(
    "--out",
    required=True,
    type=PATH,
    help="Folder of the run; it must not exist yet.",
)
@click.option(
    "--history",
    type=PATH,
    help="What came before: an earlier run, or raw data.",
)
@BOOK
@click.option(
    "--profile",
    default=_PROFILE,
    show_default=True,
    help="Parameter values and legal limits: eu, uk, us, generic, or your own.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="ID",
    help="Run this rule only, and those whose hits it reads; may be repeated, or take several with commas.",
)
@click.option(
    "--as-of",
    metavar="TIME",
    help="The data is complete up to here: 2026-06-30 or 2026-06-30T18:00:00Z.",
)
@click.option("--lateness", metavar="DURATION", help="How late rows may still arrive, such as 2d.")
@click.option(
    "--mapping",
    metavar="NAME|FILE",
    help="How a foreign layout reads: amlsim, saml-d, paysim, ..., or a file of your own.",
)
@click.option("--timings", is_flag=True, help="Say how long each step took.")
@click.option("--json", "as_json", is_flag=True, help="A summary for a machine, on the standard output.")
def screen(
    *, data: Path, out: Path, history: Path | None, book: Path | None, profile: str,
    only: tuple[str, ...], as_of: str | None, lateness: str | None, mapping: str | None, timings: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Screen a batch of transactions and write a run.

    DATA is one file of transactions, or a folder of Parquet or CSV files (zipped or not) named after the
    canonical tables. docs/data-dictionary.md lists tables and columns.
    """
    import redflags as rf
    from redflags.explain.summary import run_summary, summary_page
    from redflags.results.folder import check_out

    check_out(out)
    with steps("reading the data", "telling the stories") as tell:
        loaded = rf.load_rules(book)
        warm_kernel(tell)
        run = rf.screen(
            data,
            loaded,
            profile=profile,
            only=_ids(only),
            history=history,
            as_of=as_of,
            lateness=lateness,
            mapping=mapping,
            progress=tell,
        )
        written = run.write(out)
    shown = _shown(written)
    if as_json:
        print_json(run_summary(run) | {"run": shown})
    else:
        print_page(summary_page(run, loaded))
        click.echo()
        click.echo(f"The run is in {shown}.")
        if run.alerts.height:
            click.echo(f"Read the first alert: redflags explain {shown} {run.alerts['alert_id'][0][:8]}")
    if timings:
        for step, seconds in run.manifest.get("timings", {}).items():
            note(f"{step:<8} {seconds:8.3f} s")


def _ids(only: tuple[str, ...]) -> list[str] | None:
    found = [word.strip() for text in only for word in text.split(",") if word.strip()]
    return found or None
