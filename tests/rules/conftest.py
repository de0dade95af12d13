"""A small, sound rule that tests bend out of shape."""

from __future__ import annotations

import textwrap

import pytest

from redflags.rules.load import RuleBook, read_rules

BASE = """\
id: some-rule
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
  least: {type: int, default: 3, min: 2, max: 20, why: fewer are ordinary}
detect:
  from: ledger
  subject: party_id
  where: instrument = 'cash' and direction = 'in'
  let:
    deposits: {count: rows, within: $window}
    total: {sum: amount_base, within: $window}
  facts:
    repeated:
      is: frequency
      if: deposits >= $least
      because: "{deposits} deposits, {total|money} together"
  when: repeated
alert:
  score: 30
  gap: $window
  rationale: Several deposits within {$window}, consistent with money paid in piece by piece.
  next_steps: [ask where the cash is from]
false_positives:
  - {who: shops, tell: amounts follow opening days, treat: compare with the declared turnover}
blind_spots: [deposits spread over several customers]
proportionality: Cash is lawful; the rule is a first lead.
safeguards: []
"""


def bent(*changes):
    """The base rule with texts replaced; every text to be replaced must be there."""
    text = BASE
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def detected(detect, params=""):
    """The base rule with another detection."""
    head, rest = BASE.split("params:\n")
    tail = rest[rest.index("alert:\n") :].replace("gap: $window", "gap: 7d").replace(" within {$window}", "")
    params = f"params:\n{textwrap.indent(textwrap.dedent(params), '  ')}" if params else ""
    return f"{head}{params}\ndetect:\n{textwrap.indent(textwrap.dedent(detect), '  ')}\n{tail}"


class Checker:
    """Writes rules into an empty book and reads it: ``check(text)`` gives the faults, ``.book`` the book."""

    def __init__(self, folder):
        self.folder = folder
        self.book: RuleBook

    def __call__(self, *texts, **files):
        folder = self.folder / "family"
        folder.mkdir(parents=True, exist_ok=True)
        for text in texts:
            name = next((line[4:] for line in text.splitlines() if line.startswith("id: ")), "some-rule")
            (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        for name, text in files.items():
            path = self.folder / (name.replace("__", "/") + ".yaml")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.book, faults = read_rules(self.folder)
        return faults


@pytest.fixture
def check(tmp_path):
    return Checker(tmp_path / "book")
