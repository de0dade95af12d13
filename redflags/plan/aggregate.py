"""An aggregate of a rule to a measure of the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redflags.errors import RedflagsError
from redflags.expr.lexer import ExprError
from redflags.expr.nodes import Expr, Interval, Name, Number, Param
from redflags.expr.parser import parse
from redflags.plan.nodes import Measure, Rows, both, inner_expressions, measures
from redflags.rules.model import as_names
from redflags.units import parse_duration

if TYPE_CHECKING:
    from redflags.plan.scope import Path, Scope
    from redflags.rules.model import Aggregate


def bind_aggregate(scope: Scope, spec: Aggregate, path: Path) -> Measure:  # noqa: C901  part by part
    """The measure that ``spec`` means on rows of ``scope``.

    Raises:
        BindError: a name, key or window that does not hold, at its place.
    """
    from redflags.plan.scope import BindError

    def fail(part: str, message: str, hint: str = "", code: str = "AGGREGATE") -> BindError:
        return BindError((*path, part), ExprError(message, 0, hint, code))

    own = spec.from_ is None
    source = scope if spec.from_ is None else scope.resolver.scope(spec.from_, (*path, "from"))
    if spec.where is None:
        rows = Rows(source.frame, source.filter)
    else:
        extra = {"judged": scope.where} if own else {}
        where = source.text((*path, "where"), spec.where, extra=extra)
        _condition(source, where, (*path, "where"))
        rows = Rows(source.frame, both(source.below if own else source.filter, where))

    def on_source(part: str, text: str) -> Expr:
        return source.text((*path, part), text)

    frame_key, source_key = _keys(scope, source, spec, path)
    value = None if spec.value == "rows" else on_source(spec.op, spec.value)
    counted = _in_periods(spec)
    if counted:
        _check_periods(scope, source, spec, path)
    within, before, open_right, after = _window(scope, spec, path)
    number: Expr | None = None
    if spec.op == "quantile":
        number = _number(scope, spec.q, (*path, "q"), "quantile wants q: a share from 0 to 1")
    if spec.op == "top_sum":
        number = _number(scope, spec.n, (*path, "n"), "top_sum wants n: how many groups")
        if spec.of is None:
            raise fail("top_sum", "top_sum wants of: the expression whose groups are summed")
    of: Expr | None = None
    if spec.of is not None:
        of = on_source("of", spec.of)
    elif spec.op == "hhi" and spec.weight is not None:
        of, value = value, on_source("weight", spec.weight)
    elif spec.op == "hhi":
        of, value = value, None
    if spec.op == "rank":
        of = scope.text((*path, "rank"), spec.value)  # the judged row's own value
    baseline = None
    if spec.op == "divergence":
        if spec.baseline is None or within is None:
            raise fail("divergence", "divergence wants within and baseline: two lengths")
        baseline = _duration(scope, spec.baseline, (*path, "baseline"))
    latest = tuple(on_source("latest_per", name) for name in as_names(spec.latest_per or ()))
    if latest and spec.op not in {"count", "sum", "mean", "min", "max"}:
        raise fail("latest_per", f"latest_per goes with count, sum, mean, min and max, not with {spec.op}")
    measure = Measure(
        scope.frame, rows, frame_key, source_key, spec.op, value, within, before, open_right, after, of, number,
        baseline, latest, spec.complete, counted, _opened(scope, frame_key) if spec.complete else None,
    )  # fmt: skip
    if any(inner.after for inner in measures(*inner_expressions(measure))):
        raise fail(
            "where",
            "an aggregate with 'after' cannot stand inside another",
            "give the view a later moment with 'at'",
        )
    return measure


def _keys(scope: Scope, source: Scope, spec: Aggregate, path: Path) -> tuple[tuple[Expr, ...], tuple[Expr, ...]]:
    from redflags.plan.scope import BindError

    ours: list[Expr] = []
    theirs: list[Expr] = []
    for column, text in spec.match.items():
        theirs.append(source.text((*path, "match", column), column))
        ours.append(scope.text((*path, "match", column), text))
    names = spec.key_names
    if names is None and not spec.match:
        names = scope.default_key
        if names is None:
            raise BindError(
                path,
                ExprError("no key: this view has none", 0, "give the view a key, or the aggregate by:", "AGGREGATE"),
            )
    for index, name in enumerate(names or ()):
        if spec.by is None:
            ours.append(scope.text(scope.default_key_path, name))
            theirs.append(source.text(path, name))
            continue
        where: Path = (*path, "by") if isinstance(spec.by, str) else (*path, "by", index)
        ours.append(scope.text(where, name))
        theirs.append(source.text(where, name))
    for place, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        _alike(scope, source, mine, other, (*path, *_key_place(spec, place)))
    return tuple(ours), tuple(theirs)


def _condition(source: Scope, where: Expr, path: Path) -> None:
    from redflags.expr.lower import Lowering
    from redflags.plan.scope import BindError

    try:
        Lowering(source.resolver.schemas, source.frame).condition(where)
    except ExprError as error:
        raise BindError(path, error) from None


def _key_place(spec: Aggregate, place: int) -> Path:
    columns = list(spec.match)
    return ("match", columns[place]) if place < len(columns) else ("by",) if spec.by is not None else ()


def _alike(scope: Scope, source: Scope, ours: Expr, theirs: Expr, path: Path) -> None:
    """Refuse key parts that can never be equal, or would be equal only by the way in which they are held."""
    from redflags.expr.lower import Lowering
    from redflags.plan.scope import BindError

    try:
        left = Lowering(scope.resolver.schemas, scope.frame).stored(ours).type
        right = Lowering(scope.resolver.schemas, source.frame).stored(theirs).type
    except ExprError as error:
        raise BindError(path, error) from None
    unlike = left.kind != right.kind and "null" not in {left.kind, right.kind}
    if unlike or {left.currency, right.currency} == {"row", "base"}:
        message = f"the parts of this key are unlike: {right} there, {left} here"
        raise BindError(path, ExprError(message, 0, code="EXPR-TYPE"))


def _window(scope: Scope, spec: Aggregate, path: Path) -> tuple[int | None, int, bool, int]:
    within = None if spec.within in (None, "ever") else _duration(scope, str(spec.within), (*path, "within"))
    now = spec.before == "now"
    before = 0 if spec.before is None or now else _duration(scope, spec.before, (*path, "before"))
    after = 0 if spec.after is None else _duration(scope, spec.after, (*path, "after"))
    return within, before, now, after


def _duration(scope: Scope, text: str, path: Path) -> int:
    from redflags.plan.scope import BindError

    try:
        words = text.split()
        if words[-1] in PERIODS:
            number = parse(words[0])
            literal = scope.resolver.param(number) if isinstance(number, Param) else number
            if len(words) != 2 or not isinstance(literal, Number) or literal.value.denominator != 1:  # noqa: PLR2004
                raise ExprError(f"cannot read {text!r}", 0, "6 periods, or $n periods", "AGGREGATE-WINDOW")
            return int(literal.value)
        if text.startswith("$"):
            node = parse(text)
            length = scope.resolver.param(node) if isinstance(node, Param) else None
            if not isinstance(length, Interval):
                raise ExprError(
                    f"{text} is not a duration", 0, "a duration parameter is wanted here", "AGGREGATE-WINDOW"
                )
            return length.micros
        return parse_duration(text)
    except ExprError as error:
        raise BindError(path, error) from None
    except RedflagsError as error:
        raise BindError(path, ExprError(str(error), 0, code="AGGREGATE-WINDOW")) from None


PERIODS = ("period", "periods")


def _in_periods(spec: Aggregate) -> bool:
    """Whether the window is counted in periods."""
    return any(str(text).split()[-1:] in (["periods"], ["period"]) for text in (spec.within, spec.before) if text)


def _check_periods(scope: Scope, source: Scope, spec: Aggregate, path: Path) -> None:
    from redflags.plan.scope import BindError

    def numbered(view: Scope) -> bool:
        return "period_no" in view.resolver.schemas.of(view.frame).columns

    if not numbered(source) or not numbered(scope):
        hint = "use a duration such as 30d, or read a stream made by periods"
        raise BindError(
            (*path, "within"),
            ExprError("periods are counted only over a stream of periods", 0, hint, "AGGREGATE-WINDOW"),
        )
    for name in ("within", "before"):
        text = getattr(spec, name)
        if text and text not in {"ever", "now"} and str(text).split()[-1] not in PERIODS:
            raise BindError(
                (*path, name), ExprError("one window counts periods or time, not both", 0, code="AGGREGATE-WINDOW")
            )
    if spec.after is not None or spec.complete:
        part = "after" if spec.after is not None else "complete"
        raise BindError((*path, part), ExprError(f"'{part}' needs a window in time", 0, code="AGGREGATE-WINDOW"))


def _number(scope: Scope, text: str | int | None, path: Path, wanted: str) -> Expr:
    from redflags.plan.scope import BindError

    if text is None:
        raise BindError(path[:-1], ExprError(wanted, 0, code="AGGREGATE"))
    node = scope.text(path, str(text))
    if not isinstance(node, Number):
        raise BindError(path, ExprError(wanted, 0, "a number or a number parameter", "AGGREGATE"))
    return node


def _opened(scope: Scope, key: tuple[Expr, ...]) -> Expr | None:
    """Path to the moment since when the key's account, else its party, is known."""
    refs = scope.resolver.schemas.of(scope.frame).refs
    for target, column in (("accounts", "opened_at"), ("parties", "onboarded_at")):
        for part in key:
            if not isinstance(part, Name):
                continue
            for ref, (own, table) in refs.items():
                if table == target and (own,) == part.parts:
                    return Name((ref, column))
    return None
