"""Registers asked at rows of a frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from redflags.engine.codes import combine, encode, representatives
from redflags.engine.errors import MissingInputError
from redflags.engine.sparse import Sparse
from redflags.expr.nodes import Name
from redflags.registers.register import Register, buckets
from redflags.registers.thresholds import Thresholds
from redflags.tables import dictionary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from redflags.engine.evaluate import Evaluator
    from redflags.engine.frames import Frames, Table
    from redflags.expr.nodes import Expr
    from redflags.plan.nodes import Frame, Lookup
    from redflags.registers.lists import ListFile
    from redflags.rules.profiles import Profile
    from redflags.tables import Table as Entry

    Rows = NDArray[np.int64]


@dataclass
class Answers:
    """Answers of one lookup: each different one once, and for each known row which is its own."""

    place: Sparse = field(default_factory=Sparse)
    parts: dict[str, pl.Series] = field(default_factory=dict)

    def ask(
        self, rows: Rows, part: str, compute: Callable[[Rows], tuple[pl.Series, dict[str, pl.Series]]]
    ) -> pl.Series:
        """Answers at ``rows``; what is not known yet is asked once."""
        lacking = self.place.missing(rows)
        if lacking.size or not self.parts:
            index, parts = compute(lacking)
            known = len(next(iter(self.parts.values()))) if self.parts else 0
            self.place.put(lacking, {"": (index.cast(pl.Int64) + known).cast(pl.Int32)})
            self.parts = {name: pl.concat([self.parts[name], s]) if known else s for name, s in parts.items()}
        return self.parts[part].gather(self.place.get(rows, ""))


def _each_its_own(answers: pl.Series) -> tuple[pl.Series, dict[str, pl.Series]]:
    """Answers that differ from row to row."""
    return pl.int_range(len(answers), dtype=pl.Int32, eager=True), {"": answers}


class Lookups:
    """Answers every lookup of a plan, each question once per row and equal questions once."""

    def __init__(self, frames: Frames, lists: Iterable[ListFile], profile: Profile | None) -> None:
        self.frames = frames
        self.lists = tuple(lists)
        self.profile = profile
        self.evaluator: Evaluator | None = None
        self._registers: dict[str, Register] = {}
        self._answers: dict[tuple[Frame, Lookup], Answers] = {}
        self._thresholds: Thresholds | None = None
        self._links: dict[tuple[str, ...], Register] = {}

    # ---- registers --------------------------------------------------------------------------------------------

    def register(self, name: str) -> Register:
        """A register: the data set's own table where it came in, else the shipped lists of that table.

        Raises:
            MissingInputError: neither is there.
        """
        if name not in self._registers:
            entry = self.frames.schemas.table(name)
            node = self.frames.schemas.derived_node(name)
            if node is not None:
                made = self.frames.output(node)
                self._registers[name] = Register.of(entry, made.frame if made.register is None else made.register)
            else:
                self._registers[name] = self._listed_or_own(name, entry)
        return self._registers[name]

    def _listed_or_own(self, name: str, entry: Entry) -> Register:
        """The data set's own rows; of lists that share a table, the shipped ones that it does not bring itself."""
        shipped = [item for item in self.lists if item.table == name]
        shared = bool(entry.keys) and len(shipped) > 1
        own = self.frames.raw(name) if name in self.frames.dataset.tables or name == "ledger" else None
        if own is not None:
            brought = set(own[entry.keys[0]].to_list()) if shared and entry.keys[0] in own.columns else set()
            shipped = [item for item in shipped if shared and item.id not in brought]
        if own is None and not shipped:
            raise MissingInputError(name)
        parts = ([] if own is None else [own]) + [item.rows for item in shipped]
        coverage = {item.id if shared else None: item.covers for item in shipped if item.covers != (None, None)}
        return Register.of(entry, parts[0] if len(parts) == 1 else pl.concat(parts, how="diagonal_relaxed"), coverage)

    def _optional(self, name: str) -> Register | None:
        try:
            return self.register(name)
        except MissingInputError:
            return None

    @property
    def thresholds(self) -> Thresholds:
        """The legal limits under the run's profile."""
        if self._thresholds is None:
            limits = None if self.profile is None else self.profile.thresholds
            self._thresholds = Thresholds(
                self.register("thresholds"), self._optional("blocs"), self._optional("fx_rates"),
                self.frames.dataset.base_currency, None if limits is None else limits.jurisdiction,
                None if limits is None else limits.default,
            )  # fmt: skip
        return self._thresholds

    def _linked(self, roles: tuple[str, ...]) -> Register:
        """Links in both directions, of some roles."""
        if roles not in self._links:
            entry = dictionary().table("party_links")
            rows = self.frames.raw("party_links")
            if roles:
                if "role" not in rows.columns:
                    raise MissingInputError("party_links", "role")
                rows = rows.filter(pl.col("role").is_in(list(roles)))
            pair = ["party_id", "related_party_id"]
            dates = [name for name in (entry.valid_from, entry.valid_to) if name and name in rows.columns]
            there = rows.select(*pair, *dates)
            back = rows.select(pl.col(pair[1]).alias(pair[0]), pl.col(pair[0]).alias(pair[1]), *dates)
            self._links[roles] = Register.of(entry, pl.concat([there, back]))
        return self._links[roles]

    # ---- answers ----------------------------------------------------------------------------------------------

    def column(self, table: Table, lookup: Lookup, part: str, rows: Rows) -> pl.Series:
        """Answer of ``lookup`` at ``rows``; ``part`` is ``""`` or ``over`` (of a threshold)."""
        store = self._answers.setdefault((table.node, lookup), Answers())
        return store.ask(rows, part, lambda lacking: self._answer(table, lookup, lacking))

    def _answer(self, table: Table, lookup: Lookup, rows: Rows) -> tuple[pl.Series, dict[str, pl.Series]]:
        """For each row the position of its answer, and the answers."""
        assert self.evaluator is not None  # noqa: S101  set by the run
        if lookup.kind == "local":
            return _each_its_own(self._local(table, lookup, rows))
        if lookup.kind == "threshold":
            limits = self.thresholds
            edges = sorted(
                {e for r in (limits.limits, limits.blocs, limits.rates) if r is not None for e in r.boundaries}
            )
            questions, index = self._questions(table, lookup.keys, rows, edges)
            amount, over = limits.ask(lookup.column, questions)
            return index, {"": amount, "over": over}
        register = self._linked(lookup.roles) if lookup.kind == "linked" else self.register(lookup.table)
        if lookup.kind == "value" and lookup.column not in register.frame.columns:
            raise MissingInputError(lookup.table, lookup.column)
        lacking = register.lacking(len(lookup.keys))
        if lacking is not None:
            raise MissingInputError(lookup.table, lacking)
        questions, index = self._questions(table, lookup.keys, rows, register.boundaries)
        if lookup.kind == "value":
            return self._value(register, questions, index, lookup, table, rows)
        found = register.listed(questions)
        return index, {"": found.fill_null(value=False) if lookup.kind == "exists" else found}

    def _questions(
        self, table: Table, keys: Sequence[Expr], rows: Rows, boundaries: list[int]
    ) -> tuple[pl.DataFrame, pl.Series]:
        """Equal questions once: between two boundaries of the register the moment does not matter.

        Returns:
            The distinct questions (``k0, k1, ..., at``), and for each of ``rows`` the position of its own among them.
        """
        assert self.evaluator is not None  # noqa: S101  set by the run
        at, stretch = buckets(table.at[rows], boundaries)
        parts: list[tuple[NDArray[np.int32], int]] = [(stretch, len(boundaries) + 1)]
        columns: dict[str, pl.Series] = {}
        for i, key in enumerate(keys):
            if isinstance(key, Name) and table.has(key.text):
                codes, n = self.evaluator.codes(table, key)
                codes = codes[rows]
            else:
                columns[f"k{i}"] = self.evaluator.plain(table, key, rows)
                (codes,), n = encode([columns[f"k{i}"]])
            # A null key is a question too: it may meet rows that match every key.
            parts.append((np.where(codes < 0, np.int32(n), codes), n + 1))
        whole, count = combine(parts, rows.size)
        first = representatives(whole, count)
        picked = rows[first]
        order = np.argsort(picked, kind="stable")
        back = pl.Series(np.argsort(order, kind="stable"))
        distinct = [
            (
                columns[f"k{i}"].gather(pl.Series(first))
                if f"k{i}" in columns
                else self.evaluator.plain(table, key, picked[order]).gather(back)
            ).alias(f"k{i}")
            for i, key in enumerate(keys)
        ]
        return pl.DataFrame([*distinct, pl.Series("at", at[first])]), pl.Series(whole)

    def _value(
        self,
        register: Register,
        questions: pl.DataFrame,
        index: pl.Series,
        lookup: Lookup,
        table: Table,
        rows: Rows,
    ) -> tuple[pl.Series, dict[str, pl.Series]]:
        """The column; where it has a moment at which it is known, hidden before that."""
        found = register.values(questions, lookup.column)
        entry = register.table.columns[lookup.column]
        if not entry.known_at or entry.plan or entry.known_at not in register.frame.columns:
            return index, {"": found}
        known = register.values(questions, entry.known_at).gather(index)
        if register.table.columns[entry.known_at].type == "date":
            known = known.cast(pl.Int64) * 86_400_000_000
        own = pl.DataFrame(
            [found.gather(index).alias("x"), known.cast(pl.Int64).alias("k"), pl.Series("t", table.at[rows])]
        )
        return _each_its_own(own.select(pl.when(pl.col("k") <= pl.col("t")).then("x").alias("x"))["x"])

    def _local(self, table: Table, lookup: Lookup, rows: Rows) -> pl.Series:
        """A moment as local wall-clock microseconds: the account's time zone, else the data set's."""
        assert self.evaluator is not None  # noqa: S101
        moment = self.evaluator.plain(table, lookup.keys[0], rows)
        default = self.frames.dataset.timezone
        frame = pl.DataFrame({"m": moment.cast(pl.Int64)})
        zones = pl.repeat(None, rows.size, dtype=pl.String, eager=True)
        accounts = self._optional("accounts")
        if accounts is not None and "timezone" in accounts.frame.columns and table.has("account_id"):
            questions, index = self._questions(table, (Name(("account_id",)),), rows, accounts.boundaries)
            zones = accounts.values(questions, "timezone").gather(index)
        frame = frame.with_columns(zones.fill_null(default).alias("zone"))
        stamp = pl.col("m").cast(pl.Datetime("us", "UTC"))
        local = pl.lit(None, pl.Int64)
        for zone in sorted(frame["zone"].unique().to_list()):
            wall = stamp.dt.convert_time_zone(zone).dt.replace_time_zone(None).to_physical()
            local = pl.when(pl.col("zone") == zone).then(wall).otherwise(local)
        return frame.with_columns(local.alias("x"))["x"]
