"""Profiles: parameter values, base currency and limits of one jurisdiction or institution."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from redflags.errors import Fault, RedflagsError, did_you_mean
from redflags.rules.faults import Found, validate
from redflags.rules.model import Strict
from redflags.rules.params import out_of_range, read_value
from redflags.units import CURRENCIES, MONEY_SCALE, parse_scaled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from redflags.rules.faults import Path
    from redflags.rules.model import Rule
    from redflags.yamlio import Document


class Override(Strict):
    """One parameter's value in a profile, with the reason for it."""

    value: Any = Field(description="within the range that the rule declares")
    reason: str = Field(min_length=1, description="why this institution or jurisdiction needs another value")


Overrides = dict[str, dict[str, Override]]


class Limits(Strict):
    """Where legal limits come from, and what stands in where the law sets none."""

    jurisdiction: str = Field(description="country or bloc of `rules/lists/thresholds.yaml`")
    default_amount: int | str = Field(description="monitoring amount in base currency, where no legal limit exists")
    default_basis: str = Field(description="how alerts word that amount; never as law")

    @property
    def default(self) -> Fraction:
        """The monitoring amount, exactly."""
        return Fraction(parse_scaled(str(self.default_amount), MONEY_SCALE), MONEY_SCALE)


class Profile(Strict):
    """One profile file, ``rules/profiles/<profile>.yaml``."""

    profile: str = Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", description="name, the file's stem")
    title: str
    base_currency: str = Field(description="ISO 4217; used where the data set names none")
    thresholds: Limits
    params: Overrides = Field(default_factory=dict, description="rule id: {parameter: {value, reason}}")
    segments: dict[str, Overrides] = Field(
        default_factory=dict,
        description="segment of the `segments` register: {rule id: {parameter: {value, reason}}}",
    )

    @field_validator("base_currency")
    @classmethod
    def _currency(cls, code: str) -> str:
        if code not in CURRENCIES:
            raise ValueError(f"'{code}' is not a currency code of ISO 4217")
        return code

    @property
    def name(self) -> str:
        """The profile's name."""
        return self.profile

    def values_of(self, rule_id: str, segment: str | None = None) -> dict[str, Any]:
        """Written values for a rule: those of the profile, then those of the segment above them.

        Example:
            >>> limits = Limits(jurisdiction="EU", default_amount=10000, default_basis="institution-set")
            >>> value = Override(value=5, reason="small branch")
            >>> mine = Profile(
            ...     profile="mine",
            ...     title="Mine",
            ...     base_currency="EUR",
            ...     thresholds=limits,
            ...     params={"some-rule": {"n": value}},
            ... )
            >>> mine.values_of("some-rule"), mine.values_of("other-rule")
            ({'n': 5}, {})
        """
        found = dict(self.params.get(rule_id, {}))
        if segment is not None:
            found |= self.segments.get(segment, {}).get(rule_id, {})
        return {name: override.value for name, override in found.items()}


def read_profile(document: Document, stem: str) -> tuple[Profile | None, list[Fault]]:
    """Read a profile file; rules are checked by ``profile_faults`` once they are known."""
    profile, faults = validate(Profile, document, "PROFILE")
    if profile is None:
        return None, faults
    found = Found(document)
    if profile.profile != stem:
        found.at(
            ("profile",),
            "PROFILE-NAME",
            f"the profile is called '{profile.profile}', its file '{stem}'",
            "a profile's name is its file's",
        )
    try:
        amount = profile.thresholds.default
        if amount < 0:
            found.at(("thresholds", "default_amount"), "PROFILE-VALUE", "the amount is negative")
    except RedflagsError as error:
        found.at(("thresholds", "default_amount"), "PROFILE-VALUE", str(error))
    if "law" in (basis := profile.thresholds.default_basis.lower()) and "not" not in basis:
        found.at(("thresholds", "default_basis"), "WORDS", "a monitoring amount is not worded as law",
                 "institution-set monitoring amount, not a legal limit")  # fmt: skip
    return profile, found.faults


def profile_faults(profile: Profile, document: Document, rules: Mapping[str, Rule]) -> Iterator[Fault]:
    """Overrides that name an unknown rule or parameter, or lie out of range.

    Args:
        profile: The profile.
        document: Where it stands.
        rules: Every rule of the book by id.
    """
    places: list[tuple[Path, Overrides]] = [(("params",), profile.params)]
    places += [(("segments", name), overrides) for name, overrides in profile.segments.items()]
    for path, overrides in places:
        for rule_id, values in overrides.items():
            rule = rules.get(rule_id)
            if rule is None:
                yield document.fault((*path, rule_id), "PROFILE-RULE", f"no rule is called '{rule_id}'",
                                     did_you_mean(rule_id, rules), key=True)  # fmt: skip
                continue
            for name, override in values.items():
                yield from _override_faults(document, (*path, rule_id, name), rule, name, override)


def _override_faults(document: Document, path: Path, rule: Rule, name: str, override: Override) -> Iterator[Fault]:
    spec = rule.params.get(name)
    if spec is None:
        known = ", ".join(rule.params) or "none"
        hint = did_you_mean(name, rule.params) or f"its parameters: {known}"
        yield document.fault(path, "PROFILE-PARAM", f"{rule.id} has no parameter '{name}'", hint, key=True)
        return
    try:
        told = out_of_range(spec, read_value(spec.type, override.value))
    except RedflagsError as error:
        yield document.fault((*path, "value"), "PROFILE-VALUE", str(error), f"${name} is of type {spec.type}")
        return
    if told:
        yield document.fault((*path, "value"), "PROFILE-RANGE", f"${name}: {told}", "the rule states the range")
