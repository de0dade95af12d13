"""A rule and its parameter values to a bound rule: every text resolved, every type checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial, reduce
from typing import TYPE_CHECKING, Any

from redflags.errors import RedflagsError
from redflags.expr import nodes as ex
from redflags.expr.lexer import ExprError
from redflags.expr.lower import Lowering
from redflags.expr.parser import parse
from redflags.plan.nodes import (
    At,
    Derived,
    Frame,
    ListLiteral,
    Measure,
    MeasureRef,
    both,
    frame_expressions,
    inner_expressions,
    measures,
    parents,
)
from redflags.plan.scope import BindError, Path, PoisonedError, Resolver, Scope
from redflags.plan.template import Template, fits, read_template
from redflags.rules.facts import FactFormula
from redflags.rules.model import Operator, Subject
from redflags.rules.params import bind_params
from redflags.units import parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from redflags.plan.schema import Schemas
    from redflags.rules.model import Rule, View
    from redflags.rules.policies import Policy
    from redflags.rules.profiles import Profile


@dataclass(frozen=True)
class BoundFact:
    """A fact with its condition resolved; ``deciding`` ones stand in ``when``."""

    name: str
    kind: str
    points: int
    condition: ex.Expr
    because: Template | None
    deciding: bool


@dataclass(frozen=True)
class BoundRule:
    """A rule ready to be planned and run.

    Attributes:
        where: rows that are judged, and that aggregates without a filter read.
        narrow: further condition on judged rows only (scope, segment).
        lets: names that templates and explanations may show.
        key: columns of an episode; ``subject`` names whom the alert is about; ``party`` a party of it, where known.
        delay: how long the judgement waits after the row (the longest ``after``), µs.
        lookback: how far before the row a judgement reads, µs; None is without bound.
        policies: derived policies with their conditions over the judged row.
        registers: registers that ``with`` makes and some text asks, by the name under which it asks them.
    """

    rule: Rule
    family: str
    segment: str | None
    params: Mapping[str, Any]
    frame: Frame
    where: ex.Expr | None
    narrow: ex.Expr | None
    lets: Mapping[str, ex.Expr]
    facts: tuple[BoundFact, ...]
    when: FactFormula
    key: tuple[ex.Expr, ...]
    subject: tuple[ex.Expr, ...]
    party: ex.Expr | None
    gap: int
    delay: int
    lookback: int | None
    rationale: Template
    policies: tuple[tuple[Policy, ex.Expr | None], ...] = field(default=())
    registers: Mapping[str, Derived] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The rule's id."""
        return self.rule.id

    def measures(self) -> Iterator[Measure]:
        """Measures that decide or score, repeats included."""
        yield from measures(*(fact.condition for fact in self.facts))


def literal(kind: str, value: Any) -> ex.Expr:  # noqa: ANN401  a value of any parameter type
    """A parameter's value as a node."""
    match kind:
        case "duration":
            return ex.Interval(value)
        case "text":
            return ex.Text(value)
        case "list":
            return ListLiteral(tuple(value))
        case "bool":
            return ex.Bool(value)
        case _:
            return ex.Number(Fraction(value))


def bind_rule(
    rule: Rule, schemas: Schemas, *, family: str = "", profile: Profile | None = None, segment: str | None = None,
    streams: Mapping[str, View | Operator] | None = None, policies: tuple[Policy, ...] = (),
    params: Mapping[str, Any] | None = None, faults: list[BindError] | None = None,
) -> BoundRule:  # fmt: skip
    """Bind one rule.

    Args:
        rule: the rule as loaded.
        schemas: column types of frames, shared over the book so that equal nodes get equal names.
        family: the rule's folder.
        profile: parameter values and thresholds.
        segment: bind for this segment of parties; None binds for all parties whose segment has no values of its own.
        streams: shared streams of the book.
        policies: derived policies of the rule.
        params: values that stand above profile and defaults.
        faults: where given, faults are collected and binding goes on as far as it can.

    Raises:
        BindError: the first fault, where ``faults`` is not given.
    """
    values = dict(bind_params(rule, profile, segment)) | dict(params or {})
    literals = {name: literal(rule.params[name].type, value) for name, value in values.items() if name in rule.params}
    return _Binder(rule, schemas, literals, values, dict(streams or {}), faults).bind(
        family, profile, segment, policies
    )


