"""A rule that cannot be planned is refused at its place."""

from __future__ import annotations

from typing import Any

import pytest

from redflags.plan.bind import bind_rule
from redflags.plan.schema import Schemas
from redflags.plan.scope import BindError
from redflags.tables import dictionary
from tests.engine.build import detect, make_rule

N = {"count": "rows", "within": "1d"}
LET = ("detect", "let", "n")
SPEC = {"few": {"type": "int", "default": 3, "why": "w"}}


def fault(body, **more):
    with pytest.raises(BindError) as caught:
        bind_rule(make_rule(body, params=SPEC, **more), Schemas(dictionary()))
    return caught.value


def let(**agg):
    return detect({"n": agg}, "n is null")


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        (detect({}, "1 = 1", **{"from": "ledgr"}), ("detect", "from"), "unknown stream 'ledgr'"),
        (detect({}, "1 = 1", **{"from": "known_financiers"}), ("detect", "from"), "it is a register"),
        (detect({}, "1 = 1", **{"from": "ledger@amount"}), ("detect", "from"), "no time column 'amount'"),
        (
            detect({}, "1 = 1", **{"from": "changes(ledger)"}),
            ("detect", "from"),
            "'ledger' is not a dated register",
        ),
        (detect({}, "1 = 1", where="instrumnt = 'x'"), ("detect", "where"), "unknown name 'instrumnt'"),
        (detect({}, "1 = 1", where="amount"), ("detect", "where"), "a condition is wanted"),
        (detect({"n": N}, "n > 1", where="n > 1"), ("detect", "where"), "'where' may not use 'n'"),
        (detect({"n": N}, "n > $fw"), ("detect", "facts", "f", "if"), "unknown parameter $fw"),
        (detect({"x": "amount +"}, "1 = 1"), ("detect", "let", "x"), "expected a value"),
        (detect({}, "1 = 1", at="amount"), ("detect", "at"), "moment"),
        (detect({}, "1 = 1", each={"l": "party_id"}), ("detect", "each", "l"), "'each' wants rows_of"),
        (detect({}, "1 = 1", each={"l": "rows_of('institution')"}), ("detect", "each", "l"), "names no key"),
        (
            detect({}, "1 = 1", each={"l": "rows_of('partys', party_id)"}),
            ("detect", "each", "l"),
            "unknown register",
        ),
        (let(sum="instrument", within="1d"), LET, "sum wants a number, this is text"),
        (let(max="instrument", within="1d"), LET, "max wants something with an order"),
        (let(bag="amount_base", within="1d"), LET, "bag wants a text"),
        (let(sum="amount", within="1d"), LET, "several currencies"),
        (let(count="rows", within="1x"), (*LET, "within"), "not a duration"),
        (let(count="rows", within="$few"), (*LET, "within"), "not a duration"),
        (let(count="rows", within="$nix"), (*LET, "within"), "unknown parameter"),
        (let(quantile="amount_base", within="1d"), LET, "quantile wants q"),
        (let(quantile="amount_base", q="amount", within="1d"), (*LET, "q"), "quantile wants q"),
        (let(top_sum="amount_base", n=2, within="1d"), (*LET, "top_sum"), "top_sum wants of"),
        (let(top_sum="amount_base", of="instrument", within="1d"), LET, "top_sum wants n"),
        (let(divergence="instrument", within="1d"), (*LET, "divergence"), "within and baseline"),
        (
            let(std="amount_base", latest_per="instrument", within="1d"),
            (*LET, "latest_per"),
            "latest_per goes with",
        ),
        (let(count="rows", by="nobody", within="1d"), (*LET, "by"), "unknown name 'nobody'"),
        (
            let(count="rows", match={"nobody": "party_id"}, within="1d"),
            (*LET, "match", "nobody"),
            "unknown name",
        ),
        (
            let(count="rows", match={"party_id": "nobody"}, within="1d"),
            (*LET, "match", "party_id"),
            "unknown name",
        ),
        (
            let(count="rows", match={"amount_base": "amount"}, within="1d"),
            (*LET, "match", "amount_base"),
            "unlike",
        ),
        (let(count="rows", where="amount", within="1d"), (*LET, "where"), "a condition is wanted"),
        (
            let(count="rows", **{"from": "sessions"}, where="judged", within="1d"),
            (*LET, "where"),
            "unknown name 'judged'",
        ),
        (detect({}, "1 = 1", subject="nobody"), ("detect", "subject"), "unknown name 'nobody'"),
        (detect({}, "1 = 1", key=["party_id", "nobody"]), ("detect", "key"), "unknown name 'nobody'"),
        (
            detect({"n": N | {"after": "1h"}, "m": {"max": "n", "within": "1d"}}, "m > 1"),
            ("detect", "let", "m", "where"),
            "'after'",
        ),
    ],
)
def test_a_fault_is_at_its_place(body, path, message):
    error = fault(body)
    assert message in error.error.message
    assert error.path == path


@pytest.mark.parametrize(
    ("because", "message"),
    [
        ("{nobody} rows", "unknown name 'nobody'"),
        ("{n|euro}", "unknown format 'euro'"),
        ("{n", "a lone '{'"),
        ("n}", "a lone '}'"),
        ("{}", "missing"),
    ],
)
def test_a_sentence_with_a_fault_is_refused(because, message):
    body = detect({"n": N}, "n > 1")
    body["facts"]["f"]["because"] = because
    error = fault(body)
    assert message in error.error.message
    assert error.path == ("detect", "facts", "f", "because")


def test_all_faults_are_collected():
    body = detect({"x": "nix", "y": "x + 1", "n": N | {"by": "nobody"}}, "y > 1 and n > $fw", where="amount")
    found: list[Any] = []
    bind_rule(make_rule(body, params=SPEC), Schemas(dictionary()), faults=found)
    messages = [error.error.message for error in found]
    assert [m for m in messages if "nix" in m] == ["unknown name 'nix'"]
    assert [m for m in messages if "nobody" in m] == ["unknown name 'nobody'"]
    assert any("a condition is wanted" in m for m in messages)
