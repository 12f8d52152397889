"""The release: a day's surfaces pinned together, loaded into the store, checked, and put in force."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import dagster as dg

from orchestration import partitions
from orchestration.keys import asset_key
from orchestration.resources import ShopResource
from orchestration.settings import PROJECT, Settings
from orchestration.versions import AFTER_RELEASE, STAGE_CODE, config_hash, files_hash
from recs.errors import AisleError
from recs.lake import Lake
from recs.releases.board import Published, Releases
from recs.releases.manifest import ITEM_TABLE, Manifest, release_content, release_id
from recs.releases.rules import release_rules
from recs.store import store_at
from recs.surfaces.spec import read_specs

RELEASE = "releases/release"


def release_asset(settings: Settings) -> dg.AssetsDefinition:
    """The asset that publishes the newest day of a run, and only seals the days before it."""
    parents = [*(f"surfaces/{name}" for name in read_specs(settings.config / "surfaces")), ITEM_TABLE]

    @dg.asset(
        key=asset_key(RELEASE),
        deps=[asset_key(parent) for parent in parents],
        partitions_def=partitions.daily(settings.first_day, settings.last_day),
        backfill_policy=partitions.SINGLE_RUN,
        group_name="releases",
        kinds={"lmdb"},
        description="One release a day: manifest, store, validation, promotion. Never goes back to an older day.",
    )
    def release(context: dg.AssetExecutionContext, shop: ShopResource) -> dg.MaterializeResult:
        days, releases, act = (
            partitions.days(context),
            open_releases(shop.settings()),
            shop.act("run " + context.run_id),
        )
        versions = _versions(shop.settings())
        specs = read_specs(shop.settings().config / "surfaces")
        for day in days[:-1]:
            manifest = releases.seal(day, specs, **versions, act=act)
            context.add_asset_metadata(_shown(manifest, "sealed"), partition_key=day.isoformat())
        published = releases.publish(days[-1], specs, **versions, act=act)
        context.add_asset_metadata(_published(published), partition_key=days[-1].isoformat())
        return dg.MaterializeResult()

    return release


def open_releases(settings: Settings) -> Releases:
    """The shop's releases, under the rules of its aisle.toml."""
    return Releases(Lake(settings.lake), store_at(settings.store), release_rules(settings.toml.get("releases", {})))


def stale_releases(settings: Settings, days: Sequence[date]) -> list[date]:
    """The newest of the days, when what it would publish is not what is in force."""
    releases, specs = open_releases(settings), read_specs(settings.config / "surfaces")
    active = releases.catalogue.status()["active_release"]
    try:
        content = release_content(Lake(settings.lake), days[-1], specs, **_versions(settings))
    except AisleError:
        return [days[-1]]
    known = active is not None and (active["id"] == release_id(content) or active["as_of_date"] > content.as_of_date)
    return [] if known else [days[-1]]


def _versions(settings: Settings) -> dict[str, str]:
    """Code and configuration of the whole chain: two releases that differ in either differ in their id."""
    chain = (places for stage, places in STAGE_CODE.items() if stage not in AFTER_RELEASE)
    code = files_hash(PROJECT, sorted({place for places in chain for place in places}))
    specs = {p.name: p.read_text() for p in sorted((settings.config / "surfaces").glob("*.yaml"))}
    return {"code_version": code, "config_hash": config_hash({"toml": settings.toml, "surfaces": specs})}


def _published(published: Published) -> dict[str, Any]:
    pruned = ", ".join(published.pruned) or "none"
    return {**_shown(published.manifest, published.outcome), "records": published.records or 0, "pruned": pruned}


def _shown(manifest: Manifest, outcome: str) -> dict[str, Any]:
    rows = [dg.TableRecord({"surface": s.name, "lists": s.keys, "rows": s.rows}) for s in manifest.content.surfaces]
    return {
        "release": manifest.id,
        "outcome": outcome,
        "reused": outcome == "in_force",
        "dagster/row_count": sum(surface.rows for surface in manifest.content.surfaces),
        "surfaces": dg.MetadataValue.table(rows),
    }
