"""What ties parties together, as operators read it.

Rows that share an identifier, or that name two parties, on a grid of versions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from redflags.operators.base import AT, Cap
from redflags.operators.binder import Binder
from redflags.plan.nodes import LONG_AGO, Held
from redflags.plan.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redflags.expr.nodes import Expr
    from redflags.kernel._arrays import I64
    from redflags.operators.base import Input
    from redflags.plan.nodes import Derived
    from redflags.plan.schema import FrameColumn

DAY = 86_400_000_000
#: Versions before the first and after the last.
LOW, HIGH = -(2**40), 2**40
SEPARATOR = "\x1f"


@dataclass(frozen=True)
class Form:
    """One bound block of ``edges``: ``via`` counts the parts of the identifier (0: the block names two parties)."""

    via: int
    within: int | None
    kind: str | None


# ---- reading the block ----------------------------------------------------------------------------------------------


def part(binder: Binder, spec: Any, *where: str | int) -> Binder:  # noqa: ANN401
    """A reader of a block inside the operator's block."""
    if not isinstance(spec, dict):
        raise binder.fault(where, f"'{where[0]}' wants a block of named parts")
    made = Binder(binder.resolver, binder.name, binder.operator, spec, binder.path[:-1])
    made.path = (*binder.path, *where)
    made.operator = f"{binder.operator}: {where[0]}"
    return made


def source(block: Binder, default: str | None = None) -> Scope:
    """The rows that ``from`` names.

    A table that is a register is read with its validity, whether or not it is also a stream.
    """
    name = block.text("from", default)
    table = block.resolver.schemas.known_table(name)
    if name not in block.resolver.streams and table is not None and table.kind != "stream":
        return Scope(block.resolver, Held(name), (*block.path, "from"))
    return block.rows_named(name, "from")


def condition(block: Binder, scope: Scope) -> Expr | None:
    """The block's ``where``."""
    text = block.raw("where")
    return None if text is None else block.condition(scope, str(text), "where")


def every(binder: Binder) -> int:
    """Distance of versions."""
    found = binder.duration("every", DAY)
    if found is None or found <= 0:
        raise binder.fault(("every",), "every is a duration above zero")
    return found


def bind_edges(binder: Binder, *, carry: bool = False) -> tuple[tuple[Form, ...], FrameColumn]:
    """The blocks of ``edges``, and the column that the parties are; with ``carry`` an amount flows along each row."""
    specs = binder.raw("edges")
    if not isinstance(specs, list) or not specs:
        raise binder.fault(
            ("edges",), f"'{binder.operator}' wants a list of edges", "edges: [{from: ..., member: ..., via: [...]}]"
        )
    general = binder.duration("within")
    forms, node = [], None
    for index, spec in enumerate(specs):
        block = part(binder, spec, "edges", index)
        scope = source(block)
        names: dict[str, Expr] = {}
        if block.has("via"):
            ends: tuple[str, ...] = ("member",)
            via = block.names("via")
            if carry:
                raise block.fault(
                    ("via",), "shares are carried along rows that name two parties", "give a (from) and b (to)"
                )
            for place, text in enumerate(via):
                at = ("via",) if isinstance(block.raw("via"), str) else ("via", place)
                names[f"v{place}"] = block.expr(scope, text, *at, wants=("text", "int", "date", "bool"))
        else:
            ends, via = ("a", "b"), ()
            if not (block.has("a") and block.has("b")):
                raise block.fault(
                    (), "an edge is (member, via) or (a, b)", "member: party_id, via: [id_type, id_value]"
                )
        for end in ends:
            names[end] = block.expr(scope, block.text(end), end, wants=("text",))
            node = node or block.column(scope, names[end], block.type_of(scope, names[end], end))
        kind = None
        if block.has("kind"):
            names["kind"] = block.expr(scope, block.text("kind"), "kind", wants=("text",))
        else:
            kind = block.text("from")
        if carry:
            names["amount"] = _amount(binder, block, scope)
        within = block.duration("within", general)
        if within is not None and within <= 0:
            raise block.fault(("within",), "within is a duration above zero")
        binder.add(f"edges{index}", scope, names, condition(block, scope))
        block.done()
        forms.append(Form(len(via), within, kind))
    assert node is not None  # noqa: S101  there is at least one block with at least one end
    return tuple(forms), node


