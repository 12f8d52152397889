"""The click models do what their formulas say, so that an estimator can be judged by what it recovers."""

import numpy as np
import pytest

from recs.simulate.clicks import NO_ITEM, Cascade, PositionBased, buy_chances, click_chances, responses
from recs.simulate.spec import ShopSpec
from recs.simulate.world import make_world

K = 8


@pytest.fixture(scope="module")
def world():
    return make_world(ShopSpec(users=3_000, items=200, days=1, events_per_day=1_000, seed=2))


def shuffled_lists(n, seed=0):
    """Random shoppers and random lists: what stands where does not depend on anybody's taste."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 3_000, n), np.argsort(rng.random((n, 200)), axis=1)[:, :K]


@pytest.mark.parametrize("severity", [0.0, 0.5, 1.0])
def test_shuffled_lists_give_the_examination_curve_back(world, severity):
    model = PositionBased(severity)
    clicks = responses(world, *shuffled_lists(60_000), seed=1, model=model).clicks
    estimated = clicks.mean(axis=0) / clicks[:, 0].mean()
    np.testing.assert_allclose(estimated, model.examination(K), rtol=0.06)


def test_inverse_propensities_recover_what_a_ranking_would_get_if_all_were_seen(world):
    users, lists = shuffled_lists(60_000)
    best_last = np.take_along_axis(lists, np.argsort(click_chances(world, users, lists), axis=1), axis=1)
    model = PositionBased(0.8)
    clicks = responses(world, users, best_last, seed=3, model=model).clicks
    truth = click_chances(world, users, best_last).sum(axis=1).mean()
    naive, weighted = clicks.sum(axis=1).mean(), (clicks / model.examination(K)).sum(axis=1).mean()
    assert weighted == pytest.approx(truth, rel=0.03)
    assert naive < 0.7 * truth


def test_below_a_click_that_satisfies_nothing_is_looked_at(world):
    users, lists = shuffled_lists(20_000)
    got = responses(world, users, lists, seed=1, model=Cascade(satisfaction=1.0, patience=1.0))
    assert got.clicks.sum(axis=1).max() == 1
    clicked = got.clicks.any(axis=1)
    first = got.clicks.argmax(axis=1)
    assert clicked.mean() > 0.3
    np.testing.assert_array_equal(got.looked_at.sum(axis=1), np.where(clicked, first + 1, K))


def test_in_a_cascade_a_look_depends_on_what_stands_above(world):
    """Chance to look at a place: the product over those above of (1 - liking * satisfaction) * patience."""
    users, lists = shuffled_lists(60_000)
    model = Cascade(satisfaction=0.6, patience=0.9)
    goes_on = (1 - click_chances(world, users, lists) * model.satisfaction) * model.patience
    chance = np.cumprod(goes_on, axis=1) / goes_on
    got = responses(world, users, lists, seed=4, model=model)
    np.testing.assert_allclose(got.looked_at.mean(axis=0), chance.mean(axis=0), rtol=0.02)
    assert got.clicks.sum(axis=1).max() > 1


@pytest.mark.parametrize("model", [PositionBased(), Cascade()])
def test_the_same_seed_gives_the_same_answers_and_another_gives_others(world, model):
    users, lists = shuffled_lists(500)
    one, same, other = (responses(world, users, lists, seed, model) for seed in (1, 1, 2))
    assert np.array_equal(one.clicks, same.clicks)
    assert np.array_equal(one.purchases, same.purchases)
    assert not np.array_equal(one.clicks, other.clicks)


@pytest.mark.parametrize("model", [PositionBased(), Cascade()])
def test_what_is_bought_was_clicked_and_what_was_clicked_was_looked_at(world, model):
    got = responses(world, *shuffled_lists(20_000), seed=1, model=model)
    assert not (got.purchases & ~got.clicks).any()
    assert not (got.clicks & ~got.looked_at).any()
    assert 0 < got.purchases.sum() < got.clicks.sum() < got.looked_at.sum()


def test_an_empty_place_is_never_clicked(world):
    users, lists = shuffled_lists(2_000)
    lists[:, 2] = NO_ITEM
    got = responses(world, users, lists, seed=1, model=PositionBased(0.0))
    assert not got.clicks[:, 2].any()
    assert got.clicks.any(axis=0).sum() == K - 1


def test_lists_made_for_a_shopper_get_more_clicks_and_purchases_than_lists_made_for_another(world):
    users = np.arange(2_000)
    every = np.broadcast_to(np.arange(200), (2_000, 200))
    best = np.argsort(-click_chances(world, users, every), axis=1, kind="stable")[:, :K]
    model = PositionBased()
    own, others = (responses(world, users, lists, 1, model) for lists in (best, np.roll(best, 1, axis=0)))
    assert own.clicks.sum() > 1.3 * others.clicks.sum()
    assert own.purchases.sum() > 1.3 * others.purchases.sum()
    assert (buy_chances(world, users, best) < click_chances(world, users, best)).all()


def test_no_lists_get_no_clicks(world):
    got = responses(world, np.zeros(0, int), np.zeros((0, K), int), seed=1, model=Cascade())
    assert got.clicks.shape == (0, K)


@pytest.mark.parametrize(
    ("users", "lists", "message"),
    [
        (np.zeros(2, int), np.zeros((3, K), int), "must be"),
        (np.zeros(1, int), np.full((1, K), 200), "item codes"),
        (np.full(1, -1), np.zeros((1, K), int), "user codes"),
    ],
)
def test_codes_of_no_shop_are_refused(world, users, lists, message):
    with pytest.raises(ValueError, match=message):
        responses(world, users, lists, seed=1, model=PositionBased())


def test_ids_of_the_drops_find_their_codes(world):
    ids = ["i000000", "i000199", "i000200", "x"]
    codes = world.item_codes(ids)
    assert codes[2:].tolist() == [-1, -1]
    assert bytes(world.catalogue.ids[codes[0]]).decode() == "i000000"
    assert bytes(world.catalogue.ids[codes[1]]).decode() == "i000199"
