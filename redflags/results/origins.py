"""Where rows came from: the file and row behind every row id, so that evidence leads back to the source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from redflags.tables import dictionary

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ORIGIN", "Origins", "base_table"]

#: An origin as it is kept between runs, for rows that no look-back holds any more.
ORIGIN: Final[Mapping[str, pl.DataType]] = {
    "table": pl.String(), "row_id": pl.String(), "base_id": pl.String(),
    "source_file": pl.String(), "source_row": pl.Int64(),
}  # fmt: skip
_SIDE: Final = r"/(?:in|out)$"
_COPY: Final = r"#\d+$"


def base_table(stream: str) -> str:
    """The canonical table whose rows a stream shows.

    Examples:
        >>> base_table("ledger_all"), base_table("policies@ended_at"), base_table("sessions")
        ('transactions', 'policies', 'sessions')
    """
    name = stream.split("@", 1)[0].removesuffix("_all")
    return "transactions" if name == "ledger" else name


class Origins:
    """Finds the source of rows by stream and row id.

    Args:
        tables: Canonical frames with `source_file` and `source_row`.
        carried: Origins that an earlier run kept.
    """

    def __init__(self, tables: Mapping[str, pl.DataFrame], carried: pl.DataFrame | None = None) -> None:
        self.tables = tables
        self.carried = pl.DataFrame(schema=dict(ORIGIN)) if carried is None else carried

    def find(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Origins of distinct rows.

        A row id that ends in `#n` is a copy made by `each`, unless a row of that very id came in.

        Args:
            rows: `table` and `row_id`.

        Returns:
            One `ORIGIN` row for each of them; what cannot be found has no source.

        Examples:
            >>> moves = pl.DataFrame({"txn_id": ["T1", "T#2"], "source_file": ["a.csv"] * 2, "source_row": [1, 2]})
            >>> asked = pl.DataFrame({"table": ["ledger", "ledger"], "row_id": ["T1/in#3", "T#2/out"]})
            >>> Origins({"transactions": moves}).find(asked).select("base_id", "source_row").rows()
            [('T1', 1), ('T#2', 2)]
        """
        rows = rows.select("table", "row_id").unique(maintain_order=True)
        names = rows["table"].unique(maintain_order=True).to_list()
        found = [self._of_stream(rows.filter(pl.col("table") == name), name) for name in names]
        fresh = pl.concat([pl.DataFrame(schema=dict(ORIGIN)), *found])
        missing = fresh.filter(pl.col("source_row").is_null()).select("table", "row_id")
        known = self.carried.join(missing, on=["table", "row_id"], how="semi")
        return pl.concat([fresh.join(known, on=["table", "row_id"], how="anti"), known])

    def _of_stream(self, rows: pl.DataFrame, stream: str) -> pl.DataFrame:
        text = pl.col("row_id")
        if stream.startswith("ledger"):
            plain, copied = text.str.replace(_SIDE, ""), text.str.replace(_COPY, "").str.replace(_SIDE, "")
        else:
            plain, copied = text, text.str.replace(_COPY, "")
        asked = rows.with_columns(plain.alias("_plain"), copied.alias("_copied"))
        sources = self._sources(base_table(stream), [*asked["_plain"], *asked["_copied"]])
        joined = asked.join(sources, left_on="_plain", right_on="id", how="left", maintain_order="left").join(
            sources, left_on="_copied", right_on="id", how="left", suffix="_2", maintain_order="left"
        )
        exact = pl.col("there").is_not_null()
        return joined.select(
            "table",
            "row_id",
            pl.when(exact).then("_plain").otherwise("_copied").alias("base_id"),
            pl.coalesce("source_file", "source_file_2").alias("source_file"),
            pl.coalesce("source_row", "source_row_2").alias("source_row"),
        ).select(*ORIGIN)

    def _sources(self, table: str, ids: list[str]) -> pl.DataFrame:
        schema = {"id": pl.String, "source_file": pl.String, "source_row": pl.Int64, "there": pl.Boolean}
        entry = dictionary().tables.get(table)
        frame = self.tables.get(table)
        if entry is None or entry.id is None or frame is None or entry.id not in frame.columns:
            return pl.DataFrame(schema=schema)
        asked = pl.Series("id", ids, dtype=pl.String).unique()
        columns = [
            (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
            for name, dtype in schema.items()
            if name.startswith("source")
        ]
        return (
            frame.filter(pl.col(entry.id).is_in(asked.implode()))
            .select(pl.col(entry.id).alias("id"), *columns, pl.lit(True).alias("there"))
            .unique("id", keep="first", maintain_order=True)
        )
