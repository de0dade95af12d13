"""`redflags explain`, `trace`, `replay` and `export`: looking at a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from redflags.cli.options import PATH
from redflags.cli.output import note, print_json, print_page, steps, warm_kernel

if TYPE_CHECKING:
    from pathlib import Path

    from redflags.explain.page import Page
    from redflags.results.run import Run
    from redflags.rules.load import RuleBook

__all__ = ["explain", "export", "replay", "trace"]


@click.command()
@click.argument("run", type=PATH)
@click.argument("alert_id", required=False)
@click.option("--subject", metavar="ID", help="Whom to look at (with --rule): why the rule did not fire.")
@click.option("--rule", "rule_id", metavar="ID", help="The rule that did not fire (with --subject).")
@click.option("--data", type=PATH, help="Where the data is now, if not where the run found it.")
@click.option("--rules", "rules_path", type=PATH, help="The rule book, if not where the run found it.")
@click.option("--all", "everything", is_flag=True, help="Every row of evidence, not the first twelve.")
@click.option("--json", "as_json", is_flag=True, help="The alert and its evidence for a machine.")
def explain(
    *, run: Path, alert_id: str | None, subject: str | None, rule_id: str | None, data: Path | None,
    rules_path: Path | None,
    everything: bool, as_json: bool,
) -> None:  # fmt: skip
    """Tell the story of an alert, or why a rule did not fire.

    ALERT_ID is an id of alerts.parquet, or an unmistakable beginning of one.
    """
    asked = [subject is not None, rule_id is not None]
    if any(asked) and (not all(asked) or alert_id is not None):
        raise click.UsageError("give either an ALERT_ID, or --subject and --rule together")
    if not any(asked) and alert_id is None:
        raise click.UsageError("which alert? Give an ALERT_ID (see alerts.parquet), or --subject and --rule")
    from redflags.explain import explain_alert
    from redflags.explain.source import data_of
    from redflags.results.folder import read_run

    made = read_run(run)
    if subject is not None and rule_id is not None:
        print_page(_why_not(made, subject, rule_id, data, rules_path))
        return
    alert = made.alert(str(alert_id))
    if as_json:
        print_json({"alert": alert, "evidence": made.evidence_of(alert["alert_id"]).to_dicts()})
        return
    book = _book(made, rules_path) if rules_path is not None else None
    print_page(
        explain_alert(
            made,
            alert["alert_id"],
            book=book,
            dataset=data_of(made, data),
            rows=None if everything else 12,
        ),
    )


def _book(run: Run, rules_path: Path | None) -> RuleBook:
    import redflags as rf

    return rf.load_rules(rules_path if rules_path is not None else run.manifest["rules"]["book"])


def _why_not(run: Run, subject: str, rule_id: str, data: Path | None, rules_path: Path | None) -> Page:
    from redflags.errors import UsageError
    from redflags.explain.source import data_of
    from redflags.explain.whynot import why_not_in

    book = _book(run, rules_path)
    book[rule_id]  # an unknown rule is told of before any data is read
    with steps("reading the data") as tell:
        dataset = data_of(run, data)
        if dataset is None:
            raise UsageError("the data of this run is not at hand; say where it is: --data FOLDER")
        warm_kernel(tell)
        return why_not_in(run, book, dataset, rule_id, subject)


@click.command()
@click.argument("run", type=PATH)
@click.argument("alert_id")
@click.option(
    "--rows",
    default=3,
    show_default=True,
    type=click.IntRange(min=0),
    help="How many hits to show as they stand in the file.",
)
@click.option("--json", "as_json", is_flag=True, help="Files and rows for a machine.")
def trace(*, run: Path, alert_id: str, rows: int, as_json: bool) -> None:
    """Follow an alert back to the files and rows it rests on."""
    from redflags.explain.trace import trace_page
    from redflags.results.folder import read_run

    made = read_run(run)
    alert = made.alert(alert_id)
    if as_json:
        print_json(made.evidence_of(alert["alert_id"]).to_dicts())
        return
    print_page(trace_page(made, alert, rows))


@click.command()
@click.argument("run", type=PATH)
@click.option("--json", "as_json", is_flag=True, help="What came of it for a machine.")
def replay(*, run: Path, as_json: bool) -> int:
    """Repeat a run and compare it byte for byte.

    Ends with 1 where anything differs, and says what: an input, a list, a rule, the engine.
    """
    from redflags.results.replay import replay as again

    with steps("reading the run", "comparing") as tell:
        made = again(run, progress=tell)
    if as_json:
        print_json(
            {
                "same": made.same,
                "changed": made.changed,
                "damaged": made.damaged,
                "differing": made.differing,
            },
        )
    elif made.same:
        click.echo("Every file came out the same, byte for byte.")
    else:
        for head, lines in (
            ("changed since the run, so it was not repeated", made.changed),
            ("damaged in the run folder", made.damaged),
            ("came out otherwise, although nothing that it rests on has changed", made.differing),
        ):  # fmt: skip
            if lines:
                click.echo(f"{head}:")
                for line in lines:
                    click.echo(f"  - {line}")
    return 0 if made.same else 1


@click.command()
@click.argument("run", type=PATH)
@click.option(
    "--format",
    "form",
    required=True,
    metavar="csv|json",
    help="csv: a folder with one file for each table; json: one file.",
)
@click.option("--out", required=True, type=PATH, help="Where to; nothing may be there yet.")
def export(*, run: Path, form: str, out: Path) -> None:
    """Write a run as CSV or JSON for other tools."""
    from redflags.results.export import export_run
    from redflags.results.folder import read_run

    written = export_run(read_run(run), form, out)
    note(f"written: {written}")
