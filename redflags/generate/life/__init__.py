"""Ordinary life beyond pay, rent and trade: what else a bank's customers do, and what it keeps on file of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redflags.generate.life import (
    access,
    cards,
    charities,
    clients,
    correspondents,
    edges,
    goods,
    households,
    lending,
    lettercredits,
    noted,
    owners,
    papers,
    records,
    registers,
    savings,
    support,
    trade,
    travel,
)

if TYPE_CHECKING:
    import polars as pl

    from redflags.generate.tape import Side
    from redflags.generate.world import World

__all__ = ["file", "finish", "live", "note", "settle"]


def settle(world: World) -> list[travel.Trip]:
    """Say who lives and works with whom and who travels when, before anybody acts."""
    households.settle(world)
    owners.settle(world)
    charities.settle(world)
    cards.issue(world)
    goods.register(world)
    return travel.plan(world)


def live(world: World, shops: list[Side], trips: list[travel.Trip]) -> None:
    """Write the rest of ordinary life on the tape and into the registers."""
    travel.go(world, trips)
    access.live(world, trips)
    cards.live(world, shops)
    lending.live(world)
    support.live(world)
    savings.live(world)
    papers.live(world)
    clients.live(world)
    correspondents.live(world)
    trade.live(world)
    lettercredits.live(world)
    charities.live(world)
    edges.live(world)
    registers.register(world)


def note(world: World) -> None:
    """Put stories that look like planted ones into the answer key."""
    noted.tell(world)


def file(world: World) -> None:
    """Fill the records of every party and account, once all of them exist."""
    records.complete(world)


def finish(world: World, frame: pl.DataFrame) -> pl.DataFrame:
    """What can be said only of the whole tape: which card was used, which payments were recalled."""
    registers.recall(world, frame)
    return cards.stamp(world, frame)
