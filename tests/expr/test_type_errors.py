"""What an expression may not say is refused when the rule loads, at its place, with what would be right."""

from __future__ import annotations

import pytest

from redflags.expr.lexer import ExprError
from redflags.expr.lower import Lowering
from redflags.expr.parser import parse
from redflags.plan.nodes import Base
from redflags.plan.schema import Schemas
from redflags.tables import dictionary

SCHEMAS = Schemas(dictionary(), {"black": "jurisdiction_lists"}, {"cash_report"})
LOWERING = Lowering(SCHEMAS, Base("ledger", "booked_at"))

FAULTS = [
    # names and paths
    ("amuont > 1", 0, "EXPR-NAME", "unknown name 'amuont'", "did you mean 'amount'?"),
    (
        "1 = 1 and party = 'x'",
        10,
        "EXPR-NAME",
        "'party' is a reference, not a value",
        "party.column, or found(party)",
    ),
    ("party.residence_contry = 'AT'", 0, "EXPR-NAME", "'parties' has no column", "'residence_country'"),
    ("prty.name = 'x'", 0, "EXPR-NAME", "unknown reference 'prty'", "'party'"),
    ("account.prty.name = 'x'", 0, "EXPR-NAME", "'accounts' has no reference 'prty'", "'party'"),
    ("found(party.nowhere)", 6, "EXPR-NAME", "'parties' has no reference 'nowhere'", ""),
    # operators
    ("1 = 1 and amount", 10, "EXPR-TYPE", "a condition is wanted, this is money", "compare it"),
    ("not amount", 4, "EXPR-TYPE", "a condition is wanted", "compare it"),
    ("-instrument = 1", 0, "EXPR-TYPE", "minus wants a number, this is text", ""),
    ("instrument || 1 = 'x'", 0, "EXPR-TYPE", "|| joins two texts", ""),
    ("own_transfer > cross_border", 0, "EXPR-TYPE", "bool has no order", ""),
    (
        "party.expected_countries = party.expected_countries",
        0,
        "EXPR-TYPE",
        "lists are not compared",
        "contains or overlap",
    ),
    ("party.expected_countries < party.expected_countries", 0, "EXPR-TYPE", "list has no order", ""),
    ("amount = null", 0, "EXPR-TYPE", "comparing with null is never true", "is null"),
    ("account.home_latitude = 1", 0, "EXPR-TYPE", "never compared for equality", "range"),
    ("account.home_latitude is distinct from 1.5", 0, "EXPR-TYPE", "never compared for equality", "range"),
    ("account.home_latitude in (1, 2)", 26, "EXPR-TYPE", "never compared for equality", "range"),
    ("nullif(account.home_latitude, 1) > 0", 0, "EXPR-TYPE", "never compared for equality", "range"),
    ("amount_base like 'a%'", 0, "EXPR-TYPE", "'like' wants a text, this is money", ""),
    ("amount_base in party.expected_countries", 0, "EXPR-TYPE", "a list holds texts", ""),
    # unlike kinds
    ("instrument = 1", 0, "EXPR-TYPE", "cannot compare text with literal", "quote the text"),
    ("booked_at > date '2024-01-31'", 0, "EXPR-TYPE", "cannot compare time with date", "local_date"),
    (
        "booked_at - booked_at > 3",
        0,
        "EXPR-TYPE",
        "cannot compare duration with literal",
        "interval '30 days'",
    ),
    (
        "amount > amount_base",
        0,
        "EXPR-CURRENCY",
        "money in the row's currency does not compare with money in base",
        "amount_base",
    ),
    ("amount + amount_base > 1", 0, "EXPR-CURRENCY", "cannot add", "do not mix"),
    ("amount / amount_base > 1", 0, "EXPR-CURRENCY", "cannot divide", "do not mix"),
    ("instrument + 1 > 1", 0, "EXPR-TYPE", "cannot add text and literal", ""),
    ("amount - interval '1 days' > 1", 0, "EXPR-TYPE", "cannot subtract", ""),
    ("booked_at * 2 > booked_at", 0, "EXPR-TYPE", "cannot multiply time and literal", ""),
    ("2 / amount > 1", 0, "EXPR-TYPE", "cannot divide literal and money", ""),
    ("booked_at + booked_at > booked_at", 0, "EXPR-TYPE", "cannot add time and time", ""),
    ("amount in ('x')", 11, "EXPR-TYPE", "cannot compare money", ""),
    ("amount between 'a' and 2", 15, "EXPR-TYPE", "cannot compare money", ""),
    ("case when own_transfer then 1 else 'a' end = 1", 0, "EXPR-TYPE", "the branches are unlike", ""),
    ("coalesce(amount, instrument) = 'x'", 0, "EXPR-TYPE", "the branches are unlike", ""),
    ("case when amount then 1 end = 1", 10, "EXPR-TYPE", "a condition is wanted", ""),
    ("greatest(amount, booked_at) is null", 0, "EXPR-TYPE", "cannot compare", ""),
    ("greatest(own_transfer, cross_border)", 9, "EXPR-TYPE", "bool has no order", ""),
    ("amount * amount > 1", 0, "EXPR-TYPE", "cannot compare money*money", ""),
    (
        "amount_base * 99999999999999999999 * 99999999999999999999 * 999999 > 1",
        0,
        "EXPR-WIDTH",
        "127 bits",
        "fewer amounts",
    ),
    # calls
    ("lowr(instrument) = 'x'", 0, "EXPR-FUNCTION", "unknown function 'lowr'", "'lower'"),
    ("rows_of('parties', party_id)", 0, "EXPR-FUNCTION", "unknown function 'rows_of'", "'each'"),
    ("lower() = 'x'", 0, "EXPR-ARGUMENTS", "lower(text) got 0 arguments", ""),
    ("left(instrument, 1, 2) = 'x'", 0, "EXPR-ARGUMENTS", "left(text, int) got 3 arguments", ""),
    ("lower(amount) = 'x'", 6, "EXPR-TYPE", "lower wants text here, this is money", ""),
    (
        "local_hour(local_date(booked_at)) = 1",
        11,
        "EXPR-TYPE",
        "local_hour wants time here, this is date",
        "",
    ),
    ("is_round(amount, amount_base)", 17, "EXPR-ARGUMENTS", "is_round wants a step above zero", "parameter"),
    ("is_round(amount, 0)", 17, "EXPR-ARGUMENTS", "is_round wants a step above zero", ""),
    # registers
    ("listed(1, party_id)", 7, "EXPR-ARGUMENTS", "the register is written as a quoted name", ""),
    ("listed('partys', party_id)", 7, "EXPR-REGISTER", "unknown register 'partys'", "'parties'"),
    ("listed('parties', party_id, 'x')", 0, "EXPR-ARGUMENTS", "looked up by party_id; got 2 keys", ""),
    ("listed('parties', amount)", 18, "EXPR-TYPE", "a key is a text or a list of texts, this is money", ""),
    ("value_of('parties', party_id) = 'x'", 9, "EXPR-ARGUMENTS", "value_of wants 'register.column'", ""),
    ("value_of('parties.nmae', party_id) = 'x'", 9, "EXPR-NAME", "'parties' has no column 'nmae'", "'name'"),
    ("value_of('partis.name', party_id) = 'x'", 9, "EXPR-REGISTER", "unknown register 'partis'", "'parties'"),
    ("linked(party_id, counterparty_key, amount)", 35, "EXPR-ARGUMENTS", "roles are quoted texts", ""),
    ("linked(party_id, counterparty_key, 'ownr')", 35, "EXPR-ARGUMENTS", "unknown role 'ownr'", "'owner'"),
    ("linked(party_id, amount)", 17, "EXPR-TYPE", "linked wants two party ids", ""),
    ("found('party')", 6, "EXPR-ARGUMENTS", "found wants a reference", ""),
    (
        "threshold('cash_reprot', branch_country, currency) > 1",
        10,
        "EXPR-REGISTER",
        "unknown threshold",
        "'cash_report'",
    ),
    ("threshold('cash_report', amount, currency) > 1", 25, "EXPR-TYPE", "the place is a country code", ""),
    ("threshold('cash_report', branch_country, amount) > 1", 41, "EXPR-TYPE", "currency", ""),
    (
        "amount_base > threshold('cash_report', branch_country, currency)",
        0,
        "EXPR-CURRENCY",
        "does not compare",
        "",
    ),
    (
        "reaches('cash_report', branch_country, amount_base, currency)",
        39,
        "EXPR-CURRENCY",
        "does not compare",
        "",
    ),
    ("reaches('cash_report', branch_country, instrument, currency)", 39, "EXPR-TYPE", "cannot compare", ""),
]


