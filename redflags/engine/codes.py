"""Values to dense Int32 codes, one dictionary for everything that is compared with each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from redflags import kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Codes = NDArray[np.int32]


def encode(parts: Sequence[pl.Series]) -> tuple[list[Codes], int]:
    """Codes of several series over one dictionary; null is -1.

    How codes are numbered means nothing; results never depend on it.

    Example:
        >>> codes, n = encode([pl.Series(["a", "b", None]), pl.Series(["b"])])
        >>> [c.tolist() for c in codes], n
        ([[0, 1, -1], [1]], 2)
    """
    whole = parts[0] if len(parts) == 1 else pl.concat([part.cast(parts[0].dtype) for part in parts])
    if isinstance(whole.dtype, pl.List):
        whole = whole.list.join("\x1f")
    if whole.dtype == pl.String:
        physical = whole.cast(pl.Categorical(pl.Categories.random("ids"))).to_physical()
        codes = physical.cast(pl.Int32).fill_null(-1).to_numpy()
        n = int(codes.max()) + 1 if codes.size else 0
    else:
        null = whole.is_null()
        numbers = whole.fill_null(strategy="zero") if null.any() else whole
        flags = null.to_numpy().astype(np.uint8) if null.any() else None
        codes, n = kernel.number_codes(_whole(numbers), flags)
    cuts = np.cumsum([len(part) for part in parts])[:-1]
    return [np.ascontiguousarray(piece, dtype=np.int32) for piece in np.split(codes, cuts)], n


def _whole(numbers: pl.Series) -> NDArray[np.int64]:
    """Numbers as 64-bit integers that are equal just where they are."""
    if numbers.dtype in {pl.Float64, pl.Float32}:
        return (numbers.cast(pl.Float64) + 0.0).to_numpy().view(np.int64)
    return numbers.cast(pl.Int64).to_numpy()


def combine(parts: Sequence[tuple[Codes, int]], size: int) -> tuple[Codes, int]:
    """Codes of composite keys; a null in any part is -1, no part is everyone."""
    if not parts:
        return np.zeros(size, np.int32), 1
    codes, count = parts[0]
    for more, n in parts[1:]:
        codes, count = kernel.refine_codes(codes, count, more, n)
    return codes, count


def encode_keys(parts: Sequence[Sequence[pl.Series]], sizes: Sequence[int]) -> tuple[list[Codes], int]:
    """Codes of composite keys of several frames over one dictionary: ``parts[frame][column]``."""
    columns: list[tuple[Codes, int]] = []
    for column in range(len(parts[0])):
        codes, n = encode([frame[column] for frame in parts])
        columns.append((np.concatenate(codes) if len(codes) > 1 else codes[0], n))
    whole, count = combine(columns, int(sum(sizes)))
    cuts = np.cumsum(sizes)[:-1]
    return [np.ascontiguousarray(piece, dtype=np.int32) for piece in np.split(whole, cuts)], count


def representatives(codes: Codes, n: int) -> NDArray[np.int64]:
    """The first row of every code."""
    first = np.full(n, -1, np.int64)
    first[codes[::-1]] = np.arange(codes.size - 1, -1, -1)
    return first
