import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from recs.channels.trending import trending_items, trending_scorer

DEFAULTS = {
    "recent_days": 7,
    "base_days": 28,
    "smoothing": 1.0,
    "min_buyers": 2,
    "region_min_buyers": 2,
    "min_lift": 1.5,
    "min_score": 0.0,
    "top_k": 9,
    "top_k_region": 9,
}


def listed(table, entity):
    return table.filter(pl.col("entity") == entity).select("entity_code", "item_code", "score").rows()


@pytest.fixture
def trending(dim_region, as_of):
    return lambda days, items, **given: trending_items(days, items, dim_region, as_of=as_of, **{**DEFAULTS, **given})


# 40 buyers in the four weeks before and 10 in the last: a quarter, so an item is expected to sell a quarter too
SHOP = [(10, "s", "north", 36), (10, "a", "north", 4), (0, "s", "north", 2), (6, "a", "north", 8)]


def test_the_score_is_the_excess_over_the_items_own_past_in_standard_deviations(trending, item_daily, dim_item):
    expected = 4 * (10 / 40)
    score = pytest.approx((8 - expected) / (expected + 1.0) ** 0.5)
    got = trending(item_daily(*SHOP), dim_item("as"))
    assert listed(got, "all") == [(0, 0, score)]
    assert listed(got, "region") == [(0, 0, score)]


def test_nothing_trends_when_the_whole_shop_sells_more(trending, item_daily, dim_item):
    days = item_daily((10, "a", "north", 4), (10, "b", "north", 8), (0, "a", "north", 40), (0, "b", "north", 80))
    assert trending(days, dim_item("ab")).is_empty()


def test_nothing_trends_when_there_is_no_past_to_compare_with(trending, item_daily, dim_item):
    assert trending(item_daily((0, "a", "north", 50)), dim_item("a")).is_empty()


@pytest.mark.parametrize("limit", [{"min_buyers": 9}, {"min_lift": 8.1}, {"min_score": 5.0}])
def test_weak_trends_are_left_out(trending, item_daily, dim_item, limit):
    days = item_daily(*SHOP)
    assert listed(trending(days, dim_item("as")), "all") != []
    assert listed(trending(days, dim_item("as"), **limit), "all") == []


def test_a_region_has_its_own_trends(trending, item_daily, dim_item):
    elsewhere = [(10, "s", "south", 40), (0, "s", "south", 40)]
    assert {code for code, _, _ in listed(trending(item_daily(*SHOP, *elsewhere), dim_item("as")), "region")} == {0}


@pytest.mark.parametrize(
    "row",
    [
        pytest.param((-1, "a", "north", 90, 0), id="happens later"),
        pytest.param((1, "a", "north", 90, -1), id="arrives later"),
        pytest.param((35, "s", "north", 90), id="before the base"),
    ],
)
def test_rows_that_must_not_count_change_nothing(trending, item_daily, dim_item, row):
    items = dim_item("as")
    assert_frame_equal(trending(item_daily(*SHOP, row), items), trending(item_daily(*SHOP), items))


def test_an_item_that_may_not_be_shown_never_trends(trending, item_daily, dim_item):
    assert trending(item_daily(*SHOP), dim_item("as", blocked="a")).is_empty()


def test_the_scorer_tells_what_falls_as_well_and_nothing_of_what_did_not_sell(
    trending, item_daily, dim_item, dim_region, as_of
):
    days, items = item_daily(*SHOP), dim_item("asn")
    score = trending_scorer(trending(days, items), days, items, dim_region, as_of=as_of, **DEFAULTS)
    got = score(np.array([0, 0, 1], np.int32), np.array([0, 1, 2], np.int32))
    falls = (2 - 36 / 4) / (36 / 4 + 1.0) ** 0.5
    np.testing.assert_allclose(got.scores, [(8 - 1) / (1 + 1.0) ** 0.5, falls, np.nan], rtol=1e-6)
