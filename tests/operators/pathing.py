"""Small tables of transfers, and a naive reading of their paths."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import polars as pl
from hypothesis import strategies as st

from redflags.ingest.dataset import Dataset
from tests.operators import build

if TYPE_CHECKING:
    from redflags.operators.base import Output

DETECT = """
detect:
  from: chains
  subject: source
  facts:
    any: {is: network, if: "hops >= 2"}
  when: any
"""
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
HOUR = 3_600_000_000
SCHEMA: dict[str, Any] = {
    "txn_id": pl.String, "booked_at": pl.Datetime("us", "UTC"), "from_account_id": pl.String,
    "to_account_id": pl.String, "amount_base": pl.Int64, "currency": pl.String, "seq": pl.Int64,
    "to_country": pl.String,
}  # fmt: skip


@dataclass(frozen=True)
class Ask:
    """What a test asks of the operator, and how it is written."""

    keep: Fraction = Fraction(4, 5)
    grow: Fraction = Fraction(0)
    keep_total: Fraction | None = None
    hop_within: int = 3
    within: int = 6
    hops: tuple[int, int] = (2, 4)
    close: bool = False
    by: bool = False
    hub: int = 100
    cap: int = 10_000

    def text(self) -> str:
        parts: dict[str, Any] = {
            "keep": float(self.keep), "grow": float(self.grow), "hop_within": f"{self.hop_within}h",
            "within": f"{self.within}h", "hops": list(self.hops), "close": str(self.close).lower(),
            "hub": self.hub, "cap": self.cap,
        }  # fmt: skip
        if self.keep_total is not None:
            parts["keep_total"] = float(self.keep_total)
        if self.by:
            parts["by"] = "currency"
        written = ", ".join(f"{name}: {value}" for name, value in parts.items())
        return f"with:\n  chains: {{paths: {{from: transactions, {written}}}}}" + DETECT


def _moves(rows: list[dict[str, Any]]) -> pl.DataFrame:
    made = [{**row, "booked_at": START + dt.timedelta(hours=row["hour"])} for row in rows]
    return pl.DataFrame(made, schema=SCHEMA)


def _output(text: str, moves: pl.DataFrame) -> Output:
    return build.output(text, Dataset({"transactions": moves}, "EUR"))


def _rows(output: Output) -> list[dict[str, Any]]:
    return output.frame.sort("_id").to_dicts()


# ---- the naive reading: every arrangement of rows, every condition by its own words ------------------------


def _is_path(path: tuple[dict[str, Any], ...], ask: Ask, *, closed: bool) -> bool:
    pairs = list(itertools.pairwise(path))
    if any(a["to_account_id"] != b["from_account_id"] or a["hour"] > b["hour"] for a, b in pairs):
        return False
    if any(b["hour"] - a["hour"] > ask.hop_within for a, b in pairs):
        return False
    if path[-1]["hour"] - path[0]["hour"] > ask.within:
        return False
    if ask.by and any(a["currency"] != b["currency"] for a, b in pairs):
        return False
    amounts = [(a["amount_base"], b["amount_base"]) for a, b in pairs]
    if any(b < ask.keep * a or b > (1 + ask.grow) * a for a, b in amounts):
        return False
    for a, b in itertools.combinations(path, 2):
        if a["hour"] == b["hour"] and a["seq"] is not None and b["seq"] is not None and a["seq"] > b["seq"]:
            return False
    nodes = [path[0]["from_account_id"], *(hop["to_account_id"] for hop in path)]
    if closed:
        return nodes[0] == nodes[-1] and len(set(nodes)) == len(nodes) - 1
    return len(set(nodes)) == len(nodes)


def _naive(rows: list[dict[str, Any]], ask: Ask) -> tuple[list[dict[str, Any]], int]:
    """Best paths, and how many last hops met a hub."""
    needed = ["from_account_id", "to_account_id", "amount_base", *(["currency"] if ask.by else [])]
    known = [row for row in rows if all(row[name] is not None for name in needed)]
    edges = [row for row in known if row["from_account_id"] != row["to_account_id"] and row["amount_base"] > 0]
    order = sorted(edges, key=lambda r: (r["hour"], r["seq"] is not None, r["seq"] or 0, r["txn_id"]))
    place = {row["txn_id"]: i for i, row in enumerate(order)}

    def hub(hop: dict[str, Any]) -> bool:
        """Whether the node that the hop leaves has too many incoming transfers just before it."""
        span = min(ask.hop_within, ask.within)
        into = [e for e in edges if e["to_account_id"] == hop["from_account_id"]]
        into = [e for e in into if hop["hour"] - span <= e["hour"] <= hop["hour"]]
        return len([e for e in into if not ask.by or e["currency"] == hop["currency"]]) > ask.hub

    best: dict[str, tuple[Any, tuple[dict[str, Any], ...]]] = {}
    stopped: set[str] = set()
    for size in range(1, ask.hops[1] + 1):
        for path in itertools.permutations(edges, size):
            last = path[-1]["txn_id"]
            if not _is_path(path, ask, closed=False) and not _is_path(path, ask, closed=True):
                continue
            if any(hub(hop) for hop in path[1:]):
                continue
            if size < ask.hops[1] and _is_path(path, ask, closed=False) and hub(path[0]):
                stopped.add(last)
            if size < ask.hops[0] or not _is_path(path, ask, closed=ask.close):
                continue
            if ask.keep_total is not None and path[-1]["amount_base"] < ask.keep_total * path[0]["amount_base"]:
                continue
            rank = (-size, path[0]["amount_base"], [place[hop["txn_id"]] for hop in path])
            if last not in best or rank < best[last][0]:
                best[last] = (rank, path)
    made = [_told(path, capped=last in stopped) for last, (_, path) in sorted(best.items())]
    return made, len(stopped)


def _told(path: tuple[dict[str, Any], ...], *, capped: bool) -> dict[str, Any]:
    first, last = path[0], path[-1]
    ids = [hop["txn_id"] for hop in path]
    nodes = [first["from_account_id"], *(hop["to_account_id"] for hop in path)]
    zero = int(START.timestamp()) * 1_000_000
    return {
        "path_id": ">".join(ids), "source": nodes[0], "target": nodes[-1], "hops": len(path),
        "kept": last["amount_base"] * 1_000_000 // first["amount_base"],
        "first_at": zero + first["hour"] * HOUR, "first_amount": first["amount_base"],
        "last_amount": last["amount_base"], "txn_ids": ids, "mids": nodes[1:-1],
        "distinct_nodes": len(set(nodes)), "capped": capped,
        "at": zero + last["hour"] * HOUR, "_id": last["txn_id"],
    }  # fmt: skip


def _plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name not in {"currency", "countries"}} for row in rows]


NODES = [*itertools.permutations("abcd", 2), ("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "a")]
RARE = [("a", "a"), (None, "b"), ("b", None)]
SEQ = [1, 2, 3, None]


def _mostly(usual: list[Any], rare: list[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from(usual * (1 + 12 * len(rare) // len(usual)) + rare)


# Few nodes, moments and amounts: sparse data would let a wrong edge pass.
MOVE = st.fixed_dictionaries(
    {
        "hour": st.integers(0, 4), "pair": _mostly(NODES, RARE),
        "amount_base": _mostly([100, 100, 90, 90, 81, 80], [79, 64, 110, None, 0]),
        "currency": _mostly(["EUR"], ["USD", None]), "seq": st.sampled_from(SEQ),
    }
)  # fmt: skip


def _named(drawn: tuple[list[dict[str, Any]], bool, bool, list[int]]) -> list[dict[str, Any]]:
    """Rows with ids in any order; half of the examples share one moment or two."""
    rows, tied, told, ids = drawn
    made = []
    for row, number in zip(rows, ids, strict=False):
        source, target = row["pair"]
        ends = {"from_account_id": source, "to_account_id": target}
        hour = row["hour"] // 3 if tied else row["hour"]
        made.append(
            {
                **row,
                **ends,
                "hour": hour,
                "seq": row["seq"] if told else None,
                "txn_id": f"t{number}",
                "to_country": None,
            }
        )
    return made


MOVES = st.tuples(
    st.lists(MOVE, min_size=4, max_size=7), st.booleans(), st.booleans(), st.permutations(list(range(7)))
).map(_named)
ASK = st.builds(
    Ask,
    keep=st.sampled_from([Fraction(4, 5), Fraction(9, 10), Fraction(1, 2)]),
    grow=st.sampled_from([Fraction(0), Fraction(1, 10), Fraction(1, 4)]),
    keep_total=st.sampled_from([None, None, Fraction(9, 10)]),
    hop_within=st.integers(1, 4),
    within=st.integers(2, 5),
    hops=st.sampled_from([(2, 4), (2, 2), (3, 4), (2, 3)]),
    close=st.booleans(),
    by=st.booleans(),
    hub=st.sampled_from([100, 1, 2]),
)


def _move(txn: str, hour: int, source: str, target: str, amount: int = 100) -> dict[str, Any]:
    ends = {"from_account_id": source, "to_account_id": target}
    rest = {"amount_base": amount, "currency": "EUR", "seq": None, "to_country": None}
    return {"txn_id": txn, "hour": hour, **ends, **rest}


NAMES = [f"t{i}" for i in range(7)]
REVERSED = NAMES[::-1]
