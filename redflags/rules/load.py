"""Reads a rule book from its folder: every file, every fault of every file, at once."""

from __future__ import annotations

import hashlib
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import RootModel

from redflags.errors import Fault, RedflagsError, RuleError, UsageError
from redflags.resources import rules_dir, shown_path
from redflags.rules.analysis import Analysis, Surroundings, analyse, check_streams
from redflags.rules.book import Indicator, RuleBook, RuleFile, Source, Typology
from redflags.rules.checks import Known, check_rule
from redflags.rules.faults import Found, empty_faults, many, validate
from redflags.rules.model import Operator, Rule, View
from redflags.rules.policies import Policy, derive_policies, read_policy
from redflags.rules.profiles import Profile, profile_faults, read_profile
from redflags.rules.repair import read_rule
from redflags.tables import dictionary as shipped_dictionary
from redflags.yamlio import Document, read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from redflags.plan.schema import Schemas
    from redflags.plan.scope import BindError
    from redflags.rules.scopes import Read
    from redflags.tables import Dictionary

__all__ = [
    "Operator",
    "RuleBook",
    "RuleFile",
    "Source",
    "StreamFile",
    "Typology",
    "View",
    "load_rules",
    "read_rules",
]

#: Folders of a rule book that hold no rules.
SHARED_FOLDERS = frozenset({"streams", "policies", "profiles", "lists", "schema"})
_SHARED_FILES = frozenset(
    {
        "sources.yaml",
        "typologies.yaml",
        "indicators.yaml",
        "statements.yaml",
        "honoured_by.yaml",
        "exceptions.yaml",
        "rules.lock.yaml",
    }
)
_HEAD = re.compile(r"^(list|table): *(\S+) *$", re.MULTILINE)


class _Sources(RootModel[dict[str, Source]]):
    pass


class _Typologies(RootModel[dict[str, Typology]]):
    pass


class _Indicators(RootModel[dict[str, Indicator]]):
    pass


class StreamFile(RootModel[dict[str, View | Operator]]):
    """Shared views and operators by name, as under ``with``."""


def load_rules(path: str | Path | None = None, *, dictionary: Dictionary | None = None) -> RuleBook:
    """Read a rule book.

    Args:
        path: A folder laid out as ``rules/``, a folder of rule files, or one rule file; the shipped rule book
            without.
            What such a folder lacks (sources, typologies, streams, policies, profiles, lists) the shipped one
            lends.
        dictionary: Another data dictionary than the shipped one.

    Returns:
        The frozen book.

    Raises:
        RuleError: With every fault of every file.
        UsageError: When there is nothing to read at the path.

    Example:
        >>> book = load_rules()
        >>> sorted(book.profiles)
        ['eu', 'generic', 'uk', 'us']
    """
    book, faults = read_rules(path, dictionary=dictionary)
    if faults:
        raise RuleError(faults)
    return book


def read_rules(
    path: str | Path | None = None, *, dictionary: Dictionary | None = None
) -> tuple[RuleBook, tuple[Fault, ...]]:
    """Read as much of a rule book as is sound, with every fault of the rest."""
    root = rules_dir() if path is None else Path(path)
    files = _rule_files(root)
    if not files and path is not None and not _has_shared(root):
        raise UsageError(f"no rule at {root}: a rule is a .yaml file with id, detect and alert")
    loader = _Loader(root if root.is_dir() else root.parent, dictionary or shipped_dictionary())
    loader.shared()
    for file in files:
        loader.rule(file)
    return loader.book(root), many(loader.faults)


def _has_shared(root: Path) -> bool:
    return root.is_dir() and any((root / name).exists() for name in {*SHARED_FOLDERS, *_SHARED_FILES})


def _rule_files(root: Path) -> list[Path]:
    if root.is_file():
        return [root]
    if not root.is_dir():
        raise UsageError(f"{root} is neither a file nor a folder")
    found = []
    for path in sorted(root.rglob("*.yaml")):
        inside = path.relative_to(root).parts
        shared = len(inside) > 1 and inside[0] in SHARED_FOLDERS
        if shared or (len(inside) == 1 and path.name in _SHARED_FILES) or path.name.endswith(".test.yaml"):
            continue
        found.append(path)
    return found


