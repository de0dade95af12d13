"""``match``: pairs of rows of two inputs, by keys, time, amount and text; ``lots``: outflows explained by inflows."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from redflags.expr import types as t
from redflags.expr.calls import unit_of_kind
from redflags.expr.nodes import Name
from redflags.operators.base import Input, Operation, Output
from redflags.operators.match_doc import DOC, EXAMPLE
from redflags.plan.nodes import measures
from redflags.plan.schema import FrameColumn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redflags.expr.nodes import Expr
    from redflags.operators.binder import Binder
    from redflags.plan.nodes import Derived
    from redflags.plan.schema import Schemas
    from redflags.plan.scope import Scope

#: Which comes first; the compiled search knows them by place.
ORDERS = ("b_after_a", "a_after_b", "any")
TAKES = ("nearest", "first", "all", "lots")
CAP, SCAN = 100, 10_000
#: Bounds are products of an amount and a share; wider shares could pass 127 bits.
WIDEST = 10**12
MADE = {"lag": t.DURATION, "ratio": t.NUMBER, "matched": t.BOOL}
LOT = {"explained": t.NUMBER, "explained_all": t.NUMBER}


def bind(binder: Binder) -> Derived:
    """``{match: {a: credits, b: debits, keys: [account_id], within: 3d, amount: amount_base, ratio: [0.8, 1.05]}}``."""
    scopes = {side: binder.rows(side) for side in "ab"}
    lets = {side: _carried(binder, side, scope) for side, scope in scopes.items()}
    names: dict[str, dict[str, Expr]] = {"a": {}, "b": {}}
    plain = _keys(binder, scopes, names)
    order = binder.choice("order", ORDERS, "b_after_a")
    take = binder.choice("take", TAKES, "nearest")
    within = binder.duration("within")
    if within is None or within <= 0:
        raise binder.fault(("within",) if binder.has("within") else (), "'match' wants within, a duration above zero")
    kind = _amount(binder, scopes, names, (*plain, *names["a"]))
    bound = _bound(binder, kind, take)
    alike = _similar(binder, scopes, names)
    if take == "lots":
        if kind is None:
            raise binder.fault((), "lots want an amount")
        for part, given in (("order", order != "b_after_a"), ("similar", alike is not None)):
            if given:
                raise binder.fault(
                    (part,), f"'{part}' has no meaning for lots", "an outflow b is explained by inflows a before it"
                )
    options = {
        "order": order, "take": take, "within": within, "keys": sum(name.startswith("k") for name in names["a"]), "plain": plain,
        "kind": kind, "bound": bound, "alike": alike, "unmatched": binder.flag("unmatched"), "lets": tuple(lets.items()),
        "cap": binder.positive("cap", CAP), "scan": binder.positive("scan", SCAN),
    }  # fmt: skip
    for side, scope in scopes.items():
        binder.add(side, scope, names[side])
    for side, scope in scopes.items():
        binder.add(f"{side}.let", scope, dict(_let(scope)))
    return binder.finish(**options)


def _let(scope: Scope) -> list[tuple[str, Expr]]:
    return [(name, expr) for name, expr in scope.carried() if name != "at"]


def _carried(binder: Binder, side: str, scope: Scope) -> tuple[tuple[str, FrameColumn], ...]:
    """Types of the view's own names, which come along under ``a.`` or ``b.``."""
    found = _let(scope)
    if any(measure.after for measure in measures(scope.filter, *(expr for _, expr in found))):
        hint = "give that view a later moment with 'at' in a view stacked on it"
        raise binder.fault(
            (side,), "a view with an 'after' aggregate is known only later than its rows", hint, "AGGREGATE"
        )
    made = []
    for name, expr in found:
        kind = binder.type_of(scope, expr, side)
        made.append((name, FrameColumn(t.kept(kind))))
    return tuple(made)


def _keys(binder: Binder, scopes: Mapping[str, Scope], names: dict[str, dict[str, Expr]]) -> tuple[str, ...]:
    """Key expressions of both sides; the names that both share, which stand in the output without a prefix."""
    spec = binder.raw("keys")
    if spec is None:
        raise binder.fault(
            (), "'match' wants keys", "keys: [account_id], keys: {a_expression: b_expression}, or keys: [] for none"
        )
    written = list(spec.items()) if isinstance(spec, dict) else [(text, text) for text in binder.names("keys")]
    plain: list[str] = []
    for index, (left, right) in enumerate(written):
        part: tuple[str | int, ...] = ("keys", left) if isinstance(spec, dict) else ("keys", index)
        if not isinstance(left, str) or not isinstance(right, str):
            raise binder.fault(part, "a key is a text, an expression over the rows of each side")
        found = [binder.expr(scopes[side], text, *part) for side, text in (("a", left), ("b", right))]
        kinds = [binder.type_of(scopes[side], expr, *part) for side, expr in zip("ab", found, strict=True)]
        if kinds[0].kind != kinds[1].kind or t.meet(*kinds) is None:
            raise binder.fault(part, f"the keys do not meet: {kinds[0]} and {kinds[1]}", code="EXPR-TYPE")
        if kinds[0].kind in {"list", "real", "literal", "null"}:
            raise binder.fault(part, f"{kinds[0]} is no key", code="EXPR-TYPE")
        for side, expr in zip("ab", found, strict=True):
            names[side][f"k{index}"] = expr
        if left == right and isinstance(found[0], Name) and len(found[0].parts) == 1:
            if left in {*MADE, *LOT, "lot_amount", "at", *plain}:
                raise binder.fault(part, f"'{left}' is already a column of the output")
            plain.append(left)
    return tuple(plain)


