from __future__ import annotations

import pytest

from redflags.explain.heads import rule_heads
from redflags.explain.rule import rule_page
from redflags.explain.terminal import plain
from redflags.rules.load import load_rules


@pytest.fixture(scope="module")
def book():
    return load_rules()


@pytest.mark.parametrize("rule_id", [head.id for head in rule_heads()])
def test_every_rule_has_a_page_that_leaves_nothing_out(book, rule_id):
    file = book[rule_id]
    page = rule_page(book, file, book.profile("eu"))
    text = " ".join(page.markdown().split())
    for fact in file.rule.detect.facts:
        assert f"`{fact}`" in text
    for param in file.rule.params:
        assert f"`${param}`" in text
    for line in (*file.rule.blind_spots, *file.rule.alert.next_steps):
        assert " ".join(line.split()) in text
    for policy in file.policies:
        assert policy in text
    for width in (80, 100):
        assert max(map(len, plain(page, width).splitlines())) <= width


def test_heads_agree_with_the_whole_rules(book):
    heads = {head.id: head for head in rule_heads()}
    assert set(heads) == {file.id for file in book}
    for file in book:
        head, rule = heads[file.id], file.rule
        told = (
            head.family,
            head.title,
            head.version,
            head.status,
            head.severity,
            head.kind,
            head.covers,
            head.typologies,
        )
        assert told == (
            file.family,
            rule.title,
            rule.version,
            rule.status,
            rule.severity,
            rule.kind,
            rule.covers,
            rule.typologies,
        )


def test_heads_of_a_faulty_rule_are_read_as_far_as_they_go(tmp_path):
    text = "id: half\ntitle: [not a text]\nversion: x\nwith: {a: 1}\ndetect:\n  from: nowhere\n"
    (tmp_path / "half.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "other.yaml").write_text("name: no rule\n", encoding="utf-8")
    (tmp_path / "half.test.yaml").write_text("id: half\ndetect: 1\n", encoding="utf-8")
    assert [head.id for head in rule_heads(tmp_path)] == ["half"]
