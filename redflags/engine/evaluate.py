"""Evaluates resolved expressions at rows of a frame, filling in what registers and windows must answer first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from redflags.engine.codes import encode
from redflags.engine.errors import MissingInputError
from redflags.errors import DataError
from redflags.expr import types as t
from redflags.expr.lower import Lowering, physical
from redflags.expr.nodes import Call, Case, Expr, conjuncts, walk
from redflags.expr.values import boolean
from redflags.plan.measured import result_type
from redflags.plan.nodes import Rows as ViewRows
from redflags.plan.nodes import inner_expressions, measures

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from redflags.engine.frames import Frames, Table
    from redflags.engine.lookups import Lookups
    from redflags.engine.measures import Measures
    from redflags.engine.outcome import Outcome
    from redflags.expr.values import Value
    from redflags.plan.nodes import Frame, Measure
    from redflags.plan.schema import Schemas

    Rows = NDArray[np.int64]
    Mask = NDArray[np.bool_]
    Codes = NDArray[np.int32]

POLARS = {
    "text": pl.String(),
    "bool": pl.Boolean(),
    "time": pl.Int64(),
    "date": pl.Int32(),
    "list": pl.List(pl.String),
    "null": pl.String(),
}


#: What a condition costs: plain comparisons, functions, registers, windows; the dear ones see only rows that the others leave.
COMPARED, CALCULATED, ASKED, MEASURED = range(4)


class Evaluator:
    """One run's evaluator; ``world`` 0 leaves unknown rows out of windows, 1 takes them in."""

    def __init__(self, schemas: Schemas, frames: Frames, lookups: Lookups) -> None:
        self.schemas = schemas
        self.frames = frames
        self.lookups = lookups
        self.measures: Measures | None = None
        frames.evaluator = self
        lookups.evaluator = self
        self._lowered: dict[tuple[Frame, Expr], Value] = {}
        self._filters: dict[tuple[ViewRows, int], tuple[Rows, Mask]] = {}
        self._codes: dict[tuple[Frame, Expr], tuple[Codes, int]] = {}
        self._lacks: dict[Measure, str | None] = {}
        self.without: dict[Expr, str] = {}  # calls of ``given`` that took their stand-in, and for want of what
        self._survivors: dict[tuple[Frame, frozenset[Expr]], tuple[Rows, Mask]] = {}
        self.upto = 2**62  # W of the run; operators that fill time go no further
        self.outcomes: list[Outcome] = []  # of the rules judged so far, whole history, for rules that read hits

    # ---- lowering ---------------------------------------------------------------------------------------------

    def lower(self, frame: Frame, expr: Expr) -> Value:
        """The typed value of an expression, lowered once."""
        key = (frame, expr)
        if key not in self._lowered:
            self._lowered[key] = Lowering(self.schemas, frame, self._came_in).lower(expr)
        return self._lowered[key]

    def lacks(self, measure: Measure) -> str | None:
        """What of all that a measure reads, down to the measures inside it, did not come in; None where all did."""
        if measure not in self._lacks:
            frame, inner = measure.source.frame, inner_expressions(measure)
            found: str | None = None
            try:
                self.survivors(measure.source)
                for node, exprs in ((frame, inner), (measure.frame, measure.frame_key)):
                    self._ask_nothing(self.frames.table(node), *(self.lower(node, expr) for expr in exprs))
            except MissingInputError as missing:
                found = missing.what
            below = () if found is not None else self._measures_of(*(self.lower(frame, expr) for expr in inner))
            self._lacks[measure] = found or next((what for m in below if (what := self.lacks(m)) is not None), None)
        return self._lacks[measure]

    def _measures_of(self, *values: Value) -> Iterator[Measure]:
        """Measures that values read of these data: one that a stand-in replaces is not among them."""
        for name in dict.fromkeys(name for value in values for name in value.expr.meta.root_names()):
            if name[0] == "%":
                yield self.schemas.measures[name.partition(".")[0]]

    def _ask_nothing(self, table: Table, *values: Value) -> None:
        """Ask for every column that values read, at no row: what did not come in is told at once."""
        none = np.empty(0, np.int64)
        for name in dict.fromkeys(name for value in values for name in value.expr.meta.root_names()):
            if name[0] != "%":
                self.root(table, name, none, 0)

    def _came_in(self, frame: Frame, node: Call, value: Value) -> bool:
        """Whether what ``given`` asks for came in; what did not is remembered, so that the run can say so."""
        what: str | None = None
        try:
            self._ask_nothing(self.frames.table(frame), value)
        except MissingInputError as missing:
            what = missing.what
        if what is None:
            what = next((found for m in self._measures_of(value) if (found := self.lacks(m)) is not None), None)
        if what is not None:
            self.without[node] = what
        return what is None

    # ---- evaluation -------------------------------------------------------------------------------------------

    def select(
        self, table: Table, exprs: Sequence[pl.Expr], rows: Rows, world: int = 0, *, lenient: bool = False
    ) -> pl.DataFrame:
        """Polars expressions at ``rows``, as columns ``0, 1, ...``; ``lenient`` takes what did not come in as null."""
        roots = sorted({name for expr in exprs for name in expr.meta.root_names()})
        columns = [pl.Series("__rows", rows)]
        columns += [self.root(table, name, rows, world, lenient=lenient).alias(name) for name in roots]
        return (
            pl.DataFrame(columns)
            .with_columns(expr.alias(str(i)) for i, expr in enumerate(exprs))
            .select(str(i) for i in range(len(exprs)))
        )

    def root(self, table: Table, name: str, rows: Rows, world: int, *, lenient: bool = False) -> pl.Series:
        """One column that an expression reads: of the frame, of a lookup (``@n``) or of a measure (``%n``)."""
        if not lenient:
            return self._root(table, name, rows, world)
        try:
            return self._root(table, name, rows, world)
        except MissingInputError:
            return pl.Series(name, [None] * rows.size, self._dtype(table, name))

    def _dtype(self, table: Table, name: str) -> pl.DataType:
        """Physical type of a column that did not come in."""
        word, _, part = name.partition(".")
        if part in {"over", "empty"}:
            return pl.Boolean()
        if name[0] == "%":
            return POLARS.get(result_type(self.schemas, self.schemas.measures[word]).kind, pl.Int64())
        if name[0] != "@":
            column = self.schemas.of(table.node).columns.get(name)
            return pl.Int64() if column is None else POLARS.get(column.type.kind, pl.Int64())
        lookup = self.schemas.lookups[word]
        if lookup.kind in {"listed", "exists", "linked"}:
            return pl.Boolean()
        if lookup.kind != "value":
            return pl.Int64()
        kind = t.of_column(self.schemas.table(lookup.table).columns[lookup.column].type)
        return POLARS.get(kind.kind, pl.Int64())

    def _root(self, table: Table, name: str, rows: Rows, world: int) -> pl.Series:
        whole = rows.size == table.height
        if name[0] == "@":
            word, _, part = name.partition(".")
            return self.lookups.column(table, self.schemas.lookups[word], part, rows)
        if name[0] == "%":
            assert self.measures is not None  # noqa: S101  set by the run
            word, _, part = name.partition(".")
            return self.measures.column(self.schemas.measures[word], part, rows, world)
        if name == "base_currency()":
            return pl.repeat(self.frames.dataset.base_currency, rows.size, eager=True)
        return table.column(name, None if whole else rows)

    def condition(self, table: Table, expr: Expr, rows: Rows, world: int = 0, *, lenient: bool = False) -> pl.Series:
        """A condition at ``rows``: true, false or null."""
        value = self.lower(table.node, expr)
        asked = [boolean(value.expr, (value,)).expr]
        return self.select(table, asked, rows, world, lenient=lenient)["0"].cast(pl.Boolean)

    def plain(self, table: Table, expr: Expr, rows: Rows, world: int = 0) -> pl.Series:
        """A value at ``rows`` in the physical unit of its type; known empty becomes null."""
        value = self.lower(table.node, expr)
        made = physical(value)
        if value.empty is not None:
            made = pl.when(~value.empty).then(made)
        try:
            series = self.select(table, [made], rows, world)["0"]
        except pl.exceptions.InvalidOperationError as error:
            if "`i128` to `i64`" not in str(error):
                raise
            raise DataError(f"a derived {value.type} of '{table.name}' does not fit 64 bits") from None
        wanted = POLARS.get(value.type.kind)
        return series.cast(wanted) if wanted is not None and series.dtype != wanted else series

    def absent(self, table: Table, expr: Expr, rows: Rows, world: int = 0) -> Mask | None:
        """Where a value is known empty; None where it never is."""
        value = self.lower(table.node, expr)
        if value.empty is None:
            return None
        return self.select(table, [value.empty], rows, world)["0"].fill_null(value=False).to_numpy()

    def asked(self, table: Table, keys: Sequence[Expr], rows: Rows) -> pl.DataFrame:
        """Questions for a register: key columns ``k0, k1, ...`` and the moment."""
        columns = [self.plain(table, key, rows).alias(f"k{i}") for i, key in enumerate(keys)]
        return pl.DataFrame([*columns, pl.Series("at", table.at[rows])])

    def codes(self, table: Table, expr: Expr) -> tuple[Codes, int]:
        """Dense codes of a value over all rows of a frame, made once."""
        key = (table.node, expr)
        if key not in self._codes:
            rows = np.arange(table.height, dtype=np.int64)
            (codes,), n = encode([self.plain(table, expr, rows)])
            self._codes[key] = (codes, n)
        return self._codes[key]

    # ---- filters ----------------------------------------------------------------------------------------------

    def rows_of(self, view: ViewRows, world: int = 0) -> tuple[Table, Rows, Mask]:
        """Rows of a view that are in it or perhaps in it, and which of them are only perhaps.

        Conditions on plain columns are judged first, then lookups, then windows, each only where the earlier ones are not false.
        """
        table = self.frames.table(view.frame)
        key = (view, world)
        if key not in self._filters:
            self._filters[key] = self._filtered(table, view, world)
        rows, perhaps = self._filters[key]
        return table, rows, perhaps

    def certain(self, view: ViewRows) -> tuple[Table, Rows, Mask]:
        """Rows of a view in either world, and which of them are not surely in it in both."""
        table, rows, perhaps = self.rows_of(view)
        assert self.measures is not None  # noqa: S101  set by the run
        if not any(self.measures.tainted(m) for m in measures(view.filter)):
            return table, rows, perhaps
        _, other, other_perhaps = self.rows_of(view, world=1)
        both = np.union1d(rows, other)
        sure = np.intersect1d(rows[~perhaps], other[~other_perhaps], assume_unique=True)
        return table, both, ~np.isin(both, sure, assume_unique=True)

    def survivors(self, view: ViewRows) -> Rows:
        """Rows of a view that its conditions without windows do not rule out."""
        return self._plainly(self.frames.table(view.frame), _split(view)[0])[0]

    def _filtered(self, table: Table, view: ViewRows, world: int) -> tuple[Rows, Mask]:
        plain, dear = _split(view)
        rows, perhaps = self._plainly(table, plain)
        return self._apply(table, dear, world, rows, perhaps) if dear else (rows, perhaps)

    def _plainly(self, table: Table, parts: tuple[Expr, ...]) -> tuple[Rows, Mask]:
        """Rows that conditions without windows do not rule out; views that share such conditions share them."""
        key = (table.node, frozenset(parts))
        if key not in self._survivors:
            rows = np.arange(table.height, dtype=np.int64)
            perhaps = np.zeros(table.height, dtype=bool) if table.unknown is None else table.unknown
            self._survivors[key] = self._apply(table, list(parts), 0, rows, perhaps)
        return self._survivors[key]

    def _apply(self, table: Table, parts: list[Expr], world: int, rows: Rows, perhaps: Mask) -> tuple[Rows, Mask]:
        ranked: dict[int, list[Expr]] = {0: [], 1: [], 2: [], 3: []}
        for part in parts:
            ranked[self.cost(table, part)].append(part)
        for cost, group in ranked.items():
            if not group:
                continue
            steps = [group] if cost <= CALCULATED else [[part] for part in group]
            for step in steps:
                if rows.size == 0:
                    break
                values = [self.lower(table.node, part) for part in step]
                exprs = [boolean(value.expr, (value,)).expr for value in values]
                together = exprs[0]
                for expr in exprs[1:]:
                    together = together & expr
                found = self.select(table, [together], rows, world)["0"].cast(pl.Boolean)
                null = found.is_null().to_numpy()
                keep = found.fill_null(value=True).to_numpy()
                perhaps = (perhaps | null)[keep]
                rows = rows[keep]
        return rows, perhaps

    def cost(self, table: Table, part: Expr) -> int:
        """How dear an expression is to evaluate."""
        roots = self.lower(table.node, part).expr.meta.root_names()
        if any(name[0] == "%" for name in roots) or any(True for _ in measures(part)):
            return MEASURED
        if any(name[0] == "@" for name in roots):
            return ASKED
        return CALCULATED if any(isinstance(node, Call | Case) for node in walk(part)) else COMPARED

    def perhaps(self, view: ViewRows) -> bool:
        """Whether any row is only perhaps in the view."""
        return bool(self.rows_of(view)[2].any())


def _split(view: ViewRows) -> tuple[tuple[Expr, ...], list[Expr]]:
    """A view's conditions without windows, and those with."""
    parts = [] if view.filter is None else conjuncts(view.filter)
    dear = [part for part in parts if any(True for _ in measures(part))]
    return tuple(part for part in parts if part not in dear), dear
