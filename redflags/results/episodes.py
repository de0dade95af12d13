"""Hits folded to episodes: one pure function, the same for whole and for incremental runs.

Hits of one rule and key stand in the order of their moment, then of the row; a hit joins the episode when it
is at most `gap` after the last one. Nothing else is remembered, so folding yesterday's open hits together
with today's is folding them all.
"""

from __future__ import annotations

import hashlib

import polars as pl

__all__ = ["alert_id", "fold_hits", "key_text", "open_hits"]

_ORDER = ("moment", "at", "seq", "row_id")


def alert_id(rule_id: str, subject_kind: str, subject_id: str | None, first_row: str) -> str:
    """The id of an alert: the same story keeps it when tomorrow's batch continues it.

    Every part goes in behind its length, so that no two different stories spell the same text.

    Args:
        rule_id: The rule.
        subject_kind: Kind of subject.
        subject_id: The subject, where it is known.
        first_row: Id of the judged row of the episode's first hit.

    Returns:
        Twenty hexadecimal digits.

    Examples:
        >>> alert_id("some-rule", "party", "P1", "T1/in")
        '50ae1508364e699bc6db'
        >>> alert_id("ab", "c", "d", "e") == alert_id("a", "bc", "d", "e")
        False
    """
    digest = hashlib.blake2b(digest_size=10, person=b"redflags-alert")
    for part in (rule_id, subject_kind, subject_id, first_row):
        raw = b"" if part is None else part.encode()
        length = -1 if part is None else len(raw)
        digest.update(f"{length}:".encode() + raw)
    return digest.hexdigest()


def key_text(column: str = "key") -> pl.Expr:
    """A key of several parts as one text; parts carry their length, so that `a|b` is not `a`, `b`.

    Examples:
        >>> keys = pl.DataFrame({"key": [["a", "b"], ["a1:b"], [None]]}, schema={"key": pl.List(pl.String)})
        >>> keys.select(key_text()).to_series().to_list()
        ['1:a1:b', '4:a1:b', '-']
    """
    part = pl.element()
    sized = pl.when(part.is_null()).then(pl.lit("-")).otherwise(part.str.len_bytes().cast(pl.String) + ":" + part)
    return pl.col(column).list.eval(sized).list.join("").fill_null("")


def fold_hits(hits: pl.DataFrame, gap: int) -> pl.DataFrame:
    """Put the hits of one rule in order and number the episodes.

    Args:
        hits: A hits frame of one bound rule.
        gap: The longest pause inside an episode, in microseconds.

    Returns:
        The hits in episode order with `episode` (from 0), `nth` (place in the frame) and `peak` (the earliest
        hit with the highest own score).

    Examples:
        >>> from redflags.engine.outcome import HITS
        >>> rows = [
        ...     {"moment": m, "at": m, "seq": 0, "row_id": f"r{m}", "key": ["k"], "score": s}
        ...     for m, s in [(1, 40), (3, 55), (9, 50), (4, 55)]
        ... ]
        >>> folded = fold_hits(pl.DataFrame(rows, schema=HITS), gap=4)
        >>> folded["episode"].to_list(), folded["row_id"].to_list(), folded["peak"].to_list()
        ([0, 0, 0, 1], ['r1', 'r3', 'r4', 'r9'], [False, True, False, True])
    """
    ordered = hits.with_columns(key_text().alias("_key")).sort("_key", *_ORDER)
    pause = pl.col("moment") - pl.col("moment").shift(1)
    starts = ((pl.col("_key") != pl.col("_key").shift(1)) | (pause > gap)).fill_null(True)
    numbered = ordered.with_columns(starts.alias("_starts")).with_columns(
        (pl.col("_starts").cast(pl.Int64).cum_sum() - 1).alias("episode"),
        pl.int_range(pl.len(), dtype=pl.Int64).alias("nth"),
    )
    best = pl.col("score") == pl.col("score").max().over("episode")
    peaks = numbered.filter(best).group_by("episode").agg(pl.col("nth").min())["nth"]
    return numbered.with_columns(pl.col("nth").is_in(peaks.implode()).alias("peak")).drop("_key", "_starts")


def open_hits(folded: pl.DataFrame, gap: int, final: int) -> pl.DataFrame:
    """The final hits of episodes that a later hit can still join: what the next run needs of this one.

    Args:
        folded: What `fold_hits` gave.
        gap: The same gap.
        final: F; hits up to it cannot change any more.

    Returns:
        A hits frame.
    """
    # Folded anew: without the provisional hits an episode may fall apart, and the older part be closed.
    settled = folded.filter(pl.col("moment") <= final).drop("episode", "nth", "peak")
    again = fold_hits(settled, gap)
    still = pl.col("moment").max().over("episode") + gap > final
    return again.filter(still).drop("episode", "nth", "peak")
