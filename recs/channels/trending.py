"""Trending channel: items that sell faster than they did, for everyone and for each region."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from recs.channels.ranked import ALL, REGION, best_per_entity, channel_table
from recs.channels.scorer import Scorer, by_item
from recs.history import known, recommendable


def trending_items(
    item_daily: pl.DataFrame,
    dim_item: pl.DataFrame,
    dim_region: pl.DataFrame,
    *,
    as_of: date,
    recent_days: int,
    base_days: int,
    smoothing: float,
    min_buyers: int,
    region_min_buyers: int,
    min_lift: float,
    min_score: float,
    top_k: int,
    top_k_region: int,
) -> pl.DataFrame:
    """Channel table (``ranked.SCHEMA``) with the entities all and region.

    An item's buyer-days of the last ``recent_days`` against what its ``base_days`` before them let expect, scaled by
    how the whole shop (or region) sold in both. Score = (recent - expected) / sqrt(expected + smoothing), in standard
    deviations of a count; ``smoothing`` (buyer-days) keeps small counts from winning. Listed only with at least
    ``min_buyers`` recent buyer-days, recent >= min_lift x expected and a score of at least ``min_score``.
    """
    sold = _sold(item_daily, dim_region, as_of, recent_days, base_days)
    codes = recommendable(dim_item).select("item_id", "item_code")
    everywhere, regions = sold.with_columns(entity_code=0), sold.filter(pl.col("entity_code").is_not_null())
    lifted = {
        ALL: _lifted(everywhere, codes, smoothing, min_buyers, min_lift, min_score),
        REGION: _lifted(regions, codes, smoothing, region_min_buyers, min_lift, min_score),
    }
    return channel_table(
        [
            best_per_entity(lifted[ALL], entity=ALL, as_of=as_of, top_k=top_k),
            best_per_entity(lifted[REGION], entity=REGION, as_of=as_of, top_k=top_k_region),
        ]
    )


def trending_scorer(
    table: pl.DataFrame,
    item_daily: pl.DataFrame,
    dim_item: pl.DataFrame,
    dim_region: pl.DataFrame,
    *,
    as_of: date,
    recent_days: int,
    base_days: int,
    smoothing: float,
    **listing: Any,
) -> Scorer:
    """The lift of any item that sold in either span, up or down, the same for everyone."""
    sold = _sold(item_daily, dim_region, as_of, recent_days, base_days).with_columns(entity_code=0)
    codes = recommendable(dim_item).select("item_id", "item_code")
    lifted = _lifted(sold, codes, smoothing, min_buyers=0, min_lift=0.0, min_score=-np.inf)
    values = np.full(dim_item.height, np.nan, np.float32)
    values[lifted["item_code"].to_numpy()] = lifted["score"].to_numpy()
    return by_item(values)


def _sold(
    item_daily: pl.DataFrame, dim_region: pl.DataFrame, as_of: date, recent_days: int, base_days: int
) -> pl.DataFrame:
    """item_id, entity_code (region), recent, base: buyer-days in both spans."""
    since, buyers = as_of - timedelta(days=recent_days), pl.col("buyer_count")
    sold = known(item_daily, as_of=as_of, window_days=recent_days + base_days).filter(buyers > 0)
    is_recent = pl.col("event_date") > since
    return sold.join(dim_region.select("region", "region_code"), on="region", how="left").select(
        "item_id",
        entity_code=pl.col("region_code"),
        recent=pl.when(is_recent).then(buyers).otherwise(0).cast(pl.Int64),
        base=pl.when(is_recent).then(0).otherwise(buyers).cast(pl.Int64),
    )


def _lifted(
    sold: pl.DataFrame, codes: pl.DataFrame, smoothing: float, min_buyers: int, min_lift: float, min_score: float
) -> pl.DataFrame:
    """entity_code, item_code, score of the items that sell above what is expected of them."""
    totals = sold.group_by("entity_code").agg(all_recent=pl.col("recent").sum(), all_base=pl.col("base").sum())
    expected = pl.col("base") * (pl.col("all_recent") / pl.col("all_base"))
    return (
        sold.group_by("entity_code", "item_id")
        .agg(pl.col("recent").sum(), pl.col("base").sum())
        .join(totals.filter(pl.col("all_base") > 0), on="entity_code")  # nothing before: nothing to compare with
        .join(codes, on="item_id")
        .with_columns(expected=expected)
        .filter((pl.col("recent") >= min_buyers) & (pl.col("recent") >= min_lift * pl.col("expected")))
        .select(
            "entity_code",
            "item_code",
            score=(pl.col("recent") - pl.col("expected")) / (pl.col("expected") + smoothing).sqrt(),
        )
        .filter(pl.col("score") >= min_score)
    )
