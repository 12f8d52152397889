"""Co-buy channel: what is bought in the same baskets, as neighbours of an item and, through purchases, of a shopper."""

from datetime import date

import polars as pl

from recs.channels.history import POINTS, decay_points, known, recommendable
from recs.channels.ranked import ITEM, USER, best_per_entity, channel_table

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
    users_at_once: int = 400,
) -> pl.DataFrame:
    """Channel table (``ranked.SCHEMA``) with the entities item and user.

    See ``neighbours`` for min_baskets, shrinkage and damping. A shopper's candidates are the neighbours of their
    ``max_seeds`` strongest purchases of the window, scored by the sum of weight x similarity; reason_item_code is the
    seed that adds most. A seed's weight is its purchase days, each counting half after ``half_life_days``, at most 1 in
    all. Items they own are not left out here.
    """
    pairs = neighbours(
        item_pair, item_daily, dim_item, as_of=as_of, min_baskets=min_baskets, shrinkage=shrinkage, damping=damping
    )
    items = best_per_entity(pairs, entity=ITEM, as_of=as_of, top_k=top_k)
    bought = seeds(
        user_item_daily,
        dim_item,
        dim_user,
        as_of=as_of,
        half_life_days=half_life_days,
        window_days=window_days,
        max_seeds=max_seeds,
    )
    near = _near(items, dim_item)
    users = [
        best_per_entity(_through(chunk, near), entity=USER, as_of=as_of, top_k=top_k_user)
        for chunk in _chunks(bought, users_at_once)
    ]
    return channel_table([items, *users])


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


def seeds(
    user_item_daily: pl.DataFrame,
    dim_item: pl.DataFrame,
    dim_user: pl.DataFrame,
    *,
    as_of: date,
    half_life_days: float,
    window_days: int,
    max_seeds: int,
) -> pl.DataFrame:
    """user_code, item_code, points (i64): each shopper's strongest purchases, sorted by user_code and strength."""
    return (
        known(user_item_daily, as_of=as_of, window_days=window_days)
        .filter(pl.col("purchase_count") > 0)
        .select("user_id", "item_id", "event_date")
        .unique()
        .with_columns(points=decay_points(as_of, half_life_days))
        .group_by("user_id", "item_id")
        .agg(pl.col("points").sum().clip(upper_bound=POINTS))  # one staple must not speak for the whole shopper
        .join(recommendable(dim_item), on="item_id")
        .join(dim_user.select("user_id", "user_code"), on="user_id")
        .select("user_code", "item_code", "points")
        .sort(["user_code", "points", "item_code"], descending=[False, True, False])
        .group_by("user_code", maintain_order=True)
        .head(max_seeds)
    )


def _near(items: pl.DataFrame, dim_item: pl.DataFrame) -> pl.DataFrame:
    """seed, item_code, near (similarity in points), echo (both have one title) of the item entity's rows."""
    titles = dim_item.select("item_code", title=pl.col("title").rank("dense"))
    return (
        items.select("item_code", "score", seed="entity_code")
        .join(titles, on="item_code")
        .join(titles.rename({"item_code": "seed", "title": "seed_title"}), on="seed")
        .select(
            "seed",
            "item_code",
            near=(pl.col("score").cast(pl.Float64) * _SIMILARITY_POINTS).round().cast(pl.Int64),
            echo=pl.col("title") == pl.col("seed_title"),
        )
    )


def _through(bought: pl.DataFrame, near: pl.DataFrame) -> pl.DataFrame:
    """Candidates of the shoppers in ``bought`` through the neighbours of what they bought.

    A seed that reads like the candidate gives its weight, and the reason only when no other seed leads there.
    """
    return (
        bought.rename({"item_code": "seed"})
        .join(near, on="seed")
        .with_columns(adds=pl.col("points") * pl.col("near"))
        .sort(["user_code", "item_code", "echo", "adds", "seed"], descending=[False, False, False, True, False])
        .group_by("user_code", "item_code", maintain_order=True)
        .agg(pl.col("adds").sum(), reason_item_code=pl.col("seed").first())
        .select(
            "item_code",
            "reason_item_code",
            entity_code="user_code",
            score=pl.col("adds") / (POINTS * _SIMILARITY_POINTS),
        )
    )


def _chunks(bought: pl.DataFrame, users_at_once: int) -> list[pl.DataFrame]:
    """The seeds of ``users_at_once`` shoppers at a time, which bounds memory; one empty chunk when there are none."""
    number = (pl.col("user_code").rank("dense") - 1) // users_at_once
    return bought.with_columns(chunk=number).partition_by("chunk", include_key=False, maintain_order=True) or [bought]
