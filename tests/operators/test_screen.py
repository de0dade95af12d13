"""``screen``.

Against a naive reading; cuts, orders, caps, faults; identifiers, validity, support; register and stream.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redflags.ingest.dataset import Dataset
from redflags.tables import dictionary
from redflags.testing.tables import micros
from tests.operators.build import dataset, hits, judge

if TYPE_CHECKING:
    from redflags.operators.base import Output
from tests.operators.screening import FAR, PARTY, RULE, found, one, output

# ---- components of a match
# --------------------------------------------------------------------------------------------


def test_birth_country_and_type_support_or_contradict() -> None:
    entry = {
        "name": "Karim Rashid",
        "birth_record": "12 May 1960; 1965-1967",
        "countries": ["XA", "XB"],
        "entity_type": "person",
    }
    party = {
        "name": "Rashid, Karim",
        "occupation_code": "1961",
        "residence_country": "XB",
        "party_type": "person",
    }
    match = one(party, entry)
    assert match is not None
    shown = (
        "kind",
        "how",
        "score",
        "name_score",
        "birth",
        "place",
        "type",
        "supports",
        "conflicts",
        "list_id",
        "list_version",
        "entry_id",
    )
    assert [match[n] for n in shown] == [
        "name",
        "exact",
        1_000_000,
        1_000_000,
        "agrees",
        "agrees",
        "agrees",
        2,
        0,
        "l",
        "v1",
        "e",
    ]
    against = one(
        {**party, "occupation_code": "1980-01-01", "residence_country": "XC", "party_type": "company"},
        entry,
        PARTY + ", min_score: 0.5",
    )
    assert against is not None
    assert [against[n] for n in shown[2:9]] == [
        770_000,
        1_000_000,
        "conflicts",
        "conflicts",
        "conflicts",
        0,
        3,
    ]
    unknown = one({"name": "Karim Rashid", "party_type": "other"}, {"name": "Karim Rashid", "entity_type": "person"})
    assert unknown is not None
    assert [unknown[n] for n in ("birth", "place", "type", "score")] == [
        "unknown",
        "unknown",
        "unknown",
        1_000_000,
    ]


@pytest.mark.parametrize(
    ("born", "verdict"),
    [("1964", "agrees"), ("1963", "conflicts"), ("1968", "agrees"), ("1969", "conflicts")],
)
def test_a_span_of_years_agrees_within_it_and_a_year_around(born: str, verdict: str) -> None:
    match = one(
        {"name": "Karim Rashid", "occupation_code": born},
        {"name": "Karim Rashid", "birth_record": "between 1965 and 1967"},
    )
    assert match is not None
    assert match["birth"] == verdict


def test_a_weak_alias_needs_support() -> None:
    entry = {
        "name": "Somebody Other",
        "aliases": ["Karim Rashid"],
        "alias_quality": "weak",
        "countries": ["XA"],
    }
    assert one({"name": "Karim Rashid"}, entry) is None
    assert one({"name": "Karim Rashid", "residence_country": "XB"}, entry) is None
    supported = one({"name": "Karim Rashid", "residence_country": "XA"}, entry)
    assert supported is not None
    assert (supported["alias"], supported["alias_quality"], supported["listed_name"]) == (
        True,
        "weak",
        "Karim Rashid",
    )
    assert one({"name": "Karim Rashid"}, entry, PARTY + ", weak: alone") is not None
    assert one({"name": "Karim Rashid"}, {**entry, "alias_quality": "strong"}) is not None
    own = one({"name": "Somebody Other"}, entry)
    assert own is not None
    assert (own["alias"], own["alias_quality"]) == (False, "strong")


def test_attributes_are_those_of_all_rows_of_an_entry() -> None:
    rows = [
        {"entry_id": "e", "kind": "name", "name": "Somebody Other", "birth_record": "1960"},
        {
            "entry_id": "e",
            "kind": "alias",
            "name": "Karim Rashid",
            "alias_quality": "weak",
            "valid_from": "2026-02-01",
        },
        {"entry_id": "e", "kind": "address", "name": "Harbour Road"},
    ]
    match = found(
        [
            {"party_id": "p", "name": "Karim Rashid", "occupation_code": "1960"},
            {"party_id": "q", "name": "Harbour Road"},
        ],
        rows,
    )
    assert [(m["party_id"], m["birth"], m["alias_quality"]) for m in match] == [("p", "agrees", "weak")]


def test_equal_identifiers_match_whatever_the_name() -> None:
    block = "name: name, identifiers: {registration: registration_number, passport: id_document_key}"
    entry = {"name": "Somebody Other", "identifier": "ab-12 34", "identifier_kind": "registration"}
    match = one({"name": "Karim Rashid", "registration_number": "AB1234"}, entry, block)
    assert match is not None
    assert [match[n] for n in ("kind", "score", "name_score", "identifier", "identifier_kind", "supports")] == [
        "identifier", 1_000_000, None, "ab-12 34", "registration", 1]  # fmt: skip
    assert one({"name": "x", "id_document_key": "AB1234"}, entry, block) is None
    assert one({"name": "x", "id_document_key": "AB1234"}, {**entry, "identifier_kind": None}, block) is not None
    assert one({"name": "x", "registration_number": "000 0"}, {**entry, "identifier": "0000"}, block) is None
    assert one({"name": "x", "registration_number": "A1"}, {**entry, "identifier": "A1"}, block) is None


def test_a_table_may_tell_the_kind_itself() -> None:
    rows: list[dict[str, Any]] = [
        {"party_id": "p", "id_type": "passport", "id_value": "X12345"}, {"party_id": "q", "id_type": "tax_id", "id_value": "X12345"},
        {"party_id": "p", "id_type": "passport", "id_value": "X99999"},
    ]  # fmt: skip
    entries: list[dict[str, Any]] = [
        {"list_id": "l", "entry_id": "e", "identifier": "X12345", "identifier_kind": "passport"}
    ]
    data = dataset({"party_identifiers": rows, "list_entries": entries})
    made = output(data, "party_identifiers", "identifier: id_value, identifier_kind: id_type").frame
    assert made["party_id"].to_list() == ["p"]


# ---- time
# -------------------------------------------------------------------------------------------------------------

DATED: list[dict[str, Any]] = [
    {
        "list_id": "a",
        "entry_id": "e1",
        "name": "Karim Rashid",
        "valid_from": "2026-01-10",
        "valid_to": "2026-01-20",
    },
    {"list_id": "b", "entry_id": "e2", "name": "Kareem Rasheed", "listed_at": "2026-01-15"},
    {
        "list_id": "b",
        "entry_id": "e3",
        "name": "Karim Rashid",
        "valid_from": "2026-01-01",
        "withdrawn_as_error": True,
    },
]
DAYS = {day: micros(dt.datetime(2026, 1, day, tzinfo=dt.UTC)) for day in range(1, 32)}


def test_standing_rows_match_when_both_are_there_and_events_what_is_listed_then() -> None:
    rows = found([{"party_id": "p", "name": "Karim Rashid", "onboarded_at": "2026-01-12"}], DATED)
    assert [(r["_id"], r["at"], r["valid_from"], r["valid_to"]) for r in rows] == [
        ("p~a~e1", DAYS[12], DAYS[12], DAYS[20]), ("p~b~e2", DAYS[15], DAYS[15], None)]  # fmt: skip
    undated = output(
        dataset(
            {
                "parties": [{"party_id": "p", "name": "Karim Rashid"}],
                "list_entries": [{"entry_id": "e", "name": "Karim Rashid"}],
            }
        ),
        covers=7,
    )
    assert undated.frame.select("at", "valid_from", "_id").rows() == [(7, None, "p~~e")]
    moves = [
        {
            "txn_id": f"t{day}",
            "booked_at": f"2026-01-{day:02d}",
            "amount": 1,
            "currency": "EUR",
            "to_name": "Karim Rashid",
        }
        for day in (9, 10, 15, 20)
    ]
    data = dataset({"transactions": moves, "list_entries": DATED})
    made = output(data, "transactions", "name: to_name").frame.sort("_id")
    assert made["_id"].to_list() == ["t10~a~e1", "t15~a~e1", "t15~b~e2", "t20~b~e2"]
    assert output(data, "transactions", "name: to_name, lists: [b]").frame["_id"].sort().to_list() == [
        "t15~b~e2",
        "t20~b~e2",
    ]


LOOKED = """
with:
  screened: {{screen: {{from: parties, name: name{more}}}}}
