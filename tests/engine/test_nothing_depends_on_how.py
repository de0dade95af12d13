"""The same rows give the same bytes whatever their order, the size of blocks, the number of threads."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys

import polars as pl

from redflags.ingest.dataset import Dataset
from tests.engine.build import data_of, detect, hours, judge, make_rule, row

RULE = detect(
    {
        "n": {"count": "rows", "within": "3h"},
        "total": {"sum": "amount_base", "within": "5h", "where": "instrument = 'cash'"},
        "who": {"bag": "counterparty_key", "within": "4h"},
        "peak": {"max": "n", "within": "9h", "by": "counterparty_key"},
        "share": {"hhi": "counterparty_key", "weight": "amount_base", "within": "6h"},
        "last_one": {"last": "purpose_code", "within": "8h"},
        "seen": {"count": "rows", "from": "sessions", "within": "6h", "match": {"account_id": "account_id"}},
        "mix": {"entropy": "purpose_code", "within": "7h"},
        "spread": {"std": "amount_base", "within": "9h"},
    },
    "n >= 2",
    each={"l": "rows_of('party_links', party_id)"},
)
RULE["facts"] |= {
    "g": {
        "is": "change",
        "if": "total > 20 or seen > 1",
        "points": 5,
        "because": "{total} {who} {last_one} {l.role}",
    },
    "h": {
        "is": "change",
        "if": "peak > 2 and share < 0.9 and mix > 0.1 and spread > 1",
        "points": 7,
        "because": "{mix} {share} {spread}",
    },
}


def tables(seed=5):
    rng = random.Random(seed)
    ledger = [
        row(
            f"t{n:03d}",
            rng.randrange(12),
            rng.choice(["1", "9.99", "100"]),
            party_id=rng.choice(["P1", "P2", "P3", None]),
            account_id=rng.choice(["A1", "A2"]),
            counterparty_key=rng.choice(["X", "Y", "Z"]),
            instrument=rng.choice(["cash", "wire", None]),
            purpose_code=rng.choice(["p", "q", None]),
            seq=rng.choice([1, 2, None]),
        )
        for n in range(120)
    ]
    sessions = [
        {"session_id": f"s{n}", "at": hours(rng.randrange(12)), "account_id": rng.choice(["A1", "A2"])}
        for n in range(20)
    ]
    links = [{"party_id": f"P{n % 3 + 1}", "related_party_id": f"R{n}", "role": "owner"} for n in range(7)]
    return {"ledger": ledger, "sessions": sessions, "party_links": links}


def shown(outcome):
    """Everything the engine says, as one text."""
    parts = [outcome.hits, outcome.ne_rows, outcome.not_evaluable, outcome.pending]
    return "\n".join(part.write_json() for part in parts)


def test_neither_block_size_nor_the_order_of_rows_and_columns_matters():
    whole = shown(judge(RULE, tables()))
    assert '"row_id"' in whole
    for block in (1, 7, 50):
        assert shown(judge(RULE, tables(), block=block)) == whole
    for seed in (1, 2):
        data = data_of(tables())
        shuffled = {name: frame.sample(fraction=1, shuffle=True, seed=seed) for name, frame in data.tables.items()}
        shuffled = {name: frame.select(sorted(frame.columns, reverse=seed == 1)) for name, frame in shuffled.items()}
        assert shown(judge(RULE, Dataset(shuffled, "EUR", "UTC", None))) == whole


SCRIPT = """
import hashlib, sys
sys.path.insert(0, {root!r})
from tests.engine.test_nothing_depends_on_how import RULE, shown, tables
from tests.engine.build import judge
print(hashlib.sha256(shown(judge(RULE, tables())).encode()).hexdigest())
"""


def test_the_number_of_threads_does_not_matter(request):
    expected = hashlib.sha256(shown(judge(RULE, tables())).encode()).hexdigest()
    other = "1" if pl.thread_pool_size() != 1 else "3"
    made = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(root=str(request.config.rootpath))],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "POLARS_MAX_THREADS": other},
    )
    assert made.stdout.strip() == expected


def test_empty_tables_give_nothing():
    data = data_of(tables())
    empty = {name: frame.clear() for name, frame in data.tables.items()}
    outcome = judge(make_rule(RULE), Dataset(empty, "EUR", "UTC", None))
    assert (outcome.hits.height, outcome.ne_rows.height, outcome.disabled) == (0, 0, None)
