"""What goes into compiled code: contiguous read-only arrays of one type each, and bounds safe to follow.

Read-only views serve two ends: frames hand out read-only buffers anyway, so there is one compiled variant
instead of two, and compiled code cannot write to its input.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

I64: TypeAlias = npt.NDArray[np.int64]
I32: TypeAlias = npt.NDArray[np.int32]
U8: TypeAlias = npt.NDArray[np.uint8]
F64: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Array: TypeAlias = npt.NDArray[Any]
# A number inside compiled code: whether Python's or numpy's is for the compiler to tell.
Number: TypeAlias = Any

MAX_ROWS = 2**31 - 2


def _frozen(array: Array, dtype: type[np.generic], name: str) -> Array:
    wanted = np.dtype(dtype)
    if array.ndim != 1:
        raise ValueError(f"{name}: expected one dimension, got {array.ndim}")
    if array.dtype != wanted:
        array = _converted(array, wanted, name)
    if not array.flags.c_contiguous or not array.flags.aligned:
        array = np.require(array, requirements=["C", "A"]).copy()
    if array.flags.writeable:
        array = array.view()
        array.flags.writeable = False
    return array


def _converted(array: Array, wanted: np.dtype[Any], name: str) -> Array:
    if array.dtype.kind == "b" and wanted == np.uint8:
        return array.view(wanted) if array.flags.c_contiguous else array.astype(wanted)
    if array.dtype.kind in "mM" and wanted == np.int64:
        return array.astype(wanted)
    if array.dtype.kind not in "iub" and array.size:
        raise ValueError(f"{name}: expected {wanted}, got {array.dtype}; convert it exactly first")
    info = np.iinfo(wanted)
    if array.size and (int(array.min()) < info.min or int(array.max()) > info.max):
        raise ValueError(f"{name}: a value does not fit {wanted}")
    return array.astype(wanted)


def as_values(array: Array, name: str = "values") -> I64:
    """Return `array` as read-only int64; at most 2**31 - 2 rows, so that row numbers fit 32 bits."""
    if array.size > MAX_ROWS:
        raise ValueError(f"{name}: {array.size} rows; use blocks of at most {MAX_ROWS}")
    return _frozen(array, np.int64, name)


def as_nulls(array: Array | None, size: int) -> U8:
    """Return null flags as read-only uint8; none, or an empty array, says that nothing is null."""
    flags: U8 = _frozen(np.empty(0, np.uint8) if array is None else array, np.uint8, "nulls")
    if flags.size not in (0, size):
        raise ValueError(f"nulls: {flags.size} flags for {size} rows")
    return flags


def as_codes(array: Array, n_codes: int, name: str = "codes") -> I32:
    """Return codes as read-only int32, all of them between -1 (null) and `n_codes` - 1."""
    if array.size > MAX_ROWS:
        raise ValueError(f"{name}: {array.size} rows; use blocks of at most {MAX_ROWS}")
    codes: I32 = _frozen(array, np.int32, name)
    if codes.size and (int(codes.min()) < -1 or int(codes.max()) >= n_codes):
        raise ValueError(f"{name}: expected codes from -1 to {n_codes - 1}, got {codes.min()} to {codes.max()}")
    return codes


def as_windows(lo: Array, hi: Array, size: int) -> tuple[I64, I64]:
    """Return window bounds as read-only int64, checked against a list of `size` rows.

    Only the ends are looked at: the bounds never decrease, so the ends bound the rest.
    """
    first: I64 = _frozen(lo, np.int64, "lo")
    last: I64 = _frozen(hi, np.int64, "hi")
    if first.size != last.size:
        raise ValueError(f"lo has {first.size} bounds, hi has {last.size}")
    if first.size and (first[0] < 0 or last[-1] > size or first[-1] > size):
        raise ValueError(f"windows reach from {first[0]} to {max(first[-1], last[-1])}, the list holds {size} rows")
    return first, last


def same_length(name: str, array: Array, size: int) -> None:
    """Raise when `array` does not hold `size` rows."""
    if array.size != size:
        raise ValueError(f"{name}: {array.size} rows, expected {size}")
