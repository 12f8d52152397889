"""Counting what became of every row, and the law that none is lost: read = valid + quarantined + duplicate."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from recs.contracts import Contract
from recs.ingest.errors import IngestError


@dataclass(frozen=True)
class FileStatus:
    """One file of an hour: ``status`` is read or quarantined (whole, with the reason)."""

    name: str
    status: str
    reason: str
    read: int
    valid: int
    quarantined: int
    duplicate: int
    retracted: int = 0  # earlier rows that a correction takes back
    unknown_columns: list[str] = field(default_factory=list)  # those that a source asks to be told of


@dataclass(frozen=True)
class HourCounts:
    """What became of the rows that arrived in one hour. ``inputs``: a hash of what the hour was made from.

    reasons: rule -> rows; a row may count under several. A file that cannot be read has no rows: it is in ``files``.
    """

    inputs: str
    reasons: dict[str, int]
    flagged: dict[str, int]
    files: list[FileStatus]

    @staticmethod
    def of(parts: Sequence["HourCounts"], inputs: str) -> "HourCounts":
        """The counts of an hour from those of its parts; a file's counts are added up."""
        files: dict[str, FileStatus] = {}
        for file in (file for part in parts for file in part.files):
            files[file.name] = _added(files[file.name], file) if file.name in files else file
        reasons, flagged = (_sums(getattr(part, name) for part in parts) for name in ("reasons", "flagged"))
        return HourCounts(inputs, reasons, flagged, list(files.values()))


@dataclass(frozen=True)
class DayCounts:
    """What became of the rows of one arrival day, and of each hour of it."""

    day: date
    read: int
    valid: int
    quarantined: int
    duplicate: int
    retracted: int
    unreadable_files: int
    reasons: dict[str, int]
    flagged: dict[str, int]
    is_over_bad_share: bool
    hours: dict[int, HourCounts] = field(default_factory=dict)

    @property
    def files(self) -> list[FileStatus]:
        """Every file of the day, in order of arrival."""
        return [file for hour in sorted(self.hours) for file in self.hours[hour].files]

    @staticmethod
    def from_extra(day: date, extra: Mapping[str, Any]) -> "DayCounts":
        """The counts that a partition's sidecar holds."""
        hours = {
            int(hour): HourCounts(**{**counts, "files": [FileStatus(**file) for file in counts["files"]]})
            for hour, counts in extra["hours"].items()
        }
        counts = {name: extra[name] for name in DayCounts.__dataclass_fields__ if name in extra}
        return DayCounts(day=day, **{**counts, "hours": hours})

    def as_extra(self) -> dict[str, Any]:
        """The counts as plain values for a partition's sidecar."""
        plain = asdict(self)
        del plain["day"]
        return plain | {"hours": {f"{hour:02d}": counts for hour, counts in plain["hours"].items()}}


def day_counts(contract: Contract, day: date, hours: Mapping[int, HourCounts], written: int, bad: int) -> DayCounts:
    """The counts of one day, checked against the rows that were written. IngestError when a row is lost.

    written: rows of the raw partition; bad: rows of the quarantine, files that cannot be read among them.
    """
    files = [file for hour in hours.values() for file in hour.files]
    total = {name: sum(getattr(file, name) for file in files) for name in _COUNTED}
    unreadable = sum(file.status == "quarantined" for file in files)
    _check_conserved(contract.table, day, files, total, written, bad - unreadable)
    return DayCounts(
        day=day,
        **total,
        unreadable_files=unreadable,
        reasons=_sums(hour.reasons for hour in hours.values()),
        flagged={f.name: 0 for f in contract.fields if f.flags} | _sums(hour.flagged for hour in hours.values()),
        is_over_bad_share=unreadable > 0 or total["quarantined"] > contract.max_bad_share * total["read"],
        hours=dict(sorted(hours.items())),
    )


_COUNTED = ("read", "valid", "quarantined", "duplicate", "retracted")


def _added(one: FileStatus, other: FileStatus) -> FileStatus:
    sums = {name: getattr(one, name) + getattr(other, name) for name in _COUNTED}
    unknown = sorted({*one.unknown_columns, *other.unknown_columns})
    return FileStatus(one.name, one.status, one.reason, **sums, unknown_columns=unknown)


def _sums(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for one in counts:
        found.update(one)
    return dict(sorted(found.items()))


def _check_conserved(
    table: str, day: date, files: list[FileStatus], total: Mapping[str, int], written: int, bad: int
) -> None:
    lost = [f.name for f in files if f.read != f.valid + f.quarantined + f.duplicate]
    if lost or total["valid"] != written or total["quarantined"] != bad:
        where = f" in {lost[0]}" if lost else ""
        problem = (
            f"{table} {day}{where}: read {total['read']} <> {total['valid']} valid ({written} written) + "
            f"{total['quarantined']} quarantined ({bad} written) + {total['duplicate']} duplicate"
        )
        raise IngestError(problem, "nothing was written; report this with the file, since a row would be lost")
