"""``screen``: names and identifiers against listed entries."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from redflags.errors import did_you_mean
from redflags.expr import types as t
from redflags.operators.base import Input, Operation, Output
from redflags.operators.screen_doc import DOC, EXAMPLE
from redflags.plan.nodes import At, Base, Changes, Each, Frame, Held, Union
from redflags.plan.schema import FrameColumn
from redflags.plan.scope import Scope
from redflags.tables import dictionary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redflags.expr.nodes import Expr
    from redflags.expr.types import Type
    from redflags.operators.binder import Binder
    from redflags.plan.nodes import Derived
    from redflags.plan.schema import Schemas

MIN_SCORE: Final = Fraction(85, 100)
#: Names compared with one name, at most.
CAP: Final = 1000
#: Years that a year of birth may be off.
BIRTH_WITHIN: Final = 1
#: Column -> type, and the column of ``list_entries`` that it comes from.
MADE: Final[Mapping[str, tuple[Type, str | None]]] = {
    "kind": (t.TEXT, None),
    "score": (t.NUMBER, None),
    "name_score": (t.NUMBER, None),
    "how": (t.TEXT, None),
    "tokens_agreeing": (t.INT, None),
    "tokens_lacking": (t.INT, None),
    "screened_name": (t.TEXT, None),
    "listed_name": (t.TEXT, "name"),
    "alias": (t.BOOL, None),
    "alias_quality": (t.TEXT, "alias_quality"),
    "identifier": (t.TEXT, "identifier"),
    "identifier_kind": (t.TEXT, None),
    "birth": (t.TEXT, None),
    "place": (t.TEXT, None),
    "type": (t.TEXT, None),
    "supports": (t.INT, None),
    "conflicts": (t.INT, None),
    "list_id": (t.TEXT, "list_id"),
    "list_version": (t.TEXT, "list_version"),
    "entry_id": (t.TEXT, "entry_id"),
    "entry_type": (t.TEXT, "entity_type"),
    "regime": (t.TEXT, "regime"),
    "screened_id": (t.TEXT, None),
    "valid_from": (t.TIME, None),
    "valid_to": (t.TIME, None),
}


def bind(binder: Binder) -> Derived:
    """``{screen: {from: parties, name: [name, alias_names], min_score: 0.9}}``."""
    scope, standing = _source(binder)
    names: dict[str, Expr] = {}
    for index, text in enumerate(binder.names("name", ())):
        names[f"_n{index}"] = binder.expr(scope, text, "name", wants=("text", "list"))
    kinds = _identifiers(binder, scope, names)
    if not any(name[:2] in {"_n", "_i", "_j"} for name in names):
        raise binder.fault((), "'screen' wants name, identifiers or identifier")
    if binder.has("birth_year"):
        names["_birth"] = binder.expr(
            scope,
            binder.text("birth_year"),
            "birth_year",
            wants=("int", "number", "literal", "text", "date", "time"),
        )
    for index, text in enumerate(binder.names("country", ())):
        names[f"_c{index}"] = binder.expr(scope, text, "country", wants=("text", "list"))
    if binder.has("entity"):
        names["_type"] = binder.expr(scope, binder.text("entity"), "entity", wants=("text",))
    by = binder.names("by", ("party_id",) if "party_id" in binder.resolver.schemas.of(scope.frame).columns else ())
    keys = []
    for index, text in enumerate(by):
        if not text.isidentifier():
            raise binder.fault(("by",), "by names columns, which become the keys of the register")
        names[f"_k{index}"] = binder.expr(scope, text, "by")
        keys.append((text, binder.type_of(scope, names[f"_k{index}"], "by")))
    where = binder.condition(scope, binder.text("where"), "where") if binder.has("where") else None
    if binder.has("standing"):
        standing = binder.flag("standing")
    least, within, cap = (
        binder.number("min_score", MIN_SCORE),
        binder.whole("birth_within", BIRTH_WITHIN),
        binder.whole("cap", CAP),
    )
    if least is None or not 0 < least <= 1:
        raise binder.fault(("min_score",), "min_score is a share above 0, at most 1")
    if within is None or within < 0:
        raise binder.fault(("birth_within",), "birth_within is a whole number of years from 0")
    if cap is None or cap < 1:
        raise binder.fault(("cap",), "cap is a whole number from 1")
    binder.add("from", scope, names, where)
    return binder.finish(
        lists=binder.words("lists"),
        least=round(least * 1_000_000),
        within=within,
        cap=cap,
        by=tuple(keys),
        kinds=kinds,
        standing=standing,
        weak=binder.choice("weak", ("supported", "alone"), "supported"),
        take=binder.choice("take", ("best", "all"), "best"),
    )


def _source(binder: Binder) -> tuple[Scope, bool]:
    """The rows to screen, and whether they stand (are there from their moment on) or happen."""
    name = binder.text("from")
    table = dictionary().tables.get(name)
    if table is not None and table.is_register and name not in binder.resolver.streams:
        return Scope(binder.resolver, Held(name), (*binder.path, "from")), True
    scope = binder.scope()
    return scope, _stands(scope.frame)


def _stands(frame: Frame) -> bool:
    match frame:
        case Base():
            return dictionary().table(frame.table).is_register
        case Union():
            return all(_stands(rows.frame) for _, rows, _ in frame.parts)
        case Each() | At():
            return _stands(frame.parent.frame)
        case Changes() | Held():
            return True
        case _:
            return False


def _identifiers(binder: Binder, scope: Scope, names: dict[str, Expr]) -> tuple[str, ...]:
    """Kinds of the identifiers ``_i0, _i1, ...``; ``_j`` and ``_jk`` where a table tells value and kind."""
    found = binder.block("identifiers")
    known = (*dictionary().table("party_identifiers").columns["id_type"].values, "any")
    for index, (kind, text) in enumerate(found.items()):
        if kind not in known:
            raise binder.fault(("identifiers",), f"unknown kind of identifier '{kind}'", did_you_mean(str(kind), known))
        names[f"_i{index}"] = binder.expr(scope, str(text), "identifiers", kind, wants=("text", "list"))
    if binder.has("identifier"):
        names["_j"] = binder.expr(scope, binder.text("identifier"), "identifier", wants=("text", "list"))
    if binder.has("identifier_kind"):
        if "_j" not in names:
            raise binder.fault(("identifier_kind",), "identifier_kind tells the kind of identifier, which is not given")
        names["_jk"] = binder.expr(scope, binder.text("identifier_kind"), "identifier_kind", wants=("text",))
    return tuple(found)


def columns(node: Derived, schemas: Schemas) -> Mapping[str, FrameColumn]:
    """The input's columns, the keys, and what was found; where a name is both, it is what was found."""
    keys: Any = node.option("by")
    made = {
        name: FrameColumn(kind, *(("list_entries", column) if column else ())) for name, (kind, column) in MADE.items()
    }
    inner = schemas.of(node.input("from").frame).columns
    return {**{name: FrameColumn(kind) for name, kind in keys}, **inner, **made}


def keys_of(node: Derived) -> tuple[str, ...]:
    """The columns of ``by``, else the id of the screened row."""
    found: Any = node.option("by")
    return tuple(name for name, _ in found) or ("screened_id",)


def run(node: Derived, inputs: Mapping[str, Input]) -> Output:
    """One row per screened row and entry that match."""
    from redflags.operators.screen_run import screened

    return screened(node, inputs["from"])


OPERATION = Operation("screen", "both", bind, columns, run, keys_of, DOC, EXAMPLE)

__all__ = ["OPERATION"]
