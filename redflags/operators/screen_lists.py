"""Listed entries as they are compared: names, identifiers, birth years, countries, with their validity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from redflags.engine.errors import MissingInputError
from redflags.operators.screen_names import folded
from redflags.registers.register import FROM, MISSING_FROM, TO

if TYPE_CHECKING:
    from redflags.engine.evaluate import Evaluator

TABLE: Final = "list_entries"
ENTRY: Final = ("list_id", "entry_id", FROM, TO)
#: Identifiers with fewer letters and digits are not compared.
SHORTEST: Final = 4
_TEXTS: Final = (
    "list_id",
    "list_version",
    "entry_id",
    "kind",
    "entity_type",
    "name",
    "alias_quality",
    "identifier",
    "identifier_kind",
    "birth_record",
    "regime",
)
_LISTS: Final = ("aliases", "countries")


@dataclass(frozen=True)
class Entries:
    """Entries by number ``e``.

    Attributes:
        entries: ``e``, list, version, entry, regime, type, ``__from``, ``__to``, ``countries``.
        names: ``e, text`` (folded)``, listed_name, alias, alias_quality``.
        identifiers: ``e, value`` (normalised)``, id_kind, identifier``.
        births: ``e, low, high`` years.
    """

    entries: pl.DataFrame
    names: pl.DataFrame
    identifiers: pl.DataFrame
    births: pl.DataFrame


def entries(evaluator: Evaluator, lists: tuple[str, ...]) -> Entries:
    """What the lists hold; an entry withdrawn as an error is not among it.

    Rows of one entry with one validity are one; its birth records, countries and type are those of all
    its rows valid when it begins.
    """
    rows = _rows(evaluator, lists)
    keyed = (
        rows.group_by(ENTRY)
        .agg(pl.col("list_version").max(), pl.col("regime").drop_nulls().sort().first())
        .sort(ENTRY, nulls_last=False)
        .with_row_index("e")
        .with_columns(pl.col("e").cast(pl.Int64))
    )
    rows = rows.join(keyed.select("e", *ENTRY), on=ENTRY, how="left", nulls_equal=True)
    own = keyed.select("e", "list_id", "entry_id", FROM).join(
        rows.select(
            "list_id",
            "entry_id",
            "birth_record",
            "countries",
            "entity_type",
            pl.col(FROM).alias("since"),
            pl.col(TO).alias("until"),
        ),
        on=["list_id", "entry_id"],
        nulls_equal=True,
    )
    own = own.filter((pl.col("since") <= pl.col(FROM)) & (pl.col(FROM) < pl.col("until")))
    about = own.group_by("e").agg(
        pl.col("entity_type").drop_nulls().sort().first(),
        pl.col("countries").list.explode(empty_as_null=False).drop_nulls().unique().sort(),
    )
    return Entries(keyed.join(about, on="e", how="left"), _names(rows), _identifiers(rows), _births(own))


def _rows(evaluator: Evaluator, lists: tuple[str, ...]) -> pl.DataFrame:
    frame = evaluator.lookups.register(TABLE).frame
    for needed in ("entry_id", "list_id") if lists else ("entry_id",):
        if needed not in frame.columns:
            raise MissingInputError(TABLE, needed)
    frame = frame.with_columns(
        *(pl.lit(None, pl.String).alias(name) for name in _TEXTS if name not in frame.columns),
        *(pl.lit(None, pl.List(pl.String)).alias(name) for name in _LISTS if name not in frame.columns),
    )
    if "listed_at" in frame.columns:
        listed = pl.when(pl.col(FROM) == MISSING_FROM).then(pl.col("listed_at").cast(pl.Int64)).fill_null(pl.col(FROM))
        frame = frame.with_columns(listed.alias(FROM))
    if "withdrawn_as_error" in frame.columns:
        frame = frame.filter(~pl.col("withdrawn_as_error").fill_null(value=False))
    if lists:
        frame = frame.filter(pl.col("list_id").is_in(list(lists)))
    return frame.filter(pl.col("entry_id").is_not_null() & (pl.col(FROM) < pl.col(TO)))


def _names(rows: pl.DataFrame) -> pl.DataFrame:
    quality = pl.col("alias_quality").fill_null("strong")
    second = (pl.col("kind") == "alias").fill_null(value=False)
    named = rows.filter((pl.col("kind") != "address").fill_null(value=True))
    first = named.select(
        "e",
        pl.col("name").alias("listed_name"),
        second.alias("alias"),
        pl.when(second).then(quality).otherwise(pl.lit("strong")).alias("alias_quality"),
    )
    others = named.select(
        "e",
        pl.col("aliases").alias("listed_name"),
        pl.lit(value=True).alias("alias"),
        quality.alias("alias_quality"),
    )
    made = pl.concat([first, others.explode("listed_name")]).filter(pl.col("listed_name").is_not_null()).unique()
    distinct = made.select("listed_name").unique()
    known = distinct.with_columns(folded(distinct["listed_name"]).alias("text"))
    return made.join(known, on="listed_name").filter(pl.col("text").is_not_null())


def normalised(identifier: pl.Expr) -> pl.Expr:
    """An identifier as compared: letters and digits, capitals; null where fewer than four or all zeros."""
    bare = identifier.str.to_uppercase().str.replace_all(r"[^\p{L}\p{N}]", "")
    return pl.when((bare.str.len_chars() >= SHORTEST) & bare.str.contains("[^0]")).then(bare)


def _identifiers(rows: pl.DataFrame) -> pl.DataFrame:
    made = rows.select(
        "e",
        normalised(pl.col("identifier")).alias("value"),
        pl.col("identifier_kind").alias("listed_kind"),
        "identifier",
    )
    return made.filter(pl.col("value").is_not_null()).unique(["e", "value", "listed_kind"], maintain_order=True)


def _births(own: pl.DataFrame) -> pl.DataFrame:
    """Years of birth: each date or year of a record, and a span where it gives two years."""
    part = pl.col("part")
    parts = (
        own.select("e", pl.col("birth_record").str.split(";").alias("part")).explode("part").filter(part.is_not_null())
    )
    span = part.str.extract_groups(r"\b((?:1[89]|20)\d\d)\s*(?:-|–|to|and|/)\s*((?:1[89]|20)\d\d)\b")
    parts = parts.with_columns(span.struct.field("1").alias("a"), span.struct.field("2").alias("b"))
    spans = parts.filter(pl.col("a").is_not_null()).select(
        "e", pl.min_horizontal("a", "b").alias("low"), pl.max_horizontal("a", "b").alias("high")
    )
    years = (
        parts.filter(pl.col("a").is_null())
        .select("e", part.str.extract_all(r"(?:1[89]|20)\d\d").alias("low"))
        .explode("low")
    )
    years = years.filter(pl.col("low").is_not_null()).with_columns(pl.col("low").alias("high"))
    return pl.concat([spans, years]).select("e", pl.col("low").cast(pl.Int64), pl.col("high").cast(pl.Int64)).unique()
