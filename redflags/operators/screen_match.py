"""Names against listed names: pairs worth comparing, then their likeness.

Which pairs are compared and how alike they are depends on the two names alone, so that a longer list never changes what a
shorter one gave; only ``cap``, where it bites, looks at the list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from redflags.operators import screen_names as names_
from redflags.operators.screen_names import COMMON, INITIAL

if TYPE_CHECKING:
    from collections.abc import Iterator

ONE: Final = 1_000_000
#: Names are taken in lots with about so many pairs to compare.
LOT: Final = 8_000_000
#: And at most so many names.
LOT_NAMES: Final = 100_000
#: Tokens less alike than this do not count as agreeing.
LEAST_LIKE: Final = 600_000
#: Likeness of two tokens of which one has no vowels, where the consonants agree.
MUTE_LIKE: Final = 900_000
#: Names that agree only as one word lose this much.
JOINED: Final = 20_000
#: Shorter tokens have no neighbours by one letter.
SHORT: Final = 4
ALONE, WHOLE = 0xFFFFFFFF, 0xFFFFFFFE


@dataclass(frozen=True)
class Pairs:
    """Pairs of a name (``q``) and a listed name (``l``) with ``score``, ``how``, ``agreeing``, ``lacking``; and what the cap left out."""

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
    near = _neighbours(asked_words, listed_words)
    right_classes, left_classes = _listed_classes(listed_words), _asked_classes(asked_words, listed_words, near)
    codes = right_classes.select("c").unique().sort("c").with_row_index("k")
    right_whole, left_whole = names_.whole_keys(right, turned=True), names_.whole_keys(left, turned=False)
    wholes = right_whole.select(pl.col("key").alias("c")).unique().sort("c").with_row_index("k")
    index = _keys(right_tokens, right_classes, words, codes, right_whole, wholes)
    asks = _keys(left_tokens, left_classes, words, codes, left_whole, wholes).join(
        index.group_by("key").len("df"), on="key", how="inner"
    )
    # The whole name first, then the rarest keys, until the cap is reached.
    asks = asks.sort("n", pl.col("key") % (1 << 32) != WHOLE, "df", "key").with_columns(pl.col("df").cum_sum().over("n").alias("sum"))
    kept = asks.filter((pl.col("sum") <= cap) | (pl.col("key") % (1 << 32) == WHOLE))
    left_out = int(asks["df"].sum() - kept["df"].sum())
    likes = _likes(asked_words, listed_words, near)
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


# ---- which tokens are compared --------------------------------------------------------------------------------------


def _deletions(words: pl.DataFrame) -> pl.DataFrame:
    """Tokens (``t``) with one letter left out, or none."""
    token = pl.col("token")
    long = words.filter((token.str.len_chars() >= SHORT) & (pl.col("weight") > INITIAL)).select("t", "token")
    cut = long.with_columns(pl.int_ranges(0, token.str.len_chars()).alias("i")).explode("i")
    cut = cut.select("t", pl.concat_str(token.str.slice(0, pl.col("i")), token.str.slice(pl.col("i") + 1)).hash().alias("d"))
    return pl.concat([long.select("t", token.hash().alias("d")), cut]).unique()


def _neighbours(asked: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """Pairs of tokens (``s`` asked, ``t`` listed) one letter apart: changed, added, left out, or swapped with the next."""
    from rapidfuzz.distance import OSA

    pairs = _deletions(asked).join(_deletions(listed), on="d").select(pl.col("t").alias("s"), pl.col("t_right").alias("t")).unique()
    pairs = _spelled(pairs.filter(pl.col("s") != pl.col("t")), asked, listed)
    apart = _compared(pairs["token"], pairs["token_right"], OSA.distance, cutoff=1)
    return pairs.filter(pl.Series(apart <= 1)).select("s", "t")


def _spelled(pairs: pl.DataFrame, asked: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    known = ["t", "token", "sound", "main"]
    made = pairs.join(asked.select(known).rename({"t": "s"}), on="s", how="left", maintain_order="left")
    return made.join(listed.select(known), on="t", how="left", maintain_order="left")


def _compared(left: pl.Series, right: pl.Series, scorer: object, cutoff: float | None = None) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    from rapidfuzz import process

    if not left.len():
        return np.empty(0, np.float64)
    return np.asarray(process.cpdist(left.to_list(), right.to_list(), scorer=scorer, score_cutoff=cutoff, workers=1), np.float64)  # type: ignore[call-overload]


def likeness(left: pl.Series, right: pl.Series) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Jaro-Winkler likeness in millionths; every hundredth below 1 counts one and a half."""
    from rapidfuzz.distance import JaroWinkler

    return ONE - 3 * (ONE - np.rint(_compared(left, right, JaroWinkler.normalized_similarity) * ONE).astype(np.int64)) // 2


