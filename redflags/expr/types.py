"""Types of expressions and what may meet what."""

from __future__ import annotations

from dataclasses import dataclass

NUMERIC = frozenset({"int", "number", "money", "duration", "real"})
ORDERED = NUMERIC | {"time", "date", "text"}
_DICTIONARY = {
    "id": "text", "text": "text", "enum": "text", "country": "text", "currency": "text", "money": "money",
    "money_base": "money", "int": "int", "number": "number", "ratio": "number", "decimal": "number", "real": "real",
    "bool": "bool", "time": "time", "date": "date", "list": "list",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Type:
    """Kind of a value; for money also whose currency it is in (``row``, ``base``, or open for literals)."""

    kind: str
    currency: str | None = None

    def __str__(self) -> str:
        if self.kind == "money" and self.currency:
            return {"row": "money in the row's currency", "base": "money in base currency"}[self.currency]
        return self.kind

    @property
    def numeric(self) -> bool:
        """Whether arithmetic is defined."""
        return self.kind in NUMERIC


TEXT, BOOL, INT, NUMBER, REAL = Type("text"), Type("bool"), Type("int"), Type("number"), Type("real")
MONEY, TIME, DATE, DURATION, LIST = Type("money"), Type("time"), Type("date"), Type("duration"), Type("list")
NULL = Type("null")
LITERAL = Type("literal")  # an exact number whose unit is given by what it meets


def of_column(dictionary_type: str) -> Type:
    """The expression type of a dictionary type.

    Example:
        >>> str(of_column("money_base"))
        'money in base currency'
    """
    kind = _DICTIONARY[dictionary_type]
    if dictionary_type == "money":
        return Type("money", "row")
    if dictionary_type == "money_base":
        return Type("money", "base")
    return Type(kind)


def kept(kind: Type) -> Type:
    """The type of a derived value once it stands in a column of its own: measured numbers are kept to six decimals.

    Example:
        >>> str(kept(REAL)), str(kept(INT))
        ('number', 'int')
    """
    return NUMBER if kind.kind in {"real", "literal"} else kind


def meet(left: Type, right: Type) -> Type | None:
    """The common type of two values that are compared, added or alternatives; None where they do not meet.

    A literal takes any numeric type but duration; ``int`` and ``number`` meet as number; money meets money of the same
    currency or of an open one.
    """
    if left == right:
        return left
    if left.kind == "null":
        return right
    if right.kind == "null":
        return left
    if left.kind == "literal":
        left, right = right, left
    if right.kind == "literal":
        return left if left.kind in {"int", "number", "money", "real"} else None
    if left.kind == right.kind == "money":
        if left.currency is None:
            return right
        return left if right.currency is None else None
    if {left.kind, right.kind} <= {"int", "number", "real"}:
        return REAL if "real" in {left.kind, right.kind} else NUMBER
    return None
