"""The account view: one row for every movement and own-side account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from redflags.errors import UsageError
from redflags.tables import Table, dictionary
from redflags.tables.ledger import own_name, sided_pairs

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["derive_ledger"]

#: The own and the other side of the movement, by direction.
_SIDES: Final = {"out": ("from", "to"), "in": ("to", "from")}
_ALWAYS: Final = ("txn_id", "direction")
_SOURCE: Final = ("source_file", "source_row")


def derive_ledger(
    transactions: pl.DataFrame, accounts: pl.DataFrame | None = None, columns: Collection[str] | None = None
) -> pl.DataFrame:
    """Derive the ledger from the movements.

    An account is own-side when it stands in `accounts`, or, where no accounts are given, always. A party that
    the movement does not name is taken from its account. A movement between two own-side accounts gives two
    rows. Rows of every status are kept, and their order means nothing.

    A column that cannot be known because its sources did not come in is absent, so that rules reading it are
    reported as not evaluable: `cross_border` needs both sides' countries.

    Args:
        transactions: Canonical movements.
        accounts: Canonical accounts, where the data set carries them.
        columns: Ledger columns wanted; `txn_id` and `direction` always come. None for all there are.

    Returns:
        The ledger rows.

    Raises:
        UsageError: When a wanted column is not of the ledger.

    Examples:
        >>> moves = pl.DataFrame({"txn_id": ["T1"], "from_account_id": ["A1"], "to_account_id": ["A2"]})
        >>> own = pl.DataFrame({"account_id": ["A2"], "party_id": ["P2"]})
        >>> derive_ledger(moves, own, ["account_id", "party_id", "counterparty_key"]).row(0, named=True)
        {'txn_id': 'T1', 'direction': 'in', 'account_id': 'A2', 'party_id': 'P2', 'counterparty_key': 'A1'}
    """
    schema = dictionary().table("ledger")
    wanted = None if columns is None else frozenset(columns) | frozenset(_ALWAYS)
    for name in wanted or ():
        if name not in schema.columns and name not in _SOURCE:
            hint = schema.suggest(name)
            raise UsageError(f"the ledger has no column '{name}'" + (f": {hint}" if hint else ""))
    prepared = _with_parties(transactions, accounts)
    rows = pl.concat([_side(prepared, schema, wanted, direction) for direction in _SIDES])
    return rows.select(*(name for name in _order(schema) if name in rows.columns))


def _order(schema: Table) -> list[str]:
    rest = [name for name in schema.columns if name not in _ALWAYS]
    return [*_ALWAYS, *rest, *_SOURCE]


def _with_parties(transactions: pl.DataFrame, accounts: pl.DataFrame | None) -> pl.DataFrame:
    """Name both sides' parties, and tell whether each side is own."""
    frame = transactions
    holders = None
    if accounts is not None:
        party = pl.col("party_id") if "party_id" in accounts.columns else pl.lit(None, dtype=pl.String)
        holders = accounts.select("account_id", party.alias("_holder"), pl.lit(True).alias("_own"))
        holders = holders.unique("account_id", keep="last", maintain_order=True)
    for side in ("from", "to"):
        account = f"{side}_account_id"
        if account not in frame.columns:
            frame = frame.with_columns(pl.lit(False).alias(f"_own_{side}"))
            continue
        if holders is None:
            frame = frame.with_columns(pl.col(account).is_not_null().alias(f"_own_{side}"))
            continue
        frame = frame.join(holders, left_on=account, right_on="account_id", how="left", maintain_order="left")
        party = pl.col(f"{side}_party_id") if f"{side}_party_id" in frame.columns else pl.lit(None, dtype=pl.String)
        if f"{side}_party_id" in frame.columns or "party_id" in (accounts.columns if accounts is not None else ()):
            frame = frame.with_columns(pl.coalesce(party, "_holder").alias(f"{side}_party_id"))
        frame = frame.with_columns(pl.col("_own").fill_null(False).alias(f"_own_{side}")).drop("_holder", "_own")
    return frame


def _side(frame: pl.DataFrame, schema: Table, wanted: frozenset[str] | None, direction: str) -> pl.DataFrame:
    own, other = _SIDES[direction]
    present = frozenset(frame.columns)
    made: dict[str, pl.Expr] = {"direction": pl.lit(direction)}
    sided = sided_pairs(dictionary().table("transactions").columns)
    for what in sided:
        if present.isdisjoint(sided[what]):
            continue
        made[own_name(what)] = _column(f"{own}_{what}", present, schema, own_name(what))
        made[f"counterparty_{what}"] = _column(f"{other}_{what}", present, schema, f"counterparty_{what}")
    if "balance_after" in present:
        # One balance cannot be told to either side of a movement between two own accounts.
        single = pl.when(~pl.col(f"_own_{other}")).then("balance_after")
        made["balance_after"] = pl.coalesce(made["balance_after"], single) if "balance_after" in made else single
    made["own_transfer"] = _own_transfer(present)
    if {"from_country", "to_country"} <= present:
        made["cross_border"] = (pl.col("from_country") != pl.col("to_country")).fill_null(False)
    made["counterparty_key"] = _counterparty_key(other, present)
    for name in schema.columns:
        if name in present and name not in made:
            made[name] = pl.col(name)
    for name in _SOURCE:
        if name in present:
            made[name] = pl.col(name)
    chosen = {name: expr for name, expr in made.items() if wanted is None or name in wanted}
    rows = frame.lazy().filter(pl.col(f"_own_{own}"))
    return rows.select(**chosen).collect()


def _column(name: str, present: frozenset[str], schema: Table, target: str) -> pl.Expr:
    return pl.col(name) if name in present else pl.lit(None, dtype=schema.columns[target].dtype)


def _own_transfer(present: frozenset[str]) -> pl.Expr:
    tests = [
        pl.col(f"from_{what}") == pl.col(f"to_{what}")
        for what in ("account_id", "party_id")
        if {f"from_{what}", f"to_{what}"} <= present
    ]
    return pl.any_horizontal(test.fill_null(False) for test in tests) if tests else pl.lit(False)


def _counterparty_key(other: str, present: frozenset[str]) -> pl.Expr:
    """The best identifier; what is not an account says what it is, so that no two kinds collide."""
    names: list[pl.Expr] = []
    kinds = (("account_id", ""), ("party_id", "party:"), ("wallet", "wallet:"), ("identifier", "id:"))
    for what, prefix in kinds:
        if f"{other}_{what}" in present:
            value = pl.col(f"{other}_{what}")
            names.append(prefix + value if prefix else value)
    if f"{other}_name" in present:
        folded = pl.col(f"{other}_name").str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars()
        names.append("name:" + pl.when(folded.str.len_bytes() > 0).then(folded))
    places = [pl.col(f"{other}_{what}") for what in ("bank_id", "country") if f"{other}_{what}" in present]
    if places:
        known = pl.any_horizontal(place.is_not_null() for place in places)
        joined = pl.concat_str([place.fill_null("?") for place in places], separator="|")
        names.append("bank:" + pl.when(known).then(joined))
    return pl.coalesce(names) if names else pl.lit(None, dtype=pl.String)
