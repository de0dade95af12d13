from __future__ import annotations

import pytest

from redflags.errors import RuleError, UsageError
from redflags.rules.load import load_rules, read_rules
from tests.rules.conftest import BASE, bent, detected


def codes(faults):
    return [fault.code for fault in faults]


def place(text, word, nth=0):
    """Line and column of a word in a text, both from 1."""
    position = -1
    for _ in range(nth + 1):
        position = text.index(word, position + 1)
    line = text.count("\n", 0, position)
    return line + 1, position - text.rfind("\n", 0, position)


def test_the_base_rule_is_sound(check):
    assert check(BASE) == ()
    (item,) = check.book.rules
    assert (item.family, item.rule.id, item.path.name, item.test_path.name) == (
        "family", "some-rule", "some-rule.yaml", "some-rule.test.yaml",
    )  # fmt: skip
    assert item.formula.evaluate({"repeated": True}) is True
    assert {str(read) for read in item.reads} >= {
        "ledger.instrument",
        "ledger.direction",
        "ledger.amount_base",
    }
    assert "minors" in item.policies


def test_five_different_faults_are_told_in_one_go(check):
    text = bent(
        ("severity: medium", "severty: medium"),
        ("source: ffiec-manual", "source: ffiec-manul"),
        ("instrument = 'cash' and", "instrumnt = 'cash' and"),
        ("deposits >= $least", "deposits >= >= $least"),
        ("consistent with money paid in piece by piece", "which proves guilt"),
        ("default: 7d", "default: 90d"),
    )
    faults = check(text)
    assert sorted(set(codes(faults))) == [
        "EXPR-NAME", "EXPR-SYNTAX", "PARAM-RANGE", "REF-UNKNOWN", "RULE-MISSING", "RULE-UNKNOWN-KEY", "WORDS",
    ]  # fmt: skip
    told = {fault.code: fault for fault in faults}
    assert (told["RULE-UNKNOWN-KEY"].line, told["RULE-UNKNOWN-KEY"].column) == place(text, "severty")
    assert told["RULE-UNKNOWN-KEY"].hint == "did you mean 'severity'?"
    assert (told["EXPR-NAME"].line, told["EXPR-NAME"].column) == place(text, "instrumnt")
    assert told["EXPR-NAME"].hint == "did you mean 'instrument'?"
    assert (told["EXPR-SYNTAX"].line, told["EXPR-SYNTAX"].column) == place(text, ">= $least")
    assert told["REF-UNKNOWN"].hint == "did you mean 'ffiec-manual'?"
    assert "\n" not in str(told["PARAM-RANGE"])


def test_types_are_told_beside_other_faults(check):
    text = bent(
        ("severity: medium", "severity: midium"),
        ("sum: amount_base", "sum: amont_base"),
        ("deposits >= $least", "deposits >= 'x'"),
    )
    faults = check(text)
    told = {fault.code: (fault.line, fault.column) for fault in faults}
    assert told == {
        "RULE-VALUE": place(text, "midium"),
        "EXPR-NAME": place(text, "amont_base"),
        "EXPR-TYPE": place(text, "deposits >= 'x'"),
    }


def test_a_misspelt_stream_does_not_hide_what_is_read_from_it(check):
    text = bent(("from: ledger", "from: leger"), ("sum: amount_base", "sum: amont_base"))
    assert sorted(codes(check(text))) == ["EXPR-NAME", "STREAM-UNKNOWN"]
    # What is like nothing could be anything.
    text = bent(("from: ledger", "from: zzz"), ("sum: amount_base", "sum: amont_base"))
    assert codes(check(text)) == ["STREAM-UNKNOWN"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("subject: party_id", "subject: zzz"),
        ("subject: party_id", "subject: party_id\n  key: zzz"),
        ("instrument = 'cash' and", "zzz = 'cash' and"),
    ],
)
@pytest.mark.parametrize("derived", [False, True])
def test_what_all_measures_use_is_told_once_where_it_is_written(check, derived, old, new):
    text = bent((old, new))
    if derived:
        # An operator's columns are known to the planner alone.
        text = text.replace("from: ledger", "from: hub").replace(
            "detect:\n",
            "with:\n  hub: {runs: {from: ledger, by: party_id, of: amount_base, step: [1, 2], min: 1}}\ndetect:\n",
        )
    faults = check(text)
    assert {(fault.code, fault.line, fault.column) for fault in faults} == {("EXPR-NAME", *place(text, "zzz"))}


