"""What a dbt model shows in the Dagster UI after a build: counts by day, schema, lineage, rows, and its tests."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg

from orchestration import metadata
from orchestration.dbt_manifest import DbtManifest, DbtModel
from orchestration.dbt_run import DbtBuild
from orchestration.keys import asset_key
from orchestration.view_counts import view_counts
from recs.lake import Lake, PartitionInfo

TESTS_CHECK = "dbt_tests"


def report_model(
    context: dg.AssetExecutionContext,
    lake: Lake,
    manifest: DbtManifest,
    model: DbtModel,
    build: DbtBuild,
    days: Sequence[date],
    infos: Mapping[date, PartitionInfo],
) -> None:
    """Attach numbers to every day, and what describes the table to the last day only: Dagster stores it per day."""
    key = asset_key(model.table)
    counts = {} if infos else view_counts(lake, model, manifest, build.compiled, days)
    for day in days:
        shown: dict[str, Any] = {"dagster/row_count": counts.get(day, 0)}
        if day in infos:
            shown = metadata.partition_metadata(infos[day])
        if day == days[-1]:
            shown |= _description(lake, manifest, model, build, infos)
        context.add_asset_metadata(shown, asset_key=key, partition_key=day.isoformat())


def model_seconds(model: DbtModel, build: DbtBuild) -> float:
    """How long dbt took to build the model."""
    return next((s for node, s in build.seconds.items() if node.endswith(f".{model.name}")), 0.0)


def tests_check(model: DbtModel, build: DbtBuild) -> dg.AssetCheckResult:
    """The model's dbt tests as one check. A failing test never gets here: it stops the build."""
    status = [build.status[test] for test in model.tests if test in build.status]
    passed = all(value in ("pass", "success", "warn") for value in status)
    shown = {"tests": len(status), "warnings": status.count("warn")}
    return dg.AssetCheckResult(asset_key=asset_key(model.table), check_name=TESTS_CHECK, passed=passed, metadata=shown)


def _description(
    lake: Lake, manifest: DbtManifest, model: DbtModel, build: DbtBuild, infos: Mapping[date, PartitionInfo]
) -> dict[str, Any]:
    shown: dict[str, Any] = {"dagster/column_schema": metadata.dbt_schema(model)}
    lineage = metadata.column_lineage(manifest, model, build.compiled.get(model.name, ""))
    if lineage:
        shown["dagster/column_lineage"] = lineage
    if infos:
        shown["sample"] = metadata.sample(lake.read(model.table, max(infos)))
    return shown
