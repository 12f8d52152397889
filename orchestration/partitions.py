"""The one partition definition, days, and the one place that knows how Dagster hands a range to a body."""

import warnings
from collections.abc import Mapping
from datetime import date, timedelta

import dagster as dg

# backfill policies and partition mappings are marked beta; wrapped here, so one place changes when they do
warnings.filterwarnings("ignore", category=dg.BetaWarning)

SINGLE_RUN = dg.BackfillPolicy.single_run()
PARTITION_TAG = "dagster/partition"
RANGE_START_TAG = "dagster/asset_partition_range_start"
RANGE_END_TAG = "dagster/asset_partition_range_end"


def daily(first_day: date, last_day: date | None) -> dg.DailyPartitionsDefinition:
    """UTC days from ``first_day`` to ``last_day``; without one, the day in progress is the last partition."""
    if last_day is None:
        return dg.DailyPartitionsDefinition(start_date=first_day.isoformat(), end_offset=1)
    after = last_day + timedelta(days=1)
    return dg.DailyPartitionsDefinition(start_date=first_day.isoformat(), end_date=after.isoformat())


def days(context: dg.AssetExecutionContext) -> list[date]:
    """The days of this run: one, or a backfill's whole range."""
    keys = context.partition_key_range
    return day_range(date.fromisoformat(keys.start), date.fromisoformat(keys.end))


def tagged_days(tags: Mapping[str, str]) -> list[date]:
    """The days of a run by its tags, for a step without partitions of its own; none where it has no such tag."""
    first, last = (tags.get(tag) or tags.get(PARTITION_TAG) for tag in (RANGE_START_TAG, RANGE_END_TAG))
    return day_range(date.fromisoformat(first), date.fromisoformat(last)) if first and last else []


def day_range(first: date, last: date) -> list[date]:
    """All days from ``first`` to ``last``, both included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def range_tags(first: date, last: date) -> dict[str, str]:
    """The run tags that ask for a range of days in one run."""
    return {RANGE_START_TAG: first.isoformat(), RANGE_END_TAG: last.isoformat()}


def until_the_day() -> dg.TimeWindowPartitionMapping:
    """An as-of day reads every arrival day up to itself; days before a shop began are no error."""
    return dg.TimeWindowPartitionMapping(start_offset=-3650, allow_nonexistent_upstream_partitions=True)


def weeks_before() -> dg.TimeWindowPartitionMapping:
    """A ranker learns from as-of days that are a week to eleven weeks old; those that were never made are no error."""
    return dg.TimeWindowPartitionMapping(start_offset=-77, end_offset=-7, allow_nonexistent_upstream_partitions=True)
