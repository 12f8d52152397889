"""A shop small enough to check by eye: its item table and surface tables, written to a real lake."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl

from recs.lake import Lake, Provenance
from recs.surfaces.spec import SurfaceSpec, surface_spec

DAY = date(2026, 3, 9)
PROVENANCE = Provenance("code-1", "config-1", "run-1")

SURFACE_SCHEMA = {
    "as_of_date": pl.Date,
    "surface": pl.String,
    "source": pl.String,
    "key": pl.String,
    "variant": pl.String,
    "position": pl.UInt16,
    "item_id": pl.String,
    "score": pl.Float32,
    "reason": pl.String,
    "reason_item_id": pl.String,
    "channel": pl.String,
    "propensity": pl.Float32,
}
ITEM_SCHEMA = {
    "as_of_date": pl.Date,
    "item_code": pl.Int32,
    "item_id": pl.String,
    "title": pl.String,
    "category_l1": pl.String,
    "category_l2": pl.String,
    "price": pl.Decimal(18, 4),
    "currency": pl.String,
    "image_url": pl.String,
    "is_recommendable": pl.Boolean,
}
ITEMS = [f"i{n:02d}" for n in range(40)]

HOME = {"user:ann": ITEMS[:12], "user:bob": ITEMS[3:9], "region:north": ITEMS[10:20], "global:": ITEMS[20:40]}
SIMILAR = {"item:i00": ITEMS[1:7], "item:i01": ITEMS[2:8], "global:": ITEMS[20:30]}
TRENDING = {"region:north": ITEMS[5:15], "global:": ITEMS[25:35]}
SHOP = {"home": HOME, "product_similar": SIMILAR, "trending": TRENDING}


def spec(name: str, keyed_by: str, fallback: list[str], **more: object) -> SurfaceSpec:
    fields = {"surface": name, "title": name, "keyed_by": keyed_by, "slots": 150, "fallback": fallback}
    return surface_spec({**fields, "channels": [{"name": "popular", "quota": 150}], **more}, file=f"{name}.yaml")


SPECS = {
    "home": spec("home", "user", ["region", "global"], min_items=3),
    "product_similar": spec("product_similar", "item", ["global"]),
    "trending": spec("trending", "region", ["global"]),
}


def item_frame(
    day: date, *, blocked: set[str] = frozenset(), items: list[str] = ITEMS, title: str = ""
) -> pl.DataFrame:
    rows = [
        (
            day,
            n,
            item,
            title or f'Item "{n}" é',
            "food",
            None if n == 7 else "dairy",
            Decimal("1.9900"),
            "USD",
            None,
            item not in blocked,
        )
        for n, item in enumerate(items)
    ]
    return pl.DataFrame(rows, schema=ITEM_SCHEMA, orient="row")


def surface_frame(day: date, surface: str, lists: dict[str, list[str]]) -> pl.DataFrame:
    """``lists``: 'source:key' -> items, best first. The first item of a user's list is because of i39."""
    rows = []
    for name, items in lists.items():
        source, key = name.split(":", 1)
        for position, item in enumerate(items, start=1):
            seed = "i39" if source == "user" and position == 1 else None
            reason = "because_you_bought" if seed else "popular_in_category" if position == 2 else "popular"
            channel = "co_buy" if seed else "popular"
            rows.append((day, surface, source, key, "base", position, item, 1 / position, reason, seed, channel, 1.0))
    return pl.DataFrame(rows, schema=SURFACE_SCHEMA, orient="row")


def write_shop(lake: Lake, day: date = DAY, lists: dict[str, dict[str, list[str]]] = SHOP, **items: object) -> None:
    """All tables of one as-of day."""
    write(lake, "features/dim_item", day, item_frame(day, **items), ["item_code"])
    for surface, named in lists.items():
        write_surface(lake, day, surface, surface_frame(day, surface, named))


def write_surface(lake: Lake, day: date, surface: str, frame: pl.DataFrame) -> None:
    write(lake, f"surfaces/{surface}", day, frame, ["source", "key", "position"])


def write(lake: Lake, table: str, day: date, frame: pl.DataFrame, sort_by: list[str]) -> None:
    lake.write_partition(table, day, frame, sort_by=sort_by, inputs={}, provenance=PROVENANCE)


def lake_at(folder: Path) -> Lake:
    return Lake(folder / "lake")
