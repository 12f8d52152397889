"""The ledger of taken drops: one append-only file of JSON lines a source, written by one writer at a time."""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from recs.errors import AisleError

LEDGER_FILE = "_ledger.jsonl"
TAKEN, DUPLICATE, REFUSED = "taken", "duplicate", "refused"


class LedgerError(AisleError):
    """A ledger that is damaged or in use."""


@dataclass(frozen=True)
class Entry:
    """One file that was offered: ``sha256`` of what came, ``stored_sha256`` of what lies at ``file`` under landing.

    The two differ only where a file was cut by event day; ``file`` is empty unless the file was taken. A file that
    feeds several tables has an entry for each.
    """

    name: str
    sha256: str
    status: str
    reason: str = ""
    file: str = ""
    stored_sha256: str = ""
    drop: str = ""
    table: str = ""
    arrival_date: str = ""
    arrival_hour: int = 23
    bytes: int = 0
    slot: str = ""  # what tells a file of a source: its name and, where the path says them, its day and hour
    corrects: str = ""  # the file of the same slot that this one replaces
    replays: str = ""  # the file whose quarantined records this one brings again
    replayed_lines: str = ""  # their numbers in that file, such as 2-4,9; 0 for a file as a whole

    @property
    def day(self) -> date:
        return date.fromisoformat(self.arrival_date)


class Ledger:
    """The entries of one source, in the order in which its files were taken."""

    def __init__(self, landing_root: Path, source: str) -> None:
        self.path = Path(landing_root) / source / LEDGER_FILE

    def entries(self) -> list[Entry]:
        """All whole entries; a last line torn by a kill does not count. LedgerError on any other damage."""
        return [entry for entry, _ in self._lines()]

    def taken(self) -> list[Entry]:
        """The entries whose files feed the raw tables."""
        return [entry for entry in self.entries() if entry.status == TAKEN]

    @contextmanager
    def writing(self) -> Iterator["Ledger"]:
        """Hold the writer's lock; a second writer waits."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield self

    def append(self, entries: Sequence[Entry]) -> None:
        """Add entries and sync them to disk; first cuts off a torn last line. Call inside ``writing``."""
        if not entries:
            return
        whole = sum(size for _, size in self._lines())
        with self.path.open("ab") as handle:
            handle.truncate(whole)
            handle.write(b"".join(json.dumps(asdict(e), sort_keys=True).encode() + b"\n" for e in entries))
            handle.flush()
            os.fsync(handle.fileno())

    def _lines(self) -> Iterator[tuple[Entry, int]]:
        """(entry, bytes of its line) for each whole line."""
        if not self.path.exists():
            return
        for number, line in enumerate(self.path.read_bytes().splitlines(keepends=True), start=1):
            if not line.endswith(b"\n"):
                return
            try:
                yield Entry(**json.loads(line)), len(line)
            except (ValueError, TypeError) as error:
                problem = f"{self.path} line {number} is not a ledger entry"
                raise LedgerError(
                    problem, "restore the line from a backup, or delete it and land its file again"
                ) from error
