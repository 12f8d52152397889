"""What a group of columns is worth: a ranker without it, judged on shoppers it never saw."""

import numpy as np
import pytest

from recs.ranking.ablation import ablated, groups_of
from recs.ranking.train import shopper_ndcg, train_ranker
from tests.ranking.example import FEATURES, SETTINGS, ndcg, values, weeks

NAMES = ["feat_a.noise", "feat_b.planted", "pool.noise"]  # of the example's three columns


@pytest.fixture(scope="module")
def judged():
    return {one.left_out: one for one in ablated(weeks(5), NAMES, SETTINGS)}


def test_what_is_left_out_is_nothing_everything_and_each_model():
    assert groups_of(["pool.a", "feat_x.b", "feat_y.c", "feat_x.d"]) == {
        "(nothing)": [],
        "(every feature)": [1, 2, 3],
        "pool": [0],
        "feat_x": [1, 3],
        "feat_y": [2],
    }


def test_some_models_are_asked_for_by_name():
    assert list(groups_of(NAMES, ["feat_b"])) == ["(nothing)", "feat_b"]
    with pytest.raises(ValueError, match="no feature of feat_z; it has feat_a, feat_b, pool"):
        groups_of(NAMES, ["feat_z"])


def test_without_what_tells_the_purchases_the_ranker_is_lost_and_without_noise_it_is_not(judged):
    means = {name: float(np.mean(one.ndcg)) for name, one in judged.items()}
    assert means["(nothing)"] > 0.85
    assert means["feat_a"] > 0.85
    assert means["feat_b"] < 0.6
    assert means["(every feature)"] < 0.6
    assert judged["feat_b"].columns == 1
    assert judged["(every feature)"].columns == 2


def test_with_everything_it_is_what_the_trained_rankers_card_says(judged):
    card = train_ranker(weeks(5), FEATURES, SETTINGS).card
    assert float(np.mean(judged["(nothing)"].ndcg)) == pytest.approx(card["judged"]["ranker"]["ndcg@10"], abs=1e-6)
    assert judged["(nothing)"].trees == card["trees"]


def test_each_shopper_who_bought_is_judged_once(judged):
    last = weeks(5)[-1]
    buyers = sorted(set(last.users[last.labels].tolist()))
    assert all(one.users.tolist() == buyers and len(one.ndcg) == len(buyers) for one in judged.values())
    scores = values(last)[:, 1]
    whole = last.rows(np.isin(last.users, buyers))
    mean = float(np.mean(shopper_ndcg(whole, scores[np.isin(last.users, buyers)], 10)))
    assert mean == pytest.approx(ndcg(last, scores, 10))


def test_too_few_weeks_are_refused():
    with pytest.raises(ValueError, match="at least 3 weeks"):
        next(ablated(weeks(2), NAMES, SETTINGS))
