"""``paths``: time-ordered chains and cycles of transfers that keep their value from hop to hop."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from redflags.expr import types as t
from redflags.operators.base import Input, Operation, Output
from redflags.operators.paths_doc import DOC, EXAMPLE
from redflags.plan.schema import FrameColumn
from redflags.units import NUMBER_SCALE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redflags.expr.nodes import Expr
    from redflags.operators.binder import Binder
    from redflags.plan.nodes import Derived
    from redflags.plan.schema import Schemas
    from redflags.plan.scope import Scope

LONGEST = 8
HOPS = (2, 5)
KEEP = Fraction(4, 5)
MOST_GROWTH = 10
HUB, CAP = 100, 10_000
MADE = {
    "path_id": t.TEXT, "source": t.TEXT, "target": t.TEXT, "hops": t.INT, "kept": t.NUMBER,
    "first_at": t.TIME, "first_amount": t.MONEY, "last_amount": t.MONEY, "txn_ids": t.LIST, "mids": t.LIST,
    "distinct_nodes": t.INT, "capped": t.BOOL,
}  # fmt: skip


def bind(binder: Binder) -> Derived:
    """``{paths: {from: transactions, keep: 0.8, within: 10d, hops: [3, 5]}}``."""
    scope = binder.scope()  # written out, so that a reader and the safeguards see what is read
    names: dict[str, Expr] = {}
    made: dict[str, FrameColumn] = {}
    for end, default in (("source", "from_account_id"), ("target", "to_account_id")):
        names[end] = binder.expr(scope, binder.text(end, default), end, wants=("text",))
        made[end] = binder.column(scope, names[end], t.TEXT)
    amount = binder.expr(scope, binder.text("amount", "amount_base"), "amount", wants=("money",))
    names["amount"] = amount
    for column in ("first_amount", "last_amount"):
        made[column] = binder.column(scope, amount, binder.type_of(scope, amount, "amount"))
    by = binder.names("by", ())
    for i, name in enumerate(by):
        part = ("by",) if isinstance(binder.raw("by"), str) else ("by", i)
        if name in MADE or name in by[:i]:
            raise binder.fault(part, f"'{name}' is already a column of the output")
        names[f"by:{name}"] = found = binder.expr(scope, name, *part)
        made[name] = binder.column(scope, found, binder.type_of(scope, found, *part))
    if made["first_amount"].type.currency == "row" and "currency" not in by:
        hint = "add by: currency, or take amount_base"
        raise binder.fault(("amount",), "amounts of two currencies do not compare", hint, "EXPR-TYPE")
    collect = _collect(binder, scope, by, names, made)
    low, high = binder.wholes("hops", HOPS)
    if not 2 <= low <= high <= LONGEST:  # noqa: PLR2004  one hop is a transfer, not a path
        text = f"hops are two whole numbers from 2 to {LONGEST}, the smaller first: [3, 5]"
        raise binder.fault(("hops",), text)
    close = binder.flag("close")
    hop_within, within = _times(binder, high)
    options = {
        "by": by, "collect": collect, "hops": (low, high), "close": close, "made": tuple(made.items()),
        "hop_within": hop_within, "within": within, "keep": _share(binder, "keep", KEEP),
        "keep_total": _share(binder, "keep_total", None), "grow": _growth(binder),
        "hub": binder.positive("hub", HUB), "cap": binder.positive("cap", CAP),
    }  # fmt: skip
    binder.add("from", scope, names)
    return binder.finish(**options)


def _collect(
    binder: Binder, scope: Scope, by: tuple[str, ...], names: dict[str, Expr], made: dict[str, FrameColumn]
) -> tuple[str, ...]:
    spec = binder.raw("collect", {})
    if not isinstance(spec, dict) or not all(isinstance(text, str) for pair in spec.items() for text in pair):
        raise binder.fault(("collect",), "collect names texts of the hops: {countries: to_country}")
    for name, text in spec.items():
        if name in MADE or name in by:
            raise binder.fault(("collect", name), f"'{name}' is already a column of the output")
        names[f"collect:{name}"] = found = binder.expr(scope, text, "collect", name, wants=("text",))
        made[name] = binder.column(scope, found, t.LIST)
    return tuple(spec)


def _times(binder: Binder, longest: int) -> tuple[int, int]:
    """Longest time between two hops, and from the first to the last."""
    hop_within, within = binder.duration("hop_within"), binder.duration("within")
    for key, found in (("hop_within", hop_within), ("within", within)):
        if found is not None and found <= 0:
            raise binder.fault((key,), f"{key} is a duration above zero")
    if hop_within is None and within is None:
        raise binder.fault((), "'paths' wants within (first to last hop), hop_within (hop to hop), or both")
    if within is None:
        assert hop_within is not None  # noqa: S101  one of them is there
        return hop_within, hop_within * (longest - 1)
    return (within if hop_within is None else min(hop_within, within)), within


def _share(binder: Binder, key: str, default: Fraction | None) -> Fraction | None:
    found = binder.number(key, default)
    if found is not None and (not 0 < found <= 1 or not _short(found)):
        raise binder.fault((key,), f"{key} is a share from above 0 to 1, with at most six decimals")
    return found


def _growth(binder: Binder) -> Fraction:
    found = binder.number("grow", 0) or Fraction(0)
    if not 0 <= found <= MOST_GROWTH or not _short(found):
        raise binder.fault(("grow",), f"grow is a share from 0 to {MOST_GROWTH}, with at most six decimals")
    return found


def _short(number: Fraction) -> bool:
    return (number * NUMBER_SCALE).denominator == 1


def columns(node: Derived, _: Schemas) -> Mapping[str, FrameColumn]:
    """Ends, hops, share kept, moments, amounts and transfers of the path, ``by`` and ``collect``."""
    made: Any = node.option("made")
    return {**{name: FrameColumn(kind) for name, kind in MADE.items()}, **dict(made)}


def run(node: Derived, inputs: Mapping[str, Input]) -> Output:
    """The best path that ends with each transfer."""
    from redflags.operators.paths_run import found_paths

    return found_paths(node, inputs["from"])


OPERATION = Operation("paths", "stream", bind, columns, run, doc=DOC, example=EXAMPLE)

__all__ = ["OPERATION"]
