"""From channel lists to one pool a shopper: weighted reciprocal-rank fusion, in integers."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from recs.channels.ranked import ALL, USER
from recs.pairs import Rows, contains

_POINTS = float(1 << 40)
_RANK_OFFSET = 60


def proposals(table: pl.DataFrame, users: np.ndarray, owned: Rows, *, own: bool, depth: int) -> pl.DataFrame:
    """user_code, item_code, rank (u16): the first ``depth`` items of one channel for each of ``users``.

    Only what the shopper owns (``own``), or only what they do not. A channel without lists of shoppers proposes its
    list for everyone.
    """
    listed = table.filter(pl.col("entity") == USER).select("item_code", "rank", user_code="entity_code")
    asked = pl.DataFrame({"user_code": pl.Series(users, dtype=pl.Int32)})
    if listed.is_empty():
        everyone = table.filter(pl.col("entity") == ALL).select("item_code", "rank")
        listed = asked.join(everyone, how="cross")
    else:
        listed = listed.join(asked, on="user_code", how="semi")
    kept = contains(owned, listed["user_code"].to_numpy(), listed["item_code"].to_numpy()) == own
    ordered = listed.filter(pl.Series(kept)).sort("user_code", "rank")
    place = pl.int_range(1, pl.len() + 1).over("user_code")
    return (
        ordered.with_columns(rank=place)
        .filter(pl.col("rank") <= depth)
        .select("user_code", "item_code", pl.col("rank").cast(pl.UInt16))
    )


def fuse(proposed: Mapping[str, pl.DataFrame], weights: Mapping[str, float], *, size: int) -> pl.DataFrame:
    """The ``size`` best candidates of each shopper, sorted by user_code, item_code.

    proposed: ``proposals`` by channel. Returns user_code, item_code, pool_rank (u16, 1..) and ``<channel>_proposed``.
    A proposal is worth weight / (60 + rank); equal sums go by item_code.
    Source: Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion", SIGIR 2009.
    """
    parts = [
        frame.select(
            "user_code",
            "item_code",
            points=(weights[name] * _POINTS / (_RANK_OFFSET + pl.col("rank").cast(pl.Float64))).round().cast(pl.Int64),
            **{f"{other}_proposed": pl.lit(other == name) for other in proposed},
        )
        for name, frame in proposed.items()
    ]
    flags = [pl.col(f"{name}_proposed").any() for name in proposed]
    return (
        pl.concat(parts)
        .group_by("user_code", "item_code")
        .agg(pl.col("points").sum(), *flags)
        .sort(["user_code", "points", "item_code"], descending=[False, True, False])
        .with_columns(pool_rank=pl.int_range(1, pl.len() + 1).over("user_code"))
        .filter(pl.col("pool_rank") <= size)
        .with_columns(pl.col("pool_rank").cast(pl.UInt16))
        .drop("points")
        .sort("user_code", "item_code")
    )
