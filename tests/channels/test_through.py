"""From purchases through neighbours to candidates, against the same in plain dictionaries."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recs.channels.through import best_through, score_pairs
from recs.pairs import rows_of

USERS, ITEMS = 3, 6
CODES = st.integers(0, ITEMS - 1)
SEEDS = st.dictionaries(st.tuples(st.integers(0, USERS - 1), CODES), st.integers(1, 3), max_size=8)
# few different points, so that candidates and seeds tie; 0 is a similarity that rounds to nothing
NEAR = st.dictionaries(st.tuples(CODES, CODES), st.tuples(st.integers(0, 3), st.booleans()), max_size=18)
OWNED = st.sets(st.tuples(st.integers(0, USERS - 1), CODES), max_size=9)


def as_rows(pairs, height):
    schema = {"row": pl.Int32, "item": pl.Int32, "points": pl.Int64}
    frame = pl.DataFrame([(*pair, points) for pair, points in pairs.items()], schema=schema, orient="row")
    return rows_of(frame, "row", "item", "points", height)


def prepared(seeds, near):
    echo = np.array([near[pair][1] for pair in sorted(near)], bool)
    return as_rows(seeds, USERS), as_rows({pair: points for pair, (points, _) in near.items()}, ITEMS), echo


def by_hand(seeds, near):
    """{(user, item): (points, seed)}: the reason is no echo if it can be, adds most, and is the smallest code."""
    leads = {}
    for (user, seed), weight in sorted(seeds.items()):
        for (source, item), (points, echo) in sorted(near.items()):
            if source == seed:
                leads.setdefault((user, item), []).append((echo, -weight * points, seed))
    return {pair: (-sum(adds for _, adds, _ in found), min(found)[2]) for pair, found in leads.items()}


@settings(deadline=None, max_examples=200)
@given(SEEDS, NEAR, OWNED, st.integers(1, 4))
def test_the_best_are_those_of_a_plain_dictionary(seeds, near, owned, top_k):
    rows, neighbours, echo = prepared(seeds, near)
    mine = as_rows(dict.fromkeys(owned, 1), USERS)
    got = best_through(rows, neighbours, echo, mine, n_items=ITEMS, top_k=top_k)
    expected = []
    for user in range(USERS):
        ordered = sorted((-p, item, s) for (u, item), (p, s) in by_hand(seeds, near).items() if u == user)
        new = [one for one in ordered if (user, one[1]) not in owned]
        kept = {*ordered[:top_k], *new[:top_k]}
        expected += [(user, item, -points, seed) for points, item, seed in ordered if (points, item, seed) in kept]
    assert list(zip(*(column.tolist() for column in got), strict=True)) == expected


@settings(deadline=None, max_examples=200)
@given(SEEDS, NEAR, st.lists(st.tuples(st.integers(0, USERS - 1), CODES), max_size=12).map(sorted))
def test_scores_of_given_pairs_are_those_of_a_plain_dictionary(seeds, near, pairs):
    rows, neighbours, echo = prepared(seeds, near)
    users, items = (np.array([pair[side] for pair in pairs], np.int32) for side in (0, 1))
    got = score_pairs(rows, neighbours, echo, users, items, n_items=ITEMS)
    hand = by_hand(seeds, near)
    found = zip(got.points.tolist(), got.seeds.tolist(), strict=True)
    assert list(found) == [hand.get(pair, (0, -1)) for pair in pairs]


@pytest.mark.parametrize(
    ("near", "seed"),
    [
        pytest.param({(0, 2): (3, False), (1, 2): (3, False)}, 0, id="equal: the smaller code"),
        pytest.param({(0, 2): (2, False), (1, 2): (3, False)}, 1, id="the one that adds most"),
        pytest.param({(0, 2): (1, False), (1, 2): (9, True)}, 0, id="anything before an echo"),
        pytest.param({(0, 2): (1, True), (1, 2): (9, True)}, 1, id="the stronger echo when there is nothing else"),
    ],
)
def test_the_reason_of_a_candidate(near, seed):
    rows, neighbours, echo = prepared({(0, 0): 1, (0, 1): 1}, near)
    got = score_pairs(rows, neighbours, echo, np.array([0], np.int32), np.array([2], np.int32), n_items=ITEMS)
    assert (got.points[0], got.seeds[0]) == (sum(points for points, _ in near.values()), seed)


def test_points_of_a_heavy_shopper_stay_exact():
    seeds = {(0, seed): 1 << 20 for seed in range(5)}
    near = {(seed, 5): ((1 << 24) - seed, seed > 0) for seed in range(5)}
    rows, neighbours, echo = prepared(seeds, near)
    got = score_pairs(rows, neighbours, echo, np.array([0], np.int32), np.array([5], np.int32), n_items=ITEMS)
    assert (got.points[0], got.seeds[0]) == (sum((1 << 20) * points for points, _ in near.values()), 0)
