"""Channels: each proposes items for shoppers, products, regions and categories, as of a day."""

from collections.abc import Mapping, Sequence
from datetime import date
from importlib import import_module
from typing import Any

import polars as pl

from assets.partitioned import LakePass, LakeTable, one_table
from assets.reading import frames_as_of
from orchestration.resources import ShopResource
from orchestration.settings import Settings
from recs.channels import INPUTS, parents
from recs.channels.scorer import Scorer
from recs.errors import ConfigError
from recs.lake import Lake

SORT_BY = ("entity", "entity_code", "rank")


def channel_passes(settings: Settings) -> Sequence[LakePass]:
    """One pass a channel, each with its section of aisle.toml."""
    return [one_table(_table(settings, name), _compute(settings, name)) for name in INPUTS]


def channel_config(settings: Settings, name: str) -> Mapping[str, Any]:
    """``[channels.<name>]`` of aisle.toml. Raises ConfigError where it is missing."""
    sections = settings.toml.get("channels", {})
    if name not in sections:
        raise ConfigError(
            f"{settings.config / 'aisle.toml'} has no section [channels.{name}]", "add it with the channel's parameters"
        )
    return dict(sections[name])


def channel_scorers(settings: Settings, lake: Lake, day: date) -> tuple[dict[str, pl.DataFrame], dict[str, Scorer]]:
    """The day's channel tables, and the scorer of each channel that can judge any pair."""
    tables = {name: lake.read(f"channels/{name}", day) for name in INPUTS}
    scorers = {}
    for name, table in tables.items():
        make = getattr(import_module(f"recs.channels.{name}"), f"{name}_scorer", None)
        if make is not None:
            frames = frames_as_of(lake, INPUTS[name], day)
            scorers[name] = make(table, *frames, as_of=day, **channel_config(settings, name))
    return tables, scorers


def _table(settings: Settings, name: str) -> LakeTable:
    told = f"Channel {name}: items by score, ranked from 1 within each entity."
    return LakeTable(f"channels/{name}", parents(name), SORT_BY, channel_config(settings, name), told)


def _compute(settings: Settings, name: str) -> Any:
    def channel(shop: ShopResource, day: date) -> pl.DataFrame:
        items = getattr(import_module(f"recs.channels.{name}"), f"{name}_items")
        return items(*frames_as_of(shop.lake(), INPUTS[name], day), as_of=day, **channel_config(settings, name))

    return channel
