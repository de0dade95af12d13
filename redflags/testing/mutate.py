"""Small changes to a rule, each of which some test must notice.

Every comparison is shifted and turned, every conjunct dropped, every ``and``/``or`` swapped, every number moved by
one, every window one second longer and shorter, every aggregate exchanged for a neighbour, every key column
dropped, every ``complete``, ``before`` and ``latest_per`` taken away.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from redflags.expr.nodes import Binary, Call, Expr, In, IsDistinct, IsNull, Number, Unary, children
from redflags.expr.parser import parse
from redflags.plan.scope import rebuild
from redflags.plan.show import text_of
from redflags.rules.model import AGGREGATES, Rule
from redflags.testing.run import Mutation
from redflags.units import parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redflags.rules.load import RuleFile

Path = tuple[Any, ...]
_SHIFT = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "=": "<>", "<>": "="}
_TURN = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_NEIGHBOUR = {
    "sum": "max", "mean": "max", "std": "mean", "min": "max", "max": "min", "median": "max", "mad": "median",
    "first": "last", "last": "first", "entropy": "distinct",
}  # fmt: skip
SECOND = 1_000_000


@dataclass(frozen=True)
class Mutant:
    """One changed rule.

    Attributes:
        path: place in the rule file that is changed.
        line: line of the rule file that is changed.
        what: ``before -> after``; with the path it names the mutant.
        mutation: the rule as changed.
    """

    path: Path
    line: int
    what: str
    mutation: Mutation

    @property
    def name(self) -> str:
        """How the mutant is printed, and named in a test file's ``equivalent``."""
        return f"{'.'.join(str(part) for part in self.path)}: {self.what}"


def mutants_of(file: RuleFile) -> list[Mutant]:
    """Every mutant of a rule, in the order of the file."""
    found: list[Mutant] = []
    seen: dict[tuple[Path, str], list[str]] = {}
    for path, after, words, derived in _changes(file.document.data):
        same = seen.setdefault((path, words), [])
        if repr(after) in same:
            continue
        same.append(repr(after))
        what = words if len(same) == 1 else f"{words} ({len(same)})"  # the same words at another place
        data = _replaced(file.document.data, path, after)
        for name, (source, _) in derived.items():
            data = _replaced(data, ("params", name), dict(data["params"][source]))
        try:
            rule = Rule.model_validate(data)
        except ValidationError:
            continue
        line = file.document.locate(_existing(file.document.data, path)).line
        found.append(Mutant(path, line, what, Mutation(rule, derived)))
    return found


Change = tuple[Path, Any, str, dict[str, tuple[str, int]]]


def _changes(data: dict[str, Any]) -> Iterator[Change]:
    views: list[tuple[Path, Any]] = [
        (("with", name), view) for name, view in (data.get("with") or {}).items() if "from" in view
    ]
    views.append((("detect",), data["detect"]))
    params = data.get("params") or {}
    for path, view in views:
        if isinstance(view.get("where"), str):
            yield from _text((*path, "where"), view["where"])
        for name, spec in (view.get("let") or {}).items():
            if isinstance(spec, str):
                yield from _text((*path, "let", name), spec)
            else:
                yield from _aggregate((*path, "let", name), spec, params)
        if isinstance(view.get("at"), str):
            yield from _text((*path, "at"), view["at"])
        yield from _keys((*path, "key"), view.get("key"))
    for name, fact in data["detect"]["facts"].items():
        yield from _text(("detect", "facts", name, "if"), fact["if"])
    yield from _text(("detect", "when"), data["detect"]["when"])


def _text(path: Path, text: str) -> Iterator[Change]:
    for before, after in variants(parse(text)):
        whole = text_of(after)
        yield path, whole, before, {}


def variants(root: Expr) -> Iterator[tuple[str, Expr]]:
    """Every expression that differs from ``root`` in one place, with ``before -> after`` of that place.

    Example:
        >>> [what for what, _ in variants(parse("a >= 1 and b"))][:3]
        ['a >= 1 and b -> a >= 1', 'a >= 1 and b -> b', 'a >= 1 and b -> a >= 1 or b']
    """
    yield from _at(root, lambda node: node)


def _at(node: Expr, wrap: Any) -> Iterator[tuple[str, Expr]]:  # noqa: ANN401
    for changed in _own(node):
        yield f"{text_of(node)} -> {text_of(changed)}", wrap(changed)
    for child in children(node):

        def inside(new: Expr, child: Expr = child) -> Expr:
            return wrap(rebuild(node, lambda part: new if part is child else part))  # type: ignore[no-any-return]

        yield from _at(child, inside)


