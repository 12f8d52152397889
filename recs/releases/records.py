"""From surface tables to store records, in ascending key order: items, lists, then the release's own dictionaries."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import polars as pl

from recs.lake import Lake
from recs.lookup.contents import ReleaseContents, SurfaceEntry
from recs.releases.errors import ReleaseError
from recs.releases.manifest import ITEM_TABLE, Manifest, PinnedSurface
from recs.store.codec import (
    NO_ITEM,
    ItemRecord,
    ListRecord,
    encode_item,
    encode_list,
    encode_meta,
    item_key,
    list_key,
    meta_key,
)

_LIST_COLUMNS = ["source", "key", "variant", "position", "item_id", "score", "reason", "reason_item_id", "channel"]
_ITEM_COLUMNS = ["item_code", "item_id", "title", "category_l2", "price", "currency", "image_url"]


def release_records(lake: Lake, manifest: Manifest) -> Iterator[tuple[bytes, bytes]]:
    """Every record of a release. ReleaseError when the lake no longer holds what the manifest pins."""
    check_pinned(lake, manifest)
    contents = release_contents(lake, manifest)
    items = lake.read(ITEM_TABLE, manifest.as_of, _ITEM_COLUMNS)
    yield from _item_records(items, _shown_items(lake, manifest))
    codes = items.select("item_id", pl.col("item_code").cast(pl.UInt32))
    for number, surface in enumerate(manifest.content.surfaces):
        yield from _list_records(lake, manifest, surface, number, contents, codes)
    key = meta_key("release")
    yield key, encode_meta(key, msgspec.json.encode(contents))


def check_pinned(lake: Lake, manifest: Manifest) -> None:
    """ReleaseError when a pinned partition is gone or holds other rows now."""
    items = manifest.content.items
    pinned = {items.table: items.content_hash} | {s.table: s.content_hash for s in manifest.content.surfaces}
    for table, expected in pinned.items():
        info = lake.info(table, manifest.as_of)
        if info is None or info.content_hash != expected:
            state = "is gone" if info is None else "has other rows now"
            raise ReleaseError(
                f"release {manifest.id}: {table} of {manifest.as_of} {state}",
                f"publish {manifest.as_of} again: its new content is a new release",
            )


def release_contents(lake: Lake, manifest: Manifest) -> ReleaseContents:
    """The release's dictionaries: its surfaces by number, and its reason, channel and variant names by code."""
    names: dict[str, set[str]] = {"reason": set(), "channel": set(), "variant": {"base"}}
    for surface in manifest.content.surfaces:
        frame = lake.read(surface.table, manifest.as_of, list(names))
        for column, values in names.items():
            values.update(frame[column].unique().to_list())
    return ReleaseContents(
        release_id=manifest.id,
        as_of=manifest.content.as_of_date,
        surfaces=[_entry(surface) for surface in manifest.content.surfaces],
        reasons=sorted(names["reason"]),
        channels=sorted(names["channel"]),
        variants=sorted(names["variant"], key=lambda name: (name != "base", name)),
    )


def _entry(surface: PinnedSurface) -> SurfaceEntry:
    spec = surface.spec
    return SurfaceEntry(name=spec.surface, title=spec.title, keyed_by=spec.keyed_by, fallback=spec.fallback)


def _shown_items(lake: Lake, manifest: Manifest) -> set[str]:
    """Items of any list, and items that reasons name."""
    shown: set[str] = set()
    for surface in manifest.content.surfaces:
        frame = lake.read(surface.table, manifest.as_of, ["item_id", "reason_item_id"])
        shown.update(frame["item_id"].unique().to_list(), frame["reason_item_id"].drop_nulls().unique().to_list())
    return shown


def _item_records(items: pl.DataFrame, shown: set[str]) -> Iterator[tuple[bytes, bytes]]:
    for row in items.filter(pl.col("item_id").is_in(list(shown))).sort("item_code").iter_rows(named=True):
        key = item_key(row["item_code"])
        record = ItemRecord(row["item_id"], row["title"] or "", row["category_l2"] or "", _metadata(row))
        yield key, encode_item(key, record)


def _metadata(row: dict[str, Any]) -> bytes:
    price = row["price"]
    return msgspec.json.encode(
        {
            "title": row["title"],
            "price": None if price is None else msgspec.Raw(plain_number(price).encode()),
            "currency": row["currency"],
            "image_url": row["image_url"],
            "category": row["category_l2"],
        }
    )


def plain_number(value: Decimal) -> str:
    """A decimal as a JSON number without trailing zeros: 1.9900 -> 1.99, 200.0000 -> 200."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _list_records(
    lake: Lake, manifest: Manifest, surface: PinnedSurface, number: int, contents: ReleaseContents, codes: pl.DataFrame
) -> Iterator[tuple[bytes, bytes]]:
    rows = _coded(lake.read(surface.table, manifest.as_of, _LIST_COLUMNS), surface, contents, codes)
    lists = rows.group_by("source", "key", "variant", maintain_order=True).agg(
        "item_code", "seed_code", "reason_code", "channel_code", "score"
    )
    keys = [
        list_key(number, contents.variants.index(variant), source, key)
        for source, key, variant in lists.select("source", "key", "variant").iter_rows()
    ]
    order = sorted(range(len(keys)), key=keys.__getitem__)  # the store's order: bytes, long ids by their hash
    columns = lists.select("item_code", "seed_code", "reason_code", "channel_code", "score")[order]
    for index, values in zip(order, columns.iter_rows(), strict=True):
        yield keys[index], encode_list(keys[index], ListRecord(*map(tuple, values)))


def _coded(rows: pl.DataFrame, surface: PinnedSurface, contents: ReleaseContents, codes: pl.DataFrame) -> pl.DataFrame:
    """List rows with the release's codes in place of names. ReleaseError for an item that the item table lacks."""
    seeds = codes.rename({"item_id": "reason_item_id", "item_code": "seed_code"})
    coded = (
        rows.sort("source", "key", "variant", "position")
        .join(codes, on="item_id", how="left", maintain_order="left")
        .join(seeds, on="reason_item_id", how="left", maintain_order="left")
        .with_columns(
            reason_code=pl.col("reason").replace_strict(contents.reasons, range(len(contents.reasons)), default=None),
            channel_code=pl.col("channel").replace_strict(
                contents.channels, range(len(contents.channels)), default=None
            ),
        )
    )
    unknown = coded.filter(
        pl.col("item_code").is_null() | (pl.col("seed_code").is_null() & pl.col("reason_item_id").is_not_null())
    )
    if unknown.height:
        first = unknown.row(0, named=True)
        item = first["item_id"] if first["item_code"] is None else first["reason_item_id"]
        raise ReleaseError(
            f"{surface.table}: the {first['source']} list of '{first['key']}' names '{item}', unknown to {ITEM_TABLE}",
            f"materialize {ITEM_TABLE} and {surface.table} of that day together",
        )
    return coded.with_columns(pl.col("seed_code").fill_null(NO_ITEM))
