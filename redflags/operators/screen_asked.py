"""Who is screened: names, identifiers and what else is known of the rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from redflags.engine.errors import MissingInputError
from redflags.operators.base import AT, ROW, ROW_ID, Cap, Input
from redflags.operators.screen_lists import normalised
from redflags.operators.screen_names import folded
from redflags.plan.nodes import LONG_AGO, Held
from redflags.registers.register import MISSING_FROM, MISSING_TO
from redflags.tables import dictionary

if TYPE_CHECKING:
    from redflags.plan.nodes import Derived

#: Party types that are firms or bodies, and those that are persons.
BODIES: Final = (
    "company",
    "partnership",
    "npo",
    "trust",
    "public_body",
    "financial_institution",
    "entity",
    "organization",
    "organisation",
    "firm",
)
PERSONS: Final = ("person", "sole_trader", "individual")


@dataclass(frozen=True)
class Asked:
    """Rows to screen: ``rows`` (``_row, at, _id``, keys, ``start, end``) and what is known by ``_row``."""

    rows: pl.DataFrame
    names: pl.DataFrame
    identifiers: pl.DataFrame
    births: pl.DataFrame
    countries: pl.DataFrame
    types: pl.DataFrame
    caps: tuple[Cap, ...]


def asked_of(node: Derived, source: Input) -> Asked:
    """The rows of the input, with what could be read of them."""
    frame, absent = _read(source)
    rows = frame.select(ROW, AT, ROW_ID, *(c for c in frame.columns if c.startswith("_k")))
    rows = rows.with_columns(_starts(source).alias("start"), pl.lit(MISSING_TO).alias("end"))
    table = source.table
    if node.option("standing") and table.has("valid_to"):
        until = table.column("valid_to", source.rows).cast(pl.Int64).fill_null(MISSING_TO)
        rows = rows.with_columns(until.alias("end"))
    names = _long(frame, [c for c in frame.columns if c.startswith("_n")], "screened_name")
    distinct = names.select("screened_name").unique(maintain_order=True)
    names = names.join(distinct.with_columns(folded(distinct["screened_name"]).alias("text")), on="screened_name")
    names = names.filter(pl.col("text").is_not_null())
    identifiers = _identifiers(node, frame)
    silent = frame.height - pl.concat([names.select(ROW), identifiers.select(ROW)])[ROW].n_unique()
    caps = [Cap(f"{what} did not come in and is not compared", frame.height) for what in absent]
    if silent:
        caps.append(Cap("rows without a name or identifier are not screened", silent))
    countries = _long(frame, [c for c in frame.columns if c.startswith("_c")], "country").with_columns(
        pl.col("country").str.to_uppercase()
    )
    return Asked(rows, names, identifiers, _birth_years(frame), countries, _types(frame), tuple(caps))


def _starts(source: Input) -> pl.Series:
    """Since when each row is there; rows that are read as given (parties) may say when they came."""
    table = source.table
    at = pl.Series(table.at[source.rows]).replace(LONG_AGO, MISSING_FROM)
    time = (
        None
        if not isinstance(table.node, Held)
        else dictionary().tables[table.name].time
        if table.name in dictionary().tables
        else None
    )
    if time is None or not table.has(time):
        return at
    came = table.column(time, source.rows).cast(pl.Int64).fill_null(MISSING_FROM)
    return pl.DataFrame([at.alias("a"), came.alias("b")]).select(pl.max_horizontal("a", "b"))["a"]


def _read(source: Input) -> tuple[pl.DataFrame, list[str]]:
    """The asked expressions, without those whose columns did not come in, if a name or identifier is left."""
    kept, absent, missing = {}, [], None
    for name, expr in source.names.items():
        try:
            replace(source, names={name: expr}, rows=source.rows[:0]).frame()
        except MissingInputError as lacking:
            absent.append(lacking.what)
            missing = lacking
        else:
            kept[name] = expr
    if missing is not None and not any(name.startswith(("_n", "_i", "_j")) for name in kept):
        raise missing
    if any(name.startswith("_k") for name in source.names) and not any(name.startswith("_k") for name in kept):
        assert missing is not None  # noqa: S101  a key was left out above
        raise missing
    return replace(source, names=kept).frame(), absent


def _long(frame: pl.DataFrame, columns: list[str], name: str) -> pl.DataFrame:
    """Values of text or list columns: ``_row`` and one value per row."""
    parts = [pl.DataFrame(schema={ROW: pl.Int64, name: pl.String})]
    for column in columns:
        part = frame.select(ROW, pl.col(column).alias(name))
        if isinstance(part.schema[name], pl.List):
            part = part.explode(name)
        parts.append(part.with_columns(pl.col(name).cast(pl.String)).drop_nulls())
    return pl.concat(parts).unique(maintain_order=True)


def _identifiers(node: Derived, frame: pl.DataFrame) -> pl.DataFrame:
    kinds: Any = node.option("kinds")
    parts = [pl.DataFrame(schema={ROW: pl.Int64, "identifier": pl.String, "id_kind": pl.String})]
    for index, kind in enumerate(kinds):
        if f"_i{index}" in frame.columns:
            part = _long(frame, [f"_i{index}"], "identifier")
            parts.append(part.with_columns(pl.lit(None if kind == "any" else kind, pl.String).alias("id_kind")))
    if "_j" in frame.columns:
        kind = frame.select(ROW, pl.col("_jk" if "_jk" in frame.columns else "_j").alias("id_kind"))
        kind = kind if "_jk" in frame.columns else kind.with_columns(pl.lit(None, pl.String).alias("id_kind"))
        parts.append(_long(frame, ["_j"], "identifier").join(kind, on=ROW, how="left"))
    made = pl.concat(parts).with_columns(normalised(pl.col("identifier")).alias("value"))
    return made.filter(pl.col("value").is_not_null()).unique([ROW, "value", "id_kind"], maintain_order=True)


def _birth_years(frame: pl.DataFrame) -> pl.DataFrame:
    if "_birth" not in frame.columns:
        return pl.DataFrame(schema={ROW: pl.Int64, "born": pl.Int64})
    kind = frame.schema["_birth"]
    year = pl.col("_birth")
    if kind == pl.String:
        year = year.str.extract(r"((?:1[89]|20)\d\d)").cast(pl.Int64)
    elif kind == pl.Int32:  # a date
        year = year.cast(pl.Date).dt.year().cast(pl.Int64)
    return frame.select(ROW, year.cast(pl.Int64).alias("born")).drop_nulls()


def _types(frame: pl.DataFrame) -> pl.DataFrame:
    if "_type" not in frame.columns:
        return pl.DataFrame(schema={ROW: pl.Int64, "own_type": pl.String})
    word = pl.col("_type").str.to_lowercase()
    made = (
        pl.when(word.is_in(list(PERSONS)))
        .then(pl.lit("person"))
        .when(word.is_in(list(BODIES)))
        .then(pl.lit("entity"))
        .when(word.is_in(["vessel", "aircraft", "wallet"]))
        .then(word)
    )
    return frame.select(ROW, made.alias("own_type")).drop_nulls()
