"""Policies: safeguards that no rule can forget, because what it reads decides which of them apply."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from redflags.errors import Fault, did_you_mean
from redflags.expr.lexer import ExprError
from redflags.expr.nodes import Call, Name, Param, walk
from redflags.expr.parser import parse
from redflags.rules.faults import Found, validate
from redflags.rules.model import FACT_KINDS, Identifier, Reference, Strict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from redflags.rules.scopes import Read
    from redflags.yamlio import Document

Bands = Literal["low", "medium", "high"]
#: What a policy's condition may name besides the columns of the hit's row.
POLICY_NAMES = frozenset(
    {
        "subject_id",
        "subject_kind",
        "subject_party_id",
        "fact_kinds",
        "behaviour_kinds",
        "context_kinds",
        "facts",
        "rule_id",
        "family",
        "severity",
        "score",
        "at",
    }
)
#: Classes that `applies.reads` may name.
_CLASSES = frozenset({*FACT_KINDS, "behaviour"})


class Applies(Strict):
    """Which rules a policy applies to."""

    reads: tuple[str, ...] = Field(
        min_length=1,
        description="a class (place, npo, ...), table.*, table.column, rule:PATTERN of ids, or * for all",
    )
    subject_kinds: tuple[str, ...] = Field(("*",), description="kinds of subject, or * for all")


class Then(Strict):
    """What a policy does to a hit."""

    action: Literal["suppress", "cap", "route", "review", "wording", "redact", "expire"]
    text: str = Field(min_length=1, description="what the alert says of it")
    to: Bands | None = Field(None, description="cap: the highest band left")
    queue: str | None = Field(None, description="route: where the alert goes")
    by: str | None = Field(None, description="review: who reads it")
    persons: int | None = Field(None, ge=1, description="review: how many people")
    fields: tuple[Literal["rationale", "facts", "observed", "counterfactual", "evidence"], ...] = Field(
        (), description="redact: what line staff do not see"
    )
    days: int | None = Field(None, ge=1, description="expire: days after the last moment")

    @model_validator(mode="after")
    def _complete(self) -> Then:
        needs = {
            "cap": ("to",),
            "route": ("queue",),
            "review": ("by",),
            "redact": ("fields",),
            "expire": ("days",),
        }
        for name in needs.get(self.action, ()):
            if not getattr(self, name):
                raise ValueError(f"action {self.action} needs '{name}'")
        allowed = {
            "action",
            "text",
            "persons" if self.action == "review" else "",
            *needs.get(self.action, ()),
        }
        surplus = sorted(self.model_fields_set - allowed)
        if surplus:
            raise ValueError(f"action {self.action} has no '{surplus[0]}'")
        return self


class Policy(Strict):
    """One policy file, ``rules/policies/<id>.yaml``."""

    id: Identifier
    title: str
    why: str = Field(min_length=1)
    references: tuple[Reference, ...] = Field(min_length=1)
    applies: Applies
    when: str = Field(description="condition on the hit: subject_party_id, fact_kinds, behaviour_kinds and its row")
    then: Then
    missing: Literal["skip", "apply"] = Field(description="what an unknown condition means")

    def applies_to(self, rule_id: str, subject_kind: str, reads: Iterable[Read]) -> bool:
        """Whether a rule that reads these things takes this policy."""
        kinds = self.applies.subject_kinds
        if "*" not in kinds and subject_kind not in kinds:
            return False
        reads = tuple(reads)
        return any(_matches(pattern, rule_id, reads) for pattern in self.applies.reads)


def _matches(pattern: str, rule_id: str, reads: tuple[Read, ...]) -> bool:
    if pattern == "*":
        return True
    if pattern.startswith("rule:"):
        return fnmatchcase(rule_id, pattern.removeprefix("rule:"))
    if "." in pattern:
        return any(fnmatchcase(f"{read.table}.{read.column or '*'}", pattern) for read in reads)
    return any(read.klass == pattern for read in reads)


def derive_policies(
    policies: Mapping[str, Policy], rule_id: str, subject_kind: str, reads: Iterable[Read]
) -> tuple[str, ...]:
    """Ids of the policies that apply to a rule, sorted; its waivers are not looked at.

    Args:
        policies: All policies by id.
        rule_id: The rule.
        subject_kind: Whom its alerts are about.
        reads: Everything it reads, through views, registers, aggregates and the hits of other rules.

    Example:
        >>> derive_policies({}, "some-rule", "party", [])
        ()
    """
    reads = tuple(reads)
    return tuple(sorted(name for name, policy in policies.items() if policy.applies_to(rule_id, subject_kind, reads)))


def read_policy(
    document: Document, stem: str, tables: Mapping[str, Iterable[str]], sources: Iterable[str]
) -> tuple[Policy | None, list[Fault]]:
    """Read a policy file.

    Args:
        document: What was read.
        stem: The file's name without ``.yaml``.
        tables: Columns of every table, to check what ``applies.reads`` and ``when`` name.
        sources: Known sources.
    """
    policy, faults = validate(Policy, document, "POLICY")
    if policy is None:
        return None, faults
    found = Found(document)
    if policy.id != stem:
        found.at(
            ("id",),
            "POLICY-NAME",
            f"the policy is called '{policy.id}', its file '{stem}'",
            "its id is its file's",
        )
    known = set(sources)
    for place, reference in enumerate(policy.references):
        if reference.source not in known:
            found.at(("references", place, "source"), "REF-UNKNOWN", f"unknown source '{reference.source}'",
                     did_you_mean(reference.source, known) or "add it to sources.yaml")  # fmt: skip
    for place, pattern in enumerate(policy.applies.reads):
        if problem := _unknown(pattern, tables):
            found.at(
                ("applies", "reads", place),
                "POLICY-READS",
                problem,
                did_you_mean(pattern, [*_CLASSES, *tables]),
            )
    _check_when(found, policy, tables)
    return policy, found.faults


def _unknown(pattern: str, tables: Mapping[str, Iterable[str]]) -> str:
    if pattern == "*" or pattern.startswith("rule:") or pattern in _CLASSES:
        return ""
    table, dot, column = pattern.partition(".")
    if not dot:
        return f"'{pattern}' is neither a class nor table.column"
    if table not in tables:
        return f"unknown table '{table}'"
    return "" if column == "*" or column in tables[table] else f"'{table}' has no column '{column}'"


def _check_when(found: Found, policy: Policy, tables: Mapping[str, Iterable[str]]) -> None:
    try:
        tree = parse(policy.when)
    except ExprError as error:
        found.at(("when",), error.code, error.message, error.hint, offset=error.offset)
        return
    # A policy sees rows of any stream: a column that no stream has is a slip of the pen.
    columns = {column for names in tables.values() for column in names}
    for node in walk(tree):
        if isinstance(node, Param):
            found.at(("when",), "EXPR-PARAM", "a policy has no parameters", offset=node.start)
        elif isinstance(node, Name) and len(node.parts) == 1 and node.text not in columns | POLICY_NAMES:
            hint = did_you_mean(node.text, sorted(columns | POLICY_NAMES))
            found.at(("when",), "EXPR-NAME", f"unknown name '{node.text}'", hint, offset=node.start)
        elif isinstance(node, Call) and node.name in {"reaches", "threshold"}:
            found.at(("when",), "POLICY-WHEN", "a policy does not look at limits", offset=node.start)
