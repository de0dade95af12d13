"""Text functions as Polars expressions."""

from __future__ import annotations

import polars as pl


def normalised(texts: pl.Expr) -> pl.Expr:
    """Lower case; accents, punctuation and digits removed; blanks folded.

    Example:
        >>> pl.select(normalised(pl.lit("  Rechnung Nr. 12/Ü ")).alias("x"))["x"].item()
        'rechnung nr u'
    """
    plain = texts.str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_lowercase()
    return plain.str.replace_all(r"[^\p{L}]+", " ").str.strip_chars()


def bigrams(texts: pl.Expr) -> pl.Expr:
    """The different pairs of neighbouring letters of each normalised text."""
    padded = normalised(texts).str.replace_all(" ", "")
    letters = padded.str.split("")
    return pl.concat_list([letters]).list.eval(pl.element() + pl.element().shift(-1)).list.drop_nulls().list.unique()


def bigram_similarity(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    """Dice coefficient of the sets of letter pairs, 0 to 1.

    Equal texts are 1, a single letter shares only with itself.
    """
    a, b = bigrams(left), bigrams(right)
    total = a.list.len() + b.list.len()
    shared = a.list.set_intersection(b).list.len()
    same = normalised(left) == normalised(right)
    dice = pl.when(same).then(1.0).when(total > 0).then(2.0 * shared / total).otherwise(0.0)
    return pl.when(left.is_null() | right.is_null()).then(None).otherwise(dice)
