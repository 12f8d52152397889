"""A shop of eight items, two shoppers and two stores, with its channels and rankings filled by hand."""

from dataclasses import dataclass
from datetime import date

import polars as pl
import pytest

from recs.channels.ranked import SCHEMA as CHANNEL
from recs.ranking.ranked import SCHEMA as RANKING

AS_OF = date(2026, 3, 9)
# code: (title, category); 7 may not be shown, 1 and 6 read the same
ITEMS = {
    0: ("Tea", 0),
    1: ("Milk", 1),
    2: ("Cheese", 1),
    3: ("Bread", 2),
    4: ("Jam", 2),
    5: ("Honey", 2),
    6: ("MILK", 1),
}
ROWS = {
    "co_buy": [("user", 0, [(3, 0), (1, 0), (2, 0)]), ("item", 0, [(3, -1), (6, -1), (4, -1)]), ("item", 1, [(2, -1)])],
    "popular": [
        ("all", 0, [(1, -1), (6, -1), (3, -1), (4, -1), (5, -1), (2, -1), (0, -1)]),
        ("region", 0, [(4, -1), (0, -1)]),
        ("category", 1, [(6, -1), (1, -1), (2, -1)]),
        ("category", 2, [(4, -1), (3, -1), (5, -1)]),
    ],
    "trending": [("all", 0, [(5, -1), (0, -1)]), ("region", 0, [(3, -1)])],
    "buy_again": [("user", 0, [(0, -1), (6, -1)])],
}
DUE = {0}  # ann's tea
# purpose: (item, channel, entity, reason item) of ann, best first; nothing is ranked for bob
RANKED = {
    "discover": [(3, "co_buy", "user", 0), (5, "ials", "user", -1), (1, "promotions", "all", -1)],
    "repeat": [(6, "buy_again", "user", -1), (0, "buy_again", "user", -1)],
}


@dataclass(frozen=True)
class Shop:
    channels: dict[str, pl.DataFrame]
    dims: dict[str, pl.DataFrame]
    bought: pl.DataFrame
    rankings: dict[str, pl.DataFrame]


def _ranking(purpose: str) -> pl.DataFrame:
    rows = [
        (AS_OF, 0, item, 1.0 / rank, rank, channel, entity, reason, purpose == "repeat" and item in DUE)
        for rank, (item, channel, entity, reason) in enumerate(RANKED[purpose], start=1)
    ]
    return pl.DataFrame(rows, schema=RANKING, orient="row")


def _channel(name: str) -> pl.DataFrame:
    rows = [
        (AS_OF, entity, code, item, 1.0 / rank, rank, reason)
        for entity, code, found in ROWS[name]
        for rank, (item, reason) in enumerate(found, start=1)
    ]
    table = pl.DataFrame(rows, schema=CHANNEL, orient="row")
    return table.with_columns(is_due=pl.col("item_code").is_in(list(DUE))) if name == "buy_again" else table


@pytest.fixture(scope="session")
def shop() -> Shop:
    items = [(code, f"i{code}", title, category, True) for code, (title, category) in ITEMS.items()]
    schema = {"item_code": pl.Int32, "item_id": pl.String, "title": pl.String, "category_code": pl.Int32}
    users = pl.DataFrame({"user_code": [0, 1], "user_id": ["ann", "bob"], "region_code": [0, -1]})
    codes = {"user_code": pl.Int32, "region_code": pl.Int32}
    return Shop(
        channels={name: _channel(name) for name in ROWS},
        dims={
            "dim_item": pl.DataFrame(
                [*items, (7, "i7", "Fuel", 3, False)], schema={**schema, "is_recommendable": pl.Boolean}, orient="row"
            ),
            "dim_user": users.cast(codes),
            "dim_region": pl.DataFrame({"region_code": [0, 1], "region": ["north", "south"]}).cast(
                {"region_code": pl.Int32}
            ),
        },
        bought=pl.DataFrame({"user_code": [0, 0], "item_code": [0, 6]}).cast(pl.Int32),
        rankings={purpose: _ranking(purpose) for purpose in RANKED},
    )
