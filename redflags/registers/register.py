"""One register: rows valid ``[valid_from, valid_to)``, asked by key as of a moment.

Questions come as a frame of key columns ``k0, k1, ...`` and ``at`` (µs); answers are a column in the same order. A
key that is a list
means any of its elements. A null key is answered null, outside its coverage a register answers null, a miss is false
(or null for a value).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from redflags.tables import Table

Range = tuple[int | None, int | None]
ROW, FROM, TO, ID, SPECIFIC = "__row", "__from", "__to", "__id", "__specific"
#: How particular an exact key is; no prefix is as long.
WHOLE = 1000
MISSING_FROM, MISSING_TO = -(2**63), 2**63 - 1
WILD = "*"


def moments(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A time or date column as microseconds."""
    if dtype == pl.Date:
        return column.cast(pl.Int32).cast(pl.Int64) * 86_400_000_000
    return column.cast(pl.Int64)


def physical(frame: pl.DataFrame) -> pl.DataFrame:
    """Times as Int64 microseconds, dates as Int32 days; all else as it is."""
    casts = []
    for name, dtype in frame.schema.items():
        if isinstance(dtype, pl.Datetime):
            casts.append(pl.col(name).cast(pl.Datetime("us", dtype.time_zone)).to_physical().alias(name))
        elif dtype == pl.Date:
            casts.append(pl.col(name).to_physical().alias(name))
    return frame.with_columns(casts) if casts else frame


#: Registers of who and what exists: undated attributes are read as given, whatever the moment.
AS_GIVEN = frozenset({"accounts", "parties"})