def _amount(
    binder: Binder, scopes: Mapping[str, Scope], names: dict[str, dict[str, Expr]], keys: tuple[str, ...]
) -> t.Type | None:
    spec = binder.raw("amount")
    if spec is None:
        return None
    texts = _both(binder, "amount", spec)
    kinds = []
    for side, (text, part) in texts.items():
        names[side]["amount"] = binder.expr(scopes[side], text, *part, wants=("money", "number", "int"))
        kinds.append(binder.type_of(scopes[side], names[side]["amount"], *part))
    kind = t.meet(*kinds)
    if kind is None or kinds[0].kind != kinds[1].kind:
        raise binder.fault(("amount",), f"the amounts do not meet: {kinds[0]} and {kinds[1]}", code="EXPR-TYPE")
    if kind.currency == "row" and "currency" not in keys:
        hint = "add currency to keys, or take amount_base"
        raise binder.fault(("amount",), "amounts of two currencies do not compare", hint, "EXPR-TYPE")
    return kind


def _both(binder: Binder, key: str, spec: Any) -> dict[str, tuple[str, tuple[str, ...]]]:  # noqa: ANN401
    """One text for both sides, or one each; each with its place."""
    if isinstance(spec, str):
        return dict.fromkeys("ab", (spec, (key,)))
    if isinstance(spec, dict) and all(isinstance(spec.get(side), str) for side in "ab"):
        return {side: (spec[side], (key, side)) for side in "ab"}
    raise binder.fault((key,), f"{key} is an expression for both sides, or {{a: expression, b: expression}}")


def _bound(binder: Binder, kind: t.Type | None, take: str) -> tuple[str, Fraction, Fraction] | None:
    """What the amounts must hold: (``ratio``, low, high), (``share``, s, s) or (``tolerance``, units, units)."""
    ratio, tolerance = binder.raw("ratio"), binder.raw("tolerance")
    given = "ratio" if ratio is not None else "tolerance"
    if ratio is None and tolerance is None:
        return None
    if ratio is not None and tolerance is not None:
        raise binder.fault(("tolerance",), "amounts are bound by ratio or by tolerance, not both")
    if kind is None:
        raise binder.fault(
            (given,), f"{given} wants an amount", "amount: amount_base, or amount: {a: expression, b: expression}"
        )
    if take == "lots":
        raise binder.fault(
            (given,), f"'{given}' has no meaning for lots", "an outflow b is explained by inflows a before it"
        )
    if ratio is not None:
        if not isinstance(ratio, list | tuple) or len(ratio) != 2:  # noqa: PLR2004  a low and a high end
            raise binder.fault(("ratio",), "ratio is two bounds of b / a: [lowest, highest]")
        low, high = (_exact(binder, item, "ratio", index) for index, item in enumerate(ratio))
        if low > high:
            raise binder.fault(("ratio",), "the lowest ratio lies above the highest")
        return "ratio", low, high
    if isinstance(tolerance, dict):
        if set(tolerance) != {"share"}:
            raise binder.fault(("tolerance",), "tolerance is an amount, or {share: 0.02} of a's amount")
        share = _exact(binder, tolerance["share"], "tolerance", "share")
        return "share", share, share
    units = Fraction(_exact(binder, tolerance, "tolerance") / unit_of_kind(kind) // 1)
    return "tolerance", units, units


def _exact(binder: Binder, written: Any, *part: str | int) -> Fraction:  # noqa: ANN401
    """A number that is not negative, where a parameter may stand for it."""
    number = binder.exact(written, *part)
    if number < 0 or max(number.numerator, number.denominator) > WIDEST:
        raise binder.fault(part, f"{part[0]} is a number from 0, with at most twelve decimals")
    return number


def _similar(binder: Binder, scopes: Mapping[str, Scope], names: dict[str, dict[str, Expr]]) -> Fraction | None:
    spec = binder.raw("similar")
    if spec is None:
        return None
    if not isinstance(spec, dict) or set(spec) - {"a", "b", "min"} or "min" not in spec:
        raise binder.fault(("similar",), "similar is {a: text, b: text, min: 0.9}")
    for side, (text, part) in _both(binder, "similar", spec).items():
        names[side]["text"] = binder.expr(scopes[side], text, *part, wants=("text",))
    least = _exact(binder, spec["min"], "similar", "min")
    if least > 1:
        raise binder.fault(("similar", "min"), "a similarity lies between 0 and 1")
    return least


def columns(node: Derived, schemas: Schemas) -> Mapping[str, FrameColumn]:
    """Keys that both sides share, all columns of both under ``a.`` and ``b.``, and what the pair is."""
    option: dict[str, Any] = dict(node.options)
    made: dict[str, FrameColumn] = {}
    for side, lets in option["lets"]:
        inner = {**schemas.of(node.input(side).frame).columns, **dict(lets)}
        made |= {name: inner[name] for name in option["plain"] if name not in made}
        made |= {f"{side}.{name}": column for name, column in inner.items()}
    made |= {name: FrameColumn(kind) for name, kind in MADE.items()}
    if option["take"] == "lots":
        made |= {"lot_amount": FrameColumn(option["kind"]), **{name: FrameColumn(kind) for name, kind in LOT.items()}}
    return made


def run(node: Derived, inputs: Mapping[str, Input]) -> Output:
    """One row per pair, and per row without a partner where that is asked."""
    from redflags.operators.match_run import matched

    return matched(node, inputs)


OPERATION = Operation("match", "stream", bind, columns, run, doc=DOC, example=EXAMPLE)

__all__ = ["OPERATION"]
