"""Closed months of a table by arrival day, one file each: a long window opens a file a month, not a file a day.

They are made of the partitions and never stand for them: one that differs from its days by a hash is not used.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pyarrow.parquet as pq

from recs.lake.lake import Lake
from recs.lake.swap import replaced_folder

FOLDER, ROWS, DAYS = ".months", "rows.parquet", "days.json"
MOST_BYTES = 1 << 28


class Month(NamedTuple):
    """A month as ``YYYY-MM``, and the file with the rows of all its days."""

    name: str
    file: Path


def months(lake: Lake, table: str, *, until: date) -> list[Month]:
    """The rolled-up months that end by ``until`` and hold just what their partitions hold, oldest first."""
    found = []
    for name, days in _closed_months(lake, table, until):
        folder = lake.folder(table) / FOLDER / name
        if _told(folder) == _hashes(lake, table, days):
            found.append(Month(name, folder / ROWS))
    return found


def roll_up(lake: Lake, table: str, *, until: date) -> None:
    """Make the months that end by ``until`` and are missing or out of date.

    Left as days are those that differ in columns, and large ones, of which a file a day is not too many.
    """
    there = {month.name for month in months(lake, table, until=until)}
    for name, days in _closed_months(lake, table, until):
        files = [file for day in days for file in lake.day_files(table, day)]
        if name in there or sum(file.stat().st_size for file in files) > MOST_BYTES:
            continue
        if len({str(pq.read_schema(file)) for file in files}) != 1:
            continue
        hashes = _hashes(lake, table, days)
        with replaced_folder(lake.folder(table) / FOLDER / name) as fresh:
            pl.scan_parquet(files, hive_partitioning=False).sink_parquet(fresh / ROWS, compression="zstd")
            (fresh / DAYS).write_text(json.dumps(hashes, indent=1))


def _closed_months(lake: Lake, table: str, until: date) -> Iterator[tuple[str, list[date]]]:
    for first, days in groupby(lake.days(table, until=until), key=lambda day: day.replace(day=1)):
        if (first + timedelta(days=31)).replace(day=1) <= until + timedelta(days=1):
            yield f"{first:%Y-%m}", list(days)


def _hashes(lake: Lake, table: str, days: Sequence[date]) -> Mapping[str, str]:
    infos = {day: lake.info(table, day) for day in days}
    return {day.isoformat(): info.content_hash if info else "" for day, info in infos.items()}


def _told(folder: Path) -> Mapping[str, str] | None:
    try:
        return dict(json.loads((folder / DAYS).read_bytes()))
    except FileNotFoundError:
        return None
