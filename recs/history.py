"""What had been bought by an as-of day, in codes, and how much an old purchase still counts. No ranking here."""

from datetime import date, timedelta

import polars as pl

POINTS = 1 << 20  # one purchase of today, in points: integers add up to the same sum in any order and on any threads


def known(facts: pl.DataFrame, *, as_of: date, window_days: int) -> pl.DataFrame:
    """Rows that had arrived by ``as_of`` and happened in the ``window_days`` days that end with it."""
    since = as_of - timedelta(days=window_days)
    event, arrival = pl.col("event_date"), pl.col("arrival_date")
    return facts.filter((arrival <= as_of) & (event <= as_of) & (event > since))


def decay_points(as_of: date, half_life_days: float) -> pl.Expr:
    """Worth of one purchase on ``event_date``, in whole points: ``POINTS`` today, half as much a half-life ago.

    ValueError unless half_life_days > 0. Source: Ding and Li, "Time Weight Collaborative Filtering", CIKM 2005.
    """
    if half_life_days <= 0:
        raise ValueError(f"half_life_days must be > 0 days, got {half_life_days}")
    age_days = (pl.lit(as_of) - pl.col("event_date")).dt.total_days().cast(pl.Float64)
    return (pl.lit(0.5).pow(age_days / half_life_days) * POINTS).round().cast(pl.Int64)


def recommendable(dim_item: pl.DataFrame) -> pl.DataFrame:
    """item_id, item_code, category_code of the items that may be shown."""
    return dim_item.filter(pl.col("is_recommendable")).select("item_id", "item_code", "category_code")


def with_codes(user_item_daily: pl.DataFrame, dim_item: pl.DataFrame, dim_user: pl.DataFrame) -> pl.DataFrame:
    """Rows of known shoppers and items with user_code and item_code (i32).

    A frame that has them is given back as it is: whoever asks many functions about one day joins once.
    """
    if {"user_code", "item_code"} <= set(user_item_daily.columns):
        return user_item_daily
    return user_item_daily.join(dim_user.select("user_id", "user_code"), on="user_id").join(
        dim_item.select("item_id", "item_code"), on="item_id"
    )


def bought_items(
    user_item_daily: pl.DataFrame, dim_item: pl.DataFrame, dim_user: pl.DataFrame, *, as_of: date
) -> pl.DataFrame:
    """Every user_code, item_code (i32) pair bought by ``as_of``, each once, sorted; returned items count too.

    Items and shoppers that the dims do not hold are left out.
    """
    coded = with_codes(user_item_daily, dim_item, dim_user)
    return (
        coded.filter(
            (pl.col("arrival_date") <= as_of) & (pl.col("event_date") <= as_of) & (pl.col("purchase_count") > 0)
        )
        .select("user_code", "item_code")
        .unique()
        .join(dim_item.select("item_code"), on="item_code", how="semi")
        .sort("user_code", "item_code")
    )


def purchase_points(
    user_item_daily: pl.DataFrame,
    dim_item: pl.DataFrame,
    dim_user: pl.DataFrame,
    *,
    as_of: date,
    half_life_days: float,
    window_days: int,
) -> pl.DataFrame:
    """user_code, item_code, points (i64): decayed purchase days of the window, of items that may be shown."""
    rows = known(with_codes(user_item_daily, dim_item, dim_user), as_of=as_of, window_days=window_days)
    return (
        rows.filter(pl.col("purchase_count") > 0)
        .join(recommendable(dim_item).select("item_code"), on="item_code", how="semi")
        .select("user_code", "item_code", "event_date")
        .unique()
        .with_columns(points=decay_points(as_of, half_life_days))
        .group_by("user_code", "item_code")
        .agg(pl.col("points").sum())
    )