detect:
  from: ledger
  subject: party_id
  facts:
    near: {{is: identity, if: "listed('screened', party_id) and {condition}"}}
  when: near
"""


def test_the_register_has_the_best_match_at_each_moment() -> None:
    moves = [{"txn_id": f"t{day:02d}", "booked_at": f"2026-01-{day:02d}", "party_id": "p", "account_id": "a", "direction": "in", "amount_base": 1}
             for day in (9, 10, 15, 20)]  # fmt: skip
    tables: dict[str, Any] = {
        "parties": [{"party_id": "p", "name": "Karim Rashid"}],
        "list_entries": DATED,
        "ledger": moves,
    }
    exact = judge(LOOKED.format(more="", condition="value_of('screened.score', party_id) = 1"), tables)
    assert hits(exact) == ["t10/in", "t15/in"]
    late = judge(LOOKED.format(more="", condition="value_of('screened.list_id', party_id) = 'b'"), tables)
    assert hits(late) == ["t20/in"]
    every = judge(LOOKED.format(more=", take: all", condition="value_of('screened.score', party_id) > 0"), tables)
    assert hits(every) == ["t10/in", "t20/in"]


def test_the_stream_is_judged_at_the_moment_of_the_match() -> None:
    tables: dict[str, Any] = {
        "parties": [{"party_id": "p", "name": "Karim Rashid", "onboarded_at": "2026-01-12"}],
        "list_entries": DATED,
    }
    assert hits(judge(RULE.format(source="parties", block="name: name"), tables, upto=DAYS[14])) == ["p~a~e1"]
    assert hits(judge(RULE.format(source="parties", block="name: name"), tables, upto=FAR)) == ["p~a~e1", "p~b~e2"]


# ---- properties
# -------------------------------------------------------------------------------------------------------

WORDS = st.sampled_from(["Karim", "Kareem", "Rashid", "Hassan", "Ltd", "al", "K", "Trading"])
PHRASE = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
DAY = st.sampled_from([None, "2026-01-01", "2026-01-02", "2026-01-03"])
PARTIES = st.lists(
    st.fixed_dictionaries({"name": st.one_of(st.none(), PHRASE), "residence_country": st.sampled_from([None, "XA", "XB"]), "onboarded_at": DAY,
                           "occupation_code": st.sampled_from([None, "1960", "1990"]), "registration_number": st.sampled_from([None, "A1234"])}),
    max_size=6,
)  # fmt: skip
LISTED = st.lists(
    st.fixed_dictionaries({"entry_id": st.sampled_from(["e1", "e2"]), "name": PHRASE, "valid_from": DAY, "valid_to": DAY,
                           "kind": st.sampled_from(["name", "alias"]), "alias_quality": st.sampled_from([None, "weak"]),
                           "birth_record": st.sampled_from([None, "1960"]), "countries": st.sampled_from([None, ["XA"]]),
                           "identifier": st.sampled_from([None, "A1234"]), "withdrawn_as_error": st.sampled_from([None, True])}),
    max_size=6,
)  # fmt: skip
BLOCK = "name: name, birth_year: occupation_code, country: residence_country, identifiers: {any: registration_number}, min_score: 0.6"
SHOWN = (
    "_id",
    "at",
    "kind",
    "score",
    "birth",
    "place",
    "supports",
    "conflicts",
    "entry_id",
    "valid_from",
    "listed_name",
    "alias_quality",
)


def _frame(table: str, rows: list[dict[str, Any]], names: tuple[str, ...]) -> pl.DataFrame:
    types: dict[str, Any] = {"list": pl.List(pl.String), "bool": pl.Boolean}
    schema = {name: types.get(dictionary().table(table).columns[name].type, pl.String) for name in names}
    times = [name for name in names if dictionary().table(table).columns[name].type == "time"]
    frame = pl.DataFrame([{name: row.get(name) for name in names} for row in rows], schema=schema)
    return frame.with_columns(
        pl.col(name).str.to_datetime("%Y-%m-%d", time_unit="us", time_zone="UTC") for name in times
    )


def _data(parties: list[dict[str, Any]], entries: list[dict[str, Any]]) -> Dataset:
    party = (
        "party_id",
        "name",
        "residence_country",
        "onboarded_at",
        "occupation_code",
        "registration_number",
    )
    entry = (
        "list_id",
        "entry_id",
        "kind",
        "name",
        "alias_quality",
        "identifier",
        "birth_record",
        "countries",
        "valid_from",
        "valid_to",
        "withdrawn_as_error",
    )
    numbered = [{"party_id": f"p{i}", **row} for i, row in enumerate(parties)]
    return Dataset(
        {
            "parties": _frame("parties", numbered, party),
            "list_entries": _frame("list_entries", entries, entry),
        },
        "EUR",
    )


def _rows(made: Output, upto: int | None = None) -> list[tuple[Any, ...]]:
    frame = made.frame if upto is None else made.frame.filter(pl.col("at") <= upto)
    return sorted(frame.select(SHOWN).rows(), key=repr)


def _day(text: str | None, missing: int) -> int:
    return missing if text is None else micros(dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC))


def _naive(parties: list[dict[str, Any]], entries: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
    """Party, entry, beginning, kind, score, birth, place: for each entry's validity the best of its names."""
    from tests.operators.naive_names import name_score

    made = set()
    rows = [e for e in entries if not e["withdrawn_as_error"] and _day(e["valid_from"], -1) < _day(e["valid_to"], FAR)]
    for i, party in enumerate(parties):
        for since, until, entry_id in {(e["valid_from"], e["valid_to"], e["entry_id"]) for e in rows}:
            start, end = max(_day(party["onboarded_at"], -1), _day(since, -1)), _day(until, FAR)
            if start >= end:
                continue
            version = [e for e in rows if (e["valid_from"], e["valid_to"], e["entry_id"]) == (since, until, entry_id)]
            about = [
                e
                for e in rows
                if e["entry_id"] == entry_id and _day(e["valid_from"], -1) <= _day(since, -1) < _day(e["valid_to"], FAR)
            ]
            born = [e["birth_record"] for e in about if e["birth_record"]]
            places = [c for e in about for c in e["countries"] or []]
            birth = (
                "unknown"
                if not born or not party["occupation_code"]
                else "agrees"
                if party["occupation_code"] in born
                else "conflicts"
            )
            own = party["residence_country"]
            place = "unknown" if not places or own is None else "agrees" if own in places else "conflicts"
            points = {"agrees": 30_000, "conflicts": -100_000, "unknown": 0}[birth] + {
                "agrees": 20_000,
                "conflicts": -30_000,
                "unknown": 0,
            }[place]
            if party["registration_number"] and any(e["identifier"] for e in version):
                made.add((f"p{i}", entry_id, start, "identifier", 1_000_000, birth, place))
                continue
            best = None
            for e in version:
                weak = e["kind"] == "alias" and e["alias_quality"] == "weak"
                stands = not weak or ("agrees" in (birth, place) and "conflicts" not in (birth, place))
                likeness = 0 if party["name"] is None else name_score(party["name"], e["name"])
                score = min(max(likeness + points, 0), 1_000_000) if likeness else 0
                if stands and score >= 600_000 and (best is None or score > best):
                    best = score
            if best is not None:
                made.add((f"p{i}", entry_id, start, "name", best, birth, place))
    return made


