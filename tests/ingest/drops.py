"""A day of files in one format, built: bytes in, rows and quarantine out."""

import io
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.ingest.shop import Shop

D = date(2026, 3, 1)
AT = "2026-03-01 10:00:00"
COLUMNS = {"event_id": "id", "event_at": "t", "item_id": "item", "action": "'view'", "query": "q"}


@dataclass
class Found:
    """``good``: (event_id, item_id, query); ``bad``: (line, text, rules); counts as read, valid, quarantined, again."""

    good: list[tuple[object, ...]]
    bad: list[tuple[object, ...]]
    counts: tuple[int, int, int, int]
    shop: Shop


def read(tmp_path: Path, *files: str | bytes, name: str = "x", columns=None, source=None, **drop) -> Found:
    """Land files in one hour for a source of one drop, and build the day."""
    drop = {"file": "*", "feeds": "events", "columns": COLUMNS | (columns or {}), **drop}
    text = json.dumps({"source": "s", "arrival": "now", **(source or {}), "drops": {"d": drop}})
    shop = Shop(tmp_path, text)
    for number, data in enumerate(files):
        shop.land(f"{number}-{name}", data, day=D)
    [c] = shop.build(D)
    has_bad = shop.lake.info("raw/quarantine/events", D) is not None
    told = ("source_line", "source_text", "rules")
    return Found(
        shop.rows(D, "event_id", "item_id", "query"),
        shop.rows(D, *told, table="raw/quarantine/events") if has_bad else [],
        (c.read, c.valid, c.quarantined, c.duplicate),
        shop,
    )


CSV = f"id,t,item,q\na,{AT},i,x\nb,{AT},j,ü\n"
GOOD = [("a", "i", "x"), ("b", "j", "ü")]


def line(**fields: object) -> str:
    return json.dumps({"id": "a", "t": AT, "item": "i", **fields})


def jsonl(tmp_path: Path, data: str | bytes, **kwargs) -> Found:
    return read(tmp_path, data, name="x.jsonl", format="json_lines", **kwargs)


def parquet(rows: int = 1, **columns: object) -> bytes:
    plain = {"id": [f"{n}" for n in range(rows)], "t": [AT] * rows, "item": ["i"] * rows, "q": pa.nulls(rows)}
    file = io.BytesIO()
    pq.write_table(pa.table(plain | columns), file, row_group_size=2)
    return file.getvalue()


def read_parquet(tmp_path: Path, *files: bytes, **kwargs) -> Found:
    return read(tmp_path, *files, name="x.parquet", format="parquet", **kwargs)
