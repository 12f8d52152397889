"""Pools: whole candidate pools of a seeded sample of shoppers, kept for training, with every channel's word on each."""

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec
import numpy as np
import polars as pl

from assets.channels import channel_config, channel_scorers
from assets.partitioned import LakePass, LakeTable, Made
from assets.reading import frames_as_of
from orchestration.resources import ShopResource
from orchestration.settings import Settings
from recs.channels import INPUTS, parents
from recs.channels.ranked import USER
from recs.history import bought_items
from recs.lake import Lake
from recs.pools import Purpose
from recs.pools.shards import sampled, shards
from recs.pools.spec import PoolSpec, pool_specs
from recs.ranking.ranked import proposer_entity

HISTORY = ("facts/fct_user_item_daily", "features/dim_item", "features/dim_user")
SORT_BY = ("user_code", "item_code")


def purpose_specs(settings: Settings) -> dict[Purpose, PoolSpec]:
    """``[pools.*]`` of the shop's aisle.toml."""
    return pool_specs(settings.toml, INPUTS, file=str(settings.config / "aisle.toml"))


def pool_parents() -> Sequence[str]:
    """What pools are made of: every channel's table, and what their scorers read."""
    tables = {f"channels/{name}" for name in INPUTS} | {table for name in INPUTS for table in parents(name)}
    return sorted(tables | set(HISTORY))


def pool_config(settings: Settings, spec: PoolSpec) -> dict[str, object]:
    return dict(msgspec.to_builtins(spec)) | {
        "channel_settings": {name: channel_config(settings, name) for name in INPUTS}
    }


def pool_passes(settings: Settings) -> Sequence[LakePass]:
    """One pass for both purposes."""
    specs = purpose_specs(settings)
    tables = [
        LakeTable(f"pools/{purpose}", pool_parents(), SORT_BY, pool_config(settings, spec), _told(purpose))
        for purpose, spec in specs.items()
    ]

    def compute(shop: ShopResource, day: date) -> Mapping[str, Made]:
        pools = PoolMaker(settings, shop.lake(), day)
        made = {}
        for purpose, spec in specs.items():
            chosen = sampled(pools.dim_user, spec.sample)
            rows = pl.concat([pools.pool(purpose, users) for users in shards(chosen)])
            made[f"pools/{purpose}"] = Made(rows.select(pl.lit(day).alias("as_of_date"), pl.all()))
        return made

    return [LakePass("pools", tables, compute)]


class PoolMaker:
    """Makes pools of one as-of day for any shoppers."""

    def __init__(self, settings: Settings, lake: Lake, day: date) -> None:
        self.specs = purpose_specs(settings)
        from recs.pairs import rows_of  # compiled loops are loaded where they run

        history, self.dim_item, self.dim_user = frames_as_of(lake, HISTORY, day)
        bought = bought_items(history, self.dim_item, self.dim_user, as_of=day)
        self.owned = rows_of(bought, "user_code", "item_code", None, self.dim_user.height)
        self._tables, self._scorers = channel_scorers(settings, lake, day)

    @property
    def due(self) -> pl.DataFrame:
        """user_code, item_code of what is time to restock, as the channels that know it say."""
        told = [table for table in self._tables.values() if "is_due" in table.columns]
        pairs = [
            t.filter((pl.col("entity") == USER) & pl.col("is_due")).select("item_code", user_code="entity_code")
            for t in told
        ]
        return pl.concat([pl.DataFrame(schema={"item_code": pl.Int32, "user_code": pl.Int32}), *pairs]).unique()

    def entities(self, purpose: Purpose) -> dict[str, str]:
        """For whom each channel of the purpose proposes."""
        return {name: proposer_entity(self._tables[name]) for name in self.specs[purpose].channels}

    def pool(self, purpose: Purpose, users: np.ndarray) -> pl.DataFrame:
        """``recs.pools.pool.shard_pools`` of ``users`` (codes, ascending)."""
        from recs.pools.pool import shard_pools

        return shard_pools(purpose, self.specs[purpose], self._tables, self._scorers, self.owned, users)


def _told(purpose: Purpose) -> str:
    what = {"discover": "items new to the shopper", "repeat": "items the shopper owns"}[purpose]
    return f"Whole {purpose} pools ({what}) of sampled shoppers: every channel's score and rank for every candidate."
