"""Aggregates: collect the rows of the window one by one, then say what they come to."""

from __future__ import annotations

import math
from collections import defaultdict
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from redflags.expr.nodes import Name
from redflags.expr.parser import parse
from redflags.rules.model import Aggregate, as_names
from tests.reference.values import EMPTY, both, compare, condition, unknown

if TYPE_CHECKING:
    from tests.reference.streams import Row, Stream, World


def measure(world: World, row: Row, agg: Aggregate) -> Any:
    """The value of ``agg`` at ``row``."""
    keys = _keys(world, row, agg)
    if keys is None:
        return None
    left, right, open_right = window_edges(world, agg)
    if agg.complete and not _complete(world, row, agg, left):
        return None
    start = None if left is None else row.at + left
    rows = _rows(world, row, agg, keys, start, row.at + right, open_right=open_right)
    if agg.op == "count":
        return len(rows)
    if agg.op == "since":
        return row.at - rows[-1].at if rows else EMPTY
    if agg.op == "divergence":
        assert start is not None
        length = world.duration(agg.baseline)
        assert length is not None
        earlier = _rows(world, row, agg, keys, start - length, start, open_right=False)
        return divergence(_values(world, rows, agg.value), _values(world, earlier, agg.value))
    values = _values(world, rows, agg.value)
    if agg.op == "rank":
        return rank(values, world.ask(parse(agg.value), row))
    if agg.op == "top_sum":
        assert agg.of is not None
        return top_sum(values, _values(world, rows, agg.of), int(world.setting(agg.n)))
    if agg.op == "hhi":
        weights = [1] * len(values) if agg.weight is None else _values(world, rows, agg.weight)
        return hhi(values, weights)
    if agg.op == "quantile":
        return quantile(values, Fraction(world.setting(agg.q)))
    running = getattr(world, "running", None)  # a mutant's broken std
    if agg.op == "std" and running is not None:
        return running((id(agg), tuple(keys)), rows, values)
    return AGGREGATES[agg.op](values)


# ---- which rows ------------------------------------------------------------------------------------------


def window_edges(world: World, agg: Aggregate) -> tuple[int | None, int, bool]:
    """Offsets of the open left and the closed right edge from the row; whether the right one is open too."""
    within = None if agg.within in {None, "ever"} else world.duration(agg.within)
    now = agg.before == "now"
    before = 0 if agg.before is None or now else world.duration(agg.before) or 0
    after = None if agg.after is None else world.duration(agg.after)
    left = None if within is None else -(before + within)
    return left, -before if after is None else after, now


def _source(world: World, row: Row, agg: Aggregate) -> tuple[Any, bool]:
    """The stream that is read, and whether it is the rule's own."""
    if agg.from_ is None:
        return row.stream, True
    return world.stream(agg.from_), False


def _keys(world: World, row: Row, agg: Aggregate) -> list[tuple[str, Any]] | None:
    """Pairs of their column and our value; None where a part of ours is null."""
    pairs = [(theirs, world.ask(parse(ours), row)) for theirs, ours in agg.match.items()]
    pairs += [(name, world.ask(parse(name), row)) for name in key_names(world, row.stream, agg)]
    return None if any(unknown(ours) for _, ours in pairs) else pairs


def key_names(world: World, stream: Stream, agg: Aggregate) -> tuple[str, ...]:
    """Key columns of one name on both sides: ``by``, else the default key unless ``match`` gives the key."""
    if agg.key_names is not None:
        return agg.key_names
    if agg.match:
        return ()
    assert stream.view is not None
    return as_names(stream.view.key) if stream.view.key is not None else world.rule.detect.keys


def _rows(
    world: World,
    row: Row,
    agg: Aggregate,
    keys: list[tuple[str, Any]],
    start: int | None,
    end: int,
    *,
    open_right: bool,
) -> list[Row]:
    stream, own = _source(world, row, agg)
    found = []
    for source in world.rows(stream):
        if (start is not None and source.at <= start) or source.at > end or (open_right and source.at == end):
            continue
        if any(compare("=", world.ask(parse(theirs), source), ours) is not True for theirs, ours in keys):
            continue
        verdict = source.member if own and agg.where is not None else world.membership(source)
        if agg.where is not None:
            verdict = both(verdict, condition(world.ask(parse(agg.where), source, judged=own)))
        if world.counts(verdict):
            found.append(source)
    if agg.latest_per is None:
        return found
    latest: dict[tuple[Any, ...], Row] = {}
    for source in found:
        mark = tuple(world.ask(parse(name), source) for name in as_names(agg.latest_per))
        if not any(unknown(part) for part in mark):
            latest[mark] = source
    return sorted(latest.values(), key=lambda source: source.order)


def _values(world: World, rows: list[Row], text: str) -> list[Any]:
    return [world.ask(parse(text), source) for source in rows]


def _complete(world: World, row: Row, agg: Aggregate, left: int | None) -> bool:
    """The window starts inside the data, or the account (else party) of the key was opened inside it."""
    if world.covers_from is None:
        return False
    if left is not None and row.at + left >= world.covers_from:
        return True
    columns = _key_columns(world, row, agg)
    for table, ending, opened in (
        ("accounts", "account_id", "opened_at"),
        ("parties", "party_id", "onboarded_at"),
    ):
        ours = [column for column in columns if column.endswith(ending)]
        if not ours:
            continue
        if table not in world.data.tables:
            return False
        moment = world.registers.path(table, world.ask(parse(ours[0]), row), opened, row.at)
        return not unknown(moment) and moment >= world.covers_from
    return False


