"""``aisle ingest``: land a shop's files and account for every row of them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import Json, out, print_json, print_table, progress_bar
from orchestration.launch import run_job
from orchestration.settings import Settings, load_settings
from recs.errors import ConfigError
from recs.ingest.counts import DayCounts
from recs.ingest.ledger import TAKEN, Entry
from recs.ingest.source import Source
from recs.ingest.summary import ingest_summary


def register(app: typer.Typer) -> None:
    app.command("ingest")(ingest)


def ingest(
    path: Annotated[
        Path | None, typer.Argument(help="A file, or a folder of files; without it, what lies in the inbox.")
    ] = None,
    source: Annotated[str, typer.Option(help="A source of config/sources; without PATH, all of them.")] = "",
    json: Json = False,
) -> None:
    """Land files for a source and build the raw tables of their days. The same bytes twice add nothing."""
    settings = load_settings()
    offered = land_files(settings, source, _files(path)) if path else taken_inboxes(settings, source)
    taken = {name: [e for e in entries if e.status == TAKEN] for name, entries in offered.items()}
    days = sorted(entry.day for entries in taken.values() for entry in entries)
    if days:
        with progress_bar("raw tables") as advance:
            run_job(settings, days[0], days[-1], select=("raw",), on_step=advance)
    summaries = [ingest_summary(name, entries, _counts(settings, taken[name])) for name, entries in offered.items()]
    if json:
        print_json(summaries[0] if source else {"sources": summaries})
        return
    for summary in (one for one in summaries if one["files"] or path):
        _show(summary, len(taken[summary["source"]]))
    if not path and not any(offered.values()):
        out.print("No complete file lies in an inbox.")


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise ConfigError(f"{path} does not exist", "name a file or a folder of files")
    return sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]


def _show(summary: dict[str, Any], taken: int) -> None:
    for file in summary["files"]:
        if file["status"] != TAKEN:
            out.print(f"{file['status']}: {file['name']}: {file['reason']}")
        if file.get("unknown_columns"):
            out.print(f"not read: {file['name']}: column {', '.join(file['unknown_columns'])}")
    columns = ("read", "valid", "quarantined", "duplicate")
    rows = [(table, *(counts[c] for c in columns)) for table, counts in summary["tables"].items()]
    if rows:
        print_table(f"{summary['source']}: {taken:,} files taken", ("table", *columns), rows)
    for table, counts in summary["tables"].items():
        for rule, n in counts["reasons"].items():
            out.print(f"  {table}: {n:,} rows broke {rule}")


def _counts(settings: Settings, taken: Sequence[Entry]) -> dict[str, list[DayCounts]]:
    """What became of every row of the days on which the files arrived, as their raw partitions say."""
    from recs.lake import Lake

    lake, counts = Lake(settings.lake), defaultdict(list)
    for table, day in sorted({(entry.table, entry.day) for entry in taken}):
        info = lake.info(f"raw/{table}", day)
        if info is not None:
            counts[table].append(DayCounts.from_extra(day, info.extra))
    return counts


def named_sources(settings: Settings, name: str = "") -> list[Source]:
    """The source of that name, or all of the shop's. ConfigError where there is none of that name."""
    from assets.raw import CONTRACTS, shop_sources
    from recs.contracts import load_contracts

    sources = shop_sources(settings, load_contracts(CONTRACTS))
    chosen = [source for source in sources if not name or source.name == name]
    if name and not chosen:
        known = ", ".join(source.name for source in sources) or "none"
        raise ConfigError(
            f"there is no source {name!r} in {settings.config / 'sources'}", f"choose from {known}, or add {name}.yaml"
        )
    return chosen


def land_files(settings: Settings, name: str, files: list[Path]) -> dict[str, list[Entry]]:
    """Offer files to a source, now. ConfigError, with nothing landed, where one is of a day that is not the shop's."""
    from assets.inboxes import shop_days
    from recs.ingest.landing import days_of_arrival, land

    if not name:
        raise ConfigError("--source is missing", "name the source that the files are of, as config/sources calls it")
    [source] = named_sources(settings, name)
    _ = settings.identity  # nothing lands for a lake that would refuse it
    now = datetime.now(UTC)
    within = shop_days(settings, now.date())
    for file in (file for file in files if file.is_file() and source.drops_of(file.name)):
        for day in days_of_arrival(source, file, now.date()):
            if problem := within.problem(day):
                raise ConfigError(f"{file} cannot be landed: {problem}; nothing was landed", within.fix(day))
    return {name: land(source, files, settings.landing, arrival_date=now.date(), arrival_hour=now.hour)}


def taken_inboxes(settings: Settings, name: str = "") -> dict[str, list[Entry]]:
    """What became of the files in the inbox of a source, or of all; none for a source whose inbox is empty."""
    from assets.inboxes import take_inboxes

    found = take_inboxes(settings, named_sources(settings, name), datetime.now(UTC))
    return {name: found.get(name, [])} if name else found
