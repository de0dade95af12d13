"""``redflags rules new``: a rule and its test to start from, which load and pass as they are."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from redflags.errors import UsageError

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

_RULE = """\
id: {id}
title: {title}
version: 1
status: draft
kind: deterministic
covers: []
typologies: [structuring]
severity: medium
description: >
  Detects a customer who pays in cash several times within a short while. Say here what your rule looks for.
references:
  - {{source: ffiec-manual, locator: "Appendix G", supports: detection}}
owner: rulebook
created: {created}
review_due: {review}

params:
  window: {{type: duration, default: 7d, min: 1d, max: 30d, why: "deposits so near are read as one story"}}
  min_deposits: {{type: int, default: 3, min: 2, max: 20, why: "fewer deposits are ordinary"}}
  min_total: {{type: money, default: 5000, min: 1000, max: 90000, why: "smaller sums are ordinary"}}

detect:
  from: ledger
  subject: party_id
  where: "instrument = 'cash' and direction = 'in'"
  let:
    deposits: {{count: rows, within: $window}}
    total: {{sum: amount_base, within: $window}}
  facts:
    repeated:
      is: frequency
      if: "deposits >= $min_deposits"
      because: "{{deposits}} cash deposits within {{$window}}"
    large:
      is: amount
      if: "total >= $min_total"
      points: 10
      because: "{{total|money}} together"
  when: repeated and large

alert:
  score: 30
  gap: $window
  rationale: >
    Several cash deposits within {{$window}}, {{total|money}} together: consistent with money paid in piece by
    piece.
  next_steps:
    - Ask what the cash is from, and compare with the declared income or trade.

false_positives:
  - who: shops that bank their takings
    tell: amounts follow opening days
    treat: compare with the declared turnover
blind_spots:
  - Deposits spread over several customers.
proportionality: >
  Cash is lawful; the rule gives a first lead only, and may hit people who are paid in cash.
safeguards: []
"""

_TEST = """\
defaults:
  ledger: {{party_id: p1, account_id: a1, direction: in, instrument: cash, currency: EUR}}

cases:
  - name: three deposits that reach the total
    tables:
      ledger:
        - {{txn_id: t1, booked_at: "2026-03-02T09:00:00Z", amount_base: 2000}}
        - {{txn_id: t2, booked_at: "2026-03-04T09:00:00Z", amount_base: 2000}}
        - {{txn_id: t3, booked_at: "2026-03-06T09:00:00Z", amount_base: 1000}}
    expect: {{hits: [t3]}}

  - name: two deposits are ordinary
    tables:
      ledger:
        - {{txn_id: t1, booked_at: "2026-03-02T09:00:00Z", amount_base: 4000}}
        - {{txn_id: t2, booked_at: "2026-03-04T09:00:00Z", amount_base: 4000}}
    expect: {{hits: []}}

  - name: a cent less than the total
    tables:
      ledger:
        - {{txn_id: t1, booked_at: "2026-03-02T09:00:00Z", amount_base: 2000}}
        - {{txn_id: t2, booked_at: "2026-03-04T09:00:00Z", amount_base: 2000}}
        - {{txn_id: t3, booked_at: "2026-03-06T09:00:00Z", amount_base: 999.99}}
    expect: {{hits: []}}

  - name: the first deposit has left the window, whose left edge is open
    tables:
      ledger:
        - {{txn_id: t1, booked_at: "2026-03-02T09:00:00Z", amount_base: 2000}}
        - {{txn_id: t2, booked_at: "2026-03-04T09:00:00Z", amount_base: 2000}}
        - {{txn_id: t3, booked_at: "2026-03-09T09:00:00Z", amount_base: 2000}}
    expect: {{hits: []}}

  - name: wires and withdrawals do not count
    tables:
      ledger:
        - {{txn_id: t1, booked_at: "2026-03-02T09:00:00Z", amount_base: 2000}}
        - {{txn_id: t2, booked_at: "2026-03-03T09:00:00Z", amount_base: 2000, instrument: wire}}
        - {{txn_id: t3, booked_at: "2026-03-04T09:00:00Z", amount_base: 2000, direction: out}}
        - {{txn_id: t4, booked_at: "2026-03-05T09:00:00Z", amount_base: 2000}}
    expect: {{hits: []}}

  - name: an unknown amount makes the total unknown
    tables:
      ledger:
        - {{txn_id: t1, booked_at: "2026-03-02T09:00:00Z", amount_base: 2000}}
        - {{txn_id: t2, booked_at: "2026-03-04T09:00:00Z", amount_base: null}}
        - {{txn_id: t3, booked_at: "2026-03-06T09:00:00Z", amount_base: 9000}}
    expect: {{hits: [], not_evaluable: [t3]}}
"""


def scaffold_rule(
    rule_id: str, folder: str | Path, *, family: str = "drafts", today: dt.date | None = None
) -> tuple[Path, Path]:
    """Write a rule and its test, ready to be changed.

    Args:
        rule_id: Id of the new rule.
        folder: The rule book.
        family: Folder inside it.
        today: Day of making; today without.

    Returns:
        The two files.

    Raises:
        UsageError: When the id cannot be one, or one of the files is there already.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     rule, test = scaffold_rule("cash-in-pieces", folder, family="structuring")
        ...     print(rule.name, test.name, rule.parent.name)
        cash-in-pieces.yaml cash-in-pieces.test.yaml structuring
    """
    for word, what in ((rule_id, "rule id"), (family, "family")):
        if _ID.fullmatch(word) is None:
            raise UsageError(f"'{word}' cannot be a {what}: lower-case words joined by hyphens, such as cash-in-pieces")
    home = Path(folder) / family
    rule, test = home / f"{rule_id}.yaml", home / f"{rule_id}.test.yaml"
    taken = [path for path in (rule, test) if path.exists()]
    if taken:
        raise UsageError(f"{taken[0]} is there already; choose another id")
    day = today or dt.datetime.now(tz=dt.UTC).date()
    words = {
        "id": rule_id,
        "title": rule_id.replace("-", " ").capitalize(),
        "created": day.isoformat(),
        "review": (day + dt.timedelta(days=365)).isoformat(),
    }
    home.mkdir(parents=True, exist_ok=True)
    rule.write_text(_RULE.format(**words), encoding="utf-8")
    test.write_text(_TEST.format(**words), encoding="utf-8")
    return rule, test
