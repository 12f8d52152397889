"""Frames of lake tables as of a day, for the functions of ``recs``."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path

import polars as pl

from recs.lake import Lake
from recs.lake.partition import ARRIVAL_STAGES


def frames_as_of(lake: Lake, tables: Sequence[str], day: date) -> list[pl.DataFrame]:
    """One frame a table: the day's partition, or of an arriving table all that had arrived by the day."""
    return [
        _until(lake, table, day) if table.split("/")[0] in ARRIVAL_STAGES else lake.read(table, day) for table in tables
    ]


def _until(lake: Lake, table: str, day: date) -> pl.DataFrame:
    return _window(lake.root, table, day, lake.inputs_hash(table, until=day))


@lru_cache(maxsize=2)  # every channel of a day reads the same history; the hash tells when it has changed
def _window(root: Path, table: str, day: date, inputs_hash: str) -> pl.DataFrame:
    return Lake(root).read_window(table, until=day)
