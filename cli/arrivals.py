"""The sources in ``aisle status``: what came last, which hours of the open day are in, and what waits in an inbox."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from cli.data import named_sources
from cli.output import out, print_table
from orchestration.settings import PROJECT, Settings
from recs.contracts import Contract, load_contracts
from recs.ingest.counts import FileStatus
from recs.ingest.files import sha256_file
from recs.ingest.inbox import complete_files, inbox_folder
from recs.ingest.ledger import REFUSED, TAKEN, Entry, Ledger
from recs.ingest.source import Source
from recs.lake import Lake

VALID, BAD, LANDED, NONE = "█", "▒", "░", "·"
LEGEND = f"{VALID} rows  {BAD} held, or too many bad rows  {LANDED} landed, not built yet  {NONE} nothing"


@dataclass
class _Hour:
    """What one source brought in one hour, over all tables."""

    valid: int = 0
    is_bad: bool = False
    is_unbuilt: bool = False

    @property
    def mark(self) -> str:
        if self.is_bad:
            return BAD
        return LANDED if self.is_unbuilt else VALID if self.valid else NONE


def source_rows(settings: Settings) -> list[dict[str, Any]]:
    """One row a source: name, newest_drop, day, hours (24 marks), files waiting in its inbox and refused there."""
    from assets.inboxes import open_day

    sources, now = named_sources(settings), datetime.now(UTC)
    day, lake = open_day(settings, sources, now.date()), Lake(settings.lake)
    contracts = load_contracts(PROJECT / "data_contracts")
    return [_row(settings, source, day, now, lake, contracts) for source in sources]


def _row(
    settings: Settings, source: Source, day: date, now: datetime, lake: Lake, contracts: Mapping[str, Contract]
) -> dict[str, Any]:
    entries = Ledger(settings.landing, source.name).entries()
    taken = [entry for entry in entries if entry.status == TAKEN]
    newest = max(reversed(taken), key=lambda e: (e.arrival_date, e.arrival_hour), default=None)
    files = _Inbox.of(settings, source, entries, now)
    return {
        "name": source.name,
        "newest_drop": newest
        and {"name": newest.name, "arrival_date": newest.arrival_date, "arrival_hour": newest.arrival_hour},
        "day": day.isoformat(),
        "hours": hour_strip([e for e in taken if e.day == day], day, lake, contracts),
        "waiting": files.waiting,
        "unfinished": files.unfinished,
        "refused": files.refused,
    }


def hour_strip(entries: Sequence[Entry], day: date, lake: Lake, contracts: Mapping[str, Contract]) -> str:
    """24 marks, one an hour of a day, for the files of one source that arrived on it."""
    hours = [_Hour() for _ in range(24)]
    for table in sorted({entry.table for entry in entries}):
        info = lake.info(f"raw/{table}", day)
        counted = [f for hour in (info.extra["hours"].values() if info else ()) for f in hour["files"]]
        known = {f["name"]: FileStatus(**f) for f in counted}
        is_held = bool(info and info.extra.get("held"))
        own = [entry for entry in entries if entry.table == table]
        for number in {entry.arrival_hour for entry in own}:
            mine = [entry for entry in own if entry.arrival_hour == number]
            _count(hours[number], [known.get(entry.file) for entry in mine], is_held, contracts[table].max_bad_share)
    return "".join(hour.mark for hour in hours)


def _count(hour: _Hour, files: Sequence[FileStatus | None], is_held: bool, max_bad_share: float) -> None:
    built = [file for file in files if file is not None]
    read, bad = (sum(getattr(file, name) for file in built) for name in ("read", "quarantined"))
    hour.valid += sum(file.valid for file in built)
    hour.is_unbuilt |= len(built) < len(files)
    has_unreadable = any(file.status == "quarantined" for file in built)
    hour.is_bad |= has_unreadable or bad > max_bad_share * read or (is_held and bool(built))


@dataclass
class _Inbox:
    """The names of the files in an inbox: to be taken by the next run, still being written, and refused, with why."""

    waiting: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    refused: list[dict[str, str]] = field(default_factory=list)

    @staticmethod
    def of(settings: Settings, source: Source, entries: Sequence[Entry], now: datetime) -> "_Inbox":
        folder, found = inbox_folder(settings.landing, source), _Inbox()
        why = {(entry.name, entry.sha256): entry.reason for entry in entries if entry.status == REFUSED}
        complete = complete_files(folder, source, now_s=now.timestamp())
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = path.relative_to(folder).as_posix()
            if path not in complete:
                found.unfinished.append(name)
            elif reason := why.get((path.name, sha256_file(path))):
                found.refused.append({"name": name, "reason": reason})
            else:
                found.waiting.append(name)
        return found


def show_sources(rows: Sequence[Mapping[str, Any]]) -> None:
    """The sources as a table, a line for each file that was refused, and what the marks mean."""
    if not rows:
        return
    shown = []
    for row in rows:
        newest = row["newest_drop"]
        came = f"{newest['arrival_date']} {newest['arrival_hour']:02d}h {newest['name']}" if newest else "none yet"
        shown.append((row["name"], came, row["hours"], len(row["waiting"]), len(row["refused"])))
    columns = ("source", "newest drop", f"hours of {rows[0]['day']}", "waiting", "refused")
    print_table("Sources", columns, shown)
    for row in rows:
        for file in row["refused"]:
            out.print(f"refused: {row['name']}/{file['name']}: {file['reason']}")
    if any(set(row["hours"]) != {NONE} for row in rows):
        out.print(LEGEND)
