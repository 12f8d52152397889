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
    from assets.partitioned import LakePass

POLARS_THREADS = "POLARS_MAX_THREADS"
PASSES = frozenset({"models__ials", "pools"})


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
    from assets.dbt_models import stale_model_days
    from orchestration.dbt_project import load_manifest

    shop = ShopResource(home=str(settings.home), config=str(settings.config), threads=settings.threads)
    manifest = load_manifest()
    models = [model for model in manifest.models.values() if model.table.startswith("features/")]
    inputs = Inputs(shop.lake())
    stale = any(stale_model_days(shop, manifest, model, days, inputs) for model in models)
    return stale or any(one.stale(shop, days, inputs) for one in _chosen(settings))


Report = tuple[str, date, dict[str, Any]]


def _features(shop: ShopResource, days: Sequence[date], run_id: str) -> Iterator[Report]:
    """Every feature model of the days, in one build of dbt."""
    from assets.dbt_models import build_models, stale_model_days
    from orchestration.dbt_project import load_manifest

    manifest = load_manifest()
    models = [model for model in manifest.models.values() if model.table.startswith("features/")]
    inputs = Inputs(shop.lake())
    stale = {model.table: set(stale_model_days(shop, manifest, model, days, inputs)) for model in models}
    made = [model for model in models if stale[model.table]]
    built = {}
    if made:
        todo = sorted(set.union(*stale.values()))
        built = build_models(shop, manifest, made, [d for d in days if todo[0] <= d <= todo[-1]], run_id)
    for model in models:
        for day in days:
            yield model.table, day, metadata.run_metadata(built[model.table][0] if model.table in built else 0.0)


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
    home, config, day, run_id = work
    shop = ShopResource(home=home, config=config, threads=1)
    inputs, reports = Inputs(shop.lake()), []
    for one in _chosen(shop.settings()):
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


def _chosen(settings: Settings) -> "list[LakePass]":
    from assets import lake_passes

    return [p for p in lake_passes(settings) if p.name in PASSES or p.name.startswith("channels__")]
