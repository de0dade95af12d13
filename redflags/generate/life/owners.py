"""Who owns and runs the firms: owners who direct, holdings, small groups, a formation agent, a listed parent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redflags.generate.words import HOME
from redflags.generate.world import Firm, World, utc

if TYPE_CHECKING:
    import numpy as np

__all__ = ["settle"]


def settle(world: World) -> None:
    """Put directors, holdings, groups and the agent that set a firm up on file."""
    rng = world.rng("owners")
    agent = _agent(world)
    idle = {firm.party_id for firm in world.idle_firms()}
    for number, firm in enumerate(world.firms):
        owner, since = firm.staff[0], world.period.first - 90
        world.link(firm.party_id, owner, "director", since)
        if rng.random() < 0.4:
            world.link(firm.party_id, _person(world, rng), "director", since + int(rng.integers(0, 80)))
        if rng.random() < 0.3:
            world.link(firm.party_id, _person(world, rng), "officer", since)
        if number % 9 == 4:
            world.link(firm.party_id, agent, "secretary", since)
            world.parties[firm.party_id]["formation_agent_id"] = agent
        if firm.party_id in idle and number % 4 == 1:
            _holding(world, rng, firm, tall=number % 8 == 1)
        else:
            _registered(world, firm.party_id, owner, 1.0)
    _groups(world)


def _person(world: World, rng: np.random.Generator) -> str:
    return world.stranger(rng, world.period.first - int(rng.integers(100, 2_000)))


def _registered(world: World, firm: str, owner: str, share: float) -> None:
    """The public register says the same as the file."""
    world.add(
        "registry_owners", party_id=firm, owner_key=owner, share_pct=share, valid_from=utc(world.period.first - 60)
    )


def _body(world: World, kind: str, country: str, **fields: object) -> str:
    """A firm on file that is no customer."""
    usual: dict[str, object] = {
        "is_customer": False,
        "residence_country": country,
        "incorporation_country": country,
        "incorporation_date": utc(world.period.first - 3_000).date(),
        "onboarded_at": utc(world.period.first - 800),
        "industry_code": kind,
        "segment": "related",
        "is_pep": None,
        "expected_countries": None,
        "group_countries": None,
        "registered_regions": None,
    }
    return world.party("company", world.names.firm("Holdings"), **{**usual, **fields})


def _agent(world: World) -> str:
    """A licensed company service provider that keeps the books of a few firms and set them up."""
    return _body(
        world,
        "company_services",
        HOME,
        party_class="formation_agent",
        is_licensed_tcsp=True,
        is_gatekeeper=True,
        is_regulated=True,
        licence_types=["tcsp"],
        employees_count=24,
    )


def _holding(world: World, rng: np.random.Generator, firm: Firm, *, tall: bool) -> None:
    """The owner holds through a holding, now and then with a second person or a listed parent above."""
    link = next(
        row for row in world.tables["party_links"] if row["party_id"] == firm.party_id and row["role"] == "owner"
    )
    since = world.period.first - 90
    top, owner = _body(world, "holding", HOME, employees_count=2), firm.staff[0]
    link["related_party_id"] = top
    _registered(world, firm.party_id, top, 1.0)
    if tall and rng.random() < 0.5:
        parent = _body(world, "holding", "NL", is_listed=True, is_regulated=False, employees_count=900)
        world.link(top, parent, "owner", since, 0.8)
        world.link(top, owner, "owner", since, 0.2)
        world.parties[firm.party_id]["group_countries"] = ["NL"]
        return
    partner = _person(world, rng)
    world.link(top, owner, "owner", since, 0.6)
    world.link(top, partner, "owner", since, 0.4)
    world.link(firm.party_id, owner, "ubo", since, 0.6)
    world.link(firm.party_id, partner, "ubo", since, 0.4)


def _groups(world: World) -> None:
    """Two small groups whose accounts are pooled under an agreement."""
    firms = world.idle_firms("construction", "transport", "manufacturing", "cleaning")
    for start in (0, 3):
        members = firms[start : start + 3]
        for a in members:
            for b in members:
                if a is not b:
                    world.link(a.party_id, b.party_id, "group_company", world.period.first - 400)
            for side in (a.main, a.reserve):
                if side is not None:
                    world.accounts[side.account_id]["pooling_agreement"] = True
