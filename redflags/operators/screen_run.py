"""Screening: who asks, what is listed at that moment, what speaks for and against."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from redflags.operators.base import AT, ROW, ROW_ID, Cap, Input, Output
from redflags.operators.screen import MADE, keys_of
from redflags.operators.screen_asked import Asked, asked_of
from redflags.operators.screen_likes import ONE
from redflags.operators.screen_lists import Entries, entries
from redflags.operators.screen_match import matched
from redflags.operators.screen_register import best_over_time
from redflags.plan.nodes import LONG_AGO
from redflags.registers.register import FROM, MISSING_FROM, MISSING_TO, TO

if TYPE_CHECKING:
    from redflags.plan.nodes import Derived

#: What agreement and contradiction do to a score, in millionths.
BIRTH: Final = (30_000, -100_000)
PLACE: Final = (20_000, -30_000)
TYPE: Final = (0, -100_000)
PAIR: Final = ["_row", "e"]
AGREES, CONFLICTS, UNKNOWN = "agrees", "conflicts", "unknown"
FOUND: Final = tuple(MADE)


def screened(node: Derived, source: Input) -> Output:
    """One row per screened row and entry that match, and per key the best match over time."""
    held = entries(source.evaluator, node.option("lists"))
    asked = asked_of(node, source)
    least = node.option("least")
    named, left_out = _by_name(asked, held, least - BIRTH[0] - PLACE[0], node.option("cap"))
    numbered = _by_identifier(asked, held)
    pairs = pl.concat([named.select(PAIR), numbered.select(PAIR)]).unique()
    pairs = _valid(pairs, asked, held, standing=node.option("standing"))
    about = _about(pairs, asked, held, node.option("within"))
    found = _decided(about, named, numbered, least, node.option("weak"))
    frame = _shown(node, source, asked, found, held)
    caps = list(asked.caps)
    if left_out:
        caps.append(Cap("pairs of a name with listed names that share commoner parts were not compared", left_out))
    keys = keys_of(node)
    register = (
        best_over_time(frame, keys, FOUND)
        if node.option("take") == "best"
        else frame.filter(pl.col(k).is_not_null() for k in keys)
    )
    return Output(frame, tuple(caps), register)


# ---- what matches ------------------------------------------------------------------------------------------


def _by_name(asked: Asked, held: Entries, least: int, cap: int) -> tuple[pl.DataFrame, int]:
    texts = asked.names.select("text").unique().sort("text")["text"]
    listed = held.names.select("text").unique().sort("text")["text"]
    pairs = matched(texts, listed, least, cap)
    found = pairs.frame.with_columns(
        texts.gather(pairs.frame["q"]).alias("text"), listed.gather(pairs.frame["l"]).alias("listed_text")
    )
    rows = (
        found.drop("q", "l")
        .join(asked.names, on="text")
        .join(held.names.rename({"text": "listed_text"}), on="listed_text")
    )
    return rows.drop("text", "listed_text").rename(
        {"score": "name_score", "agreeing": "tokens_agreeing", "lacking": "tokens_lacking"}
    ), pairs.left_out


def _by_identifier(asked: Asked, held: Entries) -> pl.DataFrame:
    pairs = asked.identifiers.drop("identifier").join(held.identifiers, on="value")
    pairs = pairs.filter((pl.col("id_kind") == pl.col("listed_kind")).fill_null(value=True))
    pairs = pairs.with_columns(pl.coalesce("id_kind", "listed_kind").alias("identifier_kind"))
    first = pairs.sort("identifier", "identifier_kind", nulls_last=True).unique(PAIR, keep="first", maintain_order=True)
    return first.select(*PAIR, "identifier", "identifier_kind")


def _valid(pairs: pl.DataFrame, asked: Asked, held: Entries, *, standing: bool) -> pl.DataFrame:
    """Pairs that stand together at some moment, from ``start`` to ``end``."""
    rows = pairs.join(asked.rows.select(ROW, "start", "end"), on=ROW).join(held.entries.select("e", FROM, TO), on="e")
    if not standing:
        inside = (pl.col(FROM) <= pl.col("start")) & (pl.col("start") < pl.col(TO))
        return rows.filter(inside).select(*PAIR, "start", pl.col(TO).alias("end"))
    rows = rows.with_columns(pl.max_horizontal("start", FROM).alias("start"), pl.min_horizontal("end", TO).alias("end"))
    return rows.filter(pl.col("start") < pl.col("end")).select(*PAIR, "start", "end")


def _verdict(agrees: pl.Expr, known: pl.Expr) -> pl.Expr:
    return pl.when(agrees).then(pl.lit(AGREES)).when(known).then(pl.lit(CONFLICTS)).otherwise(pl.lit(UNKNOWN))


def _about(pairs: pl.DataFrame, asked: Asked, held: Entries, within: int) -> pl.DataFrame:
    """Birth, place and type of each pair: agrees, conflicts, unknown."""
    births = pairs.join(asked.births, on=ROW).join(held.births, on="e")
    near = (pl.col("born") >= pl.col("low") - within) & (pl.col("born") <= pl.col("high") + within)
    born = births.group_by(PAIR).agg(near.any().alias("born"))
    listed = held.entries.select("e", "entity_type", "countries").filter(
        pl.col("e").is_in(pairs["e"].unique().to_list())
    )
    countries = listed.select("e", pl.col("countries").alias("listed_country")).explode("listed_country").drop_nulls()
    countries = countries.with_columns(pl.col("listed_country").str.to_uppercase())
    placed = pairs.join(asked.countries, on=ROW).join(countries, on="e")
    placed = placed.group_by(PAIR).agg((pl.col("country") == pl.col("listed_country")).any().alias("placed"))
    made = pairs.join(born, on=PAIR, how="left").join(placed, on=PAIR, how="left").join(asked.types, on=ROW, how="left")
    made = made.join(listed.select("e", "entity_type"), on="e", how="left")
    listed_type = pl.when(pl.col("entity_type") != "other").then(pl.col("entity_type"))
    same = (pl.col("own_type") == listed_type).alias("same")
    made = made.with_columns(same).with_columns(
        _verdict(pl.col("born").fill_null(value=False), pl.col("born").is_not_null()).alias("birth"),
        _verdict(pl.col("placed").fill_null(value=False), pl.col("placed").is_not_null()).alias("place"),
        _verdict(pl.col("same").fill_null(value=False), pl.col("same").is_not_null()).alias("type"),
    )
    return made.with_columns(
        pl.sum_horizontal(pl.col(c) == AGREES for c in ("birth", "place")).cast(pl.Int64).alias("supports"),
        pl.sum_horizontal(pl.col(c) == CONFLICTS for c in ("birth", "place", "type")).cast(pl.Int64).alias("conflicts"),
    ).select(*PAIR, "start", "end", "birth", "place", "type", "supports", "conflicts")


def _points(column: str, points: tuple[int, int]) -> pl.Expr:
    return (
        pl.when(pl.col(column) == AGREES).then(points[0]).when(pl.col(column) == CONFLICTS).then(points[1]).otherwise(0)
    )


def _decided(about: pl.DataFrame, named: pl.DataFrame, numbered: pl.DataFrame, least: int, weak: str) -> pl.DataFrame:
    """One row per pair: by identifier, else by its best name."""
    points = _points("birth", BIRTH) + _points("place", PLACE) + _points("type", TYPE)
    rows = about.join(named, on=PAIR, how="inner")
    rows = rows.with_columns((pl.col("name_score") + points).clip(0, ONE).cast(pl.Int64).alias("score"))
    rows = rows.filter(pl.col("score") >= least)
    numbers = about.join(numbered, on=PAIR, how="inner")
    if weak == "supported":
        stands = (pl.col("alias_quality") == "strong") | ((pl.col("supports") > 0) & (pl.col("conflicts") == 0))
        rows = rows.join(numbers.select(*PAIR, pl.lit(value=True).alias("sure")), on=PAIR, how="left")
        rows = rows.filter(stands | pl.col("sure").is_not_null()).drop("sure")
    rows = rows.sort(
        [*PAIR, "score", "alias_quality", "alias", "listed_name", "screened_name"],
        descending=[False, False, True, False, False, False, False],
    )
    rows = rows.unique(PAIR, keep="first", maintain_order=True)
    known = [c for c in about.columns if c not in PAIR]
    both = rows.join(numbers, on=PAIR, how="full", coalesce=True, suffix="_b")
    both = both.with_columns(pl.coalesce(c, f"{c}_b").alias(c) for c in known)
    by_number = pl.col("identifier").is_not_null()
    return both.with_columns(
        pl.when(by_number).then(pl.lit("identifier")).otherwise(pl.lit("name")).alias("kind"),
        pl.when(by_number).then(ONE).otherwise(pl.col("score")).cast(pl.Int64).alias("score"),
        (pl.col("supports") + by_number.cast(pl.Int64)).alias("supports"),
    )


# ---- what is shown -----------------------------------------------------------------------------------------


def _shown(node: Derived, source: Input, asked: Asked, found: pl.DataFrame, held: Entries) -> pl.DataFrame:
    """The found rows with the columns of their input, moment and id."""
    keys: Any = node.option("by")
    about = held.entries.select(
        "e",
        "list_id",
        "list_version",
        "entry_id",
        pl.col("entity_type").alias("entry_type"),
        "regime",
        pl.col(FROM).alias("listed_from"),
    )
    known = [pl.col(f"_k{i}").alias(name) for i, (name, _) in enumerate(keys) if f"_k{i}" in asked.rows.columns]
    rows = found.join(asked.rows.select(ROW, pl.col(ROW_ID).alias("screened_id"), *known), on=ROW).join(about, on="e")
    measures = source.evaluator.measures
    first = LONG_AGO if measures is None else measures.covers_from
    start = pl.col("start")
    rows = rows.with_columns(
        pl.when(start == MISSING_FROM).then(pl.lit(first, pl.Int64)).otherwise(start).alias(AT),
        pl.when(start != MISSING_FROM).then(start).alias("valid_from"),
        pl.when(pl.col("end") != MISSING_TO).then(pl.col("end")).alias("valid_to"),
        pl.concat_str("screened_id", pl.col("list_id").fill_null(""), "entry_id", separator="~").alias(ROW_ID),
    )
    # Rows that share an id (an entry held twice, a register without ids) are told apart by what they say.
    order = [ROW_ID, AT, "listed_from", "list_version", "listed_name", "screened_name", "identifier", "end"]
    rows = rows.sort(order, nulls_last=True).with_columns(pl.int_range(pl.len()).over(ROW_ID).alias("copy"))
    rows = rows.with_columns(
        pl.when(pl.col("copy") > 0)
        .then(pl.format("{}#{}", ROW_ID, pl.col("copy") + 1))
        .otherwise(pl.col(ROW_ID))
        .alias(ROW_ID)
    )
    made = rows.select(
        ROW, AT, ROW_ID, *(name for name, _ in keys if name not in FOUND and name in rows.columns), *FOUND
    )
    wanted = np.unique(made[ROW].to_numpy())
    inner = replace(source, names={}, rows=wanted).everything()
    inner = inner.drop([c for c in inner.columns if c in made.columns and c != ROW])
    return made.join(inner, on=ROW, how="left", maintain_order="left").drop(ROW)


__all__ = ["BIRTH", "PLACE", "TYPE", "screened"]
