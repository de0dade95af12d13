"""Hypothesis strategies for rules: random aggregates, views, facts and formulas over the dense streams."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.properties.streams import tables
from tests.reference.build import make_rule

if TYPE_CHECKING:
    from redflags.rules.model import Rule
    from tests.reference.chain import Tables

ROW_CONDITIONS = [
    "instrument = 'cash'",
    "not (instrument = 'cash')",
    "instrument in ('cash', 'wire')",
    "direction = 'in'",
    "direction = 'out'",
    "amount_base >= 5",
    "amount_base > 9.99",
    "amount_base between 1 and 10",
    "amount_base is not null",
    "coalesce(amount_base, 0) <= 10",
    "purpose_code like 'A%'",
    "purpose_code <> 'A'",
    "purpose_code is distinct from 'A'",
    "not own_transfer",
    "own_transfer or direction = 'in'",
    "counterparty_key not in ('C1')",
    "amount_base / 2 < 5 or instrument = 'wire'",
    "case when instrument = 'cash' then direction = 'in' else true end",
    "nullif(amount_base, 5) > 1",
    "local_hour(booked_at) < 12",
    "account.timezone = 'UTC'",
    "party.residence_country = 'AT'",
    "linked(party_id, counterparty_key)",
    "linked(party_id, counterparty_key, 'owner')",
    "found(party)",
    "amount_base / amount_base = 1",
]
SESSION_CONDITIONS = [
    "is_anonymiser",
    "not is_anonymiser",
    "device_id = 'D1'",
    "device_id is null",
    "account_id <> 'A2'",
]
NUMBERS = ["amount_base", "amount_base * 2", "coalesce(amount_base, 0)", "0 - amount_base"]
TEXTS = ["counterparty_key", "instrument", "purpose_code", "account_id"]
WITHIN = ["1h", "2h", "2h", "3h", "5h", "8h", "1d"]
LIMITS = ["0", "1", "2", "3", "5", "10", "20"]
MONEY_LIMITS = ["0", "0.0001", "1", "5", "9.99", "10", "19.98", "100.01", "1000000000"]
SHARES = ["0", "0.25", "0.5", "0.75", "1"]
OPS = (
    "count", "sum", "mean", "std", "min", "max", "median", "quantile", "mad", "distinct", "first", "last",
    "since", "top_sum", "hhi", "entropy", "divergence", "rank", "bag",
)  # fmt: skip
LATEST = ("count", "sum", "mean", "min", "max")
PARAMS = {
    "span": {"type": "duration", "default": "3h", "why": "a window"},
    "few": {"type": "int", "default": 2, "why": "a count"},
    "much": {"type": "number", "default": "9.99", "why": "an amount"},
    "half": {"type": "ratio", "default": "0.5", "why": "a share"},
}


@dataclass
class Draft:
    """A rule as it grows: names of ``let`` by the type of their value."""

    let: dict[str, Any] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    waits: set[str] = field(default_factory=set)

    def of(self, *kinds: str) -> list[str]:
        return [name for name, kind in self.kinds.items() if kind in kinds and name not in self.waits]


@dataclass(frozen=True)
class Example:
    """One rule and the data it is judged on."""

    rule: Rule
    tables: Tables
    params: dict[str, Any]

    def __repr__(self) -> str:
        detect = self.rule.detect.model_dump(by_alias=True, exclude_defaults=True)
        views = {name: view.model_dump(by_alias=True, exclude_defaults=True) for name, view in self.rule.with_.items()}
        lines = [f"detect={detect}", f"views={views}", f"gap={self.rule.alert.gap}", f"params={self.params}"]
        lines += [f"{name}: {row}" for name, rows in self.tables.items() for row in rows]
        return "Example(\n  " + "\n  ".join(lines) + ")"


@st.composite
def row_conditions(draw: st.DrawFn) -> str:
    first = draw(st.sampled_from(ROW_CONDITIONS))
    how = draw(st.sampled_from(["", "", " and ", " or "]))
    return f"({first}){how}({draw(st.sampled_from(ROW_CONDITIONS))})" if how else first


def _kind(op: str, value: str, kinds: dict[str, str]) -> str:
    """Type of an aggregate's value."""
    if op in {"count", "distinct"}:
        return "int"
    if op == "since":
        return "duration"
    if op in {"hhi", "entropy", "divergence"}:
        return "real"
    if op == "std":
        return "deviation"
    if op == "rank":
        return "share"
    if op == "bag":
        return "list"
    if op in {"first", "last"} and value in TEXTS:
        return "text"
    return kinds.get(value, "money")


