"""Trees of the parser against those of an independent SQL parser, and texts read back."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from redflags.expr import nodes as n
from redflags.expr.parser import parse
from redflags.plan.show import text_of

sqlglot = pytest.importorskip("sqlglot")
exp = sqlglot.exp

COUNT = 3000
COMPARED = {"=": exp.EQ, "<>": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE}
ARITHMETIC = {"+": exp.Add, "-": exp.Sub, "*": exp.Mul, "/": exp.Div}


class Writer:
    """Random text with as few brackets as a person would write, so that precedence is what is tested."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, *choices):
        return self.random.choice(choices)

    def value(self, depth):
        if depth <= 0:
            return self.pick("a", "b", "c.d", "12", "0.80", "'x'", "'it''s'", "-1", "- e", "null")
        form = self.random.randrange(6)
        if form == 0:
            return f"({self.value(depth - 1)})"
        if form == 1:
            return f"coalesce({self.value(depth - 1)}, {self.value(depth - 1)})"
        if form == 2:
            return f"case when {self.condition(depth - 1)} then {self.value(depth - 1)} else {self.value(0)} end"
        return f"{self.value(depth - 1)} {self.pick('+', '-', '*', '/')} {self.value(depth - 1)}"

    def condition(self, depth):
        if depth > 0 and self.random.random() < 0.6:
            form = self.random.randrange(4)
            if form == 0:
                return f"not {self.condition(depth - 1)}"
            if form == 1:
                return f"({self.condition(depth - 1)})"
            return f"{self.condition(depth - 1)} {self.pick('and', 'or')} {self.condition(depth - 1)}"
        left, right = self.value(self.random.randrange(3)), self.value(self.random.randrange(2))
        return self.pick(
            f"{left} {self.pick(*COMPARED)} {right}",
            f"{left} is null",
            f"{left} is not null",
            f"{left} {self.pick('', 'not ')}in ({right}, 'y')",
            f"{left} {self.pick('', 'not ')}between {right} and 3",
            f"{left} {self.pick('', 'not ')}like 'a%_'",
            f"{left} is {self.pick('', 'not ')}distinct from {right}",
        )


def theirs(tree):
    """An sqlglot tree as nested tuples."""
    match tree:
        case exp.Paren():
            return theirs(tree.this)
        case exp.And() | exp.Or():
            return ("and" if isinstance(tree, exp.And) else "or", theirs(tree.this), theirs(tree.expression))
        case exp.Not():
            return ("not", theirs(tree.this))
        case exp.Is():
            return ("is null", theirs(tree.this))
        case exp.NullSafeNEQ():
            return ("is distinct", theirs(tree.this), theirs(tree.expression))
        case exp.NullSafeEQ():
            return ("not", ("is distinct", theirs(tree.this), theirs(tree.expression)))
        case exp.In():
            return ("in", theirs(tree.this), *(theirs(item) for item in tree.expressions))
        case exp.Between():
            return ("between", theirs(tree.this), theirs(tree.args["low"]), theirs(tree.args["high"]))
        case exp.Like():
            made = ("like", theirs(tree.this), tree.expression.this)
            return ("not", made) if tree.args.get("negate") else made
        case exp.Neg():
            inner = theirs(tree.this)
            return -inner if isinstance(inner, Fraction) else ("-", inner)
        case exp.Literal():
            return tree.this if tree.is_string else Fraction(tree.this)
        case exp.Null():
            return None
        case exp.Column():
            return ("name", tree.sql())
        case exp.Coalesce():
            return ("coalesce", theirs(tree.this), *(theirs(item) for item in tree.expressions))
        case exp.Case():
            branches = [(theirs(item.this), theirs(item.args["true"])) for item in tree.args["ifs"]]
            return ("case", *branches, theirs(tree.args["default"]))
        case exp.Binary():
            words = {kind: word for word, kind in {**COMPARED, **ARITHMETIC}.items()}
            return (words[type(tree)], theirs(tree.this), theirs(tree.expression))
    raise AssertionError(repr(tree))


def ours(node):
    """Our tree in the same terms."""

    def turned(negated, made):
        return ("not", made) if negated else made

    match node:
        case n.Number() | n.Text():
            return node.value
        case n.Null():
            return None
        case n.Name():
            return ("name", node.text)
        case n.Unary():
            return (node.op, ours(node.operand))
        case n.Binary():
            return (node.op, ours(node.left), ours(node.right))
        case n.IsNull():
            return turned(node.negated, ("is null", ours(node.operand)))
        case n.IsDistinct():
            return turned(node.negated, ("is distinct", ours(node.left), ours(node.right)))
        case n.In():
            return turned(node.negated, ("in", ours(node.operand), *(ours(item) for item in node.items)))
        case n.Between():
            return turned(node.negated, ("between", ours(node.operand), ours(node.low), ours(node.high)))
        case n.Like():
            return turned(node.negated, ("like", ours(node.operand), node.pattern))
        case n.Call():
            return (node.name, *(ours(arg) for arg in node.args))
        case n.Case():
            assert node.default is not None
            return ("case", *((ours(a), ours(b)) for a, b in node.branches), ours(node.default))
    raise AssertionError(repr(node))


@pytest.fixture(scope="module")
def texts():
    writer = Writer(20260301)
    return [writer.condition(depth) for depth in (0, 1, 2, 3) for _ in range(COUNT // 4)]


def test_trees_are_those_of_an_independent_parser(texts):
    for text in texts:
        tree = sqlglot.parse_one(f"select {text}", read="duckdb").selects[0]
        assert ours(parse(text)) == theirs(tree), text


def test_a_tree_written_out_reads_back_as_itself(texts):
    for text in texts:
        tree = parse(text)
        assert parse(text_of(tree, None)) == tree, text


def test_every_node_knows_its_place(texts):
    for text in texts[::7]:
        for node in n.walk(parse(text)):
            assert 0 <= node.start < node.end <= len(text)
            if isinstance(node, n.Name | n.Null):
                assert text[node.start : node.end].lower() == (node.text if isinstance(node, n.Name) else "null")
