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
    starts = np.searchsorted(users, users)
    columns = []
    for name in sorted(scorers):
        said = scorers[name](users, items)
        scores = said.scores.astype(np.float32)
        columns += [pl.Series(f"{name}_score", scores).fill_nan(None)]
        columns += [pl.Series(f"{name}_rank", _ranks(starts, scores), pl.UInt16).replace(0, None)]
        if said.reasons is not None:
            columns.append(pl.Series(f"{name}_reason_item_code", said.reasons, pl.Int32))
    return pool.with_columns(columns)


def _ranks(starts: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """1, 2, ... within each run of rows that start at the same row, best score first, equal scores in the order given;
    0 for NaN. starts: int64 [n], of each row. ValueError over 32,768 runs, or 65,536 rows in one.

    Run, score and place are packed into one integer each: integers sort ten times as fast as columns do.
    """
    place = np.arange(len(starts)) - starts
    run = np.cumsum(place == 0) - 1
    if run.max(initial=0) >> 15 or place.max(initial=0) >> 16:
        raise ValueError(f"too many to rank at once: {run.max() + 1} shoppers, up to {place.max() + 1} candidates each")
    bits = (0.0 - scores).view(np.int32)  # the best first; 0.0 - makes no negative zero of a zero
    ordered = np.where(bits < 0, bits ^ np.int32(0x7FFFFFFF), bits).astype(np.int64)
    ordered[np.isnan(scores)] = np.iinfo(np.int32).max
    packed = np.sort((run << 48) | ((ordered + (1 << 31)) << 16) | place)
    ranks = np.empty(len(starts), np.int64)
    ranks[starts + (packed & 0xFFFF)] = place + 1
    return np.where(np.isnan(scores), 0, ranks)
