"""``periods``: calendar buckets per key with aggregates; a period is known when it has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
from pydantic import ValidationError

from redflags.errors import DataError
from redflags.expr import types as t
from redflags.operators.base import AT, ROW_ID, Cap, Input, Operation, Output
from redflags.plan.schema import FrameColumn
from redflags.rules.model import Aggregate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redflags.expr.types import Type
    from redflags.operators.binder import Binder
    from redflags.plan.nodes import Derived
    from redflags.plan.schema import Schemas

DAY = 86_400_000_000
HOUR = 3_600_000_000
EVERY = {"1h": "1h", "hour": "1h", "1d": "1d", "day": "1d", "1w": "1w", "week": "1w", "month": "1mo", "quarter": "1q"}
OPS = ("count", "sum", "mean", "min", "max", "distinct", "first", "last")
FILLS = ("none", "zero", "carry")
#: More filled periods than this are not made.
CAP = 20_000_000
MADE = {"period_start": t.TIME, "period_end": t.TIME, "period_no": t.INT}


def bind(binder: Binder) -> Derived:
    """``{periods: {from: ledger, by: party_id, every: month, let: {turnover: {sum: amount_base}}, fill: zero}}``."""
    scope = binder.scope()
    by = binder.names("by", ())
    names: dict[str, Any] = {name: binder.expr(scope, name, "by") for name in by}
    closes = binder.raw("closes")
    every = None
    if closes is not None:
        names["_closes"] = binder.expr(scope, str(closes), "closes", wants=("time",))
        if binder.has("every"):
            raise binder.fault(("every",), "a period is given by every or by closes, not both")
        binder.raw("every")
    else:
        every = EVERY[binder.choice("every", tuple(EVERY), "month")]
    aggregates = []
    for name, spec in binder.block("let").items():
        aggregates.append(_aggregate(binder, scope, name, spec, names))
    fill = binder.choice("fill", FILLS, "none")
    if fill != "none" and closes is not None:
        raise binder.fault(("fill",), "periods given by closes have no gaps to fill")
    cap = binder.whole("cap", CAP) or CAP
    binder.add("from", scope, names)
    return binder.finish(by=by, every=every, let=tuple(aggregates), fill=fill, cap=cap)


def _aggregate(binder: Binder, scope: Any, name: str, spec: Any, names: dict[str, Any]) -> tuple[str, str, Type]:  # noqa: ANN401
    """(name, operation, type); adds the value and the filter to the input's names."""
    try:
        aggregate = Aggregate.model_validate(spec)
    except ValidationError as error:
        raise binder.fault(("let", name), error.errors()[0]["msg"]) from None
    if aggregate.op not in OPS:
        raise binder.fault(("let", name), f"periods cannot {aggregate.op}", f"one of {', '.join(OPS)}")
    for part in ("from_", "within", "before", "after", "by", "latest_per"):
        if getattr(aggregate, part) not in (None, {}):
            raise binder.fault(("let", name), f"'{part.rstrip('_')}' has no meaning inside a period")
    kind = t.INT
    if aggregate.op != "count":
        value = binder.expr(scope, aggregate.value, "let", name, aggregate.op)
        names[f"_v:{name}"] = value
        if aggregate.op != "distinct":
            kind = binder.type_of(scope, value, "let", name)
        if aggregate.op in {"sum", "mean"} and not kind.numeric:
            raise binder.fault(("let", name), f"{aggregate.op} wants a number, this is {kind}", code="EXPR-TYPE")
        kind = t.kept(kind)
    if aggregate.where is not None:
        names[f"_w:{name}"] = binder.condition(scope, aggregate.where, "let", name, "where")
    return name, aggregate.op, kind


def columns(node: Derived, schemas: Schemas) -> Mapping[str, FrameColumn]:
    """The key columns, start and end of the period, its number, and the values."""
    inner = schemas.of(node.input("from").frame).columns
    keys = {name: inner.get(name, FrameColumn(t.TEXT)) for name in _by(node)}
    values = {name: FrameColumn(kind) for name, _, kind in _let(node)}
    return {**keys, **{name: FrameColumn(kind) for name, kind in MADE.items()}, **values}


def _by(node: Derived) -> tuple[str, ...]:
    return node.option("by") or ()


def _let(node: Derived) -> tuple[tuple[str, str, Type], ...]:
    return node.option("let") or ()


