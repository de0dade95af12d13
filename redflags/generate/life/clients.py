"""Lawyers and notaries: client money by matter, held as long as the matter asks for, and fees for it."""

from __future__ import annotations

import numpy as np

from redflags.generate.clock import moments, workdays
from redflags.generate.tape import sides
from redflags.generate.world import World, utc

__all__ = ["live"]


def live(world: World) -> None:
    """Give two consultancies the trade of a law firm, with a client account and matters."""
    rng = world.rng("matters")
    for firm in world.idle_firms("consulting")[1:3]:
        record = world.parties[firm.party_id]
        record.update(industry_code="law", party_class="lawyer", is_gatekeeper=True, licence_types=["bar"])
        client_money = world.account(
            firm.party_id, firm.home, "client_money", world.period.first - 300, is_client_money=True
        )
        clients = [world.stranger(rng, world.period.first - 100) for _ in range(5)]
        days = np.arange(world.period.first + 20, world.period.last - 30, 45)
        for number, day in enumerate(days):
            client = clients[number % len(clients)]
            matter, cents = world.id("file"), int(rng.integers(30, 240)) * 100_00
            kind = ("conveyance", "probate", "litigation")[number % 3]
            fee = cents // 40
            world.add(
                "matters",
                matter_id=matter,
                client_party_id=client,
                matter_type=kind,
                opened_at=utc(int(day) - 10),
                closed_at=utc(int(day) + 25),
                fee_billed=fee // 100,
            )
            payer = world.outsider(rng, str(world.parties[client]["name"]), party=client)
            payee = world.outsider(rng, world.names.person())
            for offset, amount, source, target, text in (
                (0, cents, payer, client_money, f"{kind} deposit"),
                (14, cents - fee, client_money, payee, f"{kind} completion"),
                (18, fee, client_money, firm.main, "fee"),
            ):
                world.tape.put(
                    moments(rng, workdays(np.array([day + offset])), 9, 16),
                    [amount],
                    txn_type="internal_transfer" if target is firm.main else "transfer",
                    instrument="wire",
                    channel="online",
                    device_id=firm.device if source is client_money else None,
                    ip_country=firm.main.country if source is client_money else None,
                    matter_id=matter,
                    purpose_text=f"{text} {matter}",
                    ends=sides(source, target),
                )
