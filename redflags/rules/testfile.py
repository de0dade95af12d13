"""Model of a rule's test file, ``<id>.test.yaml``: small tables and the hits expected of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from redflags.rules.faults import Found, validate
from redflags.rules.model import Strict

if TYPE_CHECKING:
    from redflags.errors import Fault
    from redflags.yamlio import Document

Row = dict[str, Any]


class Expected(Strict):
    """What a case expects."""

    hits: tuple[str, ...] = Field((), description="ids of the rows that are hits; a ledger row by its txn_id alone")
    not_evaluable: tuple[str, ...] = Field((), description="ids of the rows that cannot be judged")
    pending: tuple[str, ...] = Field((), description="ids of the rows whose judgement waits")
    facts: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="row id: the facts that are true at that hit, those that only score included"
    )


class TestCase(Strict):
    """One case: tables in, hits out. Columns that no row lists are absent."""

    __test__ = False  # no test of pytest's

    name: str = Field(min_length=1)
    tables: dict[str, list[Row] | Row] = Field(description="rows by table; ledger rows may be given directly")
    params: dict[str, Any] = Field(default_factory=dict, description="values in place of the defaults")
    profile: str | None = None
    base_currency: str | None = None
    timezone: str | None = None
    covers_from: str | None = Field(None, description="first moment that the data speaks about")
    as_of: str | None = Field(None, description="judge rows up to this moment")
    expect: Expected


class Equivalent(Strict):
    """A mutant that no test can tell from the rule, with the proof."""

    mutant: str = Field(description="the mutated line as `redflags test --mutants` prints it")
    proof: str = Field(min_length=1)


class TestFile(Strict):
    """All cases of one rule."""

    __test__ = False  # no test of pytest's

    defaults: dict[str, Row] = Field(default_factory=dict, description="columns that every row of a table has")
    cases: tuple[TestCase, ...] = Field(min_length=1)
    equivalent: tuple[Equivalent, ...] = ()


def read_tests(document: Document) -> tuple[TestFile | None, list[Fault]]:
    """Read a test file; every fault of it at its place.

    Example:
        >>> from redflags.yamlio import read_yaml
        >>> read_tests(read_yaml("cases: [{name: a, tables: {}, expect: {hit: []}}]", "a.test.yaml"))[1][0].hint
        "did you mean 'hits'?"
    """
    if document.faults:
        return None, list(document.faults)
    file, faults = validate(TestFile, document, "TEST")
    if file is None:
        return None, faults
    found = Found(document)
    seen: dict[str, int] = {}
    for place, case in enumerate(file.cases):
        if case.name in seen:
            found.at(
                ("cases", place, "name"),
                "TEST-TWICE",
                f"'{case.name}' is the name of two cases",
                "choose another",
            )
        seen[case.name] = place
    return file, found.faults
