"""The manifest: what was run over what, with which values and lists, and what became of every row."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import redflags
from redflags.resources import mappings_dir, rules_dir
from redflags.results.evidence import CAP
from redflags.results.folder import file_sha256
from redflags.results.hashing import model_digest, name_of
from redflags.results.run import FRAMES
from redflags.results.totals import control_totals, money
from redflags.results.when import newest_of, show
from redflags.rules.params import show_value
from redflags.tables import dictionary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from redflags.engine.outcome import Clock, Outcome
    from redflags.ingest.dataset import Dataset, InputFile
    from redflags.registers.lists import ListFile
    from redflags.results.admit import Admitted
    from redflags.results.run import Run
    from redflags.rules.load import RuleBook
    from redflags.rules.profiles import Profile

__all__ = ["Asked", "build_manifest", "mapping_file", "shown_book"]

FORMAT: Final = 2
_DATED: Final = frozenset({"key", "time", "meta", "label"})


@dataclass(frozen=True)
class Asked:
    """What `screen` was asked, as far as it can be written down and asked again.

    Attributes:
        source: The data set's place; None for frames in memory.
        mapping: Name or path of the mapping.
        book: Place of the rule book; None for the shipped one.
        only: Rules chosen.
        history: Place of the history.
        history_kind: `run` or `data`.
        history_sha256: Hash of that run's state.
        as_of: As-of as asked.
        lateness: Microseconds.
    """

    source: str | None
    mapping: str | None
    book: str | None
    only: tuple[str, ...] | None
    history: str | None = None
    history_kind: str | None = None
    history_sha256: str | None = None
    as_of: str | None = None
    lateness: int = 0


def shown_book(book: RuleBook) -> str | None:
    """Where the book was read from; None for the shipped one."""
    return None if book.path.resolve() == rules_dir().resolve() else str(book.path)


def build_manifest(
    *,
    asked: Asked,
    dataset: Dataset,
    history: Dataset | None,
    admitted: Admitted,
    book: RuleBook,
    profile: Profile,
    lists: Sequence[ListFile],
    made_rules: Mapping[str, str],
    made_lists: Mapping[str, str],
    outcomes: Sequence[Outcome],
    clock: Clock,
    run: Run,
    timings: Mapping[str, float],
) -> dict[str, Any]:
    """Put the manifest together; the same run gives the same text, its timings apart.

    Args:
        asked: What the caller asked.
        dataset: The batch as read.
        history: Raw history, where there was one.
        admitted: What became of the batch's rows.
        book: The rules.
        profile: The values.
        lists: The lists.
        made_rules: Hashes of the bound rules by name.
        made_lists: Hashes of the lists by id.
        outcomes: What the engine said of each bound rule.
        clock: What was judged.
        run: Its frames.
        timings: Seconds by step.
    """
    return {
        "format": FORMAT,
        "engine": {"name": "redflags", "version": redflags.__version__},
        "data": {
            "source": asked.source,
            "mapping": asked.mapping,
            "mapping_sha256": None if asked.mapping is None else file_sha256(mapping_file(asked.mapping)),
            "base_currency": dataset.base_currency,
            "timezone": dataset.timezone,
            "covers_from": show(clock.covers_from),
            "inputs": [_input(item) for item in dataset.inputs],
            "notes": list(dataset.notes),
            "undated": _undated(admitted.dataset, book),
        },
        "history": _history(asked, history),
        "rules": {
            "book": asked.book,
            "hash": book.hash,
            "profile": profile.name,
            "profile_sha256": model_digest(profile),
            "only": None if asked.only is None else list(asked.only),
            "policies": {name: model_digest(policy) for name, policy in sorted(book.policies.items())},
            "bound": [_rule(outcome, made_rules) for outcome in outcomes],
        },
        "lists": [_list(item, made_lists) for item in sorted(lists, key=lambda item: item.id)],
        "clock": {
            "judged_after": show(clock.judged_after),
            "upto": show(clock.upto),
            "final": show(clock.final),
            "newest": {name: show(moment) for name, moment in sorted(newest_of(admitted.dataset.tables).items())},
            "as_of": asked.as_of,
            "lateness": asked.lateness,
        },
        "rows": _rows(dataset, admitted),
        "control_totals": control_totals(dataset.inputs, admitted, clock),
        "not_evaluable": _not_evaluable(outcomes),
        "results": {name: run.frame(name).height for name in FRAMES},
        "evidence_cap": CAP,
        "timings": dict(timings),
    }


def mapping_file(mapping: str) -> Path:
    """The file of a mapping: the user's own, or the shipped one of that name.

    Examples:
        >>> mapping_file("paysim").name
        'paysim.yaml'
    """
    own = Path(mapping)
    return own if own.suffix.lower() in {".yaml", ".yml"} else mappings_dir() / f"{mapping}.yaml"


def _input(item: InputFile) -> dict[str, Any]:
    return {
        "path": item.path, "table": item.table, "sha256": item.sha256, "bytes": item.bytes, "rows": item.rows,
        "accepted": item.accepted,
        "totals": [
            {
                "currency": total.currency, "rows": total.rows, "amount": money(total.amount),
                "accepted_rows": total.accepted_rows, "accepted_amount": money(total.accepted_amount),
            }
            for total in item.totals
        ],
    }  # fmt: skip


def _history(asked: Asked, history: Dataset | None) -> dict[str, Any] | None:
    if asked.history_kind is None:
        return None
    return {
        "source": asked.history,
        "kind": asked.history_kind,
        "sha256": asked.history_sha256,
        "inputs": [] if history is None else [_input(item) for item in history.inputs],
    }


def _rule(outcome: Outcome, made: Mapping[str, str]) -> dict[str, Any]:
    bound = outcome.bound
    rule = bound.rule
    return {
        "name": name_of(bound),
        "id": bound.id,
        "version": rule.version,
        "status": rule.status,
        "segment": bound.segment,
        "sha256": model_digest(rule),
        "logic_sha256": made[name_of(bound)],
        "params": {
            name: show_value(rule.params[name].type, value)
            for name, value in sorted(bound.params.items())
            if name in rule.params
        },
        "policies": [item[0].id for item in bound.policies],
        "gap": bound.gap,
        "lookback": bound.lookback,
        "judged": outcome.judged,
        "hits": outcome.hits.height,
        "disabled": outcome.disabled,
    }


def _list(item: ListFile, made: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": item.id,
        "table": item.table,
        "title": item.title,
        "source": item.source,
        "version": item.version,
        "confirmed_until": item.confirmed_until,
        "unconfirmed": list(item.unconfirmed),
        "covers_from": show(item.covers[0]), "covers_to": show(item.covers[1]), "rows": item.rows.height,
        "sha256": made[item.id],
    }  # fmt: skip


def _rows(dataset: Dataset, admitted: Admitted) -> dict[str, dict[str, int]]:
    """Every table's rows, from the file to what is judged."""
    read: dict[str, int] = {}
    for item in dataset.inputs:
        read[item.table] = read.get(item.table, 0) + item.rows
    return {
        name: {
            "read": read.get(name, 0),
            "refused": max(0, read.get(name, 0) - counts.arrived),
            "late": counts.late,
            "duplicate": counts.duplicate,
            "replaced": counts.replaced,
            "taken": counts.taken,
            "held": counts.held,
        }
        for name, counts in sorted(admitted.counts.items())
    }


def _not_evaluable(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    rules = sorted({outcome.bound.id for outcome in outcomes if outcome.not_evaluable.height})
    return {
        "rules": rules,
        "disabled": {name_of(o.bound): o.disabled for o in outcomes if o.disabled is not None},
        "rows": sum(outcome.ne_rows.height for outcome in outcomes),
    }


def _undated(dataset: Dataset, book: RuleBook) -> list[str]:
    """Attributes that were read as given, whatever the moment: the data does not say since when they hold."""
    found = set()
    for read in (read for file in book.rules for read in file.reads):
        table = dictionary().tables.get(read.table)
        frame = dataset.tables.get(read.table)
        if table is None or frame is None or not table.is_register or read.column is None:
            continue
        column = table.columns.get(read.column)
        dated = table.valid_from is not None and table.valid_from in frame.columns
        if column is None or dated or column.known_at is not None or column.klass in _DATED:
            continue
        if read.column in frame.columns:
            found.add(f"{read.table}.{read.column}")
    return sorted(found)
