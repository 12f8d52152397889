"""iALS channel: items whose factors point where the shopper's do."""

from datetime import date
from typing import Any

import numpy as np
import polars as pl

from recs.channels.ranked import USER, best_per_entity, channel_table
from recs.channels.scorer import Scorer, Scores
from recs.history import bought_items, recommendable
from recs.models.ials import factors_of
from recs.models.top_k import top_k as best_columns
from recs.pairs import Rows, rows_of

_USERS_AT_ONCE = 256


def ials_items(
    model: pl.DataFrame,
    user_item_daily: pl.DataFrame,
    dim_item: pl.DataFrame,
    dim_user: pl.DataFrame,
    *,
    as_of: date,
    top_k: int,
) -> pl.DataFrame:
    """Channel table (``ranked.SCHEMA``) with the entity user: the ``top_k`` best items, and the ``top_k`` best of those
    that the shopper does not own. model: of ``recs.models.ials.ials_model``. A score is the dot product of the factors.
    """
    users, user_factors = factors_of(model, "user")
    items, item_factors = factors_of(model, "item")
    shown = np.isin(items, recommendable(dim_item)["item_code"].to_numpy())
    items, item_factors = items[shown], item_factors[shown]
    owned = rows_of(
        bought_items(user_item_daily, dim_item, dim_user, as_of=as_of), "user_code", "item_code", None, dim_user.height
    )
    parts = [
        _best_of_block(
            users[at : at + _USERS_AT_ONCE], user_factors[at : at + _USERS_AT_ONCE], items, item_factors, owned, top_k
        )
        for at in range(0, len(users), _USERS_AT_ONCE)
    ]
    empty = pl.DataFrame(schema={"entity_code": pl.Int32, "item_code": pl.Int32, "score": pl.Float32})
    return channel_table([best_per_entity(pl.concat([empty, *parts]), entity=USER, as_of=as_of, top_k=2 * top_k)])


def ials_scorer(
    table: pl.DataFrame,
    model: pl.DataFrame,
    user_item_daily: pl.DataFrame,
    dim_item: pl.DataFrame,
    dim_user: pl.DataFrame,
    **listing: Any,
) -> Scorer:
    """The dot product for any pair that has factors on both sides."""
    user_factors, item_factors = _dense(model, "user", dim_user.height), _dense(model, "item", dim_item.height)

    def score(users: np.ndarray, items: np.ndarray) -> Scores:
        return Scores(np.einsum("nf,nf->n", user_factors[users], item_factors[items]))

    return score


def _dense(model: pl.DataFrame, side: str, height: int) -> np.ndarray:
    codes, values = factors_of(model, side)
    dense = np.full((height, values.shape[1]), np.nan, np.float32)
    dense[codes] = values
    return dense


def _best_of_block(
    users: np.ndarray,
    user_factors: np.ndarray,
    items: np.ndarray,
    item_factors: np.ndarray,
    owned: Rows,
    top_k: int,
) -> pl.DataFrame:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):  # the same bits on any machine with these instructions
        scores = user_factors @ item_factors.T
    best = [_listed(scores, top_k)]
    place = np.full(int(items.max(initial=-1)) + 2, -1, np.int64)
    place[items] = np.arange(len(items))
    for row, user in enumerate(users):
        mine = owned.items[owned.ptr[user] : owned.ptr[user + 1]]
        at = place[np.minimum(mine, len(place) - 1)]
        scores[row, at[at >= 0]] = -np.inf
    best.append(_listed(scores, top_k))
    rows, columns, values = (np.concatenate(parts) for parts in zip(*best, strict=True))
    frame = pl.DataFrame({"entity_code": users[rows], "item_code": items[columns], "score": values})
    return frame.unique(["entity_code", "item_code"])


def _listed(scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows, columns = best_columns(scores, k)
    return rows, columns, scores[rows, columns]
