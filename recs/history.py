"""What had been bought by an as-of day, in codes, and how much an old purchase still counts. No ranking here."""

from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import polars as pl

ITEM_DAY = ("arrival_date", "event_date", "item_id", "region")  # the grain of fct_item_daily
POINTS = 1 << 20  # one purchase of today, in points: integers add up to the same sum in any order and on any threads


def net(user_item_daily: pl.DataFrame) -> pl.DataFrame:
    """Daily facts without what corrections took back; a frame in which nothing was is given back as it is."""
    counts = [column for column in ("purchase_count", "return_count") if column in user_item_daily.columns]
    if not counts or not user_item_daily.select(pl.any_horizontal((pl.col(counts) < 0).any())).item():
        return user_item_daily
    keys = [name for name in ("event_date", "user_id", "item_id") if name in user_item_daily.columns]
    sums = [name for name in user_item_daily.columns if name not in (*keys, "arrival_date")]
    netted = user_item_daily.group_by(keys, maintain_order=True).agg(pl.col("arrival_date").min(), pl.col(sums).sum())
    return netted.filter(pl.any_horizontal(pl.col(counts) != 0)).select(
        pl.col(name).cast(kind) for name, kind in user_item_daily.schema.items()
    )


def known(facts: pl.DataFrame, *, as_of: date, window_days: int) -> pl.DataFrame:
    """Rows that had arrived by ``as_of`` and happened in the ``window_days`` days that end with it."""
    since = as_of - timedelta(days=window_days)
    event, arrival = pl.col("event_date"), pl.col("arrival_date")
    return facts.filter((arrival <= as_of) & (event <= as_of) & (event > since))


def decay_points(as_of: date, half_life_days: float) -> pl.Expr:
    """Worth of one purchase on ``event_date``, in whole points: ``POINTS`` today, half as much a half-life ago.

    ValueError unless half_life_days > 0. Source: Ding and Li, "Time Weight Collaborative Filtering", CIKM 2005.
    """
    if half_life_days <= 0:
        raise ValueError(f"half_life_days must be > 0 days, got {half_life_days}")
    age_days = (pl.lit(as_of) - pl.col("event_date")).dt.total_days().cast(pl.Float64)
    return (pl.lit(0.5).pow(age_days / half_life_days) * POINTS).round().cast(pl.Int64)


def recommendable(dim_item: pl.DataFrame) -> pl.DataFrame:
    """item_id, item_code, category_code of the items that may be shown."""
    return dim_item.filter(pl.col("is_recommendable")).select("item_id", "item_code", "category_code")


def with_codes(user_item_daily: pl.DataFrame, dim_item: pl.DataFrame, dim_user: pl.DataFrame) -> pl.DataFrame:
    """Rows of known shoppers and items with user_code and item_code (i32).

    A frame that has them is given back as it is: whoever asks many functions about one day joins once.
    """
    if {"user_code", "item_code"} <= set(user_item_daily.columns):
        return user_item_daily
    return user_item_daily.join(dim_user.select("user_id", "user_code"), on="user_id").join(
        dim_item.select("item_id", "item_code"), on="item_id"
    )


def without_suspects(user_item_daily: pl.DataFrame, dim_item: pl.DataFrame, dim_user: pl.DataFrame) -> pl.DataFrame:
    """``with_codes`` of the shoppers who are no suspects on the day of ``dim_user``: what may be learned from."""
    suspects = dim_user.filter(pl.col("is_suspect")).select("user_code")
    rows = with_codes(user_item_daily, dim_item, dim_user)
    return rows if suspects.is_empty() else rows.join(suspects, on="user_code", how="anti", maintain_order="left")


def less_suspects(item_daily: pl.DataFrame, suspect_item_daily: pl.DataFrame) -> pl.DataFrame:
    """fct_item_daily less what the suspects of a day did: every count of the one that the other has too."""
    if suspect_item_daily.is_empty():
        return item_daily
    counts = [name for name in suspect_item_daily.columns if name in item_daily.columns and name not in ITEM_DAY]
    theirs = suspect_item_daily.select(*ITEM_DAY, pl.col(counts).name.prefix("their_"))
    rest = [(pl.col(name) - pl.col(f"their_{name}").fill_null(0)).cast(item_daily.schema[name]) for name in counts]
    joined = item_daily.join(theirs, on=ITEM_DAY, how="left", maintain_order="left")
    return joined.with_columns(rest).select(item_daily.columns)


