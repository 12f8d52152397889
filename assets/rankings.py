"""Rankings: one pass a shard from candidates through features to scores; the ranked best of each pool is kept."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from assets.partitioned import LakePass, LakeTable, Made
from assets.pools import PoolMaker, pool_config, pool_parents, purpose_specs
from assets.ranker import CARD, RANKER, snapshot_of
from orchestration.dbt_project import load_manifest
from orchestration.resources import ShopResource
from orchestration.settings import Settings
from recs.lake import Lake
from recs.pools import Purpose
from recs.pools.shards import shards
from recs.ranking.features import FeatureTable
from recs.ranking.ranked import ranked_best
from recs.ranking.scoring import Scoring

SORT_BY = ("user_code", "rank")
TOP_K = 100


def ranking_passes(settings: Settings) -> Sequence[LakePass]:
    """One pass for both purposes."""
    specs, features = purpose_specs(settings), load_manifest().feature_tables()
    parents = sorted({*pool_parents(), *(f.table for f in features), RANKER, *(f"pools/{p}" for p in specs)})
    tables = [
        LakeTable(
            f"rankings/{purpose}", parents, SORT_BY, pool_config(settings, spec) | {"top_k": TOP_K}, _told(purpose)
        )
        for purpose, spec in specs.items()
    ]

    def compute(shop: ShopResource, day: date) -> Mapping[str, Made]:
        ranking = Ranking(settings, shop, day, features)
        made = {}
        for purpose in specs:
            rows = pl.concat([ranking.best(purpose, users) for users in shards(ranking.users)])
            made[f"rankings/{purpose}"] = Made(rows.select(pl.lit(day).alias("as_of_date"), pl.all()))
        return made

    return [LakePass("rankings", tables, compute, frozenset({"lightgbm", "parquet"}))]


class Ranking:
    """Scores pools of one as-of day with the day's ranker."""

    def __init__(self, settings: Settings, shop: ShopResource, day: date, features: Sequence[FeatureTable]) -> None:
        lake = shop.lake()
        self.pools = PoolMaker(settings, lake, day)
        self.users = self.pools.dim_user.sort("user_code")["user_code"].to_numpy()
        self.scoring = {
            purpose: read_scoring(lake, purpose, day, features, shop.threads) for purpose in self.pools.specs
        }
        self._kept = {purpose: lake.read(f"pools/{purpose}", day).drop("as_of_date") for purpose in self.pools.specs}

    def best(self, purpose: Purpose, users: np.ndarray) -> pl.DataFrame:
        """The ranked best of each of ``users`` (codes, ascending)."""
        pool = self.pool(purpose, users)
        return ranked_best(
            pool,
            self.scoring[purpose].scores(pool),
            top_k=TOP_K,
            entities=self.pools.entities(purpose),
            due=self.pools.due,
        )

    def pool(self, purpose: Purpose, users: np.ndarray) -> pl.DataFrame:
        """The pools as they were kept, and made now for shoppers outside the sample."""
        kept = self._kept[purpose].filter(pl.col("user_code").is_between(users[0], users[-1])) if len(users) else None
        if kept is not None and not kept.is_empty():
            known = kept["user_code"].unique()
            rest = users[~np.isin(users, known.to_numpy())]
            made = [self.pools.pool(purpose, rest)] if len(rest) else []
            return pl.concat([kept, *made]).sort("user_code", "item_code")
        return self.pools.pool(purpose, users)


def read_scoring(lake: Lake, purpose: Purpose, day: date, features: Sequence[FeatureTable], threads: int) -> Scoring:
    """The day's ranker with the feature snapshots that it was trained to read."""
    folder = lake.folder(RANKER, day)
    card: Mapping[str, Any] = json.loads((folder / CARD).read_bytes())[purpose]
    if not card["trained"]:
        return Scoring(None, None, threads)
    snapshot = snapshot_of(lake, day, [f for f in features if f.table in card["tables"]])
    return Scoring((folder / f"{purpose}.txt").read_text(), snapshot, threads)


def _told(purpose: Purpose) -> str:
    return f"The best {TOP_K} of each shopper's {purpose} pool, by the ranker's score."
