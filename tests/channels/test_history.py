import polars as pl
import pytest

from recs.history import POINTS, bought_items, decay_points, less_suspects, without_suspects


def test_everything_ever_bought_counts_once_even_what_was_returned_or_is_blocked(
    user_item_daily, dim_item, dim_user, as_of
):
    days = user_item_daily(
        (900, "ann", "a"), (0, "ann", "a"), (5, "bob", "x"), (4, "bob", "x", 0, 1), (1, "bob", "b", 0)
    )
    got = bought_items(days, dim_item("abx", blocked="x"), dim_user, as_of=as_of)
    assert got.rows() == [(0, 0), (1, 2)]


def test_what_is_not_yet_known_was_not_bought(user_item_daily, dim_item, dim_user, as_of):
    days = user_item_daily((-1, "ann", "a", 1, 0, 0), (1, "ann", "b", 1, 0, -1))
    assert bought_items(days, dim_item("ab"), dim_user, as_of=as_of).is_empty()


def test_points_are_whole_and_halve_with_each_half_life(user_item_daily, as_of):
    days = user_item_daily((0, "ann", "a"), (7, "ann", "a"), (14, "ann", "a"))
    assert days.select(decay_points(as_of, 7.0)).to_series().to_list() == [POINTS, POINTS // 2, POINTS // 4]


def with_suspects(dim_user, *users):
    return dim_user.with_columns(is_suspect=pl.col("user_id").is_in(users))


@pytest.mark.parametrize(("suspects", "left"), [((), [(0, 0), (1, 0), (0, 1)]), (("ann",), [(1, 0)])])
def test_only_who_is_no_suspect_is_learned_from(user_item_daily, dim_item, dim_user, suspects, left):
    days = user_item_daily((1, "ann", "a"), (1, "bob", "a"), (2, "ann", "b"))
    got = without_suspects(days, dim_item("ab"), with_suspects(dim_user, *suspects))
    assert got.select("user_code", "item_code").rows() == left


def test_suspects_still_own_what_they_bought(user_item_daily, dim_item, dim_user, as_of):
    days = user_item_daily((1, "ann", "a"), (1, "bob", "b"))
    owned = bought_items(days, dim_item("ab"), with_suspects(dim_user, "ann"), as_of=as_of)
    assert owned.rows() == [(0, 0), (1, 1)]


def test_what_suspects_did_is_taken_off_where_they_did_it_and_only_there(item_daily):
    everyone = item_daily((0, "a", "north", 5), (0, "a", "south", 5), (0, "b", "north", 1), (1, "a", "north", 5, 0))
    theirs = item_daily((0, "a", "north", 2), (0, "b", "north", 1), (1, "a", "north", 3, 1)).with_columns(
        as_of_date=pl.date(2026, 3, 9), purchase_count=pl.col("buyer_count") + 1
    )
    got = less_suspects(everyone, theirs)
    assert got.schema == everyone.schema
    assert got["buyer_count"].to_list() == [3, 5, 0, 5]  # the last arrived on another day than theirs
    assert got["purchase_count"].to_list() == [2, 5, -1, 5]


def test_without_suspects_the_table_is_the_one_that_came(item_daily):
    everyone = item_daily((0, "a", "north", 5))
    assert less_suspects(everyone, everyone.clear()) is everyone
