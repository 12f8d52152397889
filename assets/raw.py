"""Raw: what landed, typed by its contract; bad rows quarantined with their reasons, repeated events counted once."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg

from assets.inboxes import take_for_run
from assets.raw_checks import DATA_DOCS, data_docs, load_checks, start_checks
from orchestration import metadata, partitions
from orchestration.dbt_project import load_manifest
from orchestration.keys import asset_key
from orchestration.resources import ShopResource
from orchestration.settings import PROJECT, Settings
from recs.checks import Checks
from recs.contracts import Contract, load_contracts
from recs.contracts.model import ENGINE_FIELDS
from recs.ingest.build import build_raw
from recs.ingest.counts import DayCounts
from recs.ingest.inputs import flag_tables, quarantine_table, raw_table, stale_days
from recs.ingest.ledger import REFUSED, TAKEN, Entry
from recs.ingest.source import Source, load_sources
from recs.lake import Lake
from recs.lake.retention import refuse_deleted

CONTRACTS = PROJECT / "data_contracts"
CONSERVATION = "rows_are_conserved"


def raw_assets(settings: Settings) -> Sequence[dg.AssetsDefinition]:
    """One asset an arriving table."""
    contracts = load_contracts(CONTRACTS)
    sources = shop_sources(settings, contracts)
    checks = load_checks(settings, contracts)
    return [_asset(settings, contract, sources, checks) for contract in contracts.values()]


def shop_sources(settings: Settings, contracts: Mapping[str, Contract]) -> list[Source]:
    """Every source of the shop's config/sources."""
    return load_sources(settings.config / "sources", contracts)


def stale_raw_days(
    shop: ShopResource, contract: Contract, sources: Sequence[Source], days: Sequence[date]
) -> list[date]:
    """The days that are missing, or whose drops, contract, source or code have changed."""
    settings, lake = shop.settings(), shop.lake()
    code = shop.provenance("raw", "").code_version
    infos = {day: lake.info(raw_table(contract.table), day) for day in days}
    if not _is_wanted(contract, sources):
        days = [day for day in days if infos[day] is not None]
    old_code = {day for day in days if (info := infos[day]) is None or info.code_version != code}
    changed = stale_days(contract, days, lake=lake, landing_root=settings.landing, sources=sources)
    return sorted(old_code | set(changed))


def _is_wanted(contract: Contract, sources: Sequence[Source]) -> bool:
    """Whether some source feeds the table or some model reads it; else a day of it is an empty file for nobody."""
    is_fed = any(drop.feeds == contract.table for source in sources for drop in source.drops.values())
    return is_fed or any(raw_table(contract.table) in model.parents for model in load_manifest().models.values())


def _asset(settings: Settings, contract: Contract, sources: Sequence[Source], checks: Checks) -> dg.AssetsDefinition:
    table = raw_table(contract.table)
    catalogues = [asset_key(raw_table(name)) for name in flag_tables(contract)]

    @dg.asset(
        key=asset_key(table),
        deps=[dg.AssetDep(key, partition_mapping=partitions.until_the_day()) for key in catalogues],
        partitions_def=partitions.daily(settings.first_day, settings.last_day),
        backfill_policy=partitions.SINGLE_RUN,
        group_name="raw",
        kinds={"duckdb", "parquet"},
        description=contract.description,
        check_specs=[dg.AssetCheckSpec(CONSERVATION, asset=asset_key(table))],
    )
    def raw(context: dg.AssetExecutionContext, shop: ShopResource) -> dg.MaterializeResult:
        days, started, lake = partitions.days(context), time.monotonic(), shop.lake()
        offered = take_for_run(context, shop.settings(), sources)
        stale = stale_raw_days(shop, contract, sources, days)
        if stale:
            start_checks(context.run_id)
        refuse_deleted(lake, {table: [table]}, stale)
        build_raw(
            contract,
            stale,
            lake=lake,
            landing_root=shop.settings().landing,
            sources=sources,
            provenance=shop.provenance("raw", context.run_id),
            identity=shop.settings().identity,
            checks=checks,
        )
        counts = _report_days(context, lake, contract, days, data_docs(shop.settings()))
        shown = metadata.run_metadata(time.monotonic() - started) | _inbox(offered, table)
        if not counts:
            shown["note"] = "No source feeds this table and no model reads it, so it has no partitions."
        return dg.MaterializeResult(metadata=shown, check_results=[_conservation(counts)])

    return raw


def _inbox(offered: Mapping[str, Sequence[Entry]], table: str) -> dict[str, Any]:
    """Files of the inboxes that this run has taken for a table, and those that no table gets."""
    entries = [(name, entry) for name, own in offered.items() for entry in own]
    taken = sum(entry.status == TAKEN and raw_table(entry.table) == table for _, entry in entries)
    refused = [(f"{name}/{entry.name}", entry.reason) for name, entry in entries if entry.status == REFUSED]
    shown: dict[str, Any] = {"taken_from_inbox": taken} if taken else {}
    if refused:
        rows = [dg.TableRecord({"file": file, "why": why}) for file, why in refused]
        shown["refused_in_inbox"] = dg.MetadataValue.table(rows)
    return shown


def _report_days(
    context: dg.AssetExecutionContext, lake: Lake, contract: Contract, days: Sequence[date], pages: Path
) -> list[DayCounts]:
    table = raw_table(contract.table)
    infos = {day: info for day, info in ((day, lake.info(table, day)) for day in days) if info}
    counts = [DayCounts.from_extra(day, info.extra) for day, info in infos.items()]
    for day in counts:
        shown = metadata.partition_metadata(infos[day.day], context.run_id)
        shown |= {"read": day.read, "quarantined": day.quarantined, "duplicate": day.duplicate}
        if day is counts[-1]:
            shown |= _summary(lake, contract, counts) | {DATA_DOCS: dg.MetadataValue.path(str(pages))}
        context.add_asset_metadata(shown, partition_key=day.day.isoformat())
    return counts


def _summary(lake: Lake, contract: Contract, counts: Sequence[DayCounts]) -> dict[str, Any]:
    """Reasons over the whole run, and rows of its last day that has any."""
    reasons = sum((Counter(day.reasons) for day in counts), Counter[str]())
    filled = [day.day for day in counts if day.valid] or [counts[-1].day]
    told = {field.name: field.description for field in (*contract.fields, *ENGINE_FIELDS)}
    shown: dict[str, Any] = metadata.table_metadata(lake.read(raw_table(contract.table), filled[-1]), told)
    shown["quarantined_total"] = sum(day.quarantined for day in counts)
    shown["duplicate_total"] = sum(day.duplicate for day in counts)
    if reasons:
        rows = [dg.TableRecord({"rule": rule, "rows": n}) for rule, n in reasons.most_common()]
        shown["reasons"] = dg.MetadataValue.table(rows)
        bad = [day.day for day in counts if day.quarantined or day.unreadable_files]
        shown["quarantine_sample"] = metadata.sample(lake.read(quarantine_table(contract.table), bad[-1]))
    return shown


def _conservation(counts: Sequence[DayCounts]) -> dg.AssetCheckResult:
    """Rows read = valid + quarantined + duplicate, from what the partitions say of themselves."""
    names = ("read", "valid", "quarantined", "duplicate")
    total = {name: sum(getattr(day, name) for day in counts) for name in names}
    passed = total["read"] == total["valid"] + total["quarantined"] + total["duplicate"]
    return dg.AssetCheckResult(passed=passed, check_name=CONSERVATION, metadata=total)
