"""The code location: puts the rooms together and nothing else."""

import dagster as dg

from assets import build_assets
from jobs import JOBS, SCHEDULES
from orchestration.resources import ShopResource
from orchestration.settings import load_settings


@dg.definitions
def defs() -> dg.Definitions:
    """Everything Dagster shows, for the shop that the environment names."""
    settings = load_settings()
    return dg.Definitions(
        assets=build_assets(settings),
        jobs=JOBS,
        schedules=SCHEDULES,
        resources={
            "shop": ShopResource(home=str(settings.home), config=str(settings.config), threads=settings.threads)
        },
        executor=dg.in_process_executor,
    )