def _amount(binder: Binder, block: Binder, scope: Scope) -> Expr:
    """What flows along a row: the block's own ``amount``, else the operator's."""
    text = block.raw("amount", binder.raw("amount"))
    if not isinstance(text, str):
        raise block.fault((), "shares want an amount", "amount: amount_base")
    found = block.expr(scope, text, "amount", wants=("money", "number", "int"))
    if block.type_of(scope, found, "amount").currency == "row":
        raise block.fault(("amount",), "amounts of two currencies do not add up", "take amount_base", code="EXPR-TYPE")
    return found


def bind_seeds(binder: Binder) -> FrameColumn:
    """The block of ``seeds``: who is marked, since when, until when."""
    block = part(binder, binder.raw("seeds"), "seeds")
    scope = source(block)
    node = block.expr(scope, block.text("node", "party_id"), "node", wants=("text",))
    names = {"node": node}
    if block.has("until"):
        names["until"] = block.expr(scope, block.text("until"), "until", wants=("time",))
    binder.add("seeds", scope, names, condition(block, scope))
    made = block.column(scope, node, block.type_of(scope, node, "node"))
    block.done()
    return made


# ---- reading the rows -----------------------------------------------------------------------------------------------


def spans(found: Input, within: int | None, grid: int) -> pl.DataFrame:
    """The asked expressions, with ``from`` (moment, µs) and the versions ``[begin, end)`` in which the row lives.

    A row of a register is known from its ``valid_from``, or from the table's own moment where that is later, and
    lives to its
    ``valid_to``. Rows that no version sees are left out.
    """
    frame = found.frame()
    table = found.table
    starts = [pl.col(AT)]
    ends: list[pl.Expr] = []
    extra: list[pl.Series] = []
    if isinstance(table.node, Held):
        entry = found.evaluator.schemas.table(table.node.register)
        for role, name in (("_seen", entry.time), ("_until", entry.valid_to)):
            if name is not None and name in table.source.columns:
                moments = table.column(name, found.rows)
                scale = DAY if moments.dtype == pl.Int32 else 1
                extra.append((moments.cast(pl.Int64) * scale).alias(role))
        starts += [pl.col("_seen")] if any(s.name == "_seen" for s in extra) else []
        ends += [pl.col("_until")] if any(s.name == "_until" for s in extra) else []
    if "until" in frame.columns:
        ends = [pl.col("until")]
    frame = frame.with_columns(extra).with_columns(pl.max_horizontal(starts).alias("from"))
    if within is not None:
        ends.append(pl.when(pl.col("from") > LONG_AGO).then(pl.col("from") + within))
    stop = pl.min_horizontal(ends) if ends else pl.lit(None, pl.Int64)
    frame = frame.with_columns(
        pl.when(pl.col("from") <= LONG_AGO).then(LOW).otherwise(_up(pl.col("from"), grid)).alias("begin"),
        _up(stop, grid).fill_null(HIGH).clip(LOW, HIGH).alias("end"),
    )
    return frame.filter(pl.col("begin") < pl.col("end"))