def test_all_files_are_told_of_at_once(check):
    faults = check(bent(("severity: medium", "severity: mid")), bent(("some-rule", "other-rule"), ("kind:", "kin:")))
    assert {fault.file.rpartition("/")[2] for fault in faults} == {"some-rule.yaml", "other-rule.yaml"}
    assert list(faults) == sorted(faults)


@pytest.mark.parametrize(
    ("code", "old", "new", "word", "hint"),
    [
        ("RULE-ID", "id: some-rule", "id: other-rule", None, None),
        ("RULE-VALUE", "severity: medium", "severity: hihg", "hihg", "did you mean 'high'?"),
        ("RULE-VALUE", "next_steps: [ask where the cash is from]", "next_steps: []", "[]\nfalse", ""),
        ("RULE-TYPE", "version: 1", "version: one", "one", ""),
        ("RULE-TYPE", "created: 2026-11-22", "created: 22.11.2026", "22.11.2026", ""),
        ("RULE-TYPE", "title: Several cash deposits", "title: 2026", "2026\n", "put it in quotes"),
        ("RULE-TITLE", "title: Several cash deposits", "title: Several cash deposits.", "Several", ""),
        ("RULE-DESCRIPTION", "Detects several", "Finds several", "Finds", "Detects a customer who ..."),
        ("RULE-DATES", "review_due: 2027-11-22", "review_due: 2026-11-22", None, None),
        (
            "RULE-FILLER",
            "[deposits spread over several customers]",
            "[None.]",
            "None.",
            "say it in a sentence",
        ),
        (
            "RULE-UNKNOWN-KEY",
            "within: $window}\n    total",
            "window: $window}\n    total",
            "window: $w",
            "here it is called 'within'",
        ),
        ("RULE-UNKNOWN-KEY", "  let:", "  columns: {}\n  let:", "columns", "here it is called 'let'"),
        ("RULE-MISSING", "owner: rulebook\n", "", None, ""),
        ("REF-UNKNOWN", "source: ffiec-manual", "source: a-blog", "a-blog", "add it to sources.yaml"),
        ("TYPOLOGY-UNKNOWN", "[structuring]", "[structurin]", "structurin", "did you mean 'structuring'?"),
        ("RULE-TWICE", "[structuring]", "[structuring, structuring]", None, ""),
        ("PARAM-TYPE", "default: 3", "default: three", "three", "the parameter is of type int"),
        ("PARAM-RANGE", "default: 3", "default: 30", "30, min", ""),
        ("PARAM-RANGE", "min: 2, max: 20", "min: 2", None, "every profile is held to it"),
        ("PARAM-RANGE", "min: 2, max: 20", "min: 20, max: 2", None, ""),
        ("PARAM-WHY", "why: fewer are ordinary", 'why: ""', None, "say what it means and why this default"),
        ("PARAM-UNUSED", "deposits >= $least", "deposits >= 3", "least:", "leave it out"),
        (
            "EXPR-PARAM",
            "deposits >= $least",
            "deposits >= $lest and deposits >= $least",
            "$lest",
            "did you mean 'least'?",
        ),
        ("EXPR-SYNTAX", "deposits >= $least", "deposits >= $least 2", "2\n      because", ""),
        ("EXPR-NAME", "deposits >= $least", "deposit >= $least", "deposit >=", "did you mean 'deposits'?"),
        (
            "EXPR-NAME",
            "'in'\n",
            "'in' and party.residence_contry = 'AT'\n",
            "party.",
            "did you mean 'residence_country'?",
        ),
        (
            "EXPR-NAME",
            "'in'\n",
            "'in' and partie.residence_country = 'AT'\n",
            "partie.",
            "did you mean 'party'?",
        ),
        ("EXPR-NAME", "when: repeated", "when: repeted", "repeted", "did you mean 'repeated'?"),
        ("EXPR-NAME", "{total|money}", "{totl|money}", "totl", "did you mean 'total'?"),
        ("EXPR-FUNCTION", "'in'\n", "'in' and lengt(purpose_text) > 3\n", "lengt", "did you mean 'length'?"),
        (
            "EXPR-REGISTER",
            "'in'\n",
            "'in' and not listed('known_paees', party_id)\n",
            "'known_paees'",
            "did you mean 'known_payees'?",
        ),
        ("WHEN-SYNTAX", "when: repeated", "when: deposits >= 3", "deposits >= 3\nalert", None),
        ("TEMPLATE", "{total|money}", "{total|mony}", "total|mony", "did you mean 'money'?"),
        ("TEMPLATE", "{total|money}", "{total", "{total", "{name} or {name|format}"),
        ("STREAM-UNKNOWN", "from: ledger", "from: leger", "leger", "did you mean 'ledger'?"),
        ("STREAM-UNKNOWN", "from: ledger", "from: parties_", "parties_", None),
        ("STREAM-UNKNOWN", "from: ledger", "from: ledger@bookd_at", "ledger@", "did you mean 'booked_at'?"),
        ("DURATION", "gap: $window", "gap: a week", "a week", None),
        ("DURATION", "gap: $window", "gap: $least", "$least\n  rat", None),
        ("AGGREGATE", "{count: rows,", "{count: rows, q: 0.5,", "q: 0.5", "leave it out"),
        ("FACT-KIND", "is: frequency", "is: frequent", "frequent", "did you mean 'frequency'?"),
        (
            "FACT-BECAUSE",
            '      because: "{deposits} deposits, {total|money} together"\n',
            "",
            "repeated:",
            None,
        ),
        (
            "WORDS",
            "consistent with money",
            "evidence of money laundering by criminals, money",
            "evidence",
            None,
        ),
        (
            "WAIVER-UNKNOWN",
            "safeguards: []",
            "safeguards: [{waive: minor, reason: because, approved_by: me}]",
            "minor,",
            "did you mean 'minors'?",
        ),
        (
            "WAIVER-IDLE",
            "safeguards: []",
            "safeguards: [{waive: travel-data, reason: because, approved_by: me}]",
            "travel-data",
            None,
        ),
        ("NAME-FORM", "    total:", "    Total:", "Total:", None),
        ("NAME-FORM", "    total:", "    end: amount\n    total:", "end:", None),
        ("PROTECTED", "'in'\n", "'in' and party.nationality = 'XX'\n", "party.", None),
        ("PROTECTED", "'in'\n", "'in' and counterparty_citizenship is null\n", "counterparty_c", None),
        ("LET-CYCLE", "    total:", "    a: b\n    b: a\n    total:", "b\n    b:", None),
        (
            "YAML-DUP",
            "owner: rulebook\n",
            "owner: rulebook\nowner: someone\n",
            "owner: someone",
            "keep one of them",
        ),
        (
            "YAML-FLOW-CUT",
            "{count: rows,",
            "{count: rows, where: coalesce(own_transfer, false),",
            "coalesce",
            None,
        ),
    ],
)
def test_each_fault_has_its_code_place_and_hint(check, code, old, new, word, hint):
    text = bent((old, new))
    (check.folder / "family").mkdir(parents=True)
    (check.folder / "family" / "some-rule.yaml").write_text(text, encoding="utf-8")
    faults = [f for f in read_rules(check.folder)[1] if f.code == code]
    assert faults, codes(read_rules(check.folder)[1])
    fault = faults[0]
    if hint is not None:
        assert fault.hint == hint
    if word is not None:
        assert (fault.line, fault.column) == place(text, word)