@settings(deadline=None, max_examples=12)
@given(PARTIES, LISTED, st.randoms())
def test_screening_is_as_a_plain_reading_has_it_whatever_the_order_and_the_cut(
    parties: list[dict[str, Any]], entries: list[dict[str, Any]], random: Any
) -> None:
    listed = [{"list_id": "l", **row} for row in entries]
    data = _data(parties, listed)
    made = output(data, block=BLOCK, covers=-1)
    seen = made.frame.select("party_id", "entry_id", pl.col("at"), "kind", "score", "birth", "place").rows()
    assert set(seen) == _naive(parties, listed)
    assert made.frame["_id"].n_unique() == made.frame.height
    mixed = {
        name: frame.sample(fraction=1, shuffle=True, seed=random.randrange(99)) for name, frame in data.tables.items()
    }
    assert _rows(output(Dataset(mixed, "EUR"), block=BLOCK, covers=-1)) == _rows(made)
    cut = DAYS[random.choice([1, 2, 3])]
    early = pl.col("onboarded_at").is_null() | (pl.col("onboarded_at").dt.epoch("us") <= cut)
    begun = pl.col("valid_from").is_null() | (pl.col("valid_from").dt.epoch("us") <= cut)
    before = Dataset(
        {
            "parties": data.tables["parties"].filter(early),
            "list_entries": data.tables["list_entries"].filter(begun),
        },
        "EUR",
    )
    assert _rows(output(before, block=BLOCK, covers=-1)) == _rows(made, cut)
    _register_agrees(made)


def _register_agrees(made: Output) -> None:
    """At every moment the register has one row per party that has any match, and none is better."""
    assert made.register is not None
    rows, register = made.frame.to_dicts(), made.register.to_dicts()
    for moment in (0, DAYS[1], DAYS[2], DAYS[3]):

        def there(row: dict[str, Any], moment: int = moment) -> bool:
            return (row["valid_from"] is None or row["valid_from"] <= moment) and (
                row["valid_to"] is None or moment < row["valid_to"]
            )

        for party in {row["party_id"] for row in rows}:
            now = [r for r in rows if r["party_id"] == party and there(r)]
            best = [r for r in register if r["party_id"] == party and there(r)]
            assert len(best) == (1 if now else 0)
            if now:
                assert (best[0]["kind"], -best[0]["score"]) == min((r["kind"], -r["score"]) for r in now)
