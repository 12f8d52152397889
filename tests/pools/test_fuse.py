"""Proposals and their fusion, against plain Python."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from recs.pairs import rows_of
from recs.pools.fuse import fuse, proposals

USERS, ITEMS = 3, 7
PROPOSED = {"user_code": pl.Int32, "item_code": pl.Int32, "rank": pl.UInt16}
WEIGHTS = {"popular": 0.5, "ials": 1.0, "co_buy": 1.0}
PAIRS = st.sets(st.tuples(st.integers(0, USERS - 1), st.integers(0, ITEMS - 1)))
# one channel's list for each shopper, best first
ONE_CHANNEL = st.lists(st.lists(st.integers(0, ITEMS - 1), unique=True, max_size=5), min_size=USERS, max_size=USERS)
LISTS = st.fixed_dictionaries(dict.fromkeys(WEIGHTS, ONE_CHANNEL))


def proposed(lists):
    rows = [(user, item, rank) for user, one in enumerate(lists) for rank, item in enumerate(one, 1)]
    return pl.DataFrame(rows, schema=PROPOSED, orient="row")


def table(lists, entity="user"):
    schema = {"entity": pl.String, "entity_code": pl.Int32, "item_code": pl.Int32, "rank": pl.UInt16}
    rows = [(entity, user, item, rank) for user, one in enumerate(lists) for rank, item in enumerate(one, 1)]
    return pl.DataFrame(rows, schema=schema, orient="row")


def owned_rows(pairs):
    schema = {"user_code": pl.Int32, "item_code": pl.Int32}
    return rows_of(pl.DataFrame(sorted(pairs), schema=schema, orient="row"), "user_code", "item_code", None, USERS)


def by_hand(lists, size):
    """{(user, item): (place, channels)} in whole points."""
    pool = {}
    for user in range(USERS):
        points, channels = {}, {}
        for name, found in lists.items():
            for rank, item in enumerate(found[user], 1):
                points[item] = points.get(item, 0) + round(WEIGHTS[name] * 2**40 / (60 + rank))
                channels.setdefault(item, set()).add(name)
        best = sorted(points, key=lambda item: (-points[item], item))[:size]
        pool |= {(user, item): (place, channels[item]) for place, item in enumerate(best, 1)}
    return pool


@settings(deadline=None)
@given(LISTS, st.integers(1, 6))
def test_a_pool_is_the_best_of_what_its_channels_proposed_and_says_which(lists, size):
    got = fuse({name: proposed(found) for name, found in lists.items()}, WEIGHTS, size=size)
    told = {
        (row["user_code"], row["item_code"]): (row["pool_rank"], {name for name in WEIGHTS if row[f"{name}_proposed"]})
        for row in got.to_dicts()
    }
    assert told == by_hand(lists, size)
    assert set(got.columns) == {"user_code", "item_code", "pool_rank", *(f"{name}_proposed" for name in WEIGHTS)}
    assert got.schema["pool_rank"] == pl.UInt16
    assert_frame_equal(got, got.sort("user_code", "item_code"))


@settings(deadline=None)
@given(LISTS, st.integers(1, 6), st.permutations(sorted(WEIGHTS)))
def test_the_order_of_channels_and_rows_changes_nothing(lists, size, order):
    one = fuse({name: proposed(found) for name, found in lists.items()}, WEIGHTS, size=size)
    mixed = {name: proposed(lists[name]).sample(fraction=1, shuffle=True, seed=2) for name in order}
    assert_frame_equal(fuse(mixed, WEIGHTS, size=size), one, check_column_order=False)


def test_two_channels_outweigh_one_and_a_tie_goes_to_the_smaller_code():
    lists = {"popular": [[5]], "ials": [[4, 6, 2]], "co_buy": [[3, 6]]}
    got = fuse({name: proposed(found) for name, found in lists.items()}, WEIGHTS, size=4)
    # 6: 2/62, then 3 and 4: 1/61 each, then 2: 1/63; 5 is worth half of 1/61
    assert got.sort("pool_rank")["item_code"].to_list() == [6, 3, 4, 2]


def test_half_a_weight_at_the_first_place_is_worth_a_whole_one_at_the_sixty_second():
    many = list(range(100, 161))
    lists = {"ials": [[*many, 1], [*many, 2]], "popular": [[2], [1]]}  # 1/122 = 0.5/61: the smaller code comes first
    got = fuse({name: proposed(found) for name, found in lists.items()}, WEIGHTS, size=63)
    assert got.filter(pl.col("pool_rank") > 61).sort("user_code", "pool_rank")["item_code"].to_list() == [1, 2, 1, 2]


@settings(deadline=None)
@given(ONE_CHANNEL, PAIRS, st.integers(1, 6), st.sets(st.integers(0, USERS - 1)))
def test_proposals_are_the_first_of_each_list_that_are_new_or_owned(lists, pairs, depth, users):
    asked = np.array(sorted(users), np.int32)
    for own in (True, False):
        got = proposals(table(lists), asked, owned_rows(pairs), own=own, depth=depth)
        assert dict(got.schema) == PROPOSED
        expected = [
            (user, item, rank)
            for user in sorted(users)
            for rank, item in enumerate([i for i in lists[user] if ((user, i) in pairs) == own][:depth], 1)
        ]
        assert got.rows() == expected


@pytest.mark.parametrize(("own", "expected"), [(False, [(0, 3, 1), (2, 6, 1), (2, 3, 2)]), (True, [(0, 6, 1)])])
def test_a_channel_without_lists_of_shoppers_proposes_its_list_for_everyone(own, expected):
    everyone = table([[6, 3]], "all")
    regions = table([[1], [2]], "region")
    got = proposals(pl.concat([regions, everyone]), np.array([0, 2], np.int32), owned_rows({(0, 6)}), own=own, depth=9)
    assert got.rows() == expected
    nobody = proposals(everyone, np.array([], np.int32), owned_rows(set()), own=own, depth=9)
    assert (nobody.height, dict(nobody.schema)) == (0, PROPOSED)
