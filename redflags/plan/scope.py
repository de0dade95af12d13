"""Names to nodes: what a text of a rule means on the rows of its view.

Resolution inlines ``let`` texts and parameters and turns aggregates into measures, so that two rules that say the same
in different words share one node.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from redflags.errors import RedflagsError, did_you_mean
from redflags.expr import types as t
from redflags.expr.lexer import ExprError
from redflags.expr.nodes import Bool, Call, Expr, In, Name, Node, Param, Text, field_names, walk
from redflags.expr.parser import parse
from redflags.plan.aggregate import bind_aggregate
from redflags.plan.nodes import (
    At,
    Base,
    Changes,
    Derived,
    Each,
    Frame,
    ListLiteral,
    MeasureRef,
    Rows,
    Union,
    both,
    measures,
)
from redflags.rules.model import Aggregate, Operator, View, as_names
from redflags.rules.scopes import register_word

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from redflags.plan.schema import Schemas

Path = tuple[str | int, ...]


class BindError(RedflagsError):
    """A fault of one text of a rule: where in the file's structure, and where in the text."""

    def __init__(self, path: Path, error: ExprError) -> None:
        super().__init__(error.message)
        self.path = path
        self.error = error


class PoisonedError(RedflagsError):
    """A name whose own text is faulty and already reported."""


