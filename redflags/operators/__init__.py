"""Operators: typed functions that turn streams into streams or registers (``with:`` of a rule, or ``rules/streams``).

An operator has three parts: ``bind`` reads its block of the rule into a ``Derived`` node, ``columns`` says what comes
out, ``run`` makes it. ``bind`` and ``columns`` see no rows, ``run`` only its inputs' rows as of their moments; an output
row carries ``at``, the first moment at which it can be known.
"""

from __future__ import annotations

from redflags.operators.base import Cap, Input, Operation, Output
from redflags.operators.registry import operation, operations

__all__ = ["Cap", "Input", "Operation", "Output", "operation", "operations"]
