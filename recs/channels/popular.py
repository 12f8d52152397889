"""Popular channel: items by decayed buyer-days, for everyone, for each region and for each category."""

from datetime import date
from typing import Any

import numpy as np
import polars as pl

from recs.channels.ranked import ALL, CATEGORY, REGION, best_per_entity, channel_table
from recs.channels.scorer import Scorer, by_item
from recs.history import POINTS, decay_points, known, recommendable


def popular_items(
    item_daily: pl.DataFrame,
    dim_item: pl.DataFrame,
    dim_region: pl.DataFrame,
    *,
    as_of: date,
    half_life_days: float,
    window_days: int,
    region_min_buyers: int,
    category_min_buyers: int,
    top_k: int,
    top_k_region: int,
    top_k_category: int,
) -> pl.DataFrame:
    """Channel table (``ranked.SCHEMA``) with the entities all, region and category.

    item_daily, dim_item, dim_region: the tables of these names; rows that arrive or happen after ``as_of`` are ignored.
    A score is buyers a day, summed over the window, each day counting half after ``half_life_days``.
    An item is listed for a region or category only with ``*_min_buyers`` undecayed buyer-days of it there.
    """
    days = _buyer_days(item_daily, dim_item, as_of, half_life_days, window_days)
    everyone = _scored(days, ["item_code", "category_code"])
    regions = _scored(
        days.join(dim_region.select("region", entity_code="region_code"), on="region"), ["entity_code", "item_code"]
    )
    categories = everyone.filter(pl.col("category_code") >= 0).rename({"category_code": "entity_code"})
    return channel_table(
        [
            best_per_entity(_listed(everyone, 1), entity=ALL, as_of=as_of, top_k=top_k),
            best_per_entity(_listed(regions, region_min_buyers), entity=REGION, as_of=as_of, top_k=top_k_region),
            best_per_entity(
                _listed(categories, category_min_buyers), entity=CATEGORY, as_of=as_of, top_k=top_k_category
            ),
        ]
    )


def popular_scorer(
    table: pl.DataFrame,
    item_daily: pl.DataFrame,
    dim_item: pl.DataFrame,
    dim_region: pl.DataFrame,
    *,
    as_of: date,
    half_life_days: float,
    window_days: int,
    **listing: Any,
) -> Scorer:
    """Buyers a day of any item, the same for everyone; 0 where nobody bought it in the window."""
    return by_item(
        buyers_a_day(item_daily, dim_item, as_of=as_of, half_life_days=half_life_days, window_days=window_days)
    )


def buyers_a_day(
    item_daily: pl.DataFrame, dim_item: pl.DataFrame, *, as_of: date, half_life_days: float, window_days: int
) -> np.ndarray:
    """The score for everyone by item code, float32."""
    scored = _scored(_buyer_days(item_daily, dim_item, as_of, half_life_days, window_days), ["item_code"])
    values = np.zeros(dim_item.height, np.float32)
    values[scored["item_code"].to_numpy()] = scored["score"].to_numpy()
    return values


def _buyer_days(
    item_daily: pl.DataFrame, dim_item: pl.DataFrame, as_of: date, half_life_days: float, window_days: int
) -> pl.DataFrame:
    return (
        known(item_daily, as_of=as_of, window_days=window_days)
        .filter(pl.col("buyer_count") > 0)
        .join(recommendable(dim_item), on="item_id")
        .with_columns(points=pl.col("buyer_count") * decay_points(as_of, half_life_days))
    )


def _scored(days: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    sums = days.group_by(keys).agg(pl.col("points").sum(), buyers=pl.col("buyer_count").cast(pl.Int64).sum())
    return sums.with_columns(score=pl.col("points") / POINTS)


def _listed(scored: pl.DataFrame, min_buyers: int) -> pl.DataFrame:
    kept = [name for name in ("entity_code", "item_code", "score") if name in scored.columns]
    return scored.filter(pl.col("buyers") >= min_buyers).select(kept)
