"""Counting what became of every row, and the law that none is lost: read = valid + quarantined + duplicate."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from recs.contracts import Contract
from recs.ingest.errors import IngestError
from recs.ingest.ledger import Entry
from recs.ingest.records import FIELD_COUNT, FileRows


@dataclass(frozen=True)
class FileStatus:
    """One file of a day: ``status`` is read or quarantined (whole, with the reason)."""

    name: str
    status: str
    reason: str
    read: int
    valid: int
    quarantined: int
    duplicate: int


@dataclass(frozen=True)
class DayCounts:
    """What became of the rows of one arrival day. ``reasons``: rule -> rows; a row may count under several.

    A file that cannot be read has no rows: it is in ``files`` and ``unreadable_files``.
    """

    day: date
    read: int
    valid: int
    quarantined: int
    duplicate: int
    unreadable_files: int
    reasons: dict[str, int]
    flagged: dict[str, int]
    is_over_bad_share: bool
    files: list[FileStatus] = field(default_factory=list)

    @staticmethod
    def from_extra(day: date, extra: Mapping[str, Any]) -> "DayCounts":
        """The counts that a partition's sidecar holds."""
        return DayCounts(day=day, **{**extra, "files": [FileStatus(**file) for file in extra["files"]]})

    def as_extra(self) -> dict[str, Any]:
        """The counts as plain values for a partition's sidecar."""
        plain = asdict(self)
        del plain["day"]
        return plain


class FileCounts:
    """Per file: rows by status and rows by broken rule."""

    def __init__(
        self, parsed: dict[str, FileRows], counts: list[tuple[str, str, int]], reasons: list[tuple[str, str, int]]
    ) -> None:
        self.parsed = parsed
        self._counts = {(file, status): rows for file, status, rows in counts}
        self._reasons: dict[str, Counter[str]] = {}
        for file, rule, rows in reasons:
            self._reasons.setdefault(file, Counter())[rule] += rows

    def status(self, entry: Entry) -> FileStatus:
        """The counts of one file."""
        found = self.parsed[entry.file]
        valid, quarantined, duplicate = (
            self._counts.get((entry.file, status), 0) for status in ("valid", "quarantined", "duplicate")
        )
        return FileStatus(
            name=entry.file,
            status="quarantined" if found.failure else "read",
            reason=f"{found.failure[0]} ({found.failure[1]})" if found.failure else "",
            read=found.read,
            valid=valid,
            quarantined=quarantined + len(found.malformed),
            duplicate=duplicate,
        )

    def reasons(self, entry: Entry) -> Counter[str]:
        """Rows of one file by broken rule; a file that cannot be read counts 1 under its own rule."""
        found = self.parsed[entry.file]
        reasons = Counter(self._reasons.get(entry.file, Counter()))
        if found.malformed:
            reasons[FIELD_COUNT] += len(found.malformed)
        if found.failure:
            reasons[found.failure[0]] += 1
        return reasons


def day_counts(
    contract: Contract, day: date, entries: Sequence[Entry], per_file: FileCounts, valid: pa.Table, bad: pa.Table
) -> DayCounts:
    """The counts of one day, checked against the rows about to be written. IngestError when a row is lost."""
    files = [per_file.status(entry) for entry in entries]
    reasons: Counter[str] = sum((per_file.reasons(entry) for entry in entries), Counter())
    read, duplicate = sum(f.read for f in files), sum(f.duplicate for f in files)
    unreadable = sum(f.status == "quarantined" for f in files)
    quarantined = bad.num_rows - unreadable
    _check_conserved(contract.table, day, files, read, valid.num_rows, quarantined, duplicate)
    return DayCounts(
        day=day,
        read=read,
        valid=valid.num_rows,
        quarantined=quarantined,
        duplicate=duplicate,
        unreadable_files=unreadable,
        reasons=dict(sorted(reasons.items())),
        flagged={f.name: pc.sum(valid[f.name]).as_py() or 0 for f in contract.fields if f.flags},
        is_over_bad_share=unreadable > 0 or quarantined > contract.max_bad_share * read,
        files=files,
    )


def _check_conserved(
    table: str, day: date, files: list[FileStatus], read: int, valid: int, quarantined: int, duplicate: int
) -> None:
    lost = [f.name for f in files if f.read != f.valid + f.quarantined + f.duplicate]
    if lost or read != valid + quarantined + duplicate:
        where = f" in {lost[0]}" if lost else ""
        problem = (
            f"{table} {day}{where}: read {read} <> {valid} valid + {quarantined} quarantined + {duplicate} duplicate"
        )
        raise IngestError(problem, "nothing was written; report this with the file, since a row would be lost")
