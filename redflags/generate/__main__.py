"""`python -m redflags.generate --out FOLDER`: write the sample bank, or one of another size."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from redflags.errors import RedflagsError
from redflags.generate import generate_bank, write_bank

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: What stands on the command line; by default what the interpreter was given.

    Returns:
        The exit code: 0 done, 1 or 2 as the error says.
    """
    parser = argparse.ArgumentParser(
        prog="python -m redflags.generate", description="Invent a bank with planted cases."
    )
    parser.add_argument("--out", required=True, help="folder to write, which must not exist yet")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--parties", type=int, default=350)
    parser.add_argument("--months", type=int, default=30)
    parser.add_argument("--dense-months", type=int, default=4, help="months of full life, at the end")
    parser.add_argument("--overwrite", action="store_true", help="replace what an earlier call wrote")
    given = parser.parse_args(arguments)
    try:
        bank = generate_bank(given.seed, given.parties, given.months, dense_months=given.dense_months)
        folder = write_bank(bank, given.out, overwrite=given.overwrite)
    except RedflagsError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    rows, cases = len(bank["transactions"]), len(bank["cases"])
    sys.stdout.write(f"{rows:,} transactions of {len(bank['parties']):,} parties, {cases} planted cases: {folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
