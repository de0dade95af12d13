"""What a loaded rule book is: rules with their files, and everything they share."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from redflags.errors import UsageError
from redflags.rules.model import Strict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from redflags.rules.facts import FactFormula
    from redflags.rules.model import Operator, Rule, View
    from redflags.rules.policies import Policy
    from redflags.rules.profiles import Profile
    from redflags.rules.scopes import Read
    from redflags.yamlio import Document


class Source(Strict):
    """A document that rules cite; ``mandate`` says what it binds or calls on states and institutions to do."""

    title: str
    issuer: str
    year: int | None = None
    url: str | None = None
    note: str | None = None
    mandate: str | None = None


class Typology(Strict):
    """A named scheme that several indicators point to.

    A ``composite`` one is a label that no single family of signs can give: only rules that read the hits of others may
    point to it.
    """

    title: str
    description: str
    amltrix: str | None = None
    composite: bool = False


class Indicator(Strict):
    """A red-flag indicator of the catalogue, which rules cover.

    ``computable`` is ``full``, ``partial`` (a part needs what no table holds) or ``needs-external`` (it needs a table
    that an institution has to supply).
    """

    family: str
    title: str
    computable: Literal["full", "partial", "needs-external"]


@dataclass(frozen=True)
class RuleFile:
    """One rule with its file.

    Attributes:
        path: The file.
        family: Name of the folder it stands in.
        rule: The rule.
        document: The file's places.
        formula: Its condition, ready to be evaluated.
        reads: Everything it reads, with classes.
        streams: Names of the shared streams it uses.
        policies: Ids of the policies that its reads derive, waived ones left out.
    """

    path: Path
    family: str
    rule: Rule
    document: Document = field(repr=False)
    formula: FactFormula = field(repr=False)
    reads: frozenset[Read] = field(repr=False)
    streams: frozenset[str] = frozenset()
    policies: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The rule's id."""
        return self.rule.id

    @property
    def test_path(self) -> Path:
        """Where its test stands."""
        return self.path.with_name(f"{self.path.stem}.test.yaml")


@dataclass(frozen=True)
class RuleBook:
    """All rules of a folder with what they share.

    Attributes:
        path: The folder (or file) that was read.
        rules: By id.
        policies: By id.
        profiles: By name.
        sources: By id.
        typologies: By id.
        indicators: By id.
        streams: Shared views and operators by name.
        lists: Files of ``lists/`` by list name.
        list_tables: Table that a list fills, for those that can be asked by their own name.
        hash: Of every file but the lists, whose versions are hashed where they are loaded.
    """

    path: Path
    rules: tuple[RuleFile, ...]
    policies: Mapping[str, Policy]
    profiles: Mapping[str, Profile]
    sources: Mapping[str, Source]
    typologies: Mapping[str, Typology]
    indicators: Mapping[str, Indicator]
    streams: Mapping[str, View | Operator]
    lists: Mapping[str, Path]
    list_tables: Mapping[str, str]
    hash: str

    def __len__(self) -> int:
        return len(self.rules)

    def __iter__(self) -> Iterator[RuleFile]:
        return iter(self.rules)

    def __getitem__(self, rule_id: str) -> RuleFile:
        for item in self.rules:
            if item.rule.id == rule_id:
                return item
        raise UsageError.unknown_name("rule", rule_id, [item.rule.id for item in self.rules])

    def select(self, only: Iterable[str]) -> RuleBook:
        """The same book with some of its rules.

        Raises:
            UsageError: When there is no such rule, with the nearest name.
        """
        wanted = {self[rule_id].rule.id for rule_id in only}
        return replace(self, rules=tuple(item for item in self.rules if item.rule.id in wanted))

    def profile(self, name: str) -> Profile:
        """A profile by name.

        Raises:
            UsageError: When there is none, with the nearest name.
        """
        if name not in self.profiles:
            raise UsageError.unknown_name("profile", name, self.profiles)
        return self.profiles[name]
