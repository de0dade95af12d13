"""What a bank knows about a movement beyond what its parts wrote down: kinds of ends, addresses, balances."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

import polars as pl

from redflags.generate.schema import MONEY
from redflags.generate.sectors import trade_of

if TYPE_CHECKING:
    from redflags.generate.world import World

__all__ = ["address_text", "finish", "network_address", "settle_balances"]

_STREETS: Final = ("Linden Row", "Mill Lane", "Harbour Street", "Station Road", "Hill Path", "Orchard Way")
_SIDE: Final = ("account_id", "kind", "sector", "class", "address_text")


def address_text(key: str, country: str) -> str:
    """An invented postal address, the same for the same key.

    Example:
        >>> address_text("ADR10001", "DE") == address_text("ADR10001", "DE")
        True
    """
    number = zlib.crc32(key.encode())
    return f"{number % 180 + 1} {_STREETS[number // 7 % len(_STREETS)]}, {country} {10_000 + number // 11 % 80_000}"


def network_address(key: str) -> str:
    """An address from the range that is kept for examples, the same for the same key.

    Example:
        >>> network_address("D123456").startswith("2001:db8:")
        True
    """
    number = zlib.crc32(f"net {key}".encode())
    return f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1"


def finish(world: World, frame: pl.DataFrame) -> pl.DataFrame:
    """Fill the columns that follow from who stands at the ends of a movement.

    Args:
        world: The bank, every party and account in place.
        frame: The tape, in time order.
    """
    ends = pl.DataFrame(_ends(world), schema=dict.fromkeys(_SIDE, pl.String), orient="row")
    for side in ("from", "to"):
        theirs = ends.rename({name: f"_{side}_{name}" for name in _SIDE[1:]})
        frame = frame.join(
            theirs, left_on=f"{side}_account_id", right_on="account_id", how="left", maintain_order="left"
        )
    abroad = pl.col("from_country").ne_missing(pl.col("to_country"))
    # What the message carries: at home an address is often left out, across a border nearly never.
    told = abroad | (pl.int_range(pl.len()) % 3 == 0)
    known = {
        f"{side}_{column}": pl.coalesce(f"{side}_{column}", f"_{side}_{name}")
        for side in ("from", "to")
        for column, name in (("party_type", "kind"), ("sector", "sector"), ("class", "class"))
    }
    texts = {
        f"{side}_address_text": pl.coalesce(f"{side}_address_text", pl.when(told).then(pl.col(f"_{side}_address_text")))
        for side in ("from", "to")
    }
    networks = {row: world.networks.get(row, network_address(row)) for row in frame["device_id"].drop_nulls().unique()}
    frame = frame.with_columns(
        ip_address=pl.coalesce("ip_address", pl.col("device_id").replace_strict(networks, default=None)),
        **known,
        **texts,
    )
    return _conductors(world, frame).drop(f"_{side}_{name}" for side in ("from", "to") for name in _SIDE[1:])


def _ends(world: World) -> list[tuple[str | None, ...]]:
    rows: list[tuple[str | None, ...]] = []
    for account, record in world.accounts.items():
        party = world.parties[str(record["party_id"])]
        key = party.get("address_key")
        text = address_text(str(key), str(party["residence_country"])) if key else None
        sector = party.get("industry_code")
        rows.append((account, str(party["party_type"]), None if sector is None else str(sector), None, text))
    for account, (name, country) in world.outside.items():
        kind, words = world.names.kinds.get(name, ("company", name))
        trade = trade_of(words)
        kind = "public_body" if trade.payee_class == "public_body" else kind
        person = kind == "person"
        rows.append(
            (
                account,
                kind,
                None if person else trade.sector,
                None if person else trade.payee_class,
                address_text(account, country),
            )
        )
    return rows


def _conductors(world: World, frame: pl.DataFrame) -> pl.DataFrame:
    """What the person at the counter is to the account's holder."""
    roles = {
        (str(link["party_id"]), str(link["related_party_id"])): str(link["role"])
        for link in world.tables.get("party_links", [])
    }
    said = {
        "employee": "employee",
        "owner": "employee",
        "director": "employee",
        "spouse": "family",
        "family": "family",
        "cash_courier": "cash_in_transit",
    }
    pairs = frame.select(holder=pl.coalesce("to_party_id", "from_party_id"), conductor=pl.col("conductor_id")).rows()
    classes = [
        None
        if conductor is None
        else "customer"
        if conductor == holder
        else said.get(roles.get((str(holder), conductor), ""), "third_party")
        for holder, conductor in pairs
    ]
    return frame.with_columns(conductor_class=pl.coalesce("conductor_class", pl.Series(classes, dtype=pl.String)))


def settle_balances(world: World, frame: pl.DataFrame) -> pl.DataFrame:
    """Balances after each booked movement, from an opening balance that none of them undercuts.

    The balance at the end is put into the account's record.
    """
    numbered = frame.with_row_index("_n").with_columns(_cents=(pl.col("amount_base") * 100).cast(pl.Int64))
    booked = numbered.filter(pl.col("status") == "booked")
    legs = pl.concat(
        booked.select("_n", side=pl.lit(side), account_id=f"{side}_account_id", moved=pl.col("_cents") * sign)
        for side, sign in (("from", -1), ("to", 1))
    ).filter(pl.col("account_id").is_in(list(world.accounts)))
    legs = legs.sort("_n", "side").with_columns(run=pl.col("moved").cum_sum().over("account_id"))
    floor = pl.col("run").min().over("account_id").clip(upper_bound=0)
    # Some of the month's money stays: a cushion that differs from account to account.
    cushions = {account: zlib.crc32(account.encode()) % 4_000 * 100 + 100_00 for account in world.accounts}
    cushion = pl.col("account_id").replace_strict(cushions, return_dtype=pl.Int64)
    legs = legs.with_columns(after=pl.col("run") - floor + cushion)
    money = (pl.col("after").cast(pl.Decimal(18, 2)) * pl.lit("0.01").cast(pl.Decimal(18, 2))).cast(MONEY)
    legs = legs.with_columns(after=money)
    for side in ("from", "to"):
        mine = legs.filter(side=side).select("_n", pl.col("after").alias(f"_{side}"))
        numbered = numbered.join(mine, on="_n", how="left", maintain_order="left")
    for account, after in legs.group_by("account_id", maintain_order=True).agg(pl.col("after").last()).rows():
        world.accounts[account]["balance"] = after
    return numbered.with_columns(
        from_balance_after=pl.col("_from"),
        to_balance_after=pl.col("_to"),
        balance_after=pl.coalesce("_from", "_to"),
    ).drop("_n", "_cents", "_from", "_to")