class _Binder:
    def __init__(
        self, rule: Rule, schemas: Schemas, literals: dict[str, ex.Expr], values: dict[str, Any],
        streams: dict[str, View | Operator], faults: list[BindError] | None,
    ) -> None:  # fmt: skip
        self.rule, self.schemas, self.values, self.faults = rule, schemas, values, faults
        self.literals = literals
        detect = rule.detect
        self.subject_path: Path = (
            ("detect", "subject", "key") if isinstance(detect.subject, Subject) else ("detect", "subject")
        )
        self.key_path = self.subject_path if detect.key is None else ("detect", "key")
        self.resolver = Resolver(schemas, streams | dict(rule.with_), literals, detect.keys, self.key_path, self.check)

    def check(self, frame: Frame, expr: ex.Expr, path: Path) -> None:
        """Type a resolved text; a fault is at that text's path."""
        try:
            Lowering(self.schemas, frame).lower(expr)
        except ExprError as error:
            raise BindError(path, error) from None

    def attempt(self, what: Callable[[], Any], default: Any = None) -> Any:  # noqa: ANN401  any step of binding
        """Run one step; keep its fault and go on where faults are collected."""
        try:
            return what()
        except PoisonedError:
            return default
        except BindError as error:
            if self.faults is None:
                raise
            self.faults.append(error)
            return default

    def bind(
        self, family: str, profile: Profile | None, segment: str | None, policies: tuple[Policy, ...]
    ) -> BoundRule:
        """All texts of the rule, in the order of the file."""
        detect = self.rule.detect
        for name, spec in self.rule.with_.items():
            if isinstance(spec, Operator):
                self.attempt(partial(self.resolver.operator, name))
                continue
            scope = self.attempt(partial(self.resolver.scope, name, ("with", name)))
            if scope is not None:
                self._texts(scope)
        scope = self.attempt(lambda: self.resolver.view(detect, ("detect",)))
        if scope is None:
            raise RedflagsError(f"{self.rule.id}: the stream of 'detect' is faulty")
        lets = self._texts(scope)
        facts = tuple(fact for fact in (self.attempt(partial(self._fact, scope, n)) for n in detect.facts) if fact)
        when = self.attempt(self._when)
        key = self._columns(scope, detect.keys, self.key_path)
        subject = self._columns(scope, detect.subject_key, self.subject_path)
        party = self.attempt(lambda: self._party(scope))
        gap = self.attempt(lambda: self._duration(("alert", "gap"), self.rule.alert.gap), 0)
        rationale = self.attempt(lambda: self._template(scope, ("alert", "rationale"), self.rule.alert.rationale))
        where = self.attempt(lambda: scope.filter)
        templates = [rationale, *(fact.because for fact in facts)]
        told = [slot.expr for template in templates if template is not None for slot in template.slots]
        deciding = measures(where, *told, *(fact.condition for fact in facts))
        delay = max((m.after for m in deciding), default=0)
        narrow = self.attempt(lambda: self._narrow(scope, profile, segment))
        bound_policies = tuple((policy, self._policy(scope, policy, family, subject)) for policy in policies)
        # What an operator makes may rest on all of history, and a register of it does so without a window to see.
        lookback = None if self.resolver.registers else lookback_of(scope, facts, lets)
        return BoundRule(
            self.rule, family, segment, self.values, scope.frame, where, narrow, lets, facts,
            when, key, subject, party, gap, delay, lookback, rationale or Template(()),
            bound_policies, self.resolver.registers,
        )  # fmt: skip

    def _texts(self, scope: Scope) -> dict[str, ex.Expr]:
        where = self.attempt(lambda: scope.where)
        if where is not None:
            self.attempt(lambda: self._condition(scope.frame, where, (*scope.path, "where")))
        found = {name: self.attempt(partial(scope.let, name)) for name in scope.lets}
        inherited = [name for name in scope.names() if name not in found]
        found |= {name: self.attempt(partial(scope.let_of, name)) for name in inherited}
        return {name: expr for name, expr in found.items() if expr is not None}

    def _condition(self, frame: Frame, expr: ex.Expr, path: Path) -> None:
        try:
            Lowering(self.schemas, frame).condition(expr)
        except ExprError as error:
            raise BindError(path, error) from None

    def _fact(self, scope: Scope, name: str) -> BoundFact:
        fact = self.rule.detect.facts[name]
        path = ("detect", "facts", name)
        condition = scope.text((*path, "if"), fact.if_)
        self._condition(scope.frame, condition, (*path, "if"))
        because = None if fact.because is None else self._template(scope, (*path, "because"), fact.because)
        deciding = name in {word.text for word in ex.walk(parse(self.rule.detect.when)) if isinstance(word, ex.Name)}
        return BoundFact(name, fact.is_, fact.points, condition, because, deciding)

    def _when(self) -> FactFormula:
        try:
            formula = FactFormula.read(self.rule.detect.when, {n: f.points for n, f in self.rule.detect.facts.items()})
        except ExprError as error:
            raise BindError(("detect", "when"), error) from None
        return formula

    def _columns(self, scope: Scope, names: tuple[str, ...], path: Path) -> tuple[ex.Expr, ...]:
        found = []
        for name in names:
            expr = self.attempt(partial(scope.text, path, name))
            if expr is not None:
                self.attempt(partial(self.check, scope.frame, expr, path))
                found.append(expr)
        return tuple(found)

    def _party(self, scope: Scope) -> ex.Expr | None:
        """The party of the alert: declared, the subject itself, or the holder of its account."""
        detect = self.rule.detect
        if isinstance(detect.subject, Subject) and detect.subject.parties:
            return scope.text(("detect", "subject", "parties"), detect.subject.parties[0])
        if detect.subject_kind == "party":
            return scope.text(("detect", "subject"), detect.subject_key[0])
        return ex.Name(("party_id",)) if "party_id" in self.schemas.of(scope.frame).columns else None

    def _template(self, scope: Scope, path: Path, text: str) -> Template:
        def resolve(name: str, offset: int) -> ex.Expr:
            try:
                expr = scope.resolve(parse(name))
                Lowering(self.schemas, scope.frame).stored(expr)
            except ExprError as error:
                raise ExprError(error.message, offset + error.offset, error.hint, error.code) from None
            return expr

        try:
            found = read_template(text, resolve)
        except ExprError as error:
            raise BindError(path, error) from None
        for slot in found.slots:
            kind = Lowering(self.schemas, scope.frame).lower(slot.expr).type
            if slot.format is not None and not fits(slot.format, kind):
                text_ = f"{kind} cannot be written as {slot.format}"
                raise BindError(path, ExprError(text_, text.index(slot.name), code="TEMPLATE"))
        return found

    def _duration(self, path: Path, text: str) -> int:
        try:
            if text.startswith("$"):
                node = self.literals.get(text[1:])
                if not isinstance(node, ex.Interval):
                    raise BindError(path, ExprError(f"{text} is not a duration parameter", 0, code="EXPR-PARAM"))
                return node.micros
            return parse_duration(text)
        except BindError:
            raise
        except RedflagsError as error:
            raise BindError(path, ExprError(str(error), 0, code="ALERT-GAP")) from None

    def _narrow(self, scope: Scope, profile: Profile | None, segment: str | None) -> ex.Expr | None:
        """Condition on judged rows: the rule's scope, and the segment that these parameter values are for."""
        found: ex.Expr | None = None
        holder = self._party(scope) or ex.Name(("party_id",))

        def member(names: tuple[str, ...]) -> ex.Expr:
            # A party may be in several segments at once, so that its segment is no value.
            tests: list[ex.Expr] = [ex.Call("listed", (ex.Text("segments"), holder, ex.Text(name))) for name in names]
            return reduce(lambda left, right: ex.Binary("or", left, right), tests)

        def surely(names: tuple[str, ...]) -> ex.Expr:
            return ex.Call("coalesce", (member(names), ex.Bool(value=False)))

        if self.rule.scope.segments:
            found = both(found, member(self.rule.scope.segments))
        if self.rule.scope.products:
            found = both(found, _one_of(ex.Name(("account", "product")), self.rule.scope.products))
        special = [] if profile is None else [s for s, rules in profile.segments.items() if self.rule.id in rules]
        # Each row is judged once: under the first of its segments that has values of its own, by name.
        earlier = tuple(name for name in sorted(special) if segment is None or name < segment)
        if segment is not None:
            found = both(found, surely((segment,)))
        if earlier:
            found = both(found, ex.Unary("not", surely(earlier)))
        if found is not None:
            self._condition(scope.frame, found, ("scope",))
        return found

    def _policy(self, scope: Scope, policy: Policy, family: str, subject: tuple[ex.Expr, ...]) -> ex.Expr | None:
        """The policy's condition over the judged row; columns that the row lacks are null."""
        columns = self.schemas.of(scope.frame).columns
        stand_ins: dict[str, ex.Expr] = {
            "subject_party_id": self._party(scope) or ex.Null(),
            "rule_id": ex.Text(self.rule.id), "severity": ex.Text(self.rule.severity),
            "subject_kind": ex.Text(self.rule.detect.subject_kind), "family": ex.Text(family),
            "subject_id": subject[0] if len(subject) == 1 else ex.Null(),
        }  # fmt: skip

        def visit(node: ex.Expr) -> ex.Expr:
            from redflags.plan.scope import rebuild

            if isinstance(node, ex.Name) and len(node.parts) == 1:
                word = node.parts[0]
                if word in stand_ins:
                    return stand_ins[word]
                if word not in columns and word not in POLICY_LISTS:
                    return ex.Null()
            return rebuild(node, visit)

        return visit(parse(policy.when)) if policy.when else None


