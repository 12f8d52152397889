"""``aisle retention``: deletes raw days that are older than the shop keeps them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import Json, out, print_json, print_table, progress_bar
from orchestration.settings import Settings, load_settings


def register(app: typer.Typer) -> None:
    app.command("retention")(retention)


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be deleted, and delete nothing.")] = False,
    json: Json = False,
) -> None:
    """Delete events, quarantined rows and landed files of days older than [retention] raw_days of aisle.toml."""
    from recs.lake import Lake
    from recs.lake.retention import RetentionSettings, delete_days, kept_days, spans

    settings = load_settings()
    asked = settings.section("retention", RetentionSettings)
    keep = kept_days(asked, settings.toml, settings.config / "aisle.toml")
    newest = max(Lake(settings.lake).days("raw/events"), default=None)
    if keep is None or newest is None:
        why = "no [retention] raw_days is set" if keep is None else "no events have arrived yet"
        if json:
            print_json({"kept_days": keep, "until": None, "dry_run": dry_run, "days": [], "waiting": []})
        else:
            out.print(f"Nothing is deleted: {why}.")
        return
    until = newest - timedelta(days=keep)
    plan = _plan(settings, until)
    days = [{"day": old.day, "tables": dict(old.tables), "files": len(old.files)} for old in plan.days]
    if not dry_run:
        with progress_bar("days", len(plan.days)) as advance:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            delete_days(Lake(settings.lake), plan.days, at=now, deleted=lambda old: advance(str(old.day)))
    if json:
        print_json({"kept_days": keep, "until": until, "dry_run": dry_run, "days": days, "waiting": plan.waiting})
        return
    _show(days, until, dry_run)
    if plan.waiting:
        out.print(
            f"Kept, since their facts are not made of them yet: {spans(plan.waiting)}. "
            f"Fix: aisle backfill --from {plan.waiting[0]} --to {plan.waiting[-1]} --select facts"
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


def _show(days: Sequence[Mapping[str, Any]], until: date, dry_run: bool) -> None:
    if not days:
        out.print(f"Nothing to delete: no raw rows or files of {until} or before are left.")
        return
    tables = sorted({table for day in days for table in day["tables"]})
    rows = [_row(table, [day["tables"][table] for day in days if table in day["tables"]]) for table in tables]
    rows.append(("landed files", sum(bool(day["files"]) for day in days), sum(day["files"] for day in days)))
    title = f"{'Would delete' if dry_run else 'Deleted'}: days up to {until}"
    print_table(title, ("what", "days", "rows or files"), rows)


def _row(table: str, rows: Sequence[int]) -> tuple[str, int, int]:
    return table, len(rows), sum(rows)
