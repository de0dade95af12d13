"""Parameters of rules: written values made exact, and bound to a profile and a segment.

A value is a whole number, an exact fraction (ratio, number, money in major units), microseconds (duration), a
text, a tuple of texts or a truth value. No float holds one.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

from redflags.errors import RedflagsError
from redflags.units import MONEY_SCALE, NUMBER_SCALE, format_duration, parse_duration, parse_scaled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redflags.rules.model import ParamSpec, Rule
    from redflags.rules.profiles import Profile

Value: TypeAlias = bool | int | str | Fraction | tuple[str, ...]

#: Types whose values have an order, and therefore a range.
ORDERED = frozenset({"int", "ratio", "number", "money", "duration"})


def read_value(kind: str, raw: object) -> Value:
    """Make a written value exact.

    Args:
        kind: Type of the parameter.
        raw: The value as the YAML holds it (numbers with a point are text).

    Raises:
        RedflagsError: When it is not of that type, saying what would be.

    Examples:
        >>> read_value("ratio", "0.80"), read_value("money", 10000)
        (Fraction(4, 5), Fraction(10000, 1))
        >>> read_value("duration", "1d"), read_value("list", ["wire", "cash"])
        (86400000000, ('wire', 'cash'))
    """
    if kind == "bool":
        return _expect(isinstance(raw, bool), raw, "true or false", raw)
    if kind == "list":
        good = isinstance(raw, list | tuple) and all(isinstance(item, str) for item in raw)
        return _expect(good, raw, "a list of texts", tuple(raw) if isinstance(raw, list | tuple) else ())
    if kind == "text":
        return _expect(isinstance(raw, str), raw, "a text (quote it)", raw)
    if isinstance(raw, bool) or not isinstance(raw, int | str):
        raise RedflagsError(f"{_shown(raw)} is not {_ARTICLE[kind]}")
    if kind == "int":
        return _expect(isinstance(raw, int), raw, "a whole number", raw)
    if kind == "duration":
        return parse_duration(str(raw))
    scale = MONEY_SCALE if kind == "money" else NUMBER_SCALE
    return Fraction(parse_scaled(str(raw), scale), scale)


_ARTICLE = {
    "int": "a whole number", "ratio": "a number such as 0.80", "number": "a number such as 2.5",
    "money": "an amount such as 10000 or 99.50", "duration": "a duration such as 7d or 24h",
}  # fmt: skip


def _expect(good: bool, raw: object, what: str, value: Any) -> Value:  # noqa: ANN401, FBT001 - as read
    if not good:
        raise RedflagsError(f"{_shown(raw)} is not {what}")
    return value  # type: ignore[no-any-return]


def _shown(raw: object) -> str:
    if isinstance(raw, bool):
        return str(raw).lower()
    return f"'{raw}'" if isinstance(raw, str) else ("a map" if isinstance(raw, dict) else str(raw))


def show_value(kind: str, value: Value) -> str:
    """Say a value as a person would write or read it.

    Examples:
        >>> show_value("duration", 86_400_000_000), show_value("ratio", Fraction(4, 5))
        ('1 day', '0.8')
    """
    if kind == "duration" and isinstance(value, int):
        return format_duration(value)
    if isinstance(value, Fraction):
        return f"{value.numerator / value.denominator:.6f}".rstrip("0").rstrip(".")
    if isinstance(value, tuple):
        return ", ".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def out_of_range(spec: ParamSpec, value: Value) -> str:
    """Say how a value lies outside the declared range, or nothing where it lies inside.

    Raises:
        RedflagsError: When the range itself cannot be read.
    """
    if spec.type not in ORDERED:
        return ""
    for bound, word, sign in (
        (spec.min, "below the least allowed", -1),
        (spec.max, "above the most allowed", 1),
    ):
        if bound is None:
            continue
        limit = read_value(spec.type, bound)
        if (value - limit) * sign > 0:  # type: ignore[operator]
            return f"{show_value(spec.type, value)} is {word}, {show_value(spec.type, limit)}"
    return ""


def spec_faults(spec: ParamSpec) -> Iterator[tuple[str, str, str, str]]:
    """What is wrong with a declaration: (key of the declaration, code, message, hint)."""
    if not spec.why.strip():
        yield (
            "why",
            "PARAM-WHY",
            "the reason for the parameter is empty",
            "say what it means and why this default",
        )
    values: dict[str, Value] = {}
    for name in ("default", "min", "max"):
        raw = getattr(spec, name)
        if raw is None:
            if name == "default":
                yield name, "PARAM-TYPE", "a parameter needs a default", ""
            elif spec.type in ORDERED:
                yield (
                    name,
                    "PARAM-RANGE",
                    f"a parameter of type {spec.type} needs {name}",
                    "every profile is held to it",
                )
            continue
        if name != "default" and spec.type not in ORDERED:
            yield name, "PARAM-RANGE", f"a parameter of type {spec.type} has no {name}", "leave it out"
            continue
        try:
            values[name] = read_value(spec.type, raw)
        except RedflagsError as error:
            yield name, "PARAM-TYPE", str(error), f"the parameter is of type {spec.type}"
    if {"min", "max"} <= values.keys() and values["min"] > values["max"]:  # type: ignore[operator]
        yield "min", "PARAM-RANGE", "min lies above max", ""
    elif "default" in values and len(values) == 3 and (told := out_of_range(spec, values["default"])):  # noqa: PLR2004
        yield "default", "PARAM-RANGE", f"the default {told}", ""


def default_params(rule: Rule) -> dict[str, Value]:
    """The defaults of a rule's parameters, made exact."""
    return {name: read_value(spec.type, spec.default) for name, spec in rule.params.items()}


def weakest_params(rule: Rule) -> dict[str, Value]:
    """The least allowed value of every parameter that has one; what a proof has to hold for."""
    return {
        name: read_value(spec.type, spec.default if spec.min is None else spec.min)
        for name, spec in rule.params.items()
    }


def bind_params(rule: Rule, profile: Profile | None = None, segment: str | None = None) -> dict[str, Value]:
    """Values of a rule's parameters under a profile, and for a segment of parties.

    The default stands unless the profile names another value; a segment's value stands above the profile's.

    Args:
        rule: The rule.
        profile: A checked profile (``profiles.profile_faults`` has passed it), or none.
        segment: Name of a segment of the profile's ``segments``.

    Raises:
        RedflagsError: When the profile's value is of the wrong type or out of range.

    Example:
        >>> from redflags.rules.profiles import Profile
        >>> class _Rule:  # stands for a loaded rule
        ...     id = "some-rule"
        ...     params = {}
        >>> bind_params(_Rule(), None)
        {}
    """
    raw = {name: spec.default for name, spec in rule.params.items()}
    if profile is not None:
        raw |= {k: v for k, v in profile.values_of(rule.id, segment).items() if k in raw}
    bound: dict[str, Value] = {}
    for name, spec in rule.params.items():
        value = read_value(spec.type, raw[name])
        if told := out_of_range(spec, value):
            raise RedflagsError(f"{rule.id}: ${name}: {told}")
        bound[name] = value
    return bound
