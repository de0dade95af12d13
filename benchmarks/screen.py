"""Screening: invented names against invented entries, full size and a tenth: CPU seconds, memory, recall.

Run from the top of the repository: ``python benchmarks/screen.py [names] [entries]``.
"""

# ruff: noqa: PLR2004  an invented world is made of numbers

from __future__ import annotations

import multiprocessing
import resource
import sys
import time

import numpy as np
import polars as pl

from redflags.engine import BoundBook, engine
from redflags.ingest.dataset import Dataset
from redflags.plan.bind import bind_rule
from redflags.plan.schema import Schemas
from redflags.rules.model import Rule
from redflags.tables import dictionary
from redflags.yamlio import load_yaml

NAMES, ENTRIES, PLANTED = 1_000_000, 20_000, 500
RULE = """
id: screen-bench
title: Screening
version: 1
status: draft
kind: deterministic
severity: low
description: Detects what the benchmark wants.
references: [{source: none}]
owner: benchmark
created: 2026-11-24
review_due: 2027-11-24
with:
  screened: {screen: {from: parties, name: name, country: residence_country, entity: party_type}}
detect:
  from: screened
  subject: party_id
  facts:
    near: {is: identity, if: "score >= 0.85"}
  when: near
alert: {score: 10, gap: 1d, rationale: near, next_steps: [look]}
false_positives: [{who: a, tell: b, treat: c}]
blind_spots: [none]
proportionality: a benchmark
"""
FIRST = [
    a + b
    for a in (
        "",
        "b",
        "d",
        "f",
        "g",
        "h",
        "j",
        "k",
        "kh",
        "l",
        "m",
        "n",
        "p",
        "r",
        "s",
        "sh",
        "t",
        "v",
        "y",
        "z",
    )
    for b in "aeiou"
]
CODA = ["", "l", "m", "n", "r", "s", "d", "t", "k", "sh", "v"]
RUNGS = ("exact", "order", "missing", "initial", "spelling", "letter", "diacritics", "joined")


def words(rng: np.random.Generator, n: int, syllables: tuple[int, int]) -> list[str]:
    """Distinct invented words."""
    found: dict[str, None] = {}
    while len(found) < n:
        parts = [
            str(rng.choice(FIRST)) + (str(rng.choice(CODA)) if rng.random() < 0.5 else "")
            for _ in range(int(rng.integers(*syllables)))
        ]
        if len("".join(parts)) > 2:
            found["".join(parts)] = None
    return list(found)


