"""What goes in, and how compiled code is kept."""

from __future__ import annotations

import os
import subprocess
import sys
import types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from redflags import kernel
from redflags.kernel import _arrays, _jit
from redflags.kernel.warm import Warmth

ONE = (np.array([0]), np.array([2]))
ROOT = Path(kernel.__file__).parents[2]

SUM_OF_THREE = """
import numpy as np
{before}
from redflags.kernel.totals import sums
from redflags.kernel._jit import cache_use
total, _, _ = sums(np.array([1, 2, 3]), None, np.array([0]), np.array([3]))
print(total[0], *cache_use()[:2])
"""

NO_FOLDER = """
from numba.core import caching
def refuse(self):
    raise OSError("read-only file system")
caching._CacheLocator.ensure_cache_path = refuse
"""

DISK_FULL = """
from numba.core import caching
def full(self, *args, **kwargs):
    raise OSError(28, "No space left on device")
caching.IndexDataCacheFile._save_data = full
"""


def run(cache, before=""):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SUM_OF_THREE.format(before=before)],
        env={**os.environ, "NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_machine_code_is_kept_between_processes(tmp_path):
    assert run(tmp_path) == ["6", "0", "1"]
    assert run(tmp_path) == ["6", "1", "0"]


@pytest.mark.parametrize("before", [NO_FOLDER, DISK_FULL])
def test_a_cache_that_cannot_be_written_costs_time_only(tmp_path, before):
    assert run(tmp_path, before) == ["6", "0", "1"]


def test_warm_leaves_nothing_to_compile():
    warmth = kernel.warm()
    ready = warmth.compiled + warmth.from_cache
    assert ready == sum(len(d.signatures) for d in _jit._DISPATCHERS)
    # One variant of each; none of a helper that came along with its caller from the cache.
    # Only the kernel's own: operators compile theirs at first use, and `warm` does not promise them.
    own = [d for d in _jit._DISPATCHERS if d.py_func.__module__.startswith("redflags.kernel.")]
    assert own
    doubled = [d.py_func.__name__ for d in own if len(d.signatures) > 1]
    assert doubled == []


def test_warm_says_whether_a_cache_was_used():
    cold, warmed = Warmth(8.04, 2, 30), Warmth(0.21, 32, 0)
    assert not cold.cached
    assert warmed.cached
    assert str(cold) == "kernel ready in 8.0 s, 30 functions compiled, 2 cached"
    assert str(warmed) == "kernel ready in 0.2 s, read from the cache"


def test_compiled_code_calls_only_its_own_file():
    """A cached function is checked against its own file only: a callee elsewhere could change unseen."""
    modules = {m for name, m in sys.modules.items() if name.startswith("redflags.kernel.")}
    for module in modules:
        for found in vars(module).values():
            if any(found is d for d in _jit._DISPATCHERS):
                assert found.py_func.__module__ == module.__name__


def test_every_aggregate_is_offered():
    assert all(callable(getattr(kernel, name)) for name in kernel.__all__)
    assert not any(isinstance(getattr(kernel, name), types.ModuleType) for name in kernel.__all__)


def test_read_only_strided_and_narrow_arrays_all_serve():
    values = np.array([1, 9, 2, 9, 3, 9])[::2]
    values.flags.writeable = False
    for given in (values, values.astype(np.int32), values.astype(np.uint64)):
        assert kernel.sums(given, None, *ONE)[0].tolist() == [3]
    moments = np.array([1, 2], "datetime64[us]")
    assert kernel.since(moments, *ONE, np.array([5], "datetime64[us]"))[0].tolist() == [3]
    assert kernel.sums(values, np.array([True, False, False]), *ONE)[0].tolist() == [2]
    assert kernel.distinct(np.array([0, 1, 0], np.int64), 2, *ONE).tolist() == [2]


def test_input_is_never_written_to():
    values = np.array([3, 1, 2])
    kernel.extremes(values, None, *ONE, want_max=True)
    assert values.flags.writeable
    assert values.tolist() == [3, 1, 2]


def test_an_empty_list_and_no_judged_rows():
    none, windows = np.empty(0, np.int64), (np.zeros(2, np.int64), np.zeros(2, np.int64))
    codes = np.empty(0, np.int32)
    assert kernel.sums(none, None, *windows)[0].tolist() == [0, 0]
    assert kernel.median(none, None, *windows)[2].tolist() == [0, 0]
    assert kernel.top_sum(none, None, codes, 0, *windows, 3)[0].tolist() == [0, 0]
    assert kernel.entropy(codes, 0, *windows)[0].tolist() == [0.0, 0.0]
    assert kernel.since(none, *windows, np.zeros(2, np.int64))[1].tolist() == [True, True]
    assert kernel.latest_rows(codes, 0, *windows)[0].tolist() == [0, 0, 0]
    assert kernel.order_by_codes(codes, 0)[1].tolist() == [0]
    for result in (kernel.std(none, None, none, none), kernel.mad(none, None, none, none)):
        assert all(x.size == 0 for x in result)


def test_threads_share_the_kernel():
    rng = np.random.default_rng(3)
    values = rng.integers(0, 1000, 5000)
    hi = np.arange(1, 5001)
    lo = np.maximum(hi - 50, 0)
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: kernel.std(values, None, lo, hi)[0].tobytes(), range(8)))
    assert len(set(found)) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kernel.sums(np.array([1.5]), None, *ONE), "values: expected int64, got float64"),
        (lambda: kernel.sums(np.array([2**63], np.uint64), None, *ONE), "does not fit"),
        (lambda: kernel.sums(np.zeros((1, 1), np.int64), None, *ONE), "one dimension"),
        (lambda: kernel.sums(np.array([1]), None, *ONE), "windows reach from 0 to 2, the list holds 1"),
        (lambda: kernel.sums(np.array([1, 2]), np.zeros(1, np.uint8), *ONE), "1 flags for 2 rows"),
        (lambda: kernel.sums(np.array([1, 2]), None, ONE[0], np.array([1, 2])), "lo has 1 bounds, hi has 2"),
        (lambda: kernel.distinct(np.array([0, 5]), 2, *ONE), "codes from -1 to 1"),
        (
            lambda: kernel.hhi(np.array([1, 2]), None, np.array([0]), 1, *ONE),
            "group_codes: 1 rows, expected 2",
        ),
        (lambda: kernel.quantile(np.array([1, 2]), None, *ONE, 3, 2), "share from 0 to 1"),
        (
            lambda: kernel.top_sum(np.array([1, 2]), None, np.array([0, 0]), 1, *ONE, 0),
            "k: expected 1 or more",
        ),
        (lambda: kernel.rank(np.array([1, 2]), None, *ONE, np.array([1, 2])), "judged_values"),
    ],
)
def test_input_that_would_be_misread_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_lists_too_long_for_32_bit_row_numbers_are_refused():
    # A broadcast view: its size is real, its memory is not.
    with pytest.raises(ValueError, match="use blocks of at most"):
        _arrays.as_values(np.broadcast_to(np.int64(0), 2**31))
    with pytest.raises(ValueError, match="use blocks of at most"):
        _arrays.as_codes(np.broadcast_to(np.int32(0), 2**31), 1)
