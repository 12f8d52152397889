"""The embedded store: one LMDB folder a release, written beside what is live and renamed into place when complete."""

import fcntl
import hashlib
import os
import shutil
import uuid
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path

import lmdb

from recs.store.base import Pointer, Records, StoreError, check_order, missing
from recs.store.pointer import POINTER_FILE, locked, pointer_stamp, read_pointer, swap_pointer, sync_folder

DATA_FILE = "data.mdb"
TMP_PREFIX = ".tmp-"
MAP_BYTES = 1 << 40  # address space to write in, not disk; part of the file's header, so fixed
CHUNK_RECORDS = 50_000  # records a transaction: bounds the memory of a load

_open_files: dict[Path, tuple[lmdb.Environment, int]] = {}  # LMDB refuses a second opening of a file in one process


class LmdbReader:
    """One release through a read-only memory map. For one thread."""

    def __init__(self, release_id: str, folder: Path) -> None:
        self.release_id = release_id
        self._folder = folder.resolve()
        self._is_open = True
        try:
            self._transaction = _opened(self._folder).begin()
        except lmdb.Error as error:
            raise _unreadable(release_id, error) from None

    def get(self, key: bytes) -> bytes | None:
        try:
            value: bytes | None = self._transaction.get(key)
        except lmdb.Error as error:
            raise _unreadable(self.release_id, error) from None
        return value

    def records(self) -> Iterator[tuple[bytes, bytes]]:
        try:
            with self._transaction.cursor() as cursor:
                yield from cursor
        except lmdb.Error as error:
            raise _unreadable(self.release_id, error) from None

    def close(self) -> None:
        """Give the memory map back; closing twice is fine."""
        if self._is_open:
            self._is_open = False
            self._transaction.abort()
            _released(self._folder)


class LmdbStore:
    """See recs.store.base.Store. ``root`` holds ``lmdb/<release>/data.mdb`` and the pointer."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folder = root / "lmdb"

    def load(self, release_id: str, records: Records) -> int:
        with self._fresh_folder(release_id) as fresh:
            count = _write(fresh, records)
            sync_folder(fresh)
            with locked(self.root):
                self._set_aside(release_id)
                fresh.rename(self._folder / release_id)
                sync_folder(self._folder)
        return count

    def has(self, release_id: str) -> bool:
        return (self._folder / release_id / DATA_FILE).is_file()

    def releases(self) -> list[str]:
        found = (path.parent.name for path in self._folder.glob(f"*/{DATA_FILE}"))
        return sorted(name for name in found if not name.startswith(TMP_PREFIX))

    def reader(self, release_id: str) -> LmdbReader:
        if not self.has(release_id):
            raise missing(release_id)
        return LmdbReader(release_id, self._folder / release_id)

    def fingerprint(self, release_id: str) -> str:
        if not self.has(release_id):
            raise missing(release_id)
        with (self._folder / release_id / DATA_FILE).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def remove(self, release_id: str) -> None:
        if not self._folder.exists():
            return
        with locked(self.root):
            pointer = self.active()
            if pointer and pointer.release_id == release_id:
                raise StoreError(f"release '{release_id}' is in force", "promote another release first")
            self._set_aside(release_id)

    def active(self) -> Pointer | None:
        return read_pointer(self.root)

    def promote(self, pointer: Pointer) -> Pointer:
        def check() -> None:
            if not self.has(pointer.release_id):
                raise missing(pointer.release_id)

        return swap_pointer(self.root, pointer, check)

    def stamp(self) -> Hashable:
        return pointer_stamp(self.root)

    def leftovers(self) -> list[str]:
        return [str(path.relative_to(self.root)) for path in self._abandoned()]

    def clean(self) -> list[str]:
        found = self._abandoned()
        for path in found:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        return [str(path.relative_to(self.root)) for path in found]

    def _set_aside(self, release_id: str) -> None:
        """Take a release away in one step, whatever happens next; processes that have it open keep their view of it."""
        if (self._folder / release_id).exists():
            aside = self._folder / f"{TMP_PREFIX}{release_id}-{uuid.uuid4().hex[:8]}"
            (self._folder / release_id).rename(aside)
            shutil.rmtree(aside, ignore_errors=True)

    def _abandoned(self) -> list[Path]:
        """Temporary folders that no living process holds, and a pointer that was never put in place."""
        folders = [path for path in sorted(self._folder.glob(f"{TMP_PREFIX}*")) if not _held(path)]
        pointer = self.root / f"{TMP_PREFIX}{POINTER_FILE}"
        return [*folders, pointer] if pointer.exists() else folders

    @contextmanager
    def _fresh_folder(self, release_id: str) -> Iterator[Path]:
        """A temporary folder that this process holds locked while it fills it, so that nobody cleans it away."""
        fresh = self._folder / f"{TMP_PREFIX}{release_id}-{uuid.uuid4().hex[:8]}"
        fresh.mkdir(parents=True)
        handle = os.open(fresh, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield fresh
        finally:
            os.close(handle)
            shutil.rmtree(fresh, ignore_errors=True)


def _write(folder: Path, records: Records) -> int:
    """Append records in chunks and sync. The same records give the same file, byte for byte."""
    count, last = 0, None
    # the file is unreachable until its rename: one sync at the end is enough
    with lmdb.open(str(folder), map_size=MAP_BYTES, sync=False, metasync=False, lock=False, subdir=True) as target:
        transaction = target.begin(write=True)
        for key, value in records:
            check_order(last, key)
            transaction.put(key, value, append=True)
            last, count = key, count + 1
            if count % CHUNK_RECORDS == 0:
                transaction.commit()
                transaction = target.begin(write=True)
        transaction.commit()
        target.sync(True)
    return count


def _held(folder: Path) -> bool:
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _opened(folder: Path) -> lmdb.Environment:
    """The memory map of a folder, shared by the readers of this process."""
    if folder in _open_files:
        environment, readers = _open_files[folder]
    else:
        environment, readers = lmdb.open(str(folder), readonly=True, lock=False, readahead=False, create=False), 0
        pages = environment.info()["last_pgno"] + 1
        if (folder / DATA_FILE).stat().st_size < pages * environment.stat()["psize"]:
            environment.close()  # reading past the end of a mapped file would end the process
            raise lmdb.CorruptedError("the file is shorter than it says")
    _open_files[folder] = (environment, readers + 1)
    return environment


def _released(folder: Path) -> None:
    environment, readers = _open_files.pop(folder)
    if readers > 1:
        _open_files[folder] = (environment, readers - 1)
    else:
        environment.close()


def _unreadable(release_id: str, error: Exception) -> StoreError:
    return StoreError(f"release '{release_id}' cannot be read ({error})", "run `aisle releases verify`, then roll back")
