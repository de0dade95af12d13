"""Proofs that a rule cannot do without: fitting kinds, a second fact beside context, complete baselines."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from redflags.errors import did_you_mean
from redflags.expr import nodes as ex
from redflags.expr.lexer import ExprError
from redflags.rules.complete import Direction, Use, is_shared, needs
from redflags.rules.model import BEHAVIOUR_KINDS, CONTEXT_KINDS, FACT_KINDS, IDENTITY_KINDS, Aggregate
from redflags.rules.params import read_value, weakest_params
from redflags.rules.scopes import OPEN, ROWS, Basis

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from redflags.rules.facts import FactFormula, Way
    from redflags.rules.faults import Found, Path
    from redflags.rules.model import Rule
    from redflags.rules.names import Namer
    from redflags.rules.scopes import Scope

_DEEDS = frozenset(BEHAVIOUR_KINDS) - {"hit"}
#: Kinds of fact that reading a class supports. Context supports itself and nothing else.
SUPPORTS: Mapping[str, frozenset[str]] = {
    "behaviour": _DEEDS,
    "document": frozenset({"document", "mismatch", "change", "frequency", "amount"}),
    "identity": frozenset({"identity", "network", "counterparty", "mismatch", "change", "document"}),
    "list": frozenset({"list"}),
    "hit": frozenset({"hit"}),
    ROWS: frozenset({"frequency", "speed", "change", "network", "counterparty", "mismatch", "document"}),
    "key": frozenset({"frequency", "network", "counterparty", "mismatch", "change", "document", "identity"}),
    "time": frozenset({"speed", "frequency", "change", "mismatch", "document"}),
    "place": frozenset({"place", "travel"}),
    "meta": frozenset(),
    **{kind: frozenset({kind}) for kind in CONTEXT_KINDS if kind != "place"},
}
#: Classes that say nothing by themselves: beside a context they lend it no weight.
_WEAK = frozenset({"key", "time", "meta"})
_HIT_TABLES = frozenset({"alerts", "hits"})
#: Reading these excuses a non-profit; it does not single one out.
_EXCULPATORY = frozenset({"carve_outs", "npo_appeals"})


@dataclass(frozen=True, slots=True)
class FactView:
    """One fact with what it rests on."""

    name: str
    kind: str
    basis: Basis
    vacuous: bool  # true whatever the data, for some allowed parameter values

    @property
    def is_context(self) -> bool:
        """Whether it never fires alone."""
        return self.kind in CONTEXT_KINDS

    @property
    def is_behaviour(self) -> bool:
        """Whether it can carry a rule: a kind of behaviour that the data can deny."""
        return self.kind in BEHAVIOUR_KINDS and not self.vacuous

    def same_ground(self, other: FactView) -> bool:
        """Whether both rest on the same aggregates, this one on nothing more of the row."""
        return self.basis.measures == other.basis.measures and self.basis.columns <= other.basis.columns


def supported(basis: Basis) -> frozenset[str]:
    """Kinds of fact that fit what an expression rests on.

    Example:
        >>> from redflags.rules.scopes import Read
        >>> read = Read("ledger", "counterparty_country", "place")
        >>> sorted(supported(Basis(frozenset({read}))))
        ['place', 'travel']
    """
    classes = {read.klass for read in basis.reads}
    if OPEN in classes:
        return frozenset(FACT_KINDS)
    if classes & set(CONTEXT_KINDS) and not classes - set(CONTEXT_KINDS) - _WEAK:
        classes -= _WEAK
    found = frozenset(kind for klass in classes for kind in SUPPORTS.get(klass, ()))
    return found | {"hit"} if any(read.table in _HIT_TABLES for read in basis.reads) else found


def check_kinds(found: Found, rule: Rule, bases: Mapping[str, Basis], where: Basis) -> None:
    """Kinds exist, and fit what their facts read."""
    for name, fact in rule.detect.facts.items():
        path: Path = ("detect", "facts", name, "is")
        if fact.is_ not in FACT_KINDS:
            hint = did_you_mean(fact.is_, FACT_KINDS) or f"one of {', '.join(FACT_KINDS)}"
            found.at(path, "FACT-KIND", f"'{fact.is_}' is not a kind of fact", hint)
            continue
        basis = bases.get(name)
        if basis is None:
            continue
        basis = basis if basis.reads else where  # a fact that reads nothing stands for the judged row
        fits = supported(basis)
        if basis.reads and fact.is_ not in fits:
            found.at(
                path,
                "KIND-MISFIT",
                f"'is: {fact.is_}' does not fit what the fact reads: {_told(basis)}",
                f"fits: {', '.join(kind for kind in FACT_KINDS if kind in fits) or 'nothing'}",
            )


def _told(basis: Basis) -> str:
    by_class: dict[str, list[str]] = {}
    for read in sorted(basis.reads):
        by_class.setdefault(read.klass, []).append(str(read))
    return "; ".join(f"{klass} ({', '.join(names[:3])})" for klass, names in sorted(by_class.items()))


# ---- second fact ---------------------------------------------------------------------------------


def ways_of(found: Found, rule: Rule, formula: FactFormula) -> tuple[Way, ...] | None:
    """The ways for ``when`` to be true under the weakest parameters; None, and told, where there are too many."""
    try:
        return formula.ways(weakest_params(rule))
    except ExprError as error:
        found.at(("detect", "when"), error.code, error.message, error.hint, offset=error.offset)
        return None


def check_second_fact(found: Found, ways: tuple[Way, ...], facts: Mapping[str, FactView], where: Basis) -> None:
    """Every way for ``when`` to be true holds a behaviour beside a context; two kinds for non-profits."""
    told: dict[str, str] = {}
    for way in ways:
        if not way.true <= facts.keys():
            continue
        for message, hint in _lacks(way, facts, where):
            told.setdefault(message, hint)
    for message, hint in told.items():
        found.at(("detect", "when"), "SECOND-FACT", message, hint)


def _lacks(way: Way, facts: Mapping[str, FactView], where: Basis) -> Iterator[tuple[str, str]]:
    here = [facts[name] for name in sorted(way.true)]
    shown = " and ".join(fact.name for fact in here)
    if not here:
        yield (
            "'when' can be true with no fact true: the alert would have nothing to say",
            "join a fact with 'and'",
        )
        return
    context = [fact for fact in here if fact.is_context]
    deeds = [fact for fact in here if fact.is_behaviour]
    empty = [fact.name for fact in here if fact.vacuous and fact.kind in BEHAVIOUR_KINDS]
    why = f" ({', '.join(empty)}: true whatever the data, within the allowed parameters)" if empty else ""
    hint = f"join a behaviour fact with 'and': {', '.join(BEHAVIOUR_KINDS)}"
    if context:
        kinds = " and ".join(dict.fromkeys(fact.kind for fact in context))
        if not deeds:
            yield f"'when' can be true by {shown}: {kinds} is context and never fires alone{why}", hint
        elif all(any(deed.same_ground(other) for other in context) for deed in deeds):
            yield (
                f"'when' can be true by {shown}: facts over one aggregate count once, {kinds} stands alone",
                hint,
            )
    elif not deeds and _contexts(where) and not any(fact.kind in IDENTITY_KINDS for fact in here):
        kinds = " and ".join(sorted(_contexts(where)))
        yield (
            f"'when' can be true by {shown}, while 'where' rests on {kinds}: context never fires alone{why}",
            hint,
        )
    if _about_npo(here, where) and not _two_kinds(deeds):
        yield (
            f"'when' can be true by {shown}: for non-profits two different kinds of behaviour are needed",
            "join a second behaviour fact of another kind, over another aggregate",
        )


def _contexts(basis: Basis) -> set[str]:
    return {read.klass for read in basis.reads} & set(CONTEXT_KINDS)


def _about_npo(facts: list[FactView], where: Basis) -> bool:
    if any(fact.kind == "npo" for fact in facts):
        return True
    reads = set(where.reads).union(*(fact.basis.reads for fact in facts))
    return any(read.klass == "npo" and read.table not in _EXCULPATORY for read in reads)


def _two_kinds(deeds: list[FactView]) -> bool:
    return any(
        one.kind != two.kind and not one.same_ground(two) and not two.same_ground(one) for one in deeds for two in deeds
    )


# ---- facts that are true whatever the data -------------------------------------------------------


class Vacuity:
    """Finds facts that nothing can deny: ``amount >= $min`` where the range admits a minimum of zero.

    A stand-in (``given``) is one more way: a fact that it makes true says nothing about whoever lacks the data.
    """

    def __init__(self, rule: Rule, namer: Namer) -> None:
        self.rule = rule
        self.namer = namer
        self._chosen = 0  # whether ``given`` is read as its first argument or as its stand-in

    def is_vacuous(self, scope: Scope, node: ex.Expr) -> bool:
        """Whether a condition holds for every judged row under some allowed parameter values, or for want of data."""
        found = False
        for self._chosen in (0, 1):
            found = found or self._vacuous(scope, node)
        return found

    def _vacuous(self, scope: Scope, node: ex.Expr) -> bool:
        match node:
            case ex.Call("given", args):
                return self._vacuous(scope, args[self._chosen])
            case ex.Bool(value):
                return value
            case ex.Binary("and", left, right):
                return self._vacuous(scope, left) and self._vacuous(scope, right)
            case ex.Binary("or", left, right):
                return self._vacuous(scope, left) or self._vacuous(scope, right)
            case ex.Binary(">=" | ">" as op, left, right):
                return self._reached(scope, left, right, strict=op == ">")
            case ex.Binary("<=" | "<" as op, left, right):
                return self._reached(scope, right, left, strict=op == "<")
            case ex.Name() if (found := scope.find(node.text)) is not None and isinstance(found[1], str):
                tree = self.namer.tree((*found[0].path, "let", node.text), found[1])
                return tree is not None and self._vacuous(found[0], tree)
        return False

    def _reached(self, scope: Scope, value: ex.Expr, limit: ex.Expr, *, strict: bool) -> bool:
        least, bound = self._least(scope, value), self._constant(limit)
        if least is None or bound is None:
            return False
        return bound < least if strict else bound <= least

    def _constant(self, node: ex.Expr) -> Fraction | int | None:
        """The smallest value that a limit can take."""
        match node:
            case ex.Number(value):
                return value
            case ex.Interval(micros):
                return micros
            case ex.Param(name) if (spec := self.rule.params.get(name)) is not None:
                if spec.type in {"text", "list", "bool"}:
                    return None
                found = read_value(spec.type, spec.default if spec.min is None else spec.min)
                return found if isinstance(found, int | Fraction) else None
            case ex.Binary("*", left, right):
                one, two = self._constant(left), self._constant(right)
                if 0 in {one, two}:
                    return 0  # whatever the other is
                return None if one is None or two is None else one * two
        return None

    def _least(self, scope: Scope, node: ex.Expr) -> Fraction | int | None:
        """The smallest value that something can have on a judged row; None where it has none."""
        match node:
            case ex.Number(value):
                return value
            case ex.Call("given", args):
                return self._least(scope, args[self._chosen])
            case ex.Binary("+" | "*" | "/", left, right):
                low, high = self._least(scope, left), self._least(scope, right)
                return 0 if low is not None and high is not None and low >= 0 <= high else None
            case ex.Name() if len(node.parts) == 1:
                return self._least_name(scope, node.text)
        return None

    def _least_name(self, scope: Scope, name: str) -> Fraction | int | None:
        found = scope.find(name)
        if found is None:
            columns = [t.columns[name] for t in scope.tables() if name in t.columns]
            never = columns and all(c.type.startswith("money") and not c.negative for c in columns)
            return 0 if never else None
        home, spec = found
        path: Path = (*home.path, "let", name)
        if isinstance(spec, str):
            tree = self.namer.tree(path, spec)
            return None if tree is None else self._least(home, tree)
        return self._least_aggregate(home, path, spec)

    def _least_aggregate(self, scope: Scope, path: Path, spec: Aggregate) -> Fraction | int | None:
        if spec.op in {"count", "distinct", "since", "hhi", "entropy", "rank"}:
            # The judged row counts itself.
            own = spec.op == "count" and spec.from_ is None and spec.where is None and spec.before is None
            return 1 if own and not spec.match else 0
        if spec.op in {"sum", "min", "max", "mean", "median", "quantile", "first", "last", "top_sum"}:
            source = scope if spec.from_ is None else self.namer.scope(spec.from_, (*path, "from"))
            tree = self.namer.tree((*path, spec.op), spec.value)
            return None if tree is None else self._least(source, tree)
        return None


# ---- completeness --------------------------------------------------------------------------------


def check_complete(
    found: Found, rule: Rule, formula: FactFormula, ways: tuple[Way, ...], namer: Namer, scope: Scope
) -> None:
    """Aggregates whose lack of rows makes a hit (or a sentence) more likely say ``complete: true``."""
    direction = Direction(namer)
    uses: list[tuple[str, Use]] = [("where", use) for use in direction.filters(scope, 1)]
    named = formula.facts
    for name, fact in rule.detect.facts.items():
        signs = {1 for way in ways if name in way.true} | {-1 for way in ways if name in way.false}
        if name not in named:
            signs = {1}  # it adds points and a sentence, which must hold too
        for sign in sorted(signs):
            path: Path = ("detect", "facts", name, "if")
            uses += [(name, use) for use in direction.uses(scope, path, fact.if_, sign, bare=sign < 0)]
    for place, use in uses:
        if not needs(use):
            continue
        message = f"'{use.name}': fewer rows make '{place}' more likely, so a short history would fire"
        if is_shared(use):
            at: Path = ("detect", "where") if place == "where" else ("detect", "facts", place, "if")
            found.at(at, "COMPLETE-NEEDED", f"{message} (in the shared stream '{use.scope.name}')",
                     "the stream's aggregate wants complete: true")  # fmt: skip
        else:
            found.at(use.path, "COMPLETE-NEEDED", message, "add complete: true", key=True)
