"""What any method must beat: the shop's popular items, and what each shopper buys most often."""

from datetime import date

import polars as pl

from recs.history import POINTS, decay_points, known, purchase_points, recommendable


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
    rows = known(user_item_daily, as_of=as_of, window_days=window_days).filter(pl.col("purchase_count") > 0)
    days = rows.select("user_id", "item_id", "event_date").unique()
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
    points = purchase_points(
        user_item_daily, dim_item, dim_user, as_of=as_of, half_life_days=half_life_days, window_days=window_days
    )
    return (
        points.sort(["user_code", "points", "item_code"], descending=[False, True, False])
        .select("user_code", "item_code", rank=pl.int_range(1, pl.len() + 1, dtype=pl.UInt16).over("user_code"))
        .filter(pl.col("rank") <= top_k)
    )
