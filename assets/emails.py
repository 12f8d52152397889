"""Emails: one batch a campaign and day, for the day after the as-of day. Files only; nothing is sent from here."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import msgspec
import polars as pl

from assets.releases import RELEASE, open_releases
from orchestration import metadata, partitions
from orchestration.keys import asset_key
from orchestration.resources import ShopResource
from orchestration.settings import PROJECT, Settings
from orchestration.versions import code_version, config_hash
from recs.email.errors import BatchRefusedError
from recs.email.export import Exported, export_batch, is_due
from recs.email.files import batch_folder
from recs.email.ledger import SendLedger
from recs.email.manifest import BATCH_FILE, is_conserved, read_manifest
from recs.email.spec import CampaignSpec, read_campaigns
from recs.email.tables import DIM_ITEM, DIM_USER, HISTORY, MEMBERSHIPS, batch_inputs, batch_tables, list_tables
from recs.lake import Lake
from recs.surfaces.spec import read_specs

EVERYONE = "everyone_is_accounted_for"


def campaigns(settings: Settings) -> dict[str, CampaignSpec]:
    """The shop's campaigns by name, from config/campaigns."""
    specs = read_specs(settings.config / "surfaces").values()
    return read_campaigns(settings.config / "campaigns", [spec.surface for spec in specs if spec.keyed_by == "user"])


def email_assets(settings: Settings) -> Sequence[dg.AssetsDefinition]:
    """One asset a campaign."""
    return [_asset(settings, spec) for spec in campaigns(settings).values()]


def stale_emails(settings: Settings, days: Sequence[date]) -> dict[str, list[date]]:
    """The as-of days whose batch is still to be built, by table. What was sent, or is late by now, never is."""
    root = emails_root(settings)
    return {
        f"emails/{name}": [day for day in days if is_due(root, name, send_ledger(settings, name), _send_date(day))]
        for name in campaigns(settings)
    }


def emails_root(settings: Settings) -> Path:
    """The folder of all batches."""
    return settings.exports / "emails"


def send_ledger(settings: Settings, campaign: str) -> SendLedger:
    """What one campaign has sent. Beside the batches, not among them: it outlives their folders."""
    return SendLedger(settings.exports / "ledger" / campaign)


def export(settings: Settings, spec: CampaignSpec, *, as_of: date, send_date: date) -> Exported:
    """Build or keep one batch. Raises what ``recs.email.export.export_batch`` raises; LakeError for a missing table."""
    built = read_manifest(batch_folder(emails_root(settings), spec.campaign, send_date))
    as_of = date.fromisoformat(built.as_of_date) if built else as_of
    lake = Lake(settings.lake)
    inputs = {**batch_inputs(lake, spec, as_of), "campaign": config_hash(msgspec.to_builtins(spec))}
    return export_batch(
        spec,
        emails_root(settings),
        send_ledger(settings, spec.campaign),
        as_of=as_of,
        send_date=send_date,
        inputs=inputs,
        release_id=built.release_id if built else _release_of(settings, list_tables(spec), as_of, inputs),
        code_version=code_version(PROJECT, "emails"),
        tables=lambda: batch_tables(lake, spec, as_of=as_of, send_date=send_date),
        identity=settings.identity,
    )


def _asset(settings: Settings, spec: CampaignSpec) -> dg.AssetsDefinition:
    key = asset_key(f"emails/{spec.campaign}")
    arrivals = [dg.AssetDep(asset_key(t), partition_mapping=partitions.until_the_day()) for t in (MEMBERSHIPS, HISTORY)]
    of_the_day = [asset_key(table) for table in (*list_tables(spec), DIM_ITEM, DIM_USER, RELEASE)]

    @dg.asset(
        key=key,
        deps=[*arrivals, *of_the_day],
        partitions_def=partitions.daily(settings.first_day, settings.last_day),
        backfill_policy=partitions.SINGLE_RUN,
        group_name="emails",
        kinds={"parquet", "csv"},
        description=f"{spec.title}: the mails of the day after. Built once; never for a day before one that was sent.",
        check_specs=[dg.AssetCheckSpec(EVERYONE, asset=key)],
    )
    def emails(context: dg.AssetExecutionContext, shop: ShopResource) -> dg.MaterializeResult:
        batches = []
        for day in partitions.days(context):
            shown, exported = _exported(context, shop.settings(), spec, day)
            context.add_asset_metadata(shown, partition_key=day.isoformat())
            batches += [exported] if exported else []
        return dg.MaterializeResult(check_results=[_everyone(batches)])

    return emails


