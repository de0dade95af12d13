"""What an operator is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from redflags.engine.evaluate import Evaluator
    from redflags.engine.frames import Table
    from redflags.operators.binder import Binder
    from redflags.plan.nodes import Derived
    from redflags.plan.schema import FrameColumn, Schemas

AT, ROW_ID, ROW = "at", "_id", "_row"


@dataclass(frozen=True)
class Cap:
    """A limit that bit: what was left out, and how often.

    Attributes:
        what: a sentence for the run's report.
        rows: how many rows, pairs or nodes it concerns.
    """

    what: str
    rows: int


@dataclass(frozen=True)
class Output:
    """What an operator made.

    Attributes:
        frame: physical columns as ``Operation.columns`` says; of a stream ``at`` (Int64, µs) and ``_id`` (text,
            unique), of a
            register ``valid_from`` and ``valid_to`` (Int64, µs; null is open).
        caps: limits that bit.
        register: of an operator that is both, the rows that are looked up, where they are others than the stream's.
    """

    frame: pl.DataFrame
    caps: tuple[Cap, ...] = ()
    register: pl.DataFrame | None = None


@dataclass(frozen=True)
class Input:
    """The rows of one input, ready to be read.

    Attributes:
        given: the frame behind it; None for ``hits``, which reads no stream. Everyone else takes ``table``.
        rows: the input's rows in the frame, in order of moment and id.
        names: expressions that the operator asked for, by name.
    """

    given: Table | None
    rows: NDArray[np.int64]
    names: Mapping[str, object]
    evaluator: Evaluator = field(repr=False)

    @property
    def table(self) -> Table:
        """The frame behind the input."""
        assert self.given is not None  # noqa: S101  only ``hits`` declares no input, and it reads none
        return self.given

    def frame(self) -> pl.DataFrame:
        """The asked expressions as physical columns, with ``at``, ``_row`` (order) and ``_id`` (row id)."""
        columns = [
            self.evaluator.plain(self.table, expr, self.rows).alias(name)  # type: ignore[arg-type]
            for name, expr in self.names.items()
        ]
        return pl.DataFrame(
            [
                *columns,
                pl.Series(AT, self.table.at[self.rows]),
                pl.Series(ROW, self.rows),
                self.table.row_ids(self.rows).alias(ROW_ID),
            ]
        )

    def everything(self) -> pl.DataFrame:
        """All columns of the input's frame that came in, physical, beside what ``frame`` gives."""
        made = self.frame()
        names = [n for n in (*self.table.source.columns, *self.table.extra) if n not in made.columns]
        return made.with_columns(self.table.column(n, self.rows).alias(n) for n in names)


@dataclass(frozen=True)
class Operation:
    """One operator.

    Attributes:
        kind: whether its output is walked (stream), looked up (register), or both.
        bind: reads the operator's block of the rule.
        columns: output columns of a bound operator, without ``at``.
        keys: of a register, the columns it is looked up by (given the bound operator).
        run: makes the output from the inputs.
        doc: what it does, for the generated page: first line, then paragraphs in Markdown.
        example: a rule fragment that runs as a test.
    """

    name: str
    kind: Literal["stream", "register", "both"]
    bind: Callable[[Binder], Derived]
    columns: Callable[[Derived, Schemas], Mapping[str, FrameColumn]]
    run: Callable[[Derived, Mapping[str, Input]], Output]
    keys: Callable[[Derived], tuple[str, ...]] = lambda _: ()
    doc: str = ""
    example: str = ""