def _own(node: Expr) -> Iterator[Expr]:  # noqa: C901  one case a node
    """Changes at this very node."""
    match node:
        case Binary(op="and" | "or"):
            yield node.left
            yield node.right
            yield dataclasses.replace(node, op="or" if node.op == "and" else "and")
        case Binary() if node.op in _SHIFT:
            yield dataclasses.replace(node, op=_SHIFT[node.op])
            if node.op in _TURN:
                yield dataclasses.replace(node, op=_TURN[node.op])
        case Unary(op="not"):
            yield node.operand
        case IsNull() | In() | IsDistinct():
            yield dataclasses.replace(node, negated=not node.negated)
            if isinstance(node, In) and len(node.items) > 1:
                for dropped in range(len(node.items)):
                    yield dataclasses.replace(node, items=node.items[:dropped] + node.items[dropped + 1 :])
        case Number():
            yield Number(node.value + 1)
            if node.value > 0:
                yield Number(node.value - 1 if node.value >= 1 else node.value / Fraction(2))
        case Call(name="given"):
            yield from node.args
        case Call(name="at_least" | "linked" | "coalesce"):
            if len(node.args) > 2:  # noqa: PLR2004  a dropped fact, role or alternative
                for dropped in range(1, len(node.args)):
                    yield dataclasses.replace(node, args=node.args[:dropped] + node.args[dropped + 1 :])
        case _:
            return


def _aggregate(path: Path, spec: dict[str, Any], params: dict[str, Any]) -> Iterator[Change]:  # noqa: C901  part by part
    op = next(name for name in AGGREGATES if name in spec)
    if isinstance(spec[op], str) and spec[op] != "rows":
        yield from _text((*path, op), spec[op])
    for name in ("where", "of", "weight"):
        if isinstance(spec.get(name), str):
            yield from _text((*path, name), spec[name])
    if "where" in spec:
        yield path, {k: v for k, v in spec.items() if k != "where"}, f"where: {spec['where']} -> (none)", {}
    if op in _NEIGHBOUR:
        other = _NEIGHBOUR[op]
        yield path, {other: spec[op]} | {k: v for k, v in spec.items() if k != op}, f"{op} -> {other}", {}
    elif op in {"distinct", "top_sum"}:
        other_spec = {"count": "rows"} if op == "distinct" else {"sum": spec[op]}
        rest = {k: v for k, v in spec.items() if k not in {op, "of", "n"}}
        yield path, other_spec | rest, f"{op} -> {next(iter(other_spec))}", {}
    for name in ("within", "before", "after", "baseline"):
        if isinstance(spec.get(name), str):
            yield from _window((*path, name), spec, name, params)
    for name in ("complete", "latest_per"):
        if spec.get(name):
            yield path, {k: v for k, v in spec.items() if k != name}, f"{name} -> (none)", {}
    yield from _keys((*path, "by"), spec.get("by"))
    for column in spec.get("match") or {}:
        if len(spec["match"]) > 1:
            rest_match = {k: v for k, v in spec["match"].items() if k != column}
            yield (*path, "match"), rest_match, f"match {column} -> (none)", {}


def _window(path: Path, spec: dict[str, Any], name: str, params: dict[str, Any]) -> Iterator[Change]:
    text = spec[name]
    if name in {"before", "after"}:
        yield path[:-1], {k: v for k, v in spec.items() if k != name}, f"{name}: {text} -> (none)", {}
    if text in {"now", "ever"}:
        return
    for change, word in ((SECOND, "one second longer"), (-SECOND, "one second shorter")):
        if text.startswith("$") and text[1:] in params:
            made = f"mutated_{text[1:]}"
            yield path, f"${made}", f"{name}: {text} -> {word}", {made: (text[1:], change)}
        else:
            micros = parse_duration(text) + change
            if micros > 0:
                yield path, f"{micros // SECOND}s", f"{name}: {text} -> {word}", {}


def _keys(path: Path, names: Any) -> Iterator[Change]:  # noqa: ANN401
    if isinstance(names, list) and len(names) > 1:
        for dropped in range(len(names)):
            rest = names[:dropped] + names[dropped + 1 :]
            yield path, rest, f"key [{', '.join(names)}] -> [{', '.join(rest)}]", {}


def _replaced(data: Any, path: Path, value: Any) -> Any:  # noqa: ANN401
    if not path:
        return value
    if isinstance(data, list):
        return [_replaced(item, path[1:], value) if i == path[0] else item for i, item in enumerate(data)]
    return {**data, path[0]: _replaced(data.get(path[0], {}), path[1:], value)}


def _existing(data: Any, path: Path) -> Path:  # noqa: ANN401
    """The longest part of the path that stands in the file."""
    found: list[Any] = []
    for part in path:
        if not isinstance(data, dict | list) or (isinstance(data, dict) and part not in data):
            break
        data = data[part]
        found.append(part)
    return tuple(found)


__all__ = ["Mutant", "mutants_of", "variants"]
