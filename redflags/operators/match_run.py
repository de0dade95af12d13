"""What ``match`` does with its rows: bounds, order, the search, and the columns of the pairs that it found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from redflags.engine.codes import encode, encode_keys
from redflags.engine.errors import MissingInputError
from redflags.expr.values import half_even
from redflags.operators import match_kernel, match_lots_kernel
from redflags.operators.base import AT, ROW, ROW_ID, Cap, Input, Output
from redflags.operators.match import ORDERS
from redflags.operators.match_sides import UNTOLD, Side, Terms, grams, side
from redflags.plan.nodes import Held
from redflags.plan.schema import MOMENT
from redflags.units import INT64_MAX, NUMBER_SCALE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from redflags.kernel._arrays import I64, Array
    from redflags.plan.nodes import Derived

WIDE = pl.Int128


@dataclass(frozen=True)
class Pairs:
    """Found pairs as places in the prepared frames (-1: no row of that side), and when each is known.

    Attributes:
        lot, told: of ``lots``, the amount of the lot and of all lots of the same ``b``.
    """

    a: I64
    b: I64
    at: I64
    caps: tuple[Cap, ...]
    lot: I64 | None = None
    told: I64 | None = None


def matched(node: Derived, inputs: Mapping[str, Input]) -> Output:
    """All rows of the operator."""
    option: dict[str, Any] = dict(node.options)
    same = node.input("a").frame == node.input("b").frame
    caps: list[Cap] = []
    frames = {name: _prepared(option, inputs[name], name, caps) for name in "ab"}
    if same and option["take"] == "lots":
        twice = np.intersect1d(frames["a"][ROW].to_numpy(), frames["b"][ROW].to_numpy())
        caps.append(Cap("rows that stand in both a and b have no lots", twice.size))
        frames = {name: frame.filter(~pl.col(ROW).is_in(pl.Series(twice).implode())) for name, frame in frames.items()}
    sizes = [frame.height for frame in frames.values()]
    (a, b), count = encode_keys([[frame[f"k{i}"] for i in range(option["keys"])] for frame in frames.values()], sizes)
    coded = {"a": a, "b": b}
    upto = inputs["a"].evaluator.upto
    found = (
        _lots(option, frames, coded, count)
        if option["take"] == "lots"
        else _pairs(option, frames, coded, count, upto, same=same)
    )
    made = _frame(node, option, inputs, frames, found)
    return Output(made, tuple(cap for cap in (*caps, *found.caps) if cap.rows))


# ---- rows -----------------------------------------------------------------------------------------------------------


def _prepared(option: dict[str, Any], source: Input, name: str, caps: list[Cap]) -> pl.DataFrame:
    """The rows that can have a partner, with what they are told by."""
    frame = source.frame()
    keys = [f"k{i}" for i in range(option["keys"])]
    if keys:
        frame = frame.filter(pl.all_horizontal(pl.col(key).is_not_null() for key in keys))
    lacking = [column for column in ("amount", "text") if column in frame.columns]
    if lacking:
        known = frame.filter(pl.all_horizontal(pl.col(column).is_not_null() for column in lacking))
        caps.append(Cap(f"rows of {name} without an amount or text have no partner", frame.height - known.height))
        frame = known
    if option["take"] == "lots":
        above = frame.filter(pl.col("amount") > 0)
        caps.append(Cap(f"rows of {name} with an amount of 0 or less have no lots", frame.height - above.height))
        frame = above
    if source.table.has("seq"):
        told = source.table.column("seq", frame[ROW].to_numpy()).cast(pl.Int64).alias("seq")
        return frame.with_columns(told)
    return frame.with_columns(pl.lit(None, pl.Int64).alias("seq"))


def _side(frame: pl.DataFrame, codes: Array, count: int, columns: dict[str, Array], order: I64) -> Side:
    size = frame.height
    amount = frame["amount"].cast(pl.Int64).to_numpy() if "amount" in frame.columns else np.zeros(size, np.int64)
    whole = {
        "at": frame[AT].to_numpy(), "amount": amount, "row": frame[ROW].to_numpy(), "seq": np.full(size, UNTOLD, np.int64),
        "text": np.full(size, -1, np.int32), "least": np.full(size, -INT64_MAX - 1), "most": np.full(size, INT64_MAX), **columns,
    }  # fmt: skip
    return side(whole, order, codes[order], count)


def _bounds(frame: pl.DataFrame, bound: tuple[str, Fraction, Fraction] | None) -> dict[str, Array]:
    """Least and most amount of a partner of each ``a``."""
    if bound is None:
        return {}
    word, low, high = bound
    amount = pl.col("amount").cast(WIDE)
    if word == "ratio":
        ends = [_times(amount, low), _times(amount, high)]
        # Of nothing there is no ratio; of a negative amount the higher ratio is the lower bound.
        least = pl.when(amount == 0).then(1).when(amount > 0).then(ends[0][0]).otherwise(ends[1][0])
        most = pl.when(amount == 0).then(0).when(amount > 0).then(ends[1][1]).otherwise(ends[0][1])
    else:
        around = _times(amount.abs(), low)[1] if word == "share" else pl.lit(int(low), WIDE)
        least, most = amount - around, amount + around
    made = frame.select(
        expr.clip(pl.lit(-INT64_MAX - 1, WIDE), pl.lit(INT64_MAX, WIDE)).cast(pl.Int64).alias(name)
        for name, expr in (("least", least), ("most", most))
    )
    return {name: made[name].to_numpy() for name in made.columns}


def _times(amount: pl.Expr, share: Fraction) -> tuple[pl.Expr, pl.Expr]:
    """``share`` of an amount, up and down to whole units, exactly."""
    wide = amount * pl.lit(share.numerator, WIDE)
    down = wide // pl.lit(share.denominator, WIDE)
    return pl.when(down * pl.lit(share.denominator, WIDE) == wide).then(down).otherwise(down + 1), down


# ---- search ---------------------------------------------------------------------------------------------------------


def _pairs(
    option: dict[str, Any],
    frames: dict[str, pl.DataFrame],
    coded: dict[str, Array],
    count: int,
    upto: int,
    *,
    same: bool,
) -> Pairs:
    own: dict[str, dict[str, Array]] = {
        name: {"seq": frame["seq"].fill_null(UNTOLD).to_numpy()} for name, frame in frames.items()
    }
    own["a"] |= _bounds(frames["a"], option["bound"])
    texts = (np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.int32))
    if option["alike"] is not None:
        both = pl.concat([frame["text"] for frame in frames.values()])
        different = both.unique(maintain_order=True)
        (codes, listed), _ = encode([both, different])
        texts = grams(different.gather(pl.Series(np.argsort(listed))))
        own["a"]["text"], own["b"]["text"] = np.split(codes, [frames["a"].height])
    orders, sides = {}, {}
    for name, frame in frames.items():
        by = [frame[ROW], *([frame["amount"]] if "amount" in frame.columns else []), frame[AT]]
        orders[name] = np.lexsort((*(key.to_numpy() for key in by), coded[name]))
        sides[name] = _side(frame, coded[name], count, own[name], orders[name])
    a, b = sides["a"], sides["b"]
    alike = -1.0 if option["alike"] is None else float(option["alike"])
    terms = Terms(*texts, alike, option["within"], ORDERS.index(option["order"]), same, option["scan"], option["cap"])
    overs = 0
    if option["take"] == "all":
        pairs, paired, unsure, stops, overs = match_kernel.every(a, b, terms)
        x, y = pairs[:, 0], pairs[:, 1]
    else:
        mates, unsure, stops = (match_kernel.nearest if option["take"] == "nearest" else match_kernel.first)(
            a, b, terms
        )
        paired = mates >= 0
        x = np.flatnonzero(paired)
        y = mates[x]
    at = np.maximum(a.at[x], b.at[y])
    x, y = orders["a"][x], orders["b"][y]
    caps = [
        Cap(f"rows looked at no more than the {option['scan']:,} nearest rows of the other side ('scan')", int(stops)),
        Cap(f"rows have more than {option['cap']:,} partners, of which the nearest are kept ('cap')", int(overs)),
    ]
    if option["unmatched"]:
        wait = 0 if option["order"] == "a_after_b" else option["within"] + 1
        alone = ~paired & (a.at + wait <= upto)
        caps.append(
            Cap(
                "rows of a that are not called unmatched, since a limit may have hidden their partner",
                int((alone & unsure).sum()),
            )
        )
        alone &= ~unsure
        x = np.concatenate([x, orders["a"][alone]])
        y = np.concatenate([y, np.full(int(alone.sum()), -1)])
        at = np.concatenate([at, a.at[alone] + wait])
    return Pairs(x, y, at, tuple(caps))


def _lots(option: dict[str, Any], frames: dict[str, pl.DataFrame], coded: dict[str, Array], count: int) -> Pairs:
    orders, sides = {}, {}
    for name, frame in frames.items():
        # An inflow without a told order comes before all of its moment, an outflow after all, so that value can flow
        # through.
        seq = frame["seq"].fill_null(UNTOLD if name == "a" else INT64_MAX).to_numpy()
        amount, row = frame["amount"].cast(pl.Int64).to_numpy(), frame[ROW].to_numpy()
        tie = (-row, amount) if name == "a" else (row, -amount)
        orders[name] = np.lexsort((*tie, seq, frame[AT].to_numpy(), coded[name]))
        sides[name] = _side(frame, coded[name], count, {"seq": seq}, orders[name])
    a, b = sides["a"], sides["b"]
    pairs, lot, told, overs = match_lots_kernel.lots(a, b, option["within"], option["cap"])
    x, y = orders["a"][pairs[:, 0]], pairs[:, 1]
    caps = (Cap(f"outflows have more than {option['cap']:,} lots, of which the newest are shown ('cap')", int(overs)),)
    if option["unmatched"]:
        alone = np.flatnonzero(told == 0)
        x, y = np.concatenate([x, np.full(alone.size, -1)]), np.concatenate([y, alone])
        lot = np.concatenate([lot, np.zeros(alone.size, np.int64)])
    return Pairs(x, orders["b"][y], b.at[y], caps, lot, told[y])


# ---- columns --------------------------------------------------------------------------------------------------------


def _frame(
    node: Derived, option: dict[str, Any], inputs: Mapping[str, Input], frames: dict[str, pl.DataFrame], found: Pairs
) -> pl.DataFrame:
    made: dict[str, pl.Series] = {}
    ends: dict[str, dict[str, pl.Series]] = {}
    for name, places in (("a", found.a), ("b", found.b)):
        picked = pl.Series(places, dtype=pl.Int64)
        picked = picked.set(picked < 0, None)
        frame = frames[name]
        ends[name] = {column: frame[column].gather(picked) for column in (AT, ROW, "amount") if column in frame.columns}
        ends[name][ROW_ID] = _ids(frame, held=isinstance(node.input(name).frame, Held)).gather(picked)
        for column, series in _columns(node, option, inputs, name, ends[name][ROW]).items():
            made[f"{name}.{column}"] = series
    for column in option["plain"]:
        sides = [made[f"{name}.{column}"] for name in "ab"]
        made[column] = sides[0].zip_with(sides[0].is_not_null(), sides[1])
    made |= {
        AT: pl.Series(found.at, dtype=pl.Int64),
        "matched": ends["a"][AT].is_not_null() & ends["b"][AT].is_not_null(),
    }
    made["lag"] = ends["b"][AT] - ends["a"][AT]
    made[ROW_ID] = ends["a"][ROW_ID].fill_null("") + "~" + ends["b"][ROW_ID].fill_null("")
    made["ratio"] = pl.Series("ratio", [None] * found.at.size, pl.Int64)
    if option["kind"] is not None:
        made["ratio"] = _share(ends["b"]["amount"], ends["a"]["amount"])
    if found.lot is not None and found.told is not None:
        made["lot_amount"] = pl.Series(found.lot, dtype=pl.Int64)
        made["explained"] = _share(made["lot_amount"], ends["b"]["amount"])
        made["explained_all"] = _share(pl.Series(found.told, dtype=pl.Int64), ends["b"]["amount"])
    return pl.DataFrame([series.alias(name) for name, series in made.items()]).sort(AT, ROW_ID)


def _columns(
    node: Derived, option: dict[str, Any], inputs: Mapping[str, Input], name: str, rows: pl.Series
) -> dict[str, pl.Series]:
    """All columns of one side at the rows of the pairs, names of its view included."""
    source, lets = inputs[name], inputs[f"{name}.let"]
    table = source.table
    known = source.evaluator.schemas.of(node.input(name).frame).columns
    made = {column: table.column(column).gather(rows) for column in known if column != MOMENT and table.has(column)}
    made[MOMENT] = pl.Series(table.at, dtype=pl.Int64).gather(rows)
    some = rows.drop_nulls().unique().sort()
    place = pl.DataFrame({"row": rows}).join(
        pl.DataFrame({"row": some}).with_row_index("place"), on="row", how="left", maintain_order="left"
    )["place"]
    for column, _ in dict(option["lets"])[name]:
        try:
            values = source.evaluator.plain(table, lets.names[column], some.to_numpy())  # type: ignore[arg-type]
        except MissingInputError:
            made.pop(column, None)  # whoever reads it is told that it is missing
            continue
        made[column] = values.gather(place)
    return made


def _ids(frame: pl.DataFrame, *, held: bool) -> pl.Series:
    """Row ids; a register's keys alone do not tell its versions apart."""
    if not held:
        return frame[ROW_ID]
    named = frame.select(ROW, pl.format("{}@{}", ROW_ID, AT).alias(ROW_ID))
    copy = pl.col(ROW).rank("ordinal").over(ROW_ID)
    return named.select(pl.when(copy > 1).then(pl.format("{}#{}", ROW_ID, copy)).otherwise(ROW_ID).alias(ROW_ID))[
        ROW_ID
    ]


def _share(part: pl.Series, whole: pl.Series) -> pl.Series:
    """``part / whole`` in millionths, rounded half to even; null where there is none or it does not fit."""
    frame = pl.DataFrame({"part": part.cast(WIDE), "whole": whole.cast(WIDE)})
    sign = pl.col("whole").sign()
    num = pl.col("part") * sign * pl.lit(NUMBER_SCALE, WIDE)
    made = half_even(num, pl.when(sign != 0).then(pl.col("whole").abs()))
    return frame.select(made.cast(pl.Int64, strict=False).alias("share"))["share"]


__all__ = ["Pairs", "matched"]
