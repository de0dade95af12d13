"""Cards: the one in everybody's purse, credit cards with a limit, prepaid cards, a gift-card programme."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from redflags.generate.clock import moments, workdays
from redflags.generate.sectors import trade_of
from redflags.generate.tape import sides
from redflags.generate.world import World, utc

if TYPE_CHECKING:
    from redflags.generate.tape import Side

__all__ = ["issue", "live", "stamp"]

#: Merchant categories that the institution looks at; being in one says nothing by itself.
_WATCHED: Final = (
    ("5941", "outdoor"),
    ("5699", "tactical"),
    ("5045", "drone"),
    ("5047", "medkit"),
    ("4812", "satphone"),
    ("6011", "cash_advance"),
    ("6051", "quasi_cash"),
    ("5944", "resale"),
    ("5732", "resale"),
    ("4511", "travel"),
    ("7995", "gaming"),
)


def issue(world: World) -> None:
    """Give every person a debit card, and list the categories of merchants that are of interest."""
    since = utc(world.period.first - 60)
    for person in world.people:
        world.add(
            "cards",
            card_id=world.id("card"),
            party_id=person.party_id,
            account_id=person.main.account_id,
            product="debit",
            load_limit=None,
            address_key=world.parties[person.party_id].get("address_key"),
            device_id=None,
            valid_from=since,
        )
    for mcc, category in _WATCHED:
        world.add("mcc_watch", mcc=mcc, category=category, valid_from=since)


def live(world: World, shops: list[Side]) -> None:
    """Write the use of credit and prepaid cards on the tape."""
    _credit(world, shops)
    _prepaid(world)
    _gift_cards(world)
    _outdoor(world)


def _credit(world: World, shops: list[Side]) -> None:
    """Credit cards: a few purchases a month, settled in full from the current account in the month after."""
    rng = world.rng("credit cards")
    people = world.idle_people()
    for index in rng.permutation(len(people))[: max(len(people) // 6, 1)]:
        person = people[int(index)]
        limit = int(rng.integers(3, 9)) * 500
        opened = world.period.first - int(rng.integers(100, 1_500))
        card = world.account(person.party_id, person.home, "card", opened, credit_limit=limit)
        world.add(
            "cards",
            card_id=world.id("card"),
            party_id=person.party_id,
            account_id=card.account_id,
            product="credit",
            valid_from=utc(opened),
        )
        for month in world.period.months():
            dense = month >= world.period.full
            count = int(rng.integers(2, 5)) if dense else 1
            days = np.sort(month + rng.integers(0, 24, count))
            bought = (rng.dirichlet(np.full(count, 3.0)) * limit * rng.uniform(12, 38)).astype(np.int64) + 5_00
            chosen = [shops[int(i)] for i in rng.integers(3, len(shops), count)]
            world.tape.put(
                moments(rng, days, 9, 22),
                bought,
                txn_type="card_payment",
                instrument="card",
                channel=np.where(rng.random(count) < 0.5, "online", "pos"),
                purpose_text=[shop.name for shop in chosen],
                ends=sides(card, chosen),
            )
            world.tape.put(
                moments(rng, np.array([month + 26]), 5, 6),
                [int(bought.sum())],
                txn_type="internal_transfer",
                instrument="wire",
                channel="api",
                initiator="system",
                purpose_text="card settled",
                ends=sides(person.main, card),
            )


def _prepaid(world: World) -> None:
    """Pocket money on prepaid cards: parents load one card for one child, once a month."""
    rng = world.rng("prepaid")
    parents = world.idle_people()
    for index in rng.permutation(len(parents))[:8]:
        person = parents[int(index)]
        card = world.id("card")
        world.add(
            "cards",
            card_id=card,
            party_id=person.party_id,
            account_id=person.main.account_id,
            product="prepaid",
            load_limit=150,
            valid_from=utc(world.period.first - 30),
        )
        purse = world.outsider(rng, world.names.person())
        months = world.period.months()
        world.tape.put(
            moments(rng, np.minimum(months + int(rng.integers(1, 9)), world.period.last), 8, 21),
            np.full(len(months), int(rng.integers(2, 8)) * 10_00),
            txn_type="prepaid_load",
            instrument="prepaid",
            channel="mobile",
            card_id=card,
            provider_id=world.providers[3],
            device_id=person.device,
            ip_country=person.main.country,
            region_code=person.home.code,
            purpose_text="pocket money",
            ends=sides(person.main, purse),
        )


def _gift_cards(world: World) -> None:
    """A firm's gift-card programme: a dozen cards loaded with the same amount twice a year."""
    rng = world.rng("gift cards")
    firm = next(iter(world.idle_firms("manufacturing")), None)
    if firm is None:
        return
    cards = [world.id("card") for _ in range(12)]
    for card in cards:
        world.add(
            "cards",
            card_id=card,
            party_id=firm.party_id,
            account_id=firm.main.account_id,
            product="gift_programme",
            load_limit=150,
            valid_from=utc(world.period.first - 30),
        )
    purse = world.outsider(rng, world.names.firm("Platform"))
    for day in (world.period.full + 33, world.period.full - 150, world.period.full - 330):
        world.tape.put(
            moments(rng, workdays(np.full(len(cards), day)), 10, 11),
            np.full(len(cards), 50_00),
            txn_type="prepaid_load",
            instrument="prepaid",
            channel="online",
            card_id=cards,
            provider_id=world.providers[3],
            device_id=firm.device,
            ip_country=firm.main.country,
            region_code=firm.home.code,
            purpose_text="staff gift cards",
            ends=sides(firm.main, purse),
        )


def _outdoor(world: World) -> None:
    """Equipment for a mountain holiday, bought over a week before it."""
    rng = world.rng("outdoor")
    shop = world.outsider(rng, world.names.firm("Outdoor"))
    walkers = [person for person in world.idle_people() if person.away][:6]
    for person in walkers:
        begin = person.away[0][0]
        world.tape.put(
            moments(rng, begin - np.array([9, 5, 2]), 9, 19),
            rng.integers(18, 160, 3) * 100 + 95,
            txn_type="card_payment",
            instrument="card",
            channel="pos",
            branch_country=person.home.country,
            region_code=person.home.code,
            purpose_text=shop.name,
            ends=sides(person.main, shop),
        )


def stamp(world: World, frame: pl.DataFrame) -> pl.DataFrame:
    """Say on card movements which card was used and what kind of merchant was paid."""
    cards = {
        str(row["account_id"]): str(row["card_id"])
        for row in world.tables["cards"]
        if row["product"] in ("debit", "credit")
    }
    merchants = {
        account: trade_of(words).mcc
        for account, (name, _) in world.outside.items()
        for kind, words in (world.names.kinds.get(name, ("company", name)),)
        if kind == "company"
    }
    by_card = pl.col("instrument") == "card"
    shop = pl.when(pl.col("txn_type") == "card_refund").then("from_account_id").otherwise("to_account_id")
    holder = pl.when(pl.col("txn_type") == "card_refund").then("to_account_id").otherwise("from_account_id")
    cash = pl.col("channel") == "atm"
    return frame.with_columns(
        card_id=pl.coalesce(
            "card_id", pl.when(by_card | cash).then(holder.replace_strict(cards, default=None, return_dtype=pl.String))
        ),
        mcc=pl.when(by_card)
        .then(shop.replace_strict(merchants, default=None, return_dtype=pl.String))
        .when(cash)
        .then(pl.lit("6011")),
        merchant_id=pl.when(by_card).then(shop),
    )
