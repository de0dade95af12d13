"""The story of one alert: who, what, when, why, what else it could be, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from redflags.explain.page import (
    Bar,
    Bars,
    Block,
    Column,
    Grid,
    Heading,
    Items,
    Page,
    Pairs,
    Para,
    Title,
    Tone,
)
from redflags.explain.rows import Seen, party_words, seen_rows
from redflags.explain.words import (
    counted,
    how_measured,
    human,
    limit_words,
    moment_words,
    span_words,
    value_words,
    with_params,
)
from redflags.rules.model import Aggregate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from redflags.ingest.dataset import Dataset
    from redflags.results.run import Run
    from redflags.rules.load import RuleBook, RuleFile
    from redflags.rules.model import Reference

__all__ = ["BAND_TONES", "alert_page", "book_of", "policy_words", "reference_words"]

BAND_TONES: Final[Mapping[str, Tone]] = {"high": "bad", "medium": "warn", "low": "plain"}
_STATES: Final = {
    "provisional": "provisional: rows that arrive later can still change it or take it back",
    "open": "open: the next batch can add to it",
    "closed": "closed: nothing was added within the rule's gap",
}  # fmt: skip
_UNKNOWN: Final = "unknown"
_FULL: Final = 100


def alert_page(
    run: Run,
    alert: Mapping[str, Any],
    *,
    book: RuleBook | None = None,
    dataset: Dataset | None = None,
    limit: int | None = 12,
) -> Page:
    """The page of one alert; see `redflags.explain.explain_alert`."""
    book = book if book is not None else book_of(run)
    file = _rule_of(book, alert["rule_id"])
    return Page(tuple(_blocks(run, alert, book=book, file=file, dataset=dataset, limit=limit)))


def book_of(run: Run) -> RuleBook | None:
    """The rule book that a run was made with, where it can still be read."""
    from redflags.errors import RedflagsError
    from redflags.rules.load import load_rules

    try:
        return load_rules(run.manifest.get("rules", {}).get("book"))
    except RedflagsError:
        return None


def _rule_of(book: RuleBook | None, rule_id: str) -> RuleFile | None:
    return next((file for file in book or () if file.id == rule_id), None)


def _blocks(
    run: Run,
    alert: Mapping[str, Any],
    *,
    book: RuleBook | None,
    file: RuleFile | None,
    dataset: Dataset | None,
    limit: int | None,
) -> Iterator[Block]:
    zone = str(run.manifest.get("data", {}).get("timezone", "UTC"))
    yield from _head(alert, book, file, dataset, zone)
    if alert.get("policy"):
        yield Para(f"Held back by the policy {alert['policy']}: {alert['reason']}", "warn")
    yield Heading("What was seen")
    yield Para(str(alert["rationale"]))
    yield from _why(alert, file)
    yield from _limits(alert, file, zone)
    yield Heading("What would have made it not fire")
    yield Para(str(alert["counterfactual"]))
    yield from _evidence(run, alert, dataset, zone, limit)
    if file is not None:
        yield from _reading(file)
    yield from _safeguards(alert, file)
    yield from _sources(alert, book, file)
    yield Para(
        "This alert is a lead for a human reviewer. It accuses nobody, and blocks and files nothing.",
        "quiet",
    )


def _head(
    alert: Mapping[str, Any],
    book: RuleBook | None,
    file: RuleFile | None,
    dataset: Dataset | None,
    zone: str,
) -> Iterator[Block]:
    title = file.rule.title if file is not None else human(alert["rule_id"].replace("-", " ")).capitalize()
    band = alert["band"]
    yield Title(title, f"{band.upper()} {alert['score']}", BAND_TONES.get(band, "plain"))
    who = f"{human(alert['subject_kind'])} {alert['subject_id']}"
    if alert["party_id"] and alert["party_id"] != alert["subject_id"]:
        who += f" of party {alert['party_id']}"
    said = party_words(dataset, alert["party_id"])
    typologies = [_typology(book, name) for name in alert["typologies"]]
    when = span_words(alert["first_at"], alert["last_at"], zone)
    zone_name = moment_words(alert["last_at"], zone, with_zone=True).rpartition(" ")[2]
    moves = f", {counted(alert['txn_count'], 'movement')} behind it" if alert["txn_count"] else ""
    pairs = [
        ("Who", f"{who}: {said}" if said else who),
        ("When", f"{when} {zone_name}; {counted(alert['hits'], 'hit')}{moves}"),
        ("Consistent with", ", ".join(typologies) or "no named scheme"),
        ("State", _STATES.get(alert["state"], alert["state"])),
        ("Rule", f"{alert['rule_id']}, version {alert['rule_version']}, severity {alert['severity']}"),
        ("Alert", alert["alert_id"]),
    ]
    if file is not None and file.rule.version != alert["rule_version"]:
        pairs.append(
            ("Note", f"the rule is at version {file.rule.version} by now; its words below may have changed"),
        )
    yield Pairs(tuple(pairs))


def _typology(book: RuleBook | None, name: str) -> str:
    known = book.typologies.get(name) if book is not None else None
    title = known.title if known is not None else human(name)
    return title[:1].lower() + title[1:] if title[1:2].islower() else title


def _why(alert: Mapping[str, Any], file: RuleFile | None) -> Iterator[Block]:
    yield Heading("Why it fired")
    facts = [fact for fact in alert["facts"] if fact["kind"] != _UNKNOWN]
    unknown = [fact for fact in alert["facts"] if fact["kind"] == _UNKNOWN]
    hidden = any(policy["action"] == "redact" and "facts" in (policy["value"] or "") for policy in alert["policies"])
    if hidden and not facts:
        yield Para("The reasons are kept for cleared reviewers (see the safeguards below).", "warn")
        return
    score, added = alert["score"], sum(fact["points"] for fact in facts)
    base = file.rule.alert.score if file is not None else max(score - added, 0)
    bars = [Bar("where every alert of this rule begins", base)]
    start = base
    for fact in (fact for fact in facts if fact["points"]):
        bars.append(Bar(f"{fact['sentence']}  [{human(fact['kind'])}]", fact["points"], min(start, _FULL)))
        start += fact["points"]
    note = "score"
    caps = [policy["id"] for policy in alert["policies"] if policy["action"] == "cap"]
    if start > score:
        note = f"score, held down by the policy {', '.join(caps)}" if caps else "score, which ends at 100"
    bars.append(Bar(note, score, total=True))
    plain = tuple(f"{fact['sentence']}  [{human(fact['kind'])}]" for fact in facts if not fact["points"])
    if plain:
        yield Items(plain)
    yield Bars(tuple(bars))
    if unknown:
        names = ", ".join(human(fact["name"]) for fact in unknown)
        yield Para(f"Could not be judged, and added no points: {names}.", "quiet")


def _limits(alert: Mapping[str, Any], file: RuleFile | None, zone: str) -> Iterator[Block]:
    if not alert["observed"]:
        return
    params = {item["name"]: item["value"] for item in alert["params"]}
    lets = _lets(file)
    yield Heading("Observed against the limit")
    rows = []
    for item in alert["observed"]:
        spec = lets.get(item["name"])
        how = how_measured(spec, params) if spec is not None and spec.where is None else ""
        span = span_words(item["window_from"], item["window_to"], zone) if item["window_to"] else ""
        rows.append((
            _named(item["name"], params), value_words(item["value"], item["unit"]),
            limit_words(item["threshold"], item["unit"]), "; ".join(text for text in (how, span) if text),
        ))  # fmt: skip
    heads = (
        Column("what"),
        Column("observed", right=True),
        Column("limit", right=True),
        Column("counted over"),
    )
    yield Grid(heads, tuple(rows))
    if alert["hits"] > 1:
        yield Para("These are the values of the first hit with the highest score.", "quiet")


def _named(name: str, params: Mapping[str, str]) -> str:
    """A measure by its name; an expression as it stands, with values in place of parameters."""
    return human(name) if name.isidentifier() else with_params(name, params)


def _lets(file: RuleFile | None) -> dict[str, Aggregate]:
    if file is None:
        return {}
    views = [*file.rule.with_.values(), file.rule.detect]
    return {
        name: spec for view in views for name, spec in getattr(view, "let", {}).items() if isinstance(spec, Aggregate)
    }


def _evidence(
    run: Run,
    alert: Mapping[str, Any],
    dataset: Dataset | None,
    zone: str,
    limit: int | None,
) -> Iterator[Block]:
    frame = run.evidence_of(alert["alert_id"])
    if frame.is_empty():
        return
    yield Heading("Evidence")
    seen = seen_rows(dataset, frame) if dataset is not None else {}
    rows = list(frame.iter_rows(named=True))
    shown = rows if limit is None else rows[:limit]
    lines = [(row, seen.get((row["table"], row["row_id"]))) for row in shown]
    if any(found is not None for _, found in lines):
        first = min(
            (found.at for _, found in lines if found is not None and found.at is not None),
            default=None,
        )
        lines.sort(
            key=lambda line: (
                line[1].at if line[1] is not None and line[1].at is not None else first,
                line[0]["row_id"],
            ),
        )
        yield _known(lines, zone)
    else:
        heads = (
            Column("row", keep=True),
            Column("table"),
            Column("role"),
            Column("source", keep=True),
            Column("line", right=True),
        )
        yield Grid(heads, tuple(
            (row["row_id"], row["table"], _role(row["role"]), row["source_file"] or "",
             str(row["source_row"] or ""))
            for row, _ in lines
        ))  # fmt: skip
        yield Para(
            "Dates, amounts and counterparties stand in the data, which was not at hand; say where: --data.",
            "quiet",
        )
    if len(rows) > len(shown):
        yield Para(f"{len(rows) - len(shown):,} more rows: redflags trace RUN {alert['alert_id']}", "quiet")


def _known(lines: list[tuple[dict[str, Any], Seen | None]], zone: str) -> Grid:
    ways = any(found is not None and found.way for _, found in lines)
    heads = [Column("when", keep=True), Column("amount", right=True, keep=True)]
    heads += [Column("way")] if ways else []
    heads += [Column("with"), Column("how", extra=True), Column("role"), Column("row", keep=True, extra=True)]
    rows, tones = [], []
    for row, found in lines:
        said = found or Seen()
        cells = [
            moment_words(said.at, zone),
            said.amount,
            *([said.way] if ways else []),
            said.other,
            said.how,
        ]
        rows.append((*cells, _role(row["role"]), row["row_id"]))
        tones.append("strong" if row["role"].startswith("judged") else "plain")
    return Grid(tuple(heads), tuple(rows), tuple(tones))  # type: ignore[arg-type]


def _role(role: str) -> str:
    return human(role.replace("judged", "hit"))


def _reading(file: RuleFile) -> Iterator[Block]:
    rule = file.rule
    yield Heading("Innocent readings to rule out first")
    yield Items(tuple(f"{item.who}: {item.tell}. To do: {item.treat}." for item in rule.false_positives))
    yield Heading("Next steps")
    yield Items(rule.alert.next_steps, numbered=True)
    yield Heading("What this rule does not see")
    yield Items(rule.blind_spots)


def policy_words(policy: Mapping[str, Any]) -> str:
    """What a policy did to an alert."""
    value = policy.get("value")
    did = {
        "cap": f"band held at {value}", "route": f"goes to {human(str(value))}", "wording": "wording added",
        "review": f"to be read by {human(str(value))}", "redact": f"kept from line staff: {value}",
        "expire": f"to be deleted after {value} days", "suppress": "held back",
    }.get(policy["action"], policy["action"])  # fmt: skip
    return f"{policy['id']} ({did}): {policy['text']}"


def _safeguards(alert: Mapping[str, Any], file: RuleFile | None) -> Iterator[Block]:
    applied = tuple(policy_words(policy) for policy in alert["policies"])
    looked = (
        ()
        if file is None
        else tuple(name for name in file.policies if name not in {p["id"] for p in alert["policies"]})
    )
    if not applied and not looked and file is None:
        return
    yield Heading("Safeguards")
    if applied:
        yield Items(applied)
    if looked:
        yield Para(f"Looked at, and not met here: {', '.join(looked)}.", "quiet")
    if file is not None:
        yield Para(" ".join(file.rule.proportionality.split()))


def reference_words(book: RuleBook | None, reference: Reference) -> str:
    """A source with its place in it."""
    source = book.sources.get(reference.source) if book is not None else None
    if source is None:
        return f"{reference.source}, {reference.locator}" if reference.locator else reference.source
    text = f"{source.issuer}, {source.title}" + (
        f" ({source.year})" if source.year and str(source.year) not in source.title else ""
    )
    text += f": {reference.locator}" if reference.locator else ""
    return f"{text} [{reference.supports}]"


def _sources(alert: Mapping[str, Any], book: RuleBook | None, file: RuleFile | None) -> Iterator[Block]:
    if file is None:
        return
    yield Heading("Sources")
    yield Items(tuple(reference_words(book, reference) for reference in file.rule.references))
    values = "; ".join(f"{human(item['name'])} = {item['value']}" for item in alert["params"])
    if values:
        yield Para(f"Values in force: {values}.", "quiet")
