"""A score taken apart: the parts add up to the ranker's score, and a score that is not the released one is refused."""

import lightgbm as lgb
import numpy as np
import polars as pl
import pytest

from recs.errors import LakeError
from recs.explain.contributions import checked_score, score_parts
from recs.ranking.features import Snapshot
from recs.ranking.scoring import Scoring

DAY = "2017-03-05"


def pools(n: int = 200) -> pl.DataFrame:
    chance = np.random.default_rng(7)
    return pl.DataFrame(
        {
            "user_code": np.zeros(n, np.int32),
            "item_code": np.arange(n, dtype=np.int32),
            "pool_rank": np.arange(1, n + 1, dtype=np.uint16),
            "ials_reason_item_code": np.full(n, -1, np.int32),
            "ials_score": np.where(chance.random(n) < 0.2, np.nan, chance.random(n)).astype(np.float32),
        }
    ).with_columns(pl.col("ials_score").fill_nan(None))


def scoring(pool: pl.DataFrame) -> Scoring:
    names = ["pool.ials_score", "pool.pool_rank"]
    rows = pool.select(pl.col(name.split(".")[1]).cast(pl.Float32) for name in names).to_numpy()
    labels = (np.nan_to_num(rows[:, 0]) + 1 / rows[:, 1] > 0.6).astype(int)
    quiet = {"objective": "regression", "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5, "seed": 7}
    model = lgb.train(quiet, lgb.Dataset(rows, labels, feature_name=names), 20)
    dim_item = pl.DataFrame({"item_id": ["a"], "item_code": [0]})
    snapshot = Snapshot([], {}, dim_item=dim_item, dim_user=pl.DataFrame({"user_id": ["u"], "user_code": [0]}))
    return Scoring(model.model_to_string(), snapshot)


def test_base_and_contributions_add_up_to_the_score_of_every_candidate():
    pool = pools()
    ranker = scoring(pool)
    scores, rows = ranker.scores(pool), ranker.rows(pool)
    names, parts = ranker.contributions(pool)
    for n, score in enumerate(scores):
        told = score_parts(names, rows[n], parts[n])
        assert told["sum"] == pytest.approx(score, abs=1e-9)
        assert checked_score(told["sum"], score, float(np.float32(score)), changed=[], day=DAY) == np.float32(score)


def test_what_moves_the_score_most_comes_first_and_an_unknown_value_is_none():
    told = score_parts(["a", "b", "c"], np.array([1.0, np.nan, 3.0]), np.array([0.25, -0.5, 0.25, 1.0]))
    assert [(f["feature"], f["value"], f["contribution"]) for f in told["features"]] == [
        ("b", None, -0.5),
        ("a", 1.0, 0.25),
        ("c", 3.0, 0.25),
    ]
    assert told["base"] == 1.0
    assert told["sum"] == 1.0


@pytest.mark.parametrize(
    ("total", "kept", "said"),
    [
        (0.5, 0.75, "0.5, is not the released one, 0.75: changed since: pools/discover"),
        (0.6, 0.5, "the contributions add up to 0.6, and the ranker's score is 0.5"),
    ],
)
def test_a_score_that_cannot_be_followed_back_is_refused(total, kept, said):
    with pytest.raises(LakeError, match=said):
        checked_score(total, 0.5, kept, changed=["pools/discover"], day=DAY)
