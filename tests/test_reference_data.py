"""The shipped lists, policies, profiles, sources and typologies, held against what was published."""

from __future__ import annotations

import datetime as dt
import re
from itertools import pairwise

import pytest

from redflags.resources import rules_dir
from redflags.yamlio import load_yaml

RULES = rules_dir()
LISTS = sorted(path.stem for path in (RULES / "lists").glob("*.yaml"))
POLICIES = sorted(path.stem for path in (RULES / "policies").glob("*.yaml"))
PROFILES = sorted(path.stem for path in (RULES / "profiles").glob("*.yaml"))
ACTIONS = {
    "suppress": {"text"},
    "cap": {"to", "text"},
    "route": {"queue", "text"},
    "review": {"by", "persons", "text"},
    "wording": {"text"},
    "redact": {"fields", "text"},
    "expire": {"days", "text"},
}


def read(name):
    document = load_yaml((RULES / name).read_text(encoding="utf-8"), name)
    assert document.faults == ()
    return document.data


def rows_of(name):
    data = read(f"lists/{name}.yaml")
    constants = data.get("constants", {})
    return [constants | dict(zip(data["columns"], row, strict=True)) for row in data["rows"]]


def members(name, day):
    found = [
        row["country"]
        for row in rows_of(name)
        if (row["valid_from"] or "") <= day and (row["valid_to"] is None or day < row["valid_to"])
    ]
    assert len(found) == len(set(found))
    return set(found)


#: Lists of words and codes that hold at any time.
UNDATED = {"generic_terms", "mcc_resale", "placeholder_terms"}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_says_where_it_comes_from_and_how_far_it_reaches(name):
    data = read(f"lists/{name}.yaml")
    assert data["list"] == name
    assert {"table", "title", "source", "licence", "version", "unconfirmed", "columns", "rows"} <= set(data)
    dt.date.fromisoformat(data["confirmed_until"])
    assert data["covers_to"] is None
    assert len(data["rows"]) == len({str(row) for row in data["rows"]})


@pytest.mark.parametrize("name", sorted(set(LISTS) - UNDATED))
def test_entries_are_dated_and_never_overlap(name):
    plain = {
        "valid_from",
        "valid_to",
        "source",
        "confidence",
        "note",
        "measure",
        "amount",
        "operator",
        "aggregation",
    }
    spans: dict[tuple[object, ...], list[tuple[str, str]]] = {}
    for row in rows_of(name):
        for column in ("valid_from", "valid_to"):
            if row[column] is not None:
                dt.date.fromisoformat(row[column])
        assert row["valid_to"] is None or (row["valid_from"] or "") < row["valid_to"]
        if "country" in row:
            assert re.fullmatch("[A-Z]{2}", row["country"])
        key = tuple(value for column, value in sorted(row.items()) if column not in plain)
        spans.setdefault(key, []).append((row["valid_from"] or "", row["valid_to"] or "9999"))
    for held in spans.values():
        assert all(first[1] <= second[0] for first, second in pairwise(sorted(held)))


@pytest.mark.parametrize(
    ("name", "day", "size"),
    [
        ("fatf_increased_monitoring", "2020-01-01", 12),
        ("fatf_increased_monitoring", "2020-02-21", 18),
        ("fatf_increased_monitoring", "2021-10-21", 23),
        ("fatf_increased_monitoring", "2023-06-23", 26),
        ("fatf_increased_monitoring", "2024-02-23", 21),
        ("fatf_increased_monitoring", "2025-02-21", 25),
        ("fatf_increased_monitoring", "2026-06-19", 22),
        ("fatf_call_for_action", "2022-10-20", 2),
        ("fatf_call_for_action", "2022-10-21", 3),
        ("eu_high_risk_third_countries", "2024-03-01", 27),
        ("eu_high_risk_third_countries", "2025-08-05", 29),
        ("eu_high_risk_third_countries", "2026-02-01", 26),
        ("eu_tax_non_cooperative_annex_i", "2023-10-17", 16),
        ("eu_tax_non_cooperative_annex_i", "2024-10-08", 11),
        ("eu_tax_non_cooperative_annex_i", "2026-02-17", 10),
    ],
)
def test_lists_have_the_size_that_was_published(name, day, size):
    assert len(members(name, day)) == size


def test_an_entry_ends_with_the_day_of_removal():
    assert "AE" in members("fatf_increased_monitoring", "2024-02-22")
    assert "AE" not in members("fatf_increased_monitoring", "2024-02-23")


def test_norway_is_a_country():
    assert ("EEA", "NO") in {(row["bloc"], row["country"]) for row in rows_of("blocs")}


@pytest.mark.parametrize(("day", "count", "british"), [("2020-01-31", 28, True), ("2020-02-01", 27, False)])
def test_the_union_lost_a_member(day, count, british):
    union = {
        row["country"]
        for row in rows_of("blocs")
        if row["bloc"] == "EU" and row["valid_from"] <= day and (row["valid_to"] is None or day < row["valid_to"])
    }
    assert len(union) == count
    assert ("GB" in union) is british


def test_limits_stand_as_the_law_has_them():
    limits = {
        (row["jurisdiction"], row["kind"], row["currency"]): (row["amount"], row["operator"])
        for row in rows_of("thresholds")
        if row["valid_to"] is None
    }
    assert limits["US", "cash_report", "USD"] == (10000, ">")
    assert limits["CA", "cash_report", "CAD"] == (10000, ">=")
    assert limits["ZA", "cash_report", "ZAR"] == ("49999.99", ">")
    assert limits["FATF", "originator_info", "USD"] == limits["FATF", "originator_info", "EUR"] == (1000, ">")
    # No general cash report exists there; an institution-set amount must never be worded as law.
    assert not {key for key in limits if key[0] in {"EU", "GB"} and key[1] == "cash_report"}


def test_generic_terms_are_folded():
    terms = [row["term"] for row in rows_of("generic_terms")]
    assert terms == sorted(set(terms))
    assert all(re.fullmatch("[a-z]+( [a-z]+)*", term) for term in terms)


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_names_what_is_law_and_what_is_not(name):
    data = read(f"profiles/{name}.yaml")
    assert data["profile"] == name
    jurisdictions = {row["jurisdiction"] for row in rows_of("thresholds")}
    assert data["thresholds"]["jurisdiction"] in jurisdictions
    assert data["thresholds"]["default_basis"] == "institution-set monitoring amount, not a legal limit"


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_is_complete(name):
    data = read(f"policies/{name}.yaml")
    assert set(data) == {"id", "title", "why", "references", "applies", "when", "then", "missing"}
    assert data["id"] == name
    assert set(data["applies"]) == {"reads", "subject_kinds"}
    action = dict(data["then"])
    assert set(action) - {"action"} == ACTIONS[action["action"]]
    assert data["missing"] in {"apply", "skip"}
    sources = read("sources.yaml")
    assert {reference["source"] for reference in data["references"]} <= set(sources)


def test_a_source_is_a_document_that_can_be_found():
    for name, source in read("sources.yaml").items():
        assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", name)
        assert {"title", "issuer"} <= set(source) <= {"title", "issuer", "year", "url", "note", "mandate"}
        # a page without a date says at least what was seen of it
        assert "year" in source or "note" in source


def test_typologies_are_named_and_told():
    for name, typology in read("typologies.yaml").items():
        assert re.fullmatch("[a-z]+(_[a-z]+)*", name)
        assert {"title", "description"} <= set(typology) <= {"title", "description", "amltrix", "composite"}
