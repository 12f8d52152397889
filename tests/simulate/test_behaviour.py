"""Shoppers behave so that a recommender has something to find, and programs so that a rule can find them."""

from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from recs.simulate.days import first_state, open_day
from recs.simulate.plan import hour_targets
from recs.simulate.rows import PURCHASE, VIEW
from recs.simulate.sessions import visit_rows
from recs.simulate.spec import ShopSpec
from recs.simulate.world import make_world
from tests.simulate.conftest import moment


@pytest.fixture(scope="module")
def frame(shop):
    """Events of visits with the truth about who and what: one row an event."""
    names = ("event_id", "event_at", "user_id", "session_id", "item_id", "action", "quantity", "region")
    events = pl.DataFrame(
        [{n: e.get(n) for n in names} for e in shop.events],
        schema=dict.fromkeys(names, pl.String) | {"quantity": pl.Int64},
    )
    users = shop.truth("users").select("user_id", "kind", "style", "favourite_categories", "favourite_shares")
    items = shop.truth("items").select("item_id", "category", "popularity", "gap_days", item_style="style")
    at = pl.col("event_at").str.to_datetime("%Y-%m-%dT%H:%M:%S%.3fZ", time_unit="ms")
    return events.with_columns(at).join(users, "user_id", how="left").join(items, "item_id", how="left")


def visits_of(shop, kind):
    """Moments and items of each visit by accounts of a kind."""
    users = set(shop.truth("users").filter(pl.col("kind") == kind)["user_id"])
    found = defaultdict(list)
    for event in shop.settled:
        if event.get("user_id") in users:
            found[event["session_id"]].append(event)
    return list(found.values())


def gaps_s(visit):
    return np.array([(moment(b["event_at"]) - moment(a["event_at"])).total_seconds() for a, b in pairwise(visit)])


def test_every_kind_of_program_makes_its_share_of_events(shop, frame):
    kinds = ("event_rate", "regular_gaps", "no_dwell", "one_item")
    made = frame.filter(pl.col("kind").is_in(kinds)).group_by("kind").len()
    assert set(made["kind"]) == set(kinds)
    assert made["len"].sum() / len(frame) == pytest.approx(shop.spec.bots, rel=0.05)


@pytest.mark.parametrize(
    ("kind", "is_so"),
    [
        ("event_rate", lambda gaps, items: np.median(gaps) < 3 and len(items) > 20),
        ("regular_gaps", lambda gaps, items: gaps.std() / gaps.mean() < 0.02 and len(items) > 20),
        ("no_dwell", lambda gaps, items: gaps.max() < 0.5),
        ("one_item", lambda gaps, items: len(items) == 1),
    ],
)
def test_a_program_behaves_in_the_manner_of_its_kind(shop, kind, is_so):
    visits = [v for v in visits_of(shop, kind) if len(v) > 50]
    assert visits
    assert all(is_so(gaps_s(v), {e["item_id"] for e in v}) for v in visits)


def test_a_shopper_does_not_behave_like_a_program(shop):
    visits = [v for v in visits_of(shop, "shopper") if len(v) > 20]
    assert len(visits) > 50
    spread = [gaps_s(v).std() / gaps_s(v).mean() for v in visits]
    assert np.quantile(spread, 0.01) > 0.3
    assert np.quantile([np.median(gaps_s(v)) for v in visits], 0.05) > 1


def test_a_seller_burst_is_many_fresh_accounts_and_one_item(shop):
    bursts = shop.truth_json("bursts")
    assert len(bursts) == shop.spec.days // 7
    signed_up = {row["user_id"]: moment(row["signed_up_at"]) for row in shop.rows("users")}
    for burst in bursts:
        accounts, first, last = set(burst["user_ids"]), moment(burst["first_at"]), moment(burst["last_at"])
        assert len(accounts) >= 8
        assert (last - first).total_seconds() < 6 * 3600
        bought = [e for e in shop.events if e.get("user_id") in accounts and e["action"] == "purchase"]
        assert {e["item_id"] for e in bought} == {burst["item_id"]}
        assert len(bought) >= 0.9 * len(accounts)
        assert all(0 < (first - signed_up[a]).total_seconds() < 86_400 for a in accounts)


