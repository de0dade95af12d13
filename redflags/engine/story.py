"""What a hit says: true facts with their sentences, observed values against limits, what would have made it not fire, evidence."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from redflags.engine.comparisons import Comparison, comparisons
from redflags.engine.errors import MissingInputError
from redflags.engine.outcome import HITS
from redflags.engine.sparse import distinct_rows
from redflags.engine.words import Shown, exact, show, unit
from redflags.expr.functions import FUNCTIONS
from redflags.expr.lexer import ExprError
from redflags.expr.nodes import Call, Expr, Name, Null, Number, Text
from redflags.plan.nodes import measures
from redflags.plan.scope import rebuild
from redflags.rules.model import BEHAVIOUR_KINDS, CONTEXT_KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from redflags.engine.evaluate import Evaluator
    from redflags.engine.frames import Table
    from redflags.engine.judge import Docket
    from redflags.plan.bind import BoundFact, BoundRule
    from redflags.plan.nodes import Measure
    from redflags.plan.template import Template

    Rows = NDArray[np.int64]

#: Newest rows of each window that a hit lists as evidence, and of all windows together.
EVIDENCE_PER_WINDOW = 50
EVIDENCE_PER_HIT = 100
TOP = 100
#: Place inside a moment of a row without ``seq``: before those that have one, as in the stream.
NO_SEQ = -(2**62)


def hits_frame(docket: Docket, rows: Rows, facts: dict[str, pl.Series], evaluator: Evaluator) -> pl.DataFrame:
    """One row per hit, in the order (moment, at, seq, row_id)."""
    if rows.size == 0:
        return pl.DataFrame(schema=HITS)
    bound, table = docket.bound, docket.table
    story = _Story(bound, table, rows, {n: s.to_list() for n, s in facts.items()}, evaluator)
    at = table.at[rows]
    columns = {
        "moment": at + bound.delay,
        "at": at,
        "seq": table.column("seq", rows).fill_null(NO_SEQ).cast(pl.Int64)
        if table.has("seq")
        else np.zeros(rows.size, np.int64),
        "row_id": table.row_ids(rows),
        "table": table.streams(rows),
        "key": story.keys(),
        "subject_id": story.joined(bound.subject),
        "party_id": story.party(),
        "facts": story.facts(),
        "unknown_facts": story.unknown(),
        "score": story.scores(),
        "rationale": story.sentences(bound.rationale),
        "observed": story.observed(),
        "counterfactual": story.counterfactuals(),
        "contributors": story.contributors(),
        "policies": story.policies(),
    }
    frame = pl.DataFrame(columns, schema=HITS)
    return frame.sort("moment", "at", "seq", "row_id", maintain_order=True)


def bare_frame(docket: Docket, rows: Rows, facts: dict[str, pl.Series], _: Evaluator) -> pl.DataFrame:
    """Hits with nothing but their place and the names of their true facts."""
    table, at = docket.table, docket.table.at[rows]
    kinds = {fact.name: fact.kind for fact in docket.bound.facts}
    truths = pl.DataFrame([series.alias(name) for name, series in facts.items()])
    told = [
        pl.when(pl.col(name)).then(
            pl.struct(
                pl.lit(name).alias("name"), pl.lit(kinds[name]).alias("kind"),
                pl.lit(None, pl.Int64).alias("points"), pl.lit(None, pl.String).alias("sentence"),
            )
        )
        for name in truths.columns
    ]  # fmt: skip
    placed = pl.DataFrame(
        {
            "moment": at + docket.bound.delay,
            "at": at,
            "row_id": table.row_ids(rows),
            "table": table.streams(rows),
            "facts": truths.select(pl.concat_list(told).list.drop_nulls().alias("facts"))["facts"],
        }
    )
    lacking = [pl.lit(None, dtype).alias(name) for name, dtype in HITS.items() if name not in placed.columns]
    return placed.with_columns(lacking).select(list(HITS)).sort("moment", "at", "row_id")


class _Story:
    def __init__(
        self,
        bound: BoundRule,
        table: Table,
        rows: Rows,
        truths: dict[str, list[bool | None]],
        evaluator: Evaluator,
    ) -> None:
        self.bound, self.table, self.rows, self.truths, self.evaluator = bound, table, rows, truths, evaluator
        self.size = int(rows.size)
        self._shown: dict[Expr, Shown | None] = {}
        self._compared = {fact.name: comparisons(bound, fact) for fact in bound.facts}

    # ---- values -----------------------------------------------------------------------------------------------

    def show(self, expr: Expr) -> Shown | None:
        """Values of an expression at the hits; None where what it reads did not come in."""
        if expr not in self._shown:
            try:
                self._shown[expr] = show(self.evaluator, self.table, expr, self.rows)
            except MissingInputError:
                self._shown[expr] = None
        return self._shown[expr]

    def joined(self, exprs: Sequence[Expr]) -> list[str | None]:
        """Key parts as one text."""
        parts = [self.evaluator.plain(self.table, e, self.rows).cast(pl.String).to_list() for e in exprs]
        return [None if all(x is None for x in row) else "|".join("" if x is None else x for x in row)
                for row in zip(*parts, strict=True)]  # fmt: skip

    def party(self) -> Sequence[str | None]:
        """The party of the subject, where one is known."""
        if self.bound.party is None:
            return [None] * self.size
        try:
            return self.joined((self.bound.party,))
        except MissingInputError:
            return [None] * self.size

    def keys(self) -> list[list[str]]:
        """Episode keys as texts."""
        parts = [self.evaluator.plain(self.table, e, self.rows).cast(pl.String).to_list() for e in self.bound.key]
        if not parts:
            return [[] for _ in range(self.size)]
        return [["" if x is None else x for x in row] for row in zip(*parts, strict=True)]

    def sentences(self, template: Template) -> list[str]:
        """A template filled at every hit."""
        shown = [part if isinstance(part, str) else (self.show(part.expr), part.format) for part in template.parts]
        return [
            "".join(p if isinstance(p, str) else "unknown" if p[0] is None else p[0].text(i, p[1]) for p in shown)
            for i in range(self.size)
        ]

    # ---- facts ------------------------------------------------------------------------------------------------

    def true_at(self, fact: BoundFact, i: int) -> bool:
        return self.truths[fact.name][i] is True

    def facts(self) -> list[list[dict[str, Any]]]:
        said = {f.name: self.sentences(f.because) if f.because else None for f in self.bound.facts}
        found: list[list[dict[str, Any]]] = []
        for i in range(self.size):
            row = []
            for fact in self.bound.facts:
                if self.true_at(fact, i):
                    sentence = said[fact.name]
                    row.append({
                        "name": fact.name, "kind": fact.kind, "points": fact.points,
                        "sentence": fact.name.replace("_", " ") if sentence is None else sentence[i],
                    })  # fmt: skip
            found.append(row)
        return found

    def unknown(self) -> list[list[str]]:
        return [
            [f.name for f in self.bound.facts if not f.deciding and self.truths[f.name][i] is None]
            for i in range(self.size)
        ]

    def scores(self) -> list[int]:
        base = self.bound.rule.alert.score
        return [
            min(TOP, base + sum(f.points for f in self.bound.facts if self.true_at(f, i))) for i in range(self.size)
        ]

    # ---- observed values --------------------------------------------------------------------------------------

    def observed(self) -> list[list[dict[str, Any]]]:
        found: list[list[dict[str, Any]]] = [[] for _ in range(self.size)]
        for fact in self.bound.facts:
            for item in self._compared[fact.name]:
                left, right = self.show(item.left), self.show(item.right)
                if left is None or right is None:
                    continue
                for i in range(self.size):
                    if self.true_at(fact, i):
                        found[i].append(self._observed(item, left, right, i))
        return [_distinct(row) for row in found]

    def _observed(self, item: Comparison, left: Shown, right: Shown, i: int) -> dict[str, Any]:
        start, end = self._window(item, i)
        limit = "unknown" if right.values[i] is None else exact(right.values[i], right.type)
        return {
            "name": item.left_text, "value": "none" if left.empty[i] else exact(left.values[i], left.type),
            "unit": left.currencies[i] or unit(left.type), "threshold": f"{item.op} {limit}",
            "window_from": start, "window_to": end,
        }  # fmt: skip

    def _window(self, item: Comparison, i: int) -> tuple[dt.datetime | None, dt.datetime | None]:
        measure = item.measure
        if measure is None or measure.periods:
            return None, None
        left, right, _ = measure.window
        t = int(self.table.at[self.rows[i]])
        return (None if left is None else _moment(t + left)), _moment(t + right)

    # ---- counterfactual ---------------------------------------------------------------------------------------

    def counterfactuals(self) -> list[str]:
        deciding = [fact for fact in self.bound.facts if fact.deciding]
        memo: dict[tuple[bool | None, ...], list[BoundFact]] = {}
        found = []
        for i in range(self.size):
            truth = tuple(self.truths[f.name][i] for f in deciding)
            if truth not in memo:
                memo[truth] = self._pivots(deciding, truth)
            found.append(self._sentence(memo[truth], deciding, i))
        return found

    def _pivots(self, deciding: list[BoundFact], truth: tuple[bool | None, ...]) -> list[BoundFact]:
        """Facts without any one of which the condition would not be true."""
        values = dict(zip((f.name for f in deciding), truth, strict=True))
        return [
            fact for fact in deciding
            if values[fact.name] is True
            and self.bound.when.evaluate(values | {fact.name: False}, self.bound.params) is not True
        ]  # fmt: skip

    def _sentence(self, pivots: list[BoundFact], deciding: list[BoundFact], i: int) -> str:
        nearest = self._nearest(pivots, i)
        if nearest is not None:
            item, value, limit = nearest
            return f"Would not have fired if {_plain(item.left_text)} had been {item.turned} {limit} (it was {value})."
        if pivots:
            return f"Would not have fired without '{_plain(pivots[0].name)}'."
        names = [_plain(f.name) for f in deciding if self.true_at(f, i)]
        return f"No single fact decides: several of {', '.join(names)} would have to be absent."

    def _nearest(self, pivots: list[BoundFact], i: int) -> tuple[Comparison, str, str] | None:
        """The needed comparison that is closest to its limit, relative to the limit."""
        best: tuple[float, Comparison, str, str] | None = None
        for fact in pivots:
            for item in self._compared[fact.name]:
                left, right = self.show(item.left), self.show(item.right)
                if not item.needed or left is None or right is None:
                    continue
                value, limit = left.number(i), right.number(i)
                if value is None or limit is None or left.type.kind in {"time", "date", "text", "bool"}:
                    continue
                distance = abs(value - limit) / max(abs(limit), 1e-9)
                if best is None or distance < best[0]:
                    kind_right = Shown(left.type, right.values, right.empty, left.currencies)
                    best = (distance, item, left.text(i), kind_right.text(i))
        return None if best is None else best[1:]

    # ---- evidence ---------------------------------------------------------------------------------------------

    def contributors(self) -> list[list[dict[str, str]]]:
        names = self.table.streams(self.rows).to_list()
        ids = self.table.row_ids(self.rows).to_list()
        found = [[{"table": names[i], "row_id": ids[i], "role": "judged"}] for i in range(self.size)]
        listed = [{(names[i], ids[i])} for i in range(self.size)]
        for i, txn_ids in enumerate(self._movements()):
            for txn_id in txn_ids:
                self._listed(i, ("transactions", txn_id), "moved", found, listed)
        for fact in self.bound.facts:
            here = np.array([i for i in range(self.size) if self.true_at(fact, i)], dtype=np.int64)
            for measure in dict.fromkeys(measures(fact.condition)):
                # What a stand-in replaces has no rows.
                if here.size and self.evaluator.lacks(measure) is None:
                    self._windows(measure, here, found, listed)
        return found

    def _windows(
        self,
        measure: Measure,
        here: Rows,
        found: list[list[dict[str, str]]],
        listed: list[set[tuple[str, str]]],
    ) -> None:
        assert self.evaluator.measures is not None  # noqa: S101  set by the run
        source = self.evaluator.frames.table(measure.source.frame)
        offsets, rows = self.evaluator.measures.contributors(measure, self.rows[here], EVIDENCE_PER_WINDOW)
        role = self.evaluator.schemas.label(measure)
        wanted = distinct_rows(rows)
        inverse = np.searchsorted(wanted, rows)
        ids, names = source.row_ids(wanted).to_list(), source.streams(wanted).to_list()
        for position, i in enumerate(here.tolist()):
            for k in inverse[offsets[position] : offsets[position + 1]].tolist():
                self._listed(i, (names[k], ids[k]), role, found, listed)

    @staticmethod
    def _listed(
        i: int, entry: tuple[str, str], role: str, found: list[list[dict[str, str]]], listed: list[set[tuple[str, str]]]
    ) -> None:
        """Add one row to a hit's evidence, once, up to the cap."""
        if entry not in listed[i] and len(found[i]) < EVIDENCE_PER_HIT:
            listed[i].add(entry)
            found[i].append({"table": entry[0], "row_id": entry[1], "role": role})

    def _movements(self) -> list[list[str]]:
        """Movements that the judged rows of an operator are made of (``paths``, ``match``)."""
        made: list[list[str]] = [[] for _ in range(self.size)]
        for name in ("txn_ids", "a.txn_id", "b.txn_id"):
            if not self.table.has(name):
                continue
            for i, value in enumerate(self.table.column(name, self.rows).to_list()):
                made[i] += value if isinstance(value, list) else [] if value is None else [value]
        return made

    # ---- policies ---------------------------------------------------------------------------------------------

    def policies(self) -> list[list[str]]:
        """Policies whose condition holds at a hit, or is unknown where the policy says that this applies it."""
        found: list[list[str]] = [[] for _ in range(self.size)]
        patterns: dict[tuple[tuple[BoundFact, ...], int], list[int]] = {}
        for i, score in enumerate(self.scores()):
            true = tuple(fact for fact in self.bound.facts if self.true_at(fact, i))
            patterns.setdefault((true, score), []).append(i)
        for policy, condition in self.bound.policies:
            for (true, score), where in patterns.items():
                holds = [True] * len(where) if condition is None else self._holds(condition, true, score, where)
                for i, truth in zip(where, holds, strict=True):
                    if truth or (truth is None and policy.missing == "apply"):
                        found[i].append(policy.id)
        return [sorted(row) for row in found]

    def _holds(self, condition: Expr, true: tuple[BoundFact, ...], score: int, where: list[int]) -> list[bool | None]:
        kinds = sorted({fact.kind for fact in true})
        lists = {
            "fact_kinds": kinds, "behaviour_kinds": [k for k in kinds if k in BEHAVIOUR_KINDS],
            "context_kinds": [k for k in kinds if k in CONTEXT_KINDS], "facts": [fact.name for fact in true],
        }  # fmt: skip

        def visit(node: Expr) -> Expr:
            if isinstance(node, Name) and node.text in lists:
                return Call("array", tuple(Text(kind) for kind in lists[node.text]))
            if isinstance(node, Name) and node.text == "score":
                return Number(Fraction(score))
            if isinstance(node, Call) and FUNCTIONS[node.name].register:
                return rebuild(node, visit_key)
            return rebuild(node, visit)

        def visit_key(node: Expr) -> Expr:
            # A column that did not come in is an unknown key, which a row for everyone or everywhere still matches.
            if isinstance(node, Name) and len(node.parts) == 1 and not self.table.has(node.text):
                return Null()
            return rebuild(node, visit_key)

        rows = self.rows[np.array(where, dtype=np.int64)]
        order = np.argsort(rows, kind="stable")
        try:
            answer = self.evaluator.condition(self.table, visit(condition), rows[order], lenient=True).to_list()
        except ExprError:
            return [None] * len(where)
        result: list[bool | None] = [None] * len(where)
        for position, truth in zip(order.tolist(), answer, strict=True):
            result[position] = truth
        return result


def _distinct(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    seen: set[tuple[str, str]] = set()
    kept = []
    for row in rows:
        key = (row["name"], row["threshold"])
        if key not in seen:
            seen.add(key)
            kept.append(row)
    return kept


def _plain(text: str) -> str:
    return text.replace("_", " ")


def _moment(micros: int) -> dt.datetime | None:
    try:
        return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=micros)
    except OverflowError:
        return None
