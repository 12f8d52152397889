"""The one shape of every channel table, and the top-k of each entity. What a score means stays in the channels."""

from collections.abc import Sequence
from datetime import date

import polars as pl

ALL, REGION, CATEGORY, USER, ITEM = "all", "region", "category", "user", "item"

SCHEMA = pl.Schema(
    {
        "as_of_date": pl.Date,
        "entity": pl.String,
        "entity_code": pl.Int32,
        "item_code": pl.Int32,
        "score": pl.Float32,
        "rank": pl.UInt16,
        "reason_item_code": pl.Int32,
    }
)


def best_per_entity(scored: pl.DataFrame, *, entity: str, as_of: date, top_k: int) -> pl.DataFrame:
    """The ``top_k`` best items of each entity_code, in ``SCHEMA`` plus any further column of ``scored``.

    scored: entity_code (absent: 0), item_code, score; one row per pair. reason_item_code absent means none (-1).
    Equal scores (as float32, as they are stored) go by item_code, the smaller first.
    ValueError unless 1 <= top_k <= 65535.
    """
    if not 1 <= top_k <= 65535:
        raise ValueError(f"top_k must be 1 to 65535 items, got {top_k}")
    defaults = {"entity_code": 0, "reason_item_code": -1}
    return (
        scored.with_columns(pl.lit(value).alias(name) for name, value in defaults.items() if name not in scored.columns)
        .with_columns(pl.col("score").cast(pl.Float32), as_of_date=pl.lit(as_of), entity=pl.lit(entity))
        .sort(["entity_code", "score", "item_code"], descending=[False, True, False])
        .with_columns(rank=pl.int_range(1, pl.len() + 1).over("entity_code"))
        .filter(pl.col("rank") <= top_k)
        .select(pl.col(name).cast(dtype) for name, dtype in [*SCHEMA.items(), *_further(scored)])
    )


def _further(scored: pl.DataFrame) -> list[tuple[str, pl.DataType]]:
    return [(name, dtype) for name, dtype in scored.schema.items() if name not in SCHEMA]


def channel_table(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Parts of several entities as one table, sorted by entity, entity_code, rank."""
    return pl.concat(parts).sort("entity", "entity_code", "rank")
