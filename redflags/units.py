"""Scales, durations, currencies: how numbers are held inside and how people see them.

Inside, money, numbers and ratios are integers at one fixed scale and time is UTC microseconds; nothing here
rounds silently. A display that rounds does it half to even and only for showing.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Final
from zoneinfo import ZoneInfo

from redflags.errors import UsageError

__all__ = [
    "CURRENCIES",
    "DECIMAL_SCALE",
    "INT64_MAX",
    "MONEY_SCALE",
    "NUMBER_SCALE",
    "format_decimal",
    "format_duration",
    "format_money",
    "format_number",
    "format_ratio",
    "format_time",
    "parse_duration",
    "parse_scaled",
    "rough_duration",
]

#: One major unit of any currency, as held inside.
MONEY_SCALE: Final = 10_000
#: One of a number or a ratio, as held inside.
NUMBER_SCALE: Final = 1_000_000
#: One of a virtual-asset quantity, as held inside.
DECIMAL_SCALE: Final = 10**18
#: The largest value that an Int64 column holds.
INT64_MAX: Final = 2**63 - 1

_SECOND: Final = 1_000_000
_UNITS: Final = (
    ("w", "week", 604_800 * _SECOND),
    ("d", "day", 86_400 * _SECOND),
    ("h", "hour", 3_600 * _SECOND),
    ("m", "minute", 60 * _SECOND),
    ("s", "second", _SECOND),
)
_BY_LETTER: Final = {letter: size for letter, _, size in _UNITS}
_DURATION: Final = re.compile(r"([0-9]+)([wdhms])")
_EXACT: Final = Context(prec=60)
#: Digits of a duration that still read well.
_SHORT: Final = 4

# ISO 4217 alphabetic codes: the active list as kept by SIX Financial Information AG on behalf of ISO (list
# one), and codes retired since 2000 (list three), so that older history can be read. The codes are facts; no
# text of the standard is carried here. XBT is not of that list: it is the customary X-code of bitcoin.
_ACTIVE: Final = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF
CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP
GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT
LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR
NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN
SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAD
XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWG
"""
_RETIRED: Final = """
AFA ANG ATS AZM BEF BGL BGN BYR CSD CUC CYP DEM ECS EEK ESP FIM FRF GHC GRD GWP HRK IEP ITL LTL LUF LVL
MGF MRO MTL MZM NLG PTE ROL RUR SDD SIT SKK SLL SRG STD TMM TRL USS VEB VEF XEU YUM ZMK ZWD ZWL ZWN ZWR
"""
#: Currency codes that a data set may carry.
CURRENCIES: Final = frozenset((*_ACTIVE.split(), *_RETIRED.split(), "XBT"))


def parse_duration(text: str) -> int:
    """Read a duration such as `7d`, `24h`, `90m`, `30s` or `2w` into microseconds.

    Args:
        text: A whole number and one letter.

    Returns:
        Fixed microseconds: a day is always 24 hours.

    Raises:
        UsageError: When the text is not a duration.

    Examples:
        >>> parse_duration("24h") == parse_duration("1d")
        True
    """
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"'{text}' is not a duration; write a whole number and one of w, d, h, m, s: 7d, 24h")
    size = int(found[1]) * _BY_LETTER[found[2]]
    if size > INT64_MAX:
        raise UsageError(f"the duration '{text}' is too long")
    return size


