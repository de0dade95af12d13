"""Calls that ask a register as of the row: each becomes one named lookup column."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from redflags.errors import did_you_mean
from redflags.expr import nodes
from redflags.expr import types as t
from redflags.expr.calls import unify, unit_of_kind
from redflags.expr.lexer import ExprError
from redflags.expr.values import Value, any_empty, boolean, compare
from redflags.plan.nodes import Lookup

if TYPE_CHECKING:
    from redflags.expr.lower import Lowering


def lower_lookup(lowering: Lowering, node: nodes.Call) -> Value:
    """``listed``, ``value_of``, ``linked``, ``found``, ``threshold`` or ``reaches``."""
    match node.name:
        case "listed":
            return _listed(lowering, node)
        case "value_of":
            return _value_of(lowering, node)
        case "linked":
            return _linked(lowering, node)
        case "found":
            return _found(lowering, node)
        case "threshold":
            amount, _ = _threshold(lowering, node, node.args[2])
            return amount
        case _:
            return _reaches(lowering, node)


def _literal(node: nodes.Expr, what: str) -> str:
    if isinstance(node, nodes.Text):
        return node.value
    if isinstance(node, nodes.Name) and len(node.parts) <= 2:  # noqa: PLR2004  register or register.column
        return node.text
    raise ExprError(f"{what} is written as a quoted name", node.start, code="EXPR-ARGUMENTS")


def _register(
    lowering: Lowering, name: str, node: nodes.Expr, keys: tuple[nodes.Expr, ...]
) -> tuple[str, tuple[nodes.Expr, ...]]:
    """The table behind a register's name; a list's own id is its table with the first key given."""
    schemas = lowering.schemas
    if name in schemas.list_tables:
        return schemas.list_tables[name], (nodes.Text(name, start=node.start, end=node.end), *keys)
    table = schemas.known_table(name)
    if table is None or not table.keys:
        known = [entry.name for entry in schemas.dictionary.tables.values() if entry.keys]
        raise ExprError(
            f"unknown register {name!r}",
            node.start,
            did_you_mean(name, [*known, *schemas.list_tables]),
            "EXPR-REGISTER",
        )
    return name, keys


def _key_values(lowering: Lowering, table: str, keys: tuple[nodes.Expr, ...], node: nodes.Call) -> list[Value]:
    declared = lowering.schemas.table(table).keys
    if not 1 <= len(keys) <= len(declared):
        shown = ", ".join(declared)
        raise ExprError(f"{table!r} is looked up by {shown}; got {len(keys)} keys", node.start, code="EXPR-ARGUMENTS")
    values = [lowering._lower(key) for key in keys]  # noqa: SLF001
    for key, value in zip(keys, values, strict=True):
        if value.type.kind not in {"text", "list", "null", "date", "int", "bool"}:
            raise ExprError(f"a key is a text or a list of texts, this is {value.type}", key.start, code="EXPR-TYPE")
    return values


def _listed(lowering: Lowering, node: nodes.Call) -> Value:
    table, keys = _register(lowering, _literal(node.args[0], "the register"), node.args[0], node.args[1:])
    values = _key_values(lowering, table, keys, node)
    lookup = Lookup("listed", table, "", keys)
    return boolean(pl.col(lowering.schemas.lookup_name(lookup)), values)


def _value_of(lowering: Lowering, node: nodes.Call) -> Value:
    from redflags.expr.lower import typed_column

    text = _literal(node.args[0], "the register's column")
    name, _, column = text.rpartition(".")
    if not name:
        raise ExprError("value_of wants 'register.column'", node.args[0].start, code="EXPR-ARGUMENTS")
    table, keys = _register(lowering, name, node.args[0], node.args[1:])
    columns = lowering.schemas.table(table).columns
    if column not in columns:
        raise ExprError(
            f"{table!r} has no column {column!r}",
            node.args[0].start,
            did_you_mean(column, columns),
            "EXPR-NAME",
        )
    values = _key_values(lowering, table, keys, node)
    lookup = Lookup("value", table, column, keys)
    found = typed_column(columns[column].type, pl.col(lowering.schemas.lookup_name(lookup)))
    return replace(found, empty=any_empty(values))


def _linked(lowering: Lowering, node: nodes.Call) -> Value:
    roles: list[str] = []
    places: dict[str, int] = {}
    for arg in node.args[2:]:
        items = (arg.value,) if isinstance(arg, nodes.Text) else getattr(arg, "items", None)
        if items is None:
            raise ExprError("roles are quoted texts or a list parameter", arg.start, code="EXPR-ARGUMENTS")
        roles += items
        places |= dict.fromkeys(items, arg.start)
    known = lowering.schemas.dictionary.table("party_links").columns["role"].values
    for role in roles:
        if known and role not in known:
            raise ExprError(f"unknown role {role!r}", places[role], did_you_mean(role, known), "EXPR-ARGUMENTS")
    ends = [lowering._lower(arg) for arg in node.args[:2]]  # noqa: SLF001
    for arg, end in zip(node.args, ends, strict=False):
        if end.type.kind not in {"text", "null"}:
            raise ExprError("linked wants two party ids", arg.start, code="EXPR-TYPE")
    lookup = Lookup("linked", "party_links", "", node.args[:2], tuple(sorted(roles)))
    return boolean(pl.col(lowering.schemas.lookup_name(lookup)), ends)


def _found(lowering: Lowering, node: nodes.Call) -> Value:
    arg = node.args[0]
    if not isinstance(arg, nodes.Name):
        raise ExprError("found wants a reference: found(invoice)", arg.start, code="EXPR-ARGUMENTS")
    table, key = lowering.reference(arg.parts, arg.start)
    return Value(t.BOOL, pl.col(lowering.schemas.lookup_name(Lookup("exists", table, "", (key,)))))


def _threshold(lowering: Lowering, node: nodes.Call, currency: nodes.Expr) -> tuple[Value, pl.Expr]:
    kind = _literal(node.args[0], "the kind of threshold")
    known = lowering.schemas.threshold_kinds
    if known and kind not in known:
        raise ExprError(f"unknown threshold {kind!r}", node.args[0].start, did_you_mean(kind, known), "EXPR-REGISTER")
    place = lowering._lower(node.args[1])  # noqa: SLF001
    if place.type.kind not in {"text", "null"}:
        raise ExprError("the place is a country code", node.args[1].start, code="EXPR-TYPE")
    unit = lowering._lower(currency)  # noqa: SLF001
    if unit.type.kind not in {"text", "null"}:
        raise ExprError("the currency is a code or 'base'", currency.start, code="EXPR-TYPE")
    tag = None
    if isinstance(currency, nodes.Text):
        tag = "base" if currency.value == "base" else None
    elif isinstance(currency, nodes.Name) and currency.parts == ("currency",):
        tag = "row"
    lookup = Lookup("threshold", "thresholds", kind, (node.args[1], currency))
    name = lowering.schemas.lookup_name(lookup)
    money = t.Type("money", tag)
    return Value(money, pl.col(name), unit_of_kind(money)), pl.col(f"{name}.over")


def _reaches(lowering: Lowering, node: nodes.Call) -> Value:
    amount = lowering._lower(node.args[2])  # noqa: SLF001
    limit, over = _threshold(lowering, node, node.args[3])
    amount, limit = unify(amount, limit, node.args[2].start)
    reached = pl.when(over).then(compare(">", amount, limit)).otherwise(compare(">=", amount, limit))
    return boolean(reached, (amount,))
