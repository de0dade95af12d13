"""Measures at the rows that ask for them: shared orders, filters and window bounds, block by block of whole keys."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from redflags import kernel
from redflags.engine.aggregates import Inputs, Window, empty_columns, run_aggregate, series_of
from redflags.engine.codes import combine, encode_keys
from redflags.engine.errors import MissingInputError
from redflags.engine.evaluate import COMPARED
from redflags.engine.sparse import Sparse, distinct_rows, union
from redflags.plan.nodes import Rows as ViewRows
from redflags.plan.nodes import inner_expressions, measures

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from redflags.engine.aggregates import Columns
    from redflags.engine.evaluate import Evaluator
    from redflags.engine.frames import Table
    from redflags.expr.nodes import Expr
    from redflags.plan.nodes import Frame, Measure

    Rows = NDArray[np.int64]
    Codes = NDArray[np.int32]
    Values = tuple[NDArray[np.int64], NDArray[np.uint8] | None, NDArray[np.uint8] | None]

#: Rows of a block: large enough that a pass costs more than its call, small enough for the cache.
BLOCK = 500_000


@dataclass(frozen=True)
class KeyOrder:
    """One key over a source and a judged frame: codes of both, and the source's rows by key."""

    source: Codes
    judged: Codes
    count: int
    perm: NDArray[np.int32]
    starts: NDArray[np.int64]


@dataclass
class _Demand:
    """Rows at which some measures are asked, by key."""

    rows: Rows
    perm: NDArray[np.int32]
    starts: NDArray[np.int64]
    members: list[Measure] = field(default_factory=list)