def _exported(
    context: dg.AssetExecutionContext, settings: Settings, spec: CampaignSpec, day: date
) -> tuple[dict[str, Any], Exported | None]:
    """The day's metadata, and its batch. A run of a day that is mailed or past goes on: else it would fail for ever."""
    try:
        exported = export(settings, spec, as_of=day, send_date=_send_date(day))
    except BatchRefusedError as refusal:
        context.log.warning(str(refusal))
        return {"outcome": "refused", "why": str(refusal), "reused": True, "dagster/row_count": 0}, None
    return _shown(exported), exported


def _shown(exported: Exported) -> dict[str, Any]:
    manifest = exported.manifest
    rules = [dg.TableRecord({"rule": rule, "shoppers": n}) for rule, n in manifest.skipped_by_rule.items()]
    columns = dg.TableSchema([dg.TableColumn("rule", "string"), dg.TableColumn("shoppers", "int")])
    return {
        "outcome": exported.outcome,
        "reused": exported.outcome == "kept",
        "dagster/row_count": manifest.sent,
        "audience": manifest.audience,
        "sent": manifest.sent,
        "skipped": manifest.skipped,
        "skipped_by_rule": dg.MetadataValue.table(rules, schema=columns),
        "send_date": manifest.send_date,
        "release": manifest.release_id or "none",
        "path": dg.MetadataValue.path(exported.folder),
        "sample": metadata.sample(pl.read_parquet(exported.folder / BATCH_FILE, n_rows=metadata.SAMPLE_ROWS)),
    }


def _everyone(batches: Sequence[Exported]) -> dg.AssetCheckResult:
    """Audience = sent + skipped, from what the manifests say and the rows that the files hold."""
    names = ("audience", "sent", "skipped")
    total = {name: sum(getattr(batch.manifest, name) for batch in batches) for name in names}
    passed = all(is_conserved(batch.folder, batch.manifest) for batch in batches)
    return dg.AssetCheckResult(passed=passed, check_name=EVERYONE, metadata=total)


def _send_date(as_of: date) -> date:
    return as_of + timedelta(days=1)


def _release_of(settings: Settings, tables: Sequence[str], as_of: date, inputs: Mapping[str, str]) -> str | None:
    """The release that pins these lists: the one in force, else the newest; None when none was sealed.

    What may not be served is not mailed: BatchRefusedError when all of them were refused or rolled back, or while
    promotion is held and none of them is in force.
    """
    catalogue = open_releases(settings).catalogue
    states = {}
    for name in catalogue.ids():
        manifest = catalogue.manifest(name)
        pinned = {surface.table: surface.content_hash for surface in manifest.content.surfaces}
        if manifest.as_of == as_of and all(pinned.get(table) == inputs[table] for table in tables):
            states[name] = catalogue.state(name)
    if "active" in states.values():
        return next(name for name, state in states.items() if state == "active")
    if states and all(state == "rejected" for state in states.values()):
        raise BatchRefusedError(
            f"the lists of {as_of} belong to release {next(iter(states))}, which was refused or rolled back",
            "mend its cause and run the day again",
        )
    if catalogue.status()["promotion_held"]:
        raise BatchRefusedError(
            f"promotion is held after a rollback, and the lists of {as_of} are not in force",
            "let it go on with aisle releases resume, run the day, and export again",
        )
    return next((name for name, state in states.items() if state != "rejected"), None)
