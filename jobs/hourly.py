"""The hourly run: what has arrived by now, in the raw tables of the open day; missed hours and days are caught up."""

from collections.abc import Iterator
from datetime import UTC

import dagster as dg

from orchestration.partitions import range_tags
from orchestration.resources import ShopResource

hourly = dg.define_asset_job(
    "hourly",
    selection=dg.AssetSelection.groups("raw", "staging"),
    description=(
        "Takes every inbox and adds the hours that have arrived to the raw tables of the open day, with the views over "
        "them. It refreshes no list yet: facts, features and releases wait for the daily run."
    ),
)


@dg.schedule(job=hourly, cron_schedule="10 * * * *", name="hourly_schedule")
def hourly_schedule(context: dg.ScheduleEvaluationContext, shop: ShopResource) -> Iterator[dg.RunRequest]:
    """Ten minutes past each hour: the open day, and every day with files that no partition holds yet, in one run."""
    from assets.inboxes import hourly_days, take_inboxes
    from assets.raw import CONTRACTS, shop_sources
    from recs.contracts import load_contracts

    settings, now = shop.settings(), context.scheduled_execution_time.astimezone(UTC)
    contracts = load_contracts(CONTRACTS)
    sources = shop_sources(settings, contracts)
    take_inboxes(settings, sources, now)
    days = hourly_days(settings, sources, list(contracts), now.date())
    yield dg.RunRequest(run_key=now.isoformat(), tags=range_tags(days[0], days[-1]))
