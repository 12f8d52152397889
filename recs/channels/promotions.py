"""Promotions channel: popular items that the shop will promote in the coming week, as planned on the as-of day."""

from datetime import date
from typing import Any

import numpy as np
import polars as pl

from recs.channels.popular import buyers_a_day
from recs.channels.ranked import ALL, best_per_entity, channel_table
from recs.channels.scorer import Scorer, by_item


def promotions_items(
    item_promotion: pl.DataFrame,
    item_daily: pl.DataFrame,
    dim_item: pl.DataFrame,
    *,
    as_of: date,
    half_life_days: float,
    window_days: int,
    top_k: int,
) -> pl.DataFrame:
    """Channel table (``ranked.SCHEMA``) with the entity all.

    item_promotion: feat_item_promotion, which holds what was known on the as-of day. A score is buyers a day (see
    ``popular``) x the share of the shop's store-days of the coming week on display and in mailers, added up.
    """
    values = _scores(item_promotion, item_daily, dim_item, as_of, half_life_days, window_days)
    scored = pl.DataFrame({"item_code": np.arange(len(values), dtype=np.int32), "score": values})
    listed = scored.filter(pl.col("score") > 0)
    return channel_table([best_per_entity(listed, entity=ALL, as_of=as_of, top_k=top_k)])


def promotions_scorer(
    table: pl.DataFrame,
    item_promotion: pl.DataFrame,
    item_daily: pl.DataFrame,
    dim_item: pl.DataFrame,
    *,
    as_of: date,
    half_life_days: float,
    window_days: int,
    **listing: Any,
) -> Scorer:
    """The same for any item; 0 where nothing is planned or nobody bought it in the window."""
    return by_item(_scores(item_promotion, item_daily, dim_item, as_of, half_life_days, window_days))


def _scores(
    item_promotion: pl.DataFrame,
    item_daily: pl.DataFrame,
    dim_item: pl.DataFrame,
    as_of: date,
    half_life_days: float,
    window_days: int,
) -> np.ndarray:
    """float32 by item code."""
    popular = buyers_a_day(item_daily, dim_item, as_of=as_of, half_life_days=half_life_days, window_days=window_days)
    share = np.zeros(dim_item.height, np.float64)
    planned = item_promotion.join(dim_item.select("item_id", "item_code"), on="item_id").select(
        "item_code", share=pl.sum_horizontal(pl.col("display_share_next_7d", "mailer_share_next_7d").cast(pl.Float64))
    )
    share[planned["item_code"].to_numpy()] = planned["share"].to_numpy()
    return (popular * share).astype(np.float32)