@dataclass(frozen=True)
class Register:
    """Rows of one table, ready to be asked.

    Attributes:
        table: its dictionary entry (keys, how they match, validity).
        frame: rows with physical types and ``__from``/``__to``.
        coverage: by the first key's value (None: for every key) the range of moments that the list speaks about.
    """

    table: Table
    frame: pl.DataFrame
    coverage: Mapping[str | None, Range] = field(default_factory=dict)

    @classmethod
    def of(cls, table: Table, frame: pl.DataFrame, coverage: Mapping[str | None, Range] | None = None) -> Register:
        """Prepare canonical rows of ``table``.

        A table without validity whose rows happen at a moment (an invoice, a loan) is known from that moment on.
        A key that takes anything and did not come in takes anything in every row; only whom a row is about, the first
        key, has to be said.
        """
        open_keys = [key for key in table.keys[1:] if table.match_of(key) == "wildcard" and key not in frame.columns]
        frame = frame.with_columns(pl.lit(None, pl.String).alias(key) for key in open_keys)
        start, end = table.valid_from, table.valid_to
        if start is None and table.time is not None and table.name not in AS_GIVEN:
            start = table.time
        made = []
        for name, column, missing in ((FROM, start, MISSING_FROM), (TO, end, MISSING_TO)):
            if column is not None and column in frame.columns:
                made.append(moments(pl.col(column), frame.schema[column]).fill_null(missing).alias(name))
            else:
                made.append(pl.lit(missing, pl.Int64).alias(name))
        return cls(table, physical(frame.with_columns(made)), dict(coverage or {}))

    @property
    def keys(self) -> tuple[str, ...]:
        """Key columns in the order in which they are given."""
        return self.table.keys or ((self.table.id,) if self.table.id else ())

    def lacking(self, given: int) -> str | None:
        """A key column that did not come in although ``given`` keys ask for it."""
        absent = [key for key in self.keys if key not in self.frame.columns]
        exact = all(self.table.match_of(key) == "exact" for key in self.keys[1:])
        if not absent or (exact and self.keys[0] not in absent and len(self.keys) - len(absent) >= given):
            return None
        return absent[0] if exact else next((key for key in self.keys[:given] if key in absent), None)

    @property
    def boundaries(self) -> list[int]:
        """Every moment at which an answer can change."""
        found = set(self.frame[FROM].unique().to_list()) | set(self.frame[TO].unique().to_list())
        for start, end in self.coverage.values():
            found |= {edge for edge in (start, end) if edge is not None}
        return sorted(found)

    # ---- questions --------------------------------------------------------------------------------------------

    def listed(self, asked: pl.DataFrame) -> pl.Series:
        """Whether a row is valid for the key: true, false, or null (null key, outside coverage)."""
        hit = self._matches(asked, [])[ROW].unique()
        found = (
            pl.Series("x", [False]).new_from_index(0, asked.height).scatter(hit, True)
            if asked.height
            else pl.Series("x", [], pl.Boolean)
        )
        nulls = self._null_key(asked)
        answer = asked.select(x=pl.when(found).then(True).when(nulls).then(None).otherwise(False))["x"]
        return self._covered(asked, answer)

    def values(self, asked: pl.DataFrame, column: str) -> pl.Series:
        """The column of the row valid for the key; null on a miss and where valid rows differ.

        Of rows that match by prefix or wildcard the most particular ones count: key by key, a told one before one for
        all, a longer prefix before a shorter one.
        """
        dtype = self.frame.schema[column]
        pairs = self._matches(asked, [column])
        if any(self.table.match_of(key) != "exact" for key in self.keys):
            pairs = pairs.filter(pl.col(SPECIFIC) == pl.col(SPECIFIC).max().over(ROW))
        if pairs[ROW].n_unique() < pairs.height:
            text = pl.col(column).list.join("\x1f") if isinstance(dtype, pl.List) else pl.col(column)
            agreed = pairs.group_by(ROW).agg(pl.col(column).first(), text.n_unique().alias("__n"))
            pairs = agreed.filter(pl.col("__n") == 1)
        answer = (
            asked.select(pl.int_range(pl.len(), dtype=pl.Int64).alias(ROW))
            .join(pairs.select(ROW, column), on=ROW, how="left", maintain_order="left")[column]
            .rename("x")
        )
        return self._covered(asked, answer)

    def rows(self, asked: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
        """All rows valid for each key: ``__row`` (position of the question) and the columns."""
        return self._matches(asked, columns).drop(SPECIFIC)

    # ---- how keys match ---------------------------------------------------------------------------------------

    def _matches(self, asked: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
        """Pairs of a question and a row that is valid and has its keys.

        Keys are given in the order of the key columns. Where all columns but the first match exactly, those in
        between may be
        left out (a party and a role of ``party_links``); a column that takes anything could not tell that it was left
        out.
        """
        given = [name for name in asked.columns if name != "at"]
        questions = asked.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(ROW))
        lists = [name for name in given if isinstance(asked.schema[name], pl.List)]
        for name in lists:
            questions = questions.explode(name)
        others = [key for key in self.keys[1:] if key in self.frame.columns]
        exact = all(self.table.match_of(key) == "exact" for key in others)
        picks = combinations(others, len(given) - 1) if exact else [self.keys[1 : len(given)]]
        choices = [(self.keys[0], *rest) for rest in picks]
        found = [self._matching(questions, list(zip(given, keys, strict=True)), columns) for keys in choices]
        result = pl.concat(found)
        if lists or len(found) > 1:
            result = result.unique([ROW, ID], maintain_order=True)
        return result.drop(ID).sort(ROW, maintain_order=True)

    def _matching(self, questions: pl.DataFrame, pairs: list[tuple[str, str]], columns: list[str]) -> pl.DataFrame:
        frame = self.frame.select(
            pl.int_range(pl.len(), dtype=pl.Int64).alias(ID),
            pl.col(FROM),
            pl.col(TO),
            *(pl.col(key).alias(f"__{key}") for _, key in pairs),
            *(pl.col(c) for c in columns),
        )
        parts = [frame]
        for _, key in pairs:
            style = self.table.match_of(key)
            if style != "exact":
                parts = [piece for part in parts for piece in _split(part, f"__{key}", style)]
        return pl.concat([self._joined(questions, part, pairs, columns) for part in parts or [frame.clear()]])

    @staticmethod
    def _joined(
        questions: pl.DataFrame, part: pl.DataFrame, pairs: list[tuple[str, str]], columns: list[str]
    ) -> pl.DataFrame:
        left, right, on = questions.lazy(), part.lazy(), []
        specific: list[int] = []
        for given, key in pairs:
            column = f"__{key}"
            lengths = (
                part[column].str.len_chars().unique().to_list()
                if part.schema[column] == pl.String and part.height
                else []
            )
            if f"__every{column}" in part.columns:
                specific.append(0)  # matches every key
                continue
            if f"__prefix_{key}" in part.columns and len(lengths) == 1:
                left = left.with_columns(pl.col(given).str.head(lengths[0]).alias(f"__q{key}"))
                on.append((f"__q{key}", column))
                specific.append(lengths[0])
            else:
                wanted = part.schema[column]
                left = left.with_columns(pl.col(given).cast(wanted, strict=False).alias(f"__q{key}"))
                on.append((f"__q{key}", column))
                specific.append(WHOLE)
        if on:
            joined = left.join(
                right,
                left_on=[a for a, _ in on],
                right_on=[b for _, b in on],
                how="inner",
                maintain_order="left_right",
            )
        else:
            joined = left.join(right, how="cross", maintain_order="left_right")
        valid = (pl.col(FROM) <= pl.col("at")) & (pl.col("at") < pl.col(TO))
        rank = sum(length * (WHOLE + 1) ** place for place, length in enumerate(reversed(specific)))
        return joined.filter(valid).select(ROW, ID, *columns, pl.lit(rank, pl.Int64).alias(SPECIFIC)).collect()

    def _null_key(self, asked: pl.DataFrame) -> pl.Expr:
        nulls = [pl.col(name).is_null() for name in asked.columns if name != "at"]
        return pl.any_horizontal(nulls) if nulls else pl.lit(value=False)

    def _covered(self, asked: pl.DataFrame, answer: pl.Series) -> pl.Series:
        if not self.coverage:
            return answer
        at = pl.col("at")
        whole = self.coverage.get(None)
        if whole is not None:
            inside = _inside(at, whole)
        elif asked.schema["k0"] == pl.String:
            inside = pl.lit(value=True)
            for key, span in self.coverage.items():
                inside = pl.when(pl.col("k0") == key).then(_inside(at, span)).otherwise(inside)
        else:
            inside = pl.lit(value=True)
            for key, span in self.coverage.items():
                inside = pl.when(pl.col("k0").list.contains(key)).then(_inside(at, span) & inside).otherwise(inside)
        mask = asked.select(pl.repeat(value=True, n=pl.len()) & inside).to_series()
        return pl.select(x=pl.when(mask).then(answer)).to_series() if asked.height else answer


def buckets(at: NDArray[np.int64], boundaries: list[int]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Moments that stand for their stretch between two boundaries, and the number of each moment's stretch."""
    edges = np.array([MISSING_FROM, *boundaries], dtype=np.int64)
    place = np.searchsorted(edges, at, side="right") - 1
    return edges[place], place.astype(np.int32)


def _inside(at: pl.Expr, span: Range) -> pl.Expr:
    start, end = span
    inside = pl.lit(value=True)
    if start is not None:
        inside = inside & (at >= start)
    if end is not None:
        inside = inside & (at < end)
    return inside


def _split(frame: pl.DataFrame, column: str, style: str) -> list[pl.DataFrame]:
    """Cut a register by how its rows match: all keys (null or ``*``), one length of prefix, or exactly."""
    wild = pl.col(column).is_null() | (pl.col(column) == WILD) | (pl.col(column) == "")
    every = frame.filter(wild).with_columns(pl.lit(value=True).alias(f"__every{column}"))
    rest = frame.filter(~wild.fill_null(value=True))
    parts = [every] if every.height else []
    if style == "prefix":
        marked = rest.with_columns(pl.lit(value=True).alias(f"__prefix_{column.removeprefix('__')}"))
        sizes = rest[column].str.len_chars()
        parts += [marked.filter(sizes == size) for size in sorted(sizes.unique().to_list())]
    elif rest.height:
        parts.append(rest)
    return parts
