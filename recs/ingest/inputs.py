"""What a raw partition is made from, as hashes: enough to see that it is up to date without building it."""

import hashlib
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from recs.contracts import Contract
from recs.ingest.errors import IngestError
from recs.ingest.ledger import Entry, Ledger
from recs.ingest.source import Source
from recs.lake import Lake


def raw_table(table: str) -> str:
    """The lake's name of a contract's raw table."""
    return f"raw/{table}"


def quarantine_table(table: str) -> str:
    """The lake's name of a contract's quarantined rows."""
    return f"raw/quarantine/{table}"


def arrivals(landing_root: Path, sources: Iterable[Source], table: str) -> dict[date, list[Entry]]:
    """The taken files that feed a table, by arrival day, in path order. Sources are read in name order."""
    by_day: dict[date, list[Entry]] = {}
    for source in sorted(sources, key=lambda s: s.name):
        for entry in Ledger(landing_root, source.name).taken():
            if entry.table == table:
                by_day.setdefault(entry.day, []).append(entry)
    return {day: sorted(by_day[day], key=lambda e: e.file) for day in sorted(by_day)}


class Inputs:
    """The inputs of the partitions of one table, day by day.

    Beside its files, contract and sources, a partition depends on the earlier partitions of its own table where rows
    are events (an event counts once, at its first arrival), and on the tables that its flags look into.
    """

    def __init__(self, contract: Contract, landing_root: Path, sources: Sequence[Source], lake: Lake) -> None:
        self.contract, self.lake = contract, lake
        self.files = arrivals(landing_root, sources, contract.table)
        self.static = {f"contract/{contract.table}": contract.digest}
        feeding = (s for s in sources if any(d.feeds == contract.table for d in s.drops.values()))
        self.static |= {f"source/{s.name}": s.digest for s in feeding}
        self._own = _Chain(lake, raw_table(contract.table))
        self._flagged = {table: _Chain(lake, raw_table(table)) for table in flag_tables(contract)}
        self._references = {t: arrivals(landing_root, sources, t) for t in self._flagged}

    def of(self, day: date) -> dict[str, str]:
        """The inputs of one day. Ask for days in ascending order."""
        found = dict(self.static) | {f"landing/{e.file}": e.stored_sha256 for e in self.files.get(day, [])}
        if self.contract.deduplicate == "first_arrival":
            found[f"{raw_table(self.contract.table)} before"] = self._own.until(day - timedelta(days=1))
        for table, chain in self._flagged.items():
            found[f"{raw_table(table)} until"] = chain.until(day)
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
