"""Reading, checking, mapping: files in, a `Dataset` of canonical frames out."""

from __future__ import annotations

from redflags.ingest.dataset import REJECT_SCHEMA, ControlTotal, Dataset, InputFile, empty_rejects
from redflags.ingest.ledger import derive_ledger
from redflags.ingest.mapping import SourceMapping, load_mapping, mapping_names
from redflags.ingest.reader import Frames, Source, read_dataset

__all__ = [
    "REJECT_SCHEMA",
    "ControlTotal",
    "Dataset",
    "Frames",
    "InputFile",
    "Source",
    "SourceMapping",
    "derive_ledger",
    "empty_rejects",
    "load_mapping",
    "mapping_names",
    "read_dataset",
]
