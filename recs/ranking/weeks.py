"""Which past as-of days a ranker is trained on, and what their shoppers did next."""

from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np
import polars as pl

HORIZON_DAYS = 7  # what is bought in the days after an as-of day labels its candidates and judges its lists
MOST_WEEKS = 10
WINDOW_DAYS = 77  # how far back the oldest of them may lie


def closed_weeks(days: Iterable[date], as_of: date, most: int = MOST_WEEKS) -> list[date]:
    """The newest ``most`` of ``days`` whose labels are complete by ``as_of``, a week apart, oldest first."""
    last, picked = as_of - timedelta(days=HORIZON_DAYS), list[date]()
    for day in sorted(days, reverse=True):
        if day > last or day < as_of - timedelta(days=WINDOW_DAYS) or len(picked) == most:
            continue
        picked.append(day)
        last = day - timedelta(days=7)
    return picked[::-1]


def bought_next(
    user_item_daily: pl.DataFrame, dim_item: pl.DataFrame, dim_user: pl.DataFrame, *, day: date, known_by: date
) -> pl.DataFrame:
    """user_code, item_code (codes of ``day``) bought in the week after it, as far as had arrived by ``known_by``."""
    event, end = pl.col("event_date"), day + timedelta(days=HORIZON_DAYS)
    return (
        user_item_daily.filter(
            (event > day) & (event <= end) & (pl.col("arrival_date") <= known_by) & (pl.col("purchase_count") > 0)
        )
        .select("user_id", "item_id")
        .unique()
        .join(dim_user.select("user_id", "user_code"), on="user_id")
        .join(dim_item.select("item_id", "item_code"), on="item_id")
        .select("user_code", "item_code")
    )


def labels(pool: pl.DataFrame, bought: pl.DataFrame) -> np.ndarray:
    """bool [n]: whether each candidate of the pool is in ``bought``."""
    pair = ["user_code", "item_code"]
    found = pool.select(pair).join(bought.select(*pair, label=True), on=pair, how="left", maintain_order="left")
    return found["label"].fill_null(False).to_numpy()
