"""What ``paths`` does with its rows: exact bounds, hop order, the search, the columns of what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from redflags import kernel
from redflags.engine.codes import encode_keys
from redflags.operators.base import AT, ROW, ROW_ID, Cap, Input, Output
from redflags.operators.paths_kernel import UNTOLD, Hops, Limits, search
from redflags.units import INT64_MAX, format_duration

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray

    from redflags.operators.paths_kernel import Found
    from redflags.plan.nodes import Derived

    I64 = NDArray[np.int64]

TXN = "txn_id"
SEPARATOR = ">"


def found_paths(node: Derived, source: Input) -> Output:
    """One row per transfer that ends a path."""
    option: dict[str, Any] = dict(node.options)
    frame = source.frame()
    by = [f"by:{name}" for name in option["by"]]
    ends = (pl.col("source") != pl.col("target")).fill_null(value=False)
    known = pl.all_horizontal(pl.col(name).is_not_null() for name in ("amount", *by))
    lost = frame.select((ends & ~known).sum()).item()
    rows = frame.filter(ends & known & (pl.col("amount") > 0))
    hops, starts, order = _hops(rows, by, option, _seq(source, rows))
    shortest, longest = option["hops"]
    limits = Limits(
        shortest,
        longest,
        option["hop_within"],
        option["within"],
        option["close"],
        option["hub"],
        option["cap"],
    )
    found = search(hops, starts, limits)
    span = format_duration(limits.hop_within)
    caps = (
        Cap(
            f"paths not followed through nodes with more than {limits.hub} incoming transfers in {span}; "
            "last hops concerned",
            found.hubs,
        ),
        Cap(
            f"search for paths stopped after {limits.cap} transfers looked at; last hops concerned",
            found.overs,
        ),
        Cap("transfers left out of paths, since their amount or a column of 'by' is unknown", int(lost or 0)),
    )
    return Output(_frame(rows, found, order, option, source), tuple(cap for cap in caps if cap.rows))


def _seq(source: Input, rows: pl.DataFrame) -> I64:
    """The told order inside a moment, where the input tells one."""
    table = source.table
    if not table.has("seq"):
        return np.full(rows.height, UNTOLD, np.int64)
    return table.column("seq", rows[ROW].to_numpy()).cast(pl.Int64).fill_null(UNTOLD).to_numpy()


def _hops(rows: pl.DataFrame, by: list[str], option: dict[str, Any], seq: I64) -> tuple[Hops, I64, NDArray[np.int32]]:
    """The rows in hop order, where each node's incoming transfers begin, and the row of each hop."""
    keys = [[rows[end], *(rows[name] for name in by)] for end in ("source", "target")]
    (leaves, reaches), count = encode_keys(keys, [rows.height, rows.height])
    order, starts = kernel.order_by_codes(reaches, count)
    bounds = rows.select(
        _least("amount", 1 + option["grow"]).alias("least"),
        _most("amount", option["keep"]).alias("most"),
        _most("amount", option["keep_total"]).alias("first"),
    )

    def ordered(column: NDArray[Any]) -> NDArray[Any]:
        return np.ascontiguousarray(column[order])

    hops = Hops(
        at=ordered(rows[AT].to_numpy()), amount=ordered(rows["amount"].to_numpy()), source=ordered(leaves),
        target=ordered(reaches), least=ordered(bounds["least"].to_numpy()),
        most=ordered(bounds["most"].to_numpy()),
        first_most=ordered(bounds["first"].to_numpy()), place=order, seq=ordered(seq),
    )  # fmt: skip
    return hops, starts, order


def _least(amount: str, share: Fraction) -> pl.Expr:
    """The smallest amount of which ``share`` times is not below ``amount``, exactly."""
    wide = pl.col(amount).cast(pl.Int128) * share.denominator
    return ((wide + (share.numerator - 1)) // share.numerator).cast(pl.Int64)


def _most(amount: str, share: Fraction | None) -> pl.Expr:
    """The largest amount of which ``share`` times is not above ``amount``, exactly."""
    if share is None:
        return pl.lit(INT64_MAX, pl.Int64)
    wide = pl.col(amount).cast(pl.Int128) * share.denominator // share.numerator
    return wide.clip(upper_bound=INT64_MAX).cast(pl.Int64)


def _frame(
    rows: pl.DataFrame, found: Found, order: NDArray[np.int32], option: dict[str, Any], source: Input
) -> pl.DataFrame:
    """The columns of the found paths, hops from the first to the last."""
    longest = found.path.shape[1]
    back = found.hops[:, None] - 1 - np.arange(longest)[None, :]  # the h-th hop's place in the path, which runs back
    line = np.take_along_axis(found.path, np.maximum(back, 0), axis=1)
    steps = [_where(back[:, h] >= 0, order[line[:, h]]) for h in range(longest)]
    first, last = steps[0], pl.Series(order[found.path[:, 0]], dtype=pl.Int64)
    ids = _ids(rows, source)

    def listed(values: pl.Series, of: list[pl.Series]) -> pl.Series:
        parts = pl.DataFrame([values.gather(step).alias(f"h{i}") for i, step in enumerate(of)])
        return parts.select(pl.concat_list(pl.all()).list.drop_nulls().alias("list")).to_series()

    path_ids = listed(rows[ROW_ID], steps)
    made = pl.DataFrame(
        [
            path_ids.list.join(SEPARATOR).alias("path_id"),
            rows["source"].gather(first).alias("source"),
            rows["target"].gather(last).alias("target"),
            pl.Series("hops", found.hops),
            rows[AT].gather(first).alias("first_at"),
            rows["amount"].gather(first).alias("first_amount"),
            rows["amount"].gather(last).alias("last_amount"),
            listed(ids, steps).alias("txn_ids"),
            listed(rows["source"], steps[1:]).alias("mids"),
            pl.Series("distinct_nodes", found.hops + (0 if option["close"] else 1)),
            pl.Series("capped", found.capped),
            *(rows[f"by:{name}"].gather(last).alias(name) for name in option["by"]),
            *(listed(rows[f"collect:{name}"], steps).alias(name) for name in option["collect"]),
            rows[AT].gather(last).alias(AT),
            rows[ROW_ID].gather(last).alias(ROW_ID),
        ]
    )
    kept = pl.col("last_amount").cast(pl.Int128) * 1_000_000 // pl.col("first_amount")
    return made.with_columns(kept.cast(pl.Int64).alias("kept")).sort(AT, ROW_ID)


def _where(there: NDArray[np.bool_], rows: NDArray[np.int32]) -> pl.Series:
    """Row numbers, null where there is no such hop."""
    return pl.select(pl.when(pl.Series(there)).then(pl.Series(rows, dtype=pl.Int64))).to_series()


def _ids(rows: pl.DataFrame, source: Input) -> pl.Series:
    """Ids of the movements themselves where the input has them, else ids of its rows."""
    table = source.table
    if not table.has(TXN):
        return rows[ROW_ID]
    return table.column(TXN, rows[ROW].to_numpy())
