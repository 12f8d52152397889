"""Popular channel: items by decayed buyer-days, for everyone, for each region and for each category."""

from datetime import date

import polars as pl

from recs.channels.history import POINTS, decay_points, known, recommendable
from recs.channels.ranked import ALL, CATEGORY, REGION, best_per_entity, channel_table


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
    days = (
        known(item_daily, as_of=as_of, window_days=window_days)
        .filter(pl.col("buyer_count") > 0)
        .join(recommendable(dim_item), on="item_id")
        .with_columns(points=pl.col("buyer_count") * decay_points(as_of, half_life_days))
    )
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


def _scored(days: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    sums = days.group_by(keys).agg(pl.col("points").sum(), buyers=pl.col("buyer_count").cast(pl.Int64).sum())
    return sums.with_columns(score=pl.col("points") / POINTS)


def _listed(scored: pl.DataFrame, min_buyers: int) -> pl.DataFrame:
    kept = [name for name in ("entity_code", "item_code", "score") if name in scored.columns]
    return scored.filter(pl.col("buyers") >= min_buyers).select(kept)
