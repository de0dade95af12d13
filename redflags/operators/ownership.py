"""``ownership``: effective shares and control along chains of owners, as of a day."""

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

    from redflags.expr.nodes import Expr
    from redflags.operators.binder import Binder
    from redflags.plan.nodes import Derived
    from redflags.plan.schema import Schemas

    I64 = NDArray[np.int64]

DEPTH, MOST_DEPTH, CHAINS = 10, 30, 10_000
VALUES = ["share", "control", "depth", "countries", "loop", "traced"]


def bind(binder: Binder) -> Derived:
    """``{ownership: {links: {from: party_links, where: "role = 'owner'"}, depth: 10}}``."""
    block = edges.part(binder, binder.raw("links"), "links")
    scope = edges.source(block, "party_links")
    names: dict[str, Expr] = {}
    made = {}
    for role, default in (("entity", "party_id"), ("owner", "related_party_id")):
        names[role] = block.expr(scope, block.text(role, default), role, wants=("text",))
        made[role] = block.column(scope, names[role], block.type_of(scope, names[role], role))
    names["share"] = block.expr(scope, block.text("share", "share_pct"), "share", wants=("number", "literal"))
    if block.has("country"):
        names["country"] = block.expr(scope, block.text("country"), "country", wants=("text",))
    if block.has("person"):
        names["person"] = block.condition(scope, block.text("person"), "person")
    binder.add("links", scope, names, edges.condition(block, scope))
    block.done()
    mode = "everyone"
    if binder.has("seeds"):
        edges.bind_seeds(binder)
        mode = {"any": "each", "sum": "together"}[binder.choice("together", ("any", "sum"), "any")]
    elif binder.has("together"):
        raise binder.fault(("together",), "only marked owners are taken together", "name them with seeds")
    depth = binder.positive("depth", DEPTH)
    if depth > MOST_DEPTH:
        raise binder.fault(("depth",), f"depth is a whole number from 1 to {MOST_DEPTH}")
    options = {
        "every": edges.every(binder), "depth": depth, "cap": binder.positive("cap", CHAINS), "mode": mode,
        "country": "country" in names, "person": "person" in names,
    }  # fmt: skip
    return binder.finish(entity=made["entity"], owner=made["owner"], **options)


def columns(node: Derived, _: Schemas) -> Mapping[str, FrameColumn]:
    """The entity, the owner, and what the owner has of it."""
    entity: Any = node.option("entity")
    owner: Any = node.option("owner")
    made = {
        "entity": entity, "owner": owner, "share": FrameColumn(t.NUMBER), "control": FrameColumn(t.BOOL),
        "depth": FrameColumn(t.INT), "loop": FrameColumn(t.BOOL),
    }  # fmt: skip
    if node.option("country"):
        made["countries"] = FrameColumn(t.INT)
    if node.option("person"):
        made["traced"] = FrameColumn(t.NUMBER)
    return {**made, "valid_from": FrameColumn(t.TIME), "valid_to": FrameColumn(t.TIME)}


def run(node: Derived, inputs: Mapping[str, Input]) -> Output:
    """A row for each entity and owner, direct or through others."""
    from redflags.operators import ownership_kernel as kernel

    option: dict[str, Any] = dict(node.options)
    grid, depth = option["every"], option["depth"]
    rows, caps = _rows(edges.spans(inputs["links"], None, grid))
    marks = pl.DataFrame(schema={"node": pl.String, "begin": pl.Int64, "end": pl.Int64})
    if "seeds" in inputs:
        marks = edges.spans(inputs["seeds"], None, grid).drop_nulls("node").select("node", "begin", "end")
    parties = pl.concat([rows["entity"], rows["owner"].alias("entity"), marks["node"].alias("entity")]).unique().sort()
    places = rows["country"].drop_nulls().unique().sort()
    pairs = rows.select("entity", "owner").unique(maintain_order=True)
    keyed = rows.join(pairs.with_row_index("k"), on=["entity", "owner"], how="left", maintain_order="left").select(
        pl.col("k").cast(pl.Int64), "share", "from", "begin", "end", edges.coded(rows["country"], places).fill_null(-1).alias("c"), "person"
    ).sort("k")  # fmt: skip
    pair, share, begin, end, country, person = kernel.stakes(
        *(np.ascontiguousarray(keyed[n].to_numpy()) for n in keyed.columns)
    )
    ends = pairs[pair]
    seed, seed_begin, seed_end = edges.coded_marks(marks, parties)
    found, visits, looped, deep, wide = kernel.effective(
        len(parties), edges.coded(ends["entity"], parties).to_numpy(), edges.coded(ends["owner"], parties).to_numpy(), share, begin, end,
        country, len(places), person, seed, seed_begin, seed_end, ("everyone", "each", "together").index(option["mode"]), depth,
        option["cap"], edges.last_version(inputs["links"], grid),
    )  # fmt: skip
    caps += (
        Cap("loops of ownership cut where they close; entities in one", int(looped.sum())),
        Cap(f"chains of owners cut after {depth} links; entities concerned", int(deep.sum())),
        Cap(f"entities with more than {option['cap']} chains of owners, told by their shorter ones", int(wide.sum())),
    )
    return Output(_register(found, visits, parties, grid, option), tuple(cap for cap in caps if cap.rows))


