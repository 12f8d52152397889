"""Trying quarantined records again: they are landed anew, as they came, and arrive now. The past stays as it was."""

import hashlib
import re
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from recs.identity import Identity
from recs.ingest.errors import IngestError
from recs.ingest.event_days import parts_of_lines
from recs.ingest.files import sha256_file
from recs.ingest.formats import Unreadable, file_blocks
from recs.ingest.inputs import quarantine_table, raw_table
from recs.ingest.landing import land_again
from recs.ingest.ledger import TAKEN, Entry, Ledger
from recs.ingest.source import Source
from recs.lake import Lake

_NOT_PLAIN = re.compile(r"\\x[0-9a-f]{2}|[^\x20-\x7e]")  # what another encoding shows otherwise


@dataclass(frozen=True)
class Replayed:
    """``taken``: the files that were landed; ``in_place``: landed files that the day's own build tries again.

    ``before``, ``known``: files, and records by landed file, that were landed again by an earlier call. ``skipped``:
    landed file -> why it was left out.
    """

    taken: list[Entry] = field(default_factory=list)
    in_place: list[Entry] = field(default_factory=list)
    before: list[Entry] = field(default_factory=list)
    known: Counter[str] = field(default_factory=Counter)
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def entries(self) -> list[Entry]:
        """The files in which the records are tried, of which the last day is to be built."""
        return [*self.taken, *self.in_place]


def arrival_of_replay(
    source: Source, sources: Sequence[Source], landing_root: Path, now: datetime, *, is_over: bool
) -> tuple[date, int]:
    """Day and hour in which records of a source that are tried again arrive.

    That is now; where the shop's data have ended or its paths say the day, it is the newest arrival of all.
    """
    if source.arrival == "now" and not is_over:
        return now.date(), now.hour
    taken = [entry for one in sources for entry in Ledger(landing_root, one.name).taken()]
    return max(((entry.day, entry.arrival_hour) for entry in taken), default=(now.date(), now.hour))


def replay_quarantine(
    table: str,
    day: date,
    *,
    lake: Lake,
    landing_root: Path,
    sources: Sequence[Source],
    arrivals: Mapping[str, tuple[date, int]],
    identity: Identity,
    rule: str = "",
) -> Replayed:
    """Land the quarantined records of a table's arrival day again, one file for each that they came in.

    rule: only records that broke it. arrivals: source -> day and hour. Records of a file that has been corrected since
    are left out: the correction says what holds. A record lands again once, and then is tried where it lies; on the
    day on which it would arrive, building the day is all there is to do. IngestError when there are none, and when a
    landed file no longer holds what was quarantined.
    """
    rows = _rows(lake, table, day, rule)
    by_name, done = {source.name: source for source in sources}, Replayed()
    with tempfile.TemporaryDirectory() as folder:
        for (name,), own in rows.group_by("source", maintain_order=True):
            source = by_name.get(str(name))
            if source is None:
                gone = f"config/sources has no source {name} any more"
                done.skipped.update(dict.fromkeys(own["source_file"].unique(maintain_order=True).to_list(), gone))
                continue
            on, hour = arrivals[source.name]
            files = _files(source, table, day, own, Path(landing_root), Path(folder), identity, done, on)
            landed = land_again(source, files, landing_root, arrival_date=on, arrival_hour=hour)
            done.taken.extend(entry for entry in landed if entry.status == TAKEN)
    return done


def _rows(lake: Lake, table: str, day: date, rule: str) -> pl.DataFrame:
    """The quarantined rows of a day, those that broke ``rule`` if one is named."""
    name = quarantine_table(table)
    rows = lake.read(name, day) if lake.info(name, day) else None
    if rows is None or not len(rows):
        days = [d.isoformat() for d in lake.days(name) if (info := lake.info(name, d)) and info.rows]
        raise IngestError(f"{table} has no quarantined rows of {day}", f"choose one of {', '.join(days) or 'no days'}")
    if not rule:
        return rows
    chosen = rows.filter(pl.col("rules").str.split("; ").list.contains(rule))
    if not len(chosen):
        known = sorted({one for rules in rows["rules"].to_list() for one in rules.split("; ")})
        raise IngestError(f"no row of {table} {day} broke {rule!r}", f"choose one of {', '.join(known)}")
    return chosen


