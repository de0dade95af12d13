"""Groups of parties joined by shared identifiers.

CPU seconds and memory over a million identifier rows and a tenth of that.

`python benchmarks/components.py [--rows 1000000] [--years 2] [--cuts] [--library]`

Parties show a phone, an address and a device or two over the years; most share nothing, some households and a few
rings do,
and the largest hubs are borne by 50,000 parties. Each size runs in a process of its own, so that its peak memory is
its own. `--library`
also times one version, whole, by a general graph library (rustworkx, not installed with the package), which knows no
versions.
"""

# ruff: noqa: PLR2004, S603  invented shares and sizes; the script runs itself

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from redflags.engine import BoundBook, engine
from redflags.ingest.dataset import Dataset
from redflags.plan.bind import bind_rule
from redflags.plan.schema import Schemas
from redflags.rules.model import Rule
from redflags.tables import dictionary
from redflags.yamlio import load_yaml

if TYPE_CHECKING:
    from redflags.operators.base import Output

DAY = 86_400_000_000
HUB = 50_000
RULE = """
id: bench-components
title: Bench
version: 1
status: draft
kind: deterministic
severity: low
description: Detects groups for a benchmark.
references: [{source: none}]
owner: benchmarks
created: 2026-11-24
review_due: 2027-11-24
alert: {score: 10, gap: 1d, rationale: "joined", next_steps: [look]}
false_positives: [{who: a, tell: b, treat: c}]
blind_spots: [none]
proportionality: a benchmark
with:
  shared:
    components:
      edges: [{from: party_identifiers, member: party_id, via: [id_type, id_value], kind: id_type}]
      weight: {phone: 1, device: 1, address: 0.5}
      cuts: CUTS
detect:
  from: ledger
  subject: party_id
  facts: {tied: {is: network, if: "listed('shared', party_id)"}}
  when: tied
"""


def rows(count: int, years: int) -> pl.DataFrame:
    """Identifier rows.

    A fifth of the parties share an identifier with one to a dozen others, and two hubs with very many.
    """
    rng = np.random.default_rng(7)
    parties = count // 4
    party = rng.integers(0, parties, count)
    kind = rng.choice(3, count, p=[0.4, 0.4, 0.2])
    value = party * 4 + rng.integers(0, 2, count)
    size = np.array([2, 2, 2, 3, 12])[(party // 12) % 5]  # of the household or ring that the party is in
    value = np.where((party % 60 < 12) | (rng.random(count) < 0.3), party // size * 4 + 2, value)
    hub = rng.permutation(count)[: min(2 * HUB, count // 10)]
    value[hub], kind[hub] = -1 - (np.arange(hub.size) % 2), 0
    start = rng.integers(0, years * 365 * DAY, count)
    life = rng.integers(30 * DAY, 3 * 365 * DAY, count)
    time_ = pl.Datetime("us", "UTC")
    return pl.DataFrame(
        {
            "party_id": party, "id_type": np.array(["phone", "address", "device"])[kind], "id_value": value,
            "valid_from": start, "valid_to": np.where(rng.random(count) < 0.3, start + life, np.iinfo(np.int64).min),
        }
    ).with_columns(
        pl.format("P{}", "party_id").alias("party_id"), pl.format("v{}", "id_value").alias("id_value"), pl.col("valid_from").cast(time_),
        pl.when(pl.col("valid_to") > 0).then(pl.col("valid_to")).cast(time_).alias("valid_to"),
    )  # fmt: skip


def made(frame: pl.DataFrame, upto: int, *, cuts: bool) -> Output:
    """What the operator makes of the rows."""
    schemas = Schemas(dictionary())
    text = RULE.replace("CUTS", str(cuts).lower())
    bound = bind_rule(Rule.model_validate(load_yaml(text, file="bench.yaml").data), schemas)
    evaluator = engine(Dataset({"party_identifiers": frame}, "EUR"), BoundBook((bound,), schemas, (), None), 0)
    evaluator.upto = upto
    (node,) = schemas.derived
    return evaluator.frames.output(node)


def library(frame: pl.DataFrame) -> float:
    """CPU seconds of one version, everything that ever was, by a general graph library."""
    import rustworkx as rx

    codes = frame.select(
        pl.col("party_id").rank("dense").cast(pl.Int64).alias("p"),
        pl.concat_str("id_type", "id_value").rank("dense").cast(pl.Int64).alias("i"),
    )
    borne = codes.filter(pl.col("i").count().over("i") <= 20)
    began = time.process_time()
    graph = rx.PyGraph()
    shift = int(codes["p"].max()) + 1  # type: ignore[call-overload]
    graph.extend_from_edge_list(list(zip(borne["p"].to_list(), (borne["i"] + shift).to_list(), strict=True)))
    rx.connected_components(graph)
    return time.process_time() - began


def one(count: int, years: int, *, cuts: bool, with_library: bool) -> None:
    """Run one size and print its line."""
    made(rows(1000, 1), DAY, cuts=cuts)  # compiles
    frame = rows(count, years)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    began, wall = time.process_time(), time.perf_counter()
    output = made(frame, years * 365 * DAY, cuts=cuts)
    spent, passed = time.process_time() - began, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    groups = output.frame.filter(pl.col("valid_to").is_null())["group_id"].n_unique()
    print(
        f"{count:>9} rows  {years * 365} versions  {spent:6.1f} s CPU  {passed:6.1f} s  peak {peak:6.0f} MiB (+{peak - before:.0f})  "
        f"{output.frame.height} rows out  {groups} groups at the end",
        flush=True,
    )
    for cap in output.caps:
        print(f"          {cap.what}: {cap.rows}", flush=True)
    if with_library:
        print(f"          one version by a graph library: {library(frame):.2f} s CPU", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--years", type=int, default=2)
    parser.add_argument("--cuts", action="store_true")
    parser.add_argument("--library", action="store_true")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        one(asked.rows, asked.years, cuts=asked.cuts, with_library=asked.library)
        return
    flags = [flag for flag, on in (("--cuts", asked.cuts), ("--library", asked.library)) if on]
    for count in (asked.rows // 10, asked.rows):
        subprocess.run(
            [sys.executable, __file__, "--one", "--rows", str(count), "--years", str(asked.years), *flags], check=True
        )


if __name__ == "__main__":
    main()