def _rows(frame: pl.DataFrame) -> tuple[pl.DataFrame, tuple[Cap, ...]]:
    """The links that say who holds how much of whom, and how many do not."""
    extra = [pl.lit(None, pl.String).alias("country")] if "country" not in frame.columns else []
    natural = pl.col("person").fill_null(value=False) if "person" in frame.columns else pl.lit(value=False)
    frame = frame.with_columns(*extra, natural.alias("person"), pl.col("share").cast(pl.Int64))
    known = frame.drop_nulls(["entity", "owner", "share"])
    rows = known.filter(pl.col("share").is_between(1, NUMBER_SCALE))
    return rows, (
        Cap("links left out, since an entity, an owner or a share is unknown", frame.height - known.height),
        Cap("links left out, since their share is not above 0 and at most 1", known.height - rows.height),
    )


def _register(found: I64, visits: I64, parties: pl.Series, grid: int, option: dict[str, Any]) -> pl.DataFrame:
    """What each version said until the next one that touched the entity."""
    made = pl.DataFrame(found, schema=["entity", "begin", "owner", *VALUES], orient="row")
    made = made.join(edges.until_next(visits, "entity"), on=["entity", "begin"], how="left")
    made = edges.validity(edges.joined_up(made, ["entity", "owner"], VALUES), grid)
    owner = pl.select(pl.when(made["owner"] >= 0).then(made["owner"])).to_series()
    made = made.with_columns(
        parties.gather(made["entity"]).alias("entity"), parties.gather(owner).alias("owner"), pl.col("control") == 1, pl.col("loop") == 1
    )  # fmt: skip
    unasked = [name for name, asked in (("countries", "country"), ("traced", "person")) if not option[asked]]
    return made.drop(unasked).sort("entity", "owner", "valid_from")


OPERATION = Operation(
    "ownership", "register", bind, columns, run, keys=lambda _: ("entity", "owner"),
    doc=(
        "Who owns how much of whom, directly and through others, as a register: `value_of('owned.share', firm, "
        "owner)`, "
        "`listed('owned', firm)`, `each: {o: \"rows_of(owned, party_id)\"}`.\n\n"
        "`links: {from, entity, owner, share, where, country, person}`: rows that say that `owner` (default "
        "`related_party_id`) holds `share` (`share_pct`) of "
        "`entity` (`party_id`); `from` defaults to `party_links`. A register is read with its validity, as in "
        "`components`. Living rows of one entity and owner add up, to 1 at most. "
        "`country` is the owner's country, `person` a condition that is true of natural persons. `depth` (10, at "
        "most 30) links. `every` (1d): versions as in "
        "`components`.\n\n"
        "`seeds: {from, node, until, where}`: only these owners are told, while they are marked. `together: any` "
        "(default) tells each by itself; `together: sum` makes one row an "
        "entity with owner null: chains end at the first marked owner, and their shares are added.\n\n"
        "Columns: `entity` (key), `owner` (second key), `share` (the shares of a chain multiplied, over all "
        "chains added: along a chain each product is rounded half to even to "
        "0.000000000001, the sum to 0.000001), `control` (a chain of holdings of more than half each leads to "
        "the owner; with `together: sum`: marked owners, with the firms that they "
        "so control, hold more than half), `depth` (links of the longest chain), `loop` (the entity holds a part "
        "of itself, through others or directly), with `country` "
        "`countries` (different countries of owners on the chains), with `person` `traced` (share of the entity, "
        "over all chains followed, that ends with natural persons; the same on each of its rows), `valid_from`, "
        "`valid_to`.\n\n"
        "Loops: a chain never passes an owner twice and ends where it would, so that every share is a finite "
        "sum; the run says how many entities stand in a loop. Links "
        "with a null entity, owner or share, and links with a share outside 0 to 1, are left out and counted. "
        "Where `person` is null the owner is no natural person; a null "
        "country is not counted. Order of rows and ids changes nothing.\n\n"
        "Cost: one sort, and for each version the chains above each entity below a change. Cap: `cap` (10000) "
        "chains above an entity: the level that would bring more and all "
        "beyond it are left out whole, so that shares are too small rather than wrong in part; longer chains "
        "than `depth` are cut. The run says of how many "
        "entities."
    ),
    example=(
        "owned:\n"
        "  ownership:\n"
        "    links: {from: party_links, where: \"role = 'owner'\", country: related.residence_country, person: \"related.party_type = 'person'\"}\n"
        "    depth: 10"
    ),
)  # fmt: skip
