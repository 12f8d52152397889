import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from recs.channels.buy_again import buy_again_items, buy_again_scorer


@pytest.fixture
def buy_again(dim_user, as_of):
    given = {"half_life_days": 10.0, "window_days": 364, "top_k": 9}
    return lambda days, items, **more: buy_again_items(days, items, dim_user, as_of=as_of, **{**given, **more})


def listed(table):
    return table.select("entity_code", "item_code", "score").rows()


def test_purchase_days_are_added_up_each_worth_less_with_age(buy_again, user_item_daily, dim_item):
    days = user_item_daily((0, "ann", "a"), (10, "ann", "b"), (10, "ann", "a"), (0, "bob", "b"))
    assert listed(buy_again(days, dim_item("ab"))) == [(0, 0, 1.5), (0, 1, 0.5), (1, 1, 1.0)]


def test_a_day_counts_once_however_often_and_late_it_was_told(buy_again, user_item_daily, dim_item):
    days = user_item_daily((10, "ann", "a", 3), (10, "ann", "a", 1, 0, 2))
    assert listed(buy_again(days, dim_item("a"))) == [(0, 0, 0.5)]


@pytest.mark.parametrize(
    ("days_ago", "due"),
    [
        ([0], False),
        ([300], False),  # one purchase says nothing about a rhythm
        ([10, 20], True),  # every 10 days, last bought 10 days ago
        ([9, 19], False),
        ([3, 4, 8], True),  # mean gap 2.5 days, 3 days ago
        ([2, 3, 7], False),
    ],
)
def test_an_item_is_due_once_its_own_mean_gap_has_passed(buy_again, user_item_daily, dim_item, days_ago, due):
    days = user_item_daily(*[(ago, "ann", "a") for ago in days_ago])
    assert buy_again(days, dim_item("a"))["is_due"].to_list() == [due]


def test_what_was_returned_whole_is_not_offered_again(buy_again, user_item_daily, dim_item):
    days = user_item_daily((9, "ann", "a"), (8, "ann", "a", 0, 1), (9, "ann", "b", 2), (8, "ann", "b", 0, 1))
    assert [item for _, item, _ in listed(buy_again(days, dim_item("ab")))] == [1]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param((-1, "ann", "a", 1, 0, 0), id="happens later"),
        pytest.param((1, "ann", "a", 1, 0, -1), id="arrives later"),
        pytest.param((364, "ann", "a"), id="before the window"),
        pytest.param((0, "ann", "x"), id="may not be shown"),
        pytest.param((0, "ann", "a", 0), id="looked at, not bought"),
    ],
)
def test_rows_that_must_not_count_change_nothing(buy_again, user_item_daily, dim_item, row):
    items, day = dim_item("abx", blocked="x"), (3, "ann", "b")
    assert_frame_equal(buy_again(user_item_daily(day, row), items), buy_again(user_item_daily(day), items))


def test_no_purchases_make_an_empty_table_with_is_due(buy_again, user_item_daily, dim_item):
    got = buy_again(user_item_daily(), dim_item("a"))
    assert got.is_empty()
    assert got.schema["is_due"] == pl.Boolean


def test_the_scorer_says_the_listed_score_and_nothing_of_anything_else(buy_again, user_item_daily, dim_item, dim_user):
    days, items = user_item_daily((0, "ann", "b"), (10, "ann", "a"), (0, "bob", "c")), dim_item("abc")
    users, codes = np.array([0, 0, 0, 1, 1, 1], np.int32), np.array([0, 1, 2, 0, 1, 2], np.int32)
    got = buy_again_scorer(buy_again(days, items), days, items, dim_user)(users, codes)
    np.testing.assert_array_equal(got.scores, np.array([0.5, 1, np.nan, np.nan, np.nan, 1], np.float32))
    silent = buy_again_scorer(buy_again(days.clear(), items), days.clear(), items, dim_user)(users, codes)
    assert np.isnan(silent.scores).all()
