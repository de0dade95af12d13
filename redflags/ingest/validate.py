"""Check raw frames against the dictionary: good rows on one side, refused rows with reasons on the other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from redflags.errors import did_you_mean
from redflags.ingest.dataset import empty_rejects
from redflags.ingest.parse import fault_expr, hint_for, parse_column, raw_missing
from redflags.tables import dictionary

if TYPE_CHECKING:
    from redflags.tables import Column, Table

__all__ = ["Checked", "check_frame", "money_column", "refuse_duplicates", "refuse_sideless"]

SOURCE = ("source_file", "source_row")
_VALUE_LENGTH = 80
_TWIN = re.compile(r"(.+)\.[0-9]+")


@dataclass(frozen=True)
class Checked:
    """One file's rows after checking.

    Attributes:
        good: Rows that were kept, canonical, with `source_file` and `source_row`.
        rejects: Refused rows with reasons.
        money: Currency and amount of every row in which both could be read, for control totals.
        problems: Why the file cannot be read as this table at all.
        notes: What a reader should know.
    """

    good: pl.DataFrame
    rejects: pl.DataFrame
    money: pl.DataFrame | None
    problems: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Frame:
    """One raw frame with what is needed to judge it."""

    raw: pl.DataFrame
    table: Table
    source: str
    zone: str

    def fault(self, column: Column) -> pl.Expr:
        return fault_expr(column, pl.col(column.name), self.raw.schema[column.name], self.zone)

    def given(self, column: Column) -> pl.Series:
        return ~raw_missing(self.raw[column.name])


def check_frame(raw: pl.DataFrame, table: Table, source: str, zone: str) -> Checked:
    """Check one raw frame.

    Args:
        raw: The rows as they came, with `source_file` and `source_row`.
        table: Canonical table.
        source: What messages call the file.
        zone: IANA name of the data set's time zone.

    Returns:
        Good rows, rejects, and the problems that make the frame unreadable as a whole.

    Examples:
        >>> from redflags.tables import dictionary
        >>> raw = pl.DataFrame({"party_id": ["P1", None], "source_file": "parties.csv", "source_row": [1, 2]})
        >>> checked = check_frame(raw, dictionary().table("parties"), "parties.csv", "UTC")
        >>> checked.good["party_id"].to_list(), checked.rejects["reason"].to_list()
        (['P1'], ['missing'])
    """
    frame = _Frame(raw, table, source, zone)
    problems = [_missing_column(table, name, raw.columns, source) for name in table.required if name not in raw.columns]
    notes: list[str] = []
    parsed: dict[str, pl.Series] = {}
    for name in raw.columns:
        if name in SOURCE:
            continue
        if name not in table.columns:
            twin = _TWIN.fullmatch(name)
            if twin is not None and twin[1] in table.columns and twin[1] in raw.columns:
                problems.append(f"{source}: column '{twin[1]}' stands more than once")
            else:
                notes.append(f"{source}: column '{name}' {_left_out(table, name)}")
            continue
        column, dtype = table.columns[name], raw.schema[name]
        made = parse_column(column, raw[name], zone)
        if made is None:
            wrong = f"{source}: column '{name}' holds {_words(dtype)}, wanted is {column.type}"
            problems.append(wrong + _time_hint(column))
            continue
        parsed[name] = made.alias(name)
        if dtype.is_float() and column.type != "real":
            notes.append(f"{source}: '{name}' came as float")
    if problems:
        return Checked(pl.DataFrame(), empty_rejects(), None, tuple(problems), tuple(notes))
    return _split(frame, parsed, notes)


def _split(frame: _Frame, parsed: dict[str, pl.Series], notes: list[str]) -> Checked:
    """Part the rows whose every value could be read from the others."""
    table = frame.table
    good = pl.DataFrame([*parsed.values(), *(frame.raw[name] for name in SOURCE)])
    bad: dict[str, pl.Series] = {}
    for name in parsed:
        column = table.columns[name]
        flag = good[name].is_null() if column.required else good[name].is_null() & frame.given(column)
        if flag.any():
            bad[name] = flag
    problems = [text for name in bad if (text := _whole_column(frame, good, table.columns[name])) is not None]
    amount = money_column(table)
    money = good.select("currency", amount) if amount and {"currency", amount} <= set(good.columns) else None
    if not bad or problems:
        return Checked(good, empty_rejects(), money, tuple(problems), tuple(notes))
    rejects = pl.concat([_rejects(frame, good, table.columns[name], flag) for name, flag in bad.items()])
    refused = pl.DataFrame(list(bad.values())).select(pl.any_horizontal(pl.all())).to_series()
    notes.append(f"{frame.source}: {refused.sum()} of {good.height} rows refused")
    return Checked(good.filter(~refused), rejects, money, (), tuple(notes))


def _whole_column(frame: _Frame, good: pl.DataFrame, column: Column) -> str | None:
    """A column of which no value can be read is of the wrong type, not full of bad rows."""
    given = frame.given(column)
    count = int(given.sum())
    if count == 0:
        if not good.height:
            return None
        return f"{frame.source}: column '{column.name}' is empty in every row" if column.required else None
    readable = good.height - good[column.name].null_count()
    # One bad value is a bad row; a few bad ones in a mostly empty column refuse no more than their rows.
    if readable or count == 1 or count * 2 < good.height:
        return None
    first = frame.raw.filter(given).head(1)
    reason = first.select(frame.fault(column)).item()
    value = str(first[column.name].item())
    what = f"no value of column '{column.name}' can be read as {column.type}"
    return f"{frame.source}: {what}; first {value!r}: {reason}"


def _rejects(frame: _Frame, good: pl.DataFrame, column: Column, flag: pl.Series) -> pl.DataFrame:
    """The rows refused for one column, each with its reason."""
    rows = frame.raw.filter(flag)
    given = ~raw_missing(rows[column.name])
    dtype = frame.raw.schema[column.name]
    row_id = frame.table.id
    ids = good.filter(flag)[row_id] if row_id in good.columns and row_id is not None else None
    made = rows.select(
        pl.lit(frame.table.name).alias("table"),
        pl.col("source_file").cast(pl.String),
        pl.col("source_row").cast(pl.Int64),
        (pl.lit(None, dtype=pl.String) if ids is None else pl.lit(ids)).alias("row_id"),
        pl.lit(column.name).alias("column"),
        pl.when(given).then(frame.fault(column)).otherwise(pl.lit("missing")).alias("reason"),
        _shown(pl.col(column.name), dtype).alias("value"),
    )
    return _with_hints(made, column)


def _with_hints(rejects: pl.DataFrame, column: Column) -> pl.DataFrame:
    """Name the nearest code for every distinct unknown one."""
    if not column.values:
        return rejects
    near = {text: hint for text in rejects["value"].unique().drop_nulls() if (hint := hint_for(column, text))}
    if not near:
        return rejects
    told = pl.col("value").replace_strict(near, default=None, return_dtype=pl.String)
    return rejects.with_columns(pl.concat_str("reason", told, separator="; ", ignore_nulls=True).alias("reason"))


def _shown(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    text = value.list.join("|") if isinstance(dtype, pl.List) else value.cast(pl.String)
    return text.str.slice(0, _VALUE_LENGTH)


def money_column(table: Table) -> str | None:
    """Name of the column whose sum per currency is a control total.

    Examples:
        >>> from redflags.tables import dictionary
        >>> money_column(dictionary().table("transactions")), money_column(dictionary().table("party_sites"))
        ('amount', None)
    """
    if "currency" not in table.columns:
        return None
    return next((name for name, column in table.columns.items() if column.type == "money"), None)


def refuse_duplicates(good: pl.DataFrame, table: Table) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Keep the first row of every id in file order, and refuse the later ones.

    A dated register may hold one key several times, for several spans.

    Returns:
        The rows kept, and the rejects.
    """
    key = _unique_key(good, table)
    if not key:
        return good, empty_rejects()
    first = good.select(pl.struct(key).is_first_distinct() if len(key) > 1 else pl.col(key[0]).is_first_distinct())
    keep = first.to_series()
    if len(key) == 1 and key[0] == table.id and not table.columns[key[0]].required:
        keep |= good[key[0]].is_null()
    if keep.all():
        return good, empty_rejects()
    later = good.filter(~keep)
    text = pl.concat_str([pl.col(name).cast(pl.String).fill_null("") for name in key], separator=", ")
    named = ", ".join(key)
    reason = f"duplicate {named}; the first row with it was kept"
    return good.filter(keep), _row_rejects(later, table, named, reason, text)


