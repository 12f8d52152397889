"""What any method must beat: the shop's popular items, and what each shopper buys most often."""

from datetime import date

import polars as pl

from recs.history import POINTS, decay_points, known, recommendable


def popularity(
    user_item_daily: pl.DataFrame,
    dim_item: pl.DataFrame,
    *,
    as_of: date,
    half_life_days: float,
    window_days: int,
) -> pl.DataFrame:
    """Every recommendable item: item_code (i32), count (i64), score (f64), rank (u32, 1 = most popular).

    count: buyer-days of the window, not decayed. score: the same with each day half after ``half_life_days``.
    Equal scores go by item_code; items that nobody bought come last, with 0.
    """
    days = _purchase_days(user_item_daily, as_of=as_of, window_days=window_days)
    sums = days.group_by("item_id").agg(count=pl.len(), points=decay_points(as_of, half_life_days).sum())
    return (
        recommendable(dim_item)
        .join(sums, on="item_id", how="left")
        .select("item_code", pl.col("count").fill_null(0).cast(pl.Int64), score=pl.col("points").fill_null(0) / POINTS)
        .sort(["score", "item_code"], descending=[True, False])
        .with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.UInt32))
    )


def personal_frequency(
    user_item_daily: pl.DataFrame,
    dim_item: pl.DataFrame,
    dim_user: pl.DataFrame,
    *,
    as_of: date,
    half_life_days: float,
    window_days: int,
    top_k: int,
) -> pl.DataFrame:
    """The ``top_k`` items of each shopper by their own purchase days: user_code, item_code (i32), rank (u16).

    Each day counts half after ``half_life_days``; equal scores go by item_code.
    Source: Hu et al., "Modeling Personalized Item Frequency Information", SIGIR 2020.
    """
    days = _purchase_days(user_item_daily, as_of=as_of, window_days=window_days)
    sums = days.group_by("user_id", "item_id").agg(points=decay_points(as_of, half_life_days).sum())
    return (
        sums.join(recommendable(dim_item), on="item_id")
        .join(dim_user.select("user_id", "user_code"), on="user_id")
        .sort(["user_code", "points", "item_code"], descending=[False, True, False])
        .select("user_code", "item_code", rank=pl.int_range(1, pl.len() + 1, dtype=pl.UInt16).over("user_code"))
        .filter(pl.col("rank") <= top_k)
    )


def _purchase_days(user_item_daily: pl.DataFrame, *, as_of: date, window_days: int) -> pl.DataFrame:
    """user_id, item_id, event_date: the days on which a shopper bought an item, each once."""
    rows = known(user_item_daily, as_of=as_of, window_days=window_days)
    return rows.filter(pl.col("purchase_count") > 0).select("user_id", "item_id", "event_date").unique()
