"""The closed set of functions an expression may call: arguments, result, null rule.

``kind`` names of types: text, bool, int, number, money, ratio, real, time, date, duration, list, any, same.
A ``?`` after an argument makes it optional, ``*`` repeats it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Function:
    """Signature and documentation of one function."""

    name: str
    args: tuple[str, ...]
    returns: str
    nulls: str
    doc: str
    register: bool = False  # looks a register up, as of the row


_ALL = (
    Function("abs", ("numeric",), "same", "null in, null out", "absolute value"),
    Function("coalesce", ("any", "any*"), "same", "the first that is neither null nor empty", "first known value"),
    Function("given", ("any", "any"), "same", "null in, null out: a null in a column that came in stays unknown",
             "the first; the second where a table or column that the first reads did not come in at all"),
    Function("nullif", ("any", "any"), "same", "null where both are equal", "null in place of one value"),
    Function("greatest", ("any", "any*"), "same", "null if any is null", "largest of several"),
    Function("least", ("any", "any*"), "same", "null if any is null", "smallest of several"),
    Function("lower", ("text",), "text", "null in, null out", "lower case"),
    Function("upper", ("text",), "text", "null in, null out", "upper case"),
    Function("trim", ("text",), "text", "null in, null out", "without blanks at both ends"),
    Function("length", ("text",), "int", "null in, null out", "number of characters"),
    Function("left", ("text", "int"), "text", "null in, null out", "the first n characters"),
    Function("right", ("text", "int"), "text", "null in, null out", "the last n characters"),
    Function("starts_with", ("text", "text"), "bool", "null in, null out", "begins with"),
    Function("ends_with", ("text", "text"), "bool", "null in, null out", "ends with"),
    Function("normalise", ("text",), "text", "null in, null out",
             "lower case, accents and punctuation and digits removed, blanks folded"),
    Function("digits", ("text",), "text", "null in, null out", "only the digits 0 to 9"),
    Function("whole", ("text",), "int", "null in, null out; null where the text is something else",
             "the whole number that a text of 1 to 18 digits stands for"),
    Function("similarity", ("text", "text"), "real", "null in, null out",
             "share of equal letter pairs, 0 to 1 (Dice coefficient of bigrams of the normalised texts)"),
    Function("contains", ("list", "text"), "bool", "null list is null; null element is null", "list has the element"),
    Function("overlap", ("list", "list"), "bool", "null in, null out", "two lists share an element"),
    Function("size", ("list",), "int", "null in, null out", "number of elements"),
    Function("array", ("text*",), "list", "null elements are dropped", "a list of texts"),
    Function("concat_lists", ("list", "list*"), "list", "null lists count as empty", "lists joined"),
    Function("local_date", ("time",), "date", "null in, null out",
             "calendar day in the account's time zone, else the data set's"),
    Function("local_hour", ("time",), "int", "null in, null out", "hour of day, 0 to 23, same time zone"),
    Function("local_weekday", ("time",), "int", "null in, null out", "1 Monday to 7 Sunday, same time zone"),
    Function("day_of_month", ("date",), "int", "null in, null out", "1 to 31"),
    Function("month", ("date",), "int", "null in, null out", "1 to 12"),
    Function("year", ("date",), "int", "null in, null out", "calendar year"),
    Function("days_between", ("date", "date"), "int", "null in, null out", "whole days from the first to the second"),
    Function("distance_km", ("real", "real", "real", "real"), "real", "null in, null out",
             "great-circle distance of two points in degrees (haversine, radius 6371.0088 km)"),
    Function("sqrt", ("numeric",), "real", "null in or negative, null out", "square root"),
    Function("ratio", ("numeric", "numeric"), "number", "null in or zero divisor, null out", "first divided by second"),
    Function("is_round", ("money", "number"), "bool", "null in, null out", "amount is a whole multiple of a step"),
    Function("threshold", ("text", "text", "text"), "money", "null where the place or currency is null or unconvertible",
             "legal or institution-set amount for kind, place, currency ('base' = base currency), as of the row", True),
    Function("reaches", ("text", "text", "money", "text"), "bool", "null where the threshold is null",
             "amount reaches the threshold under its legal operator", True),
    Function("listed", ("text", "any", "any*"), "bool", "a miss is false; a null key is null; outside coverage null",
             "key is in the register as of the row; further keys narrow (each matches any remaining key column)", True),
    Function("value_of", ("text", "any", "any*"), "any", "a miss is null; outside coverage null",
             "column of the register's row for the key, as of the row ('register.column')", True),
    Function("linked", ("text", "text", "text*"), "bool", "a null party is null; no link is false",
             "two parties are linked as of the row, in either direction, in one of the roles (any role without)", True),
    Function("found", ("any",), "bool", "false where the reference is null", "a declared reference leads to a row", True),
    Function("base_currency", (), "text", "never null", "the data set's base currency"),
)  # fmt: skip

FUNCTIONS: dict[str, Function] = {function.name: function for function in _ALL}