def test_a_fault_is_told_alone(check):
    # A repaired part must not bring faults that the author did not make.
    for old, new in (
        ("severity: medium", "severity: hihg"),
        ("owner: rulebook\n", ""),
        ("{count: rows, within: $window}", "{cuont: rows, within: $window}"),
        ("references:\n", "refs:\n"),
        ("is: frequency", "iss: frequency"),
    ):
        found = codes(check(bent((old, new))))
        assert set(found) <= {"RULE-VALUE", "RULE-MISSING", "RULE-UNKNOWN-KEY"}, (old, found)


def test_two_rules_of_one_id(check, tmp_path):
    (tmp_path / "book" / "other").mkdir(parents=True)
    (tmp_path / "book" / "other" / "some-rule.yaml").write_text(BASE, encoding="utf-8")
    assert codes(check(BASE)) == ["RULE-DUP"]


def test_markers_and_labels_are_refused(check):
    found = check(bent(("'in'\n", "'in' and not listed('party_markers', party_id, 'minor')\n")))
    assert codes(found) == ["PROTECTED"]
    assert "policies read it" in found[0].message


def test_types_are_checked(check):
    text = bent(("'in'\n", "'in' and amount >= 'much'\n"))
    (fault,) = check(text)
    assert fault.code.startswith("EXPR")
    assert fault.line == place(text, "much")[0]