class Measures:
    """Computes and remembers measures; ``world`` is normalised where no unknown row can matter."""

    def __init__(self, evaluator: Evaluator, covers_from: int, block: int = BLOCK) -> None:
        self.evaluator = evaluator
        evaluator.measures = self
        self.covers_from = covers_from
        self.block = block
        self._stores: dict[tuple[Measure, int], Sparse] = defaultdict(Sparse)
        self._orders: dict[tuple[Frame, tuple[Expr, ...], Frame, tuple[Expr, ...]], KeyOrder] = {}
        self._values: dict[tuple[ViewRows, Expr, int], Values] = {}
        self._groups: dict[tuple[ViewRows, tuple[Expr, ...], int], tuple[Codes, int]] = {}
        self._masks: dict[tuple[ViewRows, int], NDArray[np.bool_]] = {}
        self._tainted: dict[Measure, bool] = {}

    # ---- what others ask --------------------------------------------------------------------------------------

    def column(self, measure: Measure, part: str, rows: Rows, world: int) -> pl.Series:
        """Column ``part`` of a measure at ``rows`` of its frame."""
        world = world if world and self.tainted(measure) else 0
        store = self._stores[measure, world]
        if not store.columns or store.missing(rows).size:
            self.require([(measure, rows)], world)
            store = self._stores[measure, world]
        return store.get(rows, part)

    def tainted(self, measure: Measure) -> bool:
        """Whether an unknown row can make a difference to the measure."""
        if measure not in self._tainted:
            inner = any(self.tainted(m) for m in measures(*inner_expressions(measure)))
            try:
                self._tainted[measure] = inner or self.evaluator.perhaps(measure.source)
            except MissingInputError:
                self._tainted[measure] = False  # whoever reads it is told what is missing
        return self._tainted[measure]

    def require(self, asked: Iterable[tuple[Measure, Rows]], world: int = 0) -> None:
        """Compute measures at rows, inner ones first, those of one key together."""
        needs: dict[Measure, list[Rows]] = defaultdict(list)
        depth: dict[Measure, int] = {}

        def add(measure: Measure, rows: Rows) -> int:
            needs[measure].append(rows)
            inner = {m for m in measures(*inner_expressions(measure)) if self.evaluator.lacks(m) is None}
            level = 0
            if inner:
                below = self.evaluator.survivors(measure.source)
                level = 1 + max(add(m, below) for m in sorted(inner, key=self.evaluator.schemas.measure_name))
            depth[measure] = max(level, depth.get(measure, 0))
            return level

        for measure, rows in asked:
            add(measure, rows)
        for level in sorted(set(depth.values())):
            groups: dict[object, list[tuple[Measure, Rows, int]]] = defaultdict(list)
            for measure, parts in needs.items():
                if depth[measure] != level:
                    continue
                normal = world if world and self.tainted(measure) else 0
                rows = self._stores[measure, normal].missing(union(parts))
                if rows.size or not self._stores[measure, normal].columns:
                    key = (measure.frame, measure.frame_key, measure.source.frame, measure.source_key)
                    groups[key].append((measure, rows, normal))
            for members in groups.values():
                self._compute(members)

    # ---- one key ----------------------------------------------------------------------------------------------

    def _compute(self, members: list[tuple[Measure, Rows, int]]) -> None:
        order = self._order(members[0][0])
        source = self.evaluator.frames.table(members[0][0].source.frame)
        judged = self.evaluator.frames.table(members[0][0].frame)
        demands: list[_Demand] = []
        of: dict[tuple[Measure, int], _Demand] = {}
        for measure, rows, world in members:
            same = next((d for d in demands if d.rows is rows or np.array_equal(d.rows, rows)), None)
            if same is None:
                perm, starts = kernel.order_by_codes(np.ascontiguousarray(order.judged[rows]), order.count)
                same = _Demand(rows, perm, starts)
                demands.append(same)
            of[measure, world] = same
        results: dict[tuple[Measure, int], Columns] = {
            key: empty_columns(key[0], demand.rows.size) for key, demand in of.items()
        }
        work = [(measure, world, self._inputs(measure, world)) for measure, _, world in members]
        for begin, end in self._blocks(order):
            inside = order.perm[order.starts[begin] : order.starts[end]]
            lists: dict[object, tuple[Any, Codes, Rows]] = {}
            judgings: dict[tuple[int, bool], tuple[Any, Codes, Rows]] = {}
            bounds: dict[object, tuple[Rows, Rows]] = {}
            for measure, world, inputs in work:
                demand = of[measure, world]
                place = demand.perm[demand.starts[begin] : demand.starts[end]]
                if place.size == 0:
                    continue
                filtered = (measure.source, world, measure.periods)
                if filtered not in lists:
                    picked = inside[self._mask(measure.source, world)[inside]]
                    lists[filtered] = (picked, order.source[picked], _clock(source, measure)[picked])
                source_rows, keys, at = lists[filtered]
                if (id(demand), measure.periods) not in judgings:
                    where = demand.rows[place]
                    judgings[id(demand), measure.periods] = (
                        place,
                        order.judged[where],
                        _clock(judged, measure)[where],
                    )
                _, judged_keys, judged_at = judgings[id(demand), measure.periods]

                def bounds_of(
                    left: int | None, right: int, *, right_open: bool, filtered: object = filtered, demand: _Demand = demand,
                    keys: Codes = keys, at: Rows = at, judged_keys: Codes = judged_keys, judged_at: Rows = judged_at,
                    bounds: dict[object, tuple[Rows, Rows]] = bounds,
                ) -> tuple[Rows, Rows]:  # fmt: skip
                    name = (filtered, id(demand), left, right, right_open)
                    if name not in bounds:
                        bounds[name] = kernel.window_bounds(
                            keys, at, judged_keys, judged_at, 0 if left is None else left, right,
                            right_open=right_open, left_unbounded=left is None,
                        )  # fmt: skip
                    return bounds[name]

                window = Window(source_rows, at, judged_at, demand.rows[place], bounds_of)
                run_aggregate(measure, inputs, window, results[measure, world], place)
        for (measure, world), columns in results.items():
            demand = of[measure, world]
            valid = order.judged[demand.rows] >= 0
            if measure.complete:
                valid &= self._complete(measure, judged, demand.rows)
            self._stores[measure, world].put(demand.rows, series_of(self.evaluator, measure, columns, valid, world))

    def _blocks(self, order: KeyOrder) -> Iterable[tuple[int, int]]:
        begin = 0
        while begin < order.count:
            end = int(np.searchsorted(order.starts, order.starts[begin] + self.block, side="right")) - 1
            end = min(max(end, begin + 1), order.count)
            yield begin, end
            begin = end

    # ---- shared parts -----------------------------------------------------------------------------------------

    def _order(self, measure: Measure) -> KeyOrder:
        key = (measure.source.frame, measure.source_key, measure.frame, measure.frame_key)
        if key not in self._orders:
            source = self.evaluator.frames.table(measure.source.frame)
            judged = self.evaluator.frames.table(measure.frame)
            if key[:2] == key[2:]:
                parts = [self.evaluator.codes(source, part) for part in measure.source_key]
                codes, count = combine(parts, source.height)
                ours = codes
            else:
                both = [
                    self._key_columns(source, measure.source_key), self._key_columns(judged, measure.frame_key)
                ]  # fmt: skip
                (codes, ours), count = encode_keys(both, [source.height, judged.height])
            perm, starts = kernel.order_by_codes(codes, count)
            self._orders[key] = KeyOrder(codes, ours, count, perm, starts)
        return self._orders[key]

    def _key_columns(self, table: Table, key: tuple[Expr, ...]) -> list[pl.Series]:
        rows = np.arange(table.height, dtype=np.int64)
        return [self.evaluator.plain(table, part, rows) for part in key]

    def _mask(self, view: ViewRows, world: int) -> NDArray[np.bool_]:
        """Which rows of the source frame are read in this world."""
        if (view, world) not in self._masks:
            table, rows, perhaps = self.evaluator.rows_of(view, world)
            mask = np.zeros(table.height, dtype=bool)
            mask[rows if world else rows[~perhaps]] = True
            self._masks[view, world] = mask
        return self._masks[view, world]

    def _inputs(self, measure: Measure, world: int) -> Inputs:
        values = nulls = empties = None
        groups: Codes | None = None
        n_groups = 0
        if measure.op in {"distinct", "entropy", "divergence"} and measure.value is not None:
            groups, n_groups = self._group_codes(measure.source, (measure.value,), world)
        elif measure.op in {"first", "last", "bag"}:
            pass
        elif measure.value is not None:
            values, nulls, empties = self._value(measure.source, measure.value, world)
        if measure.of is not None and measure.op in {"top_sum", "hhi"}:
            groups, n_groups = self._group_codes(measure.source, (measure.of,), world)
        if measure.latest_per:
            groups, n_groups = self._group_codes(measure.source, measure.latest_per, world)
        own = None
        if measure.op == "rank" and measure.of is not None:
            judged = self.evaluator.frames.table(measure.frame)
            own = partial(self._own, judged, measure.of)
        return Inputs(values, nulls, empties, groups, n_groups, own)

    def _own(self, judged: Table, expr: Expr, rows: Rows) -> tuple[pl.Series, NDArray[np.bool_]]:
        """The judged rows' own value, in whatever order they come, and where it is known empty."""
        wanted = distinct_rows(rows)
        place = np.searchsorted(wanted, rows)
        absent = self.evaluator.absent(judged, expr, wanted)
        empty = np.zeros(rows.size, dtype=bool) if absent is None else absent[place]
        return self.evaluator.plain(judged, expr, wanted).gather(pl.Series(place)), empty

    def _rows_read(self, view: ViewRows, exprs: tuple[Expr, ...], world: int) -> tuple[Table, Rows, ViewRows, int]:
        """Rows at which a source expression is evaluated: all where it is plain, those in the view where it is dear.

        With them the view of just these rows, under which views that read the same share what was found.
        """
        table = self.evaluator.frames.table(view.frame)
        if all(self.evaluator.cost(table, expr) == COMPARED for expr in exprs):
            return table, np.arange(table.height, dtype=np.int64), ViewRows(view.frame), 0
        rows = self.evaluator.rows_of(view, world)[1]
        return table, rows, view if rows.size != table.height else ViewRows(view.frame), world

    def _value(self, view: ViewRows, expr: Expr, world: int) -> Values:
        """Values at source rows, where they are unknown, and where they are known empty."""
        table, rows, read, at_world = self._rows_read(view, (expr,), world)
        key = (read, expr, at_world)
        if key not in self._values:
            series = self.evaluator.plain(table, expr, rows, at_world).cast(pl.Int64)
            null = series.is_null().to_numpy()
            values = np.zeros(table.height, np.int64)
            values[rows] = series.fill_null(0).to_numpy()
            absent = self.evaluator.absent(table, expr, rows, at_world)
            if absent is not None:
                null = null & ~absent
            self._values[key] = (
                values, _flags(null, rows, table.height), _flags(absent, rows, table.height)
            )  # fmt: skip
        return self._values[key]

    def _group_codes(self, view: ViewRows, exprs: tuple[Expr, ...], world: int) -> tuple[Codes, int]:
        table, rows, read, at_world = self._rows_read(view, exprs, world)
        key = (read, exprs, at_world)
        if key not in self._groups:
            columns = [self.evaluator.plain(table, expr, rows, at_world) for expr in exprs]
            (codes,), count = encode_keys([columns], [rows.size])
            whole = np.full(table.height, -1, np.int32)
            whole[rows] = codes
            self._groups[key] = (whole, count)
        return self._groups[key]

    def _complete(self, measure: Measure, judged: Table, rows: Rows) -> NDArray[np.bool_]:
        """Where the window does not start before the data, or the account or party was opened since."""
        whole = np.zeros(rows.size, dtype=bool)
        if measure.within is not None:
            whole = judged.at[rows] - measure.before - measure.within >= self.covers_from
        if measure.opened is not None and not whole.all():
            try:
                opened = self.evaluator.plain(judged, measure.opened, rows)
            except MissingInputError:
                return whole
            whole = whole | (opened >= self.covers_from).fill_null(value=False).to_numpy()
        return whole

    # ---- evidence ---------------------------------------------------------------------------------------------

    def contributors(self, measure: Measure, rows: Rows, cap: int) -> tuple[Rows, Rows]:
        """The newest ``cap`` source rows in the window of each of ``rows``: offsets, and rows of the source frame."""
        order = self._order(measure)
        source = self.evaluator.frames.table(measure.source.frame)
        judged = self.evaluator.frames.table(measure.frame)
        perm, _ = kernel.order_by_codes(np.ascontiguousarray(order.judged[rows]), order.count)
        where = rows[perm]
        wanted = np.unique(order.judged[where])
        mask = self._mask(measure.source, 0)
        pieces = [order.perm[order.starts[k] : order.starts[k + 1]] for k in wanted.tolist()]
        picked = np.concatenate(pieces) if pieces else np.empty(0, np.int32)
        picked = picked[mask[picked]]
        left, right, right_open = measure.window
        lo, hi = kernel.window_bounds(
            order.source[picked], _clock(source, measure)[picked], order.judged[where], _clock(judged, measure)[where],
            0 if left is None else left,
            right, right_open=right_open, left_unbounded=left is None,
        )  # fmt: skip
        offsets, found = kernel.gather_tail(lo, hi, cap)
        sizes = np.zeros(rows.size, np.int64)
        sizes[perm] = np.diff(offsets)
        final = np.concatenate([[0], np.cumsum(sizes)])
        out = np.empty(found.size, np.int64)
        for_each = np.repeat(final[:-1][perm], np.diff(offsets)) + (
            np.arange(found.size) - np.repeat(offsets[:-1], np.diff(offsets))
        )
        out[for_each] = picked[found]
        return final, out


def _flags(mask: NDArray[np.bool_] | None, rows: Rows, height: int) -> NDArray[np.uint8] | None:
    """Flags addressed by row of the frame; None where nothing is flagged."""
    if mask is None or not mask.any():
        return None
    flags = np.zeros(height, np.uint8)
    flags[rows] = mask
    return flags


def _clock(table: Table, measure: Measure) -> Rows:
    """What a measure's window counts: microseconds, or numbers of periods."""
    return table.column("period_no").to_numpy() if measure.periods else table.at
