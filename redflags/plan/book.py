"""A rule book under a profile.

Every rule bound, once for all parties and once more for each segment with values of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from redflags.errors import UsageError, did_you_mean
from redflags.plan.bind import BoundRule, bind_rule
from redflags.plan.schema import Schemas
from redflags.plan.strata import hits_read
from redflags.registers.lists import list_tables, load_lists, threshold_kinds
from redflags.tables import dictionary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from redflags.registers.lists import ListFile
    from redflags.rules.load import RuleBook, RuleFile
    from redflags.rules.profiles import Profile


@dataclass(frozen=True)
class BoundBook:
    """Bound rules that share one set of plan names.

    Attributes:
        rules: bound rules; a rule stands once more for each segment with values of its own.
        schemas: names of the measures and lookups that the rules share.
        lists: shipped lists, for registers that the data set does not bring.
        profile: where thresholds come from.
    """

    rules: tuple[BoundRule, ...]
    schemas: Schemas
    lists: tuple[ListFile, ...]
    profile: Profile | None


def bind_book(
    book: RuleBook, *, profile: str | None = None, only: Iterable[str] | None = None,
    tables: Mapping[str, pl.DataFrame] | None = None,
) -> BoundBook:  # fmt: skip
    """Bind the rules of a book.

    Args:
        book: a loaded rule book.
        profile: name of a profile, or None for defaults alone.
        only: ids of the rules wanted, which bring the rules whose hits they read; None for all that are not deprecated.
        tables: the data set's own registers, whose kinds of threshold are known beside the shipped ones.

    Raises:
        UsageError: an unknown rule or profile, with the nearest name.
    """
    chosen = _chosen(book, only)
    lists = load_lists_of(book)
    schemas = Schemas(dictionary(), list_tables(lists), threshold_kinds(lists, tables))
    values = None if profile is None else book.profile(profile)
    rules: list[BoundRule] = []
    for file in chosen:  # grows while it is walked
        policies = tuple(book.policies[name] for name in file.policies)
        segments = [] if values is None else [s for s, own in values.segments.items() if file.id in own]
        made = [
            bind_rule(
                file.rule, schemas, family=file.family, profile=values, segment=segment, streams=book.streams,
                policies=policies,
            )
            for segment in (None, *segments)
        ]  # fmt: skip
        rules += made
        if only is not None:
            chosen += [other for other in _read_by(made, book) if other not in chosen]
    return BoundBook(tuple(rules), schemas, lists, values)


def _read_by(made: Sequence[BoundRule], book: RuleBook) -> list[RuleFile]:
    """The rules whose hits a rule reads, under any of its parameter values."""
    from redflags.operators.hits import reads

    nodes = [node for bound in made for node in hits_read(bound)]
    return [file for file in _chosen(book, None) if any(reads(node, file.id, file.family) for node in nodes)]


def load_lists_of(book: RuleBook) -> tuple[ListFile, ...]:
    """The lists of a book's folder (or the shipped ones, where it has none)."""
    folders: list[Path] = sorted({path.parent for path in book.lists.values()})
    return tuple(item for folder in folders for item in load_lists(folder))


def _chosen(book: RuleBook, only: Iterable[str] | None) -> list[RuleFile]:
    known = {file.id: file for file in book.rules}
    if only is None:
        return [file for file in book.rules if file.rule.status != "deprecated"]
    wanted = list(dict.fromkeys(only))
    unknown = [name for name in wanted if name not in known]
    if unknown:
        hints = "; ".join(f"'{name}' {did_you_mean(name, known)}".strip() for name in unknown)
        raise UsageError(f"no such rule: {hints}")
    return [known[name] for name in wanted]
