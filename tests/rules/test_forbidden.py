"""Predicates on protected attributes and their disguises are refused, whatever they are called."""

from __future__ import annotations

import pytest

from tests.rules.conftest import bent

#: What no rule may ask, and how the loader says so.
FORBIDDEN = [
    # nationality
    ("party.nationality = 'XX'", "PROTECTED"),
    ("party.second_nationality is not null", "PROTECTED"),
    ("party.citizenship in ('XX', 'YY')", "PROTECTED"),
    ("party.passport_country = 'XX'", "PROTECTED"),
    ("counterparty_nationality <> 'XX'", "PROTECTED"),
    # religion
    ("party.religion is not null", "PROTECTED"),
    ("party.faith = 'x'", "PROTECTED"),
    ("purpose_text like '%mosque%'", "PROXY-WORD"),
    ("contains(array('zakat', 'tithe'), purpose_text)", "PROXY-WORD"),
    ("starts_with(lower(purpose_text), 'church')", "PROXY-WORD"),
    ("normalise(purpose_text) in ('ramadan', 'gift')", "PROXY-WORD"),
    # origin of a name
    ("party.name_origin = 'x'", "PROTECTED"),
    ("party.surname_origin = 'x'", "PROTECTED"),
    ("party.name like 'Al-%'", "PROXY-NAME"),
    ("ends_with(lower(party.name), 'ov')", "PROXY-NAME"),
    ("starts_with(party.name, 'Mc')", "PROXY-NAME"),
    ("right(party.name, 3) in ('dez', 'ski')", "PROXY-NAME"),
    ("similarity(party.name, 'an invented name') >= 0.5", "PROXY-NAME"),
    ("contains(party.alias_names, 'an invented name')", "PROXY-NAME"),
    ("normalise(counterparty_name) = 'an invented name'", "PROXY-NAME"),
    ("case when party.name like '%sson' then true else false end", "PROXY-NAME"),
    ("'an invented name' = party.name", "PROXY-NAME"),
    ("party.name is not distinct from 'an invented name'", "PROXY-NAME"),
    # language
    ("party.language = 'xx'", "PROTECTED"),
    ("party.mother_tongue = 'xx'", "PROTECTED"),
    # birthplace and migration
    ("party.birthplace = 'x'", "PROTECTED"),
    ("party.country_of_birth = 'XX'", "PROTECTED"),
    ("party.refugee", "PROTECTED"),
    ("purpose_text like '%asylum%'", "PROXY-WORD"),
    ("starts_with(party.phone_key, '00963')", "PROXY-NAME"),
    ("left(party.id_document_key, 2) = 'XX'", "PROXY-NAME"),
    # ethnic origin
    ("party.ethnicity = 'x'", "PROTECTED"),
    ("party.tribe = 'x'", "PROTECTED"),
    # prison record
    ("party.prison_record", "PROTECTED"),
    ("party.criminal_record", "PROTECTED"),
    ("party.parole = true", "PROTECTED"),
    ("party.address_key = 'a prison'", "PROXY-WORD"),
    ("party.address_key in ('x', 'y')", "PROXY-NAME"),
    # age
    ("party.age < 25", "PROTECTED"),
    ("party.birth_date > date '2000-01-01'", "PROTECTED"),
    ("days_between(party.date_of_birth, local_date(at)) < 9000", "PROTECTED"),
    ("party.is_minor", "PROTECTED"),
    # gender
    ("party.gender = 'x'", "PROTECTED"),
    ("party.sex = 'x'", "PROTECTED"),
    # family, health, opinion
    ("party.marital_status = 'married'", "PROTECTED"),
    ("party.disability", "PROTECTED"),
    ("party.political_party = 'x'", "PROTECTED"),
    ("party.trade_union is not null", "PROTECTED"),
]


@pytest.mark.parametrize(("predicate", "code"), FORBIDDEN)
def test_a_forbidden_predicate_is_refused(check, predicate, code):
    faults = check(bent(("if: deposits >= $least", f'if: "{predicate}"')))
    assert code in {fault.code for fault in faults}, [str(fault) for fault in faults]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("where: instrument = 'cash' and direction = 'in'", 'where: "{}"'),
        ("deposits: {count: rows, within", 'deposits: {count: rows, where: "{}", within'),
        ("deposits: {count: rows, within: $window}", 'deposits: "{}"'),
        ("if: deposits >= $least", 'if: "deposits >= $least or ({})"'),
        ("total: {sum: amount_base,", 'total: {sum: "case when {} then 1 else 0 end",'),
    ],
)
@pytest.mark.parametrize("place", [0, 13, 17, 33, 39])
def test_a_forbidden_predicate_is_refused_wherever_it_stands(check, old, new, place):
    predicate, code = FORBIDDEN[place]
    faults = check(bent((old, new.replace("{}", predicate))))
    assert code in {fault.code for fault in faults}, [str(fault) for fault in faults]


@pytest.mark.parametrize(
    "predicate",
    [
        "party.name = counterparty_name",
        "similarity(party.name, counterparty_name) >= 0.8",
        "party.name is null",
        "length(party.name) < $least",
        "trim(counterparty_name) = ''",
        "value_of('known_addresses.address_class', party.address_key) = 'virtual_office'",
        "listed('known_addresses', party.address_key)",
        "purpose_text like '%invoice%'",
        "counterparty_key = party.tax_id_key",
    ],
)
def test_what_compares_with_other_columns_or_lists_is_no_proxy(check, predicate):
    faults = check(bent(("where: instrument = 'cash' and direction = 'in'", f'where: "{predicate}"')))
    assert {fault.code for fault in faults} <= {"KIND-MISFIT", "SECOND-FACT"}, [str(fault) for fault in faults]


def test_a_parameter_that_holds_words_is_read_too(check):
    faults = check(
        bent(
            ("  least:", "  words: {type: list, default: [gift, temple], why: w}\n  least:"),
            ("where: instrument", "where: purpose_text in $words and instrument"),
        )
    )
    assert [fault.code for fault in faults] == ["PROXY-WORD"]
    named = bent(
        ("  least:", "  words: {type: list, default: [one, two], why: w}\n  least:"),
        ("where: instrument", "where: party.name in $words and instrument"),
    )
    assert "PROXY-NAME" in {fault.code for fault in check(named)}


def test_there_are_thirty_and_more():
    assert len({predicate for predicate, _ in FORBIDDEN}) >= 30
