"""Frozen pydantic models of a rule file, one class per block of the YAML.

Expressions stay text here; ``rules.analysis`` and ``rules.names`` parse and follow them. Nothing in this module looks
at data.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

BEHAVIOUR_KINDS = (
    "amount", "frequency", "speed", "change", "mismatch", "network", "counterparty", "document", "hit",
)  # fmt: skip
IDENTITY_KINDS = ("identity", "list")
CONTEXT_KINDS = ("place", "travel", "npo", "public_office", "benefit", "sector", "age_of_entity")
FACT_KINDS = BEHAVIOUR_KINDS + IDENTITY_KINDS + CONTEXT_KINDS

AGGREGATES = (
    "count",
    "sum",
    "mean",
    "std",
    "min",
    "max",
    "median",
    "quantile",
    "mad",
    "distinct",
    "first",
    "last",
    "since",
    "top_sum",
    "hhi",
    "entropy",
    "divergence",
    "rank",
    "bag",
)
OPERATORS = (
    "periods",
    "peers",
    "match",
    "paths",
    "runs",
    "components",
    "neighbours",
    "ownership",
    "screen",
    "explode",
    "hits",
)

#: A whole number as such: neither ``true`` nor ``"1"``.
Whole: TypeAlias = Annotated[int, Field(strict=True)]
Names: TypeAlias = str | tuple[str, ...]


class Strict(BaseModel):
    """Base: unknown keys are refused, instances are immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, str_strip_whitespace=True)


class ParamSpec(Strict):
    """One parameter: its type, default, range and reason.

    Values are kept as written (text for numbers with a point, so that no float ever holds them);
    ``rules.params`` reads them.
    """

    type: Literal["int", "ratio", "number", "money", "duration", "text", "list", "bool"]
    default: Any
    min: Any = None
    max: Any = None
    why: str
    unit: str | None = None
    source: str | None = None


class Aggregate(Strict):
    """A measure: exactly one aggregate operation and its window."""

    count: Literal["rows"] | None = None
    sum: str | None = None
    mean: str | None = None
    std: str | None = None
    min: str | None = None
    max: str | None = None
    median: str | None = None
    quantile: str | None = None
    mad: str | None = None
    distinct: str | None = None
    first: str | None = None
    last: str | None = None
    since: Literal["rows"] | None = None
    top_sum: str | None = None
    hhi: str | None = None
    entropy: str | None = None
    divergence: str | None = None
    rank: str | None = None
    bag: str | None = None

    q: str | None = Field(None, description="quantile: share of rows at or below, 0 to 1, or a $parameter")
    n: str | int | None = Field(None, description="top_sum: how many groups, a number or a $parameter")
    of: str | None = Field(None, description="top_sum: the expression whose groups are summed")
    weight: str | None = Field(None, description="hhi: the amount that weighs each value; rows weigh one without it")
    baseline: str | None = Field(None, description="divergence: length of the earlier window it is compared with")

    from_: str | None = Field(None, alias="from", description="another stream or view; default: the rule's own")
    match: dict[str, str] = Field(default_factory=dict, description="their column: our expression")
    by: Names | None = Field(None, description="key columns in place of the default key; [] is everyone")
    where: str | None = None
    within: str | None = Field(None, description="a duration, $parameter, 'ever', or 'N periods'")
    before: str | None = Field(None, description="'now' (strictly earlier), a duration or a $parameter")
    after: str | None = Field(None, description="a duration or $parameter: the judgement waits so long")
    latest_per: Names | None = Field(None, description="only the last row of each of these in the window")
    complete: bool = Field(False, description="null while the window starts before the data does")

    @model_validator(mode="after")
    def _one_operation(self) -> Aggregate:
        used = [name for name in AGGREGATES if getattr(self, name) is not None]
        if len(used) != 1:
            found = ", ".join(used) or "none"
            raise ValueError(f"an aggregate names exactly one of {', '.join(AGGREGATES)}; found {found}")
        return self

    @property
    def op(self) -> str:
        """The operation's name."""
        return next(name for name in AGGREGATES if getattr(self, name) is not None)

    @property
    def value(self) -> str:
        """The aggregated expression, or ``rows``."""
        return str(getattr(self, self.op))

    @property
    def key_names(self) -> tuple[str, ...] | None:
        """``by`` as a tuple, or None where the default key holds."""
        return None if self.by is None else as_names(self.by)


