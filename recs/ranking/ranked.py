"""The ranked best of pools: score, place, and the channel whose reason is true of each."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from recs.channels.ranked import ALL, USER

SCHEMA = pl.Schema(
    {
        "as_of_date": pl.Date,
        "user_code": pl.Int32,
        "item_code": pl.Int32,
        "score": pl.Float32,
        "rank": pl.UInt16,
        "channel": pl.String,
        "entity": pl.String,
        "reason_item_code": pl.Int32,
        "is_due": pl.Boolean,
    }
)


def ranked_best(
    pool: pl.DataFrame, scores: np.ndarray, *, top_k: int, entities: Mapping[str, str], due: pl.DataFrame
) -> pl.DataFrame:
    """The ``top_k`` best candidates of each shopper in ``SCHEMA`` without as_of_date, sorted by user_code, rank.

    pool: of ``recs.pools``; scores: float [candidates]. channel is the one that proposed the candidate and ranks it
    highest in the shopper's pool; entity says for whom it proposes (``entities`` by channel). due: user_code, item_code
    of what is time to restock. Equal scores go by item_code.
    """
    proposers = sorted(entities)
    place = [
        pl.when(f"{name}_proposed").then(pl.col(f"{name}_rank").cast(pl.UInt32).fill_null(_LAST)).otherwise(_LAST + 1)
        for name in proposers
    ]
    best = pl.concat_list(place).list.arg_min().replace_strict(dict(enumerate(proposers)), return_dtype=pl.String)
    return (
        pool.with_columns(score=pl.Series(scores.astype(np.float32)), channel=best)
        .sort(["user_code", "score", "item_code"], descending=[False, True, False])
        .with_columns(rank=pl.int_range(1, pl.len() + 1).over("user_code"))
        .filter(pl.col("rank") <= top_k)
        .with_columns(
            _leading_item(pool, proposers),
            entity=pl.col("channel").replace_strict(dict(entities), return_dtype=pl.String),
        )
        .join(due.select("user_code", "item_code", is_due=True), on=["user_code", "item_code"], how="left")
        .with_columns(pl.col("is_due").fill_null(False))
        .sort("user_code", "rank")
        .select(pl.col(name).cast(kind) for name, kind in SCHEMA.items() if name != "as_of_date")
    )


def _leading_item(pool: pl.DataFrame, proposers: Sequence[str]) -> pl.Expr:
    """The item that leads to the candidate, where the channel that is named is the one that knows it; else -1."""
    found = pl.lit(-1, pl.Int32)
    for name in proposers:
        if f"{name}_reason_item_code" in pool.columns:
            found = pl.when(pl.col("channel") == name).then(f"{name}_reason_item_code").otherwise(found)
    return found.alias("reason_item_code")


def proposer_entity(table: pl.DataFrame) -> str:
    """For whom a channel's proposals to shoppers are made: each of them, or everyone."""
    return USER if (table["entity"] == USER).any() else ALL


_LAST = 1 << 20
