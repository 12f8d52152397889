"""Deleting old raw days, and knowing ever after which days can no longer be made again.

A deleted partition stays as an empty one whose sidecar still has the content hash of the rows that were there: what was
made from them is not out of date, and readers need no special case. What would be made *anew* from them is refused.
"""

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq

from recs.errors import ConfigError, LakeError
from recs.lake.lake import Lake
from recs.lake.partition import DATA_FILE, PARTITION_FILE, PartitionInfo, partition_column
from recs.lake.swap import replaced_folder

RECORD = "_retention.jsonl"
EVENT_HORIZON_DAYS = 400  # the contract of events: an older one is not taken
FEATURE_WINDOW_DAYS = 364  # the longest window of features, in event time


class RetentionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[retention]`` of aisle.toml. None: everything is kept."""

    raw_days: int | None = None
    snapshot_days: int | None = None


@dataclass(frozen=True)
class OldDay:
    """One day's deletion: rows by table, and landed files, which are gone after it."""

    day: date
    tables: Mapping[str, int]
    files: Sequence[Path] = ()


@dataclass(frozen=True)
class Plan:
    """``days`` to delete, oldest first. ``waiting``: days as old, whose facts are not made of what lies there now."""

    days: Sequence[OldDay]
    waiting: Sequence[date] = ()


def kept_days(settings: RetentionSettings, toml: Mapping[str, Any], file: Path) -> int | None:
    """How many raw days are kept; None for all. ConfigError when fewer than late events and windows need."""
    window = max(FEATURE_WINDOW_DAYS, _longest_window(toml))
    least = EVENT_HORIZON_DAYS + window + 1
    if settings.raw_days is not None and settings.raw_days < least:
        problem = f"an event may arrive {EVENT_HORIZON_DAYS} days late, and windows reach {window} days back"
        raise ConfigError(
            f"{file}: retention.raw_days is {settings.raw_days}; {problem}",
            f"use {least} or more, or leave it out to keep every day",
        )
    return settings.raw_days


def _longest_window(values: Mapping[str, Any]) -> int:
    """The largest number of any ``window_days`` in a configuration."""
    inner = [_longest_window(value) for value in values.values() if isinstance(value, Mapping)]
    own = [int(value) for name, value in values.items() if name.endswith("window_days")]
    return max([0, *inner, *own])


def deletion_plan(
    lake: Lake,
    *,
    until: date,
    tables: Sequence[str],
    quarantines: Sequence[str],
    facts: Mapping[str, str],
    landed: Mapping[date, Sequence[Path]],
) -> Plan:
    """What deleting every day up to ``until`` would take away.

    tables: raw tables of events. quarantines: of all tables. facts: fact table -> the raw table that it is made of; a
    day waits until each is made of what lies there now. landed: files that feed ``tables``, by arrival day.
    """
    found: dict[date, dict[str, int]] = defaultdict(dict)
    noted = _noted(lake.root / RECORD)
    for table in (*tables, *quarantines):
        for day in lake.days(table, until=until):
            info = lake.info(table, day)
            if info is not None and (info.deleted_rows is None or (day, table) not in noted):
                found[day][table] = info.rows if info.deleted_rows is None else info.deleted_rows
    files = {day: [p for p in paths if p.exists()] for day, paths in landed.items() if day <= until}
    days = sorted(set(found) | {day for day, there in files.items() if there})
    waiting = [day for day in days if not _is_used(lake, facts, day, bool(files.get(day)))]
    return Plan([OldDay(d, found[d], files.get(d, [])) for d in days if d not in waiting], waiting)


def _is_used(lake: Lake, facts: Mapping[str, str], day: date, has_files: bool) -> bool:
    """Whether all that is made of a day's rows alone has been made of them."""
    for fact, table in facts.items():
        raw, made = lake.info(table, day), lake.info(fact, day)
        if raw is None and has_files:
            return False
        if raw is None or raw.deleted_rows is not None or (made is None and raw.rows == 0):
            continue
        if made is None or made.inputs.get(table) != raw.content_hash:
            return False
    return True


