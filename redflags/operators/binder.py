"""Reads an operator's block: named parts, each checked where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redflags.errors import RedflagsError, did_you_mean
from redflags.expr.lexer import ExprError
from redflags.expr.lower import Lowering
from redflags.expr.nodes import Interval, Number, Param, Text
from redflags.expr.parser import parse
from redflags.plan.nodes import Derived, Held, ListLiteral, Rows, both, measures
from redflags.plan.scope import BindError, Scope
from redflags.units import parse_duration

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from redflags.expr.nodes import Expr
    from redflags.expr.types import Type
    from redflags.plan.scope import Path, Resolver


class Binder:
    """One operator's block while it is read; ``finish`` makes the node and refuses what nobody read."""

    def __init__(self, resolver: Resolver, name: str, operator: str, spec: Any, path: Path) -> None:  # noqa: ANN401
        self.resolver, self.name, self.operator = resolver, name, operator
        self.path: Path = (*path, operator)
        if not isinstance(spec, dict):
            raise self.fault((), f"'{operator}' wants a block of named parts")
        self.spec: Mapping[str, Any] = spec
        self.read: set[str] = set()
        self.inputs: list[tuple[str, Rows, tuple[tuple[str, Expr], ...]]] = []

    def fault(self, part: Path, message: str, hint: str = "", code: str = "OPERATOR", offset: int = 0) -> BindError:
        """A fault at a part of the block."""
        return BindError((*self.path, *part), ExprError(message, offset, hint, code))

    # ---- inputs -----------------------------------------------------------------------------------------------

    def scope(self, key: str = "from", default: str | None = None) -> Scope:
        """The stream or view that ``key`` names."""
        name = self.text(key, default)
        return self.resolver.scope(name, (*self.path, key))

    def rows(self, key: str = "from", default: str | None = None) -> Scope:
        """The stream, view or register that ``key`` names.

        A register's rows stand at the moment from which they are valid.
        """
        name = self.text(key, default)
        return self.rows_named(name, key)

    def rows_named(self, name: str, *part: str | int) -> Scope:
        """The same for a name that stands at some part of the block."""
        made = self.resolver.register(name)
        if made is not None:
            return Scope(self.resolver, Held(made), (*self.path, *part))
        table = self.resolver.schemas.known_table(name)
        if name not in self.resolver.streams and table is not None and table.time is None:
            return Scope(self.resolver, Held(name), (*self.path, *part))
        return self.resolver.scope(name, (*self.path, *part))

    def expr(self, scope: Scope, text: str, *part: str | int, wants: tuple[str, ...] = ()) -> Expr:
        """An expression over the rows of a scope, typed; ``wants`` names the kinds of type allowed."""
        found = scope.text((*self.path, *part), text)
        kind = self.type_of(scope, found, *part)
        if wants and kind.kind not in wants:
            raise self.fault(part, f"this is {kind}; wanted: {' or '.join(wants)}", code="EXPR-TYPE")
        return found

    def condition(self, scope: Scope, text: str, *part: str | int) -> Expr:
        """A condition over the rows of a scope."""
        found = scope.text((*self.path, *part), text)
        try:
            Lowering(self.resolver.schemas, scope.frame).condition(found)
        except ExprError as error:
            raise BindError((*self.path, *part), error) from None
        return found

    def type_of(self, scope: Scope, expr: Expr, *part: str | int) -> Type:
        """Type of an expression over a scope."""
        try:
            return Lowering(self.resolver.schemas, scope.frame).lower(expr).type
        except ExprError as error:
            raise BindError((*self.path, *part), error) from None

    def add(self, role: str, scope: Scope, names: Mapping[str, Expr], where: Expr | None = None) -> None:
        """Declare an input: the scope's rows (``where`` narrows them further) and the expressions read on them."""
        if any(measure.after for measure in measures(scope.filter, where, *names.values())):
            raise self.fault(
                (), "an operator cannot read an aggregate with 'after'", "give the view a later moment with 'at'"
            )
        self.inputs.append((role, Rows(scope.frame, both(scope.filter, where)), tuple(names.items())))

    # ---- options ----------------------------------------------------------------------------------------------

    def has(self, key: str) -> bool:
        """Whether a part is given."""
        return self.spec.get(key) is not None

    def raw(self, key: str, default: Any = None) -> Any:  # noqa: ANN401
        """A part as written; a ``$parameter`` stays text."""
        self.read.add(key)
        found = self.spec.get(key)
        return default if found is None else found

    def text(self, key: str, default: str | None = None) -> str:
        """A text; required where there is no default."""
        found = self.raw(key, default)
        if found is None:
            raise self.fault((), f"'{self.operator}' wants {key}")
        if not isinstance(found, str):
            raise self.fault((key,), f"{key} is a text")
        return found

    def names(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """One text or several."""
        found = self.raw(key)
        if found is None:
            if default is None:
                raise self.fault((), f"'{self.operator}' wants {key}")
            return default
        items = [found] if isinstance(found, str) else list(found) if isinstance(found, list | tuple) else [None]
        if not all(isinstance(item, str) for item in items):
            raise self.fault((key,), f"{key} is a text or a list of texts")
        return tuple(items)

    def choice(self, key: str, options: tuple[str, ...], default: str) -> str:
        """One of several words."""
        found = self.value(key)
        word = default if found is None else str(getattr(found, "value", found))
        if word not in options:
            raise self.fault(
                (key,), f"unknown {key} '{word}'", did_you_mean(word, options) or f"one of {', '.join(options)}"
            )
        return word

    def value(self, key: str) -> Any:  # noqa: ANN401
        """A literal node or plain value: a ``$parameter`` is replaced by its node."""
        return self._literal(self.raw(key), key)

    def _literal(self, found: Any, *part: str | int) -> Any:  # noqa: ANN401
        if isinstance(found, str) and found.startswith("$"):
            node = parse(found)
            if isinstance(node, Param):
                try:
                    return self.resolver.param(node)
                except ExprError as error:
                    raise BindError((*self.path, *part), error) from None
        return found

    def duration(self, key: str, default: int | None = None) -> int | None:
        """A duration in µs."""
        found = self.value(key)
        if found is None:
            return default
        if isinstance(found, Interval):
            return found.micros
        try:
            return parse_duration(str(found))
        except RedflagsError as error:
            raise self.fault((key,), str(error)) from None

    def number(self, key: str, default: Fraction | int | None = None) -> Fraction | None:
        """An exact number."""
        from fractions import Fraction as Exact

        found = self.value(key)
        if found is None:
            return None if default is None else Exact(default)
        if isinstance(found, Number):
            return found.value
        try:
            return Exact(str(found))
        except ValueError:
            raise self.fault((key,), f"{key} is a number") from None

    def whole(self, key: str, default: int | None = None) -> int | None:
        """A whole number."""
        found = self.number(key, default)
        if found is None:
            return None
        if found.denominator != 1:
            raise self.fault((key,), f"{key} is a whole number")
        return int(found)

    def wholes(self, key: str, default: tuple[int, int]) -> tuple[int, int]:
        """Two whole numbers, lowest and highest; one stands for both."""
        found = self.raw(key)
        if found is None:
            return default
        items = found if isinstance(found, list | tuple) else [found]
        numbers = []
        for i, item in enumerate(items):
            literal = self._literal(item, key, i) if items is found else self._literal(item, key)
            text = str(literal.value if isinstance(literal, Number) else literal)
            if not text.isdecimal():
                raise self.fault((key,), f"{key} is a whole number or two: [lowest, highest]")
            numbers.append(int(text))
        if len(numbers) not in {1, 2}:
            raise self.fault((key,), f"{key} is a whole number or two: [lowest, highest]")
        return numbers[0], numbers[-1]

    def flag(self, key: str, *, default: bool = False) -> bool:
        """A truth value."""
        found = self.raw(key, default)
        if not isinstance(found, bool):
            raise self.fault((key,), f"{key} is true or false")
        return found

    def words(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Texts, where a list parameter may stand for them."""
        found = self.value(key)
        if found is None:
            return default
        if isinstance(found, ListLiteral):
            return found.items
        if isinstance(found, Text):
            return (found.value,)
        return self.names(key)

    # ---- the node ---------------------------------------------------------------------------------------------

    def finish(self, **options: Any) -> Derived:  # noqa: ANN401
        """The bound operator; ``options`` must be hashable."""
        unknown = [key for key in self.spec if key not in self.read]
        if unknown:
            raise self.fault(
                (unknown[0],), f"'{self.operator}' has no part '{unknown[0]}'", did_you_mean(unknown[0], self.read)
            )
        return Derived(self.operator, tuple(self.inputs), tuple(sorted(options.items())))


__all__ = ["Binder"]
