"""The synthetic bank: invented people, firms and non-profits, with planted cases and an answer key."""

from __future__ import annotations

from redflags.generate.bank import generate_bank
from redflags.generate.plant import PLANTS, USUAL_CASES
from redflags.generate.write import write_bank

__all__ = ["PLANTS", "USUAL_CASES", "generate_bank", "write_bank"]
