"""Staging, facts and features: one dbt build for all days of a run, committed by partition when its tests pass."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import dagster as dg

from orchestration import metadata, partitions
from orchestration.abuse import abuse_variables, chosen
from orchestration.dbt_manifest import DbtManifest, DbtModel
from orchestration.dbt_project import load_manifest
from orchestration.dbt_report import TESTS_CHECK, report_model, tests_check
from orchestration.dbt_run import DbtLimits, commit_model, dbt_build
from orchestration.keys import asset_key
from orchestration.resources import ShopResource
from orchestration.settings import Settings
from recs.lake import Provenance
from recs.lake.inputs import Inputs, stale_days
from recs.lake.months import roll_up
from recs.lake.partition import partition_column
from recs.lake.retention import refuse_deleted

DAYS_AT_ONCE = 30  # as-of days built, tested and committed together: a long backfill that is stopped keeps the others


def dbt_models(settings: Settings) -> dg.AssetsDefinition:
    """One multi-asset over all models: dbt starts once for whatever part of them a run asks for."""
    manifest = load_manifest()

    @dg.multi_asset(
        name="dbt_models",
        specs=[_spec(manifest, model) for model in manifest.models.values()],
        check_specs=[dg.AssetCheckSpec(TESTS_CHECK, asset=asset_key(m.table)) for m in manifest.models.values()],
        can_subset=True,
        partitions_def=partitions.daily(settings.first_day, settings.last_day),
        backfill_policy=partitions.SINGLE_RUN,
    )
    def models(context: dg.AssetExecutionContext, shop: ShopResource) -> Iterator[Any]:
        days = partitions.days(context)
        chosen = [m for m in manifest.models.values() if asset_key(m.table) in context.selected_asset_keys]
        inputs = Inputs(shop.lake())
        stale = stale_models(shop, manifest, chosen, days, inputs)
        todo = sorted({day for model_days in stale.values() for day in model_days})
        made = [model for model in chosen if todo and (model.is_view or stale[model.table])]
        span = partitions.day_range(todo[0], todo[-1]) if todo else []
        built = build_models(shop, manifest, made, span, context.run_id) if made else {}
        for model in chosen:  # parents first, as Dagster wants them
            report_model(context, shop.lake(), manifest, model, days, built=model.table in built)
            seconds, checks = built.get(model.table, (0.0, []))
            shown = metadata.run_metadata(seconds)
            yield dg.MaterializeResult(asset_key(model.table), metadata=shown, check_results=checks)

    return models


def stale_models(
    shop: ShopResource, manifest: DbtManifest, chosen: Sequence[DbtModel], days: Sequence[date], inputs: Inputs
) -> dict[str, list[date]]:
    """The days of each table that one run of ``chosen`` (parents first) makes: out of date, or read from such a day.

    What a parent will hold is not known before it is made, so a child is made with it.
    """
    stale: dict[str, list[date]] = {}
    for model in (m for m in chosen if not m.is_view):
        found = set(stale_model_days(shop, manifest, model, days, inputs))
        for parent in manifest.lake_parents(model.table) & stale.keys():
            arrives = partition_column(parent) != model.partition_column  # and is then read by every later day
            found |= {d for d in days if d in stale[parent] or (arrives and stale[parent] and d >= stale[parent][0])}
        stale[model.table] = sorted(found)
    return stale


def stale_model_days(
    shop: ShopResource, manifest: DbtManifest, model: DbtModel, days: Sequence[date], inputs: Inputs
) -> list[date]:
    """The days whose partition is missing or was made from other inputs or by other SQL."""
    provenance = _provenance(shop, model, "")
    parents = manifest.lake_parents(model.table)
    return stale_days(shop.lake(), model.table, days, lambda day: inputs.of(model.table, day, parents), provenance)


def build_models(
    shop: ShopResource, manifest: DbtManifest, made: Sequence[DbtModel], days: Sequence[date], run_id: str
) -> dict[str, tuple[float, list[dg.AssetCheckResult]]]:
    """Build the models for days at equal distances and commit them, some days at a time; seconds and checks by table.

    LakeError when a day would be made of raw rows that retention has deleted.
    """
    lake, settings, inputs = shop.lake(), shop.settings(), Inputs(shop.lake())
    refuse_deleted(lake, {m.table: manifest.lake_parents(m.table) for m in made if not m.is_view}, days)
    limits, thresholds = DbtLimits(settings.threads, settings.memory_limit), abuse_variables(settings)
    built: dict[str, tuple[float, list[dg.AssetCheckResult]]] = {}
    at_once = len(days) if all(m.partition_column == "arrival_date" for m in made) else DAYS_AT_ONCE
    for some in (days[n : n + at_once] for n in range(0, len(days), at_once)):
        with dbt_build(made, some, lake=lake, run_id=run_id, limits=limits, thresholds=thresholds) as build:
            for model in (m for m in made if not m.is_view):
                parents = sorted(manifest.lake_parents(model.table))
                provenance = _provenance(shop, model, run_id)
                commit_model(
                    build,
                    model,
                    some,
                    inputs=inputs,
                    parents=parents,
                    provenance=provenance,
                    threads=settings.threads,
                )
                if model.partition_column == "arrival_date":
                    roll_up(lake, model.table, until=some[-1])
            for model in made:
                seconds = built.get(model.table, (0.0, []))[0] + build.seconds_of(model)
                built[model.table] = seconds, [tests_check(model, build)]
    return built


def _provenance(shop: ShopResource, model: DbtModel, run_id: str) -> Provenance:
    """With the thresholds that the model's SQL names, so that a change of one makes its days anew."""
    thresholds = chosen(abuse_variables(shop.settings()), model.variables) if model.variables else {}
    return shop.provenance(model.table, run_id, thresholds)


def _spec(manifest: DbtManifest, model: DbtModel) -> dg.AssetSpec:
    return dg.AssetSpec(
        asset_key(model.table),
        deps=[_dep(model, parent) for parent in model.parents],
        description=model.description,
        group_name=model.table.split("/")[0],
        kinds={"dbt", "duckdb"},
        metadata={"dagster/column_schema": metadata.dbt_schema(model)},
        skippable=True,
    )


def _dep(model: DbtModel, parent: str) -> dg.AssetDep:
    """A daily fact reads its own arrival day; a feature reads every day until its own."""
    is_arrival = parent.split("/")[0] in ("raw", "staging", "facts")
    if is_arrival and model.table.startswith("features/"):
        return dg.AssetDep(asset_key(parent), partition_mapping=partitions.until_the_day())
    return dg.AssetDep(asset_key(parent))
