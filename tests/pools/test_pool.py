"""One shard's pools on a shop of literal lists."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from recs.channels.scorer import Scores, by_item
from recs.pairs import rows_of
from recs.pools.pool import shard_pools
from recs.pools.spec import PoolSpec

ITEMS = 6
LISTED = {
    "ials": [("user", 0, [2, 0, 1]), ("user", 1, [3, 5]), ("user", 2, [0, 4, 1])],
    "popular": [("all", 0, [1, 2, 3, 4]), ("region", 0, [5])],
}
OWNED = [(0, 0), (0, 3), (2, 1), (2, 4)]
EVERYONE = np.arange(4, dtype=np.int32)  # nobody has told 3 apart yet


def tables():
    schema = {"entity": pl.String, "entity_code": pl.Int32, "item_code": pl.Int32, "rank": pl.UInt16}
    return {
        name: pl.DataFrame(
            [(entity, code, item, rank) for entity, code, items in lists for rank, item in enumerate(items, 1)],
            schema=schema,
            orient="row",
        )
        for name, lists in LISTED.items()
    }


def owned():
    pairs = pl.DataFrame(OWNED, schema={"user_code": pl.Int32, "item_code": pl.Int32}, orient="row")
    return rows_of(pairs, "user_code", "item_code", None, len(EVERYONE))


def factors(users, items):
    """Knows no shopper 3 and no item 5; items 1 and 2 tie."""
    known = (users != 3) & (items != 5)
    scores = np.where(known, np.array([5, 4, 4, 2, 1, 0])[items], np.nan).astype(np.float32)
    return Scores(scores, np.where(known & (items == 2), 0, -1).astype(np.int32))


def whispers(users, items):
    """Leads to everything from 4, and so only where nobody named a reason before."""
    return Scores(np.full(len(items), np.nan, np.float32), np.full(len(items), 4, np.int32))


SCORERS = {"popular": by_item(np.array([0, 9, 8, 7, 6, 5], np.float32)), "ials": factors}
SPEC = PoolSpec(size=4, depth=3, channels={"popular": 0.5, "ials": 1.0})


def pools(purpose="discover", users=EVERYONE, scorers=SCORERS, spec=SPEC):
    return shard_pools(purpose, spec, tables(), scorers, owned(), users)


def test_a_shopper_with_lists_a_shopper_without_and_what_each_channel_says():
    told = ("item_code", "pool_rank", "ials_proposed", "popular_proposed", "ials_reason_item_code")
    said = ("ials_score", "ials_rank", "popular_score", "popular_rank")
    got = pools()
    assert set(got.columns) == {"user_code", *told, *said}
    assert got.filter(pl.col("user_code") == 0).select(*told, *said).rows() == [
        (1, 2, True, True, -1, 4.0, 1, 9.0, 1),
        (2, 1, True, True, 0, 4.0, 2, 8.0, 2),
        (4, 3, False, True, -1, 1.0, 3, 6.0, 3),  # 3 is owned, so 4 is the third of everyone's list
    ]
    assert got.filter(pl.col("user_code") == 3).select(*told, *said).rows() == [
        (1, 1, False, True, -1, None, None, 9.0, 1),
        (2, 2, False, True, -1, None, None, 8.0, 2),
        (3, 3, False, True, -1, None, None, 7.0, 3),
    ]


def test_pools_of_what_is_owned_hold_nothing_else():
    got = pools("repeat").select("user_code", "item_code", "pool_rank")
    assert got.rows() == [(0, 0, 1), (0, 3, 2), (2, 1, 2), (2, 4, 1)]


@pytest.mark.parametrize("purpose", ["discover", "repeat"])
def test_discover_and_repeat_split_by_what_is_owned(purpose):
    got = set(pools(purpose).select("user_code", "item_code").rows())
    assert got
    assert (got <= set(OWNED)) if purpose == "repeat" else got.isdisjoint(OWNED)


def test_every_channel_that_names_a_reason_keeps_its_own():
    got = pools(scorers={**SCORERS, "whispers": whispers})
    first = got.filter(pl.col("user_code") == 0)
    assert first["ials_reason_item_code"].to_list() == [-1, 0, -1]
    assert first["whispers_reason_item_code"].to_list() == [4, 4, 4]
    assert got["whispers_rank"].is_null().all()


@pytest.mark.parametrize("purpose", ["discover", "repeat"])
@pytest.mark.parametrize("users_at_once", [1, 2, 3])
def test_shards_put_together_are_the_whole(purpose, users_at_once):
    parts = [pools(purpose, EVERYONE[at : at + users_at_once]) for at in range(0, len(EVERYONE), users_at_once)]
    assert_frame_equal(pl.concat(parts), pools(purpose))
    assert_frame_equal(pools(purpose, EVERYONE[:0]), pools(purpose).clear())


@settings(deadline=None)
@given(st.lists(st.sampled_from([0.0, 1.0, 2.0, None]), min_size=4 * ITEMS, max_size=4 * ITEMS))
def test_ranks_number_the_scores_of_each_pool_best_first_and_by_code_when_equal(values):
    told = np.array([np.nan if value is None else value for value in values], np.float32).reshape(4, ITEMS)
    got = pools(scorers={"ials": lambda users, items: Scores(told[users, items])})
    for (user,), one in got.group_by("user_code"):
        items = [item for item in one["item_code"].to_list() if not np.isnan(told[user, item])]
        order = sorted(items, key=lambda item: (-told[user, item], item))
        ranks = dict(one.filter(pl.col("ials_score").is_not_null()).select("item_code", "ials_rank").rows())
        assert ranks == {item: rank for rank, item in enumerate(order, 1)}
        assert one.filter(pl.col("ials_score").is_null())["ials_rank"].is_null().all()
