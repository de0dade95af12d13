"""A tiny rule with tests, on disk."""

from __future__ import annotations

from redflags.rules.load import RuleBook, load_rules

RULE = """\
id: tiny-rule
title: Several cash deposits
version: 1
status: experimental
kind: deterministic
covers: [cash-just-below-threshold-repeat]
typologies: [structuring]
severity: medium
description: Detects several cash deposits.
references:
  - {source: ffiec-manual, locator: "Appendix G", supports: detection}
owner: rulebook
created: 2026-11-22
review_due: 2027-11-22
params:
  window: {type: duration, default: 7d, min: 1d, max: 30d, why: one story}
  least: {type: int, default: 2, min: 2, max: 20, why: fewer are ordinary}
detect:
  from: ledger
  subject: party_id
  where: instrument = 'cash'
  let:
    deposits: {count: rows, within: $window}
  facts:
    repeated:
      is: frequency
      if: deposits >= $least
      because: "{deposits} deposits"
  when: repeated
alert:
  score: 30
  gap: $window
  rationale: Several deposits, consistent with money paid in piece by piece.
  next_steps: [ask where the cash is from]
false_positives:
  - {who: shops, tell: amounts follow opening days, treat: compare with the declared turnover}
blind_spots: [deposits spread over several customers]
proportionality: Cash is lawful; the rule is a first lead.
safeguards: []
"""
#: Two deposits exactly one window apart (no hit), one microsecond less (a hit), and a transfer between.
TESTS = """\
defaults:
  ledger: {party_id: P1, account_id: A1, direction: in, amount: "100", currency: EUR, instrument: cash}
cases:
  - name: two within the window
    tables:
      ledger:
        - {txn_id: a, booked_at: "2026-03-01 00:00:00"}
        - {txn_id: b, booked_at: "2026-03-07 23:59:59"}
        - {txn_id: w, booked_at: "2026-03-02 00:00:00", instrument: wire}
    expect: {hits: [b]}
  - name: two at the window's edge
    tables:
      ledger:
        - {txn_id: a, booked_at: "2026-03-01 00:00:00"}
        - {txn_id: b, booked_at: "2026-03-08 00:00:00"}
    expect: {hits: []}
  - name: two transfers
    tables:
      ledger:
        - {txn_id: a, booked_at: "2026-03-01 00:00:00", instrument: wire}
        - {txn_id: b, booked_at: "2026-03-01 00:00:01", instrument: wire}
    expect: {hits: []}
"""


def write(folder, rule=RULE, tests=TESTS) -> RuleBook:
    """The book of that one rule; what it lacks is lent by the shipped one."""
    family = folder / "book" / "family"
    family.mkdir(parents=True)
    (family / "tiny-rule.yaml").write_text(rule, encoding="utf-8")
    if tests is not None:
        (family / "tiny-rule.test.yaml").write_text(tests, encoding="utf-8")
    return load_rules(folder / "book")
