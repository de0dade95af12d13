"""Streams as plain lists: base tables, views over them, and one world's reading of every row."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from redflags.expr.nodes import Call, Expr, Name, Text
from redflags.expr.parser import parse
from redflags.rules.model import Aggregate, Operator, View
from redflags.units import parse_duration
from tests.reference import expressions
from tests.reference.data import IDS, TIMES, Data
from tests.reference.measures import measure
from tests.reference.registers import Registers, register_call, valid_at
from tests.reference.values import both, condition, moment_of, unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from redflags.rules.model import Rule


class MissingColumnError(LookupError):
    """A column or table that the rule reads is not there: the rule cannot run at all."""


@dataclass(eq=False)
class Row:
    """One row of one stream. ``member``: surely a row of its stream, or perhaps (None)."""

    stream: Stream
    at: int
    id: str
    order: tuple[Any, ...]
    cols: dict[str, Any] = field(default_factory=dict)
    parent: Row | None = None
    each: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    member: bool | None = True


@dataclass(eq=False)
class Stream:
    """A base table (``view`` is None) or a view over other streams."""

    name: str
    columns: frozenset[str] = frozenset()
    table: str = ""
    view: View | None = None
    sources: tuple[Stream, ...] = ()


class World:
    """One reading of the data: rows whose filter is unknown are all out, or all in."""

    def __init__(self, rule: Rule, data: Data, params: dict[str, Any], *, unknown_in: bool) -> None:
        self.rule, self.data, self.params, self.unknown_in = rule, data, params, unknown_in
        self.registers = Registers(data)
        self.covers_from = data.start()
        self._streams: dict[str, Stream] = {}
        self._rows: dict[int, list[Row]] = {}
        self._memo: dict[tuple[Any, ...], Any] = {}
        self.saw_unknown = False
        self.judged = Stream("", view=rule.detect, sources=self.named(rule.detect.sources))

    # ---- parameters --------------------------------------------------------------------------------------

    def setting(self, text: str | int | None) -> Any:
        """A ``$parameter`` or what is written."""
        if isinstance(text, str) and text.startswith("$"):
            return self.params[text[1:]]
        return text

    def duration(self, text: str | None) -> int | None:
        value = self.setting(text)
        return parse_duration(value) if isinstance(value, str) else value

    # ---- streams -----------------------------------------------------------------------------------------

    def named(self, names: tuple[str, ...]) -> tuple[Stream, ...]:
        return tuple(self.stream(name) for name in names)

    def stream(self, name: str) -> Stream:
        if name not in self._streams:
            view = self.rule.with_.get(name) or self.data.views.get(name)
            if isinstance(view, Operator):
                raise NotImplementedError(f"operator {view.name}")
            if view is not None:
                self._streams[name] = Stream(name, view=view, sources=self.named(view.sources))
            else:
                table = name.split("@", maxsplit=1)[0].removesuffix("_all")
                if table not in self.data.tables:
                    raise MissingColumnError(f"no table {table!r}")
                columns = frozenset(column for row in self.data.table(table) for column in row)
                self._streams[name] = Stream(name, columns, table)
        return self._streams[name]

    def rows(self, stream: Stream) -> list[Row]:
        """All rows before the stream's own ``where``, in order."""
        if id(stream) not in self._rows:
            found = self._view_rows(stream) if stream.view else self._table_rows(stream)
            self._rows[id(stream)] = sorted(found, key=lambda row: row.order)
        return self._rows[id(stream)]

    def _table_rows(self, stream: Stream) -> list[Row]:
        table, _, column = stream.name.partition("@")
        only_booked = stream.table in {"transactions", "ledger"} and not table.endswith("_all")
        column = column or self.data.times.get(stream.table) or TIMES[stream.table]
        found = []
        for cells in self.data.table(stream.table):
            at = cells.get(column)
            if at is None or (only_booked and cells.get("status") not in {None, "booked"}):
                continue
            if stream.table == "ledger":
                name, side = cells["txn_id"], cells["direction"]
                id_, order = f"{name}/{side}", (name, side)
            else:
                id_ = cells[self.data.ids.get(stream.table) or IDS[stream.table]]
                order = (id_, "")
            seq = cells.get("seq")
            place = (at, (seq is not None, seq or 0), order)
            found.append(Row(stream, at, id_, place, {**dict.fromkeys(stream.columns), **cells}))
        return found

    def _view_rows(self, stream: Stream) -> list[Row]:
        view = stream.view
        assert view is not None
        found = []
        for source in stream.sources:
            for parent in self.rows(source):
                member = self.membership(parent)
                if member is False:
                    continue
                for number, each in enumerate(self._copies(view, stream, parent), start=1):
                    at, order = parent.at, parent.order
                    if len(stream.sources) > 1:
                        seq = self.value(parent, ("seq",)) if self._has(source, ("seq",)) else None
                        order = (at, (seq is not None, seq or 0), source.name, parent.id)
                    row = Row(stream, at, parent.id, order, {}, parent, each, member)
                    if view.each:
                        row.id, row.order = f"{parent.id}#{number}", (at, row.order, number)
                    if view.at is not None:
                        moved = self.ask(parse(view.at), row)
                        self._forget(row)
                        if unknown(moved):
                            continue
                        row.at = max(at, int(moved))
                        row.order = (row.at, row.order)
                    found.append(row)
        return found

    def _copies(self, view: View, stream: Stream, parent: Row) -> list[dict[str, tuple[str, dict[str, Any]]]]:
        """One entry per copy of the row: each register variable bound to one row valid at its moment."""
        probe = Row(stream, parent.at, parent.id, parent.order, {}, parent)
        choices = []
        for variable, text in view.each.items():
            call = parse(text)
            assert isinstance(call, Call)
            assert call.name == "rows_of"
            register = call.args[0]
            assert isinstance(register, Name | Text)
            name = register.text if isinstance(register, Name) else register.value
            key = self.ask(call.args[1], probe)
            rows = [] if unknown(key) else self.registers.matching(name, [key], parent.at)
            rows.sort(key=lambda found: [(cell is not None, cell) for cell in found.values()])
            choices.append([(variable, (name, row)) for row in rows])
        self._forget(probe)
        return [dict(copy) for copy in itertools.product(*choices)]

    def _forget(self, row: Row) -> None:
        """What was read while the row's moment was not settled does not count."""
        for key in [key for key in self._memo if key[0] == id(row)]:
            del self._memo[key]

    # ---- membership --------------------------------------------------------------------------------------

    def own_where(self, row: Row) -> bool | None:
        """The view's own condition at a row of it."""
        view = row.stream.view
        if view is None or view.where is None:
            return True
        return condition(self.ask(parse(view.where), row))

    def membership(self, row: Row) -> bool | None:
        return both(row.member, self._once((id(row), "where"), lambda: self.own_where(row)))

    def counts(self, verdict: bool | None) -> bool:
        """Whether a source row with this filter is taken in this world."""
        if verdict is None:
            self.saw_unknown = True
            return self.unknown_in
        return verdict

    # ---- values ------------------------------------------------------------------------------------------

    def ask(self, node: Expr, row: Row, *, judged: bool = False) -> Any:
        return expressions.evaluate(node, _At(self, row, judged))

    def value(self, row: Row, parts: tuple[str, ...]) -> Any:
        return self._once((id(row), parts), lambda: self._value(row, parts, row.at))

    def _once(self, key: tuple[Any, ...], compute: Callable[[], Any]) -> Any:
        if key not in self._memo:
            self._memo[key] = compute()
        return self._memo[key]

    def _value(self, row: Row, parts: tuple[str, ...], at: int) -> Any:
        view = row.stream.view
        if view is None:
            return self._column(row, parts, at)
        assert row.parent is not None
        head = parts[0]
        if len(parts) == 1 and head in view.let:
            let = view.let[head]
            return measure(self, row, let) if isinstance(let, Aggregate) else self.ask(parse(let), row)
        if head in row.each:
            name, found = row.each[head]
            return self.registers.cell(name, found, ".".join(parts[1:]), at)
        if parts == ("_stream",) and len(row.stream.sources) > 1:
            return row.parent.stream.name
        absent = len(row.stream.sources) > 1 and not self._has(row.parent.stream, parts)
        if absent and any(self._has(source, parts) for source in row.stream.sources):
            return None  # union by column name: absent on this side
        return self._inherited(row.parent, parts, at)

    def _inherited(self, row: Row, parts: tuple[str, ...], at: int) -> Any:
        """Columns are read as of the outer row; a view's ``let`` as of its own row."""
        view = row.stream.view
        own = view is not None and len(parts) == 1 and parts[0] in view.let
        return self.value(row, parts) if own else self._value(row, parts, at)

    def _has(self, stream: Stream, parts: tuple[str, ...]) -> bool:
        if stream.view is not None:
            known = parts[0] in stream.view.let or parts[0] in stream.view.each
            return known or any(self._has(source, parts) for source in stream.sources)
        if len(parts) == 1:
            return parts[0] in stream.columns
        reference = self.data.reference(parts[0])
        return reference is not None and reference[1] in stream.columns

    def _column(self, row: Row, parts: tuple[str, ...], at: int) -> Any:
        if len(parts) == 1:
            if parts[0] in row.cols:
                return row.cols[parts[0]]
            if parts[0] == "at":
                return at
            raise MissingColumnError(f"{row.stream.name} has no column {parts[0]!r}")
        reference = self.data.reference(parts[0])
        if reference is None or reference[1] not in row.cols:
            raise MissingColumnError(f"{row.stream.name} has no reference {parts[0]!r}")
        table, key = reference[0], row.cols[reference[1]]
        for step in parts[1:-1]:
            following = self.data.reference(step)
            assert following is not None
            key = self.registers.path(table, key, following[1], at)
            table = following[0]
        return self.registers.path(table, key, parts[-1], at)


