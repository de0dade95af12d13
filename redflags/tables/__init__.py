"""The data dictionary: every table and column that a data set may carry, and what each means.

`dictionary()` gives the typed whole. One name stands for one thing; names that other sources use are kept as
aliases, only to answer "did you mean". Every column has a **class**: what a rule that reads it leans on.

- *behaviour*, *document*: what was done or declared. Only these may make a rule fire by themselves.
- *identity*, *list*: who somebody is, and what a list says of them.
- *place, travel, npo, public_office, benefit, sector, age_of_entity*: context. It never fires alone.
- *marker*: protects a person; policies read it, rules cannot.
- *key, time, meta*: hold rows together; they say nothing by themselves.
- *label*: the answer key of labelled data; only an evaluation reads it.

Nationality, ethnicity, religion, birthplace, language, name origin, gender, age and the like are not in the
model: `dictionary().protected(word)` says why, and what to use instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from redflags.tables.load import dictionary, load_dictionary
from redflags.tables.model import DTYPES, KLASSES, UNITS, Column, Dictionary, Protected, Reference, Table
from redflags.tables.schema import schema_markdown

if TYPE_CHECKING:
    from collections.abc import Mapping

    PROTECTED: Mapping[str, Protected]

__all__ = [
    "DTYPES",
    "KLASSES",
    "PROTECTED",
    "UNITS",
    "Column",
    "Dictionary",
    "Protected",
    "Reference",
    "Table",
    "dictionary",
    "load_dictionary",
    "schema_markdown",
]


def __getattr__(name: str) -> object:
    # Read only when asked for, so that importing the package costs no YAML.
    if name == "PROTECTED":
        return dictionary().protected_words
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
