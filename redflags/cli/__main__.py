"""`python -m redflags.cli`: the same as `redflags`."""

from __future__ import annotations

from redflags.cli import main

if __name__ == "__main__":
    main()
