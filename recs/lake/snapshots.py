"""Which old feature snapshots of pairs are kept: they are most of a lake, and can be made again from facts."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta

from recs.errors import ConfigError
from recs.lake.lake import Lake
from recs.lake.retention import OldDay

LEAST_DAYS = 8  # labels close a week after their day: a ranker is trained on what is older


def kept_snapshot_days(snapshot_days: int | None, file: object) -> int | None:
    """How many newest days are kept whole; None for all. ConfigError when a ranker would find none of them."""
    if snapshot_days is not None and snapshot_days < LEAST_DAYS:
        problem = (
            f"retention.snapshot_days is {snapshot_days}; a ranker learns from days at least {LEAST_DAYS - 1} days old"
        )
        raise ConfigError(f"{file}: {problem}", f"use {LEAST_DAYS} or more, or leave it out to keep every day")
    return snapshot_days


def prunable_days(days: Iterable[date], *, keep_days: int, weekly_days: int, keep: Collection[date] = ()) -> list[date]:
    """The days that are not kept, oldest first.

    Kept are the newest ``keep_days`` days, the last day of each calendar week of the newest ``weekly_days``, ``keep``.
    """
    ordered = sorted(days)
    if not ordered:
        return []
    newest = ordered[-1]
    last_of_week = {day.isocalendar()[:2]: day for day in ordered}
    return [
        day
        for day in ordered
        if newest - day >= timedelta(days=keep_days)
        and not (newest - day < timedelta(days=weekly_days) and day == last_of_week[day.isocalendar()[:2]])
        and day not in keep
    ]


def pruning_plan(
    lake: Lake, tables: Sequence[str], *, keep_days: int, weekly_days: int, keep: Collection[date] = ()
) -> list[OldDay]:
    """What pruning the snapshots of ``tables`` would take away, oldest day first; see ``prunable_days``."""
    found: dict[date, dict[str, int]] = {}
    for table in tables:
        for day in prunable_days(lake.days(table), keep_days=keep_days, weekly_days=weekly_days, keep=keep):
            info = lake.info(table, day)
            if info is not None and info.deleted_rows is None:
                found.setdefault(day, {})[table] = info.rows
    return [OldDay(day, found[day]) for day in sorted(found)]