class _Loader:
    """Gathers the parts of one book."""

    def __init__(self, root: Path, dictionary: Dictionary) -> None:
        self.root = root
        self.dictionary = dictionary
        self.faults: list[Fault] = []
        self.contents: list[tuple[str, str]] = []
        self.policies: dict[str, Policy] = {}
        self.profiles: dict[str, tuple[Profile, Document]] = {}
        self.sources: dict[str, Source] = {}
        self.typologies: dict[str, Typology] = {}
        self.indicators: dict[str, Indicator] | None = None
        self.streams: dict[str, View | Operator] = {}
        self.lists: dict[str, Path] = {}
        self.list_tables: dict[str, str] = {}
        self.limits: set[str] = set()
        self.faulty_streams = False
        self.schemas: Schemas | None = None
        self.loaded: dict[str, tuple[Path, Rule, Document, Analysis | None]] = {}

    # ---- shared parts ----------------------------------------------------------------------------

    def read(self, path: Path) -> Document:
        document = read_yaml(path, shown_path(path))
        self.faults += document.faults
        home = path.relative_to(self.root) if path.is_relative_to(self.root) else Path(path.parent.name, path.name)
        self.contents.append((home.as_posix(), document.text))
        return document

    def home(self, name: str) -> Path | None:
        """Where a shared part stands: in the book, else in the shipped one."""
        own = self.root / name
        if own.exists():
            return own
        lent = rules_dir() / name
        return lent if lent.exists() else None

    def folder(self, name: str) -> list[Path]:
        home = self.home(name)
        return sorted(home.glob("*.yaml")) if home is not None and home.is_dir() else []

    def shared(self) -> None:
        """Read everything that rules refer to."""
        self._ids()
        self._lists()
        self._shared_streams()
        self._policies()
        self._profiles()

    def _ids(self) -> None:
        home = self.home("sources.yaml")
        if home is not None:
            sources, faults = validate(_Sources, self.read(home), "SOURCE")
            self.faults += faults
            self.sources = sources.root if sources is not None else {}
        home = self.home("typologies.yaml")
        if home is not None:
            typologies, faults = validate(_Typologies, self.read(home), "TYPOLOGY")
            self.faults += faults
            self.typologies = typologies.root if typologies is not None else {}
        home = self.home("indicators.yaml")
        if home is not None:
            indicators, faults = validate(_Indicators, self.read(home), "INDICATOR")
            self.faults += faults
            self.indicators = indicators.root if indicators is not None else None

    def _lists(self) -> None:
        for path in self.folder("lists"):
            text = path.read_text(encoding="utf-8").partition("\nrows:")[0]
            head = dict(_HEAD.findall(text))
            name, table = head.get("list", path.stem), head.get("table", path.stem)
            self.lists[name] = path
            # Lists that share a table and give its first key can be asked by their own name.
            keys = self.dictionary.tables[table].keys[:1] if table in self.dictionary.tables else ()
            if keys and name != table and re.search(rf"\b{keys[0]}: {re.escape(name)}\b", text):
                self.list_tables[name] = table
            if table == "thresholds":
                self.limits |= _column(read_yaml(path, shown_path(path)).data, "kind")

    def _policies(self) -> None:
        tables = {name: table.columns for name, table in self.dictionary.tables.items()}
        for path in self.folder("policies"):
            document = self.read(path)
            if not document.faults:
                policy, faults = read_policy(document, path.stem, tables, self.sources)
                self.faults += faults
                if policy is not None:
                    self.policies[policy.id] = policy

    def _profiles(self) -> None:
        for path in self.folder("profiles"):
            document = self.read(path)
            if not document.faults:
                profile, faults = read_profile(document, path.stem)
                self.faults += faults
                if profile is not None:
                    self.profiles[profile.name] = (profile, document)

    def _shared_streams(self) -> None:
        homes: list[tuple[Document, Mapping[str, View | Operator]]] = []
        for path in self.folder("streams"):
            document = self.read(path)
            if document.faults:
                self.faulty_streams = True
                continue
            file, faults = validate(StreamFile, document, "STREAM")
            self.faults += faults
            self.faulty_streams = self.faulty_streams or bool(faults)
            for name, view in (file.root if file is not None else {}).items():
                if name in self.streams or name in self.dictionary.tables:
                    self.faults.append(
                        document.fault(
                            (name,), "STREAM-TWICE", f"'{name}' is there already", "choose another", key=True
                        )
                    )
                self.streams[name] = view
            if file is not None:
                homes.append((document, file.root))
        for document, views in homes:
            found = Found(document)
            check_streams(views, found, self.around, ())
            self.faults += found.faults
            self.faulty_streams = self.faulty_streams or bool(found.faults)

    @property
    def around(self) -> Surroundings:
        return Surroundings(self.dictionary, self.streams, self.list_tables)

    # ---- rules -----------------------------------------------------------------------------------

    def rule(self, path: Path) -> None:
        """Read and check one rule."""
        document = self.read(path)
        rule, faults, touched = read_rule(document, path.stem)
        if rule is None:
            self.faults += faults
            return
        found = Found(document)
        found.faults = list(faults)
        whole = not faults and not document.faults
        empty_faults(document, found)
        before = len(found.faults)
        shaky = (
            frozenset(rule.params)
            if ("params",) in touched
            else frozenset(str(where[1]) for where in touched if where[0] == "params" and len(where) > 1)
        )
        check_rule(
            rule,
            found,
            path.stem,
            Known(self.sources, self.typologies, self.policies, self.indicators),
            shaky,
        )
        analysis = analyse(rule, found, self.around, proofs=not faults, params=("params",) not in touched)
        if not self.faulty_streams:
            self.typed(rule, found, shaky, sound=whole and len(found.faults) == before)
        # Nothing is told of what only stands in for a faulty part.
        ours = _own(found.faults, document, touched, len(faults))
        self.faults += ours
        if rule.id in self.loaded:
            first = shown_path(self.loaded[rule.id][0])
            self.faults.append(document.fault(("id",), "RULE-DUP", f"'{rule.id}' is a rule already: {first}"))
            return
        self.loaded[rule.id] = (path, rule, document, analysis if whole and not ours else None)

    def typed(self, rule: Rule, found: Found, shaky: frozenset[str], *, sound: bool) -> None:
        """Types, currencies and windows, which the planner knows: what cannot be planned does not load."""
        from redflags.plan.schema import Schemas

        if self.schemas is None:
            self.schemas = Schemas(self.dictionary, self.list_tables, self.limits)
        _bound(rule, found, self.around, self.schemas, shaky, sound=sound)

    def book(self, root: Path) -> RuleBook:
        """What was read, the faulty left out."""
        rules = {rule_id: rule for rule_id, (_, rule, _, _) in self.loaded.items()}
        # Profiles of one file, or lent ones, are not held against the rules.
        if root.is_dir() and (root / "profiles").is_dir():
            for profile, document in self.profiles.values():
                self.faults += profile_faults(profile, document, rules)
        sound = {key: (p, r, d, a) for key, (p, r, d, a) in self.loaded.items() if a is not None}
        reads = {key: _with_hits(rule, sound) for key, (_, rule, _, _) in sound.items()}
        files = []
        for rule_id, (path, rule, document, analysis) in sorted(sound.items()):
            assert analysis is not None  # noqa: S101 - sound rules only
            assert analysis.formula is not None  # noqa: S101 - same
            kind = rule.detect.subject_kind
            every = derive_policies(self.policies, rule_id, kind, reads[rule_id])
            for place, waiver in enumerate(rule.safeguards):
                if waiver.waive not in every:
                    self.faults.append(
                        document.fault(
                            ("safeguards", place, "waive"),
                            "WAIVER-IDLE",
                            f"'{waiver.waive}' does not apply to this rule",
                            "leave the waiver out",
                        )
                    )
            waived = {waiver.waive for waiver in rule.safeguards}
            taken = tuple(name for name in every if name not in waived)
            used = frozenset(name for name in analysis.streams if name in self.streams)
            files.append(
                RuleFile(path, path.parent.name, rule, document, analysis.formula, reads[rule_id], used, taken)
            )
        return RuleBook(
            root,
            tuple(files),
            self.policies,
            {name: p for name, (p, _) in self.profiles.items()},
            self.sources,
            self.typologies,
            self.indicators or {},
            self.streams,
            self.lists,
            self.list_tables,
            _hash(self.contents),
        )


