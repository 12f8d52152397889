"""The daily run: every table of one as-of day, or of a range of days in one run, from raw events to a release."""

import dagster as dg

STAGES = (
    "raw",
    "staging",
    "facts",
    "features",
    "models",
    "channels",
    "pools",
    "rankings",
    "surfaces",
    "releases",
    "emails",
)

daily = dg.define_asset_job(  # partitions come from the selected assets
    "daily",
    selection=dg.AssetSelection.groups(*STAGES),
    description="One as-of day end to end, or a range of days in one run. What is up to date is kept.",
)
daily_schedule = dg.build_schedule_from_partitioned_job(daily, hour_of_day=3, name="daily_schedule")
