"""The code location: puts the rooms together and nothing else."""

import dagster as dg

from assets import build_assets
from jobs import JOBS, SCHEDULES
from orchestration.freshness import with_freshness
from orchestration.resources import ShopResource
from orchestration.settings import load_settings


@dg.definitions
def defs() -> dg.Definitions:
    """Everything Dagster shows, for the shop that the environment names."""
    settings = load_settings()
    assets = build_assets(settings)
    return dg.Definitions(
        assets=assets if settings.last_day else with_freshness(assets),  # of a shop that is over nothing comes late
        jobs=JOBS,
        schedules=SCHEDULES,
        resources={
            "shop": ShopResource(home=str(settings.home), config=str(settings.config), threads=settings.threads)
        },
        executor=dg.in_process_executor,
    )
