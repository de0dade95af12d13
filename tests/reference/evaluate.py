"""One rule over one data set, row by row: hits, not evaluable, pending."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from redflags.expr.nodes import Binary, Call, Expr, Name, Number, Param, Unary, walk
from redflags.expr.parser import parse
from redflags.units import parse_duration
from tests.reference.data import TIMES, Data
from tests.reference.delays import delay_of
from tests.reference.streams import MissingColumnError, Row, World
from tests.reference.values import both, compare, condition, either, exact, negate

if TYPE_CHECKING:
    from redflags.rules.model import ParamSpec, Rule


@dataclass(frozen=True)
class Hit:
    """One rule true for one row."""

    row_id: str
    moment: int
    key: tuple[Any, ...]
    order: tuple[Any, ...]
    facts: dict[str, bool | None]
    observed: dict[str, Any]
    own_score: int

    @property
    def place(self) -> tuple[Any, ...]:
        """Hits of a key are ordered by moment, then row."""
        return (self.moment, self.order)


@dataclass(frozen=True)
class Outcome:
    """What a rule says of a data set up to a moment."""

    hits: tuple[Hit, ...] = ()
    not_evaluable: dict[str, str] = field(default_factory=dict)  # row id -> where | when | filters
    pending: tuple[str, ...] = ()
    missing: str | None = None  # the column or table without which the rule cannot run


def bind(rule: Rule, params: dict[str, Any] | None = None) -> dict[str, Any]:
    """Parameter values: durations in microseconds, numbers exact."""
    given = params or {}
    unknown_names = set(given) - set(rule.params)
    assert not unknown_names, f"no such parameters: {unknown_names}"
    return {name: _bound(spec, given.get(name, spec.default)) for name, spec in rule.params.items()}


def _bound(spec: ParamSpec, value: Any) -> Any:
    if spec.type == "duration":
        return parse_duration(value) if isinstance(value, str) else value
    if spec.type == "int":
        return int(value)
    if spec.type in {"ratio", "number", "money"}:
        return Fraction(str(value)) if not isinstance(value, Fraction) else value
    return tuple(value) if spec.type == "list" else value


def newest(data: Data) -> int | None:
    """W where none is given: the newest moment of the streams."""
    times = {**TIMES, **data.times}
    moments = [
        row[times[name]]
        for name in data.tables
        if name in times
        for row in data.table(name)
        if row.get(times[name]) is not None
    ]
    return max(moments, default=None)


def evaluate(
    rule: Rule,
    tables: Data | dict[str, list[dict[str, Any]]],
    params: dict[str, Any] | None = None,
    covers_from: Any = None,
    upto: Any = None,
    since: Any = None,
) -> Outcome:
    """Judge every row of ``rule`` whose moment lies in ``(since, upto]``.

    Args:
        rule: The rule model.
        tables: ``Data``, or just its tables.
        params: Values in place of the defaults.
        covers_from: First moment of the data; default the earliest transaction.
        upto: W; default the newest moment. Rows at or before it whose judgement comes later are pending.
        since: Leave out rows judged at or before this moment.
    """
    data = tables if isinstance(tables, Data) else Data(tables)
    if covers_from is not None:
        data = Data(**{**data.__dict__, "covers_from": exact(covers_from)})
    bound = bind(rule, params)
    last = newest(data) if upto is None else exact(upto)
    first = exact(since)
    worlds = [World(rule, data, bound, unknown_in=unknown_in) for unknown_in in (False, True)]
    try:
        return _judge(rule, worlds, first, last)
    except MissingColumnError as error:
        return Outcome(missing=str(error))


def _judge(rule: Rule, worlds: list[World], first: int | None, last: int | None) -> Outcome:
    out, taken = worlds
    hits: list[Hit] = []
    not_evaluable: dict[str, str] = {}
    pending: list[str] = []
    wait = delay_of(out)
    others = {row.id: row for row in taken.rows(taken.judged)}
    mine = {row.id: row for row in out.rows(out.judged)}
    for id_ in {**mine, **others}:
        pair = [mine.get(id_), others.get(id_)]
        row = pair[0] or pair[1]
        assert row is not None
        moment = row.at + wait
        if last is None or row.at > last or (first is not None and moment <= first):
            continue
        verdicts = [judge(world, side) for world, side in zip(worlds, pair, strict=True)]
        reasons = [reason for verdict, reason in verdicts if verdict is None]
        answers = {verdict for verdict, _ in verdicts}
        if moment > last:
            if any(in_scope(world, side) is not False for world, side in zip(worlds, pair, strict=True)):
                pending.append(id_)
        elif len(answers) > 1:
            not_evaluable[id_] = "filters" if None not in answers else reasons[0]
        elif reasons:
            not_evaluable[id_] = reasons[0]
        elif True in answers:
            assert pair[0] is not None
            facts = [facts_of(world, side) for world, side in zip(worlds, pair, strict=True) if side]
            hits.append(_hit(rule, out, pair[0], moment, _agreed(rule, facts)))
    hits.sort(key=lambda hit: hit.place)
    return Outcome(tuple(hits), not_evaluable, tuple(sorted(pending)))


def in_scope(world: World, row: Row | None) -> bool | None:
    """Whether the row is judged at all."""
    if row is None:
        return False
    scope = world.rule.scope
    verdict = world.membership(row)
    if any(world.value(row, (name,)) is None for name in world.rule.detect.subject_key):
        verdict = both(verdict, None)  # a row about nobody can raise no alert, and is not clean either
    if scope.segments:
        party = world.value(row, ("party_id",))
        found: bool | None = False
        for segment in scope.segments:
            found = either(found, world.registers.listed("segments", [party, segment], row.at))
        verdict = both(verdict, found)
    if scope.products:
        product = world.registers.path("accounts", world.value(row, ("account_id",)), "product", row.at)
        verdict = both(verdict, None if product is None else product in scope.products)
    return verdict


def judge(world: World, row: Row | None) -> tuple[bool | None, str]:
    """One row in one world: true, false or unknown, and where it became unknown."""
    verdict = in_scope(world, row)
    if verdict is not True:
        return verdict, "where"
    assert row is not None
    return formula(parse(world.rule.detect.when), facts_of(world, row), world), "when"


def key_of(world: World, row: Row) -> tuple[Any, ...]:
    detect = world.rule.detect
    names = dict.fromkeys((*detect.subject_key, *detect.keys))
    return tuple(world.value(row, tuple(name.split("."))) for name in names)


def facts_of(world: World, row: Row) -> dict[str, bool | None]:
    facts = world.rule.detect.facts
    return {name: condition(world.ask(parse(fact.if_), row)) for name, fact in facts.items()}


def _agreed(rule: Rule, worlds: list[dict[str, bool | None]]) -> dict[str, bool | None]:
    """Truths without the unknown rows; a fact outside ``when`` that they could change is unknown."""
    deciding = {node.text for node in walk(parse(rule.detect.when)) if isinstance(node, Name)}
    return {
        name: truth if name in deciding or all(other[name] == truth for other in worlds) else None
        for name, truth in worlds[0].items()
    }


def _hit(rule: Rule, world: World, row: Row, moment: int, facts: dict[str, bool | None]) -> Hit:
    points = sum(rule.detect.facts[name].points for name, truth in facts.items() if truth is True)
    return Hit(
        row.id,
        moment,
        key_of(world, row),
        row.order,
        facts,
        {name: world.value(row, (name,)) for name in rule.detect.let},
        min(100, rule.alert.score + points),
    )


# ---- the formula of ``when`` -----------------------------------------------------------------------------


def formula(node: Expr, facts: dict[str, bool | None], world: World) -> bool | None:
    if isinstance(node, Name):
        return facts[node.text]
    if isinstance(node, Unary):
        return negate(formula(node.operand, facts, world))
    if isinstance(node, Call):
        assert node.name == "at_least"
        wanted = _number(node.args[0], world)
        answers = [formula(arg, facts, world) for arg in node.args[1:]]
        sure, possible = answers.count(True), len(answers) - answers.count(False)
        return True if sure >= wanted else False if possible < wanted else None
    assert isinstance(node, Binary)
    if node.op in {"and", "or"}:
        sides = formula(node.left, facts, world), formula(node.right, facts, world)
        return both(*sides) if node.op == "and" else either(*sides)
    left, right = (_sums(side, facts, world) for side in (node.left, node.right))
    found = {compare(node.op, a, b) for a in left for b in right}
    return found.pop() if len(found) == 1 else None


def _number(node: Expr, world: World) -> Any:
    if isinstance(node, Param):
        return world.params[node.name]
    assert isinstance(node, Number)
    return node.value


def _sums(node: Expr, facts: dict[str, bool | None], world: World) -> set[Any]:
    """All totals that ``points(...)`` can still come to, whichever way the unknown facts turn out."""
    if not isinstance(node, Call):
        return {_number(node, world)}
    assert node.name == "points"
    sums = {0}
    for arg in node.args:
        assert isinstance(arg, Name)
        worth, truth = world.rule.detect.facts[arg.text].points, facts[arg.text]
        with_it = {total + worth for total in sums}
        sums = with_it if truth is True else sums | with_it if truth is None else sums
    return sums
