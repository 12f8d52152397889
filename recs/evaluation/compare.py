"""Lists of one as-of day made comparable, and what was bought afterwards: same items, same length, same shoppers."""

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recs.history import bought_items, recommendable

Kind = Literal["all", "new"]
KINDS: tuple[Kind, ...] = ("all", "new")
DEPTH = 20
PAIR = ["user_code", "item_code"]
LIST = pl.Schema({"user_code": pl.Int32, "item_code": pl.Int32, "rank": pl.UInt16})
_BLOCK = 4096  # users padded at once


def truth_of(
    user_item_daily: pl.DataFrame,
    dim_item: pl.DataFrame,
    dim_user: pl.DataFrame,
    *,
    as_of: date,
    horizon_days: int,
) -> dict[Kind, pl.DataFrame]:
    """What known shoppers bought in the ``horizon_days`` days after ``as_of``: user_code, item_code, sorted, each once.

    all: every recommendable item. new: without what the shopper had bought by ``as_of``, as far as known that day.
    dim_item, dim_user: of the as-of day; later items and shoppers are nobody's to recommend. Purchases that arrive
    after the horizon are left out, so the truth of a day stays what it was.
    """
    until = as_of + timedelta(days=horizon_days)
    rows = user_item_daily.filter(pl.col("event_date") > as_of)
    everything = bought_items(rows, recommendable(dim_item), dim_user, as_of=until)
    owned = bought_items(user_item_daily, dim_item, dim_user, as_of=as_of)
    return {"all": everything, "new": everything.join(owned, on=PAIR, how="anti").sort(PAIR)}


def compared_lists(
    rankings: Mapping[str, pl.DataFrame],
    *,
    kind: Kind,
    users: Sequence[int] | pl.Series,
    owned: pl.DataFrame,
    eligible: pl.Series,
    popularity: pl.Series,
    depth: int = DEPTH,
) -> dict[str, pl.DataFrame]:
    """Each method's list of each shopper in ``LIST``, sorted, ranks 1 to ``depth`` without gaps.

    rankings: by method: user_code, item_code, rank (1 = best, no ties); any length, shoppers may be missing.
    kind: "new" leaves out of every list what the shopper owns, whatever the method itself thinks of repeats.
    users: the shoppers compared. owned: user_code, item_code. eligible: the item_code that may be listed.
    popularity: item_code, the most popular first; fills short lists, then eligible items in code order do.
    Lists stay shorter than ``depth`` only where a shopper has fewer items left.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    shoppers = pl.DataFrame({"user_code": pl.Series(users, dtype=pl.Int32)}).unique().sort("user_code")
    items = pl.DataFrame({"item_code": eligible.cast(pl.Int32)}).unique().sort("item_code")
    barred = owned.join(shoppers, on="user_code", how="semi").select(PAIR).unique() if kind == "new" else None
    filling = pl.concat([pl.DataFrame({"item_code": popularity.cast(pl.Int32)}), items])
    filling = filling.unique(maintain_order=True).join(items, on="item_code", how="semi", maintain_order="left")
    return {
        method: _padded(_cut(ranking, shoppers, items, barred, depth), shoppers, filling, barred, depth)
        for method, ranking in rankings.items()
    }


def _cut(
    ranking: pl.DataFrame, shoppers: pl.DataFrame, items: pl.DataFrame, barred: pl.DataFrame | None, depth: int
) -> pl.DataFrame:
    """The first ``depth`` items of each list that may stay, ranks renumbered."""
    kept = ranking.select(pl.col(PAIR).cast(pl.Int32), "rank")
    kept = kept.join(shoppers, on="user_code", how="semi").join(items, on="item_code", how="semi")
    if barred is not None:
        kept = kept.join(barred, on=PAIR, how="anti")
    return (
        kept.sort("user_code", "rank")
        .with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.UInt16).over("user_code"))
        .filter(pl.col("rank") <= depth)
    )


def _padded(
    lists: pl.DataFrame, shoppers: pl.DataFrame, filling: pl.DataFrame, barred: pl.DataFrame | None, depth: int
) -> pl.DataFrame:
    lengths = shoppers.join(
        lists.group_by("user_code").len("length"), on="user_code", how="left", maintain_order="left"
    )
    short = lengths.select("user_code", length=pl.col("length").fill_null(0)).filter(pl.col("length") < depth)
    blocks = [_filled(lists, block, filling, barred, depth) for block in short.iter_slices(_BLOCK)]
    return pl.concat([lists, *blocks]).sort("user_code", "rank")


def _filled(
    lists: pl.DataFrame, short: pl.DataFrame, filling: pl.DataFrame, barred: pl.DataFrame | None, depth: int
) -> pl.DataFrame:
    """The rows that short lists lack, from ``filling`` in its order, without what is listed already or barred."""
    taken = lists.select(PAIR) if barred is None else pl.concat([lists.select(PAIR), barred])
    places = taken.join(short.select("user_code").with_row_index("row"), on="user_code").join(
        filling.with_row_index("place"), on="item_code"
    )
    most = max(places.group_by("row").len()["len"].to_list(), default=0)
    width = min(filling.height, depth + most)  # enough: a shopper with n items taken finds depth more among depth + n
    free = np.ones((short.height, width), dtype=bool)
    near = places.filter(pl.col("place") < width)
    free[near["row"].to_numpy(), near["place"].to_numpy()] = False
    lengths = short["length"].to_numpy().astype(np.int64)
    rank: NDArray[np.int64] = free.cumsum(axis=1) + lengths[:, None]
    rows, columns = np.nonzero(free & (rank <= depth))
    filled = pl.DataFrame(
        {
            "user_code": short["user_code"].to_numpy()[rows],
            "item_code": filling["item_code"].to_numpy()[columns],
            "rank": rank[rows, columns],
        }
    )
    return filled.cast(LIST)


def pool_recall(pools: pl.DataFrame, truth: pl.DataFrame, sizes: Sequence[int]) -> dict[str, float]:
    """By pool size: the mean share of a shopper's relevant items that are among the first candidates.

    pools: user_code, item_code, rank (1 = first), each pair once. truth: user_code, item_code; a shopper without a
    pool counts 0. What the pools miss, no ranker can bring back.
    """
    relevant = truth.group_by("user_code").len("relevant")
    found = truth.join(pools.select(*PAIR, "rank"), on=PAIR).join(relevant, on="user_code")
    shares = found.select("rank", share=1 / pl.col("relevant"))
    return {
        str(size): math.fsum(shares.filter(pl.col("rank") <= size)["share"].to_list()) / max(relevant.height, 1)
        for size in sizes
    }
