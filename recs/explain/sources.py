"""The landed lines behind an explanation: a shopper's own events, the catalogue's row, the plans of promotions."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from recs.ingest.files import sha256_file
from recs.lake import Lake

SHOWN = 20
_EVENT = ("event_at", "action", "quantity", "unit_price", "currency", "event_id")
_ITEM = ("title", "is_available", "is_blocked", "blocked_reason", "is_adult", "updated_at")
_PROMOTION = ("kind", "starts_date", "ends_date", "known_at", "store_share")
_PLACE = {"file": "source_file", "line": "source_line", "arrival_date": "arrival_date"}
_NEWEST = ("arrival_date", "arrival_hour", "source_file", "source_line")


def event_lines(lake: Lake, *, user_id: str, item_id: str, until: date) -> dict[str, Any]:
    """One shopper's events of one item that had arrived by ``until``: ``total``, ``purchases``, ``lines``.

    lines: the latest ``SHOWN``, each with its file, a path under landing, and its record number in it (1 is the first
    after the header).
    """
    rows = _scan(lake, "raw/events", until)
    mine = rows.filter((pl.col("user_id") == user_id) & (pl.col("item_id") == item_id))
    frame = mine.select(*_EVENT, **_PLACE).sort("event_at", "file", "line", descending=True).collect()
    return {**_lines(frame), "purchases": frame.filter(pl.col("action") == "purchase").height}


def catalogue_line(lake: Lake, *, item_id: str, until: date) -> dict[str, Any]:
    """The catalogue rows of an item that had arrived by ``until``, the one in force first."""
    rows = _scan(lake, "raw/items", until).filter(pl.col("item_id") == item_id)
    return _lines(rows.sort(_NEWEST, descending=True).select(*_ITEM, **_PLACE).collect())


def promotion_lines(lake: Lake, *, item_id: str, until: date) -> dict[str, Any]:
    """The promotions of an item in the week after ``until``, as planned by then, the newest plan first."""
    coming = (pl.col("starts_date") <= until + timedelta(days=7)) & (pl.col("ends_date") > until)
    rows = _scan(lake, "raw/promotions", until).filter((pl.col("item_id") == item_id) & coming)
    return _lines(rows.sort(_NEWEST, descending=True).select(*_PROMOTION, **_PLACE).collect())


def landed_files(lake: Lake, landing: Path, table: str, lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The landed files of some lines of a raw table: file, the sha256 recorded when it was read, and ``intact``."""
    found = []
    for file, day in sorted({(line["file"], line["arrival_date"]) for line in lines}):
        info = lake.info(table, day)
        recorded = info.inputs.get(f"landing/{file}") if info else None
        path = landing / file
        now = sha256_file(path) if path.is_file() else None
        found.append({"file": file, "sha256": recorded, "intact": now is not None and now == recorded})
    return found


def _scan(lake: Lake, table: str, until: date) -> pl.LazyFrame:
    files = lake.files(table, until=until)
    if files:
        return pl.scan_parquet(files, hive_partitioning=False)
    return lake.read_window(table, until=until).lazy()


def _lines(frame: pl.DataFrame) -> dict[str, Any]:
    return {"total": frame.height, "lines": frame.head(SHOWN).to_dicts()}
