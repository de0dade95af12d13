"""Values, moments and names in words."""

from __future__ import annotations

import datetime as dt
import re
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from redflags.units import CURRENCIES, MONEY_SCALE, format_duration, format_money, rough_duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redflags.rules.model import Aggregate

__all__ = [
    "amount_words", "counted", "how_measured", "human", "limit_words", "moment_words", "op_words",
    "span_words", "value_words", "with_params",
]  # fmt: skip

_OPS: Final = {
    ">=": "at least", ">": "more than", "<=": "at most", "<": "less than", "=": "", "<>": "other than",
}  # fmt: skip
_HEAD: Final = {
    "sum": "sum of {}", "mean": "mean of {}", "std": "spread (standard deviation) of {}",
    "min": "smallest {}", "max": "largest {}", "median": "middle (median) {}", "quantile": "quantile of {}",
    "mad": "median deviation of {}", "distinct": "number of different {}", "first": "first {}",
    "last": "latest {}", "top_sum": "sum of {} of the largest groups", "hhi": "concentration of {}",
    "entropy": "evenness (entropy) of {}", "divergence": "change in the mix of {}",
    "rank": "share of rows below {}", "bag": "all of {}", "since": "time since the last row",
}  # fmt: skip
_FINEST: Final = Decimal("0.0001")
_SHOWN: Final = Decimal("0.01")
_PARAM: Final = re.compile(r"\$([a-z][a-z0-9_]*)")


def human(name: str) -> str:
    """A name of a rule as words.

    Examples:
        >>> human("new_senders")
        'new senders'
    """
    return name.replace("_", " ")


def counted(number: int, word: str, many: str | None = None) -> str:
    """A number and what it counts.

    Examples:
        >>> counted(1, "hit"), counted(1200, "hit"), counted(2, "party", "parties")
        ('1 hit', '1,200 hits', '2 parties')
    """
    return f"{number:,} {word if number == 1 else many or word + 's'}"


def value_words(value: str | None, unit: str | None) -> str:
    """An observed value, which is exact text, as a person reads it.

    Examples:
        >>> (
        ...     value_words("26635", "EUR"),
        ...     value_words("144.11676813314563", "EUR"),
        ...     value_words("0.333333", "number"),
        ... )
        ('26,635.00 EUR', '144.12 EUR', '0.333333')
        >>> value_words("12000", "count"), value_words("none", "EUR"), value_words("", "text")
        ('12,000', 'none', 'nothing')
    """
    if value is None:
        return "unknown"
    if value == "":
        return "nothing"
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value
    if unit == "duration":
        return rough_duration(int(number))
    if unit in CURRENCIES or unit == "money":
        # An exact amount stays exact; what a root or a division left behind is rounded for reading.
        whole = number == number.quantize(_FINEST)
        kept = number if whole else number.quantize(_SHOWN, ROUND_HALF_EVEN)
        return format_money(int(kept * MONEY_SCALE), None if unit == "money" else unit)
    if unit in {"count", "number", "ratio", "literal"}:
        rounded = number if number == number.to_integral() else round(number, 6).normalize()
        return f"{rounded:,f}"
    return value


def op_words(sign: str) -> str:
    """A comparison in words.

    Examples:
        >>> op_words(">="), op_words("between")
        ('at least', 'between')
    """
    return _OPS.get(sign, sign)


def limit_words(threshold: str, unit: str | None) -> str:
    """A limit with its comparison, in words.

    Examples:
        >>> limit_words(">= 10000", "EUR"), limit_words("<> P1", "text"), limit_words("= 0", "count")
        ('at least 10,000.00 EUR', 'other than P1', '0')
    """
    sign, _, rest = threshold.partition(" ")
    if sign not in _OPS:
        return threshold
    return f"{_OPS[sign]} {value_words(rest, unit)}".strip()


def amount_words(scaled: int | None, currency: str | None) -> str:
    """A money amount of a canonical frame."""
    return "" if scaled is None else format_money(scaled, currency)


