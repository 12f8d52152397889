"""A store in this process's memory, for trials and tests. It forgets everything with the process."""

import hashlib
import threading
from collections.abc import Hashable, Iterator

from recs.store.base import Pointer, Records, StoreError, check_fence, check_order, missing


class MemoryReader:
    """One release as a dictionary in key order."""

    def __init__(self, release_id: str, rows: dict[bytes, bytes]) -> None:
        self.release_id = release_id
        self._rows = rows

    def get(self, key: bytes) -> bytes | None:
        return self._rows.get(key)

    def records(self) -> Iterator[tuple[bytes, bytes]]:
        return iter(self._rows.items())

    def close(self) -> None:
        """Nothing to give back."""


class MemoryStore:
    """See recs.store.base.Store."""

    def __init__(self) -> None:
        self._loaded: dict[str, dict[bytes, bytes]] = {}
        self._pointer: Pointer | None = None
        self._lock = threading.Lock()

    def load(self, release_id: str, records: Records) -> int:
        rows: dict[bytes, bytes] = {}
        last = None
        for key, value in records:
            check_order(last, key)
            rows[key] = value
            last = key
        self._loaded[release_id] = rows
        return len(rows)

    def has(self, release_id: str) -> bool:
        return release_id in self._loaded

    def releases(self) -> list[str]:
        return sorted(self._loaded)

    def reader(self, release_id: str) -> MemoryReader:
        if release_id not in self._loaded:
            raise missing(release_id)
        return MemoryReader(release_id, self._loaded[release_id])

    def fingerprint(self, release_id: str) -> str:
        digest = hashlib.sha256()
        for key, value in self.reader(release_id).records():
            digest.update(b"%d,%d:" % (len(key), len(value)) + key + value)
        return digest.hexdigest()

    def remove(self, release_id: str) -> None:
        if self._pointer and self._pointer.release_id == release_id:
            raise StoreError(f"release '{release_id}' is in force", "promote another release first")
        self._loaded.pop(release_id, None)

    def active(self) -> Pointer | None:
        return self._pointer

    def promote(self, pointer: Pointer) -> Pointer:
        with self._lock:
            if not self.has(pointer.release_id):
                raise missing(pointer.release_id)
            check_fence(pointer, self._pointer)
            self._pointer = pointer
        return pointer

    def stamp(self) -> Hashable:
        return self._pointer

    def leftovers(self) -> list[str]:
        return []

    def clean(self) -> list[str]:
        return []
