from __future__ import annotations

from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from redflags.results.episodes import alert_id, fold_hits, key_text, open_hits
from tests.results.made import hit, hits


@st.composite
def dense_hits(draw: st.DrawFn) -> list[dict[str, Any]]:
    # Few keys and few moments: ties, touching gaps and equal scores must be common.
    count = draw(st.integers(0, 14))
    rows = []
    for n in range(count):
        facts = draw(st.sampled_from([("many",), ("many", "fast"), ("fast",)]))
        rows.append(
            hit(
                draw(st.integers(0, 12)),
                f"r{n:02}",
                facts,
                subject=draw(st.sampled_from("AB")),
                seq=draw(st.integers(0, 1)),
            )
        )
    return draw(st.permutations(rows))


def naive(rows: list[dict[str, Any]], gap: int) -> list[list[dict[str, Any]]]:
    chains: list[list[dict[str, Any]]] = []
    for subject in sorted({row["key"][0] for row in rows}):
        mine = [row for row in rows if row["key"][0] == subject]
        mine.sort(key=lambda row: (row["moment"], row["at"], row["seq"], row["row_id"]))
        last = None
        for row in mine:
            if last is None or row["moment"] - last > gap:
                chains.append([])
            chains[-1].append(row)
            last = row["moment"]
    return chains


def as_chains(frame: pl.DataFrame) -> list[list[str]]:
    return frame.group_by("episode", maintain_order=True).agg("row_id")["row_id"].to_list()


@given(dense_hits(), st.integers(0, 4))
def test_the_fold_is_what_a_loop_says(rows, gap):
    folded = fold_hits(hits(*rows), gap)
    expected = naive(rows, gap)
    assert as_chains(folded) == [[row["row_id"] for row in chain] for chain in expected]
    peaks = folded.filter("peak")["row_id"].to_list()
    assert peaks == [max(chain, key=lambda row: row["score"])["row_id"] for chain in expected]


@given(dense_hits(), st.integers(0, 4), st.integers(-1, 13))
def test_open_hits_are_those_that_a_later_hit_can_still_join(rows, gap, final):
    still = open_hits(fold_hits(hits(*rows), gap), gap, final)
    settled = [row for row in rows if row["moment"] <= final]
    expected = [row["row_id"] for chain in naive(settled, gap) if chain[-1]["moment"] + gap > final for row in chain]
    assert sorted(still["row_id"]) == sorted(expected)
    assert still.columns == hits().columns


@given(dense_hits(), st.integers(0, 4), st.lists(st.integers(0, 12), max_size=4))
def test_a_chain_of_folds_is_the_whole_fold(rows, gap, cuts):
    whole = as_chains(fold_hits(hits(*rows), gap))
    found: dict[str, list[str]] = {}
    carried, before = hits(), -1
    for final in sorted({*cuts, 13}):
        fresh = hits(*(row for row in rows if before < row["moment"] <= final))
        folded = fold_hits(pl.concat([carried, fresh]), gap)
        for chain in as_chains(folded):
            found[chain[0]] = chain
        carried, before = open_hits(folded, gap, final), final
    assert sorted(found.values()) == sorted(whole)


def test_a_gap_exactly_as_long_as_allowed_joins_and_one_longer_parts():
    folded = fold_hits(hits(hit(0, "a"), hit(5, "b"), hit(11, "c")), gap=5)
    assert folded["episode"].to_list() == [0, 0, 1]


def test_ties_are_put_in_order_by_seq_then_by_row():
    folded = fold_hits(hits(hit(1, "a", seq=2), hit(1, "b", seq=1), hit(1, "c", seq=1)), gap=0)
    assert folded["row_id"].to_list() == ["b", "c", "a"]


def test_keys_of_several_parts_do_not_run_into_each_other():
    keys = [["a", "b"], ["ab"], ["a", None], [None, "a"], ["1:a"], []]
    texts = pl.DataFrame({"key": keys}, schema={"key": pl.List(pl.String)}).select(key_text()).to_series()
    assert texts.n_unique() == len(keys)


def test_alert_ids_do_not_run_into_each_other_and_never_change():
    assert alert_id("some-rule", "party", "P1", "T1/in") == "50ae1508364e699bc6db"
    variants = [
        ("r", "party", "P", "T"),
        ("rp", "arty", "P", "T"),
        ("r", "party", None, "T"),
        ("r", "party", "", "T"),
    ]
    assert len({alert_id(*parts) for parts in variants}) == len(variants)
