from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from redflags.errors import RuleError
from redflags.yamlio import Position, load_yaml, read_yaml


def codes(text):
    return [fault.code for fault in read_yaml(text, "x.yaml").faults]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("NO", "NO"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("yes", "yes"),
        ("y", "y"),
        ("Yes", "Yes"),
        ("0123", "0123"),
        ("-012", "-012"),
        ("1_000", "1_000"),
        ("0x1F", "0x1F"),
        ("0o17", "0o17"),
        ("0b1", "0b1"),
        ("1:30", "1:30"),
        ("2026-11-22", "2026-11-22"),
        ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z"),
        ("0.80", "0.80"),
        ("1.", "1."),
        (".5", ".5"),
        ("1e3", "1e3"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1,000", "1,000"),
        ("12", 12),
        ("-3", -3),
        ("+7", 7),
        ("0", 0),
        ("-0", 0),
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("'12'", "12"),
        ('"true"', "true"),
        ("''", ""),
        ("٣", "٣"),
    ],
)
def test_core_schema(written, meant):
    found = load_yaml(f"a: {written}\n").data["a"]
    assert found == meant
    assert type(found) is type(meant)


def test_keys_are_texts():
    assert load_yaml("on: 1\nNO: 2\n0123: 3\n5: 4\ntrue: 5\n").data == {
        "on": 1,
        "NO": 2,
        "0123": 3,
        "5": 4,
        "true": 5,
    }


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a: 1\nb: 2\na: 3\n", "YAML-DUP", 3, 1),
        ("a: {b: 1, b: 2}\n", "YAML-DUP", 1, 11),
        ("a: &x 1\n", "YAML-ALIAS", 1, 4),
        ("a: *x\n", "YAML-ALIAS", 1, 4),
        ("a: !date 1\n", "YAML-TAG", 1, 4),
        ("a: !!str 1\n", "YAML-TAG", 1, 4),
        ("<<: {a: 1}\n", "YAML-MERGE", 1, 1),
        ("? [a]\n: 1\n", "YAML-KEY", 1, 3),
        ("a: 1\n---\nb: 2\n", "YAML-DOCS", 2, 1),
        ("", "YAML-EMPTY", 1, 1),
        ("# nothing\n", "YAML-EMPTY", 1, 1),
        ("a:\n\tb: 1\n", "YAML-TAB", 2, 1),
        ("a:\n  - b\n   c: 1\n", "YAML-SYNTAX", 3, 5),
        ("a: b: c\n", "YAML-SYNTAX", 1, 5),
        ("a: 'open\n", "YAML-SYNTAX", 2, 1),
        ("a: [1, 2\nb: 3\n", "YAML-SYNTAX", 2, 2),
        ("a: 1\u2028\n", "YAML-CHAR", 1, 5),
        ("a: 1\nb\u200b: 2\n", "YAML-CHAR", 2, 2),
    ],
)
def test_faults_are_located(text, code, line, column):
    faults = read_yaml(text, "x.yaml").faults
    assert (faults[0].code, faults[0].line, faults[0].column) == (code, line, column)
    assert faults[0].file == "x.yaml"
    with pytest.raises(RuleError):
        load_yaml(text)


@pytest.mark.parametrize(
    "text",
    [
        "a: {where: f(a, b)}\n",
        "a: {where: f(a, b), within: 7d}\n",
        "a: {within: 7d, where: listed('x', country)}\n",
        "a: {where: g(f(a), b)}\n",
        "a: [f(a, b), c]\n",
        "a:\n  - {where: f(a,\n      b)}\n",
    ],
)
def test_a_cut_expression_is_caught_once(text):
    faults = read_yaml(text).faults
    assert [fault.code for fault in faults] in (["YAML-FLOW-CUT"], ["YAML-FLOW-CUT"] * 2)
    assert all("quote the expression" in fault.hint for fault in faults)
    if "[" not in text:
        assert len(faults) == 1


def test_a_bare_key_in_braces_is_refused_and_quoting_helps():
    assert codes("a: {who: people who marry, or bury}\n") == ["YAML-FLOW-CUT"]
    assert codes('a: {where: "f(a, b)", x: }\n') == []
    assert load_yaml('a: {where: "f(a, b)"}\n').data == {"a": {"where": "f(a, b)"}}


def test_every_fault_at_once():
    assert codes("a: 1\na: 2\nb: &x 3\nc: !t 4\nd: {e: f(a, b)}\n") == [
        "YAML-DUP", "YAML-ALIAS", "YAML-TAG", "YAML-FLOW-CUT",
    ]  # fmt: skip


