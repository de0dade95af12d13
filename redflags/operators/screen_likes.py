"""Words against words: which may agree and how alike they are, and the classes that find them.

Whether two words agree depends on the two alone.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from redflags.operators.screen_names import INITIAL

Whole: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]

ONE: Final = 1_000_000
#: Tokens less alike than this do not count as agreeing.
LEAST_LIKE: Final = 600_000
#: Likeness of two tokens of which one has no vowels, where the consonants agree.
MUTE_LIKE: Final = 900_000
#: Shorter tokens have no neighbours by one letter.
SHORT: Final = 4


def _deletions(words: pl.DataFrame) -> pl.DataFrame:
    """Tokens (``t``) with one letter left out, or none."""
    token = pl.col("token")
    long = words.filter((token.str.len_chars() >= SHORT) & (pl.col("weight") > INITIAL)).select("t", "token")
    cut = long.with_columns(pl.int_ranges(0, token.str.len_chars()).alias("i")).explode("i")
    cut = cut.select(
        "t",
        pl.concat_str(token.str.slice(0, pl.col("i")), token.str.slice(pl.col("i") + 1)).hash().alias("d"),
    )
    return pl.concat([long.select("t", token.hash().alias("d")), cut]).unique()


def neighbours(asked: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """Pairs of tokens (``s`` asked, ``t`` listed) one letter changed, added, left out or swapped."""
    from rapidfuzz.distance import OSA

    pairs = (
        _deletions(asked)
        .join(_deletions(listed), on="d")
        .select(pl.col("t").alias("s"), pl.col("t_right").alias("t"))
        .unique()
    )
    pairs = _spelled(pairs.filter(pl.col("s") != pl.col("t")), asked, listed)
    apart = _compared(pairs["token"], pairs["token_right"], OSA.distance, cutoff=1)
    return pairs.filter(pl.Series(apart <= 1)).select("s", "t")


def _spelled(pairs: pl.DataFrame, asked: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    known = ["t", "token", "sound"]
    made = pairs.join(asked.select(known).rename({"t": "s"}), on="s", how="left", maintain_order="left")
    return made.join(listed.select(known), on="t", how="left", maintain_order="left")


# A compiled scorer has no type.
def _compared(left: pl.Series, right: pl.Series, scorer: Any, cutoff: float | None = None) -> Floats:  # noqa: ANN401
    from rapidfuzz import process

    if not left.len():
        return np.empty(0, np.float64)
    return np.asarray(
        process.cpdist(left.to_list(), right.to_list(), scorer=scorer, score_cutoff=cutoff, workers=1),
        np.float64,
    )


def likeness(left: pl.Series, right: pl.Series) -> Whole:
    """Jaro-Winkler likeness in millionths; every hundredth below 1 counts one and a half."""
    from rapidfuzz.distance import JaroWinkler

    return (
        ONE - 3 * (ONE - np.rint(_compared(left, right, JaroWinkler.normalized_similarity) * ONE).astype(np.int64)) // 2
    )


def alike(left: pl.DataFrame) -> Whole:
    """Likeness of ``token, sound`` and ``token_right, sound_right``: by letters or, at 3% less, by sound."""
    sound = ONE - 3 * (ONE - _by_sound(left)) // 2
    return np.maximum(likeness(left["token"], left["token_right"]), sound)


def _by_sound(left: pl.DataFrame) -> Whole:
    from rapidfuzz.distance import JaroWinkler

    found = _compared(left["sound"], left["sound_right"], JaroWinkler.normalized_similarity)
    return np.rint(found * 0.97 * ONE).astype(np.int64)


def likes_of(asked: pl.DataFrame, listed: pl.DataFrame, near: pl.DataFrame) -> pl.DataFrame:
    """Pairs of tokens that may agree (``s, t, like``): by sound, by one letter, or without vowels."""
    solid = pl.col("weight") != INITIAL
    one, two = asked.filter(solid), listed.filter(solid)
    bones = (pl.col("mute") | pl.col("mute_right")) & (pl.col("token") != pl.col("token_right"))
    same = one.join(two, on="main").select(pl.col("t").alias("s"), pl.col("t_right").alias("t"))
    mute = pl.concat(
        [
            one.filter("mute")
            .join(two, on="bones")
            .filter(bones)
            .select(pl.col("t").alias("s"), pl.col("t_right").alias("t")),
            one.join(two.filter("mute"), on="bones")
            .filter(bones)
            .select(pl.col("t").alias("s"), pl.col("t_right").alias("t")),
        ]
    ).unique()
    pairs = _spelled(pl.concat([same, near]).filter(pl.col("s") != pl.col("t")).unique(), asked, listed)
    made = pairs.select("s", "t").with_columns(pl.Series("like", alike(pairs), dtype=pl.Int64))
    made = pl.concat([made, mute.with_columns(pl.lit(MUTE_LIKE, pl.Int64).alias("like"))])
    return made.group_by("s", "t").agg(pl.col("like").max()).filter(pl.col("like") >= LEAST_LIKE).sort("s", "t")


def _classes(words: pl.DataFrame, made: list[tuple[pl.Expr, pl.Expr, bool]]) -> pl.DataFrame:
    """``t, c`` (class) and ``full`` (not by an initial alone)."""
    beyond = words.filter(pl.col("weight") > 1)
    parts = [
        beyond.filter(where).select("t", name.alias("c"), pl.lit(full).alias("full")) for where, name, full in made
    ]
    return pl.concat(parts).unique()


_ONE_LETTER: Final = pl.col("weight") == INITIAL
_FIRST: Final = pl.col("token").str.head(1)


def listed_classes(words: pl.DataFrame) -> pl.DataFrame:
    """Classes of listed words: by sound, by consonants, by first letter."""
    solid = ~_ONE_LETTER
    return _classes(
        words,
        [
            (solid, pl.col("main"), True),
            (solid, pl.format("~{}", "bones"), True),
            (solid & pl.col("mute"), pl.format("!{}", "bones"), True),
            (solid, pl.format("2{}", _FIRST), False),
            (_ONE_LETTER, pl.format("1{}", _FIRST), False),
            (_ONE_LETTER, pl.format("0{}", _FIRST), False),
        ],
    )


def asked_classes(words: pl.DataFrame, listed: pl.DataFrame, near: pl.DataFrame) -> pl.DataFrame:
    """The classes that an asked word may agree with; those of listed words one letter away too."""
    solid = ~_ONE_LETTER
    own = _classes(
        words,
        [
            (solid, pl.col("main"), True),
            (solid & pl.col("mute"), pl.format("~{}", "bones"), True),
            (solid, pl.format("!{}", "bones"), True),
            (solid, pl.format("1{}", _FIRST), False),
            (_ONE_LETTER, pl.format("2{}", _FIRST), False),
            (_ONE_LETTER, pl.format("0{}", _FIRST), False),
        ],
    )
    by_letter = near.join(listed.select("t", "main"), on="t").select(
        pl.col("s").alias("t"), pl.col("main").alias("c"), pl.lit(value=True).alias("full")
    )
    return pl.concat([own, by_letter]).unique()
