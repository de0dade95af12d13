"""One aggregate over one block of keys, and its columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import polars as pl

from redflags import kernel
from redflags.errors import DataError
from redflags.expr.nodes import Number

if TYPE_CHECKING:
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


def run_aggregate(
    measure: Measure, inputs: Any, window: Window, out: Columns, place: NDArray[np.int32]
) -> None:
    """Fill ``out`` at ``place`` for one block.

    Raises:
        DataError: a sum does not fit 64 bits.
    """
    left, right, right_open = measure.window
    lo, hi = window.bounds(left, right, right_open=right_open)
    rows = window.rows
    values = None if inputs.values is None else inputs.values[rows]
    nulls = None if inputs.nulls is None or inputs.nulls.size == 0 else inputs.nulls[rows]
    groups = None if inputs.groups is None else inputs.groups[rows]

    def put(name: str, array: Any) -> None:  # noqa: ANN401
        out[name][place] = array

    def no_overflow(overflow: NDArray[np.bool_]) -> None:
        if overflow.any():
            raise DataError(f"a sum of '{measure.op}' over {measure.source_key} does not fit 64 bits")

    match measure.op:
        case "count" if measure.latest_per:
            _, n, _, _ = kernel.latest_sums(
                np.zeros(rows.size, np.int64), None, groups, inputs.n_groups, lo, hi
            )
            put("", n)
        case "count":
            put("", kernel.count(lo, hi))
        case "sum" | "mean" if measure.latest_per:
            total, n, lacking, overflow = kernel.latest_sums(values, nulls, groups, inputs.n_groups, lo, hi)
            no_overflow(overflow & (lacking == 0))
            put("", total)
            put("null", lacking > 0)
            if measure.op == "mean":
                put("den", n)
                put("empty", n == 0)
        case "sum" | "mean":
            total, lacking, overflow = kernel.sums(values, nulls, lo, hi)
            no_overflow(overflow & (lacking == 0))
            put("", total)
            put("null", lacking > 0)
            if measure.op == "mean":
                put("den", hi - lo)
                put("empty", hi == lo)
        case "std":
            spread, n = kernel.std(values, nulls, lo, hi)
            put("", spread)
            put("null", (hi - lo) > n)
            put("empty", ((hi - lo) == n) & (n < 2))  # noqa: PLR2004  a deviation needs two values
        case "min" | "max":
            if measure.latest_per:
                best, n, _ = kernel.latest_extremes(
                    values, nulls, groups, inputs.n_groups, lo, hi, want_max=measure.op == "max"
                )
            else:
                best, n = kernel.extremes(values, nulls, lo, hi, want_max=measure.op == "max")
            put("", best)
            put("empty", n == 0)
        case "median":
            low, high, n = kernel.median(values, nulls, lo, hi)
            put("", low + high)
            put("empty", n == 0)
        case "quantile":
            share = measure.number.value if isinstance(measure.number, Number) else None
            assert share is not None  # noqa: S101  bound by the loader
            best, n = kernel.quantile(values, nulls, lo, hi, share.numerator, share.denominator)
            put("", best)
            put("empty", n == 0)
        case "mad":
            low, high, n, overflow = kernel.mad(values, nulls, lo, hi)
            no_overflow(overflow)
            put("", low + high)
            put("empty", n == 0)
        case "distinct":
            put("", kernel.distinct(groups, inputs.n_groups, lo, hi))
        case "first" | "last":
            index = kernel.firsts(lo, hi) if measure.op == "first" else kernel.lasts(lo, hi)
            known = index >= 0
            found = np.full(index.size, -1, np.int64)
            found[known] = rows[index[known]]
            put("", found)
            put("empty", ~known)
        case "since":
            length, none = kernel.since(window.at, lo, hi, window.judged_at)
            put("", length)
            put("empty", none)
        case "top_sum":
            number = measure.number.value if isinstance(measure.number, Number) else None
            total, _, overflow = kernel.top_sum(
                values, nulls, groups, inputs.n_groups, lo, hi, int(number or 1)
            )
            lacking = np.zeros(lo.size, np.int64) if nulls is None else kernel.null_counts(nulls, lo, hi)
            no_overflow(overflow & (lacking == 0))
            put("", total)
            put("null", lacking > 0)
        case "hhi":
            weights = np.ones(rows.size, np.int64) if values is None else values
            index, total, left_out, overflow = kernel.hhi(weights, nulls, groups, inputs.n_groups, lo, hi)
            lacking = np.zeros(lo.size, np.int64) if nulls is None else kernel.null_counts(nulls, lo, hi)
            no_overflow(overflow & (lacking == 0))
            put("", index)
            put("null", (lacking > 0) | ((left_out < hi - lo) & (total == 0)))  # shares of nothing: 0 / 0
            put("empty", (lacking == 0) & (left_out == hi - lo))
        case "entropy":
            bits, n = kernel.entropy(groups, inputs.n_groups, lo, hi)
            put("", bits)
            put("empty", n == 0)
        case "divergence":
            assert left is not None  # noqa: S101  checked when the rule was bound
            early = window.bounds(left - (measure.baseline or 0), left, right_open=False)
            apart, now, then = kernel.divergence(groups, inputs.n_groups, lo, hi, early[0], early[1])
            put("", apart)
            put("empty", (now == 0) | (then == 0))
        case "rank":
            own = inputs.own(window.judged_rows).cast(pl.Int64)
            below, n = kernel.rank(values, nulls, lo, hi, own.fill_null(0).to_numpy())
            put("", below)
            put("den", n)
            put("null", own.is_null().to_numpy())
            put("empty", n == 0)
        case "bag":
            offsets, found = kernel.gather_tail(lo, hi, int((hi - lo).max()) if lo.size else 0)
            out["lists"].append((place, np.diff(offsets), rows[found]))


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
    wanted = np.unique(rows[rows >= 0])
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
    wanted, inverse = np.unique(rows.astype(np.int64), return_inverse=True)
    values = evaluator.plain(table, measure.value, wanted, world)
    frame = pl.DataFrame({"j": place.astype(np.int64), "v": values.gather(pl.Series(inverse))})
    bags = frame.drop_nulls().group_by("j").agg(pl.col("v").unique().sort())
    every = pl.DataFrame({"j": np.arange(size, dtype=np.int64)})
    none = pl.lit(pl.Series([[]], dtype=pl.List(pl.String))).first()
    return every.join(bags, on="j", how="left", maintain_order="left").select(pl.col("v").fill_null(none))[
        "v"
    ]