def test_data_survives_a_duplicate():
    assert read_yaml("a: 1\na: 2\nb: 3\n").data == {"a": 1, "b": 3}


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes(b"a: \xff\n")
    assert read_yaml(path).faults[0].code == "FILE-READ"
    assert read_yaml(tmp_path / "y.yaml").faults[0].code == "FILE-READ"


def test_bom_and_crlf(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes("\ufeffa: 1\r\nb: >\r\n  x >= 1\r\n  and y\r\n".encode())
    document = load_yaml(path)
    assert document.data == {"a": 1, "b": "x >= 1 and y\n"}
    assert document.locate(("b",), document.data["b"].index("y")) == Position(4, 7)


def test_locate_keys_values_and_what_is_missing():
    document = load_yaml("a:\n  b: [x, {c: 1}]\nd: 2\n")
    assert document.locate(()) == Position(1, 1)
    assert document.locate(("a", "b")) == Position(2, 6)
    assert document.locate(("a", "b"), key=True) == Position(2, 3)
    assert document.locate(("a", "b", 1, "c")) == Position(2, 14)
    assert document.locate(("a", "missing")) == Position(1, 1)
    assert document.locate(("a", "b", 7)) == Position(2, 3)
    assert document.has(("a", "b", 1, "c"))
    assert not document.has(("a", "b", 2))


@pytest.mark.parametrize(
    ("text", "word", "line", "column"),
    [
        ("k: a and colour\n", "colour", 1, 10),
        ("k: a\n  and colour\n", "colour", 2, 7),
        ("k: a\n\n  and colour\n", "colour", 3, 7),
        ("k: 'a ''x'' colour'\n", "colour", 1, 13),
        ('k: "a \\"x\\" \\u00e9 colour"\n', "colour", 1, 20),
        ('k: "a \\\n   colour"\n', "colour", 2, 4),
        ('k: "a\n   b colour"\n', "colour", 2, 6),
        ("k: |\n  a\n    b\n  colour\n", "colour", 4, 3),
        ("k: |2-\n    a\n  colour\n", "colour", 3, 3),
        ("k: >\n  a\n\n  b colour\n", "colour", 4, 5),
        ("k: >-  # why\n  a\n    more\n  colour\n", "colour", 4, 3),
        ("k: [a, b colour]\n", "colour", 1, 10),
    ],
)
def test_offsets_inside_scalars(text, word, line, column):
    document = load_yaml(text)
    value = document.data["k"]
    path: tuple[str | int, ...] = ("k",)
    if isinstance(value, list):
        value, path = value[1], ("k", 1)
    assert document.locate(path, value.index(word)) == Position(line, column)


def test_an_offset_at_the_end_stays_in_the_scalar():
    document = load_yaml("k: a >=\nj: >\n  a >=\n")
    assert document.locate(("k",), 4) == Position(1, 8)
    assert document.locate(("j",), 4).line == 3


# Letters are unlike each other, so that a place that is off shows at once.
LINE = st.text("abcdefghijk (){}=<>',.é", max_size=12)


@st.composite
def blocks(draw):
    style = draw(st.sampled_from(["|", ">", "|-", ">-", "|+", ">+"]))
    indent = draw(st.integers(1, 5))
    lines = draw(st.lists(LINE, min_size=1, max_size=6))
    body = "".join(
        f"{' ' * indent}{line}\n" if line.strip() else f"{draw(st.sampled_from(['', ' ']))}\n" for line in lines
    )
    return f"a: 1\nk: {style}\n{body}" + draw(st.sampled_from(["", "b: 2\n", "\n\nb: 2\n"]))


@given(blocks())
def test_every_character_of_a_block_is_found(text):
    _every_character(text)


@st.composite
def flows(draw):
    quote = draw(st.sampled_from(["'", '"', ""]))
    words = draw(st.lists(st.text("abcdefgé><=()", min_size=1, max_size=6), min_size=1, max_size=8))
    joins = [draw(st.sampled_from([" ", "\n   ", " \n  ", "\n\n  "])) for _ in words[1:]]
    body = words[0] + "".join(join + word for join, word in zip(joins, words[1:], strict=True))
    return f"k: {quote}{body}{quote}\nb: 2\n"


@given(flows())
def test_every_character_of_a_flow_scalar_is_found(text):
    _every_character(text)


def _every_character(text):
    document = read_yaml(text)
    assume(not document.faults and isinstance(document.data["k"], str))
    value = document.data["k"]
    lines = text.split("\n")
    for offset, letter in enumerate(value):
        if letter in " \n":
            continue
        at = document.locate(("k",), offset)
        assert lines[at.line - 1][at.column - 1] == letter
