"""``explode``: one row per item of a list column, with its place and the next item."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from redflags.expr import types as t
from redflags.operators.base import Input, Operation, Output
from redflags.plan.schema import FrameColumn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redflags.operators.binder import Binder
    from redflags.plan.nodes import Derived
    from redflags.plan.schema import Schemas

MADE = {"item": t.TEXT, "place": t.INT, "next_item": t.TEXT, "items": t.INT}


def bind(binder: Binder) -> Derived:
    """``{explode: {from: transactions, list: intermediary_countries}}``."""
    scope = binder.scope()
    binder.add("from", scope, {"item": binder.expr(scope, binder.text("list"), "list", wants=("list",))})
    return binder.finish()


def columns(node: Derived, schemas: Schemas) -> Mapping[str, FrameColumn]:
    """The input's columns, and the item, its place from 1, the next item and how many there are."""
    rows = node.input("from")
    return {**schemas.of(rows.frame).columns, **{name: FrameColumn(kind) for name, kind in MADE.items()}}


def run(_: Derived, inputs: Mapping[str, Input]) -> Output:
    """Rows in order of moment and place; a null or empty list gives none."""
    frame = inputs["from"].everything()
    items = frame.with_columns(pl.col("item").list.len().cast(pl.Int64).alias("items")).filter(pl.col("items") > 0)
    items = items.with_columns(
        pl.int_ranges(1, pl.col("items") + 1).alias("place"),
        pl.col("item").list.slice(1).alias("next_item"),
    )
    items = items.with_columns(pl.concat_list("next_item", pl.lit(None, pl.String)).alias("next_item"))
    rows = items.explode("item", "place", "next_item")
    return Output(rows.with_columns(pl.format("{}#{}", "_id", "place").alias("_id")))


OPERATION = Operation(
    "explode", "stream", bind, columns, run,
    doc=(
        "One row per item of a list column.\n\n"
        "`list` names the list. Each row is the input's row with `item`, `place` (from 1), `next_item` (null at "
        "the end) and `items` "
        "(how many there are). A row is known when its input row is. A null or empty list gives no row; a null "
        "item gives a row "
        "with a null item. Cost: one row per item; there is no cap, since the output is no larger than the "
        "input's lists."
    ),
    example="hops: {explode: {from: transactions, list: intermediary_countries}}",
)  # fmt: skip
