import numpy as np
import polars as pl
import pytest

from recs.channels.ials import ials_items, ials_scorer
from recs.channels.ranked import SCHEMA


def model(as_of, users, items):
    """Factors by code: {code: [f000, f001]}."""
    rows = [(as_of, side, code, *f) for side, by in (("user", users), ("item", items)) for code, f in by.items()]
    schema = {"as_of_date": pl.Date, "side": pl.String, "code": pl.Int32, "f000": pl.Float32, "f001": pl.Float32}
    return pl.DataFrame(rows, schema=schema, orient="row")


def listed(table):
    return table.select("entity_code", "item_code", "score", "rank").rows()


@pytest.fixture
def small(as_of):
    """ann is all for the first factor, bob for the second; item 2 is unknown to the model."""
    return model(as_of, {0: [1, 0], 1: [0, 2]}, {0: [3, 1], 1: [2, 2], 3: [1, 3]})


def test_the_best_and_the_best_that_are_new_to_the_shopper(small, user_item_daily, dim_item, dim_user, as_of):
    bought = user_item_daily((900, "ann", "a"), (3, "bob", "d"), (3, "bob", "b"), (3, "bob", "c"))
    got = ials_items(small, bought, dim_item("abcd"), dim_user, as_of=as_of, top_k=1)
    assert listed(got) == [(0, 0, 3.0, 1), (0, 1, 2.0, 2), (1, 3, 6.0, 1), (1, 0, 2.0, 2)]
    assert (set(got["entity"]), set(got["reason_item_code"])) == ({"user"}, {-1})


@pytest.mark.parametrize("owned", ["c", "x"])
def test_owning_what_the_model_does_not_know_or_may_not_be_shown_takes_nothing_else_away(
    small, user_item_daily, dim_item, dim_user, as_of, owned
):
    items = dim_item("xbcd", blocked="x")
    got = ials_items(small, user_item_daily((3, "bob", owned)), items, dim_user, as_of=as_of, top_k=1)
    assert listed(got) == [(0, 1, 2.0, 1), (1, 3, 6.0, 1)]


def test_what_may_not_be_shown_is_not_listed_and_takes_no_place(small, user_item_daily, dim_item, dim_user, as_of):
    got = ials_items(small, user_item_daily(), dim_item("abcd", blocked="ad"), dim_user, as_of=as_of, top_k=1)
    assert listed(got) == [(0, 1, 2.0, 1), (1, 1, 4.0, 1)]


def test_purchases_that_are_not_known_yet_leave_an_item_new(small, user_item_daily, dim_item, dim_user, as_of):
    later = user_item_daily((-1, "ann", "a", 1, 0, 0), (1, "ann", "a", 1, 0, -1))
    got = ials_items(small, later, dim_item("abcd"), dim_user, as_of=as_of, top_k=1)
    assert listed(got) == [(0, 0, 3.0, 1), (1, 3, 6.0, 1)]


def test_lists_of_many_shoppers_are_the_head_of_the_whole_matrix(as_of, user_item_daily):
    n_users, n_items, top_k = 300, 40, 5  # more shoppers than are multiplied at once
    draw = np.random.default_rng(5)
    left, right = (draw.normal(size=(n, 2)).astype(np.float32) for n in (n_users, n_items))
    owned = draw.random((n_users, n_items)) < 0.2
    owned[7] = True  # one shopper has everything
    users = pl.DataFrame({"user_code": np.arange(n_users, dtype=np.int32)}).with_columns(
        user_id=pl.format("u{}", "user_code")
    )
    items = pl.DataFrame({"item_code": np.arange(n_items, dtype=np.int32)}).with_columns(
        item_id=pl.format("i{}", "item_code"), category_code=pl.lit(-1), is_recommendable=pl.lit(True)
    )
    bought = user_item_daily(*[(1, f"u{u}", f"i{i}") for u, i in np.argwhere(owned)])
    factors = model(as_of, dict(enumerate(left.tolist())), dict(enumerate(right.tolist())))
    got = ials_items(factors, bought, items, users, as_of=as_of, top_k=top_k)
    whole = left.astype(np.float64) @ right.T.astype(np.float64)
    for user, one in enumerate(got.partition_by("entity_code", maintain_order=True)):
        order = np.argsort(-whole[user]).tolist()
        kept = {*order[:top_k], *[item for item in order if not owned[user, item]][:top_k]}
        assert one["item_code"].to_list() == [item for item in order if item in kept]
        np.testing.assert_allclose(one["score"], whole[user, one["item_code"]], rtol=1e-4, atol=1e-6)


def test_the_scorer_is_the_dot_product_and_says_nothing_where_either_side_is_unknown(
    small, user_item_daily, dim_item, dim_user, as_of
):
    no_bob = small.filter((pl.col("side") == "item") | (pl.col("code") == 0))
    frames = user_item_daily(), dim_item("abcd"), dim_user
    users, items = np.array([0, 0, 0, 0, 1], np.int32), np.array([0, 1, 2, 3, 0], np.int32)
    for factors, bob in ((small, 2.0), (no_bob, np.nan)):
        got = ials_scorer(pl.DataFrame(), factors, *frames, as_of=as_of, top_k=1)(users, items)
        np.testing.assert_array_equal(got.scores, np.array([3, 2, np.nan, 1, bob], np.float32))
        assert got.scores.dtype == np.float32
        assert got.reasons is None


def test_a_model_of_nothing_lists_nothing_and_says_nothing(small, user_item_daily, dim_item, dim_user, as_of):
    frames = small.clear(), user_item_daily((1, "ann", "a")), dim_item("abcd"), dim_user
    table = ials_items(*frames, as_of=as_of, top_k=3)
    assert (table.height, table.schema) == (0, SCHEMA)
    score = ials_scorer(table, *frames, as_of=as_of, top_k=3)
    assert np.isnan(score(np.array([0, 1], np.int32), np.array([0, 1], np.int32)).scores).all()