def ranks(rng: np.random.Generator, n: int, size: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Places in a list of words of which the commonest has about 0.7% of the people, as names have."""
    share = 1 / (np.arange(size) + 30)
    return np.minimum(np.searchsorted(np.cumsum(share / share.sum()), rng.random(n)), size - 1)


def people(rng: np.random.Generator, n: int, given: list[str], family: list[str]) -> list[str]:
    """Names of two to four words; few words are common, most are rare."""
    first, second, last = ranks(rng, n, len(given)), ranks(rng, n, len(given)), ranks(rng, n, len(family))
    middle = rng.random(n) < 0.35
    firm = rng.random(n) < 0.15
    return [
        f"{family[c]} {family[a % len(family)]} Trading LLC"
        if f
        else f"{given[a]} {given[b]} {family[c]}"
        if m
        else f"{given[a]} {family[c]}"
        for a, b, c, m, f in zip(first, second, last, middle, firm, strict=True)
    ]


def twisted(rng: np.random.Generator, name: str, rung: str) -> str:
    """A listed name as somebody else would write it."""
    parts = name.split()
    match rung:
        case "order":
            return " ".join([*parts[1:], parts[0]])
        case "missing":
            return " ".join(p for i, p in enumerate(parts) if i != 1)
        case "initial":
            return " ".join([parts[0][0] + ".", *parts[1:]])
        case "spelling":
            return name.replace("sh", "sch", 1).replace("o", "u").replace("i", "ee", 1)
        case "letter":
            i = int(rng.integers(0, len(parts)))
            j = int(rng.integers(1, max(len(parts[i]) - 1, 2)))
            return " ".join(
                [
                    *parts[:i],
                    parts[i][:j] + parts[i][j + 1 : j + 2] + parts[i][j : j + 1] + parts[i][j + 2 :],
                    *parts[i + 1 :],
                ]
            )
        case "diacritics":
            return name.translate(str.maketrans("aeiousz", "áëîöüšž"))
        case "joined":
            return "".join(parts[:2]) + " " + " ".join(parts[2:])
        case _:
            return name


def world(names: int, entries: int) -> tuple[Dataset, pl.DataFrame]:
    """Parties, entries, and which party was planted for which entry."""
    rng = np.random.default_rng(7)
    given, family = words(rng, 3000, (2, 4)), words(rng, 30_000, (2, 5))
    listed = people(rng, entries, given, family)
    three = [i for i, name in enumerate(listed) if len(name.split()) == 3][:PLANTED]
    planted = pl.DataFrame(
        {"party_id": [f"X{i}" for i in range(len(three))], "entry_id": [f"E{i}" for i in three],
         "rung": [RUNGS[i % len(RUNGS)] for i in range(len(three))],
         "name": [twisted(rng, listed[i], RUNGS[n % len(RUNGS)]) for n, i in enumerate(three)]}
    )  # fmt: skip
    alias = people(rng, entries, given, family)
    parties = pl.DataFrame({"party_id": [f"P{i}" for i in range(names)], "name": people(rng, names, given, family)})
    parties = pl.concat([parties, planted.select("party_id", "name")]).with_columns(
        pl.lit("person").alias("party_type"), pl.lit("XA").alias("residence_country")
    )
    entry = pl.DataFrame(
        {"list_id": "invented", "list_version": "1", "entry_id": [f"E{i}" for i in range(entries)], "name": listed, "aliases": [[a] for a in alias],
         "entity_type": "person", "alias_quality": "strong"}
    )  # fmt: skip
    return Dataset({"parties": parties, "list_entries": entry}, "EUR"), planted


def measured(names: int, entries: int) -> None:
    """One size, in a process of its own."""
    data, planted = world(names, entries)
    schemas = Schemas(dictionary())
    bound = bind_rule(Rule.model_validate(load_yaml(RULE, file="bench.yaml").data), schemas)
    before, used = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall = time.perf_counter()
    output = engine(data, BoundBook((bound,), schemas, (), None), 0).frames.output(bound.frame)  # type: ignore[arg-type]
    spent, wall = time.process_time() - before, time.perf_counter() - wall
    found = output.frame.select("party_id", "entry_id", pl.lit(value=True).alias("hit"))
    rungs = (
        planted.join(found, on=["party_id", "entry_id"], how="left")
        .group_by("rung")
        .agg(pl.len(), pl.col("hit").fill_null(value=False).mean())
    )
    clean = output.frame.filter(~pl.col("party_id").str.starts_with("X"))
    print(
        f"{names:>9,} names, {entries:>6,} entries: {spent:6.1f} CPU s, {wall:6.1f} s, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB (before: {used / 2**20:.2f})"
    )
    print(
        f"          {clean.height:,} matches of clean names, {clean['party_id'].n_unique() * 1000 / names:.1f} names in 1,000; caps: {[(c.what, c.rows) for c in output.caps]}"
    )
    print(
        "          recall: " + ", ".join(f"{rung} {share:.3f} of {n}" for rung, n, share in rungs.sort("rung").rows())
    )


def main() -> None:
    names = int(sys.argv[1]) if len(sys.argv) > 1 else NAMES
    entries = int(sys.argv[2]) if len(sys.argv) > 2 else ENTRIES
    for size in (10, 1):
        process = multiprocessing.get_context("spawn").Process(target=measured, args=(names // size, entries))
        process.start()
        process.join()


if __name__ == "__main__":
    main()
