"""``aisle ingest``: land a shop's files and account for every row of them."""

from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.output import Json, out, print_json, print_table, progress_bar
from orchestration.launch import run_job
from orchestration.settings import Settings, load_settings
from recs.errors import ConfigError
from recs.ingest.counts import DayCounts
from recs.ingest.ledger import Entry
from recs.ingest.summary import ingest_summary


def register(app: typer.Typer) -> None:
    app.command("ingest")(ingest)


def ingest(
    path: Annotated[Path, typer.Argument(help="A file, or a folder of files.")],
    source: Annotated[str, typer.Option(help="A source of config/sources.")],
    json: Json = False,
) -> None:
    """Land files for a source and build the raw tables of their days. The same bytes twice add nothing."""
    if not path.exists():
        raise ConfigError(f"{path} does not exist", "name a file or a folder of files")
    settings = load_settings()
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    entries = land_files(settings, source, files)
    taken = {entry.file: entry for entry in entries if entry.status == "taken"}
    if taken:
        days = sorted(entry.day for entry in taken.values())
        with progress_bar("raw tables") as advance:
            run_job(settings, days[0], days[-1], select=("raw",), on_step=advance)
    summary = ingest_summary(source, entries, _counts(settings, taken))
    if json:
        print_json(summary)
        return
    for file in summary["files"]:
        if file["status"] != "taken":
            out.print(f"{file['status']}: {file['name']}: {file['reason']}")
        if file.get("unknown_columns"):
            out.print(f"not read: {file['name']}: column {', '.join(file['unknown_columns'])}")
    columns = ("read", "valid", "quarantined", "duplicate")
    rows = [(table, *(counts[c] for c in columns)) for table, counts in summary["tables"].items()]
    print_table(f"{len(taken):,} files taken", ("table", *columns), rows)
    for table, counts in summary["tables"].items():
        for rule, n in counts["reasons"].items():
            out.print(f"  {table}: {n:,} rows broke {rule}")


def _counts(settings: Settings, taken: dict[str, Entry]) -> dict[str, list[DayCounts]]:
    """What became of every row of the days on which the files arrived, as their raw partitions say."""
    from recs.lake import Lake

    lake, counts = Lake(settings.lake), defaultdict(list)
    for table, day in sorted({(entry.table, entry.day) for entry in taken.values()}):
        info = lake.info(f"raw/{table}", day)
        if info is not None:
            counts[table].append(DayCounts.from_extra(day, info.extra))
    return counts


def land_files(settings: Settings, name: str, files: list[Path]) -> list[Entry]:
    """Offer files to a source, now."""
    from assets.raw import CONTRACTS, shop_sources
    from recs.contracts import load_contracts
    from recs.ingest.landing import land

    sources = {source.name: source for source in shop_sources(settings, load_contracts(CONTRACTS))}
    if name not in sources:
        known = ", ".join(sorted(sources)) or "none"
        raise ConfigError(
            f"there is no source {name!r} in {settings.config / 'sources'}", f"choose from {known}, or add {name}.yaml"
        )
    _ = settings.identity  # nothing lands for a lake that would refuse it
    now = datetime.now(UTC)
    return land(sources[name], files, settings.landing, arrival_date=now.date(), arrival_hour=now.hour)
