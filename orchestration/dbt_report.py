"""What a dbt model shows in the Dagster UI after a build: counts by day, schema, lineage, rows, and its tests."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import dagster as dg

from orchestration import metadata
from orchestration.dbt_manifest import DbtManifest, DbtModel
from orchestration.dbt_run import DbtBuild
from orchestration.keys import asset_key
from orchestration.view_counts import view_counts
from recs.lake import Lake

TESTS_CHECK = "dbt_tests"


def report_model(
    context: dg.AssetExecutionContext,
    lake: Lake,
    manifest: DbtManifest,
    model: DbtModel,
    days: Sequence[date],
    built: bool,
) -> None:
    """Attach numbers to every day, and what describes the table to the last day only: Dagster stores it per day."""
    counts = view_counts(lake, model, manifest, days) if model.is_view else {}
    for day in days:
        info = lake.info(model.table, day)
        shown: dict[str, Any] = {"dagster/row_count": counts.get(day, 0), "reused": not built}
        if info:
            shown = metadata.partition_metadata(info, context.run_id) | counts_by(lake, model, day)
        if day == days[-1]:
            shown |= _description(lake, manifest, model, days)
        context.add_asset_metadata(shown, asset_key=asset_key(model.table), partition_key=day.isoformat())


def counts_by(lake: Lake, model: DbtModel, day: date) -> dict[str, int]:
    """Rows of the day by each value of the column that the model's meta counts by; none where it names no column."""
    if model.count_by is None:
        return {}
    counted = lake.read(model.table, day, [model.count_by]).group_by(model.count_by).len().sort(model.count_by)
    return dict(counted.iter_rows())


def tests_check(model: DbtModel, build: DbtBuild) -> dg.AssetCheckResult:
    """The model's dbt tests as one check. A failing test never gets here: it stops the build."""
    status = [build.status[test] for test in model.tests if test in build.status]
    passed = all(value in ("pass", "success", "warn") for value in status)
    shown = {"tests": len(status), "warnings": status.count("warn")}
    return dg.AssetCheckResult(asset_key=asset_key(model.table), check_name=TESTS_CHECK, passed=passed, metadata=shown)


def _description(lake: Lake, manifest: DbtManifest, model: DbtModel, days: Sequence[date]) -> dict[str, Any]:
    shown: dict[str, Any] = {"dagster/column_schema": metadata.dbt_schema(model)}
    if model.table in manifest.lineage:
        shown["dagster/column_lineage"] = metadata.column_lineage(manifest.lineage[model.table])
    if not model.is_view:
        shown["sample"] = metadata.sample(lake.read(model.table, days[-1]))
    return shown
