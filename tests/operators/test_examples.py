"""Every operator's documented example binds and runs."""

from __future__ import annotations

from typing import Any

import pytest

from redflags.operators import Operation, operations
from redflags.plan.schema import Schemas
from redflags.plan.scope import Resolver
from redflags.rules.model import Operator, View
from redflags.tables import dictionary
from redflags.yamlio import load_yaml
from tests.operators.build import judge

MOVES = [
    {"txn_id": f"t{i}", "booked_at": f"2026-0{i + 1}-05", "amount": 10 * i + 10, "amount_base": 10 * i + 10, "currency": "EUR",
     "from_account_id": "a" if i % 2 else "b", "to_account_id": "b" if i % 2 else "a", "from_party_id": "p" if i % 2 else "q",
     "to_party_id": "q" if i % 2 else "p", "intermediary_countries": ["XA", "XB"]}
    for i in range(6)
]  # fmt: skip


def _streams(text: str) -> dict[str, Any]:
    return dict(load_yaml(text, file="example.yaml").data)


@pytest.mark.parametrize("operation", operations(), ids=lambda item: item.name)
def test_the_example_of_the_page_runs(operation: Operation) -> None:
    streams = {
        name: View.model_validate(spec) if "from" in spec else Operator.model_validate(spec)
        for name, spec in _streams(operation.example).items()
    }
    resolver = Resolver(Schemas(dictionary()), streams, {}, None)
    named = [name for name, spec in streams.items() if isinstance(spec, Operator) and spec.name == operation.name]
    assert named
    node = resolver.operator(named[-1])
    assert operation.columns(node, resolver.schemas)
    if operation.kind == "register":
        return
    text = "with:\n" + "\n".join(f"  {line}" for line in operation.example.splitlines())
    column = next(iter(operation.columns(node, resolver.schemas)))
    detect = f"\ndetect: {{from: {named[-1]}, subject: {{kind: row, key: {column}}}, facts: {{a: {{is: hit, if: '1 = 1'}}}}, when: a}}"
    outcome = judge(text + detect, {"transactions": MOVES, "parties": [{"party_id": "p"}, {"party_id": "q"}]})
    assert outcome.disabled is None or "did not come in" in outcome.disabled
