"""The fold of hits to episodes against the plain reading of the definition."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from redflags.engine.outcome import HITS
from redflags.results.episodes import fold_hits, open_hits
from tests.reference.episodes import group
from tests.reference.evaluate import Hit

PARTS = st.sampled_from([("a",), ("b",), ("a", "b"), ("a|b",), ("", "ab"), (None,)])


@st.composite
def hits(draw: st.DrawFn) -> list[Hit]:
    found = []
    for number in range(draw(st.integers(0, 14))):
        at = draw(st.integers(0, 12))
        seq = draw(st.sampled_from([None, 0, 1]))
        order = (at, (seq is not None, seq or 0), f"r{(number * 5) % 14:02d}")
        moment = at + draw(st.sampled_from([0, 0, 2]))
        found.append(Hit(order[2], moment, draw(PARTS), order, {}, {}, draw(st.sampled_from([40, 45, 50]))))
    return found


def frame_of(found: list[Hit]) -> pl.DataFrame:
    rows = [
        {
            "moment": hit.moment,
            "at": hit.order[0],
            "seq": hit.order[1][1] if hit.order[1][0] else None,
            "row_id": hit.row_id,
            "key": list(hit.key),
            "score": hit.own_score,
        }
        for hit in found
    ]
    return pl.DataFrame(rows, schema=HITS)


def chains_of(folded: pl.DataFrame) -> list[list[str]]:
    return [part["row_id"].to_list() for part in folded.partition_by("episode", maintain_order=True)]


@given(hits(), st.integers(0, 5))
def test_episodes_are_maximal_chains(found, gap):
    folded = fold_hits(frame_of(found), gap)
    chains = group(found, gap)
    assert sorted(chains_of(folded)) == sorted([hit.row_id for hit in chain] for chain in chains)
    peaks = [max(chain, key=lambda hit: hit.own_score).row_id for chain in chains]
    assert sorted(folded.filter("peak")["row_id"]) == sorted(peaks)


@given(hits(), st.integers(0, 5), st.integers(0, 14), st.randoms(use_true_random=False))
def test_open_hits_are_all_that_a_later_run_needs(found, gap, final, random):
    """Folding the open hits with all later ones gives every episode that a later hit touches."""
    whole = fold_hits(frame_of(random.sample(found, len(found))), gap)
    upto = frame_of([hit for hit in found if hit.moment <= final])
    later = [hit for hit in found if hit.moment > final]
    kept = open_hits(fold_hits(upto, gap), gap, final)
    again = fold_hits(pl.concat([kept, frame_of(later)]), gap)
    touched = {hit.row_id for hit in later}
    expected = [chain for chain in chains_of(whole) if touched & set(chain)]
    assert sorted(chain for chain in chains_of(again) if touched & set(chain)) == sorted(expected)
