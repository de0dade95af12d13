"""One exception root, and the located fault that every checker reports."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["DataError", "Fault", "RedflagsError", "RuleError", "UsageError", "did_you_mean"]


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Name the nearest choice to a word that is not one of them.

    Args:
        word: What was written.
        choices: What could have been written.

    Returns:
        A question naming the nearest choice, or the empty string where nothing is near.

    Examples:
        >>> did_you_mean("amuont", ["amount", "currency"])
        "did you mean 'amount'?"
        >>> did_you_mean("zzz", ["amount", "currency"])
        ''
    """
    near = nearest(word, choices, 0.6)
    return f"did you mean '{near}'?" if near else ""


def nearest(word: str, choices: Iterable[str], likeness: float) -> str | None:
    """The choice most like a word, letter case aside; None where none is as like as asked (1 is the same).

    Examples:
        >>> nearest("Leger", ["ledger", "parties"], 0.8)
        'ledger'
        >>> nearest("party", ["ledger", "parties"], 0.8)
    """
    folded: dict[str, str] = {}
    for choice in choices:
        folded.setdefault(choice.casefold(), choice)
    near = difflib.get_close_matches(word.casefold(), list(folded), n=1, cutoff=likeness)
    return folded[near[0]] if near else None


@dataclass(frozen=True, order=True)
class Fault:
    """One fault at one place in a file.

    Attributes:
        file: The file as the user named it.
        line: 1-based line, 0 where the whole file is meant.
        column: 1-based column, 0 where the whole line is meant.
        code: Stable short code, for searching and for tests.
        message: What is wrong.
        hint: What would be right, where that can be said.

    Examples:
        >>> str(Fault("a.yaml", 3, 7, "R012", "unknown column 'amuont'", "did you mean 'amount'?"))
        "a.yaml:3:7 R012 unknown column 'amuont' (did you mean 'amount'?)"
    """

    file: str
    line: int
    column: int
    code: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.file}:{self.line}:{self.column} {self.code} {self.message}{hint}"


class RedflagsError(Exception):
    """Root of every error that this library raises on purpose."""

    exit_code = 1


class UsageError(RedflagsError):
    """The command or call was wrong; nothing was looked at."""

    exit_code = 2

    @classmethod
    def unknown_name(cls, kind: str, name: str, choices: Iterable[str]) -> UsageError:
        """Say that a name is not one of the choices.

        Examples:
            >>> print(UsageError.unknown_name("mapping", "amlsym", ["amlsim", "paysim"]))
            unknown mapping 'amlsym': did you mean 'amlsim'? Known: amlsim, paysim
        """
        known = sorted(choices)
        hint = did_you_mean(name, known)
        middle = f": {hint}" if hint else "."
        return cls(f"unknown {kind} '{name}'{middle} Known: {', '.join(known) or 'none'}")


class DataError(RedflagsError):
    """Data that cannot be read at all; single bad rows are refused into `rejects` instead."""

    @classmethod
    def from_problems(cls, problems: Sequence[str], *, source: str = "the data set") -> DataError:
        """Join all problems of a data set into one message.

        Examples:
            >>> print(DataError.from_problems(["a.csv: empty", "b.csv: no column 'amount'"], source="in/"))
            2 problems in in/:
              - a.csv: empty
              - b.csv: no column 'amount'
        """
        count = len(problems)
        head = f"{count} problem{'' if count == 1 else 's'} in {source}:"
        return cls("\n".join([head, *(f"  - {problem}" for problem in problems)]))


class RuleError(RedflagsError):
    """Faults in rules, profiles, policies, mappings or tests, all of them at once.

    Examples:
        >>> fault = Fault("a.yaml", 1, 1, "R001", "no id")
        >>> RuleError([fault]).faults
        (Fault(file='a.yaml', line=1, column=1, code='R001', message='no id', hint=''),)
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(sorted(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))