def test_views_and_shared_streams(check):
    streams = """\
    cash_in:
      from: ledger
      where: instrument = 'cash' and direction = 'in'
      let: {day: local_date(booked_at)}
    """
    rule = detected(
        """\
        from: cash_in
        subject: party_id
        let:
          days: {distinct: day, within: 7d}
        facts:
          repeated: {is: frequency, if: days >= 3, because: "{days} days"}
        when: repeated
        """
    )
    import textwrap

    assert check(rule, streams__cash=textwrap.dedent(streams)) == ()
    (item,) = check.book.rules
    assert item.streams == {"cash_in"}
    assert {"ledger.instrument", "ledger.booked_at"} <= {str(read) for read in item.reads}
    assert codes(check(rule.replace("distinct: day", "distinct: dya"))) == ["EXPR-NAME"]


def test_a_shared_stream_is_told_of_in_its_own_file(check):
    faults = check(
        BASE.replace("from: ledger", "from: cash_in"),
        streams__cash="cash_in:\n  from: ledger\n  where: amount >= $least and colour = 'red'\n",
    )
    assert [(fault.file.rpartition("/")[2], fault.code, fault.line) for fault in faults] == [
        ("cash.yaml", "EXPR-PARAM", 3), ("cash.yaml", "EXPR-NAME", 3),
    ]  # fmt: skip


def test_streams_in_a_circle(check):
    faults = check(BASE.replace("from: ledger", "from: a"), streams__s="a: {from: b}\nb: {from: a}\n")
    assert "STREAM-CYCLE" in codes(faults)


def test_a_folder_borrows_what_it_lacks_and_a_single_file_loads(check, tmp_path):
    assert check(BASE) == ()
    book = load_rules(tmp_path / "book")
    assert "ffiec-manual" in book.sources
    assert "minors" in book.policies
    alone = load_rules(tmp_path / "book" / "family" / "some-rule.yaml")
    assert [item.rule.id for item in alone] == ["some-rule"]
    assert alone["some-rule"].policies == book["some-rule"].policies
    assert alone.rules[0].family == "family"


def test_nothing_to_read(tmp_path):
    with pytest.raises(UsageError, match="neither a file nor a folder"):
        load_rules(tmp_path / "absent")
    with pytest.raises(UsageError, match="no rule at"):
        load_rules(tmp_path)


def test_select_and_unknown_names(check):
    assert check(BASE, bent(("some-rule", "other-rule"))) == ()
    book = check.book
    assert [item.id for item in book.select(["other-rule"])] == ["other-rule"]
    with pytest.raises(UsageError, match="did you mean 'some-rule'"):
        book["some-rul"]
    with pytest.raises(UsageError, match="unknown profile"):
        book.profile("euu")


def test_the_hash_follows_the_texts(check):
    check(BASE)
    first = check.book.hash
    check(BASE)
    assert check.book.hash == first
    check(bent(("score: 30", "score: 31")))
    assert check.book.hash != first


def test_faults_raise(check):
    check(bent(("kind:", "kin:")))
    with pytest.raises(RuleError) as caught:
        load_rules(check.folder)
    assert len(caught.value.faults) == 2


def test_the_shipped_book_has_no_fault_of_form():
    book, _ = read_rules()
    assert {"us", "eu", "uk", "generic"} <= book.profiles.keys()
    assert "minors" in book.policies
    assert book.lists["thresholds"].is_file()


@pytest.mark.parametrize(
    "data", ["", "[]", "just text", "id: x", "detect: [1]", "detect: {facts: 3}", "params: {a: 1}"]
)
def test_nonsense_is_told_and_never_breaks(check, data):
    (check.folder / "family").mkdir(parents=True)
    (check.folder / "family" / "some-rule.yaml").write_text(data, encoding="utf-8")
    _, faults = read_rules(check.folder)
    assert faults