def delete_days(
    lake: Lake, days: Iterable[OldDay], *, at: str, deleted: Callable[[OldDay], None] = lambda old: None
) -> None:
    """Delete day by day, each partition in one step, and note each day in the lake's record. Repeat it after a kill.

    at: the moment, ISO 8601 in UTC. deleted: told of each day that is done.
    """
    for old in days:
        for table in old.tables:
            _empty(lake, table, old.day)
        for path in old.files:
            path.unlink(missing_ok=True)
        for folder in {path.parent for path in old.files}:
            if not any(folder.iterdir()):
                folder.rmdir()
        _note(lake.root / RECORD, old, at)
        deleted(old)


def _empty(lake: Lake, table: str, day: date) -> None:
    """Put an empty partition in the place of one, with the hash of what was there."""
    folder = lake.folder(table, day)
    info = PartitionInfo.read(folder)
    if info is None or info.deleted_rows is not None:
        return
    rows = pq.read_schema(min(folder.glob("data*.parquet"))).empty_table()
    with replaced_folder(folder) as fresh:
        pq.write_table(rows, fresh / DATA_FILE, compression="zstd")
        size = (fresh / DATA_FILE).stat().st_size
        left = replace(info, rows=0, bytes=size, parts={}, deleted_rows=info.rows)
        (fresh / PARTITION_FILE).write_text(left.to_json())


def _note(path: Path, old: OldDay, at: str) -> None:
    told = {"day": old.day.isoformat(), "tables": dict(old.tables), "files": len(old.files), "at": at}
    with path.open("ab") as record:
        record.truncate(sum(map(len, _lines(path))))
        record.write(json.dumps(told, sort_keys=True).encode() + b"\n")
        record.flush()
        os.fsync(record.fileno())


def _noted(path: Path) -> set[tuple[date, str]]:
    """(day, table) of every deletion on record."""
    told = (json.loads(line) for line in _lines(path))
    return {(date.fromisoformat(one["day"]), table) for one in told for table in one["tables"]}


def _lines(path: Path) -> list[bytes]:
    """The whole lines of the record: a last one torn by a kill does not count."""
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    return [line for line in lines if line.endswith(b"\n")]


def deleted_days(lake: Lake, table: str, *, since: date | None = None, until: date | None = None) -> list[date]:
    """Days of a table whose rows retention has deleted, oldest first."""
    infos = ((day, lake.info(table, day)) for day in lake.days(table, since=since, until=until))
    return [day for day, info in infos if info is not None and info.deleted_rows is not None]


def refuse_deleted(lake: Lake, parents: Mapping[str, Iterable[str]], days: Sequence[date]) -> None:
    """LakeError, naming the days, when making tables for them would read rows that retention has deleted.

    parents: table -> what it reads. A table by arrival day reads the same day of them, one by as-of day the longest
    window up to it.
    """
    if not days:
        return
    since = min(days) - timedelta(days=FEATURE_WINDOW_DAYS)
    raw = sorted({parent for read in parents.values() for parent in read if parent.startswith("raw/")})
    gone = {parent: deleted_days(lake, parent, since=since, until=max(days)) for parent in raw}
    _refuse_pruned(lake, parents, days)
    for table, read in parents.items():
        reach = 1 if partition_column(table) == "arrival_date" else FEATURE_WINDOW_DAYS
        for parent in sorted(set(read) & set(raw)):
            lost = [day for day in days if any(day - timedelta(days=reach) < old <= day for old in gone[parent])]
            if lost:
                all_gone = deleted_days(lake, parent)
                raise LakeError(
                    f"{table} of {spans(lost)} can no longer be made: "
                    f"retention has deleted the rows of {parent} of {spans(all_gone)}",
                    f"begin with {all_gone[-1] + timedelta(days=reach)}; what was made of earlier days is kept",
                )


def _refuse_pruned(lake: Lake, parents: Mapping[str, Iterable[str]], days: Sequence[date]) -> None:
    """LakeError when a table would be made from a snapshot that was pruned and is not made with it."""
    for table, read in parents.items():
        for parent in sorted(set(read) - parents.keys()):
            if partition_column(parent) == "as_of_date":
                lost = set(days) & set(deleted_days(lake, parent, since=min(days), until=max(days)))
                if lost:
                    raise LakeError(
                        f"{table} of {spans(sorted(lost))} reads {parent}, whose old snapshots retention has pruned",
                        f"make it again with it: --select {parent},{table}",
                    )


def spans(days: Sequence[date]) -> str:
    """Days in words, runs of them as first to last: ``2017-01-01 to 2017-01-03, 2017-01-07``."""
    runs: list[list[date]] = []
    for day in sorted(days):
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