def moment_words(moment: dt.datetime | dt.date | None, zone: str = "UTC", *, with_zone: bool = False) -> str:
    """A moment as it is said aloud.

    Examples:
        >>> moment_words(dt.datetime(2026, 3, 16, 9, 37, 5, tzinfo=dt.UTC), "Europe/Vienna", with_zone=True)
        '16 Mar 2026 10:37 CET'
        >>> moment_words(dt.date(2026, 3, 6))
        '6 Mar 2026'
    """
    if moment is None:
        return ""
    if not isinstance(moment, dt.datetime):
        return f"{moment.day} {moment:%b %Y}"
    local = moment.astimezone(ZoneInfo(zone))
    tail = f" {local:%Z}" if with_zone else ""
    return f"{local.day} {local:%b %Y %H:%M}{tail}"


def span_words(first: dt.datetime | None, last: dt.datetime | None, zone: str = "UTC") -> str:
    """A stretch of time; the year is said once.

    Examples:
        >>> a, b = (
        ...     dt.datetime(2026, 3, 6, 10, 37, tzinfo=dt.UTC),
        ...     dt.datetime(2026, 3, 16, 10, 37, tzinfo=dt.UTC),
        ... )
        >>> span_words(a, b), span_words(None, b), span_words(b, b)
        ('6 Mar 10:37 to 16 Mar 2026 10:37', 'all before 16 Mar 2026 10:37', '16 Mar 2026 10:37')
    """
    if last is None:
        return "" if first is None else f"from {moment_words(first, zone)}"
    if first is None:
        return f"all before {moment_words(last, zone)}"
    begin, end = moment_words(first, zone), moment_words(last, zone)
    if begin == end:
        return end
    here = ZoneInfo(zone)
    if first.astimezone(here).year == last.astimezone(here).year:
        begin = begin.replace(f" {first.astimezone(here).year}", "", 1)
    return f"{begin} to {end}"


def with_params(text: str, params: Mapping[str, str]) -> str:
    """An expression with the values of its parameters in place of their names.

    Examples:
        >>> with_params("recent * ($baseline / $window)", {"baseline": "365 days", "window": "30 days"})
        'recent * (365 days / 30 days)'
    """
    return _PARAM.sub(lambda found: params.get(found[1], found[0]), text)


def how_measured(spec: Aggregate, params: Mapping[str, str]) -> str:
    """What an aggregate of a rule measures, in words.

    Examples:
        >>> from redflags.rules.model import Aggregate
        >>> how_measured(Aggregate(distinct="branch_id", within="$window"), {"window": "7 days"})
        'number of different branch_id within 7 days'
    """
    head = "number of rows" if spec.op == "count" else _HEAD[spec.op].format(with_params(spec.value, params))
    parts = [head]
    if spec.op == "quantile" and spec.q is not None:
        parts.append(f"at {with_params(str(spec.q), params)}")
    if spec.from_ is not None:
        parts.append(f"in {spec.from_}")
    if spec.where is not None:
        parts.append(f"where {with_params(' '.join(spec.where.split()), params)}")
    if spec.by is not None:
        parts.append(f"by {', '.join(spec.key_names or ()) or 'everyone'}")
    if spec.within is not None:
        parts.append("ever" if spec.within == "ever" else f"within {_span(spec.within, params)}")
    if spec.before == "now":
        parts.append("strictly earlier")
    elif spec.before is not None:
        parts.append(f"ending {_span(spec.before, params)} earlier")
    if spec.after is not None:
        parts.append(f"and {_span(spec.after, params)} after")
    return " ".join(parts)


def _span(text: str, params: Mapping[str, str]) -> str:
    from redflags.errors import RedflagsError
    from redflags.units import parse_duration

    try:
        return format_duration(parse_duration(text))
    except RedflagsError:
        return with_params(text, params)
