"""A part of the wrong shape is a fault that says where it stands, whichever operator reads it."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from redflags.operators import operation, operations
from redflags.plan.schema import Schemas
from redflags.plan.scope import BindError, Resolver
from redflags.rules.model import Operator, View
from redflags.tables import dictionary
from redflags.yamlio import load_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

WRONG: tuple[Any, ...] = (
    "zzz", 5, [], {}, None, [1], {"zzz": "zzz"}, {"zzz": None}, {1: "zzz"}, [None], [[]], [{}], "$", "$zzz", "1/0", True, 0.5,
)  # fmt: skip
#: Blocks with the parts that the examples leave out.
MORE = {
    "components": "edges: [{from: party_identifiers, member: party_id, via: id_value, within: 9d, where: id_type = 'phone'}]\n"
    "every: 1d\nmin_weight: 1\ngroup_cap: 9\ncuts: true\nwithin: 9d",
    "explode": "from: transactions\nlist: intermediary_countries",
    "hits": "rules: [san-*]\nfamilies: [sanctions]",
    "match": "a: ledger\nb: ledger\nkeys: {account_id: account_id}\nwithin: 3d\norder: any\ntake: all\n"
    "amount: {a: amount_base, b: amount_base}\ntolerance: {share: 0.02}\nunmatched: true\ncap: 9\nscan: 9\n"
    "similar: {a: counterparty_name, b: counterparty_name, min: 0.9}",
    "neighbours": "edges: [{from: transactions, a: from_party_id, b: to_party_id, amount: amount_base}]\namount: amount_base\n"
    "seeds: {from: known_financiers, node: party_id, until: valid_to, where: party_id = 'p'}\ncarry: haircut\nhub_cap: 9\n"
    "every: 1d\ncap: 9",
    "ownership": "links: {from: party_links, entity: party_id, owner: related_party_id, share: share_pct, where: role = 'owner'}\n"
    "seeds: {from: known_financiers}\ntogether: sum\nevery: 1d\ncap: 9",
    "paths": "from: transactions\nsource: from_account_id\ntarget: to_account_id\namount: amount_base\nby: [currency]\n"
    "collect: {countries: to_country}\nhops: [3, 5]\nclose: true\nhop_within: 3d\nwithin: 9d\nkeep: 0.8\nkeep_total: 0.7\n"
    "grow: 0.1\nhub: 9\ncap: 9",
    "peers": "from: ledger\nof: amount_base\nmember: party_id\ngroup: [channel]\nmin_peers: 3",
    "periods": "from: ledger\nby: [party_id]\nevery: month\nfill: zero\ncap: 9\n"
    "let: {n: {count: rows}, s: {sum: amount_base, where: direction = 'in'}}",
    "runs": "from: ledger\nby: [party_id]\nof: amount_base\nstep: [1, 2]\ngap: 3h\nmin: 3\nends: true",
    "screen": "from: parties\nname: [name, alias_names]\nidentifiers: {any: party_id}\nidentifier: party_id\n"
    "identifier_kind: party_type\nbirth_year: occupation_code\ncountry: [residence_country]\nentity: party_type\nby: [party_id]\n"
    "where: party_id = 'p'\nstanding: true\nmin_score: 0.9\nbirth_within: 1\ncap: 9\nlists: [x]\nweak: alone\ntake: all",
}  # fmt: skip


def _streams(name: str) -> list[dict[str, Any]]:
    """The example of the operator, and a fuller block of it."""
    example = next(found.example for found in operations() if found.name == name)
    blocks = [example, f"tried:\n  {name}:\n" + "\n".join(f"    {line}" for line in MORE[name].splitlines())]
    return [dict(load_yaml(text, file="shapes.yaml").data) for text in blocks]


def _places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every part of a block, the block itself too."""
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _places(inner, (*path, key))


def _bind(streams: dict[str, Any], name: str) -> None:
    made = {
        key: View.model_validate(spec) if "from" in spec else Operator.model_validate(spec)
        for key, spec in streams.items()
    }
    resolver = Resolver(Schemas(dictionary()), made, {}, None)
    node = resolver.operator(name)
    found = operation(node.operator)
    assert found is not None
    assert hash(node)
    assert found.columns(node, resolver.schemas)


@pytest.mark.parametrize("operator", sorted(MORE))
def test_a_part_of_the_wrong_shape_is_a_located_fault(operator: str) -> None:
    bad = []
    for streams in _streams(operator):
        name = list(streams)[-1]
        _bind(streams, name)
        for path in _places(streams[name][operator]):
            for wrong in WRONG:
                tried = copy.deepcopy(streams)
                holder: Any = tried[name]
                for step in (operator, *path)[:-1]:
                    holder = holder[step]
                holder[(operator, *path)[-1]] = wrong
                try:
                    _bind(tried, name)
                except BindError as error:
                    if not error.path:
                        bad.append((path, wrong, "no place"))
                except Exception as error:  # noqa: BLE001  all that went wrong is told at once
                    bad.append((path, wrong, repr(error)))
    assert bad == []


def test_every_operator_is_tried() -> None:
    assert set(MORE) == {found.name for found in operations()}


def test_a_block_of_periods_that_is_a_text_is_a_fault_at_its_place() -> None:
    with pytest.raises(BindError, match="'let' is a block of named parts") as told:
        _bind({"months": {"periods": {"from": "ledger", "let": "zzz"}}}, "months")
    assert told.value.path == ("with", "months", "periods", "let")
