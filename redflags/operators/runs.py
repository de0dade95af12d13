"""``runs``: consecutive numbers, days, dues: rows whose steps stay within bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from redflags.errors import RedflagsError
from redflags.expr import types as t
from redflags.expr.calls import unit_of_kind
from redflags.expr.nodes import Interval
from redflags.operators.base import AT, ROW, ROW_ID, Input, Operation, Output
from redflags.plan.schema import FrameColumn
from redflags.units import parse_duration

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from redflags.expr.types import Type
    from redflags.operators.binder import Binder
    from redflags.plan.nodes import Derived
    from redflags.plan.schema import Schemas

DAY = 86_400_000_000
KINDS = ("int", "number", "money", "duration", "time", "date")


def bind(binder: Binder) -> Derived:
    """``{runs: {from: transactions, by: from_account_id, of: serial_no, step: [1, 1], gap: 30d, min: 3}}``."""
    scope = binder.scope()
    by = binder.names("by", ())
    names = {f"_k{i}": binder.expr(scope, text, "by") for i, text in enumerate(by)}
    value = binder.expr(scope, binder.text("of"), "of", wants=KINDS)
    kind = binder.type_of(scope, value, "of")
    low, high = _steps(binder, kind)
    gap = binder.duration("gap")
    least = binder.whole("min", 2) or 2
    ends = binder.flag("ends")
    if ends and gap is None and kind.kind not in {"time", "date"}:
        raise binder.fault(("ends",), "an end is known only where the next row can be overdue", "give a gap")
    binder.add("from", scope, {**names, "_v": value})
    return binder.finish(keys=len(by), kind=kind, low=low, high=high, gap=gap, least=least, ends=ends)


def _steps(binder: Binder, kind: Type) -> tuple[int, int]:
    """Bounds of a step in the unit of the value."""
    written = binder.raw("step")
    if not isinstance(written, list | tuple) or len(written) != 2:  # noqa: PLR2004  a low and a high end
        raise binder.fault(("step",), "step is two bounds: [lowest, highest]")
    low, high = (_bound(binder, item, index, kind) for index, item in enumerate(written))
    if low > high:
        raise binder.fault(("step",), "the lowest step lies above the highest")
    return low, high


def _bound(binder: Binder, item: Any, index: int, kind: Type) -> int:  # noqa: ANN401
    if kind.kind not in {"time", "date", "duration"}:
        return int(binder.exact(item, "step", index, what="a step between numbers") / unit_of_kind(kind))
    found = binder.literal(item, "step", index)
    try:
        micros = found.micros if isinstance(found, Interval) else parse_duration(str(item))
    except RedflagsError as error:
        raise binder.fault(("step", index), str(error), "a step between moments or days is a duration") from None
    return micros // DAY if kind.kind == "date" else micros


def columns(node: Derived, schemas: Schemas) -> Mapping[str, FrameColumn]:
    """The input's columns and the run that the row stands in."""
    kind: Type = node.option("kind")
    made = {
        "run_id": t.TEXT, "run_n": t.INT, "run_first": kind, "run_last": kind, "run_from": t.TIME,
        "step_mean": t.REAL, "step_cv": t.REAL, "ended": t.BOOL,
    }  # fmt: skip
    inner = schemas.of(node.input("from").frame).columns
    return {**inner, **{name: FrameColumn(found) for name, found in made.items()}}


def run(node: Derived, inputs: Mapping[str, Input]) -> Output:
    """A row for each row that stands in a run of at least ``min`` values.

    With ``ends`` a row when the next is overdue.
    """
    from redflags.engine.codes import encode_keys
    from redflags.operators.runs_kernel import chain

    source = inputs["from"]
    keys = [f"_k{i}" for i in range(node.option("keys"))]
    frame = source.everything().filter(pl.all_horizontal(pl.col(name).is_not_null() for name in (*keys, "_v")))
    (codes,), _ = encode_keys([[frame[name] for name in keys]], [frame.height])
    frame = frame.with_columns(pl.Series("_key", codes), pl.col("_v").cast(pl.Int64)).sort("_key", AT, "_v", ROW_ID)
    gap = node.option("gap")
    first, count, mean, spread = chain(
        frame["_key"].to_numpy(), frame[AT].to_numpy(), frame["_v"].to_numpy(), node.option("low"), node.option("high"),
        -1 if gap is None else gap,
    )  # fmt: skip
    index = pl.Series(first)
    made = frame.with_columns(
        frame[ROW_ID].gather(index).alias("run_id"),
        pl.Series("run_n", count),
        frame["_v"].gather(index).alias("run_first"),
        pl.col("_v").alias("run_last"),
        frame[AT].gather(index).alias("run_from"),
        pl.Series("step_mean", mean),
        pl.Series("step_cv", spread),
        pl.lit(value=False).alias("ended"),
    )
    if node.option("ends"):
        made = pl.concat([made, _ended(node, made, source.evaluator.upto)])
    made = made.filter(pl.col("run_n") >= node.option("least"))
    return Output(made.drop(*keys, "_v", "_key", ROW))


def _ended(node: Derived, rows: pl.DataFrame, upto: int) -> pl.DataFrame:
    """The last row of each run again, at the first moment at which the next one is overdue."""
    last = rows.with_row_index("_i").group_by("run_id", maintain_order=True).agg(pl.col("_i").last())["_i"]
    ends = rows[last.to_numpy().astype(np.int64)]
    kind: Type = node.option("kind")
    gap = node.option("gap")
    waits = [] if gap is None else [gap]
    high = node.option("high")
    if kind.kind in {"time", "duration"}:
        waits.append(high)
    elif kind.kind == "date":
        waits.append((high + 1) * DAY)
    overdue = pl.col(AT) + min(waits) + 1
    ends = ends.with_columns(
        overdue.alias(AT), pl.lit(value=True).alias("ended"), pl.format("{}!", ROW_ID).alias(ROW_ID)
    )
    return ends.filter(pl.col(AT) <= upto)


OPERATION = Operation(
    "runs", "stream", bind, columns, run,
    doc=(
        "Rows of one key whose values step evenly: consecutive serial numbers, consecutive days, dues at regular "
        "intervals, near-equal "
        "amounts.\n\n"
        "`from` a stream; `by` key expressions; `of` the value that steps (a number, an amount, a day or a "
        "moment); `step: [lowest, "
        "highest]` in its unit (a duration for days and moments); `gap` longest time between two rows of a run; "
        "`min` (2) values from "
        "which a run is shown; `ends: true` gives one more row, at the first moment at which the next value is overdue."
        "\n\n"
        "Rows are walked in order of moment, then value, so that rows of one moment count in the order of their "
        "values whatever their "
        "ids. A row that repeats the last value neither continues nor breaks a run. Columns: the input's, and "
        "`run_id` (the row that "
        "began the run), `run_n` (values so far), `run_first`, `run_last`, `run_from` (moment of the first), "
        "`step_mean`, `step_cv` "
        "(standard deviation of the steps over their mean; 0 below two steps), `ended`. Rows with a null key or "
        "value are in no "
        "run.\n\n"
        "Cost: one sort by key. No cap: a row in, at most two rows out."
    ),
    example="dues: {runs: {from: ledger, by: [account_id, counterparty_key], of: booked_at, step: [25d, 35d], min: 3}}",
)  # fmt: skip