def test_shoppers_look_most_at_the_categories_and_the_style_they_like(frame):
    views = frame.filter((pl.col("action") == "view") & (pl.col("kind") == "shopper"))
    own = views.select(pl.col("category").is_in(pl.col("favourite_categories").arr.to_list())).to_series().mean()
    others = views.with_columns(pl.col("category").shuffle(seed=1))
    chance = others.select(pl.col("category").is_in(pl.col("favourite_categories").arr.to_list())).to_series().mean()
    assert own > 0.75 > chance + 0.1
    assert views.select((pl.col("style") == pl.col("item_style")).mean()).item() > 0.5  # 1 / 6 by chance


def test_items_of_one_visit_belong_together(frame):
    views = frame.filter((pl.col("action") == "view") & (pl.col("kind") == "shopper")).sort("session_id", "event_at")
    same = (pl.col("category") == pl.col("category").shift(1)) & (pl.col("session_id") == pl.col("session_id").shift(1))
    follows = pl.col("session_id") == pl.col("session_id").shift(1)
    assert views.select(same.sum() / follows.sum()).item() > 0.5


def test_few_items_get_most_of_the_views(frame):
    views = frame.filter((pl.col("action") == "view") & (pl.col("kind") == "shopper"))
    counts = views.group_by("item_id").len()["len"].sort(descending=True)
    assert counts.head(len(counts) // 10).sum() / counts.sum() > 0.3


def test_the_funnel_narrows(shop):
    actions = shop.told["actions"]
    assert actions["view"] > actions["click"] > actions["cart"] > actions["purchase"] > actions["return"] > 0
    assert 0.02 < actions["purchase"] / actions["view"] < 0.15
    assert min(actions.values()) > 0


def test_what_a_shopper_has_used_up_is_looked_at_and_bought_again():
    world = make_world(ShopSpec(users=500, items=2_000, days=1, events_per_day=40_000, seed=9, bots=0))
    state = first_state(world)
    used_up = np.flatnonzero((world.catalogue.gap_days > 0) & world.catalogue.on_sale(0))
    item = np.random.default_rng(1).choice(used_up, len(world.people)).astype(np.int32)

    def shares():
        rows = visit_rows(world, open_day(world, state, 0), 20)
        rows = rows[(rows["user"] >= 0) & np.isin(rows["action"], [VIEW, PURCHASE])]
        own = rows["item"] == item[rows["user"]]
        return [own[rows["action"] == action].mean() for action in (VIEW, PURCHASE)]

    viewed_before, bought_before = shares()
    state.due_item[:] = item[:, None]
    viewed, bought = shares()
    assert viewed > 0.1 > 20 * viewed_before
    assert bought > 1.5 * viewed > 0.1 > 5 * bought_before


def test_evenings_are_busier_than_nights_and_the_busiest_weekday_is_sunday():
    targets = hour_targets(ShopSpec(10, 20, 28, 1_000, seed=1))
    by_hour = targets.sum(axis=0)
    assert by_hour[20] > 5 * by_hour[3]
    assert targets.sum() == 28_000
    weekdays = Counter(dict.fromkeys(range(7), 0))
    for day, events in enumerate(targets.sum(axis=1)):
        weekdays[(ShopSpec(10, 20, 28, 1_000, seed=1).first_day.weekday() + day) % 7] += int(events)
    assert max(weekdays, key=weekdays.__getitem__) == 6


def test_a_promotion_lowers_the_price_and_raises_demand(shop, frame):
    promotions = shop.truth("promotions")
    days = pl.date_ranges("first_date", "last_date")
    promoted = promotions.select("item_code", day=days).explode("day").unique().with_columns(promoted=True)
    codes = shop.truth("items").select("item_id", "item_code")
    carts = frame.filter((pl.col("action") == "cart") & (pl.col("kind") == "shopper")).join(codes, "item_id")
    every = codes.join(carts.select(day=pl.col("event_at").dt.date()).unique(), how="cross")
    sold = carts.group_by("item_code", day=pl.col("event_at").dt.date()).len()
    table = every.join(sold, ["item_code", "day"], how="left").join(promoted, ["item_code", "day"], how="left")
    table = table.with_columns(pl.col("len").fill_null(0), pl.col("promoted").fill_null(False))
    rate = table.group_by("item_code", "promoted").agg(pl.col("len").mean())
    both = rate.filter(pl.len().over("item_code") == 2).group_by("promoted").agg(pl.col("len").mean())
    mean = dict(both.iter_rows())
    assert mean[True] > 1.3 * mean[False]
