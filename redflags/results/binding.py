"""A rule book bound to a profile and a data set: what the engine runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redflags.errors import Fault, RuleError
from redflags.plan.bind import bind_rule
from redflags.plan.schema import Schemas
from redflags.registers.lists import list_tables, load_lists, threshold_kinds
from redflags.tables import dictionary

if TYPE_CHECKING:
    from collections.abc import Iterable

    from redflags.ingest.dataset import Dataset
    from redflags.plan.bind import BoundRule
    from redflags.plan.book import BoundBook
    from redflags.plan.scope import BindError
    from redflags.registers.lists import ListFile
    from redflags.rules.load import RuleBook, RuleFile
    from redflags.rules.profiles import Profile

__all__ = ["bind_book", "lists_of"]


def lists_of(book: RuleBook) -> tuple[ListFile, ...]:
    """The lists that a book carries, read from their folder.

    Raises:
        RuleError: With every fault of every list.
    """
    folders = sorted({path.parent for path in book.lists.values()})
    return tuple(item for folder in folders for item in load_lists(folder) if item.id in book.lists)


def bind_book(
    book: RuleBook, profile: Profile, dataset: Dataset | None = None, lists: Iterable[ListFile] | None = None
) -> BoundBook:
    """Bind every rule of a book, once more for each segment that has values of its own.

    Args:
        book: The rules; select from it first where only some are wanted.
        profile: Parameter values and limits.
        dataset: Its own thresholds may know further kinds of limits.
        lists: The book's lists, where they are loaded already.

    Raises:
        RuleError: When a rule cannot be bound, with every fault.
    """
    from redflags.plan.book import BoundBook

    loaded = tuple(lists_of(book) if lists is None else lists)
    kinds = threshold_kinds(loaded, dict(dataset.tables) if dataset is not None else None)
    schemas = Schemas(dictionary(), list_tables(loaded), kinds)
    faults: list[Fault] = []
    bound: list[BoundRule] = []
    for file in book.rules:
        special = sorted(name for name, values in profile.segments.items() if file.id in values)
        for segment in (None, *special):
            found: list[BindError] = []
            policies = tuple(book.policies[name] for name in file.policies)
            made = bind_rule(
                file.rule,
                schemas,
                family=file.family,
                profile=profile,
                segment=segment,
                streams=book.streams,
                policies=policies,
                faults=found,
            )
            faults += [_fault(file, error) for error in found]
            bound.append(made)
    if faults:
        raise RuleError(sorted(set(faults)))
    return BoundBook(tuple(bound), schemas, loaded, profile)


def _fault(file: RuleFile, error: BindError) -> Fault:
    inner = error.error
    return file.document.fault(error.path, inner.code, inner.message, inner.hint, offset=inner.offset)
