"""How alike two names are, the obvious way: every assignment of words is tried."""

from __future__ import annotations

from itertools import permutations

import polars as pl
from rapidfuzz.distance import OSA, JaroWinkler

from redflags.operators.screen_names import folded, vocabulary, whole_keys


def _like(one: str, two: str) -> int:
    return 1_000_000 - 3 * (1_000_000 - round(JaroWinkler.normalized_similarity(one, two) * 1_000_000)) // 2


def _sound_like(one: str, two: str) -> int:
    return 1_000_000 - 3 * (1_000_000 - round(JaroWinkler.normalized_similarity(one, two) * 0.97 * 1_000_000)) // 2


def _word(one: dict[str, object], two: dict[str, object]) -> int:
    a, b = str(one["token"]), str(two["token"])
    if a == b:
        return 1_000_000
    if 4 in (one["weight"], two["weight"]) and 1 not in (one["weight"], two["weight"]):
        return 850_000 if a[0] == b[0] else 0
    if 4 in (one["weight"], two["weight"]):
        return 0
    found = 0
    near = min(len(a), len(b)) >= 4 and OSA.distance(a, b) <= 1 and 1 not in (one["weight"], two["weight"])
    if one["main"] == two["main"] or near:
        found = max(_like(a, b), _sound_like(str(one["sound"]), str(two["sound"])))
    if one["bones"] == two["bones"] and (one["mute"] or two["mute"]):
        found = max(found, 900_000)
    return found if found >= 600_000 else 0


def name_score(one: str, two: str) -> int:
    """Score of two names, 0 where they are not compared."""
    texts = folded(pl.Series([one, two])).to_list()
    if None in texts:
        return 0
    left, right = (text.split(" ")[:16] for text in texts)
    if sorted(left) == sorted(right) and _comparable(left, right, texts):
        return 1_000_000
    return max(_by_words(left, right), _as_one_word(texts))


def _comparable(left: list[str], right: list[str], texts: list[str]) -> bool:
    return _by_words(left, right) > 0 or _as_one_word(texts) > 0


def _by_words(left: list[str], right: list[str]) -> int:
    known = {row["token"]: row for row in vocabulary(pl.Series([*left, *right])).to_dicts()}
    if len(left) > len(right):
        left, right = right, left
    best = (0, 0, 0, 0)
    for order in permutations(range(len(right)), len(left)):
        total = [0, 0, 0, 0]
        for i, j in enumerate(order):
            a, b = known[left[i]], known[right[j]]
            low = min(a["weight"], b["weight"])
            value = _word(a, b)
            if value:
                total = [total[0] + low * value, total[1] + (low > 5), total[2] + (low > 1), total[3] + 1]
        best = max(best, (total[0], total[1], total[2], total[3]))
    weight, full, solid, _ = best
    fulls = [sum(known[t]["weight"] > 5 for t in side) for side in (left, right)]
    if not ((full >= 1 and solid >= 2) or (full == 1 and fulls == [1, 1])):
        return 0
    light, heavy = sorted(sum(known[t]["weight"] for t in side) for side in (left, right))
    return int((65 * weight * heavy + 35 * weight * light) // (100 * light * heavy))


def _as_one_word(texts: list[str]) -> int:
    one, two = (
        whole_keys(pl.DataFrame({"n": [0], "text": [text]}), turned=turned).to_dicts()
        for text, turned in zip(texts, (False, True), strict=True)
    )
    scores = [
        max(_like(a["joined"], b["joined"]), _sound_like(a["sound"], b["sound"])) - 20_000
        for a in one for b in two if a["key"] == b["key"]
    ]  # fmt: skip
    return max(scores, default=0)
