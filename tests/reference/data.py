"""The data of a reference evaluation: plain tables, registers and thresholds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.reference.values import exact

if TYPE_CHECKING:
    from fractions import Fraction

# time column and id column of the tables that tests use
TIMES = {
    "transactions": "booked_at",
    "ledger": "booked_at",
    "invoices": "issued_at",
    "sessions": "at",
    "watch": "seen_at",
}
IDS = {"transactions": "txn_id", "invoices": "invoice_id", "sessions": "session_id", "watch": "watch_id"}


@dataclass(frozen=True)
class Register:
    """How a table is looked up: its key columns and how each matches, its coverage, late columns."""

    keys: tuple[str, ...]
    how: dict[str, str] = field(default_factory=dict)  # key column -> prefix | wildcard; exact otherwise
    covers_from: int | None = None
    covers_to: int | None = None
    known_at: dict[str, str] = field(default_factory=dict)  # column -> column saying when it became known
    since: str | None = None  # a row of an undated table is known from this moment of it on


@dataclass(frozen=True)
class Threshold:
    """A legal or institution-set amount; ``place`` is a country, a bloc or ``default``."""

    kind: str
    place: str
    currency: str
    amount: Fraction
    operator: str = ">="
    valid_from: int | None = None
    valid_to: int | None = None


REGISTERS = {
    "parties": Register(("party_id",)),  # who exists is read as given
    "accounts": Register(("account_id",)),
    "party_links": Register(("party_id", "related_party_id", "role")),
}
REFERENCES = {
    "party": ("parties", "party_id"),
    "account": ("accounts", "account_id"),
    "counterparty": ("parties", "counterparty_party_id"),
    "invoice": ("invoices", "invoice_ref"),
    "from_party": ("parties", "from_party_id"),
    "to_party": ("parties", "to_party_id"),
    "from_account": ("accounts", "from_account_id"),
    "to_account": ("accounts", "to_account_id"),
    "seller": ("parties", "seller_party_id"),
    "buyer": ("parties", "buyer_party_id"),
}  # fmt: skip


@dataclass(frozen=True)
class Data:
    """Tables as lists of row dicts, and what stands beside them.

    Cells are Python values: ``datetime`` (UTC), ``date``, ``Decimal``/``Fraction``/``int`` (exact),
    ``float`` only for ``real`` columns, ``str``, ``bool``, lists of texts, None for null.
    """

    tables: dict[str, list[dict[str, Any]]]
    timezone: str = "UTC"
    base_currency: str = "EUR"
    covers_from: int | None = None
    registers: dict[str, Register] = field(default_factory=dict)
    thresholds: tuple[Threshold, ...] = ()
    blocs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    references: dict[str, tuple[str, str]] = field(default_factory=dict)
    times: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    views: dict[str, Any] = field(default_factory=dict)  # shared views by name

    def table(self, name: str) -> list[dict[str, Any]]:
        return [{column: exact(cell) for column, cell in row.items()} for row in self.tables.get(name, [])]

    def register(self, name: str) -> Register:
        found = self.registers.get(name) or REGISTERS.get(name)
        if found is None:
            raise LookupError(f"no register {name!r}")
        return found

    def reference(self, name: str) -> tuple[str, str] | None:
        return self.references.get(name) or REFERENCES.get(name)

    def start(self) -> int | None:
        """``covers_from``: as declared, else the first moment of the transactions (or of their ledger)."""
        if self.covers_from is not None:
            return self.covers_from
        moments = [
            row["booked_at"]
            for name in ("transactions", "ledger")
            for row in self.table(name)
            if row.get("booked_at") is not None
        ]
        return min(moments, default=None)
