"""Replay: a run repeated from its manifest gives the same bytes, or the reason why it cannot."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import redflags
from redflags.errors import RedflagsError
from redflags.results.folder import MANIFEST, digest_folder, file_sha256, read_run
from redflags.results.hashing import digest, list_digest, model_digest
from redflags.results.manifest import mapping_file
from redflags.results.state import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from redflags.engine.run import Progress
    from redflags.rules.load import RuleBook

__all__ = ["Replay", "replay"]


@dataclass(frozen=True)
class Replay:
    """What came of a replay.

    Attributes:
        changed: Inputs, lists, rules and other things that are not what they were; then nothing was repeated.
        damaged: Files of the run folder that are not what the run wrote.
        differing: Files that came out otherwise although nothing that they rest on has changed.
    """

    changed: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether every byte came out as before.

        Examples:
            >>> Replay().same, Replay(changed=("list thresholds differs",)).same
            (True, False)
        """
        return not (self.changed or self.damaged or self.differing)


def replay(path: str | Path, *, progress: Progress | None = None) -> Replay:
    """Repeat a run from its manifest and compare every output.

    Args:
        path: The run folder. Inputs are looked for where the manifest says, from the folder in which this is
            called.
        progress: Told of each step.

    Raises:
        UsageError: When it is no run folder.
        RedflagsError: When the run was made from frames in memory, which nobody can read again.
    """
    folder = Path(path)
    manifest = read_run(folder).manifest
    data, rules, clock = manifest["data"], manifest["rules"], manifest["clock"]
    if data["source"] is None:
        raise RedflagsError(f"{folder} was made from frames in memory, which cannot be read again; only files can")
    damaged = tuple(_damaged(folder, manifest))
    book = _book(rules["book"])
    changed = tuple(_changed(manifest, book))
    if changed or damaged:
        return Replay(changed, damaged)
    from redflags.api import screen

    history = manifest["history"]
    again = screen(
        data["source"],
        book,
        profile=rules["profile"],
        only=rules["only"],
        history=None if history is None else history["source"],
        as_of=clock["as_of"],
        lateness=clock["lateness"],
        mapping=data["mapping"],
        progress=progress,
    )
    with tempfile.TemporaryDirectory(prefix="redflags-replay-") as place:
        made = again.write(Path(place) / "again")
        before, after = _written(manifest), digest_folder(made)
        differing = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
        differing += [f"{MANIFEST}: {key}" for key in _differing_keys(manifest, read_run(made).manifest)]
    return Replay(differing=tuple(differing))


def _written(manifest: Mapping[str, Any]) -> dict[str, str]:
    """The hashes that the run noted of its files."""
    return {name: entry["sha256"] for name, entry in manifest.get("outputs", {}).items()}


def _damaged(folder: Path, manifest: Mapping[str, Any]) -> Iterator[str]:
    written = _written(manifest)
    found = digest_folder(folder)
    for name in sorted({*written, *found}):
        if name not in found:
            yield f"{name} is gone"
        elif name not in written:
            yield f"{name} was not written by the run"
        elif found[name] != written[name]:
            yield f"{name} is not what the run wrote"


def _book(place: str | None) -> RuleBook:
    from redflags.rules.load import load_rules

    if place is not None and not Path(place).exists():
        raise RedflagsError(f"the rule book {place} is gone; call this from the folder in which the run was made")
    return load_rules(place)


def _changed(manifest: Mapping[str, Any], book: RuleBook) -> Iterator[str]:
    version = manifest["engine"]["version"]
    if version != redflags.__version__:
        yield f"engine {version} is now {redflags.__version__}"
    yield from _changed_inputs("input", manifest["data"]["inputs"])
    mapping = manifest["data"]["mapping"]
    if mapping is not None:
        yield from _changed_files("mapping", [(str(mapping_file(mapping)), manifest["data"]["mapping_sha256"])])
    history = manifest["history"]
    if history is not None:
        yield from _changed_inputs("history input", history["inputs"])
        if history["kind"] == "run":
            state = Path(history["source"]) / FOLDER
            if not state.is_dir():
                yield f"history {history['source']} is gone"
            elif digest(digest_folder(state)) != history["sha256"]:
                yield f"history {history['source']} differs"
    yield from _changed_rules(manifest, book)


def _changed_inputs(kind: str, inputs: list[dict[str, Any]]) -> Iterator[str]:
    # A zip is listed once for every member.
    files = dict.fromkeys((item["path"], item["sha256"]) for item in inputs if item["sha256"])
    yield from _changed_files(kind, list(files))


def _changed_files(kind: str, files: list[tuple[str, str]]) -> Iterator[str]:
    for path, sha in files:
        if not Path(path).is_file():
            yield f"{kind} {path} is gone"
        elif file_sha256(Path(path)) != sha:
            yield f"{kind} {path} differs"


def _changed_rules(manifest: Mapping[str, Any], book: RuleBook) -> Iterator[str]:
    from redflags.plan.book import load_lists_of

    rules = manifest["rules"]
    found = []
    now = {file.id: model_digest(file.rule) for file in book.rules}
    for rule in {item["id"]: item for item in rules["bound"]}.values():
        if rule["id"] not in now:
            found.append(f"rule {rule['id']} is gone")
        elif now[rule["id"]] != rule["sha256"]:
            found.append(f"rule {rule['id']} differs")
    if rules["only"] is None:
        known = {item["id"] for item in rules["bound"]}
        run = {file.id for file in book.rules if file.rule.status != "deprecated"}
        found += [f"rule {name} is new" for name in sorted(run - known)]
    lists = {item.id: list_digest(item) for item in load_lists_of(book)}
    for entry in manifest["lists"]:
        if entry["id"] not in lists:
            found.append(f"list {entry['id']} is gone")
        elif lists[entry["id"]] != entry["sha256"]:
            found.append(f"list {entry['id']} differs")
    found += [f"list {name} is new" for name in sorted(set(lists) - {entry["id"] for entry in manifest["lists"]})]
    policies = {name: model_digest(policy) for name, policy in book.policies.items()}
    for name in sorted({*policies, *rules["policies"]}):
        if policies.get(name) != rules["policies"].get(name):
            found.append(f"policy {name} differs")
    profile = book.profiles.get(rules["profile"])
    if profile is None or model_digest(profile) != rules["profile_sha256"]:
        found.append(f"profile {rules['profile']} " + ("is gone" if profile is None else "differs"))
    if not found and rules["hash"] != book.hash:
        found.append("the rule book differs (shared streams, sources or typologies)")
    yield from found


def _differing_keys(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    keys = sorted(({*before, *after}) - {"timings", "outputs"})
    return [key for key in keys if before.get(key) != after.get(key)]
