"""Frames at run time: rows of a stream in their one order, columns gathered when somebody reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from redflags.engine.errors import MissingInputError
from redflags.expr.types import LITERAL, REAL
from redflags.expr.values import Value, quantise
from redflags.ingest.ledger import derive_ledger
from redflags.operators.base import Cap, Input, Output
from redflags.plan.nodes import LONG_AGO, At, Base, Changes, Derived, Each, Frame, Held, Union, measures, parents
from redflags.plan.schema import MOMENT, STREAM, found_operation
from redflags.registers.register import FROM, ROW, TO, moments, physical

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from numpy.typing import NDArray

    from redflags.engine.evaluate import Evaluator
    from redflags.ingest.dataset import Dataset
    from redflags.plan.schema import Schemas

COPY = "_copy"
SHOWN = "_shown"
BOOKED = "booked"


@dataclass
class Table:
    """Rows of one frame.

    Attributes:
        node: the frame it is.
        at: moments, µs, never decreasing.
        source: unordered canonical columns; ``order`` puts them in row order (None: they are in it).
        ids: columns whose values, joined by ``/``, are a row's id.
        unknown: rows that are in the frame only perhaps (a parent's filter is null there).
    """

    node: Frame
    at: NDArray[np.int64]
    source: pl.DataFrame
    order: pl.Series | None
    ids: tuple[str, ...]
    name: str
    unknown: NDArray[np.bool_] | None = None
    extra: dict[str, Callable[[], pl.Series]] = field(default_factory=dict)
    _columns: dict[str, pl.Series] = field(default_factory=dict)

    @property
    def height(self) -> int:
        """Number of rows."""
        return int(self.at.size)

    def has(self, name: str) -> bool:
        """Whether a column came in or can be made."""
        return name == MOMENT or name in self.source.columns or name in self.extra

    def column(self, name: str, rows: NDArray[np.int64] | None = None) -> pl.Series:
        """A column in row order, physical; at ``rows`` only where given.

        Raises:
            MissingInputError: the column did not come in.
        """
        if name == MOMENT:
            series = pl.Series(MOMENT, self.at)
            return series if rows is None else series.gather(pl.Series(rows))
        if name not in self._columns:
            if name in self.extra:
                self._columns[name] = self.extra[name]().alias(name)
            elif name in self.source.columns:
                piece = physical(self.source.select(name)).to_series()
                self._columns[name] = piece if self.order is None else piece.gather(self.order)
            else:
                raise MissingInputError(self.name, name)
        series = self._columns[name]
        return series if rows is None else series.gather(pl.Series(rows))

    def row_ids(self, rows: NDArray[np.int64]) -> pl.Series:
        """Ids of rows as text, copies made by ``each`` numbered from 1."""
        parts = [self.column(name, rows).cast(pl.String).fill_null("?") for name in self.ids if self.has(name)]
        if not parts:
            parts = [pl.Series("id", rows).cast(pl.String)]
        frame = pl.DataFrame([part.alias(f"p{i}") for i, part in enumerate(parts)])
        ids = frame.select(pl.concat_str(pl.all(), separator="/").alias("row_id"))["row_id"]
        if self.has(COPY):
            copy = self.column(COPY, rows).cast(pl.String)
            ids = pl.DataFrame([ids, copy.alias("c")]).select(pl.format("{}#{}", "row_id", "c").alias("row_id"))[
                "row_id"
            ]
        return ids

    def streams(self, rows: NDArray[np.int64]) -> pl.Series:
        """Name of the stream that each row comes from: below a union the one that its part shows."""
        if self.has(SHOWN):
            return self.column(SHOWN, rows)
        return pl.repeat(self.name, rows.size, eager=True)


def in_order(frame: pl.DataFrame, at: pl.Series, tie: list[str]) -> tuple[NDArray[np.int64], pl.Series | None]:
    """Moments in order, and the order: by moment, then by the tie columns.

    Only rows that share a moment are compared by the tie columns, since texts are dear to sort.
    """
    moments_ = at.to_numpy()
    order = np.argsort(moments_, kind="stable")
    sorted_at = moments_[order]
    same = np.zeros(order.size, dtype=bool)
    if order.size:
        equal = sorted_at[1:] == sorted_at[:-1]
        same[1:] |= equal
        same[:-1] |= equal
    columns = [name for name in tie if name in frame.columns]
    if same.any() and columns:
        places = np.flatnonzero(same)
        rows = order[places]
        keys = frame.select(columns)[rows].with_columns(pl.Series("__at", moments_[rows]), pl.Series("__row", rows))
        order[places] = keys.sort(["__at", *columns], nulls_last=False, maintain_order=True)["__row"].to_numpy()
    if order.size and (order[1:] > order[:-1]).all():
        return np.ascontiguousarray(sorted_at), None
    return np.ascontiguousarray(sorted_at), pl.Series(order)


class Frames:
    """Builds the tables of a run, each once."""

    def __init__(self, dataset: Dataset, schemas: Schemas, names: Collection[str]) -> None:
        self.dataset = dataset
        self.schemas = schemas
        self.names = frozenset(names)
        self.evaluator: Evaluator | None = None
        self._tables: dict[Frame, Table] = {}
        self._ledger: pl.DataFrame | None = None
        self._outputs: dict[Derived, Output] = {}

    def table(self, frame: Frame) -> Table:
        """Rows of a frame.

        Raises:
            MissingInputError: its table did not come in.
        """
        if frame not in self._tables:
            match frame:
                case Base():
                    made = self._base(frame)
                case Changes():
                    made = self._changes(frame)
                case Held():
                    made = self._held(frame)
                case Union():
                    made = self._union(frame)
                case Each():
                    made = self._each(frame)
                case At():
                    made = self._at(frame)
                case Derived():
                    made = self._derived(frame)
            self._tables[frame] = made
        return self._tables[frame]

    def raw(self, name: str) -> pl.DataFrame:
        """A canonical table as it came in; the ledger is derived when first asked for."""
        if name == "ledger" and "ledger" not in self.dataset.tables:
            if "transactions" not in self.dataset.tables:
                raise MissingInputError("transactions")
            if self._ledger is None:
                known = self.schemas.dictionary.table("ledger").columns
                wanted = {n for n in self.names if n in known} | {
                    "booked_at",
                    "status",
                    "seq",
                    "account_id",
                    "party_id",
                }
                self._ledger = derive_ledger(
                    self.dataset.tables["transactions"], self.dataset.tables.get("accounts"), sorted(wanted)
                )
            return self._ledger
        if name not in self.dataset.tables:
            raise MissingInputError(name)
        return self.dataset.tables[name]

    def _base(self, frame: Base) -> Table:
        raw = self.raw(frame.table)
        entry = self.schemas.dictionary.table(frame.table)
        if frame.time not in raw.columns:
            raise MissingInputError(frame.table, frame.time)
        if "status" in raw.columns and frame.table in {"ledger", "transactions"} and not frame.everything:
            raw = raw.filter(pl.col("status").is_null() | (pl.col("status") == BOOKED))
        at = raw.select(moments(pl.col(frame.time), raw.schema[frame.time]))[frame.time]
        if at.null_count():
            raw, at = raw.filter(at.is_not_null()), at.drop_nulls()
        ids = entry.id_parts or ((entry.id,) if entry.id else tuple(entry.keys))
        sorted_at, order = in_order(raw, at, ["seq", *ids, *sorted(raw.columns)] if not ids else ["seq", *ids])
        return Table(frame, sorted_at, raw, order, ids, frame.table)

    def _changes(self, frame: Changes) -> Table:
        entry = self.schemas.dictionary.table(frame.register)
        raw = self.raw(frame.register)
        parts = []
        for column, word in ((entry.valid_from, "began"), (entry.valid_to, "ended")):
            if column is not None and column in raw.columns:
                at = moments(pl.col(column), raw.schema[column]).alias("__at")
                parts.append(raw.with_columns(at, pl.lit(word).alias("change")).filter(pl.col("__at").is_not_null()))
        if not parts:
            raise MissingInputError(frame.register, entry.valid_from or "")
        rows = pl.concat(parts)
        ids = tuple(name for name in (*((entry.id,) if entry.id else entry.keys), "change"))
        columns = [name for name in sorted(rows.columns) if not isinstance(rows.schema[name], pl.List)]
        sorted_at, order = in_order(rows, rows["__at"], columns)
        return Table(frame, sorted_at, rows.drop("__at"), order, ids, f"changes({frame.register})")

    def _held(self, frame: Held) -> Table:
        """Rows of a register: of the data set, of the shipped lists, or made by an operator."""
        assert self.evaluator is not None  # noqa: S101  set by the run before any frame is made
        register = self.evaluator.lookups.register(frame.register)
        rows = register.frame.drop(FROM, TO)
        at = register.frame[FROM].clip(LONG_AGO)
        ids = tuple(name for name in register.keys if name in rows.columns)
        tie = [*ids, *(name for name in sorted(rows.columns) if not isinstance(rows.schema[name], pl.List))]
        sorted_at, order = in_order(rows, at, list(dict.fromkeys(tie)))
        return Table(frame, sorted_at, rows, order, ids, frame.register)

    def output(self, node: Derived) -> Output:
        """What an operator makes of its inputs, once."""
        assert self.evaluator is not None  # noqa: S101  set by the run before any frame is made
        if node not in self._outputs:
            inputs = {}
            for role, rows, carried in node.inputs:
                table, picked, perhaps = self.evaluator.rows_of(rows)
                inputs[role] = Input(table, picked[~perhaps], dict(carried), self.evaluator)
            if not node.inputs:
                inputs["rules"] = Input(None, np.empty(0, np.int64), {}, self.evaluator)
            self._outputs[node] = found_operation(node.operator).run(node, inputs)
        return self._outputs[node]

    @property
    def made(self) -> frozenset[Derived]:
        """Operators that have run."""
        return frozenset(self._outputs)

    def caps(self, node: Frame) -> list[tuple[str, Cap]]:
        """Limits that bit in a frame or in what it is made of."""
        found = [(node.operator, cap) for cap in self.output(node).caps] if isinstance(node, Derived) else []
        return found + [pair for parent in parents(node) for pair in self.caps(parent)]

    def _derived(self, frame: Derived) -> Table:
        rows = self.output(frame).frame
        sorted_at, order = in_order(rows, rows["at"], ["_id"])
        return Table(frame, sorted_at, rows.drop("at"), order, ("_id",), frame.operator)

    # ---- frames made from views -------------------------------------------------------------------------------

    def _parent(
        self, rows: object, carried: tuple[tuple[str, object], ...]
    ) -> tuple[Table, NDArray[np.int64], NDArray[np.bool_], pl.DataFrame]:
        """The parent's rows that are in or perhaps in, which are perhaps, and all their columns with carried ones."""
        assert self.evaluator is not None  # noqa: S101  set by the run before any frame is made
        table, picked, perhaps = self.evaluator.certain(rows)  # type: ignore[arg-type]
        names = dict.fromkeys(n for n in (*table.source.columns, *table.extra) if n != MOMENT)
        columns = [table.column(name, picked).alias(name) for name in names]
        made = dict(zip(names, columns, strict=True))
        for name, expr in carried:
            try:
                made[name] = self.evaluator.plain(table, expr, picked).alias(name)  # type: ignore[arg-type]
            except MissingInputError:
                made.pop(name, None)  # whoever reads it is told that it is missing
        return (
            table,
            picked,
            perhaps,
            pl.DataFrame(list(made.values())) if made else pl.DataFrame({"_": picked}),
        )

    def _union(self, frame: Union) -> Table:
        parts, ats, perhaps_all, ids = [], [], [], []
        for number, (name, rows, carried) in enumerate(frame.parts):
            table, picked, perhaps, columns = self._parent(rows, carried)
            columns = self._in_one_unit(frame, number, columns)
            row_ids = table.row_ids(picked)
            shown = table.streams(picked).alias(SHOWN)
            columns = columns.drop([c for c in (STREAM, SHOWN, COPY, "_row") if c in columns.columns])
            parts.append(columns.with_columns(pl.lit(name).alias(STREAM), shown, row_ids.alias("_row")))
            ats.append(table.at[picked])
            perhaps_all.append(perhaps)
            ids.append(name)
        rows_ = pl.concat(parts, how="diagonal_relaxed")
        at = pl.Series(np.concatenate(ats))
        sorted_at, order = in_order(rows_, at, ["seq", STREAM, "_row"])
        unknown = np.concatenate(perhaps_all)
        if order is not None:
            unknown = unknown[order.to_numpy()]
        return Table(frame, sorted_at, rows_, order, ("_row",), "+".join(ids), unknown if unknown.any() else None)

    def _in_one_unit(self, frame: Union, number: int, columns: pl.DataFrame) -> pl.DataFrame:
        """The columns of a part of a union, numbers in the types and units of the whole."""
        theirs, ours = self.schemas.part(frame, number), self.schemas.of(frame).columns
        changed = []
        for name in columns.columns:
            have, want = theirs.get(name), ours.get(name)
            if have is None or want is None or have == want or not (have.type.numeric or have.type == LITERAL):
                continue
            unit, wanted = self.schemas.unit(have), self.schemas.unit(want)
            if want.type == REAL:
                if have.type != REAL:
                    changed.append(pl.col(name).cast(pl.Float64) * float(unit))
            elif unit != wanted:
                changed.append(quantise(Value(have.type, pl.col(name), scale=unit), wanted).alias(name))
        return columns.with_columns(changed)

    def _each(self, frame: Each) -> Table:
        assert self.evaluator is not None  # noqa: S101
        table, picked, perhaps, columns = self._parent(frame.parent, frame.carried)
        register = self.evaluator.lookups.register(frame.register)
        asked = self.evaluator.asked(table, frame.keys, picked)
        names = [name for name in register.frame.columns if name not in {FROM, TO}]
        lacking = register.lacking(len(frame.keys))
        if lacking is not None:
            raise MissingInputError(frame.register, lacking)
        found = register.rows(asked, names)
        found = found.sort([ROW, *(n for n in names if not isinstance(found.schema[n], pl.List))], maintain_order=True)
        index = found[ROW]
        place = index.to_numpy()
        copies = pl.Series(COPY, np.arange(place.size) - np.searchsorted(place, place) + 1)
        if COPY in columns.columns:
            first = columns[COPY].gather(index)
            copies = (first * 1000 + copies).alias(COPY)
            columns = columns.drop(COPY)
        joined = [columns[c].gather(index).alias(c) for c in columns.columns]
        joined += [found[name].alias(f"{frame.alias}.{name}") for name in names]
        rows = pl.DataFrame([*joined, copies])
        unknown = perhaps[index.to_numpy()]
        return Table(
            frame,
            table.at[picked][index.to_numpy()],
            rows,
            None,
            table.ids,
            table.name,
            unknown if unknown.any() else None,
        )

    def _at(self, frame: At) -> Table:
        assert self.evaluator is not None  # noqa: S101
        table, picked, perhaps, columns = self._parent(frame.parent, frame.carried)
        moment = self.evaluator.plain(table, frame.moment, picked)
        keep = moment.is_not_null().to_numpy()
        # Never before the source row, nor before what it carries is known.
        wait = max(
            (m.after for m in measures(frame.parent.filter, frame.moment, *dict(frame.carried).values())), default=0
        )
        at = np.maximum(moment.fill_null(0).cast(pl.Int64).to_numpy(), table.at[picked] + wait)[keep]
        rows = columns.filter(pl.Series(keep)).with_columns(pl.Series("__n", np.arange(int(keep.sum()))))
        sorted_at, order = in_order(rows, pl.Series(at), ["__n"])
        unknown = perhaps[keep]
        if order is not None:
            unknown = unknown[order.to_numpy()]
        return Table(
            frame,
            sorted_at,
            rows.drop("__n"),
            order,
            table.ids,
            table.name,
            unknown if unknown.any() else None,
        )


__all__ = ["COPY", "Frames", "Table", "in_order"]
