"""The commands, from their own help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from redflags.explain.markdown import paragraph

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["commands_page"]

_WIDTH: Final = 96


def commands_page() -> str:
    """The page, as Markdown."""
    from redflags.cli.root import main

    return "\n".join(_lines(main)) + "\n"


def _lines(root: click.Command) -> Iterator[str]:
    yield "# Commands"
    yield ""
    yield "Generated from the commands' own help by `redflags rules docs`; do not edit."
    yield ""
    yield paragraph(
        "Every command ends with 0 when it is done, 1 when it found faults in what it checked (rules, tests, "
        "data) or could not finish, and 2 when it was called wrongly. Progress is shown on a terminal only; "
        "`--json`, where there is one, prints for a machine. Ctrl-C leaves nothing half-written and ends "
        "with 130; a closed pipe ends with 141."
    )
    for path, command in _walk(root, ("redflags",)):
        yield ""
        yield f"## {' '.join(path)}" if len(path) > 1 else "## redflags"
        yield ""
        yield "```"
        yield _help(command, path)
        yield "```"


def _walk(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path[-1])
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                yield from _walk(below, (*path, name))


def _help(command: click.Command, path: tuple[str, ...]) -> str:
    context = click.Context(
        command, info_name=" ".join(path), terminal_width=_WIDTH, max_content_width=_WIDTH, color=False,
        help_option_names=["-h", "--help"],
    )  # fmt: skip
    return command.get_help(context).rstrip()
