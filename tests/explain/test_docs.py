"""Generated pages, and what the README promises."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from redflags.cli.root import main
from redflags.docsgen.commands import commands_page
from redflags.docsgen.dictionary import dictionary_page
from redflags.docsgen.language import AGGREGATE_WORDS, language_page
from redflags.docsgen.readme import readme_page
from redflags.docsgen.rulepages import rule_pages
from redflags.expr.functions import FUNCTIONS
from redflags.rules.load import load_rules
from redflags.rules.model import AGGREGATES, FACT_KINDS, OPERATORS
from redflags.tables import dictionary
from redflags.tables.model import KLASSES

ROOT = Path(__file__).resolve().parents[2]
TEXTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_language_page_names_everything():
    page = language_page()
    for name in FUNCTIONS:
        assert f"`{name}(" in page
    for name in (*AGGREGATES, *KLASSES):
        assert f"`{name}`" in page
    for name in OPERATORS:
        assert f"`{name}`" in page or f"### {name}\n" in page
    for kind in FACT_KINDS:
        assert kind in page
    for value in dictionary().column("transactions", "instrument").values:
        assert f"`{value}`" in page
    assert set(AGGREGATE_WORDS) == set(AGGREGATES)


def test_the_dictionary_says_which_rules_read_a_column():
    book = load_rules()
    page = dictionary_page(book)
    for column in ("conductor_id", "to_party_id"):  # the second is read through the ledger's own side
        line = next(line for line in page.splitlines() if line.strip("| *").startswith(column))
        assert "one-conductor-many-accounts" in line


def test_rule_pages_link_to_pages_that_exist():
    pages = rule_pages(load_rules())
    for target in re.findall(r"\]\(([^)#]+)\)", pages["README.md"]):
        assert target in pages


def test_the_commands_page_has_every_option():
    page = commands_page()

    def walk(command):
        for option in command.params:
            if isinstance(option, click.Option):
                assert option.opts[0] in page
        for below in getattr(command, "commands", {}).values():
            walk(below)

    walk(main)


def commands_in(text: str) -> list[list[str]]:
    """Every `redflags ...` line of the code blocks and code spans."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()] + re.findall(r"`(redflags [^`]+)`", text)
    found = [line.removeprefix("$ ").split("#")[0].split() for line in lines]
    return [words[1:] for words in found if len(words) > 1 and words[0] == "redflags"]


def test_every_command_of_the_readme_exists():
    found = commands_in((ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(found) >= 10
    for words in found:
        command: click.Command = main
        rest = words
        while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
            below = command.get_command(click.Context(command), rest[0])
            assert below is not None
            command, rest = below, rest[1:]
        known = {name for option in command.params for name in option.opts} | {"--help", "--version"}
        for word in rest:
            if word.startswith("--"):
                assert word.split("=")[0] in known, words


def test_every_make_target_of_the_readme_exists():
    made = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`?make ([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8")):
        assert f"\n{target}:" in made


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


def test_the_excerpts_of_the_readme_are_up_to_date():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme_page(text, load_rules()) == text
    assert "\ndetect:\n" in text
    assert "\nWhy it fired\n" in text


def test_the_python_of_the_readme_runs(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    for code in re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL):
        exec(compile(code, "README.md", "exec"), {})  # noqa: S102 - our own page
    said = capsys.readouterr().out
    assert "alerts in all" in said
    assert "rule_id" in said
