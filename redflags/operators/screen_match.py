"""Names against listed names: pairs worth comparing, then their likeness.

Which pairs are compared and how alike they are depends on the two names alone, so that a longer list never
changes what a shorter one gave; only ``cap``, where it bites, looks at the list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from redflags.operators import screen_names as names_
from redflags.operators.screen_likes import (
    ONE,
    Whole,
    alike,
    asked_classes,
    likes_of,
    listed_classes,
    neighbours,
)
from redflags.operators.screen_names import COMMON, INITIAL

if TYPE_CHECKING:
    from collections.abc import Iterator


#: Names are taken in lots with about so many pairs to compare.
LOT: Final = 8_000_000
#: And at most so many names.
LOT_NAMES: Final = 100_000
#: Names that agree only as one word lose this much.
JOINED: Final = 20_000
ALONE, WHOLE = 0xFFFFFFFF, 0xFFFFFFFE


@dataclass(frozen=True)
class Pairs:
    """Pairs of a name (``q``) and a listed one (``l``) with what was found; how many the cap left out."""

    frame: pl.DataFrame
    left_out: int


def matched(asked: pl.Series, listed: pl.Series, least: int, cap: int) -> Pairs:
    """All pairs that score at least ``least`` millionths; both series hold distinct folded names.

    Example:
        >>> found = matched(pl.Series(["karim rashid", "rasheed kareem"]), pl.Series(["karim rashid"]), 850_000, 100)
        >>> found.frame.select("q", "l", "how").rows()
        [(0, 0, 'exact'), (1, 0, 'tokens')]
    """
    left, right = _numbered(asked), _numbered(listed)
    left_tokens, right_tokens = names_.tokens_of(left), names_.tokens_of(right)
    words = names_.vocabulary(pl.concat([left_tokens["token"], right_tokens["token"]])).with_row_index("t")
    words = words.with_columns(pl.col("t").cast(pl.Int64))
    left_tokens, right_tokens = _coded(left_tokens, words), _coded(right_tokens, words)
    listed_words = words.join(right_tokens.select("t").unique(), on="t", how="semi", maintain_order="left")
    asked_words = words.join(left_tokens.select("t").unique(), on="t", how="semi", maintain_order="left")
    near = neighbours(asked_words, listed_words)
    right_classes, left_classes = (
        listed_classes(listed_words),
        asked_classes(asked_words, listed_words, near),
    )
    codes = right_classes.select("c").unique().sort("c").with_row_index("k")
    right_whole, left_whole = names_.whole_keys(right, turned=True), names_.whole_keys(left, turned=False)
    wholes = right_whole.select(pl.col("key").alias("c")).unique().sort("c").with_row_index("k")
    index = _keys(right_tokens, right_classes, words, codes, right_whole, wholes)
    asks = _keys(left_tokens, left_classes, words, codes, left_whole, wholes).join(
        index.group_by("key").len("df"), on="key", how="inner"
    )
    # The whole name first, then the rarest keys, until the cap is reached.
    asks = asks.sort("n", pl.col("key") % (1 << 32) != WHOLE, "df", "key").with_columns(
        pl.col("df").cum_sum().over("n").alias("sum")
    )
    kept = asks.filter((pl.col("sum") <= cap) | (pl.col("key") % (1 << 32) == WHOLE))
    left_out = int(asks["df"].cast(pl.Int64).sum()) - int(kept["df"].cast(pl.Int64).sum())
    likes = likes_of(asked_words, listed_words, near)
    scorer = _Scorer(left, right, left_tokens, right_tokens, words, likes, left_whole, right_whole)
    parts = [scorer.scored(lot.join(index, on="key", how="inner"), least) for lot in _lots(kept)]
    made = pl.concat(parts) if parts else scorer.scored(kept.join(index, on="key", how="inner").head(0), least)
    return Pairs(made.sort("q", "l"), left_out)


def _numbered(texts: pl.Series) -> pl.DataFrame:
    return pl.DataFrame({"text": texts}).with_row_index("n").with_columns(pl.col("n").cast(pl.Int64))


def _coded(tokens: pl.DataFrame, words: pl.DataFrame) -> pl.DataFrame:
    return tokens.join(words.select("token", "t"), on="token", how="left", maintain_order="left").select("n", "t")


def _lots(asks: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Whole names together, in lots of bounded work."""
    per = asks.group_by("n").agg(pl.col("df").sum()).sort("n")
    lot = ((pl.col("df").cum_sum() // LOT) + pl.int_range(pl.len()) // LOT_NAMES).alias("lot")
    for part in asks.join(per.select("n", lot), on="n").partition_by("lot", maintain_order=True):
        yield part.select("n", "key")


def _keys(
    tokens: pl.DataFrame,
    classes: pl.DataFrame,
    words: pl.DataFrame,
    codes: pl.DataFrame,
    whole: pl.DataFrame,
    wholes: pl.DataFrame,
) -> pl.DataFrame:
    """Blocks of names (``n, key``): two tokens' classes; the one full token's; the name as one word."""
    known = classes.join(codes, on="c").select("t", pl.col("k").cast(pl.Int64), "full")
    weights = tokens.join(words.select("t", "weight"), on="t", how="left", maintain_order="left")
    weights = weights.with_columns(pl.int_range(pl.len()).over("n").alias("i"))
    rows = weights.join(known, on="t").with_columns((pl.col("full") & (pl.col("weight") > COMMON)).alias("full"))
    parts = []
    names = 0 if rows.is_empty() else int(rows["n"].max()) + 1  # type: ignore[arg-type]
    for low in range(0, names, LOT_NAMES):
        part = rows.filter(pl.col("n").is_between(low, low + LOT_NAMES - 1))
        pairs = part.join(part, on="n").filter(
            (pl.col("i") < pl.col("i_right")) & (pl.col("full") | pl.col("full_right"))
        )
        low_k, high_k = pl.min_horizontal("k", "k_right"), pl.max_horizontal("k", "k_right")
        parts.append(pairs.select("n", (low_k * (1 << 32) + high_k).alias("key")).unique())
    lone = (
        weights.filter(pl.col("weight") > COMMON)
        .group_by("n")
        .agg(pl.len(), pl.col("t").first())
        .filter(pl.col("len") == 1)
    )
    alone = lone.join(known.filter("full"), on="t").select("n", (pl.col("k") * (1 << 32) + ALONE).alias("key"))
    one_word = whole.join(wholes, left_on="key", right_on="c").select(
        "n", (pl.col("k").cast(pl.Int64) * (1 << 32) + WHOLE).alias("key")
    )
    return pl.concat([*parts, alone, one_word]).unique()


# ---- scores ------------------------------------------------------------------------------------------------


class _Scorer:
    """Scores pairs of names."""

    def __init__(
        self,
        left: pl.DataFrame,
        right: pl.DataFrame,
        left_tokens: pl.DataFrame,
        right_tokens: pl.DataFrame,
        words: pl.DataFrame,
        likes: pl.DataFrame,
        left_whole: pl.DataFrame,
        right_whole: pl.DataFrame,
    ) -> None:
        self.left_whole, self.right_whole = left_whole, right_whole
        letters = words["token"].str.head(1).rank("dense").cast(pl.Int64)
        from redflags.operators.screen_kernel import EXACT, INITIAL_LIKENESS

        self.arrays: tuple[Any, ...] = (
            *_listed(left_tokens, "n", "t", left.height),
            *_listed(right_tokens, "n", "t", right.height),
            _own(words["weight"]),
            _own(letters),
            *_listed(likes, "s", "t", words.height),
            _own(likes["like"]),
            INITIAL,
            COMMON,
            INITIAL_LIKENESS,
            EXACT,
        )
        self.sorted = tuple(
            frame.select(pl.col("text").str.split(" ").list.sort().list.join(" "))["text"] for frame in (left, right)
        )

    def scored(self, pairs: pl.DataFrame, least: int) -> pl.DataFrame:
        """Pairs (``n`` asked, ``n_right`` listed, ``key``) that reach ``least``."""
        from redflags.operators.screen_kernel import covered

        whole = pairs.filter(pl.col("key") % (1 << 32) == WHOLE).select("n", "n_right").unique()
        both = pairs.select("n", "n_right").unique().sort("n", "n_right")
        score, found, missing = covered(_own(both["n"]), _own(both["n_right"]), *self.arrays)
        made = both.with_columns(
            pl.Series("tokens", score),
            pl.Series("agreeing", found),
            pl.Series("lacking", missing),
            (self.sorted[0].gather(both["n"]) == self.sorted[1].gather(both["n_right"])).alias("same"),
        )
        made = made.join(self._as_one_word(whole), on=["n", "n_right"], how="left", maintain_order="left")
        joined = pl.col("joined").fill_null(0)
        made = made.with_columns(
            pl.when("same").then(ONE).otherwise(pl.max_horizontal("tokens", joined)).alias("score"),
            pl.when("same")
            .then(pl.lit("exact"))
            .when(pl.col("tokens") >= joined)
            .then(pl.lit("tokens"))
            .otherwise(pl.lit("joined"))
            .alias("how"),
        )
        made = made.filter(pl.col("score") >= max(least, 1))
        return made.select(pl.col("n").alias("q"), pl.col("n_right").alias("l"), "score", "how", "agreeing", "lacking")

    def _as_one_word(self, pairs: pl.DataFrame) -> pl.DataFrame:
        """Likeness of names written as one word, the listed one with any word first."""
        made = pairs.join(self.left_whole, on="n").join(
            self.right_whole.rename({"n": "n_right"}), on=["n_right", "key"]
        )
        made = made.rename({"joined": "token", "joined_right": "token_right"})
        found = pl.Series("joined", np.maximum(alike(made) - JOINED, 0), dtype=pl.Int64)
        return made.select("n", "n_right").with_columns(found).group_by("n", "n_right").agg(pl.col("joined").max())


def _listed(rows: pl.DataFrame, by: str, what: str, size: int) -> tuple[Whole, ...]:
    """Starts and members of the groups 0 .. size - 1; rows are ordered by group."""
    starts = np.searchsorted(rows[by].to_numpy(), np.arange(size + 1)).astype(np.int64)
    return starts, _own(rows[what])


def _own(values: pl.Series) -> Whole:
    """A writable copy in one piece: other layouts would each be compiled anew."""
    return np.array(values.to_numpy(), np.int64)