def _own(
    faults: Sequence[Fault], document: Document, touched: Iterable[tuple[str | int, ...]], first: int
) -> list[Fault]:
    """Faults of what the author wrote: the model's own, and others that do not lie at a repaired place."""
    places = {
        (at.line, at.column) for path in touched for at in (document.locate(path), document.locate(path, key=True))
    }
    return [fault for n, fault in enumerate(faults) if n < first or (fault.line, fault.column) not in places]


def _column(data: Any, name: str) -> set[str]:  # noqa: ANN401
    """Values of one column of a list file."""
    try:
        place = data["columns"].index(name)
        return {str(row[place]) for row in data["rows"]}
    except (KeyError, TypeError, ValueError, IndexError):
        return set()  # a faulty list is told of where lists are loaded


def _bound(
    rule: Rule, found: Found, around: Surroundings, schemas: Schemas, shaky: frozenset[str], *, sound: bool
) -> None:
    """Plan a rule for its faults.

    Where the rule is known to be faulty (not ``sound``), only what is no echo is told: nothing on a line that has
    its fault already, nothing in a text that uses a faulty parameter.
    """
    from redflags.plan.bind import bind_rule

    told_lines = {fault.line for fault in found.faults}
    faults: list[BindError] = []
    try:
        bind_rule(rule, schemas, streams=around.streams, faults=faults)
    except RedflagsError as error:
        if sound and not faults:
            found.at(("detect",), "RULE-BIND", str(error), key=True)
    for fault in faults:
        path, told = fault.path, fault.error
        shared = path[0] == "with" and path[1] in around.streams and path[1] not in rule.with_
        if shared:
            path = ("detect", "from")
        echo = found.document.locate(path).line in told_lines or _uses(found.document, path, shaky)
        if sound or not echo:
            found.at(path, told.code, told.message, told.hint, offset=0 if shared else told.offset)


