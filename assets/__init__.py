"""The assets, one module a stage: thin bodies that read, call ``recs``, write and report."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from orchestration.settings import Settings

if TYPE_CHECKING:
    from assets.partitioned import LakePass


def build_assets(settings: Settings) -> Sequence[Any]:
    """All assets of a shop, from its contracts, its dbt project, its configuration and its surface specs."""
    from assets.dbt_models import dbt_models
    from assets.emails import email_assets
    from assets.evaluation import evaluation_passes
    from assets.raw import CONTRACTS, raw_assets
    from assets.raw_checks import raw_checks
    from assets.releases import release_asset
    from recs.contracts import load_contracts

    return [
        *raw_assets(settings),
        raw_checks(settings, load_contracts(CONTRACTS)),
        dbt_models(settings),
        *(one.asset(settings) for one in lake_passes(settings)),
        release_asset(settings),
        *email_assets(settings),
        *(one.asset(settings) for one in evaluation_passes(settings)),
    ]


def lake_passes(settings: Settings) -> list["LakePass"]:
    """Everything that Python makes in the lake as of a day, parents before children."""
    from assets.ranker import ranker_passes
    from assets.rankings import ranking_passes
    from assets.surfaces import surface_passes

    stages = (candidate_passes, ranker_passes, ranking_passes, surface_passes)
    return [one for passes in stages for one in passes(settings)]


def candidate_passes(settings: Settings) -> list["LakePass"]:
    """What stands between features and a ranker: models, channels and pools, parents before children."""
    from assets.channels import channel_passes
    from assets.models import model_passes
    from assets.pools import pool_passes

    return [one for passes in (model_passes, channel_passes, pool_passes) for one in passes(settings)]


def pending_days(settings: Settings, days: Sequence[date], stages: Sequence[str] = ()) -> dict[str, list[date]]:
    """The days of each table that a run would make: missing, or made from other inputs, code or configuration."""
    from assets.dbt_models import stale_model_days
    from assets.emails import stale_emails
    from assets.raw import CONTRACTS, shop_sources, stale_raw_days
    from assets.releases import RELEASE, stale_releases
    from orchestration.dbt_project import load_manifest
    from orchestration.resources import ShopResource
    from recs.contracts import load_contracts
    from recs.lake.inputs import Inputs

    shop = ShopResource(home=str(settings.home), config=str(settings.config), threads=settings.threads)
    contracts, manifest = load_contracts(CONTRACTS), load_manifest()
    sources = shop_sources(settings, contracts)
    inputs = Inputs(shop.lake())
    found = {f"raw/{name}": stale_raw_days(shop, contract, sources, days) for name, contract in contracts.items()}
    for model in manifest.models.values():
        if not model.is_view and _chosen(model.table, stages):
            found[model.table] = stale_model_days(shop, manifest, model, days, inputs)
    tables = [table for one in lake_passes(settings) for table in one.tables]
    found |= {table.table: table.stale(shop, days, inputs) for table in tables if _chosen(table.table, stages)}
    if _chosen("releases/", stages):
        found[RELEASE] = stale_releases(settings, days)
    if _chosen("emails/", stages):
        found |= stale_emails(settings, days)
    return found


def _chosen(table: str, stages: Sequence[str]) -> bool:
    return not stages or table.split("/")[0] in stages
