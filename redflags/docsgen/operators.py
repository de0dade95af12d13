"""One page per operator, from the operator's own words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redflags.operators import operations

if TYPE_CHECKING:
    from redflags.operators import Operation

KINDS = {
    "stream": "a stream: it is walked, filtered and measured like any other",
    "register": "a register: it is looked up with `listed`, `value_of` and `rows_of`, as of the row",
    "both": "a stream and a register",
}


def operator_pages() -> dict[str, str]:
    """File name -> page, with an index.

    Example:
        >>> "explode.md" in operator_pages()
        True
    """
    found = operations()
    made = {f"{item.name}.md": _page(item) for item in found}
    lines = ["# Operators", "", "What may stand under `with:` of a rule, or in `rules/streams/*.yaml`.", ""]
    lines += [f"- [{item.name}]({item.name}.md): {_first(item)}" for item in found]
    made["README.md"] = "\n".join(lines) + "\n"
    return made


def _first(item: Operation) -> str:
    return item.doc.split("\n", 1)[0]


def _page(item: Operation) -> str:
    example = f"```yaml\nwith:\n{_indented(item.example)}\n```"
    return f"# `{item.name}`\n\n{item.doc}\n\nIt makes {KINDS[item.kind]}.\n\n{example}\n"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" if line else line for line in text.splitlines())