def bought_items(
    user_item_daily: pl.DataFrame, dim_item: pl.DataFrame, dim_user: pl.DataFrame, *, as_of: date
) -> pl.DataFrame:
    """Every user_code, item_code (i32) pair bought by ``as_of``, each once, sorted; returned items count too.

    Items and shoppers that the dims do not hold are left out.
    """
    arrived = (pl.col("arrival_date") <= as_of) & (pl.col("event_date") <= as_of)
    rows = with_codes(user_item_daily.filter(arrived & (pl.col("purchase_count") > 0)), dim_item, dim_user)
    items = _ItemCodes(dim_item)
    users, codes = np.divmod(_each_once(items.pairs(rows)), items.count)
    return pl.DataFrame({"user_code": users.astype(np.int32), "item_code": codes.astype(np.int32)})


class PurchaseDays(NamedTuple):
    """Days on which shoppers bought items, flat: each pair's days are ``ages[starts[n]:starts[n + 1]]``, latest first.

    users, items: int32 [pairs], sorted by user, then item. starts: int64 [pairs + 1]. ages: int64, days before as-of.
    """

    users: np.ndarray
    items: np.ndarray
    starts: np.ndarray
    ages: np.ndarray


def purchase_days(
    user_item_daily: pl.DataFrame, dim_item: pl.DataFrame, dim_user: pl.DataFrame, *, as_of: date, window_days: int
) -> PurchaseDays:
    """The purchase days of the window, of items that may be shown; each day of a pair once."""
    rows = known(user_item_daily, as_of=as_of, window_days=window_days).filter(pl.col("purchase_count") > 0)
    rows = with_codes(rows, dim_item, dim_user)
    items = _ItemCodes(recommendable(dim_item))
    ages = rows.select((pl.lit(as_of) - pl.col("event_date")).dt.total_days()).to_series().to_numpy()
    pairs, ages = np.divmod(_each_once(items.pairs(rows, ages, window_days)), window_days)
    starts = np.flatnonzero(np.diff(pairs, prepend=-1))
    users, codes = np.divmod(pairs[starts], items.count)
    return PurchaseDays(users.astype(np.int32), codes.astype(np.int32), np.append(starts, len(ages)), ages)


def purchase_points(
    user_item_daily: pl.DataFrame,
    dim_item: pl.DataFrame,
    dim_user: pl.DataFrame,
    *,
    as_of: date,
    half_life_days: float,
    window_days: int,
) -> pl.DataFrame:
    """user_code, item_code, points (i64), sorted: decayed ``purchase_days`` of the window."""
    days = purchase_days(user_item_daily, dim_item, dim_user, as_of=as_of, window_days=window_days)
    return pl.DataFrame(
        {"user_code": days.users, "item_code": days.items, "points": decayed(days, as_of, half_life_days, window_days)}
    )


def decayed(days: PurchaseDays, as_of: date, half_life_days: float, window_days: int) -> np.ndarray:
    """int64 [pairs]: the worth of each pair's days in points (``decay_points``)."""
    calendar = pl.DataFrame({"event_date": [as_of - timedelta(days=age) for age in range(window_days)]})
    worth = calendar.select(decay_points(as_of, half_life_days)).to_series().to_numpy()
    sums = np.concatenate([[0], np.cumsum(worth[days.ages])])
    return np.asarray(np.diff(sums[days.starts]), np.int64)


def _each_once(packed: np.ndarray) -> np.ndarray:
    """The different values, ascending; a tenth of the time of np.unique, which hashes."""
    ordered = np.sort(packed)
    return np.asarray(ordered[np.diff(ordered, prepend=-1) != 0])


class _ItemCodes:
    """The item codes of a frame, and pairs of shopper and item packed into one integer each."""

    def __init__(self, dim_item: pl.DataFrame) -> None:
        codes = dim_item["item_code"].to_numpy()
        self.count = int(codes.max(initial=0)) + 1
        self._held = np.zeros(self.count + 1, bool)
        self._held[codes] = True

    def pairs(self, coded: pl.DataFrame, further: np.ndarray | int = 0, size: int = 1) -> np.ndarray:
        """int64: (user x items + item) x size + further, of the rows whose item the frame holds."""
        items = coded["item_code"].to_numpy()
        packed = (coded["user_code"].to_numpy().astype(np.int64) * self.count + items) * size + further
        return np.asarray(packed[self._held[np.minimum(items, self.count)]])
