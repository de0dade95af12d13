"""The root of the command, and what every command does when something goes wrong."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from redflags import __version__
from redflags.cli.generating import generate
from redflags.cli.looking import explain, export, replay, trace
from redflags.cli.rulebook import rules
from redflags.cli.screening import demo, screen
from redflags.cli.testing import test
from redflags.errors import RedflagsError, RuleError
from redflags.explain.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Root", "main"]

_INTERRUPTED: Final = 130
_PIPE: Final = 141
_WRONG: Final = 2


class _PipeClosedError(Exception):
    """Whoever read our output has closed it."""


class Root(click.Group):
    """A group whose commands end with 0, 1 or 2 and a clear message; a traceback is shown only on request."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Commands in the order in which one meets them."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Run the chosen command; a closed pipe is told apart before click makes a fault of it."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise _PipeClosedError from error
            raise

    # Click hands through whatever it is given, so there is nothing narrower to say.
    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:  # noqa: ANN401
        """Run a command, and turn whatever it raises into a message and an exit code."""
        extra["standalone_mode"] = False
        words = list(sys.argv[1:] if args is None else args)
        try:
            code = super().main(words, *rest, **extra)
            sys.stdout.flush()
        except (_PipeClosedError, BrokenPipeError):
            code = _pipe_closed()
        except Exception as error:  # noqa: BLE001 - the last place to make a sentence of it
            code = _failed(error, words)
        except KeyboardInterrupt:
            code = _stopped()
        sys.exit(code if isinstance(code, int) else 0)


def _pipe_closed() -> int:
    """The reader has seen enough; that is no fault, and Python must not complain of it at its end."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    return _PIPE


def _stopped() -> int:
    click.echo("stopped; nothing half-written was left", err=True)
    return _INTERRUPTED


def _failed(error: Exception, words: Sequence[str]) -> int:
    if isinstance(error, click.Abort):
        return _stopped()
    if isinstance(error, click.ClickException):
        error.show()
        return _WRONG
    if "--debug" in words:
        import traceback

        traceback.print_exception(error)
    if isinstance(error, RuleError):
        for fault in error.faults:
            click.echo(str(fault), err=True)
        click.echo(counted(len(error.faults), "fault"), err=True)
        return error.exit_code
    if isinstance(error, RedflagsError):
        click.echo(f"redflags: {error}", err=True)
        return error.exit_code
    if isinstance(error, OSError):
        about = f"{error.filename}: " if error.filename else ""
        click.echo(f"redflags: {about}{error.strerror or error}", err=True)
        return 1
    if isinstance(error, MemoryError):
        click.echo(
            "redflags: there is not enough memory for this data; screen a part of it, or choose fewer rules",
            err=True,
        )
        return 1
    said = " ".join(str(error).split())[:300]
    click.echo(
        f"redflags: this is a bug, not your fault ({type(error).__name__}: {said}). "
        "'redflags --debug ...' shows where; please report it with that.",
        err=True,
    )
    return 1


@click.group(
    cls=Root,
    name="redflags",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "--version", prog_name="redflags")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def main(debug: bool) -> None:
    """Screen transactions with an open rule book of red-flag indicators.

    Batches of transactions go in; scored alerts come out, each with its reasons, its evidence and what
    would have made it not fire. An alert is a lead for a human, never an accusation.

    Begin with `redflags demo`.
    """


for _command in (demo, screen, explain, trace, replay, export, rules, test, generate):
    main.add_command(_command)
