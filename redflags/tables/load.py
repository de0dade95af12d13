"""Read the dictionary files into typed tables, once."""

from __future__ import annotations

import functools
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import yaml

from redflags.errors import RedflagsError
from redflags.tables.ledger import ledger_table
from redflags.tables.model import DTYPES, KLASSES, UNITS, Column, Dictionary, Protected, Reference, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["dictionary", "load_dictionary"]

_HERE: Final = Path(__file__).parent
# The base loader reads every scalar as text, so that a country NO stays Norway and a category 0101 a code.
_LOADER: Final[Any] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_TABLE_KEYS: Final = {
    "doc", "kind", "class", "time", "id", "keys", "many", "valid", "match", "aliases", "column_aliases",
    "refs", "columns",
}  # fmt: skip
_COLUMN_KEYS: Final = {
    "type", "class", "required", "unit", "ref", "known_at", "plan", "negative", "values", "value_classes",
    "doc", "null", "aliases",
}  # fmt: skip
_VALIDITY: Final = (
    Column("valid_from", "time", "time", "first moment at which the row holds", null="since ever",
           unit=UNITS["time"]),
    Column("valid_to", "time", "time", "first moment at which it no longer holds", null="still holds",
           unit=UNITS["time"], plan=True),
)  # fmt: skip


@functools.cache
def dictionary() -> Dictionary:
    """The data dictionary that ships with the library, read once.

    Examples:
        >>> sorted(dictionary().tables)[:3]
        ['account_signatories', 'accounts', 'address_clusters']
        >>> dictionary().suggest_column("transactions", "beneficiary_name")
        "did you mean 'to_name'?"
    """
    return load_dictionary(_HERE)


def load_dictionary(folder: Path) -> Dictionary:
    """Read `dictionary/*.yaml` and `protected.yaml` of a folder.

    Raises:
        RedflagsError: When the files contradict themselves, with everything that is wrong.
    """
    tables: dict[str, Table] = {}
    problems: list[str] = []
    for path in sorted((folder / "dictionary").glob("*.yaml")):
        content = _texts(path)
        for name, entry in content.items():
            problems += _unknown_keys(f"{path.name}: {name}", entry, _TABLE_KEYS)
            for column, spec in entry["columns"].items():
                problems += _unknown_keys(f"{path.name}: {name}.{column}", spec, _COLUMN_KEYS)
            if name in tables:
                problems.append(f"{path.name}: table {name} is declared twice")
            tables[name] = _table(name, path.stem, entry)
    tables["ledger"] = ledger_table(tables["transactions"])
    attributes = tuple(
        Protected(item["name"], tuple(item["words"]), item["reason"], item["instead"])
        for item in _texts(folder / "protected.yaml")
    )
    words = {word: attribute for attribute in attributes for word in attribute.words}
    aliases = {alias: table.name for table in tables.values() for alias in table.aliases}
    made = Dictionary(MappingProxyType(tables), attributes, MappingProxyType(aliases), MappingProxyType(words))
    problems += [problem for table in tables.values() for problem in _check(table, made)]
    if problems:
        raise RedflagsError("the data dictionary is faulty:\n" + "\n".join(problems))
    return made


def _texts(path: Path) -> Any:  # noqa: ANN401 - checked by `_check`
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - it makes text only


def _table(name: str, group: str, entry: Mapping[str, Any]) -> Table:
    columns = {key: _column(key, spec) for key, spec in entry["columns"].items()}
    validity = entry.get("valid", ())
    for column in _VALIDITY if validity else ():
        columns.setdefault(column.name, column)
    aliases = {alias: column.name for column in columns.values() for alias in column.aliases}
    row_id = entry.get("id")
    return Table(
        name=name,
        group=group,
        doc=entry["doc"],
        kind=entry["kind"],
        klass=entry["class"],
        columns=MappingProxyType(columns),
        time=entry.get("time"),
        id=row_id,
        id_parts=(row_id,) if row_id else (),
        keys=tuple(entry["keys"]),
        many=entry.get("many") == "true",
        valid_from=validity[0] if validity else None,
        valid_to=validity[1] if validity else None,
        match=MappingProxyType(dict(entry.get("match", {}))),
        refs=MappingProxyType(
            {path: Reference(ref["column"], ref["table"]) for path, ref in entry.get("refs", {}).items()}
        ),
        aliases=tuple(entry.get("aliases", ())),
        column_aliases=MappingProxyType({**aliases, **entry.get("column_aliases", {})}),
    )


def _column(name: str, spec: Mapping[str, Any]) -> Column:
    kind = spec["type"]
    return Column(
        name=name,
        type=kind,
        klass=spec["class"],
        doc=spec["doc"],
        null=spec.get("null", "never" if spec.get("required") == "true" else "not known"),
        unit=spec.get("unit", UNITS.get(kind, "")),
        required=spec.get("required") == "true",
        known_at=spec.get("known_at"),
        plan=spec.get("plan") == "true",
        negative=spec.get("negative") == "true",
        values=tuple(spec.get("values", ())),
        value_classes=MappingProxyType(dict(spec.get("value_classes", {}))),
        ref=spec.get("ref"),
        aliases=tuple(spec.get("aliases", ())),
    )


def _unknown_keys(where: str, entry: Mapping[str, Any], known: set[str]) -> list[str]:
    return [f"{where}: unknown key {key}" for key in entry if key not in known]


def _check(table: Table, whole: Dictionary) -> list[str]:
    """Everything in one table that the rest of the dictionary contradicts."""
    problems = []
    named = [table.time, table.id, table.valid_from, table.valid_to, *table.keys, *table.match]
    problems += [f"{table.name}: no column {name}" for name in named if name and name not in table.columns]
    problems += [
        f"{table.name}: alias {alias} of {target} is a column or leads nowhere"
        for alias, target in table.column_aliases.items()
        if alias in table.columns or target not in table.columns
    ]
    if table.kind not in {"stream", "register", "both"} or (table.is_stream and table.time is None):
        problems.append(f"{table.name}: kind {table.kind} needs a time column, or is not a kind")
    for path, ref in table.refs.items():
        if ref.column not in table.columns or ref.table not in whole.tables:
            problems.append(f"{table.name}: path {path} leads nowhere")
    for column in table.columns.values():
        where = f"{table.name}.{column.name}"
        if column.type not in DTYPES or column.klass not in KLASSES:
            problems.append(f"{where}: unknown type or class")
        if (column.type == "enum") != bool(column.values):
            problems.append(f"{where}: an enum, and nothing else, lists values")
        if column.ref is not None and column.ref not in whole.tables:
            problems.append(f"{where}: unknown table {column.ref}")
        if column.known_at is not None and column.known_at not in table.columns:
            problems.append(f"{where}: known at {column.known_at}, which is no column")
        if whole.protected(column.name) is not None:
            problems.append(f"{where}: a protected attribute")
    return problems