class Scope:
    """One view: its frame, its filter and its names."""

    def __init__(
        self,
        resolver: Resolver,
        frame: Frame,
        path: Path,
        view: View | None = None,
        parent: Scope | None = None,
    ) -> None:
        self.resolver = resolver
        self.frame = frame
        self.path = path
        self.view = view
        self.parent = parent
        self.lets = view.let if view else {}
        self._resolved: dict[str, Expr] = {}
        self._active: list[str] = []
        self._failed: set[str] = set()
        self._where: Expr | None = None
        self._where_known = view is None or view.where is None
        self._where_failed = False
        self.below = parent.filter if parent is not None and parent.frame == frame else None

    # ---- the view's own rows ----------------------------------------------------------------------------------

    @property
    def where(self) -> Expr | None:
        """The view's own condition."""
        if self._where_failed:
            raise PoisonedError("where")
        if not self._where_known and self.view is not None and self.view.where is not None:
            self._where_failed = True
            self._where = self.text((*self.path, "where"), self.view.where, row_only=True)
            self._where_known, self._where_failed = True, False
        return self._where

    @property
    def filter(self) -> Expr | None:
        """The condition of a row of the frame to be a row of this view."""
        return both(self.below, self.where)

    @property
    def default_key(self) -> tuple[str, ...] | None:
        """Key columns of aggregates that name none."""
        if self.view is not None and self.view.key is not None:
            return as_names(self.view.key)
        return self.resolver.default_key

    @property
    def default_key_path(self) -> Path:
        """Where they are written: a wrong one is told there, once for all who use it."""
        own = self.view is not None and self.view.key is not None
        return (*self.path, "key") if own else self.resolver.default_key_path

    def names(self) -> list[str]:
        """All ``let`` names visible here, outer ones included."""
        found = list(self.lets)
        if self.parent is not None and self.parent.frame == self.frame:
            found += [name for name in self.parent.names() if name not in self.lets]
        return found

    # ---- texts ------------------------------------------------------------------------------------------------

    def text(
        self, path: Path, text: str, *, row_only: bool = False, extra: Mapping[str, Expr | None] | None = None
    ) -> Expr:
        """Parse and resolve one text of the rule.

        Raises:
            BindError: with the path of the text and the place in it.
        """
        try:
            return self.resolve(parse(text), row_only=row_only, extra=extra)
        except ExprError as error:
            raise BindError(path, error) from None

    def resolve(self, node: Expr, *, row_only: bool = False, extra: Mapping[str, Expr | None] | None = None) -> Expr:
        """Replace names, parameters and list parameters by what they stand for."""

        def visit(item: Expr) -> Expr:
            if isinstance(item, Param):
                return self.resolver.param(item)
            if isinstance(item, Name):
                return self.name(item, row_only=row_only, extra=extra or {})
            if isinstance(item, In) and len(item.items) == 1 and isinstance(item.items[0], Param):
                value = self.resolver.param(item.items[0])
                if isinstance(value, ListLiteral):
                    texts = tuple(Text(word, start=item.start, end=item.end) for word in value.items)
                    return dataclasses.replace(item, operand=visit(item.operand), items=texts)
            if isinstance(item, Call) and item.name in {"listed", "value_of", "rows_of"} and item.args:
                item = self._derived_register(item)
            return rebuild(item, visit)

        return visit(node)

    def _derived_register(self, call: Call) -> Call:
        """A lookup in a register that ``with`` makes, under the register's own name."""
        first = call.args[0]
        if not isinstance(first, Text | Name):
            return call
        word = first.value if isinstance(first, Text) else first.text
        name, dot, column = word.partition(".") if call.name == "value_of" else (word, "", "")
        own = self.resolver.register(name)
        if own is None:
            if isinstance(first, Name) and len(first.parts) <= 2:  # noqa: PLR2004  register or register.column
                first = Text(word, start=first.start, end=first.end)
            return dataclasses.replace(call, args=(first, *call.args[1:]))
        text = Text(f"{own}{dot}{column}", start=first.start, end=first.end)
        return dataclasses.replace(call, args=(text, *call.args[1:]))

    def name(self, node: Name, *, row_only: bool, extra: Mapping[str, Expr | None]) -> Expr:
        """What one name stands for on the rows of this view."""
        if len(node.parts) > 1:
            return node
        word = node.parts[0]
        if word in extra:
            found = extra[word]
            if found is None:
                return Bool(True, start=node.start, end=node.end)
            return found
        if word in self.lets:
            if row_only and self._own_measure(word):
                raise ExprError(
                    f"'where' may not use {word!r}, which is an aggregate of the same view", node.start,
                    "stack a view: name this view under 'with' and filter a view from it", "EXPR-AGGREGATE",
                )  # fmt: skip
            return dataclasses.replace(self.let(word), start=node.start, end=node.end)
        if self.parent is not None and self.parent.frame == self.frame and word in self.parent.names():
            return self.parent.name(node, row_only=False, extra={})
        schema = self.resolver.schemas.of(self.frame)
        if word not in schema.columns and word not in schema.refs:
            choices = [*self.names(), *schema.columns]
            raise ExprError(f"unknown name {word!r}", node.start, did_you_mean(word, choices), "EXPR-NAME")
        return node

    def _own_measure(self, word: str) -> bool:
        """Whether ``word`` leads to an aggregate of this very view."""
        pending, seen = [word], set()
        while pending:
            name = pending.pop()
            spec = self.lets.get(name)
            if isinstance(spec, Aggregate):
                return True
            if isinstance(spec, str) and name not in seen:
                seen.add(name)
                pending += [n.text for n in walk(parse(spec)) if isinstance(n, Name)]
        return False

    def let(self, name: str) -> Expr:
        """What a ``let`` name stands for: the inlined text, or a measure."""
        if name in self._resolved:
            return self._resolved[name]
        path = (*self.path, "let", name)
        if name in self._failed:
            raise PoisonedError(name)
        if name in self._active:
            loop = " -> ".join([*self._active[self._active.index(name) :], name])
            raise BindError(path, ExprError(f"these names need each other: {loop}", 0, code="LET-CYCLE"))
        self._active.append(name)
        try:
            spec = self.lets[name]
            if isinstance(spec, Aggregate):
                measure = bind_aggregate(self, spec, path)
                self.resolver.schemas.labels.setdefault(measure, name)
                found: Expr = MeasureRef(measure, name)
            else:
                found = self.text(path, spec)
            self.resolver.checked(self.frame, found, path)
        except RedflagsError:
            self._failed.add(name)
            raise
        finally:
            self._active.pop()
        self._resolved[name] = found
        return found

    def carried(self) -> tuple[tuple[str, Expr], ...]:
        """The view's names as columns of a frame made from it."""
        return tuple((name, self.let_of(name)) for name in self.names())

    def let_of(self, name: str) -> Expr:
        """A visible ``let`` name, the view's own or an outer one."""
        if name in self.lets:
            return self.let(name)
        assert self.parent is not None  # noqa: S101  names() lists only what some scope has
        return self.parent.let_of(name)


