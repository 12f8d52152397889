"""Co-buy channel: what is bought in the same baskets, as neighbours of an item and, through purchases, of a shopper."""

from datetime import date
from typing import Any

import numpy as np
import polars as pl

from recs.channels.ranked import ITEM, USER, best_per_entity, channel_table
from recs.channels.scorer import Scorer, Scores
from recs.channels.through import best_through, score_pairs
from recs.history import POINTS, bought_items, known, purchase_points, recommendable
from recs.pairs import Rows, rows_of

PAIR_WINDOW_DAYS = 364  # of basket_count_364d in feat_item_pair
_SIMILARITY_POINTS = 1 << 24  # a similarity of 1; with POINTS and a shopper's seeds the sum stays far below 2^63


def co_buy_items(
    item_pair: pl.DataFrame,
    item_daily: pl.DataFrame,
    user_item_daily: pl.DataFrame,
    dim_item: pl.DataFrame,
    dim_user: pl.DataFrame,
    *,
    as_of: date,
    min_baskets: int,
    shrinkage: float,
    damping: float,
    top_k: int,
    half_life_days: float,
    window_days: int,
    max_seeds: int,
    top_k_user: int,
) -> pl.DataFrame:
    """Channel table (``ranked.SCHEMA``) with the entities item and user.

    See ``neighbours`` for min_baskets, shrinkage and damping. A shopper's candidates are the neighbours of their
    ``max_seeds`` strongest purchases of the window, scored by the sum of weight x similarity; reason_item_code is the
    seed that adds most. A seed's weight is its purchase days, each counting half after ``half_life_days``, at most 1 in
    all. The ``top_k_user`` best are listed, and the ``top_k_user`` best of those that the shopper does not own.
    """
    pairs = neighbours(
        item_pair, item_daily, dim_item, as_of=as_of, min_baskets=min_baskets, shrinkage=shrinkage, damping=damping
    )
    items = best_per_entity(pairs, entity=ITEM, as_of=as_of, top_k=top_k)
    points = purchase_points(
        user_item_daily, dim_item, dim_user, as_of=as_of, half_life_days=half_life_days, window_days=window_days
    )
    bought = seeds(points, max_seeds=max_seeds)
    near, echo = _near(items, dim_item)
    owned = bought_items(user_item_daily, dim_item, dim_user, as_of=as_of)
    found = best_through(
        rows_of(bought, "user_code", "item_code", "points", dim_user.height),
        near,
        echo,
        rows_of(owned, "user_code", "item_code", None, dim_user.height),
        n_items=dim_item.height,
        top_k=top_k_user,
    )
    listed = pl.DataFrame(
        {
            "entity_code": found.users,
            "item_code": found.items,
            "score": found.points / (POINTS * _SIMILARITY_POINTS),
            "reason_item_code": found.seeds,
        }
    )
    users = best_per_entity(listed, entity=USER, as_of=as_of, top_k=2 * top_k_user)
    return channel_table([items, users])


def co_buy_scorer(
    table: pl.DataFrame,
    item_pair: pl.DataFrame,
    item_daily: pl.DataFrame,
    user_item_daily: pl.DataFrame,
    dim_item: pl.DataFrame,
    dim_user: pl.DataFrame,
    *,
    as_of: date,
    half_life_days: float,
    window_days: int,
    max_seeds: int,
    **listing: Any,
) -> Scorer:
    """Scores of any pair, the same sums as in the table, with the seed that adds most. table: of ``co_buy_items``."""
    points = purchase_points(
        user_item_daily, dim_item, dim_user, as_of=as_of, half_life_days=half_life_days, window_days=window_days
    )
    bought = seeds(points, max_seeds=max_seeds)
    near, echo = _near(table.filter(pl.col("entity") == ITEM), dim_item)
    rows = rows_of(bought, "user_code", "item_code", "points", dim_user.height)

    def score(users: np.ndarray, items: np.ndarray) -> Scores:
        found = score_pairs(rows, near, echo, users, items, n_items=dim_item.height)
        values = (found.points / (POINTS * _SIMILARITY_POINTS)).astype(np.float32)
        return Scores(np.where(found.seeds < 0, np.float32(np.nan), values), found.seeds)

    return score


def neighbours(
    item_pair: pl.DataFrame,
    item_daily: pl.DataFrame,
    dim_item: pl.DataFrame,
    *,
    as_of: date,
    min_baskets: int,
    shrinkage: float,
    damping: float,
) -> pl.DataFrame:
    """entity_code, item_code, score: similarity of each pair of items that may be shown, in both directions.

    score = both / (both + shrinkage) x both / (n_entity^(1 - damping) x n_item^damping), where both counts the baskets
    of the last 364 days that hold both and n those that hold one; damping .5 is the cosine, 0 the share of the entity's
    baskets, 1 favours rare items. Pairs below ``min_baskets`` are no neighbours.
    """
    sold = (
        known(item_daily, as_of=as_of, window_days=PAIR_WINDOW_DAYS)
        .group_by("item_id")
        .agg(n=pl.col("purchase_count").sum())
    )
    codes = recommendable(dim_item).select("item_id", "item_code").join(sold.filter(pl.col("n") > 0), on="item_id")
    both = (
        item_pair.filter(pl.col("basket_count_364d") >= min_baskets)
        .select("item_id", "other_item_id", both=pl.col("basket_count_364d").cast(pl.Float64))
        .join(codes.rename({"item_code": "entity_code", "n": "n_entity"}), on="item_id")
        .join(codes.rename({"item_id": "other_item_id", "n": "n_item"}), on="other_item_id")
        .drop("item_id", "other_item_id")
    )
    swapped = both.rename(
        {"entity_code": "item_code", "item_code": "entity_code", "n_entity": "n_item", "n_item": "n_entity"}
    )
    size = pl.col("n_entity").cast(pl.Float64).pow(1 - damping) * pl.col("n_item").cast(pl.Float64).pow(damping)
    score = pl.col("both") / (pl.col("both") + shrinkage) * pl.col("both") / size
    return pl.concat([both, swapped.select(both.columns)]).select("entity_code", "item_code", score=score)


def seeds(points: pl.DataFrame, *, max_seeds: int) -> pl.DataFrame:
    """The ``max_seeds`` strongest of each shopper's ``purchase_points``, sorted by user_code and strength."""
    # one staple must not speak for the whole shopper
    at_most_one = points.with_columns(pl.col("points").clip(upper_bound=POINTS))
    ordered = at_most_one.sort(["user_code", "points", "item_code"], descending=[False, True, False])
    return ordered.group_by("user_code", maintain_order=True).head(max_seeds)


def _near(items: pl.DataFrame, dim_item: pl.DataFrame) -> tuple[Rows, np.ndarray]:
    """Neighbours by item code with similarity in points, and beside each whether both read the same."""
    titles = np.full(dim_item.height, -1, np.int64)
    ranked = dim_item.select("item_code", title=pl.col("title").rank("dense").cast(pl.Int64)).drop_nulls()
    titles[ranked["item_code"].to_numpy()] = ranked["title"].to_numpy()
    near = items.select(
        "item_code",
        seed="entity_code",
        points=(pl.col("score").cast(pl.Float64) * _SIMILARITY_POINTS).round().cast(pl.Int64),
    )
    rows = rows_of(near, "seed", "item_code", "points", dim_item.height)
    theirs, mine = titles[rows.items], np.repeat(titles, np.diff(rows.ptr))
    return rows, (theirs == mine) & (mine >= 0)
