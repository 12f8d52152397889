"""``aisle ingest``: land a shop's files. What lands becomes raw rows in the next run."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.output import Json, out, print_json, print_table
from orchestration.settings import Settings, load_settings
from recs.errors import ConfigError
from recs.ingest.ledger import Entry


def register(app: typer.Typer) -> None:
    app.command("ingest")(ingest)


def ingest(
    path: Annotated[Path, typer.Argument(help="A file, or a folder of files.")],
    source: Annotated[str, typer.Option(help="A source of config/sources.")],
    json: Json = False,
) -> None:
    """Land files for a source. The same bytes twice add nothing."""
    if not path.exists():
        raise ConfigError(f"{path} does not exist", "name a file or a folder of files")
    settings = load_settings()
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    entries = land_files(settings, source, files)
    if json:
        print_json({"source": source, "files": [_plain(entry) for entry in entries]})
        return
    for entry in entries:
        if entry.status != "taken":
            out.print(f"{entry.status}: {entry.name}: {entry.reason}")
    counts = Counter(entry.status for entry in entries)
    print_table("Landed", ("status", "files"), sorted(counts.items()))
    days = sorted({entry.day for entry in entries if entry.status == "taken"})
    if days:
        out.print(f"Next: aisle backfill --from {days[0]} --to {days[-1]} --select raw,staging,facts")


def land_files(settings: Settings, name: str, files: list[Path]) -> list[Entry]:
    """Offer files to a source, now."""
    from assets.raw import CONTRACTS, load_sources
    from recs.contracts import load_contracts
    from recs.ingest.landing import land

    sources = {source.name: source for source in load_sources(settings, load_contracts(CONTRACTS))}
    if name not in sources:
        known = ", ".join(sorted(sources)) or "none"
        raise ConfigError(
            f"there is no source {name!r} in {settings.config / 'sources'}", f"choose from {known}, or add {name}.yaml"
        )
    now = datetime.now(UTC)
    return land(sources[name], files, settings.landing, arrival_date=now.date(), arrival_hour=now.hour)


def _plain(entry: Entry) -> dict[str, str]:
    return {"name": entry.name, "status": entry.status, "reason": entry.reason, "file": entry.file}
