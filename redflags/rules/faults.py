"""From what the models refuse to located faults in plain words, with what would be right."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from redflags.errors import Fault, did_you_mean
from redflags.yamlio import ABSENT, child_of

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from redflags.yamlio import Document

Path: TypeAlias = "tuple[str | int, ...]"
M = TypeVar("M", bound=BaseModel)

#: Words of other dialects, and what they are called here.
_ELSEWHERE = {
    "on": "match",
    "columns": "let",
    "measures": "let",
    "guards": "safeguards",
    "judge_after": "after",
    "condition": "when",
    "group_by": "by",
    "window": "within",
    "timespan": "within",
    "filter": "where",
    "name": "title",
    "tags": "typologies",
    "level": "severity",
    "falsepositives": "false_positives",
    "steps": "next_steps",
}
_TYPES = {
    "string_type": "a text is wanted here",
    "int_type": "a whole number is wanted here",
    "int_parsing": "a whole number is wanted here",
    "bool_type": "true or false is wanted here",
    "bool_parsing": "true or false is wanted here",
    "dict_type": "a map of names is wanted here",
    "tuple_type": "a list is wanted here",
    "list_type": "a list is wanted here",
    "model_type": "a map is wanted here",
    "model_attributes_type": "a map is wanted here",
    "date_from_datetime_parsing": "a date such as 2026-11-22 is wanted here",
    "date_parsing": "a date such as 2026-11-22 is wanted here",
    "date_type": "a date such as 2026-11-22 is wanted here",
}


class Found:
    """Collects the faults of one document.

    Example:
        >>> from redflags.yamlio import load_yaml
        >>> found = Found(load_yaml("a: 1", file="x.yaml"))
        >>> found.at(("a",), "RULE-TYPE", "a text is wanted here")
        >>> str(found.faults[0])
        'x.yaml:1:4 RULE-TYPE a text is wanted here'
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.faults: list[Fault] = list(document.faults)

    def at(self, path: Path, code: str, message: str, hint: str = "", *, offset: int = 0, key: bool = False) -> None:
        """Add a fault at a path; nothing is said twice."""
        fault = self.document.fault(path, code, message, hint, offset=offset, key=key)
        if fault not in self.faults:
            self.faults.append(fault)


def validate(model: type[M], document: Document, prefix: str = "RULE") -> tuple[M | None, list[Fault]]:
    """Read a document's data into a model.

    Args:
        model: The model of the whole file.
        document: What was read.
        prefix: First part of the codes: RULE, PROFILE, POLICY, TEST.

    Returns:
        The model, or None with every fault.
    """
    try:
        return model.model_validate(document.data), []
    except ValidationError as error:
        return None, [fault for _, fault in located(model, document, document.data, error, prefix)]


def located(
    model: type[BaseModel],
    document: Document,
    data: Any,  # noqa: ANN401
    error: ValidationError,
    prefix: str,
) -> list[tuple[Path, Fault]]:
    """Every error of a validation: path and fault; branches of unions that were not meant left out."""
    details = error.errors(include_url=False, include_context=True)
    paths = [_path(data, detail["loc"], str(detail["type"])) for detail in details]
    # A value that fits no branch at all is told of once, by what stands nearest to it.
    told = {path for path, good in paths if good}
    found: list[tuple[Path, Fault]] = []
    for detail, (path, good) in zip(details, paths, strict=True):
        if good:
            found.append((path, _fault(model, document, path, detail, prefix)))
        elif not any(other[: len(path)] == path for other in told):
            told.add(path)
            found.append((path, document.fault(path, f"{prefix}-TYPE", "this is of none of the kinds wanted here")))
    return found


def _path(data: Any, loc: Sequence[str | int], kind: str) -> tuple[Path, bool]:  # noqa: ANN401
    """The path in the data, and whether the union branch that complains is the one the author meant."""
    path: list[str | int] = []
    here = data
    for place, step in enumerate(loc):
        last = place == len(loc) - 1
        below = child_of(here, step)
        if below is not ABSENT:
            here = below
            path.append(step)
        elif isinstance(step, str) and not (last and kind == "missing"):
            if step == "[key]":
                continue
            if not _meant(step, here):
                return tuple(path), False
        else:
            path.append(step)
    return tuple(path), True


def _meant(branch: str, value: Any) -> bool:  # noqa: ANN401
    """Whether a union's branch is the one that a value was written for."""
    name = branch.removesuffix("]").rpartition(" ")[2].rpartition("-")[2]  # "function-after[check(), Name]"
    if name == "str":
        return not isinstance(value, dict | list)
    if branch.startswith(("tuple", "list")):
        return isinstance(value, list)
    if name in {"Operator", "View"}:
        looks = isinstance(value, dict) and bool(value.keys() & {"from", "where", "let", "each", "at"})
        return isinstance(value, dict) and looks == (name == "View")
    if name in {"Aggregate", "Subject"}:
        return isinstance(value, dict)
    return True


