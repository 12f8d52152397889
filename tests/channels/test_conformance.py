"""What every channel must do, on one small shop. A new channel adds its settings here."""

from importlib import import_module
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from recs.channels import INPUTS
from recs.channels.ranked import ALL, SCHEMA, USER
from recs.models.ials import ials_model

SETTINGS = {
    "popular": {"half_life_days": 7.0, "window_days": 28, "region_min_buyers": 1, "category_min_buyers": 1}
    | {"top_k": 5, "top_k_region": 4, "top_k_category": 3},
    "trending": {"recent_days": 7, "base_days": 21, "smoothing": 1.0, "min_buyers": 1, "region_min_buyers": 1}
    | {"min_lift": 0.9, "min_score": 0.0, "top_k": 5, "top_k_region": 4},
    "buy_again": {"half_life_days": 14.0, "window_days": 56, "top_k": 4},
    "co_buy": {"min_baskets": 2, "shrinkage": 1.0, "damping": 0.5, "top_k": 4}
    | {"half_life_days": 14.0, "window_days": 56, "max_seeds": 3, "top_k_user": 3},
    "promotions": {"half_life_days": 7.0, "window_days": 28, "top_k": 4},
    "ials": {"top_k": 3},
}
IALS = {"half_life_days": 28.0, "window_days": 56, "min_buyers": 1, "factors": 4}
IALS |= {"regularization": 1.0, "alpha": 1.0, "iterations": 3, "seed": 7}
ITEMS = "abcdefghijkx"  # x may not be shown
LATER = {
    "facts/fct_item_daily": [(-1, "a", "north", 99, 0), (1, "a", "north", 99, -1)],
    "facts/fct_user_item_daily": [(-1, "ann", "k", 1, 0, 0), (1, "ann", "k", 1, 0, -1)],
}


@pytest.fixture(scope="module")
def shop(item_daily, user_item_daily, dim_item, dim_user, dim_region, as_of):
    """Frames by lake table: every item sold in both halves of the month, each shopper bought about half of them."""
    draw = np.random.default_rng(11)
    sold = [
        (int(draw.integers(*span)), item, region, int(draw.integers(1, 9)))
        for item in ITEMS
        for region in ("north", "south", "")
        for span in ((0, 7), (7, 28))
    ]
    bought = [
        (int(ago), user, ITEMS[item])
        for user in ("ann", "bob")
        for ago, item in zip(draw.integers(0, 56, 10), draw.integers(0, len(ITEMS), 10), strict=True)
    ]
    pairs = [(a, b, int(draw.integers(1, 6))) for a, b in combinations(ITEMS, 2)]
    promoted = [(item, float(draw.random()), float(draw.random())) for item in ITEMS[::2]]
    kinds = {item: code % 3 for code, item in enumerate(ITEMS)}
    days, items = user_item_daily(*bought), dim_item(ITEMS, category=kinds, blocked="x")
    return {
        "facts/fct_item_daily": item_daily(*sold),
        "facts/fct_user_item_daily": days,
        "features/dim_item": items,
        "features/dim_user": dim_user,
        "features/dim_region": dim_region,
        "features/feat_item_pair": pl.DataFrame(
            pairs, schema=["item_id", "other_item_id", "basket_count_364d"], orient="row"
        ),
        "features/feat_item_promotion": pl.DataFrame(
            promoted, schema=["item_id", "display_share_next_7d", "mailer_share_next_7d"], orient="row"
        ),
        "models/ials": ials_model(days, items, dim_user, as_of=as_of, **IALS),
    }


def frames(name, shop):
    return [shop[table] for table in INPUTS[name]]


def table_of(name, shop, as_of):
    items = getattr(import_module(f"recs.channels.{name}"), f"{name}_items")
    return items(*frames(name, shop), as_of=as_of, **SETTINGS[name])


def scorer_of(name, shop, as_of):
    make = getattr(import_module(f"recs.channels.{name}"), f"{name}_scorer")
    return make(table_of(name, shop, as_of), *frames(name, shop), as_of=as_of, **SETTINGS[name])


def test_no_channel_escapes_this_suite():
    assert set(SETTINGS) == set(INPUTS)


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_a_table_has_the_agreed_shape_and_order_and_shows_nothing_blocked(name, shop, as_of):
    got = table_of(name, shop, as_of)
    assert dict(list(got.schema.items())[: len(SCHEMA)]) == dict(SCHEMA)
    assert_frame_equal(got, got.sort("entity", "entity_code", "rank"))
    assert ITEMS.index("x") not in got["item_code"]
    for _, one in got.group_by("entity", "entity_code"):
        assert one["rank"].to_list() == list(range(1, one.height + 1))
        assert_frame_equal(one, one.sort(["score", "item_code"], descending=[True, False]))
        assert one["item_code"].is_unique().all()


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_the_scorer_agrees_with_its_own_table(name, shop, as_of):
    listed = table_of(name, shop, as_of).filter(pl.col("entity").is_in([USER, ALL]))
    assert not listed.is_empty()
    score = scorer_of(name, shop, as_of)
    for user in (0, 1):
        mine = listed.filter((pl.col("entity") == ALL) | (pl.col("entity_code") == user))
        got = score(np.full(mine.height, user, np.int32), mine["item_code"].to_numpy())
        np.testing.assert_allclose(got.scores, mine["score"].to_numpy(), rtol=1e-5)
        reasons = [-1] * mine.height if got.reasons is None else got.reasons.tolist()
        assert reasons == mine["reason_item_code"].to_list()


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_the_scorer_says_the_same_of_a_pair_whatever_is_asked_beside_it(name, shop, as_of):
    score = scorer_of(name, shop, as_of)
    users, items = (part.ravel().astype(np.int32) for part in np.meshgrid([0, 1], range(len(ITEMS)), indexing="ij"))
    whole = score(users, items)
    assert (whole.scores.shape, whole.scores.dtype) == (users.shape, np.float32)
    for n in range(len(users)):
        one = score(users[n : n + 1], items[n : n + 1])
        np.testing.assert_allclose(one.scores, whole.scores[n : n + 1], rtol=1e-6)
        assert one.reasons is None or one.reasons[0] == whole.reasons[n]
    assert score(users[:0], items[:0]).scores.shape == (0,)


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_the_order_of_rows_and_the_future_change_nothing(name, shop, as_of, item_daily, user_item_daily):
    daily = {"facts/fct_item_daily": item_daily, "facts/fct_user_item_daily": user_item_daily}
    told = {table: pl.concat([shop[table], build(*LATER[table])]) for table, build in daily.items()}
    mixed = {table: rows.sample(fraction=1, shuffle=True, seed=3) for table, rows in (shop | told).items()}
    assert_frame_equal(table_of(name, mixed, as_of), table_of(name, shop, as_of))


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_a_shop_without_anything_has_an_empty_table(name, shop, as_of):
    empty = {table: rows.clear() for table, rows in shop.items()}
    assert table_of(name, empty, as_of).is_empty()
    nothing = np.empty(0, np.int32)
    assert scorer_of(name, empty, as_of)(nothing, nothing).scores.shape == (0,)
