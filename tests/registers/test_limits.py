"""Legal limits: whose, since when, in which currency."""

from __future__ import annotations

import pytest

from tests.engine.build import (
    detect,
    hits,
    hours,
    profile_of,
    row,
    unjudged,
)


def asked(condition, **more):
    return detect({}, condition, **more)


# ---- limits ------------------------------------------------------------------------------------


LIMITS = [
    {"kind": "cash", "jurisdiction": "AA", "amount": 1000, "currency": "EUR", "operator": ">"},
    {"kind": "cash", "jurisdiction": "BLOC", "amount": 2000, "currency": "EUR", "operator": ">="},
    {"kind": "cash", "jurisdiction": "EU", "amount": 3000, "currency": "EUR", "operator": ">="},
    {"kind": "other", "jurisdiction": "FATF", "amount": 4000, "currency": "USD", "operator": ">="},
]
BLOCS = [{"bloc": "BLOC", "country": "BB", "valid_from": hours(0), "valid_to": hours(10)}]
RATES = [{"currency": "USD", "rate_to_base": "0.5"}]


def reached(kind, place, amount, *, at=1.0, currency="EUR", unit="currency", **more):
    rows = {
        "ledger": [row("a", at, amount, branch_country=place, currency=currency)],
        "thresholds": LIMITS + more.pop("limits", []),
        "blocs": BLOCS,
        "fx_rates": RATES,
    }
    wanted = "amount_base" if unit == "'base'" else "amount"
    rule = asked(f"reaches('{kind}', branch_country, {wanted}, {unit})")
    return bool(hits(rule, rows, profile=profile_of(**more)))


@pytest.mark.parametrize(
    ("kind", "place", "below", "at"),
    [
        ("cash", "AA", "1000.00", "1000.0001"),  # over the amount of the place itself
        ("cash", "BB", "1999.9999", "2000"),  # the bloc of the place
        ("cash", "CC", "2999.99", "3000"),  # the profile's jurisdiction
        ("other", "CC", "1999.99", "2000"),  # the global standard, converted at two to one
    ],
)
def test_limits_resolve_from_place_to_bloc_to_profile_to_standard(kind, place, below, at):
    assert not reached(kind, place, below)
    assert reached(kind, place, at)


def test_where_no_law_sets_a_limit_the_institutions_own_amount_stands_in():
    extra = {"limits": [{"kind": "rare", "jurisdiction": "ZZ", "amount": 1, "currency": "EUR", "operator": ">="}]}
    assert not reached("rare", "CC", "9999.99", **extra)
    assert reached("rare", "CC", "10000", **extra)
    assert reached("rare", "CC", "500", default=500, **extra)


def test_membership_of_a_bloc_is_dated():
    assert reached("cash", "BB", "2500", at=9)
    assert not reached("cash", "BB", "2500", at=10)


def test_limits_are_converted_and_base_is_base():
    assert not reached("cash", "BB", "3999.99", currency="USD")
    assert reached("cash", "BB", "4000", currency="USD")
    assert reached("cash", "BB", "2000", currency="USD", unit="'base'")


def test_a_currency_that_does_not_convert_is_unknown():
    rows = {
        "ledger": [row("a", 1, 9_000_000, branch_country="BB", currency="CHF")],
        "thresholds": LIMITS,
        "blocs": BLOCS,
        "fx_rates": RATES,
    }
    rule = asked("reaches('cash', branch_country, amount, currency)")
    assert unjudged(rule, rows, profile=profile_of()) == ["a"]


def test_limits_are_dated():
    dated = [
        {**LIMITS[0], "jurisdiction": "DD", "valid_from": hours(0), "valid_to": hours(5)},
        {**LIMITS[0], "jurisdiction": "DD", "amount": 50, "valid_from": hours(5)},
    ]
    assert not reached("cash", "DD", "60", at=4, limits=dated)
    assert reached("cash", "DD", "60", at=5, limits=dated)


def test_an_unknown_kind_of_limit_is_refused():
    with pytest.raises(Exception, match="unknown threshold 'cahs'"):
        reached("cahs", "AA", 1)
