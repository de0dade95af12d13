"""Cutting data into batches, and counting whether the generated cuts are worth anything."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.properties.rules import OPS, Example, examples
from tests.properties.streams import STEP
from tests.reference import Cut, Data
from tests.reference.values import micros

MOMENTS = {"ledger": "booked_at", "sessions": "at"}


@dataclass(frozen=True)
class Batched:
    """An example, its streams cut into batches, and what does not come in batches."""

    example: Example
    cuts: tuple[Cut, ...]
    lateness: dt.timedelta = dt.timedelta(0)

    @property
    def covers_from(self) -> dt.datetime:
        moments: list[dt.datetime] = [
            row[column] for name, column in MOMENTS.items() for row in self.example.tables[name]
        ]
        return min(moments)

    @property
    def static(self) -> Data:
        rest = {name: rows for name, rows in self.example.tables.items() if name not in MOMENTS}
        return Data(rest, covers_from=micros(self.covers_from))

    @property
    def whole(self) -> Data:
        return Data(self.example.tables, covers_from=micros(self.covers_from))


@st.composite
def batched(draw: st.DrawFn, /, ops: tuple[str, ...] = OPS, **how: Any) -> Batched:
    """Rows in the order in which they arrive, cut at 1 to 4 places, which may lie inside a tie.

    Some feeds are late by up to two hours; some are said to be whole up to the last moment of a batch.
    """
    example = draw(examples(ops, **how))
    late = draw(st.sampled_from([0, 0, 2]))
    rows = [(row[column], name, row) for name, column in MOMENTS.items() for row in example.tables[name]]
    random = draw(st.randoms(use_true_random=False))
    mixed = random.sample(rows, len(rows))
    mixed.sort(key=lambda row: row[0] + random.randint(0, late) * STEP)
    places = sorted(draw(st.lists(st.integers(1, len(mixed)), min_size=1, max_size=4, unique=True)))
    cuts = []
    for start, end in zip([0, *places], [*places, len(mixed)], strict=True):
        batch = {name: [row for _, table, row in mixed[start:end] if table == name] for name in MOMENTS}
        if start == end:
            continue
        last = max(row[0] for row in mixed[:end])
        clean = late == 0 and all(row[0] > last for row in mixed[end:])
        cuts.append(Cut(batch, last if clean and draw(st.booleans()) else None))
    return Batched(example, tuple(cuts), late * STEP)


@dataclass
class Worth:
    """How many generated examples hit, and how many cut an open episode; too few prove nothing."""

    examples: int = 0
    hit: int = 0
    cut_open: int = 0

    def see(self, *, hit: bool, cut_open: bool = False) -> None:
        self.examples += 1
        self.hit += hit
        self.cut_open += cut_open

    def check(self, *, cutting: bool = False) -> None:
        assert self.examples, "nothing was generated"
        assert self.hit * 3 >= self.examples, f"only {self.hit} of {self.examples} examples hit"
        if cutting:
            assert self.cut_open * 10 >= self.examples, f"only {self.cut_open} of {self.examples} cut an open episode"
