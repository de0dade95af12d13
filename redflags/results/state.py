"""What one run leaves to the next, so that a chain of runs ends where one whole run would.

Held are: the rows that some look-back can still reach, every register, the final hits of stories that are
still open (a gap chain needs hits, not rows), one line for every alert ever given, and what all of it was
made with. A change of logic, values or lists voids it: yesterday's hits would not be today's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from redflags.engine.outcome import HITS
from redflags.errors import RedflagsError
from redflags.results.episodes import open_hits
from redflags.results.hashing import canonical, list_digest, logic_digest, name_of
from redflags.results.parquet import read_frame, write_frame, write_text
from redflags.results.schema import empty
from redflags.results.when import micros, stream_tables
from redflags.tables import dictionary

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from redflags.plan.bind import BoundRule
    from redflags.registers.lists import ListFile
    from redflags.results.alerts import Folded
    from redflags.rules.load import RuleBook

__all__ = [
    "CARRIED",
    "FILE",
    "FOLDER",
    "Held",
    "State",
    "StateError",
    "carry",
    "held_rows",
    "load_state",
    "made_with",
    "reach_of",
]

FORMAT: Final = 2
FOLDER: Final = "state"
FILE: Final = "state.json"
#: Hits between runs: the hits frame, and which bound rule they belong to.
CARRIED: Final[Mapping[str, pl.DataType]] = {"bound": pl.String(), **HITS}
_LOOKED_UP: Final = re.compile(r"'([a-z][a-z0-9_]*)(?=['.])")


class StateError(RedflagsError):
    """A state that does not fit the run that wants to go on from it."""

    exit_code = 2


@dataclass(frozen=True)
class State:
    """The state after a run.

    Attributes:
        upto: W of that run, microseconds.
        final: F of that run.
        lateness: How late rows may arrive.
        covers_from: The first moment that the data speaks about.
        base_currency: Currency of `amount_base`.
        timezone: Time zone of the data set.
        rules: Hash of logic and values by bound rule.
        lists: Hash by list.
        tables: Held rows.
        hits: Final hits of open stories, in the shape `CARRIED`.
        origins: Sources of those hits' contributors.
        known: One line for every alert ever given.
    """

    upto: int
    final: int
    lateness: int
    covers_from: int
    base_currency: str
    timezone: str
    rules: Mapping[str, str]
    lists: Mapping[str, str]
    tables: Mapping[str, pl.DataFrame] = field(repr=False)
    hits: pl.DataFrame = field(repr=False)
    origins: pl.DataFrame = field(repr=False)
    known: pl.DataFrame = field(repr=False)

    def hits_of(self, bound: BoundRule) -> pl.DataFrame:
        """The carried hits of one bound rule."""
        return self.hits.filter(pl.col("bound") == name_of(bound)).drop("bound")

    def check(self, rules: Mapping[str, str], lists: Mapping[str, str], base_currency: str, timezone: str) -> None:
        """Hold the state against what is to be run now.

        Raises:
            StateError: With everything that has changed since.
        """
        changed = [
            *_differences("rule", self.rules, rules),
            *_differences("list", self.lists, lists),
            *(
                [f"base currency {self.base_currency} is now {base_currency}"]
                if base_currency != self.base_currency
                else []
            ),
            *([f"time zone {self.timezone} is now {timezone}"] if timezone != self.timezone else []),
        ]
        if changed:
            raise StateError(
                "the earlier run cannot be continued, because what it was made with has changed: "
                + "; ".join(changed)
                + ". Screen once with the raw data of that time instead (--history DATA); go on from that run"
            )

    def save(self, folder: Path) -> None:
        """Write the state into a new folder."""
        folder.mkdir(mode=0o700)
        (folder / "tables").mkdir()
        for name, frame in sorted(self.tables.items()):
            write_frame(frame, folder / "tables" / f"{name}.parquet")
        write_frame(self.hits, folder / "hits.parquet")
        write_frame(self.origins, folder / "origins.parquet")
        write_frame(self.known, folder / "known.parquet")
        head = {
            "format": FORMAT, "upto": self.upto, "final": self.final, "lateness": self.lateness,
            "covers_from": self.covers_from, "base_currency": self.base_currency, "timezone": self.timezone,
            "rules": dict(self.rules), "lists": dict(self.lists), "tables": sorted(self.tables),
        }  # fmt: skip
        write_text(json.dumps(head, indent=1, sort_keys=True) + "\n", folder / FILE)


def _differences(kind: str, before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    found = []
    for name in sorted({*before, *now}):
        if name not in now:
            found.append(f"{kind} {name} is gone")
        elif name not in before:
            found.append(f"{kind} {name} is new")
        elif before[name] != now[name]:
            found.append(f"{kind} {name} differs")
    return found


def load_state(run: Path) -> State:
    """Read the state of a run folder.

    Raises:
        StateError: When it was written in another format or is damaged.
    """
    folder = run / FOLDER
    try:
        head: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StateError(f"{folder / FILE} cannot be read, so the run cannot be continued: {error}") from error
    if head.get("format") != FORMAT:
        raise StateError(
            f"{folder} has state format {head.get('format')}, this version reads {FORMAT}; "
            "screen once with the raw data of that time instead (--history DATA)"
        )
    try:
        return State(
            **{name: head[name] for name in ("upto", "final", "lateness", "covers_from", "base_currency", "timezone")},
            rules=head["rules"],
            lists=head["lists"],
            tables={name: read_frame(folder / "tables" / f"{name}.parquet") for name in head["tables"]},
            hits=read_frame(folder / "hits.parquet"),
            origins=read_frame(folder / "origins.parquet"),
            known=read_frame(folder / "known.parquet"),
        )
    except KeyError as error:
        raise StateError(f"{folder / FILE} lacks {error}; the run cannot be continued") from error


def made_with(
    rules: Iterable[BoundRule], lists: Iterable[ListFile], book: RuleBook
) -> tuple[dict[str, str], dict[str, str]]:
    """Hashes of the bound rules and of the lists."""
    return (
        {name_of(bound): logic_digest(bound, book) for bound in rules},
        {item.id: list_digest(item) for item in lists},
    )


def reach_of(rules: Iterable[BoundRule]) -> int | None:
    """How far before F a later judgement may read, over all rules; None is without bound.

    A rule that waits judges rows that lie its delay before F, and reads back from there.
    """
    deepest = 0
    for bound in rules:
        if bound.lookback is None:
            return None
        deepest = max(deepest, bound.lookback + 2 * bound.delay)
    return deepest


class Held(Mapping[str, pl.DataFrame]):
    """The rows that a later run may need, in a fixed order; cut and ordered when they are asked for.

    Registers are kept whole, and so are streams that are also looked up (an invoice that a payment refers
    to); of other streams the rows with any moment after F less the reach.

    Args:
        tables: Everything that is held now.
        final: F.
        reach: How far back a later judgement may read; None is without bound.
        whole: Tables that are kept whole.
    """

    def __init__(
        self, tables: Mapping[str, pl.DataFrame], final: int, reach: int | None, whole: Collection[str]
    ) -> None:
        self._tables = tables
        self._streams = stream_tables(tables)
        self._after = None if reach is None else final - reach
        self._whole = frozenset(whole)

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def __getitem__(self, name: str) -> pl.DataFrame:
        frame = self._tables[name]
        time = self._streams.get(name)
        if time is not None and self._after is not None and name not in self._whole:
            schema = frame.schema
            moments = [c for c, dtype in schema.items() if dtype == pl.Date or isinstance(dtype, pl.Datetime)]
            after = [(micros(column) > self._after).fill_null(column == time) for column in moments]
            frame = frame.filter(pl.any_horizontal(*after))
        return _ordered(name, frame, time)


def held_rows(tables: Mapping[str, pl.DataFrame], final: int, rules: Sequence[BoundRule], book: RuleBook) -> Held:
    """What of the tables has to be kept after a run of these rules."""
    return Held(tables, final, reach_of(rules), _looked_up(rules, book))


def _looked_up(rules: Sequence[BoundRule], book: RuleBook) -> set[str]:
    words = dictionary()
    # Over-careful on purpose: whatever a path can lead to, and whatever a rule names in quotes.
    found = {ref.table for table in words.tables.values() for ref in table.refs.values()} - {"transactions"}
    texts = [canonical(bound.rule.model_dump(mode="json", by_alias=True)) for bound in rules]
    texts += [canonical(model.model_dump(mode="json", by_alias=True)) for model in book.streams.values()]
    texts += [policy.when for policy in book.policies.values()]
    for text in texts:
        found |= set(_LOOKED_UP.findall(text)) & set(words.tables)
    return found


def _ordered(name: str, frame: pl.DataFrame, time: str | None) -> pl.DataFrame:
    table = dictionary().tables[name]
    order = [
        *([time] if time else []),
        *([table.id] if table.id else []),
        *table.keys,
        "source_file",
        "source_row",
    ]
    present = [column for column in dict.fromkeys(order) if column in frame.columns]
    return frame.sort(present, maintain_order=True) if present else frame


def carry(folded: Sequence[Folded], final: int, sources: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The final hits of open stories, and where their contributors came from.

    Args:
        folded: The hits of each bound rule, those carried into this run included.
        final: F of this run.
        sources: What `Origins.find` gave for all rows of all rules.
    """
    kept = [empty(CARRIED)]
    for item in folded:
        still = open_hits(item.hits, item.bound.gap, final)
        kept.append(still.select(pl.lit(name_of(item.bound)).alias("bound"), *HITS))
    carried = pl.concat(kept)
    named = carried.select("contributors").explode("contributors").drop_nulls().unnest("contributors")
    needed = sources.join(named, on=["table", "row_id"], how="semi")
    return carried, needed.sort("table", "row_id")