@st.composite
def aggregates(
    draw: st.DrawFn, draft: Draft, ops: tuple[str, ...], *, key_free: bool = True
) -> tuple[dict[str, Any], str]:
    """One aggregate over the rule's own stream, and the kind of its value."""
    op = draw(st.sampled_from(ops))
    inner = [name for name in draft.of("int", "money") if draft.let[name].get("mean") is None] if draft.let else []
    numbers = [*NUMBERS, *(name for name in inner if _nestable(draft.let[name]))]
    agg: dict[str, Any] = {}
    value = "rows"
    if op in {"count", "since"}:
        agg[op] = "rows"
    elif op in {"distinct", "entropy", "divergence", "hhi", "bag"} or (op in {"first", "last"} and draw(st.booleans())):
        texts = (
            TEXTS if op in {"bag", "first", "last", "hhi"} else [*TEXTS, "local_date(booked_at)", "direction = 'in'"]
        )
        value = draw(st.sampled_from(texts))
        agg[op] = value
    else:
        value = draw(st.sampled_from(numbers))
        agg[op] = value
    if op == "quantile":
        agg["q"] = draw(st.sampled_from(["0", "0.25", "0.5", "0.9", "1", "$half"]))
    if op == "top_sum":
        agg["of"], agg["n"] = draw(st.sampled_from(TEXTS)), draw(st.sampled_from([1, 2, "$few"]))
    if op == "hhi" and draw(st.booleans()):
        agg["weight"] = draw(st.sampled_from(["amount_base", "coalesce(amount_base, 0)"]))
    if op == "divergence":
        agg["baseline"] = draw(st.sampled_from(WITHIN))
    agg["within"] = draw(st.sampled_from([*WITHIN, "$span"] + ([] if op == "divergence" else ["ever"])))
    edge = draw(st.sampled_from([None, None, None, "now", "1h", "2h", "after"]))
    if edge == "after":
        agg["after"] = draw(st.sampled_from(["1h", "2h"]))
        if draw(st.integers(0, 3)) == 0:
            agg["before"] = draw(st.sampled_from(["1h", "2h"]))
    elif edge is not None:
        agg["before"] = edge
    if draw(st.integers(0, 2)) == 0:
        choices = [draw(row_conditions()), f"judged and ({draw(row_conditions())})"]
        counts = [name for name in draft.of("int") if _nestable(draft.let[name])]
        choices += [f"{name} >= 2" for name in counts]
        agg["where"] = draw(st.sampled_from(choices))
    if op in LATEST and draw(st.integers(0, 4)) == 0:
        agg["latest_per"] = draw(st.sampled_from(["counterparty_key", "instrument", ["direction", "purpose_code"]]))
    if draw(st.integers(0, 4)) == 0:
        agg["complete"] = True
    if key_free:
        how = draw(st.sampled_from(["default"] * 4 + ["everyone", "by", "match"]))
        if how == "everyone":
            agg["by"] = []
        elif how == "by":
            agg["by"] = draw(st.sampled_from(["counterparty_key", ["account_id"], ["party_id", "instrument"]]))
        elif how == "match":
            agg["match"] = draw(
                st.sampled_from(
                    [
                        {"party_id": "counterparty_key"},
                        {"counterparty_key": "party_id"},
                        {"account_id": "account_id"},
                    ]
                )
            )
    return agg, _kind(op, value, draft.kinds)


