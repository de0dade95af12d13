"""What the rule book finds of the cases that AMLSim planted: rules, recall, alert rate.

`python benchmarks/amlsim.py DATA [--mapping amlsim | amlsim-sample] [--profile generic] [--rules DIR]`

A case counts as found in either of two ways, told apart in the tables:

- by subject: an alert is about the main account of the case, or about its holder;
- by evidence: the rows behind an alert hold at least one movement of the case.

Where the data labels movements by group, a case is a group; its main account is the one that all its
movements share on one side (in a cycle: the sender of the first one). Where it labels accounts only,
every labelled account is a case of its own, and its movements are those with another labelled account. Labels
are read here and nowhere else: no rule sees them. Rows that could not be evaluated are counted once for every
column to blame.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

import redflags as rf

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from redflags.ingest import Dataset

LABELLED = "labelled account"
SIDES = ("from_account_id", "to_account_id")


@dataclass(frozen=True)
class Case:
    """One planted case."""

    typology: str
    main: str
    movements: frozenset[str]


@dataclass(frozen=True)
class Found:
    """What alerts speak of: accounts they are about, and movements behind them."""

    accounts: frozenset[str]
    movements: frozenset[str]

    def by_subject(self, cases: Iterable[Case]) -> int:
        """How many cases are found by their main account."""
        return sum(case.main in self.accounts for case in cases)

    def by_evidence(self, cases: Iterable[Case]) -> int:
        """How many cases are found by one of their movements."""
        return sum(not self.movements.isdisjoint(case.movements) for case in cases)

    def either(self, cases: Iterable[Case]) -> int:
        """How many cases are found in one of the two ways."""
        return sum(case.main in self.accounts or not self.movements.isdisjoint(case.movements) for case in cases)


def cases_of(data: Dataset) -> list[Case]:
    labels = data.labels
    if labels is None:
        raise SystemExit("the data has no labels; nothing can be measured")
    moves = data.table("transactions").select("txn_id", "booked_at", *SIDES).sort("booked_at", "txn_id")
    of_moves = labels.filter(pl.col("table") == "transactions")
    group = of_moves.filter(pl.col("label") == "alert_id").select("row_id", group="value")
    if group.is_empty():
        return _labelled_accounts(labels, moves)
    typology = of_moves.filter(pl.col("label") == "typology").select("row_id", typology="value")
    named = moves.join(group.join(typology, on="row_id"), left_on="txn_id", right_on="row_id")
    cases = []
    for _, rows in sorted(named.group_by("group"), key=lambda item: str(item[0])):
        shared = [rows[side][0] for side in reversed(SIDES) if rows[side].n_unique() == 1]
        main = str(shared[0] if shared else rows[SIDES[0]][0])
        cases.append(Case(str(rows["typology"][0]), main, frozenset(rows["txn_id"])))
    return cases


def _labelled_accounts(labels: pl.DataFrame, moves: pl.DataFrame) -> list[Case]:
    marked = labels.filter((pl.col("label") == "is_laundering") & pl.col("value").is_in(["1", "true"]))
    accounts = marked.filter(pl.col("table") == "accounts")["row_id"]
    inside = moves.filter(pl.all_horizontal(pl.col(side).is_in(accounts.implode()) for side in SIDES))
    sides = pl.concat([inside.select("txn_id", account=side) for side in SIDES])
    own = dict(sides.group_by("account").agg("txn_id").iter_rows())
    return [Case(LABELLED, account, frozenset(own.get(account, ()))) for account in sorted(accounts)]


def found_by(run: rf.Run, data: Dataset, rule: str | None = None) -> Found:
    alerts = run.alerts if rule is None else run.alerts.filter(pl.col("rule_id") == rule)
    holders = data.table("accounts").select("account_id", "party_id")
    about = dict(alerts.group_by("subject_kind").agg("subject_id").iter_rows())
    held = holders.filter(pl.col("party_id").is_in(about.get("party", [])))["account_id"]
    ids = alerts["alert_id"].implode()
    movement = pl.col("table").is_in(["ledger", "transactions"])
    rows = run.evidence.filter(pl.col("alert_id").is_in(ids) & movement)
    moved = rows["row_id"].str.replace("/(in|out)$", "")
    return Found(frozenset(about.get("account", [])) | frozenset(held), frozenset(moved))


def rule_rows(run: rf.Run, data: Dataset, cases: Sequence[Case]) -> list[list[str]]:
    made = []
    for rule in run.manifest["rules"]["bound"]:
        alerts = run.alerts.filter(pl.col("rule_id") == rule["id"])
        unknown = run.not_evaluable.filter((pl.col("rule_id") == rule["id"]) & pl.col("rows").is_not_null())
        found = found_by(run, data, rule["id"])
        numbers = [rule["judged"], rule["hits"], alerts.height, alerts["subject_id"].n_unique()]
        numbers += [found.by_subject(cases), found.by_evidence(cases), unknown["rows"].sum()]
        shown = ["-"] * len(numbers) if rule["disabled"] else [f"{number:,}" for number in numbers]
        made.append([rule["name"], *shown, rule["disabled"] or ""])
    return made


def typology_rows(found: Found, cases: Sequence[Case]) -> list[list[str]]:
    made = []
    for typology in [*sorted({case.typology for case in cases}), None]:
        chosen = [case for case in cases if typology in {None, case.typology}]
        counts = [found.by_subject(chosen), found.by_evidence(chosen), found.either(chosen)]
        shares = [f"{count:,} ({count / max(len(chosen), 1):.1%})" for count in counts]
        made.append([typology or "all", f"{len(chosen):,}", *shares])
    return made


def show(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[place]) for row in [head, *rows]) for place in range(len(head))]
    print(f"\n{title}\n")
    for row in [head, ["-" * width for width in widths], *rows]:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", type=Path, help="folder of an AMLSim run")
    parser.add_argument("--mapping", help="mapping; without one, amlsim where there is a table of accounts")
    parser.add_argument("--profile", default="generic", help="profile of parameter values")
    parser.add_argument("--rules", type=Path, help="another rule book than the shipped one")
    asked = parser.parse_args()
    mapping = asked.mapping or ("amlsim" if any(asked.data.glob("accounts.*")) else "amlsim-sample")
    data = rf.read_dataset(asked.data, mapping=mapping)
    run = rf.screen(data, asked.rules, profile=asked.profile)
    cases = cases_of(data)
    found = found_by(run, data)
    total = data.table("accounts").height
    head = ["rule", "judged", "hits", "alerts", "subjects", "by subject", "by evidence", "not evaluable"]
    show("Rules", [*head, "disabled, since"], rule_rows(run, data, cases))
    head = ["typology", "cases", "found by subject", "found by evidence", "found either way"]
    show("Planted cases", head, typology_rows(found, cases))
    share = len(found.accounts) / total
    print(f"\naccounts with an alert: {len(found.accounts):,} of {total:,} ({share:.2%})")
    print("suppressed alerts:", run.suppressed.height)


if __name__ == "__main__":
    main()
