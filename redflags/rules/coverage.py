"""What a rule book covers: catalogue indicators by rules, statements of the source documents by what honours them.

``indicators.yaml`` names the indicators, ``statements.yaml`` what the documents ask, ``honoured_by.yaml`` what answers
each statement. Whatever is pointed at has to be there: a rule, a policy, a list, a table of the dictionary, or a test.
"""

from __future__ import annotations

import ast
import re
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import BaseModel, Field, RootModel

from redflags.errors import did_you_mean
from redflags.resources import rules_dir, shown_path
from redflags.rules.faults import validate
from redflags.rules.model import Strict
from redflags.tables import dictionary
from redflags.yamlio import read_yaml

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from redflags.errors import Fault
    from redflags.rules.book import Indicator, RuleBook
    from redflags.rules.model import Reference
    from redflags.yamlio import Document

__all__ = ["Coverage", "Covered", "Honoured", "coverage_data", "coverage_of"]

#: Names of catalogue families.
FAMILIES = {
    "A": "Structuring and thresholds",
    "B": "Flow behaviour",
    "C": "Jurisdictions and correspondents",
    "D": "Structures and identifiers",
    "E": "Trade-based laundering",
    "F": "Sectors and products",
    "G": "Terrorist financing",
    "H": "Abuse of non-profits",
    "I": "Trafficking and other predicate offences",
    "J": "Kidnapping, extortion, maritime, cyber",
    "K": "Corruption and officials",
    "L": "Sanctions and UN lists",
    "M": "Networks and the nexus",
}
M = TypeVar("M", bound=BaseModel)
_CASE = re.compile(r"^ *- name: *(.*?) *$", re.MULTILINE)


class Statement(Strict):
    """What a source document asks of a rules engine.

    Attributes:
        source: Id of the document.
        locator: Where in it.
        kind: indicator, list, feature or safeguard.
        statement: What it says.
        asks: What this asks of the engine.
    """

    source: str
    locator: str
    kind: Literal["indicator", "list", "feature", "safeguard"]
    statement: str
    asks: str


class Honour(Strict):
    """What answers a statement, and what is still lacking."""

    by: tuple[str, ...] = Field(min_length=1)
    lacks: str | None = None


class _Statements(RootModel[dict[str, Statement]]):
    pass


class _Honours(RootModel[dict[str, Honour]]):
    pass


@dataclass(frozen=True)
class Covered:
    """One indicator with the rules that cover it.

    Attributes:
        cases: How many test cases these rules have.
        sources: Ids of the documents that they cite for what they detect.
    """

    id: str
    indicator: Indicator
    rules: tuple[str, ...]
    cases: int
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Honoured:
    """One statement with what answers it; ``lacks`` where only a part is answered."""

    id: str
    statement: Statement
    by: tuple[str, ...]
    lacks: str | None

    @property
    def state(self) -> Literal["honoured", "partly", "open"]:
        """Whether the statement is answered."""
        if not self.by:
            return "open"
        return "honoured" if self.lacks is None else "partly"


@dataclass(frozen=True)
class Coverage:
    """Indicators by rules, statements by what honours them, mandates by the rules that cite them, and faults."""

    indicators: tuple[Covered, ...]
    statements: tuple[Honoured, ...]
    mandates: Mapping[str, tuple[str, ...]]
    faults: tuple[Fault, ...]

    def family(self, letter: str) -> tuple[Covered, ...]:
        """Indicators of one family."""
        return tuple(item for item in self.indicators if item.indicator.family == letter)


def coverage_of(book: RuleBook) -> Coverage:
    """Hold a rule book against its indicators and statements; the shipped ones where the book has none.

    Example:
        >>> from redflags.rules.load import load_rules
        >>> found = coverage_of(load_rules())
        >>> next(item.rules for item in found.indicators if item.id == "pass-through-rapid-outflow")
        ('pass-through-rapid-outflow',)
        >>> found.faults
        ()
    """
    statements, first = _read(book, "statements.yaml", _Statements)
    honours, second = _read(book, "honoured_by.yaml", _Honours)
    faults = [*first, *second]
    asked = {} if statements is None else statements.root
    answers = {} if honours is None else honours.root
    document = read_yaml(_home(book, "honoured_by.yaml"), "honoured_by.yaml")
    faults += _unsound(book, document, asked, answers)
    rows = tuple(
        Honoured(name, statement, answers[name].by if name in answers else (),
                 answers[name].lacks if name in answers else None)
        for name, statement in asked.items()
    )  # fmt: skip
    return Coverage(tuple(_indicators(book)), rows, _mandates(book), tuple(faults))