@pytest.mark.parametrize(("text", "offset", "code", "message", "hint"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_a_fault_is_named_at_its_place(text, offset, code, message, hint):
    with pytest.raises(ExprError) as caught:
        LOWERING.condition(parse(text))
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert (caught.value.code, caught.value.offset) == (code, offset)


@pytest.mark.parametrize(
    "text",
    [
        "amount > 0.5 * 10",
        "amount / 2 > amount * 0.1",
        "amount_base >= threshold('cash_report', branch_country, 'base')",
        "amount >= threshold('cash_report', branch_country, currency)",
        "reaches('cash_report', 'US', amount, currency)",
        "listed('black', counterparty_country)",
        "value_of('black.measure', counterparty_country) = 'x'",
        "account.party.residence_country = 'AT'",
        "found(account.party)",
        "currency = base_currency()",
        "contains(party.expected_countries, counterparty_country)",
        "counterparty_country in party.expected_countries",
        "distance_km(account.home_latitude, 1, 2, 3) > 5",
        "local_date(booked_at) > date '2024-01-31'",
        "null and own_transfer",
        "amount * (booked_at - party.onboarded_at) / interval '1 days' > 5",
    ],
)
def test_what_is_alike_loads(text):
    LOWERING.condition(parse(text))


@pytest.mark.parametrize("name", sorted(__import__("redflags.expr.functions", fromlist=["FUNCTIONS"]).FUNCTIONS))
def test_no_function_takes_a_surplus_of_nothing(name):
    with pytest.raises(ExprError):
        LOWERING.condition(parse(f"{name}({', '.join(['booked_at + 1'] * 9)})"))
