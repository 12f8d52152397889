"""Scores of literal pools by a small trained ranker."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from recs.errors import LakeError
from recs.ranking.features import FeatureTable, Snapshot
from recs.ranking.rows import candidate_rows, feature_names
from recs.ranking.scoring import Scoring
from recs.ranking.train import Week, train_ranker
from tests.ranking.example import SETTINGS

SHOPPERS, ITEMS = 30, 8


def pool(shoppers=SHOPPERS):
    users, items = np.repeat(np.arange(shoppers), ITEMS), np.tile(np.arange(ITEMS), shoppers)
    return pl.DataFrame(
        {
            "user_code": pl.Series(users, dtype=pl.Int32),
            "item_code": pl.Series(items, dtype=pl.Int32),
            "ials_reason_item_code": pl.Series(items, dtype=pl.Int32),
            "pool_rank": pl.Series((items + users) % ITEMS + 1, dtype=pl.UInt16),
            "ials_proposed": items % 2 == 0,
            "ials_score": pl.Series(items / 4, dtype=pl.Float32).replace(0, None),
        }
    )


def snapshot(price="price"):
    dim_item = pl.DataFrame({"item_code": range(ITEMS), "item_id": [f"i{n}" for n in range(ITEMS)]})
    dim_user = pl.DataFrame({"user_code": range(SHOPPERS), "user_id": [f"u{n}" for n in range(SHOPPERS)]})
    dims = {"dim_item": dim_item.cast({"item_code": pl.Int32}), "dim_user": dim_user.cast({"user_code": pl.Int32})}
    frame = pl.DataFrame({"item_id": ["i3", "i1", "i2"], price: [3.0, 1.0, 2.0]})
    table = FeatureTable("features/feat_item", "item", (price,))
    return Snapshot([table], {table.table: frame}, **dims)


NAMES = ["pool.ials_proposed", "pool.ials_score", "pool.pool_rank", "feat_item.price"]


@pytest.fixture(scope="module")
def scoring():
    """Trained to like what is dear and stands first in the pool."""
    candidates = pool()
    rows = candidate_rows(candidates, snapshot())
    weeks = []
    for number in range(3):
        draw = np.random.default_rng(number).normal(scale=0.2, size=len(rows))
        told = np.nan_to_num(rows[:, 3]) - rows[:, 2] / 4 + draw
        bought = told >= np.quantile(told, 0.8)
        users = candidates["user_code"].to_numpy()
        weeks.append(Week(date(2026, 1, 5 + 7 * number), bought, users, lambda keep: rows[keep]))
    return Scoring(train_ranker(weeks, NAMES, SETTINGS).model, snapshot())


def test_the_matrix_holds_the_pool_by_name_then_the_features_and_no_codes():
    assert feature_names(pool(), snapshot().features) == NAMES
    two = pool(1).filter(pl.col("item_code").is_in([0, 3]))
    np.testing.assert_array_equal(
        candidate_rows(two, snapshot()), np.array([[1, np.nan, 1, np.nan], [0, 0.75, 4, 3]], np.float32)
    )
    mixed = two.select(reversed(two.columns))
    np.testing.assert_array_equal(candidate_rows(mixed, snapshot()), candidate_rows(two, snapshot()))


def test_a_trained_ranker_scores_by_what_it_has_learned(scoring):
    candidates = pool(1)
    scores = scoring.scores(candidates)
    assert scoring.is_trained
    assert scores.shape == (ITEMS,)
    assert candidates["item_code"][int(scores.argmax())] == 3  # the dearest; item 0 is first in the pool
    assert scoring.scores(candidates.clear()).shape == (0,)


def test_a_score_does_not_hang_on_the_candidates_beside_it(scoring):
    candidates = pool(3)
    whole = scoring.scores(candidates)
    np.testing.assert_array_equal(whole[ITEMS:], scoring.scores(candidates[ITEMS:]))


def test_what_the_columns_add_sums_up_to_the_score(scoring):
    candidates = pool(4)
    names, parts = scoring.contributions(candidates)
    assert names == NAMES
    assert parts.shape == (candidates.height, len(NAMES) + 1)
    np.testing.assert_allclose(parts.sum(axis=1), scoring.scores(candidates), rtol=1e-9, atol=1e-9)
    assert np.ptp(parts[:, -1]) == 0  # the base is the same for all


@pytest.mark.parametrize(
    ("candidates", "features", "odd"),
    [
        (pool(1).rename({"ials_score": "co_buy_score"}), snapshot(), r"pool.co_buy_score, pool.ials_score"),
        (pool(1).drop("ials_score"), snapshot(), r"pool.ials_score"),
        (pool(1), snapshot("cost"), r"feat_item.cost, feat_item.price"),
    ],
)
def test_a_ranker_of_other_columns_is_refused_by_name(scoring, candidates, features, odd):
    other = Scoring(None, features)
    other._booster = scoring._booster
    with pytest.raises(LakeError, match=rf"trained on other columns \(see {odd}\). Fix: run the day again"):
        other.scores(candidates)


def test_without_a_ranker_the_pool_keeps_its_order():
    untrained, candidates = Scoring(None, None), pool(2)
    assert not untrained.is_trained
    order = candidates.with_columns(score=untrained.scores(candidates)).sort(
        "user_code", "score", descending=[False, True]
    )
    assert order["pool_rank"].to_list() == [*range(1, ITEMS + 1)] * 2
    assert untrained.scores(candidates.clear()).shape == (0,)
