"""Scores of candidates by a trained ranker; by the pool's own order while there is none."""

import numpy as np
import polars as pl

from recs.errors import LakeError
from recs.ranking.features import Snapshot
from recs.ranking.rows import candidate_rows, feature_names


class Scoring:
    """One purpose's ranker (LightGBM's text, or None) and the snapshot that it reads."""

    def __init__(self, model: str | None, snapshot: Snapshot | None, threads: int = 1) -> None:
        self._snapshot, self._threads = snapshot, threads
        self._booster = None
        if model is not None:
            import lightgbm as lgb

            self._booster = lgb.Booster(model_str=model)

    def scores(self, pool: pl.DataFrame) -> np.ndarray:
        """float64 [candidates], higher is better."""
        if self._booster is None:
            return np.asarray(1.0 / pool["pool_rank"].to_numpy())
        if pool.is_empty():
            return np.empty(0)
        return np.asarray(self._booster.predict(self.rows(pool), num_threads=self._threads))

    def contributions(self, pool: pl.DataFrame) -> tuple[list[str], np.ndarray]:
        """Names, and float64 [candidates, features + 1]: what each adds to the score (TreeSHAP), the last the base.

        Each row sums up to the score. Source: Lundberg et al., Nature Machine Intelligence 2020.
        """
        assert self._booster is not None
        parts = self._booster.predict(self.rows(pool), num_threads=self._threads, pred_contrib=True)
        return self.names(pool), np.asarray(parts)

    @property
    def is_trained(self) -> bool:
        return self._booster is not None

    def names(self, pool: pl.DataFrame) -> list[str]:
        assert self._snapshot is not None
        return feature_names(pool, self._snapshot.features)

    def rows(self, pool: pl.DataFrame) -> np.ndarray:
        """What the ranker sees. LakeError when it was trained on other columns."""
        assert self._snapshot is not None
        assert self._booster is not None
        mine, theirs = self.names(pool), self._booster.feature_name()
        if mine != theirs:
            odd = sorted(set(mine) ^ set(theirs))[:3] or mine[:3]
            problem = f"the ranker was trained on other columns (see {', '.join(odd)})"
            raise LakeError(problem, "run the day again: aisle run daily --partition DAY")
        return candidate_rows(pool, self._snapshot)
