"""Surfaces: the finished lists of each place in the shop that shows recommendations."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
import polars as pl

from assets.partitioned import LakePass, LakeTable, one_table
from assets.reading import frames_as_of
from orchestration.resources import ShopResource
from orchestration.settings import Settings
from recs.surfaces.spec import SurfaceSpec, read_specs

DIMENSIONS = ("features/dim_item", "features/dim_user", "features/dim_region")
HISTORY = "facts/fct_user_item_daily"
SORT_BY = ("source", "key", "position")


def surface_passes(settings: Settings) -> Sequence[LakePass]:
    """One pass a surface, for each spec in config/surfaces."""
    return [one_table(_table(spec), _compute(spec)) for spec in read_specs(settings.config / "surfaces").values()]


def _table(spec: SurfaceSpec) -> LakeTable:
    filled_by = [f"channels/{channel.name}" for channel in spec.channels]
    if spec.ranking is not None:
        filled_by.append(f"rankings/{spec.ranking}")
    parents = (*filled_by, *DIMENSIONS, HISTORY)
    told = f"{spec.title}: lists by {spec.keyed_by}."
    return LakeTable(f"surfaces/{spec.surface}", parents, SORT_BY, msgspec.to_builtins(spec), told)


def _compute(spec: SurfaceSpec) -> Any:
    def lists(shop: ShopResource, day: date) -> pl.DataFrame:
        from recs.history import bought_items
        from recs.surfaces.assemble import surface_lists

        lake = shop.lake()
        history, dim_item, dim_user, dim_region = frames_as_of(lake, (HISTORY, *DIMENSIONS), day)
        return surface_lists(
            spec,
            {channel.name: lake.read(f"channels/{channel.name}", day) for channel in spec.channels},
            ranking=None if spec.ranking is None else lake.read(f"rankings/{spec.ranking}", day),
            dim_item=dim_item,
            dim_user=dim_user,
            dim_region=dim_region,
            bought=bought_items(history, dim_item, dim_user, as_of=day),
            as_of=day,
        )

    return lists
