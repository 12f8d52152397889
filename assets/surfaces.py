"""Surfaces: the finished lists of each place in the shop that shows recommendations."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import dagster as dg
import msgspec
import polars as pl

from assets.partitioned import LakeTable
from orchestration.resources import ShopResource
from orchestration.settings import Settings
from recs.surfaces.spec import SurfaceSpec, read_specs

DIMENSIONS = ("features/dim_item", "features/dim_user", "features/dim_region")
HISTORY = "facts/fct_user_item_daily"
SORT_BY = ("source", "key", "position")


def surface_tables(settings: Settings) -> dict[str, LakeTable]:
    """The surfaces' tables by name, one for each spec in config/surfaces."""
    return {name: _table(spec) for name, spec in read_specs(settings.config / "surfaces").items()}


def surface_assets(settings: Settings) -> Sequence[dg.AssetsDefinition]:
    """One asset a surface."""
    specs = read_specs(settings.config / "surfaces")
    return [
        _table(spec).asset(settings, _compute(spec), f"{spec.title}: lists by {spec.keyed_by}.")
        for spec in specs.values()
    ]


def _table(spec: SurfaceSpec) -> LakeTable:
    channels = [f"channels/{channel.name}" for channel in spec.channels]
    return LakeTable(f"surfaces/{spec.surface}", (*channels, *DIMENSIONS, HISTORY), SORT_BY, msgspec.to_builtins(spec))


def _compute(spec: SurfaceSpec) -> Any:
    def lists(shop: ShopResource, day: date) -> pl.DataFrame:
        from recs.channels.history import bought_items
        from recs.surfaces.assemble import surface_lists

        lake = shop.lake()
        dim_item, dim_user, dim_region = (lake.read(table, day) for table in DIMENSIONS)
        channels = {channel.name: lake.read(f"channels/{channel.name}", day) for channel in spec.channels}
        bought = bought_items(lake.read_window(HISTORY, until=day), dim_item, dim_user, as_of=day)
        return surface_lists(
            spec, channels, dim_item=dim_item, dim_user=dim_user, dim_region=dim_region, bought=bought, as_of=day
        )

    return lists
