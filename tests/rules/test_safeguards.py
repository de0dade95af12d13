from __future__ import annotations

import pytest

from redflags.rules.model import CONTEXT_KINDS, FACT_KINDS
from redflags.rules.safeguards import SUPPORTS, supported
from redflags.rules.scopes import Basis, Read
from redflags.tables import KLASSES, dictionary
from tests.rules.conftest import bent, detected

FACTS = """\
from: ledger
subject: party_id
where: direction = 'out'
let:
  nexus: "listed('fatf_call_for_action', counterparty_country)"
  paid: {sum: amount_base, within: 30d}
  there: {sum: amount_base, where: "direction = 'out' and nexus", within: 30d}
  visits: {count: rows, where: "direction = 'out' and nexus", within: 30d}
  receivers: {distinct: counterparty_key, within: 30d}
facts:
  place: {is: place, if: nexus, points: 1, because: "x"}
  much: {is: amount, if: paid >= $least, points: 1, because: "x"}
  any_sum: {is: amount, if: amount_base >= $zero, points: 1, because: "x"}
  present: {is: frequency, if: receivers >= 0, points: 1, because: "x"}
  often: {is: frequency, if: visits >= 3, points: 1, because: "x"}
  often_there: {is: place, if: visits >= 5 and nexus, points: 1, because: "x"}
  spread: {is: network, if: receivers >= 3, points: 1, because: "x"}
  charity: {is: npo, if: "listed('npo_profiles', party_id)", points: 1, because: "x"}
  named: {is: list, if: "listed('list_entries', counterparty_party_id)", points: 1, because: "x"}
  pep: {is: public_office, if: party.is_pep, points: 1, because: "x"}
when: WHEN
"""
PARAMS = """\
least: {type: money, default: 5000, min: 1000, max: 9000, why: x}
zero: {type: money, default: 5000, min: 0, max: 9000, why: x}
"""


def second_fact(check, when, *changes):
    text = FACTS.replace("WHEN", when)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    faults = check(detected(text, PARAMS))
    assert {fault.code for fault in faults} <= {"SECOND-FACT", "COMPLETE-NEEDED"}, [str(fault) for fault in faults]
    return [fault.message for fault in faults if fault.code == "SECOND-FACT"]


@pytest.mark.parametrize(
    "when",
    [
        "much", "place and much", "place and spread", "pep and much", "named", "place and (much or spread)",
        "much or (place and spread)", "at_least(2, much, spread)", "place and at_least(1, much, spread)",
        "points(much, spread) >= 2", "charity and much and spread", "place and not charity and much",
        "much and not place", "often and place", "named and place and much",
    ],
)  # fmt: skip
def test_ways_with_a_behaviour(check, when):
    assert second_fact(check, when) == []


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("place", "'when' can be true by place: place is context and never fires alone"),
        ("pep", "public_office is context"),
        ("place and pep", "public_office and place is context"),
        ("much or place", "by place: place is context"),
        ("at_least(2, much, place, pep)", "by pep and place"),
        ("points(much, place) >= 1", "by place"),
        ("place and named", "by named and place"),
        ("place and not much", "by place"),
        ("not much", "no fact true"),
        ("at_least(0, much)", "no fact true"),
        ("place and any_sum", "any_sum: true whatever the data"),
        ("place and present", "present: true whatever the data"),
        ("often_there and often", "facts over one aggregate count once"),
        ("charity and much", "two different kinds of behaviour"),
        ("charity and spread and often_there", "two different kinds of behaviour"),
    ],
)
def test_ways_without(check, when, told):
    found = second_fact(check, when)
    assert any(told in message for message in found), found


def test_a_filter_that_rests_on_place_wants_a_behaviour(check):
    change = ("where: direction = 'out'\n", "where: direction = 'out' and nexus\n")
    assert second_fact(check, "much", change) == []
    found = second_fact(check, "present", change)
    assert "while 'where' rests on place" in found[0]


