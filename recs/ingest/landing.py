"""Taking files into landing: each content once, whatever its name, in the hour in which it arrives."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from recs.ingest.event_days import EVENT_TIME, arrival_days, event_days, parts_by_event_day
from recs.ingest.files import sha256_file, written_whole
from recs.ingest.formats import Unreadable
from recs.ingest.ledger import DUPLICATE, REFUSED, TAKEN, Entry, Ledger
from recs.ingest.shop_days import ShopDays
from recs.ingest.source import Source

_WHEN = re.compile(r"(?<!\d)(\d{4}-\d{2}-\d{2})(?!\d)(?:T(\d{2})(?!\d)|/(\d{2})(?=/))?")
LAST_HOUR = 23


def land(
    source: Source,
    paths: Iterable[Path],
    landing_root: Path,
    *,
    arrival_date: date,
    arrival_hour: int = LAST_HOUR,
    shop_days: ShopDays | None = None,
) -> list[Entry]:
    """Offer files to a source, in path order; returns an entry a file and table: taken, duplicate or refused, and why.

    arrival_date, arrival_hour: the moment of taking, used where the source says ``arrival: now``. A changed file under
    an old name is a correction, and arrives when it is taken. A file already inside landing is taken where it lies;
    any other is copied. What arrives outside ``shop_days`` is refused. Safe to repeat after a kill.
    """
    with Ledger(landing_root, source.name).writing() as ledger:
        known = ledger.entries()
        taking = _Taking(source, Path(landing_root), known, (arrival_date, arrival_hour), shop_days)
        entries = [entry for path in sorted(Path(p) for p in paths) for entry in taking.take(path)]
        ledger.append(_new(entries, known))
    return entries


def land_again(
    source: Source,
    files: Iterable[tuple[Path, Entry, str]],
    landing_root: Path,
    *,
    arrival_date: date,
    arrival_hour: int,
) -> list[Entry]:
    """Take files with records of landed ones, at this moment, whatever their names say.

    files: path, the entry of the landed one, and which lines of that. A name that was taken so before is a duplicate.
    """
    with Ledger(landing_root, source.name).writing() as ledger:
        taking = _Taking(source, Path(landing_root), ledger.entries(), (arrival_date, arrival_hour), None)
        entries = [taking.take_again(*file) for file in files]
        ledger.append([entry for entry in entries if entry.status == TAKEN])
    return entries


def days_of_arrival(source: Source, path: Path, today: date) -> list[date]:
    """The days on which a file would arrive, in order; none where its path should say one and does not."""
    if source.arrival == "path":
        when = _when_in(path)
        return [when[0]] if when else []
    drops = [
        d for d in source.drops_of(path.name) if source.drops[d].arrives or source.drops[d].columns.get(EVENT_TIME)
    ]
    if source.arrival == "now" or not drops:
        return [today]
    try:
        found = {day for drop in drops for _, day in arrival_days(list(event_days(source, drop, path)), today)}
    except Unreadable:
        return [today]
    return sorted(found) or [today]


def _new(entries: Sequence[Entry], known: Sequence[Entry]) -> list[Entry]:
    """The entries that tell the ledger something: a file offered again and again is one duplicate."""
    told = {(e.name, e.sha256) for e in known}
    return [e for e in entries if e.status == TAKEN or (e.name, e.sha256) not in told]


class _Taking:
    """One call of ``land``: what was taken before, and what has been since."""

    def __init__(
        self, source: Source, root: Path, known: Sequence[Entry], now: tuple[date, int], shop_days: ShopDays | None
    ) -> None:
        self.source, self.root, self.now, self.shop_days = source, root, now, shop_days
        self.first_names: dict[str, str] = {}
        self.newest: dict[tuple[str, str], Entry] = {}  # the file in force, by slot and drop
        self.versions: dict[str, list[str]] = {}  # hashes of what a slot has held, the file in force last
        self.files: set[str] = set()
        self.latest = ("", 0)  # day and hour of the newest arrival
        for entry in known:
            if entry.status == TAKEN:
                self._remember(entry)

    def take(self, path: Path) -> list[Entry]:
        """The entries of one file."""
        if not path.is_file():
            return [Entry(path.name, "", REFUSED, reason=f"there is no file {path}")]
        offered = Entry(path.name, sha256_file(path), TAKEN, bytes=path.stat().st_size)
        when = self.now if self.source.arrival == "now" else _when_in(path)
        if offered.sha256 in self.first_names and not self._is_older_version(self._slot(path, when), offered.sha256):
            reason = f"same bytes as {self.first_names[offered.sha256]}, which was taken before"
            return [replace(offered, status=DUPLICATE, reason=reason)]
        drops = self.source.drops_of(path.name)
        if not drops or (when is None and self.source.arrival == "path"):
            return [replace(offered, status=REFUSED, reason=self._refusal(bool(drops)))]
        if outside := self._outside(path):
            return [replace(offered, status=REFUSED, reason=outside)]
        taken = [entry for drop in drops for entry in self._taken(path, drop, offered, when)]
        for entry in taken:
            self._remember(entry)
        return taken

    def take_again(self, path: Path, came: Entry, lines: str) -> Entry:
        """The entry of a file with records of another."""
        offered = replace(came, name=path.name, sha256=sha256_file(path), slot=path.name, corrects="")
        offered = replace(offered, replays=came.file, replayed_lines=lines)
        if (path.name, came.drop) in self.newest:
            return replace(offered, status=DUPLICATE, file="", reason="the same records were tried again before")
        entry = replace(offered, arrival_date=self.now[0].isoformat(), arrival_hour=self.now[1])
        entry = self._put(entry, path.read_bytes())
        self._remember(entry)
        return entry

    def _outside(self, path: Path) -> str:
        """Why a file cannot arrive on a day of the shop; nothing where it can."""
        for day in days_of_arrival(self.source, path, self.now[0]) if self.shop_days else ():
            if self.shop_days and (problem := self.shop_days.problem(day)):
                return f"{problem}: {self.shop_days.fix(day)}"
        return ""

    def _taken(self, path: Path, drop: str, offered: Entry, when: tuple[date, int] | None) -> list[Entry]:
        """The entries of a file for one drop: one, or one an event day."""
        entry = replace(offered, drop=drop, table=self.source.drops[drop].feeds)
        if self.source.arrival == "event_day":
            parts = parts_by_event_day(self.source, drop, path, self.now[0])
            if parts is not None:
                pieces = [self._placed(path, entry, (day, LAST_HOUR), data) for day, data in parts]
                return [piece for piece in pieces if piece is not None]
        placed = self._placed(path, entry, when or self.now, None)
        return [placed] if placed else []

    def _placed(self, path: Path, entry: Entry, when: tuple[date, int], data: bytes | None) -> Entry | None:
        """Put a taken file under landing; None for a part of history that is there as it is."""
        slot = self._slot(path, when)
        before = self.newest.get((slot, entry.drop))
        entry = replace(entry, slot=slot, arrival_date=when[0].isoformat(), arrival_hour=when[1])
        if data is not None and before and before.stored_sha256 == hashlib.sha256(data).hexdigest():
            return None
        if before and self.source.same_name == "correction":
            day, hour = max((entry.arrival_date, entry.arrival_hour), self.latest)
            entry = replace(entry, corrects=before.file, arrival_date=day, arrival_hour=hour)
        folder = self.root / self.source.name / entry.arrival_date
        if data is None and path.resolve().parent == folder.resolve():
            file = f"{self.source.name}/{entry.arrival_date}/{path.name}"
            return replace(entry, file=file, stored_sha256=entry.sha256)
        return self._put(entry, path.read_bytes() if data is None else data)

    def _slot(self, path: Path, when: tuple[date, int] | None) -> str:
        return path.name if self.source.arrival == "now" or not when else f"{when[0]}T{when[1]:02d}/{path.name}"

    def _is_older_version(self, slot: str, sha256: str) -> bool:
        """Whether a file goes back to what it once was, which is a correction too."""
        versions = self.versions.get(slot, [])
        return self.source.same_name == "correction" and sha256 in versions and versions[-1] != sha256

    def _put(self, entry: Entry, data: bytes) -> Entry:
        """Copy bytes to their place; another file of the same name gets its hash in its name."""
        digest = hashlib.sha256(data).hexdigest()
        hour = "" if entry.arrival_hour == LAST_HOUR else f"/{entry.arrival_hour:02d}"
        place = f"{self.source.name}/{entry.arrival_date}{hour}"
        file = f"{place}/{entry.name}"
        stem, dot, suffix = entry.name.partition(".")
        if (self.root / file).exists() and sha256_file(self.root / file) != digest:
            file = f"{place}/{stem}-{digest[:8]}{dot}{suffix}"
        if entry.corrects and file in self.files:  # it goes back to what it once was
            file = f"{place}/{stem}-{digest[:8]}-{len(self.files)}{dot}{suffix}"
        written_whole(self.root / file, data)
        return replace(entry, file=file, stored_sha256=digest, bytes=len(data))

    def _remember(self, entry: Entry) -> None:
        self.first_names.setdefault(entry.sha256, entry.name)
        self.newest[entry.slot or entry.name, entry.drop] = entry
        self.versions.setdefault(entry.slot or entry.name, []).append(entry.sha256)
        self.files.add(entry.file)
        self.latest = max(self.latest, (entry.arrival_date, entry.arrival_hour))

    def _refusal(self, has_drop: bool) -> str:
        if has_drop:
            return "its path has no date YYYY-MM-DD, and the source says arrival: path"
        patterns = ", ".join(dict.fromkeys(drop.file for drop in self.source.drops.values()))
        return f"no drop of {self.source.name} takes this name ({patterns})"


def _when_in(path: Path) -> tuple[date, int] | None:
    """The last day in a path, and the hour beside it (``2026-03-01T05`` or ``2026-03-01/05/``); else the last hour."""
    days = []
    for text, *hours in _WHEN.findall(path.as_posix()):
        try:
            days.append((date.fromisoformat(text), "".join(hours)))
        except ValueError:
            continue
    if not days:
        return None
    last = days[-1][0]
    hours = [int(hour) for day, hour in days if day == last and hour and int(hour) <= LAST_HOUR]
    return last, hours[-1] if hours else LAST_HOUR
