from __future__ import annotations

import weakref

import pytest

from redflags.rules.load import load_rules
from redflags.rules.names import Namer
from redflags.rules.policies import derive_policies
from redflags.rules.scopes import Read, Scope
from redflags.tables import dictionary
from tests.rules.conftest import BASE, bent

POLICY = """\
id: mine
title: Mine
why: because
references: [{source: ffiec-manual}]
applies: {reads: [place], subject_kinds: [party]}
when: "listed('party_markers', subject_party_id, 'minor') and size(behaviour_kinds) < 2"
then: {action: cap, to: low, text: capped}
missing: skip
"""


def test_a_policy_follows_what_is_read(check):
    place = "'in' and counterparty_country = 'AT'\n"
    assert check(BASE, policies__mine=POLICY) == ()
    assert check.book["some-rule"].policies == ()
    assert check(bent(("'in'\n", place)), policies__mine=POLICY) == ()
    assert check.book["some-rule"].policies == ("mine",)


def test_a_waiver_takes_it_off(check):
    text = bent(
        ("'in'\n", "'in' and counterparty_country = 'AT'\n"),
        ("safeguards: []", "safeguards: [{waive: mine, reason: domestic only, approved_by: head of rules}]"),
    )
    assert check(text, policies__mine=POLICY) == ()
    assert check.book["some-rule"].policies == ()


@pytest.mark.parametrize(
    ("pattern", "applies"),
    [
        ("place", True),
        ("sector", False),
        ("ledger.*", True),
        ("ledger.counterparty_country", True),
        ("ledger.amount", False),
        ("parties.*", False),
        ("rule:some-*", True),
        ("rule:tf-*", False),
        ("*", True),
        ("list_entries.*", True),
    ],
)
def test_patterns(check, pattern, applies):
    reads = {Read("ledger", "counterparty_country", "place"), Read("list_entries", None, "list")}
    quoted = f'"{pattern}"'
    assert check(BASE, policies__mine=POLICY.replace("[place]", f"[{quoted}]")) == ()
    found = derive_policies(check.book.policies, "some-rule", "party", reads)
    assert (found == ("mine",)) is applies
    assert derive_policies(check.book.policies, "some-rule", "invoice", reads) == ()


def test_reads_go_through_aggregates_views_and_keys(check):
    for change in (
        (
            "{count: rows, within: $window}",
            "{count: rows, where: counterparty_country = 'AT', within: $window}",
        ),
        (
            "{count: rows, within: $window}",
            "{count: rows, by: [party_id, counterparty_country], within: $window}",
        ),
        ("  let:", "  let:\n    home: party.residence_country"),
    ):
        assert check(bent(change), policies__mine=POLICY) == ()
        assert check.book["some-rule"].policies == ("mine",), change


def test_the_place_of_a_limit_is_no_context(check):
    text = bent(("'in'\n", "'in' and not reaches('cash_report', branch_country, amount, currency)\n"))
    assert check(text, policies__mine=POLICY) == ()
    item = check.book["some-rule"]
    assert item.policies == ()
    assert Read("ledger", "branch_country", "key") in item.reads
    assert Read("thresholds", "amount", "list") in item.reads


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("id: mine", "id: other", "POLICY-NAME"),
        ("source: ffiec-manual", "source: a-blog", "REF-UNKNOWN"),
        ("[place]", "[plase]", "POLICY-READS"),
        ("[place]", "[ledger.colour]", "POLICY-READS"),
        ("[place]", "[leger.amount]", "POLICY-READS"),
        ("subject_party_id,", "subject_partid,", "EXPR-NAME"),
        ("size(", "size((", "EXPR-SYNTAX"),
        ("< 2", "< $two", "EXPR-PARAM"),
        ("to: low, ", "", "POLICY-VALUE"),
        ("to: low", "to: low, queue: x", "POLICY-VALUE"),
        ("action: cap", "action: kap", "POLICY-VALUE"),
        ("missing: skip\n", "", "POLICY-MISSING"),
    ],
)
def test_policy_faults_are_located(check, old, new, code):
    assert old in POLICY
    faults = check(BASE, policies__mine=POLICY.replace(old, new))
    found = [fault for fault in faults if fault.code == code]
    assert found, [str(fault) for fault in faults]
    assert found[0].file.endswith("mine.yaml")


def test_a_broken_policy_is_no_way_round_it(check, tmp_path):
    from redflags.errors import RuleError

    check(BASE, policies__mine=POLICY.replace("missing: skip\n", ""))
    with pytest.raises(RuleError):
        load_rules(tmp_path / "book")


def test_what_is_remembered_of_a_view_keeps_the_view():
    """Else another view could come to lie where it lay in memory, and be taken for it."""
    namer = Namer(dictionary(), {}, {}, {}, None, lambda *_: None)
    scope = Scope("made", ("with", "made"), open=True)
    namer.where(scope)
    kept = weakref.ref(scope)
    del scope
    assert kept() is not None
