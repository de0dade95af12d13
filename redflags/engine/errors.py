"""Why a rule cannot run on a data set: reported as not evaluable, never raised to a user."""

from __future__ import annotations

from redflags.errors import RedflagsError


class MissingInputError(RedflagsError):
    """A table or column that a rule needs did not come in."""

    def __init__(self, table: str, column: str = "") -> None:
        super().__init__(f"{table}.{column} did not come in" if column else f"table {table} did not come in")
        self.table = table
        self.column = column

    @property
    def what(self) -> str:
        """``table.column``, or the table alone."""
        return f"{self.table}.{self.column}" if self.column else self.table
