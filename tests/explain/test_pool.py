"""How far an item came on its way into a pool, and what the channels say of a candidate."""

import polars as pl
import pytest

from recs.explain.pool import channel_words, listed_at, way_in
from recs.pairs import rows_of
from recs.pools.spec import PoolSpec

SPEC = PoolSpec(size=3, depth=2, channels={"ials": 1.0, "popular": 0.5})
ROW = {"entity": pl.String, "entity_code": pl.Int32, "item_code": pl.Int32, "rank": pl.UInt16}
TABLES = {
    "ials": [("user", 0, 1, 1), ("user", 0, 2, 2), ("user", 0, 3, 3), ("user", 0, 4, 4), ("user", 1, 9, 1)],
    "popular": [("all", 0, 5, 1), ("all", 0, 6, 2), ("all", 0, 7, 3)],
}


def tables() -> dict[str, pl.DataFrame]:
    return {name: pl.DataFrame(rows, schema=ROW, orient="row") for name, rows in TABLES.items()}


def way(item: int, purpose: str = "discover") -> tuple:
    owned = rows_of(pl.DataFrame({"user_code": [0], "item_code": [1]}), "user_code", "item_code", None, 2)
    got = way_in(purpose, SPEC, tables(), owned, user_code=0, item_code=item)
    return got["owned"], {one["channel"]: one["place"] for one in got["proposals"]}, got["fused_at"]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (1, (True, {"ials": None, "popular": None}, None)),  # owned, so nobody may propose it
        (2, (False, {"ials": 1, "popular": None}, 1)),  # second of the list, first of what is new
        (3, (False, {"ials": 2, "popular": None}, 2)),
        (4, (False, {"ials": 3, "popular": None}, None)),  # a channel proposes its first two
        (6, (False, {"ials": None, "popular": 2}, 4)),  # proposed, and the pool holds three
        (8, (False, {"ials": None, "popular": None}, None)),
        (9, (False, {"ials": None, "popular": None}, None)),  # on another shopper's list
    ],
)
def test_the_way_into_a_pool_of_what_is_new(item, expected):
    assert way(item) == expected


def test_the_way_into_a_pool_of_what_is_owned():
    assert way(1, "repeat") == (True, {"ials": 1, "popular": None}, 1)
    assert way(2, "repeat") == (False, {"ials": None, "popular": None}, None)


def test_a_channels_list_for_the_shopper_comes_before_its_list_for_everyone():
    assert listed_at(tables(), 0, 2) == {"ials": 2, "popular": None}
    assert listed_at(tables(), 0, 6) == {"ials": None, "popular": 2}


def test_a_channel_that_scores_and_one_that_proposes_are_both_heard():
    row = {"user_code": 0, "pool_rank": 1, "co_buy_score": 0.5, "co_buy_rank": 2, "co_buy_proposed": True}
    row |= {"trending_score": None, "trending_rank": None}
    assert channel_words(row) == [
        {"channel": "co_buy", "score": 0.5, "rank": 2, "proposed": True},
        {"channel": "trending", "score": None, "rank": None, "proposed": None},
    ]
