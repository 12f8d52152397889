"""Buy-again channel: what a shopper buys often and lately, and whether it is due again."""

from datetime import date
from typing import Any

import numpy as np
import polars as pl

from recs.channels.ranked import USER, best_per_entity, channel_table
from recs.channels.scorer import Scorer, Scores
from recs.history import POINTS, decay_points, known, recommendable, with_codes
from recs.pairs import positions, rows_of


def buy_again_items(
    user_item_daily: pl.DataFrame,
    dim_item: pl.DataFrame,
    dim_user: pl.DataFrame,
    *,
    as_of: date,
    half_life_days: float,
    window_days: int,
    top_k: int,
) -> pl.DataFrame:
    """Channel table (``ranked.SCHEMA``) with the entity user, and is_due.

    A score is the shopper's purchase days of the item in the window, each counting half after ``half_life_days``.
    is_due: bought on at least two days, and not bought for at least as long as the mean gap between them.
    Items whose purchases in the window were all returned are left out.
    Source: Hu et al., "Modeling Personalized Item Frequency Information", SIGIR 2020.
    """
    rows = known(with_codes(user_item_daily, dim_item, dim_user), as_of=as_of, window_days=window_days)
    rows = rows.join(recommendable(dim_item).select("item_code"), on="item_code", how="semi")
    pair = ["user_code", "item_code"]
    scored = (
        rows.filter(pl.col("purchase_count") > 0)
        .select(*pair, "event_date")
        .unique()
        .join(_returned(rows), on=pair, how="anti")
        .with_columns(points=decay_points(as_of, half_life_days))
        .group_by(pair)
        .agg(pl.col("points").sum(), days=pl.len(), first=pl.col("event_date").min(), last=pl.col("event_date").max())
        .select("item_code", entity_code="user_code", score=pl.col("points") / POINTS, is_due=_is_due(as_of))
    )
    return channel_table([best_per_entity(scored, entity=USER, as_of=as_of, top_k=top_k)])


def buy_again_scorer(
    table: pl.DataFrame,
    user_item_daily: pl.DataFrame,
    dim_item: pl.DataFrame,
    dim_user: pl.DataFrame,
    **listing: Any,
) -> Scorer:
    """The score of what the shopper's list in the table holds: there is nothing to say of what they have not bought."""
    listed = table.with_columns(at=pl.int_range(pl.len(), dtype=pl.Int64))
    rows = rows_of(listed, "entity_code", "item_code", "at", dim_user.height)
    values = np.append(table["score"].to_numpy(), np.float32(np.nan))

    def score(users: np.ndarray, items: np.ndarray) -> Scores:
        at = positions(rows, users, items)
        return Scores(values[np.where(at < 0, -1, rows.points[at] if len(rows.points) else -1)])

    return score


def _returned(rows: pl.DataFrame) -> pl.DataFrame:
    counts = rows.group_by("user_code", "item_code").agg(pl.col("purchase_count").sum(), pl.col("return_count").sum())
    return counts.filter((pl.col("return_count") > 0) & (pl.col("return_count") >= pl.col("purchase_count")))


def _is_due(as_of: date) -> pl.Expr:
    """Whole days on both sides, no division: days since >= (last - first) / (days - 1)."""
    since = (pl.lit(as_of) - pl.col("last")).dt.total_days()
    span = (pl.col("last") - pl.col("first")).dt.total_days()
    return (pl.col("days") >= 2) & (since * (pl.col("days").cast(pl.Int64) - 1) >= span)
