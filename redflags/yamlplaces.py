"""From a character of a YAML scalar's value to its place in the file, whatever the quoting or folding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

_Places: TypeAlias = "list[tuple[int, int]]"

_ESCAPE = {"x": 2, "u": 4, "U": 8}
_SIMPLE = {
    "n": "\n",
    "t": "\t",
    "\t": "\t",
    '"': '"',
    "\\": "\\",
    "/": "/",
    " ": " ",
    "0": "\0",
    "r": "\r",
    "e": "\x1b",
    "a": "\a",
    "b": "\b",
    "v": "\v",
    "f": "\f",
    "N": "\x85",
    "_": "\xa0",
    "L": "\u2028",
    "P": "\u2029",
}


@dataclass(slots=True)
class Node:
    """One node of the file: where it starts and (a scalar) ends, from 0, and what stands below it."""

    line: int
    column: int
    end_line: int
    end_column: int
    style: str | None = None  # of a scalar: None (plain), ', ", | or >
    text: str | None = None  # of a scalar
    keys: dict[str, Node] | None = None
    children: dict[str, Node] | list[Node] | None = None


def place_inside(node: Node, offset: int, lines: list[str]) -> tuple[int, int]:
    """Line and column, from 0, of a character of a scalar's value.

    Args:
        node: The scalar.
        offset: Character of its value; beyond the end, the place after the last one.
        lines: The file's lines.
    """
    text = node.text or ""
    places = _block(node, lines) if node.style in {"|", ">"} else _flow(node, lines)
    if places is None or len(places) < min(offset, len(text)):
        return node.line, node.column
    if offset < len(places):
        line, column = places[offset]
    elif places:
        line, column = places[-1][0], places[-1][1] + 1
    else:
        line, column = node.line, node.column
    return line, column


def _flow(node: Node, lines: list[str]) -> _Places | None:
    """Places of the characters of a plain or quoted scalar, or None where they cannot be told."""
    quote = node.style
    width = 1 if quote else 0
    characters: list[str] = []
    places: _Places = []
    pending = 0  # line breaks since the last content
    joined = True  # nothing to fold before the first line, or after an escaped line end
    for number in range(node.line, node.end_line + 1):
        line = lines[number]
        begin = node.column + width if number == node.line else len(line) - len(line.lstrip(" \t"))
        end = node.end_column - width if number == node.end_line else len(line.rstrip(" \t"))
        if begin >= end and number not in {node.line, node.end_line}:
            pending += 1
            continue
        if number != node.line and not joined:
            filler = "\n" * pending or " "
            last = places[-1] if places else (node.line, node.column)
            characters.append(filler)
            places.extend([(last[0], last[1] + 1)] * len(filler))
        pending, joined = 0, False
        column = begin
        while column < end:
            value, taken = _unescape(line, column, quote)
            if value is None:
                return None
            if column + taken > len(line) and line[column] == "\\":
                joined = True  # an escaped line end joins without a blank
                break
            characters.append(value)
            places.extend([(number, column)] * len(value))
            column += taken
    return places if "".join(characters) == node.text else None


def _unescape(line: str, column: int, quote: str | None) -> tuple[str | None, int]:
    """The character at a column as the value has it, and how many columns it takes."""
    letter = line[column]
    if quote == "'" and letter == "'":
        return "'", 2
    if quote != '"' or letter != "\\":
        return letter, 1
    if column + 1 >= len(line):
        return "", 2
    escape = line[column + 1]
    if escape in _ESCAPE:
        width = _ESCAPE[escape]
        return chr(int(line[column + 2 : column + 2 + width], 16)), 2 + width
    return _SIMPLE.get(escape), 2


def _block(node: Node, lines: list[str]) -> _Places | None:
    """Places of the characters of a literal or folded block."""
    body = range(node.line + 1, min(node.end_line + 1, len(lines)))
    first = next((lines[n] for n in body if lines[n].strip(" ")), "")
    text = (node.text or "").rstrip("\n")
    # The indentation is the first line's, unless the header states a smaller one.
    for indent in range(len(first) - len(first.lstrip(" ")), 0, -1):
        characters, places = _unfolded(body, lines, indent, folded=node.style == ">")
        if "".join(characters).rstrip("\n") == text:
            return places
    return None


def _unfolded(body: range, lines: list[str], indent: int, *, folded: bool) -> tuple[list[str], _Places]:
    characters: list[str] = []
    places: _Places = []
    breaks: _Places = []  # places of line ends not yet written
    was_blank = False
    for number in body:
        line = lines[number]
        if line[:indent].strip(" "):
            break  # less indented: the block is over
        if len(line) <= indent:
            breaks.append((number, len(line)))
            continue
        is_blank = line[indent] in " \t"
        if characters or breaks:
            fold = folded and bool(characters) and not was_blank and not is_blank
            if fold and len(breaks) == 1:
                characters.append(" ")
                places.append(breaks[0])
            else:
                kept = breaks[1:] if fold else breaks
                characters.append("\n" * len(kept))
                places.extend(kept)
        characters.append(line[indent:])
        places.extend((number, column) for column in range(indent, len(line)))
        was_blank = is_blank
        breaks = [(number, len(line))]
    characters.append("\n" * len(breaks))
    places.extend(breaks)
    return characters, places
