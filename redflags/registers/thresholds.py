"""Legal limits as of a row.

Place, its bloc, the profile's jurisdiction, the global standard, then the institution's own amount.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from redflags.expr.values import half_even
from redflags.registers.register import FROM, ROW, TO, Register
from redflags.units import MONEY_SCALE, NUMBER_SCALE

if TYPE_CHECKING:
    from fractions import Fraction

GLOBAL = "FATF"
BASE = "base"


@dataclass(frozen=True)
class Thresholds:
    """Answers ``threshold(kind, place, currency)``.

    Attributes:
        limits: the ``thresholds`` register.
        blocs: membership of countries in blocs (``bloc``, ``country``), or None.
        rates: ``fx_rates`` (rate to base, 1e-6), or None.
        jurisdiction: the profile's, asked where neither the place nor its bloc has a limit.
        default_amount: the institution's monitoring amount in base currency, major units.
    """

    limits: Register
    blocs: Register | None
    rates: Register | None
    base_currency: str
    jurisdiction: str | None
    default_amount: Fraction | None

    def ask(self, kind: str, asked: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
        """Limits for questions ``k0`` place, ``k1`` currency (``base`` for base currency), ``at``.

        Returns:
            The amount (Int64, 1/10,000; null where the place or currency is null, or nothing converts) and whether only
            amounts *over* it are reportable (``>``), false for ``>=``.
        """
        wanted = pl.when(pl.col("k1") == BASE).then(pl.lit(self.base_currency)).otherwise(pl.col("k1"))
        questions = asked.select(
            pl.int_range(pl.len(), dtype=pl.Int64).alias(ROW),
            pl.col("k0").alias("place"),
            wanted.alias("currency"),
            "at",
        )
        distinct = questions.select("place", "currency", "at").drop_nulls()
        places = self._places(distinct.select("place", "at").unique(maintain_order=True))
        rows = self.limits.frame.filter(pl.col("kind") == kind)
        candidates = (
            distinct.unique(maintain_order=True)
            .join(places, on=["place", "at"], maintain_order="left")
            .join(rows, left_on="try", right_on="jurisdiction", maintain_order="left", suffix="_limit")
            .filter((pl.col(FROM) <= pl.col("at")) & (pl.col("at") < pl.col(TO)))
        )
        candidates = self._converted(candidates).filter(pl.col("limit").is_not_null())
        order = ["rank", pl.col("currency_limit") != pl.col("currency"), "limit"]
        best = candidates.sort(order, maintain_order=True).unique(
            ["place", "currency", "at"], keep="first", maintain_order=True
        )
        best = best.select("place", "currency", "at", "limit", pl.col("operator").eq(">").alias("over"))
        answer = questions.join(best, on=["place", "currency", "at"], how="left", maintain_order="left")
        answer = self._default(answer)
        return answer["limit"].rename("x"), answer["over"].rename("x")

    def _places(self, asked: pl.DataFrame) -> pl.DataFrame:
        """Jurisdictions to try for each place, best first."""
        tries = [asked.with_columns(pl.col("place").alias("try"), pl.lit(0).alias("rank"))]
        if self.blocs is not None:
            members = self.blocs.frame.select("bloc", "country", FROM, TO)
            blocs = asked.join(members, left_on="place", right_on="country", maintain_order="left").filter(
                (pl.col(FROM) <= pl.col("at")) & (pl.col("at") < pl.col(TO))
            )
            tries.append(blocs.select("place", "at", pl.col("bloc").alias("try"), pl.lit(1).alias("rank")))
        if self.jurisdiction:
            tries.append(asked.with_columns(pl.lit(self.jurisdiction).alias("try"), pl.lit(2).alias("rank")))
        tries.append(asked.with_columns(pl.lit(GLOBAL).alias("try"), pl.lit(3).alias("rank")))
        return pl.concat(tries)

    def _rate(self, frame: pl.DataFrame, currency: str) -> pl.Series:
        """Rate to base of a currency column, 1e-6; null where none is known."""
        asked = frame.select(pl.col(currency).alias("k0"), "at")
        known = (
            pl.repeat(None, frame.height, dtype=pl.Int64, eager=True)
            if self.rates is None
            else self.rates.values(asked, "rate_to_base")
        )
        own = frame[currency] == self.base_currency
        return (
            pl.select(pl.when(own).then(pl.lit(NUMBER_SCALE, pl.Int64)).otherwise(known)).to_series()
            if frame.height
            else known
        )

    def _converted(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Column ``limit`` in the asked currency; rounded half to even where a rate is needed."""
        if frame.is_empty():
            return frame.with_columns(pl.lit(None, pl.Int64).alias("limit"))
        theirs, ours = self._rate(frame, "currency_limit"), self._rate(frame, "currency")
        frame = frame.with_columns(theirs.alias("__theirs"), ours.alias("__ours"))
        same = pl.col("currency_limit") == pl.col("currency")
        num = pl.col("amount").cast(pl.Int128) * pl.col("__theirs").cast(pl.Int128)
        den = pl.when(pl.col("__ours") > 0).then(pl.col("__ours")).cast(pl.Int128)
        return frame.with_columns(
            pl.when(same).then("amount").otherwise(half_even(num, den).cast(pl.Int64)).alias("limit")
        )

    def _default(self, answer: pl.DataFrame) -> pl.DataFrame:
        if self.default_amount is None or answer.is_empty():
            return answer.with_columns(pl.col("over").fill_null(value=False))
        amount = int(self.default_amount * MONEY_SCALE)
        ours = self._rate(answer, "currency")
        frame = answer.with_columns(ours.alias("__ours"))
        den = pl.when(pl.col("__ours") > 0).then(pl.col("__ours")).cast(pl.Int128)
        num = pl.lit(amount, pl.Int128) * pl.lit(NUMBER_SCALE, pl.Int128)
        own = half_even(num, den).cast(pl.Int64)
        place_known = pl.col("place").is_not_null()
        limit = pl.when(pl.col("limit").is_not_null()).then("limit").when(place_known).then(own)
        return frame.with_columns(limit.alias("limit"), pl.col("over").fill_null(value=False))
