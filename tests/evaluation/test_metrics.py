from math import log2

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from recs.evaluation.metrics import breadth, gini, means, per_user, summary

ALL = ("recall", "ndcg", "map", "hit_rate", "precision", "mrr")
SECOND, THIRD = 1 / log2(3), 1 / log2(4)  # what a hit at these ranks adds to DCG; at the first it adds 1


@pytest.mark.parametrize(
    ("listed", "relevant", "k", "expected"),
    [
        pytest.param([1, 2, 3], [2, 9], 2, (1 / 2, SECOND / (1 + SECOND), 1 / 2 / 2, 1, 1 / 2, 1 / 2), id="one of two"),
        pytest.param([1, 2, 3], [3, 1], 3, (1, (1 + THIRD) / (1 + SECOND), (1 + 2 / 3) / 2, 1, 2 / 3, 1), id="both"),
        pytest.param([1, 2], [1, 2, 3, 4], 2, (2 / 4, 1, 1, 1, 1, 1), id="more relevant than places"),
        pytest.param([1], [1, 2], 3, (1 / 2, 1 / (1 + SECOND), 1 / 2, 1, 1 / 3, 1), id="a short list"),
        pytest.param([1, 2, 3], [3], 2, (0,) * 6, id="found below the cut"),
        pytest.param([], [3], 2, (0,) * 6, id="no list"),
    ],
)
def test_measures_of_one_user(lists, pairs, listed, relevant, k, expected):
    got = per_user(lists({7: listed}), pairs({7: relevant}), ks=[k], measures=ALL)
    assert got.row(0) == pytest.approx((7, *expected))


def test_every_user_with_something_relevant_has_one_row_and_no_other_has(lists, pairs):
    got = per_user(lists({1: [5], 3: [5]}), pairs({2: [5], 1: [5]}), ks=[1], measures=["recall"])
    assert got.rows() == [(1, 1.0), (2, 0.0)]


def test_columns_go_measure_by_measure(lists, pairs):
    got = per_user(lists({}), pairs({}), ks=[1, 2], measures=["map", "recall"])
    assert got.columns == ["user_code", "map@1", "map@2", "recall@1", "recall@2"]


def test_the_summary_has_the_names_others_rely_on(lists, pairs):
    catalogue = pl.DataFrame({"item_code": [5, 6], "count": [1, 0]})
    names = [f"{measure}@{k}" for measure in ("recall", "ndcg", "map", "hit_rate", "precision") for k in (10, 20)]
    got = summary(lists({}), pairs({}), catalogue)
    assert list(got) == ["users", *names, "coverage@20", "novelty@20", "gini@20"]
    assert set(got.values()) == {0}


@pytest.mark.parametrize(
    ("listed", "relevant", "message"),
    [
        ([(1, 5, 1), (1, 5, 2)], [(1, 5)], "lists repeats user_code and item_code in 1 rows"),
        ([(1, 5, 1), (1, 6, 1)], [(1, 5)], "lists repeats user_code and rank in 1 rows"),
        ([(1, 5, 1)], [(1, 5), (1, 5)], "truth repeats user_code and item_code in 1 rows"),
    ],
)
def test_repeats_are_refused(listed, relevant, message):
    names = ["user_code", "item_code", "rank"]
    with pytest.raises(ValueError, match=message):
        per_user(pl.DataFrame(listed, names, orient="row"), pl.DataFrame(relevant, names[:2], orient="row"))


def test_breadth_counts_the_top_of_the_lists_over_the_whole_catalogue(lists):
    catalogue = pl.DataFrame({"item_code": [1, 2, 3, 4], "count": [3, 1, 0, 0]})
    got = breadth(lists({8: [1, 2, 3], 9: [1, 4, 3]}), catalogue, at=2)
    half, quarter, eighth = 1, 2, 3  # shares (3 + 1) / 8, (1 + 1) / 8, (0 + 1) / 8, in bits
    assert got == {
        "coverage@2": 3 / 4,
        "novelty@2": (half + quarter + half + eighth) / 4,
        "gini@2": (-3 * 0 - 1 * 1 + 1 * 1 + 3 * 2) / (4 * 4),  # times listed: 0, 1, 1, 2
    }


def test_a_listed_item_outside_the_catalogue_is_refused(lists):
    with pytest.raises(ValueError, match="1 items outside the catalogue, such as 9"):
        breadth(lists({1: [9]}), pl.DataFrame({"item_code": [1], "count": [1]}))


@pytest.mark.parametrize(("counts", "expected"), [([], 0), ([0, 0], 0), ([3, 3, 3], 0), ([0, 0, 0, 5], 3 / 4)])
def test_gini_goes_from_even_to_one_has_it_all(counts, expected):
    assert gini(np.array(counts, dtype=np.int64)) == expected


def test_breadth_looks_only_at_users_who_are_judged(lists, pairs):
    catalogue = pl.DataFrame({"item_code": [1, 2], "count": [1, 1]})
    assert summary(lists({1: [1], 2: [2]}), pairs({1: [1]}), catalogue)["coverage@20"] == 1 / 2


USERS, ITEMS, K = 4, 8, 5
BY_USER = st.dictionaries(st.integers(0, USERS - 1), st.lists(st.integers(0, ITEMS - 1), unique=True, min_size=1))


@settings(deadline=None, max_examples=60)
@given(listed=BY_USER, relevant=BY_USER, seed=st.randoms(use_true_random=False))
def test_laws_of_all_lists(lists, pairs, listed, relevant, seed):
    ranked, truth = lists(listed), pairs(relevant)
    got = per_user(ranked, truth, ks=range(1, K + 1), measures=ALL)
    shuffled = (frame.sample(fraction=1, shuffle=True, seed=seed.randrange(99)) for frame in (ranked, truth))
    assert_frame_equal(per_user(*shuffled, ks=range(1, K + 1), measures=ALL), got, check_exact=True)
    assert sorted(relevant) == got["user_code"].to_list()
    values = got.select(pl.exclude("user_code")).to_numpy()
    assert ((values >= 0) & (values <= 1 + 1e-12)).all()
    for measure in ("recall", "hit_rate", "mrr"):  # a longer list never finds less
        assert (np.diff(got.select(f"{measure}@{k}" for k in range(1, K + 1)).to_numpy(), axis=1) >= 0).all()
    assert (got[f"hit_rate@{K}"] >= got[f"ndcg@{K}"] - 1e-12).all()


@settings(deadline=None, max_examples=60)
@given(relevant=BY_USER)
def test_the_relevant_items_first_are_a_perfect_list(lists, pairs, relevant):
    perfect = {user: [*items, *(set(range(ITEMS)) - set(items))] for user, items in relevant.items()}
    got = means(per_user(lists(perfect), pairs(relevant), ks=[ITEMS], measures=["recall", "ndcg", "map", "mrr"]))
    expected = float(bool(relevant))
    assert [value for name, value in got.items() if name != "users"] == pytest.approx([expected] * 4)
