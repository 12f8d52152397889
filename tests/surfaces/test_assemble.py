from datetime import date

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from recs.errors import ConfigError
from recs.surfaces.assemble import fill, surface_lists
from recs.surfaces.spec import surface_spec

AS_OF = date(2026, 3, 9)


def spec_of(keyed_by="user", channels=(("popular", 60),), **fields):
    quotas = [{"name": name, "quota": quota} for name, quota in channels]
    given = {"surface": "test", "title": "Test", "keyed_by": keyed_by, "slots": 60, "channels": quotas, **fields}
    return surface_spec(given, file="test.yaml")


def made(spec, shop, ranking=None, **more):
    """The surface's lists; with a ranking, as its spec would name it."""
    spec = msgspec.structs.replace(spec, ranking=None if ranking is None else "discover")
    given = {"bought": shop.bought, "as_of": AS_OF, **more}
    return surface_lists(spec, shop.channels, **shop.dims, ranking=ranking, **given)


def items(table, source, key):
    return table.filter((pl.col("source") == source) & (pl.col("key") == key))["item_id"].to_list()


def test_a_products_alternatives_share_its_category_and_never_read_like_it(shop):
    spec = spec_of("item", (("co_buy", 1), ("popular", 5)), rules={"category": "same"})
    got = made(spec, shop)
    assert items(got, "item", "i1") == ["i2"]  # i6 is milk too
    assert items(got, "item", "i3") == ["i4", "i5"]
    assert got.filter(pl.col("key") == "i3")["reason"].to_list() == ["popular_in_category"] * 2


def test_a_products_companions_come_from_other_categories_and_are_bought_with_it(shop):
    spec = spec_of("item", (("co_buy", 9), ("popular", 9)), rules={"category": "other"})
    got = made(spec, shop)
    assert items(got, "item", "i0") == ["i3", "i6", "i4"]
    assert set(got["reason"]) == {"often_bought_together"}
    assert items(got, "item", "i1") == []  # its only co-buy is of its own category


def test_a_products_list_that_is_too_short_is_not_made_and_a_shoppers_is(shop):
    short = {"min_items": 4, "channels": (("co_buy", 9),)}
    assert items(made(spec_of("item", **short), shop), "item", "i0") == []
    assert items(made(spec_of("user", **short), shop), "user", "ann") == ["i3", "i1", "i2"]


def test_a_channel_fills_its_quota_first_and_gives_the_rest_after_the_others(shop):
    spec = spec_of(channels=(("co_buy", 1), ("trending", 1), ("popular", 1)), slots=5)
    got = made(spec, shop).filter(pl.col("key") == "ann")
    assert got["channel"].to_list() == ["co_buy", "trending", "popular", "co_buy", "co_buy"]
    assert got["item_id"].to_list() == ["i3", "i5", "i4", "i1", "i2"]


def test_a_ranking_comes_before_every_channel_on_lists_of_shoppers_and_on_no_others(shop):
    spec = spec_of(channels=(("co_buy", 1), ("popular", 9)), fallback=["region", "global"], slots=4)
    ranked, plain = made(spec, shop, ranking=shop.rankings["discover"]), made(spec, shop)
    assert items(ranked, "user", "ann") == ["i3", "i5", "i1", "i2"]
    assert ranked.filter(pl.col("key") == "ann")["channel"].to_list() == ["co_buy", "ials", "promotions", "co_buy"]
    assert items(plain, "user", "ann") == ["i3", "i4", "i0", "i1"]
    others = pl.col("key") != "ann"
    assert_frame_equal(ranked.filter(others), plain.filter(others))


def test_a_ranking_is_under_the_same_rules_as_a_channel(shop):
    ranking = shop.rankings["discover"]
    more = ranking.with_columns(item_code=pl.Series([7, 0, 6], dtype=pl.Int32))  # not shown, owned, owned
    spec = spec_of(channels=(("trending", 9),), rules={"already_bought": "exclude"})
    assert items(made(spec, shop, ranking=more), "user", "ann") == items(made(spec, shop), "user", "ann")
    capped = spec_of(channels=(("trending", 9),), rules={"max_per_category": 1})
    assert items(made(capped, shop, ranking=ranking), "user", "ann") == ["i3", "i1", "i0"]  # i5 is like i3


def test_what_a_ranking_calls_due_is_time_to_restock_and_the_rest_was_bought_before(shop):
    spec = spec_of(channels=(("buy_again", 9),))
    got = made(spec, shop, ranking=shop.rankings["repeat"]).filter(pl.col("key") == "ann")
    assert dict(got.select("item_id", "reason").rows()) == {"i6": "bought_before", "i0": "time_to_restock"}


def test_an_item_is_not_offered_because_of_one_that_reads_like_it(shop):
    told_by_milk = {
        **shop.channels,
        "co_buy": shop.channels["co_buy"].with_columns(reason_item_code=pl.lit(6, pl.Int32)),
    }
    spec = spec_of(channels=(("co_buy", 9),))
    got = surface_lists(spec, told_by_milk, **shop.dims, bought=shop.bought, as_of=AS_OF)
    assert items(got, "user", "ann") == ["i3", "i2"]  # not i1, which is milk too


def test_what_is_due_says_so_only_to_its_shopper(shop):
    spec = spec_of(channels=(("buy_again", 9), ("popular", 9)), fallback=["region", "global"])
    got = made(spec, shop).filter(pl.col("reason").is_in(["time_to_restock", "bought_before", "because_you_bought"]))
    assert got.select("source", "key").unique().rows() == [("user", "ann")]


