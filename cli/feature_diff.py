"""What ``aisle features diff`` does: builds models as their SQL is now, and compares them with what is committed."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl

from cli.feature_catalogue import snapshot_days
from orchestration.abuse import abuse_variables
from orchestration.dbt_manifest import DbtManifest, DbtModel
from orchestration.dbt_run import BUILD_SECONDS, DbtBuild, DbtLimits, dbt_build
from orchestration.settings import PROJECT, Settings
from orchestration.versions import code_version
from recs.errors import AisleError, ConfigError
from recs.features.compare import compared
from recs.features.keys import sampled
from recs.features.outcome import Outcome, outcome_of
from recs.lake import Lake, PartitionInfo
from recs.lake.inputs import Inputs
from recs.lake.retention import refuse_deleted
from recs.ranking.weeks import HORIZON_DAYS

FACTS, DIM_ITEM = "facts/fct_user_item_daily", "features/dim_item"
STAGE = "features"


def chosen_models(manifest: DbtManifest, names: Sequence[str]) -> list[DbtModel]:
    """The feature models of these names, parents first. ConfigError for a name that is none."""
    known = {model.name: model for table, model in manifest.models.items() if table.startswith(f"{STAGE}/")}
    wanted = [name.removeprefix(f"{STAGE}/") for name in names]
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ConfigError(f"there is no feature model {unknown[0]!r}", f"choose from {', '.join(sorted(known))}")
    return [model for model in known.values() if model.name in wanted]


def diff_models(
    settings: Settings, manifest: DbtManifest, models: Sequence[DbtModel], as_of: date | None, sample: float | None
) -> dict[str, Any]:
    """Build the models for the day aside and compare each with its partition of the day; nothing is committed.

    sample: the share of shoppers to compare by, in tables that have shoppers. DbtFailed in dbt's words.
    """
    lake = Lake(settings.lake)
    day = as_of or _newest_day(lake, models)
    for model in models:
        _refuse_missing(lake, model, day)
    refuse_deleted(lake, {model.table: manifest.lake_parents(model.table) for model in models}, [day])
    limits = DbtLimits(settings.threads, settings.memory_limit)
    bought, why_none = _bought_after(lake, day)
    with dbt_build(
        models, [day], lake=lake, run_id=f"diff-{uuid.uuid4()}", limits=limits, thresholds=abuse_variables(settings)
    ) as build:
        found = [_diff(lake, manifest, model, day, build, bought, sample) for model in models]
    return {
        "as_of_date": day,
        "outcome_until": day + timedelta(days=HORIZON_DAYS) if bought is not None else None,
        "why_no_correlation": why_none,
        "sample": sample,
        "models": found,
    }


def _newest_day(lake: Lake, models: Sequence[DbtModel]) -> date:
    """The newest day that all models have, with a week of facts after it where one has; of dim_item for new models."""
    tables = [model.table for model in models if lake.days(model.table)] or [DIM_ITEM]
    days = sorted(set.intersection(*(set(snapshot_days(lake, table)) for table in tables)))
    if not days:
        problem = f"there is no day that {' and '.join(tables)} are all committed for"
        raise AisleError(problem, "make one first: aisle run daily, or aisle demo")
    return max((d for d in days if d <= _last_judged(lake)), default=days[-1])


def _last_judged(lake: Lake) -> date:
    arrived = lake.days(FACTS)
    return arrived[-1] - timedelta(days=HORIZON_DAYS) if arrived else date.min


def _refuse_missing(lake: Lake, model: DbtModel, day: date) -> None:
    days = snapshot_days(lake, model.table)
    if days and day not in days:
        fix = f"choose one of them, or aisle backfill --from {day} --to {day} --select {model.table}"
        raise AisleError(f"{model.table} has no partition {day}: it has {days[0]} to {days[-1]}", fix)


def _bought_after(lake: Lake, day: date) -> tuple[pl.DataFrame | None, str | None]:
    """user_id, item_id, purchase_count of the week after the day, whenever it arrived; or why there is none."""
    if day > _last_judged(lake):
        last = lake.days(FACTS)[-1:]
        told = f"{FACTS} ends {last[0]}" if last else f"there is no {FACTS}"
        return None, f"the {HORIZON_DAYS} days after {day} have not arrived: {told}"
    files = lake.files(FACTS, since=day + timedelta(days=1), until=lake.days(FACTS)[-1])
    is_after = pl.col("event_date").is_between(day, day + timedelta(days=HORIZON_DAYS), closed="right")
    rows = pl.scan_parquet(files, hive_partitioning=False, extra_columns="ignore").filter(is_after)
    lines = rows.group_by("user_id", "item_id").agg(pl.col("purchase_count").sum())
    return lines.collect(), None


def _diff(
    lake: Lake,
    manifest: DbtManifest,
    model: DbtModel,
    day: date,
    build: DbtBuild,
    bought: pl.DataFrame | None,
    sample: float | None,
) -> dict[str, Any]:
    info, now = lake.info(model.table, day), build.staged(model)
    sides = [_in_force(lake, model, day, now), now]
    is_sampled = sample is not None and "user_id" in now.collect_schema()
    if is_sampled and sample is not None:
        users = pl.concat([side.select("user_id").unique() for side in sides if "user_id" in side.collect_schema()])
        kept = sampled(users.collect()["user_id"], sample)
        sides = [side.filter(pl.col("user_id").is_in(kept.implode())) for side in sides]
    outcome = _outcome(lake, model, day, bought)
    return {
        "model": model.name,
        "in_force": _provenance(lake, manifest, model, day, info),
        "is_sampled": is_sampled,
        "read_by": [other.name for other in manifest.models.values() if model.table in other.parents],
        "outcome": outcome.what if outcome else None,
        "build_seconds": {
            "before": info.extra.get(BUILD_SECONDS) if info else None,
            "after": round(build.seconds_of(model), 3),
        },
        **compared(sides[0], sides[1], model.sort_by, outcome),
    }


def _in_force(lake: Lake, model: DbtModel, day: date, now: pl.LazyFrame) -> pl.LazyFrame:
    """The committed partition; of a model that has none yet, no rows of its keys."""
    files = lake.day_files(model.table, day)
    if files:
        return pl.scan_parquet(files, hive_partitioning=False)
    return now.select(*model.sort_by).clear()


def _outcome(lake: Lake, model: DbtModel, day: date, bought: pl.DataFrame | None) -> Outcome | None:
    entity, level = model.meta.get("entity", ""), model.meta.get("level", "category_l2")
    if bought is None:
        return None
    items = lake.read(DIM_ITEM, day, ["item_id", level]) if "category" in entity else bought
    return outcome_of(entity, level, bought, items)


def _provenance(
    lake: Lake, manifest: DbtManifest, model: DbtModel, day: date, info: PartitionInfo | None
) -> Mapping[str, Any] | None:
    """The version in force, and whether code or inputs are others since; None for a model that has none yet."""
    if info is None:
        return None
    return {
        "content_hash": info.content_hash,
        "is_same_code": info.code_version == code_version(PROJECT, model.table),
        "are_same_inputs": dict(info.inputs) == Inputs(lake).of(model.table, day, manifest.lake_parents(model.table)),
    }
