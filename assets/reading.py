"""Frames of lake tables as of a day, for the functions of ``recs``."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path

import polars as pl

from recs.history import less_suspects, net, with_codes
from recs.lake import Lake
from recs.lake.partition import ARRIVAL_STAGES

ITEM_DAILY, SUSPECT_ITEM_DAILY = "facts/fct_item_daily", "features/int_suspect_item_daily"
HISTORY, DIM_ITEM, DIM_USER = "facts/fct_user_item_daily", "features/dim_item", "features/dim_user"


def frames_as_of(lake: Lake, tables: Sequence[str], day: date) -> list[pl.DataFrame]:
    """One frame a table: the day's partition, or of an arriving table all that had arrived by the day.

    What the day's suspects did is taken off what everyone did (fct_item_daily). Where the shopper's history comes with
    both dims, its rows already carry their codes.
    """
    coded = {HISTORY, DIM_ITEM, DIM_USER} <= set(tables)
    return [_coded_history(lake, day) if coded and table == HISTORY else _frame(lake, table, day) for table in tables]


def _frame(lake: Lake, table: str, day: date) -> pl.DataFrame:
    if table.split("/")[0] not in ARRIVAL_STAGES:
        return lake.read(table, day)
    if table == ITEM_DAILY:
        return _item_daily(lake.root, day, lake.inputs_hash(table, until=day), _hash(lake, SUSPECT_ITEM_DAILY, day))
    return _window(lake.root, table, day, lake.inputs_hash(table, until=day))


def _coded_history(lake: Lake, day: date) -> pl.DataFrame:
    hashes = [lake.inputs_hash(HISTORY, until=day), *(_hash(lake, table, day) for table in (DIM_ITEM, DIM_USER))]
    return _coded(lake.root, day, tuple(hashes))


def _hash(lake: Lake, table: str, day: date) -> str:
    info = lake.info(table, day)
    return info.content_hash if info else ""


# what every channel of a day reads is read once; the hashes tell when it has changed
@lru_cache(maxsize=2)
def _window(root: Path, table: str, day: date, inputs_hash: str) -> pl.DataFrame:
    rows = Lake(root).read_window(table, until=day)
    return net(rows) if table == HISTORY else rows


@lru_cache(maxsize=1)
def _item_daily(root: Path, day: date, inputs_hash: str, suspects_hash: str) -> pl.DataFrame:
    lake = Lake(root)
    return less_suspects(lake.read_window(ITEM_DAILY, until=day), lake.read(SUSPECT_ITEM_DAILY, day))


@lru_cache(maxsize=1)
def _coded(root: Path, day: date, hashes: tuple[str, ...]) -> pl.DataFrame:
    lake = Lake(root)
    history = lake.read_window(
        HISTORY,
        until=day,
        columns=["arrival_date", "event_date", "user_id", "item_id", "purchase_count", "return_count"],
    )
    return with_codes(net(history), lake.read(DIM_ITEM, day), lake.read(DIM_USER, day)).drop("user_id", "item_id")
