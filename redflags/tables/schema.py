"""The data dictionary as a page for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redflags.tables.load import dictionary
from redflags.tables.model import KLASSES, Column, Dictionary, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["schema_markdown"]

_TITLES: Mapping[str, str] = {
    "transactions": "Movements of value",
    "parties": "Parties",
    "accounts": "Accounts and access",
    "npo": "Non-profits",
    "trade": "Trade and shipping",
    "goods": "Goods",
    "products": "Products",
    "lists": "Lists",
    "cases": "Alerts and reports",
}


def schema_markdown(read_by: Mapping[str, Sequence[str]] | None = None, *, source: Dictionary | None = None) -> str:
    """Write the data dictionary as Markdown.

    Args:
        read_by: Ids of the rules that read a column, by `table.column`.
        source: Another dictionary than the shipped one.

    Returns:
        The page; the same dictionary gives the same bytes.

    Examples:
        >>> page = schema_markdown({"transactions.amount": ["round-amounts"]})
        >>> page.splitlines()[0]
        '# Data dictionary'
        >>> "round-amounts" in page
        True
    """
    return "\n".join(_page(source or dictionary(), read_by or {})) + "\n"


def _page(whole: Dictionary, read_by: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield "# Data dictionary"
    yield ""
    yield "Generated from `redflags/tables/dictionary/*.yaml`; do not edit. A data set may carry any subset"
    yield "of these tables and columns; `transactions` is enough to start. Columns in **bold** are required"
    yield "of a table that is given. A list lookup is always as of the row's date."
    yield ""
    yield "| class | what it says of a rule that reads it |"
    yield "|---|---|"
    yield from (f"| {name} | {text} |" for name, text in KLASSES.items())
    for group, title in _TITLES.items():
        tables = [table for table in whole.tables.values() if table.group == group]
        yield ""
        yield f"## {title}"
        for table in sorted(tables, key=lambda table: (table.name not in {"transactions", "ledger"}, table.derived)):
            yield from _table(table, read_by)
    yield ""
    yield "## Not in the model"
    yield ""
    yield "A rule that asks for one of these does not load."
    yield ""
    yield "| attribute | why not | instead |"
    yield "|---|---|---|"
    yield from (f"| {item.name} | {item.reason} | {item.instead} |" for item in whole.protected_attributes)


def _table(table: Table, read_by: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield ""
    yield f"### {table.name}"
    yield ""
    yield table.doc
    yield ""
    facts = [f"kind: {table.kind}", f"class: {table.klass}"]
    if table.time:
        facts.append(f"moment: `{table.time}`")
    if table.id_parts:
        facts.append("row id: " + ", ".join(f"`{part}`" for part in table.id_parts))
    if table.is_register:
        facts.append("keys: " + ", ".join(f"`{key}`{_match(table, key)}" for key in table.keys))
    if table.valid_from:
        facts.append("dated")
    yield "; ".join(facts) + "."
    if table.refs:
        yield ""
        paths = (f"`{path}` (`{ref.column}` to {ref.table})" for path, ref in table.refs.items())
        yield "Paths: " + ", ".join(paths) + "."
    rules = {name: read_by.get(f"{table.name}.{name}", ()) for name in table.columns}
    shown = any(rules.values())
    yield ""
    yield "| column | type | unit | class | holds | empty means |" + (" rules |" if shown else "")
    yield "|---|---|---|---|---|---|" + ("---|" if shown else "")
    for name, column in table.columns.items():
        yield _row(column) + (f" {', '.join(rules[name])} |" if shown else "")


def _match(table: Table, key: str) -> str:
    how = table.match_of(key)
    return "" if how == "exact" else f" ({how})"


def _row(column: Column) -> str:
    name = f"**{column.name}**" if column.required else column.name
    doc = column.doc
    if column.values:
        doc += ": " + ", ".join(f"`{value}`" for value in column.values)
    if column.known_at:
        doc += f"; known from `{column.known_at}`"
    if column.plan:
        doc += "; a plan"
    if column.ref:
        doc += f"; in {column.ref}"
    return f"| {name} | {column.type} | {column.unit} | {column.klass} | {doc} | {column.null} |"
