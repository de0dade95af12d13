"""Printing: pages on a terminal or in a pipe, JSON for machines, progress where somebody watches."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redflags.engine.run import Progress
    from redflags.explain.page import Page

__all__ = ["note", "print_json", "print_page", "steps"]


def print_page(page: Page) -> None:
    """Print a page: with colours on a terminal, as plain text in a pipe."""
    from redflags.explain.terminal import plain, renderable

    if not sys.stdout.isatty():
        click.echo(plain(page))
        return
    from rich.console import Console

    Console(highlight=False, soft_wrap=False).print(renderable(page))


def print_json(value: Any) -> None:  # noqa: ANN401 - whatever JSON holds
    """Print a value for a machine; moments as ISO text."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def note(text: str = "") -> None:
    """Say something to whoever watches, beside the output itself."""
    click.echo(text, err=True)


@contextlib.contextmanager
def steps(first: str, last: str | None = None) -> Iterator[Progress | None]:
    """Progress bars on a terminal, nothing in a pipe.

    Args:
        first: What is done before the first report.
        last: What is done after every step has been reported as done.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (
        SpinnerColumn(finished_text="✓"),
        TextColumn("{task.description:<24}"),
        BarColumn(bar_width=30),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, TaskID] = {first: bars.add_task(first, total=None)}

        def finish(task: TaskID) -> None:
            total = bars.tasks[task].total or 1
            bars.update(task, total=total, completed=total)

        def tell(step: str, done: int, total: int) -> None:
            if step not in tasks:
                finish(tasks[next(reversed(tasks))])
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done, total=total)
            if last is not None and step == "judging" and done == total and last not in tasks:
                tasks[last] = bars.add_task(last, total=None)

        yield tell


def warm_kernel(tell: Progress | None) -> None:
    """Compile the kernel as a step of its own where somebody watches; else it compiles as it is needed."""
    if tell is None:
        return
    tell("preparing the kernel", 0, 1)
    from redflags.kernel.warm import warm

    warm()
    tell("preparing the kernel", 1, 1)
