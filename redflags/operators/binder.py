"""Reads an operator's block: named parts, each checked where it stands."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from redflags.errors import RedflagsError, did_you_mean
from redflags.expr.lexer import ExprError
from redflags.expr.lower import Lowering
from redflags.expr.nodes import Interval, Name, Number, Param, Text
from redflags.expr.parser import parse
from redflags.plan.nodes import Derived, Held, ListLiteral, Rows, both, measures
from redflags.plan.schema import FrameColumn
from redflags.plan.scope import BindError, Scope
from redflags.units import parse_duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redflags.expr.nodes import Expr
    from redflags.expr.types import Type
    from redflags.plan.scope import Path, Resolver


#: No limit or count is larger.
MOST = 2**31


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

    def fault(self, part: Path, message: str, hint: str = "", code: str = "OPERATOR") -> BindError:
        """A fault at a part of the block."""
        return BindError((*self.path, *part), ExprError(message, 0, hint, code))

    # ---- inputs -----------------------------------------------------------------------------------------------

    def scope(self) -> Scope:
        """The stream or view that ``from`` names."""
        return self.resolver.scope(self.text("from"), (*self.path, "from"))

    def rows(self, key: str) -> Scope:
        """The stream, view or register that ``key`` names.

        A register's rows stand at the moment from which they are valid.
        """
        return self.rows_named(self.text(key), key)

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
            return Lowering(self.resolver.schemas, scope.frame).stored(expr).type
        except ExprError as error:
            raise BindError((*self.path, *part), error) from None

    def column(self, scope: Scope, expr: Expr, kind: Type) -> FrameColumn:
        """The column that an expression is, so that what the dictionary says of it holds; else one of its type."""
        if isinstance(expr, Name) and len(expr.parts) == 1:
            found = self.resolver.schemas.of(scope.frame).columns.get(expr.text)
            if found is not None:
                return FrameColumn(kind, found.table, found.column)
        return FrameColumn(kind)

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

    def block(self, key: str) -> dict[str, Any]:
        """Named parts; none where it is not given."""
        found = self.raw(key, {})
        if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
            raise self.fault((key,), f"'{key}' is a block of named parts")
        return found

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
        return self.literal(self.raw(key), key)

    def literal(self, found: Any, *part: str | int) -> Any:  # noqa: ANN401
        """The same for what stands at some part of the block."""
        if not isinstance(found, str) or not found.startswith("$"):
            return found
        try:
            node = parse(found)
            return self.resolver.param(node) if isinstance(node, Param) else found
        except ExprError as error:
            raise BindError((*self.path, *part), error) from None

    def exact(self, written: Any, *part: str | int, what: str = "") -> Fraction:  # noqa: ANN401
        """The exact number that stands at some part of the block; a fault calls it ``what``."""
        found = self.literal(written, *part)
        if isinstance(found, Number):
            return found.value
        try:
            return Fraction(str(found))
        except (ValueError, ZeroDivisionError):
            raise self.fault(part, f"{what or part[0]} is a number") from None

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
        written = self.raw(key)
        if written is None:
            return None if default is None else Fraction(default)
        return self.exact(written, key)

    def whole(self, key: str, default: int | None = None) -> int | None:
        """A whole number."""
        found = self.number(key, default)
        if found is None:
            return None
        if found.denominator != 1:
            raise self.fault((key,), f"{key} is a whole number")
        return int(found)

    def positive(self, key: str, default: int, least: int = 1) -> int:
        """A whole number from ``least``."""
        found = self.whole(key, default)
        if found is None or not least <= found <= MOST:
            raise self.fault((key,), f"{key} is a whole number from {least}")
        return found

    def wholes(self, key: str, default: tuple[int, int]) -> tuple[int, int]:
        """Two whole numbers, lowest and highest; one stands for both."""
        found = self.raw(key)
        if found is None:
            return default
        items = found if isinstance(found, list | tuple) else [found]
        numbers = []
        for i, item in enumerate(items):
            literal = self.literal(item, key, i) if items is found else self.literal(item, key)
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

    def words(self, key: str) -> tuple[str, ...]:
        """Texts (none where it is not given), where a list parameter may stand for them."""
        found = self.value(key)
        if found is None:
            return ()
        if isinstance(found, ListLiteral):
            return found.items
        if isinstance(found, Text):
            return (found.value,)
        return self.names(key)

    # ---- the node ---------------------------------------------------------------------------------------------

    def done(self) -> None:
        """Refuse what nobody read."""
        unknown = [str(key) for key in self.spec if key not in self.read]
        if unknown:
            raise self.fault(
                (unknown[0],), f"'{self.operator}' has no part '{unknown[0]}'", did_you_mean(unknown[0], self.read)
            )

    def finish(self, **options: Any) -> Derived:  # noqa: ANN401
        """The bound operator; ``options`` must be hashable."""
        self.done()
        return Derived(self.operator, tuple(self.inputs), tuple(sorted(options.items())))


__all__ = ["Binder"]