def _unique_key(good: pl.DataFrame, table: Table) -> list[str]:
    if table.id is not None and table.id in good.columns and not (table.is_register and _dated(good, table)):
        return [table.id]
    if not table.is_register or table.many or not set(table.keys) <= set(good.columns):
        return []
    dated = [table.valid_from] if table.valid_from is not None and table.valid_from in good.columns else []
    return [*table.keys, *dated]


def _dated(good: pl.DataFrame, table: Table) -> bool:
    return table.valid_from is not None and table.valid_from in good.columns and table.id in table.keys


def refuse_sideless(good: pl.DataFrame, table: Table) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Refuse movements that name no account on either side."""
    sides = [name for name in ("from_account_id", "to_account_id") if name in good.columns]
    none = good.select(pl.all_horizontal(pl.col(name).is_null() for name in sides)).to_series()
    if not none.any():
        return good, empty_rejects()
    reason = "no account at all; from_account_id or to_account_id is needed"
    return good.filter(~none), _row_rejects(
        good.filter(none), table, "from_account_id, to_account_id", reason, pl.lit(None, pl.String)
    )


def _row_rejects(rows: pl.DataFrame, table: Table, column: str, reason: str, value: pl.Expr) -> pl.DataFrame:
    known = table.id is not None and table.id in rows.columns
    row_id = pl.col(table.id) if known and table.id is not None else pl.lit(None, dtype=pl.String)
    return rows.select(
        pl.lit(table.name).alias("table"),
        pl.col("source_file").cast(pl.String),
        pl.col("source_row").cast(pl.Int64),
        row_id.alias("row_id"),
        pl.lit(column).alias("column"),
        pl.lit(reason).alias("reason"),
        value.alias("value"),
    )


def _tail(hint: str) -> str:
    return f"; {hint}" if hint else ""


def _left_out(table: Table, name: str) -> str:
    attribute = dictionary().protected(name)
    if attribute is not None:
        return f"was left out: {attribute.name} is not in the model, since {attribute.reason}"
    return "is not in the dictionary and was left out" + _tail(table.suggest(name))


def _missing_column(table: Table, name: str, present: list[str], source: str) -> str:
    other = [column for column in present if column not in SOURCE and column not in table.columns]
    meant = [column for column in other if table.column_aliases.get(column.casefold()) == name]
    near = meant[0] if meant else ""
    hint = f"'{near}' looks like it; rename it or use a mapping" if near else did_you_mean(name, other)
    return f"{source}: no column '{name}', which {table.name} needs" + _tail(hint)


def _words(dtype: pl.DataType) -> str:
    if dtype.is_integer():
        return "whole numbers"
    if dtype.is_float():
        return "floats"
    return {"Boolean": "true/false", "Date": "dates", "String": "text"}.get(str(dtype), f"{dtype} values")


def _time_hint(column: Column) -> str:
    return (
        "; for counted time use a mapping with days_from, hours_from or seconds_from" if column.type == "time" else ""
    )
