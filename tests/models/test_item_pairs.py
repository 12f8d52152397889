"""Pairs of items in baskets, against counting every pair of every basket."""

from collections import Counter
from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recs.models.item_pairs import count_item_pairs

BASKETS = st.lists(
    st.tuples(st.sets(st.integers(0, 9), max_size=6), st.integers(0, 5), st.booleans()), min_size=1, max_size=30
)


def counted(baskets, least):
    items = [list(items) for items, _, _ in baskets]
    ptr = np.cumsum([0, *map(len, items)]).astype(np.int32)
    flat = np.array([code for codes in items for code in reversed(codes)], np.int32)
    weights, recent = np.array([b[1] for b in baskets], np.int32), np.array([b[2] for b in baskets])
    found = count_item_pairs(ptr, flat, weights, recent, min_baskets=least)
    return [tuple(map(int, row)) for row in zip(*found, strict=True)]


def test_a_pair_counts_its_baskets_the_recent_ones_and_their_weights():
    baskets = [({2, 0, 5}, 4, True), ({5, 2}, 2, False), ({0}, 9, True)]
    assert counted(baskets, 1) == [(0, 2, 1, 1, 4), (0, 5, 1, 1, 4), (2, 5, 2, 1, 6)]
    assert counted(baskets, 2) == [(2, 5, 2, 1, 6)]
    assert counted([(set(), 1, True)], 1) == []


@given(BASKETS, st.integers(1, 3))
def test_it_agrees_with_counting_every_pair(baskets, least):
    both, recent, weight = Counter(), Counter(), Counter()
    for items, worth, is_recent in baskets:
        for pair in combinations(sorted(items), 2):
            both[pair] += 1
            recent[pair] += is_recent
            weight[pair] += worth
    expected = [(*pair, n, recent[pair], weight[pair]) for pair, n in sorted(both.items()) if n >= least]
    assert counted(baskets, least) == expected


def test_more_pairs_than_there_was_room_for_at_first():
    everything = [(set(range(400)), 1, True)]
    assert len(counted(everything, 1)) == 400 * 399 // 2 > 1 << 16
