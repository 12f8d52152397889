"""What a raw partition is made from, as hashes: enough to see that it is up to date without building it."""

import hashlib
import json
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from datetime import date, timedelta
from pathlib import Path

from recs.contracts import Contract
from recs.ingest.counts import DayCounts, HourCounts
from recs.ingest.errors import IngestError
from recs.ingest.holds import Holds
from recs.ingest.ledger import Entry, Ledger
from recs.ingest.source import Source
from recs.lake import Lake

WHOLE_DAY = -1  # the hour of a table whose days are compared and written as a whole


def raw_table(table: str) -> str:
    """The lake's name of a contract's raw table."""
    return f"raw/{table}"


def quarantine_table(table: str) -> str:
    """The lake's name of a contract's quarantined rows."""
    return f"raw/quarantine/{table}"


def retracted_table(table: str) -> str:
    """The lake's name of the rows that corrections have taken back, by the day of the correction."""
    return f"raw/retracted/{table}"


def arrivals(landing_root: Path, sources: Iterable[Source], table: str) -> dict[date, list[Entry]]:
    """The taken files that feed a table, by arrival day. Sources are read in name order.

    Within a day files are in order of hour and path; corrections and replays come last in their hour, as in the ledger.
    """
    by_day: dict[date, list[Entry]] = {}
    for source in sorted(sources, key=lambda s: s.name):
        for entry in Ledger(landing_root, source.name).taken():
            if entry.table == table:
                by_day.setdefault(entry.day, []).append(entry)
    return {day: sorted(by_day[day], key=_by_arrival) for day in sorted(by_day)}


def _by_arrival(entry: Entry) -> tuple[int, bool, str]:
    is_late = bool(entry.corrects or entry.replays)
    return entry.arrival_hour, is_late, "" if is_late else entry.file


class Inputs:
    """The inputs of the partitions of one table, day by day, and of the hours inside them.

    Beside its files, contract and sources, a partition depends on the earlier partitions of its own table where rows
    are events (an event counts once, at its first arrival), and on the tables that its flags look into.
    """

    def __init__(
        self, contract: Contract, landing_root: Path, sources: Sequence[Source], lake: Lake, code_version: str = ""
    ) -> None:
        self.contract, self.lake, self.code_version = contract, lake, code_version
        self.files = arrivals(landing_root, sources, contract.table)
        self._decisions = Holds(landing_root).inputs(contract.table)
        self._digests = {s.name: s.digest for s in sources}
        self._own = _Chain(lake, raw_table(contract.table))
        self._flagged = {table: _Chain(lake, raw_table(table)) for table in flag_tables(contract)}
        self._references = {t: arrivals(landing_root, sources, t) for t in self._flagged}

    @property
    def by_first_arrival(self) -> bool:
        """Whether an event counts once, at its first arrival, so that hours are added one after the other."""
        return self.contract.deduplicate == "first_arrival"

    def of(self, day: date) -> dict[str, str]:
        """The inputs of one day. Ask for days in ascending order."""
        found = self._files(day, self.files.get(day, [])) | self._decisions.get(day, {})
        if self.by_first_arrival:
            found[f"{raw_table(self.contract.table)} before"] = self._own.until(day - timedelta(days=1))
        for table, chain in self._flagged.items():
            found[f"{raw_table(table)} until"] = chain.until(day)
        return found

    def hours(self, day: date) -> dict[int, list[Entry]]:
        """The files of a day by hour of arrival; one hour without files where none came. A day whose rows are compared
        with each other is one hour.
        """
        entries = self.files.get(day, [])
        if not self.by_first_arrival or not entries:
            return {WHOLE_DAY if not self.by_first_arrival else 0: entries}
        return {
            hour: [e for e in entries if e.arrival_hour == hour] for hour in sorted({e.arrival_hour for e in entries})
        }

    def kept_hours(self, day: date) -> dict[int, HourCounts]:
        """The first hours of a day's partition that would be built again from the same inputs, with their counts."""
        info = self.lake.info(raw_table(self.contract.table), day)
        if info is None or not self.by_first_arrival or info.extra.get("held") or info.deleted_rows is not None:
            return {}
        there, kept = DayCounts.from_extra(day, info.extra).hours, {}
        chain = self._own.copied().until(day - timedelta(days=1))
        for hour in self.hours(day):
            parts = {name: str(part["content_hash"]) for name, part in info.parts.items() if int(name[:2]) in kept}
            if hour not in there or there[hour].inputs != self._hour_hash(day, hour, chain, parts):
                break
            kept[hour] = there[hour]
        return kept if set(kept) < set(self.hours(day)) else {}

    def hour_hash(self, day: date, hour: int, parts: Mapping[str, str]) -> str:
        """A hash of what an hour is made from. parts: content hashes of the day's parts before it."""
        return self._hour_hash(day, hour, self._own.until(day - timedelta(days=1)), parts)

    def _hour_hash(self, day: date, hour: int, before: str, parts: Mapping[str, str]) -> str:
        found = self._files(day, self.hours(day).get(hour, [])) | {"before": before, "code": self.code_version}
        found |= {f"part {name}": digest for name, digest in parts.items()}
        for table, arrived in self._references.items():
            known = [entry for entry in arrived.get(day, []) if entry.arrival_hour <= hour]
            found |= {f"{table} {e.file}": e.stored_sha256 for e in known}
            found[f"{table} before"] = self._flagged[table].copied().until(day - timedelta(days=1))
        return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()

    def versions(self, entry: Entry) -> list[Entry]:
        """The earlier versions of a correction, the newest first."""
        by_file = {e.file: e for entries in self.files.values() for e in entries}
        found: list[Entry] = []
        while entry.corrects in by_file and by_file[entry.corrects] not in found:
            entry = by_file[entry.corrects]
            found.append(entry)
        return found

    def _files(self, day: date, entries: Sequence[Entry]) -> dict[str, str]:
        found = {f"contract/{self.contract.table}": self.contract.digest}
        for entry in entries:
            source = entry.file.split("/", 1)[0]
            found[f"source/{source}"] = self._digests[source]
            found[f"landing/{entry.file}"] = entry.stored_sha256
        return found

    def wrote(self, day: date) -> None:
        """Say that the table's own partition of that day is in the lake now."""
        self._own.add(day)

    def check_complete(self, days: Sequence[date]) -> None:
        """IngestError when drops that arrived before the last of the days to be built, and count for it, are missing.

        Those of the days themselves are about to be built.
        """
        needed = [(table, arrived, frozenset[date]()) for table, arrived in self._references.items()]
        if self.contract.deduplicate == "first_arrival":
            needed.append((self.contract.table, self.files, frozenset(days)))
        for table, arrived, coming in needed:
            built = coming.union(self.lake.days(raw_table(table)))
            missing = [day for day in arrived if day <= days[-1] and day not in built]
            if missing:
                came = f"whose drops came before {self.contract.table} {days[-1]}"
                problem = f"{raw_table(table)} lacks {missing[0]}, {came}"
                raise IngestError(problem, f"build {raw_table(table)} from {missing[0]} on first")


