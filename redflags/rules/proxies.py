"""Stand-ins for protected attributes: a name held against fixed words, words of faith or origin in a text.

The data model holds no nationality, religion, age or gender. What is left are disguises: a name or a number that was
shown, compared with something that the rule's author wrote down. Such a column may be compared with other columns
(the same payer, a name on a list), never with a constant.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from redflags.expr import nodes as ex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redflags.expr.nodes import Expr
    from redflags.rules.faults import Path
    from redflags.rules.names import Namer
    from redflags.rules.scopes import Scope
    from redflags.tables import Dictionary

__all__ = ["proxy_words", "told"]

#: Functions that compare their arguments.
_COMPARING: Final = frozenset({"starts_with", "ends_with", "contains", "similarity", "overlap"})
#: Functions that make a number of a text: how long or how like it is, which tells nobody's origin.
_MEASURING: Final = frozenset({"length", "size", "similarity"})
_LOOKING: Final = frozenset({"listed", "value_of", "linked", "found"})
#: Attributes whose words say what somebody believes, where he comes from or where he was held.
_TELLING: Final = frozenset({"religion", "ethnicity", "nationality", "birthplace", "conviction", "political opinion"})
_WORD: Final = re.compile(r"[^\W\d_]+")


def told(namer: Namer, scope: Scope, path: Path, node: Expr) -> None:
    """Report where a node holds an identity against a constant, or names what somebody believes or comes from."""
    if isinstance(node, ex.Text | ex.Like):
        said = node.value if isinstance(node, ex.Text) else node.pattern
        for word, attribute in proxy_words(namer.dictionary, said):
            namer.report(path, "PROXY-WORD", f"'{word}' stands for {attribute}", _INSTEAD, node.start)
    free = [side for side in _sides(node) if not _is_fixed(side)]
    if len(free) == len(_sides(node)) and not isinstance(node, ex.Like):
        return
    for side in free:
        if isinstance(side, ex.Call) and side.name in _MEASURING:
            continue
        if column := _identity(namer, scope, path, side):
            namer.report(
                path, "PROXY-NAME", f"{column} is held against fixed words, which stand in for origin, age or the like",
                "compare it with another column, or with a dated list (screen, listed)", node.start,
            )  # fmt: skip
            return


_INSTEAD: Final = "say what was done with the money"


def proxy_words(dictionary: Dictionary, text: str) -> Iterator[tuple[str, str]]:
    """Words of a text that stand for a protected attribute: (word, attribute).

    Example:
        >>> from redflags.tables import dictionary
        >>> list(proxy_words(dictionary(), "gift for the mosque"))
        [('mosque', 'religion')]
        >>> list(proxy_words(dictionary(), "rent"))
        []
    """
    for word in _WORD.findall(text.lower()):
        found = dictionary.protected_words.get(word)
        if found is not None and found.name in _TELLING:
            yield word, found.name


def _sides(node: Expr) -> tuple[Expr, ...]:
    match node:
        case ex.Binary(op, left, right) if op in ex.COMPARISONS:
            return (left, right)
        case ex.IsDistinct(left, right):
            return (left, right)
        case ex.In(operand, items):
            return (operand, *items)
        case ex.Like(operand):
            return (operand,)
        case ex.Call(name, args) if name in _COMPARING:
            return args
        case _:
            return ()


def _is_fixed(node: Expr) -> bool:
    """Whether a side says words, and always the same ones."""
    leaves = [leaf for leaf in ex.walk(node) if isinstance(leaf, ex.Name | ex.Text | ex.Param)]
    says = any(isinstance(leaf, ex.Param) or (isinstance(leaf, ex.Text) and leaf.value) for leaf in leaves)
    return says and not any(isinstance(leaf, ex.Name) for leaf in leaves)


def _values(node: Expr) -> Iterator[ex.Name]:
    """Names whose values are compared; keys of a lookup only find the row that answers."""
    if isinstance(node, ex.Name):
        yield node
    if isinstance(node, ex.Call) and node.name in _LOOKING:
        return
    for child in ex.children(node):
        yield from _values(child)


def _identity(namer: Namer, scope: Scope, path: Path, node: Expr) -> str:
    """The identifying text that a side reads of the row itself; empty where it reads none, or only counts them."""
    tables = namer.dictionary.tables
    reads = {read for name in _values(node) for read in namer.follow(scope, path, name).columns}
    for read in sorted(reads):
        if read.klass != "identity" or read.column is None or read.table not in tables:
            continue
        if tables[read.table].columns[read.column].type in {"text", "list"}:
            return str(read)
    return ""
