"""Names as they are compared: in Latin letters, no legal forms or titles, cut into tokens."""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from redflags.operators.screen_words import GENERIC, LEADING, PARTICLES, PHRASES, SINGLE, SUFFIXES, TITLES

#: Tokens of a name that are compared; longer names lose the rest.
MOST_TOKENS: Final = 16
#: Weights of tokens: a particle, an initial, a word that many firms share, any other.
PARTICLE, INITIAL, COMMON, STRONG = 1, 4, 5, 10

_VOWELS: Final = "[aeiou]"
#: How spellings of one sound are written in the key of a token; in this order.
_SOUNDS: Final = (
    ("tsch|tch", "ch"), ("sch|sh", "s"), ("ch", "c"), ("ph", "f"), ("kh|gh|ck|q|x", "k"), ("^h", "k"),
    ("zh|dz|j|dj", "j"),
    ("th", "t"), ("dh", "d"), ("ts|tz|z", "s"), ("w", "v"), ("c", "k"), ("oo|ou|oe", "u"),
    ("ee|ie|iy|yi|ij", "i"),
    ("ai|ay|ei|ey|ae", "a"), ("^y([aeu])", "$1"),
    ("o", "u"), ("e", "a"), ("y", "i"),
)  # fmt: skip


def _alternatives(words: tuple[str, ...]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=lambda w: (-len(w), w)))


_END: Final = rf"(?: (?:{_alternatives((*PHRASES, *SINGLE, *SUFFIXES))}))+ $"
_START: Final = rf"^ (?:(?:{_alternatives((*TITLES, *LEADING))}) )+"


def latin(texts: pl.Series) -> pl.Series:
    """Texts in Latin letters, other letters as ``anyascii`` has them; no Arabic article.

    Example:
        >>> latin(pl.Series(["Łódź", "Иван", "abc", None])).to_list()
        ['Lodz', 'Ivan', 'abc', None]
    """
    from anyascii import anyascii

    texts = texts.cast(pl.String).str.normalize("NFKC")
    foreign = texts.filter(texts.str.contains(r"[^\x00-\x7F]").fill_null(value=False))
    letters = (
        foreign.str.replace_all(r"[\x00-\x7F]", "").str.split("").explode(empty_as_null=False).unique().drop_nulls()
    )
    table = {letter: anyascii(letter) for letter in sorted(letters.to_list()) if letter}  # letters, not rows
    if not table:
        return texts
    return texts.str.replace_all(r"(^|[^\p{L}])ال", "$1").str.replace_many(list(table), list(table.values()))


def folded(texts: pl.Series) -> pl.Series:
    """Names ready to be cut: small letters and digits, single spaces, no legal forms, titles or apostrophes.

    A name that is nothing but those keeps them; one without a letter or digit becomes null.

    Example:
        >>> folded(pl.Series(["Dr. José O'Neill", "ROSTEX Trading Co., Ltd.", "Abdul-Rahman", "..."])).to_list()
        ['jose oneill', 'rostex trading', 'abd rahman', None]
    """
    name = (
        pl.col("x")
        .str.to_lowercase()
        .str.replace_all(r"['`\x{b4}\x{2018}\x{2019}\x{2bc}]", "")
        .str.replace_all("&", " and ")
    )
    name = name.str.replace_all("[^a-z0-9]+", " ").str.strip_chars()
    name = name.str.replace_all(r"\babd(?:[aeu]l|[aeu]r|as|us| al| el| ul)? ?([a-z]{4,})", "abd $1")
    name = name.str.replace_all(r"\babd [aeou]l+ah", "abdallah")
    padded = pl.concat_str(pl.lit(" "), name, pl.lit(" "))
    bare = padded.str.replace(_END, " ").str.replace(_START, " ").str.strip_chars()
    kept = pl.when(bare.str.len_chars() > 1).then(bare).otherwise(name)
    made = pl.DataFrame({"x": latin(texts)}).select(pl.when(kept != "").then(kept).alias("x"))
    return made["x"]


