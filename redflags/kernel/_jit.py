"""The one decorator behind every compiled function of the kernel.

Numba keeps compiled code beside the package, else in the user's cache folder (or in `NUMBA_CACHE_DIR` when
that is set). Where none of them can be written, or the disk is full, the functions are compiled again in
every process: slower to start, same results.

A cached function is invalidated by a change of its own file only. So no compiled function here calls one that
lives in another module.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar, cast

import numba

# Numba's own objects have no types.
Untyped: TypeAlias = Any

F = TypeVar("F", bound=Callable[..., Any])

_DISPATCHERS: list[Untyped] = []


def jit(function: F) -> F:
    """Compile `function` at its first call, to run without the interpreter lock; keep it if possible."""
    try:
        dispatcher = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        # Numba's way of saying that it found no folder to write to.
        dispatcher = numba.njit(nogil=True)(function)
    else:
        _forgive_cache_faults(dispatcher)
    _DISPATCHERS.append(dispatcher)
    return cast("F", dispatcher)


def _forgive_cache_faults(dispatcher: Untyped) -> None:
    # A full disk, a torn file, or one that another layout of the package left behind: a cache may save time,
    # never stop a run. What cannot be read is compiled again and written over.
    cache = getattr(dispatcher, "_cache", None)
    for name in ("load_overload", "save_overload"):
        step = getattr(cache, name, None)
        if step is not None:
            setattr(cache, name, _tried(step))


def _tried(step: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(step)
    def attempt(*args: object, **kwargs: object) -> object:
        with contextlib.suppress(Exception):
            return step(*args, **kwargs)
        return None

    return attempt


def cache_use() -> tuple[int, int, int]:
    """Say how the functions that ran so far came to be.

    Returns:
        How many were read from a cache, how many were compiled, and how many exist in all.
    """
    hits = sum(sum(d.stats.cache_hits.values()) for d in _DISPATCHERS)
    ready = sum(len(d.signatures) for d in _DISPATCHERS)
    return hits, ready - hits, len(_DISPATCHERS)
