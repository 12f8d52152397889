"""Taking files into landing: each content once, whatever its name, on the day on which it arrives."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from recs.ingest.event_days import parts_by_event_day
from recs.ingest.files import sha256_file, written_whole
from recs.ingest.ledger import DUPLICATE, REFUSED, TAKEN, Entry, Ledger
from recs.ingest.source import Source

_DAY = re.compile(r"(?<!\d)(\d{4}-\d{2}-\d{2})(?!\d)")


def land(
    source: Source, paths: Iterable[Path], landing_root: Path, *, arrival_date: date, arrival_hour: int = 23
) -> list[Entry]:
    """Offer files to a source, in path order; returns an entry a file: taken, duplicate or refused, with the reason.

    arrival_date, arrival_hour: the moment of taking, used where the source says ``arrival: now``.
    A file already inside landing is taken where it lies; any other is copied. Safe to repeat after a kill.
    """
    with Ledger(landing_root, source.name).writing() as ledger:
        known = ledger.entries()
        first_names = {e.sha256: e.name for e in known if e.status == TAKEN}
        entries: list[Entry] = []
        for path in sorted(Path(p) for p in paths):
            offered = _offered(source, path, first_names, arrival_date, arrival_hour)
            if offered.status == TAKEN:
                first_names[offered.sha256] = offered.name
                entries += _placed(source, path, offered, Path(landing_root))
            else:
                entries.append(offered)
        ledger.append(_new(entries, known))
    return entries


def _new(entries: Sequence[Entry], known: Sequence[Entry]) -> list[Entry]:
    """The entries that tell the ledger something: a file offered again and again is one duplicate."""
    told = {(e.name, e.sha256) for e in known}
    return [e for e in entries if e.status == TAKEN or (e.name, e.sha256) not in told]


def _offered(source: Source, path: Path, first_names: dict[str, str], today: date, hour: int) -> Entry:
    """What becomes of one file, before it is moved."""
    if not path.is_file():
        return Entry(path.name, "", REFUSED, reason=f"there is no file {path}")
    entry = Entry(path.name, sha256_file(path), TAKEN, arrival_hour=hour, bytes=path.stat().st_size)
    if entry.sha256 in first_names:
        reason = f"same bytes as {first_names[entry.sha256]}, which was taken before"
        return replace(entry, status=DUPLICATE, reason=reason)
    drop = source.drop_of(path.name)
    if drop is None:
        patterns = ", ".join(d.file for d in source.drops.values())
        return replace(entry, status=REFUSED, reason=f"no drop of {source.name} takes this name ({patterns})")
    day = today if source.arrival == "now" else _day_in(path)
    if day is None and source.arrival == "path":
        return replace(
            entry, status=REFUSED, reason="its path has no date YYYY-MM-DD, and the source says arrival: path"
        )
    hour = hour if source.arrival == "now" else 23  # a day that came as a whole was complete at its end
    return replace(
        entry,
        drop=drop,
        table=source.drops[drop].feeds,
        arrival_date=(day or today).isoformat(),
        arrival_hour=hour,
    )


def _day_in(path: Path) -> date | None:
    """The last date in a path."""
    for text in reversed(_DAY.findall(str(path))):
        try:
            return date.fromisoformat(text)
        except ValueError:
            continue
    return None


def _placed(source: Source, path: Path, entry: Entry, root: Path) -> Sequence[Entry]:
    """Put a taken file under landing: as it is, or cut by event day."""
    if source.arrival == "event_day":
        parts = parts_by_event_day(source, entry.drop, path, entry.day)
        if parts is not None:
            return [_put(source, root, replace(entry, arrival_date=day.isoformat()), data) for day, data in parts]
    folder = root / source.name / entry.arrival_date
    if path.resolve().parent == folder.resolve():
        file = f"{source.name}/{entry.arrival_date}/{path.name}"
        return [replace(entry, file=file, stored_sha256=entry.sha256)]
    return [_put(source, root, entry, path.read_bytes())]


def _put(source: Source, root: Path, entry: Entry, data: bytes) -> Entry:
    """Copy bytes to their place; a changed file of the same name gets its hash in its name."""
    digest = hashlib.sha256(data).hexdigest()
    file = f"{source.name}/{entry.arrival_date}/{entry.name}"
    if (root / file).exists() and sha256_file(root / file) != digest:
        stem, dot, suffix = entry.name.partition(".")
        file = f"{source.name}/{entry.arrival_date}/{stem}-{digest[:8]}{dot}{suffix}"
    written_whole(root / file, data)
    return replace(entry, file=file, stored_sha256=digest, bytes=len(data))