class Resolver:
    """Finds streams and parameters for the scopes of one rule under one set of parameter values."""

    def __init__(
        self, schemas: Schemas, streams: Mapping[str, View | Operator], params: Mapping[str, Expr],
        default_key: tuple[str, ...] | None, default_key_path: Path = (),
        checked: Callable[[Frame, Expr, Path], None] | None = None,
    ) -> None:  # fmt: skip
        self.schemas = schemas
        self.streams = streams
        self.params = params
        self.default_key = default_key
        self.default_key_path = default_key_path
        self.checked = checked or (lambda *_: None)
        self._scopes: dict[str, Scope] = {}
        self._derived: dict[str, Derived] = {}
        self.registers: dict[str, Derived] = {}  # asked, by lookup name
        self._active: list[str] = []

    def param(self, node: Param) -> Expr:
        """The value of a parameter as a literal."""
        if node.name not in self.params:
            hint = did_you_mean(node.name, self.params)
            raise ExprError(f"unknown parameter ${node.name}", node.start, hint, "EXPR-PARAM")
        literal = self.params[node.name]
        return dataclasses.replace(literal, start=node.start, end=node.end)

    def scope(self, name: str, path: Path) -> Scope:
        """The scope of a named stream: a view of ``with``, a shared one, or a base stream."""
        if name in self._scopes:
            return self._scopes[name]
        if name in self._active:
            loop = " -> ".join([*self._active[self._active.index(name) :], name])
            raise BindError(path, ExprError(f"these streams need each other: {loop}", 0, code="STREAM-CYCLE"))
        self._active.append(name)
        try:
            spec = self.streams.get(name)
            if isinstance(spec, Operator):
                scope = self._stream(name, spec, path)
                self._scopes[name] = scope
                return scope
            own = None if spec is None else self.view(spec, ("with", name))
            scope = own or Scope(self, self.base(name, path), path)
        finally:
            self._active.pop()
        self._scopes[name] = scope
        return scope

    def operator(self, name: str) -> Derived:
        """The bound operator of a name in ``with``."""
        if name not in self._derived:
            spec = self.streams[name]
            assert isinstance(spec, Operator)  # noqa: S101  the callers looked
            from redflags.operators.binder import Binder
            from redflags.operators.registry import operation

            path: Path = ("with", name)
            found = operation(spec.name)
            if found is None:
                text = f"the operator {spec.name!r} is not available in this version"
                raise BindError(path, ExprError(text, 0, code="STREAM-OPERATOR"))
            block = (spec.model_extra or {})[spec.name]
            self._derived[name] = found.bind(Binder(self, name, spec.name, block, path))
        return self._derived[name]

    def _stream(self, name: str, spec: Operator, path: Path) -> Scope:
        from redflags.operators.registry import operation

        node = self.operator(name)
        found = operation(spec.name)
        if found is None or found.kind == "register":
            text = f"{name!r} is a register, not a stream"
            raise BindError(path, ExprError(text, 0, "look it up with listed or value_of", "STREAM-UNKNOWN"))
        return Scope(self, node, ("with", name))

    def register(self, name: str) -> str | None:
        """The lookup name of a register that ``with`` makes; None where it makes none of that name."""
        from redflags.operators.registry import operation

        spec = self.streams.get(name)
        if not isinstance(spec, Operator):
            return None
        found = operation(spec.name)
        if found is not None and found.kind == "stream":
            return None
        node = self.operator(name)
        made = self.schemas.derived_register(node)
        self.registers[made] = node
        return made

    def base(self, name: str, path: Path) -> Frame:
        """The frame of a base stream: ``table``, ``table_all``, ``table@column`` or ``changes(register)``."""
        dictionary = self.schemas.dictionary
        if name.startswith("changes(") and name.endswith(")"):
            register = name[8:-1].strip()
            if register in dictionary.tables and dictionary.table(register).valid_from:
                return Changes(register)
            raise BindError(path, ExprError(f"{register!r} is not a dated register", 0, code="STREAM-UNKNOWN"))
        word, _, column = name.partition("@")
        table_name = word.removesuffix("_all") if word in {"ledger_all", "transactions_all"} else word
        table = dictionary.tables.get(table_name)
        time = column or (table.time if table else None)
        if table is None or time is None:
            streams = [t.name for t in dictionary.tables.values() if t.time]
            hint = did_you_mean(name, [*self.streams, *streams])
            text = f"unknown stream {name!r}" if table is None else f"{name!r} has no time column; it is a register"
            raise BindError(path, ExprError(text, 0, hint, "STREAM-UNKNOWN"))
        if column and (column not in table.columns or table.columns[column].type not in {"time", "date"}):
            times = [c.name for c in table.columns.values() if c.type in {"time", "date"}]
            text = f"{word!r} has no time column {column!r}"
            raise BindError(path, ExprError(text, 0, did_you_mean(column, times), "STREAM-UNKNOWN"))
        return Base(table_name, time, word.endswith("_all") and word != table_name)

    def view(self, view: View, path: Path) -> Scope:
        """The scope of a view, making new frames for unions, ``each`` and ``at``."""
        from_path = (*path, "from")
        if len(view.sources) == 1:
            parent = self.scope(view.sources[0], from_path)
            frame: Frame = parent.frame
        else:
            scopes = [(name, self.scope(name, from_path)) for name in view.sources]
            for _, s in scopes:
                _no_waiting(s, from_path)
            frame = Union(tuple((name, Rows(s.frame, s.filter), s.carried()) for name, s in scopes))
            self._type_carried(frame, *(s for _, s in scopes))
            parent = Scope(self, frame, path)
        for alias, text in view.each.items():
            scope = parent
            each_path = (*path, "each", alias)
            call = scope.text(each_path, text)
            if not (isinstance(call, Call) and call.name == "rows_of" and call.args and register_word(call.args[0])):
                raise BindError(each_path, ExprError("'each' wants rows_of(register, key)", 0, code="EACH-FORM"))
            if len(call.args) < 2:  # noqa: PLR2004  the register and a key
                problem = f"rows_of({register_word(call.args[0])}) names no key"
                raise BindError(each_path, ExprError(problem, call.start, "rows_of(register, key)", "EACH-FORM"))
            register = register_word(call.args[0])
            if self.schemas.known_table(register) is None:
                hint = did_you_mean(register, self.schemas.dictionary.tables)
                raise BindError(
                    each_path, ExprError(f"unknown register {register!r}", call.start, hint, "EXPR-REGISTER")
                )
            _no_waiting(scope, each_path)
            frame = Each(Rows(scope.frame, scope.filter), alias, register, call.args[1:], scope.carried())
            self._type_carried(frame, scope)
            parent = Scope(self, frame, path)
        if view.at is not None:
            inner = Scope(self, frame, path, view, parent)
            moment = inner.text((*path, "at"), view.at)
            self.checked(frame, moment, (*path, "at"))
            self._moment(frame, moment, (*path, "at"))
            frame = At(Rows(frame, parent.filter), moment, parent.carried())
            self._type_carried(frame, parent)
            parent = Scope(self, frame, path)
        return Scope(self, frame, path, view, parent)

    def _moment(self, frame: Frame, expr: Expr, path: Path) -> None:
        from redflags.expr.lower import Lowering

        kind = Lowering(self.schemas, frame).stored(expr).type
        if kind.kind not in {"time", "null"}:
            text = f"'at' wants a moment, this is {kind}"
            raise BindError(path, ExprError(text, 0, "a time column plus a duration, for example", "EXPR-TYPE"))

    def _type_carried(self, frame: Frame, *scopes: Scope) -> None:
        from redflags.expr.lower import Lowering

        for number, scope in enumerate(scopes):
            lowering = Lowering(self.schemas, scope.frame)
            for name, expr in scope.carried():
                kind = lowering.stored(expr).type
                # A literal still takes the unit of what it meets.
                self.schemas.carried[frame, number, name] = kind if kind == t.LITERAL else t.kept(kind)


def _no_waiting(scope: Scope, path: Path) -> None:
    """Refuse to copy values that are known only later than the row that would carry them."""
    if any(measure.after for measure in measures(scope.filter, *(expr for _, expr in scope.carried()))):
        text = "a view with an 'after' aggregate cannot be joined with others or repeated"
        hint = "give that view a later moment with 'at' in a view stacked on it"
        raise BindError(path, ExprError(text, 0, hint, "AGGREGATE"))


def rebuild(node: Expr, visit: Callable[[Expr], Expr]) -> Expr:
    """A copy of ``node`` with every direct sub-expression replaced by ``visit`` of it."""
    changes = {}
    for name in field_names(node.__class__):
        value = getattr(node, name)
        new = _rebuilt(value, visit)
        if new is not value:
            changes[name] = new
    return dataclasses.replace(node, **changes) if changes else node


def _rebuilt(value: Any, visit: Callable[[Expr], Expr]) -> Any:  # noqa: ANN401  a field of any node
    if isinstance(value, Node):
        return visit(value)  # type: ignore[arg-type]
    if isinstance(value, tuple):
        new = tuple(_rebuilt(item, visit) for item in value)
        return new if any(a is not b for a, b in zip(new, value, strict=True)) else value
    return value
