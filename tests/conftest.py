"""What every test stands on: UTC, and how many examples a property test tries."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A machine's own time zone must not decide what a test sees.
os.environ["TZ"] = "UTC"
if hasattr(time, "tzset"):
    time.tzset()

# Deadlines are off: the first example compiles the kernel, and a loaded machine is no fault of the code.
_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("dev", max_examples=50, deadline=None, suppress_health_check=_QUIET)
settings.register_profile(
    "ci",
    max_examples=60,
    deadline=None,
    suppress_health_check=_QUIET,
    derandomize=True,  # a change is judged by itself, not by the luck of the draw
    database=None,
    print_blob=True,
)
settings.register_profile("thorough", max_examples=1000, deadline=None, suppress_health_check=_QUIET)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

_ROOT = Path(__file__).parents[1]
#: Tests that are said to show that a statement of the source documents is honoured.
_SHOWING = frozenset(re.findall(r"\btest (tests/\S+?::\w+)", (_ROOT / "rules" / "honoured_by.yaml").read_text()))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """A test that shows that a statement is honoured has to pass; skipped, it shows nothing."""
    report = yield
    name = f"{item.path.relative_to(_ROOT).as_posix()}::{getattr(item, 'originalname', item.name)}"
    if name in _SHOWING and report.skipped:
        report.outcome = "failed"
        report.longrepr = "rules/honoured_by.yaml rests on this test: it may not be skipped"
    return report
