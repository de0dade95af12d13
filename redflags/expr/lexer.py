"""Tokens of the expression language."""

from __future__ import annotations

import re
from dataclasses import dataclass

from redflags.errors import RedflagsError

KEYWORDS = frozenset(
    {
        "and", "or", "not", "in", "is", "null", "true", "false", "between", "like", "case", "when", "then", "else", "end",
        "distinct", "from", "interval", "date", "timestamp", "as", "asc", "desc", "select",
    }
)  # fmt: skip

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<comment>--[^\n]*|/\*)
  | (?P<duration>\d+(?:us|ms|s|m|h|d|w)\b)
  | (?P<number>(?:\d+(?:_\d+)*)(?:\.\d+)?|\.\d+)
  | (?P<text>'(?:[^']|'')*')
  | (?P<param>\$[A-Za-z_]\w*)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<op><>|!=|<=|>=|==|\|\||::|[-+*/=<>(),.;%"`\[\]{}@&|^~?:!$\\])
    """,
    re.VERBOSE,
)


class ExprError(RedflagsError):
    """A fault inside one expression, at character ``offset`` of its text."""

    def __init__(self, message: str, offset: int, hint: str = "", code: str = "EXPR-SYNTAX") -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.hint = hint
        self.code = code


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its kind, its text, and the half-open range it covers."""

    kind: str
    text: str
    start: int
    end: int


def tokenize(text: str) -> list[Token]:
    """Cut ``text`` into tokens, ending with one of kind ``end``.

    Raises:
        ExprError: at an unknown character, an open quote or a comment.

    Example:
        >>> [t.text for t in tokenize("amount >= $band * 10")]
        ['amount', '>=', '$band', '*', '10', '']
    """
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            if text[position] == "'":
                raise ExprError("this quote is never closed", position, "end the text with '")
            raise ExprError(f"unexpected character {text[position]!r}", position)
        kind = str(match.lastgroup)
        word = match.group()
        if kind == "comment":
            raise ExprError("comments are not allowed inside an expression", position, "use a YAML comment (#)")
        if kind == "name" and word.lower() in KEYWORDS:
            kind, word = "keyword", word.lower()
        if kind != "space":
            tokens.append(Token(kind, word, position, match.end()))
        position = match.end()
    tokens.append(Token("end", "", len(text), len(text)))
    return tokens
