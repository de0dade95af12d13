"""Put a mapping to work: foreign frames in, frames with canonical column names out, labels split off."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import polars as pl

from redflags.errors import did_you_mean
from redflags.ingest.dataset import LABEL_SCHEMA
from redflags.ingest.mapping_model import HOLE, Assignment, ColumnMap, SourceMapping, TableMap
from redflags.ingest.times import parse_time
from redflags.tables import Table, dictionary
from redflags.units import MONEY_SCALE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["MappedFrame", "map_frames"]

_SOURCE: Final = ("source_file", "source_row")
_ITEM: Final = "item"


@dataclass
class MappedFrame:
    """One canonical table out of one source frame."""

    table: str
    source: str
    frame: pl.DataFrame | None = None
    labels: pl.DataFrame | None = None
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def map_frames(
    mapping: SourceMapping,
    assigned: Assignment,
    loaded: Mapping[str, Sequence[tuple[str, pl.DataFrame]]],
    zone: str,
) -> list[MappedFrame]:
    """Map every loaded frame to the tables that read it.

    Args:
        mapping: What to do.
        assigned: Which files belong to which table.
        loaded: Frames by file, with what each is called; `source_file` and `source_row` are on them.
        zone: IANA name for moments without an offset.
    """
    made: list[MappedFrame] = []
    for name, table in mapping.tables.items():
        if table.rows:
            made.append(_constant(mapping, table))
        for file in assigned.by_table.get(name, ()):
            made += [_mapped(table, part, frame, zone) for part, frame in loaded.get(file, ())]
    _note_unused(mapping, assigned, loaded, made)
    return made


def _constant(mapping: SourceMapping, table: TableMap) -> MappedFrame:
    columns = list(dict.fromkeys(column for row in table.rows for column in row))
    frame = pl.DataFrame(
        {column: [row.get(column) for row in table.rows] for column in columns},
        schema=dict.fromkeys(columns, pl.String),
    )
    name = f"<mapping {mapping.name}>"
    frame = frame.with_row_index("source_row", offset=1).with_columns(pl.lit(name).alias("source_file"))
    return MappedFrame(table.table, name, frame)


def _mapped(table: TableMap, source: str, raw: pl.DataFrame, zone: str) -> MappedFrame:
    result = MappedFrame(table.table, source)
    spec = dictionary().tables[table.table]
    result.problems += _lacking(table, source, raw)
    if result.problems:
        return result
    frame = raw
    if table.each:
        frame = pl.concat([raw.select(pl.col(name).alias(_ITEM), *_SOURCE) for name in table.each])
    for column, test in table.where.items():
        text = pl.col(column).cast(pl.String)
        frame = frame.filter(text.str.contains(test) if isinstance(test, str) else text.is_in(list(test)))
    # What other tables fill comes once those have been checked.
    given = {name: how for name, how in table.columns.items() if how.lookup is None}
    made = {name: _column(how, spec, name, frame, zone) for name, how in given.items()}
    labels = {f"label:{name}": pl.col(column).cast(pl.String) for name, column in table.labels.items()}
    out = frame.select(**made, **{name: pl.col(name) for name in _SOURCE}, **labels)
    if table.distinct:
        out = out.unique(list(made), keep="first", maintain_order=True)
    result.notes += _rounded(table, source, frame, out)
    if labels and spec.id is not None:
        result.labels = _labels(out, spec.name, spec.id)
        out = out.drop(labels)
    result.frame = out
    return result


def _lacking(table: TableMap, source: str, raw: pl.DataFrame) -> list[str]:
    """Source columns that the mapping reads and the file does not have."""
    present = {_ITEM, *_SOURCE} if table.each else {*raw.columns}
    wanted: dict[str, str] = {}
    for name, how in table.columns.items():
        wanted.update(dict.fromkeys(sorted(how.sources), f"{table.table}.{name}"))
    wanted.update(dict.fromkeys(table.labels.values(), "a label"))
    wanted.update(dict.fromkeys(table.where, "a filter"))
    problems = [
        f"{source}: no column '{column}', which the mapping reads for {reader}" + _hint(column, raw.columns)
        for column, reader in wanted.items()
        if column not in present
    ]
    return problems + [
        f"{source}: no column '{column}', which the mapping stacks" + _hint(column, raw.columns)
        for column in table.each
        if column not in raw.columns
    ]


def _hint(column: str, present: Sequence[str]) -> str:
    hint = did_you_mean(column, [name for name in present if name not in _SOURCE])
    return f"; {hint}" if hint else ""


# ---- one column ----------------------------------------------------------------------------------------


def _column(how: ColumnMap, spec: Table, name: str, frame: pl.DataFrame, zone: str) -> pl.Expr:
    if how.null or how.value is not None:
        return pl.lit(how.value, dtype=None if how.null else pl.String)
    value = pl.col(how.column or "")
    if how.template is not None:
        value = _template(how.template)
    elif how.by is not None:
        value = _chosen(how)
    if how.extract is not None:
        value = value.cast(pl.String)
        value = pl.coalesce(value.str.extract(how.extract, 1), value)
    if how.values is not None:
        text = value.cast(pl.String).str.strip_chars()
        fallback = text if how.default is None else pl.when(text.is_not_null()).then(pl.lit(how.default))
        return text.replace_strict(dict(how.values), default=fallback, return_dtype=pl.String)
    if how.column is None or how.extract is not None:
        return value
    dtype = frame.schema[how.column]
    if how.step:
        return _counted(value, how, zone)
    if how.format is not None and dtype == pl.String:
        # Unreadable text is handed on, so that checking refuses the row and shows the text.
        parsed = parse_time(frame[how.column], zone, how.format)
        return value if parsed is None else pl.coalesce(pl.lit(parsed.dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")), value)
    if how.round and spec.columns[name].type in {"money", "money_base"}:
        return _half_even(value)
    return value


def _template(template: str) -> pl.Expr:
    parts: list[pl.Expr] = []
    end = 0
    for hole in HOLE.finditer(template):
        if hole.start() > end:
            parts.append(pl.lit(template[end : hole.start()]))
        parts.append(pl.col("source_row" if hole[1] == "row" else hole[1]).cast(pl.String))
        end = hole.end()
    if end < len(template):
        parts.append(pl.lit(template[end:]))
    return pl.concat_str(parts)


def _chosen(how: ColumnMap) -> pl.Expr:
    rest = pl.lit(None, dtype=pl.String) if how.otherwise is None else pl.col(how.otherwise).cast(pl.String)
    for value, column in how.choose.items():
        chosen = pl.col(column).cast(pl.String)
        rest = pl.when(pl.col(how.by or "").cast(pl.String) == value).then(chosen).otherwise(rest)
    return rest


def _counted(value: pl.Expr, how: ColumnMap, zone: str) -> pl.Expr:
    start = pl.lit(how.counted_from).str.to_datetime("%Y-%m-%d", time_unit="us").dt.replace_time_zone(zone)
    count = value.cast(pl.Int64, strict=False)
    moment = start.dt.convert_time_zone("UTC") + (count * how.step).cast(pl.Duration("us"))
    return pl.when(count == value.cast(pl.Float64, strict=False)).then(moment)


def _half_even(value: pl.Expr) -> pl.Expr:
    """Round text or floats to four decimals in decimal arithmetic; what cannot be read is handed on."""
    text = value.cast(pl.String).str.strip_chars()
    wide = text.cast(pl.Decimal(38, 20), strict=False).to_physical()
    size = wide.abs()
    unit = pl.lit(10**20 // MONEY_SCALE, dtype=pl.Int128)
    whole = size // unit
    twice = (size - whole * unit) * 2
    up = (twice > unit) | ((twice == unit) & (whole % 2 == 1))
    rounded = (whole + up.cast(pl.Int128)).cast(pl.Int64, strict=False)
    sign = pl.when((wide < 0) & (rounded > 0)).then(pl.lit("-")).otherwise(pl.lit(""))
    minor = (rounded % MONEY_SCALE).cast(pl.String).str.zfill(len(str(MONEY_SCALE)) - 1)
    plain = sign + (rounded // MONEY_SCALE).cast(pl.String) + "." + minor
    return pl.when(rounded.is_not_null()).then(plain).otherwise(text)


def _rounded(table: TableMap, source: str, frame: pl.DataFrame, out: pl.DataFrame) -> list[str]:
    notes = []
    for name, how in table.columns.items():
        if not how.round or how.column is None or table.distinct:
            continue
        before = frame.select(pl.col(how.column).cast(pl.String).str.strip_chars()).to_series()
        was = before.cast(pl.Decimal(38, 20), strict=False)
        now = out[name].cast(pl.String).cast(pl.Decimal(38, 20), strict=False)
        changed = int((was != now).sum())
        if changed:
            notes.append(f"{source}: {changed} values of '{name}' rounded half to even at 4 decimals")
    return notes


# ---- labels and leftovers ------------------------------------------------------------------------------


def _labels(out: pl.DataFrame, table: str, row_id: str) -> pl.DataFrame:
    names = [name for name in out.columns if name.startswith("label:")]
    stacked = out.select(pl.col(row_id).cast(pl.String).alias("row_id"), *names).unpivot(
        names, index="row_id", variable_name="label", value_name="value"
    )
    known = stacked.filter(pl.col("value").is_not_null() & (pl.col("value") != ""))
    named = known.with_columns(pl.col("label").str.strip_prefix("label:"), pl.lit(table).alias("table"))
    return named.select(*LABEL_SCHEMA)


def _note_unused(
    mapping: SourceMapping,
    assigned: Assignment,
    loaded: Mapping[str, Sequence[tuple[str, pl.DataFrame]]],
    made: Sequence[MappedFrame],
) -> None:
    """Say once for every file which of its columns no table reads."""
    for file, parts in loaded.items():
        readers = [mapping.tables[name] for name, files in assigned.by_table.items() if file in files]
        used = {*_SOURCE}
        for table in readers:
            used.update(table.drop, table.each, table.labels.values(), table.where)
            used.update(source for how in table.columns.values() for source in how.sources)
        for name, frame in parts:
            unused = [column for column in frame.columns if column not in used]
            first = next((one for one in made if one.source == name), None)
            if unused and first is not None:
                first.notes.append(f"{name}: columns not used by the mapping: {', '.join(unused)}")
