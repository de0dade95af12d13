from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from redflags.engine.outcome import Clock
from redflags.errors import DataError, UsageError
from redflags.ingest.dataset import ControlTotal, Dataset, InputFile
from redflags.results.admit import admit
from redflags.results.totals import control_totals
from redflags.results.when import as_micros, clock_of, covers_from, lateness_of, newest

UTC = dt.UTC


def moves(*rows: tuple[str, int, int]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "txn_id": [row[0] for row in rows],
            "booked_at": [dt.datetime(2026, 1, row[1], tzinfo=UTC) for row in rows],
            "amount": [row[2] for row in rows],
            "currency": ["EUR"] * len(rows),
            "source_file": ["moves.csv"] * len(rows),
            "source_row": list(range(1, len(rows) + 1)),
        }
    )


def day(number: int) -> int:
    return as_micros(dt.date(2026, 1, number))


def test_a_first_batch_is_taken_as_it_is():
    data = Dataset({"transactions": moves(("T1", 1, 5))}, "EUR")
    taken = admit(data, None, None)
    assert taken.dataset is data
    assert taken.refused.height == 0


def test_late_rows_and_known_ids_are_refused_counted_and_listed():
    held = {"transactions": moves(("T1", 4, 1), ("T2", 5, 2))}
    batch = Dataset({"transactions": moves(("T2", 6, 3), ("T3", 3, 4), ("T4", 4, 5), ("T5", 5, 6))}, "EUR")
    taken = admit(batch, held, day(4))
    assert taken.dataset.tables["transactions"]["txn_id"].to_list() == ["T1", "T2", "T5"]
    assert taken.refused.select("row_id", "column").rows() == [
        ("T2", "txn_id"), ("T3", "booked_at"), ("T4", "booked_at"),
    ]  # fmt: skip
    assert "2026-01-04" in taken.refused["reason"][1]
    counts = taken.counts["transactions"]
    assert (counts.arrived, counts.taken, counts.late, counts.duplicate, counts.held) == (4, 1, 2, 1, 2)


def test_registers_are_states_and_new_rows_take_the_place_of_old_ones():
    held = {
        "transactions": moves(("T1", 4, 1)),
        "parties": pl.DataFrame({"party_id": ["P1", "P2"], "name": ["a", "b"]}),
        "party_markers": pl.DataFrame({"party_id": ["P1"], "marker": ["minor"]}),
    }
    batch = Dataset(
        {
            "parties": pl.DataFrame({"party_id": ["P2", "P3"], "name": ["c", "d"]}),
            "party_markers": pl.DataFrame({"party_id": ["P1", "P1"], "marker": ["minor", "victim"]}),
        },
        "EUR",
    )
    tables = admit(batch, held, day(9)).dataset.tables
    assert sorted(tables["parties"].rows()) == [("P1", "a"), ("P2", "c"), ("P3", "d")]
    assert tables["party_markers"].height == 2
    assert tables["transactions"].height == 1


def test_a_later_batch_may_carry_more_columns():
    held = {"transactions": moves(("T1", 4, 1))}
    batch = Dataset({"transactions": moves(("T2", 5, 1)).with_columns(channel=pl.lit("atm"))}, "EUR")
    assert admit(batch, held, day(4)).dataset.tables["transactions"]["channel"].to_list() == [None, "atm"]


# ---- the clock
# -----------------------------------------------------------------------------------------------


def test_without_as_of_the_newest_moment_is_judged_but_not_final():
    tables = {"transactions": moves(("T1", 4, 1), ("T2", 7, 1))}
    clock = clock_of(tables, 0, as_of=None, lateness=0, judged=None)
    assert clock == Clock(None, day(7), day(7) - 1, 0)


def test_with_as_of_everything_up_to_it_is_final_less_the_lateness():
    tables = {"transactions": moves(("T1", 4, 1), ("T2", 7, 1))}
    assert clock_of(tables, 0, as_of=day(6), lateness=0, judged=None).final == day(6)
    clock = clock_of(tables, 0, as_of=day(6), lateness=lateness_of("2d"), judged=day(3))
    assert (clock.judged_after, clock.upto, clock.final) == (day(3), day(6), day(4))


def test_what_is_final_stays_final():
    tables = {"transactions": moves(("T1", 4, 1))}
    assert clock_of(tables, 0, as_of=None, lateness=0, judged=day(5)).final == day(5)
    with pytest.raises(UsageError, match="lies before"):
        clock_of(tables, 0, as_of=day(4), lateness=0, judged=day(5))


def test_a_plan_is_no_moment():
    advice = pl.DataFrame({"expected_at": [dt.datetime(2030, 1, 1, tzinfo=UTC)]})
    accounts = pl.DataFrame({"account_id": ["A"], "opened_at": [dt.datetime(2031, 1, 1, tzinfo=UTC)]})
    assert newest({"accounts": accounts}) is None
    tables = {"transactions": moves(("T1", 4, 1)), "accounts": accounts}
    from redflags.tables import dictionary

    if dictionary().column("remittance_advices", "expected_at").plan:
        tables["remittance_advices"] = advice
    assert newest(tables) == day(4)


def test_no_moment_at_all_is_an_error():
    with pytest.raises(DataError, match="nothing to judge"):
        clock_of({}, 0, as_of=None, lateness=0, judged=None)
    with pytest.raises(DataError, match="first moment"):
        covers_from(Dataset({}, "EUR"))


@pytest.mark.parametrize("text", ["31.1.2026", "yesterday", "2026-13-01"])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(UsageError, match="2026-01-31"):
        as_micros(text)


def test_a_negative_lateness_is_refused():
    with pytest.raises(UsageError, match="negative"):
        lateness_of(dt.timedelta(days=-1))


# ---- control totals
# ------------------------------------------------------------------------------------------


def test_every_row_and_unit_is_accounted_for():
    held = {"transactions": moves(("T1", 4, 1), ("T2", 5, 2))}
    batch = moves(("T2", 6, 3), ("T3", 3, 40), ("T5", 5, 500), ("T6", 6, 6000), ("T7", 9, 70000)).with_columns(
        status=pl.Series([None, "booked", "booked", "rejected", None], dtype=pl.String)
    )
    total = ControlTotal("EUR", 6, 76543 + 10_000_000, 5, 76543)
    inputs = (InputFile("moves.csv", "transactions", "", 0, 6, 5, (total,)),)
    admitted = admit(Dataset({"transactions": batch}, "EUR", inputs=inputs), held, day(4))
    (line,) = control_totals(inputs, admitted, Clock(day(4), day(7), day(6), 0))
    shown = {step: (value["rows"], value["amount"]) for step, value in line.items() if isinstance(value, dict)}
    assert shown == {
        "read": (6, "1007.6543"),
        "refused": (1, "1000.0000"),
        "late": (1, "0.0040"),
        "duplicate": (1, "0.0003"),
        "not_booked": (1, "0.6000"),
        "later": (1, "7.0000"),
        "screened": (1, "0.0500"),
    }
    assert line["reconciles"] is True


def test_a_row_that_got_lost_shows():
    inputs = (InputFile("moves.csv", "transactions", "", 0, 2, 2, (ControlTotal("EUR", 2, 9, 2, 9),)),)
    admitted = admit(Dataset({"transactions": moves(("T1", 1, 5))}, "EUR", inputs=inputs), None, None)
    (line,) = control_totals(inputs, admitted, Clock(None, day(7), day(6), 0))
    assert line["reconciles"] is False
