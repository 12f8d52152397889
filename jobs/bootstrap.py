"""The past as-of days that a first ranker learns from, in one run: weekly features, models, channels and pools."""

import os
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import dagster as dg

from orchestration import metadata
from orchestration.keys import asset_key
from orchestration.resources import ShopResource
from orchestration.settings import Settings
from recs.lake.inputs import Inputs

if TYPE_CHECKING:
    from orchestration.dbt_manifest import DbtManifest, DbtModel

POLARS_THREADS = "POLARS_MAX_THREADS"


def past_weeks(as_of: date, weeks: int, first_day: date) -> list[date]:
    """``as_of`` and the ``weeks`` days before it that are whole weeks away, as far as the shop had begun."""
    days = (as_of - timedelta(days=7 * n) for n in range(weeks, -1, -1))
    return [day for day in days if day >= first_day]


@dg.op(
    config_schema={"as_of": str, "weeks": int},
    out=dg.Out(dg.Nothing),
    description="Features, models, channels and whole pools of past as-of days a week apart. What is there is kept.",
)
def past_as_ofs(context: dg.OpExecutionContext, shop: ShopResource) -> None:
    settings = shop.settings()
    days = past_weeks(date.fromisoformat(context.op_config["as_of"]), context.op_config["weeks"], settings.first_day)
    tables = [*_features(shop, days, context.run_id), *_passes(settings, days, context.run_id)]
    for table, day, shown in tables:
        seen = metadata.day_metadata(shop.lake(), table, day, context.run_id) | shown
        context.log_event(dg.AssetMaterialization(asset_key(table), partition=day.isoformat(), metadata=seen))


@dg.job(description="What the first ranker needs of the past: run it once, before the first daily run.")
def bootstrap() -> None:
    past_as_ofs()


def is_pending(settings: Settings, days: Sequence[date]) -> bool:
    """Whether anything of the days would have to be made."""
    from assets import candidate_passes
    from orchestration.dbt_project import load_manifest

    shop = ShopResource(home=str(settings.home), config=str(settings.config), threads=settings.threads)
    inputs = Inputs(shop.lake())
    stale = any(stale for _, stale in _feature_models(shop, load_manifest(), days, inputs))
    return stale or any(one.stale(shop, days, inputs) for one in candidate_passes(settings))


Report = tuple[str, date, dict[str, Any]]


def _features(shop: ShopResource, days: Sequence[date], run_id: str) -> Iterator[Report]:
    """Every feature model of the days, in one build of dbt."""
    from assets.dbt_models import build_models
    from orchestration.dbt_project import load_manifest

    manifest = load_manifest()
    models = _feature_models(shop, manifest, days, Inputs(shop.lake()))
    made, todo = [model for model, stale in models if stale], sorted({day for _, stale in models for day in stale})
    built = {}
    if made:
        span = [day for day in days if todo[0] <= day <= todo[-1]]
        built = build_models(shop, manifest, made, span, run_id)
    for model, _ in models:
        for day in days:
            yield model.table, day, metadata.run_metadata(built[model.table][0] if model.table in built else 0.0)


def _feature_models(
    shop: ShopResource, manifest: "DbtManifest", days: Sequence[date], inputs: Inputs
) -> list[tuple["DbtModel", list[date]]]:
    """Every feature model with those of the days that it has to be made for."""
    from assets.dbt_models import stale_models

    models = [model for model in manifest.models.values() if model.table.startswith("features/")]
    stale = stale_models(shop, manifest, models, days, inputs)
    return [(model, stale[model.table]) for model in models]


def _passes(settings: Settings, days: Sequence[date], run_id: str) -> Iterator[Report]:
    """Models, channels and pools: a day at a time in each of as many processes as the shop has threads."""
    work = [(str(settings.home), str(settings.config), day, run_id) for day in days]
    if settings.threads == 1:
        done: Iterable[list[Report]] = map(_day, work)
    else:
        with _one_thread_each(), ProcessPoolExecutor(settings.threads, get_context("spawn")) as pool:
            done = list(pool.map(_day, work))
    seconds = defaultdict[str, float](float)
    for table, day, shown in (report for reports in done for report in reports):
        seconds[table] += shown["seconds"]
        yield table, day, shown | metadata.run_metadata(seconds[table])


def _day(work: tuple[str, str, date, str]) -> list[Report]:
    """Everything of one day that is not up to date; what its channels read together is read once."""
    from assets import candidate_passes

    home, config, day, run_id = work
    shop = ShopResource(home=home, config=config, threads=1)
    inputs, reports = Inputs(shop.lake()), []
    for one in candidate_passes(shop.settings()):
        started = time.monotonic()
        shown = one.make(shop, [day], run_id, inputs)
        seconds = metadata.run_metadata((time.monotonic() - started) / len(one.tables))
        reports += [(table.table, day, {**seconds, **shown.get((table.table, day), {})}) for table in one.tables]
    return reports


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """What processes started inside read from the environment: as many of them as cores leave one core to each."""
    before = os.environ.get(POLARS_THREADS)
    os.environ[POLARS_THREADS] = "1"
    try:
        yield
    finally:
        os.environ.pop(POLARS_THREADS)
        os.environ.update({POLARS_THREADS: before} if before is not None else {})