#: What the engine knows of a hit beside its row, for policies to read.
POLICY_LISTS = frozenset({"fact_kinds", "behaviour_kinds", "context_kinds", "facts", "score"})


def _one_of(operand: ex.Expr, values: tuple[str, ...]) -> ex.Expr:
    return ex.In(operand, tuple(ex.Text(value) for value in values), negated=False)


def lookback_of(scope: Scope, facts: tuple[BoundFact, ...], lets: Mapping[str, ex.Expr]) -> int | None:
    """How far back a judgement reads: look-backs add up over nesting; other moments and ``ever`` have no bound."""
    exprs = [fact.condition for fact in facts] + list(lets.values())
    if scope.filter is not None:
        exprs.append(scope.filter)
    return _reach(exprs, (scope.frame,))


def _reach(exprs: list[ex.Expr], frames: tuple[Frame, ...]) -> int | None:
    deepest = 0
    for frame in frames:
        if isinstance(frame, At | Derived):
            return None
        inner = _reach(list(frame_expressions(frame)), parents(frame))
        if inner is None:
            return None
        deepest = max(deepest, inner)
    for expr in exprs:
        for node in ex.walk(expr):
            if not isinstance(node, MeasureRef):
                continue
            measure = node.measure
            if measure.within is None:
                return None
            inner = _reach([*inner_expressions(measure), *measure.frame_key], (measure.source.frame,))
            if inner is None:
                return None
            deepest = max(deepest, measure.within + measure.before + (measure.baseline or 0) + inner)
    return deepest