def run(node: Derived, inputs: Mapping[str, Input]) -> Output:
    """One row per key and period that has rows (or is filled), at the end of the period."""
    source = inputs["from"]
    evaluator = source.evaluator
    by = list(_by(node))
    frame = (
        source.frame().filter(pl.all_horizontal(pl.col(name).is_not_null() for name in by)) if by else source.frame()
    )
    every = node.option("every")
    zone = evaluator.frames.dataset.timezone
    frame = _by_closes(frame, by) if every is None else _bucketed(frame, str(every), zone)
    bounds = ["period_start", "period_end", "period_no"]
    grouped = frame.sort("_row").group_by([*by, *bounds], maintain_order=True).agg(_aggregates(node))
    caps: tuple[Cap, ...] = ()
    if every is not None and node.option("fill") != "none":
        grouped, caps = _filled(node, grouped, by, zone, evaluator.upto)
    _check_sums(frame, node)
    parts = [pl.col(name).cast(pl.String).fill_null("") for name in by]
    made = grouped.with_columns(
        pl.col("period_end").alias(AT),
        pl.concat_str([*parts, pl.col("period_end").cast(pl.String)], separator="|").alias(ROW_ID),
    )
    return Output(made.sort(AT, ROW_ID), caps)


# ---- periods --------------------------------------------------------------------------------------------------------


def _bucketed(frame: pl.DataFrame, every: str, zone: str) -> pl.DataFrame:
    """Start, end and number of the local calendar period of each row."""
    local = pl.col(AT).cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(zone).dt.replace_time_zone(None)
    start = local.dt.truncate(every)
    return frame.with_columns(*_period(start, every, zone))


def _period(start: pl.Expr, every: str, zone: str) -> list[pl.Expr]:
    """Columns of the period that begins at a local wall-clock moment."""
    if every == "1mo":
        number = start.dt.year().cast(pl.Int64) * 12 + start.dt.month().cast(pl.Int64)
    elif every == "1q":
        number = start.dt.year().cast(pl.Int64) * 4 + start.dt.quarter().cast(pl.Int64)
    else:
        size = {"1h": HOUR, "1d": DAY, "1w": 7 * DAY}[every]
        # 1970-01-01 was a Thursday; weeks begin on Monday.
        number = (start.to_physical() + (3 * DAY if every == "1w" else 0)) // size
    return [
        _utc(start, zone).alias("period_start"), _utc(start.dt.offset_by(every), zone).alias("period_end"),
        number.alias("period_no"),
    ]  # fmt: skip


def _utc(local: pl.Expr, zone: str) -> pl.Expr:
    """A wall-clock moment in UTC µs; of two the earlier, of none (a skipped hour) the moment an hour later."""
    exact = local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    later = local.dt.offset_by("1h").dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return pl.coalesce(exact, later).dt.convert_time_zone("UTC").to_physical()