def _nestable(agg: Any) -> bool:
    """Whole amounts only: a rational inside a sum would be rounded once, which is a story of its own."""
    return isinstance(agg, dict) and "after" not in agg and not {"mean", "median", "mad"} & set(agg)


@st.composite
def others(draw: st.DrawFn, keys: Any) -> tuple[dict[str, Any], str]:
    """An aggregate over another stream."""
    op = draw(st.sampled_from(["count", "distinct", "last", "since"]))
    agg: dict[str, Any] = {op: "rows" if op in {"count", "since"} else "device_id", "from": "sessions"}
    agg["within"] = draw(st.sampled_from([*WITHIN, "ever"]))
    agg |= draw(st.sampled_from([{}, {"before": "now"}, {"before": "1h"}, {"after": "1h"}]))
    links: list[dict[str, Any]] = [
        {"match": {"account_id": "account_id"}}, {"match": {"party_id": "counterparty_key"}}, {"by": []},
    ]  # fmt: skip
    agg |= draw(st.sampled_from([{}, *links] if isinstance(keys, str) else links))
    if draw(st.booleans()):
        agg["where"] = draw(st.sampled_from(SESSION_CONDITIONS))
    return agg, {"count": "int", "distinct": "int", "last": "text", "since": "duration"}[op]


@st.composite
def tests_of(draw: st.DrawFn, name: str, kind: str) -> str:
    """A condition on one value, near where it changes."""
    how = draw(st.integers(0, 9))
    if how == 0:
        return f"{name} is null"
    if how == 1:
        return f"{name} is not null"
    if kind == "text":
        return draw(
            st.sampled_from(
                [
                    f"{name} = 'C1'",
                    f"{name} <> 'cash'",
                    f"{name} in ('A', 'wire', 'P1', 'D1')",
                    f"{name} like 'A%'",
                ]
            )
        )
    if kind == "list":
        return draw(
            st.sampled_from([f"contains({name}, 'C1')", f"size({name}) >= 2", f"overlap({name}, array('A', 'cash'))"])
        )
    if kind == "duration":
        return draw(
            st.sampled_from([f"{name} >= interval '2 hours'", f"{name} < $span", f"{name} = interval '1 hours'"])
        )
    if kind in {"real", "deviation"}:
        limits = ["0.1", "0.4", "0.6", "1.2"] if kind == "real" else ["0.1", "1.3", "5", "50"]
        return f"{name} {draw(st.sampled_from(['<', '>']))} {draw(st.sampled_from(limits))}"
    limits = {"int": [*LIMITS, "$few"], "money": [*MONEY_LIMITS, "$much"], "share": [*SHARES, "$half"]}[kind]
    limit = draw(st.sampled_from(limits))
    if how == 2:
        return f"{name} between 1 and {limit}"
    if how == 3 and kind in {"int", "money"}:
        return f"{name} / 2 <= {limit}"
    if how == 4:
        return f"coalesce({name}, 2) >= {limit}"
    if how == 5:
        return f"not ({name} > {limit})"
    op = draw(st.sampled_from(["<", "<=", ">", ">=", ">=", "=", "<>"]))
    return f"{name} {op} {limit}"


@st.composite
def formulas(draw: st.DrawFn, names: list[str]) -> str:
    """``when`` over the facts; half of them always true, so that every fact's truth is seen on every row."""
    if draw(st.booleans()):
        return "always"
    one = draw(st.sampled_from(names))
    two = draw(st.sampled_from(names))
    return draw(
        st.sampled_from(
            [one, f"{one} or {two}", f"{one} and {two}", f"not {one}", f"at_least(1, {', '.join(names)})",
             f"at_least($few, {', '.join(names)})",
             f"points({', '.join(names)}) >= 10", f"always and ({one} or not {two})"]
        )
    )  # fmt: skip