def _key_columns(world: World, row: Row, agg: Aggregate) -> list[str]:
    """The judged row's key columns, where they are plain columns."""
    nodes = [parse(ours) for ours in agg.match.values()]
    return [node.text for node in nodes if isinstance(node, Name)] + list(key_names(world, row.stream, agg))


# ---- what they come to -----------------------------------------------------------------------------------


def _known(values: list[Any]) -> list[Any]:
    return [value for value in values if not unknown(value)]


def _whole(values: list[Any]) -> list[Any] | None:
    """Values without the known empty; None where one is null."""
    return None if None in values else _known(values)


def total(values: list[Any]) -> Any:
    known = _whole(values)
    return None if known is None else sum(known)


def mean(values: list[Any]) -> Any:
    known = _whole(values)
    if known is None:
        return None
    return Fraction(sum(known)) / len(known) if known else EMPTY


def std(values: list[Any]) -> Any:
    known = _whole(values)
    if known is None:
        return None
    count = len(known)
    if count < 2:
        return EMPTY
    middle = Fraction(sum(known)) / count
    variance = sum(((Fraction(value) - middle) ** 2 for value in known), Fraction(0)) / (count - 1)
    return root(variance)


def root(value: Fraction) -> float:
    """Square root of an exact number, right to the last places whatever its size."""
    scale = 10**40
    return float(Fraction(math.isqrt(value.numerator * scale * scale // value.denominator), scale))


def least(values: list[Any]) -> Any:
    return min(_known(values), default=EMPTY)


def greatest(values: list[Any]) -> Any:
    return max(_known(values), default=EMPTY)


def median(values: list[Any]) -> Any:
    known = sorted(_known(values))
    if not known:
        return EMPTY
    low, high = known[(len(known) - 1) // 2], known[len(known) // 2]
    return low if low == high else (Fraction(low) + Fraction(high)) / 2


def mad(values: list[Any]) -> Any:
    """Median distance from the median."""
    middle = median(values)
    return EMPTY if middle is EMPTY else median([abs(value - middle) for value in _known(values)])


def quantile(values: list[Any], q: Fraction) -> Any:
    known = sorted(_known(values))
    for place, value in enumerate(known, start=1):
        if Fraction(place, len(known)) >= q:
            return value
    return EMPTY


def distinct(values: list[Any]) -> int:
    return len(set(_known(values)))


def first(values: list[Any]) -> Any:
    return values[0] if values else EMPTY


def last(values: list[Any]) -> Any:
    return values[-1] if values else EMPTY


def bag(values: list[Any]) -> tuple[Any, ...]:
    """The different texts, sorted."""
    return tuple(sorted(set(_known(values))))


def rank(values: list[Any], mine: Any) -> Any:
    """Share of the window strictly below the judged row's value."""
    if mine is None:
        return None
    known = _known(values)
    if not known or mine is EMPTY:
        return EMPTY
    return Fraction(sum(1 for value in known if value < mine), len(known))


def _shares(groups: list[Any], weights: list[Any]) -> dict[Any, Any]:
    """Weight of each group; rows of no known group are left out."""
    sums: dict[Any, Any] = defaultdict(int)
    for group, weight in zip(groups, weights, strict=True):
        if not unknown(group):
            sums[group] += 0 if weight is EMPTY else weight
    return sums


def top_sum(values: list[Any], groups: list[Any], count: int) -> Any:
    if None in values:
        return None
    return sum(sorted(_shares(groups, values).values(), reverse=True)[:count])


def hhi(groups: list[Any], weights: list[Any]) -> Any:
    if None in weights:
        return None
    sums = _shares(groups, weights)
    if not sums:
        return EMPTY
    whole = sum(sums.values())
    return None if whole == 0 else float(sum((Fraction(part) / whole) ** 2 for part in sums.values()))


def _distribution(values: list[Any]) -> dict[Any, Fraction]:
    known = _known(values)
    return {value: Fraction(known.count(value), len(known)) for value in known}


def entropy(values: list[Any]) -> Any:
    shares = _distribution(values)
    if not shares:
        return EMPTY
    return math.fsum(-float(share) * math.log2(share) for share in shares.values())


def divergence(now: list[Any], earlier: list[Any]) -> Any:
    """Jensen-Shannon divergence, base 2."""
    p, q = _distribution(now), _distribution(earlier)
    if not p or not q:
        return EMPTY
    parts = []
    for value in {**p, **q}:
        a, b = p.get(value, Fraction(0)), q.get(value, Fraction(0))
        middle = (a + b) / 2
        parts += [float(side) * math.log2(side / middle) / 2 for side in (a, b) if side]
    return math.fsum(parts)


AGGREGATES = {
    "sum": total, "mean": mean, "std": std, "min": least, "max": greatest, "median": median, "mad": mad,
    "distinct": distinct, "first": first, "last": last, "entropy": entropy, "bag": bag,
}  # fmt: skip
