"""What the data dictionary is made of: columns, tables and the dictionary itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import polars as pl

from redflags.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DTYPES", "KLASSES", "UNITS", "Column", "Dictionary", "Protected", "Reference", "Table"]

#: Polars dtype of every dictionary type.
DTYPES: Final[Mapping[str, pl.DataType]] = MappingProxyType(
    {
        "id": pl.String(),
        "text": pl.String(),
        "enum": pl.String(),
        "country": pl.String(),
        "currency": pl.String(),
        "money": pl.Int64(),
        "money_base": pl.Int64(),
        "int": pl.Int64(),
        "number": pl.Int64(),
        "ratio": pl.Int64(),
        "decimal": pl.Int128(),
        "real": pl.Float64(),
        "bool": pl.Boolean(),
        "time": pl.Datetime("us", "UTC"),
        "date": pl.Date(),
        "list": pl.List(pl.String()),
    }
)

#: What one unit of a dictionary type is, as people and files see it.
UNITS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "country": "ISO 3166-1 alpha-2",
        "currency": "ISO 4217",
        "money": "major units of the row's currency, 4 decimals",
        "money_base": "major units of the base currency, 4 decimals",
        "number": "6 decimals",
        "ratio": "share, 1 for all of it, 6 decimals",
        "decimal": "units of the asset, 18 decimals",
        "time": "moment, held as UTC microseconds",
        "date": "calendar day",
        "list": "list of texts",
    }
)

#: What a column's class says about a rule that reads it (RULE_LANGUAGE section 4).
KLASSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "behaviour": "what was done: amounts, kinds, channels, instruments, texts; may stand alone",
        "document": "what a trade document, permit or contract says; counts as behaviour",
        "identity": "what tells who or what somebody is: names, numbers, addresses, devices",
        "list": "what a published or internal list says",
        "place": "context: country, region, port, coordinates; never alone",
        "travel": "context: travel data, bound to a purpose and a time; never alone",
        "npo": "context: being a non-profit, its programmes; never alone, and two behaviour facts beside it",
        "public_office": "context: prominent public function; never alone",
        "benefit": "context: income from benefits or pensions; never alone",
        "sector": "context: industry, occupation, merchant category; never alone",
        "age_of_entity": "context: how long a firm, account or relation has existed; never alone",
        "marker": "protects a person; policies read it, rules cannot",
        "key": "identifies a row or points to one; says nothing by itself",
        "label": "the answer key of labelled data; nothing but an evaluation reads it",
        "time": "when something was or becomes so",
        "meta": "about the data: source, version, order",
    }
)

#: Parts of a column name that say whose attribute it is, or how it is written.
_WHOSE: Final = frozenset(
    [
        "is",
        "has",
        "from",
        "to",
        "own",
        "counterparty",
        "customer",
        "client",
        "party",
        "person",
        "holder",
        "sender",
        "receiver",
        "originator",
        "beneficiary",
        "payer",
        "payee",
        "conductor",
        "user",
        "owner",
        "director",
        "patron",
        "buyer",
        "seller",
        "donor",
        "member",
        "child",
        "related",
    ]
)
_HOW: Final = frozenset(
    [
        "code",
        "codes",
        "id",
        "key",
        "name",
        "text",
        "list",
        "flag",
        "value",
        "type",
        "status",
        "iso",
        "iso2",
        "iso3",
        "years",
    ]
)


@dataclass(frozen=True)
class Column:
    """One column of a canonical table.

    Attributes:
        name: Canonical name.
        type: Dictionary type, a key of `DTYPES`.
        klass: What reading it means for a rule, a key of `KLASSES`.
        doc: What it holds.
        null: What a missing value means.
        unit: Unit as people see it.
        required: Whether a row without it is refused.
        known_at: Time column of the same table from which on the value is known; None means with the row.
        plan: Whether it speaks of the future on purpose (a due date), so that reading ahead is right.
        negative: Whether a negative amount is allowed.
        values: The codes of an enum.
        value_classes: Codes of an enum whose use is of another class than the column.
        ref: Table that the value points into.
        aliases: Names that other sources use for it; for "did you mean" only.
    """

    name: str
    type: str
    klass: str
    doc: str
    null: str = "not known"
    unit: str = ""
    required: bool = False
    known_at: str | None = None
    plan: bool = False
    negative: bool = False
    values: tuple[str, ...] = ()
    value_classes: Mapping[str, str] = field(default_factory=dict, hash=False)
    ref: str | None = None
    aliases: tuple[str, ...] = ()

    @property
    def dtype(self) -> pl.DataType:
        """Polars dtype of the column in a canonical frame."""
        return DTYPES[self.type]


@dataclass(frozen=True)
class Reference:
    """A declared path: an own column that holds the key of another table."""

    column: str
    table: str


@dataclass(frozen=True)
class Table:
    """One canonical table.

    Attributes:
        name: Canonical name.
        group: Group of the dictionary it stands in.
        doc: What a row is.
        kind: `stream` (rows happen at a moment), `register` (looked up as of a moment) or `both`.
        klass: What it means for a rule to find something in it.
        columns: By name, in the order of the dictionary.
        time: Default time column of a stream.
        id: Column that identifies a row, where there is one.
        id_parts: Columns that together identify a row: the id, or for the ledger id and side.
        keys: Columns a lookup gives, in this order; a lookup may give the first few.
        many: Whether several rows with the same keys may be valid at one moment.
        valid_from: Column of the first moment a row is valid; None for an undated table.
        valid_to: Column of the first moment a row is no longer valid.
        match: How a key matches, where not exactly: `prefix` or `wildcard` (`*` or null matches all).
        refs: Declared paths by name.
        aliases: Names that other sources use for the table; for "did you mean" only.
        derived: Whether the engine derives it; it is never supplied.
    """

    name: str
    group: str
    doc: str
    kind: str
    klass: str
    columns: Mapping[str, Column] = field(hash=False)
    time: str | None = None
    id: str | None = None
    id_parts: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    many: bool = False
    valid_from: str | None = None
    valid_to: str | None = None
    match: Mapping[str, str] = field(default_factory=dict, hash=False)
    refs: Mapping[str, Reference] = field(default_factory=dict, hash=False)
    aliases: tuple[str, ...] = ()
    column_aliases: Mapping[str, str] = field(default_factory=dict, hash=False)
    derived: bool = False

    @property
    def is_stream(self) -> bool:
        """Whether its rows can be walked in time."""
        return self.kind in {"stream", "both"}

    @property
    def is_register(self) -> bool:
        """Whether it can be looked up as of a moment."""
        return self.kind in {"register", "both"}

    @property
    def time_columns(self) -> tuple[str, ...]:
        """Columns that `table@column` may name."""
        return tuple(name for name, column in self.columns.items() if column.type in {"time", "date"})

    @property
    def required(self) -> tuple[str, ...]:
        """Columns without which the table cannot be read."""
        return tuple(name for name, column in self.columns.items() if column.required)

    def column(self, name: str) -> Column:
        """Look a column up by its canonical name.

        Raises:
            UsageError: When there is none, with the nearest name.
        """
        if name in self.columns:
            return self.columns[name]
        hint = self.suggest(name)
        raise UsageError(f"table '{self.name}' has no column '{name}'" + (f": {hint}" if hint else ""))

    def suggest(self, name: str) -> str:
        """Say which column was probably meant, by its other names first, then by spelling."""
        folded = name.casefold()
        target = self.column_aliases.get(folded)
        if target is not None:
            return f"did you mean '{target}'?"
        return did_you_mean(name, self.columns)

    def match_of(self, key: str) -> str:
        """How a key column matches: `exact`, `prefix` or `wildcard`."""
        return self.match.get(key, "exact")


@dataclass(frozen=True)
class Protected:
    """An attribute that is not in the model.

    Attributes:
        name: The attribute.
        words: Column names that would mean it.
        reason: Why it is not here.
        instead: What to use instead.
    """

    name: str
    words: tuple[str, ...]
    reason: str
    instead: str


@dataclass(frozen=True)
class Dictionary:
    """All canonical tables and the attributes that are not in the model."""

    tables: Mapping[str, Table]
    protected_attributes: tuple[Protected, ...]
    table_aliases: Mapping[str, str]
    protected_words: Mapping[str, Protected]

    def table(self, name: str) -> Table:
        """Look a table up by its canonical name.

        Raises:
            UsageError: When there is none, with the nearest name.

        Examples:
            >>> from redflags.tables import dictionary
            >>> dictionary().table("transactions").time
            'booked_at'
        """
        if name in self.tables:
            return self.tables[name]
        hint = self.suggest_table(name)
        raise UsageError(f"unknown table '{name}'" + (f": {hint}" if hint else ""))

    def column(self, table: str, name: str) -> Column:
        """Look a column up by table and name.

        Examples:
            >>> from redflags.tables import dictionary
            >>> dictionary().column("accounts", "closed_at").known_at
            'closed_at'
        """
        return self.table(table).column(name)

    def suggest_table(self, name: str) -> str:
        """Say which table was probably meant, by its other names first, then by spelling."""
        target = self.table_aliases.get(name.casefold())
        if target is not None:
            return f"did you mean '{target}'?"
        return did_you_mean(name, self.tables)

    def suggest_column(self, table: str, name: str) -> str:
        """Say which column of a table was probably meant; empty where nothing is near."""
        return self.tables[table].suggest(name) if table in self.tables else ""

    def protected(self, word: str) -> Protected | None:
        """Find the protected attribute that a name stands for.

        The name itself is looked at, and the name without what says whose it is or how it is written
        (`sender_nationality_code`). An account or firm may have an age: `account_age` is nobody's.

        Examples:
            >>> from redflags.tables import dictionary
            >>> dictionary().protected("counterparty_citizenship").name
            'nationality'
            >>> dictionary().protected("country") is None
            True
        """
        parts = word.casefold().replace("-", "_").replace(" ", "_").split("_")
        for first in range(len(parts)):
            for last in range(len(parts), first, -1):
                found = self.protected_words.get("_".join(parts[first:last]))
                if found is not None and _WHOSE.issuperset(parts[:first]) and _HOW.issuperset(parts[last:]):
                    return found
        return None
