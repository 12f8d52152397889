"""What ``aisle features list`` and its page show: dbt's manifest, the newest snapshots, and the ranker's gains."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl

from orchestration.dbt_manifest import DbtManifest, DbtModel, is_number
from orchestration.dbt_run import BUILD_SECONDS
from orchestration.settings import Settings
from recs.features.distribution import Distribution, distribution, stability_index
from recs.lake import Lake
from recs.lake.retention import deleted_days

RANKER = "models/ranker"
DRIFT_DAYS = 28
PAGE = "features.html"


def feature_models(manifest: DbtManifest) -> list[DbtModel]:
    """The models whose rows are of an entity as of a day and are not kept from the ranker as a whole, by name."""
    models = (m for m in manifest.models.values() if {"entity", "as_of"} <= set(m.meta) and m.meta.get("ranker", True))
    return sorted(models, key=lambda model: model.table)


def read_catalogue(
    settings: Settings,
    manifest: DbtManifest,
    as_of: date | None,
    advance: Callable[[str], None] = lambda name: None,
) -> dict[str, Any]:
    """The catalogue of the newest snapshots, none after ``as_of``: models, and features in the order of their columns.

    A model without a snapshot, and a snapshot without an earlier one, leave None where their numbers would be.
    """
    lake, models, features = Lake(settings.lake), list[dict[str, Any]](), list[dict[str, Any]]()
    ranker_day, gains = _gains(lake, as_of)
    for model in feature_models(manifest):
        told = _model(lake, model, as_of)
        models.append(told)
        shared = {key: told[key] for key in ("model", "entity", "owner", "as_of_date", "rows", "compared_with")}
        for feature in _features(model):
            advance(feature["name"])
            measured = _measured(lake, model, feature["column"], told)
            known = {**shared, **measured, "importance": gains.get(feature["name"], {})}
            features.append({**feature, **known, "build_seconds": told["build_seconds"]})
    page = settings.reports / PAGE
    return {
        "as_of_date": max((m["as_of_date"] for m in models if m["as_of_date"]), default=None),
        "ranker_as_of_date": ranker_day,
        "page": str(page) if page.exists() else None,
        "models": models,
        "features": features,
    }


def snapshot_days(lake: Lake, table: str, until: date | None = None) -> list[date]:
    """The days whose rows are there, oldest first: retention may have taken those of others."""
    return sorted(set(lake.days(table, until=until)) - set(deleted_days(lake, table, until=until)))


def _model(lake: Lake, model: DbtModel, as_of: date | None) -> dict[str, Any]:
    days = snapshot_days(lake, model.table, as_of)
    info = lake.info(model.table, days[-1]) if days else None
    return {
        "model": model.name,
        "entity": model.meta["entity"],
        "owner": model.meta.get("owner") or model.table.split("/")[0],
        "description": model.description,
        "as_of_date": days[-1] if days else None,
        "rows": info.rows if info else None,
        "compared_with": _earlier(days),
        "build_seconds": info.extra.get(BUILD_SECONDS) if info else None,
        "tests": [test.split(".")[3 if test.startswith("unit_test.") else 2] for test in model.tests],
    }


def _earlier(days: list[date]) -> date | None:
    """The newest day that lies DRIFT_DAYS or more before the last; where none does, the oldest before it."""
    if len(days) < 2:
        return None
    return max((d for d in days if d <= days[-1] - timedelta(days=DRIFT_DAYS)), default=days[0])


def _features(model: DbtModel) -> list[dict[str, Any]]:
    """name, column, type, description and is_learned of a model's features; ratios follow the columns."""
    learned = set(model.features.features) if model.features else set()
    columns = [
        (name, told["type"], told["description"])
        for name, told in model.columns.items()
        if is_number(told["type"]) and name not in model.sort_by
    ]
    columns += [(name, "ratio", told.get("description", "")) for name, told in model.meta.get("ratios", {}).items()]
    return [
        {
            "name": f"{model.name}.{column}",
            "column": column,
            "type": kind,
            "description": description,
            "is_learned": f"{model.name}.{column}" in learned,
        }
        for column, kind, description in columns
    ]


def _measured(lake: Lake, model: DbtModel, column: str, told: Mapping[str, Any]) -> dict[str, float | None]:
    """Null share of the newest day, and what has moved since the earlier one. A ratio is made after the join: None."""
    newest, earlier = (_spread(lake, model.table, told[day], column) for day in ("as_of_date", "compared_with"))
    nulls, nulls_before = (one.null_share if one else None for one in (newest, earlier))
    return {
        "null_share": nulls,
        "null_share_change": None if nulls is None or nulls_before is None else nulls - nulls_before,
        "psi": stability_index(earlier, newest) if newest and earlier else None,
    }


def _spread(lake: Lake, table: str, day: date | None, column: str) -> Distribution | None:
    if day is None:
        return None
    rows = pl.scan_parquet(lake.day_files(table, day), hive_partitioning=False)
    return distribution(rows.select(column).collect()[column]) if column in rows.collect_schema() else None


def _gains(lake: Lake, as_of: date | None) -> tuple[date | None, dict[str, dict[str, float]]]:
    """The day of the newest ranker, and by feature its share of each purpose's gain."""
    days = lake.days(RANKER, until=as_of)
    if not days:
        return None, {}
    share = pl.col("gain") / pl.col("gain").sum().over("purpose")
    found: dict[str, dict[str, float]] = {}
    for row in lake.read(RANKER, days[-1]).sort("purpose").with_columns(share=share.fill_nan(0.0)).to_dicts():
        found.setdefault(row["feature"], {})[row["purpose"]] = row["share"]
    return days[-1], found