def _files(
    source: Source,
    table: str,
    day: date,
    rows: pl.DataFrame,
    landing_root: Path,
    folder: Path,
    identity: Identity,
    done: Replayed,
    on: date,
) -> list[tuple[Path, Entry, str]]:
    """A file in ``folder`` for each landed one, with the entry of that and its lines; what is left out goes to done."""
    taken = [entry for entry in Ledger(landing_root, source.name).taken() if entry.table == table]
    corrected = {entry.corrects for entry in taken}
    found = []
    for (name,), own in rows.group_by("source_file", maintain_order=True):
        came = [entry for entry in taken if entry.file == name and entry.drop in source.drops]
        if name in corrected or not came:
            why = "it has been corrected since" if name in corrected else f"source {source.name} no longer has its drop"
            done.skipped[str(name)] = why
            continue
        if day == on:
            done.in_place.extend(came)
            continue
        opened = identity.opened_text(own["source_text"].to_arrow()).to_pylist()
        texts = dict(zip(own["source_line"].to_list(), opened, strict=True))
        for entry in came:
            again = [e for e in taken if (e.replays, e.drop) == (entry.file, entry.drop)]
            done.before.extend(again)
            tried = _tried(again)
            left = {line: text for line, text in texts.items() if line not in tried}
            done.known[entry.file] += len(texts) - len(left)
            if left:
                data = _data(source, entry, landing_root, left, folder)
                digest = hashlib.sha256(f"{entry.file}\0{entry.drop}\0".encode() + data).hexdigest()[:8]
                path = folder / f"replay-{table}-{day}-{digest}{_suffix(entry)}"
                path.write_bytes(data)
                found.append((path, entry, _as_ranges(sorted(left))))
    return found


def _tried(again: Sequence[Entry]) -> set[int]:
    """The lines that some files have brought again."""
    ranges = [part.partition("-") for e in again for part in e.replayed_lines.split(",")]
    return {line for first, _, last in ranges for line in range(int(first), int(last or first) + 1)}


def _as_ranges(lines: Sequence[int]) -> str:
    """Line numbers in order, such as ``2-4,9``."""
    starts = [n for n in range(len(lines)) if n == 0 or lines[n] != lines[n - 1] + 1]
    ends = [*(n - 1 for n in starts[1:]), len(lines) - 1]
    return ",".join(f"{lines[a]}-{lines[b]}" if a < b else f"{lines[a]}" for a, b in zip(starts, ends, strict=True))


def _suffix(entry: Entry) -> str:
    """What tells how a file is packed stays in its name."""
    return "".join(entry.name.partition(".")[1:])


def _data(source: Source, entry: Entry, landing_root: Path, texts: Mapping[int, str], folder: Path) -> bytes:
    """The records of some lines of a landed file, or all of it for line 0, which stands for a file as a whole."""
    path = landing_root / entry.file
    if not path.exists() or sha256_file(path) != entry.stored_sha256:
        raise IngestError(f"{path} is not the file that was taken", "put the file back from a backup")
    if 0 in texts:
        return path.read_bytes()
    try:
        found = parts_of_lines(source, entry.drop, path, {entry.day: sorted(texts)})
    except (KeyError, ValueError, IndexError, Unreadable) as error:
        raise _other_records(path, f"{error}") from error
    if found is None:
        raise _other_records(path, "its lines count otherwise now")
    [(_, data)] = found
    _check_same(source, entry, folder / entry.name, data, [texts[line] for line in sorted(texts)], path)
    return data


def _check_same(source: Source, entry: Entry, copy: Path, data: bytes, texts: Sequence[str], path: Path) -> None:
    """The records are found by their numbers; a source that now reads the file otherwise may count otherwise."""
    copy.write_bytes(data)
    drop, found = source.drops[entry.drop], list[str]()
    try:
        for block in file_blocks(copy, drop, source.needed[entry.drop], copy.parent):
            found += block.texts(block.rows["_line"].to_pylist())
    except Unreadable:
        return  # no longer what the source reads: that shows when it is built
    finally:
        copy.unlink()
    if [_NOT_PLAIN.sub("", text) for text in found] != [_NOT_PLAIN.sub("", text) for text in texts]:
        raise _other_records(path, "its lines count otherwise now")


def _other_records(path: Path, why: str) -> IngestError:
    problem = f"{path} no longer reads as when its rows were quarantined: {why}"
    return IngestError(problem, "land the whole file again under another name")


def replay_counts(lake: Lake, table: str, entries: Sequence[Entry]) -> dict[str, Any]:
    """What became of the files that were landed again, from the partitions that hold them.

    read, valid, quarantined, duplicate; unreadable_files; reasons: rule -> rows or files that broke it again.
    """
    names, totals, reasons = {entry.file for entry in entries}, Counter[str](), Counter[str]()
    for day in sorted({entry.day for entry in entries}):
        info = lake.info(raw_table(table), day)
        files = [f for hour in (info.extra["hours"].values() if info else ()) for f in hour["files"]]
        for one in (f for f in files if f["name"] in names):
            totals.update({name: one[name] for name in ("read", "valid", "quarantined", "duplicate")})
            totals["unreadable_files"] += one["status"] == "quarantined"
        if lake.info(quarantine_table(table), day):
            bad = lake.read(quarantine_table(table), day, ["source_file", "rules"])
            broken = bad.filter(pl.col("source_file").is_in(sorted(names)))["rules"].to_list()
            reasons.update(rule for rules in broken for rule in rules.split("; "))
    shown = ("read", "valid", "quarantined", "duplicate", "unreadable_files")
    return {**{name: totals[name] for name in shown}, "reasons": dict(sorted(reasons.items()))}
