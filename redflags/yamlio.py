"""YAML 1.2 reading with positions: text in, plain data and the place of everything in it out.

The scanner is PyYAML's; the meaning is ours. Only ``null``, ``true``, ``false`` and decimal integers are
anything but text, so that ``NO`` is Norway, ``on`` is a word, ``0123`` and ``0x1f`` are codes, dates are for
the models to read and no float ever holds a number with a point. What makes a file mean something other than
it seems to (duplicate keys, aliases, merge keys, tags, an expression cut at a comma) is a fault.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import yaml

from redflags.errors import Fault, RuleError
from redflags.yamlplaces import Node, place_inside

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ABSENT", "Document", "Position", "child_of", "load_yaml", "read_yaml"]

Step: TypeAlias = "str | int"
Data: TypeAlias = Any

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)", re.ASCII)
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_BREAKS = re.compile("\r\n?|\n")
# Line ends that versions of YAML count differently, and what turns or hides text before a reader.
_STRANGE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u0085\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_QUOTE_HINT = "quote the expression"


#: What ``child_of`` gives where there is nothing.
ABSENT: Final = object()


def child_of(value: Data, step: Step) -> Data:
    """What stands under a key of a map or at a place of a list, or ``ABSENT``.

    Example:
        >>> child_of({"a": [1]}, "a"), child_of([1], 5) is ABSENT
        ([1], True)
    """
    if isinstance(value, dict):
        return value.get(step, ABSENT)
    if isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
        return value[step]
    return ABSENT


@dataclass(frozen=True, order=True, slots=True)
class Position:
    """A place in a file; both numbers start at 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML file as plain data, with the place of everything in it.

    Attributes:
        file: The file as the user named it.
        data: Dicts, lists, texts, integers, booleans and None; never a float.
        text: The file's text.
        faults: What was wrong with the YAML itself.
    """

    file: str
    data: Data
    text: str
    faults: tuple[Fault, ...] = ()
    _root: Node | None = field(default=None, repr=False, compare=False)

    def locate(self, path: tuple[Step, ...], offset: int = 0, *, key: bool = False) -> Position:
        r"""Find the place of a value, of its key, or of a character inside a text.

        A path that leads nowhere is followed as far as it goes, so that a missing key is reported at its map.

        Args:
            path: Keys and list positions from the root.
            offset: Character of a scalar's *value*, whatever its quoting, folding or indentation.
            key: The key of the last step rather than its value.

        Example:
            >>> doc = load_yaml("where: >\n  amount >= 10\n  and colour = 'red'\n")
            >>> doc.locate(("where",), doc.data["where"].index("colour"))
            Position(line=3, column=7)
        """
        node = self._root
        if node is None:
            return Position(1, 1)
        for place, step in enumerate(path):
            below = node.children
            if isinstance(below, dict) and isinstance(step, str) and step in below:
                if key and place == len(path) - 1 and node.keys is not None:
                    node = node.keys[step]
                    return Position(node.line + 1, node.column + 1)
                node = below[step]
            elif isinstance(below, list) and isinstance(step, int) and 0 <= step < len(below):
                node = below[step]
            else:
                # The parent stands for what it lacks; its own key names it better than its first child does.
                return self.locate(path[:place], key=True) if place else Position(node.line + 1, node.column + 1)
        if node.text:
            line, column = place_inside(node, offset, _BREAKS.split(self.text))
            return Position(line + 1, column + 1)
        return Position(node.line + 1, node.column + 1)

    def has(self, path: tuple[Step, ...]) -> bool:
        """Say whether the path leads to something that is written in the file."""
        value: Any = self.data
        for step in path:
            value = child_of(value, step)
        return value is not ABSENT

    def fault(
        self, path: tuple[Step, ...], code: str, message: str, hint: str = "", *, offset: int = 0,
        key: bool = False,
    ) -> Fault:  # fmt: skip
        """Make a fault located at a path of this file."""
        at = self.locate(path, offset, key=key)
        return Fault(self.file, at.line, at.column, code, message, hint)


def load_yaml(source: str | Path, file: str | None = None) -> Document:
    """Read one YAML document.

    Args:
        source: A path, or the text itself.
        file: What faults call the file; a path's own name otherwise.

    Raises:
        RuleError: With every fault of the file at once.

    Example:
        >>> load_yaml("{country: NO, rate: 0.10, code: 0123, n: 3}").data
        {'country': 'NO', 'rate': '0.10', 'code': '0123', 'n': 3}
    """
    document = read_yaml(source, file)
    if document.faults:
        raise RuleError(document.faults)
    return document


def read_yaml(source: str | Path, file: str | None = None) -> Document:
    r"""Read one YAML document and carry its faults along, so that a caller can go on to find more.

    Example:
        >>> [fault.code for fault in read_yaml("a: 1\na: 2\n").faults]
        ['YAML-DUP']
    """
    name = file if file is not None else (str(source) if isinstance(source, Path) else "<text>")
    if isinstance(source, Path):
        try:
            text = source.read_bytes().decode("utf-8-sig")
        except OSError as error:
            return Document(name, None, "", (Fault(name, 0, 0, "FILE-READ", f"cannot be read: {error.strerror}"),))
        except UnicodeDecodeError as error:
            message = f"byte {error.start} is not UTF-8"
            return Document(name, None, "", (Fault(name, 0, 0, "FILE-READ", message, "save the file as UTF-8"),))
    else:
        text = source.removeprefix("\ufeff")
    faults = list(_strange(text, name))
    if faults:
        return Document(name, None, text, tuple(faults))
    reader = _Reader(text, name)
    root, data = reader.read()
    return Document(name, data, text, tuple(sorted(reader.faults)), root)


def _strange(text: str, name: str) -> Iterator[Fault]:
    """Characters that no one sees, or that YAML versions count differently as line ends."""
    starts = [0, *(match.end() for match in _BREAKS.finditer(text))]
    for match in _STRANGE.finditer(text):
        line = bisect_right(starts, match.start()) - 1
        code = f"U+{ord(match.group()):04X}"
        yield Fault(
            name,
            line + 1,
            match.start() - starts[line] + 1,
            "YAML-CHAR",
            f"invisible character {code}",
            "remove it, or write it as an escape inside double quotes",
        )
    for number, start in enumerate(starts):
        if text.startswith("\t", start):
            yield Fault(name, number + 1, 1, "YAML-TAB", "a tab at the start of a line", "indent with spaces")


class _Reader:
    """Turns the event stream into data and nodes, gathering faults on the way."""

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        self.faults: list[Fault] = []
        self.events: Iterator[Any] = iter(())  # Any: PyYAML's stubs allow marks to be missing, and they never are
        self.flow = 0

    def fault(self, mark: Any, code: str, message: str, hint: str = "") -> None:  # noqa: ANN401 - PyYAML's marks
        self.faults.append(Fault(self.name, mark.line + 1, mark.column + 1, code, message, hint))

    def read(self) -> tuple[Node | None, Data]:
        root: Node | None = None
        data: Data = None
        try:
            self.events = iter(yaml.parse(self.text, Loader=_LOADER))
            documents = 0
            for event in self.events:
                if isinstance(event, yaml.DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        self.fault(event.start_mark, "YAML-DOCS", "a second document starts here", "one in a file")
                        break
                elif isinstance(event, yaml.NodeEvent):
                    root, data = self.node(event)
            if root is None:
                self.faults.append(Fault(self.name, 1, 1, "YAML-EMPTY", "the file is empty"))
        except yaml.MarkedYAMLError as error:
            self.syntax(error)
            return None, None
        except yaml.YAMLError as error:
            self.faults.append(Fault(self.name, 0, 0, "YAML-SYNTAX", str(error).splitlines()[0]))
            return None, None
        return root, data

    def syntax(self, error: yaml.MarkedYAMLError) -> None:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        lines = _BREAKS.split(self.text)
        problem = error.problem or "not YAML"
        context = error.context or ""
        written = lines[line] if line < len(lines) else ""
        hint = ""
        code = "YAML-SYNTAX"
        if written[column : column + 1] == "\t":
            code, problem, hint = "YAML-TAB", "a tab where spaces are wanted", "indent with spaces"
        elif "mapping values are not allowed" in problem:
            problem, hint = (
                "a second ': ' in one line",
                "quote the value; or the line above is indented wrongly",
            )
        elif "flow" in context or self.flow:
            hint = f"{_QUOTE_HINT}: inside braces and brackets a comma or a quote ends it"
        elif "quoted scalar" in context:
            hint = "a quote is never closed"
        elif "block" in context:
            hint = "check the indentation of this line and of the one before"
        text = f"{context}: {problem}" if context and code == "YAML-SYNTAX" else problem
        self.faults.append(Fault(self.name, line + 1, column + 1, code, text, hint))

    def node(self, event: Any) -> tuple[Node, Data]:  # noqa: ANN401 - PyYAML's events
        if event.__class__ is yaml.AliasEvent or isinstance(event, yaml.AliasEvent):
            self.fault(event.start_mark, "YAML-ALIAS", f"alias *{event.anchor}", "write the value out, or quote it")
            return _made(event), None
        if event.anchor is not None:
            self.fault(event.start_mark, "YAML-ALIAS", f"anchor &{event.anchor}", "write the value where it is used")
        if event.tag is not None and event.tag != "!":
            self.fault(event.start_mark, "YAML-TAG", f"tag {event.tag}", "leave it out; quote what must be text")
        if isinstance(event, yaml.ScalarEvent):
            return self.scalar(event)
        outer, self.flow = self.flow, self.flow + (1 if event.flow_style else 0)
        made = self.mapping(event) if isinstance(event, yaml.MappingStartEvent) else self.sequence(event)
        self.flow = outer
        return made

    def scalar(self, event: Any) -> tuple[Node, Data]:  # noqa: ANN401 - PyYAML's events
        node = _made(event)
        node.text = text = event.value
        # The C scanner calls plain '', the Python one None.
        node.style = style = event.style or None
        if style is not None:
            return node, text
        if text in _WORDS:
            return node, _WORDS[text]
        if text[0] in "+-0123456789" and _INT.fullmatch(text):
            return node, int(text)
        if self.flow and text.count("(") != text.count(")"):
            self.fault(event.start_mark, "YAML-FLOW-CUT", f"{text!r} was cut at a comma", f'{_QUOTE_HINT}: "..."')
        return node, text

    def sequence(self, event: Any) -> tuple[Node, Data]:  # noqa: ANN401 - PyYAML's events
        node = _made(event)
        data: list[Data] = []
        children: list[Node] = []
        node.children = children
        for inner in self.events:
            if isinstance(inner, yaml.SequenceEndEvent):
                break
            child, value = self.node(inner)
            children.append(child)
            data.append(value)
        return node, data

    def mapping(self, event: Any) -> tuple[Node, Data]:  # noqa: ANN401 - PyYAML's events
        node = _made(event)
        data: dict[str, Data] = {}
        keys: dict[str, Node] = {}
        children: dict[str, Node] = {}
        node.keys, node.children = keys, children
        cut = False
        for inner in self.events:
            if isinstance(inner, yaml.MappingEndEvent):
                break
            known = len(self.faults)
            key_node, _ = self.node(inner)
            del self.faults[known + 1 :]
            value_event = next(self.events)
            bare = event.flow_style and _absent(value_event, key_node)
            if bare and cut:
                # The second half of an expression that was reported already.
                del self.faults[known:]
            elif bare and len(self.faults) == known:
                message = f"{key_node.text!r} has no value"
                self.fault(inner.start_mark, "YAML-FLOW-CUT", message, f"if a comma cut the line, {_QUOTE_HINT}")
            before = len(self.faults)
            child, value = self.node(value_event)
            cut = (cut and bare) or any(f.code == "YAML-FLOW-CUT" for f in self.faults[before:])
            if bare:
                continue
            key = key_node.text
            if key is None:
                self.fault(inner.start_mark, "YAML-KEY", "a key must be a plain text")
            elif key == "<<":
                self.fault(inner.start_mark, "YAML-MERGE", "merge key <<", "write the keys out")
            elif key in keys:
                first = keys[key].line + 1
                self.fault(
                    inner.start_mark,
                    "YAML-DUP",
                    f"the key {key!r} stands twice, first in line {first}",
                    "keep one of them",
                )
            else:
                keys[key], children[key], data[key] = key_node, child, value
        return node, data


def _made(event: Any) -> Node:  # noqa: ANN401 - PyYAML's events
    start, end = event.start_mark, event.end_mark
    return Node(start.line, start.column, end.line, end.column)


def _absent(event: Any, key: Node) -> bool:  # noqa: ANN401 - PyYAML's events
    """Whether a value was not written at all: ``{a, b: 1}`` reads ``a`` as a key."""
    if type(event) is not yaml.ScalarEvent or event.value or event.style:
        return False
    mark: Any = event.start_mark
    return (mark.line, mark.column) == (key.end_line, key.end_column)
