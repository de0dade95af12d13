"""Registers, looked up as of a moment by scanning the whole table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redflags.expr.nodes import Name
from tests.reference.values import EMPTY, compare, micros, moment_of, unknown

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable
    from fractions import Fraction

    from redflags.expr.nodes import Expr
    from tests.reference.data import Data, Threshold

RowDict = dict[str, Any]


def _moment(value: Any) -> int | None:
    """Validity columns may be dates: a date is its midnight."""
    if value is None or isinstance(value, int):
        return value
    return micros(_midnight(value))


def _midnight(date: dt.date) -> dt.datetime:
    import datetime as dt

    return dt.datetime(date.year, date.month, date.day, tzinfo=dt.UTC)


def valid_at(row: RowDict, at: int, since: str | None = None) -> bool:
    start, end = _moment(row.get(since or "valid_from")), _moment(row.get("valid_to"))
    return (start is None or start <= at) and (end is None or at < end) and not row.get("withdrawn")


class Registers:
    """All registers of one data set."""

    def __init__(self, data: Data) -> None:
        self.data = data
        self._tables: dict[str, list[RowDict]] = {}

    def rows(self, name: str) -> list[RowDict]:
        if name not in self._tables:
            if name not in self.data.tables:
                raise LookupError(f"no table {name!r}")
            self._tables[name] = self.data.table(name)
        return self._tables[name]

    def covered(self, name: str, at: int) -> bool:
        register = self.data.register(name)
        return (register.covers_from is None or register.covers_from <= at) and (
            register.covers_to is None or at < register.covers_to
        )

    def _key_matches(self, name: str, column: str, cell: Any, wanted: Any) -> bool:
        how = self.data.register(name).how.get(column, "exact")
        if how == "wildcard" and cell in (None, "*"):
            return True
        if cell is None:
            return False
        if how == "prefix":
            return isinstance(wanted, str) and wanted.startswith(cell)
        return bool(compare("=", cell, wanted))

    def matching(self, name: str, keys: list[Any], at: int) -> list[RowDict]:
        """Valid rows: the first key column matches the first key, some remaining one each further key."""
        columns = self.data.register(name).keys
        found = []
        for row in self.rows(name):
            if not valid_at(row, at, self.data.register(name).since):
                continue
            wanted = [key if isinstance(key, tuple) else (key,) for key in keys]
            if not any(self._key_matches(name, columns[0], row.get(columns[0]), key) for key in wanted[0]):
                continue
            rest = columns[1:]
            if all(
                any(self._key_matches(name, column, row.get(column), key) for column in rest for key in options)
                for options in wanted[1:]
            ):
                found.append(row)
        return found

    def cell(self, name: str, row: RowDict, column: str, at: int) -> Any:
        late = self.data.register(name).known_at.get(column)
        if late is not None:
            known = _moment(row.get(late))
            if known is None or known > at:
                return None
        return row.get(column)

    # ---- functions of the language -----------------------------------------------------------------------

    def listed(self, name: str, keys: list[Any], at: int) -> Any:
        if any(unknown(key) for key in keys) or not self.covered(name, at):
            return None
        return bool(self.matching(name, keys, at))

    def value_of(self, path: str, keys: list[Any], at: int) -> Any:
        name, column = path.rsplit(".", 1)
        if any(unknown(key) for key in keys) or not self.covered(name, at):
            return None
        found = self.matching(name, keys, at)
        if len(found) > 1:
            raise LookupError(f"{len(found)} rows of {name} for {keys} at {moment_of(at)}: rows_of is meant")
        return self.cell(name, found[0], column, at) if found else None

    def linked(self, left: Any, right: Any, roles: list[Any], at: int) -> Any:
        if unknown(left) or unknown(right):
            return None
        for row in self.rows("party_links"):
            ends = {row.get("party_id"), row.get("related_party_id")}
            if ends == {left, right} and valid_at(row, at) and (not roles or row.get("role") in roles):
                return True
        return False

    def path(self, table: str, key: Any, column: str, at: int) -> Any:
        """A dotted path: the referenced row as of ``at``."""
        if unknown(key) or not self.covered(table, at):
            return None
        found = self.matching(table, [key], at)
        return self.cell(table, found[0], column, at) if found else None

    # ---- thresholds --------------------------------------------------------------------------------------

    def _threshold(self, kind: Any, place: Any, currency: Any, at: int) -> Threshold | None:
        if unknown(kind) or unknown(place) or unknown(currency):
            return None
        wanted = self.data.base_currency if currency == "base" else currency
        for step in (place, *self.data.blocs.get(place, ()), "default"):
            for entry in self.data.thresholds:
                from_ok = entry.valid_from is None or entry.valid_from <= at
                to_ok = entry.valid_to is None or at < entry.valid_to
                if entry.kind == kind and entry.place == step and from_ok and to_ok:
                    return entry if entry.currency in {wanted, "*"} else None
        return None

    def threshold(self, kind: Any, place: Any, currency: Any, at: int) -> Fraction | None:
        entry = self._threshold(kind, place, currency, at)
        return None if entry is None else entry.amount

    def reaches(self, kind: Any, place: Any, amount: Any, currency: Any, at: int) -> bool | None:
        entry = self._threshold(kind, place, currency, at)
        if amount is EMPTY:
            return False
        return None if entry is None else compare(entry.operator, amount, entry.amount)


def register_call(registers: Registers, name: str, args: list[Expr], ask: Callable[[Expr], Any], row: Any) -> Any:
    """One call of a register function at ``row`` (which knows its moment and its references)."""
    if name == "found":
        (reference,) = args
        assert isinstance(reference, Name)
        table, key = row.reference(reference.parts)
        return False if unknown(key) else bool(registers.matching(table, [key], row.at))
    values = [ask(arg) for arg in args]
    if name == "listed":
        return registers.listed(values[0], values[1:], row.at)
    if name == "value_of":
        return registers.value_of(values[0], values[1:], row.at)
    if name == "linked":
        return registers.linked(values[0], values[1], values[2:], row.at)
    if name == "threshold":
        return registers.threshold(values[0], values[1], values[2], row.at)
    assert name == "reaches"
    return registers.reaches(values[0], values[1], values[2], values[3], row.at)
