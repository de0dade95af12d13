"""The data dictionary, with the rules that read each column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redflags.tables.schema import schema_markdown

if TYPE_CHECKING:
    from redflags.rules.load import RuleBook

__all__ = ["dictionary_page"]


def dictionary_page(book: RuleBook) -> str:
    """The page, as Markdown."""
    read_by: dict[str, set[str]] = {}
    for file in book:
        for read in file.reads:
            if read.column is not None:
                read_by.setdefault(f"{read.table}.{read.column}", set()).add(file.id)
    return schema_markdown({name: tuple(sorted(rules)) for name, rules in read_by.items()})
