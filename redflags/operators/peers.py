"""``peers``: a value's place among the peers of its row, at the same moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from redflags.expr import types as t
from redflags.expr.values import half_even
from redflags.operators.base import AT, ROW, ROW_ID, Cap, Input, Operation, Output
from redflags.plan.schema import FrameColumn
from redflags.units import NUMBER_SCALE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redflags.expr.types import Type
    from redflags.operators.binder import Binder
    from redflags.plan.nodes import Derived
    from redflags.plan.schema import Schemas

MIN_PEERS = 10
#: Deviations from the median in units of a normal distribution's standard deviation (1 / 0.6745, rounded).
NORMAL = 1.4826


def bind(binder: Binder) -> Derived:
    """``{peers: {from: months, of: turnover, member: party_id, group: party.industry_code, min_peers: 20}}``."""
    scope = binder.scope()
    value = binder.expr(scope, binder.text("of"), "of", wants=("money", "number", "int", "duration", "real"))
    names = {"_v": value, "_m": binder.expr(scope, binder.text("member"), "member")}
    groups = binder.names("group", ())
    for index, text in enumerate(groups):
        names[f"_g{index}"] = binder.expr(scope, text, "group")
    least = binder.whole("min_peers", MIN_PEERS) or MIN_PEERS
    if least < 2:  # noqa: PLR2004  a lone member has no peer
        raise binder.fault(("min_peers",), "a group of peers has two members at least")
    kind = binder.type_of(scope, value, "of")
    binder.add("from", scope, names)
    return binder.finish(groups=len(groups), min_peers=least, kind=t.kept(kind))


def columns(node: Derived, schemas: Schemas) -> Mapping[str, FrameColumn]:
    """The input's columns, and the value's place among its peers."""
    kind: Type = node.option("kind")
    made = {"peer_rank": t.NUMBER, "peer_n": t.INT, "peer_median": kind, "peer_mad": kind, "peer_z": t.REAL}
    inner = schemas.of(node.input("from").frame).columns
    return {**inner, **{name: FrameColumn(found) for name, found in made.items()}}


def run(node: Derived, inputs: Mapping[str, Input]) -> Output:
    """Every row of the input that has a value, a member and a group."""
    frame = inputs["from"].everything()
    groups = [f"_g{index}" for index in range(node.option("groups"))]
    keys = [*groups, AT]
    known = pl.all_horizontal(pl.col(name).is_not_null() for name in ("_v", "_m", *keys))
    rows = frame.filter(known).with_columns(pl.col("_v").cast(pl.Int64))
    grouped = rows.group_by(keys, maintain_order=True).agg(
        pl.col(ROW_ID),
        pl.col("_v"),
        (pl.col("_v").rank("min") - 1).cast(pl.Int64).alias("_below"),
        pl.col("_m").n_unique().cast(pl.Int64).alias("peer_n"),
        pl.len().cast(pl.Int64).alias("_n"),
        pl.col("_v").sort().alias("_sorted"),
    )
    twice = _middle("_sorted", "_n")
    grouped = grouped.with_columns(twice.alias("_twice"))
    deviations = grouped.explode(ROW_ID, "_v", "_below").with_columns(
        (pl.col("_v") * 2 - pl.col("_twice")).abs().alias("_d")
    )
    spreads = deviations.group_by(keys, maintain_order=True).agg(pl.col("_d").sort(), pl.col("_n").first())
    spreads = spreads.select(*keys, _middle("_d", "_n").alias("_four"))
    placed = deviations.join(spreads, on=keys, how="left", maintain_order="left")
    enough = pl.col("peer_n") >= node.option("min_peers")
    two, four = pl.lit(2, pl.Int128), pl.lit(4, pl.Int128)
    spread = pl.col("_four").cast(pl.Float64) / pl.lit(4.0) * NORMAL
    placed = placed.select(
        ROW_ID,
        "peer_n",
        pl.when(enough).then(_share(pl.col("_below"), pl.col("_n") - 1)).alias("peer_rank"),
        pl.when(enough).then(half_even(pl.col("_twice").cast(pl.Int128), two).cast(pl.Int64)).alias("peer_median"),
        pl.when(enough).then(half_even(pl.col("_four").cast(pl.Int128), four).cast(pl.Int64)).alias("peer_mad"),
        pl.when(enough & (pl.col("_four") > 0))
        .then((pl.col("_v") * 2 - pl.col("_twice")).cast(pl.Float64) / 2.0 / spread)
        .alias("peer_z"),
    )
    made = rows.join(placed, on=ROW_ID, how="left", maintain_order="left")
    lacking = frame.height - rows.height
    caps = (Cap("rows without a value, member or group have no peers", lacking),) if lacking else ()
    return Output(made.drop(*groups, "_v", "_m", ROW), caps)


def _middle(items: str, count: str) -> pl.Expr:
    """Twice the median of a sorted list: the sum of its two middle values."""
    low = pl.col(items).list.get((pl.col(count) - 1) // 2)
    return low + pl.col(items).list.get(pl.col(count) // 2)


def _share(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """``part / whole`` in millionths, rounded half to even; none is 0."""
    num = part.cast(pl.Int128) * pl.lit(NUMBER_SCALE, pl.Int128)
    return half_even(num, whole.clip(1).cast(pl.Int128)).cast(pl.Int64)


OPERATION = Operation(
    "peers", "stream", bind, columns, run,
    doc=(
        "A value's place among its peers: the rows of the same group at the same moment (over a stream of "
        "`periods`: in the same "
        "period).\n\n"
        "`from` a stream, usually of periods; `of` the value; `member` who has it; `group` one or more "
        "expressions (none: everyone); "
        "`min_peers` (10) members at least, below which everything but `peer_n` is null.\n\n"
        "Columns: the input's, and `peer_rank` (share of the other rows with a value strictly below), `peer_n` "
        "(members), `peer_median`, "
        "`peer_mad` (median absolute deviation from the median; both rounded half to even to the unit of the "
        "value) and `peer_z` "
        "((value - median) / (1.4826 x mad), null where the mad is 0). A row is known when its input row is. "
        "Ties share the lower rank. "
        "Rows without a value, member or group are left out, and the run says how many.\n\n"
        "Cost: one sort per group. No cap: a row in, a row out."
    ),
    example=(
        "months: {periods: {from: ledger, by: party_id, every: month, let: {turnover: {sum: amount_base}}}}\n"
        "ranked: {peers: {from: months, of: turnover, member: party_id, group: period_no, min_peers: 2}}"
    ),
)  # fmt: skip
