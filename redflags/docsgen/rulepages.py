"""A page for every rule, and the index of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from redflags.explain.coverage import coverage_page
from redflags.explain.markdown import cell, table
from redflags.explain.rule import rule_page
from redflags.rules.coverage import coverage_of

if TYPE_CHECKING:
    from redflags.rules.load import RuleBook, RuleFile

__all__ = ["MARK", "coverage_text", "rule_pages"]

#: What a generated page says of itself.
MARK: Final = "by `redflags rules docs`; do not edit"


def rule_pages(book: RuleBook) -> dict[str, str]:
    """Text of every page by file name: `<id>.md`, and `README.md` for the index."""
    made = {f"{file.id}.md": _page(book, file) for file in book}
    made["README.md"] = _index(book)
    return made


def coverage_text(book: RuleBook) -> str:
    """The page on what the rule book covers."""
    text = coverage_page(book, coverage_of(book)).markdown()
    return f"{text}\n*Generated {MARK}. `redflags rules coverage` prints the same.*\n"


def _page(book: RuleBook, file: RuleFile) -> str:
    text = rule_page(book, file).markdown()
    lead = "An alert of this rule is a lead for a human, never an accusation."
    return f"{text}\n*Generated from `{file.family}/{file.path.name}` {MARK}. {lead}*\n"


def _index(book: RuleBook) -> str:
    families: dict[str, list[RuleFile]] = {}
    for file in book:
        families.setdefault(file.family, []).append(file)
    lines = ["# The rule book", "", f"{len(book)} rules in {len(families)} families. Generated {MARK}.", ""]
    for family, files in sorted(families.items()):
        lines += [f"## {family}", ""]
        rows = tuple(
            (
                f"[{file.id}]({file.id}.md)",
                cell(file.rule.title),
                file.rule.severity,
                file.rule.status,
                ", ".join(file.rule.typologies),
            )
            for file in files
        )
        lines += [*table(("rule", "looks for", "severity", "status", "typologies"), rows), ""]
    schemes: dict[str, list[str]] = {}
    for file in book:
        for name in file.rule.typologies:
            schemes.setdefault(name, []).append(file.id)
    lines += ["## By typology", ""]
    pointed = tuple(
        (
            book.typologies[name].title if name in book.typologies else name,
            ", ".join(f"[{rule}]({rule}.md)" for rule in sorted(rules)),
        )
        for name, rules in sorted(schemes.items())
    )
    lines += [*table(("typology", "rules"), pointed), ""]
    lines += [
        "## Policies",
        "",
        "Safeguards that run before severity; the engine derives which of them a rule takes.",
        "",
    ]
    safeguards = tuple(
        (
            name,
            cell(policy.title),
            policy.then.action,
            cell(policy.why),
            str(sum(name in file.policies for file in book)),
        )
        for name, policy in sorted(book.policies.items())
    )
    lines += [*table(("policy", "title", "does", "why", "rules"), safeguards), ""]
    return "\n".join(lines)