@st.composite
def rules(draw: st.DrawFn, ops: tuple[str, ...] = OPS, *, plain: bool = False) -> Rule:
    """A whole rule. ``plain`` keeps to one stream and default keys."""
    draft = Draft()
    views: dict[str, Any] = {}
    source: Any = "ledger"
    shape = (
        "ledger"
        if plain
        else draw(st.sampled_from(["ledger"] * 4 + ["view", "stacked", "moved", "all", "union", "each"]))
    )
    keys = draw(
        st.sampled_from(["party_id", "party_id", "account_id", ["party_id", "direction"], ["account_id", "currency"]])
    )
    more: dict[str, Any] = {}
    if shape == "view":
        views["v1"] = {
            "from": "ledger",
            "where": draw(row_conditions()),
            "let": {"r1": "coalesce(amount_base, amount_base, 1)"},
        }
        source = "v1"
    elif shape == "stacked":
        agg, _ = draw(aggregates(Draft(), ("count", "distinct"), key_free=False))
        agg.pop("after", None)
        views["v1"] = {
            "from": "ledger",
            "key": draw(st.sampled_from(["party_id", "account_id"])),
            "let": {"n": agg},
        }
        source = "v1"
        more["where"] = draw(st.sampled_from(["n >= 1", "n >= 2", "n <= 2", "n >= 2 and direction = 'in'"]))
    elif shape == "moved":
        more["at"] = draw(
            st.sampled_from(["booked_at + interval '1 hours'", "case when direction = 'in' then booked_at end"])
        )
    elif shape == "all":
        source = "ledger_all"
    elif shape == "union":
        views["v2"] = {"from": "ledger", "where": draw(row_conditions())}
        source = draw(st.sampled_from([["v2", "sessions"], ["ledger", "sessions"]]))
        keys = draw(st.sampled_from(["party_id", "account_id"]))
    elif shape == "each":
        more["each"] = {"l": "rows_of('party_links', party_id)"}
    if "where" not in more and draw(st.booleans()):
        more["where"] = draw(row_conditions())
    if shape == "each" and draw(st.booleans()):
        more["where"] = draw(st.sampled_from(["l.role = 'owner'", "l.related_party_id = 'C1'"]))

    for number in range(draw(st.integers(1, 3))):
        name = f"a{number}"
        if shape != "union" and not plain and draw(st.integers(0, 5)) == 0:
            agg, kind = draw(others(keys))
        else:
            agg, kind = draw(aggregates(draft, ops, key_free=not plain))
        draft.let[name], draft.kinds[name] = agg, kind
        if "after" in agg:
            draft.waits.add(name)

    facts: dict[str, Any] = {"always": {"is": "frequency", "if": "1 = 1"}}
    for name, kind in draft.kinds.items():
        for number in range(draw(st.integers(1, 2))):
            facts[f"f{number}_{name}"] = {
                "is": "frequency", "if": draw(tests_of(name, kind)),
                "points": draw(st.sampled_from([0, 5, 10])), "because": f"{{{name}}}",
            }  # fmt: skip
    if draw(st.integers(0, 3)) == 0:
        facts["row"] = {"is": "amount", "if": draw(row_conditions()), "points": 7}
    body = {
        "from": source, "subject": keys if isinstance(keys, str) else keys[0], "key": keys, "let": draft.let,
        "facts": facts, "when": draw(formulas([name for name in facts if name != "always"])), **more,
    }  # fmt: skip
    gap = draw(st.sampled_from(["1h", "2h", "3h", "12h", "$span"]))
    return make_rule(body, params=PARAMS, views=views, gap=gap, score=draw(st.sampled_from([20, 40, 60])))


@st.composite
def examples(
    draw: st.DrawFn,
    ops: tuple[str, ...] = OPS,
    *,
    plain: bool = False,
    nulls: bool = True,
    huge: bool = False,
) -> Example:
    rule = draw(rules(ops, plain=plain))
    params: dict[str, Any] = draw(st.sampled_from([{}, {}, {"span": "2h"}, {"few": 3, "much": "5"}]))
    return Example(rule, draw(tables(nulls=nulls, huge=huge)), params)
