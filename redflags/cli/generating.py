"""`redflags generate`: an invented bank with planted cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from redflags.cli.options import PATH
from redflags.cli.output import print_json, steps

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["generate"]


@click.command()
@click.option(
    "--out",
    required=True,
    type=PATH,
    help="Folder of the data set; it must not exist yet.",
)
@click.option(
    "--seed",
    default=7,
    show_default=True,
    help="The same seed gives the same bank, byte for byte.",
)
@click.option("--parties", default=350, show_default=True, help="About how many customers.")
@click.option("--months", default=30, show_default=True, help="How many months in all.")
@click.option(
    "--dense-months",
    default=4,
    show_default=True,
    help="How many of them, at the end, hold the full life.",
)
@click.option("--plant", metavar="RULE:N,...", help="Planted cases by rule; three of each without.")
@click.option("--json", "as_json", is_flag=True, help="What was made, for a machine.")
def generate(
    *,
    out: Path,
    seed: int,
    parties: int,
    months: int,
    dense_months: int,
    plant: str | None,
    as_json: bool,
) -> None:
    """Invent a bank with planted cases and an answer key.

    People, firms and non-profits lead ordinary lives in it; nothing in it is real.
    """
    from redflags.errors import UsageError
    from redflags.generate import generate_bank, write_bank

    if out.exists():
        raise UsageError(
            f"{out} exists already, and no data is overwritten; choose another name or remove it first",
        )
    cases = None if plant is None else _plants(plant)
    with steps("inventing a bank"):
        bank = generate_bank(seed, parties, months, dense_months=dense_months, cases=cases)
        folder = write_bank(bank, out)
    made = {
        "out": str(folder),
        "transactions": bank["transactions"].height,
        "parties": bank["parties"].height,
        "cases": bank["cases"].height,
    }
    if as_json:
        print_json(made)
        return
    click.echo(
        f"{made['transactions']:,} transactions of {made['parties']:,} parties, "
        f"{made['cases']} planted cases: {folder}\n"
        f"The answer key is in {folder / 'answer_key'}; no run reads it.\n"
        f"Screen it: redflags screen {folder} --profile eu --out my-run",
    )


def _plants(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in text.split(","):
        name, mark, count = item.strip().partition(":")
        if not mark or not count.isdigit():
            raise click.BadParameter(
                f"'{item}' is not RULE:NUMBER, such as funnel-account-geographic:5",
                param_hint="--plant",
            )
        found[name] = int(count)
    return found
