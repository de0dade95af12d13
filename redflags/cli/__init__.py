"""The `redflags` command: names, options and printing. Everything it does is done by the library.

Nothing heavy is imported here: frames, models and the kernel load when a command needs them.
"""

from __future__ import annotations

from redflags.cli.root import main

__all__ = ["main"]
