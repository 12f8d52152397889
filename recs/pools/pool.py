"""One shard's pools: proposals, fusion, and every scoring channel's word on every candidate."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from recs.channels.scorer import Scorer
from recs.pairs import Rows
from recs.pools import Purpose
from recs.pools.fuse import fuse, proposals
from recs.pools.spec import PoolSpec


def shard_pools(
    purpose: Purpose,
    spec: PoolSpec,
    tables: Mapping[str, pl.DataFrame],
    scorers: Mapping[str, Scorer],
    owned: Rows,
    users: np.ndarray,
) -> pl.DataFrame:
    """Pools of ``users`` (int32, ascending) for one purpose, sorted by user_code, item_code.

    tables: channel tables by name, those that the spec weighs propose. scorers: by channel, all of them score.
    Columns: user_code, item_code, for each proposing channel ``<channel>_proposed``, pool_rank; then for each scorer
    ``<channel>_score`` (f32) and ``<channel>_rank`` (u16, 1 = best of the shopper's pool), null where it has nothing to
    say, and ``<channel>_reason_item_code`` (i32, -1 = none) of those that know which item leads to the candidate.
    """
    own = purpose == "repeat"
    proposed = {
        name: proposals(tables[name], users, owned, own=own, depth=spec.depth) for name in sorted(spec.channels)
    }
    pool = fuse(proposed, spec.channels, size=spec.size)
    return _with_scores(pool, scorers)


def _with_scores(pool: pl.DataFrame, scorers: Mapping[str, Scorer]) -> pl.DataFrame:
    users, items = pool["user_code"].to_numpy(), pool["item_code"].to_numpy()
    columns = []
    for name in sorted(scorers):
        said = scorers[name](users, items)
        score = pl.Series(f"{name}_score", said.scores.astype(np.float32)).fill_nan(None)
        columns += [score, pl.Series(f"{name}_rank", _ranks(users, said.scores), pl.UInt16).replace(0, None)]
        if said.reasons is not None:
            columns.append(pl.Series(f"{name}_reason_item_code", said.reasons, pl.Int32))
    return pool.with_columns(columns)


def _ranks(users: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """1, 2, ... within each run of one user, best score first, equal scores in the order given; 0 for NaN."""
    order = np.lexsort((-scores, users))  # stable, NaN last
    starts = np.searchsorted(users, users)
    ranks = np.empty(len(users), np.int64)
    ranks[order] = np.arange(len(users)) - starts + 1
    return np.where(np.isnan(scores), 0, ranks)
