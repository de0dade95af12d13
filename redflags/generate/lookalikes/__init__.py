"""Ordinary stories that look like planted ones: what a rule must leave alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redflags.generate.lookalikes.cash import CASH
from redflags.generate.lookalikes.payments import PAYMENTS
from redflags.generate.lookalikes.places import PLACES

if TYPE_CHECKING:
    from redflags.generate.world import World

__all__ = ["act"]


def act(world: World) -> None:
    """Write every look-alike on the tape and into the answer key."""
    for build in (*CASH, *PAYMENTS, *PLACES):
        build(world)
