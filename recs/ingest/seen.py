"""Which events have arrived before: exact, over the whole horizon, in bounded memory.

Beside each part of a raw partition lie 64-bit keys of its event ids, sorted. The keys of a chunk are looked up in those
of every earlier part, some in memory, the others one file at a time; whoever finds its key is compared by event id.
"""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from pathlib import Path

import numpy as np

MOST_IN_MEMORY = 50_000_000  # keys: 400 MB
FIRST_BITS = 27  # of a key, which tell of most new ones that they are new: 128 MB of marks
KEYS_SQL = "(md5_number({}) & 18446744073709551615::uhugeint)::ubigint"  # five times as fast as md5_number_lower
HORIZON_DAYS = 400  # an event id is remembered for as long as an event may be late


class SeenKeys:
    """Sorted uint64 keys of every part that has arrived so far, as ``keys-<part>.u64`` in the folder of its day."""

    def __init__(self, folder: Callable[[date], Path], most_in_memory: int = MOST_IN_MEMORY) -> None:
        self._folder, self._most = folder, most_in_memory
        self._marks = np.zeros(1 << FIRST_BITS, bool)
        self._memory: list[np.ndarray] = []  # each more than twice as long as the next: few, and seldom merged
        self._on_disk: list[tuple[date, str]] = []
        self._parts: list[tuple[date, str]] = []

    def remember(self, day: date, names: Iterable[str]) -> None:
        """Count the parts behind some key files of a day as arrived."""
        fresh = {name: np.fromfile(self._folder(day) / name, np.uint64) for name in sorted(names)}
        for name, keys in fresh.items():
            self.add(day, name, keys)

    def add(self, day: date, name: str, keys: np.ndarray) -> None:
        """Count a part as arrived whose sorted keys are at hand, and are or will be in its file."""
        if not len(keys):
            return
        self._parts.append((day, name))
        self._marks[_first_bits(keys)] = True
        if sum(map(len, self._memory)) + len(keys) > self._most:
            self._on_disk.append((day, name))
            return
        self._memory.append(keys)
        while len(self._memory) > 1 and len(self._memory[-2]) <= 2 * len(self._memory[-1]):
            last = self._memory.pop()
            self._memory[-1] = np.sort(np.concatenate([self._memory[-1], last]), kind="stable")  # merges two runs

    @property
    def needs_files(self) -> bool:
        """Whether some keys are on disk alone."""
        return bool(self._on_disk)

    def known(self, keys: np.ndarray) -> np.ndarray:
        """Those of ``keys`` (sorted, each once) that an earlier part holds."""
        maybe = keys[self._marks[_first_bits(keys)]]
        found = [common(maybe, run) for run in self._memory]
        found += [common(maybe, self._read(part)) for part in self._on_disk]
        return each_once(np.concatenate([maybe[:0], *found]))

    def rows_of(self, keys: np.ndarray, first_day: date) -> list[Path]:
        """The rows of parts that hold any of ``keys`` and arrived within the horizon before ``first_day``, or later."""
        since = first_day - timedelta(days=HORIZON_DAYS)
        parts = [part for part in self._parts if part[0] >= since and len(common(keys, self._read(part)))]
        files = [self._folder(day) / name.replace("keys-", "data-").replace(".u64", ".parquet") for day, name in parts]
        return [file for file in files if file.exists()]  # a day that was held after all is not seen

    def _read(self, part: tuple[date, str]) -> np.ndarray:
        path = self._folder(part[0]) / part[1]
        return np.fromfile(path, np.uint64) if path.exists() else np.empty(0, np.uint64)


def common(keys: np.ndarray, run: np.ndarray) -> np.ndarray:
    """Those of some sorted keys that a sorted run holds."""
    if not len(keys) or not len(run):
        return keys[:0]
    places = np.minimum(np.searchsorted(run, keys), len(run) - 1)
    return np.asarray(keys[run[places] == keys])


def each_once(keys: np.ndarray) -> np.ndarray:
    """The different keys, sorted."""
    ordered = np.sort(keys)
    return np.asarray(ordered[np.append(True, ordered[1:] != ordered[:-1])]) if len(ordered) else ordered


def repeated(keys: np.ndarray) -> np.ndarray:
    """The keys that occur more than once, sorted, each once."""
    ordered = np.sort(keys)
    return each_once(ordered[1:][ordered[1:] == ordered[:-1]])


def _first_bits(keys: np.ndarray) -> np.ndarray:
    return (keys >> np.uint64(64 - FIRST_BITS)).astype(np.int64)