def _fault(model: type[BaseModel], document: Document, path: Path, detail: ErrorDetails, prefix: str) -> Fault:
    kind = str(detail["type"])
    context = detail.get("ctx") or {}
    if kind == "extra_forbidden":
        word = str(path[-1])
        known = sorted(known_keys(model, path[:-1]))
        other = _ELSEWHERE.get(word)
        hint = f"here it is called '{other}'" if other in known else did_you_mean(word, known)
        hint = hint or f"known here: {', '.join(known)}"
        return document.fault(path, f"{prefix}-UNKNOWN-KEY", f"unknown key '{word}'", hint, key=True)
    if kind == "missing":
        return document.fault(path[:-1], f"{prefix}-MISSING", f"'{path[-1]}' is missing", "", key=bool(path[:-1]))
    if kind in {"enum", "literal_error"}:
        choices = str(context.get("expected", "")).replace(" or ", ", ").split(", ")
        written = str(detail["input"])
        names = [choice.strip("'") for choice in choices]
        hint = did_you_mean(written, names) or f"one of {', '.join(names)}"
        return document.fault(path, f"{prefix}-VALUE", f"'{written}' is not possible here", hint)
    if kind == "value_error":
        return document.fault(path, f"{prefix}-VALUE", str(detail["msg"]).removeprefix("Value error, "))
    if kind == "string_pattern_mismatch":
        hint = "lower-case words joined by hyphens, such as cash-many-depositors"
        return document.fault(path, f"{prefix}-VALUE", f"'{detail['input']}' is not an identifier", hint)
    if kind == "too_short":
        return document.fault(path, f"{prefix}-VALUE", "at least one entry is wanted here", "")
    message = _TYPES.get(kind, str(detail["msg"]).lower())
    hint = ""
    if kind == "string_type" and not isinstance(detail["input"], dict | list):
        hint = "put it in quotes" if detail["input"] is not None else "something is missing after the colon"
    return document.fault(path, f"{prefix}-TYPE", message, hint)


def empty_faults(document: Document, found: Found) -> None:
    """Keys with nothing after the colon: what was meant to stand there is missing."""
    told = {(fault.line, fault.column) for fault in found.faults}
    for path in _empties(document.data, ()):
        at = document.locate(path)
        if (at.line, at.column) not in told:
            found.at(
                path,
                "RULE-EMPTY",
                f"nothing stands after '{path[-1]}'",
                "fill it in, or leave the key out",
                key=True,
            )


def _empties(data: Any, path: Path) -> Iterator[Path]:  # noqa: ANN401
    if data is None and path:
        yield path
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from _empties(value, (*path, key))
    elif isinstance(data, list):
        for place, value in enumerate(data):
            yield from _empties(value, (*path, place))


def known_keys(model: type[BaseModel], path: Path) -> set[str]:
    """The keys that a model knows at a path of its data.

    Example:
        >>> from redflags.rules.model import Rule
        >>> sorted(known_keys(Rule, ("detect", "facts", "x")))
        ['because', 'if', 'is', 'points']
    """
    shapes: list[Any] = [model]
    for step in path:
        shapes = [below for shape in shapes for below in _below(shape, step)]
    return {
        field.alias or name
        for shape in shapes
        if isinstance(shape, type) and issubclass(shape, BaseModel)
        for name, field in shape.model_fields.items()
    }


def _below(shape: Any, step: str | int) -> Iterator[Any]:  # noqa: ANN401
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        for name, field in shape.model_fields.items():
            if step in {name, field.alias}:
                yield from _branches(field.annotation)
    elif get_origin(shape) in {dict, Mapping}:
        yield from _branches(get_args(shape)[1])
    elif get_origin(shape) in {tuple, list} and isinstance(step, int):
        yield from _branches(get_args(shape)[0])


def _branches(annotation: Any) -> Iterator[Any]:  # noqa: ANN401
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _branches(get_args(annotation)[0])
    elif origin in {Union, types.UnionType}:
        for branch in get_args(annotation):
            yield from _branches(branch)
    else:
        yield annotation


def many(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Sorted, each once.

    Example:
        >>> many([Fault("b", 1, 1, "X", "x"), Fault("a", 1, 1, "X", "x"), Fault("b", 1, 1, "X", "x")])[0].file
        'a'
    """
    return tuple(sorted(set(faults)))
