"""The data dictionary, with the rules that read each column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redflags.tables import dictionary
from redflags.tables.ledger import own_name, sided_pairs
from redflags.tables.schema import schema_markdown

if TYPE_CHECKING:
    from redflags.rules.load import RuleBook

__all__ = ["dictionary_page"]


def dictionary_page(book: RuleBook) -> str:
    """The page, as Markdown; what is read of the ledger is laid to the columns of transactions behind it."""
    made_of = _made_of()
    read_by: dict[str, set[str]] = {}
    for file in book:
        for read in file.reads:
            if read.column is None:
                continue
            read_by.setdefault(f"{read.table}.{read.column}", set()).add(file.id)
            for source in made_of.get(read.column, ()) if read.table == "ledger" else ():
                read_by.setdefault(f"transactions.{source}", set()).add(file.id)
    return schema_markdown({name: tuple(sorted(rules)) for name, rules in read_by.items()})


def _made_of() -> dict[str, tuple[str, ...]]:
    """Columns of transactions behind each column of the ledger."""
    columns = dictionary().table("transactions").columns
    found: dict[str, tuple[str, ...]] = {name: (name,) for name in columns}
    for what, sides in sided_pairs(columns).items():
        found[own_name(what)] = found[f"counterparty_{what}"] = sides
    return found