def _uses(document: Document, path: tuple[str | int, ...], params: frozenset[str]) -> bool:
    """Whether what is written at a place names one of the parameters."""
    part: Any = document.data
    for key in path:
        try:
            part = part[key]
        except (KeyError, IndexError, TypeError):
            break
    return any(re.search(rf"\${name}\b", str(part)) for name in params)


def _with_hits(rule: Rule, sound: Mapping[str, tuple[Path, Rule, Document, Analysis | None]]) -> frozenset[Read]:
    """What a rule reads, and what the rules read whose hits it reads."""
    found: set[Read] = set()
    pending, seen = [rule.id], set()
    while pending:
        rule_id = pending.pop()
        entry = sound.get(rule_id)
        if rule_id in seen or entry is None or entry[3] is None:
            continue
        seen.add(rule_id)
        found |= entry[3].reads
        for stream in entry[1].with_.values():
            if isinstance(stream, Operator) and stream.name == "hits":
                config = (stream.model_extra or {}).get("hits")
                block = config if isinstance(config, dict) else {}
                patterns = _listed(entry[1], block.get("rules"))
                families = _listed(entry[1], block.get("families"))
                pending += [
                    other
                    for other, (path, *_) in sound.items()
                    if path.parent.name in families or any(fnmatchcase(other, word) for word in patterns)
                ]
    return frozenset(found)


def _listed(rule: Rule, written: object) -> list[str]:
    """Texts as written, or the default of the list parameter that stands for them."""
    if isinstance(written, str) and written.startswith("$") and written[1:] in rule.params:
        written = rule.params[written[1:]].default
    items = [written] if isinstance(written, str) else written if isinstance(written, list | tuple) else []
    return [str(item) for item in items]


def _hash(contents: Iterable[tuple[str, str]]) -> str:
    total = hashlib.sha256()
    for name, text in sorted(contents):
        for part in (name, text):
            data = part.encode()
            total.update(len(data).to_bytes(8, "big"))
            total.update(data)
    return total.hexdigest()
