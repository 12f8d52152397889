"""The matrix that a ranker sees: what the channels say of each candidate, then its features."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from recs.ranking.features import Snapshot

POOL_ORDER = "pool.pool_rank"
_NOT_SEEN = ("as_of_date", "user_code", "item_code")


def pool_columns(pool: pl.DataFrame) -> list[str]:
    """The columns of a pool that the ranker sees, by name, so that pools of different days agree."""
    return sorted(name for name in pool.columns if name not in _NOT_SEEN and not name.endswith("_reason_item_code"))


def feature_names(pool: pl.DataFrame, features: Sequence[str]) -> list[str]:
    """Names of the columns of ``candidate_rows``. features: of the snapshot."""
    return [*(f"pool.{name}" for name in pool_columns(pool)), *features]


def candidate_rows(pool: pl.DataFrame, snapshot: Snapshot) -> np.ndarray:
    """float32 [candidates, features] in the order of ``feature_names``."""
    told: Sequence[str] = pool_columns(pool)
    rows = np.empty((pool.height, len(told) + len(snapshot.features)), np.float32)
    rows[:, : len(told)] = pool.select(pl.col(name).cast(pl.Float32) for name in told).to_numpy()
    snapshot.gather(pool["user_code"].to_numpy(), pool["item_code"].to_numpy(), rows[:, len(told) :])
    return rows
