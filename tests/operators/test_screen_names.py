"""Names: how they fold, the ladder of ways to write one, names that are not one, blocks that lose nothing, real lists matched to themselves."""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redflags.operators.screen_match import matched
from redflags.operators.screen_names import folded
from tests.operators.naive_names import name_score

LISTS = Path(__file__).parents[3] / "shared" / "samples" / "lists"


def score(one: str, two: str) -> int:
    """Score of a name and a listed one, in millionths; 0 where they are not compared."""
    texts = folded(pl.Series([one, two]))
    return int(matched(texts[[0]], texts[[1]], 1, 10_000).frame["score"].sum())


LADDER = {
    "exact": [("Karim Hassan Rashid", "Karim Hassan Rashid"), ("Rostex Trading Co., Ltd.", "ROSTEX TRADING"), ("OOO Romashka", "Romashka LLC")],
    "order": [("RASHID, Karim Hassan", "Karim Hassan Rashid"), ("Xi Jinping", "Jinping Xi")],
    "missing": [("Karim Rashid", "Karim Hassan Rashid"), ("Karim Hassan", "Karim Hassan Rashid Omari"), ("Blue Star Trading", "Blue Star")],
    "initials": [("K. Rashid", "Karim Rashid"), ("Karim H. Rashid", "Karim Hassan Rashid"), ("J P Morton", "James P. Morton")],
    "transliteration": [
        ("Muhammad Husayn", "Mohammed Hussein"), ("Иван Петрович Сидоров", "Ivan Petrovich Sidorov"), ("Юлия Щербакова", "Yuliya Shcherbakova"),
        ("Αλέξανδρος Παπαδόπουλος", "Alexandros Papadopoulos"), ("محمد حسن رشيد", "Mohammed Hassan Rashid"), ("Sergej Evgenievich", "Sergey Yevgenyevich"),
        ("Khaled Rasheed", "Khalid Rashid"), ("习近平", "Xi Jinping"), ("Abdel-Rahman Youssef", "Abdul Rahman Yusuf"),
    ],
    "diacritics": [("José Muñoz Ibáñez", "Jose Munoz Ibanez"), ("Łukasz Żółć", "Lukasz Zolc"), ("Gül Şahin", "Gul Sahin"), ("Seán O'Brien", "Sean OBrien")],
    "joined": [("AlRashid Trading", "Al-Rashid Trading Co"), ("Abdulkarim Hassan", "Abdul Karim Hassan"), ("Hassan Abdulkarim", "Abdul Karim Hassan"),
               ("BlueStar", "Blue Star"), ("KarimRashid", "Rashid Karim")],
    "letters": [("Kairm Rashid", "Karim Rashid"), ("Karim Rashd", "Karim Rashid"), ("Petrovv Ivan", "Ivan Petrov")],
    "titles": [("Sheikh Dr. Karim Rashid", "Karim Rashid"), ("Mr. Karim Rashid Jr.", "Karim Rashid")],
}  # fmt: skip


@pytest.mark.parametrize(("rung", "one", "two"), [(rung, *pair) for rung, pairs in LADDER.items() for pair in pairs])
def test_every_rung_of_the_ladder_is_found(rung: str, one: str, two: str) -> None:
    found = score(one, two)
    assert found >= (825_000 if (one, two) == LADDER["missing"][1] else 850_000), (rung, found)
    if rung in {"exact", "order", "diacritics", "titles"}:
        assert found == 1_000_000


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Karim Hassan", "Karim Rashid"), ("Karim Hassan Rashid", "Karim Hassan Omari"), ("Ali Ahmad", "Ali Omar"), ("Karim", "Karim Rashid"),
        ("Omar Hassan", "Amir Hosni"), ("National Trading Company", "National Shipping Company"), ("Bank of the East", "Bank of the West"),
        ("Maria Lopez Garcia", "Marta Perez Garcia"), ("Al Rashid", "Al Hamid"), ("J Smith", "K Smith"), ("John Smith", "Jane Smythe"),
        ("Global Marine Services", "Global Air Services"), ("Li Wei", "Li Ming"), ("Golden Lion Transport", "Golden Gate Transport"),
        ("Wagner", "Wegener Hotels"),
    ],
)  # fmt: skip
def test_names_that_are_not_one_stay_below(one: str, two: str) -> None:
    assert score(one, two) < 850_000


WORDS = [
    "karim",
    "kareem",
    "krm",
    "rashid",
    "rasheed",
    "rahsid",
    "mohammed",
    "mhmd",
    "omar",
    "amir",
    "trading",
    "bank",
    "al",
    "bin",
    "k",
    "x",
    "alrashid",
]


@settings(deadline=None, max_examples=12)
@given(
    st.lists(
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join),
        min_size=2,
        max_size=10,
        unique=True,
    )
)
def test_blocks_lose_no_pair_and_scores_are_as_a_plain_reading_has_them(names: list[str]) -> None:
    texts = folded(pl.Series(names)).drop_nulls().unique().sort()
    found = {
        (q, listed): value
        for q, listed, value in matched(texts, texts, 500_000, 10_000).frame.select("q", "l", "score").rows()
    }
    wanted = {
        (i, j): value for i, one in enumerate(texts) for j, two in enumerate(texts) if (value := name_score(one, two)) >= 500_000
    }  # fmt: skip
    assert found == wanted


def test_a_longer_list_changes_nothing_of_what_a_shorter_one_gave() -> None:
    names = [f"{a} {b}" for a, b in pairwise(WORDS * 3)]
    texts = folded(pl.Series(names)).drop_nulls().unique(maintain_order=True)
    short, long = (matched(texts, texts.head(n), 600_000, 10_000).frame for n in (8, texts.len()))
    assert long.filter(pl.col("l") < 8).sort("q", "l").equals(short.sort("q", "l"))


def _matches_itself(names: list[str]) -> float:
    texts = folded(pl.Series(names)).drop_nulls().unique(maintain_order=True)
    found = matched(texts, texts, 990_000, 1000).frame.filter(
        (pl.col("q") == pl.col("l")) & (pl.col("score") == 1_000_000)
    )
    return found.height / texts.len()


def test_every_name_finds_itself() -> None:
    syllables = [
        "ka",
        "rim",
        "ra",
        "shid",
        "omo",
        "li",
        "xu",
        "van",
        "al",
        "bank",
        "trading",
        "q",
        "8",
        "ltd",
        "bin",
        "of",
        "the",
        "zyx",
        "o",
    ]
    names = (
        [f"{a}{b} {c}" for a in syllables for b in syllables for c in syllables[::3]]
        + syllables
        + ["of the bank", "General Trading Company"]
    )
    assert _matches_itself(names) == 1


def test_every_name_of_a_real_list_finds_itself() -> None:
    path = LISTS / "ofac_sdn.csv"
    if not path.exists():
        pytest.skip("no sample of a real list here")
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        names = [row[1] for row in csv.reader(file) if len(row) > 1]
    assert len(names) > 1000
    assert _matches_itself(names[::4]) == 1
