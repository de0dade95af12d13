"""Chains and cycles over transfers: CPU seconds and memory, at full size and at a tenth.

`python benchmarks/paths.py [--transfers 2000000]` runs each case in a process of its own and prints a table.

Accounts send and receive by a power law. *Independent*: busy receivers are other accounts than busy senders.
*Correlated*: they are the same accounts, which is the hard case, since busy accounts then lead to each other.
500 cycles and 500 chains of 3 to 5 hops that keep 85 to 100 percent are planted in the independent graph.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

DAY = 86_400_000_000
DAYS = 90
PLANTED = 500
RULE = """
id: measured
title: Measured
version: 1
status: draft
kind: deterministic
severity: low
description: Detects what is measured.
references: [{{source: none}}]
owner: benchmarks
created: 2026-11-24
review_due: 2027-11-24
alert: {{score: 10, gap: 1d, rationale: "measured", next_steps: [look]}}
false_positives: [{{who: a, tell: b, treat: c}}]
blind_spots: [none]
proportionality: a measurement
with:
  found: {{paths: {{from: transactions, keep: 0.8, within: 10d, hops: {hops}, close: {close}}}}}
detect:
  from: found
  subject: source
  facts:
    any: {{is: network, if: "hops >= 2"}}
  when: any
"""


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def graph(size: int, *, correlated: bool) -> tuple[pl.DataFrame, list[str]]:
    """Transfers, and the ids of the last hops of what is planted."""
    rng = np.random.default_rng(7)
    accounts = max(size // 20, 100)
    weight = 1 / np.arange(1, accounts + 1) ** 0.8
    weight /= weight.sum()
    senders = rng.permutation(accounts)
    receivers = senders if correlated else rng.permutation(accounts)
    source = senders[rng.choice(accounts, size, p=weight)]
    target = receivers[rng.choice(accounts, size, p=weight)]
    amount = np.exp(rng.normal(6, 1.5, size)).round(2)
    at = rng.integers(0, DAYS * DAY, size)
    ids = np.array([f"T{i}" for i in range(size)])
    planted: list[tuple[int, int, float, int, str]] = []
    ends = []
    for number in range(2 * PLANTED if not correlated else 0):
        hops = int(rng.integers(3, 6))
        nodes = rng.choice(accounts, hops + 1, replace=False).tolist()
        if number % 2:
            nodes[-1] = nodes[0]
        when = np.sort(rng.integers(0, 9 * DAY, hops)) + rng.integers(0, (DAYS - 10) * DAY)
        worth = 10_000 * np.cumprod(rng.uniform(0.85, 1, hops))
        name = ("cycle" if number % 2 else "chain") + str(number)
        planted += [
            (nodes[i], nodes[i + 1], round(float(worth[i]), 2), int(when[i]), f"{name}-{i}") for i in range(hops)
        ]
        ends.append(f"{name}-{hops - 1}")
    if planted:
        s, t, a, w, names = (list(column) for column in zip(*planted, strict=True))
        source, target = np.concatenate([source, s]), np.concatenate([target, t])
        amount, at = np.concatenate([amount, a]), np.concatenate([at, w])
        ids = np.concatenate([ids, names])
    frame = pl.DataFrame(
        {
            "txn_id": pl.Series(ids.tolist()), "booked_at": pl.Series(at).cast(pl.Datetime("us", "UTC")),
            "from_account_id": pl.Series(source).cast(pl.String),
            "to_account_id": pl.Series(target).cast(pl.String),
            "amount_base": pl.Series(np.rint(amount * 10_000).astype(np.int64)),
        }
    )  # fmt: skip
    return frame, ends


def case(size: int, hops: str, *, correlated: bool, close: bool) -> dict[str, Any]:
    """One measurement in this process."""
    from redflags.engine import BoundBook, engine
    from redflags.ingest.dataset import Dataset
    from redflags.plan.bind import bind_rule
    from redflags.plan.nodes import Derived
    from redflags.plan.schema import Schemas
    from redflags.rules.model import Rule
    from redflags.tables import dictionary
    from redflags.yamlio import load_yaml

    def made(moves: pl.DataFrame) -> Any:  # noqa: ANN401
        schemas = Schemas(dictionary())
        text = RULE.format(hops=hops, close=str(close).lower())
        bound = bind_rule(Rule.model_validate(load_yaml(text, file="measured.yaml").data), schemas)
        evaluator = engine(Dataset({"transactions": moves}, "EUR"), BoundBook((bound,), schemas, (), None), 0)
        assert isinstance(bound.frame, Derived)  # noqa: S101
        evaluator.frames.table(bound.frame.input("from").frame)  # the order of the stream is not the operator's cost
        began = cpu()
        return evaluator.frames.output(bound.frame), cpu() - began

    moves, ends = graph(size, correlated=correlated)
    made(moves.head(1000))  # compile, or read from the cache
    before = peak()
    output, seconds = made(moves)
    wanted = [end for end in ends if end.startswith("cycle") == close]
    found = output.frame.filter(pl.col("_id").is_in(wanted)).height
    return {
        "transfers": moves.height, "cpu_s": round(seconds, 2), "mb_before": before, "mb_peak": peak(),
        "rows": output.frame.height, "planted": f"{found}/{len(wanted)}" if wanted else "-",
        "caps": {" ".join(cap.what.split()[:3]): cap.rows for cap in output.caps},
    }  # fmt: skip


def main(size: int) -> None:
    for correlated in (False, True):
        for close, hops in ((False, "[3, 5]"), (True, "[3, 5]")):
            for transfers in (size // 10, size):
                words = [str(transfers), hops]
                words += ["--correlated"] * correlated + ["--close"] * close
                done = subprocess.run(  # noqa: S603  this very script
                    [sys.executable, __file__, "--case", *words],
                    capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1],
                )  # fmt: skip
                kind = f"{'cycles' if close else 'chains'}, {'correlated' if correlated else 'independent'} hubs"
                print(f"{kind:30} {json.loads(done.stdout.splitlines()[-1])}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transfers", type=int, default=2_000_000)
    parser.add_argument("--case", nargs=2, metavar=("TRANSFERS", "HOPS"))
    parser.add_argument("--correlated", action="store_true")
    parser.add_argument("--close", action="store_true")
    given = parser.parse_args()
    if given.case:
        print(json.dumps(case(int(given.case[0]), given.case[1], correlated=given.correlated, close=given.close)))
    else:
        main(given.transfers)
