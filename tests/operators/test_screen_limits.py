"""``screen``: what is not compared is told; faults; the documented example."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from redflags.operators.screen_doc import EXAMPLE
from redflags.plan.bind import bind_rule
from redflags.plan.schema import Schemas
from redflags.plan.scope import BindError
from redflags.tables import dictionary
from redflags.yamlio import load_yaml
from tests.operators.build import dataset, hits, judge, rule
from tests.operators.screening import RULE, output

# ---- limits and faults
# ------------------------------------------------------------------------------------------------


def test_what_is_not_compared_is_told() -> None:
    entries: list[dict[str, Any]] = [
        {"entry_id": f"e{i}", "name": f"Karim Rashid {word}"}
        for i, word in enumerate(["Omar", "Hassan", "Walid", "Zaki"])
    ]
    parties: list[dict[str, Any]] = [
        {"party_id": "p", "name": "Karim Rashid"},
        {"party_id": "q", "name": "Karim Rashid Zaki"},
        {"party_id": "r"},
    ]
    made = output(dataset({"parties": parties, "list_entries": entries}), block="name: name, cap: 3")
    caps = {cap.what: cap.rows for cap in made.caps}
    assert caps == {
        "rows without a name or identifier are not screened": 1,
        "pairs of a name with listed names that share commoner parts were not compared": 8,
    }
    assert made.frame.filter(pl.col("score") == 1_000_000)["_id"].to_list() == ["q~~e3"]
    whole = output(
        dataset({"parties": parties, "list_entries": entries}),
        block="name: [name, alias_names], country: residence_country",
    )
    told = [cap.what for cap in whole.caps]
    assert "parties.alias_names did not come in and is not compared" in told
    assert "parties.residence_country did not come in and is not compared" in told


def test_without_lists_or_names_the_rule_says_what_is_missing() -> None:
    assert judge(
        RULE.format(source="parties", block="name: name"), {"parties": [{"party_id": "p", "name": "x"}]}
    ).disabled
    lacking = judge(
        RULE.format(source="parties", block="name: name"),
        {"parties": [{"party_id": "p"}], "list_entries": [{"entry_id": "e", "name": "x"}]},
    )
    assert lacking.disabled is not None
    assert "parties.name" in lacking.disabled


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("country: residence_country", "wants name, identifiers or identifier"),
        ("name: onboarded_at", "wanted: text or list"),
        ("name: nme", "unknown name 'nme'"),
        ("name: name, identifiers: {pasport: id_document_key}", "unknown kind of identifier 'pasport'"),
        ("name: name, identifier_kind: party_type", "which is not given"),
        ("name: name, min_score: 2", "min_score is a share"),
        ("name: name, cap: 0", "cap is a whole number"),
        ("name: name, birth_within: -1", "birth_within is a whole number"),
        ("name: name, weak: maybe", "unknown weak 'maybe'"),
        ("name: name, by: lower(name)", "by names columns"),
        ("name: name, standing: maybe", "standing is true or false"),
        ("name: name, list: [x]", "has no part 'list'"),
    ],
)
def test_faults_say_what_is_wrong(block: str, message: str) -> None:
    with pytest.raises(BindError, match=message):
        bind_rule(rule(RULE.format(source="parties", block=block)), Schemas(dictionary()))


def test_the_example_of_the_page_runs() -> None:
    block = load_yaml(EXAMPLE, file="example.yaml").data
    text = (
        f"with: {block}\n"
        "detect: {from: screened, subject: party_id, facts: {near: {is: identity, if: 'score >= 0.9'}}, when: near}"
    )
    tables: dict[str, Any] = {
        "parties": [{"party_id": "p", "name": "Karim Rashid"}],
        "list_entries": [{"entry_id": "e", "name": "Rashid Karim"}],
    }
    assert hits(judge(text, tables)) == ["p~~e"]