def _up(moment: pl.Expr, grid: int) -> pl.Expr:
    """The first version at or after a moment."""
    return -((-moment) // grid)


def incidences(node: Derived, inputs: Mapping[str, Input], grid: int, *, kinds: bool) -> tuple[pl.DataFrame, int]:
    """Who bears which identifier when.

    ``member``, ``ident``, ``pair``, ``kind``, ``from``, ``begin``, ``end``; and rows left out.

    Rows that name two parties are an identifier that both bear, whichever way round they stand; without ``kinds``
    rows of all
    kinds between two parties are one.
    """
    forms: tuple[Form, ...] = node.option("edges")
    pieces, lost = [], 0
    for index, form in enumerate(forms):
        frame = spans(inputs[f"edges{index}"], form.within, grid)
        frame = frame if form.kind is None else frame.with_columns(pl.lit(form.kind).alias("kind"))
        values = [f"v{i}" for i in range(form.via)]
        needed = ["kind", *(("member", *values) if form.via else ("a", "b"))]
        whole = frame.drop_nulls(needed)
        lost += frame.height - whole.height
        columns = ["member", "ident", "pair", "kind", "from", "begin", "end"]
        if form.via:
            text = pl.concat_str(["kind", *(pl.col(v).cast(pl.String) for v in values)], separator=SEPARATOR)
            pieces.append(whole.with_columns(text.alias("ident"), pl.lit(value=False).alias("pair")).select(columns))
            continue
        whole = whole.filter(pl.col("a") != pl.col("b"))
        ends = [pl.min_horizontal("a", "b"), pl.max_horizontal("a", "b")]
        tag = pl.col("kind") if kinds else pl.lit("")
        text = pl.concat_str([pl.lit("\x1e"), tag, *ends], separator=SEPARATOR)
        whole = whole.with_columns(text.alias("ident"), pl.lit(value=True).alias("pair"))
        pieces += [whole.with_columns(pl.col(end).alias("member")).select(columns) for end in ("a", "b")]
    return pl.concat(pieces), lost


def left_out(rows: int) -> tuple[Cap, ...]:
    """The note on rows that tie nobody."""
    return (Cap("rows left out, since a party, an identifier or a kind is unknown", rows),) if rows else ()


def seniority(rows: pl.DataFrame) -> pl.Series:
    """Parties from the earliest first moment on, then by id: a party's place is its seniority."""
    return rows.group_by("member").agg(pl.col("from").min()).sort("from", "member")["member"]


def coded(values: pl.Series, among: pl.Series) -> pl.Series:
    """Places of values among distinct ones."""
    places = pl.DataFrame({"v": among, "c": pl.int_range(len(among), dtype=pl.Int64, eager=True)})
    return pl.DataFrame({"v": values}).join(places, on="v", how="left", maintain_order="left")["c"]


def coded_marks(marks: pl.DataFrame, parties: pl.Series) -> tuple[I64, I64, I64]:
    """Who is marked (places among the parties) in which versions ``[begin, end)``, in order and without overlaps."""
    from redflags.operators.edges_kernel import merged

    rows = marks.select(coded(marks["node"], parties).alias("p"), pl.lit(0, pl.Int64).alias("z"), "begin", "end")
    rows = rows.sort("p", "begin")
    place, _, begin, end = merged(*(rows[name].to_numpy() for name in rows.columns))
    return place, begin, end


# ---- writing the register -------------------------------------------------------------------------------------------


def last_version(found: Input, grid: int) -> int:
    """The newest version that a run up to its W can ask for."""
    return min(found.evaluator.upto // grid, HIGH - 1)


def until_next(visits: I64, name: str) -> pl.DataFrame:
    """``name``, ``begin``, ``end`` of visits: each ends what the one before said."""
    ends = pl.DataFrame(visits, schema=[name, "begin"], orient="row").sort(name, "begin")
    return ends.with_columns(pl.col("begin").shift(-1).over(name).fill_null(HIGH).alias("end"))


def validity(rows: pl.DataFrame, grid: int) -> pl.DataFrame:
    """``begin`` and ``end`` of versions as moments; open ends are null."""
    return rows.with_columns(
        pl.when(pl.col("begin") > LOW).then(pl.col("begin") * grid).alias("valid_from"),
        pl.when(pl.col("end") < HIGH).then(pl.col("end") * grid).alias("valid_to"),
    ).drop("begin", "end")


def joined_up(rows: pl.DataFrame, keys: list[str], values: list[str]) -> pl.DataFrame:
    """Rows of one key that meet and say the same, as one."""
    rows = rows.sort(*keys, "begin")
    same = pl.all_horizontal(pl.col(n).eq_missing(pl.col(n).shift(1)) for n in (*keys, *values))
    meets = (pl.col("begin") == pl.col("end").shift(1)).fill_null(value=False)
    number = (~(same & meets)).cum_sum()
    return (
        rows.with_columns(number.alias("_n"))
        .group_by("_n", maintain_order=True)
        .agg(*(pl.col(n).first() for n in (*keys, *values, "begin")), pl.col("end").last())
        .drop("_n")
    )


__all__ = ["Form", "bind_edges", "bind_seeds"]
