"""Exact numbers out of text, integers, decimals and, where that is exact, floats.

A value that would have to be rounded is refused: casting text straight to four decimals rounds silently, and
so does a float past about 10^11. What cannot be read becomes null, and
`number_fault` says why. Series, not expressions: the steps are shared, and Polars would repeat them.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from redflags.units import DECIMAL_SCALE, MONEY_SCALE, NUMBER_SCALE

__all__ = ["SCALES", "number_fault", "parse_number"]

#: Scale of every dictionary type that is held as a scaled integer.
SCALES: Final = {
    "money": MONEY_SCALE,
    "money_base": MONEY_SCALE,
    "number": NUMBER_SCALE,
    "ratio": NUMBER_SCALE,
    "decimal": DECIMAL_SCALE,
    "int": 1,
}
# Measured: up to here a float read from a file stands for one decimal of four places, and no other.
_FLOAT_LIMIT: Final = 1e11
_FLOAT_INTEGER: Final = 2.0**53
_PLAIN: Final = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)$"
_FITS_20: Final = r"^[+-]?0*(?:[0-9]{1,18}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})$"
_FITS_18: Final = r"^[+-]?0*(?:[0-9]{1,20}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})$"


def parse_number(raw: pl.Series, kind: str, *, negative: bool) -> pl.Series | None:
    """Read a column of one of the `SCALES` types.

    Args:
        raw: The column as it came.
        kind: Dictionary type.
        negative: Whether a negative value is allowed.

    Returns:
        The scaled integers, null where a value cannot be read exactly; None where no value of that dtype can.

    Examples:
        >>> raw = pl.Series(["12.5", "1e3", "0.00001", "-1"])
        >>> parse_number(raw, "money", negative=False).to_list()
        [125000, None, None, None]
    """
    scale = SCALES[kind]
    dtype = raw.dtype
    if dtype == pl.String:
        value = _from_text(raw, scale)
    elif dtype.is_integer():
        value = _times(raw.cast(pl.Int128), scale)
    elif dtype.is_float():
        value = _from_float(raw.cast(pl.Float64), scale)
    elif isinstance(dtype, pl.Decimal):
        value = _from_decimal(raw, dtype.scale, scale)
    else:
        return None
    if not negative:
        value = _where(value >= 0, value)
    return value.cast(pl.Int128 if kind == "decimal" else pl.Int64, strict=False)


def _from_text(raw: pl.Series, scale: int) -> pl.Series:
    text = raw.str.strip_chars()
    if scale == DECIMAL_SCALE:
        return _where(text.str.contains(_FITS_18), text).cast(pl.Decimal(38, 18), strict=False).to_physical()
    wide = _where(text.str.contains(_FITS_20), text).cast(pl.Decimal(38, 20), strict=False)
    return _divided(wide.to_physical(), 10**20 // scale)


def _from_float(raw: pl.Series, scale: int) -> pl.Series:
    limit, places = _FLOAT_LIMIT, scale
    if scale == 1:
        limit = _FLOAT_INTEGER
    elif scale == NUMBER_SCALE:
        limit = _FLOAT_LIMIT / 100  # two more decimals, the same significant digits
    elif scale == DECIMAL_SCALE:
        # 8 places are what virtual-asset feeds give as floats.
        limit, places = _FLOAT_LIMIT / 10**4, 10**8
    whole = (raw * float(places)).round()
    # Polars divides a column by a literal through the reciprocal, which is off in the last bit; by a column
    # it divides correctly.
    divisor = raw * 0.0 + float(places)
    exact = raw.is_finite() & (raw.abs() <= limit) & (whole / divisor == raw)
    return _times(_where(exact, whole).cast(pl.Int128, strict=False), scale // places)


def _from_decimal(raw: pl.Series, own_places: int, scale: int) -> pl.Series:
    own = 10**own_places
    physical = raw.to_physical().cast(pl.Int128)
    return _times(physical, scale // own) if scale >= own else _divided(physical, own // scale)


def _times(value: pl.Series, factor: int) -> pl.Series:
    if factor == 1:
        return value
    limit = (2**126) // factor
    small = value.to_frame("v").select(pl.col("v").is_between(_wide(-limit), _wide(limit))).to_series()
    return _where(small, value).to_frame("v").select(pl.col("v") * _wide(factor)).to_series()


def _divided(value: pl.Series, divisor: int) -> pl.Series:
    if divisor == 1:
        return value
    parts = value.to_frame("v").select("v", (pl.col("v") // _wide(divisor)).alias("w"))
    return parts.select(pl.when(pl.col("w") * _wide(divisor) == pl.col("v")).then("w")).to_series()


def _where(keep: pl.Series, value: pl.Series) -> pl.Series:
    """The value where the test holds, else null."""
    return pl.select(pl.when(keep).then(value)).to_series()


def _wide(number: int) -> pl.Expr:
    return pl.lit(number, dtype=pl.Int128)


def number_fault(raw: pl.Expr, dtype: pl.DataType, kind: str, *, negative: bool) -> pl.Expr:
    """Say why values cannot be read; meant for the few refused rows."""
    places = len(str(SCALES[kind])) - 1
    decimals = "has decimals" if places == 0 else f"has more than {places} decimals"
    if dtype == pl.String:
        text = raw.str.strip_chars()
        word = text.str.to_lowercase().str.strip_chars_start("+-")
        fraction = text.str.extract(r"\.([0-9]*)$").fill_null("").str.strip_chars_end("0")
        return (
            pl.when(word.is_in(["nan", "inf", "infinity"]))
            .then(pl.lit("not finite"))
            .when(~text.str.contains(_PLAIN))
            .then(pl.lit("not a plain number such as 1234.56"))
            .when(fraction.str.len_bytes() > places)
            .then(pl.lit(decimals))
            .when(text.str.starts_with("-") & (not negative))
            .then(pl.lit("negative"))
            .otherwise(pl.lit("too large"))
        )
    value = raw.cast(pl.Float64, strict=False)
    return (
        pl.when(~value.is_finite())
        .then(pl.lit("not finite"))
        .when((value < 0) & (not negative))
        .then(pl.lit("negative"))
        .when(value.abs() > (_FLOAT_LIMIT if dtype.is_float() else 9e14))
        .then(pl.lit("too large to be exact" if dtype.is_float() else "too large"))
        .otherwise(pl.lit(decimals))
    )
