from recs.history import POINTS, bought_items, decay_points


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
