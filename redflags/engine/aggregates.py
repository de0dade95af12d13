"""One aggregate over one block of keys, and its columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import polars as pl

from redflags import kernel
from redflags.engine.sparse import distinct_rows
from redflags.errors import DataError
from redflags.expr.nodes import Number

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from redflags.engine.evaluate import Evaluator
    from redflags.plan.nodes import Measure

    Rows = NDArray[np.int64]
    Columns = dict[str, Any]

FLOATS = frozenset({"std", "hhi", "entropy", "divergence"})
DENS = frozenset({"mean", "rank"})


class Bounds(Protocol):
    """Window bounds for offsets of the edges, remembered for the block."""

    def __call__(self, left: int | None, right: int, *, right_open: bool) -> tuple[Rows, Rows]: ...  # noqa: D102


@dataclass(frozen=True)
class Window:
    """The source list of a block and the judged rows that look at it."""

    rows: NDArray[np.int32]
    at: Rows
    judged_at: Rows
    judged_rows: Rows
    bounds: Bounds


def empty_columns(measure: Measure, size: int) -> Columns:
    """Result arrays of a measure before any key is seen: no rows in any window."""
    columns: Columns = {
        "": np.zeros(size, np.float64 if measure.op in FLOATS else np.int64),
        "null": np.zeros(size, bool),
    }
    if measure.op in {"first", "last"}:
        columns[""] = np.full(size, -1, np.int64)
    if measure.op == "bag":
        columns["lists"] = []
    if measure.op in DENS:
        columns["den"] = np.zeros(size, np.int64)
    columns["empty"] = np.ones(size, bool)
    return columns


@dataclass(frozen=True)
class Inputs:
    """What an aggregate reads on the source frame, addressed by row.

    Attributes:
        values: aggregated integers, with where they are unknown (``nulls``) and known empty (``empties``).
        groups: codes of the groups that an operation tells apart, -1 for null.
        own: values of judged rows, and where they are known empty, for ``rank``.
    """

    values: NDArray[np.int64] | None = None
    nulls: NDArray[np.uint8] | None = None
    empties: NDArray[np.uint8] | None = None
    groups: NDArray[np.int32] | None = None
    n_groups: int = 0
    own: Callable[[Rows], tuple[pl.Series, NDArray[np.bool_]]] | None = None


class Pass:
    """One aggregate over one block of keys: its inputs gathered, its windows found, its results put in place."""

    def __init__(
        self, measure: Measure, inputs: Inputs, window: Window, out: Columns, place: NDArray[np.int32]
    ) -> None:
        self.measure, self.inputs, self.window, self.out, self.place = measure, inputs, window, out, place
        left, right, right_open = measure.window
        self.lo, self.hi = window.bounds(left, right, right_open=right_open)
        self.rows = window.rows
        self.nulls = None if inputs.nulls is None else inputs.nulls[self.rows]
        self.empties = None if inputs.empties is None else inputs.empties[self.rows]

    @property
    def values(self) -> NDArray[np.int64]:
        """Aggregated values of the list (ones where rows are counted)."""
        if self.inputs.values is None:
            return np.ones(self.rows.size, np.int64)
        return self.inputs.values[self.rows]

    @property
    def groups(self) -> NDArray[np.int32]:
        """Group codes of the list."""
        assert self.inputs.groups is not None  # noqa: S101  operations with groups name an expression
        return self.inputs.groups[self.rows]

    @property
    def skipped(self) -> NDArray[np.uint8] | None:
        """Unknown or known empty: what minima, medians and the like step over."""
        if self.nulls is None or self.empties is None:
            return self.empties if self.nulls is None else self.nulls
        return self.nulls | self.empties

    @property
    def size(self) -> Rows:
        """Rows of each window, known-empty values not counted."""
        return self.hi - self.lo - self.counts(self.empties)

    def counts(self, flags: NDArray[np.uint8] | None) -> Rows:
        """How many rows of each window are flagged."""
        return np.zeros(self.lo.size, np.int64) if flags is None else kernel.null_counts(flags, self.lo, self.hi)

    def put(self, **columns: Any) -> None:  # noqa: ANN401
        """Results by column; ``value`` is the measure itself."""
        for name, array in columns.items():
            if name != "null" or array.any():
                self.out["" if name == "value" else name][self.place] = array

    def refuse(self, overflow: NDArray[np.bool_]) -> None:
        """A sum that does not fit is an error, never a wrong number.

        Raises:
            DataError: naming the operation.
        """
        if overflow.any():
            raise DataError(f"a {self.measure.op} does not fit 64 bits")


def run_aggregate(measure: Measure, inputs: Inputs, window: Window, out: Columns, place: NDArray[np.int32]) -> None:
    """Fill ``out`` at ``place`` for one block.

    Raises:
        DataError: a sum does not fit 64 bits.
    """
    name = f"latest_{measure.op}" if measure.latest_per else measure.op
    _OPERATIONS[name](Pass(measure, inputs, window, out, place))


def _count(p: Pass) -> None:
    p.put(value=kernel.count(p.lo, p.hi))


def _sum(p: Pass) -> None:
    total, lacking, overflow = kernel.sums(p.values, p.nulls, p.lo, p.hi)
    p.refuse(overflow & (lacking == 0))
    p.put(value=total, null=lacking > 0)


def _mean(p: Pass) -> None:
    _sum(p)
    p.put(den=p.size, empty=p.size == 0)


def _latest(p: Pass) -> None:
    total, n, lacking, overflow = kernel.latest_sums(p.values, p.nulls, p.groups, p.inputs.n_groups, p.lo, p.hi)
    p.refuse(overflow & (lacking == 0))
    p.put(value=n if p.measure.op == "count" else total, null=lacking > 0)
    if p.measure.op == "mean":
        p.put(den=n, empty=n == 0)


def _std(p: Pass) -> None:
    spread, n = kernel.std(p.values, p.skipped, p.lo, p.hi)
    lacking = p.counts(p.nulls) > 0
    p.put(value=spread, null=lacking, empty=~lacking & (n < 2))  # noqa: PLR2004  a deviation needs two values


def _extreme(p: Pass) -> None:
    best, n = kernel.extremes(p.values, p.skipped, p.lo, p.hi, want_max=p.measure.op == "max")
    p.put(value=best, empty=n == 0)


def _latest_extreme(p: Pass) -> None:
    best, n, _ = kernel.latest_extremes(
        p.values, p.skipped, p.groups, p.inputs.n_groups, p.lo, p.hi, want_max=p.measure.op == "max"
    )
    p.put(value=best, empty=n == 0)


def _median(p: Pass) -> None:
    low, high, n = kernel.median(p.values, p.skipped, p.lo, p.hi)
    p.put(value=low + high, empty=n == 0)


def _mad(p: Pass) -> None:
    low, high, n, overflow = kernel.mad(p.values, p.skipped, p.lo, p.hi)
    p.refuse(overflow)
    p.put(value=low + high, empty=n == 0)


def _number(measure: Measure) -> Any:  # noqa: ANN401
    assert isinstance(measure.number, Number)  # noqa: S101  bound by the loader
    return measure.number.value


def _quantile(p: Pass) -> None:
    share = _number(p.measure)
    best, n = kernel.quantile(p.values, p.skipped, p.lo, p.hi, share.numerator, share.denominator)
    p.put(value=best, empty=n == 0)


def _rank(p: Pass) -> None:
    assert p.inputs.own is not None  # noqa: S101  rank reads the judged row's value
    own, absent = p.inputs.own(p.window.judged_rows)
    below, n = kernel.rank(p.values, p.skipped, p.lo, p.hi, own.cast(pl.Int64).fill_null(0).to_numpy())
    p.put(value=below, den=n, null=own.is_null().to_numpy() & ~absent, empty=(n == 0) | absent)


def _distinct(p: Pass) -> None:
    p.put(value=kernel.distinct(p.groups, p.inputs.n_groups, p.lo, p.hi))


def _edge(p: Pass) -> None:
    index = kernel.firsts(p.lo, p.hi) if p.measure.op == "first" else kernel.lasts(p.lo, p.hi)
    known = index >= 0
    found = np.full(index.size, -1, np.int64)
    found[known] = p.rows[index[known]]
    p.put(value=found, empty=~known)


def _since(p: Pass) -> None:
    length, none = kernel.since(p.window.at, p.lo, p.hi, p.window.judged_at)
    p.put(value=length, empty=none)


def _top_sum(p: Pass) -> None:
    k = int(_number(p.measure))
    total, _, overflow = kernel.top_sum(p.values, p.nulls, p.groups, p.inputs.n_groups, p.lo, p.hi, k)
    lacking = p.counts(p.nulls)
    p.refuse(overflow & (lacking == 0))
    p.put(value=total, null=lacking > 0)


def _hhi(p: Pass) -> None:
    index, total, left_out, overflow = kernel.hhi(p.values, p.skipped, p.groups, p.inputs.n_groups, p.lo, p.hi)
    lacking = p.counts(p.nulls)
    p.refuse(overflow & (lacking == 0))
    some = left_out < p.hi - p.lo
    # Shares of nothing are 0 / 0: null; no rows at all are known empty.
    p.put(value=index, null=(lacking > 0) | (some & (total == 0)), empty=(lacking == 0) & ~some)


def _entropy(p: Pass) -> None:
    bits, n = kernel.entropy(p.groups, p.inputs.n_groups, p.lo, p.hi)
    p.put(value=bits, empty=n == 0)


def _divergence(p: Pass) -> None:
    left, _, _ = p.measure.window
    assert left is not None  # noqa: S101  checked when the rule was bound
    early = p.window.bounds(left - (p.measure.baseline or 0), left, right_open=False)
    apart, now, then = kernel.divergence(p.groups, p.inputs.n_groups, p.lo, p.hi, early[0], early[1])
    p.put(value=apart, empty=(now == 0) | (then == 0))


def _bag(p: Pass) -> None:
    longest = int((p.hi - p.lo).max()) if p.lo.size else 0
    offsets, found = kernel.gather_tail(p.lo, p.hi, longest)
    p.out["lists"].append((p.place, np.diff(offsets), p.rows[found]))


_OPERATIONS: dict[str, Callable[[Pass], None]] = {
    "count": _count, "sum": _sum, "mean": _mean, "std": _std, "min": _extreme, "max": _extreme, "median": _median,
    "quantile": _quantile, "mad": _mad, "distinct": _distinct, "first": _edge, "last": _edge, "since": _since,
    "top_sum": _top_sum, "hhi": _hhi, "entropy": _entropy, "divergence": _divergence, "rank": _rank, "bag": _bag,
    "latest_count": _latest, "latest_sum": _latest, "latest_mean": _latest, "latest_min": _latest_extreme,
    "latest_max": _latest_extreme,
}  # fmt: skip


def series_of(
    evaluator: Evaluator, measure: Measure, columns: Columns, valid: NDArray[np.bool_], world: int
) -> dict[str, pl.Series]:
    """Result arrays as columns: null where the key is null, the window incomplete or a summed value unknown."""
    known = pl.Series(valid & ~columns["null"])
    if measure.op in {"first", "last"}:
        value = _picked(evaluator, measure, columns[""], world)
    elif measure.op == "bag":
        value = _bags(evaluator, measure, columns["lists"], valid.size, world)
    else:
        value = pl.Series(columns[""])
    made = {"": pl.select(pl.when(known).then(value)).to_series() if valid.size else value}
    if measure.op in DENS:
        # A zero divisor stands only where the value is known empty.
        made["den"] = pl.Series(np.maximum(columns["den"], 1))
    made["empty"] = pl.Series(columns["empty"] & valid & ~columns["null"])
    if valid.size == 0:
        made = {name: series.clear() for name, series in made.items()}
    return made


def _picked(evaluator: Evaluator, measure: Measure, rows: Rows, world: int) -> pl.Series:
    """The value at the source row that each judged row points to."""
    assert measure.value is not None  # noqa: S101  first and last name an expression
    table = evaluator.frames.table(measure.source.frame)
    wanted = distinct_rows(rows[rows >= 0])
    values = evaluator.plain(table, measure.value, wanted, world)
    index = pl.Series(np.searchsorted(wanted, rows)).set(pl.Series(rows < 0), None)
    return values.gather(index) if wanted.size else values.clear().extend_constant(None, rows.size)


def _bags(
    evaluator: Evaluator, measure: Measure, pieces: list[tuple[Any, Any, Any]], size: int, world: int
) -> pl.Series:
    """The different texts of each window, sorted."""
    assert measure.value is not None  # noqa: S101  bag names an expression
    table = evaluator.frames.table(measure.source.frame)
    place = np.concatenate([np.repeat(p, n) for p, n, _ in pieces]) if pieces else np.empty(0, np.int32)
    rows = np.concatenate([r for _, _, r in pieces]) if pieces else np.empty(0, np.int32)
    wanted = distinct_rows(rows.astype(np.int64))
    inverse = np.searchsorted(wanted, rows)
    values = evaluator.plain(table, measure.value, wanted, world)
    frame = pl.DataFrame({"j": place.astype(np.int64), "v": values.gather(pl.Series(inverse))})
    bags = frame.drop_nulls().group_by("j").agg(pl.col("v").unique().sort())
    every = pl.DataFrame({"j": np.arange(size, dtype=np.int64)})
    none = pl.lit(pl.Series([[]], dtype=pl.List(pl.String))).first()
    return every.join(bags, on="j", how="left", maintain_order="left").select(pl.col("v").fill_null(none))["v"]
