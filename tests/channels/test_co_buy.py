import numpy as np
import polars as pl
import pytest

from recs.channels.co_buy import co_buy_items, co_buy_scorer

DEFAULTS = {
    "min_baskets": 2,
    "shrinkage": 0.0,
    "damping": 0.5,
    "top_k": 9,
    "half_life_days": 10.0,
    "window_days": 364,
    "max_seeds": 9,
    "top_k_user": 9,
}


def pairs(*rows):
    schema = {"item_id": pl.String, "other_item_id": pl.String, "basket_count_364d": pl.Int32}
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def listed(table, entity):
    return (
        table.filter(pl.col("entity") == entity).select("entity_code", "item_code", "score", "reason_item_code").rows()
    )


@pytest.fixture
def co_buy(dim_user, as_of):
    def build(pair, days, bought, items, **given):
        return co_buy_items(pair, days, bought, items, dim_user, as_of=as_of, **{**DEFAULTS, **given})

    return build


@pytest.fixture
def sold(item_daily):
    """a in 4 baskets, b in 16, c in 16."""
    return item_daily((1, "a", "", 3), (2, "a", "", 1), (1, "b", "", 16), (1, "c", "", 16))


def test_neighbours_are_scored_by_the_cosine_of_their_baskets_in_both_directions(
    co_buy, sold, user_item_daily, dim_item
):
    got = co_buy(pairs(("a", "b", 4), ("b", "c", 4)), sold, user_item_daily(), dim_item("abc"))
    assert listed(got, "item") == [(0, 1, 4 / 8, -1), (1, 0, 4 / 8, -1), (1, 2, 4 / 16, -1), (2, 1, 4 / 16, -1)]


@pytest.mark.parametrize(
    ("given", "score"),
    [({"damping": 0.0}, 4 / 4), ({"damping": 1.0}, 4 / 16), ({"shrinkage": 4.0}, 4 / 8 * 4 / 8)],
)
def test_damping_and_shrinkage_change_what_counts(co_buy, sold, user_item_daily, dim_item, given, score):
    got = co_buy(pairs(("a", "b", 4)), sold, user_item_daily(), dim_item("abc"), **given)
    assert listed(got, "item")[0] == (0, 1, score, -1)


def test_pairs_of_too_few_baskets_and_blocked_items_are_no_neighbours(co_buy, sold, user_item_daily, dim_item):
    got = co_buy(pairs(("a", "b", 1), ("a", "c", 4)), sold, user_item_daily(), dim_item("abc", blocked="c"))
    assert got.is_empty()


def test_a_shopper_is_told_the_purchase_that_speaks_most_for_an_item(co_buy, sold, user_item_daily, dim_item):
    # b through a: 1/2 x 1 (bought today); b through c: 1/4 x 1/2 (a half-life ago)
    bought = user_item_daily((0, "ann", "a"), (10, "ann", "c"))
    got = co_buy(pairs(("a", "b", 4), ("b", "c", 4)), sold, bought, dim_item("abc"))
    assert listed(got, "user") == [(0, 1, 0.5 + 0.125, 0)]


def test_one_staple_counts_as_one_purchase_at_most(co_buy, sold, user_item_daily, dim_item):
    bought = user_item_daily(*[(ago, "ann", "a") for ago in range(9)])
    assert listed(co_buy(pairs(("a", "b", 4)), sold, bought, dim_item("abc")), "user") == [(0, 1, 0.5, 0)]


def test_an_item_that_reads_like_the_candidate_is_the_reason_only_when_nothing_else_is(
    co_buy, sold, user_item_daily, dim_item
):
    items = dim_item("abc", title={"a": "tea", "b": "tea", "c": "milk"})
    pair = pairs(("a", "b", 4), ("b", "c", 4))
    both = co_buy(pair, sold, user_item_daily((0, "ann", "a"), (10, "ann", "c")), items)
    assert listed(both, "user") == [(0, 1, 0.625, 2)]
    alone = co_buy(pair, sold, user_item_daily((0, "ann", "a")), items)
    assert listed(alone, "user") == [(0, 1, 0.5, 0)]


def test_only_the_strongest_purchases_propose(co_buy, sold, user_item_daily, dim_item):
    bought = user_item_daily((0, "ann", "a"), (10, "ann", "c"))
    got = co_buy(pairs(("a", "b", 4), ("b", "c", 4)), sold, bought, dim_item("abc"), max_seeds=1)
    assert listed(got, "user") == [(0, 1, 0.5, 0)]


@pytest.mark.parametrize("row", [(-1, "ann", "a", 1, 0, 0), (1, "ann", "a", 1, 0, -1), (1, "ann", "a", 0)])
def test_purchases_of_the_future_and_mere_views_propose_nothing(co_buy, sold, user_item_daily, dim_item, row):
    got = co_buy(pairs(("a", "b", 4)), sold, user_item_daily(row), dim_item("abc"))
    assert listed(got, "user") == []


SMALL = {"top_k_user": 1}


def test_what_a_shopper_owns_takes_no_place_from_what_is_new_to_them(co_buy, sold, user_item_daily, dim_item):
    # a and b lead to each other, and both are owned; c comes through b alone
    bought = user_item_daily((0, "ann", "a"), (0, "ann", "b"))
    pair = pairs(("a", "b", 4), ("b", "c", 3))
    got = co_buy(pair, sold, bought, dim_item("abc"), **SMALL)
    assert listed(got, "user") == [(0, 0, 0.5, 1), (0, 2, 3 / 16, 1)]


def test_the_scorer_says_of_any_pair_what_the_table_would(co_buy, sold, user_item_daily, dim_item, dim_user, as_of):
    bought, items = user_item_daily((0, "ann", "a"), (10, "ann", "c"), (3, "bob", "a")), dim_item("abcd")
    frames = pairs(("a", "b", 4), ("b", "c", 4), ("a", "c", 2)), sold, bought, items
    whole = {row[:2]: row[2:] for row in listed(co_buy(*frames), "user")}
    score = co_buy_scorer(co_buy(*frames, **SMALL), *frames, dim_user, as_of=as_of, **{**DEFAULTS, **SMALL})
    users, codes = np.repeat(np.arange(2, dtype=np.int32), 4), np.tile(np.arange(4, dtype=np.int32), 2)
    got = score(users, codes)
    asked = zip(users.tolist(), codes.tolist(), strict=True)
    said = dict(zip(asked, zip(got.scores.tolist(), got.reasons.tolist(), strict=True), strict=True))
    assert {pair: one for pair, one in said.items() if one[1] >= 0} == whole
    assert all(np.isnan(score) for score, reason in said.values() if reason < 0)
    assert {(0, 3), (1, 0), (1, 3)} <= said.keys() - whole.keys()  # nothing leads there
