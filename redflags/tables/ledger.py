"""The ledger's schema, derived from the one of transactions so that the two never drift apart."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from redflags.tables.model import Column, Reference, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ledger_table", "sided_pairs"]

#: Sided columns whose own side goes by a plain name in the ledger; all others are called `own_...`.
_PLAIN: Final = ("account_id", "party_id", "balance_after")
_OWN: Final = (
    Column("direction", "enum", "behaviour", "whether value reaches or leaves the own account", null="never",
           required=True, values=("in", "out")),
    Column("counterparty_key", "text", "key",
           "best identifier of the other side: account, party, wallet, identifier, name, bank and country",
           null="nothing is known of the other side"),
    Column("own_transfer", "bool", "behaviour",
           "whether both sides are one party, or one account; false where that is not known", null="never"),
    Column("cross_border", "bool", "place",
           "whether the two sides' countries differ; false where one is not known", null="never"),
)  # fmt: skip


def sided_pairs(columns: Mapping[str, Column]) -> dict[str, tuple[str, str]]:
    """Pairs of sided columns by what they hold: `{"account_id": ("from_account_id", "to_account_id"), ...}`.

    Examples:
        >>> from redflags.tables import dictionary
        >>> sided_pairs(dictionary().table("transactions").columns)["country"]
        ('from_country', 'to_country')
    """
    return {
        name.removeprefix("from_"): (name, f"to_{name.removeprefix('from_')}")
        for name in columns
        if name.startswith("from_") and f"to_{name.removeprefix('from_')}" in columns
    }


def own_name(what: str) -> str:
    """Name of the own side's column in the ledger.

    Examples:
        >>> own_name("account_id"), own_name("country")
        ('account_id', 'own_country')
    """
    return what if what in _PLAIN else f"own_{what}"


def ledger_table(transactions: Table) -> Table:
    """Derive the ledger's schema: both sides mirrored into own and counterparty, then the movement's columns.

    Examples:
        >>> from redflags.tables import dictionary
        >>> ledger = dictionary().table("ledger")
        >>> ledger.derived, ledger.id_parts
        (True, ('txn_id', 'direction'))
        >>> "counterparty_bank_country" in ledger.columns
        True
    """
    source = transactions.columns
    sided = sided_pairs(source)
    columns: dict[str, Column] = {name: source[name] for name in ("txn_id", "booked_at")}
    for what, (sender, _) in sided.items():
        doc = source[sender].doc.removesuffix(" that value leaves")
        own = "the own account" if what == "account_id" else f"own side: {doc.replace('sender', 'own side')}"
        columns[own_name(what)] = replace(source[sender], name=own_name(what), doc=own, aliases=())
    columns |= {column.name: column for column in _OWN}
    for what, (_, receiver) in sided.items():
        name = f"counterparty_{what}"
        doc = f"other side: {source[receiver].doc.replace('receiver', 'other side')}"
        columns[name] = replace(source[receiver], name=name, doc=doc, aliases=())
    for name, column in source.items():
        columns.setdefault(name, column)
    aliases = {
        **transactions.column_aliases,
        "beneficiary_key": "counterparty_key",
        "account": "account_id",
        "counterparty_account": "counterparty_account_id",
        "counterparty_id": "counterparty_party_id",
        "counterparty_wallet_id": "counterparty_account_id",
        "counterparty_address": "counterparty_address_text",
        "hosted": "counterparty_hosted",
        "wallet_id": "account_id",
    }
    refs = {
        "party": Reference("party_id", "parties"),
        "account": Reference("account_id", "accounts"),
        "counterparty": Reference("counterparty_party_id", "parties"),
        "counterparty_account": Reference("counterparty_account_id", "accounts"),
        **transactions.refs,
    }
    return replace(
        transactions,
        name="ledger",
        doc="The account view: one row for every movement and own-side account. Derived, never supplied.",
        columns=MappingProxyType(columns),
        id_parts=("txn_id", "direction"),
        keys=("account_id",),
        refs=MappingProxyType(refs),
        aliases=("account_transactions", "movements", "postings"),
        column_aliases=MappingProxyType({k: v for k, v in aliases.items() if k not in columns}),
        derived=True,
    )
