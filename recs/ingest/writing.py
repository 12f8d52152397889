"""Writing the parts of raw partitions behind the reader, and committing each day when its last part is there."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from recs.checks.hold import held_table
from recs.checks.profile import Profile
from recs.contracts import Contract, arrow_schema
from recs.ingest.counts import DayCounts, HourCounts, day_counts
from recs.ingest.holds import forget_held
from recs.ingest.inputs import Inputs, quarantine_table, raw_table, retracted_table
from recs.ingest.judging import DayJudge
from recs.ingest.plan import Part
from recs.lake import Lake, PartitionInfo, Provenance
from recs.lake.parts import PartitionDraft


@dataclass(frozen=True)
class Written:
    """What becomes of a part: its good rows and their keys, bad rows, rows taken back, and the counts."""

    rows: pa.Table
    keys: np.ndarray
    quarantined: pa.Table
    retracted: pa.Table
    counts: HourCounts
    profile: Profile | None = None  # of the day, where the part is the whole of it


class _Day:
    """One day whose parts are being written."""

    def __init__(self, contract: Contract, lake: Lake, day: date) -> None:
        self.day, self.contract = day, contract
        tables = (raw_table, quarantine_table, retracted_table)
        self.raw, self.quarantine, self.retracted = (
            PartitionDraft(lake, table(contract.table), day) for table in tables
        )
        self.profile: Profile | None = None
        self.is_held = False
        self.hours: dict[int, HourCounts] = {}
        self.open: list[HourCounts] = []  # parts of the hour that is being written

    def keep(self, hour: int, counts: HourCounts) -> None:
        """Take over an hour of the partition that is there."""
        for draft in (self.raw, self.quarantine, self.retracted):
            info = PartitionInfo.read(draft.lake.folder(draft.table, self.day))
            for name in info.parts if info else ():
                if name.startswith(f"{hour:02d}-"):
                    draft.keep(name, (keys_file(name),))
        self.hours[hour] = counts

    def add(self, part: Part, written: Written) -> None:
        files = {keys_file(part.name): written.keys.tobytes()} if len(written.keys) else {}
        self.raw.add(part.name, written.rows, files, unlike=self.contract.key)
        if written.quarantined.num_rows:
            self.quarantine.add(part.name, written.quarantined)
        if written.retracted.num_rows:
            self.retracted.add(part.name, written.retracted)
        self.open.append(written.counts)
        self.profile = written.profile

    def close_hour(self, hour: int, inputs: str) -> None:
        self.hours[hour] = HourCounts.of(self.open, inputs)
        self.open = []

    def commit(self, inputs: dict[str, str], provenance: Provenance, judge: DayJudge | None) -> DayCounts:
        """Quarantine first: once the raw partition is there, the day is complete."""
        rows, bad = (sum(part.rows for part in draft.parts.values()) for draft in (self.raw, self.quarantine))
        counts = day_counts(self.contract, self.day, self.hours, rows, bad)
        for draft in (self.quarantine, self.retracted):
            if draft.parts or draft.lake.info(draft.table, self.day):
                if not draft.parts:
                    draft.add("00-000", draft.lake.read(draft.table, self.day).clear().to_arrow())
                draft.commit(inputs=inputs, provenance=provenance, extra={})
        back = {f"retracted-{name}": part.content_hash for name, part in self.retracted.parts.items() if part.rows}
        extra = counts.as_extra()
        if judge is not None:
            profile = self.profile or judge.profile(self.raw.files() if rows else (), counts)
            judged = judge.judge(profile, self.raw.content_hash(back))
            extra |= {"profile": judged.profile.as_extra(), "held": judged.reasons}
            self.is_held = bool(judged.reasons)
            if self.is_held:
                held = {"reasons": judged.reasons}
                table = held_table(self.contract.table)
                self.raw.commit(inputs=inputs, provenance=provenance, extra=held, beside=back, table=table)
                self.raw = self._emptied()
                back = {}
            else:
                forget_held(self.raw.lake, self.contract.table, self.day)
        self.raw.commit(inputs=inputs, provenance=provenance, extra=extra, beside=back)
        self.discard()
        return counts

    def _emptied(self) -> PartitionDraft:
        """What readers see of a day that is held."""
        draft = PartitionDraft(self.raw.lake, self.raw.table, self.day)
        draft.add("00-000", arrow_schema(self.contract).empty_table())
        return draft

    def discard(self) -> None:
        for draft in (self.raw, self.quarantine, self.retracted):
            draft.discard()


class DayWriter:
    """Writes parts in the order in which they are given, one at a time, in a thread of its own."""

    def __init__(
        self,
        contract: Contract,
        days: Sequence[date],
        inputs: Inputs,
        lake: Lake,
        provenance: Provenance,
        judge: DayJudge | None = None,
    ) -> None:
        self.contract, self.inputs, self.lake = contract, inputs, lake
        self.provenance, self.judge = provenance, judge
        self.kept = inputs.kept_hours(days[0])
        self.todo = [
            (day, hour, entries)
            for day in days
            for hour, entries in inputs.hours(day).items()
            if day != days[0] or hour not in self.kept
        ]
        self._first, self._last = days[0], days[-1]
        self._days: dict[date, _Day] = {}
        self._thread = ThreadPoolExecutor(1)
        self._pending: list[Future[DayCounts | None]] = []
        self.stopped = False  # at a day that is held: what came after it was compared with rows that nobody sees

    def put(self, part: Part, written: Written) -> None:
        """Write a part, by and by."""
        self._pending.append(self._thread.submit(self._write, part, written))

    def finished(self, *, wait: bool = False) -> Iterator[DayCounts]:
        """The counts of the days that have been committed since the last call; with ``wait`` of all that were put."""
        while self._pending and (wait or self._pending[0].done()):
            counts = self._pending.pop(0).result()
            if counts is not None:
                yield counts

    def settle(self) -> None:
        """Wait until everything that was put lies on disk."""
        for future in self._pending:
            future.result()

    def folder(self, day: date) -> Path:
        """Where the parts of a day lie now: in the draft of a day that is not yet committed."""
        return self._days[day].raw.folder if day in self._days else self.lake.folder(self._table, day)

    def retracted_files(self) -> list[Path]:
        """The files of all rows that corrections have taken back so far, those in drafts too."""
        table = retracted_table(self.contract.table)
        found = [
            file for day in self.lake.days(table) if day not in self._days for file in self.lake.day_files(table, day)
        ]
        return found + [file for day in self._days.values() for file in day.retracted.folder.glob("data*")]

    def close(self) -> None:
        self._thread.shutdown(cancel_futures=True)
        for day in self._days.values():
            day.discard()

    @property
    def _table(self) -> str:
        return raw_table(self.contract.table)

    def _write(self, part: Part, written: Written) -> DayCounts | None:
        if self.stopped:
            return None
        day = self._days.get(part.day) or self._opened(part.day)
        before = dict(day.hours)
        day.add(part, written)
        if not part.ends_hour:
            return None
        day.close_hour(part.hour, self.inputs.hour_hash(part.day, part.hour, _hashes(day.raw, before)))
        if not part.ends_day:
            return None
        counts = day.commit(self.inputs.of(part.day), self.provenance, self.judge)
        del self._days[part.day]
        self.inputs.wrote(part.day)
        self.stopped = day.is_held and part.day != self._last
        return counts

    def _opened(self, day: date) -> _Day:
        self._days[day] = opened = _Day(self.contract, self.lake, day)
        if day == self._first:
            for hour, counts in self.kept.items():
                opened.keep(hour, counts)
        return opened


def keys_file(part: str) -> str:
    """The file with the keys of a part's events, beside its rows."""
    return f"keys-{part}.u64"


def _hashes(draft: PartitionDraft, hours: dict[int, HourCounts]) -> dict[str, str]:
    """Content hashes of the parts of hours that are closed."""
    return {name: part.content_hash for name, part in draft.parts.items() if int(name[:2]) in hours}
