"""first try"""
from __future__ import annotations
from tests.operators.build import hits, judge
RULE = """
with:
  screened: {screen: {from: parties, name: [name, alias_names], country: residence_country, entity: party_type}}
detect:
  from: screened
  subject: party_id
  facts:
    near: {is: identity, if: "score >= 0.9 and conflicts = 0"}
  when: near
"""
REG = """
with:
  screened: {screen: {from: parties, name: name, country: residence_country, entity: party_type}}
detect:
  from: ledger
  subject: party_id
  facts:
    near: {is: identity, if: "listed('screened', party_id) and value_of('screened.score', party_id) >= 0.9"}
  when: near
"""
PARTIES = [{"party_id": "p1", "name": "Karim Rashid", "residence_country": "XA", "party_type": "person"}, {"party_id": "p2", "name": "Else Wer"}]
LISTS = [{"list_id": "un", "list_version": "7", "entry_id": "E1", "name": "KAREEM, Rasheed", "valid_from": "2026-01-05", "countries": ["XA"]}]
def test_a() -> None:
    out = judge(RULE, {"parties": PARTIES, "list_entries": LISTS})
    assert hits(out) == ["p1~un~E1"]
    moves = [{"txn_id": f"t{i}", "booked_at": f"2026-01-0{i}", "party_id": "p1", "account_id": "a", "direction": "in", "amount_base": 1} for i in (4, 5, 6)]
    out = judge(REG, {"parties": PARTIES, "list_entries": LISTS, "ledger": moves})
    assert hits(out) == ["t5/in", "t6/in"]
