"""Closed months in one file each: the same rows as their days, or not used."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from recs.lake import Lake, Provenance
from recs.lake.damage import damaged_partitions
from recs.lake.months import months, roll_up

TABLE = "facts/fct_item_daily"
FIRST, LAST = date(2026, 1, 30), date(2026, 4, 2)
DAYS = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]


def write(lake: Lake, day: date, items: list[str], **more: int) -> None:
    rows = pl.DataFrame({"item_id": items}).with_columns(pl.lit(day).alias("arrival_date"))
    rows = rows.with_columns(pl.lit(value).alias(name) for name, value in more.items())
    by = Provenance("code", "config", "run")
    lake.write_partition(TABLE, day, rows, sort_by=["item_id"], inputs={}, provenance=by)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path)
    for day in DAYS:
        write(lake, day, [f"i{day.day}", "tea"])
    roll_up(lake, TABLE, until=LAST)
    return lake


def named(lake: Lake, until: date) -> list[str]:
    return [month.name for month in months(lake, TABLE, until=until)]


def test_a_month_is_closed_by_its_last_day_and_holds_the_rows_of_its_days(lake):
    assert named(lake, LAST) == ["2026-01", "2026-02", "2026-03"]  # April goes on; January began late
    assert named(lake, date(2026, 3, 31)) == ["2026-01", "2026-02", "2026-03"]
    assert named(lake, date(2026, 3, 30)) == ["2026-01", "2026-02"]
    for month in months(lake, TABLE, until=LAST):
        days = [day for day in DAYS if f"{day:%Y-%m}" == month.name]
        rows = lake.read_window(TABLE, since=days[0], until=days[-1])
        assert pl.read_parquet(month.file).equals(rows)
    assert lake.days(TABLE) == DAYS
    assert list(damaged_partitions(lake)) == []


def test_a_month_with_a_changed_or_a_new_day_is_not_used_until_it_is_made_again(lake):
    write(lake, date(2026, 2, 3), ["other"])
    write(lake, date(2026, 1, 2), ["early"])
    assert named(lake, LAST) == ["2026-03"]
    roll_up(lake, TABLE, until=LAST)
    assert named(lake, LAST) == ["2026-01", "2026-02", "2026-03"]
    (january, february, _) = months(lake, TABLE, until=LAST)
    assert "early" in pl.read_parquet(january.file)["item_id"]
    assert "other" in pl.read_parquet(february.file)["item_id"]
    assert "i3" not in pl.read_parquet(february.file)["item_id"]


def test_days_of_different_columns_stay_days(lake):
    write(lake, date(2026, 2, 3), ["tea"], view_count=1)
    roll_up(lake, TABLE, until=LAST)
    assert named(lake, LAST) == ["2026-01", "2026-03"]


def test_what_is_there_is_kept_as_it_is(lake):
    before = {month.file: month.file.stat().st_mtime_ns for month in months(lake, TABLE, until=LAST)}
    roll_up(lake, TABLE, until=LAST)
    assert {month.file: month.file.stat().st_mtime_ns for month in months(lake, TABLE, until=LAST)} == before
