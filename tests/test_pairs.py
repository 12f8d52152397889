"""Sparse rows against Python sets and dictionaries."""

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from recs.pairs import contains, positions, rows_of

HEIGHT = 5
PAIRS = st.dictionaries(st.tuples(st.integers(0, HEIGHT - 1), st.integers(0, 6)), st.integers(-9, 9), max_size=20)
EVERY_PAIR = [(user, item) for user in range(HEIGHT) for item in range(8)]


def frame(pairs):
    rows = [(user, item, points) for (user, item), points in pairs.items()]
    return pl.DataFrame(rows, schema={"u": pl.Int32, "i": pl.Int32, "p": pl.Int32}, orient="row")


def asked(pairs):
    users, items = (np.array([pair[side] for pair in pairs], np.int32) for side in (0, 1))
    return users, items


@settings(deadline=None)
@given(PAIRS, st.lists(st.sampled_from(EVERY_PAIR), max_size=30))
def test_contains_is_membership_of_a_set_of_pairs(pairs, probes):
    got = contains(rows_of(frame(pairs), "u", "i", None, HEIGHT), *asked(probes))
    assert got.tolist() == [pair in pairs for pair in probes]


@settings(deadline=None)
@given(PAIRS)
def test_a_position_leads_to_the_pair_and_its_points_and_is_minus_one_for_a_pair_that_is_not_there(pairs):
    rows = rows_of(frame(pairs), "u", "i", "p", HEIGHT)
    at = positions(rows, *asked(EVERY_PAIR))
    assert {pair: rows.points[place] for pair, place in zip(EVERY_PAIR, at, strict=True) if place >= 0} == pairs
    for (user, item), place in zip(EVERY_PAIR, at, strict=True):
        assert place == -1 or (rows.ptr[user] <= place < rows.ptr[user + 1] and rows.items[place] == item)


@given(PAIRS)
def test_a_row_holds_its_own_items_in_ascending_order_whatever_the_order_of_the_frame(pairs):
    rows = rows_of(frame(pairs).sample(fraction=1, shuffle=True, seed=3), "u", "i", None, HEIGHT)
    for user in range(HEIGHT):
        mine = rows.items[rows.ptr[user] : rows.ptr[user + 1]].tolist()
        assert mine == sorted(item for owner, item in pairs if owner == user)
    assert rows.points.tolist() == [1] * len(pairs)
    assert (len(rows.ptr), rows.items.dtype, rows.points.dtype) == (HEIGHT + 1, np.int32, np.int64)
