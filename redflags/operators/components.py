"""``components``: parties joined by shared identifiers, as of a day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from redflags.expr import types as t
from redflags.operators import edges
from redflags.operators.base import Cap, Input, Operation, Output
from redflags.plan.schema import FrameColumn
from redflags.units import NUMBER_SCALE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from redflags.operators.binder import Binder
    from redflags.plan.nodes import Derived
    from redflags.plan.schema import Schemas

    I64 = NDArray[np.int64]

HUB, GROUP = 20, 1000
KEYS = ["member", "group_id", "size", "kinds", "is_cut", "begin", "end"]


def bind(binder: Binder) -> Derived:
    """``{components: {edges: [{from: party_identifiers, member: party_id, via: [id_type, id_value]}]}}``."""
    forms, node = edges.bind_edges(binder)
    weights = None
    if binder.has("weight"):
        block = edges.part(binder, binder.raw("weight"), "weight")
        weights = tuple((str(kind), _micro(block, str(kind))) for kind in block.spec)
    least = _micro(binder, "min_weight", 1)
    options = {
        "every": edges.every(binder), "hub_cap": binder.positive("hub_cap", HUB, 2), "weight": weights, "least": least,
        "group_cap": binder.positive("group_cap", GROUP, 2), "cuts": binder.flag("cuts"),
    }  # fmt: skip
    return binder.finish(edges=forms, node=node, **options)


def _micro(binder: Binder, key: str, default: int | None = None) -> int:
    """A weight in millionths."""
    found = binder.number(key, default)
    if found is None or not 0 < found <= 2**20 or (found * NUMBER_SCALE).denominator != 1:
        raise binder.fault((key,), "a weight is a number above zero, with at most six decimals")
    return int(found * NUMBER_SCALE)


def columns(node: Derived, _: Schemas) -> Mapping[str, FrameColumn]:
    """The party, its group and what the group is like."""
    party: Any = node.option("node")
    made = {"node": party, "group_id": party, "size": FrameColumn(t.INT), "kinds": FrameColumn(t.INT)}
    if node.option("cuts"):
        made["is_cut"] = FrameColumn(t.BOOL)
    return {**made, "valid_from": FrameColumn(t.TIME), "valid_to": FrameColumn(t.TIME)}


def run(node: Derived, inputs: Mapping[str, Input]) -> Output:
    """Rows of parties that stand in a group of two or more."""
    from redflags.operators import components_kernel as kernel
    from redflags.operators.edges_kernel import heavy_pairs, merged, pair_events

    option: dict[str, Any] = dict(node.options)
    grid, least, hub_cap = option["every"], option["least"], option["hub_cap"]
    rows, lost = edges.incidences(node, inputs, grid, kinds=True)
    rows, weight, unweighed = _weighed(rows, option["weight"])
    parties = edges.seniority(rows)
    names, first = _identifiers(rows)
    coded = pl.DataFrame(
        {
            "i": edges.coded(rows["ident"], names),
            "p": edges.coded(rows["member"], parties),
            "b": rows["begin"],
            "e": rows["end"],
        }
    ).sort("i", "p", "b")
    ident, party, begin, end = merged(*(coded[name].to_numpy() for name in coded.columns))
    kind, heavy = first["k"].to_numpy(), weight[first["k"].to_numpy()] if weight.size else np.empty(0, np.int64)
    joins = heavy >= least
    if not joins.all():
        events = pair_events(ident, party, begin, end, kind, ~joins, hub_cap)
        events = events[np.lexsort((events[:, 3], events[:, 1], events[:, 0]))]
        pairs = heavy_pairs(events, weight, least)
        new = kind.size + np.arange(len(pairs))
        ident, party = np.concatenate([ident, new, new]), np.concatenate([party, pairs[:, 0], pairs[:, 1]])
        begin, end = (np.concatenate([own, pairs[:, c], pairs[:, c]]) for own, c in ((begin, 2), (end, 3)))
        kind = np.concatenate([kind, np.full(len(pairs), -1)])
        joins = np.concatenate([joins, np.ones(len(pairs), bool)])
    found, hub, big = kernel.groups(
        len(parties), party, ident, begin, end, kind, joins, weight.size, hub_cap, option["group_cap"], option["cuts"],
        edges.last_version(inputs["edges0"], grid),
    )  # fmt: skip
    caps = (
        Cap(f"identifiers not followed, since more than {hub_cap} parties bear them", int(hub.sum())),
        Cap(f"groups told as {option['group_cap']} parties although they are larger; parties concerned", int(big)),
        Cap("rows left out, since their kind has no weight", unweighed),
        *edges.left_out(lost),
    )
    return Output(_register(found, parties, grid, cuts=option["cuts"]), tuple(cap for cap in caps if cap.rows))


def _weighed(rows: pl.DataFrame, weights: tuple[tuple[str, int], ...] | None) -> tuple[pl.DataFrame, I64, int]:
    """The rows with the code of their kind, the weight of each kind in millionths, and rows of kinds without one."""
    names = (
        rows["kind"].unique().sort() if weights is None else pl.Series("kind", [name for name, _ in weights], pl.String)
    )
    weight = [NUMBER_SCALE] * len(names) if weights is None else [found for _, found in weights]
    kept = rows.with_columns(edges.coded(rows["kind"], names).alias("k")).drop_nulls("k")
    return kept, np.array(weight, np.int64), rows.height - kept.height


def _identifiers(rows: pl.DataFrame) -> tuple[pl.Series, pl.DataFrame]:
    """Distinct identifiers and the kind of each."""
    first = rows.group_by("ident", maintain_order=True).agg(pl.col("k").first())
    return first["ident"], first


def _register(found: I64, parties: pl.Series, grid: int, *, cuts: bool) -> pl.DataFrame:
    made = pl.DataFrame(found, schema=KEYS, orient="row")
    made = edges.validity(made, grid).select(
        parties.gather(made["member"]).alias("node"),
        parties.gather(made["group_id"]).alias("group_id"),
        "size",
        "kinds",
        pl.col("is_cut") == 1,
        "valid_from",
        "valid_to",
    )
    return (made if cuts else made.drop("is_cut")).sort("node", "valid_from")


OPERATION = Operation(
    "components", "register", bind, columns, run, keys=lambda _: ("node",),
    doc=(
        "Groups of parties joined by shared identifiers, as a register: `listed('shared', party_id)` says "
        "whether a party stands in a "
        "group of two or more, `value_of('shared.size', party_id)` and `value_of('shared.group_id', party_id)` which.\n\n"
        "`edges` is a list of blocks. `{from, member, via, kind, where}`: parties (`member`) that show the same "
        "identifier (`via`, one "
        "expression or several; equal texts of one `kind` are one identifier, across blocks too). `{from, a, b, "
        "kind, where}`: rows that name two "
        "parties. `kind` is an expression and defaults to the name of `from`. A table that is a register is read "
        "with its validity: its rows are "
        "known from `valid_from`, or from the table's own moment where that is later (undated: always), and live "
        "to `valid_to`; rows of a stream live for ever. "
        "`within` (also in a block) lets dated rows live only so long after their moment.\n\n"
        "`weight: {phone: 1, address: 0.5}`, `min_weight` (1): two parties are joined when the weights of the "
        "different kinds "
        "that they share reach it; a kind that `weight` does not name ties nobody, and the run says how many "
        "rows that were; without `weight` every kind "
        "weighs 1. `hub_cap` (20): an identifier borne by more parties in a version ties nobody in it (rows that "
        "name two parties are never "
        "too many). `every` (1d): versions stand on a grid "
        "anchored at the epoch; version g is made from rows with a moment up to g, and is valid to the next one. "
        "`cuts: true` adds `is_cut`.\n\n"
        "Columns: `node` (key), `group_id` (the member whose first row is earliest, of several the smallest id; "
        "a merge so keeps the older name), "
        "`size`, `kinds` (how many kinds of identifiers two or more members share), `is_cut` (whether the group "
        "would fall apart without the party), `valid_from`, "
        "`valid_to` (open: null). A party alone has no row. Rows where a party, a part of the identifier or the "
        "kind is null are left out, and the run "
        "says how many. Order of rows and ids (but for the name at a tie) change nothing.\n\n"
        "Cost: one sort, and for each version a walk over the groups that it touches; a row out for each member "
        "and change of its group. Cap: `group_cap` (1000): "
        "larger groups are told as of that size, so that each newcomer does not make a row for everybody; the "
        "run says how many parties that concerns. "
        "Kinds that weigh less than `min_weight` cost up to `hub_cap` / 2 pairs a row."
    ),
    example=(
        "shared:\n"
        "  components:\n"
        "    edges:\n"
        "    - {from: party_identifiers, member: party_id, via: [id_type, id_value], kind: id_type}\n"
        "    - {from: party_links, a: party_id, b: related_party_id, kind: role}\n"
        "    weight: {phone: 1, device: 1, address: 0.5, director: 0.5}\n"
        "    hub_cap: 20"
    ),
)  # fmt: skip
