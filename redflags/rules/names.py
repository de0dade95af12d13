"""What every expression of a rule reads: names followed through views, references, registers, aggregates.

One pass finds the names that are not there and gathers, with its class, every column and register that a rule
leans on; the safeguards and the derived policies stand on that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from redflags.errors import did_you_mean, nearest
from redflags.expr.functions import FUNCTIONS
from redflags.expr.lexer import ExprError
from redflags.expr.nodes import Binary, Call, Expr, In, IsDistinct, Name, Param, Text, children
from redflags.expr.parser import parse
from redflags.rules import proxies
from redflags.rules.model import Aggregate, Operator, View, as_names
from redflags.rules.scopes import (
    NOTHING,
    OPEN,
    ROWS,
    SHARED,
    Basis,
    Read,
    Scope,
    as_key,
    register_word,
    row,
    said,
    texts,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from redflags.rules.faults import Path
    from redflags.tables import Dictionary, Table

Report: TypeAlias = "Callable[[Path, str, str, str, int], None]"


#: How like a table's name a word must be to be taken for it misspelt.
SLIP = 0.8


class Namer:
    """Finds scopes and follows names for one rule, or for the shared streams.

    Args:
        dictionary: All tables.
        own: Streams of the rule's ``with``.
        shared: Streams of the rule book.
        lists: Names of lists and the tables they fill.
        params: Names of the rule's parameters; None where there are none to be had.
        report: Called with (path, code, message, hint, offset) for everything that is not there.
    """

    def __init__(
        self,
        dictionary: Dictionary,
        own: Mapping[str, View | Operator],
        shared: Mapping[str, View | Operator],
        lists: Mapping[str, str],
        params: Iterable[str] | None,
        report: Report,
    ) -> None:
        self.dictionary = dictionary
        self.own = own
        self.shared = shared
        self.lists = lists
        self.params = None if params is None else frozenset(params)
        self._report = report
        self.used_params: set[str] = set()
        self.used_streams: set[str] = set()
        self._scopes: dict[str, Scope] = {}
        self._active: list[str] = []
        self._let_active: list[tuple[Scope, str]] = []
        self._lets: dict[tuple[Scope, str], Basis] = {}
        self._trees: dict[Path, Expr | None] = {}
        self._wheres: dict[Scope, Basis] = {}

    def report(self, path: Path, code: str, message: str, hint: str = "", offset: int = 0) -> None:
        """Tell a fault, unless it belongs to a shared file."""
        if path[:1] != (SHARED,):
            self._report(path, code, message, hint, offset)

    # ---- streams ---------------------------------------------------------------------------------

    def scope(self, name: str, path: Path) -> Scope:
        """The scope of a stream by name: of ``with``, shared, or a table of the dictionary."""
        if name in self._scopes:
            return self._scopes[name]
        if name in self._active:
            loop = " -> ".join([*self._active[self._active.index(name) :], name])
            self.report(path, "STREAM-CYCLE", f"these streams need each other: {loop}")
            return Scope(name, path, open=True)
        self._active.append(name)
        self.used_streams.add(name)
        try:
            spec = self.own.get(name, self.shared.get(name))
            where: Path = ("with", name) if name in self.own else (SHARED, name)
            if isinstance(spec, Operator):
                made = Scope(name, where, open=True, reads=frozenset(self._operator_reads(spec)))
            elif spec is not None:
                made = self.view(spec, where)
            else:
                made = self._base(name, path)
        finally:
            self._active.pop()
        self._scopes[name] = made
        return made

    def view(self, view: View, path: Path) -> Scope:
        """The scope of a view; its own expressions are followed by ``follow``."""
        several = len(view.sources) > 1
        parents = tuple(
            self.scope(name, (*path, "from", place) if several else (*path, "from"))
            for place, name in enumerate(view.sources)
        )
        made = Scope(str(path[-1]), path, view=view, parents=parents)
        for alias, text in view.each.items():
            made.each[alias] = self._each((*path, "each", alias), text)
        return made

    def _each(self, path: Path, text: str) -> str:
        tree = self.tree(path, text)
        if isinstance(tree, Call) and tree.name == "rows_of" and tree.args:
            return register_word(tree.args[0])
        if tree is not None:
            self.report(path, "EACH-FORM", "'each' wants rows_of(register, key)")
        return ""

    def _base(self, name: str, path: Path) -> Scope:
        tables = self.dictionary.tables
        if name.startswith("changes(") and name.endswith(")"):
            table = tables.get(name[8:-1].strip())
            if table is None or not table.is_register:
                self.report(path, "STREAM-UNKNOWN", f"'{name[8:-1]}' is not a register",
                            self.dictionary.suggest_table(name[8:-1].strip()))  # fmt: skip
            return Scope(name, path, table=table, open=table is None)
        word, _, column = name.partition("@")
        plain = word.removesuffix("_all") if word in {"ledger_all", "transactions_all"} else word
        table = tables.get(plain)
        if table is None:
            choices = [*self.own, *self.shared, *(t.name for t in tables.values() if t.is_stream)]
            hint = did_you_mean(name, choices) or self.dictionary.suggest_table(name)
            self.report(path, "STREAM-UNKNOWN", f"unknown stream '{name}'", hint)
            # A slip of the pen does not hide the faults of what is read from there.
            meant = nearest(name, choices, SLIP)
            if meant is not None and meant in tables:
                return Scope(name, path, table=tables[meant])
        elif column and column not in table.time_columns:
            self.report(path, "STREAM-UNKNOWN", f"'{plain}' has no time column '{column}'",
                        did_you_mean(column, table.time_columns))  # fmt: skip
        elif not column and table.time is None:
            self.report(path, "STREAM-UNKNOWN", f"'{plain}' is a register: it has no moment",
                        f"look it up, or walk its changes({plain})")  # fmt: skip
        return Scope(name, path, table=table, open=table is None)

    def _operator_reads(self, spec: Operator) -> Iterable[Read]:
        """What an operator can be seen to read: streams it names, and their columns named anywhere in it."""
        found = list(texts((spec.model_extra or {}).get(spec.name)))
        tables: list[Table] = [self.dictionary.tables["list_entries"]] if spec.name == "screen" else []
        for word in found:
            if word in self.own or word in self.shared:
                scope = self.scope(word, (SHARED, word))
                yield from scope.reads
                yield from self.where(scope).everything
                tables += scope.tables()
            elif word.partition("@")[0] in self.dictionary.tables:
                tables.append(self.dictionary.tables[word.partition("@")[0]])
        for table in tables:
            if table.is_register:
                yield Read(table.name, None, table.klass)
            for word in found:
                yield from (Read(table.name, name, table.columns[name].klass) for name in words(word)
                            if name in table.columns)  # fmt: skip

    # ---- expressions -----------------------------------------------------------------------------

    def tree(self, path: Path, text: str) -> Expr | None:
        """The parsed text of a place; a fault where it does not parse, told once."""
        if path not in self._trees:
            try:
                self._trees[path] = parse(text)
            except ExprError as error:
                self.report(path, error.code, error.message, error.hint, error.offset)
                self._trees[path] = None
        return self._trees[path]

    def text(self, scope: Scope, path: Path, text: str, *, judged: Scope | None = None) -> Basis:
        """What a text rests on, read on the rows of a scope."""
        tree = self.tree(path, text)
        return NOTHING if tree is None else self.follow(scope, path, tree, judged=judged)

    def follow(self, scope: Scope, path: Path, node: Expr, *, judged: Scope | None = None) -> Basis:
        """What a node rests on."""
        proxies.told(self, scope, path, node)
        if isinstance(node, Name):
            return self._name(scope, path, node, judged)
        if isinstance(node, Param):
            self._param(path, node.name, node.start)
            return NOTHING
        if isinstance(node, Call):
            return self._call(scope, path, node, judged)
        found = NOTHING
        for child in children(node):
            found |= self.follow(scope, path, child, judged=judged)
        return self._by_value(scope, node, found)

    def _param(self, path: Path, name: str, offset: int = 0) -> None:
        if self.params is None:
            self.report(path, "EXPR-PARAM", f"${name}: a shared stream has no parameters", "write the value", offset)
        elif name not in self.params:
            hint = did_you_mean(name, self.params)
            self.report(path, "EXPR-PARAM", f"unknown parameter ${name}", hint, offset)
        self.used_params.add(name)

    def _by_value(self, scope: Scope, node: Expr, found: Basis) -> Basis:
        """``txn_type = 'benefit'`` reads a benefit, not just a kind of movement."""
        match node:
            case Binary(op="=" | "<>", left=Name() as name, right=Text() as text):
                texts: list[Expr] = [text]
            case IsDistinct(left=Name() as name, right=Text() as text):
                texts = [text]
            case In(operand=Name() as name, items=items):
                texts = list(items)
            case _:
                return found
        column = self._column(scope, name)
        if column is None:
            return found
        table, word = column
        classes = self.dictionary.tables[table].columns[word].value_classes
        words = [item.value for item in texts if isinstance(item, Text)]
        special = {classes[item] for item in words if item in classes}
        if not special:
            return found
        plain = self.dictionary.tables[table].columns[word].klass
        more = frozenset(Read(table, word, klass) for klass in special)
        drop = frozenset({Read(table, word, plain)}) if all(item in classes for item in words) else frozenset()
        return Basis(found.reads - drop | more, found.measures, found.columns - drop | more, found.keys)

    def _column(self, scope: Scope, name: Name) -> tuple[str, str] | None:
        if len(name.parts) == 1:
            if scope.find(name.text) is not None:
                return None
            return next(((t.name, name.text) for t in scope.tables() if name.text in t.columns), None)
        table: str | None = scope.aliases().get(name.parts[0])
        if table is None:
            table = next((t.refs[name.parts[0]].table for t in scope.tables() if name.parts[0] in t.refs), None)
        for part in name.parts[1:-1]:
            known = self.dictionary.tables.get(table or "")
            table = known.refs[part].table if known is not None and part in known.refs else None
        if table is None or table not in self.dictionary.tables:
            return None
        return (table, name.parts[-1]) if name.parts[-1] in self.dictionary.tables[table].columns else None

    # ---- names -----------------------------------------------------------------------------------

    def _name(self, scope: Scope, path: Path, node: Name, judged: Scope | None) -> Basis:
        word = node.parts[0]
        if len(node.parts) > 1:
            return self._dotted(scope, path, node)
        if judged is not None and word == "judged":
            return self.where(judged)
        found = scope.find(word)
        if found is not None:
            return self.let(found[0], word)
        for table in scope.tables():
            if word in table.columns:
                return self._checked(path, node.start, Read(table.name, word, table.columns[word].klass))
        for table in scope.tables():
            if word in table.refs:
                ref = table.refs[word]
                target = self.dictionary.tables[ref.table]
                key = Read(table.name, ref.column, table.columns[ref.column].klass)
                # Only found(invoice) takes a bare reference: whether there is such a row.
                return Basis(
                    frozenset({Read(target.name, None, target.klass)}),
                    frozenset(),
                    frozenset({Read(target.name, None, target.klass)}),
                    frozenset({key}),
                )
        if word in {"at", "_stream", "change"}:
            return row(Read(scope.name, word, "time" if word == "at" else "meta"))
        if scope.is_open:
            return row(Read(scope.name, word, OPEN))
        self._unknown(scope, path, node, word)
        return NOTHING

    def _unknown(self, scope: Scope, path: Path, node: Name, word: str) -> None:
        if self._protected(path, node.start, word):
            return
        tables = scope.tables()
        hint = next((told for table in tables if (told := table.suggest(word))), "")
        hint = did_you_mean(word, scope.names()) or hint
        where = f" in {', '.join(dict.fromkeys(t.name for t in tables))}" if tables else ""
        self.report(path, "EXPR-NAME", f"unknown name '{node.text}'{where}", hint, node.start)

    def _protected(self, path: Path, offset: int, word: str) -> bool:
        attribute = self.dictionary.protected(word)
        if attribute is None:
            return False
        message = f"'{word}' is a protected attribute ({attribute.name}): {attribute.reason}"
        self.report(path, "PROTECTED", message, f"instead: {attribute.instead}", offset)
        return True

    def _checked(self, path: Path, offset: int, read: Read) -> Basis:
        """A column that may be read; markers and labels may not."""
        if read.klass == "marker":
            self.report(path, "PROTECTED", f"'{read}' protects a person: policies read it, rules cannot",
                        "leave it out; the policy applies by itself", offset)  # fmt: skip
        elif read.klass == "label":
            self.report(path, "PROTECTED", f"'{read}' is an answer key: only an evaluation reads it", "", offset)
        return row(read)

    def _dotted(self, scope: Scope, path: Path, node: Name) -> Basis:
        """``party.npo.registered``: declared references, then a column or one more reference."""
        first, last = node.parts[0], node.parts[-1]
        alias = scope.aliases().get(first)
        keys: frozenset[Read] = frozenset()
        table = self.dictionary.tables.get(alias or "")
        if alias is not None and table is None:
            return row(Read(alias, last, OPEN))
        if table is None:
            home = next((candidate for candidate in scope.tables() if first in candidate.refs), None)
            if home is None:
                return self._nowhere(scope, path, node)
            table, keys = self._through(home, first)
        for part in node.parts[1:-1]:
            if part not in table.refs:
                hint = did_you_mean(part, table.refs)
                self.report(path, "EXPR-NAME", f"'{table.name}' has no reference '{part}'", hint, node.start)
                return NOTHING
            table, more = self._through(table, part)
            keys |= more
        if last in table.columns:
            found = self._checked(path, node.start, Read(table.name, last, table.columns[last].klass))
        elif last in table.refs:
            target = self.dictionary.tables[table.refs[last].table]
            found = row(Read(target.name, None, target.klass))
        else:
            if not self._protected(path, node.start, last):
                told = f"'{table.name}' has no column '{last}'"
                self.report(path, "EXPR-NAME", told, table.suggest(last), node.start)
            return NOTHING
        return found | Basis(keys=keys)

    def _through(self, table: Table, name: str) -> tuple[Table, frozenset[Read]]:
        """The table that a reference leads to, and the key that it reads on the way."""
        ref = table.refs[name]
        key = Read(table.name, ref.column, table.columns[ref.column].klass)
        return self.dictionary.tables[ref.table], frozenset({key})

    def _nowhere(self, scope: Scope, path: Path, node: Name) -> Basis:
        if scope.is_open:
            return row(Read(scope.name, node.text, OPEN))
        if not any(self._protected(path, node.start, part) for part in node.parts):
            refs = [name for table in scope.tables() for name in table.refs]
            near = did_you_mean(node.parts[0], [*refs, *scope.aliases()])
            hint = near or f"references here: {', '.join(refs) or 'none'}"
            self.report(path, "EXPR-NAME", f"'{node.parts[0]}' leads nowhere", hint, node.start)
        return NOTHING

    # ---- calls and registers ---------------------------------------------------------------------

    def _call(self, scope: Scope, path: Path, node: Call, judged: Scope | None) -> Basis:
        if node.name not in FUNCTIONS and node.name != "rows_of":
            hint = did_you_mean(node.name, FUNCTIONS)
            self.report(path, "EXPR-FUNCTION", f"unknown function '{node.name}'", hint, node.start)
        args = list(node.args)
        found = NOTHING
        if node.name in {"threshold", "reaches"}:
            # The place only says which limit holds: it is no context that the rule leans on.
            for place, arg in enumerate(args):
                basis = self.follow(scope, path, arg, judged=judged)
                money = node.name == "reaches" and place == 2  # noqa: PLR2004 - reaches(kind, place, amount, currency)
                found |= basis if money else Basis(keys=frozenset(as_key(read) for read in basis.everything))
            return found | row(Read("thresholds", "amount", "list"))
        if node.name in {"listed", "value_of", "rows_of"} and args:
            found |= self._register(path, args.pop(0), by_column=node.name == "value_of")
        elif node.name == "linked":
            links = self.dictionary.tables.get("party_links")
            found |= row(Read("party_links", None, links.klass if links else "identity"))
        for arg in args:
            found |= self.follow(scope, path, arg, judged=judged)
        return found

    def _register(self, path: Path, node: Expr, *, by_column: bool) -> Basis:
        word = register_word(node)
        register, _, column = word.partition(".") if by_column else (word, "", "")
        if register in self.own or register in self.shared:
            scope = self.scope(register, path)
            return Basis(scope.reads) | row(Read(register, column or None, OPEN))
        name = self.lists.get(register, register)
        table = self.dictionary.tables.get(name)
        if table is None or not table.is_register:
            registers = [t.name for t in self.dictionary.tables.values() if t.is_register]
            hint = did_you_mean(register, [*registers, *self.lists, *self.own])
            text = f"unknown register '{register}'" if register else "a register is named here, as a text"
            self.report(path, "EXPR-REGISTER", text, hint, node.start)
            return NOTHING
        if not column:
            if by_column:
                self.report(
                    path,
                    "EXPR-REGISTER",
                    "value_of names register and column",
                    f"'{register}.column'",
                    node.start,
                )
            return self._checked(path, node.start, Read(table.name, None, table.klass))
        if column not in table.columns:
            if not self._protected(path, node.start, column):
                self.report(path, "EXPR-NAME", f"'{table.name}' has no column '{column}'",
                            table.suggest(column), node.start)  # fmt: skip
            return NOTHING
        return self._checked(path, node.start, Read(table.name, column, table.columns[column].klass))

    # ---- let and aggregates ----------------------------------------------------------------------

    def let(self, scope: Scope, name: str) -> Basis:
        """What a ``let`` entry rests on."""
        mark = (scope, name)
        if mark in self._lets:
            return self._lets[mark]
        path: Path = (*scope.path, "let", name)
        if mark in self._let_active:
            loop = [word for _, word in self._let_active[self._let_active.index(mark) :]]
            self.report(path, "LET-CYCLE", f"these names need each other: {' -> '.join([*loop, name])}")
            return NOTHING
        self._let_active.append(mark)
        try:
            spec = scope.lets[name]
            found = self.text(scope, path, spec) if isinstance(spec, str) else self.aggregate(scope, path, spec)
        finally:
            self._let_active.pop()
        self._lets[mark] = found
        return found

    def where(self, scope: Scope) -> Basis:
        """What the filter of a view rests on, those of the views below included."""
        if scope not in self._wheres:
            self._wheres[scope] = NOTHING
            found = Basis(scope.reads)
            if scope.view is not None and scope.view.where is not None:
                found |= self.text(scope, (*scope.path, "where"), scope.view.where)
            if scope.view is not None:
                for alias, text in scope.view.each.items():
                    found |= self.text(scope, (*scope.path, "each", alias), text)
            for parent in scope.parents:
                found |= self.where(parent)
            self._wheres[scope] = found
        return self._wheres[scope]

    def aggregate(self, scope: Scope, path: Path, spec: Aggregate) -> Basis:
        """What an aggregate rests on: its value, its filter, its rows; keys are read but prove nothing."""
        own = spec.from_ is None
        source = scope if spec.from_ is None else self.scope(spec.from_, (*path, "from"))
        found = NOTHING
        for part in (spec.op, "of", "weight"):
            text = getattr(spec, part)
            if isinstance(text, str) and text != "rows":
                found |= self.text(source, (*path, part), text)
        if spec.where is not None:
            found |= self.text(source, (*path, "where"), spec.where, judged=scope if own else None)
            if not own:
                found |= self.where(source)
        else:
            found |= self.where(source)
        names = [table.name for table in source.tables()] or [source.name]
        rows = (
            frozenset(Read(name, None, ROWS) for name in names)
            if spec.op in {"count", "distinct", "since"}
            else frozenset()
        )
        keys = found.keys | self._keys(scope, source, path, spec)
        for part in ("within", "before", "after", "baseline", "q", "n"):
            text = getattr(spec, part)
            if isinstance(text, str) and text.startswith("$"):
                self._param((*path, part), text[1:].split()[0])
        return Basis(found.reads | rows, frozenset({said(source, spec)}), frozenset(), keys)

    def _keys(self, scope: Scope, source: Scope, path: Path, spec: Aggregate) -> frozenset[Read]:
        found = NOTHING
        for theirs, ours in spec.match.items():
            # Their column is the key of the map, ours its value: two places, one path.
            found |= self.text(source, (*path, "match", theirs, "<"), theirs)
            found |= self.text(scope, (*path, "match", theirs), ours)
        several = not isinstance(spec.by, str)
        for place, name in enumerate(spec.key_names or ()):
            where: Path = (*path, "by", place) if several else (*path, "by")
            found |= self.text(source, where, name)
            if source is not scope:
                found |= self.text(scope, (*where, "="), name)
        for place, name in enumerate(as_names(spec.latest_per or ())):
            found |= self.text(source, (*path, "latest_per", place), name)
        return found.everything
