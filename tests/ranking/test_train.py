from dataclasses import replace
from datetime import date

import lightgbm as lgb
import msgspec
import numpy as np
import pytest

from recs.ranking.train import LEAST_WEEKS, Week, taught_candidates, train_ranker
from tests.ranking.example import FEATURES, SETTINGS, ndcg, values, week, weeks

ONE_TREE = msgspec.structs.replace(SETTINGS, most_trees=1)  # so that what is learned does not hang on where to stop


def trained(past, settings=SETTINGS, **more):
    return train_ranker(past, FEATURES, settings, **more)


def trees(model):
    """LightGBM's text without the settings at its end."""
    return model.split("\nparameters:")[0]


def misled(one):
    """The same week, as if everybody had bought what they did not."""
    return replace(one, labels=~one.labels)


@pytest.fixture(scope="module")
def ranker():
    return trained(weeks(5))


def test_it_finds_what_tells_the_purchases_and_ranks_by_it(ranker):
    importances = ranker.card["importances"]
    assert importances[0]["feature"] == "planted"
    assert importances[0]["gain"] > 10 * importances[1]["gain"]
    assert {one["feature"] for one in importances} == set(FEATURES)
    unseen = week(99)
    chance = ndcg(unseen, np.random.default_rng(1).random(len(unseen.users)), 10)
    assert chance < 0.6
    assert ndcg(unseen, lgb.Booster(model_str=ranker.model).predict(values(unseen)), 10) > 0.85
    assert ranker.card["judged"]["ranker"]["ndcg@10"] > 0.85


def test_the_same_weeks_give_the_same_bytes_and_card(ranker):
    again = trained(weeks(5))
    assert (again.model, again.card) == (ranker.model, ranker.card)
    assert trained(weeks(5), msgspec.structs.replace(SETTINGS, seed=8)).model != ranker.model


def test_threads_do_not_change_the_trees(ranker):
    assert trees(trained(weeks(5), threads=2).model) == trees(ranker.model)


def test_the_card_says_which_weeks_taught_stopped_and_judged(ranker):
    past = weeks(5)
    assert ranker.card["weeks"] == [
        {"as_of_date": f"{one.as_of}", "rows": 30 * (2 + 6), "positives": 30 * 2} for one in past
    ]
    assert (ranker.card["stopped_on"], ranker.card["judged_on"]) == (f"{past[3].as_of}", f"{past[4].as_of}")
    assert ranker.card["settings"]["leaves"] == 4
    curve = ranker.card["curve"]
    assert ranker.card["trees"] == 1 + int(np.argmax(curve))
    assert len(curve) <= min(SETTINGS.most_trees, ranker.card["trees"] + SETTINGS.patience)
    assert lgb.Booster(model_str=ranker.model).num_trees() == ranker.card["trees"]


def test_the_judging_week_neither_teaches_nor_stops_what_it_judges(ranker):
    past = weeks(5)
    card = trained([*past[:4], misled(past[4])]).card
    assert (card["trees"], card["curve"]) == (ranker.card["trees"], ranker.card["curve"])
    assert card["judged"]["ranker"]["ndcg@10"] < ranker.card["judged"]["ranker"]["ndcg@10"]


def test_the_stopping_week_does_not_teach_what_is_judged():
    past = weeks(5)
    card, poisoned = (trained([*past[:3], stop, past[4]], ONE_TREE).card for stop in (past[3], misled(past[3])))
    assert poisoned["curve"] != card["curve"]
    assert poisoned["judged"] == card["judged"]


def test_the_final_model_has_learned_from_every_week():
    past = weeks(5)
    whole = trees(trained(past, ONE_TREE).model)
    for n in range(5):
        assert trees(trained([misled(one) if n == at else one for at, one in enumerate(past)], ONE_TREE).model) != whole


@pytest.mark.parametrize("k", [10, 20])
def test_the_judged_ndcg_is_that_of_a_model_of_the_other_weeks_counted_shopper_by_shopper(k):
    past = [*weeks(4), week(4, candidates=25)]
    first = lgb.Booster(model_str=trained(past[:3], ONE_TREE).model)  # the last is refitted on all it is given
    expected = ndcg(past[4], first.predict(values(past[4])), k)
    assert trained(past, ONE_TREE).card["judged"]["ranker"][f"ndcg@{k}"] == pytest.approx(expected, abs=1e-6)


def test_what_a_shopper_without_a_purchase_was_offered_teaches_nothing():
    past = weeks(4)
    strangers = [
        replace(one, gather=lambda keep, one=one: np.where(one.users[keep, None] % 4 == 0, 9, one.gather(keep)))
        for one in past
    ]
    a, b = trained(past), trained(strangers)
    assert (trees(a.model), a.card["curve"]) == (trees(b.model), b.card["curve"])


@pytest.mark.parametrize("setting", ["negatives", "shoppers"])
def test_fewer_rows_teach_something_else_and_more_than_there_are_all_of_them(setting):
    some, all_, more = (trained(weeks(3), msgspec.structs.replace(SETTINGS, **{setting: n})) for n in (3, 30, 500))
    assert trees(some.model) != trees(all_.model)
    assert trees(all_.model) == trees(more.model)  # of 40 shoppers 30 bought, each 2 of 12


@pytest.mark.parametrize("count", range(LEAST_WEEKS))
def test_too_few_weeks_are_refused(count):
    with pytest.raises(ValueError, match=f"needs at least 3 weeks with a purchase in a pool, got {count}"):
        trained(weeks(count))


def test_a_feature_whose_ascending_order_is_compared_is_judged_on_the_same_week(ranker):
    past = weeks(5)
    judged = trained(past, compared_with="planted").card["judged"]
    assert judged["ranker"] == ranker.card["judged"]["ranker"]
    for k in (10, 20):
        assert judged["planted"][f"ndcg@{k}"] == pytest.approx(ndcg(past[4], -values(past[4])[:, 1], k), abs=1e-6)


def test_only_candidates_that_teach_stop_or_judge_are_ever_gathered():
    asked = {}
    past = [
        replace(one, gather=lambda keep, one=one: asked.update({one.as_of: int(keep.sum())}) or one.gather(keep))
        for one in weeks(4)
    ]
    trained(past, ONE_TREE)
    buyers, taught = 30 * 12, 30 * (2 + 6)  # of 40 shoppers with 12 candidates each, 30 bought 2
    assert list(asked.values()) == [taught, taught, buyers, buyers]


def test_what_is_learned_from_holds_every_purchase_of_the_chosen_and_no_more_of_the_rest_than_said():
    chance = np.random.default_rng(3)
    users = np.repeat(np.arange(30, dtype=np.int32), 40)
    bought = chance.random(1200) < 0.05
    few = msgspec.structs.replace(SETTINGS, negatives=5, shoppers=10)
    taught = taught_candidates(Week(date(2026, 3, 1), bought, users, lambda keep: np.empty((keep.sum(), 1))), few)
    chosen = np.unique(users[taught])
    assert len(chosen) == 10
    assert set(chosen) <= set(users[bought])
    of_chosen = np.isin(users, chosen)
    assert taught[bought & of_chosen].all()
    assert (np.bincount(users[taught & ~bought], minlength=30)[chosen] == 5).all()


def test_what_is_learned_from_is_the_same_without_the_shoppers_who_bought_nothing():
    one, few = week(0), msgspec.structs.replace(SETTINGS, negatives=3, shoppers=10)
    buyers = np.isin(one.users, one.users[one.labels])
    assert not buyers.all()
    assert np.array_equal(taught_candidates(one.rows(buyers), few), taught_candidates(one, few)[buyers])