def _by_closes(frame: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Periods that end when the data say; a row after its own close is known late, so its period is too."""
    frame = frame.filter(pl.col("_closes").is_not_null()).with_columns(pl.col("_closes").alias("period_end"))
    ends = frame.select(*by, "period_end").unique().sort(*by, "period_end")
    first = pl.lit(value=True) if not by else pl.all_horizontal(pl.col(n) == pl.col(n).shift(1) for n in by)
    ends = ends.with_columns(
        pl.when(first).then(pl.col("period_end").shift(1)).alias("period_start"),
        pl.int_range(pl.len(), dtype=pl.Int64).alias("period_no"),
    )
    joined = frame.join(ends, on=[*by, "period_end"], how="left", maintain_order="left")
    return joined.filter(pl.col(AT) <= pl.col("period_end"))


# ---- values ---------------------------------------------------------------------------------------------------------


def _aggregates(node: Derived) -> list[pl.Expr]:
    asked = dict(node.inputs[0][2])
    made = []
    for name, op, _ in _let(node):
        inside = pl.col(f"_w:{name}").fill_null(value=False) if f"_w:{name}" in asked else None
        if op == "count":
            made.append((pl.len() if inside is None else inside.sum()).cast(pl.Int64).alias(name))
            continue
        value = pl.col(f"_v:{name}") if inside is None else pl.col(f"_v:{name}").filter(inside)
        lacking = value.is_null().any()
        match op:
            case "sum":
                expr: pl.Expr = pl.when(~lacking).then(value.cast(pl.Int64).sum())
            case "mean":
                expr = pl.when(~lacking & (value.len() > 0)).then(_mean(value))
            case "min" | "max":
                expr = value.min() if op == "min" else value.max()
            case "distinct":
                expr = value.drop_nulls().n_unique().cast(pl.Int64)
            case _:
                expr = value.first() if op == "first" else value.last()
        made.append(expr.alias(name))
    return made


def _mean(value: pl.Expr) -> pl.Expr:
    """Mean in the unit of the value, rounded half to even (a column holds no fraction)."""
    from redflags.expr.values import half_even

    return half_even(value.cast(pl.Int128).sum(), value.len().clip(1).cast(pl.Int128)).cast(pl.Int64)


def _check_sums(frame: pl.DataFrame, node: Derived) -> None:
    for name, op, _ in _let(node):
        if op == "sum" and frame.height and float(frame[f"_v:{name}"].cast(pl.Float64).abs().sum() or 0) > 9e18:  # noqa: PLR2004
            raise DataError(f"the sum '{name}' of periods does not fit 64 bits")


def _filled(
    node: Derived, grouped: pl.DataFrame, by: list[str], zone: str, upto: int
) -> tuple[pl.DataFrame, tuple[Cap, ...]]:
    """Every period of a key from its first to the last that has ended by the end of the run."""
    if grouped.is_empty():
        return grouped, ()
    every = str(node.option("every"))
    first = (
        grouped.group_by(by, maintain_order=True).agg(pl.col("period_start").min())
        if by
        else grouped.select(pl.col("period_start").min())
    )
    local = pl.col("period_start").cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(zone).dt.replace_time_zone(None)
    last = pl.lit(upto).cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(zone).dt.replace_time_zone(None)
    ranges = first.with_columns(pl.datetime_ranges(local, last.dt.truncate(every), every).alias("_start"))
    limit = node.option("cap")
    total = int(ranges["_start"].list.len().sum() or 0)
    if total > limit:
        return grouped, (Cap(f"periods without rows were not filled: more than {limit:,} would have been made", total),)
    grid = ranges.select(*by, pl.col("_start")).explode("_start").with_columns(*_period(pl.col("_start"), every, zone))
    grid = grid.drop("_start").unique([*by, "period_no"], keep="first", maintain_order=True)
    values = [name for name, _, _ in _let(node)]
    open_rows = grouped.filter(pl.col("period_end") > upto)
    joined = grid.filter(pl.col("period_end") <= upto).join(
        grouped.select(*by, "period_no", *values, pl.lit(value=True).alias("_had")), on=[*by, "period_no"], how="left"
    )
    if node.option("fill") == "zero":
        zeros = {name for name, op, _ in _let(node) if op in {"count", "sum", "distinct"}}
        joined = joined.with_columns(
            pl.when(pl.col("_had").is_null()).then(pl.lit(0, pl.Int64)).otherwise(pl.col(name)).alias(name)
            for name in values
            if name in zeros
        )
    else:
        joined = joined.sort(*by, "period_no")
        filled = [pl.when(pl.col("_had").is_null()).then(None).otherwise(pl.col(n)).alias(n) for n in values]
        joined = joined.with_columns(filled).with_columns(_carried(name, by) for name in values)
    return pl.concat([joined.drop("_had").select(grouped.columns), open_rows]), ()


def _carried(name: str, by: list[str]) -> pl.Expr:
    """The last known value of the key."""
    filled = pl.col(name).forward_fill()
    return (filled.over(by) if by else filled).alias(name)


OPERATION = Operation(
    "periods", "stream", bind, columns, run,
    doc=(
        "Calendar buckets per key, with aggregates.\n\n"
        "`from` a stream or view; `by` key columns (none: everyone); `every` hour, day, week (from Monday), "
        "month or quarter, in the data "
        "set's time zone, or `closes`, a time expression that says when the row's period ends; `let` aggregates "
        "of the period (count, "
        "sum, mean, min, max, distinct, first, last, each with `where`); `fill` none, zero (counts and sums of a "
        "period without rows are "
        "0) or carry (the key's last values), from the key's first period to the last that has ended.\n\n"
        "A row is known at `period_end`, the first moment after the period; a period that has not ended is not "
        "seen. Columns: the "
        "keys, `period_start`, `period_end`, `period_no` (consecutive periods have consecutive numbers) and the "
        "values. A row with "
        "a null key is in no period; a null in a summed value makes the sum null; a row whose `where` is unknown "
        "is left out. "
        "A mean is rounded half to even to the unit of its type. Windows over the stream may say `within: 6 "
        "periods`.\n\n"
        "Cost: one sort by key and period. Cap: `cap` filled periods (20 million); beyond it nothing is filled, "
        "and the run says so."
    ),
    example=(
        "months: {periods: {from: ledger, by: party_id, every: month, fill: zero, let: {turnover: {sum: amount_base}}}}"
    ),
)  # fmt: skip
