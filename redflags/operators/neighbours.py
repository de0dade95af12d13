"""``neighbours``: who lies within some hops of marked parties, as of a day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from redflags.errors import DataError
from redflags.expr import types as t
from redflags.operators import edges
from redflags.operators.base import Cap, Input, Operation, Output
from redflags.plan.schema import FrameColumn
from redflags.units import INT64_MAX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redflags.operators.binder import Binder
    from redflags.plan.nodes import Derived
    from redflags.plan.schema import Schemas

HUB, REACH, HOPS = 20, 1000, 2
MOST_HOPS = 6
MANY, FIRST, SECOND, EITHER = 0, 1, 2, 3


def bind(binder: Binder) -> Derived:
    """``{neighbours: {edges: [...], seeds: {from: screened, node: party_id}, hops: 2}}``."""
    carry = binder.choice("carry", ("none", "haircut"), "none") == "haircut"
    if not carry and binder.has("amount"):
        raise binder.fault(("amount",), "an amount is read only where shares are carried", "carry: haircut")
    binder.raw("amount")
    forms, node = edges.bind_edges(binder, carry=carry)
    seed = edges.bind_seeds(binder)
    hops = binder.positive("hops", HOPS)
    if hops > MOST_HOPS:
        raise binder.fault(("hops",), f"hops is a whole number from 1 to {MOST_HOPS}")
    options = {
        "every": edges.every(binder), "hub_cap": binder.positive("hub_cap", HUB), "hops": hops, "carry": carry,
        "cap": binder.positive("cap", REACH),
    }  # fmt: skip
    return binder.finish(edges=forms, node=node, seed=seed, **options)


def columns(node: Derived, _: Schemas) -> Mapping[str, FrameColumn]:
    """The party, the mark that it is near to, and how near."""
    party: Any = node.option("node")
    seed: Any = node.option("seed")
    made = {"node": party, "seed": seed, "hops": FrameColumn(t.INT)}
    if node.option("carry"):
        made["share"] = FrameColumn(t.NUMBER)
    return {**made, "valid_from": FrameColumn(t.TIME), "valid_to": FrameColumn(t.TIME)}


def run(node: Derived, inputs: Mapping[str, Input]) -> Output:
    """A row for each party and mark within reach."""
    from redflags.operators import neighbours_kernel as kernel

    option: dict[str, Any] = dict(node.options)
    grid, hub_cap, hops = option["every"], option["hub_cap"], option["hops"]
    marks = edges.spans(inputs["seeds"], None, grid).drop_nulls("node")
    rows, lost = _flows(node, inputs, grid) if option["carry"] else _ties(node, inputs, grid)
    parties = pl.concat([rows["member"], marks["node"]]).unique().sort()
    idents = rows["ident"].unique(maintain_order=True)
    coded = rows.select(
        edges.coded(rows["ident"], idents).alias("i"), edges.coded(rows["member"], parties).alias("p"), "role", "amount", "begin", "end"
    )  # fmt: skip
    seed, seed_begin, seed_end = edges.coded_marks(marks, parties)
    party, ident, role, amount, begin, end = (
        np.ascontiguousarray(coded[name].to_numpy()) for name in ("p", "i", "role", "amount", "begin", "end")
    )
    found, visits, i_hub, p_hub, wide = kernel.nearest(
        len(parties), len(idents), party, ident, role, amount, begin, end, seed, seed_begin, seed_end, hops, hub_cap, option["cap"] + 1,
        option["carry"], edges.last_version(inputs["seeds"], grid),
    )  # fmt: skip
    caps = (
        Cap(f"identifiers not followed, since more than {hub_cap} parties bear them", int(i_hub.sum())),
        Cap(f"parties reached but not passed, since they are tied to more than {hub_cap} others", int(p_hub.sum())),
        Cap(f"marks whose farthest hops were left out, since they hold more than {option['cap']} parties", int(wide)),
        *edges.left_out(lost),
    )
    made = pl.DataFrame(found, schema=["s", "begin", "node", "hops", "share"], orient="row")
    made = made.join(edges.until_next(visits, "s"), on=["s", "begin"], how="left")
    made = made.with_columns(pl.Series("p", seed).gather(made["s"]).alias("seed"))
    made = edges.joined_up(made, ["node", "seed"], ["hops", "share"])
    made = edges.validity(made, grid).with_columns(parties.gather(made[name]).alias(name) for name in ("node", "seed"))
    made = made.sort("node", "seed", "valid_from")
    return Output(made if option["carry"] else made.drop("share"), tuple(cap for cap in caps if cap.rows))


def _ties(node: Derived, inputs: Mapping[str, Input], grid: int) -> tuple[pl.DataFrame, int]:
    """Who bears which identifier when, without overlaps."""
    from redflags.operators.edges_kernel import merged

    rows, lost = edges.incidences(node, inputs, grid, kinds=False)
    idents, members = rows["ident"].unique(maintain_order=True), rows["member"].unique(maintain_order=True)
    coded = rows.select(
        edges.coded(rows["ident"], idents).alias("i"), edges.coded(rows["member"], members).alias("p"), "begin", "end"
    ).sort("i", "p", "begin")
    ident, party, begin, end = merged(*(coded[name].to_numpy() for name in coded.columns))
    pair = rows.group_by("ident", maintain_order=True).agg(pl.col("pair").first())["pair"].gather(ident)
    made = pl.DataFrame({"ident": idents.gather(ident), "member": members.gather(party), "begin": begin, "end": end})
    role = pl.select(pl.when(pair).then(EITHER).otherwise(MANY).cast(pl.Int64)).to_series()
    return made.with_columns(role.alias("role"), pl.lit(0, pl.Int64).alias("amount")), lost


def _flows(node: Derived, inputs: Mapping[str, Input], grid: int) -> tuple[pl.DataFrame, int]:
    """What flowed from one party to another in the rows that live, as intervals of one sum."""
    from redflags.operators.edges_kernel import levels

    forms: tuple[edges.Form, ...] = node.option("edges")
    pieces = [
        edges.spans(inputs[f"edges{i}"], form.within, grid).select(
            "a", "b", pl.col("amount").cast(pl.Int64), "begin", "end"
        )
        for i, form in enumerate(forms)
    ]
    frame = pl.concat(pieces)
    rows = frame.drop_nulls(["a", "b", "amount"]).filter((pl.col("a") != pl.col("b")) & (pl.col("amount") > 0))
    if rows.select(pl.col("amount").cast(pl.Int128).sum()).item() > INT64_MAX:
        raise DataError(
            "the amounts along the edges of 'neighbours' together do not fit 64 bits: narrow them with where or within"
        )
    lost = frame.filter(pl.any_horizontal(pl.col(n).is_null() for n in ("a", "b", "amount"))).height
    text = pl.concat_str(["a", "b"], separator=edges.SEPARATOR).alias("ident")
    rows = rows.with_columns(text)
    pairs = rows.select("ident", "a", "b").unique("ident", maintain_order=True)
    key = edges.coded(rows["ident"], pairs["ident"]).alias("k")
    one = pl.lit(1, pl.Int64)
    steps = pl.concat(
        [
            rows.select(key, pl.col("begin").alias("g"), one.alias("n"), "amount"),
            rows.select(key, pl.col("end").alias("g"), (-one).alias("n"), (-pl.col("amount")).alias("amount")),
        ]
    ).sort("k", "g")
    found, begin, end, amount = levels(*(steps[name].to_numpy() for name in steps.columns))
    made = pairs[found].with_columns(pl.Series("begin", begin), pl.Series("end", end), pl.Series("amount", amount))
    sides = (("a", FIRST), ("b", SECOND))
    columns_ = ["ident", "role", "amount", "begin", "end"]
    return pl.concat(
        [
            made.with_columns(pl.lit(role, pl.Int64).alias("role")).select(pl.col(end_).alias("member"), *columns_)
            for end_, role in sides
        ]
    ), lost


OPERATION = Operation(
    "neighbours", "register", bind, columns, run, keys=lambda _: ("node", "seed"),
    doc=(
        "Parties within some hops of marked ones, as a register: `listed('near', party_id)` says whether a party "
        "is near to any mark, "
        "`each: {n: \"rows_of(near, party_id)\"}` walks the marks that it is near to. `value_of('near.hops', "
        "party_id)` is null where it is near to two marks "
        "at different distances.\n\n"
        "`edges` as in `components` (without weights). `seeds: {from, node, until, where}`: marked parties "
        "(`node`, default `party_id`), from their row's moment until `until` "
        "(default: as long as the register row is valid, else for ever). `hops` (2, at most 6): parties that "
        "share an identifier, or are named by one row, are one hop apart; "
        "a row with `a` and `b` counts either way. "
        "`hub_cap` (20): an identifier borne by more parties in a version is not followed; a party tied by rows "
        "to more others is "
        "reached but not passed (a mark too). `every` (1d): versions as in `components`.\n\n"
        "`carry: haircut` with `amount`: rows say that value flowed from `a` to `b` and count that way only; "
        "`share` is the part of what a party "
        "received in the living rows that came from the mark over at most `hops` steps, where each party passes "
        "on the mix that it "
        "received. Rounded half to even to 0.000001 at each step. Rows with an amount that is null are left out "
        "and counted; amounts of 0 or less flow nowhere.\n\n"
        "Columns: `node` (key), `seed` (second key), `hops` (nearest), `share` (with `carry: haircut`), "
        "`valid_from`, `valid_to`. A mark has no row "
        "for itself, and one for every other mark that it is near to. Rows where a party or a part of the "
        "identifier is null are left out, and the run says how "
        "many. Order of rows changes nothing.\n\n"
        "Cost: one sort, and for each version a walk of `hops` steps back from what changed and forward from the "
        "marks found; a row out for each "
        "party, mark and change. Cap: `cap` (1000) parties around a mark in a version: the hops that would bring "
        "more are left out whole, and the run says for how many marks."
    ),
    example=(
        "near:\n"
        "  neighbours:\n"
        "    edges:\n"
        "    - {from: party_identifiers, member: party_id, via: [id_type, id_value], where: \"id_type in ('phone', 'device')\"}\n"
        "    - {from: party_links, a: party_id, b: related_party_id}\n"
        "    seeds: {from: known_financiers, node: party_id}\n"
        "    hops: 2"
    ),
)  # fmt: skip
