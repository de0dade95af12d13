"""What every test stands on: UTC, and how many examples a property test tries."""

from __future__ import annotations

import os
import time

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