def test_a_shopper_without_a_store_is_told_nothing_about_one(shop):
    got = made(spec_of(channels=(("trending", 9), ("popular", 9))), shop).filter(pl.col("key") == "bob")
    assert set(got["reason"]) == {"trending", "popular"}


def test_an_item_that_may_not_be_shown_stays_out_even_if_a_channel_proposes_it(shop):
    table = shop.channels["popular"].with_columns(item_code=pl.col("item_code").replace({1: 7}))
    got = surface_lists(
        spec_of("region", fallback=["global"]), {"popular": table}, **shop.dims, bought=shop.bought, as_of=AS_OF
    )
    assert not got.is_empty()
    assert "i7" not in got["item_id"].to_list()


def test_a_channel_that_is_not_there_is_named_with_the_ones_that_are(shop):
    with pytest.raises(ConfigError, match=r"names 'popularr'.*Fix: name one of buy_again, co_buy, popular, trending"):
        made(spec_of(channels=(("popularr", 9),)), shop)


@pytest.mark.parametrize(("named", "given"), [(None, "discover"), ("discover", None)])
def test_a_ranking_is_given_just_where_the_spec_names_one(shop, named, given):
    with pytest.raises(ValueError, match="just where its spec names one"):
        surface_lists(
            spec_of(ranking=named),
            shop.channels,
            **shop.dims,
            bought=shop.bought,
            as_of=AS_OF,
            ranking=shop.rankings.get(given),
        )


def test_a_channel_without_a_stated_reason_is_refused(shop):
    odd = {"popular": shop.channels["trending"].with_columns(entity=pl.lit("moon"))}
    with pytest.raises(ConfigError, match=r"entity 'moon'.*REASON_OF"):
        surface_lists(spec_of(), odd, **shop.dims, bought=shop.bought, as_of=AS_OF)


def test_a_shop_without_anything_has_no_lists(shop):
    empty = {name: table.clear() for name, table in {**shop.dims}.items()}
    channels = {name: table.clear() for name, table in shop.channels.items()}
    for name, ranking in ((None, None), ("discover", shop.rankings["discover"].clear())):
        spec = spec_of(ranking=name)
        got = surface_lists(spec, channels, **empty, bought=shop.bought.clear(), as_of=AS_OF, ranking=ranking)
        assert got.is_empty()


def test_the_number_of_lists_in_memory_and_the_order_of_rows_change_nothing(shop):
    spec = spec_of(
        channels=(("co_buy", 2), ("popular", 2)), fallback=["region", "global"], rules={"max_per_category": 1}
    )
    whole = made(spec, shop)
    assert_frame_equal(whole, made(spec, shop, lists_at_once=1))
    ranking = shop.rankings["discover"]
    ranked = made(spec, shop, ranking=ranking)
    assert_frame_equal(ranked, made(spec, shop, ranking=ranking.reverse(), lists_at_once=1))
    mixed = {name: table.sample(fraction=1, shuffle=True, seed=5) for name, table in shop.channels.items()}
    dims = {name: table.reverse() for name, table in shop.dims.items()}
    assert_frame_equal(whole, surface_lists(spec, mixed, **dims, bought=shop.bought.reverse(), as_of=AS_OF))


CANDIDATES = {"list_code": pl.Int32, "channel_order": pl.UInt8, "item_code": pl.Int32}
TITLES = [0, 0, 1, 1, 2, 3, 4, 5, 6, 7]  # of the items 0 to 9
CATEGORIES = [0, 0, 0, 1, 1, 1, 2, 2, -1, -1]


def by_hand(orders, quotas, slots, cap):
    """The same list in plain Python: take turns, one candidate after the other."""
    taken = []
    for turn_quotas in (quotas, [10**6] * len(quotas)):
        for found, quota in zip(orders, turn_quotas, strict=True):
            seen, room, held = {TITLES[item] for item in taken}, quota, list(taken)
            for item in found:
                if TITLES[item] in seen:
                    continue
                seen.add(TITLES[item])
                if sum(CATEGORIES[other] == CATEGORIES[item] for other in held) >= (cap or 10**6):
                    continue
                if room and len(held) < slots:
                    held.append(item)
                    room -= 1
            taken = held
    return taken


@given(
    st.lists(st.lists(st.permutations(range(10)).map(lambda order: order[:6]), min_size=3, max_size=3), max_size=3),
    st.lists(st.integers(1, 4), min_size=3, max_size=3),
    st.integers(1, 8),
    st.none() | st.integers(1, 3),
)
def test_lists_filled_at_once_are_the_lists_filled_one_by_one(lists, quotas, slots, cap):
    spec = spec_of(
        channels=list(zip(("a", "b", "c"), quotas, strict=True)), slots=slots, rules={"max_per_category": cap}
    )
    rows = [
        (code, order, item) for code, orders in enumerate(lists) for order, found in enumerate(orders) for item in found
    ]
    allowed = pl.DataFrame(rows, schema=CANDIDATES, orient="row").with_columns(
        title_code=pl.col("item_code").replace_strict(list(range(10)), TITLES, return_dtype=pl.UInt32),
        category_code=pl.col("item_code").replace_strict(list(range(10)), CATEGORIES, return_dtype=pl.Int32),
    )
    got = fill(allowed, spec).sort("list_code", "position")
    for code, orders in enumerate(lists):
        one = got.filter(pl.col("list_code") == code)
        assert one["item_code"].to_list() == by_hand(orders, quotas, slots, cap)
        assert one["position"].to_list() == list(range(1, one.height + 1))
        assert one["title_code"].is_unique().all()
        assert one.height <= slots
        assert cap is None or max(one["category_code"].value_counts()["count"], default=0) <= cap