def test_a_filter_that_picks_non_profits_wants_two_kinds(check):
    change = ("where: direction = 'out'\n", "where: direction = 'out' and party.party_type = 'npo'\n")
    assert "two different kinds" in second_fact(check, "much", change)[0]
    assert second_fact(check, "much and spread", change) == []
    excused = (
        "where: direction = 'out'\n",
        "where: direction = 'out' and not listed('carve_outs', party_id)\n",
    )
    assert second_fact(check, "much", excused) == []


@pytest.mark.parametrize(
    ("fact", "fits"),
    [
        ("{is: amount, if: \"listed('fatf_call_for_action', counterparty_country)\"}", False),
        ("{is: mismatch, if: counterparty_country is distinct from party.residence_country}", False),
        ("{is: frequency, if: cross_border}", False),
        ("{is: speed, if: booked_at - account.opened_at <= interval '30 days'}", False),
        ("{is: age_of_entity, if: booked_at - account.opened_at <= interval '30 days'}", True),
        ("{is: amount, if: txn_type = 'benefit'}", False),
        ("{is: benefit, if: txn_type = 'benefit'}", True),
        ("{is: benefit, if: txn_type = 'wire'}", False),
        ("{is: amount, if: \"txn_type in ('benefit', 'wire')\"}", True),
        ("{is: amount, if: \"reaches('cash_report', branch_country, amount, currency)\"}", True),
        ("{is: place, if: \"reaches('cash_report', branch_country, amount, currency)\"}", False),
        ("{is: place, if: countries >= 3}", True),
        ("{is: amount, if: countries >= 3}", True),
        ("{is: frequency, if: rows_there >= 3}", True),
        ("{is: amount, if: rows_there >= 3}", False),
        ("{is: list, if: \"listed('list_entries', counterparty_party_id)\"}", True),
        ("{is: sector, if: party.cash_intensive}", True),
        ("{is: amount, if: party.cash_intensive}", False),
        ('{is: network, if: "linked(party_id, counterparty_party_id)"}', True),
        ("{is: npo, if: party.npo.registered}", True),
        ("{is: travel, if: party.npo.registered}", False),
    ],
)
def test_kinds_fit_what_is_read(check, fact, fits):
    text = f"""\
from: ledger
subject: party_id
where: direction = 'out'
let:
  countries: {{distinct: counterparty_country, within: 30d}}
  rows_there: {{count: rows, where: cross_border, within: 30d}}
facts:
  tested: {fact.replace("}", ", points: 1, because: x}")}
  much: {{is: amount, if: amount_base >= 1000, because: x}}
when: much
"""
    codes = [fault.code for fault in check(detected(text))]
    assert ("KIND-MISFIT" not in codes) is fits
    assert set(codes) <= {"KIND-MISFIT", "COMPLETE-NEEDED"}


def test_every_class_is_thought_of():
    assert {"marker", "label"} | SUPPORTS.keys() >= KLASSES.keys()
    assert {
        column.klass for table in dictionary().tables.values() for column in table.columns.values()
    } <= KLASSES.keys()
    assert frozenset().union(*SUPPORTS.values()) <= set(FACT_KINDS)


@pytest.mark.parametrize("kind", CONTEXT_KINDS)
def test_context_supports_itself_only(kind):
    weak = [Read("t", "k", "key"), Read("t", "at", "time")]
    found = supported(Basis(frozenset([Read("t", "c", kind), *weak])))
    assert kind in found
    assert found <= set(CONTEXT_KINDS)


# ---- labels that one family of signs cannot give -------------------------------------------------


def test_a_composite_label_is_for_rules_that_read_hits(check):
    alone = check(bent(("typologies: [structuring]", "typologies: [structuring, crime_terror_nexus]")))
    assert [fault.code for fault in alone] == ["LABEL-ALONE"]
    assert "crime_terror_nexus" in alone[0].message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("consistent with money paid in", "consistent with terrorist financing, money paid in"),
        ("title: Several cash deposits", "title: Several cash deposits for terror groups"),
        ("{deposits} deposits,", "{deposits} deposits in a crime-terror nexus,"),
    ],
)
def test_no_sentence_of_a_single_rule_names_terrorism(check, old, new):
    assert [fault.code for fault in check(bent((old, new)))] == ["LABEL-ALONE"]
