"""A shop's simulated history as daily aggregates: facts, shoppers and items that features can be built from."""

from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

LAST_DAY = date(2026, 6, 30)
CATEGORIES, REGIONS = 400, 50
_ACTIONS = ("click", "cart", "favourite", "return", "rating", "dismiss")


class History(NamedTuple):
    """How large: rows are (shopper, item, day) with any event, ``rows_each`` for each shopper in all."""

    shoppers: int
    items: int
    days: int
    rows_each: int

    @property
    def rows(self) -> int:
        return self.shoppers * self.rows_each

    @property
    def name(self) -> str:
        return f"{self.shoppers:,} shoppers, {self.items:,} items, {self.days} days, {self.rows / 1e6:,.1f}M rows"


def write_history(lake: Path, history: History, seed: int = 7) -> None:
    """Write facts of every day, and shoppers and items on the first.

    Half of what a shopper does is with 15 usual items. There are no events: what reads visits (item pairs, suspects,
    prices learned from purchases) finds none.
    """
    draw = np.random.default_rng(seed)
    first = LAST_DAY - timedelta(days=history.days - 1)
    _write(lake, "raw/items", first, _items(history, first, draw))
    ids = pl.Series("user_id", [f"u{n:08d}" for n in range(history.shoppers)])
    regions = pl.Series("region", [f"r{n:02d}" for n in draw.integers(0, REGIONS, history.shoppers)])
    _write(lake, "raw/users", first, pl.DataFrame([ids, regions]).with_columns(arrival_date=first))
    weights = np.cumsum(draw.gamma(0.7, size=history.shoppers))
    usual = _popular(draw, history, history.shoppers * 15).reshape(-1, 15)
    item_ids = pl.Series("item_id", [f"i{n:06d}" for n in range(history.items)])
    for day in (first + timedelta(days=n) for n in range(history.days)):
        users = np.searchsorted(weights, draw.random(history.rows // history.days) * weights[-1])
        items = np.where(
            draw.random(len(users)) < 0.5,
            usual[users, draw.integers(0, 15, len(users))],
            _popular(draw, history, len(users)),
        )
        users, items = np.divmod(np.unique(users.astype(np.int64) * history.items + items), history.items)
        _write_day(lake, day, ids.gather(users), item_ids.gather(items), regions.gather(users), draw)


def _popular(draw: np.random.Generator, history: History, size: int) -> np.ndarray:
    """Item codes, few of them very often."""
    return np.minimum(history.items * draw.random(size) ** 3, history.items - 1).astype(np.int64)


def _items(history: History, first: date, draw: np.random.Generator) -> pl.DataFrame:
    kinds = draw.integers(0, CATEGORIES, history.items)
    return pl.DataFrame(
        {
            "item_id": [f"i{n:06d}" for n in range(history.items)],
            "title": [f"Item {n}" for n in range(history.items)],
            "category_l2": [f"c{n // 8:02d}" for n in kinds],
            "category_l3": [f"c{n // 8:02d} {n % 8}" for n in kinds],
            "price": draw.integers(1, 100, history.items).astype(np.float64),
            "is_available": True,
            "is_blocked": False,
            "is_adult": False,
        }
    ).with_columns(arrival_date=first)


def _write_day(
    lake: Path, day: date, users: pl.Series, items: pl.Series, regions: pl.Series, draw: np.random.Generator
) -> None:
    rows = len(users)
    bought = draw.random(rows) < 0.3
    counts = {f"{name}_count": (draw.random(rows) < 0.05).astype(np.int32) for name in _ACTIONS}
    pairs = pl.DataFrame([users, items, regions]).with_columns(
        arrival_date=day,
        event_date=day,
        view_count=pl.Series(draw.integers(0, 4, rows).astype(np.int32)),
        purchase_count=pl.Series(bought.astype(np.int32)),
        **{name: pl.Series(values) for name, values in counts.items()},
        quantity=pl.Series(bought.astype(np.int64)),
        spend=pl.Series(bought * draw.integers(100, 10_000, rows) / 100).cast(pl.Decimal(18, 4)),
        session_count=1,
    )
    pairs = pairs.with_columns(rating_sum=(pl.col("rating_count") * 4).cast(pl.Decimal(18, 4)))
    _write(lake, "facts/fct_user_item_daily", day, pairs.drop("region").sort("user_id", "item_id"))
    sums = [pl.col(c).sum() for c in pairs.columns if c.endswith(("_count", "_sum", "quantity", "spend"))]
    buyers = pl.col("purchase_count").sum()
    by_item = pairs.group_by("arrival_date", "event_date", "item_id", "region").agg(
        *(one for one in sums if one.meta.output_name() != "session_count"), buyer_count=buyers, basket_count=buyers
    )
    _write(lake, "facts/fct_item_daily", day, by_item.sort("item_id", "region"))
    by_user = pairs.group_by("arrival_date", "event_date", "user_id", "region")
    by_user_day = by_user.agg(*(one for one in sums if one.meta.output_name() != "session_count")).with_columns(
        search_count=0, session_count=1, basket_count=1, event_count=8, mobile_count=4, night_count=1, morning_count=2,
        afternoon_count=3, evening_count=2,
    )  # fmt: skip
    _write(lake, "facts/fct_user_daily", day, by_user_day.sort("user_id"))


def _write(lake: Path, table: str, day: date, rows: pl.DataFrame) -> None:
    folder = lake / table / f"arrival_date={day}"
    folder.mkdir(parents=True)
    rows.write_parquet(folder / "data.parquet", compression="zstd")
