"""``aisle retention``: deletes raw days and snapshots of pairs that are older than the shop keeps them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import Json, out, print_json, print_table, progress_bar
from orchestration.settings import Settings, load_settings

KEPT_RELEASES = 10  # newest ones whose lists can be explained to the last feature


def register(app: typer.Typer) -> None:
    app.command("retention")(retention)


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be deleted, and delete nothing.")] = False,
    json: Json = False,
) -> None:
    """Delete what [retention] of aisle.toml no longer keeps: old raw days, and old feature snapshots of pairs."""
    from recs.lake import Lake
    from recs.lake.retention import RetentionSettings, delete_days, kept_days, spans
    from recs.lake.snapshots import kept_snapshot_days

    settings = load_settings()
    asked, file = settings.section("retention", RetentionSettings), settings.config / "aisle.toml"
    keep, keep_snapshots = kept_days(asked, settings.toml, file), kept_snapshot_days(asked.snapshot_days, file)
    newest = max(Lake(settings.lake).days("raw/events"), default=None)
    until = newest - timedelta(days=keep) if newest and keep is not None else None
    days, waiting = (plan := _plan(settings, until)).days if until else [], plan.waiting if until else []
    snapshots = _snapshots(settings, keep_snapshots) if keep_snapshots is not None else []
    if not dry_run:
        with progress_bar("days", len(days) + len(snapshots)) as advance:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            for some in (days, snapshots):
                delete_days(Lake(settings.lake), some, at=now, deleted=lambda old: advance(str(old.day)))
    told = [{"day": old.day, "tables": dict(old.tables), "files": len(old.files)} for old in days]
    pruned = [{"day": old.day, "tables": dict(old.tables)} for old in snapshots]
    if json:
        print_json(
            {"kept_days": keep, "until": until, "dry_run": dry_run, "days": told, "waiting": waiting}
            | {"kept_snapshot_days": keep_snapshots, "snapshots": pruned}
        )
        return
    _show(told, pruned, dry_run)
    if keep is None and keep_snapshots is None:
        out.print("No [retention] raw_days or snapshot_days is set in aisle.toml: everything is kept.")
    if waiting:
        out.print(
            f"Kept, since their facts are not made of them yet: {spans(waiting)}. "
            f"Fix: aisle backfill --from {waiting[0]} --to {waiting[-1]} --select facts"
        )


def _plan(settings: Settings, until: date) -> Any:
    """Event tables alone: of items, shoppers and plans the newest row stays in force, however old it is."""
    from assets.raw import CONTRACTS
    from orchestration.dbt_project import load_manifest
    from recs.contracts import load_contracts
    from recs.ingest.inputs import quarantine_table, raw_table, retracted_table
    from recs.lake import Lake
    from recs.lake.retention import deletion_plan

    contracts = load_contracts(CONTRACTS)
    tables = {raw_table(c.table): c.table for c in contracts.values() if c.deduplicate == "first_arrival"}
    manifest = load_manifest()
    facts = [model.table for model in manifest.models.values() if model.table.startswith("facts/")]
    made_of = {fact: table for fact in facts for table in manifest.lake_parents(fact) if table in tables}
    return deletion_plan(
        Lake(settings.lake),
        until=until,
        tables=list(tables),
        quarantines=[kept_beside(name) for name in contracts for kept_beside in (quarantine_table, retracted_table)],
        facts=made_of,
        landed=_landed(settings, contracts, list(tables.values())),
    )


def _landed(settings: Settings, contracts: Mapping[str, Any], tables: Sequence[str]) -> dict[date, list[Path]]:
    """The landed files that feed some tables, by arrival day."""
    from assets.raw import shop_sources
    from recs.ingest.inputs import arrivals

    found: dict[date, list[Path]] = {}
    for table in tables:
        for day, entries in arrivals(settings.landing, shop_sources(settings, contracts), table).items():
            found.setdefault(day, []).extend(settings.landing / entry.file for entry in entries)
    return found


def _snapshots(settings: Settings, keep_days: int) -> list[Any]:
    """Snapshots of pairs that no training and no kept release needs."""
    from assets.releases import open_releases
    from orchestration.dbt_manifest import PAIR_ENTITIES
    from orchestration.dbt_project import load_manifest
    from recs.lake import Lake
    from recs.lake.snapshots import pruning_plan
    from recs.ranking.weeks import HORIZON_DAYS, WINDOW_DAYS

    models = load_manifest().models.values()
    tables = [m.table for m in models if m.partition_column == "as_of_date" and m.meta.get("entity") in PAIR_ENTITIES]
    listed = open_releases(settings).catalogue.listing()
    there = [r for number, r in enumerate(listed) if number < KEPT_RELEASES or r["state"] == "active"]
    kept = {date.fromisoformat(str(r["as_of_date"])) for r in there}
    weekly_days = WINDOW_DAYS + HORIZON_DAYS
    return pruning_plan(Lake(settings.lake), tables, keep_days=keep_days, weekly_days=weekly_days, keep=kept)


def _show(days: Sequence[Mapping[str, Any]], snapshots: Sequence[Mapping[str, Any]], dry_run: bool) -> None:
    if not days and not snapshots:
        out.print("Nothing to delete.")
        return
    gone = [*days, *snapshots]
    tables = sorted({table for day in gone for table in day["tables"]})
    rows = [_row(table, [day["tables"][table] for day in gone if table in day["tables"]]) for table in tables]
    if days:
        rows.append(("landed files", sum(bool(day["files"]) for day in days), sum(day["files"] for day in days)))
    title = f"{'Would delete' if dry_run else 'Deleted'}: days up to {max(day['day'] for day in gone)}"
    print_table(title, ("what", "days", "rows or files"), rows)


def _row(table: str, rows: Sequence[int]) -> tuple[str, int, int]:
    return table, len(rows), sum(rows)
