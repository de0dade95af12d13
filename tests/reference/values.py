"""Values of the reference evaluator: exact numbers, null (None), known empty, and Kleene logic over them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any, Final

EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
DAY: Final = 86_400_000_000


class Empty(Enum):
    """Known empty: the answer of an aggregate over no rows. Neither a value nor null."""

    EMPTY = "empty"

    def __repr__(self) -> str:
        return "EMPTY"


EMPTY: Final = Empty.EMPTY


def micros(moment: dt.datetime) -> int:
    """UTC microseconds since 1970, exactly."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return (moment - EPOCH) // dt.timedelta(microseconds=1)


def moment_of(value: int) -> dt.datetime:
    return EPOCH + dt.timedelta(microseconds=value)


def exact(value: Any) -> Any:
    """What a table cell is inside: datetimes are microseconds, decimals are fractions, lists are tuples."""
    if isinstance(value, dt.datetime):
        return micros(value)
    if isinstance(value, dt.timedelta):
        return value // dt.timedelta(microseconds=1)
    if isinstance(value, Decimal):
        return Fraction(value)
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, float) and value != value:  # noqa: PLR0124 -- NaN is null at the door
        return None
    return value


def unknown(value: Any) -> bool:
    """Null or known empty."""
    return value is None or value is EMPTY


# ---- Kleene logic ----------------------------------------------------------------------------------------


def condition(value: Any) -> bool | None:
    """A known-empty condition is false."""
    if value is EMPTY:
        return False
    assert value is None or isinstance(value, bool), f"not a condition: {value!r}"
    return value


def both(left: bool | None, right: bool | None) -> bool | None:
    if left is False or right is False:
        return False
    if left is None or right is None:
        return None
    return True


def either(left: bool | None, right: bool | None) -> bool | None:
    if left is True or right is True:
        return True
    if left is None or right is None:
        return None
    return False


def negate(value: bool | None) -> bool | None:
    return None if value is None else not value


# ---- comparison and arithmetic ---------------------------------------------------------------------------


def _pair(left: Any, right: Any) -> tuple[Any, Any]:
    """Floats compare as floats: a literal beside a ``real`` is the nearest double."""
    if isinstance(left, float) != isinstance(right, float):
        return float(left), float(right)
    return left, right


def compare(op: str, left: Any, right: Any) -> bool | None:
    """SQL comparison; with a known empty it is false, whatever the other side."""
    if left is EMPTY or right is EMPTY:
        return False
    if left is None or right is None:
        return None
    left, right = _pair(left, right)
    if op == "=":
        return bool(left == right)
    if op == "<>":
        return bool(left != right)
    if op == "<":
        return bool(left < right)
    if op == "<=":
        return bool(left <= right)
    if op == ">":
        return bool(left > right)
    assert op == ">="
    return bool(left >= right)


def arithmetic(op: str, left: Any, right: Any) -> Any:
    """Exact arithmetic; known empty beats null, division by zero is null."""
    if left is EMPTY or right is EMPTY:
        return EMPTY
    if left is None or right is None:
        return None
    if isinstance(left, dt.date) or isinstance(right, dt.date):
        return _date_arithmetic(op, left, right)
    left, right = _pair(left, right)
    if op == "+":
        return left + right
    if op == "-":
        return left - right
    if op == "*":
        return left * right
    assert op == "/"
    if right == 0:
        return None
    return left / right if isinstance(left, float) else Fraction(left) / Fraction(right)


def _date_arithmetic(op: str, left: Any, right: Any) -> Any:
    if isinstance(left, dt.date) and isinstance(right, dt.date):
        assert op == "-"
        return (left - right).days * DAY
    if isinstance(right, dt.date):
        left, right = right, left
    days, rest = divmod(int(right), DAY)
    assert rest == 0, "a date moves by whole days"
    return left + dt.timedelta(days=days if op == "+" else -days)