def sounds(tokens: pl.Expr) -> pl.Expr:
    """How a token sounds, coarsely: one letter for spellings of one sound, doubles once."""
    for pattern, letter in _SOUNDS:
        tokens = tokens.str.replace_all(pattern, letter)
    return undoubled(tokens)


def undoubled(text: pl.Expr) -> pl.Expr:
    """Each run of one letter once."""
    for letter in "abcdefghijklmnopqrstuvwxyz":
        text = text.str.replace_all(f"{letter}{{2,}}", letter)
    return text


def consonants(sound: pl.Expr) -> pl.Expr:
    """The consonants of a sound key; a text without any stands for itself."""
    bare = undoubled(sound.str.replace_all("[aeiou]|h$", ""))
    return pl.when(bare == "").then(sound).otherwise(bare)


def vocabulary(tokens: pl.Series) -> pl.DataFrame:
    """Distinct tokens: ``token, sound, bones`` (consonants)``, main`` (block), ``weight``, ``mute``.

    Example:
        >>> vocabulary(pl.Series(["mohammed", "muhamad", "al", "k"])).select("token", "sound", "bones", "weight").rows()
        [('al', 'al', 'l', 1), ('k', 'k', 'k', 4),
         ('mohammed', 'muhamad', 'mhmd', 10), ('muhamad', 'muhamad', 'mhmd', 10)]
    """
    token = pl.col("token")
    frame = pl.DataFrame({"token": tokens.unique().sort()}).with_columns(sounds(token).alias("sound"))
    frame = frame.with_columns(consonants(pl.col("sound")).alias("bones"))
    long = pl.col("bones").str.len_chars() > 2  # noqa: PLR2004  two tell too little
    digits = token.str.contains(r"[0-9]")
    return frame.with_columns(
        pl.when(digits).then(pl.format("m:{}", token))
        .when(long).then(pl.format("m:{}", "bones")).otherwise(pl.format("v:{}", "sound")).alias("main"),
        pl.when((token.str.len_chars() == 1) & ~digits).then(INITIAL)
        .when(token.is_in(list(PARTICLES))).then(PARTICLE)
        .when(token.is_in(list(GENERIC))).then(COMMON).otherwise(STRONG).cast(pl.Int64).alias("weight"),
        (~token.str.contains(_VOWELS) & (token.str.len_chars() > 1) & ~digits).alias("mute"),
    )  # fmt: skip


def tokens_of(names: pl.DataFrame) -> pl.DataFrame:
    """Tokens of folded names (``n``, ``text``): one row per name and token, ordered by name and token."""
    rows = names.select("n", pl.col("text").str.split(" ").list.head(MOST_TOKENS).alias("token"))
    return rows.explode("token").sort("n", "token")


def whole_keys(names: pl.DataFrame, *, turned: bool) -> pl.DataFrame:
    """Names as one word (``n, joined, key``); ``turned`` also with words moved from front to back."""
    frame = names.select("n", pl.col("text").str.split(" ").list.head(MOST_TOKENS).alias("t"))
    if turned:
        frame = frame.with_columns(pl.int_ranges(0, pl.col("t").list.len()).alias("by")).explode("by")
        frame = frame.with_columns(
            pl.concat_list(pl.col("t").list.slice(pl.col("by")), pl.col("t").list.head(pl.col("by"))).alias("t")
        )
    frame = frame.select("n", pl.col("t").list.join("").alias("joined")).unique(maintain_order=True)
    frame = frame.with_columns(sounds(pl.col("joined")).alias("sound"))
    bones = consonants(pl.col("sound"))
    few = bones.str.len_chars() <= 2  # noqa: PLR2004  as above
    key = pl.when(few).then(pl.format("j:{}", "sound")).otherwise(pl.format("w:{}", bones)).alias("key")
    return frame.with_columns(key)
