"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

__all__ = ["BOOK", "PATH"]

PATH: Final = click.Path(path_type=Path)
BOOK: Final = click.option("--rules", "book", type=PATH, help="Another rule book than the shipped one.")
