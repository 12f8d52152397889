"""The list that answers a shopper or a product page in a release, and the same list made again from the lake."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from recs.errors import AisleError, ConfigError, LakeError
from recs.explain.replay import Replay, of_list, replay
from recs.history import bought_items
from recs.lake import Lake
from recs.pools import Purpose
from recs.surfaces.candidates import candidates, chosen_channels, shown_items
from recs.surfaces.keys import SCHEMA as KEYS
from recs.surfaces.keys import list_keys
from recs.surfaces.spec import SurfaceSpec

HISTORY = "facts/fct_user_item_daily"


@dataclass(frozen=True)
class ReleasedList:
    """``rows`` of the surface's table, by position, and ``key``, the list's row of ``list_keys``."""

    lake: Lake
    day: date
    spec: SurfaceSpec
    dim_item: pl.DataFrame
    dim_user: pl.DataFrame
    key: Mapping[str, Any]
    rows: pl.DataFrame

    @property
    def ranking(self) -> Purpose | None:
        """What the list is ranked by: only shoppers' own lists are."""
        return self.spec.ranking if self.key["source"] == "user" else None

    def item(self, item_id: str) -> dict[str, Any]:
        """The item's row of dim_item. AisleError for an item that was not known on the as-of day."""
        return _one(self.dim_item, "item_id", item_id, "item", self.day)

    def item_of(self, item_code: int | None) -> dict[str, Any] | None:
        """The row of dim_item of a code; None for none (None or -1)."""
        found = self.dim_item.filter(pl.col("item_code") == (-1 if item_code is None else item_code))
        return found.to_dicts()[0] if found.height else None

    def bought(self) -> pl.DataFrame:
        """user_code, item_code of all that the list's shopper had ever bought; nothing for nobody's list."""
        code = -1 if self.key["user_code"] is None else self.key["user_code"]
        mine = self.dim_user.filter(pl.col("user_code") == code)
        files = self.lake.files(HISTORY, until=self.day)
        rows = pl.scan_parquet(files, hive_partitioning=False)
        rows = rows.filter(pl.col("user_id").is_in(mine["user_id"].to_list()))
        return bought_items(rows.collect(), self.dim_item, mine, as_of=self.day)

    def row_of(self, item_id: str) -> dict[str, Any] | None:
        """The list's row of an item, None where it is not in the list."""
        found = self.rows.filter(pl.col("item_id") == item_id)
        return found.to_dicts()[0] if found.height else None


def released_list(lake: Lake, day: date, spec: SurfaceSpec, *, user: str, page: str) -> ReleasedList:
    """The narrowest of the surface's lists for a shopper or, on surfaces keyed by product, for the product ``page``.

    ConfigError when the one that the surface needs is not given; AisleError when it was not known on the day.
    """
    dim_item, dim_user, dim_region = (lake.read(f"features/dim_{name}", day) for name in ("item", "user", "region"))
    needs = ("--page", page) if spec.keyed_by == "item" else ("--user", user)
    if not needs[1]:
        raise ConfigError(f"a list of {spec.surface} is found by its {spec.keyed_by}", f"add {needs[0]} ID")
    region = _one(dim_user, "user_id", user, "shopper", day)["region"] if user else ""
    if page:
        _one(dim_item, "item_id", page, "item", day)
    keys = list_keys(spec, dim_item, dim_user, dim_region)
    rows = lake.read(f"surfaces/{spec.surface}", day)
    for source in spec.sources:
        name = {"user": user, "region": region, "global": "", "item": page}[source]
        own = (pl.col("source") == source) & (pl.col("key") == name)
        found, mine = rows.filter(own), keys.filter(own)
        if found.height and mine.height:
            return ReleasedList(lake, day, spec, dim_item, dim_user, mine.to_dicts()[0], found.sort("position"))
    raise AisleError(f"{spec.surface} of {day} has no list that answers", "see what it holds: aisle releases show")


def made_again(asked: ReleasedList, item_code: int, *, changed: Sequence[str]) -> Replay:
    """The list filled again from the lake, with the fate of one item.

    LakeError when it does not come out as it was released, naming the ``changed`` inputs.
    """
    lake, day, spec, key = asked.lake, asked.day, asked.spec, asked.key
    channels = {c.name: of_list(lake.read(f"channels/{c.name}", day), key) for c in spec.channels}
    ranking = None
    if spec.ranking is not None:
        own = pl.col("user_code") == (-1 if key["user_code"] is None else key["user_code"])
        ranking = lake.read(f"rankings/{spec.ranking}", day).filter(own)
    items = shown_items(asked.dim_item)
    keys = pl.DataFrame([dict(key)], schema={**KEYS, "list_code": pl.Int32})
    found = candidates(keys, chosen_channels(spec, channels, ranking), items)
    again = replay(item_code, spec, found, items, asked.bought())
    ids = asked.dim_item.select("item_code", "item_id")
    made = again.filled.join(ids, on="item_code", how="left", maintain_order="left")["item_id"]
    if made.to_list() != asked.rows["item_id"].to_list():
        why = ", ".join(changed[:3]) or "the rules, in code"
        raise LakeError(
            f"the list does not come out again as it was released; changed since: {why}",
            f"publish what the lake leads to now: aisle run daily --partition {day}",
        )
    return again


def _one(frame: pl.DataFrame, column: str, value: str, what: str, day: date) -> dict[str, Any]:
    found = frame.filter(pl.col(column) == value)
    if found.is_empty():
        raise AisleError(f"there was no {what} {value!r} on {day}", "name one that had been seen by then")
    return found.to_dicts()[0]