def alike(left: pl.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Likeness of ``token, sound`` and ``token_right, sound_right``: by letters or, at 3% less, by sound."""
    sound = ONE - 3 * (ONE - _by_sound(left)) // 2
    return np.maximum(likeness(left["token"], left["token_right"]), sound)


def _by_sound(left: pl.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    from rapidfuzz.distance import JaroWinkler

    found = _compared(left["sound"], left["sound_right"], JaroWinkler.normalized_similarity)
    return np.rint(found * 0.97 * ONE).astype(np.int64)


def _likes(asked: pl.DataFrame, listed: pl.DataFrame, near: pl.DataFrame) -> pl.DataFrame:
    """Pairs of tokens that may agree (``s, t, like``): of one sound, one letter apart, or one of them without vowels."""
    solid = pl.col("weight") != INITIAL
    one, two = asked.filter(solid), listed.filter(solid)
    bones = (pl.col("mute") | pl.col("mute_right")) & (pl.col("token") != pl.col("token_right"))
    same = one.join(two, on="main").select(pl.col("t").alias("s"), pl.col("t_right").alias("t"))
    mute = pl.concat(
        [
            one.filter("mute").join(two, on="bones").filter(bones).select(pl.col("t").alias("s"), pl.col("t_right").alias("t")),
            one.join(two.filter("mute"), on="bones").filter(bones).select(pl.col("t").alias("s"), pl.col("t_right").alias("t")),
        ]
    ).unique()
    pairs = _spelled(pl.concat([same, near]).filter(pl.col("s") != pl.col("t")).unique(), asked, listed)
    made = pairs.select("s", "t").with_columns(pl.Series("like", alike(pairs), dtype=pl.Int64))
    made = pl.concat([made, mute.with_columns(pl.lit(MUTE_LIKE, pl.Int64).alias("like"))])
    return made.group_by("s", "t").agg(pl.col("like").max()).filter(pl.col("like") >= LEAST_LIKE).sort("s", "t")


# ---- blocks -----------------------------------------------------------------------------------------------------------


def _classes(words: pl.DataFrame, made: list[tuple[pl.Expr, pl.Expr, bool]]) -> pl.DataFrame:
    """``t, c`` (class) and ``full`` (not by an initial alone)."""
    beyond = words.filter(pl.col("weight") > 1)
    parts = [beyond.filter(where).select("t", name.alias("c"), pl.lit(full).alias("full")) for where, name, full in made]
    return pl.concat(parts).unique()


_ONE_LETTER: Final = pl.col("weight") == INITIAL
_FIRST: Final = pl.col("token").str.head(1)


def _listed_classes(words: pl.DataFrame) -> pl.DataFrame:
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


def _asked_classes(words: pl.DataFrame, listed: pl.DataFrame, near: pl.DataFrame) -> pl.DataFrame:
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
    by_letter = near.join(listed.select("t", "main"), on="t").select(pl.col("s").alias("t"), pl.col("main").alias("c"), pl.lit(value=True).alias("full"))
    return pl.concat([own, by_letter]).unique()


def _keys(
    tokens: pl.DataFrame, classes: pl.DataFrame, words: pl.DataFrame, codes: pl.DataFrame, whole: pl.DataFrame, wholes: pl.DataFrame
) -> pl.DataFrame:
    """Blocks of names (``n, key``): two tokens' classes; the one full token's; the name as one word."""
    known = classes.join(codes, on="c").select("t", pl.col("k").cast(pl.Int64), "full")
    weights = tokens.join(words.select("t", "weight"), on="t", how="left", maintain_order="left")
    weights = weights.with_columns(pl.int_range(pl.len()).over("n").alias("i"))
    rows = weights.join(known, on="t").with_columns((pl.col("full") & (pl.col("weight") > COMMON)).alias("full"))
    parts = []
    for low in range(0, (0 if rows.is_empty() else int(rows["n"].max()) + 1), LOT_NAMES):  # type: ignore[arg-type]
        part = rows.filter(pl.col("n").is_between(low, low + LOT_NAMES - 1))
        pairs = part.join(part, on="n").filter((pl.col("i") < pl.col("i_right")) & (pl.col("full") | pl.col("full_right")))
        low_k, high_k = pl.min_horizontal("k", "k_right"), pl.max_horizontal("k", "k_right")
        parts.append(pairs.select("n", (low_k * (1 << 32) + high_k).alias("key")).unique())
    lone = weights.filter(pl.col("weight") > COMMON).group_by("n").agg(pl.len(), pl.col("t").first()).filter(pl.col("len") == 1)
    alone = lone.join(known.filter("full"), on="t").select("n", (pl.col("k") * (1 << 32) + ALONE).alias("key"))
    one_word = whole.join(wholes, left_on="key", right_on="c").select("n", (pl.col("k").cast(pl.Int64) * (1 << 32) + WHOLE).alias("key"))
    return pl.concat([*parts, alone, one_word]).unique()


# ---- scores -----------------------------------------------------------------------------------------------------------


class _Scorer:
    """Scores pairs of names."""

    def __init__(
        self, left: pl.DataFrame, right: pl.DataFrame, left_tokens: pl.DataFrame, right_tokens: pl.DataFrame, words: pl.DataFrame,
        likes: pl.DataFrame, left_whole: pl.DataFrame, right_whole: pl.DataFrame,
    ) -> None:  # fmt: skip
        self.left_whole, self.right_whole = left_whole, right_whole
        self.sides = (*_listed(left_tokens, "n", "t", left.height), *_listed(right_tokens, "n", "t", right.height))
        letters = words["token"].str.head(1).rank("dense").cast(pl.Int64)
        self.words = (words["weight"].to_numpy(), letters.to_numpy())
        self.likes = (*_listed(likes, "s", "t", words.height), likes["like"].to_numpy())
        self.sorted = tuple(
            frame.select(pl.col("text").str.split(" ").list.sort().list.join(" "))["text"] for frame in (left, right)
        )

    def scored(self, pairs: pl.DataFrame, least: int) -> pl.DataFrame:
        """Pairs (``n`` asked, ``n_right`` listed, ``key``) that reach ``least``."""
        from redflags.operators.screen_kernel import EXACT, INITIAL_LIKENESS, covered

        whole = pairs.filter(pl.col("key") % (1 << 32) == WHOLE).select("n", "n_right").unique()
        both = pairs.select("n", "n_right").unique().sort("n", "n_right")
        q, l = both["n"].to_numpy(), both["n_right"].to_numpy()
        score, found, missing = covered(q, l, *self.sides, *self.words, *self.likes, INITIAL, COMMON, INITIAL_LIKENESS, EXACT)
        made = both.with_columns(
            pl.Series("tokens", score), pl.Series("agreeing", found), pl.Series("lacking", missing),
            (self.sorted[0].gather(both["n"]) == self.sorted[1].gather(both["n_right"])).alias("same"),
        )  # fmt: skip
        made = made.join(self._as_one_word(whole), on=["n", "n_right"], how="left", maintain_order="left")
        joined = pl.col("joined").fill_null(0)
        made = made.with_columns(
            pl.when("same").then(ONE).otherwise(pl.max_horizontal("tokens", joined)).alias("score"),
            pl.when("same").then(pl.lit("exact")).when(pl.col("tokens") >= joined).then(pl.lit("tokens")).otherwise(pl.lit("joined")).alias("how"),
        )
        made = made.filter(pl.col("score") >= max(least, 1))
        return made.select(pl.col("n").alias("q"), pl.col("n_right").alias("l"), "score", "how", "agreeing", "lacking")

    def _as_one_word(self, pairs: pl.DataFrame) -> pl.DataFrame:
        """Likeness of names written as one word, the listed one with any word first."""
        made = pairs.join(self.left_whole, on="n").join(self.right_whole.rename({"n": "n_right"}), on=["n_right", "key"])
        made = made.rename({"joined": "token", "joined_right": "token_right"})
        found = pl.Series("joined", np.maximum(alike(made) - JOINED, 0), dtype=pl.Int64)
        return made.select("n", "n_right").with_columns(found).group_by("n", "n_right").agg(pl.col("joined").max())


def _listed(rows: pl.DataFrame, by: str, what: str, size: int) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], ...]:
    """Starts and members of the groups 0 .. size - 1; rows are ordered by group."""
    starts = np.searchsorted(rows[by].to_numpy(), np.arange(size + 1)).astype(np.int64)
    return starts, rows[what].cast(pl.Int64).to_numpy()
