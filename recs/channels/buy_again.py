"""Buy-again channel: what a shopper buys often and lately, and whether it is due again."""

from datetime import date
from typing import Any

import numpy as np
import polars as pl

from recs.channels.ranked import USER, best_per_entity, channel_table
from recs.channels.scorer import Scorer, Scores
from recs.history import POINTS, PurchaseDays, decayed, known, purchase_days, with_codes
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
    days = purchase_days(user_item_daily, dim_item, dim_user, as_of=as_of, window_days=window_days)
    pairs = pl.DataFrame(
        {
            "user_code": days.users,
            "item_code": days.items,
            "score": decayed(days, as_of, half_life_days, window_days) / POINTS,
            "is_due": _is_due(days),
        }
    )
    rows = known(with_codes(user_item_daily, dim_item, dim_user), as_of=as_of, window_days=window_days)
    kept = pairs.join(_returned(rows), on=["user_code", "item_code"], how="anti")
    scored = kept.rename({"user_code": "entity_code"})
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
    """user_code, item_code of which as much came back as was bought."""
    pair = ["user_code", "item_code"]
    asked = rows.join(rows.filter(pl.col("return_count") > 0).select(pair).unique(), on=pair, how="semi")
    counts = asked.group_by(pair).agg(pl.col("purchase_count").sum(), pl.col("return_count").sum())
    return counts.filter(pl.col("return_count") >= pl.col("purchase_count")).select(pair)


def _is_due(days: PurchaseDays) -> np.ndarray:
    """bool [pairs]. Whole days on both sides, no division: days since >= (last - first) / (days - 1)."""
    count, since = np.diff(days.starts), days.ages[days.starts[:-1]]
    span = days.ages[days.starts[1:] - 1] - since
    return np.asarray((count >= 2) & (since * (count - 1) >= span))
