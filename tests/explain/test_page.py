from __future__ import annotations

import pytest

from redflags.explain.page import Bar, Bars, Code, Column, Grid, Heading, Items, Page, Pairs, Para, Title
from redflags.explain.terminal import plain

PAGE = Page(
    (
        Title("A rule", "HIGH 70", "bad"),
        Pairs((("Who", "party P1"),)),
        Heading("Why"),
        Bars(
            (
                Bar("base", 50),
                Bar("three deposits", 15, 50),
                Bar("none", 0, 65),
                Bar("score", 65, 0, total=True),
            )
        ),
        Heading("Rows"),
        Grid(
            (Column("row", keep=True), Column("a | b", code=True), Column("more", extra=True)),
            (("T1/in", "x | y", "z"),),
        ),
        Items(("one", "two"), numbered=True),
        Items(("fact",), marks=(("yes", "good"),)),
        Code("redflags demo", "sh"),
        Para("quiet", "quiet"),
    )
)


def test_text_has_every_block_in_order():
    text = plain(PAGE)
    words = (
        "A rule  HIGH 70", "Who", "Why", "base", "+15", "score", "Rows", "T1/in", "1. one", "yes fact",
        "redflags demo",
    )  # fmt: skip
    places = [text.index(word) for word in words]
    assert places == sorted(places)
    assert "\x1b" not in text
    assert all(line == line.rstrip() for line in text.splitlines())


def test_bars_of_contributions_stand_side_by_side():
    base, added, _, total = [line for line in plain(PAGE).splitlines() if "▒" in line or "█" in line or "none" in line]
    assert added.index("▒") == base.rindex("▒") + 1
    assert abs(total.count("█") - base.count("▒") - added.count("▒")) <= 1


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160])
def test_text_keeps_its_width_and_never_breaks_an_id(width):
    lines = plain(PAGE, width).splitlines()
    assert max(map(len, lines)) <= width
    assert any("T1/in" in line for line in lines)


def test_extra_columns_are_left_out_where_it_is_narrow():
    assert "more" not in plain(PAGE, 80)
    assert "more" in plain(PAGE, 120)


def test_markdown_has_sound_tables():
    text = PAGE.markdown()
    assert text.startswith("# A rule (HIGH 70)\n")
    assert "| **65** | score |" in text
    assert "| T1/in | `x \\| y` | z |" in text
    assert text.endswith("quiet\n")
    for block in text.split("\n\n"):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({line.replace("\\|", "").count("|") for line in rows}) <= 1