def format_duration(microseconds: int) -> str:
    """Say a duration in plain words, in the largest unit that divides it.

    Whole days stay days up to two months of them (a rule that says `7d` reads "7 days").

    Examples:
        >>> format_duration(parse_duration("7d")), format_duration(parse_duration("1d"))
        ('7 days', '1 day')
        >>> format_duration(parse_duration("90m")), format_duration(parse_duration("36h"))
        ('90 minutes', '36 hours')
        >>> format_duration(1_500_000)
        '1.5 seconds'
    """
    if microseconds < 0:
        return f"minus {format_duration(-microseconds)}"
    for _, word, size in _UNITS[1:]:
        if microseconds >= size and microseconds % size == 0:
            return _counted(str(microseconds // size), word)
    return _counted(_plain(Decimal(microseconds).scaleb(-6, _EXACT), 0), "second")


def rough_duration(microseconds: int) -> str:
    """Say a measured duration: exactly where that is short, else in the largest unit with one decimal.

    Examples:
        >>> rough_duration(parse_duration("36h")), rough_duration(462_043 * 10**6), rough_duration(-50_000_000_000)
        ('36 hours', '5.3 days', 'minus 13.9 hours')
    """
    if microseconds < 0:
        return f"minus {rough_duration(-microseconds)}"
    exact = format_duration(microseconds)
    if len(exact.split()[0]) <= _SHORT:
        return exact
    word, size = next((word, size) for _, word, size in _UNITS[1:] if microseconds >= size)
    return _counted(_plain((Decimal(microseconds) / size).quantize(Decimal("0.1")), 0), word)


def _counted(number: str, word: str) -> str:
    return f"{number} {word}" if number == "1" else f"{number} {word}s"


def _plain(value: Decimal, places: int) -> str:
    """Group thousands; keep at least `places` decimals and no trailing zero beyond them."""
    whole, _, rest = f"{value:f}".partition(".")
    rest = rest.rstrip("0").ljust(places, "0")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    grouped = f"{int(digits):,}"
    if sign and not int(digits) and not rest.strip("0"):
        sign = ""
    return f"{sign}{grouped}.{rest}" if rest else f"{sign}{grouped}"


def format_money(scaled: int, currency: str | None = None) -> str:
    """Show money, exactly, with at least two decimals.

    Examples:
        >>> format_money(123_456_000, "EUR"), format_money(-15_005)
        ('12,345.60 EUR', '-1.5005')
    """
    text = _plain(Decimal(scaled).scaleb(-4, _EXACT), 2)
    return f"{text} {currency}" if currency else text


def format_number(scaled: int) -> str:
    """Show a number, exactly.

    Examples:
        >>> format_number(1_250_000), format_number(3_000_000_000)
        ('1.25', '3,000')
    """
    return _plain(Decimal(scaled).scaleb(-6, _EXACT), 0)


def format_decimal(scaled: int) -> str:
    """Show a virtual-asset quantity, exactly.

    Examples:
        >>> format_decimal(10**17)
        '0.1'
    """
    return _plain(Decimal(scaled).scaleb(-18, _EXACT), 0)


def format_ratio(scaled: int, places: int = 2) -> str:
    """Show a ratio as a percentage, rounded half to even to `places`.

    Examples:
        >>> format_ratio(800_000), format_ratio(333_333), format_ratio(2_500_000)
        ('80%', '33.33%', '250%')
    """
    step = Decimal(1).scaleb(-places)
    percent = Decimal(scaled).scaleb(-4, _EXACT).quantize(step, rounding=ROUND_HALF_EVEN, context=_EXACT)
    return f"{_plain(percent, 0)}%"


def format_time(moment: dt.datetime | int, timezone: str = "UTC") -> str:
    """Show a moment; seconds only where there are any.

    Args:
        moment: An aware datetime, or microseconds since the epoch (UTC).
        timezone: IANA name of the zone to show it in.

    Examples:
        >>> format_time(1_767_225_600_000_000)
        '2026-01-01 00:00 UTC'
        >>> format_time(dt.datetime(2026, 7, 1, 12, 30, 5, tzinfo=dt.UTC), "Europe/Vienna")
        '2026-07-01 14:30:05 CEST'
    """
    if isinstance(moment, int):
        moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=moment)
    elif moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    local = moment.astimezone(ZoneInfo(timezone))
    shape = "%Y-%m-%d %H:%M"
    if local.second or local.microsecond:
        shape += ":%S"
    if local.microsecond:
        shape += ".%f"
    return f"{local:{shape}} {local:%Z}"


def parse_scaled(text: str, scale: int) -> int:
    """Read a decimal literal exactly at a scale, refusing what would have to be rounded.

    Args:
        text: A plain decimal such as `9999.99`; no exponent, no grouping.
        scale: `MONEY_SCALE`, `NUMBER_SCALE` or `DECIMAL_SCALE`.

    Raises:
        UsageError: When the text is not a decimal or needs more decimals than the scale holds.

    Examples:
        >>> parse_scaled("9999.99", MONEY_SCALE)
        99999900
    """
    if re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", text.strip(), re.ASCII) is None:
        raise UsageError(f"'{text}' is not a plain decimal number such as 9999.99")
    try:
        value = _EXACT.multiply(Decimal(text.strip()), Decimal(scale))
    except InvalidOperation as error:  # pragma: no cover - the pattern lets no other text through
        raise UsageError(f"'{text}' is not a number") from error
    whole = int(value)
    if whole != value:
        places = len(str(scale)) - 1
        raise UsageError(f"'{text}' has more than {places} decimals")
    if abs(whole) > INT64_MAX and scale != DECIMAL_SCALE:
        raise UsageError(f"'{text}' is too large")
    return whole
