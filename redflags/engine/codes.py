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
        null = whole.is_null().to_numpy()
        values, inverse = np.unique(whole.fill_null(strategy="zero").to_numpy(), return_inverse=True)
        codes = inverse.astype(np.int32)
        codes[null] = -1
        n = int(values.size)
    cuts = np.cumsum([len(part) for part in parts])[:-1]
    return [np.ascontiguousarray(piece, dtype=np.int32) for piece in np.split(codes, cuts)], n


def encode_keys(parts: Sequence[Sequence[pl.Series]], sizes: Sequence[int]) -> tuple[list[Codes], int]:
    """Codes of composite keys: ``parts[frame][column]``; a null in any column is -1, no column is everyone."""
    if not parts[0]:
        return [np.zeros(size, np.int32) for size in sizes], 1
    cuts = np.cumsum(sizes)[:-1]
    found: Codes | None = None
    count = 0
    for column in range(len(parts[0])):
        codes, n = encode([frame[column] for frame in parts])
        whole = np.concatenate(codes)
        if found is None:
            found, count = whole, n
        else:
            found, count = kernel.refine_codes(found, count, whole, n)
    assert found is not None  # noqa: S101  there is at least one column
    return [np.ascontiguousarray(piece, dtype=np.int32) for piece in np.split(found, cuts)], count
