"""The assets, one module a stage: thin bodies that read, call ``recs``, write and report."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from orchestration.settings import Settings


def build_assets(settings: Settings) -> Sequence[Any]:
    """All assets of a shop, from its contracts, its dbt project and its surface specs."""
    from assets.channels import channel_assets
    from assets.dbt_models import dbt_models
    from assets.raw import raw_assets
    from assets.releases import release_asset
    from assets.surfaces import surface_assets

    return [
        *raw_assets(settings),
        dbt_models(settings),
        *channel_assets(settings),
        *surface_assets(settings),
        release_asset(settings),
    ]


def pending_days(settings: Settings, days: Sequence[date], stages: Sequence[str] = ()) -> dict[str, list[date]]:
    """The days of each table that a run would make: missing, or made from other inputs, code or configuration."""
    from assets.channels import channel_tables
    from assets.dbt_models import stale_model_days
    from assets.raw import CONTRACTS, load_sources, stale_raw_days
    from assets.releases import RELEASE, stale_releases
    from assets.surfaces import surface_tables
    from orchestration.dbt_project import load_manifest
    from orchestration.resources import ShopResource
    from recs.contracts import load_contracts

    shop = ShopResource(home=str(settings.home), config=str(settings.config), threads=settings.threads)
    contracts, manifest = load_contracts(CONTRACTS), load_manifest()
    sources = load_sources(settings, contracts)
    found = {f"raw/{name}": stale_raw_days(shop, contract, sources, days) for name, contract in contracts.items()}
    for model in manifest.models.values():
        if not model.is_view and _chosen(model.table, stages):
            found[model.table] = stale_model_days(shop, manifest, model, days)
    tables = [*channel_tables(settings).values(), *surface_tables(settings).values()]
    found |= {table.table: table.stale(shop, days) for table in tables if _chosen(table.table, stages)}
    if _chosen("releases/", stages):
        found[RELEASE] = stale_releases(settings, days)
    return found


def _chosen(table: str, stages: Sequence[str]) -> bool:
    return not stages or table.split("/")[0] in stages