def coverage_data(found: Coverage, family: str | None = None) -> dict[str, Any]:
    """The same as plain values, for a machine."""
    chosen = found.indicators if family is None else found.family(family)
    return {
        "indicators": [
            {"id": item.id}
            | item.indicator.model_dump()
            | {"rules": item.rules, "cases": item.cases, "sources": item.sources}
            for item in chosen
        ],
        "statements": [
            {"id": row.id, "state": row.state} | row.statement.model_dump() | {"by": row.by, "lacks": row.lacks}
            for row in found.statements
        ],
        "mandates": dict(found.mandates),
        "faults": [asdict(fault) for fault in found.faults],
    }


def _home(book: RuleBook, name: str) -> Path:
    own = book.path / name
    return own if own.is_file() else rules_dir() / name


def _read(book: RuleBook, name: str, model: type[M]) -> tuple[M | None, list[Fault]]:
    path = _home(book, name)
    document = read_yaml(path, shown_path(path))
    if document.faults:
        return None, list(document.faults)
    return validate(model, document, "COVERAGE")


def _indicators(book: RuleBook) -> Iterator[Covered]:
    rules: dict[str, list[str]] = {}
    for file in book:
        for name in file.rule.covers:
            rules.setdefault(name, []).append(file.id)
    for name, indicator in book.indicators.items():
        found = tuple(sorted(rules.get(name, ())))
        cited = {ref.source for rule in found for ref in book[rule].rule.references if _detects(ref)}
        yield Covered(name, indicator, found, sum(_cases(book[rule].test_path) for rule in found), tuple(sorted(cited)))


def _detects(reference: Reference) -> bool:
    return reference.supports in {"detection", "threshold"}


@cache
def _names(path: Path) -> frozenset[str]:
    """Names of the tests in a file: functions of a module, cases of a rule's test file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return frozenset(node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef))
    return frozenset(name.strip("\"'") for name in _CASE.findall(text))


def _cases(path: Path) -> int:
    return len(_names(path)) if path.is_file() else 0


def _mandates(book: RuleBook) -> dict[str, tuple[str, ...]]:
    named = [name for name, source in book.sources.items() if source.mandate is not None]
    return {
        name: tuple(file.id for file in book if name in {ref.source for ref in file.rule.references})
        for name in sorted(named)
    }


def _unsound(
    book: RuleBook, document: Document, asked: Mapping[str, Statement], answers: Mapping[str, Honour]
) -> Iterator[Fault]:
    """Answers to nothing, and pointers to nothing."""
    kinds: dict[str, Collection[str]] = {
        "rule": [file.id for file in book],
        "policy": book.policies,
        "list": book.lists,
        "table": dictionary().tables,
    }
    home = book.path if (book.path / "honoured_by.yaml").is_file() else rules_dir()
    for name, honour in answers.items():
        if name not in asked:
            hint = did_you_mean(name, asked) or "it is not in statements.yaml"
            yield document.fault((name,), "COVERAGE-UNKNOWN", f"no statement is called '{name}'", hint, key=True)
        for place, pointer in enumerate(honour.by):
            kind, _, target = pointer.partition(" ")
            message = hint = ""
            if kind == "test":
                message = _no_test(home.resolve().parent, target)
            elif kind not in kinds:
                message, hint = f"'{pointer}' names no kind of thing", "rule, policy, list, table or test"
            elif target not in kinds[kind]:
                message, hint = f"no {kind} is called '{target}'", did_you_mean(target, kinds[kind])
            if message:
                yield document.fault((name, "by", place), "COVERAGE-NOTHING", message, hint)


def _no_test(root: Path, target: str) -> str:
    """Why a test is not there; empty where it is, or where the tests did not come along (an installed package)."""
    file, _, name = target.partition("::")
    if not (root / "tests").is_dir():
        return ""
    if not (root / file).is_file():
        return f"there is no file {file}"
    return "" if name in _names(root / file) else f"{file} has no test '{name}'"
