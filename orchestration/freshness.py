"""When a table is late: the policies that Dagster's UI shows on every asset of a shop that is open."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import dagster as dg

OPEN_DAY_GROUPS = ("raw", "staging")  # what the hourly run makes
OPEN_DAY_MINUTES = 75
OFFLINE_HOURS = 6  # after midnight UTC, when the day has closed
UNSCHEDULED_GROUPS = ("evaluation",)


def with_freshness(assets: Iterable[Any]) -> list[Any]:
    """The assets with a policy each: open-day tables are made every 75 minutes, all others by six in the morning."""
    return list(dg.map_asset_specs(_with_policy, assets))


def _with_policy(spec: dg.AssetSpec) -> dg.AssetSpec:
    return spec if spec.group_name in UNSCHEDULED_GROUPS else dg.apply_freshness_policy(spec, _policy(spec))


def _policy(spec: dg.AssetSpec) -> dg.FreshnessPolicy:
    if spec.group_name in OPEN_DAY_GROUPS:
        return dg.FreshnessPolicy.time_window(fail_window=timedelta(minutes=OPEN_DAY_MINUTES))
    by_then = timedelta(hours=OFFLINE_HOURS)
    return dg.FreshnessPolicy.cron(deadline_cron=f"0 {OFFLINE_HOURS} * * *", lower_bound_delta=by_then)
