"""Benign stories that ordinary life tells anyway, put into the answer key beside the rules that must leave them alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redflags.generate.lookalikes.note import note

if TYPE_CHECKING:
    from redflags.generate.world import World

__all__ = ["tell"]


def tell(world: World) -> None:
    """Note one story for each rule about trade, non-profits, small sums and owners that a case is planted for."""
    customers = {party for party, record in world.parties.items() if record["is_customer"]} - world.cast
    firms = {firm.party_id: firm for firm in world.idle_firms()}
    _trade(world, customers)
    charities = world.idle_npos()
    if len(charities) > 1:
        note(
            world,
            "npo-to-personal-accounts",
            charities[-1].main,
            "Hands out cash by list, as its plan says; pays wages to its staff.",
        )
        note(
            world,
            "npo-sudden-unknown-donor",
            charities[-2].main,
            "A foundation on file gives every month, and the money is spent over the year.",
        )
    collected = next(
        (
            p
            for p in world.idle_people()
            if any(p.party_id == row["owner_party_id"] for row in world.tables["campaigns"])
        ),
        None,
    )
    if collected is not None:
        note(
            world,
            "tf-donor-bucket-then-lump",
            collected.main,
            "A campaign on a platform pays out, and pays what it was for.",
            "account",
        )
    programme = next((row for row in world.tables["cards"] if row["product"] == "gift_programme"), None)
    if programme is not None and programme["party_id"] in firms:
        note(
            world,
            "tf-prepaid-multi-load",
            firms[str(programme["party_id"])].main,
            "A firm fills a dozen gift cards for its staff with a third of what they can hold.",
            "account",
        )
    above = {
        str(row["party_id"]): str(row["related_party_id"])
        for row in world.tables["party_links"]
        if row["role"] == "owner"
    }
    held = next((firm for firm in firms.values() if above.get(above.get(firm.party_id, ""), "") in world.parties), None)
    if held is not None:
        note(
            world,
            "opaque-or-circular-ownership",
            held.main,
            "A holding stands between a firm and its owners; all of them are on file.",
        )


def _trade(world: World, customers: set[str]) -> None:
    invoices = {str(row["invoice_id"]): row for row in world.tables.get("invoices", [])}
    financed = next((str(row["party_id"]) for row in world.tables.get("known_financiers", [])), None)
    for change in world.tables.get("payment_instructions", []):
        buyer = str(invoices[str(change["invoice_id"])]["buyer_party_id"])
        if buyer in customers:
            note(
                world,
                "late-payment-instruction-change",
                buyer,
                "A supplier tells of a new account forty days ahead.",
            )
            customers.discard(buyer)
            break
    sellers = [str(row["seller_party_id"]) for row in invoices.values() if not row["is_service"]]
    traders = [seller for seller in dict.fromkeys(sellers) if seller in customers]
    if len(traders) > 1:
        note(world, "unit-price-outlier", traders[0], "Prices differ by a few hundredths from what is usual.")
        if financed is not None:
            note(
                world,
                "invoice-paid-by-unrelated-third-party",
                traders[1],
                "Buyers pay for themselves, or through a factoring house that is known for it.",
            )
