"""Channels: each proposes items for shoppers, products, regions and categories, as of a day."""

from collections.abc import Mapping, Sequence
from datetime import date
from importlib import import_module
from typing import Any

import dagster as dg
import polars as pl

from assets.partitioned import LakeTable
from orchestration.resources import ShopResource
from orchestration.settings import Settings
from recs.channels import INPUTS
from recs.errors import ConfigError
from recs.lake.partition import ARRIVAL_STAGES

SORT_BY = ("entity", "entity_code", "rank")


def channel_tables(settings: Settings) -> dict[str, LakeTable]:
    """The channels' tables by name, each with its section of aisle.toml."""
    return {
        name: LakeTable(f"channels/{name}", INPUTS[name], SORT_BY, channel_config(settings, name)) for name in INPUTS
    }


def channel_assets(settings: Settings) -> Sequence[dg.AssetsDefinition]:
    """One asset a channel."""
    tables = channel_tables(settings)
    return [
        table.asset(
            settings, _compute(name, table.config), f"Channel {name}: items by score, ranked from 1 within each entity."
        )
        for name, table in tables.items()
    ]


def channel_config(settings: Settings, name: str) -> Mapping[str, Any]:
    """``[channels.<name>]`` of aisle.toml. Raises ConfigError where it is missing."""
    sections = settings.toml.get("channels", {})
    if name not in sections:
        raise ConfigError(
            f"{settings.config / 'aisle.toml'} has no section [channels.{name}]", "add it with the channel's parameters"
        )
    return dict(sections[name])


def _compute(name: str, config: Mapping[str, Any]) -> Any:
    def channel(shop: ShopResource, day: date) -> pl.DataFrame:
        lake, frames = shop.lake(), []
        for table in INPUTS[name]:
            if table.split("/")[0] in ARRIVAL_STAGES:
                frames.append(lake.read_window(table, until=day))
            else:
                frames.append(lake.read(table, day))
        items = getattr(import_module(f"recs.channels.{name}"), f"{name}_items")
        return items(*frames, as_of=day, **config)

    return channel