@dataclass
class _At:
    """The environment of an expression at one row of one world."""

    world: World
    row: Row
    judged: bool

    @property
    def at(self) -> int:
        return self.row.at

    def name(self, parts: tuple[str, ...]) -> Any:
        if parts == ("judged",) and self.judged:
            return self.world.own_where(self.row)
        return self.world.value(self.row, parts)

    def param(self, name: str) -> Any:
        return self.world.params[name]

    def reference(self, parts: tuple[str, ...]) -> tuple[str, Any]:
        found = self.world.data.reference(parts[0])
        assert found is not None
        return found[0], self.world.value(self.row, (found[1],))

    def register_call(self, name: str, args: list[Expr], ask: Callable[[Expr], Any]) -> Any:
        if name == "base_currency":
            return self.world.data.base_currency
        if name in {"local_date", "local_hour", "local_weekday"}:
            moment = ask(args[0])
            if unknown(moment):
                return moment
            local = moment_of(moment).astimezone(ZoneInfo(self._timezone()))
            return {"local_date": local.date(), "local_hour": local.hour}.get(name, local.isoweekday())
        return register_call(self.world.registers, name, args, ask, self)

    def _timezone(self) -> str:
        """The account's time zone where row and account have one; else the data set's."""
        zone = None
        if "accounts" in self.world.data.tables:
            try:
                zone = self.world.registers.path(
                    "accounts", self.world.value(self.row, ("account_id",)), "timezone", self.at
                )
            except MissingColumnError:
                zone = None
        return zone or self.world.data.timezone


__all__ = ["MissingColumnError", "Row", "Stream", "World", "valid_at"]
