import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from recs.channels.popular import popular_items, popular_scorer

DEFAULTS = {
    "half_life_days": 1.0,
    "window_days": 28,
    "region_min_buyers": 1,
    "category_min_buyers": 1,
    "top_k": 9,
    "top_k_region": 9,
    "top_k_category": 9,
}


def listed(table, entity):
    return table.filter(pl.col("entity") == entity).select("entity_code", "item_code", "score").rows()


@pytest.fixture
def popular(dim_region, as_of):
    return lambda days, items, **given: popular_items(days, items, dim_region, as_of=as_of, **{**DEFAULTS, **given})


def test_each_day_counts_half_of_the_next(popular, item_daily, dim_item):
    days = item_daily((0, "a", "north", 1), (1, "b", "north", 3), (2, "b", "south", 2))
    assert listed(popular(days, dim_item("ab")), "all") == [(0, 1, 3 / 2 + 2 / 4), (0, 0, 1.0)]


def test_a_region_counts_its_own_buyers_only(popular, item_daily, dim_item):
    days = item_daily((0, "a", "north", 1), (0, "b", "south", 3), (0, "b", "north", 2), (0, "a", "", 9))
    assert listed(popular(days, dim_item("ab")), "region") == [(0, 1, 2.0), (0, 0, 1.0), (1, 1, 3.0)]


def test_a_region_lists_nothing_that_too_few_bought_there(popular, item_daily, dim_item):
    days = item_daily((3, "a", "north", 1), (2, "a", "north", 1), (0, "b", "north", 1))
    assert [item for _, item, _ in listed(popular(days, dim_item("ab"), region_min_buyers=2), "region")] == [0]


def test_a_category_lists_its_own_items_and_no_category_has_no_list(popular, item_daily, dim_item):
    days = item_daily((0, "a", "north", 1), (0, "b", "", 2), (0, "c", "", 4))
    got = popular(days, dim_item("abc", category={"a": 5, "b": 5}))
    assert listed(got, "category") == [(5, 1, 2.0), (5, 0, 1.0)]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param((-1, "a", "north", 9, 0), id="happens later"),
        pytest.param((1, "a", "north", 9, -1), id="arrives later"),
        pytest.param((28, "a", "north", 9), id="before the window"),
        pytest.param((0, "x", "north", 9), id="may not be shown"),
        pytest.param((0, "unknown", "north", 9), id="no item of the catalogue"),
        pytest.param((0, "a", "north", 0), id="nobody bought it"),
    ],
)
def test_rows_that_must_not_count_change_nothing(popular, item_daily, dim_item, row):
    items, day = dim_item("abx", blocked="x", category={"a": 1, "b": 1}), (0, "b", "north", 1)
    assert_frame_equal(popular(item_daily(day, row), items), popular(item_daily(day), items))


def test_no_sales_make_an_empty_table(popular, item_daily, dim_item):
    assert popular(item_daily(), dim_item("ab")).is_empty()


def test_a_half_life_must_be_positive(popular, item_daily, dim_item):
    with pytest.raises(ValueError, match="half_life_days must be > 0 days, got 0"):
        popular(item_daily(), dim_item("ab"), half_life_days=0)


def test_the_scorer_knows_every_item_and_what_nobody_bought_or_may_not_be_shown_is_worth_nothing(
    popular, item_daily, dim_item, dim_region, as_of
):
    days, items = item_daily((0, "a", "north", 1), (1, "b", "", 3), (0, "x", "north", 9)), dim_item("abcx", blocked="x")
    table = popular(days, items, top_k=1)
    score = popular_scorer(table, days, items, dim_region, as_of=as_of, **DEFAULTS)
    got = score(np.array([0, 0, 0, 0, 1], np.int32), np.array([0, 1, 2, 3, 1], np.int32))
    np.testing.assert_array_equal(got.scores, np.array([1, 1.5, 0, 0, 1.5], np.float32))
    assert got.reasons is None