class View(Strict):
    """A stream with derived columns and a filter."""

    from_: Names = Field(alias="from")
    each: dict[str, str] = Field(default_factory=dict, description='{name: "rows_of(register, key)"}')
    where: str | None = None
    let: dict[str, Aggregate | str] = Field(default_factory=dict)
    at: str | None = Field(None, description="moment of the row, never before the source row's; null = no row")
    key: Names | None = Field(None, description="default key of the view's aggregates")

    @property
    def sources(self) -> tuple[str, ...]:
        """The streams read, in order."""
        return as_names(self.from_)


class Operator(Strict):
    """A derived stream or register: one operator and its parameters (RULE_LANGUAGE section 3)."""

    model_config = ConfigDict(extra="allow", frozen=True)

    @model_validator(mode="after")
    def _known(self) -> Operator:
        names = list(self.model_extra or {})
        if len(names) != 1 or names[0] not in OPERATORS:
            raise ValueError(f"a stream is a view (from, where, let) or one of {', '.join(OPERATORS)}")
        return self

    @property
    def name(self) -> str:
        """The operator's name."""
        return next(iter(self.model_extra or {}))


class Subject(Strict):
    """Whom an alert is about, where it is not simply a column."""

    kind: str
    key: Names
    parties: tuple[str, ...] = ()


class Fact(Strict):
    """One condition with its kind, points and sentence."""

    is_: str = Field(alias="is")
    if_: str = Field(alias="if")
    points: Whole = Field(0, ge=0, le=100)
    because: str | None = None


class Detect(View):
    """A view that is judged: subject, facts and condition."""

    subject: str | Subject
    facts: dict[str, Fact]
    when: str

    @property
    def subject_kind(self) -> str:
        """``party`` for ``party_id``, ``account`` for ``from_account_id``; as declared otherwise."""
        if isinstance(self.subject, Subject):
            return self.subject.kind
        return subject_kind(self.subject)

    @property
    def subject_key(self) -> tuple[str, ...]:
        """The columns that name the subject."""
        return as_names(self.subject.key) if isinstance(self.subject, Subject) else (self.subject,)

    @property
    def keys(self) -> tuple[str, ...]:
        """Default key of aggregates, episodes and ids."""
        return self.subject_key if self.key is None else as_names(self.key)


class Alert(Strict):
    """How hits become an alert."""

    score: Whole = Field(ge=1, le=100)
    gap: str
    rationale: str
    next_steps: tuple[str, ...] = Field(min_length=1)


class Reference(Strict):
    """A source the rule rests on."""

    source: str
    locator: str | None = None
    supports: Literal["detection", "threshold", "safeguard", "context", "mandate"] = "detection"


class FalsePositive(Strict):
    """An innocent reading of the same pattern."""

    who: str
    tell: str
    treat: str


class Waiver(Strict):
    """A policy that this rule does not take, with reason and approver."""

    waive: str
    reason: str
    approved_by: str


class Scope(Strict):
    """Which rows a rule judges at all: segments of parties and products of accounts."""

    segments: tuple[str, ...] = ()
    products: tuple[str, ...] = ()


Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]


class Rule(Strict):
    """One rule file."""

    id: Identifier
    title: str
    version: Whole = Field(ge=1)
    status: Literal["draft", "experimental", "test", "stable", "deprecated"]
    kind: Literal["deterministic", "statistical"]
    covers: tuple[str, ...] = ()
    typologies: tuple[str, ...] = ()
    severity: Literal["low", "medium", "high", "critical"]
    description: str
    references: tuple[Reference, ...] = Field(min_length=1)
    owner: str
    created: dt.date
    review_due: dt.date
    scope: Scope = Scope()
    params: dict[str, ParamSpec] = Field(default_factory=dict)
    with_: dict[str, View | Operator] = Field(default_factory=dict, alias="with")
    detect: Detect
    alert: Alert
    false_positives: tuple[FalsePositive, ...] = Field(min_length=1)
    blind_spots: tuple[str, ...] = Field(min_length=1)
    proportionality: str
    safeguards: tuple[Waiver, ...] = ()


def as_names(value: Names) -> tuple[str, ...]:
    """One name or several, as a tuple."""
    return (value,) if isinstance(value, str) else tuple(value)


def subject_kind(column: str) -> str:
    """The kind of thing that a subject column names.

    Example:
        >>> subject_kind("party_id"), subject_kind("to_account_id"), subject_kind("conductor_id")
        ('party', 'account', 'party')
    """
    if column.endswith("party_id") or column in {"conductor_id", "member_id"}:
        return "party"
    stem = column.removesuffix("_id")
    return stem.rsplit("_", 1)[-1] if stem.endswith("account") else stem