class _Chain:
    """A hash over the content hashes of a table's partitions up to a day; days ascend."""

    def __init__(self, lake: Lake, table: str) -> None:
        self.lake, self.table = lake, table
        self._days = deque(lake.days(table))  # listed once: a listing a day would be quadratic in days
        self._digest = hashlib.sha256()

    def add(self, day: date) -> None:
        """Count a partition that was not there when the chain began."""
        if not self._days or day < self._days[0]:
            self._days.appendleft(day)

    def copied(self) -> "_Chain":
        """One that can go on by itself."""
        other = copy(self)
        other._days, other._digest = copy(self._days), self._digest.copy()
        return other

    def until(self, day: date) -> str:
        while self._days and self._days[0] <= day:
            known = self._days.popleft()
            info = self.lake.info(self.table, known)
            self._digest.update(f"{known}:{info.content_hash if info else ''}\n".encode())
        return self._digest.hexdigest()


def flag_tables(contract: Contract) -> dict[str, tuple[str, str, str]]:
    """Referenced table -> (flag, field, referenced column) for every flag of a contract."""
    found = {}
    for flag in contract.fields:
        if flag.flags is not None:
            table, column = contract.field(flag.flags).references or ("", "")
            found[table] = (flag.name, flag.flags, column)
    return found


def raw_inputs(
    contract: Contract, days: Iterable[date], *, lake: Lake, landing_root: Path, sources: Sequence[Source]
) -> dict[date, dict[str, str]]:
    """The inputs that each day's partition would have if it were built now."""
    inputs = Inputs(contract, landing_root, sources, lake)
    return {day: inputs.of(day) for day in sorted(days)}


def stale_days(
    contract: Contract, days: Iterable[date], *, lake: Lake, landing_root: Path, sources: Sequence[Source]
) -> list[date]:
    """The days whose partition is missing or was made from other inputs."""

    def current(day: date, inputs: Mapping[str, str]) -> bool:
        info = lake.info(raw_table(contract.table), day)
        return info is not None and dict(info.inputs) == dict(inputs)

    wanted = raw_inputs(contract, days, lake=lake, landing_root=landing_root, sources=sources)
    return [day for day, inputs in wanted.items() if not current(day, inputs)]


def unbuilt_days(tables: Iterable[str], *, lake: Lake, landing_root: Path, sources: Sequence[Source]) -> list[date]:
    """The arrival days with files that no partition was made from: late, forgotten or new ones. In order.

    A day whose source or contract has changed since is not one of them: its files are in. Nor is one deleted by age.
    """
    found = set()
    for table in tables:
        for day, entries in arrivals(landing_root, sources, table).items():
            info = lake.info(raw_table(table), day)
            known = info.inputs if info else {}
            is_deleted = info is not None and info.deleted_rows is not None
            if not is_deleted and any(known.get(f"landing/{e.file}") != e.stored_sha256 for e in entries):
                found.add(day)
    return sorted(found)
