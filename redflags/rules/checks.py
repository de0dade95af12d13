"""Conventions of a rule that need no data: who it says it is, its parameters, its words, its references."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from redflags.errors import RedflagsError, did_you_mean
from redflags.rules.analysis import durations
from redflags.rules.lint import verdicts
from redflags.rules.model import Aggregate, Operator, View
from redflags.rules.params import spec_faults
from redflags.rules.proxies import proxy_words
from redflags.tables import dictionary
from redflags.units import parse_duration

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from redflags.rules.book import Source, Typology
    from redflags.rules.faults import Found, Path
    from redflags.rules.model import Rule

_TITLE_LENGTH = 90
_FILLER = re.compile(r"(none|unknown|unlikely|n/?a|tbd|todo|-+|\?+)\.?", re.IGNORECASE)
_LABEL = re.compile(r"\bterror\w*|\bcrime-terror nexus\b", re.IGNORECASE)
#: Keys of an aggregate that go with some operations only.
_ONLY_WITH = {
    "q": ("quantile",),
    "n": ("top_sum",),
    "of": ("top_sum",),
    "weight": ("hhi",),
    "baseline": ("divergence",),
}


@dataclass(frozen=True)
class Known:
    """Ids that a rule may refer to; None where there is nothing to check against."""

    sources: Mapping[str, Source] = field(default_factory=dict)
    typologies: Mapping[str, Typology] = field(default_factory=dict)
    policies: Collection[str] = field(default_factory=frozenset)
    indicators: Collection[str] | None = None


def check_rule(rule: Rule, found: Found, stem: str, known: Known, shaky: Collection[str] = ()) -> None:
    """Every convention, each fault at its place.

    Args:
        rule: The rule.
        found: Where faults go.
        stem: The file's name without ``.yaml``.
        known: Ids that may be referred to.
        shaky: Parameters whose declaration could not be read, of which nothing more is said.
    """
    _identity(rule, found, stem)
    _references(rule, found, known)
    _params(rule, found, shaky)
    _durations(rule, found, shaky)
    _aggregates(rule, found)
    _words(rule, found)


def _identity(rule: Rule, found: Found, stem: str) -> None:
    if rule.id != stem:
        found.at(
            ("id",),
            "RULE-ID",
            f"the rule is called '{rule.id}', its file '{stem}'",
            "its id is its file's name",
        )
    if not rule.title or len(rule.title) > _TITLE_LENGTH or rule.title.endswith("."):
        found.at(("title",), "RULE-TITLE", f"a title is 1 to {_TITLE_LENGTH} characters without a full stop")
    if not rule.description.startswith("Detects "):
        found.at(("description",), "RULE-DESCRIPTION", "a description starts with 'Detects'",
                 "Detects a customer who ...")  # fmt: skip
    if rule.review_due <= rule.created:
        found.at(
            ("review_due",),
            "RULE-DATES",
            "the review is due before the rule was made",
            "usually a year later",
        )
    texts: list[tuple[Path, str]] = [(("proportionality",), rule.proportionality), (("owner",), rule.owner)]
    texts += [(("blind_spots", place), text) for place, text in enumerate(rule.blind_spots)]
    texts += [(("alert", "next_steps", place), text) for place, text in enumerate(rule.alert.next_steps)]
    for place, reading in enumerate(rule.false_positives):
        texts += [(("false_positives", place, part), getattr(reading, part)) for part in ("who", "tell", "treat")]
    for place, waiver in enumerate(rule.safeguards):
        texts += [(("safeguards", place, part), getattr(waiver, part)) for part in ("reason", "approved_by")]
    for path, text in texts:
        if not text or _FILLER.fullmatch(text):
            found.at(path, "RULE-FILLER", f"'{text}' says nothing", "say it in a sentence")


def _references(rule: Rule, found: Found, known: Known) -> None:
    for place, reference in enumerate(rule.references):
        if reference.source not in known.sources:
            hint = did_you_mean(reference.source, known.sources) or "add it to sources.yaml"
            found.at(("references", place, "source"), "REF-UNKNOWN", f"unknown source '{reference.source}'", hint)
        elif reference.supports == "mandate" and known.sources[reference.source].mandate is None:
            hint = "say in sources.yaml what it asks (mandate), or cite it for something else"
            found.at(("references", place, "supports"), "REF-MANDATE", f"'{reference.source}' is no mandate", hint)
    lists: list[tuple[str, tuple[str, ...], Collection[str] | None, str]] = [
        ("typologies", rule.typologies, known.typologies, "typologies.yaml"),
        ("covers", rule.covers, known.indicators, "the catalogue"),
    ]
    for key, names, choices, home in lists:
        for place, name in enumerate(names):
            if choices is not None and name not in choices:
                hint = did_you_mean(name, choices) or f"it is not in {home}"
                word = "typology" if key == "typologies" else "indicator"
                found.at((key, place), f"{word.upper()}-UNKNOWN", f"unknown {word} '{name}'", hint)
            if name in names[:place]:
                found.at((key, place), "RULE-TWICE", f"'{name}' stands twice")
    for place, name in enumerate(rule.typologies):
        if name in known.typologies and known.typologies[name].composite and not _composite(rule):
            found.at(
                ("typologies", place),
                "LABEL-ALONE",
                f"'{name}' is a label that one family of signs cannot give",
                "name what was done; a rule that reads the hits of others (operator hits) may say it",
            )
    for place, waiver in enumerate(rule.safeguards):
        if waiver.waive not in known.policies:
            hint = did_you_mean(waiver.waive, known.policies) or f"policies: {', '.join(sorted(known.policies))}"
            found.at(
                ("safeguards", place, "waive"),
                "WAIVER-UNKNOWN",
                f"no policy is called '{waiver.waive}'",
                hint,
            )


def _composite(rule: Rule) -> bool:
    """Whether a rule rests on the hits of others."""
    return any(isinstance(stream, Operator) and stream.name == "hits" for stream in rule.with_.values())


def _params(rule: Rule, found: Found, shaky: Collection[str]) -> None:
    for name, spec in rule.params.items():
        if name in shaky:
            continue
        for key, code, message, hint in spec_faults(spec):
            found.at(("params", name, key), code, f"${name}: {message}", hint)
        words = spec.default if isinstance(spec.default, list | tuple) else [spec.default]
        for word, attribute in (pair for text in words for pair in proxy_words(dictionary(), str(text))):
            found.at(("params", name, "default"), "PROXY-WORD", f"'{word}' stands for {attribute}",
                     "say what was done with the money")  # fmt: skip


def _durations(rule: Rule, found: Found, shaky: Collection[str]) -> None:
    for path, text in durations(rule):
        if text[1:] in shaky:
            continue
        if text.startswith("$"):
            spec = rule.params.get(text[1:])
            if spec is None:
                if path[0] == "alert":
                    hint = did_you_mean(text[1:], rule.params)
                    found.at(path, "EXPR-PARAM", f"unknown parameter {text}", hint)
            elif spec.type != "duration":
                found.at(
                    path,
                    "DURATION",
                    f"{text} is of type {spec.type}",
                    "a parameter of type duration is wanted",
                )
            continue
        try:
            parse_duration(text)
        except RedflagsError as error:
            found.at(path, "DURATION", str(error))


def _aggregates(rule: Rule, found: Found) -> None:
    views: list[tuple[Path, View]] = [(("detect",), rule.detect)]
    views += [(("with", name), view) for name, view in rule.with_.items() if isinstance(view, View)]
    for path, view in views:
        for name, spec in view.let.items():
            if isinstance(spec, Aggregate):
                _aggregate(found, (*path, "let", name), spec)


def _aggregate(found: Found, path: Path, spec: Aggregate) -> None:
    for part, ops in _ONLY_WITH.items():
        if getattr(spec, part) is not None and spec.op not in ops:
            found.at(
                (*path, part),
                "AGGREGATE",
                f"'{part}' goes with {' and '.join(ops)}, not with {spec.op}",
                "leave it out",
                key=True,
            )
    if spec.match and spec.by is not None:
        found.at((*path, "by"), "AGGREGATE", "'match' and 'by' both give the key", "keep one of them", key=True)
    if spec.match and spec.from_ is None and spec.key_names == ():
        found.at((*path, "match"), "AGGREGATE", "'match' with 'by: []'", "keep one of them", key=True)


def _words(rule: Rule, found: Found) -> None:
    texts: list[tuple[Path, str]] = [
        (("title",), rule.title),
        (("description",), rule.description),
        (("alert", "rationale"), rule.alert.rationale),
    ]
    texts += [
        (("detect", "facts", name, "because"), fact.because)
        for name, fact in rule.detect.facts.items() if fact.because is not None
    ]  # fmt: skip
    for path, text in texts:
        for offset, word, hint in verdicts(text):
            found.at(path, "WORDS", f"'{word}' passes a verdict", hint, offset=offset)
        label = None if _composite(rule) or path == ("description",) else _LABEL.search(text)
        if label is not None:
            found.at(path, "LABEL-ALONE", f"'{label.group()}' is a label that one family of signs cannot give",
                     "name what was done", offset=label.start())  # fmt: skip
